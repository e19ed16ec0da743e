//! From the service's answers about a task to [`Progress`].

use std::time::Duration;

use hwmigrate_api::sms::types::{
    ShowServerResponse, ShowTaskResponse, SourceServersResponseBody, SourceState, TaskState,
    TasksResponseBody,
};

use super::error_json;
use crate::progress::{Bytes, Progress, Reason, Resource, State};
use crate::sms::phases::{self, Entry};
use crate::sms::state::{Sight, effective};

/// What any of the answers tells.
#[derive(Default)]
struct Facts<'a> {
    id: Option<&'a str>,
    task: Option<&'a TaskState>,
    source: Option<&'a SourceState>,
    steps: Vec<Entry>,
    short: Option<&'a str>,
    error: Option<&'a str>,
    mbit: Option<f64>,
    remaining_seconds: Option<i64>,
    total_time: Option<i64>,
    start_date: Option<i64>,
    bytes: (Option<i64>, Option<i64>),
}

impl Facts<'_> {
    fn into_progress(mut self) -> Progress {
        if self.steps.is_empty() {
            self.steps.extend(self.short.and_then(Entry::from_short));
        }
        let sight = Sight { task: self.task, source: self.source, at_work: phases::at_work(&self.steps) };
        let state = effective(sight).as_ref().map_or(State::Unknown, State::from);
        let mut progress = Progress::new(Resource::ServerTask, self.id.unwrap_or_default(), state, None);
        let word = |word: &str| Some(word.to_owned()).filter(|word| !word.is_empty());
        progress.state_word = self.task.and_then(|state| word(state.as_str()));
        progress.source_state = self.source.and_then(|state| word(state.as_str()));
        progress.phases = phases::phases(&self.steps, state);
        progress.step = phases::current(&self.steps, state);
        progress.bytes = bytes(self.bytes);
        if matches!(state, State::Running | State::Syncing) {
            progress.bytes_per_second = self.mbit.and_then(phases::bytes_per_second);
        }
        if state == State::Running {
            progress.time_left =
                self.remaining_seconds.and_then(|s| u64::try_from(s).ok()).map(Duration::from_secs);
        }
        progress.elapsed = self.total_time.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        progress.start_time_ms = self.start_date;
        // The field keeps the last error while the task runs again.
        if matches!(state, State::Failed | State::Paused | State::Pausing | State::RollingBack) {
            let cause = self.error.and_then(error_json::read);
            let step = if state == State::Failed { phases::failed(&self.steps) } else { None };
            if cause.is_some() || step.is_some() {
                let cause = cause.unwrap_or_default();
                progress.reason = Some(Reason { code: cause.code, message: cause.message, step });
            }
        }
        if progress.reason.is_none() && self.task == Some(&TaskState::SyncFRollbackSuccess) {
            let message = "a synchronisation failed, and the target was rolled back".to_owned();
            progress.reason = Some(Reason { code: String::new(), message, step: None });
        }
        progress
    }
}

fn facts<'a>(task: &'a ShowTaskResponse, server: Option<&'a ShowServerResponse>) -> Facts<'a> {
    let own = task.source_server.as_ref().and_then(|source| source.state.as_ref());
    Facts {
        id: task.id.as_deref(),
        task: task.state.as_ref(),
        source: own.or_else(|| server.and_then(|server| server.state.as_ref())),
        steps: task.sub_tasks.iter().flatten().map(Entry::from).collect(),
        short: task.subtask_info.as_deref(),
        error: task.error_json.as_deref(),
        mbit: task.migrate_speed,
        remaining_seconds: task.remain_seconds,
        total_time: task.total_time,
        start_date: task.start_date,
        bytes: server.map(|server| (server.replicatesize, server.totalsize)).unwrap_or_default(),
    }
}

/// A task, with what its source server adds: the bytes, and its state where the task tells none.
pub(super) fn progress(task: &ShowTaskResponse, server: Option<&ShowServerResponse>) -> Progress {
    facts(task, server).into_progress()
}

impl From<&ShowTaskResponse> for Progress {
    /// The bytes are not in this answer, only in that about the source server.
    fn from(task: &ShowTaskResponse) -> Self {
        progress(task, None)
    }
}

impl From<&TasksResponseBody> for Progress {
    /// An item of a list does not tell phases, bytes and the time left.
    fn from(task: &TasksResponseBody) -> Self {
        let facts = Facts {
            id: task.id.as_deref(),
            task: task.state.as_ref(),
            source: task.source_server.as_ref().and_then(|source| source.state.as_ref()),
            steps: task.sub_tasks.iter().flatten().map(Entry::from).collect(),
            short: task.subtask_info.as_deref(),
            error: task.error_json.as_deref(),
            mbit: task.migrate_speed,
            total_time: task.total_time,
            ..Facts::default()
        };
        facts.into_progress()
    }
}

/// The task of a source server in a list; `None` where it has none. It tells
/// the bytes, and neither phases nor the cause of a failure.
pub(super) fn of_server(server: &SourceServersResponseBody) -> Option<Progress> {
    let task = server.current_task.as_ref()?;
    task.id.as_ref()?;
    let facts = Facts {
        id: task.id.as_deref(),
        task: task.state.as_ref(),
        source: server.state.as_ref(),
        short: task.subtask_info.as_deref(),
        mbit: task.migrate_speed,
        remaining_seconds: task.remain_seconds,
        start_date: task.start_date,
        bytes: (server.replicatesize, server.totalsize),
        ..Facts::default()
    };
    Some(facts.into_progress())
}

/// A total of zero means that nothing has been counted yet.
fn bytes((done, total): (Option<i64>, Option<i64>)) -> Bytes {
    let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Bytes { done: count(done).unwrap_or(0), total: count(total).filter(|total| *total > 0) }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
