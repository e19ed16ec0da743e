//! Processes that are killed in the middle of the work.

use std::process::Command;
use std::time::Duration;

use hwmigrate_tests::process::EmulatorProcess;
use hwmigrate_tests::sandbox::{PATIENCE, all_day, awkward_files, buckets, client_of, copy, quickly};
use hwmigrate_tests::tree;
use serde_json::json;

/// Files that a limit of 1 MiB/s keeps busy for seconds: many small ones and one of several parts.
fn fill(source: &std::path::Path) {
    awkward_files(source).unwrap();
    for number in 0..40 {
        let name = format!("small/{number:02}");
        tree::write(source, &[(&name, &tree::noise(number, 50_000))]).unwrap();
    }
    tree::write(source, &[("large", &tree::noise(99, 3 << 20))]).unwrap();
}

#[tokio::test]
async fn killed_emulator_goes_on_and_the_same_wait_sees_the_end() {
    let folders = buckets().unwrap();
    let (source, destination) = (folders.path().join("source"), folders.path().join("destination"));
    fill(&source);
    let emulator = EmulatorProcess::start(folders.path(), "127.0.0.1:0").unwrap();
    let address = emulator.address().to_owned();
    let tasks = client_of(emulator.url()).build().unwrap().oms().tasks();
    let slow = json!({"bandwidth_policy": all_day(1 << 20)});
    let id = tasks.create(&copy("", slow).unwrap()).await.unwrap().id;

    let mut wait = tasks.wait(id).poll(quickly()).deadline(PATIENCE);
    let mut done_before = 0;
    while done_before < 5 {
        let progress = wait.next().await.unwrap().expect("the task cannot have ended yet");
        done_before = progress.objects.done;
    }
    emulator.kill().unwrap();
    assert_ne!(tree::differences(&source, &destination).unwrap(), [""; 0], "nothing was left to resume");

    // The wait goes on while nobody answers, and meets the successor.
    let revived = tokio::task::spawn_blocking({
        let root = folders.path().to_owned();
        move || EmulatorProcess::start(&root, &address)
    });
    let mut last = None;
    while let Some(progress) = wait.next().await.unwrap() {
        last = Some(progress);
    }
    let _emulator = revived.await.unwrap().unwrap();
    let last = last.unwrap();
    assert!(wait.outcome().is_some_and(|outcome| outcome.is_done()), "{last:?}");
    assert_eq!(tree::differences(&source, &destination).unwrap(), [""; 0]);
    let objects = tree::read(&source).unwrap().len() as u64;
    assert_eq!((last.objects.done + last.objects.skipped, last.objects.failed), (objects, 0), "{last:?}");
}

#[tokio::test]
async fn emulator_killed_again_and_again_still_ends_with_equal_folders() {
    let folders = buckets().unwrap();
    let (source, destination) = (folders.path().join("source"), folders.path().join("destination"));
    fill(&source);
    let mut emulator = EmulatorProcess::start(folders.path(), "127.0.0.1:0").unwrap();
    let address = emulator.address().to_owned();
    let tasks = client_of(emulator.url()).build().unwrap().oms().tasks();
    let slow = json!({"bandwidth_policy": all_day(2 << 20)});
    let id = tasks.create(&copy("", slow).unwrap()).await.unwrap().id;
    for round in 1..=4 {
        let mut wait = tasks.wait(id).poll(quickly()).deadline(PATIENCE);
        while let Some(progress) = wait.next().await.unwrap() {
            if progress.bytes.done >= round * (700 << 10) {
                break;
            }
        }
        emulator.kill().unwrap();
        emulator = EmulatorProcess::start(folders.path(), &address).unwrap();
    }
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
    assert_eq!(tree::differences(&source, &destination).unwrap(), [""; 0]);
    assert_eq!(tasks.list().all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn emulator_ends_cleanly_on_a_signal_and_goes_on_where_it_stopped() {
    let folders = buckets().unwrap();
    let (source, destination) = (folders.path().join("source"), folders.path().join("destination"));
    fill(&source);
    let emulator = EmulatorProcess::start(folders.path(), "127.0.0.1:0").unwrap();
    let tasks = client_of(emulator.url()).build().unwrap().oms().tasks();
    let slow = json!({"bandwidth_policy": all_day(1 << 20)});
    let id = tasks.create(&copy("", slow).unwrap()).await.unwrap().id;
    let mut wait = tasks.wait(id).poll(quickly()).deadline(PATIENCE);
    while wait.next().await.unwrap().expect("still running").objects.done < 5 {}
    emulator.terminate(Duration::from_secs(30)).unwrap();

    let emulator = EmulatorProcess::start(folders.path(), "127.0.0.1:0").unwrap();
    let tasks = client_of(emulator.url()).build().unwrap().oms().tasks();
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
    assert_eq!(tree::differences(&source, &destination).unwrap(), [""; 0]);
}

#[test]
fn migration_command_copies_every_kind_of_name() {
    let folders = buckets().unwrap();
    let (source, destination) = (folders.path().join("source"), folders.path().join("destination"));
    awkward_files(&source).unwrap();
    tree::write(&source, &[("large", &tree::noise(5, 64 << 20))]).unwrap();
    let output = Command::new(hwmigrate_tests::process::binary().unwrap())
        .args(["oms", "migrate", "--emulator", "--output", "json"])
        .args([&source, &destination])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["status"], "succeeded", "{report}");
    assert_eq!(report["objects"], json!({"total": 6, "done": 6, "failed": 0, "skipped": 0}), "{report}");
    assert_eq!(report["bytes"]["done"], report["bytes"]["total"], "{report}");
    assert!(report["task_id"].is_i64() || report["task_id"].is_string(), "{report}");
    assert!(report["elapsed_ms"].is_u64(), "{report}");
    assert_eq!(tree::differences(&source, &destination).unwrap(), [""; 0]);
}
