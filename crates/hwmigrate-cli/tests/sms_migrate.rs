//! Moving servers as a user does: against an emulator, inside the command and outside.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::servers::{FAST, migrate, served, template};
use common::{Ran, call, hwmigrate, run, signal};
use serde_json::{Value, json};

#[test]
fn a_demonstration_needs_nothing_and_says_that_nothing_is_moved() {
    let names = ["web-1", "db-1", "app-1", "app-2"];
    let ran = run(hwmigrate(["sms", "migrate", "--emulator", "--cut-over", "-o", "json"]).args(names));
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.err.contains("simulated: no server is moved"), "{ran}");
    let report = ran.json();
    assert_eq!(
        (&report["status"], &report["counts"]["succeeded"]),
        (&json!("succeeded"), &json!(4)),
        "{ran}"
    );
    for (place, name) in names.into_iter().enumerate() {
        let server = &report["servers"][place];
        assert_eq!((&server["name"], &server["cut_over"]), (&json!(name), &json!(true)), "{ran}");
        assert_eq!(server["phases"][0]["name"], "REPLICATE", "{ran}");
        assert_eq!(server["phases"][1]["kind"], "cutover", "{ran}");
        assert_eq!(server["bytes"]["done"], server["bytes"]["total"], "{ran}");
    }
    let people = call(["sms", "migrate", "--emulator", "web-1"]);
    assert_eq!(people.code, 0, "{people}");
    assert!(people.out.contains("syncing") && people.out.contains("REPLICATE 100%"), "{people}");
    let quiet = call(["sms", "migrate", "--emulator", "web-1", "-q", "-o", "json"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""), "{quiet}");
}

#[test]
fn servers_stop_at_syncing_and_are_cut_over_later() {
    let served = served(&FAST);
    let template = template(&served);
    let first =
        migrate(&served, &["web-1", "db-1", "--template-id", &template, "--speed-limit", "800Mbit/s"]);
    assert_eq!(first.code, 0, "{first}");
    let report = first.json();
    assert_eq!((&report["status"], &report["counts"]["syncing"]), (&json!("syncing"), &json!(2)), "{first}");
    let task = report["servers"][0]["task_id"].as_str().unwrap().to_owned();
    assert_eq!(report["servers"][0]["adopted"], false, "{first}");
    let limits = run(&mut served.client(["sms", "task", "speed-limit", &task, "-o", "json"]));
    assert_eq!(limits.json()[0]["speed"], 800, "{limits}");

    let id = report["servers"][0]["server_id"].as_str().unwrap();
    let second = migrate(&served, &[id, "--cut-over"]);
    assert_eq!(second.code, 0, "{second}");
    let server = &second.json()["servers"][0];
    assert_eq!((&server["task_id"], &server["adopted"]), (&json!(task), &json!(true)), "{second}");
    assert_eq!((&server["status"], &server["cut_over"]), (&json!("succeeded"), &json!(true)), "{second}");
    let third = migrate(&served, &["web-1"]);
    assert_eq!((third.code, &third.json()["status"]), (0, &json!("succeeded")), "it is over: {third}");
}

#[test]
fn lines_tell_of_each_server_and_end_with_the_result() {
    let served = served(&FAST);
    let template = template(&served);
    let file = served.dir.path().join("wave.txt");
    fs::write(&file, "web-1\ndb-1\n").unwrap();
    let mut command =
        served.client(["sms", "migrate", "-o", "ndjson", "--at-once", "1", "--template-id", &template]);
    let ran = run(command.arg("--servers-from").arg(&file));
    assert_eq!(ran.code, 0, "{ran}");
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for name in ["web-1", "db-1"] {
        let of = |event: &str| lines.iter().any(|line| line["name"] == name && line["event"] == event);
        assert!(of("created") && of("started") && of("progress"), "{ran}");
    }
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["counts"]["total"]), (&json!("result"), &json!(2)), "{ran}");
}

#[test]
fn what_cannot_work_is_refused_before_any_task_is_made() {
    let served = served(&FAST);
    let template = template(&served);
    let with = ["--template-id", &template];
    migrate(&served, &[&["web-1", "nobody"], &with[..]].concat()).refused(5, "no source server \"nobody\"");
    migrate(&served, &[&["web-1", "web-1"], &with[..]].concat()).refused(2, "given twice");
    migrate(&served, &["web-1"]).refused(2, "where the server goes");
    migrate(&served, &[&["web-1", "--at-once", "0"], &with[..]].concat()).refused(2, "--at-once is 0");
    migrate(&served, &["web-1", "db-1", "--target-vm", "x"]).refused(2, "names one server");
    migrate(&served, &[&["web-1", "--speed-limit", "fast"], &with[..]].concat()).refused(2, "Mbit/s");
    migrate(&served, &[&["web-1", "--target-region", "eu-x"], &with[..]].concat())
        .refused(2, "--target-project-id");
    let tasks = run(&mut served.client(["sms", "task", "list", "-o", "json"]));
    assert_eq!(tasks.json(), json!([]), "{tasks}");
    call(["sms", "migrate", "--emulator", "a", "--sms-endpoint", "http://127.0.0.1:1"])
        .refused(2, "contradict each other");
    call(["sms", "migrate", "--emulator", "a", "--template-id", "x"]).refused(2, "contradict each other");
    call(["sms", "migrate", "--emulator", "a", "a"]).refused(2, "given twice");
    call(["sms", "migrate", "--emulator", ""]).refused(2, "SERVER is empty");
    call(["sms", "migrate", "--emulator", "a", "--at-once", "0"]).refused(2, "--at-once is 0");
    assert_eq!(call(["sms", "migrate"]).code, 2);
}

