//! An emulator with two folder buckets and one user, and clients for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hwmigrate::api::oms::types::{CreateTaskReq, StartTaskReq};
use hwmigrate::wait::PollPolicy;
use hwmigrate::{Client, ClientBuilder, Credentials, Environment, RetryPolicy, Secret, Service};
use hwmigrate_emulator::{Builder, Emulator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Failure, PASSWORD, PROJECT, REGION, USER};

/// Long enough for anything that ends at all; a test that gets here has failed.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running emulator and the folders behind its buckets `source` and `destination`.
pub struct Sandbox {
    /// The emulator.
    pub emulator: Emulator,
    folders: TempDir,
}

impl Sandbox {
    /// Starts one.
    ///
    /// # Errors
    /// When the folders or the emulator cannot be made.
    pub async fn start() -> Result<Self, Failure> {
        Self::start_with(|builder| builder).await
    }

    /// Starts one with more settings.
    ///
    /// # Errors
    /// When the folders or the emulator cannot be made.
    pub async fn start_with(more: impl FnOnce(Builder) -> Builder) -> Result<Self, Failure> {
        let folders = buckets()?;
        let builder = Emulator::builder()
            .project(PROJECT)
            .region(REGION)
            .user(USER.0, USER.1, PASSWORD.into())
            .state_dir(folders.path().join("state"))
            .bucket("source", folders.path().join("source"))
            .bucket("destination", folders.path().join("destination"));
        Ok(Self { emulator: more(builder).start().await?, folders })
    }

    /// The folder of the bucket `source`.
    pub fn source(&self) -> PathBuf {
        self.folders.path().join("source")
    }

    /// The folder of the bucket `destination`.
    pub fn destination(&self) -> PathBuf {
        self.folders.path().join("destination")
    }

    /// Where the emulator keeps its jobs and keys.
    pub fn state(&self) -> PathBuf {
        self.folders.path().join("state")
    }

    /// A client that logs in by password.
    ///
    /// # Errors
    /// When its settings are refused.
    pub fn client(&self) -> hwmigrate::Result<Client> {
        client_of(self.emulator.url()).build()
    }

    /// How often the emulator was asked for an operation.
    pub fn calls_of(&self, operation: &str) -> usize {
        self.emulator.journal().iter().filter(|entry| entry.operation.as_deref() == Some(operation)).count()
    }
}

/// Two empty folders, `source` and `destination`.
///
/// # Errors
/// When the file system refuses.
pub fn buckets() -> std::io::Result<TempDir> {
    let folders = tempfile::tempdir()?;
    std::fs::create_dir(folders.path().join("source"))?;
    std::fs::create_dir(folders.path().join("destination"))?;
    Ok(folders)
}

/// A client to be, for an emulator at `url`: logs in by password, ignores the
/// environment of the process, and pauses only briefly before it tries again.
pub fn client_of(url: &str) -> ClientBuilder {
    Client::builder()
        .environment(Environment::empty())
        .region(REGION)
        .project_id(PROJECT)
        .credentials(Credentials::password(USER.0, USER.1, Secret::from(PASSWORD)))
        .endpoint(Service::Iam, url)
        .endpoint(Service::Oms, url)
        .endpoint(Service::Sms, url)
        .retry(
            RetryPolicy::default().first_pause(Duration::from_millis(2)).max_pause(Duration::from_millis(20)),
        )
}

/// The quickest rhythm there is.
pub fn quickly() -> PollPolicy {
    PollPolicy::every(Duration::from_millis(10))
}

/// A request to copy everything below a prefix, with keys that the emulator has never heard of.
///
/// # Errors
/// When `more` holds a field of the wrong type.
pub fn copy(prefix: &str, more: Value) -> Result<CreateTaskReq, serde_json::Error> {
    let mut request = json!({
        "task_type": "prefix",
        "src_node": {
            "cloud_type": "HuaweiCloud", "region": REGION, "bucket": "source", "object_key": [prefix],
            "ak": "made-up-source-ak", "sk": "made-up-source-sk"
        },
        "dst_node": {
            "region": REGION, "bucket": "destination", "ak": "made-up-target-ak", "sk": "made-up-target-sk"
        }
    });
    if let (Some(request), Value::Object(more)) = (request.as_object_mut(), more) {
        request.extend(more);
    }
    serde_json::from_value(request)
}

/// A request to start a task again, with the same keys.
///
/// # Errors
/// Never, as long as the type knows its own fields.
pub fn restart(failed_only: bool) -> Result<StartTaskReq, serde_json::Error> {
    serde_json::from_value(json!({
        "src_ak": "made-up-source-ak", "src_sk": "made-up-source-sk",
        "dst_ak": "made-up-target-ak", "dst_sk": "made-up-target-sk",
        "migrate_failed_object": failed_only
    }))
}

/// A bandwidth limit around the clock, in bytes per second.
pub fn all_day(rate: u64) -> Value {
    json!([{"start": "00:00", "end": "23:59", "max_bandwidth": rate}])
}

/// Writes files into a folder bucket whose names and sizes are the awkward ones.
///
/// # Errors
/// When the file system refuses.
pub fn awkward_files(folder: &Path) -> std::io::Result<()> {
    crate::tree::write(
        folder,
        &[
            ("plain.txt", b"text"),
            ("empty", b""),
            ("deep/er/and/deeper.bin", b"bytes"),
            ("with blank.txt", b"blank"),
            ("\u{4e2d}\u{6587}/\u{00e4}\u{00f6}\u{00fc}.txt", b"unicode"),
        ],
    )
}
