//! Servers from the request to the report, against a service that loses
//! replies and refuses at bad moments.
#![allow(clippy::unwrap_used, clippy::panic)]

mod service;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hwmigrate::ErrorKind;
use hwmigrate::progress::State;
use hwmigrate::sms::MigrationEvent;
use hwmigrate::sms::types::{ConfigBody, ConfigKey};
use service::cloud::{Cloud, acts, limits, minute, quick, request};
use tokio::sync::oneshot;

#[tokio::test]
async fn server_is_created_limited_started_and_followed_until_it_synchronises() {
    let server = Cloud::default().start().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let diary = Arc::clone(&seen);
    let migration = server
        .sms()
        .migrate(request("s1").auto_start(true))
        .limit_speed(limits())
        .configure([ConfigBody::new(ConfigKey::MigrateExcludeDir, "/var/cache".to_owned())])
        .poll(quick())
        .on_event(move |event| {
            let mut diary = diary.lock().unwrap();
            let word = match event {
                MigrationEvent::Creating(name) => format!("creating {name}"),
                MigrationEvent::Created(task) => format!("created {}", task.id),
                MigrationEvent::Prepared => "prepared".to_owned(),
                MigrationEvent::Started => "started".to_owned(),
                MigrationEvent::Progress(progress) => progress.state_text(),
                MigrationEvent::CutOver => "cut over".to_owned(),
                MigrationEvent::Ended(report) => format!("ended {}", report.status),
                _ => "other".to_owned(),
            };
            if diary.last() != Some(&word) {
                diary.push(word);
            }
        });
    let report = migration.deadline(minute()).run().await.unwrap();
    assert_eq!((report.task_id.as_str(), report.status, report.cut_over), ("t-s1", State::Syncing, false));
    assert_eq!((report.bytes.done, report.bytes.total), (250, Some(1000)));
    assert_eq!(report.phases[0].percent, Some(100));
    assert_eq!(acts(&server), ["tasks", "speed-limit", "configuration-setting", "start"]);
    assert_eq!(
        *seen.lock().unwrap(),
        ["creating move_s1", "created t-s1", "prepared", "started", "running", "syncing", "ended syncing"]
    );
}

#[tokio::test]
async fn server_is_cut_over_once_it_synchronises() {
    let server = Cloud::default().start().await;
    let migration = server.sms().migrate(request("s1")).cut_over(true).poll(quick());
    let report = migration.deadline(minute()).run().await.unwrap();
    assert_eq!((report.status, report.cut_over), (State::Succeeded, true));
    assert_eq!(acts(&server), ["tasks", "start", "cutover"]);
}

#[tokio::test]
async fn cut_over_amid_a_copy_is_tried_again_when_the_service_refuses() {
    let cloud = Cloud { busy: 2, ..Cloud::default() };
    let server = cloud.start().await;
    let migration = server.sms().migrate(request("s1")).cut_over(true).poll(quick());
    let report = migration.deadline(minute()).run().await.unwrap();
    assert_eq!((report.status, report.cut_over), (State::Succeeded, true));
    assert_eq!(acts(&server), ["tasks", "start", "cutover", "cutover", "cutover"]);
}

#[tokio::test]
async fn lost_replies_to_create_start_and_cut_over_are_settled_by_looking() {
    let cloud = Cloud { lose: Some("POST /tasks"), ..Cloud::default() };
    // Limits are set by a request that may be repeated, so none are asked for here.
    let server = cloud.start().await;
    let migration = server.sms().migrate(request("s1")).cut_over(true).poll(quick());
    let report = migration.deadline(minute()).run().await.unwrap();
    assert_eq!((report.status, report.adopted), (State::Succeeded, true));
    assert_eq!(acts(&server), ["tasks", "start", "cutover"]);
}

#[tokio::test]
async fn failed_server_is_a_report_or_an_error_as_asked() {
    let cloud = Cloud { bad: "s1", ..Cloud::default() };
    let server = cloud.start().await;
    let report = server.sms().migrate(request("s1")).poll(quick()).deadline(minute()).report().await.unwrap();
    assert_eq!(report.status, State::Failed);
    assert_eq!(report.reason.as_ref().unwrap().code, "SMS.0806");
    let error = server.sms().resume("t-s1").poll(quick()).deadline(minute()).run().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::JobFailed, Some("SMS.0806")));
    assert_eq!(error.job().unwrap().step.as_deref(), Some("MIGRATE_LINUX_FILE"));
    assert_eq!(acts(&server), ["tasks", "start", "start"], "a failed task that is resumed is started again");
}

#[tokio::test]
async fn resumed_migration_goes_on_from_where_the_task_is() {
    let table: [(&str, bool, State, &[&str]); 7] = [
        ("READY", false, State::Syncing, &["start"]),
        ("ABORTING", false, State::Syncing, &["start"]),
        ("ABORT", false, State::Syncing, &["start"]),
        ("RUNNING", false, State::Syncing, &[]),
        ("SYNCING", false, State::Syncing, &[]),
        ("SYNCING", true, State::Succeeded, &["cutover"]),
        ("MIGRATE_SUCCESS", true, State::Succeeded, &[]),
    ];
    for (state, cut_over, status, sent) in table {
        let cloud = Cloud::default();
        cloud.put("5f", "s1", state);
        let server = cloud.start().await;
        let migration = server.sms().resume("5f").cut_over(cut_over).poll(quick());
        let report = migration.deadline(minute()).run().await.unwrap();
        assert_eq!(report.status, status, "{state}");
        assert_eq!(acts(&server), sent, "{state}");
    }
}

