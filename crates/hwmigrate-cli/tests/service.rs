//! Commands against an emulator that runs as a program of its own.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::{
    ACCESS_KEY, PASSWORD, PROJECT, REGION, Ran, SECRET_KEY, Served, USER, hwmigrate, read_files, run,
    run_with_input, signal, write_files,
};
use serde_json::{Value, json};

const FROM: &str = "obs://cn-north-4/source";
const TO: &str = "obs://cn-north-4/target";

fn migrate(served: &Served, more: &[&str]) -> Command {
    let mut command = served.client(["oms", "migrate", FROM, TO, "-o", "json"]);
    command.args(Served::keys()).args(more);
    command
}

#[test]
fn login_shows_who_and_never_the_token() {
    let served = Served::start();
    let ran = run(served.client(["login", "-o", "json", "-vvv"]).env("PASSWORD", PASSWORD));
    assert_eq!(ran.code, 0, "{ran}");
    let login = ran.json();
    assert_eq!((&login["user"], &login["project_id"]), (&json!(USER), &json!(PROJECT)), "{ran}");
    assert!(login.get("token").is_none() && !ran.out.contains(PASSWORD), "{ran}");
    let by_key = ["--auth-access-key", "env:KEY_ID", "--auth-secret-key", "env:KEY_SECRET"];
    let ran = run(hwmigrate(["login", "--region", REGION, "--iam-endpoint", &served.url])
        .args(by_key)
        .env("KEY_ID", ACCESS_KEY)
        .env("KEY_SECRET", SECRET_KEY));
    assert!(ran.code == 0 && ran.out.contains(PROJECT), "{ran}");
}

#[test]
fn wrong_credentials_and_addresses_have_codes_of_their_own() {
    let served = Served::start();
    run(served.client(["login"]).env("PASSWORD", "not-the-password")).refused(4, "password");
    run(&mut served.client(["oms", "task", "show", "7"])).refused(5, "OMS.1009");
    run(&mut served.client(["oms", "task", "list", "--project-id", "ffff"])).refused(5, "project");
    let nowhere = ["--region", REGION, "--oms-endpoint", "http://127.0.0.1:9", "--project-id", PROJECT];
    run(hwmigrate(["oms", "task", "list", "--auth-token", "env:T", "--timeout", "20s"])
        .args(nowhere)
        .env("T", "t"))
    .refused(9, "127.0.0.1:9");
    run(&mut hwmigrate(["oms", "task", "list", "--region", REGION])).refused(3, "credentials");
    run(hwmigrate(["oms", "task", "list", "--auth-token", "env:T"])
        .args(["--oms-endpoint", "http://192.0.2.1"])
        .env("T", "t"))
    .refused(3, "http");
}

#[test]
fn settings_come_from_environment_and_profile_as_well() {
    let served = Served::start();
    let ran = run(hwmigrate(["login", "-o", "json"])
        .env("HUAWEICLOUD_SDK_IAM_ENDPOINT", &served.url)
        .env("HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4", &served.url)
        .env("HW_REGION_NAME", REGION)
        .env("HW_ACCESS_KEY", ACCESS_KEY)
        .env("HW_SECRET_KEY", SECRET_KEY));
    assert_eq!(ran.code, 0, "{ran}");
    let file = served.dir.path().join("config.toml");
    fs::write(&file, "[profiles.default\nregion = ").unwrap();
    run(hwmigrate(["login", "--profile-file"]).arg(&file)).refused(3, "config.toml");
    run(hwmigrate(["login", "--profile-file"]).arg(served.dir.path().join("gone.toml")))
        .refused(3, "gone.toml");
}

