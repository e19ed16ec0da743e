//! The documents' own scenarios (create a task, start a task, follow a task),
//! with their own example bodies, sent by a client that knows nothing of ours.
//!
//! Sources: "Example 1: Creating a Migration Task", "Example 2: Starting a
//! Migration Task" and "Starting a Migration Task" of the OMS API reference.
//! The bodies are theirs to the letter but for the placeholder `cloud_type`, and
//! for our client, which wants a real region, the placeholder of the region.

use std::time::{Duration, Instant};

use hwmigrate::api::oms::types::CreateTaskReq;
use hwmigrate::{Client, Credentials, Environment, Secret, Service};
use hwmigrate_emulator::{Emulator, Fault, FaultKind};
use hwmigrate_tests::sandbox::{PATIENCE, quickly};
use hwmigrate_tests::scripted::Scripted;
use hwmigrate_tests::tree;
use serde_json::{Value, json};
use tempfile::TempDir;

/// From all three documents.
const PROJECT: &str = "0215ef11e49d4743be23dd97a1561e91";

/// The request of "Creating a Migration Task".
fn create_body() -> Value {
    json!({
        "src_node": {
            "region": "source_bucket_region",
            "ak": "sorce_ak",
            "sk": "sorce_sk",
            "bucket": "source_bucket",
            "cloud_type": "HuaweiCloud",
            "object_key": ["01.png", "list.txt"]
        },
        "enable_kms": false,
        "description": "",
        "dst_node": {
            "region": "destination_bucket_region",
            "ak": "destination_ak",
            "sk": "destination_sk",
            "bucket": "destination_bucket"
        },
        "enable_failed_object_recording": true,
        "enable_restore": false,
        "task_type": "object"
    })
}

/// The login of the documents; they differ in the names.
fn login_body(domain: &str, user: &str, password: &str) -> Value {
    json!({
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": user, "domain": {"name": domain}, "password": password}}
            },
            "scope": {"project": {"id": PROJECT}}
        }
    })
}

/// The emulator as the documents imagine the service, and a plain HTTP client.
struct Documents {
    emulator: Emulator,
    folders: TempDir,
    http: reqwest::Client,
    token: String,
}

impl Documents {
    /// As "Creating a Migration Task" has it.
    async fn start() -> Self {
        Self::start_as("destination_bucket_region", ["domainname", "username", "******"]).await
    }

    async fn start_as(region: &str, [domain, user, password]: [&str; 3]) -> Self {
        let folders = tempfile::tempdir().unwrap();
        let (source, destination) = (folders.path().join("from"), folders.path().join("to"));
        tree::write(
            &source,
            &[("01.png", &tree::noise(1, 2_000_000)), ("list.txt", &tree::noise(2, 223_728))],
        )
        .unwrap();
        std::fs::create_dir(&destination).unwrap();
        let emulator = Emulator::builder()
            .project(PROJECT)
            .region(region)
            .user(domain, user, password.into())
            .bucket("source_bucket", source)
            .bucket("destination_bucket", destination)
            .start()
            .await
            .unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut documents = Self { emulator, folders, http: reqwest::Client::new(), token: String::new() };
        documents.token = documents.log_in(domain, user, password).await;
        documents
    }

    async fn log_in(&self, domain: &str, user: &str, password: &str) -> String {
        let url = format!("{}/v3/auth/tokens", self.emulator.url());
        let answer = self.http.post(url).json(&login_body(domain, user, password)).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.headers()["X-Subject-Token"].to_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        let url = format!("{}/v2/{PROJECT}/{path}", self.emulator.url());
        self.http.post(url).header("X-Auth-Token", &self.token).json(body).send().await.unwrap()
    }

