//! Creating once, starting, stopping, deleting, waiting and migrating, against
//! a service that loses replies and refuses at bad moments.
#![allow(clippy::unwrap_used, clippy::panic)]

mod service;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use hwmigrate::ErrorKind;
use hwmigrate::fleet::FleetEvent;
use hwmigrate::oms::{Destination, sync_request};
use hwmigrate::oms::{GroupRequest, MigrationEvent, NodeKeys, Source};
use hwmigrate::progress::State;
use hwmigrate::wait::{Outcome, PollPolicy, Until};
use serde_json::{Value, json};
use service::{Asked, Reply, SECRET, Server, ok, refused, request, task};

fn keys() -> NodeKeys {
    NodeKeys::new(SECRET, SECRET, SECRET, SECRET)
}

fn quick() -> PollPolicy {
    PollPolicy::every(Duration::from_millis(20))
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

/// Answers the requests for task 17 from a list of states, whose last repeats.
fn states(script: &[i64]) -> impl Fn() -> Value + Send + Sync + 'static {
    let script: Mutex<Vec<i64>> = Mutex::new(script.iter().rev().copied().collect());
    move || {
        let mut script = script.lock().unwrap();
        let state = if script.len() > 1 { script.pop().unwrap() } else { script[0] };
        task(17, state)
    }
}

#[tokio::test]
async fn lost_reply_to_a_create_is_ambiguous_and_nothing_is_sent_twice() {
    let server = Server::start(|_| Reply::Lost).await;
    let error = server.oms().tasks().create(&request()).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(server.lines(), ["POST /tasks"]);
    let gateway = Server::start(|_| Reply::Text(504, "<html>time-out</html>")).await;
    assert!(gateway.oms().tasks().create(&request()).await.unwrap_err().is_ambiguous());
    let cut = Server::start(|_| ok(json!({"task_name": "n"}))).await;
    assert!(cut.oms().tasks().create(&request()).await.unwrap_err().is_ambiguous());
}

/// A service that keeps what is created, and loses the reply.
fn forgetful(list: &'static str, member: &'static str) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let kept: Mutex<Vec<Value>> = Mutex::default();
    move |asked| {
        let mut kept = kept.lock().unwrap();
        if asked.is("POST", list) {
            let number = kept.len() as i64 + 1;
            let text = number.to_string();
            kept.push(json!({
                "description": asked.body["description"], "id": number, "name": "n", "group_id": text,
                "sync_task_id": text
            }));
            return Reply::Lost;
        }
        ok(json!({member: *kept, "count": kept.len()}))
    }
}

#[tokio::test]
async fn create_once_adopts_the_task_whose_reply_was_lost() {
    let server = Server::start(forgetful("/tasks", "tasks")).await;
    let created = server.oms().tasks().create_once(&request().description("nightly")).await.unwrap();
    assert_eq!((created.id, created.adopted, created.name.as_deref()), (1, true, Some("n")));
    assert_eq!(server.count("POST", "/tasks"), 1);
    let description = server.journal()[0].body["description"].as_str().unwrap().to_owned();
    assert_eq!(description, format!("nightly {}", created.mark.unwrap()));
}

#[tokio::test]
async fn create_once_adopts_groups_and_sync_tasks_too() {
    let source = || Source::bucket("AWS", "r", "b", SECRET, SECRET);
    let destination = || Destination::new("cn-north-4", "copy", SECRET, SECRET);
    let server = Server::start(forgetful("/taskgroups", "taskgroups")).await;
    let group = server
        .oms()
        .groups()
        .create_once(&GroupRequest::new(source(), destination()).unwrap())
        .await
        .unwrap();
    assert_eq!((group.id.as_str(), group.adopted), ("1", true));
    let server = Server::start(forgetful("/sync-tasks", "tasks")).await;
    let sync =
        server.oms().sync_tasks().create_once(&sync_request(source(), destination()).unwrap()).await.unwrap();
    assert_eq!((sync.id.as_str(), sync.adopted), ("1", true));
    assert_eq!(server.count("POST", "/sync-tasks"), 1);
}

#[tokio::test]
async fn start_whose_reply_was_lost_is_repeated_only_if_it_had_no_effect() {
    for (state, posts) in [(3, 2), (4, 2), (1, 1), (2, 1), (5, 1)] {
        let starts = AtomicU32::new(0);
        let server = Server::start(move |asked| match asked.method.as_str() {
            "POST" if starts.fetch_add(1, Ordering::Relaxed) == 0 => Reply::Lost,
            "POST" => Reply::Empty,
            _ => ok(task(17, state)),
        })
        .await;
        server.oms().tasks().start(17, &keys().start_task(false)).await.unwrap();
        assert_eq!(server.count("POST", "/tasks/17/start"), posts, "state {state}");
    }
}