#[test]
fn a_migration_between_buckets_is_reported_and_listed() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("a/1", b"one"), ("a/2", b"two"), ("b", b"three")]);
    let ran = run(&mut migrate(&served, &[]));
    assert_eq!(ran.code, 0, "{ran}");
    let id = ran.json()["task_id"].as_u64().unwrap().to_string();
    assert_eq!(ran.json()["objects"]["done"], 3, "{ran}");

    let list = run(&mut served.client(["oms", "task", "list", "-o", "json", "--status", "succeeded"]));
    assert_eq!(list.json()[0]["id"].to_string(), id, "{list}");
    let empty = run(&mut served.client(["oms", "task", "list", "-o", "json", "--status", "failed"]));
    assert_eq!(empty.json(), json!([]), "{empty}");
    let lines = run(&mut served.client(["oms", "task", "list", "-o", "ndjson"]));
    assert_eq!(lines.out.lines().count(), 1, "{lines}");
    let table = run(&mut served.client(["oms", "task", "show", &id]));
    assert!(table.out.contains("succeeded") && table.out.contains("source"), "{table}");
    let raw = run(&mut served.client(["api", "ShowTask", "-p", &format!("task_id={id}"), "-o", "json"]));
    assert_eq!(raw.json()["id"].to_string(), id, "{raw}");

    let wait = run(&mut served.client(["oms", "task", "wait", &id, "-o", "json"]));
    assert_eq!((wait.code, &wait.json()["status"]), (0, &json!("succeeded")), "{wait}");
    run(&mut served.client(["oms", "task", "stop", &id])).refused(6, "OMS.0070");
    let deleted = run(&mut served.client(["oms", "task", "delete", &id, "-o", "json"]));
    assert_eq!(
        deleted.json(),
        json!({"action": "delete", "accepted": true, "task_id": id.parse::<u64>().unwrap()})
    );
    run(&mut served.client(["oms", "task", "show", &id])).refused(5, "OMS.1009");
}

#[test]
fn a_bucket_that_is_not_there_fails_the_task_with_its_reason() {
    let served = Served::start();
    let nope = ["oms", "migrate", "obs://cn-north-4/nope", TO, "-o", "json"];
    let ran = run(served.client(nope).args(Served::keys()));
    assert_eq!(ran.code, 12, "{ran}");
    assert_eq!(ran.json()["status"], "failed", "{ran}");
    assert_eq!(ran.error()["code"], "TRF.0155", "{ran}");
    assert!(ran.err.contains("nope") && ran.err.contains("help: "), "{ran}");
}

#[test]
fn a_task_is_created_paused_started_and_changed() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("big", &vec![7; 6 << 20])]);
    let body = json!({
        "src_node": {"cloud_type": "HuaweiCloud", "region": REGION, "bucket": "source", "object_key": [""],
            "ak": "env:KEY_ID", "sk": "env:KEY_SECRET"},
        "dst_node": {"region": REGION, "bucket": "target", "ak": "env:KEY_ID", "sk": "env:KEY_SECRET"},
        "task_type": "prefix", "description": null,
    });
    let mut create =
        served.client(["oms", "task", "create", "--input", "-", "-o", "json", "--bandwidth", "1MiB/s"]);
    let created = run_with_input(&mut create, &body.to_string());
    assert_eq!(created.code, 0, "{created}");
    let id = created.json()["id"].as_u64().unwrap().to_string();
    let started = run(&mut served.client(["oms", "task", "wait", &id, "--until", "started"]));
    assert_eq!(started.code, 0, "{started}");
    let stopped = run(&mut served.client(["oms", "task", "stop", &id]));
    assert_eq!((stopped.code, stopped.out.as_str()), (0, ""), "{stopped}");
    let paused = run(&mut served.client(["oms", "task", "wait", &id, "-o", "json"]));
    assert_eq!((paused.code, &paused.json()["status"]), (14, &json!("paused")), "{paused}");

    let limit = run(&mut served.client(["oms", "task", "bandwidth", &id, "200MiB/s"]));
    assert_eq!(limit.code, 0, "{limit}");
    let batch = run(&mut served.client(["oms", "task", "batch-update", "--id", &id, "--priority", "high"]));
    assert_eq!(batch.code, 0, "{batch}");
    let start = run(served.client(["oms", "task", "start", &id]).args(Served::keys()));
    assert_eq!(start.code, 0, "{start}");
    let done = run(&mut served.client(["oms", "task", "wait", &id, &id, "-o", "ndjson"]));
    assert_eq!(done.code, 0, "{done}");
    let all = read_files(&served.dir.path().join("target"));
    assert_eq!(all["big"].len(), 6 << 20);
}

