//! Telling a server's task what to do and waiting for it, against a service
//! that loses replies, and words its states as the documentation does.
#![allow(clippy::unwrap_used, clippy::panic)]

mod service;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use hwmigrate::ErrorKind;
use hwmigrate::fleet::FleetEvent;
use hwmigrate::progress::{Resource, State};
use hwmigrate::sms::{Action, Goal};
use hwmigrate::wait::{Outcome, PollPolicy, Until};
use serde_json::{Value, json};
use service::{Asked, Reply, Server, ok, refused};

const TASK: &str = "8abda8635e09d185015e09d188dd0001xx";

/// The documentation's answer about that task.
const WALK_THROUGH: &str = include_str!("../../hwmigrate-api/tests/fixtures/sms-show-task-response.json");

/// The documentation's request to start it, without the comma that makes it no JSON.
const START: &str = include_str!("../../hwmigrate-api/tests/fixtures/sms-update-task-status-request.json");

fn quick() -> PollPolicy {
    PollPolicy::every(Duration::from_millis(10))
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn task(state: &str) -> Value {
    json!({"id": "5f", "state": state, "source_server": {"id": "s1"}})
}

/// A service whose task 5f shows one state after the other, and takes every action in.
fn states(script: &[&str]) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let script: Mutex<VecDeque<String>> =
        Mutex::new(script.iter().map(|state| (*state).to_owned()).collect());
    move |asked| match asked.line().as_str() {
        "GET /tasks/5f" => {
            let mut script = script.lock().unwrap();
            ok(task(&if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() }))
        }
        "GET /sources/s1" => ok(json!({"id": "s1", "replicatesize": 250, "totalsize": 1000})),
        _ => Reply::Empty,
    }
}

#[tokio::test]
async fn walk_through_of_the_documentation_works_as_written() {
    let started = AtomicU32::new(0);
    let server = Server::start(move |asked| match asked.line().as_str() {
        "POST /tasks/8abda8635e09d185015e09d188dd0001xx/action" => {
            assert_eq!(asked.body, serde_json::from_str::<Value>(START).unwrap());
            started.store(1, Ordering::Relaxed);
            Reply::Empty
        }
        "GET /tasks/8abda8635e09d185015e09d188dd0001xx" => {
            let mut answer: Value = serde_json::from_str(WALK_THROUGH).unwrap();
            if started.load(Ordering::Relaxed) == 0 {
                answer["state"] = json!("ABORT");
            }
            ok(answer)
        }
        _ => Reply::Text(404, "<html>"),
    })
    .await;
    let tasks = server.sms().tasks();
    tasks.start(TASK).await.unwrap();
    let outcome = tasks.wait_until(TASK, Goal::Started).deadline(minute()).wait().await.unwrap();
    let progress = outcome.progress();
    assert_eq!((progress.resource, progress.id.as_str()), (Resource::ServerTask, TASK));
    assert_eq!(progress.phases.len(), 5);
    // The task says RUNNING while its source synchronises.
    assert_eq!((progress.state, progress.state_word.as_deref()), (State::Syncing, Some("RUNNING")));
    let outcome = tasks.wait_until(TASK, Goal::Syncing).deadline(minute()).wait().await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
}

#[tokio::test]
async fn slip_of_the_documentation_ends_no_wait_and_is_named_at_the_deadline() {
    let server = Server::start(states(&["RUNNING", "MIGRATE_SUCCESS5"])).await;
    let limit = Duration::from_millis(600);
    let wait = server.sms().tasks().wait_until("5f", Goal::MigrateSuccess).poll(quick()).deadline(limit);
    let error = wait.wait().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.message().starts_with("server task 5f did not end its migration well within"), "{error}");
    assert!(error.message().contains("unknown (MIGRATE_SUCCESS5)"), "{error}");
    let server = Server::start(states(&["MIGRATE_SUCCESS5", "MIGRATE_SUCCESS"])).await;
    let wait = server.sms().tasks().wait_until("5f", Goal::MigrateSuccess).poll(quick()).deadline(minute());
    assert!(wait.wait().await.unwrap().is_done());
}

