//! The wait as its user holds it, with scripted looks on a paused clock.
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;

use super::waiter::{Job, Unlimited, Waiter};
use super::{Outcome, Until};
use crate::error::{Error, ErrorKind};
use crate::progress::{Counts, Progress, Reason, Resource, State};

/// A job that shows one state after the other, and 7 then 3 after a stop.
#[derive(Clone, Default)]
struct Actor {
    script: Arc<Mutex<VecDeque<Result<Progress, Error>>>>,
    stops: Arc<Mutex<u32>>,
    stop_answer: Option<Error>,
}

fn task(code: i64) -> Progress {
    Progress::new(Resource::Task, "17", State::of_task(code), Some(code))
}

impl Actor {
    fn new(codes: impl IntoIterator<Item = i64>) -> Self {
        let actor = Self::default();
        actor.script.lock().unwrap().extend(codes.into_iter().map(|code| Ok(task(code))));
        actor
    }

    fn waiter(&self) -> Waiter<Unlimited> {
        let looked = self.clone();
        let stopped = self.clone();
        Waiter::new(Job {
            resource: Resource::Task,
            id: "17".to_owned(),
            dice: fastrand::Rng::with_seed(1),
            look: Arc::new(move || {
                let mut script = looked.script.lock().unwrap();
                let look = if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() };
                Box::pin(ready(look))
            }),
            stop: Arc::new(move || {
                *stopped.stops.lock().unwrap() += 1;
                if let Some(error) = &stopped.stop_answer {
                    return Box::pin(ready(Err(error.clone())));
                }
                *stopped.script.lock().unwrap() = [7, 7, 3].map(|code| Ok(task(code))).into();
                Box::pin(ready(Ok(())))
            }),
        })
    }
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

#[tokio::test(start_paused = true)]
async fn wait_returns_the_last_look() {
    let outcome = Actor::new([1, 2, 2, 5]).waiter().deadline(minute()).wait().await.unwrap();
    assert!(outcome.is_done());
    assert_eq!(outcome.into_progress(), task(5));
    let outcome = Actor::new([2, 3]).waiter().deadline(minute()).wait().await.unwrap();
    assert_eq!(outcome, Outcome::Paused(task(3)));
}

#[tokio::test(start_paused = true)]
async fn options_may_stand_before_and_after_the_deadline() {
    let actor = Actor::new([1, 2]);
    let outcome = actor.waiter().until(Until::Started).deadline(minute()).stall_after(minute()).wait().await;
    assert_eq!(outcome.unwrap(), Outcome::Done(task(2)));
}