#[test]
fn groups_and_sync_tasks_have_their_commands() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("p/1", b"1"), ("p/2", b"2")]);
    let node = ["--source-cloud", "HuaweiCloud", "--source-region", REGION, "--source-bucket", "source"];
    let group = run(served
        .client(["oms", "group", "create", "--dest-bucket", "target", "-o", "json", "--source-prefix", "p/"])
        .args(node)
        .args(Served::keys()));
    assert_eq!(group.code, 0, "{group}");
    let id = group.json()["group_id"].as_str().unwrap().to_owned();
    let wait = run(&mut served.client(["oms", "group", "wait", &id, "-o", "json"]));
    assert_eq!((wait.code, &wait.json()["status"]), (0, &json!("succeeded")), "{wait}");
    assert_eq!(wait.json()["group_id"], json!(id), "{wait}");
    let shown = run(&mut served.client(["oms", "group", "show", &id]));
    assert!(shown.out.contains("succeeded"), "{shown}");
    assert_eq!(
        run(&mut served.client(["oms", "group", "list", "-o", "json"])).json()[0]["group_id"],
        json!(id)
    );
    run(served.client(["oms", "group", "start", &id]).args(Served::keys())).refused(6, "OMS.1039");
    assert_eq!(run(&mut served.client(["oms", "group", "delete", &id])).code, 0);

    let body = json!({
        "src_cloud_type": "HuaweiCloud", "src_region": REGION, "src_bucket": "source", "src_ak": "env:KEY_ID",
        "src_sk": "env:KEY_SECRET", "dst_ak": "env:KEY_ID", "dst_sk": "env:KEY_SECRET", "dst_region": REGION,
        "dst_bucket": "target",
    });
    let sync = run_with_input(
        &mut served.client(["oms", "sync", "create", "--input", "-", "-o", "json"]),
        &body.to_string(),
    );
    assert_eq!(sync.code, 0, "{sync}");
    let id = sync.json()["sync_task_id"].as_str().unwrap().to_owned();
    let events = run(&mut served.client(["oms", "sync", "events", &id, "p/1", "p/2", "-o", "json"]));
    assert_eq!((events.code, &events.json()["objects"]), (0, &json!(2)), "{events}");
    let statistics =
        run(&mut served.client(["oms", "sync", "statistics", &id, "--from", "1700000000", "-o", "json"]));
    assert_eq!(statistics.code, 0, "{statistics}");
    assert_eq!(run(&mut served.client(["oms", "sync", "show", &id])).code, 0);
    run(&mut served.client(["oms", "sync", "delete", &id])).refused(6, "error: ");
    assert_eq!(run(&mut served.client(["oms", "sync", "stop", &id])).code, 0);
    assert_eq!(run(served.client(["oms", "sync", "start", &id]).args(Served::keys())).code, 0);
    assert_eq!(
        run(&mut served.client(["oms", "sync", "list", "-o", "json"])).json()[0]["sync_task_id"],
        json!(id)
    );
}

