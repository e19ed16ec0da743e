//! Which call is allowed in which state.

use serde::{Deserialize, Serialize};

use crate::http::call::ApiError;

/// The state of a task. There is no 6 (retrying): this engine has no automatic retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub(crate) enum Status {
    Waiting,
    Running,
    Paused,
    Failed,
    Succeeded,
    Pausing,
}

impl Status {
    /// The number on the wire.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Waiting => 1,
            Self::Running => 2,
            Self::Paused => 3,
            Self::Failed => 4,
            Self::Succeeded => 5,
            Self::Pausing => 7,
        }
    }

    /// Whether nothing happens to the task by itself any more.
    pub(crate) fn rests(self) -> bool {
        matches!(self, Self::Paused | Self::Failed | Self::Succeeded)
    }
}

impl From<Status> for i64 {
    fn from(status: Status) -> Self {
        status.code()
    }
}

impl TryFrom<i64> for Status {
    type Error = String;

    fn try_from(code: i64) -> Result<Self, String> {
        let all = [Self::Waiting, Self::Running, Self::Paused, Self::Failed, Self::Succeeded, Self::Pausing];
        all.into_iter().find(|status| status.code() == code).ok_or_else(|| format!("no task state {code}"))
    }
}

/// A call that depends on the state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskCall {
    Start,
    Stop,
    Delete,
    Bandwidth,
    Priority,
}

/// Whether the call is allowed now.
pub(crate) fn task_rule(status: Status, call: TaskCall) -> Result<(), ApiError> {
    use Status::{Failed, Paused, Pausing, Running, Succeeded, Waiting};
    let refusal = match (call, status) {
        (TaskCall::Start, Paused | Failed) | (TaskCall::Stop, Running) => return Ok(()),
        (TaskCall::Start | TaskCall::Stop, Succeeded) => ("OMS.0070", "The migration task is complete."),
        (TaskCall::Start, _) => ("OMS.0065", "The migration task has already been started."),
        (TaskCall::Stop, _) => ("OMS.0066", "The task is not being migrated and cannot be paused."),
        (TaskCall::Delete, Running | Pausing) => {
            ("OMS.0063", "The task is being migrated and cannot be deleted.")
        }
        (TaskCall::Bandwidth, Succeeded) => {
            ("OMS.0086", "The task is complete; its bandwidth limits cannot be changed.")
        }
        (TaskCall::Priority, Running | Pausing | Succeeded) => {
            ("OMS.0086", "The priority of a task can be changed only while it is waiting, paused or failed.")
        }
        (TaskCall::Delete, Waiting | Paused | Failed | Succeeded)
        | (TaskCall::Bandwidth, _)
        | (TaskCall::Priority, _) => return Ok(()),
    };
    Err(ApiError::oms(refusal.0, refusal.1))
}

/// The state of a task group. A deleted one is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub(crate) enum GroupStatus {
    Waiting,
    Creating,
    Monitoring,
    Paused,
    CreateFailed,
    MigrateFailed,
    Completed,
    Pausing,
    DeleteWaiting,
    Deleting,
}

const GROUP_STATES: [GroupStatus; 10] = [
    GroupStatus::Waiting,
    GroupStatus::Creating,
    GroupStatus::Monitoring,
    GroupStatus::Paused,
    GroupStatus::CreateFailed,
    GroupStatus::MigrateFailed,
    GroupStatus::Completed,
    GroupStatus::Pausing,
    GroupStatus::DeleteWaiting,
    GroupStatus::Deleting,
];

impl GroupStatus {
    /// The number on the wire.
    pub(crate) fn code(self) -> i64 {
        self.into()
    }
}

impl From<GroupStatus> for i64 {
    fn from(status: GroupStatus) -> Self {
        GROUP_STATES.iter().position(|state| *state == status).unwrap_or_default() as Self
    }
}

impl TryFrom<i64> for GroupStatus {
    type Error = String;

    fn try_from(code: i64) -> Result<Self, String> {
        let found = usize::try_from(code).ok().and_then(|index| GROUP_STATES.get(index));
        found.copied().ok_or_else(|| format!("no group state {code}"))
    }
}

