//! Moving servers while something goes wrong: lost replies, time, interrupts, other commands.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;

use common::servers::{FAST, migrate, served, template};
use common::{Ran, Served, run, signal};
use serde_json::{Value, json};

fn tasks(served: &Served) -> Value {
    run(&mut served.client(["sms", "task", "list", "-o", "json"])).json()
}

#[test]
fn a_create_without_an_answer_is_searched_no_longer_than_the_limit() {
    for fault in [json!({"kind": "reset"}), json!({"kind": "delay", "milliseconds": 600_000})] {
        let served = served(&FAST);
        let template = template(&served);
        let mut fault = fault;
        fault["operation"] = json!("sms.CreateTask");
        served.fault(&fault);
        let ran = migrate(&served, &["web-1", "--template-id", &template, "--timeout", "4s"]);
        assert_eq!((ran.code, &ran.error()["kind"]), (13, &json!("Ambiguous")), "{ran}");
        let report = ran.json();
        let error = &report["servers"][0]["error"];
        let words = error["message"].as_str().unwrap();
        assert!(words.contains("the name \"web-1\" for the source server"), "{ran}");
        assert!(!words.contains("within 30 s"), "it went on beyond the limit: {ran}");
        assert_eq!(report["counts"]["unfinished"], 1, "{ran}");
        let fields = "adopted bytes cut_over elapsed_ms error name phases server_id source_state state status step task_id";
        let mut known: Vec<&str> =
            report["servers"][0].as_object().unwrap().keys().map(String::as_str).collect();
        known.sort_unstable();
        assert_eq!(known.join(" "), fields, "a failure leaves nothing out: {ran}");
        assert!(ran.err.contains("no answer to the create; looking for a task called \"web-1\""), "{ran}");
    }
}