#[tokio::test]
async fn stop_whose_reply_was_lost_is_done_only_when_a_look_shows_it() {
    // The second is refused in both; only in the first has the one that was lost arrived meanwhile.
    for (looks, done) in [([2, 7], true), ([2, 2], false)] {
        let (stops, show) = (AtomicU32::new(0), states(&looks));
        let server = Server::start(move |asked| match asked.method.as_str() {
            "POST" if stops.fetch_add(1, Ordering::Relaxed) == 0 => Reply::Lost,
            "POST" => refused("OMS.0066"),
            _ => ok(show()),
        })
        .await;
        let outcome = server.oms().tasks().stop(17).await;
        assert_eq!(outcome.is_ok(), done, "{outcome:?}");
        assert!(outcome.is_ok() || outcome.is_err_and(|error| error.is_conflict()));
    }
    let first = Server::start(|_| refused("OMS.0066")).await;
    assert!(first.oms().tasks().stop(17).await.unwrap_err().is_conflict(), "without a lost reply it is told");
}

#[tokio::test]
async fn command_whose_reply_and_look_are_lost_stays_ambiguous() {
    let server = Server::start(|_| Reply::Lost).await;
    assert!(server.oms().tasks().stop(17).await.unwrap_err().is_ambiguous());
}

#[tokio::test]
async fn running_task_is_stopped_and_deleted() {
    let show = states(&[2, 7, 7, 3]);
    let busy = AtomicU32::new(0);
    let server = Server::start(move |asked| match asked.line().as_str() {
        "GET /tasks/17" => ok(show()),
        "DELETE /tasks/17" if busy.fetch_add(1, Ordering::Relaxed) == 0 => refused("OMS.0063"),
        _ => Reply::Empty,
    })
    .await;
    server.oms().tasks().delete_when_stopped(17, minute()).await.unwrap();
    assert_eq!(server.count("POST", "/tasks/17/stop"), 1);
    assert_eq!(server.count("DELETE", "/tasks/17"), 2);
}

#[tokio::test]
async fn delete_whose_reply_was_lost_is_done_when_the_task_is_gone() {
    let deletes = AtomicU32::new(0);
    let server = Server::start(move |asked| match asked.method.as_str() {
        "DELETE" if deletes.fetch_add(1, Ordering::Relaxed) == 0 => Reply::Lost,
        "DELETE" => refused("OMS.1009"),
        _ => ok(task(17, 3)),
    })
    .await;
    server.oms().tasks().delete_when_stopped(17, minute()).await.unwrap();
    assert_eq!(server.count("DELETE", "/tasks/17"), 2);
    let never = Server::start(|_| refused("OMS.1009")).await;
    assert!(never.oms().tasks().delete(17).await.unwrap_err().is_not_found());
    never.oms().tasks().delete_when_stopped(17, minute()).await.unwrap();
}

#[tokio::test]
async fn running_sync_task_is_stopped_and_deleted() {
    let stopped = Arc::new(AtomicU32::new(0));
    let server = Server::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", _) if stopped.load(Ordering::Relaxed) == 0 => {
            ok(json!({"sync_task_id": "s", "status": "SYNCHRONIZING"}))
        }
        ("GET", _) => ok(json!({"sync_task_id": "s", "status": "STOPPED"})),
        ("POST", _) => {
            stopped.store(1, Ordering::Relaxed);
            Reply::Empty
        }
        _ => Reply::Empty,
    })
    .await;
    server.oms().sync_tasks().delete_when_stopped("s", minute()).await.unwrap();
    assert_eq!(server.count("POST", "/sync-tasks/s/stop"), 1);
    assert_eq!(server.count("DELETE", "/sync-tasks/s"), 1);
}

#[tokio::test]
async fn wait_survives_everything_that_passes() {
    let looks = AtomicU32::new(0);
    let server = Server::start(move |_| match looks.fetch_add(1, Ordering::Relaxed) {
        0 => ok(task(17, 1)),
        1 | 2 => Reply::Lost,
        3 => Reply::Text(502, "<html>bad gateway</html>"),
        4 => Reply::Text(200, "<html>login</html>"),
        5 => ok(task(17, 42)),
        6 => ok(task(17, 2)),
        _ => ok(task(17, 5)),
    })
    .await;
    let wait = server.oms().tasks().wait(17).deadline(minute()).poll(quick());
    assert_eq!(wait.wait().await.unwrap().into_progress().state, State::Succeeded);
}

