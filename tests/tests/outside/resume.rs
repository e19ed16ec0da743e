//! Processes that are killed in the middle of the work.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hwmigrate_tests::process::{EmulatorProcess, PASSWORD, PROJECT, REGION, USER};
use hwmigrate_tests::sandbox::{PATIENCE, all_day, awkward_files, buckets, client_of, copy, quickly};
use hwmigrate_tests::tree;
use serde_json::{Value, json};

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

/// The migration command against an emulator process, at 1 MiB/s.
fn migration(url: &str) -> Command {
    let mut command = Command::new(hwmigrate_tests::process::binary().unwrap());
    command.env("TESTS_PASSWORD", PASSWORD).env("KEY", "made-up");
    command.args([
        "oms",
        "migrate",
        "--quiet",
        "--output",
        "ndjson",
        "--region",
        REGION,
        "--project-id",
        PROJECT,
    ]);
    command.args(["--auth-domain", USER.0, "--auth-user", USER.1, "--auth-password", "env:TESTS_PASSWORD"]);
    command.args(["--iam-endpoint", url, "--oms-endpoint", url]);
    for key in ["--source-ak", "--source-sk", "--dest-ak", "--dest-sk"] {
        command.args([key, "env:KEY"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// The lines of a run, as they come.
fn lines(child: &mut Child) -> impl Iterator<Item = Value> {
    let output = child.stdout.take().unwrap();
    BufReader::new(output).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

#[test]
fn killed_command_leaves_the_task_running_and_another_run_follows_it_to_the_end() {
    let folders = buckets().unwrap();
    let (source, destination) = (folders.path().join("source"), folders.path().join("destination"));
    fill(&source);
    let emulator = EmulatorProcess::start(folders.path(), "127.0.0.1:0").unwrap();
    let mut first = migration(emulator.url());
    first.args(["--bandwidth", "1MiB/s", "obs://cn-north-4/source", "obs://cn-north-4/destination"]);
    let mut child = first.spawn().unwrap();
    let looks: Vec<_> = lines(&mut child).take(3).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let id = looks[0]["task_id"].as_i64().expect("the id of the task");
    assert_ne!(tree::differences(&source, &destination).unwrap(), [""; 0], "the task had ended already");

    let mut second = migration(emulator.url()).args(["--task-id", &id.to_string()]).spawn().unwrap();
    let last = lines(&mut second).last().unwrap();
    assert!(second.wait().unwrap().success(), "{last}");
    assert_eq!((last["task_id"].as_i64(), &last["status"]), (Some(id), &json!("succeeded")), "{last}");
    assert_eq!(tree::differences(&source, &destination).unwrap(), [""; 0]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = client_of(emulator.url()).build().unwrap().oms().tasks();
    assert_eq!(runtime.block_on(tasks.list().all()).unwrap().len(), 1, "the command made a second task");
}

#[test]
fn command_and_emulator_killed_together_go_on_from_the_state() {
    let folders = buckets().unwrap();
    let (source, destination) = (folders.path().join("source"), folders.path().join("destination"));
    fill(&source);
    let command = |more: &[&str]| {
        let mut command = Command::new(hwmigrate_tests::process::binary().unwrap());
        command.args(["oms", "migrate", "--quiet", "--emulator", "--output", "ndjson", "--state"]);
        command.arg(folders.path().join("state")).args(more).args([&source, &destination]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    };
    let mut child = command(&["--bandwidth", "1MiB/s"]).spawn().unwrap();
    let looks: Vec<_> = lines(&mut child).take(3).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let id = looks[0]["task_id"].to_string();
    assert_ne!(tree::differences(&source, &destination).unwrap(), [""; 0], "the task had ended already");

    let mut again = command(&["--task-id", &id]).spawn().unwrap();
    let last = lines(&mut again).last().unwrap();
    assert!(again.wait().unwrap().success(), "{last}");
    assert_eq!(last["status"], "succeeded", "{last}");
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
