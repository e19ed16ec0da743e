//! Many servers, a few at a time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod service;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hwmigrate::ErrorKind;
use hwmigrate::progress::State;
use hwmigrate::sms::{BulkEvent, MigrationEvent};
use service::cloud::{Cloud, limits, minute, quick, request};
use tokio::sync::oneshot;

#[tokio::test]
async fn bulk_runs_a_few_at_a_time_and_reports_every_server() {
    let cloud = Cloud { bad: "s2", banned: "s4", ..Cloud::default() };
    let notes = Arc::clone(&cloud.notes);
    let server = cloud.start().await;
    let sms = server.sms();
    let names: Vec<String> = (0..8).map(|number| format!("s{number}")).collect();
    let migrations = names
        .iter()
        .map(|name| sms.migrate(request(name)).limit_speed(limits()).cut_over(name != "s7").poll(quick()));
    let ends = sms.bulk(migrations).at_once(3).unwrap().deadline(minute()).run().await;
    assert_eq!(ends.iter().map(|end| end.server.clone()).collect::<Vec<_>>(), names);
    for end in &ends {
        match (end.place, &end.outcome) {
            (2, Ok(report)) => assert_eq!(report.status, State::Failed),
            (4, Err(error)) => assert_eq!(error.code(), Some("SMS.6603")),
            (7, Ok(report)) => assert_eq!((report.status, report.cut_over), (State::Syncing, false)),
            (_, Ok(report)) => {
                assert_eq!((report.status, report.cut_over), (State::Succeeded, true));
                assert_eq!(report.phases.len(), 1, "what was seen in a list is looked at once more");
            }
            (_, Err(error)) => panic!("{}: {error}", end.server),
        }
    }
    assert!(ends[2].error().unwrap().is_job_failed());
    let (unlimited, most) = *notes.lock().unwrap();
    assert_eq!(unlimited, 0, "limits stand before every start");
    assert!((2..=3).contains(&most), "{most} ran at once");
}

#[tokio::test]
async fn waves_begin_when_the_one_before_is_through() {
    let server = Cloud::default().start().await;
    let sms = server.sms();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let diary = Arc::clone(&begun);
    let migrations = ["a", "b", "c", "d", "e"].map(|name| sms.migrate(request(name)).poll(quick()));
    let bulk = sms.bulk(migrations).at_once(2).unwrap().in_waves(true).on_event(move |event| {
        let place = match event {
            BulkEvent::Server { place, event: MigrationEvent::Created(_), .. } => *place as i64,
            BulkEvent::Ended(end) => -1 - end.place as i64,
            _ => return,
        };
        diary.lock().unwrap().push(place);
    });
    assert!(bulk.deadline(minute()).run().await.iter().all(|end| end.outcome.is_ok()));
    let waves: Vec<Vec<i64>> = begun
        .lock()
        .unwrap()
        .chunks(4)
        .map(|wave| {
            let mut wave = wave.to_vec();
            wave.sort_unstable();
            wave
        })
        .collect();
    assert_eq!(waves, [vec![-2, -1, 0, 1], vec![-4, -3, 2, 3], vec![-5, 4]]);
}

#[tokio::test]
async fn cancelled_bulk_begins_nothing_further_and_loses_nothing() {
    for stop in [false, true] {
        let cloud = Cloud { stuck: true, ..Cloud::default() };
        cloud.put("done", "s0", "MIGRATE_SUCCESS");
        let tasks = Arc::clone(&cloud.tasks);
        let server = cloud.start().await;
        let sms = server.sms();
        let mut migrations = vec![sms.resume("done").poll(quick())];
        migrations.extend(["s1", "s2", "s3"].map(|name| sms.migrate(request(name)).poll(quick())));
        let (send, cancelled) = oneshot::channel::<()>();
        let send = Mutex::new(Some(send));
        let bulk = sms.bulk(migrations).at_once(1).unwrap().stop_tasks(stop).on_event(move |event| {
            if matches!(event, BulkEvent::Server { place: 1, event: MigrationEvent::Progress(_), .. }) {
                send.lock().unwrap().take();
            }
        });
        let run = bulk.deadline(minute()).run_until(async { _ = cancelled.await });
        let stopped = async {
            while stop && tasks.lock().unwrap().get("t-s1").is_none_or(|task| task.state != "ABORTING") {
                tokio::task::yield_now().await;
            }
            if let Some(task) = tasks.lock().unwrap().get_mut("t-s1").filter(|_| stop) {
                task.state = "ABORT";
            }
        };
        let ends = tokio::join!(run, stopped).0;
        assert_eq!(ends[0].outcome.as_ref().unwrap().status, State::Succeeded);
        let errors: Vec<_> = ends[1..].iter().map(|end| end.outcome.as_ref().unwrap_err()).collect();
        assert!(errors.iter().all(|error| error.kind() == ErrorKind::Cancelled), "{errors:?}");
        let job = errors[0].job().unwrap();
        assert_eq!((job.id.as_str(), job.state.as_str()), ("t-s1", if stop { "paused" } else { "running" }));
        assert!(errors[1..].iter().all(|error| error.job().is_none()), "nothing was begun");
        assert_eq!(server.count("POST", "/tasks"), 1);
    }
}

#[tokio::test]
async fn bulk_whose_time_is_up_begins_nothing_further() {
    let cloud = Cloud { stuck: true, ..Cloud::default() };
    let server = cloud.start().await;
    let sms = server.sms();
    let migrations = ["s1", "s2"].map(|name| sms.migrate(request(name)).poll(quick()));
    let ends = sms.bulk(migrations).at_once(1).unwrap().deadline(Duration::from_secs(2)).run().await;
    let errors: Vec<_> = ends.iter().map(|end| end.outcome.as_ref().unwrap_err()).collect();
    assert!(errors.iter().all(|error| error.is_timeout()), "{errors:?}");
    assert_eq!((errors[0].job().unwrap().id.as_str(), errors[1].job()), ("t-s1", None));
    assert_eq!(server.count("POST", "/tasks"), 1);
}

#[tokio::test]
async fn bulk_of_which_none_may_run_is_refused() {
    let server = Cloud::default().start().await;
    let error = server.sms().bulk([]).at_once(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("at_once is 0: let at least 1"), "{error}");
}
