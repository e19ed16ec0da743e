//! What the program says to wrong arguments, before it contacts anybody.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use common::{call, hwmigrate, run, run_with_input};
use tempfile::TempDir;

const CANARY: &str = "canary-literal-7f3a";

#[test]
fn an_unknown_flag_is_refused_with_a_hint() {
    let ran = call(["oms", "task", "list", "--limt", "3"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.err.contains("--limt") && ran.err.contains("--limit"), "{ran}");
    assert!(ran.out.is_empty(), "{ran}");
}

#[test]
fn a_wrong_command_line_is_a_json_error_when_json_is_asked_for() {
    for form in [&["--output", "json"][..], &["--output=json"], &["-ojson"], &["-o", "ndjson"]] {
        let ran = run(hwmigrate(["oms", "task", "show"]).args(form));
        assert_eq!(ran.code, 2, "{ran}");
        assert_eq!(ran.error()["exit_code"], 2);
        assert_eq!(ran.error()["kind"], "Invalid");
    }
}

#[test]
fn secrets_are_refused_as_arguments_and_never_repeated() {
    let cases: [&[&str]; 9] = [
        &["login", "--auth-domain", "d", "--auth-user", "u", "--auth-password", CANARY],
        &["login", "--auth-token", CANARY],
        &["login", "--auth-access-key", CANARY, "--auth-secret-key", "env:X"],
        &["oms", "task", "start", "1", "--dest-sk", CANARY],
        &["oms", "migrate", "aws://r/b", "obs://r/b", "--source-sk", CANARY],
        &["oms", "bucket", "list", "--cloud", "AWS", "--ak", CANARY],
        &["emulator", "--user", "d/u=canary-literal-7f3a"],
        &["emulator", "--access-key", "AK=canary-literal-7f3a"],
        &["api", "KeystoneValidateToken", "--param", "X-Subject-Token=canary-literal-7f3a"],
    ];
    for args in cases {
        let ran = run(hwmigrate(args).args(["-vvv", "--region", "cn-north-4"]));
        ran.refused(2, "may not stand on the command line");
        assert!(ran.err.contains("env:NAME"), "{ran}");
        assert!(!format!("{ran}").contains("canary"), "{ran}");
    }
}

#[test]
fn arguments_that_are_wrong_elsewhere_do_not_repeat_a_secret() {
    for args in [
        &["emulator", "--s3-bucket", "x=http://h,accesskey=env:A,secret-key=canary-literal-7f3a"][..],
        &["emulator", "--totp", CANARY],
        &["emulator", "--user", CANARY],
        &["emulator", "--access-key", CANARY],
        &["login", "--endpoint", "obs=http://u:canary-literal-7f3a@h"],
        &["login", "--endpoint", "iam=http://u:canary-literal-7f3a@h", "--iam-endpoint", "http://h"],
    ] {
        let ran = run(hwmigrate(args).args(["-vvv", "-o", "json"]));
        assert!(ran.code == 2 && !ran.to_string().contains("canary"), "{ran}");
    }
}

#[test]
fn a_place_that_nothing_can_be_moved_to_is_refused() {
    call(["oms", "migrate", "obs://r/b", "aws://r/c"]).refused(2, "DST must be obs://");
    let dir = TempDir::new().unwrap();
    let to = dir.path().join("to");
    for prefix in ["/abs", "../x"] {
        let mut command = hwmigrate(["oms", "migrate", "--emulator", "--dest-prefix", prefix]);
        run(command.arg(dir.path().join(".")).arg(&to)).refused(2, "leads outside the destination");
        assert!(!to.exists());
    }
}

#[test]
fn a_misspelt_secret_flag_does_not_repeat_its_value() {
    for args in [
        &["login", "--auth-pasword=canary-literal-7f3a"][..],
        &["login", "--auth-pasword", CANARY],
        &["oms", "task", "start", "1", "--dst-sk=canary-literal-7f3a"],
    ] {
        let ran = call(args);
        assert_eq!(ran.code, 2, "{ran}");
        assert!(!format!("{ran}").contains("canary"), "{ran}");
    }
}

#[test]
fn a_missing_place_of_a_secret_is_named() {
    let keys = ["--dest-sk", "env:SURELY_UNSET_7F3A", "--dest-ak", "env:SURELY_UNSET_7F3A"];
    let ran = run(hwmigrate(["oms", "task", "start", "1"])
        .args(keys)
        .args(["--region", "cn-north-4", "--auth-token", "env:T"])
        .env("T", "t"));
    ran.refused(3, "SURELY_UNSET_7F3A is not set");
}

#[test]
fn keys_of_the_machine_itself_are_asked_for_by_an_argument() {
    let nobody = common::serve(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let login = ["login", "--region", "cn-north-4", "--auth-metadata"];
    let ran = run(hwmigrate(login).env("HWMIGRATE_METADATA_ENDPOINT", &nobody));
    ran.refused(4, "the metadata service gives no keys");
    let ran = run(hwmigrate(login).env("HWMIGRATE_METADATA_ENDPOINT", "http://metadata.example"));
    ran.refused(3, "HWMIGRATE_METADATA_ENDPOINT");
    assert_eq!(run(hwmigrate(login).args(["--auth-token", "env:T"])).code, 2);
    call(["sms", "migrate", "--emulator", "a", "--auth-metadata"]).refused(2, "contradict each other");
}

#[test]
fn folders_that_cannot_work_are_refused_and_nothing_is_made() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(dir.path().join("from/sub")).unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();
    let cases = [
        (path("gone"), path("to"), "does not exist"),
        (path("file"), path("to"), "is not a folder"),
        (path("from"), path("from/sub/new"), "lies inside the source"),
        (path("from"), path("from"), "the same folder"),
        (path("from/sub"), path("from"), "lies inside the destination"),
        (path("from"), path("file"), "is not a folder"),
    ];
    for (from, to, words) in cases {
        let ran =
            call(["oms", "migrate", "--emulator", &from, &to, "--output", "json"].map(ToOwned::to_owned));
        assert!(ran.err.contains("error: ") && ran.err.contains("help: "), "{ran}");
        assert!(ran.err.contains(words), "{words}: {ran}");
        assert_eq!(ran.code, 2, "{ran}");
        assert!(ran.out.is_empty(), "{ran}");
        assert_eq!(ran.error()["exit_code"], 2);
    }
    assert!(!dir.path().join("to").exists());
    assert!(!dir.path().join("from/sub/new").exists());
}

#[cfg(unix)]
#[test]
fn a_link_does_not_hide_a_destination_inside_the_source() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("from/sub")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("from/sub"), dir.path().join("link")).unwrap();
    let ran = run(hwmigrate(["oms", "migrate", "--emulator"])
        .arg(dir.path().join("from"))
        .arg(dir.path().join("link/to")));
    ran.refused(2, "lies inside the source");
    assert!(!dir.path().join("from/sub/to").exists());
}

