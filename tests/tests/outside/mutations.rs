//! Answers and settings as a broken service, a proxy or a slip of the hand would make them, by the thousand.
//!
//! Values are drawn from a seed, so a failure comes back with the same seed. `HWMIGRATE_MUTATIONS` sets how
//! many are tried of each kind.

use std::sync::{Arc, Mutex};

use hwmigrate::oms::{Bandwidth, DayTime, TimeWindow};
use hwmigrate::sms::SpeedLimit;
use hwmigrate::{Client, Credentials, Environment, ErrorKind, RetryPolicy, Secret, Service};
use hwmigrate_tests::dice::Dice;
use hwmigrate_tests::process::PROJECT;
use hwmigrate_tests::scripted::{Scripted, answer};
use serde_json::{Value, json};

const TASK: &str = include_str!("../../../crates/hwmigrate-api/tests/fixtures/oms-show-task-response.json");
const SERVER_TASK: &str =
    include_str!("../../../crates/hwmigrate-api/tests/fixtures/sms-show-task-response.json");

/// How many mutations of each kind.
fn rounds() -> u64 {
    std::env::var("HWMIGRATE_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}

/// What may stand anywhere in the place of anything else.
fn strange(dice: &mut Dice) -> Value {
    let values = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(9_007_199_254_740_993_u64),
        json!("9007199254740993"),
        json!(""),
        json!("\u{0}\u{ffff}\u{1f980}"),
        json!("2026-02-30T25:61:61Z"),
        json!([]),
        json!({}),
        json!([[null], {"a": [1, "b"]}]),
        json!({"error_code": "OMS.0001", "error_msg": "odd"}),
    ];
    values[dice.below(values.len())].clone()
}

/// Changes a few places of a document.
fn mutate(value: &mut Value, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        change(value, dice);
    }
}

/// Changes a value, or goes down into one of its members.
fn change(value: &mut Value, dice: &mut Dice) {
    let deeper = dice.below(12) > 0;
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let index = dice.below(members.len());
            change(members.values_mut().nth(index).unwrap(), dice);
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let index = dice.below(items.len());
            change(&mut items[index], dice);
        }
        Value::Object(members) if dice.below(3) == 0 => {
            members.insert("a_new_member".to_owned(), strange(dice));
        }
        Value::Object(members) if dice.below(2) == 0 => {
            let name = members.keys().nth(dice.below(members.len())).cloned();
            name.map(|name| members.remove(&name));
        }
        _ => *value = strange(dice),
    }
}

/// A client of a server that answers everything with the text that is set.
async fn client_of_text() -> (Client, Arc<Mutex<String>>) {
    let text = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&text);
    let server = Scripted::start(move |_| answer(200, "application/json", &told.lock().unwrap())).await;
    let client = Client::builder()
        .environment(Environment::empty())
        .region("cn-north-4")
        .project_id(PROJECT)
        .credentials(Credentials::token(Secret::from("made-up-token"), None))
        .endpoint(Service::Oms, server.url())
        .endpoint(Service::Sms, server.url())
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    (client, text)
}

/// Decodes, or says that it cannot; it does nothing else.
fn settled<T>(result: hwmigrate::Result<T>, text: &str) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Decode, "{error:?} of {text}");
            assert_eq!(error.status(), Some(200), "{error:?} of {text}");
            false
        }
    }
}

#[tokio::test]
async fn mutated_answers_decode_or_are_decode_errors() {
    let (client, text) = client_of_text().await;
    let (tasks, moves) = (client.oms().tasks(), client.sms().tasks());
    let (task, server_task): (Value, Value) =
        (serde_json::from_str(TASK).unwrap(), serde_json::from_str(SERVER_TASK).unwrap());
    let (mut good, mut bad) = (0_u64, 0_u64);
    for seed in 0..rounds() {
        let mut dice = Dice::new(seed + 1);
        for (number, original) in [
            &task,
            &server_task,
            &json!({"tasks": [task, task], "count": 2}),
            &json!({"tasks": [server_task], "count": 1}),
        ]
        .into_iter()
        .enumerate()
        {
            let mut changed = original.clone();
            mutate(&mut changed, &mut dice);
            let mut told = changed.to_string();
            if dice.below(8) == 0 {
                told.truncate(
                    (0..=dice.below(told.len())).rev().find(|at| told.is_char_boundary(*at)).unwrap(),
                );
            }
            text.lock().unwrap().clone_from(&told);
            let settled = match number {
                0 => settled(tasks.show(1).await, &told) & settled(tasks.progress(1).await, &told),
                1 => settled(moves.show("t").await, &told) & settled(moves.progress("t").await, &told),
                2 => settled(tasks.list().page(0).await, &told),
                _ => settled(moves.list().page(0).await, &told),
            };
            if settled { good += 1 } else { bad += 1 }
        }
    }
    // Both must happen, or the mutations are too mild or too wild to show anything.
    assert!(good.min(bad) > (good + bad) / 10, "{good} were read, {bad} were not");
}

/// A text of pieces that mean something somewhere.
fn jumble(dice: &mut Dice) -> String {
    const PIECES: [&str; 34] = [
        "http://",
        "https://",
        "127.0.0.1",
        "[::1]",
        "localhost",
        ":",
        "/",
        "..",
        "%2e",
        "%",
        "@",
        "?",
        "#",
        " ",
        "\n",
        "\u{0}",
        "ü",
        "8080",
        "99999",
        "24:00",
        "07:30",
        "-",
        "00:00-23:59",
        "MiB/s",
        "Mbit/s",
        "1e9",
        "=",
        "\"",
        "[",
        "]",
        "region",
        "cn-north-4",
        "env:",
        "\\",
    ];
    (0..dice.below(7)).map(|_| PIECES[dice.below(PIECES.len())]).collect()
}

#[tokio::test]
async fn jumbled_settings_and_values_are_taken_or_refused_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("config.toml");
    let (mut taken, mut refused) = (0_u64, 0_u64);
    let mut count = |error: Option<hwmigrate::Error>, of: &str| match error {
        None => taken += 1,
        Some(error) => {
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::Config | ErrorKind::Invalid), "{error:?} of {of:?}");
            assert!(!error.to_string().is_empty());
            refused += 1;
        }
    };
    for seed in 0..rounds() {
        let dice = &mut Dice::new(seed + 1);
        let builder = || {
            Client::builder()
                .environment(Environment::empty())
                .credentials(Credentials::token(Secret::from("made-up-token"), None))
        };
        let text = jumble(dice);
        count(builder().endpoint(Service::Oms, &text).build().err(), &text);
        count(builder().region(&text).build().err(), &text);
        count(builder().region("cn-north-4").project_id(&text).build().err(), &text);
        count(builder().region("cn-north-4").proxy(&text).build().err(), &text);
        std::fs::write(&profile, format!("[default]\nregion = \"cn-north-4\"\n{text} = {}\n", jumble(dice)))
            .unwrap();
        count(builder().profile_file(&profile).build().err(), &text);
        count(text.parse::<Bandwidth>().err(), &text);
        count(text.parse::<SpeedLimit>().err(), &text);
        count(text.parse::<DayTime>().err(), &text);
        count(text.parse::<TimeWindow>().err(), &text);
    }
    assert!(taken > 0 && refused > taken, "{taken} were taken, {refused} refused");
}
