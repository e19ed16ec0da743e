//! Tokens and signatures, as callers meet them.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{AK, SK, Signer, builder, client, code, get, login, start, tasks};
use hwmigrate_emulator::Emulator;
use reqwest::Method;
use serde_json::json;

fn tasks_path(emulator: &Emulator) -> String {
    format!("/v2/{}/tasks", emulator.project_id())
}

#[tokio::test]
async fn token_opens_its_project_only() {
    let emulator = start().await;
    let token = login(&emulator).await;
    assert!(token.starts_with("MII"));
    let answer = get(&tasks(&emulator), &token).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-request-id"));
    assert!(answer.headers().contains_key("date"));
    let other = format!("{}/v2/{}/tasks", emulator.url(), "0".repeat(32));
    let (status, code, _) = code(get(&other, &token).await.unwrap()).await;
    assert_eq!((status, code.as_str()), (400, "OMS.0072"));
}

#[tokio::test]
async fn account_token_does_not_open_a_project() {
    let emulator = start().await;
    let answer = common::post_tokens(&emulator, &common::password_body(common::PASSWORD, &json!({}))).await;
    let token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
    let (_, code, text) = code(get(&tasks(&emulator), &token).await.unwrap()).await;
    assert_eq!(code, "OMS.0072");
    assert!(text.contains("account"), "{text}");
}

#[tokio::test]
async fn missing_foreign_and_expired_tokens_are_told_apart() {
    let emulator = start().await;
    let url = tasks(&emulator);
    let refused = |text: String| {
        assert!(text.starts_with("Incorrect IAM authentication information: "), "{text}");
        text
    };
    let (status, error, text) = code(client().get(&url).send().await.unwrap()).await;
    assert_eq!((status, error.as_str()), (401, "APIGW.0301"));
    assert!(refused(text).contains("x-auth-token not found"));
    let (_, _, text) = code(get(&url, "MIIabc").await.unwrap()).await;
    assert!(refused(text).contains("decrypt token fail"));
    let token = login(&emulator).await;
    emulator.advance_clock(Duration::from_secs(24 * 3600 - 60));
    assert_eq!(get(&url, &token).await.unwrap().status(), 200);
    emulator.advance_clock(Duration::from_secs(61));
    let (_, _, text) = code(get(&url, &token).await.unwrap()).await;
    assert!(refused(text).contains("token expires, expires_at: "));
    let fresh = login(&emulator).await;
    assert_eq!(get(&url, &fresh).await.unwrap().status(), 200);
}

#[tokio::test]
async fn expire_tokens_ends_those_that_exist_and_no_others() {
    let emulator = start().await;
    let token = login(&emulator).await;
    emulator.expire_tokens().unwrap();
    assert_eq!(get(&tasks(&emulator), &token).await.unwrap().status(), 401);
    let fresh = login(&emulator).await;
    assert_eq!(get(&tasks(&emulator), &fresh).await.unwrap().status(), 200);
}

#[tokio::test]
async fn signature_opens_the_projects_of_its_account() {
    let emulator = builder().another_project(common::ACCOUNT, "second", "5ec0nd").start().await.unwrap();
    let signer = Signer { project_id: Some(emulator.project_id().into()), ..Signer::new(AK, SK) };
    let path = tasks_path(&emulator);
    let answer = signer.send(&emulator, Method::GET, &path, "limit=10&offset=0", "").await;
    assert_eq!(answer.status(), 200);
    let free = Signer::new(AK, SK);
    assert_eq!(free.send(&emulator, Method::GET, "/v2/5ec0nd/tasks", "", "").await.status(), 200);
    let crossed = signer.send(&emulator, Method::GET, "/v2/5ec0nd/tasks", "", "").await;
    assert_eq!(code(crossed).await.1, "OMS.0072");
    let foreign = free.send(&emulator, Method::GET, "/v2/f0e1gn/tasks", "", "").await;
    assert_eq!(code(foreign).await.1, "OMS.0072");
}

#[tokio::test]
async fn changed_header_body_or_query_breaks_the_signature() {
    let emulator = start().await;
    let path = tasks_path(&emulator);
    let rewritten = Signer { sent_user_agent: Some("proxy/1".into()), ..Signer::new(AK, SK) };
    let (status, error, text) = code(rewritten.send(&emulator, Method::GET, &path, "", "").await).await;
    assert_eq!((status, error.as_str()), (401, "APIGW.0301"));
    assert!(text.contains("verify aksk signature fail"), "{text}");
    assert!(text.contains("user-agent:proxy/1|"), "{text}");
    let unsorted = Signer::new(AK, SK).send(&emulator, Method::GET, &path, "offset=0&limit=10", "").await;
    assert_eq!(unsorted.status(), 401);
}

#[tokio::test]
async fn date_far_from_the_clock_is_refused() {
    let emulator = start().await;
    let date = common::now(&emulator).await;
    emulator.advance_clock(Duration::from_secs(14 * 60));
    let path = tasks_path(&emulator);
    let signer = Signer::new(AK, SK);
    let send = || signer.send_at(&emulator, Method::GET, &path, "", "", &date);
    assert_eq!(send().await.status(), 200);
    emulator.advance_clock(Duration::from_secs(2 * 60));
    let (status, _, text) = code(send().await).await;
    assert_eq!(status, 401);
    assert!(text.contains("signature expired"), "{text}");
}

#[tokio::test]
async fn unknown_key_is_refused() {
    let emulator = start().await;
    let path = tasks_path(&emulator);
    let answer = Signer::new("NOBODYSKEY", SK).send(&emulator, Method::GET, &path, "", "").await;
    let (status, _, text) = code(answer).await;
    assert_eq!(status, 401);
    assert!(text.contains("Get secretKey failed"), "{text}");
}

#[tokio::test]
async fn five_wrong_signatures_lock_the_key_for_five_minutes() {
    let emulator = start().await;
    let path = tasks_path(&emulator);
    let (wrong, right) = (Signer::new(AK, "another"), Signer::new(AK, SK));
    for _ in 0..4 {
        assert_eq!(wrong.send(&emulator, Method::GET, &path, "", "").await.status(), 401);
    }
    assert_eq!(right.send(&emulator, Method::GET, &path, "", "").await.status(), 200);
    for _ in 0..5 {
        assert_eq!(wrong.send(&emulator, Method::GET, &path, "", "").await.status(), 401);
    }
    let (status, _, text) = code(right.send(&emulator, Method::GET, &path, "", "").await).await;
    assert_eq!(status, 401);
    assert!(text.contains("AK access failed to reach the limit,forbidden"), "{text}");
    emulator.advance_clock(Duration::from_secs(5 * 60 + 1));
    assert_eq!(right.send(&emulator, Method::GET, &path, "", "").await.status(), 200);
}

#[tokio::test]
async fn path_with_the_name_of_the_parameter_gets_a_clear_error() {
    let emulator = start().await;
    let signer = Signer::new(AK, SK);
    let answer = signer.send(&emulator, Method::GET, "/v2/%7Bproject_id%7D/tasks", "", "").await;
    let (status, error, text) = code(answer).await;
    assert_eq!((status, error.as_str()), (400, "OMS.0001"));
    assert!(text.contains("was not given a project id"), "{text}");
}
