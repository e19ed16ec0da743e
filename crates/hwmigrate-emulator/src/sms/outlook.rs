//! What a task says about the present: its rate, the time that is left, and the state of its source.

use super::model::{Drill, Snapshots, Task};
use super::pace::{Pace, ms_for};
use super::timeline::{Driver, Stage, changes};
use super::words::{Cycle, SourceState, Step, TaskState};

/// The rate at which data moves now, in Mbit/s.
pub(crate) fn speed(task: &Task, pace: Pace, driver: Driver) -> f64 {
    let Some(sub) = task.current().filter(|sub| task.works() && sub.step.moves_data()) else { return 0.0 };
    match driver {
        Driver::Simulated => f64::from(task.limits.rate(pace.rate, task.at).0),
        Driver::Client => sub.reported.as_ref().map_or(0.0, |report| report.speed),
        Driver::Lost => 0.0,
    }
}

/// How many seconds the run still takes at the present rate, if that can be said.
pub(crate) fn remaining(task: &Task, stage: &Stage<'_>) -> Option<i64> {
    if !task.works() || stage.driver == Driver::Lost {
        return None;
    }
    let current = task.current();
    if let Some(seconds) = current.and_then(|sub| sub.reported.as_ref()?.remaining) {
        return Some(seconds);
    }
    let rate = task.limits.rate(stage.pace.rate, task.at).0;
    let length = |step: Step, left: u64| match step.moves_data() {
        true => ms_for(left, rate),
        false => i64::try_from(left).unwrap_or(i64::MAX),
    };
    let now = current.map_or(0, |sub| length(sub.step, sub.size.saturating_sub(sub.done)));
    let later = task.run.iter().flat_map(|run| &run.queue).map(|step| match step {
        step if step.copies() => length(*step, stage.bytes),
        step if step.syncs() => length(*step, changes(stage.bytes, task.at - task.synced)),
        _ => stage.pace.step,
    });
    let ms = later.fold(now, i64::saturating_add);
    Some(ms.saturating_add(999) / 1_000)
}

/// What the state of a task says about the source server.
pub(crate) fn mirror(task: &Task) -> (SourceState, Cycle) {
    let op = task.run.as_ref().map_or("", |run| run.op.as_str());
    let stage = match op {
        _ if op.starts_with("CUTOVER") => Cycle::Cutovering,
        _ if op.starts_with("RESYNC") => Cycle::Syncing,
        "REPLICATE" => Cycle::Replicating,
        _ if task.finished.is_some() => Cycle::Cutovered,
        _ if task.started.is_some() => Cycle::Syncing,
        _ => Cycle::Setting,
    };
    let step = task.current().map(|sub| sub.step);
    match task.state {
        TaskState::Ready => match task.drill {
            Drill::No => (SourceState::Waiting, stage),
            Drill::Ready => (SourceState::Premigready, stage),
            Drill::Running => (SourceState::Premiging, stage),
            Drill::Done => (SourceState::Premiged, stage),
            Drill::Failed => (SourceState::Premigfailed, stage),
        },
        TaskState::Running | TaskState::Syncing => match step {
            Some(step) if step.copies() => (SourceState::Replicate, stage),
            Some(step) if step.syncs() => (SourceState::Syncing, stage),
            Some(step) if step.launches() => (SourceState::Cutovering, Cycle::Cutovering),
            Some(Step::CheckConsistency) if stage == Cycle::Replicating => (SourceState::Replicate, stage),
            Some(Step::CheckConsistency) => (SourceState::Cutovering, stage),
            Some(_) => (SourceState::Initialize, stage),
            None if task.run.is_some() => (SourceState::Initialize, stage),
            None if task.due.clone.is_some() => (SourceState::Cloning, Cycle::Syncing),
            None => (SourceState::Syncing, Cycle::Syncing),
        },
        TaskState::MigrateSuccess | TaskState::SyncSuccess | TaskState::SyncFRollbackSuccess => {
            let rest = match task.state {
                TaskState::SyncFRollbackSuccess => (SourceState::Stopped, Cycle::Syncing),
                _ => (SourceState::Finished, Cycle::Cutovered),
            };
            match task.snapshots {
                Snapshots::Kept => rest,
                Snapshots::Clearing => (SourceState::Clearing, rest.1),
                Snapshots::Cleared => (SourceState::Cleared, rest.1),
                Snapshots::Failed => (SourceState::Clearfailed, rest.1),
            }
        }
        TaskState::MigrateFail | TaskState::SyncFail => (SourceState::Error, stage),
        TaskState::Aborting => (SourceState::Stopping, stage),
        TaskState::Abort => (SourceState::Stopped, stage),
        TaskState::Skipping => (SourceState::Skipping, stage),
        TaskState::Deleting => (SourceState::Deleting, stage),
        TaskState::Reseting => (SourceState::Initialize, Cycle::Replicating),
        TaskState::SyncFRollbacking => (SourceState::Initialize, Cycle::Syncing),
    }
}
