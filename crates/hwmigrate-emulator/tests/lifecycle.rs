//! Starting, stopping, and what stays.
#![allow(clippy::unwrap_used)]

mod common;

use std::net::SocketAddr;

use common::{builder, get, login, start, tasks};
use hwmigrate_emulator::{Fault, FaultKind};

#[tokio::test]
async fn address_that_others_reach_is_refused() {
    let error = builder().listen("0.0.0.0:0".parse().unwrap()).start().await.unwrap_err().to_string();
    assert!(error.contains("loopback"), "{error}");
}

#[tokio::test]
async fn address_that_is_taken_is_named() {
    let emulator = start().await;
    let address: SocketAddr = emulator.url().trim_start_matches("http://").parse().unwrap();
    let error = builder().listen(address).start().await.unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn token_is_good_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = builder().state_dir(dir.path()).start().await.unwrap();
    let token = login(&first).await;
    first.shutdown().await;
    let second = builder().state_dir(dir.path()).start().await.unwrap();
    assert_eq!(get(&tasks(&second), &token).await.unwrap().status(), 200);
}

#[tokio::test]
async fn token_of_another_emulator_is_unknown() {
    let (first, second) = (start().await, start().await);
    let token = login(&first).await;
    assert_eq!(get(&tasks(&second), &token).await.unwrap().status(), 401);
}

#[tokio::test]
async fn shutdown_lets_an_answer_finish() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let url = format!("{}/v2", emulator.url());
    emulator.faults().push(Fault::new(FaultKind::Delay { milliseconds: 100 }));
    let answer = tokio::spawn(async move { get(&url, &token).await });
    while emulator.journal().len() < 2 {
        tokio::task::yield_now().await;
    }
    emulator.shutdown().await;
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn dropped_emulator_frees_its_port() {
    let emulator = start().await;
    let address: SocketAddr = emulator.url().trim_start_matches("http://").parse().unwrap();
    drop(emulator);
    // The accept loop ends when the runtime comes to it, which is at the next turn.
    tokio::task::yield_now().await;
    builder().listen(address).start().await.unwrap().shutdown().await;
}

#[tokio::test]
async fn setting_that_cannot_work_is_named() {
    let error = builder().totp_user("a", "b", "c".into(), "not base32!".into()).start().await.unwrap_err();
    assert!(error.to_string().contains("base32"), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = builder().state_dir(file.path()).start().await.unwrap_err();
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn settings_that_requests_could_not_name_or_that_are_there_twice_are_refused() {
    let error =
        |builder: hwmigrate_emulator::Builder| async { builder.start().await.unwrap_err().to_string() };
    assert!(error(builder().project("../..")).await.contains("\"../..\" cannot be a project id"));
    assert!(error(builder().project("")).await.contains("project id"));
    assert!(error(builder().region("a/b")).await.contains("region"));
    let twice = error(builder().access_key(common::AK, "another".into())).await;
    assert!(twice.contains("access key is there twice") && !twice.contains(common::AK), "{twice}");
    assert!(error(builder().access_key("", "x".into())).await.contains("needs a name"));
    let user = builder().user(common::ACCOUNT, common::USER, "x".into());
    assert!(error(user).await.contains("made-up-account/made-up-user is there twice"));
    let project = builder().project("p1").another_project("other", "name", "p1");
    assert!(error(project).await.contains("project p1 is there twice"));
    let fault = builder().fault(Fault::new(FaultKind::Reset).on("NoSuchOperation"));
    assert!(error(fault).await.contains("NoSuchOperation"));
}

#[test]
fn handles_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<hwmigrate_emulator::Emulator>();
    shared::<hwmigrate_emulator::Builder>();
    shared::<hwmigrate_emulator::Faults>();
    shared::<hwmigrate_emulator::Entry>();
    shared::<hwmigrate_emulator::EmulatorError>();
}
