//! What the states of a task and of its source server mean.
//!
//! The service documents two lists of task states, one for answers and one for
//! the filter of the list; the table here is their union. A word of neither
//! counts as still going, never as an end: the documentation itself once ends
//! a walk-through with a slip of the pen, `MIGRATE_SUCCESS5`.
//!
//! A task says `RUNNING` for everything from the first copy to the last
//! synchronisation. Where that says nothing, or the answer has no state at
//! all, the state of the source server tells more; see [`effective`].
//!
//! Sources: <https://support.huaweicloud.com/intl/en-us/api-sms/ShowTask.html>,
//! <https://support.huaweicloud.com/intl/en-us/api-sms/ListServers.html>.

use hwmigrate_api::sms::types::{SourceState, TaskState};

use crate::progress::{Progress, State};

/// What each documented state of a task is in the vocabulary of every job.
static TASK: [(TaskState, State); 14] = [
    (TaskState::Ready, State::Ready),
    (TaskState::Running, State::Running),
    (TaskState::Syncing, State::Syncing),
    (TaskState::MigrateSuccess, State::Succeeded),
    (TaskState::SyncSuccess, State::Succeeded),
    (TaskState::MigrateFail, State::Failed),
    (TaskState::SyncFail, State::Failed),
    (TaskState::Aborting, State::Pausing),
    (TaskState::Abort, State::Paused),
    // A check is being passed over; what comes after it goes on.
    (TaskState::Skipping, State::Running),
    (TaskState::Deleting, State::Deleting),
    (TaskState::Reseting, State::RollingBack),
    (TaskState::SyncFRollbacking, State::RollingBack),
    // The rollback went well, the synchronisation before it did not.
    (TaskState::SyncFRollbackSuccess, State::Failed),
];

/// What each documented state of a source server says about its task, when the task says nothing.
static SOURCE: [(SourceState, Option<TaskState>); 22] = [
    (SourceState::Unavailable, None),
    (SourceState::Waiting, Some(TaskState::Ready)),
    (SourceState::Initialize, Some(TaskState::Running)),
    (SourceState::Init, Some(TaskState::Running)),
    (SourceState::Replicate, Some(TaskState::Running)),
    (SourceState::Syncing, Some(TaskState::Syncing)),
    (SourceState::Stopping, Some(TaskState::Aborting)),
    (SourceState::Stopped, Some(TaskState::Abort)),
    (SourceState::Skipping, Some(TaskState::Skipping)),
    (SourceState::Deleting, Some(TaskState::Deleting)),
    (SourceState::Clearing, None),
    (SourceState::Cleared, None),
    (SourceState::ClearFailed, None),
    (SourceState::PremigReady, None),
    (SourceState::Premiging, Some(TaskState::Running)),
    (SourceState::Premiged, None),
    (SourceState::PremigFailed, None),
    (SourceState::Cloning, Some(TaskState::Running)),
    (SourceState::Cutovering, Some(TaskState::Running)),
    (SourceState::Finished, Some(TaskState::MigrateSuccess)),
    // In error may be the agent alone, so this ends nothing.
    (SourceState::Error, None),
    (SourceState::Testing, Some(TaskState::Running)),
];

impl From<&TaskState> for State {
    /// The state in the vocabulary of every job; a word that this version does not know is `Unknown`.
    fn from(state: &TaskState) -> Self {
        TASK.iter().find(|(known, _)| known == state).map_or(Self::Unknown, |(_, meaning)| *meaning)
    }
}

/// What a look says about a task.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight<'a> {
    /// The task's own state.
    pub(super) task: Option<&'a TaskState>,
    /// The state of its source server.
    pub(super) source: Option<&'a SourceState>,
    /// A step has begun and is not over.
    pub(super) at_work: bool,
}

/// The state of a task, with that of its source server where the task says nothing.
///
/// - No state, or an empty one: what the source's amounts to.
/// - `RUNNING`, and no step goes on, and the source is `syncing`: `SYNCING`.
///   The walk-through of the documentation shows a task so.
/// - Otherwise the task's own word, known or not.
pub(super) fn effective(sight: Sight<'_>) -> Option<TaskState> {
    let from_source = || {
        let source = sight.source?;
        SOURCE.iter().find(|(known, _)| known == source).and_then(|(_, state)| state.clone())
    };
    match sight.task {
        None => from_source(),
        Some(state) if state.as_str().trim().is_empty() => from_source(),
        Some(TaskState::Running) if !sight.at_work && sight.source == Some(&SourceState::Syncing) => {
            Some(TaskState::Syncing)
        }
        Some(state) => Some(state.clone()),
    }
}

