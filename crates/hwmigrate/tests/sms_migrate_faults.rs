//! Migrations of servers that are cut short: by the clock, by people, by somebody who was quicker,
//! by answers that nobody can read.
#![allow(clippy::unwrap_used, clippy::panic)]

mod service;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hwmigrate::ErrorKind;
use hwmigrate::progress::State;
use hwmigrate::sms::types::MigrationType;
use hwmigrate::sms::{BulkEvent, MigrationEvent, Target, TaskRequest};
use hwmigrate::wait::PollPolicy;
use serde_json::{Value, json};
use service::{Asked, Reply, Server, ok, refused};
use tokio::sync::oneshot;

fn quick() -> PollPolicy {
    PollPolicy::every(Duration::from_millis(10))
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn request() -> TaskRequest {
    let target = Target::from_template("tpl-1", "copy", "cn-north-4", "0123456789abcdef0123456789abcdef");
    TaskRequest::new("move_web", MigrationType::MigrateFile, "s1", target).syncing(true)
}

/// A task of the source server `s1`.
fn task(state: &str, phases: &[(&str, u8)]) -> Value {
    let steps: Vec<Value> = phases
        .iter()
        .zip(1..)
        .map(|((phase, percent), id)| {
            json!({
                "id": id, "name": "STEP", "progress": percent, "start_date": id, "user_op": phase,
                "end_date": (*percent == 100).then_some(9),
            })
        })
        .collect();
    json!({
        "id": "t-1", "name": "move_web", "state": state, "source_server": {"id": "s1"}, "sub_tasks": steps,
        "region_id": "cn-north-4", "error_json": "", "vm_template_id": "tpl-1",
    })
}

/// What a service does with requests that a test does not care for: it has this task, or none.
fn usual(asked: &Asked, task: Option<&Value>) -> Reply {
    match (asked.method.as_str(), asked.path.as_str(), task) {
        ("GET", "/tasks", task) => {
            let tasks: Vec<_> = task.into_iter().collect();
            ok(json!({"count": tasks.len(), "tasks": tasks}))
        }
        ("GET", "/tasks/t-1", Some(task)) => ok(task.clone()),
        ("GET", "/sources/s1", _) => ok(json!({"id": "s1", "state": "replicate"})),
        ("POST", "/tasks/t-1/action", _) => Reply::Empty,
        _ => panic!("unexpected {}", asked.line()),
    }
}

#[tokio::test]
async fn create_that_is_not_answered_keeps_to_the_deadline_and_names_the_task() {
    for lose in [|| Reply::Lost, || Reply::Silence] {
        let server = Server::start(move |asked| match asked.method.as_str() {
            "POST" => lose(),
            _ => usual(asked, None),
        })
        .await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let diary = Arc::clone(&seen);
        let migration = server.sms().migrate(request()).on_event(move |event| {
            diary.lock().unwrap().push(match event {
                MigrationEvent::Creating(name) => format!("creating {name}"),
                MigrationEvent::Searching(name) => format!("searching {name}"),
                event => panic!("unexpected {event:?}"),
            });
        });
        // Half a minute of searching, or two of waiting for the answer, would run into this.
        let run = migration.deadline(Duration::from_secs(3)).run();
        let error = tokio::time::timeout(Duration::from_secs(25), run).await.unwrap().unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
        assert!(error.message().contains(r#"the name "move_web" for the source server s1"#), "{error}");
        assert_eq!(*seen.lock().unwrap(), ["creating move_web", "searching move_web"]);
        assert_eq!(server.count("POST", "/tasks"), 1);
    }
}

#[tokio::test]
async fn nothing_is_created_when_the_time_is_up() {
    let server = Server::start(|asked| usual(asked, None)).await;
    let error = server.sms().migrate(request()).deadline(Duration::ZERO).run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("was not created"), "{error}");
}

#[tokio::test]
async fn migration_cancelled_while_its_task_is_searched_finds_it_or_names_it() {
    for appears in [false, true] {
        for stop in [false, true] {
            let made = AtomicUsize::new(0);
            let server = Server::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
                ("POST", "/tasks") => {
                    made.store(1, Ordering::SeqCst);
                    Reply::Lost
                }
                ("POST", _) => refused("SMS.1038"),
                _ => {
                    let there = appears && made.load(Ordering::SeqCst) == 1;
                    usual(asked, there.then(|| task("READY", &[])).as_ref())
                }
            })
            .await;
            let (send, cancelled) = oneshot::channel::<()>();
            let send = Mutex::new(Some(send));
            let sms = server.sms();
            let bulk = sms.bulk([sms.migrate(request()).poll(quick())]).stop_tasks(stop);
            let bulk = bulk.on_event(move |event| {
                if matches!(event, BulkEvent::Server { event: MigrationEvent::Searching(_), .. }) {
                    send.lock().unwrap().take();
                }
            });
            let ends = bulk.deadline(minute()).run_until(async { _ = cancelled.await }).await;
            let error = ends[0].outcome.as_ref().unwrap_err();
            assert!(error.message().starts_with("the bulk was cancelled"), "{error}");
            if appears {
                assert_eq!((error.kind(), &*error.job().unwrap().id), (ErrorKind::Cancelled, "t-1"));
            } else {
                assert!(error.is_ambiguous() && error.job().is_none(), "{error}");
                assert!(
                    error.message().contains(r#"the name "move_web" for the source server s1"#),
                    "{error}"
                );
            }
            assert_eq!(server.count("POST", "/tasks"), 1);
            // Before the create, and after it: a search that was broken off, and the last look.
            let looks = server.count("GET", "/tasks");
            assert!(looks <= 3, "{looks} looks, stop: {stop}");
        }
    }
}

#[tokio::test]
async fn cancel_is_heard_during_every_look_and_the_task_is_stopped() {
    // The look that is not answered: the first, before the start, the one that sees it synchronise, before
    // the cut-over, after the refusal of the cut-over, and before the next attempt.
    for silent in 0..6 {
        let (looks, told) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
        let (send, cancelled) = oneshot::channel::<()>();
        let (send, diary) = (Mutex::new(Some(send)), Arc::clone(&told));
        let server = Server::start(move |asked| {
            if asked.is("POST", "/tasks/t-1/action") {
                let action = asked.body["operation"].as_str().unwrap().to_owned();
                diary.lock().unwrap().push(action.clone());
                return if action == "cutover" { refused("SMS.9999") } else { Reply::Empty };
            }
            if asked.is("GET", "/tasks/t-1") && looks.fetch_add(1, Ordering::SeqCst) == silent {
                send.lock().unwrap().take();
                return Reply::Silence;
            }
            let told = diary.lock().unwrap();
            let copying = ("RESYNC0", if told.is_empty() { 100 } else { 50 });
            let state = if told.last().is_some_and(|action| action == "stop") { "ABORT" } else { "SYNCING" };
            usual(asked, Some(&task(state, &[("REPLICATE", 100), copying])))
        })
        .await;
        let migration = server.sms().resume("t-1").cut_over(true).poll(quick()).deadline(minute());
        let run = migration.run_or_stop(async { _ = cancelled.await });
        let error = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap().unwrap_err();
        assert_eq!((error.kind(), &*error.job().unwrap().id), (ErrorKind::Cancelled, "t-1"), "{silent}");
        assert!(error.message().ends_with("the job was stopped"), "{silent}: {error}");
        let acts: &[&str] = if silent < 4 { &["stop"] } else { &["cutover", "stop"] };
        assert_eq!(*told.lock().unwrap(), acts, "{silent}");
    }
}

#[tokio::test]
async fn task_that_somebody_else_made_at_the_same_moment_is_adopted() {
    // The task that the other one made, and whether it is what was asked for.
    let mut abroad = task("READY", &[]);
    abroad["region_id"] = json!("ap-southeast-3");
    let mut other = task("READY", &[]);
    other["vm_template_id"] = json!("tpl-2");
    let ready = || task("READY", &[]);
    // From when it can be seen: from after the refusal, or from before the first look.
    let table = [(ready(), true, 0), (ready(), true, 1), (abroad, false, 0), (other, false, 1)];
    for (theirs, alike, from) in table {
        let made = AtomicUsize::new(from);
        let server = Server::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/tasks") => {
                made.store(1, Ordering::SeqCst);
                refused("SMS.7605")
            }
            ("POST", "/tasks/t-1/action") => {
                made.store(2, Ordering::SeqCst);
                Reply::Empty
            }
            _ => match made.load(Ordering::SeqCst) {
                0 => usual(asked, None),
                1 => usual(asked, Some(&theirs)),
                _ => usual(asked, Some(&task("SYNCING", &[("REPLICATE", 100)]))),
            },
        })
        .await;
        let outcome = server.sms().migrate(request()).poll(quick()).deadline(minute()).run().await;
        if alike {
            let report = outcome.unwrap();
            assert_eq!((report.task_id.as_str(), report.adopted), ("t-1", true));
            assert_eq!(report.status, State::Syncing);
        } else {
            let error = outcome.unwrap_err();
            assert!(error.is_conflict(), "{error}");
            assert!(
                error.advice().unwrap().contains("has the task t-1 already: go on with that"),
                "{error:?}"
            );
        }
        assert_eq!(server.count("POST", "/tasks"), 1);
    }
}

