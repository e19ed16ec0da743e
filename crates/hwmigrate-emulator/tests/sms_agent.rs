//! Clients that act as agents.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::sms::{LONG, STEP, Sms, registration, start, task};
use reqwest::Method;
use serde_json::{Value, json};

/// A server that a client registered, with a task that was started and whose command the client fetched.
async fn driven(sms: &Sms, more: Value) -> (String, String) {
    let made = sms.done(Method::POST, "/v3/sources", registration("own-1", "fa:16:3e:aa:00:02")).await;
    let source = made["id"].as_str().unwrap().to_owned();
    let mut body = task(&source);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = sms.done(Method::POST, "/v3/tasks", body).await["id"].as_str().unwrap().to_owned();
    assert_eq!(command(sms, &source).await, "TASK_NOT_STARTED");
    sms.act(&id, "start").await;
    assert_eq!(command(sms, &source).await, "START");
    (source, id)
}

async fn command(sms: &Sms, source: &str) -> String {
    sms.get(&format!("/v3/sources/{source}/command")).await["command_name"].as_str().unwrap().to_owned()
}

async fn report(sms: &Sms, id: &str, name: &str, percent: u8, speed: f64) {
    let body = json!({
        "subtask_name": name, "progress": percent, "replicatesize": u32::from(percent) * 5_000,
        "totalsize": 500_000, "process_trace": "as the agent says", "migrate_speed": speed, "remain_time": 42,
        "total_cpu_usage": 12.5,
    });
    sms.done(Method::PUT, &format!("/v3/tasks/{id}/progress"), body).await;
}

#[tokio::test]
async fn registered_server_migrates_by_itself_until_a_client_acts_as_its_agent() {
    let sms = start().await;
    let made = sms.done(Method::POST, "/v3/sources", registration("own-1", "fa:16:3e:aa:00:02")).await;
    let again = sms.done(Method::POST, "/v3/sources", registration("own-2", "fa:16:3e:aa:00:02")).await;
    assert_eq!(made, again, "the first NIC says that it is the same server");
    let id = sms.create("own-1", json!({})).await;
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(LONG);
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    sms.check_answers();
}

#[tokio::test]
async fn reports_of_an_agent_drive_the_task() {
    let sms = start().await;
    let (source, id) = driven(&sms, json!({})).await;
    sms.emulator.advance_clock(Duration::from_secs(60));
    report(&sms, &id, "SSL_CONFIG", 100, 0.0).await;
    report(&sms, &id, "MIGRATE_LINUX_FILE", 30, 77.5).await;
    let shown = sms.task(&id).await;
    assert_eq!(shown["subtask_info"], "MIGRATE_LINUX_FILE-30");
    assert_eq!((shown["migrate_speed"].as_f64(), shown["remain_seconds"].as_u64()), (Some(77.5), Some(42)));
    assert_eq!(shown["total_cpu_usage"], 12.5);
    assert_eq!(shown["sub_tasks"][3]["process_trace"], "as the agent says");
    let server = sms.get(&format!("/v3/sources/{source}")).await;
    assert_eq!(
        (server["replicatesize"].as_u64(), server["totalsize"].as_u64()),
        (Some(150_000), Some(500_000))
    );
    assert_eq!(server["state"], "replicate");
    report(&sms, &id, "MIGRATE_LINUX_FILE", 100, 77.5).await;
    report(&sms, &id, "CONFIGURE_LINUX_FILE", 100, 0.0).await;
    assert_eq!(sms.state(&id).await, "RUNNING");
    report(&sms, &id, "DETTACH_AGENT_IMAGE", 100, 0.0).await;
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    assert_eq!(command(&sms, &source).await, "TASK_HAS_FINISHED");
    assert!(sms.sub_tasks(&id).await.iter().all(|sub| sub.ends_with(" 100")));
    sms.check_answers();
}

#[tokio::test]
async fn results_are_taken_for_the_issued_command_only() {
    let sms = start().await;
    let (source, id) = driven(&sms, json!({})).await;
    let path = format!("/v3/sources/{source}/command_result");
    let result =
        |name: &str, result: &str| json!({ "command_name": name, "result": result, "result_detail": {} });
    assert_eq!(sms.post(&path, result("STOP", "success")).await.1, "SMS.2009");
    sms.done(Method::POST, &path, result("START", "success")).await;
    sms.done(Method::POST, &path, result("START", "fail")).await;
    let shown = sms.task(&id).await;
    assert_eq!(shown["state"], "MIGRATE_FAIL");
    assert!(shown["error_json"].as_str().unwrap().contains("SMS.0007"));
    sms.check_answers();
}

#[tokio::test]
async fn agent_that_is_silent_or_too_fast_is_noticed() {
    let sms = start().await;
    let (source, id) = driven(&sms, json!({ "speed_limit": 100, "over_speed_threshold": 20.0 })).await;
    report(&sms, &id, "MIGRATE_LINUX_FILE", 10, 119.0).await;
    assert_eq!(sms.state(&id).await, "RUNNING");
    report(&sms, &id, "MIGRATE_LINUX_FILE", 20, 121.0).await;
    assert_eq!(sms.state(&id).await, "ABORTING");
    assert_eq!(command(&sms, &source).await, "STOP");
    sms.emulator.advance_clock(STEP);
    assert_eq!(sms.state(&id).await, "ABORT");
    let server = sms.get(&format!("/v3/sources/{source}")).await;
    assert_eq!(server["connected"], false, "it was silent for a whole step");
    assert_eq!(sms.try_act(&id, "start").await.1, "SMS.6603");
    assert_eq!(command(&sms, &source).await, "TASK_HAS_STOPPED");
    sms.act(&id, "start").await;
    sms.check_answers();
}

#[tokio::test]
async fn agent_sets_state_and_disks_unless_the_source_rests() {
    let sms = start().await;
    let source = sms.source("web-1").await;
    let set = async |state: &str| {
        let body = json!({ "copystate": state, "migrationcycle": "ready_for_test" });
        sms.done(Method::PUT, &format!("/v3/sources/{source}/changestate"), body).await;
        sms.get(&format!("/v3/sources/{source}")).await["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(set("init").await, "initialize");
    assert_eq!(set("stopped").await, "stopped");
    assert_eq!(set("replicate").await, "stopped", "what is said to a resting source is ignored");
    let disks = json!({ "disks": [{ "name": "/dev/vdb", "size": 10, "used_size": 5 }], "volumegroups": [] });
    sms.done(Method::PUT, &format!("/v3/sources/{source}/diskinfo"), disks).await;
    assert_eq!(sms.get(&format!("/v3/sources/{source}")).await["disks"][0]["name"], "/dev/vdb");
    let id = sms.create("web-1", json!({})).await;
    let info = json!({ "network_delay": 1.0, "network_jitter": 0.5, "migration_speed": 80.0,
        "loss_percentage": 0.0, "cpu_usage": 10.0, "mem_usage": 20.0, "evaluation_result": "Good!" });
    let said = sms.done(Method::POST, &format!("/v3/{id}/update-network-check-info"), info.clone()).await;
    assert_eq!(said["task_id"], id);
    assert_eq!(sms.task(&id).await["network_check_info"], info);
    sms.check_answers();
}
