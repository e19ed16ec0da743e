//! Logging in, temporary keys, and what a caller reaches.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{
    ACCOUNT, AK, PASSWORD, SK, Signer, builder, client, get, login, password_body, post_tokens, start,
};
use hwmigrate_emulator::Emulator;
use reqwest::{Method, Response};
use serde_json::{Value, json};

async fn keystone(answer: Response) -> (u16, u64, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["error"]["code"].as_u64().unwrap(), body["error"]["message"].as_str().unwrap().to_owned())
}

async fn json_of(url: String, token: &str) -> Value {
    let answer = get(&url, token).await.unwrap();
    assert!(answer.status().is_success());
    answer.json().await.unwrap()
}

#[tokio::test]
async fn login_says_what_the_token_is() {
    let emulator = start().await;
    let body = password_body(PASSWORD, &json!({"project": {"name": "cn-north-4"}}));
    let url = format!("{}/v3/auth/tokens", emulator.url());
    let answer: Value = client().post(url).json(&body).send().await.unwrap().json().await.unwrap();
    let token = &answer["token"];
    assert_eq!(token["project"]["id"], emulator.project_id());
    assert_eq!(token["project"]["domain"]["name"], ACCOUNT);
    assert_eq!(token["methods"], json!(["password"]));
    assert_eq!(token["user"]["password_expires_at"], "");
    assert!(token["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(token["catalog"][0]["endpoints"][0]["url"], emulator.url());
    // Any value hides the catalogue.
    let hidden = format!("{}/v3/auth/tokens?nocatalog=false", emulator.url());
    let answer: Value = client().post(hidden).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["token"]["catalog"], json!([]));
    assert!(emulator.journal().iter().all(|entry| entry.response_problems.is_empty()));
}

#[tokio::test]
async fn wrong_password_is_refused_and_locks_the_user_in_the_end() {
    let emulator = start().await;
    let scope = json!({"project": {"name": "cn-north-4"}});
    for _ in 0..5 {
        let (status, code, message) =
            keystone(post_tokens(&emulator, &password_body("no", &scope)).await).await;
        assert_eq!((status, code, message.as_str()), (401, 401, "The username or password is wrong."));
    }
    let (status, code, _) =
        common::code(post_tokens(&emulator, &password_body(PASSWORD, &scope)).await).await;
    assert_eq!((status, code.as_str()), (401, "IAM.0061"));
    emulator.advance_clock(Duration::from_secs(15 * 60 + 1));
    assert_eq!(post_tokens(&emulator, &password_body(PASSWORD, &scope)).await.status(), 201);
}

#[tokio::test]
async fn scope_that_is_not_there_is_not_found() {
    let emulator = start().await;
    for scope in [json!({"project": {"name": "mars-1"}}), json!({"domain": {"name": "another"}})] {
        let (status, code, _) =
            keystone(post_tokens(&emulator, &password_body(PASSWORD, &scope)).await).await;
        assert_eq!((status, code), (404, 404));
    }
    // Where both are given, the project counts.
    let both = json!({"project": {"id": emulator.project_id()}, "domain": {"name": "another"}});
    let answer: Value = post_tokens(&emulator, &password_body(PASSWORD, &both)).await.json().await.unwrap();
    assert_eq!(answer["token"]["project"]["id"], emulator.project_id());
}

#[tokio::test]
async fn malformed_login_is_refused_without_quoting_it() {
    let emulator = start().await;
    let body = json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": "canary-name", "password": 5, "domain": {"name": "canary-domain"},
    }}}}});
    let (status, _, message) = keystone(post_tokens(&emulator, &body).await).await;
    assert_eq!(status, 400);
    assert!(message.starts_with("The request body is invalid"), "{message}");
    assert!(message.contains("auth.identity.password.user.password"), "{message}");
    assert!(!message.contains("canary"), "{message}");
}

#[tokio::test]
async fn second_factor_is_asked_for() {
    // The key of RFC 6238, in base32.
    let key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let emulator = Emulator::builder()
        .totp_user(ACCOUNT, common::USER, PASSWORD.into(), key.into())
        .start()
        .await
        .unwrap();
    let scope = json!({"project": {"name": "cn-north-4"}});
    let (status, code, _) =
        common::code(post_tokens(&emulator, &password_body(PASSWORD, &scope)).await).await;
    assert_eq!((status, code.as_str()), (400, "IAM.1061"));
    let mut body = password_body(PASSWORD, &scope);
    let user_id = emulator.user_id(ACCOUNT, common::USER).unwrap();
    body["auth"]["identity"]["methods"] = json!(["password", "totp"]);
    body["auth"]["identity"]["totp"] =
        json!({"user": {"id": user_id, "passcode": passcode(&emulator).await}});
    let answer = post_tokens(&emulator, &body).await;
    assert_eq!(answer.status(), 201);
    let answer: Value = answer.json().await.unwrap();
    assert!(answer["token"]["mfa_authn_at"].is_string());
    body["auth"]["identity"]["totp"]["user"]["passcode"] = json!("000000");
    assert_eq!(common::code(post_tokens(&emulator, &body).await).await.1, "IAM.1061");
}

