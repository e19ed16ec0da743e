//! A face in another language: a program that reads steps and writes answers, a line each.
//!
//! A step is its words, separated by tabs. The answer is `ok`, a tab and JSON, or
//! `error`, a tab and the facts of the error as JSON, whose `kind` is the name
//! or number that this language has for it.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::cases::{Answer, Settings, environment};

pub(crate) struct Program {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    pub(crate) fn start(words: &[PathBuf], settings: &Settings) -> Self {
        let (program, arguments) = words.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment(settings));
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { _child: child, input, output }
    }

    pub(crate) async fn step(&mut self, words: &[&str]) -> Answer {
        let step = format!("{}\n", words.join("\t"));
        self.input.write_all(step.as_bytes()).await.unwrap();
        let line = self.output.next_line().await.unwrap();
        let line = line.unwrap_or_else(|| panic!("the program ended at {words:?}; see what it wrote above"));
        let (word, answer) = line.split_once('\t').unwrap_or_else(|| panic!("{line:?} is no answer"));
        let mut answer: Value =
            serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {line}"));
        match word {
            "ok" => Ok(answer),
            "error" => {
                answer["kind"] = kind(&answer["kind"]);
                Err(answer)
            }
            other => panic!("{other:?} is no answer"),
        }
    }
}

/// What the library calls the kind, by the table that all faces share.
fn kind(given: &Value) -> Value {
    let table: Value =
        serde_json::from_str(include_str!("../../../crates/hwmigrate/data/error-kinds.json")).unwrap();
    let rows = table.as_array().expect("a table");
    // The numbers of C are the exit codes, which a test of the C library holds against the table.
    let row = rows.iter().find(|row| row["python"] == *given || row["exit_code"] == *given);
    row.map_or_else(|| json!(format!("not in the table: {given}")), |row| row["kind"].clone())
}
