//! Server migration, from the creation of a task to its end.
#![allow(clippy::unwrap_used)]

mod common;

use common::sms::{COPY, LONG, STEP, USED, start};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn first_copy_shows_its_sub_tasks_rate_and_bytes() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    assert_eq!(sms.state(&id).await, "READY");
    assert_eq!(sms.server("web-1").await["state"], "waiting");
    sms.act(&id, "start").await;
    assert_eq!(sms.state(&id).await, "RUNNING");
    assert_eq!(sms.server("web-1").await["state"], "initialize");
    sms.emulator.advance_clock(STEP * 3 + COPY / 4);
    let task = sms.task(&id).await;
    assert_eq!(task["subtask_info"], "MIGRATE_LINUX_FILE-25");
    assert_eq!(task["migrate_speed"], 1_000.0);
    let remaining = (COPY * 3 / 4 + STEP * 2).as_secs();
    assert!((remaining - 60..=remaining).contains(&task["remain_seconds"].as_u64().unwrap()), "{task}");
    assert!(task["estimate_complete_time"].as_i64() > task["start_date"].as_i64());
    let server = sms.server("web-1").await;
    assert_eq!(
        (server["state"].as_str(), server["migration_cycle"].as_str()),
        (Some("replicate"), Some("replicating"))
    );
    assert_eq!(server["totalsize"], USED);
    assert!((USED / 4..USED / 3).contains(&server["replicatesize"].as_u64().unwrap()));
    assert_eq!(server["current_task"]["id"], id);
    sms.emulator.advance_clock(COPY + STEP * 2);
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    let steps = [
        "SSL_CONFIG",
        "ATTACH_AGENT_IMAGE",
        "FORMAT_DISK_LINUX_FILE",
        "MIGRATE_LINUX_FILE",
        "CONFIGURE_LINUX_FILE",
        "DETTACH_AGENT_IMAGE",
    ];
    assert_eq!(sms.sub_tasks(&id).await, steps.map(|step| format!("REPLICATE/{step} 100")));
    let task = sms.task(&id).await;
    let moment = |index: usize, name: &str| task["sub_tasks"][index][name].as_i64().unwrap();
    assert_eq!(moment(3, "end_date") - moment(3, "start_date"), COPY.as_millis() as i64);
    assert_eq!(moment(4, "start_date"), moment(3, "end_date"));
    assert_eq!(task["finish_date"], moment(5, "end_date"));
    assert_eq!(task["total_time"], (STEP * 5 + COPY).as_millis() as u64);
    let server = sms.server("web-1").await;
    assert_eq!(
        (server["state"].as_str(), server["migration_cycle"].as_str()),
        (Some("finished"), Some("cutovered"))
    );
    sms.check_answers();
}

#[tokio::test]
async fn synchronising_task_is_cut_over_and_synchronised_again() {
    let sms = start().await;
    let id = sms.syncing("web-1").await;
    assert_eq!(sms.sub_tasks(&id).await.len(), 4);
    assert_eq!(sms.server("web-1").await["state"], "syncing");
    sms.act(&id, "cutover").await;
    assert_eq!(sms.state(&id).await, "RUNNING");
    sms.emulator.advance_clock(STEP);
    assert_eq!(sms.server("web-1").await["state"], "cutovering");
    sms.emulator.advance_clock(STEP);
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    sms.act(&id, "restart").await;
    assert_eq!(sms.state(&id).await, "SYNCING");
    let (status, code, _) = sms.try_act(&id, "cutover").await;
    assert_eq!((status, code.as_str()), (400, "SMS.0000"), "the synchronisation is not over");
    sms.emulator.advance_clock(STEP * 4);
    sms.act(&id, "cutover").await;
    sms.emulator.advance_clock(STEP * 2);
    sms.act(&id, "restart").await;
    sms.emulator.advance_clock(STEP * 4);
    assert_eq!(sms.state(&id).await, "SYNCING");
    let ops: Vec<_> =
        sms.sub_tasks(&id).await.iter().map(|sub| sub.split('/').next().unwrap().to_owned()).collect();
    let wanted = [("REPLICATE", 4), ("CUTOVER0", 2), ("RESYNC0", 3), ("CUTOVER1", 2), ("RESYNC1", 3)];
    assert_eq!(ops, wanted.into_iter().flat_map(|(op, count)| vec![op; count]).collect::<Vec<_>>());
    sms.check_answers();
}

