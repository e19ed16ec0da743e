//! What has happened to a task by a given moment.
//!
//! Nothing runs in the background. Each look at a task first simulates what
//! happened since the last look, step by step and with the moments at which
//! it happened, so that a clock that is moved by hours shows the same history
//! as one that ran for hours, and a restart changes nothing.

use serde_json::{Value, json};

use super::model::{
    Agent, CloneVm, Consistency, Doom, Drill, Report, Server, Snapshots, SubTask, Task, Turn,
};
use super::pace::{Pace, bytes_in, ms_for};
use super::plan;
use super::words::{CloneState, LogStatus, Step, TaskState};

const HOUR: i64 = 3_600_000;
/// How much of a source changes per hour, in percent.
const CHANGES: u64 = 1;
/// What a synchronisation moves at least.
const LEAST_CHANGE: u64 = 1 << 20;

/// Who does the work of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// The emulator plays the agent.
    Simulated,
    /// A client does; its reports say how far it is.
    Client,
    /// Nobody, because the agent lost its connection.
    Lost,
}

/// What a task's work depends on, beside the task.
pub(crate) struct Stage<'a> {
    pub(crate) pace: Pace,
    pub(crate) driver: Driver,
    /// What there is to copy.
    pub(crate) bytes: u64,
    /// Whether a part of the work has to fail; asking uses the failure up.
    pub(crate) doom: &'a dyn Fn(Step) -> Option<Doom>,
    /// An id for a sub-task.
    pub(crate) new_id: &'a mut dyn FnMut() -> i64,
    /// An id for a server.
    pub(crate) new_name: &'a mut dyn FnMut() -> String,
}

/// Simulates a task up to now, and says whether more has changed than numbers that follow from the time.
pub(crate) fn settle(task: &mut Task, stage: &mut Stage<'_>, now: i64) -> bool {
    let mut changed = settle_beside(task, stage, now);
    while !task.gone && task.at <= now {
        let turning = task.turn.is_some();
        let working = task.works() && stage.driver == Driver::Simulated;
        if !turning && !working {
            task.at = now;
            break;
        }
        let (used, progressed) =
            if turning { take_turn(task, now) } else { work(task, stage, now - task.at) };
        task.at += used;
        changed |= progressed;
        if !progressed {
            break;
        }
    }
    changed
}

/// What happens beside the sub-tasks.
fn settle_beside(task: &mut Task, stage: &Stage<'_>, now: i64) -> bool {
    let mut changed = false;
    let mut is_due = |due: &mut Option<i64>| {
        let at = due.filter(|at| *at <= now)?;
        *due = None;
        changed = true;
        Some(at)
    };
    if is_due(&mut task.due.log).is_some() {
        task.log.status = LogStatus::Uploaded;
        task.log.uploaded = Some(now);
    }
    if is_due(&mut task.due.network).is_some() {
        task.network = measured(stage.pace);
    }
    if is_due(&mut task.due.snapshots).is_some() {
        let failed = (stage.doom)(Step::Clear);
        task.snapshots = if failed.is_some() { Snapshots::Failed } else { Snapshots::Cleared };
        task.error = failed.map(|doom| doom.error_json).unwrap_or_default();
    }
    if is_due(&mut task.due.drill).is_some() {
        let failed = (stage.doom)(Step::Premigrate);
        task.drill = if failed.is_some() { Drill::Failed } else { Drill::Done };
        task.error = failed.map(|doom| doom.error_json).unwrap_or_default();
    }
    if let Some(at) = is_due(&mut task.due.clone) {
        end_clone(task, (stage.doom)(Step::CloneVm), at);
    } else if task.due.clone.is_some() {
        let open = task.sub_tasks.iter_mut().rev().find(|sub| sub.step == Step::CloneVm && sub.end.is_none());
        open.into_iter().for_each(|sub| sub.done = (now - sub.start).max(0).unsigned_abs().min(sub.size));
    }
    changed
}

