//! What the engine keeps about its jobs.
//!
//! All of it is written to the state, so nothing here may hold a secret: the
//! requests' keys have no field to land in.

use serde::{Deserialize, Deserializer, Serialize};

use super::bandwidth::Window;

/// Takes an explicit null for an absent value.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

fn yes() -> bool {
    true
}

/// How the objects are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskType {
    /// Files and folders.
    #[default]
    Object,
    /// Keys that start with one of some prefixes.
    Prefix,
    /// Keys that a file lists.
    List,
    /// URLs that a file lists.
    UrlList,
}

impl TaskType {
    /// The word of tasks; groups use the same in upper case.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Prefix => "prefix",
            Self::List => "list",
            Self::UrlList => "url_list",
        }
    }
}

/// What to do when the destination has the key already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Overwrite {
    /// Keep what is there.
    #[serde(rename = "NO_OVERWRITE")]
    Never,
    /// Replace it if the size differs or the source is newer.
    #[default]
    #[serde(rename = "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE")]
    SizeAndTime,
    /// Replace it if the checksum differs.
    #[serde(rename = "CRC64_COMPARISON_OVERWRITE")]
    Crc64,
    /// Replace it always.
    #[serde(rename = "FULL_OVERWRITE")]
    Always,
}

/// How a copy is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    /// By size and time.
    #[default]
    SizeLastModified,
    /// By checksum, where both sides have one.
    Crc64,
    /// Not at all. Sync tasks call it `transmission`.
    #[serde(rename = "no_check", alias = "transmission")]
    Nothing,
}

/// Which waiting task goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Priority {
    /// After all others.
    Low,
    /// The usual.
    Medium,
    /// Before all others.
    High,
}

/// A file that lists objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListFile {
    /// Its key, or a folder of such files.
    pub(crate) list_file_key: String,
    /// The bucket that holds it.
    pub(crate) obs_bucket: String,
    /// How many there are, as the request said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) list_file_num: Option<String>,
}

/// Where the objects are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SourceNode {
    #[serde(default)]
    pub(crate) cloud_type: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) region: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) bucket: String,
    #[serde(default)]
    pub(crate) app_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) object_key: Vec<String>,
    #[serde(default)]
    pub(crate) list_file: Option<ListFile>,
}

/// Where they go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DestinationNode {
    pub(crate) region: String,
    pub(crate) bucket: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) save_prefix: String,
}

/// A CDN in front of the source, as far as it is no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SourceCdn {
    pub(crate) domain: String,
    pub(crate) protocol: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authentication_type: Option<String>,
}

/// Who is told about the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Smn {
    pub(crate) topic_urn: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) trigger_conditions: Vec<String>,
}

/// What a task or a group has to do: the request without its keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// The project it belongs to; comes from the path, not from the body.
    #[serde(default)]
    pub(crate) project: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) task_type: TaskType,
    pub(crate) src_node: SourceNode,
    pub(crate) dst_node: DestinationNode,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) description: String,
    /// Seconds since 1970; 0 for everything.
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) migrate_since: i64,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) bandwidth_policy: Vec<Window>,
    #[serde(default)]
    pub(crate) source_cdn: Option<SourceCdn>,
    #[serde(default)]
    pub(crate) smn_config: Option<Smn>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) enable_metadata_migration: bool,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) enable_restore: bool,
    #[serde(default = "yes")]
    pub(crate) enable_failed_object_recording: bool,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) object_overwrite_mode: Overwrite,
    #[serde(default)]
    pub(crate) dst_storage_policy: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) consistency_check: Check,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) enable_requester_pays: bool,
    #[serde(default)]
    pub(crate) task_priority: Option<Priority>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) enable_kms: bool,
}

/// The part of a group's work that one of its tasks does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Slice {
    /// The keys with a prefix that lie behind one key and not behind another.
    Keys { prefix: String, after: Option<String>, until: Option<String> },
    /// Some lines of a list file, counted from 0.
    Lines { file: String, from: u64, count: u64 },
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    /// Such as `TRF.0155`.
    pub(crate) code: String,
    /// For people.
    pub(crate) text: String,
}

impl Reason {
    /// A reason with its text.
    pub(crate) fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into() }
    }
}

/// What a job has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Objects found.
    pub(crate) objects: u64,
    /// Their bytes, as far as they are known.
    pub(crate) bytes: u64,
    /// Whether all objects were found.
    pub(crate) complete: bool,
    pub(crate) done: u64,
    pub(crate) done_bytes: u64,
    pub(crate) skipped: u64,
    pub(crate) skipped_bytes: u64,
    pub(crate) failed: u64,
}

/// What became of the lists that a task writes into its destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lists {
    /// The key of the list of failed objects.
    pub(crate) failed_key: Option<String>,
    /// Why that list is missing or not complete.
    pub(crate) failed_error: Option<String>,
    /// Why the list of migrated objects is missing.
    pub(crate) success_error: Option<String>,
    /// Why the list of skipped objects is missing.
    pub(crate) skip_error: Option<String>,
    /// All lists that were written.
    #[serde(default)]
    pub(crate) written: Vec<String>,
    /// Lists of the runs before this one, which redoes what failed in them: gone once it has its own.
    #[serde(default)]
    pub(crate) superseded: Vec<String>,
}

impl Lists {
    /// The lists of a run that redoes what failed in this one.
    pub(crate) fn superseded(self) -> Self {
        let superseded = self.superseded.into_iter().chain(self.written).collect();
        Self { superseded, ..Self::default() }
    }
}

/// A task, as far as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: i64,
    /// Its place in the order of creation.
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) spec: Spec,
    /// The group that made it, or empty.
    #[serde(default)]
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) slice: Option<Slice>,
    pub(crate) status: super::rules::Status,
    /// When it was created, in ms.
    pub(crate) created: i64,
    /// When it last began to wait, in ms.
    pub(crate) waiting_since: i64,
    /// When it was first started, in ms; 0 before.
    pub(crate) started: i64,
    /// How long it has run, in ms.
    pub(crate) ran: i64,
    /// Which pass over its objects this is; each has its own records.
    pub(crate) pass: u32,
    /// Only what failed before is to be done.
    pub(crate) failed_only: bool,
    /// What its keys were found to be wrong with.
    pub(crate) doomed: Option<Reason>,
    pub(crate) reason: Option<Reason>,
    pub(crate) totals: Totals,
    pub(crate) lists: Lists,
}

impl Task {
    /// The name of its object records.
    pub(crate) fn records(&self) -> String {
        format!("{}-{}", self.id, self.pass)
    }

    /// Its priority among the waiting.
    pub(crate) fn priority(&self) -> Priority {
        self.spec.task_priority.unwrap_or(Priority::Medium)
    }
}