#[tokio::test]
async fn task_without_continuous_synchronisation_ends_in_sync_success() {
    let sms = start().await;
    let id = sms.create("desk-1", json!({ "type": "MIGRATE_BLOCK", "os_type": "WINDOWS" })).await;
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(LONG);
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    sms.act(&id, "restart").await;
    sms.emulator.advance_clock(STEP * 2);
    let server = sms.server("desk-1").await;
    assert!(server["totalsize"].as_u64().unwrap() < USED, "only what changed is copied again");
    sms.emulator.advance_clock(LONG);
    assert_eq!(sms.state(&id).await, "SYNC_SUCCESS");
    let last = sms.sub_tasks(&id).await.split_off(6);
    let steps = [
        "SSL_CONFIG",
        "ATTACH_AGENT_IMAGE",
        "SYNC_WINDOWS_BLOCK",
        "CONFIGURE_WINDOWS",
        "DETTACH_AGENT_IMAGE",
    ];
    assert_eq!(last, steps.map(|step| format!("RESYNC0/{step} 100")));
    sms.check_answers();
}

#[tokio::test]
async fn stopped_task_goes_on_where_it_was() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(STEP * 3 + COPY / 2);
    sms.act(&id, "stop").await;
    assert_eq!(
        (sms.state(&id).await.as_str(), sms.server("web-1").await["state"].as_str()),
        ("ABORTING", Some("stopping"))
    );
    sms.emulator.advance_clock(STEP);
    assert_eq!(
        (sms.state(&id).await.as_str(), sms.server("web-1").await["state"].as_str()),
        ("ABORT", Some("stopped"))
    );
    sms.emulator.advance_clock(LONG);
    assert_eq!(sms.task(&id).await["subtask_info"], "MIGRATE_LINUX_FILE-50");
    assert_eq!(sms.task(&id).await["migrate_speed"], 0.0);
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(COPY / 2);
    let sub_tasks = sms.sub_tasks(&id).await;
    assert_eq!(sub_tasks[3], "REPLICATE/MIGRATE_LINUX_FILE 100");
    sms.act(&id, "stop").await;
    sms.emulator.advance_clock(STEP);
    sms.act(&id, "restart").await;
    assert_eq!(sms.state(&id).await, "RESETING");
    sms.emulator.advance_clock(STEP * 2);
    assert_eq!(sms.task(&id).await["subtask_info"], "ATTACH_AGENT_IMAGE-0");
    sms.check_answers();
}

#[tokio::test]
async fn refused_actions_have_their_documented_codes() {
    let sms = start().await;
    let id = sms.create("web-1", json!({})).await;
    let code = async |operation: &str| sms.try_act(&id, operation).await;
    assert_eq!(code("stop").await.1, "SMS.1038");
    assert_eq!(code("restart").await.1, "SMS.1040");
    assert_eq!(code("cutover").await.1, "SMS.0000");
    sms.act(&id, "start").await;
    let (status, error, message) = code("start").await;
    assert_eq!((status, error.as_str()), (400, "SMS.1039"));
    assert!(message.contains("operation start, state RUNNING"), "{message}");
    assert_eq!(sms.post("/v3/tasks/nothing/action", json!({"operation": "start"})).await.0, 404);
    assert_eq!(code("pause").await.0, 400, "a word that the document does not have");
}

#[tokio::test]
async fn speed_limits_slow_the_copy_down() {
    let sms = start().await;
    let id = sms.create("web-1", json!({ "speed_limit": 100 })).await;
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(STEP * 3 + COPY);
    let task = sms.task(&id).await;
    assert_eq!((task["migrate_speed"].as_f64(), task["speed_limit"].as_u64()), (Some(100.0), Some(100)));
    assert_eq!(task["subtask_info"], "MIGRATE_LINUX_FILE-10");
    let periods = json!({ "speed_limit": [{ "start": "00:00", "end": "24:00", "speed": 50, "over_speed_threshold": 20.0 }] });
    sms.done(Method::POST, &format!("/v3/tasks/{id}/speed-limit"), periods.clone()).await;
    assert_eq!(sms.get(&format!("/v3/tasks/{id}/speed-limit")).await, periods);
    assert_eq!(sms.task(&id).await["migrate_speed"], 50.0);
    let overlapping = json!({ "speed_limit": [
        { "start": "08:00", "end": "12:00", "speed": 5 }, { "start": "11:00", "end": "13:00", "speed": 6 } ] });
    let (status, _, message) = sms.post(&format!("/v3/tasks/{id}/speed-limit"), overlapping).await;
    assert_eq!(status, 400);
    assert!(message.contains("overlaps"), "{message}");
    sms.done(Method::POST, &format!("/v3/tasks/{id}/speed-limit"), json!({ "speed_limit": [] })).await;
    sms.done(Method::PUT, &format!("/v3/tasks/{id}"), json!({ "speed_limit": 0 })).await;
    sms.emulator.advance_clock(COPY);
    assert_eq!(sms.sub_tasks(&id).await[3], "REPLICATE/MIGRATE_LINUX_FILE 100");
    sms.check_answers();
}