fn end_clone(task: &mut Task, failed: Option<Doom>, at: i64) {
    if let Some(clone) = &mut task.clone {
        clone.state = if failed.is_some() { CloneState::Error } else { CloneState::Finished };
        clone.error = failed.as_ref().map(|doom| doom.error_json.clone()).unwrap_or_default();
    }
    let open = |sub: &&mut SubTask| sub.step == Step::CloneVm && sub.end.is_none();
    if let Some(sub) = task.sub_tasks.iter_mut().rev().find(open) {
        match failed {
            Some(doom) => {
                sub.done = sub.size * u64::from(doom.percent) / 100;
                sub.reported = Some(Report { percent: doom.percent, ..Report::default() });
            }
            None => {
                sub.done = sub.size;
                sub.end = Some(at);
            }
        }
    }
}

/// What a network check finds here.
fn measured(pace: Pace) -> Value {
    json!({
        "domain_connectivity": true, "destination_connectivity": true, "network_delay": 0.5,
        "network_jitter": 0.1, "migration_speed": f64::from(pace.rate), "loss_percentage": 0.0,
        "cpu_usage": 5.0, "mem_usage": 20.0, "evaluation_result": "Excellent",
    })
}

/// Goes on with what takes one step.
fn take_turn(task: &mut Task, now: i64) -> (i64, bool) {
    let Some((turn, ends)) = task.turn else { return (0, false) };
    if ends > now {
        return (now - task.at, false);
    }
    let used = (ends - task.at).max(0);
    task.turn = None;
    match turn {
        Turn::Abort => task.state = TaskState::Abort,
        Turn::Reset => {
            task.give_up_current(ends);
            let check = task.flag("is_need_consistency_check", false);
            task.run = Some(plan::replicate(task, check));
            task.state = TaskState::Running;
        }
        Turn::RollBack => {
            task.give_up_current(ends);
            task.state = TaskState::SyncFRollbackSuccess;
        }
        Turn::Skip => {
            if let Some(sub) = task.current_mut() {
                sub.done = sub.size;
                sub.end = Some(ends);
            }
            task.state = task.run.as_ref().map_or(TaskState::Running, |run| run.state);
        }
        Turn::Delete => task.gone = true,
    }
    (used, true)
}

/// Works on the current sub-task for at most so long; returns the time that it took and whether it came to an end.
fn work(task: &mut Task, stage: &mut Stage<'_>, budget: i64) -> (i64, bool) {
    let at = task.at;
    let Some(sub) = task.current_mut() else {
        begin_next(task, stage);
        return (0, true);
    };
    let step = sub.step;
    let drawn = sub.doom.is_none().then(|| (stage.doom)(step)).flatten();
    if let Some(doom) = drawn {
        sub.doom = Some(doom);
        return (0, true);
    }
    let end = sub.doom.as_ref().map_or(sub.size, |doom| {
        (u128::from(sub.size) * u128::from(doom.percent) / 100).try_into().unwrap_or(sub.size)
    });
    let left = end.saturating_sub(sub.done);
    let (used, over, again) = if step.moves_data() {
        let (rate, holds) = task.limits.rate(stage.pace.rate, at);
        let window = budget.min(holds);
        let needed = if left == 0 { 0 } else { ms_for(left, rate) };
        let sub = match task.current_mut() {
            Some(sub) => sub,
            None => return (budget, false),
        };
        sub.done = if needed <= window { end } else { (sub.done + bytes_in(window, rate)).min(end) };
        let done = sub.done;
        task.copied = done;
        (needed.min(window), needed <= window, window < budget)
    } else {
        let needed = i64::try_from(left).unwrap_or(i64::MAX);
        let used = needed.min(budget);
        sub.done += used.unsigned_abs();
        (used, needed <= budget, false)
    };
    task.worked += used;
    if over {
        end_sub_task(task, stage, at + used);
    }
    (used, over || again)
}

/// Begins the next sub-task, or ends the run.
fn begin_next(task: &mut Task, stage: &mut Stage<'_>) {
    let at = task.at;
    let Some(run) = &mut task.run else { return };
    if run.queue.is_empty() {
        task.state = run.goal;
        if run.goal != TaskState::Syncing {
            task.finished = Some(at);
        }
        task.run = None;
        return;
    }
    let step = run.queue.remove(0);
    let op = Some(run.op.clone());
    let size = if step.copies() {
        stage.bytes
    } else if step.syncs() {
        changes(stage.bytes, at - task.synced)
    } else {
        stage.pace.step.unsigned_abs()
    };
    if step.moves_data() {
        (task.copied, task.to_copy) = (0, size);
    }
    let id = (stage.new_id)();
    task.sub_tasks.push(SubTask {
        id,
        step,
        op,
        start: at,
        end: None,
        done: 0,
        size,
        reported: None,
        doom: None,
    });
}

