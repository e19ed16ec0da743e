//! Answers that carry secrets: what comes back must be as quiet as what was sent.

use hwmigrate::api::Service;
use hwmigrate::{Client, Credentials, Environment, RetryPolicy, Secret};
use hwmigrate_tests::document::Document;
use hwmigrate_tests::process::PROJECT;
use hwmigrate_tests::scripted::{Scripted, answer, head};

use crate::log::Log;
use crate::{CANARY, Markers, assert_clean, shown};

fn client_of(server: &Scripted) -> Client {
    Client::builder()
        .environment(Environment::empty())
        .region("cn-north-4")
        .project_id(PROJECT)
        .credentials(Credentials::token(Secret::from("made-up-token"), None))
        .endpoint(Service::Iam, server.url())
        .endpoint(Service::Oms, server.url())
        .endpoint(Service::Sms, server.url())
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

/// The ways in which the same body can arrive.
fn arrivals(body: &str) -> [Vec<u8>; 4] {
    let mut cut = head(200, "application/json", body.len());
    cut.extend_from_slice(&body.as_bytes()[..body.len() - 1]);
    [
        answer(200, "application/json", body),
        cut,
        answer(200, "application/json", &format!("{body} and more")),
        answer(400, "application/json", body),
    ]
}

#[tokio::test]
async fn no_secret_of_an_answer_shows_anywhere() {
    let log = Log::start();
    let mut markers = Markers::default();
    let mut seen = Vec::new();
    for (prefix, text) in [("iam", hwmigrate::api::iam::DOCUMENT), ("sms", hwmigrate::api::sms::DOCUMENT)] {
        let document = Document::parse(text).unwrap();
        for (call, body) in document.answers(&mut |path| markers.next(path)) {
            let id = format!("{prefix}.{}", call.id);
            assert!(!body.secrets.is_empty(), "the answer of {id} holds no marker");
            for bytes in arrivals(&body.json.to_string()) {
                let server = Scripted::start(move |_| bytes.clone()).await;
                let mut request = client_of(&server).operation(&id).unwrap();
                for (name, value) in &call.parameters {
                    request = request.parameter(name, value);
                }
                if let Some(body) = &call.body {
                    request = request.body(body.json.clone());
                }
                assert_clean(&id, &shown(&request.send().await));
            }
            seen.push(id);
        }
    }
    for id in
        ["sms.ShowPassphrase", "sms.ShowCertKey", "sms.ShowTargetPassword", "iam.CreateTemporaryAccessKey"]
    {
        assert!(seen.iter().any(|one| one == id), "{id} was not tried: {seen:?}");
    }
    assert_clean("the log", &log.text());
}

#[tokio::test]
async fn typed_secrets_of_a_server_migration_show_nothing_and_can_be_read() {
    let log = Log::start();
    let server = Scripted::start(|request| {
        let secret = format!("{CANARY}-typed");
        let body = match request.split([' ', '?']).nth(1).and_then(|path| path.rsplit('/').next()) {
            Some("passphrase") => serde_json::json!({"task_id": "t", "passphrase": secret}),
            Some("certkey") => serde_json::json!({"cert": "public", "private_key": secret,
                "target_mgmt_private_key": secret, "target_data_private_key": secret}),
            Some("target-password") => serde_json::json!({"template_id": "t", "target_password": secret}),
            other => panic!("an unexpected call: {other:?}"),
        };
        answer(200, "application/json", &body.to_string())
    })
    .await;
    let sms = client_of(&server).sms();
    let passphrase = sms.tasks().passphrase("t").await;
    let keys = sms.tasks().cert_key("t", true).await;
    let password = sms.templates().target_password("t").await;
    for text in [shown(&passphrase), shown(&keys), shown(&password)] {
        assert_clean("a typed answer", &text);
        assert!(text.contains("redacted"), "{text}");
    }
    assert!(passphrase.unwrap().as_ref().unwrap().expose().contains(CANARY));
    assert!(keys.unwrap().private_key.as_ref().unwrap().expose().contains(CANARY));
    assert!(password.unwrap().as_ref().unwrap().expose().contains(CANARY));
    assert_clean("the log", &log.text());
}
