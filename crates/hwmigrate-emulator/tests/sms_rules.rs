//! What the service refuses, whom it lets in, and what a fault does to it.
#![allow(clippy::unwrap_used)]

mod common;

use common::sms::{COPY, LONG, STEP, Sms, registration, sms_builder, start, task};
use common::{AK, Signer, builder, client, post_tokens};
use hwmigrate_emulator::{Fault, FaultKind};
use reqwest::Method;
use serde_json::{Value, json};

async fn delete(sms: &Sms, id: &str) -> (u16, String) {
    let (status, code, _) = sms.call(Method::DELETE, &format!("/v3/tasks/{id}"), Value::Null).await;
    (status, code)
}

#[tokio::test]
async fn task_of_a_connected_busy_source_cannot_be_deleted() {
    let sms = start().await;
    let id = sms.syncing("web-1").await;
    assert_eq!(delete(&sms, &id).await, (400, "SMS.2015".into()));
    let (status, code, _) = sms.post("/v3/tasks/delete", json!({ "ids": [id] })).await;
    assert_eq!((status, code.as_str()), (400, "SMS.2015"));
    let source = sms.source("web-1").await;
    let (status, code, _) = sms.post("/v3/sources/delete", json!({ "ids": [source] })).await;
    assert_eq!((status, code.as_str()), (400, "SMS.2015"));
    sms.emulator.faults().push(Fault::new(FaultKind::LoseAgent { server: "web-1".into() }));
    assert_eq!(sms.server("web-1").await["connected"], false);
    assert_eq!(delete(&sms, &id).await, (200, String::new()), "nobody works on it any more");
    assert_eq!(sms.state(&id).await, "DELETING");
    sms.emulator.advance_clock(STEP);
    let (status, code, _) = sms.call(Method::GET, &format!("/v3/tasks/{id}"), Value::Null).await;
    assert_eq!((status, code.as_str()), (404, "SMS.7703"));
    assert_eq!(sms.server("web-1").await["state"], "waiting");
    sms.check_answers();
}

#[tokio::test]
async fn resting_tasks_can_be_deleted() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    assert_eq!(delete(&sms, &id).await.0, 200);
    sms.emulator.advance_clock(STEP);
    let id = sms.create("web-1", json!({})).await;
    sms.act(&id, "start").await;
    assert_eq!(delete(&sms, &id).await.0, 400);
    sms.act(&id, "stop").await;
    assert_eq!(delete(&sms, &id).await.0, 400, "it is still stopping");
    sms.emulator.advance_clock(STEP);
    assert_eq!(delete(&sms, &id).await.0, 200);
    assert_eq!(sms.post("/v3/tasks/delete", json!({ "ids": ["nothing"] })).await.0, 404);
}

#[tokio::test]
async fn task_needs_a_source_that_is_there_and_free() {
    let sms = start().await;
    let source = sms.source("web-1").await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut body = task(&source);
        change(&mut body);
        let (status, code, _) = sms.post("/v3/tasks", body).await;
        (status, code)
    };
    let code = |code: &str| (400, code.to_owned());
    assert_eq!(refused(&|body| body["source_server"]["id"] = json!("nothing")).await, code("SMS.2216"));
    assert_eq!(refused(&|body| body["name"] = json!("not a name")).await, code("SMS.7711"));
    assert_eq!(refused(&|body| body["target_server"] = json!({ "name": "x" })).await, code("SMS.0000"));
    assert_eq!(refused(&|body| body["vm_template_id"] = json!("nothing")).await, code("SMS.0000"));
    assert_eq!(refused(&|body| body["os_type"] = json!("WINDOWS")).await, code("SMS.0000"));
    assert_eq!(refused(&|body| body["region_id"] = Value::Null).await, code("SMS.0000"));
    sms.emulator.faults().push(Fault::new(FaultKind::LoseAgent { server: "web-1".into() }));
    assert_eq!(refused(&|_| {}).await, code("SMS.6603"));
    sms.emulator.faults().restore_agent("web-1");
    sms.create("web-1", json!({})).await;
    assert_eq!(refused(&|_| {}).await, code("SMS.7605"));
    let mut unfit = registration("unfit", "fa:16:3e:aa:00:01");
    unfit["has_rsync"] = json!(false);
    let made = sms.done(Method::POST, "/v3/sources", unfit).await;
    let server = sms.get(&format!("/v3/sources/{}", made["id"].as_str().unwrap())).await;
    assert_eq!(
        (server["state"].as_str(), server["migration_cycle"].as_str()),
        (Some("unavailable"), Some("checking"))
    );
    let failed = |check: &&Value| check["result"] == "ERROR";
    assert_eq!(server["checks"].as_array().unwrap().iter().find(failed).unwrap()["error_code"], "SMS.6517");
    let (_, code, _) = sms.post("/v3/tasks", task(made["id"].as_str().unwrap())).await;
    assert_eq!(code, "SMS.6520");
    sms.check_answers();
}

