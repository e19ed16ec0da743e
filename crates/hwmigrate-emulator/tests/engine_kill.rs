//! An emulator in a process of its own, killed again and again while it copies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{PASSWORD, builder, client, password_body};
use serde_json::{Value, json};

/// Set for the process that is to be killed.
const FOLDER: &str = "EMULATOR_TO_KILL";
const PROJECT: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(120);

/// Not a test: what the killed process runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs only as the child of the test below"]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let emulator = builder()
        .project(PROJECT)
        .state_dir(folder.join("state"))
        .bucket("source", folder.join("source"))
        .bucket("destination", folder.join("destination"))
        .object_lists(false)
        .start()
        .await
        .unwrap();
    println!("\nURL {}", emulator.url());
    std::future::pending::<()>().await;
}

/// The process, and where it listens.
struct Killable {
    process: Child,
    url: String,
}

impl Killable {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let url = output.lines().find_map(|line| line.unwrap().strip_prefix("URL ").map(str::to_owned));
        Self { process, url: url.expect("the emulator starts") }
    }

    /// On Unix this is SIGKILL.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    async fn token(&self) -> String {
        let scope = json!({ "project": { "id": PROJECT } });
        let url = format!("{}/v3/auth/tokens?nocatalog=true", self.url);
        let answer = client().post(url).json(&password_body(PASSWORD, &scope)).send().await.unwrap();
        answer.headers()["x-subject-token"].to_str().unwrap().to_owned()
    }

    async fn send(&self, request: reqwest::RequestBuilder, token: &str) -> Value {
        let text = request.header("X-Auth-Token", token).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn tasks(&self, tail: &str) -> String {
        format!("{}/v2/{PROJECT}/tasks{tail}", self.url)
    }

    /// Looks at the task until it has settled so many objects, or is done.
    async fn settled(&self, token: &str, id: &Value, objects: u64) -> Value {
        let begun = Instant::now();
        loop {
            let view = self.send(client().get(self.tasks(&format!("/{id}"))), token).await;
            let count = |name: &str| view[name].as_u64().unwrap_or(0);
            if count("successful_num") + count("skipped_num") >= objects || view["status"] == 5 {
                return view;
            }
            assert!(begun.elapsed() < PATIENCE, "{view}");
        }
    }
}

impl Drop for Killable {
    fn drop(&mut self) {
        // Gone already where it was killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for item in fs::read_dir(&next).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(path).unwrap());
            }
        }
    }
    files
}

#[tokio::test]
async fn a_killed_process_leaves_nothing_undone_or_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let (source, destination) = (folder.path().join("source"), folder.path().join("destination"));
    fs::create_dir_all(&source).unwrap();
    fs::create_dir_all(&destination).unwrap();
    for number in 0..200_usize {
        fs::create_dir_all(source.join(format!("{}", number % 7))).unwrap();
        let content = vec![number as u8; number * 37 % 9_000];
        fs::write(source.join(format!("{}/{number:03}", number % 7)), content).unwrap();
    }
    fs::write(source.join("z-large"), vec![7; 12 << 20]).unwrap();

    let mut emulator = Killable::start(folder.path());
    let token = emulator.token().await;
    let limit = json!([{ "start": "00:00", "end": "23:59", "max_bandwidth": 1 << 20 }]);
    let body = json!({
        "task_type": "prefix", "bandwidth_policy": limit,
        "src_node": { "cloud_type": "HuaweiCloud", "region": "cn-north-4", "ak": "A", "sk": "S",
            "bucket": "source", "object_key": [""] },
        "dst_node": { "region": "cn-north-4", "ak": "A", "sk": "S", "bucket": "destination" },
    });
    let created = emulator.send(client().post(emulator.tasks("")).json(&body), &token).await;
    let id = created["id"].clone();
    for round in 1..=6 {
        emulator.settled(&token, &id, round * 30).await;
        emulator.kill();
        emulator = Killable::start(folder.path());
    }
    let free = json!({ "bandwidth_policy": [] });
    let address = emulator.tasks(&format!("/{id}/bandwidth-policy"));
    emulator.send(client().put(address).json(&free), &token).await;
    let view = emulator.settled(&token, &id, u64::MAX).await;
    assert_eq!((&view["total_num"], &view["failed_num"]), (&json!(201), &json!(0)), "{view}");
    let listed = emulator.send(client().get(emulator.tasks("")), &token).await;
    assert_eq!(listed["count"], 1);
    emulator.kill();
    assert_eq!(tree(&destination), tree(&source));
}