#[tokio::test]
async fn cut_over_that_somebody_else_began_at_the_same_moment_is_followed() {
    let told = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if asked.is("POST", "/tasks/t-1/action") {
            told.store(1, Ordering::SeqCst);
            return refused("SMS.0000");
        }
        let copied = ("REPLICATE", 100);
        let shown = match told.load(Ordering::SeqCst) {
            0 => task("SYNCING", &[copied]),
            1..=3 => task("RUNNING", &[copied, ("CUTOVER0", 50)]),
            _ => task("MIGRATE_SUCCESS", &[copied, ("CUTOVER0", 100)]),
        };
        if told.load(Ordering::SeqCst) > 0 && asked.is("GET", "/tasks/t-1") {
            told.fetch_add(1, Ordering::SeqCst);
        }
        usual(asked, Some(&shown))
    })
    .await;
    let migration = server.sms().resume("t-1").cut_over(true).poll(quick());
    let report = migration.deadline(minute()).run().await.unwrap();
    assert_eq!((report.status, report.cut_over), (State::Succeeded, true));
    assert_eq!(server.count("POST", "/tasks/t-1/action"), 1);
}

#[tokio::test]
async fn one_answer_that_cannot_be_read_ends_no_migration() {
    // The look that goes wrong first: which request, and after how many good ones of it.
    for (path, good) in [("/tasks", 0), ("/tasks/t-1", 0), ("/tasks/t-1", 1), ("/tasks/t-1", 3)] {
        for bad in [|| Reply::Text(200, "<html>"), || Reply::Text(502, "<html>")] {
            let (looks, acts) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let server = Server::start(move |asked| {
                if asked.is("GET", path) && looks.fetch_add(1, Ordering::SeqCst) == good {
                    return bad();
                }
                if asked.is("POST", "/tasks") {
                    return ok(json!({"id": "t-1"}));
                }
                if asked.is("POST", "/tasks/t-1/action") {
                    acts.fetch_add(1, Ordering::SeqCst);
                }
                let shown = match acts.load(Ordering::SeqCst) {
                    0 => task("READY", &[]),
                    1 => task("SYNCING", &[("REPLICATE", 100)]),
                    _ => task("MIGRATE_SUCCESS", &[("REPLICATE", 100), ("CUTOVER0", 100)]),
                };
                let list = asked.is("GET", "/tasks");
                usual(asked, (!list).then_some(&shown))
            })
            .await;
            let migration = server.sms().migrate(request()).cut_over(true).poll(quick());
            let report = migration.deadline(minute()).run().await.unwrap();
            assert_eq!((report.status, report.cut_over), (State::Succeeded, true), "{path} {good}");
            let resumed = server.sms().resume("t-1").poll(quick()).deadline(minute()).run().await;
            assert_eq!(resumed.unwrap().status, State::Succeeded);
        }
    }
    let server = Server::start(|_| Reply::Text(200, "<html>")).await;
    let error = server.sms().resume("t-1").poll(quick()).deadline(minute()).run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(server.count("GET", "/tasks/t-1"), 6, "an endpoint that never says anything sensible");
}