#[tokio::test(start_paused = true)]
async fn stepping_by_hand_shows_every_look_once() {
    let mut waiter = Actor::new([1, 2, 5]).waiter().deadline(minute());
    let mut codes = Vec::new();
    while let Some(progress) = waiter.next().await.unwrap() {
        codes.push(progress.state_code.unwrap());
    }
    assert_eq!(codes, [1, 2, 5]);
    assert_eq!(waiter.outcome(), Some(&Outcome::Done(task(5))));
    assert!(waiter.next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn stream_ends_after_the_last_look_or_the_error() {
    let looks: Vec<_> = Actor::new([1, 2, 5]).waiter().deadline(minute()).stream().collect().await;
    assert_eq!(looks.len(), 3);
    assert!(looks.iter().all(Result::is_ok));
    let looks: Vec<_> = Actor::new([2, 4]).waiter().deadline(minute()).stream().collect().await;
    assert_eq!(looks.len(), 2);
    assert!(looks[1].as_ref().is_err_and(Error::is_job_failed));
}

#[tokio::test(start_paused = true)]
async fn failed_job_tells_reason_advice_and_counts() {
    let mut failed = task(4);
    failed.reason = Some(Reason { code: "TRF.0055".into(), message: "bucket full".into(), step: None });
    failed.objects = Counts { done: 3, failed: 2, skipped: 1, total: Some(6) };
    failed.failed_objects.list_key = Some("oms/list".into());
    let actor = Actor::new([2]);
    actor.script.lock().unwrap().push_back(Ok(failed));
    let error = actor.waiter().deadline(minute()).wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert_eq!(error.code(), Some("TRF.0055"));
    assert!(error.advice().is_some());
    assert_eq!(
        error.to_string(),
        "TRF.0055 task 17 failed: bucket full; 3 objects done, 2 failed, 1 skipped, 6 in all"
    );
    let job = error.job().unwrap();
    assert_eq!((job.id.as_str(), job.state.as_str(), job.objects_failed), ("17", "failed", 2));
    assert_eq!(job.failed_list.as_deref(), Some("oms/list"));
}

#[tokio::test(start_paused = true)]
async fn failure_without_a_reason_still_explains_itself() {
    let error = Actor::new([4]).waiter().deadline(minute()).wait().await.unwrap_err();
    assert!(error.message().contains("gave no reason"), "{error}");
    assert!(error.advice().is_some());
}

#[tokio::test(start_paused = true)]
async fn missed_deadline_names_goal_limit_state_and_looks() {
    let error = Actor::new([42]).waiter().deadline(minute()).wait().await.unwrap_err();
    assert!(error.is_timeout());
    let text = error.to_string();
    assert!(text.contains("task 17 did not end within 60 s: it was last seen unknown (42)"), "{text}");
    assert!(error.attempts() > 5);
    assert_eq!(error.elapsed(), Some(minute()));
    assert_eq!(error.job().unwrap().state, "unknown (42)");
}

#[tokio::test(start_paused = true)]
async fn missed_deadline_carries_the_error_of_the_last_look() {
    let actor = Actor::new([2]);
    actor.script.lock().unwrap().push_back(Err(Error::new(ErrorKind::Transport, "connection reset")));
    let error = actor.waiter().deadline(minute()).wait().await.unwrap_err();
    assert!(error.is_timeout());
    assert!(error.chain().ends_with("connection reset"), "{}", error.chain());
}

#[tokio::test(start_paused = true)]
async fn errors_of_looks_are_told_apart() {
    let ends = [
        Error::new(ErrorKind::Auth, "forbidden").with_status(403),
        Error::new(ErrorKind::Auth, "blocked").with_status(418),
        Error::new(ErrorKind::Auth, "no right").with_status(400).with_code("OMS.0072"),
        Error::new(ErrorKind::NotFound, "no such task").with_status(400).with_code("OMS.1009"),
        Error::new(ErrorKind::Invalid, "task id wrong").with_status(400).with_code("OMS.0054"),
    ];
    for error in ends {
        let actor = Actor::new([2]);
        actor.script.lock().unwrap().extend([Err(error.clone()), Ok(task(5))]);
        let ended = actor.waiter().deadline(minute()).wait().await.unwrap_err();
        assert_eq!(ended.message(), error.message());
    }
    let passes = [
        Error::new(ErrorKind::Transport, "reset").with_retryable(false),
        Error::new(ErrorKind::Timeout, "no answer"),
        Error::new(ErrorKind::Decode, "cut short"),
        Error::new(ErrorKind::Throttled, "slower").with_status(429),
        Error::new(ErrorKind::Api, "bad gateway").with_status(502),
        Error::new(ErrorKind::Api, "not implemented").with_status(501),
        Error::new(ErrorKind::Api, "internal").with_status(400).with_retryable(true),
        Error::new(ErrorKind::Auth, "expired").with_status(401),
    ];
    for error in passes {
        let actor = Actor::new([2]);
        actor.script.lock().unwrap().extend([Err(error.clone()), Ok(task(5))]);
        assert!(actor.waiter().deadline(minute()).wait().await.is_ok(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_wait_stops_the_job() {
    let actor = Actor::new([2]);
    let cancel = tokio::time::sleep(Duration::from_secs(10));
    let error = actor.waiter().deadline(minute()).wait_or_stop(cancel).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.message().ends_with("was cancelled; the job was stopped"), "{error}");
    assert_eq!(error.job().unwrap().state, "paused");
    assert_eq!(*actor.stops.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn missed_deadline_stops_the_job_when_asked_to() {
    let actor = Actor::new([2]);
    let error = actor.waiter().deadline(minute()).wait_or_stop(pending()).await.unwrap_err();
    assert!(error.is_timeout());
    assert!(error.message().ends_with("; the job was stopped"), "{error}");
    assert_eq!(*actor.stops.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn job_that_ends_before_the_stop_is_an_ordinary_outcome() {
    let mut actor = Actor::new([2]);
    actor.stop_answer = Some(Error::new(ErrorKind::Conflict, "complete").with_code("OMS.0070"));
    let script = actor.script.clone();
    let cancel = async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        *script.lock().unwrap() = [Ok(task(5))].into();
    };
    let outcome = actor.waiter().deadline(minute()).wait_or_stop(cancel).await.unwrap();
    assert_eq!(outcome, Outcome::Done(task(5)));
}

#[tokio::test(start_paused = true)]
async fn queued_job_cannot_be_stopped_and_the_error_says_so() {
    let mut actor = Actor::new([1]);
    actor.stop_answer = Some(Error::new(ErrorKind::Conflict, "not migrating").with_code("OMS.0066"));
    let error = actor.waiter().deadline(minute()).wait_or_stop(ready(())).await.unwrap_err();
    assert!(error.message().contains("waits for a free slot"), "{error}");
    assert!(error.advice().unwrap().contains("delete"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn stop_that_fails_keeps_the_first_reason() {
    let mut actor = Actor::new([2]);
    actor.stop_answer = Some(Error::new(ErrorKind::Transport, "no route to host"));
    let error = actor.waiter().deadline(minute()).wait_or_stop(pending()).await.unwrap_err();
    assert!(error.is_timeout());
    assert!(error.chain().contains("may still run"), "{}", error.chain());
    assert!(error.chain().ends_with("no route to host"), "{}", error.chain());
}

#[test]
fn waits_can_be_sent_to_other_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<Waiter>();
    assert_send::<Waiter<Unlimited>>();
}