#[tokio::test]
async fn wait_ends_at_once_for_an_unknown_task() {
    let server = Server::start(|_| refused("OMS.1009")).await;
    let error = server.oms().tasks().wait(17).deadline(minute()).wait().await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(server.journal().len(), 1);
}

#[tokio::test]
async fn group_is_waited_for_through_its_own_states() {
    let looks = AtomicU32::new(0);
    let server = Server::start(move |_| {
        let states = [0, 1, 2, 2, 6];
        let look = looks.fetch_add(1, Ordering::Relaxed) as usize;
        ok(json!({"group_id": "g", "status": states[look.min(4)], "total_task_num": 3}))
    })
    .await;
    let groups = server.oms().groups();
    let started =
        groups.wait("g").until(Until::Started).deadline(minute()).poll(quick()).wait().await.unwrap();
    assert_eq!(started.progress().state, State::Running);
    let ended = groups.wait("g").deadline(minute()).poll(quick()).wait().await.unwrap();
    assert!(matches!(ended, Outcome::Done(_)));
    assert_eq!(ended.progress().tasks.unwrap().total, 3);
}

#[tokio::test]
async fn many_tasks_are_watched_by_the_page() {
    let all: BTreeMap<i64, i64> = (0..150).map(|id| (id, 2)).collect();
    let tasks = Arc::new(Mutex::new(all));
    let inside = Arc::clone(&tasks);
    let server = Server::start(move |asked| {
        let tasks = inside.lock().unwrap();
        if let Some(id) = asked.path.strip_prefix("/tasks/") {
            let id = id.parse().unwrap();
            return ok(task(id, tasks[&id]));
        }
        let number = |name: &str| -> i64 {
            asked.query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap().parse().unwrap()
        };
        let matching: Vec<i64> =
            tasks.iter().filter(|(_, state)| **state == number("status=")).map(|(id, _)| *id).collect();
        let page: Vec<Value> = matching
            .iter()
            .skip(number("offset=") as usize)
            .take(100)
            .map(|id| task(*id, tasks[id]))
            .collect();
        ok(json!({"tasks": page, "count": matching.len()}))
    })
    .await;
    let fleet = server.oms().tasks().wait_all(0..150).deadline(minute()).poll(quick());
    let mut events = std::pin::pin!(fleet.stream());
    let mut ended = 0;
    while let Some(event) = events.next().await {
        match event {
            // All have been seen running: now they end.
            FleetEvent::Progress(progress) if progress.id == "149" => {
                tasks.lock().unwrap().values_mut().for_each(|state| *state = 5);
            }
            FleetEvent::Ended(end) => {
                assert!(end.outcome.unwrap().is_done());
                ended += 1;
            }
            _ => {}
        }
    }
    assert_eq!(ended, 150);
    let singles = server.journal().iter().filter(|asked| asked.path.starts_with("/tasks/")).count();
    assert_eq!(singles, 150, "one look each, to confirm the end");
    assert!(server.count("GET", "/tasks") < 60, "{} list requests", server.count("GET", "/tasks"));
}

/// A service with one task that fails `bad` times with failed objects.
fn failing(bad: u32) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let runs = AtomicU32::new(0);
    let looks = AtomicU32::new(0);
    move |asked| match asked.line().as_str() {
        "POST /tasks" => ok(json!({"id": 17, "task_name": "n"})),
        "POST /tasks/17/start" => {
            runs.fetch_add(1, Ordering::Relaxed);
            looks.store(0, Ordering::Relaxed);
            Reply::Empty
        }
        "GET /tasks/17" => {
            let run = runs.load(Ordering::Relaxed);
            let end = if run < bad { 4 } else { 5 };
            let mut answer = task(17, if looks.fetch_add(1, Ordering::Relaxed) == 0 { 2 } else { end });
            answer["start_time"] = json!(run + 1);
            if answer["status"] == 4 {
                answer["failed_num"] = json!(bad - run);
                answer["error_reason"] =
                    json!({"error_code": "TRF.0062", "error_msg": "some objects failed"});
                answer["failed_object_record"] = json!({"result": true, "list_file_key": "oms/failed/17"});
            }
            ok(answer)
        }
        _ => Reply::Text(500, "unexpected"),
    }
}

