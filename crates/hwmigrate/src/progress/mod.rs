//! One view on every job that moves objects or servers.
//!
//! Tasks and task groups name the same facts differently (`successful_num`
//! here, `success_num` there), number their states differently, and tasks that
//! move a server have words for them instead. [`Progress`] says them once, in
//! counts, bytes, [phases](Phase) and [`Duration`]s, so a progress bar or a
//! report needs no second code path. Nothing is invented: what the service
//! leaves out is `None`, empty or zero as documented per field.

mod phase;
mod state;

use std::fmt;
use std::time::Duration;

pub use phase::{Phase, PhaseKind, Step, StepState};
pub(crate) use phase::{copies_data, hold};
pub use state::State;

/// The kind of job that a [`Progress`] describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// A migration task.
    Task,
    /// A task group, which the service splits into tasks.
    Group,
    /// A migration task that moves a server.
    ServerTask,
}

impl Resource {
    /// The word for people: `task`, `task group` or `server task`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Group => "task group",
            Self::ServerTask => "server task",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Numbers of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Objects migrated.
    pub done: u64,
    /// Objects that failed.
    pub failed: u64,
    /// Objects passed over, because they were there already or are too old.
    pub skipped: u64,
    /// Objects in all, as far as the source has been listed; see [`Progress::totals_final`].
    pub total: Option<u64>,
}

impl Counts {
    /// Objects that need no more work: done, failed and skipped.
    pub fn settled(&self) -> u64 {
        self.done.saturating_add(self.failed).saturating_add(self.skipped)
    }
}

/// Numbers of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bytes {
    /// Bytes migrated.
    pub done: u64,
    /// Bytes in all, as far as the source has been listed; see [`Progress::totals_final`].
    pub total: Option<u64>,
}

/// Numbers of tasks in a group. The service fills them in when one group is
/// read, not in lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskCounts {
    /// Tasks that the group will have.
    pub total: u64,
    /// Tasks that exist.
    pub created: u64,
    /// Tasks that wait for a slot.
    pub waiting: u64,
    /// Tasks that run.
    pub running: u64,
    /// Tasks that are paused.
    pub paused: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Tasks that are complete.
    pub complete: u64,
}

/// Why a job failed or was stopped, in the service's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// The code, such as `TRF.0062`; empty when the service gave none.
    pub code: String,
    /// The service's text; empty when it gave none.
    pub message: String,
    /// The step that failed, such as `MIGRATE_LINUX_FILE`, for jobs that have steps.
    pub step: Option<String>,
}

/// What is known of the objects that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedObjects {
    /// Whether a start with `migrate_failed_object` can repeat exactly these.
    pub retryable: Option<bool>,
    /// The key of their list in the destination bucket.
    pub list_key: Option<String>,
    /// Why the list could not be written.
    pub error_code: Option<String>,
}

/// One look at a job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Task, task group or server task.
    pub resource: Resource,
    /// Its id, as text for all kinds.
    pub id: String,
    /// What it is doing.
    pub state: State,
    /// The service's number for the state; `None` when the answer had none.
    pub state_code: Option<i64>,
    /// The service's word for the state, such as `MIGRATE_SUCCESS`; server tasks have it instead of a number.
    pub state_word: Option<String>,
    /// The service's word for the state of the source server, such as `syncing`.
    pub source_state: Option<String>,
    /// What was asked of a server task so far, and how far each of it is.
    /// Empty before the first start, and where many are watched through lists.
    pub phases: Vec<Phase>,
    /// The step it is at, or was last at.
    pub step: Option<Step>,
    /// Objects done, failed, skipped, in all. Server tasks have none.
    pub objects: Counts,
    /// Bytes done and in all.
    pub bytes: Bytes,
    /// Speed in bytes per second, by the service's own measure.
    pub bytes_per_second: Option<u64>,
    /// The service's own estimate of the time left. Groups have none.
    pub time_left: Option<Duration>,
    /// How long the service has worked on it.
    pub elapsed: Option<Duration>,
    /// The source has been listed to its end, so the totals will not grow.
    pub totals_final: bool,
    /// It runs, and nothing has moved for as long as the wait was told to tolerate.
    pub stalled: bool,
    /// The cause of a failure, or of a stop that the service made by itself.
    pub reason: Option<Reason>,
    /// The list of failed objects.
    pub failed_objects: FailedObjects,
    /// The tasks of a group.
    pub tasks: Option<TaskCounts>,
    /// When the service started it, in ms since 1970; changes with every start.
    pub start_time_ms: Option<i64>,
    /// It copies metadata, so a pass that moves no byte may sit at 0 % and still succeed.
    pub migrates_metadata: bool,
}

/// States of a source server in which its bytes tell how far its task is.
const COPYING: [&str; 4] = ["initialize", "init", "replicate", "syncing"];