/// The state that a look was judged by; `None` where neither task nor source told any.
pub(super) fn of(look: &Progress) -> Option<TaskState> {
    match (look.state, look.state_word.as_deref()) {
        // Found by the source's state, whatever the task's own word is.
        (State::Syncing, _) => Some(TaskState::Syncing),
        (_, Some(word)) if !word.is_empty() => Some(TaskState::from(word)),
        (State::Unknown, _) => None,
        (state, _) => TASK.iter().find(|(_, meaning)| *meaning == state).map(|(known, _)| known.clone()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::progress::Resource;

    fn sight<'a>(task: Option<&'a TaskState>, source: Option<&'a SourceState>) -> Sight<'a> {
        Sight { task, source, at_work: false }
    }

    #[test]
    fn tables_hold_every_documented_state_once() {
        for state in TaskState::KNOWN {
            assert_eq!(TASK.iter().filter(|(known, _)| known == state).count(), 1, "{state}");
            assert_ne!(State::from(state), State::Unknown, "{state}");
        }
        for state in SourceState::KNOWN {
            assert_eq!(SOURCE.iter().filter(|(known, _)| known == state).count(), 1, "{state}");
        }
        assert_eq!((TASK.len(), SOURCE.len()), (TaskState::KNOWN.len(), SourceState::KNOWN.len()));
    }

    #[test]
    fn unknown_words_are_kept_and_no_source_turns_them_into_an_end() {
        for word in ["MIGRATE_SUCCESS5", "SUCCESS", "PAUSED", "5"] {
            let state = TaskState::from(word);
            assert_eq!(State::from(&state), State::Unknown, "{word}");
            for source in SourceState::KNOWN {
                assert_eq!(
                    effective(sight(Some(&state), Some(source))),
                    Some(state.clone()),
                    "{word}, {source}"
                );
            }
        }
    }

    #[test]
    fn task_that_says_something_is_believed_whatever_the_source_says() {
        for state in TaskState::KNOWN.iter().filter(|state| **state != TaskState::Running) {
            for source in SourceState::KNOWN {
                assert_eq!(
                    effective(sight(Some(state), Some(source))),
                    Some(state.clone()),
                    "{state}, {source}"
                );
            }
            assert_eq!(effective(sight(Some(state), None)).as_ref(), Some(state));
        }
    }

    #[test]
    fn running_task_whose_source_synchronises_is_synchronising_once_no_step_goes_on() {
        let (running, syncing) = (TaskState::Running, SourceState::Syncing);
        let idle = sight(Some(&running), Some(&syncing));
        assert_eq!(effective(idle), Some(TaskState::Syncing));
        assert_eq!(effective(Sight { at_work: true, ..idle }), Some(TaskState::Running));
        for source in SourceState::KNOWN.iter().filter(|source| **source != syncing) {
            assert_eq!(effective(sight(Some(&running), Some(source))), Some(TaskState::Running), "{source}");
        }
    }

    #[test]
    fn source_speaks_for_a_task_without_a_state() {
        let blank = TaskState::from("");
        for (source, state) in &SOURCE {
            assert_eq!(&effective(sight(None, Some(source))), state, "{source}");
            assert_eq!(&effective(sight(Some(&blank), Some(source))), state, "{source}");
        }
        assert_eq!(effective(Sight::default()), None);
        let odd = SourceState::from("dreaming");
        assert_eq!(effective(sight(None, Some(&odd))), None);
    }

    #[test]
    fn state_of_a_look_reads_back() {
        for state in TaskState::KNOWN {
            let mut look = Progress::new(Resource::ServerTask, "5f", State::from(state), None);
            look.state_word = Some(state.to_string());
            assert_eq!(of(&look).as_ref(), Some(state));
        }
        let mut folded = Progress::new(Resource::ServerTask, "5f", State::Syncing, None);
        folded.state_word = Some("RUNNING".to_owned());
        assert_eq!(of(&folded), Some(TaskState::Syncing));
        folded.state_word = None;
        assert_eq!(of(&folded), Some(TaskState::Syncing));
        let blank = Progress::new(Resource::ServerTask, "5f", State::Unknown, None);
        assert_eq!(of(&blank), None);
        let paused = Progress::new(Resource::ServerTask, "5f", State::Paused, None);
        assert_eq!(of(&paused), Some(TaskState::Abort));
    }
}