#[test]
fn look_ups_see_the_buckets() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("a/1", b"1"), ("b", b"22")]);
    let look = |args: &[&str]| {
        let ran = run(served
            .client(args)
            .args(["--cloud", "HEC", "--ak", "env:KEY_ID", "--sk", "env:KEY_SECRET"])
            .args(["-o", "json"]));
        assert_eq!(ran.code, 0, "{ran}");
        ran.json()
    };
    assert_eq!(look(&["oms", "bucket", "list"]), json!(["source", "target"]));
    let objects = look(&["oms", "bucket", "objects", "--bucket", "source", "--bucket-region", REGION]);
    assert_eq!(objects.as_array().unwrap().len(), 2, "{objects}");
    assert_eq!(look(&["oms", "bucket", "region", "--bucket", "source"])["id"], REGION);
    let prefix =
        ["oms", "bucket", "check-prefix", "--bucket", "source", "--bucket-region", REGION, "--prefix", "a/"];
    assert_eq!(look(&prefix), json!({"exist": true}));
    for command in [
        &["oms", "regions"][..],
        &["oms", "cloud-types", "destination"],
        &["oms", "versions"],
        &["oms", "version", "v2"],
    ] {
        assert_eq!(run(&mut served.client(command)).code, 0, "{command:?}");
    }
    assert_eq!(run(&mut served.client(["oms", "agree-privacy", "--yes"])).code, 0);
}

#[test]
fn a_killed_wait_is_taken_up_again_by_task_id() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("a", &vec![1; 2 << 20]), ("b", &vec![2; 2 << 20])]);
    let mut child = migrate(&served, &["-o", "ndjson", "--bandwidth", "1MiB/s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let created: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(created["event"], "created");
    signal(child.id(), "KILL");
    child.wait().unwrap();

    let id = created["task_id"].to_string();
    let ran = run(&mut served.client(["oms", "migrate", "--task-id", &id, "-o", "json"]));
    assert_eq!((ran.code, &ran.json()["task_id"]), (0, &created["task_id"]), "{ran}");
    let list = run(&mut served.client(["oms", "task", "list", "-o", "json"]));
    assert_eq!(list.json().as_array().unwrap().len(), 1, "no second task: {list}");
    let (source, target) = (served.dir.path().join("source"), served.dir.path().join("target"));
    let target = read_files(&target);
    assert!(read_files(&source).iter().all(|(name, bytes)| target.get(name) == Some(bytes)));
}

#[test]
fn an_interrupted_migration_can_pause_its_task() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("a", &vec![1; 8 << 20])]);
    let mut child = migrate(&served, &["-o", "ndjson", "--bandwidth", "1MiB/s", "--stop-on-interrupt"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The second line is a look: the task is known to the program by then.
    let created: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    lines.next().unwrap().unwrap();
    signal(child.id(), "INT");
    let rest: Vec<Value> = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let ended = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130, "{ended}");
    assert_eq!(rest.last().unwrap()["status"], "paused", "{rest:?}");
    let id = created["task_id"].to_string();
    assert!(ended.err.contains(&format!("--task-id {id}")), "{ended}");
    let shown = run(&mut served.client(["oms", "task", "show", &id, "-o", "json"]));
    assert_eq!(shown.json()["status"], 3, "{shown}");
}

#[test]
fn a_reader_that_has_gone_is_told_from_an_end() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("a", &vec![1; 8 << 20])]);
    let cut_short = |command: &mut Command| {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let first = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        (serde_json::from_str::<Value>(&first).unwrap(), Ran::from(child.wait_with_output().unwrap()))
    };
    let limit = ["-o", "ndjson", "--bandwidth", "1MiB/s"];
    let (created, ended) = cut_short(&mut migrate(&served, &limit));
    let id = created["task_id"].to_string();
    ended.refused(130, &format!("the reader of the output has gone: task {id} goes on"));

    let waiting = ["oms", "task", "wait", &id, "-o", "ndjson"];
    let (_, ended) = cut_short(&mut served.client(waiting));
    ended.refused(130, "the reader of the output has gone: the waiting ends");

    let taking_up = ["oms", "migrate", "--task-id", &id, "-o", "ndjson", "--stop-on-interrupt"];
    let (_, ended) = cut_short(&mut served.client(taking_up));
    ended.refused(130, &format!("the reader of the output has gone: task {id} is pau"));
    let shown = run(&mut served.client(["oms", "task", "wait", &id, "-o", "json"]));
    assert_eq!((shown.code, &shown.json()["status"]), (14, &json!("paused")), "{shown}");
}

