//! Sync tasks: copying named objects whenever they are asked for.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use super::bandwidth::Limiter;
use super::keys::BothKeys;
use super::model::{
    Check, DestinationNode, Overwrite, Reason, SourceCdn, SourceNode, Spec, TaskType, Totals,
};
use super::record::Live;
use super::scheduler::failed_internally;
use super::transfer::{Item, Moved, Outcome};
use super::{Inner, kernel};
use crate::http::call::ApiError;
use crate::state::Changes;
use crate::store::{Store, decode_line};

/// The width of a point of the statistics, in ms.
pub(crate) const POINT: i64 = 5 * 60 * 1000;
/// Keys that may wait in one sync task: each change of the task writes all of them.
pub(super) const MOST_PENDING: usize = 10_000;
/// Points that are kept: a bit more than three months.
const KEPT_POINTS: usize = 28_000;

/// What a sync task has to do: the request without its keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SyncSpec {
    /// The project it belongs to; comes from the path, not from the body.
    #[serde(default)]
    pub(crate) project: String,
    #[serde(default)]
    pub(crate) src_cloud_type: Option<String>,
    pub(crate) src_region: String,
    pub(crate) src_bucket: String,
    pub(crate) dst_region: String,
    pub(crate) dst_bucket: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) enable_metadata_migration: Option<bool>,
    #[serde(default)]
    pub(crate) enable_restore: Option<bool>,
    #[serde(default)]
    pub(crate) enable_kms: Option<bool>,
    #[serde(default)]
    pub(crate) dst_storage_policy: Option<String>,
    #[serde(default)]
    pub(crate) app_id: Option<String>,
    #[serde(default)]
    pub(crate) source_cdn: Option<SourceCdn>,
    #[serde(default)]
    pub(crate) consistency_check: Option<Check>,
}

/// What the statistics count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    Request,
    Success,
    Failure,
    Skip,
    Size,
}

/// The counters in their order within a point.
const COUNTERS: usize = 5;

/// A sync task, as far as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SyncJob {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) spec: SyncSpec,
    pub(crate) running: bool,
    /// When it was created and last started, in ms.
    pub(crate) created: i64,
    pub(crate) last_start: i64,
    /// What was counted, by the start of its five minutes.
    points: BTreeMap<i64, [u64; COUNTERS]>,
    /// Keys that were asked for and are not done yet.
    pending: Vec<String>,
    /// Someone is at work on it in this process.
    #[serde(skip)]
    led: bool,
}

impl SyncJob {
    fn count(&mut self, now: i64, counter: Counter, add: u64) {
        let point = self.points.entry(now - now.rem_euclid(POINT)).or_default();
        if let Some(sum) = point.get_mut(counter as usize) {
            *sum += add;
        }
        while self.points.len() > KEPT_POINTS {
            self.points.pop_first();
        }
    }

    /// What was counted from one time up to another, in ms.
    pub(crate) fn sum(&self, counter: Counter, from: i64, to: i64) -> u64 {
        if from >= to {
            return 0;
        }
        self.points.range(from..to).filter_map(|(_, point)| point.get(counter as usize)).sum()
    }
}

/// The answer for a sync task that does not exist.
pub(crate) fn no_sync() -> ApiError {
    ApiError::new(404, "OMS.1009", "The requested resource does not exist.")
}

impl Inner {
    /// Creates a sync task, which starts by itself.
    pub(crate) async fn create_sync(
        self: &Arc<Self>,
        spec: SyncSpec,
        keys: &BothKeys,
    ) -> Result<String, ApiError> {
        if spec.dst_region != self.region {
            return Err(ApiError::oms(
                "OMS.0060",
                format!("dst_region must be the region of this endpoint, {}.", self.region),
            ));
        }
        let source = self.stores.get(&spec.src_bucket).ok_or_else(|| {
            ApiError::oms("OMS.1014", "The source bucket does not exist or cannot be read with these keys.")
        })?;
        let destination = self.stores.get(&spec.dst_bucket).ok_or_else(|| {
            ApiError::oms(
                "OMS.1016",
                "The destination bucket does not exist or cannot be read with these keys.",
            )
        })?;
        let nested =
            source.folder().zip(destination.folder()).and_then(|(from, to)| kernel::nested(from, to));
        if let Some(reason) = nested {
            return Err(ApiError::oms(&reason.code, reason.text));
        }
        self.check_sync_keys(keys)?;
        let now = self.now();
        let (id, receipt) = {
            let mut world = self.world();
            if world.syncs.len() >= self.limits.sync_tasks {
                return Err(ApiError::oms("OMS.1037", "The quota of synchronization tasks is used up."));
            }
            let id = world.new_name();
            let job = SyncJob {
                id: id.clone(),
                number: world.new_number(),
                spec,
                running: true,
                created: now,
                last_start: now,
                points: BTreeMap::new(),
                pending: Vec::new(),
                led: false,
            };
            let mut changes = Changes::default();
            changes.put(format!("sync/{id}"), &job);
            world.syncs.insert(id.clone(), job);
            world.keep_counters(&mut changes);
            (id, self.state.keep(changes))
        };
        self.kept(receipt).await?;
        Ok(id)
    }

