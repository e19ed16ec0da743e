//! The cases: reading them, going through them, and judging what a face answers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hwmigrate_emulator::SourceServer;
use hwmigrate_tests::process::{PASSWORD, USER};
use hwmigrate_tests::sandbox::Sandbox;
use hwmigrate_tests::tree;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::command::Command;
use crate::library::Library;
use crate::program::Program;

/// Stands in the cases for every secret, so that a face can take it from elsewhere.
pub(crate) const KEY: &str = "made-up-key";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Bodies of requests; `@name` stands for one in a step.
    bodies: BTreeMap<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Logged in with, in place of the right one.
    password: Option<String>,
    steps: Vec<Step>,
    /// How often the emulator was asked in the end, by operation.
    #[serde(default)]
    asked: BTreeMap<String, usize>,
    /// What lies in the bucket `destination` in the end.
    arrived: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    /// Something that a face is asked.
    Ask {
        /// The verb and its words.
        r#do: Vec<String>,
        /// What the answer has among other things; without it, anything but an error. `null` is nothing at all.
        #[serde(default, deserialize_with = "given")]
        gives: Option<Value>,
        /// What the error has among other things.
        fails: Option<Map<String, Value>>,
        /// What later steps know as `$name`, and where it is in the answer.
        #[serde(default)]
        keep: BTreeMap<String, String>,
    },
    /// A command to the emulator.
    Tell {
        /// The path below `/_emulator/`.
        emulator: String,
        /// Its body.
        #[serde(default)]
        with: Value,
    },
}

/// A `null` that stands there, not the absence of anything.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// How a face is reached.
pub(crate) enum Face {
    /// The Rust library, in this process.
    Library,
    /// The command, one process for each step.
    Command,
    /// A program that reads steps and writes answers.
    Program(Vec<PathBuf>),
}

/// What a client has to know.
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) password: String,
}

/// An answer as JSON, or the facts of an error: `kind`, `status`, `code`, `operation`, `retryable` and, of a
/// job, `job_state`, `objects_done` and `objects_failed`.
pub(crate) type Answer = Result<Value, Value>;

enum Asked {
    Library(Library),
    Command(Command),
    Program(Box<Program>),
}

impl Asked {
    async fn step(&mut self, words: &[&str]) -> Answer {
        match self {
            Self::Library(library) => library.step(words).await,
            Self::Command(command) => command.step(words).await,
            Self::Program(program) => program.step(words).await,
        }
    }
}

/// Goes through all cases with a face; each has an emulator and a client of its own. One that fails does not
/// keep the others from being told.
pub(crate) async fn every_case(face: Face) {
    let File { bodies, cases } = serde_json::from_str(include_str!("../../faces/cases.json")).unwrap();
    assert!(cases.len() > 15, "only {} cases", cases.len());
    // For the commands to the emulator.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (face, bodies) = (Arc::new(face), Arc::new(bodies));
    let mut failed = Vec::new();
    for case in cases {
        let (face, bodies, name) = (Arc::clone(&face), Arc::clone(&bodies), case.name.clone());
        if tokio::spawn(async move { go_through(&face, &bodies, case).await }).await.is_err() {
            failed.push(name);
        }
    }
    assert_eq!(failed, [""; 0], "their failures are told above");
}

