//! Creating and deleting server tasks, against a service that loses replies and moves jobs.
#![allow(clippy::unwrap_used, clippy::panic)]

mod service;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hwmigrate::ErrorKind;
use hwmigrate::sms::types::MigrationType;
use hwmigrate::sms::{Action, Target, TaskRequest};
use serde_json::{Value, json};
use service::{Asked, Reply, SECRET, Server, ok, refused};

fn request() -> TaskRequest {
    let target = Target::from_template("m", "web-1", "cn-north-4", "p");
    TaskRequest::new("web-1", MigrationType::MigrateFile, "s", target)
}

fn task(id: &str, name: &str, source: &str) -> Value {
    json!({"id": id, "name": name, "state": "READY", "source_server": {"id": source}, "region_id": "cn-north-4"})
}

/// A service that loses the reply to a create. `before` is there from the
/// beginning, `made` from the create on.
fn forgetful(before: Vec<Value>, made: Vec<Value>) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let tasks = Mutex::new(before);
    move |asked| {
        let mut tasks = tasks.lock().unwrap();
        if asked.is("POST", "/tasks") {
            tasks.extend(made.iter().cloned());
            return Reply::Lost;
        }
        match asked.path.strip_prefix("/tasks/") {
            Some(id) => ok(tasks.iter().find(|task| task["id"] == id).unwrap().clone()),
            None => ok(json!({"tasks": *tasks, "count": tasks.len()})),
        }
    }
}

#[tokio::test]
async fn create_once_adopts_the_task_whose_reply_was_lost() {
    let server = Server::start(forgetful(vec![], vec![task("new", "web-1", "s")])).await;
    let created = server.sms().tasks().create_once(&request()).await.unwrap();
    assert_eq!((created.id.as_str(), created.adopted, created.name.as_deref()), ("new", true, Some("web-1")));
    assert_eq!(server.count("POST", "/tasks"), 1);
    assert!(server.lines()[0].contains("source_server_id=s"), "{:?}", server.lines());
}

#[tokio::test]
async fn create_once_passes_over_tasks_that_were_there_or_belong_elsewhere() {
    let before = vec![task("old", "web-1", "s")];
    let mut abroad = task("abroad", "web-1", "s");
    abroad["region_id"] = "ap-southeast-3".into();
    let made =
        vec![task("other", "web-2", "s"), task("stray", "web-1", "r"), abroad, task("new", "web-1", "s")];
    let server = Server::start(forgetful(before, made)).await;
    let created = server.sms().tasks().create_once(&request()).await.unwrap();
    assert_eq!((created.id.as_str(), created.adopted), ("new", true));
    assert_eq!(server.count("POST", "/tasks"), 1);
}

#[tokio::test]
async fn create_that_is_answered_is_not_adopted_and_one_that_is_refused_stays_refused() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "POST" => ok(json!({"id": "new"})),
        _ => ok(json!({"tasks": [], "count": 0})),
    })
    .await;
    let created = server.sms().tasks().create_once(&request()).await.unwrap();
    assert_eq!((created.id.as_str(), created.adopted), ("new", false));
    assert_eq!(server.journal().len(), 2, "one look before, one create");

    let server = Server::start(|asked| match asked.method.as_str() {
        "POST" => refused("SMS.7605"),
        _ => ok(json!({"tasks": [], "count": 0})),
    })
    .await;
    let error = server.sms().tasks().create_once(&request()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("SMS.7605")));
    assert_eq!(server.count("POST", "/tasks"), 1);
}

#[tokio::test]
async fn create_without_the_care_is_ambiguous_after_a_lost_reply() {
    let server = Server::start(|_| Reply::Lost).await;
    let error = server.sms().tasks().create(&request()).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(server.count("POST", "/tasks"), 1);
    let unread = Server::start(|asked| match asked.method.as_str() {
        "POST" => ok(json!({})),
        _ => ok(json!({"tasks": [], "count": 0})),
    })
    .await;
    let error = unread.sms().tasks().create(&request()).await.unwrap_err();
    assert!(error.is_ambiguous(), "an answer without an id: {error}");
}

