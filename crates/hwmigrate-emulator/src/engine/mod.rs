//! The jobs of OMS: what they are, when they run, and what they leave behind.
//!
//! [`Engine`] is a handle; everything it knows is in one `World` behind one
//! lock that is never held while anything waits. Each change is written to
//! the state before it is answered, so that an emulator that is killed goes on
//! where it stopped.

mod bandwidth;
mod crc64;
mod groups;
mod kernel;
mod keys;
mod listfile;
mod lists;
mod model;
mod record;
mod rules;
mod runner;
mod scheduler;
mod select;
mod split;
mod stop;
mod stream;
mod sync;
mod tasks;
mod transfer;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hwmigrate_api::Secret;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::builder::BucketConfig;
use crate::clock::Clock;
use crate::error::EmulatorError;
use crate::fault::FaultBook;
use crate::http::call::ApiError;
use crate::state::{Changes, Receipt, State, Values};
use crate::store::{Store, UploadJournal, UrlSource};

pub(crate) use bandwidth::Window;
pub(crate) use groups::{Group, no_group};
pub(crate) use keys::{BothKeys, NodeKeys};
pub(crate) use model::{Priority, Reason, Spec, TaskType, Totals};
pub(crate) use rules::{GroupCall, Status};
pub(crate) use sync::{Counter, POINT, SyncJob, SyncSpec, no_sync};
pub(crate) use tasks::no_task;
pub(crate) use world::{TaskEntry, World};

/// What the service allows; real numbers differ between regions and years.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Tasks that run at once.
    pub(crate) running: usize,
    /// Groups that run at once.
    pub(crate) groups: usize,
    /// Tasks that wait.
    pub(crate) waiting: usize,
    /// Tasks created in 24 hours.
    pub(crate) created: usize,
    /// Sync tasks.
    pub(crate) sync_tasks: usize,
    /// Objects in one task of a group.
    pub(crate) group_objects: u64,
    /// Bytes in one task of a group.
    pub(crate) group_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            running: 5,
            groups: 5,
            waiting: 1_500,
            created: 1_500,
            sync_tasks: 5,
            // The service does not say how it splits; it advises at most 5 million objects or 3 TB.
            group_objects: 100_000,
            group_bytes: 1 << 40,
        }
    }
}

/// Which lists a task leaves under `oms/` in its destination, beside that of failed objects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordedLists {
    /// The list of migrated objects.
    pub(crate) succeeded: bool,
    /// The list of skipped objects.
    pub(crate) skipped: bool,
}

impl Default for RecordedLists {
    fn default() -> Self {
        Self { succeeded: true, skipped: true }
    }
}

/// How an engine is set up.
#[derive(Debug)]
pub(crate) struct EngineConfig {
    /// Where the state is kept.
    pub(crate) state_dir: PathBuf,
    /// The buckets that exist.
    pub(crate) buckets: Vec<BucketConfig>,
    /// Access keys that requests must use rightly; others are taken for those of other clouds.
    pub(crate) access_keys: BTreeMap<String, Secret>,
    /// The region of the endpoint and of all buckets.
    pub(crate) region: String,
    pub(crate) clock: Clock,
    pub(crate) faults: FaultBook,
    /// Decides the ids of jobs.
    pub(crate) seed: u64,
    pub(crate) options: EngineOptions,
}

/// What most emulators leave as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EngineOptions {
    pub(crate) limits: Limits,
    pub(crate) lists: RecordedLists,
    /// Whether URL lists may name other hosts than this one.
    pub(crate) fetch_remote_urls: bool,
}

/// The engine; clones share it. When the last one is dropped all work ends as if the process had been killed.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    inner: Arc<Inner>,
    _guard: Arc<Guard>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) region: String,
    pub(crate) clock: Clock,
    faults: FaultBook,
    limits: Limits,
    lists: RecordedLists,
    access_keys: BTreeMap<String, Secret>,
    pub(crate) stores: BTreeMap<String, Store>,
    urls: UrlSource,
    state: Arc<State>,
    world: Mutex<World>,
    /// Counts up when anything changed.
    changed: watch::Sender<u64>,
    work: Mutex<JoinSet<()>>,
    /// Set when the work is to be taken for cut off: what ends after that changes nothing any more.
    halted: AtomicBool,
}