/// How much of a source changes in so many ms.
pub(super) fn changes(bytes: u64, ms: i64) -> u64 {
    let ms = u128::from(ms.max(0).unsigned_abs());
    let changed = u128::from(bytes) * u128::from(CHANGES) * ms / 100 / u128::from(HOUR.unsigned_abs());
    u64::try_from(changed).unwrap_or(u64::MAX).clamp(LEAST_CHANGE.min(bytes), bytes)
}

/// The current sub-task is over, well or badly.
fn end_sub_task(task: &mut Task, stage: &mut Stage<'_>, at: i64) {
    let Some(sub) = task.current_mut() else { return };
    if let Some(doom) = sub.doom.take() {
        fail(task, doom.error_json);
        return;
    }
    sub.done = sub.size;
    sub.end = Some(at);
    let (step, started) = (sub.step, sub.start);
    if step.copies() {
        // What changed during the copy has to be copied again.
        task.synced = started;
    } else if step.syncs() {
        task.synced = at;
    }
    match step {
        Step::CreateCloudServer => {
            let id = (stage.new_name)();
            if let Some(target) = task.spec.get_mut("target_server").filter(|target| target.is_object()) {
                target["vm_id"] = json!(id);
            }
        }
        Step::CheckConsistency => task.checks.push(Consistency { finished: at, directories: vec![equal()] }),
        _ => {}
    }
}

/// What a consistency check finds here.
fn equal() -> Value {
    json!({
        "dir_check": "/", "num_total_files": 1000, "num_different_files": 0,
        "num_target_miss_files": 0, "num_target_more_files": 0,
    })
}

/// The work failed; it can be resumed.
pub(crate) fn fail(task: &mut Task, error_json: String) {
    let resync = task.run.as_ref().is_some_and(|run| run.op.starts_with("RESYNC"));
    task.state = if resync { TaskState::SyncFail } else { TaskState::MigrateFail };
    task.error = error_json;
}

/// Takes in what an agent reports about a sub-task.
pub(crate) fn report(task: &mut Task, stage: &mut Stage<'_>, step: Step, sizes: (u64, u64), report: Report) {
    if !task.works() {
        return;
    }
    // What comes before it in the plan was done without a report.
    while task.current().is_none_or(|sub| sub.step != step) {
        if task.current().is_some() {
            let at = task.at;
            end_sub_task(task, stage, at);
        }
        let Some(run) = &mut task.run else { return };
        if !run.queue.contains(&step) {
            run.queue.insert(0, step);
        }
        begin_next(task, stage);
    }
    let at = task.at;
    let done = report.percent >= 100;
    if let Some(sub) = task.current_mut() {
        sub.reported = Some(report);
    }
    if step.moves_data() {
        (task.copied, task.to_copy) = sizes;
    }
    if done {
        end_sub_task(task, stage, at);
        if task.run.as_ref().is_some_and(|run| run.queue.is_empty()) {
            begin_next(task, stage);
        }
    }
}

/// A clone that has just been asked for.
pub(crate) fn begin_clone(task: &mut Task, stage: &mut Stage<'_>, now: i64) {
    let name = format!("{}-clone", task.text("name"));
    let clone =
        CloneVm { vm_id: (stage.new_name)(), name, state: CloneState::Creating, error: String::new() };
    task.clone = Some(clone);
    task.due.clone = Some(now + stage.pace.step);
    task.sub_tasks.push(SubTask {
        id: (stage.new_id)(),
        step: Step::CloneVm,
        op: None,
        start: now,
        end: None,
        done: 0,
        size: stage.pace.step.unsigned_abs(),
        reported: None,
        doom: None,
    });
}

impl Server {
    /// Who acts for the server now, and whether it is connected.
    pub(crate) fn driver(&self, lost: bool, now: i64) -> Driver {
        /// An agent that is silent for longer has lost its connection.
        const SILENCE: i64 = 180_000;
        match self.agent {
            _ if lost => Driver::Lost,
            Agent::Simulated | Agent::Open => Driver::Simulated,
            Agent::Client { seen } if now - seen > SILENCE => Driver::Lost,
            Agent::Client { .. } => Driver::Client,
        }
    }
}