#[tokio::test]
async fn every_goal_is_reached_by_the_states_behind_it() {
    let table: [(Goal, &[&str], State); 6] = [
        (Goal::Started, &["READY", "READY", "RUNNING"], State::Running),
        (Goal::Started, &["READY", "MIGRATE_SUCCESS"], State::Succeeded),
        (Goal::Syncing, &["RUNNING", "SKIPPING", "SYNCING"], State::Syncing),
        (Goal::MigrateSuccess, &["SYNCING", "RUNNING", "MIGRATE_SUCCESS"], State::Succeeded),
        (Goal::SyncSuccess, &["MIGRATE_SUCCESS", "SYNCING", "SYNC_SUCCESS"], State::Succeeded),
        (Goal::Aborted, &["RUNNING", "ABORTING", "ABORT"], State::Paused),
    ];
    for (goal, script, state) in table {
        let server = Server::start(states(script)).await;
        let wait = server.sms().tasks().wait_until("5f", goal).poll(quick()).deadline(minute());
        let outcome = wait.wait().await.unwrap();
        assert!(outcome.is_done(), "{goal:?}: {outcome:?}");
        assert_eq!(outcome.progress().state, state, "{goal:?}");
        assert_eq!(outcome.progress().bytes.total, Some(1000), "the source tells the bytes");
    }
}

#[tokio::test]
async fn stop_and_an_end_that_came_first_are_outcomes_of_their_own() {
    let server = Server::start(states(&["RUNNING", "ABORTING", "ABORT"])).await;
    let wait = server.sms().tasks().wait_until("5f", Goal::Syncing).poll(quick()).deadline(minute());
    assert!(wait.wait().await.unwrap().is_paused());
    let server = Server::start(states(&["ABORTING", "MIGRATE_SUCCESS"])).await;
    let wait = server.sms().tasks().wait_until("5f", Goal::Aborted).poll(quick()).deadline(minute());
    assert!(matches!(wait.wait().await.unwrap(), Outcome::Overtaken(_)));
    let server = Server::start(states(&["SYNCING", "MIGRATE_SUCCESS"])).await;
    let wait = server.sms().tasks().wait("5f").until(Until::Ended).poll(quick()).deadline(minute());
    assert!(wait.wait().await.unwrap().is_done());
}

#[tokio::test]
async fn failure_tells_code_words_step_and_advice() {
    let server = Server::start(|asked| {
        if asked.path != "/tasks/5f" {
            return Reply::Text(404, "<html>");
        }
        ok(json!({
            "id": "5f", "state": "SYNC_FAIL", "source_server": {"id": "s1"},
            "error_json": "{\"error_code\": \"SMS.3805\", \"error_param\": \"[\\\"10.0.0.9\\\"]\"}",
            "sub_tasks": [
                {"id": 1, "name": "MIGRATE_LINUX_FILE", "progress": 100, "start_date": 1, "end_date": 2,
                 "user_op": "REPLICATE"},
                {"id": 2, "name": "SYNC_LINUX_FILE", "progress": 12, "start_date": 3, "user_op": "RESYNC0"}
            ]
        }))
    })
    .await;
    let wait = server.sms().tasks().wait_until("5f", Goal::SyncSuccess).poll(quick()).deadline(minute());
    let error = wait.wait().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::JobFailed, Some("SMS.3805")));
    assert!(error.message().starts_with("server task 5f failed at SYNC_LINUX_FILE: "), "{error}");
    assert!(error.message().contains("10.0.0.9"), "{error}");
    assert!(error.advice().is_some());
    let job = error.job().unwrap();
    assert_eq!((job.step.as_deref(), job.state.as_str()), (Some("SYNC_LINUX_FILE"), "failed"));
}

#[tokio::test]
async fn source_server_that_is_not_seen_costs_only_its_bytes() {
    let looks = AtomicU32::new(0);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/tasks/5f" => {
            let state = if looks.fetch_add(1, Ordering::Relaxed) < 3 { "RUNNING" } else { "SYNCING" };
            ok(task(state))
        }
        _ => Reply::Json(403, json!({"error_code": "SMS.2002", "error_msg": "no"})),
    })
    .await;
    let wait = server.sms().tasks().wait_until("5f", Goal::Syncing).poll(quick()).deadline(minute());
    let outcome = wait.wait().await.unwrap();
    assert_eq!(outcome.progress().bytes.total, None);
    assert_eq!(server.count("GET", "/sources/s1"), 1, "a refusal is not asked for again");
}

