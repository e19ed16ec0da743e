//! The loop against scripted looks, on a paused clock.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use tokio::time::Instant;

use super::course::{Course, End, LAST_LOOK_GRACE, LookError, Missed, Plan, Step};
use super::policy::PollPolicy;
use super::verdict::Until;
use crate::progress::{Bytes, Progress, Resource, State};

/// What a scripted look answers.
#[derive(Clone, Debug)]
enum Look {
    Code(i64),
    Shows(Box<Progress>),
    Fails(Fault),
    Hangs,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Connection,
    RetryAfter(u64),
    Login,
    NotFound,
    Permission,
}

fn judge(fault: &Fault) -> LookError {
    match fault {
        Fault::Connection => LookError::Passing { retry_after: None },
        Fault::RetryAfter(seconds) => {
            LookError::Throttled { retry_after: Some(Duration::from_secs(*seconds)) }
        }
        Fault::Login => LookError::Login,
        Fault::NotFound => LookError::NotFound,
        Fault::Permission => LookError::Final,
    }
}

/// A script, and when each look of it was taken, in ms since its start.
struct Stage {
    looks: RefCell<VecDeque<Look>>,
    times: RefCell<Vec<u128>>,
    start: Instant,
}

impl Stage {
    /// The last look repeats for ever.
    fn new(looks: impl IntoIterator<Item = Look>) -> Self {
        Self {
            looks: RefCell::new(looks.into_iter().collect()),
            times: RefCell::new(Vec::new()),
            start: Instant::now(),
        }
    }

    async fn look(&self) -> Result<Progress, Fault> {
        self.times.borrow_mut().push(self.start.elapsed().as_millis());
        let look = {
            let mut looks = self.looks.borrow_mut();
            if looks.len() > 1 { looks.pop_front().unwrap() } else { looks[0].clone() }
        };
        match look {
            Look::Code(code) => Ok(task(code)),
            Look::Shows(progress) => Ok(*progress),
            Look::Fails(fault) => Err(fault),
            Look::Hangs => pending().await,
        }
    }

    fn times(&self) -> Vec<u128> {
        self.times.borrow().clone()
    }
}

fn task(code: i64) -> Progress {
    Progress::new(Resource::Task, "17", State::of_task(code), Some(code))
}

fn plan(until: Until, seconds: u64) -> Plan {
    Plan {
        resource: Resource::Task,
        id: "17".to_owned(),
        aim: until.into(),
        limit: Duration::from_secs(seconds),
        policy: PollPolicy::new(),
        stall_after: None,
        before_start: None,
        stale_grace: Duration::from_secs(3),
    }
}

fn course(plan: Plan) -> Course<Fault> {
    Course::new(plan, fastrand::Rng::with_seed(7))
}

async fn run(plan: Plan, stage: &Stage) -> Result<Step, End<Fault>> {
    let mut course = course(plan);
    loop {
        match course.step(|| stage.look(), judge).await {
            Ok(Step::Going(_)) => {}
            end => return end,
        }
    }
}

