//! The simulation itself, without a clock and without HTTP.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use serde_json::{Value, json};

use super::effect::{self, Wishes};
use super::limits::{Limits, Period};
use super::machine;
use super::model::{Doom, Drill, Due, Log, Snapshots, Task};
use super::outlook;
use super::pace::Pace;
use super::timeline::{self, Driver, Stage};
use super::words::{Action, Kind, LogStatus, Os, SourceState, Step, TaskState};

const STEP: i64 = 60_000;
const RATE: u32 = 800;
/// Ten seconds at that rate.
const BYTES: u64 = 1_000_000_000;

fn task(spec: Value) -> Task {
    Task {
        id: "t".into(),
        domain: "d".into(),
        number: 1,
        source: "s".into(),
        os: Os::Linux,
        kind: Kind::File,
        spec,
        limits: Limits::default(),
        state: TaskState::Ready,
        created: 0,
        started: None,
        finished: None,
        worked: 0,
        at: 0,
        run: None,
        turn: None,
        due: Due::default(),
        sub_tasks: Vec::new(),
        cutovers: 0,
        resyncs: 0,
        error: String::new(),
        synced: 0,
        copied: 0,
        to_copy: 0,
        drill: Drill::No,
        snapshots: Snapshots::Kept,
        clone: None,
        log: Log { status: LogStatus::Init, bucket: None, uploaded: None },
        network: Value::Null,
        usage: Value::Null,
        configurations: Vec::new(),
        checks: Vec::new(),
        gone: false,
    }
}

/// Does something with a task on a stage whose parts never fail, unless `doom` says so.
fn on_stage<T>(
    ids: &Cell<i64>,
    driver: Driver,
    doom: &dyn Fn(Step) -> Option<Doom>,
    act: impl FnOnce(&mut Stage<'_>) -> T,
) -> T {
    let mut new_id = || {
        ids.set(ids.get() + 1);
        ids.get()
    };
    let mut new_name = || "vm".to_owned();
    act(&mut Stage {
        pace: Pace { step: STEP, rate: RATE },
        driver,
        bytes: BYTES,
        doom,
        new_id: &mut new_id,
        new_name: &mut new_name,
    })
}

fn act(task: &mut Task, ids: &Cell<i64>, action: Action, now: i64) {
    let effect = machine::act(task.situation(), action).unwrap();
    on_stage(ids, Driver::Simulated, &|_| None, |stage| {
        effect::apply(task, stage, effect, &Wishes::default(), now);
    });
}

fn settle(task: &mut Task, ids: &Cell<i64>, now: i64) -> bool {
    on_stage(ids, Driver::Simulated, &|_| None, |stage| timeline::settle(task, stage, now))
}

/// What of a task must not depend on how often it was looked at.
fn history(task: &Task) -> Value {
    json!([task.state, task.sub_tasks, task.finished, task.worked, task.copied, task.error])
}

#[test]
fn one_long_look_shows_the_same_history_as_many_short_ones() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..50 {
        let syncing = round % 2 == 0;
        let run = |looks: &[i64]| {
            let ids = Cell::new(0);
            let mut task = task(json!({ "syncing": syncing, "target_server": { "name": "x" } }));
            task.limits.periods = vec![
                Period { start: "00:03".into(), end: "00:04".into(), speed: 8, over_speed_threshold: None },
                Period { start: "00:05".into(), end: "00:06".into(), speed: 80, over_speed_threshold: None },
            ];
            act(&mut task, &ids, Action::Start, 0);
            for look in looks {
                settle(&mut task, &ids, *look);
            }
            history(&task)
        };
        let end = random.i64(0..1_000_000);
        let mut looks: Vec<_> = (0..random.usize(1..40)).map(|_| random.i64(0..=end)).collect();
        looks.sort_unstable();
        looks.push(end);
        assert_eq!(run(&looks), run(&[end]), "at {end}, looked at {looks:?}");
    }
}

#[test]
fn looks_that_bring_nothing_new_need_not_be_kept() {
    let ids = Cell::new(0);
    let mut task = task(json!({ "target_server": { "vm_id": "x" } }));
    act(&mut task, &ids, Action::Start, 0);
    assert!(settle(&mut task, &ids, 0), "the first sub-task begins");
    assert!(!settle(&mut task, &ids, STEP / 2));
    assert!(settle(&mut task, &ids, STEP));
    assert_eq!(task.sub_tasks.len(), 2);
}