#[tokio::test]
async fn stopped_task_is_reported_as_it_is_after_the_stop() {
    let stopped = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if asked.is("POST", "/tasks/t-1/action") {
            stopped.store(1, Ordering::SeqCst);
        }
        let state = if stopped.load(Ordering::SeqCst) == 0 { "RUNNING" } else { "ABORT" };
        usual(asked, Some(&task(state, &[("REPLICATE", 40)])))
    })
    .await;
    let sms = server.sms();
    let bulk = sms.bulk([sms.resume("t-1").poll(quick())]).stop_tasks(true);
    let ends = bulk.deadline(Duration::from_millis(100)).run().await;
    let error = ends[0].outcome.as_ref().unwrap_err();
    assert!(error.is_timeout() && error.message().ends_with("the job was stopped"), "{error}");
    let last = ends[0].last.as_ref().unwrap();
    assert_eq!((last.state, last.state_word.as_deref()), (State::Paused, Some("ABORT")));
}

/// A task whose cut-over has begun.
fn half_cut_over(state: &str) -> Value {
    let mut task = task(state, &[("REPLICATE", 100), ("CUTOVER0", 50)]);
    if state == "RUNNING" {
        task["source_server"]["state"] = json!("cutovering");
    }
    task
}

#[tokio::test]
async fn failed_or_stopped_cut_over_goes_on_only_where_it_is_asked_for() {
    for state in ["MIGRATE_FAIL", "ABORT"] {
        for asked_for in [false, true] {
            let started = AtomicUsize::new(0);
            let server = Server::start(move |asked| {
                if asked.is("POST", "/tasks/t-1/action") {
                    assert_eq!(asked.body["operation"], "start");
                    started.store(1, Ordering::SeqCst);
                }
                let shown = match started.load(Ordering::SeqCst) {
                    0 => half_cut_over(state),
                    _ => task("MIGRATE_SUCCESS", &[("REPLICATE", 100), ("CUTOVER0", 100)]),
                };
                usual(asked, Some(&shown))
            })
            .await;
            let migration = server.sms().resume("t-1").cut_over(asked_for).poll(quick()).deadline(minute());
            let outcome = migration.run().await;
            if asked_for {
                let report = outcome.unwrap();
                assert_eq!((report.status, report.cut_over), (State::Succeeded, true), "{state}");
            } else {
                let error = outcome.unwrap_err();
                assert!(error.is_conflict() && error.message().contains("launch the target"), "{error}");
                assert_eq!(server.count("POST", "/tasks/t-1/action"), 0, "{state}");
            }
        }
    }
}

