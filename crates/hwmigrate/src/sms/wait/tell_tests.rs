//! Actions whose replies are lost, on a paused clock.
#![allow(clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::ready;

use super::*;
use crate::progress::{Resource, State};

fn task(word: &str) -> Progress {
    let state = TaskState::from(word);
    let mut look = Progress::new(Resource::ServerTask, "5f", State::from(&state), None);
    look.state_word = Some(word.to_owned());
    look
}

/// A task that shows one state after the other, and a service that loses replies.
struct Stage {
    looks: RefCell<VecDeque<Progress>>,
    sent: Cell<u32>,
    lose: u32,
    /// The code of the conflict that comes after the lost replies.
    then: Option<&'static str>,
}

impl Stage {
    /// The last look repeats; the first `lose` replies are lost.
    fn new(states: &[&str], lose: u32) -> Self {
        let looks = states.iter().map(|word| task(word)).collect();
        Self { looks: RefCell::new(looks), sent: Cell::new(0), lose, then: None }
    }

    async fn tell(&self, action: &Action, force: bool) -> Result<()> {
        let look = || {
            let mut looks = self.looks.borrow_mut();
            ready(Ok(if looks.len() > 1 { looks.pop_front().unwrap() } else { looks[0].clone() }))
        };
        let send = || {
            self.sent.set(self.sent.get() + 1);
            ready(if self.sent.get() <= self.lose {
                Err(Error::new(ErrorKind::Ambiguous, "the reply was lost"))
            } else {
                let refused = |code| Err(Error::new(ErrorKind::Conflict, "refused").with_code(code));
                self.then.map_or(Ok(()), refused)
            })
        };
        let before = if force { None } else { Some(look().await?) };
        tell(action, before.as_ref(), None, look, send).await
    }
}

#[tokio::test(start_paused = true)]
async fn action_that_the_table_refuses_is_not_sent_unless_it_is_forced() {
    let stage = Stage::new(&["RUNNING"], 0);
    assert!(stage.tell(&Action::Cutover, false).await.unwrap_err().is_conflict());
    assert_eq!(stage.sent.get(), 0);
    stage.tell(&Action::Cutover, true).await.unwrap();
    assert_eq!(stage.sent.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn lost_reply_is_settled_by_the_effect() {
    let table = [
        (Action::Start, &["READY", "READY", "RUNNING"][..]),
        (Action::Start, &["ABORT", "SYNCING"]),
        (Action::Start, &["READY", "MIGRATE_SUCCESS"]),
        (Action::Stop, &["RUNNING", "RUNNING", "RUNNING", "ABORTING"]),
        (Action::Stop, &["SYNCING", "ABORT"]),
        (Action::Cutover, &["SYNCING", "SYNCING", "RUNNING"]),
        (Action::Cutover, &["SYNCING", "MIGRATE_SUCCESS"]),
        (Action::Restart, &["MIGRATE_SUCCESS", "SYNCING"]),
        (Action::Skip, &["RUNNING", "SKIPPING"]),
        (Action::SyncFailedRollback, &["SYNC_FAIL", "SYNC_F_ROLLBACKING"]),
    ];
    for (action, states) in table {
        let stage = Stage::new(states, 1);
        stage.tell(&action, false).await.unwrap();
        assert_eq!(stage.sent.get(), 1, "{action} {states:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn start_and_stop_without_any_effect_are_sent_again() {
    for (action, state) in [(Action::Start, "ABORT"), (Action::Start, "READY"), (Action::Stop, "RUNNING")] {
        let stage = Stage::new(&[state], 1);
        let start = clock::instant();
        stage.tell(&action, false).await.unwrap();
        assert_eq!(stage.sent.get(), 2, "{action}");
        assert_eq!((clock::instant() - start).as_secs(), 5, "it was given time to show");
    }
    let deaf = Stage::new(&["READY"], 9);
    assert!(deaf.tell(&Action::Start, false).await.unwrap_err().is_ambiguous());
    assert_eq!(deaf.sent.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn second_start_that_the_state_refuses_means_that_the_first_had_arrived() {
    let stage = Stage { then: Some("SMS.1039"), ..Stage::new(&["READY"], 1) };
    stage.tell(&Action::Start, false).await.unwrap();
    let looks = ["READY", "READY", "READY", "READY", "READY", "RUNNING"];
    let stage = Stage { then: Some("SMS.7605"), ..Stage::new(&looks, 1) };
    stage.tell(&Action::Start, false).await.unwrap();
    // The source is not connected, so neither can have done anything.
    let stage = Stage { then: Some("SMS.6603"), ..Stage::new(&["READY"], 1) };
    assert_eq!(stage.tell(&Action::Start, false).await.unwrap_err().code(), Some("SMS.6603"));
    let stage = Stage { then: Some("SMS.1039"), ..Stage::new(&["READY"], 0) };
    assert!(stage.tell(&Action::Start, false).await.unwrap_err().is_conflict());
}

#[tokio::test(start_paused = true)]
async fn other_actions_are_never_sent_twice() {
    let table = [
        (Action::Cutover, "SYNCING"),
        (Action::Restart, "MIGRATE_SUCCESS"),
        (Action::CloneTest, "SYNCING"),
        (Action::Clear, "ABORT"),
    ];
    for (action, state) in table {
        let stage = Stage::new(&[state], 1);
        let error = stage.tell(&action, false).await.unwrap_err();
        assert!(error.is_ambiguous(), "{action}");
        assert!(error.message().contains("does not show whether it arrived"), "{error}");
        assert_eq!(error.job().unwrap().id, "5f");
        assert_eq!(stage.sent.get(), 1, "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn cut_over_whose_task_fails_or_stops_meanwhile_stays_open() {
    for state in ["ABORTING", "ABORT", "SYNC_FAIL"] {
        let stage = Stage::new(&["SYNCING", state], 1);
        assert!(stage.tell(&Action::Cutover, false).await.unwrap_err().is_ambiguous(), "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn failed_task_that_fails_again_at_once_was_started() {
    let mut stage = Stage::new(&["MIGRATE_FAIL", "MIGRATE_FAIL"], 1);
    stage.looks.get_mut()[1].start_time_ms = Some(7);
    stage.tell(&Action::Start, false).await.unwrap();
    assert_eq!(stage.sent.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn cut_over_is_not_seen_in_a_task_that_is_just_copying_again() {
    let stage = Stage::new(&["SYNCING", "RUNNING"], 1);
    for look in stage.looks.borrow_mut().iter_mut() {
        look.state_word = Some("RUNNING".to_owned());
        look.source_state = Some("syncing".to_owned());
    }
    assert!(stage.tell(&Action::Cutover, false).await.unwrap_err().is_ambiguous());
    assert_eq!(stage.sent.get(), 1);
}
