//! The commands below `sms` against an emulator that runs as a program of its own.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;

use common::{Ran, Served, call, hwmigrate, run, run_with_input};
use serde_json::{Value, json};
use tempfile::TempDir;

const SECRET: &str = "canary-target-password-7f3a";

/// An emulator with two source servers that are moved in no time.
fn served() -> Served {
    let servers = ["--source-server", "web-1,used=8000000", "--source-server", "desk-1,windows,used=8000000"];
    let pace = ["--sms-step", "20ms", "--sms-rate", "10000"];
    Served::start_in(TempDir::new().unwrap(), &[&servers[..], &pace].concat())
}

fn sms(served: &Served, args: &[&str]) -> Ran {
    run(served.client(["sms"]).args(args))
}

fn json_of(served: &Served, args: &[&str]) -> Value {
    let ran = sms(served, &[args, &["-o", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    ran.json()
}

/// The id of the server with this name.
fn server(served: &Served, name: &str) -> String {
    let list = json_of(served, &["server", "list", "--name", name]);
    list[0]["id"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned()
}

fn template(served: &Served) -> String {
    let created = sms(
        served,
        &["template", "create", "--name", "plain", "--target-region", "cn-north-4", "-o", "json"],
    );
    assert_eq!(created.code, 0, "{created}");
    created.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn source_servers_are_listed_shown_changed_and_deleted() {
    let served = served();
    let list = json_of(&served, &["server", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
    let id = server(&served, "web-1");
    let table = sms(&served, &["server", "list"]);
    assert!(table.out.starts_with("ID") && table.out.contains("web-1"), "{table}");
    let none = json_of(&served, &["server", "list", "--connected=false"]);
    assert_eq!(none, json!([]));
    let wrong = sms(&served, &["server", "list", "--state", "dreaming"]);
    assert!(wrong.code == 2 && wrong.err.contains("dreaming"), "{wrong}");

    let shown = sms(&served, &["server", "show", &id]);
    assert!(shown.out.contains("CENTOS") && shown.out.contains("checks passed"), "{shown}");
    assert_eq!(json_of(&served, &["server", "show", &id])["id"], json!(id));
    assert_eq!(json_of(&served, &["server", "update", &id, "--name", "web-2"])["accepted"], json!(true));
    assert_eq!(json_of(&served, &["server", "show", &id])["name"], "web-2");
    sms(&served, &["server", "update", &id]).refused(2, "nothing is to be changed");
    assert!(json_of(&served, &["server", "overview"]).is_object());
    assert_eq!(json_of(&served, &["server", "errors"]), json!([]));

    let other = server(&served, "desk-1");
    let deleted = json_of(&served, &["server", "delete", &id, &other]);
    assert_eq!(deleted["server_ids"], json!([id, other]));
    sms(&served, &["server", "show", &id]).refused(5, "SMS.");
    sms(&served, &["server", "show", ".."]).refused(2, "source_id");
}

#[test]
fn templates_keep_their_password_to_themselves() {
    let served = served();
    let mut create = served.client(["sms", "template", "create", "--name", "plain", "-o", "json"]);
    create.args([
        "--target-region",
        "cn-north-4",
        "--flavor",
        "s6.large.2",
        "--target-password",
        "env:TARGET",
    ]);
    let created = run(create.env("TARGET", SECRET));
    assert_eq!(created.code, 0, "{created}");
    let id = created.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(json_of(&served, &["template", "list", "--name", "plain"])[0]["id"], json!(id));
    for args in [
        &["template", "show", &id][..],
        &["template", "list", "-o", "json"],
        &["template", "show", &id, "-o", "json"],
    ] {
        let ran = sms(&served, args);
        assert!(ran.code == 0 && ran.out.contains("plain"), "{ran}");
        assert!(!format!("{ran}").contains("canary"), "{ran}");
    }
    let raw = run(&mut served.client(["api", "ShowTargetPassword", "-p", &format!("id={id}"), "-vvv"]));
    assert!(raw.code == 0 && !format!("{raw}").contains("canary"), "{raw}");

    let file = served.dir.path().join("password");
    let path = file.to_str().unwrap();
    let fetched = sms(&served, &["template", "password", &id, "--to", path, "-vvv", "-o", "json"]);
    assert!(fetched.code == 0 && !format!("{fetched}").contains("canary"), "{fetched}");
    assert_eq!(fs::read_to_string(&file).unwrap(), SECRET);
    sms(&served, &["template", "password", &id, "--to", path]).refused(2, "exists already");
    let other = served.dir.path().join("other");
    sms(&served, &["template", "password", "none", "--to", other.to_str().unwrap()]).refused(5, "SMS.");
    assert!(!other.exists());

    assert_eq!(json_of(&served, &["template", "update", &id, "--name", "fancy"])["accepted"], json!(true));
    assert_eq!(json_of(&served, &["template", "show", &id])["name"], "fancy");
    assert_eq!(sms(&served, &["template", "delete", &id]).code, 0);
    assert_eq!(json_of(&served, &["template", "list"]), json!([]));
    sms(&served, &["template", "create", "--target-region", "cn-north-4"])
        .refused(2, "template.name is missing");
    sms(&served, &["template", "create", "--name", "x", "--target-password", SECRET])
        .refused(2, "may not stand on the command line");
}

#[test]
fn migration_projects_are_made_changed_and_chosen() {
    let served = served();
    let create = ["project", "create", "--name", "wave-1", "--target-region", "cn-north-4", "--type", "file"];
    let created = json_of(&served, &[&create[..], &["--speed-limit", "100Mbit/s", "--syncing"]].concat());
    let id = created["id"].as_str().unwrap();
    let shown = sms(&served, &["project", "show", id]);
    assert!(shown.out.contains("100 Mbit/s") && shown.out.contains("MIGRATE_FILE"), "{shown}");
    assert_eq!(json_of(&served, &["project", "update", id, "--syncing=false"])["accepted"], json!(true));
    assert_eq!(json_of(&served, &["project", "show", id])["syncing"], json!(false));
    assert_eq!(sms(&served, &["project", "set-default", id]).code, 0);
    let list = json_of(&served, &["project", "list"]);
    assert!(list.as_array().unwrap().iter().any(|one| one["id"] == id && one["isdefault"] == true), "{list}");
    let refused = sms(&served, &["project", "delete", id]);
    assert!(refused.code != 0 && refused.err.contains("help: "), "the default one stays: {refused}");
    sms(&served, &[&create[..], &["--speed-limit", "100MB/s"]].concat()).refused(2, "Mbit/s");
    sms(&served, &["project", "create", "--name", "x"]).refused(2, "region is missing");
}

#[test]
fn a_task_goes_from_its_creation_to_the_cut_over() {
    let served = served();
    let (server, template) = (server(&served, "web-1"), template(&served));
    sms(&served, &["task", "create", "--server", &server]).refused(2, "where the server goes");
    sms(&served, &["task", "create", "--template-id", &template]).refused(2, "which server");
    let create = ["task", "create", "--server", &server, "--template-id", &template, "--syncing"];
    let id = json_of(&served, &create)["id"].as_str().unwrap().to_owned();
    let shown = json_of(&served, &["task", "show", &id]);
    assert_eq!((&shown["state"], &shown["name"]), (&json!("READY"), &json!("web-1")), "{shown}");
    assert_eq!(json_of(&served, &["task", "list", "--state", "ready"])[0]["id"], json!(id));

    let limited =
        sms(&served, &["task", "speed-limit", &id, "08:00-20:00=500Mbit/s", "20:00-08:00=900Mbit/s"]);
    assert_eq!(limited.code, 0, "{limited}");
    let limits = json_of(&served, &["task", "speed-limit", &id]);
    assert_eq!((limits.as_array().unwrap().len(), &limits[0]["speed"]), (3, &json!(500)), "{limits}");
    assert_eq!(sms(&served, &["task", "speed-limit", &id, "--clear"]).code, 0);
    assert_eq!(json_of(&served, &["task", "speed-limit", &id]), json!([]));
    assert_eq!(sms(&served, &["config", "set", &id, "MIGRATE_EXCLUDE_DIR=/var/cache"]).code, 0);
    let options = json_of(&served, &["config", "get", &id]);
    assert_eq!(options["configurations"][0]["config_value"], "/var/cache", "{options}");

    sms(&served, &["task", "cutover", &id]).refused(6, "--force");
    assert_eq!(json_of(&served, &["task", "start", &id])["action"], "start");
    let synced = sms(&served, &["task", "wait", &id, "--until", "syncing", "-o", "json"]);
    assert_eq!((synced.code, &synced.json()["status"]), (0, &json!("syncing")), "{synced}");
    assert_eq!(synced.json()["phases"][0]["name"], "REPLICATE", "{synced}");
    sms(&served, &["task", "start", &id]).refused(6, "start");
    assert_eq!(sms(&served, &["task", "cutover", &id]).code, 0);
    let done = sms(&served, &["task", "wait", &id, "-o", "ndjson"]);
    assert_eq!(done.code, 0, "{done}");
    let last: Value = serde_json::from_str(done.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["status"], &last["task_id"]), (&json!("succeeded"), &json!(id)), "{done}");
    let table = sms(&served, &["task", "show", &id]);
    assert!(table.out.contains("MIGRATE_SUCCESS"), "{table}");
    let late = sms(&served, &["task", "wait", &id, "--until", "aborted", "-o", "json"]);
    assert_eq!((late.code, &late.json()["status"]), (6, &json!("succeeded")), "{late}");
    assert!(late.err.contains("will not come any more"), "{late}");
    let raw = run(&mut served.client(["api", "sms.ShowTask", "-p", &format!("task_id={id}"), "-o", "json"]));
    assert_eq!(raw.json()["id"], json!(id), "{raw}");
    let file = served.dir.path().join("consistency");
    let exported = sms(&served, &["task", "export-consistency", &id, "--to", file.to_str().unwrap()]);
    assert_eq!(exported.code, 0, "{exported}");
    let tasks = json!({"task_info": [{"task_id": id}]}).to_string();
    let mut raw = served.client(["api", "ExportConsistencyResults", "--input", "-"]);
    let raw = run_with_input(&mut raw, &tasks);
    assert_eq!((raw.code, raw.out), (0, fs::read_to_string(&file).unwrap()));
    assert_eq!(sms(&served, &["task", "consistency", &id]).code, 0);
    let desk = self::server(&served, "desk-1");
    let create = ["task", "create", "--server", &desk, "--template-id", &template, "--name", "desk"];
    let other = json_of(&served, &create)["id"].as_str().unwrap().to_owned();
    assert_eq!(json_of(&served, &["task", "show", &other])["type"], "MIGRATE_BLOCK");
    assert_eq!(
        json_of(&served, &["task", "update", &other, "--speed-limit", "50Mbit/s"])["accepted"],
        json!(true)
    );
    assert_eq!(json_of(&served, &["task", "delete", &id, "--stop-first"])["task_id"], json!(id));
    sms(&served, &["task", "show", &id]).refused(5, "SMS.");
}

#[test]
fn the_calls_of_an_agent_have_their_commands() {
    let served = served();
    let facts = json!({
        "name": "db-1", "ip": "192.0.2.7", "os_type": "LINUX", "os_version": "CENTOS_7_6_64BIT",
        "agent_version": "25.2.0", "networks": [{"mac": "02:00:00:00:00:07"}], "has_rsync": true,
        "boot_loader": "GRUB", "has_tc": true, "firmware": "BIOS", "start_type": null,
        "disks": [{"name": "/dev/vda", "size": 42_949_672_960_i64, "device_use": "BOOT", "os_disk": true}],
    });
    let mut register = served.client(["sms", "agent", "register", "--input", "-", "-o", "json"]);
    let registered = run_with_input(&mut register, &facts.to_string());
    assert_eq!(registered.code, 0, "{registered}");
    let id = registered.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server(&served, "db-1"), id);
    let command = json_of(&served, &["agent", "command", &id]);
    assert!(command["command_name"].is_string(), "{command}");
    assert_eq!(sms(&served, &["agent", "copy-state", &id, "waiting", "setting"]).code, 0);

    let (server, template) = (server(&served, "web-1"), template(&served));
    let create = ["task", "create", "--server", &server, "--template-id", &template, "--auto-start"];
    let task = json_of(&served, &create)["id"].as_str().unwrap().to_owned();
    let keys = served.dir.path().join("keys");
    let fetched =
        sms(&served, &["agent", "certificates", &task, "--ca", "--to", keys.to_str().unwrap(), "-vvv"]);
    assert_eq!(fetched.code, 0, "{fetched}");
    let key = fs::read_to_string(keys.join("private_key.pem")).unwrap();
    assert!(!key.is_empty() && !format!("{fetched}").contains(key.trim()), "{fetched}");
    let pass = served.dir.path().join("passphrase");
    let fetched = sms(&served, &["agent", "passphrase", &task, "--to", pass.to_str().unwrap()]);
    assert_eq!(fetched.code, 0, "{fetched}");
    assert!(!fs::read_to_string(&pass).unwrap().is_empty());
}

#[test]
fn the_small_commands_answer() {
    let served = served();
    call(["sms", "agree-privacy"]).refused(2, "--yes");
    assert_eq!(json_of(&served, &["privacy"]), json!({"accepted": false}));
    assert_eq!(sms(&served, &["agree-privacy", "--yes"]).code, 0);
    assert_eq!(json_of(&served, &["privacy"]), json!({"accepted": true}));
    let versions = json_of(&served, &["versions"]);
    assert!(versions.as_array().unwrap().iter().any(|one| one["id"] == "v3"), "{versions}");
    assert_eq!(json_of(&served, &["version", "v3"])["id"], "v3");
    assert!(json_of(&served, &["config", "show"]).is_object());
    let nobody = sms(&served, &["task", "wait", "00000000-0000-0000-0000-000000000000", "-o", "json"]);
    assert_eq!((nobody.code, &nobody.error()["kind"]), (5, &json!("NotFound")), "{nobody}");
}

#[test]
fn templates_of_bodies_are_printed_without_a_connection() {
    for command in [
        &["server", "update", "x"][..],
        &["task", "create"],
        &["task", "update", "x"],
        &["template", "create"],
        &["project", "create"],
        &["config", "set", "x"],
        &["agent", "register"],
        &["agent", "progress", "x"],
    ] {
        let ran = run(hwmigrate(["sms"]).args(command).arg("--skeleton"));
        assert!(ran.code == 0 && ran.json().is_object(), "{command:?}: {ran}");
    }
    let template = run(&mut hwmigrate(["sms", "template", "create", "--skeleton"]));
    assert!(template.json()["template"].get("target_password").is_some(), "{template}");
}

#[test]
fn ids_that_two_services_share_are_told_apart() {
    let list = call(["api", "--list", "-o", "json"]).json();
    let ids: Vec<&str> =
        list.as_array().unwrap().iter().map(|one| one["operation"].as_str().unwrap()).collect();
    assert!(ids.contains(&"CreateTask") && ids.contains(&"sms.CreateTask"), "{ids:?}");
    assert!(ids.contains(&"ShowServer"), "an id of one service alone stays short: {ids:?}");
    assert_eq!(list.as_array().unwrap().iter().filter(|one| one["service"] == "sms").count(), 49);
    let task = call(["api", "sms.CreateTask", "--skeleton"]).json();
    assert!(task.get("source_server").is_some(), "{task}");
    call(["api", "sms.createtask"]).refused(2, "did you mean sms.CreateTask?");
    call(["api", "sms.CreateTask"]).refused(2, "hwmigrate api sms.CreateTask --skeleton");
}