#[tokio::test]
async fn clone_is_made_while_the_task_synchronises() {
    let sms = start().await;
    let id = sms.syncing("web-1").await;
    sms.act(&id, "clone_test").await;
    assert_eq!(sms.state(&id).await, "SYNCING");
    assert_eq!(sms.server("web-1").await["state"], "cloning");
    assert_eq!(sms.task(&id).await["clone_server"]["clone_state"], "CREATING");
    sms.emulator.advance_clock(STEP);
    let clone = sms.task(&id).await["clone_server"].clone();
    assert_eq!(clone["clone_state"], "FINISHED");
    assert_eq!(sms.server("web-1").await["state"], "syncing");
    assert_eq!(sms.sub_tasks(&id).await.last().unwrap(), "-/CLONE_VM 100");
    let found = sms.get(&format!("/v3/sources?vm_id={}", clone["vm_id"].as_str().unwrap())).await;
    assert_eq!(found["count"], 1);
    sms.check_answers();
}

#[tokio::test]
async fn drill_network_check_logs_and_snapshots_take_a_step() {
    let sms = start().await;
    let id = sms.create("web-1", json!({ "need_migration_test": true, "start_network_check": true })).await;
    assert_eq!(sms.server("web-1").await["state"], "premigready");
    sms.act(&id, "migration_test").await;
    assert_eq!(sms.server("web-1").await["state"], "premiging");
    assert_eq!(sms.try_act(&id, "start").await.1, "SMS.1039");
    sms.emulator.advance_clock(STEP);
    assert_eq!(sms.server("web-1").await["state"], "premiged");
    assert_eq!(sms.task(&id).await["network_check_info"]["migration_speed"], 1_000.0);
    sms.done(Method::POST, &format!("/v3/tasks/{id}/log"), json!({ "log_bucket": "logs" })).await;
    let log = async || sms.get("/v3/sources?name=web-1").await["source_servers"][0]["current_task"].clone();
    assert_eq!(log().await["log_collect_status"], "UPLOADING");
    sms.emulator.advance_clock(STEP);
    assert_eq!(log().await["log_collect_status"], "UPLOADED");
    assert!(log().await["log_share_url"].as_str().unwrap().contains("Signature="));
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(LONG);
    sms.act(&id, "clear").await;
    assert_eq!(sms.server("web-1").await["state"], "clearing");
    sms.emulator.advance_clock(STEP);
    assert_eq!(sms.server("web-1").await["state"], "cleared");
    sms.check_answers();
}

#[tokio::test]
async fn consistency_check_can_be_skipped_or_seen_and_exported() {
    let sms = start().await;
    let id = sms.create("web-1", json!({ "is_need_consistency_check": true })).await;
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(STEP * 3 + COPY);
    assert_eq!(sms.task(&id).await["subtask_info"], "CHECK_CONSISTENCY-0");
    sms.act(&id, "skip").await;
    assert_eq!(
        (sms.state(&id).await.as_str(), sms.server("web-1").await["state"].as_str()),
        ("SKIPPING", Some("skipping"))
    );
    sms.emulator.advance_clock(STEP * 3);
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    let path = format!("/v3/tasks/{id}/consistency-result");
    assert_eq!(sms.get(&path).await["result_list"], json!([]));
    let entry = json!({ "dir_check": "/data, and more", "num_total_files": 9, "num_different_files": 1,
        "num_target_miss_files": 0, "num_target_more_files": 0 });
    sms.done(Method::POST, &path, json!({ "consistency_result": [entry] })).await;
    let result = sms.get(&path).await["result_list"][0].clone();
    assert_eq!((result["check_result"].as_str(), &result["consistency_result"][0]), (Some("false"), &entry));
    let asked = json!({ "task_info": [{ "task_id": id }] });
    let answer = sms.send(Method::POST, "/v3/tasks/consistency-results/export", Some(&asked)).await;
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    let text = answer.text().await.unwrap();
    assert!(text.lines().nth(1).unwrap().ends_with("\"/data, and more\",9,1,0,0"), "{text}");
    assert_eq!(sms.get("/v3/sources?is_consistency_result_exist=true").await["count"], 1);
    sms.check_answers();
}