#[test]
fn an_interrupt_names_a_task_that_may_exist() {
    // Cut off while the task is searched, and while the service has the request; the second takes
    // one more interrupt, since a request that is under way is waited for.
    for (fault, event, twice) in [
        (json!({"kind": "reset"}), "searching", false),
        (json!({"kind": "delay", "milliseconds": 600_000}), "creating", true),
    ] {
        let served = served(&FAST);
        let template = template(&served);
        let mut fault = fault;
        fault["operation"] = json!("sms.CreateTask");
        served.fault(&fault);
        let mut command =
            served.client(["sms", "migrate", "web-1", "-o", "ndjson", "--template-id", &template]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = |line: Option<std::io::Result<String>>| -> Value {
            serde_json::from_str(&line.unwrap().unwrap()).unwrap()
        };
        while said(lines.next())["event"] != event {}
        signal(child.id(), "INT");
        let pid = child.id();
        let errors = thread::spawn(move || {
            let mut text = String::new();
            for line in errors.map(Result::unwrap) {
                if twice && line.contains("interrupt once more") {
                    signal(pid, "INT");
                }
                text.push_str(&line);
                text.push('\n');
            }
            text
        });
        let last = said(lines.last());
        let ended = Ran { err: errors.join().unwrap(), ..Ran::from(child.wait_with_output().unwrap()) };
        assert_eq!(ended.code, 130, "{ended}");
        let server = &last["servers"][0];
        assert_eq!(server["error"]["kind"], "Ambiguous", "{last}");
        let words = server["error"]["message"].as_str().unwrap();
        assert!(words.contains("\"web-1\" for the source server"), "{last}");
        let cause = ended.err.lines().find(|line| line.contains("caused by")).unwrap_or_default();
        assert!(cause.contains("\"web-1\" for the source server"), "{ended}");
        assert_eq!(tasks(&served), json!([]), "nothing was made here");
    }
}

#[test]
fn a_reader_that_has_gone_is_an_interrupt_that_loses_no_task() {
    let served = served(&["--sms-step", "4s"]);
    let template = template(&served);
    served.fault(&json!({"kind": "delay", "milliseconds": 1_500, "operation": "sms.CreateTask", "times": 2}));
    let mut command = served.client(["sms", "migrate", "web-1", "db-1", "-o", "ndjson"]);
    command.args(["--template-id", &template, "--stop-on-interrupt"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let read: Vec<_> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(2).map(Result::unwrap).collect();
    assert!(read.iter().all(|line| line.contains("creating")), "{read:?}");
    let ended = Ran::from(child.wait_with_output().unwrap());
    ended.refused(130, "the reader of the output has gone: the following ends");
    // Both creates were under way; their answers were waited for, and neither task was started.
    let made = tasks(&served);
    assert_eq!(made.as_array().unwrap().len(), 2, "{made}");
    for task in made.as_array().unwrap() {
        assert_eq!(task["state"], "READY", "{made}");
        assert!(ended.err.contains(task["id"].as_str().unwrap()), "{ended}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_the_output_is_named_when_tasks_were_stopped() {
    let served = served(&["--sms-step", "4s"]);
    let template = template(&served);
    let mut command = served.client(["sms", "migrate", "web-1", "db-1", "-o", "ndjson"]);
    command.args(["--template-id", &template, "--stop-on-interrupt"]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let ended = run(&mut command);
    ended.refused(1, "the output could not be written: the following ends");
    assert!(ended.err.contains("No space left on device"), "{ended}");
}

#[test]
fn two_commands_for_one_server_move_it_together() {
    let served = served(&FAST);
    let template = template(&served);
    // Both have seen that there is no task before either makes one.
    served.fault(&json!({"kind": "delay", "milliseconds": 1_500, "operation": "ShowServer", "times": 2}));
    let args = ["web-1", "--template-id", &template, "--cut-over"];
    let both = thread::scope(|scope| {
        let commands = [(); 2].map(|()| scope.spawn(|| migrate(&served, &args)));
        commands.map(|command| command.join().unwrap())
    });
    let reports = both.each_ref().map(Ran::json);
    for (ran, report) in both.iter().zip(&reports) {
        assert_eq!((ran.code, &report["status"]), (0, &json!("succeeded")), "{ran}");
        assert_eq!(report["servers"][0]["task_id"], reports[0]["servers"][0]["task_id"], "{ran}");
    }
    let adopted = reports.iter().filter(|report| report["servers"][0]["adopted"] == true).count();
    assert_eq!(adopted, 1, "{}{}", both[0], both[1]);
    assert_eq!(tasks(&served).as_array().unwrap().len(), 1);
}

#[test]
fn one_answer_that_cannot_be_read_ends_nothing() {
    let served = served(&FAST);
    let template = template(&served);
    for operation in ["ListServers", "ShowServer", "sms.ListTasks", "sms.ShowTask"] {
        served.fault(&json!({"kind": "truncated_json", "operation": operation}));
    }
    let ran = migrate(&served, &["web-1", "--template-id", &template]);
    assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("syncing")), "{ran}");
}

#[test]
fn a_server_to_be_made_is_no_answer_to_one_that_is_there_nor_the_other_way_round() {
    for (has, asked) in [("--target-vm", "--template-id"), ("--template-id", "--target-vm")] {
        let served = served(&FAST);
        let template = template(&served);
        let value = |flag: &str| if flag == "--target-vm" { "ecs-prod".to_owned() } else { template.clone() };
        let servers = run(&mut served.client(["sms", "server", "list", "-o", "json"])).json();
        let server = servers[0]["id"].as_str().unwrap();
        let made = run(&mut served.client([
            "sms",
            "task",
            "create",
            "--server",
            server,
            "--syncing",
            has,
            &value(has),
        ]));
        assert_eq!(made.code, 0, "{made}");
        let name = servers[0]["name"].as_str().unwrap();
        migrate(&served, &[name, asked, &value(asked)]).refused(6, "has the task");
        assert_eq!(tasks(&served)[0]["state"], "READY", "nothing was started");
    }
}

#[test]
fn a_server_that_has_a_task_is_not_launched_on_another_target() {
    let served = served(&FAST);
    let template = template(&served);
    let first = migrate(&served, &["web-1", "--template-id", &template, "--target-name", "copy"]);
    assert_eq!(first.code, 0, "{first}");
    let silent = migrate(&served, &["web-1", "--template-id", &template, "--target-name", "copy"]);
    assert!(silent.code == 0 && !silent.err.contains("warning"), "the same command again: {silent}");
    for other in [
        ["--template-id", "tpl-other"],
        ["--target-vm", "ecs-other"],
        ["--target-region", "cn-south-1"],
        ["--target-project-id", "p-other"],
    ] {
        let ran = migrate(&served, &[&["web-1", "--cut-over"], &other[..]].concat());
        ran.refused(6, "has the task");
        assert!(ran.err.contains(&format!("not for {} {}", other[0], other[1])), "{ran}");
        let task = tasks(&served)[0].clone();
        assert_eq!(task["state"], "SYNCING", "nothing was launched: {ran}");
    }
    let ran = migrate(
        &served,
        &[
            "web-1",
            "--cut-over",
            "--template-id",
            &template,
            "--target-name",
            "x",
            "--priority",
            "high",
            "--ipv6",
        ],
    );
    assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("succeeded")), "{ran}");
    assert!(ran.err.contains("stays as it is: no effect has --target-name, --priority, --ipv6"), "{ran}");
}

#[test]
fn an_action_that_is_cut_off_may_have_been_done() {
    let served = served(&FAST);
    let template = template(&served);
    let ran = migrate(&served, &["web-1", "--template-id", &template]);
    let task = ran.json()["servers"][0]["task_id"].as_str().unwrap().to_owned();
    served.fault(&json!({"kind": "delay", "milliseconds": 600_000, "operation": "UpdateTaskStatus"}));
    let ran = run(served.client(["sms", "task", "cutover", &task, "-o", "json"]).args(["--timeout", "3s"]));
    assert_eq!((ran.code, &ran.error()["kind"]), (13, &json!("Ambiguous")), "{ran}");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("may or may not have been done"), "{ran}");
}
