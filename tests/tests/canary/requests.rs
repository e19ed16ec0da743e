//! Every operation of every document, with a marker in each secret field.

use hwmigrate_emulator::{Entry, Fault, FaultKind};
use hwmigrate_tests::document::{Call, Document};
use hwmigrate_tests::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::log::Log;
use crate::{CANARY, Markers, assert_clean, assert_clean_state, shown};

/// All calls of all documents, and how many secret fields their bodies hold.
pub(crate) fn calls() -> (Vec<Call>, usize) {
    let mut markers = Markers::default();
    let mut calls = Vec::new();
    let documents = [
        ("oms", hwmigrate::api::oms::DOCUMENT),
        ("sms", hwmigrate::api::sms::DOCUMENT),
        ("iam", hwmigrate::api::iam::DOCUMENT),
    ];
    for (service, document) in documents {
        let document = Document::parse(document).unwrap();
        for mut call in document.calls(&mut |path| markers.next(path)) {
            call.id = format!("{service}.{}", call.id);
            calls.push(call);
        }
    }
    for call in &mut calls {
        if let Some(body) = &mut call.body {
            make_acceptable(&call.id, &mut body.json);
        }
    }
    let secrets = calls.iter().filter_map(|call| call.body.as_ref()).map(|body| body.secrets.len()).sum();
    (calls, secrets)
}

/// Adds what the documents ask for in words only, so that creates succeed and their jobs run.
fn make_acceptable(operation: &str, body: &mut Value) {
    let more = match operation {
        "oms.CreateTask" | "oms.CreateTaskGroup" => json!({
            "task_type": if operation == "oms.CreateTask" { "prefix" } else { "PREFIX" },
            "src_node": {
                "cloud_type": "HuaweiCloud", "region": "cn-north-4", "bucket": "source", "object_key": [""]
            },
            "dst_node": {"region": "cn-north-4", "bucket": "destination"}
        }),
        "oms.CreateSyncTask" => json!({
            "src_cloud_type": "HuaweiCloud", "src_region": "cn-north-4", "src_bucket": "source",
            "dst_region": "cn-north-4", "dst_bucket": "destination"
        }),
        _ => return,
    };
    merge(body, more);
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

/// The server refuses and repeats what it was sent, as careless servers do.
fn echo(call: &Call) -> FaultKind {
    let body = call.body.as_ref().map(|body| body.json.to_string()).unwrap_or_default();
    FaultKind::Status { status: 400, code: "OMS.1010".to_owned(), message: format!("cannot use {body}") }
}

#[tokio::test]
async fn no_secret_field_of_any_operation_shows_anywhere() {
    let log = Log::start();
    let sandbox =
        Sandbox::start_with(|builder| builder.journal_file(true).check_responses(true)).await.unwrap();
    hwmigrate_tests::tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let client = sandbox.client().unwrap();
    let (calls, secrets) = calls();
    assert!(secrets > 60, "the documents hold only {secrets} secret fields");

    for call in &calls {
        let strikes = [
            None,
            Some(echo(call)),
            Some(FaultKind::BadGateway),
            Some(FaultKind::TruncatedJson),
            Some(FaultKind::WrongType { member: "id".to_owned() }),
            Some(FaultKind::Reset),
            Some(FaultKind::LoseReply),
            Some(FaultKind::Unauthorized),
        ];
        for strike in strikes {
            let named = format!("{} with {:?}", call.id, strike.as_ref().map(FaultKind::name));
            if let Some(kind) = strike {
                sandbox.emulator.faults().push(Fault::new(kind).on(&call.id).times(8));
            }
            let mut request = client.operation(&call.id).unwrap();
            for (name, value) in &call.parameters {
                request = request.parameter(name, value);
            }
            if let Some(body) = &call.body {
                request = request.body(body.json.clone());
            }
            assert_clean(&named, &format!("{request:?}"));
            assert_clean(&named, &shown(&request.send().await));
            sandbox.emulator.faults().clear();
        }
    }

    let journal = sandbox.emulator.journal();
    assert!(journal.len() >= calls.len());
    for id in ["CreateTask", "CreateTemplate"] {
        let done = |entry: &&Entry| entry.operation.as_deref() == Some(id) && entry.status == Some(200);
        assert!(journal.iter().find(done).is_some(), "{id} never went through");
    }
    assert_clean("the journal", &format!("{journal:?}"));
    assert_clean("the journal", &serde_json::to_string(&journal).unwrap());
    let state = sandbox.state();
    sandbox.emulator.shutdown().await;
    assert!(state.join("journal.jsonl").exists());
    assert_clean_state(&state);
    let text = log.text();
    assert!(text.contains("CreateTask") && text.contains("TRACE"), "the log was not taken down");
    assert!(text.contains("hyper"), "the log of the HTTP client was not taken down");
    assert_clean("the log", &text);
}

#[tokio::test]
async fn search_finds_a_marker_that_is_shown() {
    let log = Log::start();
    // Split, so that this proof does not trip the other tests of this process.
    let (first, second) = CANARY.split_at(5);
    tracing::trace!(first, second, "probe");
    let text = log.text();
    assert!(text.contains(first) && text.contains("probe"));
    let found = std::panic::catch_unwind(|| assert_clean("a text", &format!("…{CANARY}-0001…")));
    assert!(found.is_err());
}