#[tokio::test]
async fn picture_from_before_a_start_is_not_taken_for_a_new_end() {
    let server =
        Server::start(states(&["MIGRATE_FAIL", "MIGRATE_FAIL", "MIGRATE_FAIL", "RUNNING", "SYNCING"])).await;
    let tasks = server.sms().tasks();
    let before = tasks.progress("5f").await.unwrap();
    let wait = tasks.wait_until("5f", Goal::Syncing).after_start(before).poll(quick()).deadline(minute());
    assert!(wait.wait().await.unwrap().is_done());
}

#[tokio::test]
async fn action_that_comes_to_nothing_is_refused_before_it_is_sent_and_can_be_forced() {
    let server = Server::start(states(&["RUNNING"])).await;
    let tasks = server.sms().tasks();
    let error = tasks.cutover("5f").await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(error.advice(), Some("wait until it is syncing or has ended"));
    assert_eq!(server.lines(), ["GET /tasks/5f"]);
    tasks.cutover("5f").force().await.unwrap();
    assert_eq!(server.lines()[1..], ["POST /tasks/5f/action"]);
    assert_eq!(server.journal()[1].body, json!({"operation": "cutover"}));
}

#[tokio::test]
async fn lost_reply_to_an_action_is_settled_by_looking() {
    let table = [
        (Action::Start, &["READY", "RUNNING"][..]),
        (Action::Stop, &["SYNCING", "ABORTING"]),
        (Action::Cutover, &["SYNCING", "RUNNING"]),
    ];
    for (action, script) in table {
        let answer = states(script);
        let server =
            Server::start(move |asked| if asked.method == "POST" { Reply::Lost } else { answer(asked) })
                .await;
        server.sms().tasks().action("5f", action.clone()).await.unwrap();
        assert_eq!(server.count("POST", "/tasks/5f/action"), 1, "{action}");
    }
}

#[tokio::test]
async fn refusal_of_the_service_is_told() {
    let answer = states(&["READY"]);
    let server =
        Server::start(move |asked| if asked.method == "POST" { refused("SMS.6603") } else { answer(asked) })
            .await;
    let error = server.sms().tasks().start("5f").await.unwrap_err();
    assert_eq!(error.code(), Some("SMS.6603"));
}

#[tokio::test]
async fn many_tasks_are_watched_by_the_page_of_servers() {
    let over = AtomicU32::new(0);
    let over: &'static AtomicU32 = Box::leak(Box::new(over));
    let server = Server::start(move |asked| {
        let state = if over.load(Ordering::Relaxed) == 0 { "RUNNING" } else { "SYNCING" };
        if let Some(id) = asked.path.strip_prefix("/tasks/") {
            return ok(json!({"id": id, "state": state, "source_server": {"id": "s"}}));
        }
        if asked.path != "/sources" {
            return ok(json!({"id": "s", "replicatesize": 1, "totalsize": 2}));
        }
        let number = |name: &str| -> usize {
            asked
                .query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name))
                .map_or(0, |text| text.parse().unwrap())
        };
        // Every tenth server has no task.
        let source = |place: usize| {
            let current = (!place.is_multiple_of(10)).then(|| {
                json!({"id": format!("t{place}"), "state": state, "subtask_info": "MIGRATE_LINUX_FILE-50"})
            });
            json!({"id": format!("s{place}"), "replicatesize": 1, "totalsize": 2, "current_task": current})
        };
        let page: Vec<Value> = (0..450).skip(number("offset=")).take(200).map(source).collect();
        ok(json!({"source_servers": page, "count": 450}))
    })
    .await;
    let ids: Vec<String> =
        (0..450).filter(|place| place % 10 != 0).map(|place| format!("t{place}")).collect();
    let policy = PollPolicy::every(Duration::from_millis(50));
    let fleet = server.sms().tasks().wait_all(&ids, Goal::Syncing).poll(policy).deadline(minute());
    let mut events = std::pin::pin!(fleet.stream());
    let mut ended = 0;
    while let Some(event) = events.next().await {
        match event {
            FleetEvent::Progress(progress) if progress.state == State::Running => {
                assert_eq!(progress.fraction(), Some(0.5));
                assert_eq!(progress.step.as_ref().unwrap().percent, Some(50));
                if progress.id == "t449" {
                    over.store(1, Ordering::Relaxed);
                }
            }
            FleetEvent::Ended(end) => {
                assert!(end.outcome.unwrap().is_done(), "{}", end.id);
                ended += 1;
            }
            _ => {}
        }
    }
    assert_eq!(ended, ids.len());
    let singles = server.journal().iter().filter(|asked| asked.path.starts_with("/tasks/")).count();
    // The pages tell all, until so few are left that a page is not worth it.
    assert!(singles < 10, "{singles} single looks for {} tasks", ids.len());
    assert!(server.count("GET", "/sources") < 60, "{} list requests", server.count("GET", "/sources"));
}

