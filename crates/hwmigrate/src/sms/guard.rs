//! Which action a task can take in which state.
//!
//! The service answers an action with 200 as soon as it has taken it in, and
//! tells later, or never, that it came to nothing. So a task is looked at
//! before it is told anything, and an action that cannot work is refused with
//! the reason and what to do instead. The table is this library's reading of
//! sources that differ, so the caller can overrule it, and a state or an
//! action that it does not know is left to the service.
//!
//! | action | allowed when the task is |
//! |---|---|
//! | `start` | `READY`, `ABORT`, `MIGRATE_FAIL`, `SYNC_FAIL`, `SYNC_F_ROLLBACK_SUCCESS` |
//! | `restart` | ended in any way: as `start` without `READY`, `MIGRATE_SUCCESS`, `SYNC_SUCCESS` |
//! | `stop`, `error_for_overspeed` | `RUNNING`, `SYNCING`, `SKIPPING` |
//! | `cutover` | `SYNCING` |
//! | `test`, `clone_test` | `SYNCING`, `MIGRATE_SUCCESS`, `SYNC_SUCCESS` |
//! | `migration_test` | `READY`, `RUNNING`, `SYNCING`, `ABORT`, `MIGRATE_FAIL`, `SYNC_FAIL` |
//! | `network_check` | not on its way to another state |
//! | `skip` | `RUNNING`, `SYNCING` |
//! | `clear` | ended in any way |
//! | `collect_log` | not being deleted |
//! | `sync_failed_rollback` | `SYNC_FAIL` |
//!
//! The documentation of the start names only failed and paused tasks, while
//! tools start a fresh one; both work here.
//!
//! Source: <https://support.huaweicloud.com/intl/en-us/api-sms/UpdateTaskStatus.html>.

use hwmigrate_api::sms::types::{TaskAction as Action, TaskState};

use super::state;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Progress;
use crate::wait::job_report;

use TaskState::{
    Abort, MigrateFail, MigrateSuccess, Ready, Running, Skipping, SyncFRollbackSuccess, SyncFail,
    SyncSuccess, Syncing,
};

/// What the table says about an action in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ruling {
    /// Nothing is known against it.
    Allowed,
    /// It would come to nothing, or to harm.
    Refused {
        /// Why, as the end of a sentence that begins with the action.
        reason: &'static str,
        /// What to do instead.
        advice: &'static str,
    },
}

impl Ruling {
    /// Whether nothing is known against the action.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }
}

struct Rule {
    actions: &'static [Action],
    allowed: &'static [TaskState],
    reason: &'static str,
}

/// The states that a task rests in, after it was started at least once.
const RESTS: &[TaskState] =
    &[MigrateSuccess, SyncSuccess, MigrateFail, SyncFail, Abort, SyncFRollbackSuccess];

static RULES: [Rule; 10] = [
    Rule {
        actions: &[Action::Start],
        allowed: &[Ready, Abort, MigrateFail, SyncFail, SyncFRollbackSuccess],
        reason: "needs a task that is new, stopped or failed",
    },
    Rule {
        actions: &[Action::Restart],
        allowed: RESTS,
        reason: "needs a task that has ended, failed or been stopped",
    },
    Rule {
        actions: &[Action::Stop, Action::ErrorForOverspeed],
        allowed: &[Running, Syncing, Skipping],
        reason: "needs a task that runs",
    },
    Rule {
        actions: &[Action::Cutover],
        allowed: &[Syncing],
        reason: "launches the target with what has been synchronised, so it needs a task that is syncing",
    },
    Rule {
        actions: &[Action::Test, Action::CloneTest],
        allowed: &[Syncing, MigrateSuccess, SyncSuccess],
        reason: "needs a target whose first copy is complete",
    },
    Rule {
        actions: &[Action::MigrationTest],
        allowed: &[Ready, Running, Syncing, Abort, MigrateFail, SyncFail],
        reason: "rehearses a migration that is not over, and not on its way to another state",
    },
    Rule {
        actions: &[Action::NetworkCheck],
        allowed: &[
            Ready,
            Running,
            Syncing,
            MigrateSuccess,
            SyncSuccess,
            MigrateFail,
            SyncFail,
            Abort,
            SyncFRollbackSuccess,
        ],
        reason: "needs a task that is not on its way to another state",
    },
    Rule {
        actions: &[Action::Skip],
        allowed: &[Running, Syncing],
        reason: "passes over the check that a running task is at",
    },
    Rule {
        actions: &[Action::Clear],
        allowed: RESTS,
        reason: "removes the snapshots of a task, so the task must have run and must not run now",
    },
    Rule {
        actions: &[Action::SyncFailedRollback],
        allowed: &[SyncFail],
        reason: "undoes a synchronisation that failed, so it needs a task whose synchronisation failed",
    },
];

