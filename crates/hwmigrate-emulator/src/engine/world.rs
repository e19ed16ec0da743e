//! Everything the engine knows.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::groups::Group;
use super::model::{Task, Totals};
use super::record::Live;
use super::rules::Status;
use super::sync::SyncJob;
use crate::error::EmulatorError;
use crate::names::name_of;
use crate::state::{Changes, Values};
use crate::store::Store;

/// Everything the engine knows.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) tasks: BTreeMap<i64, TaskEntry>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) syncs: BTreeMap<String, SyncJob>,
    pub(crate) counters: Counters,
    seed: u64,
}

/// A task and what of it is not kept.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    pub(crate) task: Task,
    /// Present while it runs.
    pub(crate) live: Option<Arc<Live>>,
    /// Whether it has one of the places for running tasks, or is about to take it.
    pub(crate) placed: bool,
}

impl TaskEntry {
    pub(crate) fn new(task: Task) -> Self {
        Self { task, live: None, placed: false }
    }

    /// What is done so far.
    pub(crate) fn totals(&self) -> Totals {
        self.live.as_ref().map_or(self.task.totals, |live| live.totals())
    }
}

/// What is counted up for ever.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counters {
    /// The last id of a task; 0 before the first.
    last_id: i64,
    /// Jobs created.
    number: u64,
    /// Ids of groups and sync tasks given out; none comes again, whatever was deleted since.
    #[serde(default)]
    names: u64,
    /// When the privacy terms were accepted, in ms.
    pub(crate) privacy: Option<i64>,
}

/// The first ids lie between these; real ones have about as many digits.
const FIRST_IDS: std::ops::Range<i64> = 10_000_000_000..90_000_000_000;

impl World {
    /// Whether no job was ever created, or all are deleted.
    fn is_idle(&self) -> bool {
        self.tasks.is_empty() && self.groups.is_empty() && self.syncs.is_empty()
    }

    /// Rebuilds what was kept.
    pub(super) fn restore(values: Values, seed: u64) -> Result<Self, EmulatorError> {
        let mut world = Self {
            tasks: BTreeMap::new(),
            groups: BTreeMap::new(),
            syncs: BTreeMap::new(),
            counters: Counters::default(),
            seed,
        };
        for (name, value) in values {
            match name.split_once('/') {
                Some(("task", _)) => {
                    let mut task: Task = read(&name, value)?;
                    if task.status == Status::Pausing {
                        // Whoever stopped it got what they wanted when the process ended.
                        task.status = Status::Paused;
                    }
                    world.tasks.insert(task.id, TaskEntry::new(task));
                }
                Some(("group", id)) => {
                    let id = id.to_owned();
                    world.groups.insert(id, read(&name, value)?);
                }
                Some(("sync", id)) => {
                    let id = id.to_owned();
                    world.syncs.insert(id, read(&name, value)?);
                }
                _ if name == "counters" => world.counters = read(&name, value)?,
                _ => {}
            }
        }
        Ok(world)
    }

    /// The id for a new task whose turn it is.
    pub(super) fn new_task_id(&mut self) -> i64 {
        self.counters.last_id = match self.counters.last_id {
            0 => fastrand::Rng::with_seed(self.seed).i64(FIRST_IDS),
            last => last + 1,
        };
        self.counters.last_id
    }

    /// The id for a new group or sync task, in the form of a UUID.
    pub(super) fn new_name(&mut self) -> String {
        self.counters.names += 1;
        name_of("job", &(self.seed, self.counters.names))
    }

    /// The place of a new job in the order of creation.
    pub(super) fn new_number(&mut self) -> u64 {
        self.counters.number += 1;
        self.counters.number
    }

    /// Writes a task into changes to keep.
    pub(super) fn keep_task(&self, id: i64, changes: &mut Changes) {
        if let Some(entry) = self.tasks.get(&id) {
            changes.put(format!("task/{id}"), &entry.task);
        }
    }

    /// Writes a group into changes to keep.
    pub(super) fn keep_group(&self, id: &str, changes: &mut Changes) {
        if let Some(group) = self.groups.get(id) {
            changes.put(format!("group/{id}"), group);
        }
    }

    /// Writes the counters into changes to keep.
    pub(super) fn keep_counters(&self, changes: &mut Changes) {
        changes.put("counters", &self.counters);
    }
}

fn read<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, EmulatorError> {
    serde_json::from_value(value).map_err(|error| {
        EmulatorError::Config(format!(
            "the state holds a {name} that cannot be read ({error}); start with another state folder"
        ))
    })
}

/// A multipart upload that an earlier process began.
#[derive(Debug)]
pub(super) struct OpenUpload {
    pub(super) bucket: String,
    pub(super) id: String,
    pub(super) key: String,
}

impl OpenUpload {
    /// Its name in the state.
    pub(super) fn name(&self) -> String {
        format!("upload/{}/{}", self.bucket, self.id)
    }
}

/// Takes the folders of the buckets out of what was kept.
pub(super) fn take_folders(values: &mut Values) -> BTreeMap<String, String> {
    let mut folders = BTreeMap::new();
    values.retain(|name, value| match name.strip_prefix("folder/") {
        Some(bucket) => {
            folders.insert(bucket.to_owned(), value.as_str().unwrap_or_default().to_owned());
            false
        }
        None => true,
    });
    folders
}

/// Refuses to go on with jobs whose buckets have become other folders: what
/// they report as done was done elsewhere.
pub(super) fn check_folders(
    world: &World,
    known: &BTreeMap<String, String>,
    stores: &BTreeMap<String, Store>,
) -> Result<Changes, EmulatorError> {
    let mut changes = Changes::default();
    for (bucket, root) in stores.iter().filter_map(|(name, store)| Some((name, store.root()?))) {
        let root = fs::canonicalize(&root).map_err(|source| EmulatorError::file(&root, source))?;
        let root = root.to_string_lossy().into_owned();
        match known.get(bucket) {
            Some(before) if *before == root => {}
            Some(before) if !world.is_idle() => {
                return Err(EmulatorError::Config(format!(
                    "the state has jobs of the bucket {bucket} in the folder {before}, which is {root} now; \
                     give the same folder, or start with another state folder"
                )));
            }
            _ => {
                changes.put(format!("folder/{bucket}"), &root);
            }
        }
    }
    Ok(changes)
}

/// Takes the open uploads out of what was kept.
pub(super) fn take_uploads(values: &mut Values) -> Vec<OpenUpload> {
    let mut open = Vec::new();
    values.retain(|name, value| {
        let Some((bucket, id)) = name.strip_prefix("upload/").and_then(|rest| rest.split_once('/')) else {
            return true;
        };
        let key = value.as_str().unwrap_or_default().to_owned();
        open.push(OpenUpload { bucket: bucket.to_owned(), id: id.to_owned(), key });
        false
    });
    open
}