    fn check_sync_keys(&self, keys: &BothKeys) -> Result<(), ApiError> {
        match self.doom(keys) {
            Some(reason) if reason.code == "TRF.0151" => Err(ApiError::oms("OMS.1014", reason.text)),
            Some(reason) => Err(ApiError::oms("OMS.1016", reason.text)),
            None => Ok(()),
        }
    }

    /// Starts a stopped sync task.
    pub(crate) async fn start_sync(self: &Arc<Self>, id: &str, keys: &BothKeys) -> Result<(), ApiError> {
        self.check_sync_keys(keys)?;
        let now = self.now();
        self.change_sync(id, |job| {
            if job.running {
                return Err(ApiError::oms("OMS.0065", "The synchronization task has already been started."));
            }
            job.running = true;
            job.last_start = now;
            Ok(())
        })
        .await?;
        self.lead_sync(id);
        Ok(())
    }

    /// Stops a sync task; what it was asked for and has not done waits for its start.
    pub(crate) async fn stop_sync(self: &Arc<Self>, id: &str) -> Result<(), ApiError> {
        self.change_sync(id, |job| {
            if !job.running {
                return Err(ApiError::oms("OMS.0066", "The synchronization task is not running."));
            }
            job.running = false;
            Ok(())
        })
        .await
    }

    /// Deletes a stopped sync task.
    pub(crate) async fn delete_sync(&self, id: &str) -> Result<(), ApiError> {
        let receipt = {
            let mut world = self.world();
            let job = world.syncs.get(id).ok_or_else(no_sync)?;
            if job.running {
                return Err(ApiError::oms("OMS.0063", "The synchronization task is running; stop it first."));
            }
            world.syncs.remove(id);
            let mut changes = Changes::default();
            changes.delete(format!("sync/{id}"));
            self.state.keep(changes)
        };
        self.ring();
        self.kept(receipt).await
    }

    /// Asks for objects to be copied now; the keys are URL-encoded.
    pub(crate) async fn sync_events(self: &Arc<Self>, id: &str, keys: &[String]) -> Result<(), ApiError> {
        let mut decoded = Vec::with_capacity(keys.len());
        for key in keys {
            decoded.push(decode_line(key).map_err(|error| ApiError::oms("OMS.0002", error.message))?);
        }
        let now = self.now();
        self.change_sync(id, |job| {
            if !job.running {
                return Err(ApiError::oms(
                    "OMS.0066",
                    "The synchronization task is stopped; start it first.",
                ));
            }
            if job.pending.len() + decoded.len() > MOST_PENDING {
                return Err(ApiError::oms(
                    "OMS.1037",
                    format!("More than {MOST_PENDING} objects wait to be synchronized: send the event again later."),
                ));
            }
            job.count(now, Counter::Request, decoded.len() as u64);
            job.pending.append(&mut decoded);
            Ok(())
        })
        .await?;
        self.lead_sync(id);
        Ok(())
    }

    async fn change_sync(
        &self,
        id: &str,
        change: impl FnOnce(&mut SyncJob) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let receipt = {
            let mut world = self.world();
            let job = world.syncs.get_mut(id).ok_or_else(no_sync)?;
            change(job)?;
            let mut changes = Changes::default();
            changes.put(format!("sync/{id}"), job);
            self.state.keep(changes)
        };
        self.ring();
        self.kept(receipt).await
    }