#[tokio::test]
async fn waits_that_share_a_list_know_their_phases_all_the_same() {
    let lists = AtomicU32::new(0);
    let lists: &'static AtomicU32 = Box::leak(Box::new(lists));
    let server = Server::start(move |asked| {
        // The list tells of a copy that goes on, then of a cut-over, then of its end.
        let share = lists.load(Ordering::Relaxed) * 10;
        let (state, source, step, share) = match share {
            0..=50 => ("RUNNING", "replicate", "MIGRATE_LINUX_FILE", share),
            60..=80 => ("RUNNING", "cutovering", "CONFIGURE_LINUX_FILE", share - 50),
            _ => ("MIGRATE_SUCCESS", "finished", "CONFIGURE_LINUX_FILE", 100),
        };
        let Some(id) = asked.path.strip_prefix("/tasks/") else {
            if asked.path != "/sources" {
                return ok(json!({"id": "s", "state": source, "replicatesize": 2, "totalsize": 2}));
            }
            lists.fetch_add(1, Ordering::Relaxed);
            let servers = (0..5).map(|place| {
                let current = json!({"id": format!("t{place}"), "state": state, "subtask_info": format!("{step}-{share}")});
                json!({"id": format!("s{place}"), "state": source, "replicatesize": 2, "totalsize": 2, "current_task": current})
            });
            return ok(json!({"source_servers": servers.collect::<Vec<_>>(), "count": 5}));
        };
        let copies = source == "replicate";
        let copied = if copies { share } else { 100 };
        let mut steps = vec![json!({
            "id": 1, "name": "MIGRATE_LINUX_FILE", "progress": copied, "start_date": 1, "user_op": "REPLICATE",
            "end_date": (!copies).then_some(2),
        })];
        if !copies {
            steps.push(json!({
                "id": 2, "name": step, "progress": share, "start_date": 3, "user_op": "CUTOVER0",
                "end_date": (share == 100).then_some(4),
            }));
        }
        ok(json!({"id": id, "state": state, "source_server": {"id": "s", "state": source}, "sub_tasks": steps}))
    })
    .await;
    let tasks = server.sms().tasks();
    let policy = PollPolicy::every(Duration::from_millis(600));
    let looks = (0..5).map(|place| {
        Box::pin(tasks.wait(&format!("t{place}")).poll(policy.clone()).deadline(minute()).stream())
    });
    let seen: Vec<_> = futures_util::stream::select_all(looks).map(|look| look.unwrap()).collect().await;
    assert_eq!(seen.iter().filter(|progress| progress.state == State::Succeeded).count(), 5);
    for progress in &seen {
        let phase = progress.phase().unwrap();
        let name =
            if progress.source_state.as_deref() == Some("replicate") { "REPLICATE" } else { "CUTOVER0" };
        assert_eq!(phase.name, name, "{progress}");
    }
    let copied = seen.iter().filter(|progress| progress.phase().unwrap().name == "REPLICATE");
    let most = copied.filter_map(|progress| progress.phase().unwrap().percent).max();
    assert!(most >= Some(30), "the list moves the phase on: {most:?}");
    let singles = server.journal().iter().filter(|asked| asked.path.starts_with("/tasks/")).count();
    assert!(singles < 40, "{singles} single looks, {} in all", seen.len());
}

#[tokio::test]
async fn task_that_is_in_no_page_is_looked_at_singly() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/sources" => ok(json!({"source_servers": [], "count": 0})),
        "/tasks/t4" => refused("SMS.7703"),
        path => match path.strip_prefix("/tasks/") {
            Some(id) => ok(json!({"id": id, "state": "MIGRATE_SUCCESS"})),
            None => Reply::Text(404, "<html>"),
        },
    })
    .await;
    let ids = ["t1", "t2", "t3", "t4"];
    let fleet = server.sms().tasks().wait_all(ids, Goal::MigrateSuccess).poll(quick()).deadline(minute());
    let ends = fleet.wait().await;
    assert!(ends[..3].iter().all(|end| end.outcome.as_ref().is_ok_and(Outcome::is_done)), "{ends:?}");
    assert!(ends[3].outcome.as_ref().unwrap_err().is_not_found(), "{ends:?}");
}
