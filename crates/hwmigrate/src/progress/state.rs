//! What a job is doing, in one vocabulary for all services.

use std::fmt;

/// What a job is doing, whatever number or word its kind uses for it.
///
/// | state | task | group | server task |
/// |---|---|---|---|
/// | `Ready` | – | – | `READY` |
/// | `Waiting` | 0, 1 | 0 | – |
/// | `Preparing` | – | 1 (the service creates the tasks) | – |
/// | `Running` | 2 | 2 | `RUNNING`, `SKIPPING` |
/// | `Syncing` | – | – | `SYNCING` |
/// | `Retrying` | 6 | – | – |
/// | `RollingBack` | – | – | `RESETING`, `SYNC_F_ROLLBACKING` |
/// | `Pausing` | 7 | 7 | `ABORTING` |
/// | `Paused` | 3 | 3 | `ABORT` |
/// | `Failed` | 4 | 4, 5 | `MIGRATE_FAIL`, `SYNC_FAIL`, `SYNC_F_ROLLBACK_SUCCESS` |
/// | `Succeeded` | 5 | 6 | `MIGRATE_SUCCESS`, `SYNC_SUCCESS` |
/// | `Deleting` | – | 8 | `DELETING` |
/// | `Deleted` | – | 9 | – |
///
/// Source: <https://support.huaweicloud.com/intl/en-us/api-oms/ListTasks.html>,
/// <https://support.huaweicloud.com/intl/en-us/api-oms/ListTaskGroup.html>,
/// <https://support.huaweicloud.com/intl/en-us/api-sms/ListTasks.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It was created, and nobody has started it yet.
    Ready,
    /// It waits for a free slot: few jobs run at once per account and region.
    Waiting,
    /// The tasks of a group are being created.
    Preparing,
    /// Objects or data of a server are moved.
    Running,
    /// The first copy is done, and what changes on the source follows, until somebody cuts over.
    Syncing,
    /// The service tries again by itself.
    Retrying,
    /// The service undoes what it has done to the target.
    RollingBack,
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
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Syncing => "syncing",
            Self::Retrying => "retrying",
            Self::RollingBack => "rolling_back",
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
        matches!(self, Self::Ready | Self::Paused | Self::Failed | Self::Succeeded | Self::Deleted)
    }

    /// Whether objects or data are, or may be, moved right now.
    pub fn is_active(self) -> bool {
        use State::{Pausing, Preparing, Retrying, RollingBack, Running, Syncing};
        matches!(self, Preparing | Running | Syncing | Retrying | RollingBack | Pausing)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
}
