//! Every state with every action.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::progress::{Resource, State};

/// Rows: actions. Columns: states in the order of [`STATES`]. `+` allowed, `-` refused.
const TABLE: [(Action, &str); 13] = [
    //                            R U S M Y F f A a K D R B b
    (Action::Start, /*         */ "+----++-+----+"),
    (Action::Stop, /*          */ "-++------+----"),
    (Action::Test, /*          */ "--+++---------"),
    (Action::Cutover, /*       */ "--+-----------"),
    (Action::CloneTest, /*     */ "--+++---------"),
    (Action::Restart, /*       */ "---++++-+----+"),
    (Action::NetworkCheck, /*  */ "+++++++-+----+"),
    (Action::Skip, /*          */ "-++-----------"),
    (Action::Clear, /*         */ "---++++-+----+"),
    (Action::MigrationTest, /* */ "+++--++-+-----"),
    (Action::ErrorForOverspeed, "-++------+----"),
    (Action::CollectLog, /*    */ "++++++++++-+++"),
    (Action::SyncFailedRollback, "------+-------"),
];

const STATES: [TaskState; 14] = [
    TaskState::Ready,
    TaskState::Running,
    TaskState::Syncing,
    TaskState::MigrateSuccess,
    TaskState::SyncSuccess,
    TaskState::MigrateFail,
    TaskState::SyncFail,
    TaskState::Aborting,
    TaskState::Abort,
    TaskState::Skipping,
    TaskState::Deleting,
    TaskState::Reseting,
    TaskState::SyncFRollbacking,
    TaskState::SyncFRollbackSuccess,
];

fn look(state: &TaskState) -> Progress {
    let mut look = Progress::new(Resource::ServerTask, "5f", State::from(state), None);
    look.state_word = Some(state.to_string());
    look
}

#[test]
fn every_action_is_judged_in_every_state() {
    assert_eq!(STATES.as_slice(), TaskState::KNOWN, "a state is missing");
    let actions: Vec<&Action> = TABLE.iter().map(|(action, _)| action).collect();
    assert_eq!(actions, Action::KNOWN.iter().collect::<Vec<_>>(), "an action is missing");
    for (action, row) in &TABLE {
        assert_eq!(row.len(), STATES.len());
        for (state, cell) in STATES.iter().zip(row.chars()) {
            let allowed = cell != '-';
            assert_eq!(ruling(state, action).is_allowed(), allowed, "{action} while {state}");
            let checked = check(&look(state), action);
            assert_eq!(checked.is_ok(), allowed, "{action} while {state}");
            if let Err(error) = checked {
                assert!(error.is_conflict());
                assert!(error.message().contains(state.as_str()), "{error}");
                assert!(error.message().starts_with(action.as_str()), "{error}");
                assert!(!error.advice().unwrap().is_empty());
                assert_eq!(error.job().unwrap().id, "5f");
            }
        }
    }
}

#[test]
fn unknown_states_and_actions_are_left_to_the_service() {
    for action in Action::KNOWN {
        assert!(ruling(&TaskState::from("MIGRATE_SUCCESS5"), action).is_allowed(), "{action}");
        let blank = Progress::new(Resource::ServerTask, "5f", State::Unknown, None);
        assert!(check(&blank, action).is_ok(), "{action}");
    }
    for state in TaskState::KNOWN {
        assert!(ruling(state, &Action::from("defrost")).is_allowed(), "{state}");
    }
}

#[test]
fn cut_over_of_a_running_task_whose_source_synchronises_is_allowed() {
    let mut folded = Progress::new(Resource::ServerTask, "5f", State::Syncing, None);
    folded.state_word = Some("RUNNING".to_owned());
    assert!(check(&folded, &Action::Cutover).is_ok());
    assert!(check(&look(&TaskState::Running), &Action::Cutover).is_err());
}

#[test]
fn refusal_says_what_is_wrong_and_what_to_do() {
    let error = check(&look(&TaskState::Running), &Action::Cutover).unwrap_err();
    assert_eq!(
        error.message(),
        "cutover launches the target with what has been synchronised, so it needs a task that is syncing; \
         server task 5f is RUNNING"
    );
    assert_eq!(error.advice(), Some("wait until it is syncing or has ended"));
    let error = check(&look(&TaskState::Abort), &Action::Stop).unwrap_err();
    assert_eq!(error.advice(), Some("it is stopped already"));
}