#[test]
fn servers_that_fail_are_named_with_their_reason_and_the_others_go_on() {
    let served = served(&FAST);
    let template = template(&served);
    let error = json!({"error_code": "SMS.0806", "error_param": "[]"}).to_string();
    served.fault(&json!({
        "kind": "fail_subtask", "subtask": "MIGRATE_LINUX_FILE", "server": "web-1", "error_json": error,
    }));
    let ran = migrate(&served, &["web-1", "db-1", "--template-id", &template]);
    assert_eq!((ran.code, &ran.json()["counts"]["failed"]), (15, &json!(1)), "{ran}");
    let failed = &ran.json()["servers"][0];
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("SMS.0806")),
        "{ran}"
    );
    assert_eq!(failed["error"]["job"]["step"], "MIGRATE_LINUX_FILE", "{ran}");
    assert_eq!(ran.json()["servers"][1]["status"], "syncing", "{ran}");
    let shown = run(&mut served.client(["sms", "task", "show", failed["task_id"].as_str().unwrap()]));
    assert!(shown.out.contains("SMS.0806"), "{shown}");
    let again = migrate(&served, &["web-1", "db-1", "--template-id", &template]);
    assert_eq!((again.code, &again.json()["counts"]["syncing"]), (0, &json!(2)), "{again}");
}

#[test]
fn a_task_that_would_launch_its_target_is_not_started_unasked() {
    let served = served(&FAST);
    let template = template(&served);
    let list = run(&mut served.client(["sms", "server", "list", "--name", "web-1", "-o", "json"]));
    let id = list.json()[0]["id"].as_str().unwrap().to_owned();
    let create = ["sms", "task", "create", "--server", &id, "--template-id", &template, "--syncing=false"];
    assert_eq!(run(&mut served.client(create)).code, 0);
    migrate(&served, &["web-1"]).refused(6, "launches its target");
    let ran = migrate(&served, &["web-1", "--cut-over"]);
    assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("succeeded")), "{ran}");
}

#[test]
fn an_interrupted_run_leaves_the_tasks_and_is_taken_up_again() {
    let served = served(&["--sms-step", "300ms", "--sms-rate", "100"]);
    let template = template(&served);
    let mut command = served.client(["sms", "migrate", "web-1", "-o", "ndjson", "--template-id", &template]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let task = loop {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        if let Some(task) = line["task_id"].as_str() {
            break task.to_owned();
        }
        assert_eq!((&line["event"], &line["task_name"]), (&json!("creating"), &json!("web-1")));
    };
    signal(child.id(), "INT");
    let last: Value = serde_json::from_str(&lines.map(Result::unwrap).last().unwrap()).unwrap();
    let ended = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130, "{ended}");
    assert_eq!((&last["event"], &last["servers"][0]["task_id"]), (&json!("result"), &json!(task)), "{last}");
    assert!(ended.err.contains("run the same command again"), "{ended}");

    let ran = migrate(&served, &["web-1", "--template-id", &template, "--cut-over"]);
    assert_eq!(ran.code, 0, "{ran}");
    let server = &ran.json()["servers"][0];
    assert_eq!((&server["task_id"], &server["status"]), (&json!(task), &json!("succeeded")), "{ran}");
}

#[test]
fn a_time_limit_ends_the_following_with_its_own_code() {
    let served = served(&["--sms-step", "4s"]);
    let template = template(&served);
    let ran =
        migrate(&served, &["web-1", "--template-id", &template, "--timeout", "2s", "--stop-on-interrupt"]);
    assert_eq!((ran.code, &ran.error()["kind"]), (10, &json!("Timeout")), "{ran}");
    let report = ran.json();
    let server = &report["servers"][0];
    assert_eq!((&server["status"], &server["state"]), (&json!("paused"), &json!("ABORT")), "{ran}");
    assert_eq!((&report["status"], &report["counts"]["paused"]), (&json!("paused"), &json!(1)), "{ran}");
    let shown = run(&mut served.client(["sms", "task", "show", server["task_id"].as_str().unwrap()]));
    assert!(shown.out.contains("ABORT"), "it was told to stop: {shown}");
}

#[test]
fn the_help_shows_how_to_begin() {
    let ran = run(&mut hwmigrate(["sms", "migrate", "--help"]));
    assert!(ran.code == 0 && ran.out.contains("Examples:") && ran.out.contains("--cut-over"), "{ran}");
}