/// Ends the work when the last handle goes.
#[derive(Debug)]
struct Guard(Arc<Inner>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// Writes uploads into the state, so that a later start can give them up.
#[derive(Debug)]
struct Uploads(Arc<State>);

impl UploadJournal for Uploads {
    fn began(&self, bucket: &str, key: &str, upload: &str) {
        let mut changes = Changes::default();
        changes.put(format!("upload/{bucket}/{upload}"), &key);
        drop(self.0.keep(changes));
    }

    fn ended(&self, bucket: &str, upload: &str) {
        let mut changes = Changes::default();
        changes.delete(format!("upload/{bucket}/{upload}"));
        drop(self.0.keep(changes));
    }
}

impl Engine {
    /// Opens the state and goes on with what was under way.
    #[cfg(test)]
    pub(crate) async fn open(config: EngineConfig) -> Result<Self, EmulatorError> {
        Self::open_state(config).map(|(engine, ..)| engine)
    }

    /// Opens the state and goes on with what was under way. Other services keep their values in the same
    /// state, which the engine closes in the end; all that was found is handed out with it.
    pub(crate) fn open_state(config: EngineConfig) -> Result<(Self, Arc<State>, Values), EmulatorError> {
        let (state, mut values) = State::open(&config.state_dir)?;
        // Before anything goes on: what was done at a later time must not lie in the future.
        config.clock.restore(&values);
        let state = Arc::new(state);
        let journal: Arc<dyn UploadJournal> = Arc::new(Uploads(Arc::clone(&state)));
        let mut stores = BTreeMap::new();
        for bucket in &config.buckets {
            let store = Store::open(bucket, state.instance(), &journal)?;
            if let Some(folder) = store.folder() {
                let cleared = folder.partials().clear();
                cleared.map_err(|source| EmulatorError::file(folder.root(), source))?;
            }
            if stores.insert(bucket.name.clone(), store).is_some() {
                return Err(EmulatorError::Config(format!(
                    "there are two buckets named {}; give each its own name",
                    bucket.name
                )));
            }
        }
        let uploads = world::take_uploads(&mut values);
        let known = world::take_folders(&mut values);
        let world = World::restore(values.clone(), config.seed)?;
        world.tasks.keys().for_each(|id| config.faults.know_id(*id));
        let _kept = state.keep(world::check_folders(&world, &known, &stores)?);
        state.sweep_objects(|name| world.tasks.values().any(|entry| entry.task.records() == name))?;
        let inner = Arc::new(Inner {
            region: config.region,
            clock: config.clock,
            faults: config.faults,
            limits: config.options.limits,
            lists: config.options.lists,
            access_keys: config.access_keys,
            stores,
            urls: UrlSource::new(config.options.fetch_remote_urls),
            state,
            world: Mutex::new(world),
            changed: watch::Sender::new(0),
            work: Mutex::new(JoinSet::new()),
            halted: AtomicBool::new(false),
        });
        inner.give_up(uploads);
        inner.resume();
        let state = Arc::clone(&inner.state);
        Ok((Self { _guard: Arc::new(Guard(Arc::clone(&inner))), inner }, state, values))
    }

    /// Stops working in good order; what was under way goes on at the next start.
    pub(crate) async fn shutdown(&self) {
        self.inner.halt();
        let mut work = std::mem::take(&mut *self.inner.jobs());
        while work.join_next().await.is_some() {}
        self.inner.state.close().await;
    }

    /// Counts up when anything changed, objects and states alike.
    #[cfg(test)]
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Ends all work as if the process had been killed, and lets go of the state.
    pub(crate) fn kill(&self) {
        self.inner.kill();
    }

    /// What the calls work on.
    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Inner {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jobs(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs work that ends with the engine.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut jobs = self.jobs();
        while jobs.try_join_next().is_some() {}
        jobs.spawn(work);
    }

    fn kill(&self) {
        self.halt();
        self.state.kill();
    }

    /// Ends all work at once.
    fn halt(&self) {
        let world = self.world();
        self.halted.store(true, Ordering::Release);
        for entry in world.tasks.values() {
            if let Some(live) = &entry.live {
                // Blocking threads cannot be aborted, so they are asked.
                live.stop.ask();
            }
        }
        self.jobs().abort_all();
    }

    /// Whether the work was cut off; reliable while the world is locked.
    fn halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    /// Tells everyone who waits that something changed.
    fn ring(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// The time in milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        millis(self.clock.now())
    }

    /// Waits until a change is safe.
    async fn kept(&self, receipt: Receipt) -> Result<(), ApiError> {
        receipt.kept().await.map_err(|_| {
            let why = self.state.failure().unwrap_or_else(|| "the emulator is shutting down".to_owned());
            ApiError::new(500, "OMS.1001", why)
        })
    }

    /// Records that the user accepts the privacy terms.
    pub(crate) async fn agree_privacy(&self) -> Result<serde_json::Value, ApiError> {
        let now = self.now();
        let receipt = {
            let mut world = self.world();
            world.counters.privacy = Some(now);
            let mut changes = Changes::default();
            world.keep_counters(&mut changes);
            self.state.keep(changes)
        };
        self.kept(receipt).await.map(|()| serde_json::Value::Null)
    }

    /// Whether a list file is a usable URL list.
    pub(crate) async fn check_url_list(&self, bucket: &str, key: &str) -> Result<(), model::Reason> {
        let store = self.stores.get(bucket).ok_or_else(|| {
            model::Reason::new("TRF.0013", format!("the bucket \"{bucket}\" does not exist"))
        })?;
        let list = model::ListFile {
            list_file_key: key.to_owned(),
            obs_bucket: bucket.to_owned(),
            list_file_num: None,
        };
        for file in listfile::files(store, &list).await? {
            listfile::check_urls(&file, &listfile::read(store, &file).await?)?;
        }
        Ok(())
    }

    /// Gives up uploads that an earlier process left open.
    fn give_up(self: &Arc<Self>, uploads: Vec<world::OpenUpload>) {
        for upload in uploads {
            let inner = Arc::clone(self);
            self.spawn(async move {
                let mut changes = Changes::default();
                changes.delete(upload.name());
                match inner.stores.get(&upload.bucket) {
                    Some(Store::S3(store)) => match store.abort_upload(&upload.key, &upload.id).await {
                        Ok(()) => {}
                        Err(error) => {
                            tracing::warn!(
                                bucket = upload.bucket,
                                error = error.message,
                                "an upload stays open"
                            );
                            return;
                        }
                    },
                    _ => return,
                }
                drop(inner.state.keep(changes));
                inner.ring();
            });
        }
    }
}

/// Milliseconds since 1970, as the API has them.
pub(crate) fn millis(time: OffsetDateTime) -> i64 {
    (time.unix_timestamp_nanos() / 1_000_000) as i64
}

#[cfg(test)]
mod tests;