impl Progress {
    /// An empty view of a job in the given state.
    pub(crate) fn new(
        resource: Resource,
        id: impl Into<String>,
        state: State,
        state_code: Option<i64>,
    ) -> Self {
        Self {
            resource,
            id: id.into(),
            state,
            state_code,
            state_word: None,
            source_state: None,
            phases: Vec::new(),
            step: None,
            objects: Counts::default(),
            bytes: Bytes::default(),
            bytes_per_second: None,
            time_left: None,
            elapsed: None,
            totals_final: false,
            stalled: false,
            reason: None,
            failed_objects: FailedObjects::default(),
            tasks: None,
            start_time_ms: None,
            migrates_metadata: false,
        }
    }

    /// The share that is done, from 0 to 1: of the last phase where there are
    /// phases, else by bytes where there are any, else by objects.
    ///
    /// `None` while no total is known, and for a server that does something else than
    /// copy where only a list was read. As long as [`totals_final`](Self::totals_final)
    /// is false the share by bytes or objects may fall again, because the service
    /// lists the source while it copies. A phase's share does not fall while one
    /// wait watches it, and begins anew with the next phase.
    pub fn fraction(&self) -> Option<f64> {
        let share = |done: u64, total: u64| (done as f64 / total as f64).clamp(0.0, 1.0);
        if self.state == State::Succeeded {
            return Some(1.0);
        }
        if let Some(phase) = self.phases.last() {
            return phase.percent.map(|percent| (f64::from(percent) / 100.0).min(1.0));
        }
        if self.source_state.as_deref().is_some_and(|state| !COPYING.contains(&state)) {
            return None;
        }
        match (self.bytes.total, self.objects.total) {
            (Some(total), _) if total > 0 => Some(share(self.bytes.done, total)),
            (_, Some(total)) if total > 0 => Some(share(self.objects.settled(), total)),
            _ => None,
        }
    }

    /// The phase it is in, or was last in.
    pub fn phase(&self) -> Option<&Phase> {
        self.phases.last()
    }

    /// The state with the service's own word or number where ours would not
    /// tell, such as `unknown (42)` or `unknown (DREAMING)`.
    pub fn state_text(&self) -> String {
        match (self.state, &self.state_word, self.state_code) {
            (State::Unknown, Some(word), _) => format!("unknown ({word})"),
            (State::Unknown, None, Some(code)) => format!("unknown ({code})"),
            (State::Unknown, None, None) => "unknown (none given)".to_owned(),
            (state, ..) => state.as_str().to_owned(),
        }
    }

    /// Takes over from an earlier look of the same wait what must not fall.
    pub(crate) fn follow(&mut self, earlier: &Self) {
        if self.start_time_ms == earlier.start_time_ms {
            hold(&mut self.phases, &earlier.phases);
        }
    }

    /// Whether anything at all has been moved or judged.
    pub(crate) fn has_moved(&self) -> bool {
        self.bytes.done > 0 || self.objects.settled() > 0
    }
}

impl fmt::Display for Progress {
    /// One line for people, such as `task 17: running, 3 of 10 objects (1 failed), 512 of 1024 bytes`
    /// or `server task 5f: running, REPLICATE 40%, MIGRATE_LINUX_FILE, 512 of 1024 bytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.resource, self.id, self.state_text())?;
        if self.resource == Resource::ServerTask {
            match (self.phase(), &self.step) {
                (Some(phase), _) => write!(f, ", {phase}")?,
                (None, Some(step)) => write!(f, ", {}", step.name)?,
                (None, None) => {}
            }
            return match self.bytes.total {
                Some(total) => write!(f, ", {} of {total} bytes", self.bytes.done),
                None => Ok(()),
            };
        }
        write!(f, ", {}", self.objects.done)?;
        if let Some(total) = self.objects.total {
            write!(f, " of {total}")?;
        }
        f.write_str(" objects")?;
        match (self.objects.failed, self.objects.skipped) {
            (0, 0) => {}
            (failed, 0) => write!(f, " ({failed} failed)")?,
            (0, skipped) => write!(f, " ({skipped} skipped)")?,
            (failed, skipped) => write!(f, " ({failed} failed, {skipped} skipped)")?,
        }
        write!(f, ", {}", self.bytes.done)?;
        if let Some(total) = self.bytes.total {
            write!(f, " of {total}")?;
        }
        f.write_str(" bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_prefers_bytes_and_falls_back_to_objects() {
        let mut progress = Progress::new(Resource::Task, "1", State::Running, Some(2));
        assert_eq!(progress.fraction(), None);
        progress.objects = Counts { done: 1, failed: 1, skipped: 0, total: Some(4) };
        assert_eq!(progress.fraction(), Some(0.5));
        progress.bytes = Bytes { done: 1, total: Some(10) };
        assert_eq!(progress.fraction(), Some(0.1));
        progress.bytes.done = 11;
        assert_eq!(progress.fraction(), Some(1.0));
    }

    #[test]
    fn line_for_people_names_what_went_wrong() {
        let mut progress = Progress::new(Resource::Group, "g", State::Unknown, Some(42));
        progress.objects = Counts { done: 3, failed: 1, skipped: 2, total: Some(10) };
        progress.bytes = Bytes { done: 5, total: None };
        assert_eq!(
            progress.to_string(),
            "task group g: unknown (42), 3 of 10 objects (1 failed, 2 skipped), 5 bytes"
        );
    }
}