    /// Goes on with what was asked for before the process ended.
    pub(super) fn resume_syncs(self: &Arc<Self>) {
        let ids: Vec<_> = self.world().syncs.keys().cloned().collect();
        for id in ids {
            self.lead_sync(&id);
        }
    }

    /// Copies what a sync task was asked for, unless someone is at it already.
    fn lead_sync(self: &Arc<Self>, id: &str) {
        {
            let mut world = self.world();
            let Some(job) = world.syncs.get_mut(id) else { return };
            if job.led || !job.running || job.pending.is_empty() {
                return;
            }
            job.led = true;
        }
        let (inner, id) = (Arc::clone(self), id.to_owned());
        self.spawn(async move {
            while let Some((spec, keys)) = inner.next_events(&id) {
                let copied = AssertUnwindSafe(inner.copy_events(spec, keys.clone())).catch_unwind().await;
                let moved = copied.unwrap_or_else(|_| lost(keys, &failed_internally()));
                inner.settle_events(&id, moved);
            }
        });
    }

    /// The keys to copy next; without any the work ends.
    fn next_events(&self, id: &str) -> Option<(SyncSpec, Vec<String>)> {
        let mut world = self.world();
        let job = world.syncs.get_mut(id)?;
        if !job.running || job.pending.is_empty() {
            job.led = false;
            return None;
        }
        Some((job.spec.clone(), job.pending.clone()))
    }

    async fn copy_events(&self, spec: SyncSpec, keys: Vec<String>) -> Vec<Moved> {
        let from = self.stores.get(&spec.src_bucket).cloned();
        let to: Option<Store> = self.stores.get(&spec.dst_bucket).cloned();
        let Some(to) = to else {
            // The emulator was started without this bucket; its events cannot be done.
            return lost(keys, &Reason::new("TRF.0058", "the destination bucket does not exist"));
        };
        let limiter = Limiter::new(self.clock.clone(), &[]);
        let live = Live::new(limiter, self.now(), Totals::default());
        let transfer = self.transfer(from, to.clone(), spec.as_task(), &live);
        let moved = transfer.all(keys.into_iter().map(Item::Named).collect()).await;
        if let Some(folder) = to.folder() {
            folder.partials().tidy();
        }
        moved
    }

    fn settle_events(&self, id: &str, moved: Vec<Moved>) {
        let now = self.now();
        let mut world = self.world();
        let Some(job) = world.syncs.get_mut(id).filter(|_| !self.halted()) else { return };
        // New events come behind those that were taken.
        job.pending.drain(..moved.len().min(job.pending.len()));
        for Moved { size, outcome, .. } in moved {
            match outcome {
                Outcome::Done => {
                    job.count(now, Counter::Success, 1);
                    job.count(now, Counter::Size, size);
                }
                Outcome::Skipped => job.count(now, Counter::Skip, 1),
                Outcome::Failed(_) | Outcome::Stopped => job.count(now, Counter::Failure, 1),
            }
        }
        let mut changes = Changes::default();
        changes.put(format!("sync/{id}"), job);
        drop(self.state.keep(changes));
        drop(world);
        self.ring();
    }
}

/// What became of keys that could not be looked at.
fn lost(keys: Vec<String>, why: &Reason) -> Vec<Moved> {
    let moved = |key| Moved { key, size: 0, sized_late: true, outcome: Outcome::Failed(why.clone()) };
    keys.into_iter().map(moved).collect()
}

impl SyncSpec {
    /// The same work in the words of a task.
    fn as_task(&self) -> Spec {
        Spec {
            project: self.project.clone(),
            task_type: TaskType::Object,
            src_node: SourceNode { bucket: self.src_bucket.clone(), ..SourceNode::default() },
            dst_node: DestinationNode {
                region: self.dst_region.clone(),
                bucket: self.dst_bucket.clone(),
                save_prefix: String::new(),
            },
            description: String::new(),
            migrate_since: 0,
            bandwidth_policy: Vec::new(),
            source_cdn: None,
            smn_config: None,
            enable_metadata_migration: self.enable_metadata_migration.unwrap_or(false),
            enable_restore: false,
            enable_failed_object_recording: false,
            object_overwrite_mode: Overwrite::SizeAndTime,
            dst_storage_policy: None,
            consistency_check: self.consistency_check.unwrap_or_default(),
            enable_requester_pays: false,
            task_priority: None,
            enable_kms: false,
        }
    }
}
