//! What the tests share: an emulator with people in it, and callers of both kinds.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

pub mod sms;

use hmac::{Hmac, KeyInit, Mac};
use hwmigrate_emulator::{Builder, Emulator};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const ACCOUNT: &str = "made-up-account";
pub const USER: &str = "made-up-user";
pub const PASSWORD: &str = "canary-password-1";
pub const AK: &str = "MADEUPACCESSKEY00001";
pub const SK: &str = "canary-secret-key-1";

pub fn builder() -> Builder {
    Emulator::builder().user(ACCOUNT, USER, PASSWORD.into()).access_key(AK, SK.into()).check_responses(true)
}

pub async fn start() -> Emulator {
    builder().start().await.unwrap()
}

pub fn client() -> reqwest::Client {
    // The client's TLS needs one, even where it speaks plain http; the second installation is refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

pub fn password_body(password: &str, scope: &Value) -> Value {
    json!({ "auth": {
        "identity": { "methods": ["password"], "password": { "user": {
            "name": USER, "password": password, "domain": { "name": ACCOUNT },
        }}},
        "scope": scope,
    }})
}

pub async fn post_tokens(emulator: &Emulator, body: &Value) -> Response {
    client()
        .post(format!("{}/v3/auth/tokens?nocatalog=true", emulator.url()))
        .json(body)
        .send()
        .await
        .unwrap()
}

/// A token for the main project.
pub async fn login(emulator: &Emulator) -> String {
    let scope = json!({ "project": { "name": emulator.region() } });
    let answer = post_tokens(emulator, &password_body(PASSWORD, &scope)).await;
    assert_eq!(answer.status(), 201);
    answer.headers()["x-subject-token"].to_str().unwrap().to_owned()
}

/// The address of the tasks of the main project.
pub fn tasks(emulator: &Emulator) -> String {
    format!("{}/v2/{}/tasks", emulator.url(), emulator.project_id())
}

pub async fn get(url: &str, token: &str) -> reqwest::Result<Response> {
    client().get(url).header("X-Auth-Token", token).send().await
}

pub async fn code(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (status, text("error_code"), text("error_msg"))
}

/// A caller that signs, written for these tests alone.
#[derive(Clone)]
pub struct Signer {
    pub ak: String,
    pub sk: String,
    pub security_token: Option<String>,
    pub user_agent: String,
    /// What is sent instead of the user agent that was signed.
    pub sent_user_agent: Option<String>,
    pub project_id: Option<String>,
}

impl Signer {
    pub fn new(ak: &str, sk: &str) -> Self {
        Self {
            ak: ak.to_owned(),
            sk: sk.to_owned(),
            security_token: None,
            user_agent: "made-up-agent/1".to_owned(),
            sent_user_agent: None,
            project_id: None,
        }
    }

    /// Sends a signed request; the query is given as it is sent, sorted and encoded.
    pub async fn send(
        &self,
        emulator: &Emulator,
        method: Method,
        path: &str,
        query: &str,
        body: &str,
    ) -> Response {
        let date = now(emulator).await;
        self.send_at(emulator, method, path, query, body, &date).await
    }

    pub async fn send_at(
        &self,
        emulator: &Emulator,
        method: Method,
        path: &str,
        query: &str,
        body: &str,
        date: &str,
    ) -> Response {
        let host = emulator.url().trim_start_matches("http://").to_owned();
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("host", host),
            ("user-agent", self.user_agent.clone()),
            ("x-sdk-date", date.to_owned()),
        ];
        headers.extend(self.project_id.clone().map(|id| ("x-project-id", id)));
        headers.extend(self.security_token.clone().map(|token| ("x-security-token", token)));
        headers.sort();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let hash = hex::encode(Sha256::digest(body));
        let canonical = format!("{method}\n{path}/\n{query}\n{lines}\n{names}\n{hash}");
        let text = format!("SDK-HMAC-SHA256\n{date}\n{}", hex::encode(Sha256::digest(canonical)));
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.sk.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let question = if query.is_empty() { "" } else { "?" };
        let mut request = client()
            .request(method, format!("{}{path}{question}{query}", emulator.url()))
            .header(
                "authorization",
                format!("SDK-HMAC-SHA256 Access={}, SignedHeaders={names}, Signature={signature}", self.ak),
            )
            .body(body.to_owned());
        for (name, value) in headers {
            let sent = match (&self.sent_user_agent, name) {
                (Some(other), "user-agent") => other.clone(),
                _ => value,
            };
            request = request.header(name, sent);
        }
        request.send().await.unwrap()
    }
}

/// The emulator's time in the form of `X-Sdk-Date`.
pub async fn now(emulator: &Emulator) -> String {
    let health = client().get(format!("{}/_emulator/health", emulator.url())).send().await.unwrap();
    let health: Value = health.json().await.unwrap();
    let time = health["time"].as_str().unwrap();
    format!("{}Z", time[..19].replace(['-', ':'], ""))
}