#[tokio::test]
async fn task_is_found_again_by_server_and_name() {
    let server = Server::start(|_| {
        let tasks =
            json!([task("other", "web-2", "s"), task("stray", "web-1", "r"), task("it", "web-1", "s")]);
        ok(json!({"tasks": tasks, "count": 3}))
    })
    .await;
    let tasks = server.sms().tasks();
    assert_eq!(tasks.find("s", "web-1").await.unwrap().unwrap().id, "it");
    assert_eq!(tasks.find("s", "web-9").await.unwrap(), None);
}

/// Task t, which shows one state after the other; the last one stays.
fn states(script: &[&str]) -> impl Fn() -> Reply + Send + Sync + 'static {
    let script: Mutex<VecDeque<String>> =
        Mutex::new(script.iter().map(|state| (*state).to_owned()).collect());
    move || {
        let mut script = script.lock().unwrap();
        let state = if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() };
        if state == "gone" { refused("SMS.7703") } else { ok(json!({"id": "t", "state": state})) }
    }
}

#[tokio::test]
async fn running_task_is_stopped_and_deleted_and_the_delete_is_told_again_when_it_was_too_early() {
    for state in ["RUNNING", "SYNCING"] {
        let show = states(&[state, state, "ABORTING", "ABORT", "ABORT", "DELETING", "gone"]);
        let busy = AtomicU32::new(0);
        let server = Server::start(move |asked| match asked.line().as_str() {
            "GET /tasks/t" => show(),
            "DELETE /tasks/t" if busy.fetch_add(1, Ordering::Relaxed) == 0 => refused("SMS.2015"),
            _ => Reply::Empty,
        })
        .await;
        server.sms().tasks().delete_when_stopped("t", Duration::from_secs(60)).await.unwrap();
        assert_eq!(
            (server.count("POST", "/tasks/t/action"), server.count("DELETE", "/tasks/t")),
            (1, 2),
            "{state}"
        );
    }
}

#[tokio::test]
async fn task_at_rest_is_deleted_without_a_stop_and_one_that_is_gone_is_fine() {
    for state in ["READY", "ABORT", "MIGRATE_FAIL", "MIGRATE_SUCCESS"] {
        let show = states(&[state, "gone"]);
        let server = Server::start(move |asked| match asked.line().as_str() {
            "GET /tasks/t" => show(),
            _ => Reply::Empty,
        })
        .await;
        server.sms().tasks().delete_when_stopped("t", Duration::from_secs(60)).await.unwrap();
        assert_eq!(
            (server.count("POST", "/tasks/t/action"), server.count("DELETE", "/tasks/t")),
            (0, 1),
            "{state}"
        );
    }
    let server = Server::start(|_| refused("SMS.7703")).await;
    server.sms().tasks().delete_when_stopped("t", Duration::from_secs(60)).await.unwrap();
    assert_eq!(server.count("DELETE", "/tasks/t"), 0);
}

#[tokio::test]
async fn delete_that_the_service_refuses_for_other_reasons_is_told() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "GET" => ok(json!({"id": "t", "state": "ABORT"})),
        _ => refused("SMS.2248"),
    })
    .await;
    let error = server.sms().tasks().delete_when_stopped("t", Duration::from_secs(60)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, Some("SMS.2248")));
}

/// A service that deletes several things at once, all of them or none, and loses the first reply.
fn deleting(there: &[&str], refusal: &'static str) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let there = Mutex::new(there.iter().map(|id| (*id).to_owned()).collect::<Vec<String>>());
    let asks = AtomicU32::new(0);
    move |asked| {
        let mut there = there.lock().unwrap();
        if asked.method == "GET" {
            let id = asked.path.rsplit('/').next().unwrap();
            return match there.iter().any(|one| one == id) {
                true => ok(json!({"id": id, "state": "READY", "name": id})),
                false => refused(refusal),
            };
        }
        let ids: Vec<String> = serde_json::from_value(asked.body["ids"].clone()).unwrap();
        let all = ids.iter().all(|id| there.contains(id));
        if all {
            there.retain(|id| !ids.contains(id));
        }
        match asks.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::Lost,
            _ if all => Reply::Empty,
            _ => refused(refusal),
        }
    }
}

