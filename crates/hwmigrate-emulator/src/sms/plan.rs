//! Which sub-tasks an action of the user consists of, in which order.

use super::model::{Run, Task};
use super::words::{Kind, Os, Step, TaskState};

fn format(task: &Task) -> Step {
    match (task.os, task.kind) {
        (Os::Windows, _) => Step::FormatDiskWindows,
        (Os::Linux, Kind::File) => Step::FormatDiskLinuxFile,
        (Os::Linux, Kind::Block) => Step::FormatDiskLinuxBlock,
    }
}

fn copy(task: &Task) -> Step {
    match (task.os, task.kind) {
        (Os::Windows, _) => Step::MigrateWindowsBlock,
        (Os::Linux, Kind::File) => Step::MigrateLinuxFile,
        (Os::Linux, Kind::Block) => Step::MigrateLinuxBlock,
    }
}

fn sync(task: &Task) -> Step {
    match (task.os, task.kind) {
        (Os::Windows, _) => Step::SyncWindowsBlock,
        (Os::Linux, Kind::File) => Step::SyncLinuxFile,
        (Os::Linux, Kind::Block) => Step::SyncLinuxBlock,
    }
}

fn configure(task: &Task) -> Step {
    match (task.os, task.kind) {
        (Os::Windows, _) => Step::ConfigureWindows,
        (Os::Linux, Kind::File) => Step::ConfigureLinuxFile,
        (Os::Linux, Kind::Block) => Step::ConfigureLinuxBlock,
    }
}

fn launch(task: &Task, check: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if check {
        steps.push(Step::CheckConsistency);
    }
    steps.extend([configure(task), Step::DettachAgentImage]);
    steps
}

/// The first copy; with the launch of the target unless the task goes on synchronising.
pub(super) fn replicate(task: &Task, check: bool) -> Run {
    let mut queue = Vec::new();
    if task.vm_id().is_none() {
        queue.push(Step::CreateCloudServer);
    }
    queue.extend([Step::SslConfig, Step::AttachAgentImage, format(task), copy(task)]);
    let goal = if task.syncing() {
        if check {
            queue.push(Step::CheckConsistency);
        }
        TaskState::Syncing
    } else {
        queue.extend(launch(task, check));
        TaskState::MigrateSuccess
    };
    Run { op: "REPLICATE".to_owned(), queue, state: TaskState::Running, goal }
}

/// The launch of the target.
pub(super) fn cutover(task: &mut Task, check: bool) -> Run {
    let op = format!("CUTOVER{}", task.cutovers);
    task.cutovers += 1;
    let queue = launch(task, check);
    Run { op, queue, state: TaskState::Running, goal: TaskState::MigrateSuccess }
}

/// One more synchronisation; with the launch of the target unless the task goes on synchronising.
pub(super) fn resync(task: &mut Task, check: bool) -> Run {
    let op = format!("RESYNC{}", task.resyncs);
    task.resyncs += 1;
    let mut queue = vec![Step::SslConfig, Step::AttachAgentImage, sync(task)];
    let goal = if task.syncing() {
        TaskState::Syncing
    } else {
        queue.extend(launch(task, check));
        TaskState::SyncSuccess
    };
    Run { op, queue, state: TaskState::Syncing, goal }
}
