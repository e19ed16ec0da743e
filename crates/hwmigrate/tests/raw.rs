//! Raw calls: any operation by its id, refused before sending where they must be.

#![allow(clippy::unwrap_used)]

mod support;

use hwmigrate::ErrorKind;
use serde_json::json as value;
use support::{Server, answer, json};

#[tokio::test]
async fn parameters_go_where_the_document_says() {
    let server = Server::always(json(r#"{"tasks":[],"count":0}"#)).await;
    let call = server
        .client()
        .operation("ListTasks")
        .unwrap()
        .parameter("limit", "5")
        .parameter("task_name", "a b+c/é");
    let answer = call.send().await.unwrap();
    assert_eq!(answer.body.unwrap()["count"], 0);
    let asked = server.asked();
    let (path, query) = asked[0].target.split_once('?').unwrap();
    assert_eq!(path, "/v2/p1/tasks");
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(pairs, [("limit".into(), "5".into()), ("task_name".into(), "a b+c/é".into())]);
}

#[tokio::test]
async fn a_body_is_sent_as_json() {
    let server = Server::always(json(r#"{"id":7,"task_name":"x"}"#)).await;
    let answer = support::create(&server.client()).await.unwrap();
    assert_eq!(answer.body.as_ref().unwrap()["id"], 7);
    assert!(!format!("{answer:?}").contains('7'), "a debug print shows no body");
    let asked = &server.asked()[0];
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.json()["src_node"]["sk"], "canary-node-sk");
}

#[tokio::test]
async fn a_header_parameter_goes_into_a_header() {
    let server = Server::always(json(r#"{"token":{"expires_at":"x"}}"#)).await;
    let call = server.client().operation("KeystoneValidateToken").unwrap();
    call.parameter("X-Subject-Token", "canary-subject").send().await.unwrap();
    assert_eq!(server.asked()[0].header("x-subject-token"), Some("canary-subject"));
}

#[tokio::test]
async fn nothing_is_sent_for_a_call_that_cannot_be_right() {
    let server = Server::always(json("{}")).await;
    let client = server.client();
    let show = |name: &str, id: &str| client.operation("ShowTaskGroup").unwrap().parameter(name, id);
    let calls = [
        (show("group_id", ".."), "`group_id`"),
        (show("group_id", "."), "`group_id`"),
        (show("group_id", ""), "`group_id`"),
        (show("group_id", "%2e%2e"), "`group_id`"),
        (show("group_id", "%2E"), "`group_id`"),
        (show("group_id", "a/b"), "`group_id`"),
        (show("group_id", "a\nb"), "`group_id`"),
        (show("group", "1"), "no parameter `group`"),
        (show("group_id", "1").parameter("project_id", ".."), "`project_id`"),
        (client.operation("ShowTaskGroup").unwrap(), "`group_id` is missing"),
        (show("group_id", "1").body(value!({})), "takes no body"),
        (client.operation("CreateTask").unwrap(), "needs a body"),
        (client.operation("CreateTask").unwrap().body(value!([])), "JSON object"),
    ];
    for (call, words) in calls {
        let error = call.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{}", error.chain());
        assert!(error.operation().is_some());
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn an_unknown_operation_gets_a_hint() {
    let server = Server::always(json("{}")).await;
    let error = server.client().operation("createtask").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("CreateTask"), "{error}");
    assert!(server.client().operation("Nonsense").unwrap_err().to_string().contains("like CreateTask"));
}

#[tokio::test]
async fn an_operation_without_result_gives_no_body() {
    let server = Server::always(answer(200, &[], "")).await;
    let call = server.client().operation("StopTask").unwrap().parameter("task_id", "1");
    assert_eq!(call.send().await.unwrap().body, None);
}

#[tokio::test]
async fn a_deadline_of_its_own_ends_the_call() {
    let server = Server::always(vec![support::Step::Hang]).await;
    let call = server.client().operation("ShowTask").unwrap().parameter("task_id", "1");
    let error = call.deadline(std::time::Duration::from_millis(100)).send().await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn bytes_come_as_they_are() {
    let body = r#"{"id": 17,  "new_field": [1]}"#;
    let server = Server::always(answer(200, &[("x-request-id", "r-9")], body)).await;
    let call = server.client().operation("ShowTask").unwrap().parameter("task_id", "17");
    let bytes = call.send_bytes().await.unwrap();
    assert_eq!((bytes.status, bytes.request_id.as_deref()), (200, Some("r-9")));
    assert_eq!(bytes.body(), body.as_bytes());
    assert!(!format!("{bytes:?}").contains("new_field"));
    assert_eq!(Vec::from(bytes), body.as_bytes());
}