#[tokio::test]
async fn many_that_are_gone_after_a_lost_reply_are_deleted() {
    // What was there, and how many requests to delete and looks it takes until nothing is left.
    let table: [(&[&str], usize, usize); 2] = [(&["a", "b"], 2, 2), (&["a"], 3, 2)];
    for (there, deletes, looks) in table {
        let ids = ["a", "b"];
        let server = Server::start(deleting(there, "SMS.7703")).await;
        server.sms().tasks().delete_many(ids).await.unwrap();
        let made = |method| server.journal().iter().filter(|asked| asked.method == method).count();
        assert_eq!((made("POST"), made("GET")), (deletes, looks), "{there:?}");
        let server = Server::start(deleting(there, "SMS.2216")).await;
        server.sms().servers().delete_many(ids).await.unwrap();
        let server = Server::start(|asked: &Asked| match asked.method.as_str() {
            "POST" => Reply::Lost,
            _ => panic!("unexpected {}", asked.line()),
        })
        .await;
        let error = server.sms().templates().delete_many(ids).await.unwrap_err();
        assert!(!error.is_not_found(), "nothing is known of it: {error}");
    }
    let server = Server::start(|asked: &Asked| {
        assert_eq!(asked.method, "POST");
        refused("SMS.7703")
    })
    .await;
    let error = server.sms().tasks().delete_many(["a"]).await.unwrap_err();
    assert!(error.is_not_found(), "no reply was lost, so the id is wrong: {error}");
}

#[tokio::test]
async fn action_that_comes_to_nothing_is_refused_unless_it_is_forced() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "GET" => ok(json!({"id": "t", "state": "RUNNING"})),
        _ => Reply::Empty,
    })
    .await;
    let tasks = server.sms().tasks();
    let error = tasks.cutover("t").await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Conflict, Some("UpdateTaskStatus")));
    assert_eq!(server.count("POST", "/tasks/t/action"), 0);
    tasks.cutover("t").force().await.unwrap();
    tasks.action("t", Action::from("defrost")).await.unwrap();
    let sent: Vec<Value> =
        server.journal().into_iter().filter(|asked| asked.method == "POST").map(|a| a.body).collect();
    assert_eq!(sent, [json!({"operation": "cutover"}), json!({"operation": "defrost"})]);
}

#[tokio::test]
async fn secrets_of_answers_are_never_shown() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/tasks/t/passphrase" => ok(json!({"passphrase": SECRET})),
        "/tasks/t/certkey" => ok(json!({
            "private_key": SECRET, "target_mgmt_private_key": SECRET, "target_data_private_key": SECRET
        })),
        "/vm/templates/m" => ok(json!({"template": {"id": "m", "target_password": SECRET}})),
        "/vm/templates/m/target-password" => ok(json!({"target_password": SECRET})),
        "/vm/templates" if asked.method == "POST" => {
            let words = format!("the password {} is too weak", asked.body["template"]["target_password"]);
            Reply::Json(400, json!({"error_code": "SMS.9999", "error_msg": words}))
        }
        "/vm/templates" => ok(json!({"templates": [{"id": "m", "target_password": SECRET}], "count": 1})),
        _ => ok(
            json!({"source_servers": [{"id": "s", "current_task": {"log_share_url": SECRET}}], "count": 1}),
        ),
    })
    .await;
    let sms = server.sms();
    let mut template = hwmigrate::sms::types::TemplateRequest::new("m".into());
    template.target_password = Some(SECRET.into());
    let error = sms.templates().create(&template).await.unwrap_err();
    assert!(error.message().contains("too weak"), "{error}");
    let shown = [
        format!("{:?}", sms.tasks().passphrase("t").await.unwrap()),
        format!("{:?}", sms.tasks().cert_key("t", false).await.unwrap()),
        format!("{:?}", sms.templates().show("m").await.unwrap()),
        format!("{:?}", sms.templates().target_password("m").await.unwrap()),
        format!("{:?}", sms.templates().list().all().await.unwrap()),
        format!("{:?}", sms.servers().list().all().await.unwrap()),
        format!("{template:?} {}", serde_json::to_string(&template).unwrap()),
        format!("{error:?} {error} {}", error.chain()),
    ];
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
}