/// Whether a task in this state can take the action.
///
/// ```
/// use hwmigrate::sms::types::TaskState;
/// use hwmigrate::sms::{Action, Ruling, ruling};
///
/// assert!(ruling(&TaskState::Syncing, &Action::Cutover).is_allowed());
/// let Ruling::Refused { reason, .. } = ruling(&TaskState::Running, &Action::Cutover) else { panic!() };
/// assert!(reason.ends_with("needs a task that is syncing"));
/// ```
pub fn ruling(state: &TaskState, action: &Action) -> Ruling {
    if matches!(state, TaskState::Unknown(_)) || matches!(action, Action::Unknown(_)) {
        return Ruling::Allowed;
    }
    if *state == TaskState::Deleting {
        return Ruling::Refused {
            reason: "needs a task, and this one is being deleted",
            advice: advice(state),
        };
    }
    match RULES.iter().find(|rule| rule.actions.contains(action)) {
        Some(rule) if !rule.allowed.contains(state) => {
            let advice = already(state, action).unwrap_or_else(|| advice(state));
            Ruling::Refused { reason: rule.reason, advice }
        }
        _ => Ruling::Allowed,
    }
}

/// The words for an action whose work is done, or under way.
fn already(state: &TaskState, action: &Action) -> Option<&'static str> {
    match (action, state) {
        (Action::Start | Action::Restart, Running | Syncing | Skipping) => {
            Some("it runs already; there is nothing to start")
        }
        (Action::Stop, TaskState::Aborting) => Some("it was told to stop already; wait until it is stopped"),
        (Action::Stop, Abort) => Some("it is stopped already"),
        (Action::Stop, MigrateSuccess | SyncSuccess | MigrateFail | SyncFail | SyncFRollbackSuccess) => {
            Some("it has ended; there is nothing to stop")
        }
        (Action::Skip, Skipping) => Some("the check is being passed over already"),
        (Action::Restart, Ready) => Some("it never ran: start it"),
        (Action::Cutover, MigrateSuccess) => Some(
            "its target was launched; restart it to synchronise what has changed since, then cut over again",
        ),
        (Action::Cutover, SyncSuccess) => {
            Some("its synchronisation has ended; restart it, wait until it is syncing, then cut over")
        }
        (Action::SyncFailedRollback, SyncFRollbackSuccess) => Some("it is rolled back already"),
        _ => None,
    }
}

/// What a task in this state waits for.
fn advice(state: &TaskState) -> &'static str {
    match state {
        Ready => "start it first",
        Running | Skipping => "wait until it is syncing or has ended",
        Syncing => "stop it or cut over first",
        MigrateSuccess | SyncSuccess => "it has ended well; restart it to synchronise what has changed since",
        MigrateFail | SyncFail => "read why it failed, repair the cause and start it again",
        Abort | SyncFRollbackSuccess => "start it again first",
        TaskState::Aborting => "wait until it is stopped",
        TaskState::Reseting | TaskState::SyncFRollbacking => "wait until it is rolled back",
        TaskState::Deleting => "create a new task for the server",
        _ => "look at the task again",
    }
}

/// Refuses an action on a task that was just looked at.
///
/// # Errors
/// `Conflict` with the reason, the state and the advice.
pub(super) fn check(look: &Progress, action: &Action) -> Result<()> {
    let Some(state) = state::of(look) else { return Ok(()) };
    let Ruling::Refused { reason, advice } = ruling(&state, action) else { return Ok(()) };
    let words = format!("{action} {reason}; {} {} is {state}", look.resource, look.id);
    Err(Error::new(ErrorKind::Conflict, words)
        .with_operation("UpdateTaskStatus")
        .with_advice(advice)
        .with_job(job_report(look)))
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