fn missed(end: Result<Step, End<Fault>>) -> Missed<Fault> {
    match end {
        Err(End::Deadline(missed)) => *missed,
        other => panic!("expected a missed deadline, got {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn first_look_is_made_at_once_and_a_finished_job_ends_the_wait() {
    let stage = Stage::new([Look::Code(5)]);
    assert_eq!(run(plan(Until::Ended, 60), &stage).await.unwrap(), Step::Done(task(5)));
    assert_eq!(stage.times(), [0]);
}

#[tokio::test(start_paused = true)]
async fn job_that_finishes_before_it_was_seen_running_has_started() {
    let stage = Stage::new([Look::Code(1), Look::Code(5)]);
    assert_eq!(run(plan(Until::Started, 60), &stage).await.unwrap(), Step::Done(task(5)));
}

#[tokio::test(start_paused = true)]
async fn odd_states_do_not_end_the_wait() {
    let script = [0, 1, 2, 6, 7, 42, -1, 2, 5].map(Look::Code);
    let stage = Stage::new(script);
    assert_eq!(run(plan(Until::Ended, 600), &stage).await.unwrap(), Step::Done(task(5)));
    assert_eq!(stage.times().len(), 9);
}

#[tokio::test(start_paused = true)]
async fn paused_and_failed_are_told_apart() {
    let stage = Stage::new([Look::Code(2), Look::Code(3)]);
    assert_eq!(run(plan(Until::Ended, 60), &stage).await.unwrap(), Step::Paused(task(3)));
    let stage = Stage::new([Look::Code(2), Look::Code(4)]);
    match run(plan(Until::Ended, 60), &stage).await {
        Err(End::Failed(progress)) => assert_eq!(*progress, task(4)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_job_ends_a_wait_for_its_end() {
    let gone = Progress::new(Resource::Group, "17", State::Deleted, Some(9));
    let stage = Stage::new([Look::Shows(Box::new(gone))]);
    assert!(matches!(run(plan(Until::Ended, 60), &stage).await, Err(End::Gone(_))));
}

#[tokio::test(start_paused = true)]
async fn last_look_is_made_at_the_deadline() {
    let stage = Stage::new([Look::Code(2)]);
    let missed = missed(run(plan(Until::Ended, 100), &stage).await);
    assert_eq!(*stage.times().last().unwrap(), 100_000);
    assert_eq!(missed.looks as usize, stage.times().len());
    assert_eq!(missed.limit, Duration::from_secs(100));
    assert_eq!(missed.elapsed, Duration::from_secs(100));
    assert_eq!(missed.last.unwrap().state, State::Running);
    assert!(missed.last_error.is_none());
}

#[tokio::test(start_paused = true)]
async fn limit_of_zero_allows_one_look() {
    let stage = Stage::new([Look::Code(2)]);
    assert_eq!(missed(run(plan(Until::Ended, 0), &stage).await).looks, 1);
    let stage = Stage::new([Look::Code(5)]);
    assert!(run(plan(Until::Ended, 0), &stage).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn limit_beyond_the_clock_is_no_limit() {
    let stage = Stage::new([Look::Code(2), Look::Code(2), Look::Code(5)]);
    let mut plan = plan(Until::Ended, 0);
    plan.limit = Duration::MAX;
    assert!(run(plan, &stage).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_and_are_never_shorter_than_the_policy_allows() {
    let stage = Stage::new([Look::Code(2)]);
    let _ = run(plan(Until::Ended, 3_600), &stage).await;
    let times = stage.times();
    let pauses: Vec<u128> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.iter().all(|pause| *pause >= 225), "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause <= 33_500), "{pauses:?}");
    assert!(times.len() < 170, "{} looks in an hour", times.len());
    assert!(*pauses.iter().max().unwrap() > 25_000, "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn estimate_of_the_service_brings_the_next_look_forward() {
    let mut soon = task(2);
    soon.time_left = Some(Duration::from_secs(4));
    let mut script = vec![Look::Code(2); 40];
    script.push(Look::Shows(Box::new(soon)));
    script.push(Look::Code(5));
    let stage = Stage::new(script);
    run(plan(Until::Ended, 36_000), &stage).await.unwrap();
    let times = stage.times();
    let last = times[times.len() - 1] - times[times.len() - 2];
    assert!((900..=1_100).contains(&last), "a quarter of what is left, got {last} ms");
}

#[tokio::test(start_paused = true)]
async fn passing_errors_do_not_end_the_wait() {
    let mut script = vec![Look::Code(2)];
    script.extend(vec![Look::Fails(Fault::Connection); 30]);
    script.push(Look::Code(5));
    let stage = Stage::new(script);
    assert!(run(plan(Until::Ended, 36_000), &stage).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn six_failures_before_the_first_answer_end_the_wait() {
    let stage = Stage::new([Look::Fails(Fault::Connection)]);
    assert!(matches!(run(plan(Until::Ended, 36_000), &stage).await, Err(End::Look(Fault::Connection))));
    assert_eq!(stage.times().len(), 6);
    assert!(*stage.times().last().unwrap() < 60_000);

    let mut script = vec![Look::Fails(Fault::RetryAfter(1)); 20];
    script.push(Look::Code(5));
    let throttled = Stage::new(script);
    assert!(run(plan(Until::Ended, 36_000), &throttled).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn deadline_amid_errors_keeps_the_last_state_and_the_last_error() {
    let stage = Stage::new([Look::Code(2), Look::Fails(Fault::Connection)]);
    let missed = missed(run(plan(Until::Ended, 30), &stage).await);
    assert_eq!(missed.last.unwrap().state, State::Running);
    assert_eq!(missed.last_error, Some(Fault::Connection));
}

#[tokio::test(start_paused = true)]
async fn permission_and_not_found_end_the_wait() {
    for fault in [Fault::Permission, Fault::NotFound] {
        let stage = Stage::new([Look::Code(2), Look::Fails(fault)]);
        match run(plan(Until::Ended, 60), &stage).await {
            Err(End::Look(error)) => assert_eq!(error, fault),
            other => panic!("{other:?}"),
        }
        assert_eq!(stage.times().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn not_found_is_what_a_wait_for_deletion_waits_for() {
    let stage = Stage::new([Look::Code(3), Look::Fails(Fault::NotFound)]);
    match run(plan(Until::Deleted, 60), &stage).await.unwrap() {
        Step::Done(progress) => assert_eq!(progress.state, State::Deleted),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn expired_login_is_tolerated_but_not_for_ever() {
    let mut script = vec![Look::Fails(Fault::Login), Look::Code(2)];
    script.extend(vec![Look::Fails(Fault::Login); 2]);
    script.push(Look::Code(5));
    let stage = Stage::new(script);
    assert!(run(plan(Until::Ended, 600), &stage).await.is_ok());
    let stage = Stage::new([Look::Code(2), Look::Fails(Fault::Login)]);
    assert!(matches!(run(plan(Until::Ended, 36_000), &stage).await, Err(End::Look(Fault::Login))));
    let times = stage.times();
    assert_eq!(times.len(), 4);
    // A refusal is remembered for half a minute: a sooner look would only hear the same one again.
    assert!(times[2..].windows(2).all(|two| two[1] - two[0] >= 30_000), "{times:?}");
    let wrong = Stage::new([Look::Fails(Fault::Login)]);
    assert!(matches!(run(plan(Until::Ended, 36_000), &wrong).await, Err(End::Look(Fault::Login))));
    assert_eq!(wrong.times().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn throttled_first_looks_do_not_count_as_failures() {
    let mut script = vec![Look::Fails(Fault::RetryAfter(1)); 20];
    script.push(Look::Fails(Fault::Connection));
    script.push(Look::Code(5));
    assert!(run(plan(Until::Ended, 36_000), &Stage::new(script)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_a_lower_bound_for_the_pause() {
    let stage = Stage::new([Look::Fails(Fault::RetryAfter(120)), Look::Code(5)]);
    run(plan(Until::Ended, 600), &stage).await.unwrap();
    assert!(stage.times()[1] >= 120_000, "{:?}", stage.times());
}

#[tokio::test(start_paused = true)]
async fn retry_after_beyond_the_deadline_means_no_further_look() {
    let stage = Stage::new([Look::Fails(Fault::RetryAfter(120))]);
    let missed = missed(run(plan(Until::Ended, 60), &stage).await);
    assert_eq!((stage.times().len(), missed.elapsed), (1, Duration::from_secs(60)));
}

#[tokio::test(start_paused = true)]
async fn look_that_hangs_is_given_up_shortly_after_the_deadline() {
    let stage = Stage::new([Look::Code(2), Look::Hangs]);
    let missed = missed(run(plan(Until::Ended, 60), &stage).await);
    assert_eq!(missed.elapsed, Duration::from_secs(60) + LAST_LOOK_GRACE);
    assert_eq!(missed.last.unwrap().state, State::Running);
}

#[tokio::test(start_paused = true)]
async fn prepared_wait_does_not_age_before_its_first_step() {
    let stage = Stage::new([Look::Code(2), Look::Code(5)]);
    let mut course = course(plan(Until::Ended, 10));
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(matches!(course.step(|| stage.look(), judge).await, Ok(Step::Going(_))));
    assert!(matches!(course.step(|| stage.look(), judge).await, Ok(Step::Done(_))));
}

#[tokio::test(start_paused = true)]
async fn dropped_step_neither_looks_twice_nor_loses_its_place() {
    let stage = Stage::new([Look::Code(2), Look::Code(2), Look::Code(5)]);
    let mut plan = plan(Until::Ended, 600);
    plan.policy = PollPolicy::every(Duration::from_secs(10));
    let mut course = course(plan);
    course.step(|| stage.look(), judge).await.unwrap();
    for _ in 0..5 {
        let step = course.step(|| stage.look(), judge);
        assert!(tokio::time::timeout(Duration::from_secs(1), step).await.is_err());
    }
    course.step(|| stage.look(), judge).await.unwrap();
    assert_eq!(stage.times().len(), 2);
    assert!((9_000..=11_000).contains(&stage.times()[1]), "{:?}", stage.times());
}

#[tokio::test(start_paused = true)]
async fn stall_is_reported_and_does_not_end_the_wait() {
    let mut stuck = task(2);
    stuck.bytes = Bytes { done: 5, total: Some(10) };
    let mut script = vec![Look::Shows(Box::new(stuck)); 40];
    script.push(Look::Code(5));
    let stage = Stage::new(script);
    let mut plan = plan(Until::Ended, 36_000);
    plan.stall_after = Some(Duration::from_secs(60));
    let mut course = course(plan);
    let mut stalled = 0;
    while let Step::Going(progress) = course.step(|| stage.look(), judge).await.unwrap() {
        stalled += usize::from(progress.stalled);
    }
    assert!(stalled > 5);
}

#[tokio::test(start_paused = true)]
async fn picture_from_before_a_start_is_not_taken_for_a_new_failure() {
    let stage = Stage::new([Look::Code(4), Look::Code(4), Look::Code(2), Look::Code(5)]);
    let mut plan = plan(Until::Ended, 60);
    plan.before_start = Some(task(4));
    assert_eq!(run(plan, &stage).await.unwrap(), Step::Done(task(5)));
}

#[tokio::test(start_paused = true)]
async fn failure_again_after_a_start_is_a_failure() {
    // Another start time: it ran and failed anew.
    let mut anew = task(4);
    anew.start_time_ms = Some(1);
    let stage = Stage::new([Look::Shows(Box::new(anew))]);
    let mut first = plan(Until::Ended, 60);
    first.before_start = Some(task(4));
    assert!(matches!(run(first, &stage).await, Err(End::Failed(_))));
    assert_eq!(stage.times().len(), 1);

    // The same picture for longer than the service may lag behind.
    let stage = Stage::new([Look::Code(4)]);
    let mut second = plan(Until::Ended, 60);
    second.before_start = Some(task(4));
    assert!(matches!(run(second, &stage).await, Err(End::Failed(_))));
    assert!((3_000..4_000).contains(stage.times().last().unwrap()), "{:?}", stage.times());
}

/// Counts warnings.
#[derive(Clone, Default)]
struct Warnings(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn each_unknown_state_is_logged_once() {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let stage = Stage::new([42, 42, 43, 42, 43, 2, 42, 5].map(Look::Code));
    run(plan(Until::Ended, 600), &stage).await.unwrap();
    assert_eq!(warnings.0.load(std::sync::atomic::Ordering::Relaxed), 2);
}
