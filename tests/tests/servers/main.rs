//! Servers that are migrated against the emulator: waits, actions, whole migrations, many at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod guards;
mod migrations;
mod surface;
mod waits;

use std::time::Duration;

use hwmigrate::sms::types::MigrationType;
use hwmigrate::sms::{Sms, Target, TaskRequest};
use hwmigrate_emulator::Builder;
use hwmigrate_tests::process::{PROJECT, REGION};
use hwmigrate_tests::sandbox::Sandbox;

/// Data of each source server.
const USED: u64 = 100_000_000;

/// How long the emulator takes for a step that moves no data.
const STEP: Duration = Duration::from_millis(30);

/// An emulator whose servers take about 80 ms to copy, and a handle on its service.
async fn quick(servers: &[&str], more: impl FnOnce(Builder) -> Builder) -> (Sandbox, Sms) {
    start(servers, |builder| more(builder.sms_pace(STEP, 10_000))).await
}

/// An emulator whose clock has to be moved for anything to happen.
async fn slow(servers: &[&str]) -> (Sandbox, Sms) {
    start(servers, |builder| builder.sms_pace(Duration::from_secs(3_600), 1)).await
}

async fn start(servers: &[&str], more: impl FnOnce(Builder) -> Builder) -> (Sandbox, Sms) {
    let sandbox = Sandbox::start_with(|builder| {
        let server = |name: &&str| hwmigrate_emulator::SourceServer::new(name).used_bytes(USED);
        more(servers.iter().fold(builder, |builder, name| builder.source_server(server(name))))
    })
    .await
    .unwrap();
    let sms = sandbox.client().unwrap().sms();
    (sandbox, sms)
}

/// The id that the service gave a source server.
async fn source(sms: &Sms, name: &str) -> String {
    let servers = sms.servers().list().all().await.unwrap();
    servers.into_iter().find(|server| server.name.as_deref() == Some(name)).unwrap().id.unwrap()
}

/// A request to move a source server onto an ECS that exists, and to go on synchronising.
async fn request(sms: &Sms, name: &str) -> TaskRequest {
    let server = sms.servers().show(&source(sms, name).await).await.unwrap().into_inner();
    let target = Target::existing(format!("ecs-of-{name}"), name, REGION, PROJECT);
    TaskRequest::for_server(format!("move_{name}"), MigrationType::MigrateFile, &server, target)
        .unwrap()
        .syncing(true)
}