#[tokio::test]
async fn cut_over_that_is_under_way_is_never_stopped_whoever_began_it() {
    for late in [false, true] {
        let server = Server::start(|asked| usual(asked, Some(&half_cut_over("RUNNING")))).await;
        let (send, cancelled) = oneshot::channel::<()>();
        let send = Mutex::new(Some(send));
        let migration = server.sms().resume("t-1").cut_over(true).poll(quick()).on_event(move |event| {
            if matches!(event, MigrationEvent::Progress(_)) && !late {
                send.lock().unwrap().take();
            }
        });
        let limit = if late { Duration::from_millis(200) } else { minute() };
        let error = migration.deadline(limit).run_or_stop(async { _ = cancelled.await }).await.unwrap_err();
        assert_eq!(error.is_timeout(), late, "{error}");
        assert!(error.message().ends_with("the cut-over goes on at the service"), "{error}");
        assert_eq!(server.count("POST", "/tasks/t-1/action"), 0);
    }
}

#[tokio::test]
async fn start_whose_reply_is_lost_is_not_sent_again_after_the_deadline_or_a_cancel() {
    for late in [false, true] {
        let (send, cancelled) = oneshot::channel::<()>();
        let send = Mutex::new(Some(send));
        let server = Server::start(move |asked| {
            if asked.is("POST", "/tasks/t-1/action") && asked.body["operation"] == "start" {
                if !late {
                    send.lock().unwrap().take();
                }
                return Reply::Lost;
            }
            usual(asked, Some(&task("READY", &[])))
        })
        .await;
        let limit = if late { Duration::from_secs(1) } else { minute() };
        let migration = server.sms().resume("t-1").poll(quick()).deadline(limit);
        let error = migration.run_or_stop(async { _ = cancelled.await }).await.unwrap_err();
        let starts = server.journal().iter().filter(|asked| asked.body["operation"] == "start").count();
        assert_eq!(starts, 1, "{error}");
        assert_eq!(error.job().unwrap().id, "t-1");
        assert_eq!(error.is_ambiguous(), late, "{error}");
        assert!(error.message().ends_with("the job was not started"), "{error}");
    }
}

#[tokio::test]
async fn cancel_is_heard_in_the_pause_before_a_repetition() {
    // The request that is put off: the create, the limit on speed, the start.
    let table = [
        ("/tasks", 429),
        ("/tasks/t-1/speed-limit", 429),
        ("/tasks/t-1/speed-limit", 503),
        ("/tasks/t-1/action", 429),
    ];
    for (busy, status) in table {
        let (send, cancelled) = oneshot::channel::<()>();
        let send = Mutex::new(Some(send));
        let server = Server::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", path) if path == busy && asked.body["operation"] != "stop" => {
                send.lock().unwrap().take();
                Reply::Busy(status, 40)
            }
            ("POST", "/tasks/t-1/speed-limit") => Reply::Empty,
            _ => usual(asked, (busy != "/tasks").then(|| task("READY", &[])).as_ref()),
        })
        .await;
        let sms = server.client().sms().call_retry(hwmigrate::RetryPolicy::default());
        let migration = if busy == "/tasks" { sms.migrate(request()) } else { sms.resume("t-1") };
        let bulk =
            sms.bulk([migration.limit_speed(service::cloud::limits()).poll(quick())]).deadline(minute());
        let run = bulk.run_until(async { _ = cancelled.await });
        let ends = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap();
        let error = ends[0].outcome.as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{busy}: {error}");
        assert_eq!(server.count("POST", busy), 1, "{busy}");
    }
}
