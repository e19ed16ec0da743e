//! Templates, migration projects, settings, secrets, lists and the journal.
#![allow(clippy::unwrap_used)]

mod common;

use common::sms::{Sms, sms_builder, start};
use reqwest::Method;
use serde_json::{Value, json};

fn template(name: &str) -> Value {
    json!({ "template": {
        "name": name, "is_template": true, "region": "cn-north-4", "projectid": "p", "availability_zone": "az1",
        "target_server_name": "t", "volumetype": "SAS", "data_volume_type": "SAS", "flavor": "s6.large.2",
        "vpc": { "id": "autoCreate", "name": "v" }, "nics": [{ "id": "autoCreate", "name": "n", "cidr": "c" }],
        "security_groups": [{ "id": "autoCreate", "name": "s" }],
        "disk": [{ "index": 0, "name": "system", "disktype": "SAS", "size": 40, "device_use": "OS" }],
        "target_password": "canary-target-password",
    } })
}

#[tokio::test]
async fn template_keeps_its_password_and_nothing_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let begin = async || sms_builder().state_dir(dir.path()).journal_file(true).start().await.unwrap();
    let sms = Sms::of(begin().await).await;
    let made = sms.done(Method::POST, "/v3/vm/templates", template("t1")).await;
    let path = format!("/v3/vm/templates/{}", made["id"].as_str().unwrap());
    let shown = sms.get(&path).await["template"].clone();
    assert_eq!((shown["is_template"].as_str(), shown["disk"][0]["size"].as_u64()), (Some("true"), Some(40)));
    sms.done(Method::PUT, &path, json!({ "template": { "name": "t2" } })).await;
    let mut unknown = template("t3");
    unknown["template"]["made_up"] = json!("canary-unlisted");
    sms.done(Method::POST, "/v3/vm/templates", unknown).await;
    drop(sms);
    let sms = Sms::of(begin().await).await;
    assert_eq!(sms.get(&path).await["template"]["name"], "t2");
    let password = sms.get(&format!("{path}/target-password")).await;
    assert_eq!(password["target_password"], "canary-target-password");
    assert_eq!(sms.get("/v3/vm/templates?name=t&availability_zone=az1&limit=1").await["count"], 2);
    for file in std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path()) {
        let text = std::fs::read(&file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let name = file.file_name().unwrap().to_str().unwrap();
        let holds = text.unwrap_or_default().contains("canary-");
        assert_eq!(holds, name == "sms-passwords.json", "{name}");
    }
    sms.done(Method::POST, "/v3/vm/templates/delete", json!({ "ids": [made["id"]] })).await;
    assert_eq!(sms.call(Method::GET, &path, Value::Null).await.0, 404);
    sms.check_answers();
}

