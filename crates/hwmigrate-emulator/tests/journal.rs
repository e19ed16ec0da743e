//! The journal knows what was asked, and no secret.
#![allow(clippy::unwrap_used)]

mod common;

use common::{SK, Signer, builder, client, get, login, start, tasks};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn entry_tells_what_was_asked_and_what_became_of_it() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let answer = get(&format!("{}?limit=5", tasks(&emulator)), &token).await.unwrap();
    let entries = emulator.journal();
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2]);
    let entry = entries.last().unwrap();
    assert_eq!(entry.operation.as_deref(), Some("ListTasks"));
    assert_eq!((entry.method.as_str(), entry.auth.as_str(), entry.status), ("GET", "token", Some(200)));
    assert_eq!(entry.path, format!("/v2/{}/tasks", emulator.project_id()));
    assert_eq!(entry.query["limit"], "5");
    assert_eq!(entry.request_id, answer.headers()["x-request-id"].to_str().unwrap());
    assert_eq!(entries[0].body["auth"]["identity"]["password"]["user"]["password"], "[redacted]");
    assert_eq!(entries[0].auth, "none");
    emulator.clear_journal();
    assert!(emulator.journal().is_empty());
}

/// Secrets in every place where a caller can put one; none may be found again.
#[tokio::test]
async fn no_canary_reaches_memory_file_or_debug_output() {
    let dir = tempfile::tempdir().unwrap();
    let emulator = builder().state_dir(dir.path()).journal_file(true).start().await.unwrap();
    let token = login(&emulator).await;
    let url = tasks(&emulator);
    let client = client();
    let post = async |url: &str, body: &str| {
        let request =
            client.post(url).header("X-Auth-Token", &token).header("content-type", "application/json");
        request.body(body.to_owned()).send().await.unwrap();
    };
    let node = json!({
        "cloud_type": "AWS", "region": "r", "ak": "canary-ak", "sk": "canary-sk", "bucket": "b",
        "security_token": "canary-security-token", "object_key": ["k"], "canary-member": "canary-unknown",
        "json_auth_file": "canary-auth-file", "connection_string": "canary-connection", "app_id": "1",
    });
    let valid = json!({
        "task_type": "object", "src_node": node, "description": "says canary-sk again",
        "dst_node": {"region": "r", "ak": "canary-ak", "sk": "canary-sk-2", "bucket": "b"},
        "source_cdn": {"domain": "a.example.com", "protocol": "http", "authentication_key": "canary-cdn",
            "authentication_type": "NONE"},
    });
    post(&url, &valid.to_string()).await;
    let mut wrong = valid.clone();
    wrong["task_type"] = json!("canary-type");
    post(&url, &wrong.to_string()).await;
    post(&url, "{\"canary\": ").await;
    post(&url, "\"canary-text\"").await;
    post(&format!("{url}?canary=canary"), "{}").await;
    post(&format!("{}/canary/path", emulator.url()), "{\"canary\": \"canary\"}").await;
    post(&format!("{url}/canary/start"), &json!({"src_ak": "canary", "src_sk": "canary"}).to_string()).await;
    get(&format!("{}/canary", emulator.url()), "canary-token").await.unwrap();
    get(&format!("{}/v2/canary/tasks", emulator.url()), &token).await.unwrap();
    let body = common::password_body("canary-wrong-password", &json!({"canary": "canary"}));
    common::post_tokens(&emulator, &body).await;
    let signer =
        Signer { security_token: Some("canary-header".into()), ..Signer::new("canary-key-name", SK) };
    signer.send(&emulator, Method::GET, "/v2", "", "").await;
    let check = client.get(format!("{}/v3/auth/tokens", emulator.url())).header("X-Auth-Token", &token);
    check.header("X-Subject-Token", "canary-subject").send().await.unwrap();

    let journal = emulator.journal();
    assert!(journal.len() >= 12);
    let listed = client.get(format!("{}/_emulator/journal", emulator.url())).send().await.unwrap();
    let texts = [
        format!("{journal:?}"),
        serde_json::to_string(&journal).unwrap(),
        std::fs::read_to_string(dir.path().join("journal.jsonl")).unwrap(),
        listed.text().await.unwrap(),
        format!("{emulator:?} {:?}", builder()),
    ];
    for text in texts {
        assert!(!text.contains("canary"), "{}", text.split("canary").next().unwrap());
        assert!(!text.contains(&token[..40]));
    }
    assert!(journal.iter().any(|entry| entry.body["src_node"]["bucket"] == "b"));
}

#[tokio::test]
async fn file_has_a_line_for_each_request() {
    let dir = tempfile::tempdir().unwrap();
    let emulator = builder().state_dir(dir.path()).journal_file(true).start().await.unwrap();
    login(&emulator).await;
    get(&format!("{}/nothing/here", emulator.url()), "x").await.unwrap();
    let text = std::fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["operation"], "KeystoneCreateToken");
    assert_eq!((&lines[1]["path"], &lines[1]["status"]), (&json!("/*/*"), &json!(404)));
}
