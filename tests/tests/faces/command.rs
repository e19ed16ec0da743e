//! The command as a face: one process for each step, as a script would have it.

use std::collections::BTreeMap;
use std::process::Stdio;

use hwmigrate_tests::process::binary;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::cases::{Answer, KEY, Settings, environment};

pub(crate) struct Command {
    settings: Settings,
}

/// What a step becomes on the command line.
struct Line {
    words: Vec<String>,
    /// The body, on the standard input.
    input: String,
    /// What becomes of the answer.
    shown: fn(Value) -> Value,
}

impl Command {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub(crate) async fn step(&self, words: &[&str]) -> Answer {
        let line = line(words);
        let mut command = tokio::process::Command::new(binary().unwrap());
        command.args(&line.words).args(["--output", "json", "--quiet"]);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(environment(&self.settings));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // A command that refuses its arguments does not read.
        let _ = input.write_all(line.input.as_bytes()).await;
        drop(input);
        let output = child.wait_with_output().await.unwrap();

        let (code, shown) = (output.status.code(), String::from_utf8(output.stdout).unwrap());
        let told = String::from_utf8(output.stderr).unwrap();
        let answer = serde_json::from_str(&shown).unwrap_or_default();
        match code {
            // Paused is an end of its own, with a report.
            Some(0 | 14) => Ok((line.shown)(answer)),
            _ => Err(facts(&answer, &told, code)),
        }
    }
}

fn line(words: &[&str]) -> Line {
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (words, body, shown): (Vec<String>, &str, fn(Value) -> Value) = match *words {
        ["project"] => (text(&["login"]), "", |answer| answer),
        // `oms task create` never makes a second task; the plain call is this one.
        ["create_task", body] => (text(&["api", "CreateTask", "--input", "-"]), body, |answer| answer),
        ["create_task_once", body] => {
            (text(&["oms", "task", "create", "--input", "-"]), body, |answer| answer)
        }
        ["show_task", id] => (text(&["oms", "task", "show", id]), "", |answer| answer),
        ["list_tasks", status] => {
            let states = BTreeMap::from([("4", "failed"), ("5", "succeeded")]);
            (text(&["oms", "task", "list", "--status", states[status]]), "", |answer| {
                let rows = answer.as_array().into_iter().flatten();
                json!({"ids": rows.map(|row| row["id"].clone()).collect::<Vec<_>>()})
            })
        }
        ["start_task", id, body] => (text(&["oms", "task", "start", id, "--input", "-"]), body, nothing),
        ["stop_task", id] => (text(&["oms", "task", "stop", id]), "", nothing),
        ["delete_task", id] => (text(&["oms", "task", "delete", id]), "", nothing),
        ["wait_task", id, limit] => (text(&["oms", "task", "wait", id, "--timeout", &ms(limit)]), "", end),
        ["wait_task_started", id, limit] => {
            (text(&["oms", "task", "wait", id, "--until", "started", "--timeout", &ms(limit)]), "", end)
        }
        ["create_group_once", body] => {
            let shown = |answer: Value| json!({"id": answer["group_id"], "adopted": answer["adopted"]});
            (text(&["oms", "group", "create", "--input", "-"]), body, shown)
        }
        ["wait_group", id, limit] => (text(&["oms", "group", "wait", id, "--timeout", &ms(limit)]), "", end),
        ["delete_group", id] => (text(&["oms", "group", "delete", id]), "", nothing),
        ["create_sync_once", body] => {
            let shown = |answer: Value| json!({"id": answer["sync_task_id"], "adopted": answer["adopted"]});
            (text(&["oms", "sync", "create", "--input", "-"]), body, shown)
        }
        ["sync_events", id, key] => (text(&["oms", "sync", "events", id, key]), "", nothing),
        ["stop_sync", id] => (text(&["oms", "sync", "stop", id]), "", nothing),
        ["list_servers"] => (text(&["sms", "server", "list"]), "", |answer| answer),
        ["create_server_task_once", body] => {
            (text(&["sms", "task", "create", "--input", "-"]), body, |answer| answer)
        }
        ["act", id, action] => (text(&["sms", "task", action, id]), "", nothing),
        ["wait_server_task", id, goal, limit] => {
            let goal = goal.replace('_', "-");
            (text(&["sms", "task", "wait", id, "--until", &goal, "--timeout", &ms(limit)]), "", end)
        }
        ["delete_server_task", id] => (text(&["sms", "task", "delete", id]), "", nothing),
        ["call", operation, ref parameters @ ..] => {
            let mut words = text(&["api", operation]);
            words.extend(parameters.iter().flat_map(|word| text(&["--param", word])));
            (words, "", |answer| answer)
        }
        _ => panic!("the command does not know {words:?}"),
    };
    // Secrets come by reference here, never as they are.
    let input = body.replace(&format!("\"{KEY}\""), "\"env:CASE_KEY\"");
    Line { words, input, shown }
}

fn ms(limit: &str) -> String {
    format!("{limit}ms")
}

fn nothing(_: Value) -> Value {
    Value::Null
}

/// The report of a wait.
fn end(report: Value) -> Value {
    let end = if report["status"] == "paused" { "paused" } else { "done" };
    let phases: Vec<_> =
        report["phases"].as_array().into_iter().flatten().map(|phase| phase["name"].clone()).collect();
    json!({
        "end": end, "state": report["status"], "phases": phases, "objects_done": report["objects"]["done"],
        "objects_failed": report["objects"]["failed"], "bytes_done": report["bytes"]["done"],
    })
}

/// The error in the report of a wait, or the last line of the error stream; and the exit code, which must be
/// that of its kind.
fn facts(report: &Value, told: &str, code: Option<i32>) -> Value {
    let last = || serde_json::from_str::<Value>(told.lines().last().unwrap_or_default()).unwrap_or_default();
    let error = report.get("error").filter(|error| error.is_object()).cloned();
    let error = error.unwrap_or_else(|| last()["error"].take());
    assert!(error.is_object(), "exit code {code:?} and no error in JSON: {report} {told}");
    let kind = error["kind"].as_str().unwrap_or_default().to_owned();
    assert_eq!(error["exit_code"], json!(code), "{error}");
    json!({
        "kind": kind,
        "status": error["status"],
        "code": error["code"],
        "operation": error["operation"],
        "retryable": error["retryable"],
        "job_state": error["job"]["state"],
        "objects_done": error["job"]["objects"]["done"],
        "objects_failed": error["job"]["objects"]["failed"],
    })
}