#[cfg(unix)]
#[tokio::test]
async fn passwords_lie_in_a_file_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let sms = Sms::of(sms_builder().state_dir(dir.path()).start().await.unwrap()).await;
    sms.done(Method::POST, "/v3/vm/templates", template("t1")).await;
    let mode = std::fs::metadata(dir.path().join("sms-passwords.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn generated_secrets_stay_the_same_and_out_of_the_journal() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    let other = sms.create("desk-1", json!({ "type": "MIGRATE_BLOCK", "os_type": "WINDOWS" })).await;
    let passphrase = sms.get(&format!("/v3/tasks/{id}/passphrase")).await;
    assert_eq!(passphrase, sms.get(&format!("/v3/tasks/{id}/passphrase")).await);
    assert_ne!(
        passphrase["passphrase"],
        sms.get(&format!("/v3/tasks/{other}/passphrase")).await["passphrase"]
    );
    let keys = sms.get(&format!("/v3/tasks/{id}/certkey")).await;
    assert!(keys["private_key"].as_str().unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(keys.get("ca").is_none());
    assert!(sms.get(&format!("/v3/tasks/{id}/certkey?enable_ca_cert=true")).await["ca"].is_string());
    let made = sms.done(Method::POST, "/v3/vm/templates", template("t1")).await;
    sms.get(&format!("/v3/vm/templates/{}/target-password", made["id"].as_str().unwrap())).await;
    let journal = serde_json::to_string(&sms.emulator.journal()).unwrap();
    for secret in [&passphrase["passphrase"], &keys["private_key"], &json!("canary-target-password")] {
        assert!(!journal.contains(secret.as_str().unwrap()));
    }
    sms.check_answers();
}

#[tokio::test]
async fn journal_says_that_no_server_is_moved() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    sms.done(Method::POST, "/v3/vm/templates", template("t1")).await;
    let journal = sms.emulator.journal();
    let entry =
        |operation: &str| journal.iter().find(|entry| entry.operation.as_deref() == Some(operation)).unwrap();
    let create = entry("CreateTask");
    assert_eq!((create.service.as_deref(), create.simulated), (Some("sms"), true));
    assert_eq!(create.body["name"], "MigrationTask");
    assert_eq!(entry("CreateTemplate").body["template"]["target_password"], "[redacted]");
    assert!(!entry("KeystoneCreateToken").simulated);
    sms.task(&id).await;
    let url = format!("{}/_emulator/journal?operation=sms.ShowTask", sms.emulator.url());
    let found: Value = common::client().get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(found["entries"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&found["entries"][0]["simulated"], &found["entries"][0]["path"]),
        (&json!(true), &json!(format!("/v3/tasks/{id}")))
    );
    let url = url.replace("sms.ShowTask", "oms.ShowTask");
    let found: Value = common::client().get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(found["entries"], json!([]));
}

#[tokio::test]
async fn migration_projects_have_names_a_default_and_a_limit() {
    let sms = start().await;
    let list = sms.get("/v3/migprojects").await;
    assert_eq!((list["count"].as_u64(), &list["migprojects"][0]["isdefault"]), (Some(1), &json!(true)));
    let first = list["migprojects"][0]["id"].as_str().unwrap().to_owned();
    let project = |name: &str| json!({ "name": name, "region": "cn-north-4", "type": "MIGRATE_FILE" });
    let made = sms.done(Method::POST, "/v3/migprojects", project("p-1")).await;
    let id = made["id"].as_str().unwrap();
    let path = format!("/v3/migprojects/{id}");
    assert_eq!(sms.post("/v3/migprojects", project("p-1")).await.0, 400, "the name is taken");
    assert_eq!(sms.post("/v3/migprojects", project("p 1")).await.0, 400, "a blank is not allowed");
    let gone = async |path: &str| sms.call(Method::DELETE, path, Value::Null).await.0;
    let old = format!("/v3/migprojects/{first}");
    assert_eq!(gone(&old).await, 400, "it is the default");
    let change = json!({ "description": "changed", "speed_limit": 5, "name": "p-1b" });
    sms.done(Method::PUT, &path, change).await;
    assert_eq!(sms.get(&path).await["description"], "changed");
    sms.done(Method::PUT, &format!("{path}/default"), Value::Null).await;
    assert_eq!(sms.get(&path).await["isdefault"], true);
    assert_eq!(sms.get(&old).await["isdefault"], false);
    assert_eq!(gone(&old).await, 400, "it holds servers");
    for name in ["web-1", "desk-1"] {
        let server = sms.source(name).await;
        sms.done(
            Method::PUT,
            &format!("/v3/sources/{server}"),
            json!({ "migprojectid": id, "name": format!("{name}-b") }),
        )
        .await;
    }
    assert_eq!(sms.get(&format!("/v3/sources?migproject={id}&name=web-1-b")).await["count"], 1);
    assert_eq!(gone(&old).await, 200);
    for number in 2..=50 {
        sms.done(Method::POST, "/v3/migprojects", project(&format!("p-{number}"))).await;
    }
    let (status, code, message) = sms.post("/v3/migprojects", project("p-51")).await;
    assert_eq!((status, code.as_str()), (400, "SMS.8115"), "{message}");
    let page = sms.get("/v3/migprojects?limit=20&offset=40").await;
    assert_eq!((page["count"].as_u64(), page["migprojects"].as_array().unwrap().len()), (Some(50), 10));
    sms.check_answers();
}

#[tokio::test]
async fn options_settings_and_the_privacy_statement_are_kept() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    let path = format!("/v3/tasks/{id}/configuration-setting");
    let option = |value: &str| json!({ "config_key": "MIGRATE_EXCLUDE_DIR", "config_value": value });
    sms.done(Method::POST, &path, json!({ "configurations": [option("/tmp")] })).await;
    let more = json!({ "config_key": "LINUX_CPU_LIMIT", "config_value": "50" });
    sms.done(Method::POST, &path, json!({ "configurations": [option("/var/tmp"), more] })).await;
    let shown = sms.get(&format!("{path}?config_key=MIGRATE_EXCLUDE_DIR")).await;
    assert_eq!(
        (&shown["configurations"], shown["migrate_type"].as_str()),
        (&json!([option("/var/tmp")]), Some("LINUX_MIGRATE_FILE"))
    );
    assert_eq!(sms.get("/v3/tasks").await["tasks"][0]["special_config"].as_array().unwrap().len(), 2);
    assert_eq!(sms.get("/v3/privacy-agreements").await["flag"], false);
    sms.done(Method::POST, "/v3/privacy-agreements", Value::Null).await;
    assert_eq!(sms.get("/v3/privacy-agreements").await["flag"], true);
    assert_eq!(sms.get("/v3/config").await["config"]["mainRegion"], "cn-north-4");
    sms.check_answers();
}