#[tokio::test]
async fn migration_repeats_what_failed_and_reports() {
    let server = Server::start(failing(2)).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let diary = Arc::clone(&seen);
    let migration = server.oms().migrate(request()).poll(quick()).on_event(move |event| {
        diary.lock().unwrap().push(match event {
            MigrationEvent::Created(task) => format!("created {}", task.id),
            MigrationEvent::Progress(progress) => progress.state_text(),
            MigrationEvent::Retrying { round, failed, failed_only } => {
                format!("retry {round} {failed} {failed_only}")
            }
            MigrationEvent::Ended(report) => format!("ended {}", report.status),
            _ => "other".to_owned(),
        });
    });
    let report = migration.deadline(minute()).run().await.unwrap();
    assert_eq!((report.task_id, report.status, report.rounds), (17, State::Succeeded, 2));
    assert_eq!(report.objects.done, 4);
    assert!(report.elapsed > Duration::ZERO);
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "created 17",
            "running",
            "retry 1 2 true",
            "running",
            "retry 2 1 true",
            "running",
            "succeeded",
            "ended succeeded"
        ]
    );
    let starts: Vec<Asked> =
        server.journal().into_iter().filter(|asked| asked.path.ends_with("/start")).collect();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[0].body["migrate_failed_object"], true);
    assert_eq!(starts[0].body["src_sk"], SECRET);
}

#[tokio::test]
async fn migration_that_keeps_failing_ends_after_its_rounds() {
    let server = Server::start(failing(9)).await;
    let migration = || server.oms().resume(17, keys()).poll(quick()).retry_rounds(1).deadline(minute());
    let report = migration().report().await.unwrap();
    assert_eq!((report.status, report.rounds), (State::Failed, 1));
    assert_eq!(report.failed_object_list.as_deref(), Some("oms/failed/17"));
    assert_eq!(report.reason.as_ref().unwrap().code, "TRF.0062");
    let error = migration().run().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::JobFailed, Some("TRF.0062")));
    assert_eq!(error.job().unwrap().id, "17");
    assert!(error.message().ends_with("(after 1 further runs)"), "{error}");
}

#[tokio::test]
async fn failed_task_is_not_started_again_when_the_time_is_up() {
    let server = Server::start(failing(9)).await;
    // Shorter than the pause before the first further run.
    let limit = Duration::from_millis(400);
    let ended = server.oms().resume(17, keys()).poll(quick()).deadline(limit).report().await;
    assert_eq!(server.count("POST", "/tasks/17/start"), 0);
    match ended {
        Ok(report) => assert_eq!((report.status, report.rounds), (State::Failed, 0)),
        Err(error) => assert!(error.is_timeout(), "{error}"),
    }
}

#[tokio::test]
async fn failure_that_no_repetition_mends_is_not_repeated() {
    let server = Server::start(|asked| {
        if asked.is("POST", "/tasks") {
            return ok(json!({"id": 17}));
        }
        let mut answer = task(17, 4);
        answer["error_reason"] = json!({"error_code": "TRF.0155", "error_msg": "no such bucket"});
        ok(answer)
    })
    .await;
    let error = server.oms().migrate(request()).poll(quick()).deadline(minute()).run().await.unwrap_err();
    assert_eq!(error.code(), Some("TRF.0155"));
    assert!(error.advice().is_some());
    assert_eq!(server.lines(), ["POST /tasks", "GET /tasks/17"]);
}

#[tokio::test]
async fn migration_whose_create_reply_was_lost_goes_on_with_the_task_found() {
    let kept: Mutex<Option<Value>> = Mutex::default();
    let server = Server::start(move |asked| match asked.line().as_str() {
        "POST /tasks" => {
            *kept.lock().unwrap() = Some(asked.body["description"].clone());
            Reply::Lost
        }
        "GET /tasks/17" => ok(task(17, 5)),
        _ => {
            let mut found = task(17, 2);
            found["description"] = kept.lock().unwrap().clone().unwrap();
            ok(json!({"tasks": [task(16, 2), found], "count": 2}))
        }
    })
    .await;
    let report = server.oms().migrate(request()).poll(quick()).deadline(minute()).run().await.unwrap();
    assert_eq!((report.task_id, report.adopted, report.status), (17, true, State::Succeeded));
    assert_eq!(server.count("POST", "/tasks"), 1);
}

#[tokio::test]
async fn create_that_is_not_answered_keeps_to_the_deadline_and_names_the_mark() {
    for lose in [|| Reply::Lost, || Reply::Silence] {
        let server = Server::start(move |asked| match asked.method.as_str() {
            "POST" => lose(),
            _ => ok(json!({"tasks": [], "count": 0})),
        })
        .await;
        let mark = hwmigrate::oms::Mark::unique();
        let migration = server.oms().migrate(request()).mark(mark.clone());
        // Half a minute of searching, or two of waiting for the answer, would run into this.
        let run = migration.deadline(Duration::from_millis(300)).run();
        let error = tokio::time::timeout(Duration::from_secs(25), run).await.unwrap().unwrap_err();
        assert!(error.is_ambiguous() && error.message().contains(mark.as_str()), "{error}");
        assert_eq!(server.count("POST", "/tasks"), 1);
    }
}