#[tokio::test]
async fn target_is_created_from_a_template() {
    let sms = start().await;
    let template = json!({ "template": { "name": "t1", "region": "cn-north-4" } });
    let made = sms.done(Method::POST, "/v3/vm/templates", template).await;
    let more =
        json!({ "vm_template_id": made["id"], "target_server": { "name": "new" }, "exist_server": false });
    let id = sms.create("web-1", more).await;
    sms.act(&id, "start").await;
    assert!(sms.task(&id).await["target_server"]["vm_id"].is_null());
    sms.emulator.advance_clock(STEP);
    assert!(sms.task(&id).await["target_server"]["vm_id"].is_string());
    assert_eq!(sms.sub_tasks(&id).await[0], "REPLICATE/CREATE_CLOUD_SERVER 100");
    sms.check_answers();
}

#[tokio::test]
async fn chosen_sub_task_fails_with_the_chosen_error_and_is_resumed() {
    let error_json = r#"{"error_code":"SMS.0515","error_param":"[]"}"#;
    let kind = FaultKind::FailSubtask {
        subtask: "MIGRATE_LINUX_FILE".into(),
        server: Some("web-1".into()),
        percent: 40,
        error_json: error_json.into(),
    };
    let sms = Sms::of(sms_builder().fault(Fault::new(kind)).start().await.unwrap()).await;
    let id = sms.create("web-1", json!({})).await;
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(LONG);
    let shown = sms.task(&id).await;
    assert_eq!(
        (shown["state"].as_str(), shown["error_json"].as_str()),
        (Some("MIGRATE_FAIL"), Some(error_json))
    );
    assert_eq!(sms.sub_tasks(&id).await.last().unwrap(), "REPLICATE/MIGRATE_LINUX_FILE 40");
    assert_eq!(sms.server("web-1").await["state"], "error");
    let errors = sms.get("/v3/errors?offset=0").await;
    assert_eq!(
        (errors["count"].as_u64(), errors["migration_errors"][0]["error_json"].as_str()),
        (Some(1), Some(error_json))
    );
    assert_eq!(sms.get("/v3/sources/overview").await["error"], 1);
    sms.act(&id, "start").await;
    assert_eq!(sms.task(&id).await["error_json"], "");
    sms.emulator.advance_clock(COPY + STEP * 2);
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    sms.check_answers();
}

#[tokio::test]
async fn failed_synchronisation_is_rolled_back() {
    let sms = start().await;
    let id = sms.syncing("web-1").await;
    sms.act(&id, "cutover").await;
    sms.emulator.advance_clock(STEP * 2);
    let fault = json!({ "kind": "fail_subtask", "subtask": "SYNC_LINUX_FILE" });
    let url = format!("{}/_emulator/faults", sms.emulator.url());
    assert_eq!(client().post(url).json(&fault).send().await.unwrap().status(), 200);
    sms.act(&id, "restart").await;
    sms.emulator.advance_clock(STEP * 3);
    assert_eq!(sms.state(&id).await, "SYNC_FAIL");
    sms.act(&id, "sync_failed_rollback").await;
    assert_eq!(sms.state(&id).await, "SYNC_F_ROLLBACKING");
    sms.emulator.advance_clock(STEP);
    assert_eq!(sms.state(&id).await, "SYNC_F_ROLLBACK_SUCCESS");
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(STEP * 3);
    assert_eq!(sms.state(&id).await, "SYNCING");
    sms.check_answers();
}

#[tokio::test]
async fn faults_of_calls_reach_this_service_by_its_own_ids() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    let faults = sms.emulator.faults();
    faults.push(Fault::new(FaultKind::State { state: json!("MIGRATE_SUCCESS5") }).on("sms.ShowTask"));
    let shown = sms.task(&id).await;
    assert_eq!(
        (shown["state"].as_str(), shown["source_server"]["state"].as_str()),
        (Some("MIGRATE_SUCCESS5"), Some("waiting"))
    );
    faults.push(Fault::new(FaultKind::UnknownField).on("ListTasks"));
    assert!(sms.get("/v3/tasks").await.get("emulator_unknown_member").is_some());
    faults.push(Fault::new(FaultKind::Unauthorized).on("oms.ShowTask"));
    assert_eq!(sms.state(&id).await, "READY", "a fault of another service does not strike");
    faults.clear();
    faults.push(Fault::new(FaultKind::LoseReply).on("sms.UpdateTaskStatus"));
    let url = format!("{}/v3/tasks/{id}/action", sms.emulator.url());
    let request =
        client().post(url).header("X-Auth-Token", &sms.token).json(&json!({ "operation": "start" }));
    assert!(request.send().await.is_err());
    assert_eq!(sms.state(&id).await, "RUNNING", "the action was carried out");
    faults.push(Fault::new(FaultKind::BigIds));
    assert!(sms.task(&id).await["sub_tasks"][0]["id"].as_i64().unwrap() < 1 << 53);
    sms.emulator.advance_clock(STEP);
    assert!(sms.task(&id).await["sub_tasks"][1]["id"].as_i64().unwrap() > 1 << 53);
}