async fn go_through(face: &Face, bodies: &BTreeMap<String, Value>, case: Case) {
    let server = SourceServer::new("web").used_bytes(100_000_000);
    let builder = |builder: hwmigrate_emulator::Builder| {
        builder.source_server(server).sms_pace(Duration::from_millis(20), 10_000)
    };
    let sandbox = Sandbox::start_with(builder).await.unwrap();
    tree::write(&sandbox.source(), &[("a.txt", b"first"), ("b.txt", b"second"), ("photos/c.jpg", b"jpg")])
        .unwrap();
    let settings = Settings {
        url: sandbox.emulator.url().to_owned(),
        password: case.password.unwrap_or_else(|| PASSWORD.to_owned()),
    };
    let mut asked = match face {
        Face::Library => Asked::Library(Library::new(&settings)),
        Face::Command => Asked::Command(Command::new(settings)),
        Face::Program(words) => Asked::Program(Box::new(Program::start(words, &settings))),
    };

    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for (number, step) in case.steps.into_iter().enumerate() {
        let place = format!("{}, step {}", case.name, number + 1);
        match step {
            Step::Tell { emulator, with } => {
                let url = format!("{}/_emulator/{emulator}", sandbox.emulator.url());
                let answer = reqwest::Client::new().post(url).json(&with).send().await.unwrap();
                assert!(answer.status().is_success(), "{place}: {}", answer.text().await.unwrap());
            }
            Step::Ask { r#do, gives, fails, keep } => {
                let words: Vec<_> = r#do.iter().map(|word| filled(word, bodies, &kept)).collect();
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                let answer = asked.step(&words).await;
                let place = format!("{place} ({})", words[0]);
                match (answer, fails) {
                    (Ok(answer), None) => {
                        let wanted = gives.map(|value| known(value, &kept));
                        check(&answer, wanted.as_ref().unwrap_or(&answer), &place);
                        for (name, pointer) in keep {
                            let value = answer.pointer(&pointer);
                            let value = value.unwrap_or_else(|| panic!("{place}: no {pointer} in {answer}"));
                            kept.insert(
                                name,
                                value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                            );
                        }
                    }
                    (Err(error), Some(wanted)) => check(&error, &Value::Object(wanted), &place),
                    (Ok(answer), Some(wanted)) => panic!("{place}: {answer}, where {wanted:?} was due"),
                    (Err(error), None) => panic!("{place}: {error}"),
                }
            }
        }
    }

    let journal = sandbox.emulator.journal();
    for (operation, times) in case.asked {
        let (service, id) = operation.split_once('.').unwrap_or(("", &operation));
        let of_it = |entry: &&hwmigrate_emulator::Entry| {
            entry.operation.as_deref() == Some(id)
                && (service.is_empty() || entry.service.as_deref() == Some(service))
        };
        assert_eq!(journal.iter().filter(of_it).count(), times, "{}: calls of {operation}", case.name);
    }
    if let Some(keys) = case.arrived {
        let files = tree::read(&sandbox.destination()).unwrap();
        let found: Vec<_> = files.keys().filter(|key| !key.starts_with("oms/")).cloned().collect();
        assert_eq!(found, keys, "{}", case.name);
    }
}

/// A word of a step with its body and what was kept.
fn filled(word: &str, bodies: &BTreeMap<String, Value>, kept: &BTreeMap<String, String>) -> String {
    let mut text = match word.strip_prefix('@') {
        Some(name) => bodies.get(name).unwrap_or_else(|| panic!("there is no body {name}")).to_string(),
        None => word.to_owned(),
    };
    for (name, value) in kept {
        text = text.replace(&format!("${name}"), value);
    }
    text
}

/// An expected value with what was kept, ids of OMS as the numbers they are.
fn known(value: Value, kept: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$').and_then(|name| kept.get(name)) {
            Some(value) => value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number)),
            None => Value::String(text),
        },
        Value::Array(values) => values.into_iter().map(|value| known(value, kept)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, known(value, kept))).collect()
        }
        other => other,
    }
}

/// Every member of `wanted` is in `found`, lists have the same length, and everything else is equal.
fn check(found: &Value, wanted: &Value, place: &str) {
    match (found, wanted) {
        (Value::Object(members), Value::Object(wanted)) => {
            for (name, value) in wanted {
                let member = members.get(name).unwrap_or(&Value::Null);
                check(member, value, &format!("{place}, {name} of {found}"));
            }
        }
        (Value::Array(items), Value::Array(wanted)) if items.len() == wanted.len() => {
            for (item, wanted) in items.iter().zip(wanted) {
                check(item, wanted, place);
            }
        }
        _ => assert_eq!(found, wanted, "{place}"),
    }
}

/// The variables by which a client finds the emulator and who may log in.
pub(crate) fn environment(settings: &Settings) -> Vec<(&'static str, String)> {
    vec![
        ("HWMIGRATE_REGION", hwmigrate_tests::process::REGION.to_owned()),
        ("HUAWEICLOUD_SDK_PROJECT_ID", hwmigrate_tests::process::PROJECT.to_owned()),
        ("HUAWEICLOUD_SDK_IAM_ENDPOINT", settings.url.clone()),
        ("HWMIGRATE_OMS_ENDPOINT", settings.url.clone()),
        ("HWMIGRATE_SMS_ENDPOINT", settings.url.clone()),
        ("HW_DOMAIN_NAME", USER.0.to_owned()),
        ("HW_USER_NAME", USER.1.to_owned()),
        ("HW_USER_PASSWORD", settings.password.clone()),
        ("CASE_KEY", KEY.to_owned()),
    ]
}