#[tokio::test]
async fn step_dropped_during_a_request_looks_what_came_of_it() {
    for (cut, state, id) in [("POST /tasks/5f/action", "SYNCING", "5f"), ("POST /tasks", "", "t-s1")] {
        let cloud = Cloud { hang: Some(cut), ..Cloud::default() };
        if !state.is_empty() {
            cloud.put("5f", "s1", state);
        }
        let server = cloud.start().await;
        let sms = server.sms();
        let migration = if state.is_empty() { sms.migrate(request("s1")) } else { sms.resume("5f") };
        let mut migration = migration.cut_over(true).poll(quick()).deadline(minute());
        let arrived = async {
            while acts(&server).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let steps = async { while migration.next().await.unwrap().is_some() {} };
        tokio::select! {
            () = steps => panic!("no reply came, and yet the migration ended"),
            () = arrived => {}
        }
        let next = match migration.next().await.unwrap() {
            Some(MigrationEvent::Searching(_)) => migration.next().await.unwrap(),
            next => next,
        };
        match next {
            Some(MigrationEvent::Created(created)) => {
                assert_eq!((created.id.as_str(), created.adopted), (id, true))
            }
            event => assert!(matches!(event, Some(MigrationEvent::CutOver)), "{event:?}"),
        }
        assert_eq!(acts(&server).len(), 1, "{cut} was sent once");
    }
}

#[tokio::test]
async fn cancelled_migration_stops_its_task_and_tells_the_id() {
    let cloud = Cloud { stuck: true, ..Cloud::default() };
    cloud.put("5f", "s1", "RUNNING");
    let tasks = Arc::clone(&cloud.tasks);
    let server = cloud.start().await;
    let (send, cancelled) = oneshot::channel::<()>();
    let send = Mutex::new(Some(send));
    let migration = server.sms().resume("5f").poll(quick()).on_event(move |event| {
        if matches!(event, MigrationEvent::Progress(_)) {
            send.lock().unwrap().take();
        }
    });
    let stopped = async {
        while tasks.lock().unwrap()["5f"].state != "ABORTING" {
            tokio::task::yield_now().await;
        }
        tasks.lock().unwrap().get_mut("5f").unwrap().state = "ABORT";
    };
    let run = migration.deadline(minute()).run_or_stop(async { _ = cancelled.await });
    let error = tokio::join!(run, stopped).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.message().ends_with("the job was stopped"), "{error}");
    assert_eq!(error.job().unwrap().id, "5f");
}

#[tokio::test]
async fn migration_cancelled_before_its_start_starts_nothing() {
    for moment in ["created", "prepared"] {
        let cloud = Cloud::default();
        let tasks = Arc::clone(&cloud.tasks);
        let server = cloud.start().await;
        let (send, cancelled) = oneshot::channel::<()>();
        let send = Mutex::new(Some(send));
        let migration = server.sms().migrate(request("s1")).limit_speed(limits()).poll(quick());
        let migration = migration.on_event(move |event| {
            let now = match event {
                MigrationEvent::Created(_) => "created",
                MigrationEvent::Prepared => "prepared",
                _ => "later",
            };
            if now == moment {
                send.lock().unwrap().take();
            }
        });
        let run = migration.deadline(minute()).run_or_stop(async { _ = cancelled.await });
        let error = run.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{moment}: {error}");
        assert!(error.message().ends_with("the job was not started"), "{moment}: {error}");
        let tasks = tasks.lock().unwrap();
        assert_eq!(tasks.values().map(|task| task.starts).sum::<u32>(), 0, "{moment}");
    }
}

#[tokio::test]
async fn migration_that_misses_its_deadline_tells_the_id() {
    let cloud = Cloud { stuck: true, ..Cloud::default() };
    let server = cloud.start().await;
    let limit = Duration::from_millis(150);
    let error = server.sms().migrate(request("s1")).poll(quick()).deadline(limit).run().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.job().unwrap().id, "t-s1");
}

#[tokio::test]
async fn nothing_is_started_or_cut_over_when_the_time_is_up() {
    for (state, words) in [("READY", "was not started"), ("SYNCING", "was not cut over")] {
        let cloud = Cloud::default();
        cloud.put("5f", "s1", state);
        let server = cloud.start().await;
        let migration = server.sms().resume("5f").cut_over(true).poll(quick()).deadline(Duration::ZERO);
        let error = migration.run().await.unwrap_err();
        assert!(error.is_timeout() && error.message().ends_with(words), "{error}");
        assert_eq!(error.job().unwrap().id, "5f");
        assert_eq!(acts(&server), Vec::<String>::new());
    }
}

#[tokio::test]
async fn migrations_and_bulks_run_on_any_thread() {
    let server = Cloud::default().start().await;
    let sms = server.sms();
    let migration = |name: &str| sms.migrate(request(name)).poll(quick());
    let one = tokio::spawn(migration("s1").deadline(minute()).run_or_stop(std::future::pending()));
    let bulk = sms.bulk([migration("s2")]).deadline(minute());
    let many = tokio::spawn(bulk.run_until(std::future::pending()));
    assert_eq!(one.await.unwrap().unwrap().status, State::Syncing);
    assert_eq!(many.await.unwrap()[0].outcome.as_ref().unwrap().status, State::Syncing);
}