#[test]
fn an_end_that_nobody_reads_still_tells_by_its_code_how_the_work_ended() {
    let served = Served::start();
    let source = served.dir.path().join("source");
    write_files(&source, &[("a", b"1")]);
    let unread = |args: &[&str]| {
        let mut child = served.client(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        Ran::from(child.wait_with_output().unwrap())
    };
    let good = run(&mut migrate(&served, &["-o", "json"])).json()["task_id"].to_string();
    // A folder cannot be made where a file is.
    write_files(&source, &[("a b/c", b"1")]);
    write_files(&served.dir.path().join("target"), &[("a b", b"in the way")]);
    let ran = run(&mut migrate(&served, &["-o", "json", "--rounds", "0"]));
    let bad = ran.json()["task_id"].to_string();
    let code = ran.code;
    assert_ne!(code, 0, "{ran}");
    #[cfg(target_os = "linux")]
    {
        // What kept the result from being written is told beside how the work ended.
        let mut command = served.client(["oms", "task", "wait", &bad, "-o", "json"]);
        let ended = run(command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap()));
        assert_eq!(ended.code, code, "{ended}");
        assert!(ended.err.contains("No space left on device"), "{ended}");
    }
    for format in ["json", "ndjson", "table"] {
        let ended = unread(&["oms", "task", "wait", &good, "-o", format]);
        assert_eq!(ended.code, 0, "{format}: {ended}");
        let ended = unread(&["oms", "task", "wait", &bad, "-o", format]);
        assert_eq!(ended.code, code, "{format}: {ended}");
        let ended = unread(&["oms", "task", "wait", &good, &bad, "-o", format]);
        // With lines the reader may be missed before both have been looked at.
        assert!(ended.code == code || (format == "ndjson" && ended.code == 130), "{format}: {ended}");
    }
}

#[test]
fn the_emulator_ends_on_sigterm_and_goes_on_from_its_state() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("a", &vec![1; 2 << 20]), ("b", &vec![2; 2 << 20])]);
    let mut child = migrate(&served, &["-o", "ndjson", "--bandwidth", "1MiB/s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let created: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    signal(child.id(), "KILL");
    child.wait().unwrap();
    let (code, dir) = served.terminate();
    assert_eq!(code, 0);

    let served = Served::start_in(dir, &[]);
    let id = created["task_id"].to_string();
    let ran = run(&mut served.client(["oms", "task", "wait", &id, "-o", "json"]));
    assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("succeeded")), "{ran}");
    assert_eq!(read_files(&served.dir.path().join("target"))["b"], vec![2; 2 << 20]);
}

#[test]
fn no_secret_shows_in_any_output() {
    let served = Served::start();
    write_files(&served.dir.path().join("source"), &[("a", b"1")]);
    let outputs = [
        run(&mut served.client(["login", "-vvv"])),
        run(&mut migrate(&served, &["-vvv"])),
        run(&mut served.client(["api", "KeystoneListProjects", "-vvv"])),
        run(served.client(["oms", "task", "start", "7", "-vvv"]).args(Served::keys())),
        run(served
            .client(["oms", "task", "list", "--log-level", "trace"])
            .env("PASSWORD", "canary-wrong-7f3a")),
    ];
    for ran in &outputs {
        let text = format!("{ran}");
        for secret in [PASSWORD, SECRET_KEY, ACCESS_KEY, "canary-wrong-7f3a"] {
            assert!(!text.contains(secret), "{secret} shows: {ran}");
        }
    }
    assert!(outputs[1].err.contains("CreateTask"), "the log was on: {}", outputs[1]);
}

#[test]
fn answers_that_carry_secrets_are_redacted() {
    let served = Served::start();
    let body = json!({"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": 900}}}});
    let mut call = served.client(["api", "CreateTemporaryAccessKey", "--input", "-", "-o", "json"]);
    let ran = run_with_input(&mut call, &body.to_string());
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(ran.json()["credential"]["secret"], "[redacted]", "{ran}");
}
