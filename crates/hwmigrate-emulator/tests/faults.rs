//! Each fault, as a caller meets it.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{code, get, login, start, tasks};
use hwmigrate_emulator::{Emulator, Fault, FaultKind};
use reqwest::Response;
use serde_json::{Value, json};

/// An emulator, a token, and the address of a call whose answer has a `status`.
async fn ready() -> (Emulator, String, String) {
    let emulator = start().await;
    let token = login(&emulator).await;
    let url = format!("{}/v2", emulator.url());
    (emulator, token, url)
}

fn status_of(entry_of: &Emulator) -> Option<u16> {
    entry_of.journal().last().unwrap().status
}

async fn text(answer: Response) -> String {
    answer.text().await.unwrap()
}

#[tokio::test]
async fn reset_comes_before_anything_is_done() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::Reset).on("ShowApiInfo"));
    assert!(get(&url, &token).await.is_err());
    let entry = emulator.journal().pop().unwrap();
    assert_eq!((entry.status, entry.faults), (None, vec!["reset".to_owned()]));
    assert_eq!(get(&url, &token).await.unwrap().status(), 200);
}

#[tokio::test]
async fn lost_reply_closes_the_connection_after_the_work() {
    let (emulator, token, _) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::LoseReply).on("UpdatePrivacyAgreementRecord"));
    let url = format!("{}/v2/{}/privacy-agreements", emulator.url(), emulator.project_id());
    let call = || common::client().post(&url).header("X-Auth-Token", &token).send();
    let error = call().await.unwrap_err();
    assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
    assert_eq!(status_of(&emulator), None);
    assert_eq!(call().await.unwrap().status(), 200);
}

#[tokio::test]
async fn cut_body_ends_before_its_length() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::CutBody { bytes: 5 }));
    let answer = get(&url, &token).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.content_length().unwrap() > 5);
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn slow_drip_takes_its_time_and_arrives_whole() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::SlowDrip { milliseconds: 2 }));
    let begun = Instant::now();
    let body = text(get(&url, &token).await.unwrap()).await;
    assert!(begun.elapsed() >= Duration::from_millis(2) * u32::try_from(body.len()).unwrap());
    assert!(serde_json::from_str::<Value>(&body).is_ok());
}

#[tokio::test]
async fn delay_comes_before_the_answer() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::Delay { milliseconds: 30 }));
    let begun = Instant::now();
    assert_eq!(get(&url, &token).await.unwrap().status(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn proxy_page_is_no_json() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::BadGateway));
    let answer = get(&url, &token).await.unwrap();
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert!(text(answer).await.starts_with("<html>"));
}

#[tokio::test]
async fn unavailable_and_any_status_are_answered() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::Unavailable { retry_after: Some(7) }));
    let answer = get(&url, &token).await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.status(), 503);
    let kind = FaultKind::Status { status: 418, code: "X.1".into(), message: "blacklisted".into() };
    emulator.faults().push(Fault::new(kind));
    let refusal = code(get(&url, &token).await.unwrap()).await;
    assert_eq!(refusal, (418, "X.1".to_owned(), "blacklisted".to_owned()));
    assert_eq!(get(&url, &token).await.unwrap().status(), 200);
}

#[tokio::test]
async fn throttle_names_limit_and_window() {
    let (emulator, token, url) = ready().await;
    let kind = FaultKind::Throttle { limit: 5, window_seconds: 60, retry_after: Some(3) };
    emulator.faults().push(Fault::new(kind));
    let answer = get(&url, &token).await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "3");
    let (status, error, message) = code(answer).await;
    assert_eq!((status, error.as_str()), (429, "APIGW.0308"));
    assert!(message.ends_with("limit:5,time:1 minute"), "{message}");
}

#[tokio::test]
async fn rate_limit_is_enforced_per_operation_and_window() {
    let (emulator, token, url) = ready().await;
    let kind = FaultKind::RateLimit { limit: 5, window_seconds: 60, retry_after: true };
    emulator.faults().push(Fault::new(kind).on("ShowApiInfo"));
    for _ in 0..5 {
        assert_eq!(get(&url, &token).await.unwrap().status(), 200);
    }
    let answer = get(&url, &token).await.unwrap();
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    let (status, _, message) = code(answer).await;
    assert_eq!(status, 429);
    assert!(message.contains("limit:5,time:1 minute"), "{message}");
    assert_eq!(get(&tasks(&emulator), &token).await.unwrap().status(), 200);
    emulator.advance_clock(Duration::from_secs(wait));
    assert_eq!(get(&url, &token).await.unwrap().status(), 200);
}