/// The passcode of the emulator's moment, computed here by the book.
async fn passcode(emulator: &Emulator) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let date = common::now(emulator).await;
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = time::PrimitiveDateTime::parse(&date, format).unwrap().assume_utc();
    let counter = u64::try_from(at.unix_timestamp() / 30).unwrap();
    let mut mac = <Hmac<sha1::Sha1> as KeyInit>::new_from_slice(b"12345678901234567890").unwrap();
    mac.update(&counter.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let word = u32::from_be_bytes([hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:06}", word % 1_000_000)
}

#[tokio::test]
async fn agency_acts_in_the_account_that_made_it() {
    let emulator = builder()
        .agency("customer", "movers", ACCOUNT)
        .agency("customer", "others", "somebody-else")
        .another_project("customer", "cn-north-4", "cu5t0mer")
        .start()
        .await
        .unwrap();
    let token = login(&emulator).await;
    let url = format!("{}/v3/auth/tokens", emulator.url());
    let ask = |name: &str, token: Option<&str>| {
        let body = json!({"auth": {
            "identity": {"methods": ["assume_role"], "assume_role": {"agency_name": name, "domain_name": "customer"}},
            "scope": {"project": {"name": "cn-north-4"}},
        }});
        let request = client().post(&url).json(&body);
        match token {
            Some(token) => request.header("X-Auth-Token", token),
            None => request,
        }
        .send()
    };
    let answer = ask("movers", Some(&token)).await.unwrap();
    assert_eq!(answer.status(), 201);
    let agency_token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["token"]["user"]["name"], "customer/movers");
    assert_eq!(answer["token"]["assumed_by"]["user"]["name"], common::USER);
    assert!(answer["token"]["user"].get("password_expires_at").is_none());
    let tasks = format!("{}/v2/cu5t0mer/tasks", emulator.url());
    assert_eq!(get(&tasks, &agency_token).await.unwrap().status(), 200);
    assert_eq!(keystone(ask("others", Some(&token)).await.unwrap()).await.0, 403);
    assert_eq!(keystone(ask("nobody", Some(&token)).await.unwrap()).await.0, 404);
    let (status, _, message) = keystone(ask("movers", Some("MIIbad")).await.unwrap()).await;
    assert_eq!((status, message.as_str()), (401, "The X-Auth-Token is invalid!"));
    assert_eq!(common::code(ask("movers", None).await.unwrap()).await.1, "IAM.0001");
}

#[tokio::test]
async fn token_can_be_checked_and_exchanged() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let url = format!("{}/v3/auth/tokens?nocatalog=yes", emulator.url());
    let check = |subject: &str| {
        client().get(&url).header("X-Auth-Token", &token).header("X-Subject-Token", subject).send()
    };
    let answer = check(&token).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-subject-token"], token.as_str());
    assert_eq!(keystone(check("MIIbad").await.unwrap()).await.0, 404);
    let body = json!({"auth": {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": {"domain": {"name": ACCOUNT}}}});
    let answer: Value = post_tokens(&emulator, &body).await.json().await.unwrap();
    assert_eq!(answer["token"]["domain"]["name"], ACCOUNT);
}

#[tokio::test]
async fn temporary_key_signs_until_it_ends() {
    let emulator = start().await;
    let token = login(&emulator).await;
    let url = format!("{}/v3.0/OS-CREDENTIAL/securitytokens", emulator.url());
    let body = json!({"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": 900}}}});
    let answer = client().post(&url).header("X-Auth-Token", &token).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let credential = answer.json::<Value>().await.unwrap()["credential"].clone();
    let text = |name: &str| credential[name].as_str().unwrap().to_owned();
    let signer = Signer {
        security_token: Some(text("securitytoken")),
        ..Signer::new(&text("access"), &text("secret"))
    };
    let path = format!("/v2/{}/tasks", emulator.project_id());
    assert_eq!(signer.send(&emulator, Method::GET, &path, "", "").await.status(), 200);
    let mixed = Signer { security_token: signer.security_token.clone(), ..Signer::new(AK, SK) };
    assert_eq!(mixed.send(&emulator, Method::GET, &path, "", "").await.status(), 401);
    emulator.advance_clock(Duration::from_secs(901));
    let (status, _, message) = common::code(signer.send(&emulator, Method::GET, &path, "", "").await).await;
    assert_eq!(status, 401);
    assert!(message.contains("securityToken expires"), "{message}");
    let short = json!({"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": 60}}}});
    let answer = client().post(&url).header("X-Auth-Token", &token).json(&short).send().await.unwrap();
    let (status, code, message) = common::code(answer).await;
    assert_eq!((status, code.as_str()), (400, "IAM.0073"));
    assert!(message.contains("duration_seconds"), "{message}");
}

#[tokio::test]
async fn projects_and_accounts_are_listed() {
    let emulator = builder()
        .another_project(ACCOUNT, "cn-north-4_sub", "5ub")
        .another_project("customer", "cn-north-4", "cu5t0mer")
        .start()
        .await
        .unwrap();
    let token = login(&emulator).await;
    let named = json_of(format!("{}/v3/projects?name=cn-north-4", emulator.url()), &token).await;
    assert_eq!(named["projects"].as_array().unwrap().len(), 1);
    assert_eq!(named["projects"][0]["id"], emulator.project_id());
    assert_eq!(named["links"]["next"], Value::Null);
    let none = json_of(format!("{}/v3/projects?name=mars-1", emulator.url()), &token).await;
    assert_eq!(none["projects"], json!([]));
    let second = json_of(format!("{}/v3/projects?page=2&per_page=1", emulator.url()), &token).await;
    assert_eq!(second["projects"][0]["id"], "5ub");
    let all = json_of(format!("{}/v3/auth/projects", emulator.url()), &token).await;
    assert_eq!(all["projects"].as_array().unwrap().len(), 2);
    let accounts = json_of(format!("{}/v3/auth/domains", emulator.url()), &token).await;
    assert_eq!(accounts["domains"][0]["id"], emulator.account_id(ACCOUNT));
    let signer = Signer::new(AK, SK);
    let identity = signer.send(&emulator, Method::GET, "/v5/caller-identity", "", "").await;
    let identity: Value = identity.json().await.unwrap();
    assert_eq!(identity["account_id"], emulator.account_id(ACCOUNT));
    assert!(emulator.journal().iter().all(|entry| entry.response_problems.is_empty()));
}
