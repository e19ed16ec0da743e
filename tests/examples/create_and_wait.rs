//! One migration from the request to the end, against the embedded emulator.
//!
//! `cargo run --package hwmigrate-tests --example create_and_wait`
//!
//! Against the real service only the client's settings differ: leave out the
//! endpoints, and the credentials come from the environment or a profile.

#![allow(clippy::print_stdout, reason = "an example for people")]

use std::fs;
use std::time::Duration;

use hwmigrate::oms::{Destination, Source, TaskRequest};
use hwmigrate::wait::Outcome;
use hwmigrate::{Client, Credentials, Service};
use hwmigrate_emulator::Emulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (source, destination) = (folder.path().join("photos"), folder.path().join("copy"));
    fs::create_dir_all(source.join("2024"))?;
    fs::create_dir(&destination)?;
    fs::write(source.join("2024/one.jpg"), "not really a picture")?;
    fs::write(source.join("two.jpg"), "nor is this")?;

    let emulator = Emulator::builder()
        .user("my-account", "my-user", "made-up-password".into())
        .bucket("photos", &source)
        .bucket("photos-copy", &destination)
        .start()
        .await?;

    let client = Client::builder()
        .region("cn-north-4")
        .credentials(Credentials::password("my-account", "my-user", "made-up-password".into()))
        .endpoint(Service::Iam, emulator.url())
        .endpoint(Service::Oms, emulator.url())
        .build()?;
    let tasks = client.oms().tasks();

    let request = TaskRequest::new(
        Source::bucket("AWS", "eu-central-1", "photos", "made-up-ak", "made-up-sk"),
        Destination::new("cn-north-4", "photos-copy", "made-up-ak", "made-up-sk"),
    );
    let created = tasks.create_once(&request.into()).await?;
    println!("created task {}", created.id);

    let mut wait = tasks.wait(created.id).deadline(Duration::from_secs(3600));
    while let Some(progress) = wait.next().await? {
        println!("{progress}");
    }
    match wait.outcome() {
        Some(Outcome::Done(progress)) => println!("{} objects copied", progress.objects.done),
        other => return Err(format!("not done: {other:?}").into()),
    }
    assert_eq!(fs::read(source.join("2024/one.jpg"))?, fs::read(destination.join("2024/one.jpg"))?);
    Ok(())
}
