//! What the tests of server migration share.

use std::time::Duration;

use hwmigrate_emulator::{Emulator, SourceServer};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{builder, client, login};

/// The step of [`start`], so long that the time that a test takes does not show; tokens last 48 of them.
pub const STEP: Duration = Duration::from_secs(1_800);
/// What the source servers of [`start`] have, and how long it takes to copy at their 1,000 Mbit/s.
pub const USED: u64 = 1_000_000_000_000;
pub const COPY: Duration = Duration::from_secs(8_000);
/// Longer than a whole migration.
pub const LONG: Duration = Duration::from_secs(20_000);

/// An emulator with the source servers `web-1` and `desk-1`, and a token for it.
pub struct Sms {
    pub emulator: Emulator,
    pub token: String,
}

impl Sms {
    pub async fn of(emulator: Emulator) -> Self {
        let token = login(&emulator).await;
        Self { emulator, token }
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = client()
            .request(method, format!("{}{path}", self.emulator.url()))
            .header("X-Auth-Token", &self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, None).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "GET {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Sends a body, and returns status, code and message of a refusal, or 200 and the text of the answer.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> (u16, String, String) {
        let body = if body.is_null() { None } else { Some(body) };
        let answer = self.send(method, path, body.as_ref()).await;
        let status = answer.status().as_u16();
        if status == 200 {
            return (200, String::new(), answer.text().await.unwrap());
        }
        super::code(answer).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, String, String) {
        self.call(Method::POST, path, body).await
    }

    /// A call that has to succeed; its answer is JSON or nothing.
    pub async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, code, text) = self.call(method.clone(), path, body).await;
        assert_eq!(status, 200, "{method} {path}: {code} {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    pub async fn source(&self, name: &str) -> String {
        let found = self.get(&format!("/v3/sources?name={name}")).await;
        found["source_servers"][0]["id"].as_str().unwrap().to_owned()
    }

    pub async fn server(&self, name: &str) -> Value {
        let id = self.source(name).await;
        self.get(&format!("/v3/sources/{id}")).await
    }

    /// A new task with an existing target.
    pub async fn create(&self, name: &str, more: Value) -> String {
        let mut body = task(&self.source(name).await);
        merge(&mut body, more);
        let made = self.done(Method::POST, "/v3/tasks", body).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// A task that has come to synchronising.
    pub async fn syncing(&self, name: &str) -> String {
        let id = self.create(name, json!({ "syncing": true })).await;
        self.act(&id, "start").await;
        self.emulator.advance_clock(STEP * 3 + COPY);
        assert_eq!(self.state(&id).await, "SYNCING");
        id
    }

    pub async fn task(&self, id: &str) -> Value {
        self.get(&format!("/v3/tasks/{id}")).await
    }

    pub async fn state(&self, id: &str) -> String {
        self.task(id).await["state"].as_str().unwrap().to_owned()
    }

    pub async fn act(&self, id: &str, operation: &str) {
        let answer = self.try_act(id, operation).await;
        assert_eq!(answer.0, 200, "{operation}: {answer:?}");
    }

    pub async fn try_act(&self, id: &str, operation: &str) -> (u16, String, String) {
        self.post(&format!("/v3/tasks/{id}/action"), json!({ "operation": operation })).await
    }

    /// The sub-tasks in the form `REPLICATE/SSL_CONFIG 100`.
    pub async fn sub_tasks(&self, id: &str) -> Vec<String> {
        let task = self.task(id).await;
        let shown = |sub: &Value| {
            format!(
                "{}/{} {}",
                sub["user_op"].as_str().unwrap_or("-"),
                sub["name"].as_str().unwrap(),
                sub["progress"]
            )
        };
        task["sub_tasks"].as_array().unwrap().iter().map(shown).collect()
    }

    /// No answer so far broke the document.
    pub fn check_answers(&self) {
        for entry in self.emulator.journal() {
            assert!(
                entry.response_problems.is_empty(),
                "{:?} {:?}",
                entry.operation,
                entry.response_problems
            );
        }
    }
}

pub fn sms_builder() -> hwmigrate_emulator::Builder {
    builder()
        .source_server(SourceServer::new("web-1").used_bytes(USED))
        .source_server(SourceServer::new("desk-1").windows().used_bytes(USED))
        .sms_pace(STEP, 1_000)
}

pub async fn start() -> Sms {
    Sms::of(sms_builder().start().await.unwrap()).await
}

/// The body for a new task.
pub fn task(source: &str) -> Value {
    json!({
        "name": "MigrationTask", "type": "MIGRATE_FILE", "os_type": "LINUX",
        "source_server": { "id": source },
        "target_server": { "name": "ecs-4bb4", "vm_id": format!("vm-of-{}", &source[..8]) },
        "region_name": "region", "region_id": "cn-north-4", "project_name": "project",
        "project_id": "05825205120026802ff0c01721bc1000", "exist_server": true,
    })
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                into.insert(name, value);
            }
        }
        (into, from) => *into = from,
    }
}

/// What an agent reports when it registers.
pub fn registration(name: &str, mac: &str) -> Value {
    json!({
        "name": name, "ip": "10.0.0.9", "os_type": "LINUX", "os_version": "CENTOS_7_6_64BIT",
        "agent_version": "25.2.0", "networks": [{ "mac": mac }], "has_rsync": true, "boot_loader": "GRUB",
        "disks": [{ "name": "/dev/vda", "size": 1_000_000, "used_size": 500_000 }],
    })
}
