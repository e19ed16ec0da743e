//! Faults that concern jobs, and jobs over HTTP.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{builder, client, login, tasks};
use hwmigrate_emulator::{Builder, Emulator, Fault, FaultKind};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for any job here on a busy machine; who waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

struct Bench {
    emulator: Emulator,
    token: String,
    folders: TempDir,
}

impl Bench {
    async fn start(more: impl FnOnce(Builder) -> Builder) -> Self {
        let folders = tempfile::tempdir().unwrap();
        let (source, destination) = (folders.path().join("source"), folders.path().join("destination"));
        for folder in [&source, &destination] {
            std::fs::create_dir(folder).unwrap();
        }
        for name in ["one", "two", "three"] {
            std::fs::write(source.join(name), name).unwrap();
        }
        let emulator = more(builder())
            .bucket("source", source)
            .bucket("destination", destination)
            .start()
            .await
            .unwrap();
        let token = login(&emulator).await;
        Self { emulator, token, folders }
    }

    async fn call(&self, method: Method, tail: &str, body: Option<&Value>) -> reqwest::Result<Value> {
        let request = client().request(method, format!("{}{tail}", tasks(&self.emulator)));
        let request = request.header("X-Auth-Token", &self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let text = request.send().await?.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn create(&self) -> reqwest::Result<Value> {
        let body = json!({
            "task_type": "prefix", "description": "made up",
            "src_node": {"cloud_type": "HuaweiCloud", "region": "cn-north-4", "ak": "A", "sk": "S",
                "bucket": "source", "object_key": [""]},
            "dst_node": {"region": "cn-north-4", "ak": "A", "sk": "S", "bucket": "destination"},
        });
        self.call(Method::POST, "", Some(&body)).await
    }

    async fn show(&self, id: &Value) -> Value {
        self.call(Method::GET, &format!("/{id}"), None).await.unwrap()
    }

    /// Looks until the task has this state.
    async fn reaches(&self, id: &Value, state: i64) -> Value {
        let begun = Instant::now();
        loop {
            let shown = self.show(id).await;
            if shown["status"] == state {
                return shown;
            }
            assert!(begun.elapsed() < PATIENCE, "{shown}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn copied(&self, name: &str) -> bool {
        std::fs::read_to_string(self.folders.path().join("destination").join(name))
            .is_ok_and(|text| text == name)
    }
}

#[tokio::test]
async fn task_moves_its_objects_and_answers_fit_the_document() {
    let bench = Bench::start(|builder| builder).await;
    let id = bench.create().await.unwrap()["id"].clone();
    let done = bench.reaches(&id, 5).await;
    assert_eq!(done["successful_num"], 3);
    assert!(["one", "two", "three"].iter().all(|name| bench.copied(name)));
    bench.call(Method::GET, "?limit=10&offset=0", None).await.unwrap();
    bench.call(Method::DELETE, &format!("/{id}"), None).await.unwrap();
    assert_eq!(bench.show(&id).await["error_code"], "OMS.1009");
    for entry in bench.emulator.journal() {
        assert_eq!(entry.response_problems, [""; 0], "{:?}", entry.operation);
    }
}

#[tokio::test]
async fn task_whose_reply_was_lost_is_there() {
    let bench = Bench::start(|builder| builder).await;
    bench.emulator.faults().push(Fault::new(FaultKind::LoseReply).on("CreateTask"));
    assert!(bench.create().await.is_err());
    let listed = bench.call(Method::GET, "", None).await.unwrap();
    assert_eq!(listed["count"], 1);
    assert_eq!(listed["tasks"][0]["description"], "made up");
}

#[tokio::test]
async fn reset_task_is_not_there() {
    let bench = Bench::start(|builder| builder).await;
    bench.emulator.faults().push(Fault::new(FaultKind::Reset).on("CreateTask"));
    assert!(bench.create().await.is_err());
    assert_eq!(bench.call(Method::GET, "", None).await.unwrap()["count"], 0);
}

#[tokio::test]
async fn big_ids_are_given_and_found_again() {
    let bench = Bench::start(|builder| builder).await;
    bench.emulator.faults().push(Fault::new(FaultKind::BigIds));
    let id = bench.create().await.unwrap()["id"].clone();
    assert!(id.as_u64().unwrap() > 1 << 53);
    assert_eq!(bench.reaches(&id, 5).await["id"], id);
    bench.emulator.faults().clear();
    assert!(bench.create().await.unwrap()["id"].as_u64().unwrap() < 1 << 53, "the fault is over");
    assert_eq!(bench.show(&id).await["id"], id, "what it gave is still found");
}

#[tokio::test]
async fn object_that_fails_once_is_done_by_the_next_start() {
    let bench = Bench::start(|builder| builder).await;
    let kind = FaultKind::FailObjects { key: "two".into(), code: "TRF.0157".into() };
    bench.emulator.faults().push(Fault::new(kind));
    let id = bench.create().await.unwrap()["id"].clone();
    let failed = bench.reaches(&id, 4).await;
    assert_eq!(failed["failed_num"], 1);
    assert!(bench.copied("one") && !bench.copied("two"));
    let keys =
        json!({"src_ak": "A", "src_sk": "S", "dst_ak": "A", "dst_sk": "S", "migrate_failed_object": true});
    bench.call(Method::POST, &format!("/{id}/start"), Some(&keys)).await.unwrap();
    bench.reaches(&id, 5).await;
    assert!(bench.copied("two"));
}

#[tokio::test]
async fn held_task_stays_until_it_is_released() {
    let bench = Bench::start(|builder| builder).await;
    bench.emulator.faults().push(Fault::new(FaultKind::HoldState { state: 2 }));
    let id = bench.create().await.unwrap()["id"].clone();
    bench.reaches(&id, 2).await;
    let begun = Instant::now();
    while !["one", "two", "three"].iter().all(|name| bench.copied(name)) {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.show(&id).await["status"], 2);
    bench.emulator.faults().release(2);
    bench.reaches(&id, 5).await;
}

#[tokio::test]
async fn one_runs_and_the_next_waits() {
    let bench = Bench::start(|builder| builder.running(1, 1)).await;
    bench.emulator.faults().push(Fault::new(FaultKind::HoldState { state: 2 }));
    let first = bench.create().await.unwrap()["id"].clone();
    let second = bench.create().await.unwrap()["id"].clone();
    bench.reaches(&first, 2).await;
    assert_eq!(bench.show(&second).await["status"], 1);
    bench.emulator.faults().release(2);
    bench.reaches(&first, 5).await;
    bench.reaches(&second, 5).await;
}
