//! Servers from the request to the report, one and many, against a service
//! that loses replies and refuses at bad moments.
#![allow(clippy::unwrap_used, clippy::panic)]

mod service;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hwmigrate::ErrorKind;
use hwmigrate::progress::State;
use hwmigrate::sms::types::{ConfigBody, ConfigKey, MigrationType};
use hwmigrate::sms::{BulkEvent, MigrationEvent, SpeedPlan, Target, TaskRequest};
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

fn request(source: &str) -> TaskRequest {
    let target = Target::from_template("tpl-1", "copy", "cn-north-4", "0123456789abcdef0123456789abcdef");
    TaskRequest::new(format!("move_{source}"), MigrationType::MigrateFile, source, target).syncing(true)
}

fn limits() -> SpeedPlan {
    SpeedPlan::new().limit("08:00-18:00".parse().unwrap(), "100Mbit/s".parse().unwrap()).unwrap()
}

/// One task of the service.
#[derive(Clone, Debug, Default)]
struct Kept {
    name: String,
    source: String,
    state: &'static str,
    limited: bool,
    /// Looks in this state, after which the next one comes.
    looks: u32,
    starts: u32,
    cut_overs: u32,
}

/// A service that moves its tasks on by one state every few looks.
#[derive(Clone, Default)]
struct Cloud {
    tasks: Arc<Mutex<BTreeMap<String, Kept>>>,
    /// Starts whose limits were not set, and the most tasks that ran at once.
    notes: Arc<Mutex<(u32, usize)>>,
    /// What to answer instead, by the beginning of the request's line; the request still takes effect.
    lose: Option<&'static str>,
    hang: Option<&'static str>,
    /// The source whose task fails, and the one that may not be created.
    bad: &'static str,
    banned: &'static str,
    stuck: bool,
    /// Cut-overs that are refused first.
    busy: u32,
}

impl Cloud {
    async fn start(self) -> Server {
        Server::start(move |asked| {
            let line = asked.line();
            let reply = self.answer(asked);
            match () {
                () if self.lose.is_some_and(|start| line.starts_with(start)) => Reply::Lost,
                () if self.hang.is_some_and(|start| line.starts_with(start)) => Reply::Silence,
                () => reply,
            }
        })
        .await
    }

