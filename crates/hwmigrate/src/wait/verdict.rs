//! What one look at a job means for a wait: a pure table, no clock, no network.

use crate::progress::{Progress, State};

/// What a wait is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Until {
    /// The job has left the queue. Every later state satisfies it too, so a
    /// job that finishes between two looks is not missed.
    Started,
    /// The job has ended. The default.
    #[default]
    Ended,
    /// The job stands still, for whatever reason: paused, failed or succeeded.
    /// What follows a stop.
    Stopped,
    /// The service no longer knows the job. What follows a delete.
    Deleted,
}

/// What a wait is for, with the pure function that judges a look by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    /// The words that end "the job did not".
    pub(crate) words: &'static str,
    /// A job that does not exist any more is what was wished.
    pub(crate) gone: bool,
    /// What a look means for the wait.
    pub(crate) judge: fn(&Progress) -> Verdict,
}

impl From<Until> for Aim {
    fn from(until: Until) -> Self {
        let (words, judge): (_, fn(&Progress) -> Verdict) = match until {
            Until::Started => ("start", |look| verdict(Until::Started, look.state)),
            Until::Ended => ("end", |look| verdict(Until::Ended, look.state)),
            Until::Stopped => ("stop", |look| verdict(Until::Stopped, look.state)),
            Until::Deleted => ("be gone", |look| verdict(Until::Deleted, look.state)),
        };
        Self { words, gone: until == Until::Deleted, judge }
    }
}

/// What follows from one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Look again later.
    Going,
    /// Look again later, and tell somebody: nobody knows this state.
    Unknown,
    /// The wait is over, as wished.
    Done,
    /// The job was paused, which is neither success nor failure.
    Paused,
    /// The job ended well, and so can no longer do what was waited for.
    Overtaken,
    /// The job failed.
    Failed,
    /// The job was deleted while somebody waited for something else.
    Gone,
}

/// Judges a state.
pub(crate) fn verdict(until: Until, state: State) -> Verdict {
    match (until, state) {
        (_, State::Unknown) => Verdict::Unknown,

        // The service forgets a deleted job a little later; only then is it gone for sure.
        (Until::Deleted, _) => Verdict::Going,
        (_, State::Deleting) => Verdict::Going,
        (_, State::Deleted) => Verdict::Gone,

        // Nobody has started it, so it stands still already.
        (Until::Stopped, State::Ready) => Verdict::Done,
        (_, State::Ready | State::Waiting | State::Preparing | State::RollingBack) => Verdict::Going,
        (Until::Started, State::Running | State::Syncing | State::Retrying | State::Pausing) => Verdict::Done,
        (_, State::Running | State::Syncing | State::Retrying | State::Pausing) => Verdict::Going,

        (Until::Stopped, State::Paused | State::Failed | State::Succeeded) => Verdict::Done,
        (_, State::Paused) => Verdict::Paused,
        (_, State::Failed) => Verdict::Failed,
        (_, State::Succeeded) => Verdict::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Done, Failed, Going, Gone, Paused, Unknown};

    /// Rows: the numbers of the service. Columns: started, ended, stopped, deleted.
    const TASK: [(i64, [Verdict; 4]); 11] = [
        (0, [Going, Going, Going, Going]),
        (1, [Going, Going, Going, Going]),
        (2, [Done, Going, Going, Going]),
        (3, [Paused, Paused, Done, Going]),
        (4, [Failed, Failed, Done, Going]),
        (5, [Done, Done, Done, Going]),
        (6, [Done, Going, Going, Going]),
        (7, [Done, Going, Going, Going]),
        (8, [Unknown, Unknown, Unknown, Unknown]),
        (9, [Unknown, Unknown, Unknown, Unknown]),
        (-3, [Unknown, Unknown, Unknown, Unknown]),
    ];

    const GROUP: [(i64, [Verdict; 4]); 11] = [
        (0, [Going, Going, Going, Going]),
        (1, [Going, Going, Going, Going]),
        (2, [Done, Going, Going, Going]),
        (3, [Paused, Paused, Done, Going]),
        (4, [Failed, Failed, Done, Going]),
        (5, [Failed, Failed, Done, Going]),
        (6, [Done, Done, Done, Going]),
        (7, [Done, Going, Going, Going]),
        (8, [Going, Going, Going, Going]),
        (9, [Gone, Gone, Gone, Going]),
        (10, [Unknown, Unknown, Unknown, Unknown]),
    ];

    const GOALS: [Until; 4] = [Until::Started, Until::Ended, Until::Stopped, Until::Deleted];

    #[test]
    fn states_that_only_servers_have_are_judged_for_every_goal() {
        let table = [
            (State::Ready, [Going, Going, Done, Going]),
            (State::Syncing, [Done, Going, Going, Going]),
            (State::RollingBack, [Going, Going, Going, Going]),
        ];
        for (state, row) in table {
            for (until, expected) in GOALS.into_iter().zip(row) {
                assert_eq!(verdict(until, state), expected, "{state}, {until:?}");
            }
        }
    }

    #[test]
    fn every_task_status_is_judged_for_every_goal() {
        for (code, row) in TASK {
            for (until, expected) in GOALS.into_iter().zip(row) {
                assert_eq!(verdict(until, State::of_task(code)), expected, "task status {code}, {until:?}");
            }
        }
    }

    #[test]
    fn every_group_status_is_judged_for_every_goal() {
        for (code, row) in GROUP {
            for (until, expected) in GOALS.into_iter().zip(row) {
                assert_eq!(verdict(until, State::of_group(code)), expected, "group status {code}, {until:?}");
            }
        }
    }
}
