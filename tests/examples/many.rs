//! Many migrations at once, watched for the price of a few requests.
//!
//! `cargo run --package hwmigrate-tests --example many`
//!
//! One task per customer folder; the emulator runs five at a time, as the
//! service does, and the rest wait.

#![allow(clippy::print_stdout, reason = "an example for people")]

use std::fs;
use std::time::Duration;

use futures_util::StreamExt as _;
use hwmigrate::fleet::FleetEvent;
use hwmigrate::oms::{Destination, Source, TaskRequest};
use hwmigrate::{Client, Credentials, Service};
use hwmigrate_emulator::Emulator;

const CUSTOMERS: usize = 40;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (source, destination) = (folder.path().join("customers"), folder.path().join("copy"));
    fs::create_dir(&destination)?;
    for customer in 0..CUSTOMERS {
        let home = source.join(format!("customer-{customer:02}"));
        fs::create_dir_all(&home)?;
        fs::write(home.join("invoice.txt"), format!("to customer {customer}"))?;
    }

    let emulator = Emulator::builder()
        .access_key("MADEUPKEY", "made-up-secret-key".into())
        .bucket("customers", &source)
        .bucket("customers-copy", &destination)
        .start()
        .await?;
    let client = Client::builder()
        .region("cn-north-4")
        .credentials(Credentials::access_key("MADEUPKEY".into(), "made-up-secret-key".into()))
        .endpoint(Service::Iam, emulator.url())
        .endpoint(Service::Oms, emulator.url())
        .build()?;
    let tasks = client.oms().tasks();

    let mut ids = Vec::new();
    for customer in 0..CUSTOMERS {
        let request = TaskRequest::new(
            Source::bucket("AWS", "eu-central-1", "customers", "made-up-ak", "made-up-sk"),
            Destination::new("cn-north-4", "customers-copy", "made-up-ak", "made-up-sk"),
        );
        let request = request.prefix(format!("customer-{customer:02}/"));
        ids.push(tasks.create_once(&request.into()).await?.id);
    }

    let before = emulator.journal().len();
    let mut done = 0;
    let mut events = std::pin::pin!(tasks.wait_all(ids).deadline(Duration::from_secs(3600)).stream());
    while let Some(event) = events.next().await {
        if let FleetEvent::Ended(end) = event {
            let outcome = end.outcome?;
            done += usize::from(outcome.is_done());
            println!("task {} ended, {done} of {CUSTOMERS}", end.id);
        }
    }
    println!("{} requests for {CUSTOMERS} tasks", emulator.journal().len() - before);
    assert_eq!(done, CUSTOMERS);
    assert_eq!(fs::read_to_string(destination.join("customer-07/invoice.txt"))?, "to customer 7");
    Ok(())
}