#[tokio::test]
async fn lists_are_filtered_paged_and_counted() {
    let sms = start().await;
    assert_eq!(sms.get("/v3/sources?limit=1").await["source_servers"].as_array().unwrap().len(), 1);
    assert_eq!(sms.get("/v3/sources?limit=0").await["source_servers"].as_array().unwrap().len(), 2);
    for (query, count) in [
        ("state=waiting", 2),
        ("state=error", 0),
        ("name=desk", 1),
        ("connected=false", 0),
        ("connected=true", 2),
        ("migration_cycle=setting", 2),
        ("ip=192.168.0.4&ipv6=nothing", 1),
        ("ipv6=nothing", 0),
        ("id=nothing", 0),
    ] {
        assert_eq!(sms.get(&format!("/v3/sources?{query}")).await["count"], count, "{query}");
    }
    let overview = sms.get("/v3/sources/overview").await;
    assert_eq!((overview["unconfigured"].as_u64(), overview["waiting"].as_u64()), (Some(2), Some(0)));
    let id = sms.create("web-1", json!({})).await;
    let overview = sms.get("/v3/sources/overview").await;
    assert_eq!((overview["unconfigured"].as_u64(), overview["waiting"].as_u64()), (Some(1), Some(1)));
    for (query, count) in
        [("state=READY", 1), ("state=RUNNING", 0), ("name=Migration", 1), ("source_server_id=x", 0)]
    {
        assert_eq!(sms.get(&format!("/v3/tasks?{query}")).await["count"], count, "{query}");
    }
    assert_eq!(sms.get(&format!("/v3/tasks?id={id}")).await["count"], 1);
    assert_eq!(sms.call(Method::GET, "/v3/errors", Value::Null).await.0, 400, "offset is required");
    assert_eq!(sms.call(Method::GET, "/v3/tasks?state=NOTHING", Value::Null).await.0, 400);
    sms.check_answers();
}

#[tokio::test]
async fn task_and_server_are_changed_and_deleted() {
    let sms = start().await;
    let source = sms.source("web-1").await;
    let disks = json!({ "disks": [{ "id": "/dev/vda", "need_migration": false }] });
    sms.done(Method::PUT, &format!("/v3/sources/{source}"), disks).await;
    let id = sms.create("web-1", json!({})).await;
    let change = json!({ "name": "renamed", "target_server": { "name": "other-target" }, "speed_limit": 7 });
    assert_eq!(sms.done(Method::PUT, &format!("/v3/tasks/{id}"), change).await["id"], id);
    let shown = sms.task(&id).await;
    assert_eq!((shown["name"].as_str(), shown["speed_limit"].as_u64()), (Some("renamed"), Some(7)));
    assert_eq!(shown["target_server"]["name"], "other-target");
    assert!(shown["target_server"]["vm_id"].is_string());
    sms.done(Method::DELETE, &format!("/v3/sources/{source}"), Value::Null).await;
    assert_eq!(sms.call(Method::GET, &format!("/v3/sources/{source}"), Value::Null).await.1, "SMS.2216");
    assert_eq!(
        sms.call(Method::GET, &format!("/v3/tasks/{id}"), Value::Null).await.0,
        404,
        "its task went with it"
    );
    sms.check_answers();
}