/// A call that depends on the state of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupCall {
    Start,
    Stop,
    Retry,
    Delete,
    Bandwidth,
}

/// Whether the call is allowed now.
pub(crate) fn group_rule(status: GroupStatus, call: GroupCall) -> Result<(), ApiError> {
    use GroupStatus::{
        Completed, CreateFailed, Creating, DeleteWaiting, Deleting, MigrateFailed, Monitoring, Paused,
        Pausing, Waiting,
    };
    let refusal = match (call, status) {
        (GroupCall::Stop, Monitoring)
        | (GroupCall::Start, Paused)
        | (GroupCall::Retry, CreateFailed | MigrateFailed)
        | (GroupCall::Delete, Waiting | Paused | CreateFailed | MigrateFailed | Completed)
        | (
            GroupCall::Bandwidth,
            Waiting | Creating | Monitoring | Paused | CreateFailed | MigrateFailed | Pausing,
        ) => return Ok(()),
        (_, DeleteWaiting | Deleting) | (GroupCall::Delete | GroupCall::Bandwidth, _) => {
            ("OMS.1036", "The operation is not allowed in the current state of the task group.")
        }
        (GroupCall::Stop, _) => ("OMS.1038", "Only a task group that is being executed can be paused."),
        (GroupCall::Start, _) => ("OMS.1039", "Only a paused task group can be resumed."),
        (GroupCall::Retry, _) => ("OMS.1040", "Only a failed task group can be retried."),
    };
    Err(ApiError::oms(refusal.0, refusal.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row per state: start, stop, delete, bandwidth, priority; empty where allowed.
    const TASKS: [(i64, [&str; 5]); 6] = [
        (1, ["0065", "0066", "", "", ""]),
        (2, ["0065", "", "0063", "", "0086"]),
        (3, ["", "0066", "", "", ""]),
        (4, ["", "0066", "", "", ""]),
        (5, ["0070", "0070", "", "0086", "0086"]),
        (7, ["0065", "0066", "0063", "", "0086"]),
    ];

    #[test]
    fn tasks_follow_the_documented_table() {
        for (code, row) in TASKS {
            let calls =
                [TaskCall::Start, TaskCall::Stop, TaskCall::Delete, TaskCall::Bandwidth, TaskCall::Priority];
            for (call, wanted) in calls.into_iter().zip(row) {
                let got = Status::try_from(code).map(|status| task_rule(status, call));
                let got = got.map(|rule| rule.err().map(|error| (error.status, error.code)));
                let wanted = (!wanted.is_empty()).then(|| (400, format!("OMS.{wanted}")));
                assert_eq!(got, Ok(wanted), "{call:?} in {code}");
            }
        }
        assert!(Status::try_from(6).is_err());
    }

    /// One row per state: start, stop, retry, delete, bandwidth; empty where allowed.
    const GROUPS: [[&str; 5]; 10] = [
        ["1039", "1038", "1040", "", ""],
        ["1039", "1038", "1040", "1036", ""],
        ["1039", "", "1040", "1036", ""],
        ["", "1038", "1040", "", ""],
        ["1039", "1038", "", "", ""],
        ["1039", "1038", "", "", ""],
        ["1039", "1038", "1040", "", "1036"],
        ["1039", "1038", "1040", "1036", ""],
        ["1036", "1036", "1036", "1036", "1036"],
        ["1036", "1036", "1036", "1036", "1036"],
    ];

    #[test]
    fn groups_follow_the_documented_table() {
        for (code, row) in GROUPS.into_iter().enumerate() {
            let calls = [
                GroupCall::Start,
                GroupCall::Stop,
                GroupCall::Retry,
                GroupCall::Delete,
                GroupCall::Bandwidth,
            ];
            for (call, wanted) in calls.into_iter().zip(row) {
                let got = GroupStatus::try_from(code as i64).map(|status| group_rule(status, call));
                let got = got.map(|rule| rule.err().map(|error| error.code));
                assert_eq!(
                    got,
                    Ok((!wanted.is_empty()).then(|| format!("OMS.{wanted}"))),
                    "{call:?} in {code}"
                );
            }
        }
    }
}