    async fn show(&self, task: &Value) -> Value {
        let url = format!("{}/v2/{PROJECT}/tasks/{task}", self.emulator.url());
        let answer = self.http.get(url).header("X-Auth-Token", &self.token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    async fn create(&self, body: &Value) -> Value {
        let answer = self.post("tasks", body).await;
        assert_eq!(answer.status(), 200);
        let created: Value = answer.json().await.unwrap();
        assert!(created["task_name"].as_str().is_some_and(|name| !name.is_empty()), "{created}");
        created["id"].clone()
    }

    async fn until(&self, task: &Value, status: i64) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let seen = self.show(task).await;
            if seen["status"] == status {
                return seen;
            }
            assert!(Instant::now() < end, "no status {status}: {seen}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn differences(&self) -> Vec<String> {
        tree::differences(&self.folders.path().join("from"), &self.folders.path().join("to")).unwrap()
    }
}

#[tokio::test]
async fn create_flow_of_the_documents_ends_in_status_5() {
    let documents = Documents::start().await;
    let task = documents.create(&create_body()).await;
    let done = documents.until(&task, 5).await;
    // The numbers of the documents' own answer, for two objects of that size.
    let expected = json!({
        "complete_size": 2_223_728, "total_size": 2_223_728, "real_size": 2_223_728,
        "total_num": 2, "successful_num": 2, "failed_num": 0, "skipped_num": 0,
        "is_query_over": true, "task_type": "object", "description": "", "group_id": ""
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&done[name], value, "{name}");
    }
    assert_eq!(done["progress"].as_f64(), Some(1.0));
    assert_eq!(done["src_node"]["object_key"], json!(["01.png", "list.txt"]));
    assert_eq!(done["dst_node"]["bucket"], "destination_bucket");
    assert_eq!(documents.differences(), [""; 0]);
}

#[tokio::test]
async fn start_flow_of_the_documents_runs_a_failed_task_again() {
    let names = ["testname", "testname", "Password"];
    let documents = Documents::start_as("destination_bucket_region", names).await;
    let fault = FaultKind::FailObjects { key: "01.png".to_owned(), code: "TRF.0062".to_owned() };
    documents.emulator.faults().push(Fault::new(fault));
    let task = documents.create(&create_body()).await;
    let failed = documents.until(&task, 4).await;
    assert_eq!((&failed["failed_num"], &failed["successful_num"]), (&json!(1), &json!(1)), "{failed}");

    let body = json!({
        "dst_ak": "destination_ak",
        "dst_sk": "destination_sk",
        "src_ak": "source_ak",
        "src_sk": "source_sk",
        "migrate_failed_object": false
    });
    assert_eq!(documents.post(&format!("tasks/{task}/start"), &body).await.status(), 200);
    let done = documents.until(&task, 5).await;
    assert_eq!(done["failed_num"], 0, "{done}");
    assert_eq!(documents.differences(), [""; 0]);

    let refused = documents.post(&format!("tasks/{task}/start"), &body).await;
    assert_eq!(refused.status(), 400);
    let refusal: Value = refused.json().await.unwrap();
    assert_eq!(refusal["error_code"], "OMS.0070", "{refusal}");
}

#[tokio::test]
async fn start_of_a_url_list_takes_the_destination_keys_alone() {
    let documents = Documents::start().await;
    let files = Scripted::files(&[("/a%20b.bin", b"one"), ("/two.bin", b"two")]).await;
    let list = format!("{0}/a%20b.bin\ta%20b.bin\n{0}/two.bin\tbelow/two.bin\n", files.url());
    tree::write(&documents.folders.path().join("to"), &[("list.txt", list.as_bytes())]).unwrap();
    let fault = FaultKind::FailObjects { key: "below/two.bin".to_owned(), code: "TRF.0062".to_owned() };
    documents.emulator.faults().push(Fault::new(fault));
    let mut body = create_body();
    body["task_type"] = "url_list".into();
    body["src_node"] = json!({
        "cloud_type": "URLSource",
        "list_file": {"obs_bucket": "destination_bucket", "list_file_key": "list.txt"}
    });
    let task = documents.create(&body).await;
    documents.until(&task, 4).await;

    let start = json!({"dst_ak": "dst_ak", "dst_sk": "dst_sk", "migrate_failed_object": false});
    assert_eq!(documents.post(&format!("tasks/{task}/start"), &start).await.status(), 200);
    documents.until(&task, 5).await;
    let copied = tree::read(&documents.folders.path().join("to")).unwrap();
    assert_eq!(copied["a b.bin"], b"one");
    assert_eq!(copied["below/two.bin"], b"two");
}

#[tokio::test]
async fn follow_flow_of_the_documents_through_our_client_sees_every_stage() {
    let documents = Documents::start_as("cn-north-4", ["domainname", "username", "******"]).await;
    let url = documents.emulator.url();
    let client = Client::builder()
        .environment(Environment::empty())
        .region("cn-north-4")
        .project_id(PROJECT)
        .credentials(Credentials::password("domainname", "username", Secret::from("******")))
        .endpoint(Service::Iam, url)
        .endpoint(Service::Oms, url)
        .build()
        .unwrap();
    let tasks = client.oms().tasks();
    let mut body = create_body();
    body["dst_node"]["region"] = "cn-north-4".into();
    let request: CreateTaskReq = serde_json::from_value(body).unwrap();
    let created = tasks.create(&request).await.unwrap();

    let mut wait = tasks.wait(created.id).poll(quickly()).deadline(PATIENCE);
    let mut looks = Vec::new();
    while let Some(progress) = wait.next().await.unwrap() {
        looks.push(progress);
    }
    assert!(wait.outcome().is_some_and(|outcome| outcome.is_done()));
    let last = looks.last().unwrap();
    assert_eq!((last.objects.done, last.objects.total), (2, Some(2)));
    assert_eq!((last.bytes.done, last.bytes.total), (2_223_728, Some(2_223_728)));
    assert!(last.totals_final);
    assert!(looks.is_sorted_by_key(|look| look.bytes.done), "bytes went backwards: {looks:?}");
    assert_eq!(documents.differences(), [""; 0]);
}
