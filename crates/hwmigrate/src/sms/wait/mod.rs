//! Waiting for a task of a server.
//!
//! The loop, its deadline and its rhythm are those of every
//! [wait](crate::wait); here is what a look at a task means for a [`Goal`].

mod error_json;
mod look;
mod tell;
mod view;

use hwmigrate_api::sms::types::TaskState;

pub(super) use tell::{settle_cut_off, tell};

use super::state;
use crate::progress::Progress;
use crate::wait::{Aim, Verdict};

/// How far a task is to be followed.
///
/// A goal is reached by every later state too, so a task that is faster than
/// the looks is not missed. A failure ends every wait; a stop ends every wait
/// but the one for it, as [`Outcome::Paused`](crate::wait::Outcome::Paused).
/// A state that this version does not know ends none.
///
/// | | reached by | otherwise ended by |
/// |---|---|---|
/// | `Started` | `RUNNING` and all that follows | |
/// | `Syncing` | `SYNCING`, `MIGRATE_SUCCESS`, `SYNC_SUCCESS` | |
/// | `MigrateSuccess` | `MIGRATE_SUCCESS`, `SYNC_SUCCESS` | |
/// | `SyncSuccess` | `SYNC_SUCCESS` | |
/// | `Aborted` | `ABORT` | an end that came first: [`Overtaken`](crate::wait::Outcome::Overtaken) |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Goal {
    /// It has begun.
    Started,
    /// The first copy is complete, and changes follow: the moment to cut over.
    Syncing,
    /// The migration has ended well.
    MigrateSuccess,
    /// A later synchronisation has ended well.
    SyncSuccess,
    /// It stands still after a stop.
    Aborted,
}

impl Goal {
    /// Every goal, in the order in which a task reaches them.
    pub const ALL: [Self; 5] =
        [Self::Started, Self::Syncing, Self::MigrateSuccess, Self::SyncSuccess, Self::Aborted];

    /// The lower-case word for commands and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Syncing => "syncing",
            Self::MigrateSuccess => "migrate_success",
            Self::SyncSuccess => "sync_success",
            Self::Aborted => "aborted",
        }
    }
}

impl From<Goal> for Aim {
    fn from(goal: Goal) -> Self {
        let (words, judge): (_, fn(&Progress) -> Verdict) = match goal {
            Goal::Started => ("start", |look| judge(Goal::Started, look)),
            Goal::Syncing => ("begin to synchronise", |look| judge(Goal::Syncing, look)),
            Goal::MigrateSuccess => ("end its migration well", |look| judge(Goal::MigrateSuccess, look)),
            Goal::SyncSuccess => ("end its synchronisation well", |look| judge(Goal::SyncSuccess, look)),
            Goal::Aborted => ("stop", |look| judge(Goal::Aborted, look)),
        };
        Self { words, gone: false, judge }
    }
}

fn judge(goal: Goal, look: &Progress) -> Verdict {
    state::of(look).map_or(Verdict::Unknown, |state| classify(goal, &state))
}

/// What a state means for a goal: a pure table, no clock, no network.
pub(super) fn classify(goal: Goal, state: &TaskState) -> Verdict {
    use TaskState::{
        Abort, Aborting, Deleting, MigrateFail, MigrateSuccess, Ready, Reseting, Running, Skipping,
        SyncFRollbackSuccess, SyncFRollbacking, SyncFail, SyncSuccess, Syncing,
    };
    match (goal, state) {
        (_, MigrateFail | SyncFail | SyncFRollbackSuccess) => Verdict::Failed,
        (_, Ready | Deleting | Reseting | SyncFRollbacking) => Verdict::Going,

        (Goal::Aborted, Abort) => Verdict::Done,
        (Goal::Aborted, MigrateSuccess | SyncSuccess) => Verdict::Overtaken,
        (Goal::Aborted, Running | Syncing | Skipping | Aborting) => Verdict::Going,

        (_, Abort) => Verdict::Paused,
        (_, SyncSuccess) => Verdict::Done,
        (Goal::Started, Running | Syncing | Skipping | Aborting | MigrateSuccess) => Verdict::Done,
        (Goal::Syncing, Syncing | MigrateSuccess) => Verdict::Done,
        (Goal::MigrateSuccess, MigrateSuccess) => Verdict::Done,
        (_, Running | Syncing | Skipping | Aborting | MigrateSuccess) => Verdict::Going,

        _ => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Done, Failed, Going, Overtaken, Paused, Unknown};

    /// Columns: started, syncing, migrated, synchronised, aborted.
    const TABLE: [(&str, [Verdict; 5]); 17] = [
        ("READY", [Going, Going, Going, Going, Going]),
        ("RUNNING", [Done, Going, Going, Going, Going]),
        ("SYNCING", [Done, Done, Going, Going, Going]),
        ("MIGRATE_SUCCESS", [Done, Done, Done, Going, Overtaken]),
        ("SYNC_SUCCESS", [Done, Done, Done, Done, Overtaken]),
        ("MIGRATE_FAIL", [Failed, Failed, Failed, Failed, Failed]),
        ("SYNC_FAIL", [Failed, Failed, Failed, Failed, Failed]),
        ("ABORTING", [Done, Going, Going, Going, Going]),
        ("ABORT", [Paused, Paused, Paused, Paused, Done]),
        ("SKIPPING", [Done, Going, Going, Going, Going]),
        ("DELETING", [Going, Going, Going, Going, Going]),
        ("RESETING", [Going, Going, Going, Going, Going]),
        ("SYNC_F_ROLLBACKING", [Going, Going, Going, Going, Going]),
        ("SYNC_F_ROLLBACK_SUCCESS", [Failed, Failed, Failed, Failed, Failed]),
        ("MIGRATE_SUCCESS5", [Unknown, Unknown, Unknown, Unknown, Unknown]),
        ("SUCCESS", [Unknown, Unknown, Unknown, Unknown, Unknown]),
        ("", [Unknown, Unknown, Unknown, Unknown, Unknown]),
    ];

    #[test]
    fn every_state_is_judged_for_every_goal() {
        for state in TaskState::KNOWN {
            assert!(TABLE.iter().any(|(word, _)| *word == state.as_str()), "{state} is missing");
        }
        for (word, row) in TABLE {
            for (goal, expected) in Goal::ALL.into_iter().zip(row) {
                assert_eq!(classify(goal, &TaskState::from(word)), expected, "{word}, {goal:?}");
            }
        }
    }
}