#[test]
fn a_failure_that_a_look_used_up_has_to_be_kept() {
    let ids = Cell::new(0);
    let mut task = task(json!({ "target_server": { "vm_id": "x" } }));
    act(&mut task, &ids, Action::Start, 0);
    settle(&mut task, &ids, 0);
    let armed = Cell::new(true);
    let doom = |_| armed.replace(false).then(|| Doom { percent: 50, error_json: "boom".into() });
    on_stage(&ids, Driver::Simulated, &doom, |stage| {
        assert!(timeline::settle(&mut task, stage, STEP / 4), "it cannot be asked for again");
        assert!(!timeline::settle(&mut task, stage, STEP / 4));
    });
    settle(&mut task, &ids, STEP);
    assert_eq!((task.state, task.error.as_str()), (TaskState::MigrateFail, "boom"));
}

#[test]
fn clock_that_runs_backwards_changes_nothing() {
    let ids = Cell::new(0);
    let mut task = task(json!({ "target_server": { "vm_id": "x" } }));
    act(&mut task, &ids, Action::Start, 0);
    settle(&mut task, &ids, STEP * 2);
    let before = history(&task);
    assert!(!settle(&mut task, &ids, STEP));
    assert_eq!(history(&task), before);
}

#[test]
fn work_stands_still_without_an_agent_and_goes_on_with_it() {
    let ids = Cell::new(0);
    let mut task = task(json!({ "target_server": { "vm_id": "x" } }));
    act(&mut task, &ids, Action::Start, 0);
    settle(&mut task, &ids, STEP / 2);
    on_stage(&ids, Driver::Lost, &|_| None, |stage| {
        assert!(!timeline::settle(&mut task, stage, STEP * 10));
        assert_eq!(outlook::remaining(&task, stage), None);
    });
    assert_eq!(task.current().map(|sub| (sub.step, sub.percent())), Some((Step::SslConfig, 50)));
    settle(&mut task, &ids, STEP * 10 + STEP / 2);
    assert_eq!(task.current().map(|sub| sub.step), Some(Step::AttachAgentImage));
}

#[test]
fn every_sub_task_can_fail_and_be_resumed() {
    let ids = Cell::new(0);
    let steps = [
        Step::CreateCloudServer,
        Step::SslConfig,
        Step::AttachAgentImage,
        Step::FormatDiskLinuxFile,
        Step::MigrateLinuxFile,
        Step::CheckConsistency,
        Step::ConfigureLinuxFile,
        Step::DettachAgentImage,
    ];
    for wanted in steps {
        let mut task = task(json!({ "is_need_consistency_check": true, "target_server": { "name": "x" } }));
        act(&mut task, &ids, Action::Start, 0);
        let armed = Cell::new(true);
        let doom = |step| {
            let strikes = step == wanted && armed.replace(armed.get() && step != wanted);
            strikes.then(|| Doom { percent: 30, error_json: "boom".into() })
        };
        on_stage(&ids, Driver::Simulated, &doom, |stage| timeline::settle(&mut task, stage, 10_000_000));
        assert_eq!((task.state, task.error.as_str()), (TaskState::MigrateFail, "boom"), "{wanted}");
        let failed = task.current().unwrap();
        assert_eq!((failed.step, failed.percent(), failed.end), (wanted, 30, None));
        assert_eq!(outlook::mirror(&task).0, SourceState::Error);
        act(&mut task, &ids, Action::Start, 10_000_000);
        settle(&mut task, &ids, 20_000_000);
        assert_eq!((task.state, task.error.as_str()), (TaskState::MigrateSuccess, ""), "{wanted}");
        assert_eq!(task.sub_tasks.len(), steps.len());
    }
}

#[test]
fn remaining_time_comes_true() {
    let ids = Cell::new(0);
    let mut task = task(json!({ "target_server": { "vm_id": "x" } }));
    act(&mut task, &ids, Action::Start, 0);
    let now = STEP * 3 + 4_000;
    settle(&mut task, &ids, now);
    let seconds =
        on_stage(&ids, Driver::Simulated, &|_| None, |stage| outlook::remaining(&task, stage)).unwrap();
    assert_eq!(seconds, 6 + 2 * STEP / 1_000);
    assert_eq!(outlook::speed(&task, Pace { step: STEP, rate: RATE }, Driver::Simulated), f64::from(RATE));
    settle(&mut task, &ids, now + seconds * 1_000 - 1);
    assert_eq!(task.state, TaskState::Running);
    settle(&mut task, &ids, now + seconds * 1_000);
    assert_eq!(task.state, TaskState::MigrateSuccess);
}