#[tokio::test]
async fn no_task_is_created_when_the_time_is_up() {
    let server = Server::start(|_| ok(json!({"id": 17, "task_name": "n"}))).await;
    let error = server.oms().migrate(request()).deadline(Duration::ZERO).run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("was not created"), "{error}");
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn step_dropped_during_the_create_looks_for_its_task_and_creates_no_other() {
    let kept: Mutex<Option<Value>> = Mutex::default();
    let server = Server::start(move |asked| match asked.line().as_str() {
        "POST /tasks" => {
            *kept.lock().unwrap() = Some(asked.body["description"].clone());
            Reply::Silence
        }
        _ => {
            let mut found = task(17, 2);
            found["description"] = kept.lock().unwrap().clone().unwrap();
            ok(json!({"tasks": [found], "count": 1}))
        }
    })
    .await;
    let mut migration = server.oms().migrate(request()).deadline(minute());
    let arrived = async {
        while server.count("POST", "/tasks") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        event = migration.next() => panic!("no reply came, and yet {event:?}"),
        () = arrived => {}
    }
    let Some(MigrationEvent::Created(created)) = migration.next().await.unwrap() else { panic!("no task") };
    assert_eq!((created.id, created.adopted), (17, true));
    assert_eq!(server.count("POST", "/tasks"), 1);
}

#[tokio::test]
async fn resumed_migration_starts_a_paused_task() {
    let show = states(&[3, 3, 2, 5]);
    let server =
        Server::start(move |asked| if asked.method == "GET" { ok(show()) } else { Reply::Empty }).await;
    let report = server.oms().resume(17, keys()).poll(quick()).deadline(minute()).run().await.unwrap();
    assert_eq!(report.status, State::Succeeded);
    assert_eq!(server.count("POST", "/tasks/17/start"), 1);
    assert_eq!(server.journal()[1].body["migrate_failed_object"], false);
}

#[tokio::test]
async fn migration_that_somebody_pauses_ends_as_paused() {
    let show = states(&[2, 3]);
    let server =
        Server::start(move |asked| if asked.method == "GET" { ok(show()) } else { ok(json!({"id": 17})) })
            .await;
    let report = server.oms().migrate(request()).poll(quick()).deadline(minute()).run().await.unwrap();
    assert_eq!(report.status, State::Paused);
}

#[tokio::test]
async fn cancelled_migration_stops_its_task_and_tells_the_id() {
    let stopped = AtomicU32::new(0);
    let server = Server::start(move |asked| match asked.line().as_str() {
        "POST /tasks" => ok(json!({"id": 17})),
        "POST /tasks/17/stop" => {
            stopped.store(1, Ordering::Relaxed);
            Reply::Empty
        }
        _ => ok(task(17, if stopped.load(Ordering::Relaxed) == 0 { 2 } else { 3 })),
    })
    .await;
    let (send, cancelled) = tokio::sync::oneshot::channel::<()>();
    let send = Mutex::new(Some(send));
    let migration = server.oms().migrate(request()).poll(quick()).on_event(move |event| {
        if matches!(event, MigrationEvent::Progress(_)) {
            send.lock().unwrap().take();
        }
    });
    let error = migration.deadline(minute()).run_or_stop(async { _ = cancelled.await }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.message().ends_with("the job was stopped"), "{error}");
    let job = error.job().unwrap();
    assert_eq!((job.id.as_str(), job.state.as_str()), ("17", "paused"));
    assert_eq!(server.count("POST", "/tasks/17/stop"), 1);
}

#[tokio::test]
async fn cancel_is_heard_while_a_create_is_held_back() {
    let (send, cancelled) = tokio::sync::oneshot::channel::<()>();
    let send = Mutex::new(Some(send));
    let server = Server::start(move |_| {
        send.lock().unwrap().take();
        Reply::Busy(429, 40)
    })
    .await;
    let run = server.oms().migrate(request()).deadline(minute()).run_or_stop(async { _ = cancelled.await });
    let error = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(server.count("POST", "/tasks"), 1);
}

#[tokio::test]
async fn migration_that_misses_its_deadline_tells_the_id() {
    let server =
        Server::start(|asked| if asked.method == "GET" { ok(task(17, 2)) } else { ok(json!({"id": 17})) })
            .await;
    let limit = Duration::from_millis(100);
    let error = server.oms().migrate(request()).poll(quick()).deadline(limit).run().await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.job().unwrap().id, "17");
}
