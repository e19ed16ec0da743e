//! What a restart, or the end of the process, leaves of a migration.
#![allow(clippy::unwrap_used)]

mod common;

use common::sms::{COPY, STEP, Sms, sms_builder};
use hwmigrate_emulator::{Fault, FaultKind};
use reqwest::Method;
use serde_json::{Value, json};

async fn begin(dir: &tempfile::TempDir) -> Sms {
    Sms::of(sms_builder().state_dir(dir.path()).start().await.unwrap()).await
}

#[tokio::test]
async fn killed_emulator_shows_the_same_history_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let sms = begin(&dir).await;
    let id = sms.create("web-1", json!({ "syncing": true })).await;
    sms.act(&id, "start").await;
    sms.emulator.advance_clock(STEP * 2);
    let before = sms.task(&id).await;
    // Dropping it is as sudden as killing its process: nothing is written that was not written before.
    drop(sms);
    let sms = begin(&dir).await;
    let after = sms.task(&id).await;
    assert_eq!(after["state"], "RUNNING");
    for (old, new) in
        before["sub_tasks"].as_array().unwrap().iter().zip(after["sub_tasks"].as_array().unwrap()).take(2)
    {
        assert_eq!(old, new);
    }
    sms.emulator.advance_clock(STEP + COPY);
    sms.done(Method::POST, "/v3/privacy-agreements", Value::Null).await;
    drop(sms);
    let sms = begin(&dir).await;
    assert_eq!(sms.state(&id).await, "SYNCING", "the clock is ahead after a restart too");
    sms.act(&id, "cutover").await;
    sms.emulator.advance_clock(STEP * 2);
    sms.emulator.shutdown().await;
    let sms = begin(&dir).await;
    assert_eq!(sms.state(&id).await, "MIGRATE_SUCCESS");
    assert_eq!(sms.get("/v3/sources").await["count"], 2, "the source servers are not registered twice");
    sms.check_answers();
}

#[tokio::test]
async fn same_seed_shows_the_same_run() {
    let run = async || {
        let sms = Sms::of(sms_builder().seed(5).start().await.unwrap()).await;
        let id = sms.create("web-1", json!({})).await;
        sms.act(&id, "start").await;
        sms.emulator.advance_clock(STEP * 4 + COPY);
        let task = sms.task(&id).await;
        let ids: Vec<_> = task["sub_tasks"].as_array().unwrap().iter().map(|sub| sub["id"].clone()).collect();
        (id, ids, sms.source("web-1").await)
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn failure_that_is_to_come_survives_the_restart_and_lost_agents_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let sms = begin(&dir).await;
    let id = sms.create("web-1", json!({})).await;
    sms.act(&id, "start").await;
    sms.emulator.faults().push(Fault::new(FaultKind::fail_subtask("SSL_CONFIG")));
    assert_eq!(sms.task(&id).await["subtask_info"], "SSL_CONFIG-0");
    drop(sms);
    let sms = begin(&dir).await;
    sms.emulator.advance_clock(STEP);
    let task = sms.task(&id).await;
    assert_eq!(
        (task["state"].as_str(), task["subtask_info"].as_str()),
        (Some("MIGRATE_FAIL"), Some("SSL_CONFIG-50"))
    );
    sms.act(&id, "start").await;
    sms.emulator.faults().push(Fault::new(FaultKind::LoseAgent { server: "web-1".into() }));
    sms.emulator.advance_clock(STEP * 3);
    let task = sms.task(&id).await;
    assert_eq!((task["state"].as_str(), task["connected"].as_bool()), (Some("RUNNING"), Some(false)));
    assert_eq!(task["subtask_info"], "SSL_CONFIG-50", "without its agent the work stands still");
    sms.emulator.faults().restore_agent("web-1");
    sms.emulator.advance_clock(STEP);
    assert_eq!(sms.sub_tasks(&id).await[0], "REPLICATE/SSL_CONFIG 100");
}

#[tokio::test]
async fn setting_that_cannot_be_simulated_is_refused() {
    let error =
        |builder: hwmigrate_emulator::Builder| async { builder.start().await.unwrap_err().to_string() };
    let twice = error(sms_builder().source_server("web-1")).await;
    assert!(twice.contains("two source servers named web-1"), "{twice}");
    assert!(error(sms_builder().source_server("")).await.contains("characters"));
    assert!(error(sms_builder().sms_pace(STEP, 0)).await.contains("Mbit/s"));
}