#[test]
fn folders_without_the_emulator_flag_are_explained() {
    call(["oms", "migrate", "./a", "./b"]).refused(2, "--emulator");
    call(["oms", "migrate", "--emulator"]).refused(2, "SRC");
    call(["oms", "migrate"]).refused(2, "SRC");
    call(["oms", "migrate", "ftp://r/b", "obs://r/b"]).refused(2, "no supported cloud");
}

#[test]
fn a_list_with_bad_lines_names_the_line() {
    let dir = TempDir::new().unwrap();
    let list = dir.path().join("keys.txt");
    let migrate = |flag: &str| {
        run(hwmigrate(["oms", "migrate", "aws://r/b", "obs://cn-north-4/b", flag])
            .arg(&list)
            .args(["--auth-token", "env:T"])
            .env("T", "t"))
    };
    fs::write(&list, "a\n\nb\n").unwrap();
    migrate("--keys-from").refused(2, "line 2 is empty");
    fs::write(&list, b"a\nb\xff\n").unwrap();
    migrate("--keys-from").refused(2, "line 2 is not UTF-8");
    fs::write(&list, "").unwrap();
    migrate("--keys-from").refused(2, "holds no keys");
    fs::write(&list, "k\n".repeat(501)).unwrap();
    migrate("--keys-from").refused(2, "501 keys");
    fs::remove_file(&list).unwrap();
    migrate("--keys-from").refused(2, "could not be read");
}

