//! The main job between two folders, as a user runs it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::{hwmigrate, read_files, run, signal, write_files};
use tempfile::TempDir;

fn big() -> Vec<u8> {
    // Nothing that repeats, so that a part in the wrong place is seen.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(64 << 20);
    while bytes.len() < 64 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

#[test]
fn every_file_arrives_and_the_report_is_one_json_object() {
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("new/to"));
    let big = big();
    write_files(
        &from,
        &[
            ("plain.txt", b"plain"),
            ("a/b/c/d/e/deep.txt", b"deep"),
            ("with space/a b.txt", b"space"),
            ("unicode/gr\u{fc}n \u{6587}\u{4ef6} \u{1f600}.txt", b"unicode"),
            ("empty", b""),
            ("percent%20/plus+#?&.txt", b"signs"),
            ("big.bin", &big),
        ],
    );
    let ran = run(hwmigrate(["oms", "migrate", "--emulator", "--output", "json"]).arg(&from).arg(&to));
    assert_eq!(ran.code, 0, "{ran}");
    let report = ran.json();
    assert_eq!(report["status"], "succeeded", "{ran}");
    assert!(report["task_id"].as_u64().is_some(), "{ran}");
    assert_eq!(
        report["objects"],
        serde_json::json!({"total": 7, "done": 7, "failed": 0, "skipped": 0}),
        "{ran}"
    );
    let size: usize = read_files(&from).values().map(Vec::len).sum();
    assert_eq!(report["bytes"], serde_json::json!({"total": size, "done": size}), "{ran}");
    assert!(report["elapsed_ms"].as_u64().is_some(), "{ran}");
    assert!(ran.err.contains("7 objects"), "progress is on the error stream: {ran}");
    assert!(read_files(&from) == read_files(&to), "the folders differ");

    // What is there already is skipped, not copied again.
    let again = run(hwmigrate(["oms", "migrate", "--emulator", "--output", "json"]).arg(&from).arg(&to));
    assert_eq!(again.code, 0, "{again}");
    assert_eq!(again.json()["objects"]["skipped"], 7, "{again}");
}

#[test]
fn people_get_a_table_and_quiet_means_quiet() {
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    write_files(&from, &[("a", b"1"), ("b/c", b"22")]);
    let ran = run(hwmigrate(["oms", "migrate", "--emulator"]).arg(&from).arg(&to));
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.out.contains("succeeded") && ran.out.contains("3 B"), "{ran}");
    let quiet = run(hwmigrate(["oms", "migrate", "--emulator", "-q", "-o", "json"]).arg(&from).arg(&to));
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""), "{quiet}");
}

#[test]
fn ndjson_tells_each_look_and_ends_with_the_result() {
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    write_files(&from, &[("a", b"1")]);
    let ran = run(hwmigrate(["oms", "migrate", "--emulator", "-o", "ndjson"]).arg(&from).arg(&to));
    assert_eq!(ran.code, 0, "{ran}");
    let lines: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["event"] == "progress"), "{ran}");
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["status"]), (&"result".into(), &"succeeded".into()), "{ran}");
}

#[test]
fn only_the_chosen_objects_are_moved() {
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    write_files(&from, &[("a/1", b"1"), ("a/2", b"2"), ("b/1", b"3")]);
    let migrate = |more: &[&str], to: &std::path::Path| {
        let ran =
            run(hwmigrate(["oms", "migrate", "--emulator", "-o", "json"]).arg(&from).arg(to).args(more));
        assert_eq!(ran.code, 0, "{ran}");
        read_files(to).into_keys().collect::<Vec<_>>()
    };
    assert_eq!(migrate(&["--source-prefix", "a/"], &to), ["a/1", "a/2"]);
    let other = dir.path().join("other");
    assert_eq!(migrate(&["--source-object", "b/1", "--dest-prefix", "into/"], &other), ["into/b/1"]);
    let keys = dir.path().join("keys.txt");
    fs::write(&keys, "a/2\nb/1\n").unwrap();
    let third = dir.path().join("third");
    assert_eq!(migrate(&["--keys-from", keys.to_str().unwrap()], &third), ["a/2", "b/1"]);
    let fourth = dir.path().join("fourth");
    assert_eq!(migrate(&["--list-file", keys.to_str().unwrap()], &fourth), ["a/2", "b/1"]);
}

#[test]
fn a_time_limit_ends_the_waiting_with_its_own_code() {
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    write_files(&from, &[("a", &vec![7; 8 << 20])]);
    let ran = run(hwmigrate([
        "oms",
        "migrate",
        "--emulator",
        "-o",
        "json",
        "--bandwidth",
        "1MiB/s",
        "--timeout",
        "1s",
    ])
    .arg(&from)
    .arg(&to));
    assert_eq!(ran.code, 10, "{ran}");
    assert_eq!(ran.error()["kind"], "Timeout", "{ran}");
}