#[tokio::test]
async fn login_can_be_throttled_in_the_words_of_iam() {
    let emulator = start().await;
    let kind = FaultKind::RateLimit { limit: 1, window_seconds: 60, retry_after: false };
    emulator.faults().push(Fault::new(kind).on("KeystoneCreateUserTokenByPassword"));
    login(&emulator).await;
    let body = common::password_body(common::PASSWORD, &json!({}));
    let (status, error, message) = code(common::post_tokens(&emulator, &body).await).await;
    assert_eq!((status, error.as_str()), (429, "IAM.0012"));
    assert!(message.contains("1 times per 60 seconds"), "{message}");
}

#[tokio::test]
async fn refusal_leaves_tokens_alone_and_expiry_does_not() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::Unauthorized));
    assert_eq!(get(&url, &token).await.unwrap().status(), 401);
    assert_eq!(get(&url, &token).await.unwrap().status(), 200);
    emulator.faults().push(Fault::new(FaultKind::ExpireTokens).on("ShowApiInfo"));
    let (status, error, message) = code(get(&url, &token).await.unwrap()).await;
    assert_eq!((status, error.as_str()), (401, "APIGW.0301"));
    assert!(message.contains("token expires"), "{message}");
    assert_eq!(get(&url, &token).await.unwrap().status(), 401);
    assert_eq!(get(&url, &login(&emulator).await).await.unwrap().status(), 200);
}

#[tokio::test]
async fn redirect_points_elsewhere() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::Redirect { location: "http://127.0.0.1:9/".into() }));
    let answer = get(&url, &token).await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], "http://127.0.0.1:9/");
}

#[tokio::test]
async fn broken_successes_are_successes_still() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::EmptyBody));
    let answer = get(&url, &token).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(text(answer).await, "");
    emulator.faults().push(Fault::new(FaultKind::TruncatedJson));
    let answer = get(&url, &token).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = text(answer).await;
    assert!(!body.is_empty() && serde_json::from_str::<Value>(&body).is_err(), "{body}");
}

#[tokio::test]
async fn answers_say_what_no_document_lists() {
    let (emulator, token, url) = ready().await;
    let show = async || get(&url, &token).await.unwrap().json::<Value>().await.unwrap();
    emulator.faults().push(Fault::new(FaultKind::State { state: json!("MELTING") }));
    emulator.faults().push(Fault::new(FaultKind::UnknownField));
    let answer = show().await;
    assert_eq!(answer["status"], "MELTING");
    assert!(answer.get("emulator_unknown_member").is_some());
    emulator.faults().push(Fault::new(FaultKind::WrongType { member: "status".into() }));
    assert!(show().await["status"].is_number() != show().await["status"].is_number());
    let states = vec![json!(1), json!(2), json!(5)];
    emulator.faults().push(Fault::new(FaultKind::States { states }).forever());
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(show().await["status"].as_i64().unwrap());
    }
    assert_eq!(seen, [1, 2, 5, 5]);
}

#[tokio::test]
async fn nth_call_is_struck_and_the_others_are_not() {
    let (emulator, token, url) = ready().await;
    emulator.faults().push(Fault::new(FaultKind::BadGateway).on("ShowApiInfo").skip(2).times(1));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(get(&url, &token).await.unwrap().status().as_u16());
    }
    assert_eq!(seen, [200, 200, 502, 200]);
}

#[tokio::test]
async fn same_seed_gives_the_same_run() {
    let run = async |seed| {
        let emulator = common::builder().seed(seed).start().await.unwrap();
        let token = login(&emulator).await;
        emulator.faults().push(Fault::new(FaultKind::BadGateway).chance(0.5).forever());
        let mut seen = Vec::new();
        for _ in 0..16 {
            let answer = get(&format!("{}/v2", emulator.url()), &token).await.unwrap();
            seen.push((answer.status().as_u16(), answer.headers()["x-request-id"].clone()));
        }
        seen
    };
    let first = run(1).await;
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
}
