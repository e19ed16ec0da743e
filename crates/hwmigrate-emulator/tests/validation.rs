//! What the document does not allow is refused, in words that name the field.
#![allow(clippy::unwrap_used)]

mod common;

use common::{client, code, get, login, start, tasks};
use hwmigrate_emulator::{Emulator, Fault, FaultKind};
use reqwest::Method;
use serde_json::{Value, json};

const CANARY: &str = "canary-value-7";

fn task() -> Value {
    json!({
        "task_type": "prefix",
        "src_node": {
            "cloud_type": "HuaweiCloud", "region": "cn-north-4", "ak": "A", "sk": CANARY,
            "bucket": "source", "object_key": [""],
        },
        "dst_node": {"region": "cn-north-4", "ak": "A", "sk": CANARY, "bucket": "destination"},
    })
}

async fn create(emulator: &Emulator, token: &str, body: &Value) -> (u16, String, String) {
    let answer =
        client().post(tasks(emulator)).header("X-Auth-Token", token).json(body).send().await.unwrap();
    code(answer).await
}

#[tokio::test]
async fn each_broken_rule_has_its_code_and_names_its_field() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let mut cases: Vec<(&str, Value, &str, &str)> = Vec::new();
    let mut case = |pointer: &'static str, value: Value, code: &'static str, words: &'static str| {
        let mut body = task();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        if value.is_null() {
            parent.as_object_mut().unwrap().remove(name);
        } else {
            parent[name] = value;
        }
        cases.push((pointer, body, code, words));
    };
    case("/src_node", Value::Null, "OMS.1007", "src_node is required");
    case("/dst_node/bucket", Value::Null, "OMS.1007", "dst_node.bucket is required");
    case("/task_type", json!(CANARY), "OMS.0002", "task_type must be one of");
    case("/src_node/sk", json!({"a": CANARY}), "OMS.0002", "src_node.sk must be of type string");
    case("/description", json!("<canary>"), "OMS.0078", "description must match");
    case("/description", json!("x".repeat(256)), "OMS.0002", "description must have at most 255 characters");
    case("/migrate_since", json!(-1), "OMS.0002", "migrate_since must be at least 0");
    let period = |max: i64| json!({"start": "01:00", "end": "02:00", "max_bandwidth": max});
    case(
        "/bandwidth_policy",
        json!(vec![period(1_048_576); 6]),
        "OMS.0083",
        "bandwidth_policy must have at most",
    );
    case(
        "/bandwidth_policy",
        json!([period(1)]),
        "OMS.0084",
        "bandwidth_policy[0].max_bandwidth must be at least",
    );
    for (pointer, body, expected, words) in cases {
        let (status, code, message) = create(&emulator, &token, &body).await;
        assert_eq!((status, code.as_str()), (400, expected), "{pointer}: {message}");
        assert!(message.contains(words), "{pointer}: {message}");
        assert!(!message.contains("canary"), "{message}");
    }
}

#[tokio::test]
async fn body_has_to_be_there_and_json() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let send = async |body: &'static str, kind: &str| {
        let request = client().post(tasks(&emulator)).header("X-Auth-Token", &token);
        code(request.header("content-type", kind).body(body).send().await.unwrap()).await
    };
    assert_eq!(send("{", "application/json").await.1, "OMS.0067");
    assert_eq!(send("", "application/json").await.1, "OMS.1007");
    assert_eq!(send("{}", "application/json;charset=UTF-8").await.1, "OMS.1007");
    assert_eq!(send("a=b", "application/x-www-form-urlencoded").await.0, 415);
}

#[tokio::test]
async fn parameters_are_checked() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let tasks = tasks(&emulator);
    for (tail, expected, words) in [
        ("?limit=101", "OMS.0051", "limit must be at most 100"),
        ("?limit=ten", "OMS.0051", "limit must be of type integer"),
        ("?limit=1&limit=2", "OMS.0051", "limit must not be given twice"),
        ("?offset=-1", "OMS.0051", "offset must be at least 0"),
        ("?status=9", "OMS.0052", "status must be"),
        ("?canary=1", "OMS.0002", "the query holds a parameter that is not one of"),
        ("/canary", "OMS.0054", "task_id must be of type integer"),
        ("/9007199254740993", "OMS.0054", "task_id must be at most"),
    ] {
        let (status, code, message) = code(get(&format!("{tasks}{tail}"), &token).await.unwrap()).await;
        assert_eq!((status, code.as_str()), (400, expected), "{tail}: {message}");
        assert!(message.contains(words), "{tail}: {message}");
        assert!(!message.contains("canary"), "{message}");
    }
    emulator.faults().push(Fault::new(FaultKind::BigIds));
    let (_, code, _) =
        code_or_success(get(&format!("{tasks}/9007199254740993"), &token).await.unwrap()).await;
    assert_ne!(code, "OMS.0054");
}

async fn code_or_success(answer: reqwest::Response) -> (u16, String, String) {
    if answer.status().is_success() { (200, String::new(), String::new()) } else { code(answer).await }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let (status, error, _) =
        code(get(&format!("{}/v2/x/nothing", emulator.url()), &token).await.unwrap()).await;
    assert_eq!((status, error.as_str()), (404, "APIGW.0101"));
    let request = client().request(Method::PATCH, tasks(&emulator)).header("X-Auth-Token", &token);
    let (status, error, _) = code(request.send().await.unwrap()).await;
    assert_eq!((status, error.as_str()), (405, "OMS.0005"));
    let request = client().delete(format!("{}/v3/projects", emulator.url()));
    assert_eq!(request.send().await.unwrap().json::<Value>().await.unwrap()["error"]["code"], 405);
}

#[tokio::test]
async fn json_type_without_a_body_is_taken_where_none_is_needed() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let url = format!("{}/v2/{}/privacy-agreements", emulator.url(), emulator.project_id());
    let request =
        client().post(url).header("X-Auth-Token", &token).header("content-type", "application/json");
    assert_eq!(request.send().await.unwrap().status(), 200);
}