#[test]
fn an_interrupted_run_says_how_to_go_on_and_goes_on_from_its_state() {
    let dir = TempDir::new().unwrap();
    let (from, to, state) = (dir.path().join("from"), dir.path().join("to"), dir.path().join("state"));
    let part = vec![1; 1 << 20];
    write_files(&from, &[("a", &part), ("b", &part), ("c", &part), ("d", &part), ("e", b"5")]);
    let mut child = hwmigrate(["oms", "migrate", "--emulator", "--bandwidth", "1MiB/s", "-o", "ndjson"])
        .arg("--state")
        .arg(&state)
        .arg(&from)
        .arg(&to)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let id = first["task_id"].as_u64().unwrap();
    signal(child.id(), "INT");
    let ended = common::Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130, "{ended}");
    assert!(ended.err.contains(&format!("--task-id {id}")), "{ended}");

    let ran = run(hwmigrate(["oms", "migrate", "--emulator", "-o", "json", "--task-id", &id.to_string()])
        .arg("--state")
        .arg(&state)
        .arg(&from)
        .arg(&to));
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(ran.json()["task_id"], id, "{ran}");
    assert!(read_files(&from) == read_files(&to), "the folders differ");
}

#[test]
fn objects_that_fail_are_named_and_the_others_arrive() {
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    write_files(&from, &[("a b/c", b"1"), ("d", b"2")]);
    // A folder cannot be made where a file is.
    write_files(&to, &[("a b", b"in the way")]);
    let ran =
        run(hwmigrate(["oms", "migrate", "--emulator", "-o", "json", "--rounds", "1"]).arg(&from).arg(&to));
    assert_eq!(ran.code, 15, "{ran}");
    let report = ran.json();
    assert_eq!((&report["status"], &report["rounds"]), (&"failed".into(), &1.into()), "{ran}");
    assert_eq!(
        report["objects"],
        serde_json::json!({"total": 2, "done": 1, "failed": 1, "skipped": 0}),
        "{ran}"
    );
    assert_eq!(report["failed_objects"][0]["key"], "a b/c", "{ran}");
    assert!(report["failed_list"].as_str().is_some() && ran.err.contains("failed: a b/c"), "{ran}");
    assert_eq!(ran.error()["kind"], "PartlyFailed", "{ran}");
    assert_eq!(read_files(&to)["d"], b"2");
}

#[test]
fn an_empty_source_is_called_empty() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("from")).unwrap();
    let ran = run(hwmigrate(["oms", "migrate", "--emulator", "-o", "json"])
        .arg(dir.path().join("from"))
        .arg(dir.path().join("to")));
    assert_eq!(ran.code, 12, "the service fails such a task: {ran}");
    assert_eq!((&ran.json()["status"], &ran.error()["code"]), (&"failed".into(), &"TRF.0012".into()));
    let help = ran.error()["help"].as_str().unwrap().to_owned();
    assert!(help.contains("from is empty") && help.contains("nothing to move"), "{ran}");
    assert_eq!(ran.json()["error"]["help"], help, "{ran}");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_are_refused_by_name_and_the_others_arrive() {
    use std::os::unix::ffi::OsStrExt;

    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    write_files(&from, &[("good", b"1"), ("sub/good", b"2")]);
    fs::write(from.join(std::ffi::OsStr::from_bytes(b"sub/bad\xff")), "3").unwrap();
    let mut command = hwmigrate(["oms", "migrate", "--emulator", "-o", "json", "--rounds", "0"]);
    let ran = run(command.arg(&from).arg(&to));
    assert_eq!(ran.code, 15, "{ran}");
    assert!(ran.err.contains("failed: sub/bad\u{fffd}") && ran.err.contains("not UTF-8"), "{ran}");
    assert!(ran.error()["help"].as_str().unwrap().contains("rename"), "{ran}");
    assert_eq!((&*read_files(&to)["good"], &*read_files(&to)["sub/good"]), (&b"1"[..], &b"2"[..]));
}

#[test]
fn a_list_of_addresses_is_fetched() {
    let dir = TempDir::new().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::create_dir(&from).unwrap();
    let url = common::serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
    let list = dir.path().join("list.txt");
    fs::write(&list, format!("{url}/x?sig=1\tfetched/a%20b\n")).unwrap();
    let ran = run(hwmigrate(["oms", "migrate", "--emulator", "-o", "json", "--url-list-file"])
        .arg(&list)
        .arg(&from)
        .arg(&to));
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(read_files(&to)["fetched/a b"], b"hello");

    fs::write(&list, "no address\tkey\n").unwrap();
    let mut bad = hwmigrate(["oms", "migrate", "--emulator", "--url-list-file"]);
    run(bad.arg(&list).arg(&from).arg(&to)).refused(2, "line 1 does not begin");
}