    fn put(&self, id: &str, source: &str, state: &'static str) {
        let task =
            Kept { name: format!("move_{source}"), source: source.to_owned(), state, ..Kept::default() };
        self.tasks.lock().unwrap().insert(id.to_owned(), task);
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let mut tasks = self.tasks.lock().unwrap();
        let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["tasks"]) => {
                assert_eq!(asked.body["auto_start"], json!(false));
                let source = asked.body["source_server"]["id"].as_str().unwrap().to_owned();
                if source == self.banned {
                    return refused("SMS.6603");
                }
                let id = format!("t-{source}");
                let name = asked.body["name"].as_str().unwrap().to_owned();
                tasks.insert(id.clone(), Kept { name, source, state: "READY", ..Kept::default() });
                ok(json!({"id": id}))
            }
            ("GET", ["tasks"]) => {
                let shown: Vec<Value> = tasks.iter().map(|(id, task)| show(id, task)).collect();
                ok(json!({"tasks": shown, "count": shown.len()}))
            }
            ("POST", ["tasks", id, "speed-limit"]) => {
                tasks.get_mut(*id).unwrap().limited = true;
                Reply::Empty
            }
            ("POST", ["tasks", _, "configuration-setting"]) => Reply::Empty,
            ("POST", ["tasks", id, "action"]) => {
                self.act(tasks.get_mut(*id).unwrap(), asked.body["operation"].as_str().unwrap())
            }
            ("GET", ["tasks", id]) => {
                let Some(task) = tasks.get_mut(*id) else { return refused("SMS.7703") };
                let shown = show(id, task);
                self.advance(task);
                let running = tasks.values().filter(|task| task.state == "RUNNING").count();
                let mut notes = self.notes.lock().unwrap();
                notes.1 = notes.1.max(running);
                ok(shown)
            }
            ("GET", ["sources", id]) => ok(json!({"id": id, "replicatesize": 250, "totalsize": 1000})),
            ("GET", ["sources"]) => {
                let servers: Vec<Value> = tasks
                    .iter_mut()
                    .map(|(id, task)| {
                        let shown =
                            json!({"id": task.source, "current_task": {"id": id, "state": task.state}});
                        self.advance(task);
                        shown
                    })
                    .collect();
                let running = tasks.values().filter(|task| task.state == "RUNNING").count();
                let mut notes = self.notes.lock().unwrap();
                notes.1 = notes.1.max(running);
                ok(json!({"source_servers": servers, "count": servers.len()}))
            }
            _ => panic!("unexpected {}", asked.line()),
        }
    }

    fn act(&self, task: &mut Kept, operation: &str) -> Reply {
        task.looks = 0;
        match (operation, task.state) {
            ("start", "READY" | "ABORT" | "MIGRATE_FAIL") => {
                self.notes.lock().unwrap().0 += u32::from(!task.limited);
                (task.state, task.starts) = ("RUNNING", task.starts + 1);
            }
            ("stop", "RUNNING" | "SYNCING") => task.state = "ABORTING",
            ("cutover", "SYNCING") => {
                task.cut_overs += 1;
                if task.cut_overs <= self.busy {
                    return refused("SMS.9999");
                }
                task.state = "RUNNING";
            }
            _ => return refused("SMS.1039"),
        }
        Reply::Empty
    }

    fn advance(&self, task: &mut Kept) {
        task.looks += 1;
        if task.looks < 3 || self.stuck {
            return;
        }
        let next = match task.state {
            "RUNNING" if task.source == self.bad => "MIGRATE_FAIL",
            "RUNNING" if task.cut_overs > 0 => "MIGRATE_SUCCESS",
            "RUNNING" => "SYNCING",
            "ABORTING" => "ABORT",
            _ => return,
        };
        (task.state, task.looks) = (next, 0);
    }
}

fn show(id: &str, task: &Kept) -> Value {
    let mut steps = vec![
        json!({"id": 1, "name": "MIGRATE_LINUX_FILE", "progress": 40, "start_date": 1, "user_op": "REPLICATE"}),
    ];
    if matches!(task.state, "SYNCING" | "MIGRATE_SUCCESS") || task.cut_overs > 0 {
        steps[0]["progress"] = json!(100);
        steps[0]["end_date"] = json!(2);
    }
    // A refused cut-over: changes are just being copied.
    if task.cut_overs > 0 && task.state == "SYNCING" {
        steps.push(json!({"id": 2, "name": "SYNC_LINUX_FILE", "progress": 50, "start_date": 3, "user_op": "RESYNC0"}));
    }
    let error = if task.state == "MIGRATE_FAIL" { r#"{"error_code":"SMS.0806"}"# } else { "" };
    json!({
        "id": id, "name": task.name, "state": task.state, "source_server": {"id": task.source}, "sub_tasks": steps,
        "error_json": error, "region_id": "cn-north-4", "start_date": task.starts
    })
}

fn acts(server: &Server) -> Vec<String> {
    let shown = |asked: Asked| match asked.body["operation"].as_str() {
        Some(operation) => operation.to_owned(),
        None => asked.path.rsplit('/').next().unwrap().to_owned(),
    };
    server.journal().into_iter().filter(|asked| asked.method == "POST").map(shown).collect()
}

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
    let table: [(&str, bool, State, &[&str]); 6] = [
        ("READY", false, State::Syncing, &["start"]),
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
    let ends = sms.bulk(migrations).at_once(1).unwrap().deadline(Duration::from_millis(200)).run().await;
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
