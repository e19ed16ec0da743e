//! Carrying out what an action sets off.

use super::machine::{Effect, Situation};
use super::model::{Drill, Snapshots, Task, Turn};
use super::plan;
use super::timeline::{self, Stage};
use super::words::{LogStatus, Step, TaskState};

/// What an action brings with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// Whether the run is to check the copy; `None` leaves it as the task was created.
    pub(crate) check: Option<bool>,
}

impl Task {
    /// What decides about actions now.
    pub(crate) fn situation(&self) -> Situation {
        Situation {
            state: self.state,
            in_run: self.run.is_some(),
            checking: self.current().is_some_and(|sub| sub.step == Step::CheckConsistency),
            drill: self.drill != Drill::No,
            drilling: self.drill == Drill::Running,
        }
    }
}

/// Carries out an effect. The task must have been settled up to now.
pub(crate) fn apply(task: &mut Task, stage: &mut Stage<'_>, effect: Effect, wishes: &Wishes, now: i64) {
    let check = wishes.check.unwrap_or_else(|| task.flag("is_need_consistency_check", false));
    if task.state == TaskState::Syncing && task.run.is_none() {
        // So far every change was copied as it came.
        task.synced = now;
    }
    match effect {
        Effect::Replicate => begin(task, now, |task| plan::replicate(task, check)),
        Effect::Cutover => begin(task, now, |task| plan::cutover(task, check)),
        Effect::Resync => begin(task, now, |task| plan::resync(task, check)),
        Effect::Resume => {
            task.error.clear();
            task.state = task.run.as_ref().map_or(TaskState::Syncing, |run| run.state);
        }
        Effect::Abort => turn(task, stage, TaskState::Aborting, Turn::Abort, now),
        Effect::Reset => {
            task.error.clear();
            turn(task, stage, TaskState::Reseting, Turn::Reset, now);
        }
        Effect::RollBack => turn(task, stage, TaskState::SyncFRollbacking, Turn::RollBack, now),
        Effect::Skip => turn(task, stage, TaskState::Skipping, Turn::Skip, now),
        Effect::Drill => {
            task.error.clear();
            task.drill = Drill::Running;
            task.due.drill = Some(now + stage.pace.step);
        }
        Effect::Clone => timeline::begin_clone(task, stage, now),
        Effect::MeasureNetwork => task.due.network = Some(now + stage.pace.step),
        Effect::ClearSnapshots => {
            task.snapshots = Snapshots::Clearing;
            task.due.snapshots = Some(now + stage.pace.step);
        }
        Effect::CollectLog => {
            task.log.status = LogStatus::Uploading;
            task.due.log = Some(now + stage.pace.step);
        }
    }
}

/// Begins the deletion of a task.
pub(crate) fn delete(task: &mut Task, stage: &Stage<'_>, now: i64) {
    turn(task, stage, TaskState::Deleting, Turn::Delete, now);
}

fn turn(task: &mut Task, stage: &Stage<'_>, state: TaskState, turn: Turn, now: i64) {
    task.state = state;
    task.turn = Some((turn, now + stage.pace.step));
}

fn begin(task: &mut Task, now: i64, plan: impl FnOnce(&mut Task) -> super::model::Run) {
    task.give_up_current(now);
    let run = plan(task);
    task.error.clear();
    task.finished = None;
    task.snapshots = Snapshots::Kept;
    task.started.get_or_insert(now);
    task.state = run.state;
    task.run = Some(run);
}