#[test]
fn a_wrong_input_file_is_refused_with_its_place() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("task.json");
    let create = |text: &str| {
        fs::write(&file, text).unwrap();
        run(hwmigrate([
            "oms",
            "task",
            "create",
            "--region",
            "cn-north-4",
            "--auth-token",
            "env:T",
            "--input",
        ])
        .arg(&file)
        .env("T", "t"))
    };
    create("{\n \"src_node\": ").refused(2, "not valid JSON");
    create("[]").refused(2, "must be an object");
    create("{\"src_node\": {}, \"dst_nod\": {}}").refused(2, "dst_node is missing");
    create("{\"src_node\": {\"bucket\": 7}, \"dst_node\": {}}")
        .refused(2, "src_node.bucket must be a string");
    create("{\"src_node\": {\"bucket\": \"b\"}, \"dst_node\": {\"bucket\": \"c\"}}")
        .refused(2, "dst_node.ak (--dest-ak) is missing");
    fs::remove_file(&file).unwrap();
    let ran = run(hwmigrate(["oms", "task", "create", "--region", "r", "--auth-token", "env:T", "--input"])
        .arg(&file)
        .env("T", "t"));
    ran.refused(2, "could not be read");
}

#[test]
fn templates_hold_references_and_are_valid_json() {
    let commands: [&[&str]; 6] = [
        &["oms", "task", "create"],
        &["oms", "task", "start", "1"],
        &["oms", "group", "create"],
        &["oms", "sync", "create"],
        &["oms", "bucket", "list"],
        &["api", "CreateTask"],
    ];
    for command in commands {
        let ran = run(hwmigrate(command).arg("--skeleton"));
        assert_eq!(ran.code, 0, "{ran}");
        assert!(ran.json().is_object() && ran.out.contains("env:"), "{ran}");
    }
}

#[test]
fn the_operations_are_listed_in_every_form() {
    let ran = call(["api", "--list", "--output", "json"]);
    let list = ran.json();
    let oms = list.as_array().unwrap().iter().filter(|one| one["service"] == "oms").count();
    assert_eq!(oms, 35);
    let lines = call(["api", "--list", "-o", "ndjson"]);
    assert_eq!(lines.out.lines().count(), list.as_array().unwrap().len());
    let table = call(["api", "--list"]);
    assert!(table.out.starts_with("OPERATION"), "{table}");
    call(["api", "createtask"]).refused(2, "did you mean CreateTask?");
    call(["api", "ShowTask"]).refused(2, "task_id");
    call(["api", "CreateTask"]).refused(2, "--skeleton");
    call(["api", "ShowTask", "-p", "colour=red"]).refused(2, "no parameter");
    call(["api", "ShowTask", "-p", "task_id=1", "-p", "task_id=2"]).refused(2, "task_id is given twice");
}

#[test]
fn a_closed_pipe_is_no_error() {
    for args in [&["api", "--list", "-o", "ndjson"][..], &["completions", "bash"], &["__reference"]] {
        let mut child = hwmigrate(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(BufReader::new(child.stdout.take().unwrap()).lines().next());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
        assert!(err.is_empty(), "{err}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = call(["completions", shell]);
        assert_eq!(ran.code, 0, "{ran}");
        assert!(ran.out.contains("batch-update") && ran.out.contains("speed-limit"), "{shell}");
    }
}

#[test]
fn help_and_version_go_to_the_standard_output() {
    let ran = call(["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran}");
    assert!(ran.out.contains("Exit codes:") && ran.out.contains("130"), "{ran}");
    let ran = call(["--version"]);
    assert_eq!(ran.out, format!("hwmigrate {}\n", env!("CARGO_PKG_VERSION")));
    for command in [&["oms", "migrate"][..], &["oms", "task", "create"], &["api"], &["emulator"]] {
        let ran = run(hwmigrate(command).arg("--help"));
        assert!(ran.code == 0 && ran.out.contains("Examples:"), "{ran}");
    }
}

#[test]
fn privacy_terms_are_accepted_by_people_only() {
    call(["oms", "agree-privacy"]).refused(2, "--yes");
}

#[test]
fn a_body_on_the_standard_input_is_checked_too() {
    let mut command =
        hwmigrate(["oms", "task", "create", "--input", "-", "--region", "r", "--auth-token", "env:T"]);
    run_with_input(command.env("T", "t"), "nonsense").refused(2, "the standard input is not valid JSON");
}
