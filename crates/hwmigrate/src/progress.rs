//! One view on every job that moves objects.
//!
//! Tasks and task groups name the same facts differently (`successful_num`
//! here, `success_num` there) and number their states differently. [`Progress`]
//! says them once, in counts, bytes and [`Duration`]s, so a progress bar or a
//! report needs no second code path. Nothing is invented: what the service
//! leaves out is `None` or zero as documented per field.

use std::fmt;
use std::time::Duration;

/// The kind of job that a [`Progress`] describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// A migration task.
    Task,
    /// A task group, which the service splits into tasks.
    Group,
}

impl Resource {
    /// The word for people: `task` or `task group`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Group => "task group",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a job is doing, whatever number its kind uses for it.
///
/// | state | task | group |
/// |---|---|---|
/// | `Waiting` | 0, 1 | 0 |
/// | `Preparing` | – | 1 (the service creates the tasks) |
/// | `Running` | 2 | 2 |
/// | `Retrying` | 6 | – |
/// | `Pausing` | 7 | 7 |
/// | `Paused` | 3 | 3 |
/// | `Failed` | 4 | 4, 5 |
/// | `Succeeded` | 5 | 6 |
/// | `Deleting` | – | 8 |
/// | `Deleted` | – | 9 |
///
/// Source: <https://support.huaweicloud.com/intl/en-us/api-oms/ListTasks.html>,
/// <https://support.huaweicloud.com/intl/en-us/api-oms/ListTaskGroup.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It waits for a free slot: few jobs run at once per account and region.
    Waiting,
    /// The tasks of a group are being created.
    Preparing,
    /// Objects are moved.
    Running,
    /// The service tries again by itself.
    Retrying,
    /// A stop was accepted and has not taken effect.
    Pausing,
    /// It stands still until it is started.
    Paused,
    /// It ended badly, and stays so until it is started or retried.
    Failed,
    /// It ended well.
    Succeeded,
    /// It is about to be deleted.
    Deleting,
    /// It is deleted; soon the service forgets it.
    Deleted,
    /// A state that this version does not know. It counts as still going.
    Unknown,
}

impl State {
    /// The state that a task's `status` stands for.
    ///
    /// ```
    /// use hwmigrate::progress::State;
    ///
    /// assert_eq!(State::of_task(5), State::Succeeded);
    /// assert_eq!(State::of_task(42), State::Unknown);
    /// ```
    pub fn of_task(code: i64) -> Self {
        match code {
            0 | 1 => Self::Waiting,
            2 => Self::Running,
            3 => Self::Paused,
            4 => Self::Failed,
            5 => Self::Succeeded,
            6 => Self::Retrying,
            7 => Self::Pausing,
            _ => Self::Unknown,
        }
    }

    /// The state that a task group's `status` stands for.
    ///
    /// ```
    /// use hwmigrate::progress::State;
    ///
    /// assert_eq!(State::of_group(5), State::Failed);
    /// ```
    pub fn of_group(code: i64) -> Self {
        match code {
            0 => Self::Waiting,
            1 => Self::Preparing,
            2 => Self::Running,
            3 => Self::Paused,
            4 | 5 => Self::Failed,
            6 => Self::Succeeded,
            7 => Self::Pausing,
            8 => Self::Deleting,
            9 => Self::Deleted,
            _ => Self::Unknown,
        }
    }

    /// The lower-case word for tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Pausing => "pausing",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing will change any more unless somebody starts the job.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Paused | Self::Failed | Self::Succeeded | Self::Deleted)
    }

    /// Whether objects are, or may be, moved right now.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Preparing | Self::Running | Self::Retrying | Self::Pausing)
    }
}

impl fmt::Display for State {
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

/// Why a job failed, in the service's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// The code, such as `TRF.0062`; empty when the service gave none.
    pub code: String,
    /// The service's text; empty when it gave none.
    pub message: String,
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
    /// Task or task group.
    pub resource: Resource,
    /// Its id, as text for both kinds.
    pub id: String,
    /// What it is doing.
    pub state: State,
    /// The service's number for the state; `None` when the answer had none.
    pub state_code: Option<i64>,
    /// Objects done, failed, skipped, in all.
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
    /// The cause of a failure.
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

    /// The share that is done, from 0 to 1: by bytes where there are any, else by objects.
    ///
    /// `None` while no total is known. As long as [`totals_final`](Self::totals_final)
    /// is false the share may fall again, because the service lists the source while
    /// it copies.
    pub fn fraction(&self) -> Option<f64> {
        let share = |done: u64, total: u64| (done as f64 / total as f64).clamp(0.0, 1.0);
        if self.state == State::Succeeded {
            return Some(1.0);
        }
        match (self.bytes.total, self.objects.total) {
            (Some(total), _) if total > 0 => Some(share(self.bytes.done, total)),
            (_, Some(total)) if total > 0 => Some(share(self.objects.settled(), total)),
            _ => None,
        }
    }

    /// The state with its number where the word alone would not tell, such as `unknown (42)`.
    pub fn state_text(&self) -> String {
        match (self.state, self.state_code) {
            (State::Unknown, Some(code)) => format!("unknown ({code})"),
            (State::Unknown, None) => "unknown (none given)".to_owned(),
            (state, _) => state.as_str().to_owned(),
        }
    }

    /// Whether anything at all has been moved or judged.
    pub(crate) fn has_moved(&self) -> bool {
        self.bytes.done > 0 || self.objects.settled() > 0
    }
}

impl fmt::Display for Progress {
    /// One line for people, such as `task 17: running, 3 of 10 objects (1 failed), 512 of 1024 bytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}, {}", self.resource, self.id, self.state_text(), self.objects.done)?;
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
    fn every_task_status_has_its_state() {
        let table = [
            (0, State::Waiting),
            (1, State::Waiting),
            (2, State::Running),
            (3, State::Paused),
            (4, State::Failed),
            (5, State::Succeeded),
            (6, State::Retrying),
            (7, State::Pausing),
            (8, State::Unknown),
            (9, State::Unknown),
            (-1, State::Unknown),
            (i64::MAX, State::Unknown),
        ];
        for (code, state) in table {
            assert_eq!(State::of_task(code), state, "task status {code}");
        }
    }

    #[test]
    fn every_group_status_has_its_state() {
        let table = [
            (0, State::Waiting),
            (1, State::Preparing),
            (2, State::Running),
            (3, State::Paused),
            (4, State::Failed),
            (5, State::Failed),
            (6, State::Succeeded),
            (7, State::Pausing),
            (8, State::Deleting),
            (9, State::Deleted),
            (10, State::Unknown),
            (i64::MIN, State::Unknown),
        ];
        for (code, state) in table {
            assert_eq!(State::of_group(code), state, "group status {code}");
        }
    }

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
