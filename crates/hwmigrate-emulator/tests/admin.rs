//! The commands over HTTP.
#![allow(clippy::unwrap_used)]

mod common;

use common::{client, get, login, start, tasks};
use hwmigrate_emulator::Emulator;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn command(emulator: &Emulator, method: Method, call: &str, body: &Value) -> (StatusCode, Value) {
    let request = client().request(method, format!("{}/_emulator/{call}", emulator.url()));
    let request = if body.is_null() { request } else { request.json(body) };
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn health_says_what_is_played() {
    let emulator = start().await;
    let (status, health) = command(&emulator, Method::GET, "health", &Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(health["project_id"], emulator.project_id());
    assert_eq!(health["region"], "cn-north-4");
    assert!(emulator.journal().is_empty());
}

#[tokio::test]
async fn faults_are_pushed_listed_and_cleared() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let fault = json!({"kind": "bad_gateway", "operation": "ListTasks", "times": 2});
    let (status, pushed) =
        command(&emulator, Method::POST, "faults", &json!([fault, {"kind": "reset"}])).await;
    assert_eq!((status.as_u16(), pushed), (200, json!({"pushed": 2})));
    let (_, listed) = command(&emulator, Method::GET, "faults", &Value::Null).await;
    assert_eq!(listed["faults"].as_array().unwrap().len(), 2);
    assert!(get(&tasks(&emulator), &token).await.is_err());
    assert_eq!(get(&tasks(&emulator), &token).await.unwrap().status(), 502);
    command(&emulator, Method::DELETE, "faults", &Value::Null).await;
    assert_eq!(get(&tasks(&emulator), &token).await.unwrap().status(), 200);
}

#[tokio::test]
async fn wrong_fault_is_refused_with_all_that_came_with_it() {
    let emulator = start().await;
    let faults = json!([{"kind": "reset"}, {"kind": "unheard_of"}]);
    let (status, answer) = command(&emulator, Method::POST, "faults", &faults).await;
    assert_eq!(status, 400);
    assert!(answer["error_msg"].as_str().unwrap().contains("unheard_of"), "{answer}");
    assert!(emulator.faults().armed().is_empty());
}

#[tokio::test]
async fn clock_tokens_and_journal_are_commanded() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let (status, _) = command(&emulator, Method::POST, "tokens/expire", &Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(get(&tasks(&emulator), &token).await.unwrap().status(), 401);
    let token = login(&emulator).await;
    command(&emulator, Method::POST, "clock", &json!({"advance_seconds": 90_000})).await;
    assert_eq!(get(&tasks(&emulator), &token).await.unwrap().status(), 401);
    let (status, _) = command(&emulator, Method::POST, "clock", &json!({"advance_seconds": -1})).await;
    assert_eq!(status, 400);
    let (_, journal) = command(&emulator, Method::GET, "journal?operation=ListTasks", &Value::Null).await;
    assert_eq!(journal["entries"].as_array().unwrap().len(), 2);
    let (_, journal) = command(&emulator, Method::GET, "journal?after=3", &Value::Null).await;
    assert_eq!(journal["entries"].as_array().unwrap().len(), 1);
    command(&emulator, Method::DELETE, "journal", &Value::Null).await;
    assert!(emulator.journal().is_empty());
}

#[tokio::test]
async fn pages_in_a_browser_cannot_command() {
    let emulator = start().await;
    let url = format!("{}/_emulator/tokens/expire", emulator.url());
    let with_origin = client().post(&url).header("origin", "https://example.com").send().await.unwrap();
    assert_eq!(with_origin.status(), 403);
    let other_name = client().post(&url).header("host", "example.com").send().await.unwrap();
    assert_eq!(other_name.status(), 403);
    let (status, _) = command(&emulator, Method::GET, "nothing", &Value::Null).await;
    assert_eq!(status, 404);
}
