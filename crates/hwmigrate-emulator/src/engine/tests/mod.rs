#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod crash;
mod groups;
mod helpers;
mod lists;
mod modes;
mod queue;
#[cfg(feature = "remote")]
mod s3;
mod states;
mod stores;
mod syncs;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::builder::BucketPlace;
use crate::http::call::Call;
use crate::oms;

const REGION: &str = "cn-north-4";

/// An engine over temporary folders, called as the server would.
struct Bed {
    folder: TempDir,
    engine: Option<Engine>,
    clock: Clock,
    faults: FaultBook,
    buckets: Vec<BucketConfig>,
    options: EngineOptions,
    project: &'static str,
}

impl Bed {
    /// Buckets `src`, `dst` and `lists`, all folders.
    async fn new() -> Self {
        Self::with(EngineOptions::default()).await
    }

    async fn with(options: EngineOptions) -> Self {
        let mut bed = Self::unopened(options);
        for name in ["src", "dst", "lists"] {
            bed.add_folder(name);
        }
        bed.open().await;
        bed
    }

    fn unopened(options: EngineOptions) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            engine: None,
            clock: Clock::new(),
            faults: FaultBook::default(),
            buckets: Vec::new(),
            options,
            project: "0123456789abcdef0123456789abcdef",
        }
    }

    fn add_folder(&mut self, name: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(&path).unwrap();
        self.buckets.push(BucketConfig { name: name.to_owned(), place: BucketPlace::Folder(path) });
    }

    fn config(&self) -> EngineConfig {
        EngineConfig {
            state_dir: self.folder.path().join("state"),
            buckets: self.buckets.clone(),
            access_keys: BTreeMap::from([("KNOWN".to_owned(), Secret::from("right"))]),
            region: REGION.to_owned(),
            clock: self.clock.clone(),
            faults: self.faults.clone(),
            seed: 1,
            options: self.options,
        }
    }

    async fn open(&mut self) {
        self.engine = Some(Engine::open(self.config()).await.unwrap());
    }

    /// Ends the engine as kill -9 would.
    fn crash(&mut self) {
        self.engine = None;
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, bucket: &str, key: &str, content: impl AsRef<[u8]>) {
        let path = self.path(bucket).join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        fs::read(self.path(bucket).join(key)).ok()
    }

    async fn call(
        &self,
        id: &str,
        path: &[(&str, &str)],
        query: &[(&str, &str)],
        body: Value,
    ) -> Result<Value, ApiError> {
        let owned = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        let operation = hwmigrate_api::find_operation(id).unwrap();
        let mut path = owned(path);
        path.insert("project_id".to_owned(), self.project.to_owned());
        let answer = oms::handle(
            self.engine(),
            Call { operation, domain: String::new(), path, query: owned(query), body },
        )
        .await;
        if let Ok(body) = &answer
            && !body.is_null()
        {
            let problems = crate::validate::rules(operation).unwrap().check_response(body);
            assert!(problems.is_empty(), "{id}: {problems:?} in {body}");
        }
        answer
    }

    async fn on_task(&self, id: &str, task: i64, body: Value) -> Result<Value, ApiError> {
        self.call(id, &[("task_id", &task.to_string())], &[], body).await
    }

    async fn create(&self, body: Value) -> i64 {
        let answer = self.call("CreateTask", &[], &[], body).await.unwrap();
        answer["id"].as_i64().unwrap()
    }

    async fn show(&self, task: i64) -> Value {
        self.on_task("ShowTask", task, Value::Null).await.unwrap()
    }

    /// Starts a paused or failed task again.
    async fn start(&self, task: i64, failed_only: bool) -> Result<Value, ApiError> {
        let mut body = start_keys();
        body["migrate_failed_object"] = json!(failed_only);
        self.on_task("StartTask", task, body).await
    }

    /// Waits for something to become true, asking whenever something changed.
    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
        let mut changed = self.engine().changed();
        let mut last = String::new();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                match look().await {
                    Ok(found) => return found,
                    Err(seen) => last = seen,
                }
                changed.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{what} did not come; last seen: {last}"),
        }
    }

    /// Waits until a task is in a state.
    async fn status(&self, task: i64, status: i64) -> Value {
        self.until(&format!("state {status}"), async || {
            let view = self.show(task).await;
            if view["status"] == status { Ok(view) } else { Err(view.to_string()) }
        })
        .await
    }

    /// Creates a task and waits for its success.
    async fn migrate(&self, body: Value) -> Value {
        let task = self.create(body).await;
        self.status(task, 5).await
    }
}

/// Stands for a mistake in the engine.
pub(super) fn trap(spec: &super::Spec) {
    assert!(spec.description != "runs into a mistake", "a mistake, made for a test");
}

fn start_keys() -> Value {
    json!({ "src_ak": "a", "src_sk": "b", "dst_ak": "c", "dst_sk": "d" })
}

/// A whole-bucket task from `src` to `dst`; `more` replaces or adds fields.
fn request(more: Value) -> Value {
    let mut body = json!({
        "task_type": "object",
        "src_node": {
            "cloud_type": "Aliyun", "region": "oss-cn-beijing", "bucket": "src",
            "ak": "a", "sk": "b", "object_key": [""],
        },
        "dst_node": { "region": REGION, "bucket": "dst", "ak": "c", "sk": "d" },
    });
    merge(&mut body, more);
    body
}

fn merge(to: &mut Value, more: Value) {
    match (to, more) {
        (Value::Object(to), Value::Object(more)) => {
            for (name, value) in more {
                merge(to.entry(name).or_insert(Value::Null), value);
            }
        }
        (to, more) => *to = more,
    }
}

/// A limit for the whole day: work under it is slow enough to be caught in the middle.
fn slow() -> Value {
    json!({ "bandwidth_policy": [{ "start": "00:00", "end": "23:59", "max_bandwidth": 1 << 20 }] })
}

/// All files below a folder with their content, without what a task writes about itself.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for item in fs::read_dir(&next).unwrap() {
            let path = item.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !["oms", ".hwmigrate-partial"].contains(&name.as_str()) {
                open.push(path);
            } else if path.is_file() {
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}