#[tokio::test]
async fn callers_of_the_account_and_of_its_projects_are_let_in() {
    let sms = start().await;
    let scope = json!({ "domain": { "name": common::ACCOUNT } });
    let body = common::password_body(common::PASSWORD, &scope);
    let answer = post_tokens(&sms.emulator, &body).await;
    let token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
    let list = async |headers: &[(&str, &str)]| {
        let mut request = client().get(format!("{}/v3/tasks", sms.emulator.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        common::code(request.send().await.unwrap()).await
    };
    let project = sms.emulator.project_id().to_owned();
    let account = sms.emulator.account_id(common::ACCOUNT);
    assert_eq!(list(&[("X-Auth-Token", &token)]).await.0, 200);
    assert_eq!(list(&[("X-Auth-Token", &sms.token), ("X-Project-Id", &project)]).await.0, 200);
    assert_eq!(list(&[("X-Auth-Token", &token), ("X-Domain-Id", &account)]).await.0, 200);
    let both = list(&[("X-Auth-Token", &token), ("X-Domain-Id", &account), ("X-Project-Id", &project)]).await;
    assert_eq!((both.0, both.1.as_str()), (401, "APIGW.0301"));
    let other = list(&[("X-Auth-Token", &token), ("X-Domain-Id", "other")]).await;
    assert_eq!((other.0, other.1.as_str()), (403, "SMS.2002"));
    assert_eq!(list(&[("X-Auth-Token", &sms.token), ("X-Project-Id", "other")]).await.0, 403);
    assert_eq!(list(&[]).await.0, 401);
}

#[tokio::test]
async fn signature_needs_the_header_of_a_project_or_an_account() {
    let sms = start().await;
    let signer = Signer::new(AK, common::SK);
    let list = async |signer: &Signer| {
        signer.send(&sms.emulator, Method::GET, "/v3/tasks", "", "").await.status().as_u16()
    };
    assert_eq!(list(&signer).await, 401);
    let with = Signer { project_id: Some(sms.emulator.project_id().to_owned()), ..signer.clone() };
    assert_eq!(list(&with).await, 200);
    let other = Signer { project_id: Some("other".to_owned()), ..signer };
    assert_eq!(list(&other).await, 403);
}

#[tokio::test]
async fn accounts_do_not_see_each_others_servers() {
    let emulator = sms_builder()
        .user("other-account", "other-user", "other-password".into())
        .another_project("other-account", "cn-north-4", "0123456789abcdef0123456789abcdef")
        .start()
        .await
        .unwrap();
    let sms = Sms::of(emulator).await;
    let id = sms.create("web-1", json!({})).await;
    let body = json!({ "auth": { "identity": { "methods": ["password"], "password": { "user": {
        "name": "other-user", "password": "other-password", "domain": { "name": "other-account" } } } },
        "scope": { "domain": { "name": "other-account" } } } });
    let answer = post_tokens(&sms.emulator, &body).await;
    let token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
    let other = Sms { emulator: sms.emulator, token };
    assert_eq!(other.get("/v3/sources").await["count"], 0);
    assert_eq!(other.get("/v3/tasks").await["count"], 0);
    for (method, path) in [
        (Method::GET, format!("/v3/tasks/{id}")),
        (Method::DELETE, format!("/v3/tasks/{id}")),
        (Method::GET, format!("/v3/tasks/{id}/passphrase")),
    ] {
        assert_eq!(other.call(method, &path, Value::Null).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn version_calls_answer_both_services() {
    let sms = Sms::of(builder().start().await.unwrap()).await;
    let versions = sms.get("/").await;
    let ids: Vec<_> =
        versions["versions"].as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["v1", "v2", "v3"]);
    assert_eq!(sms.get("/v3").await["status"], "SUPPORTED");
    assert_eq!(sms.get("/v2").await["status"], "CURRENT");
    sms.emulator.faults().push(Fault::new(FaultKind::BadGateway).on("sms.ListApiVersion"));
    assert_eq!(sms.call(Method::PATCH, "/v3/tasks", Value::Null).await.1, "SMS.2003");
    assert_eq!(sms.send(Method::GET, "/", None).await.status(), 502);
    sms.check_answers();
}
