//! The calls that change tasks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bandwidth::{Window, check_policy};
use super::keys::{BothKeys, NodeKeys};
use super::model::{Lists, Priority, Slice, Spec, Task, TaskType, Totals};
use super::rules::{Status, TaskCall, task_rule};
use super::world::{TaskEntry, World};
use super::{Inner, kernel};
use crate::http::call::ApiError;
use crate::state::Changes;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The answer for a task that does not exist; the service gives 400 here, not 404.
pub(crate) fn no_task() -> ApiError {
    ApiError::oms("OMS.1009", "The requested resource does not exist.")
}

fn missing(field: &str) -> ApiError {
    ApiError::oms("OMS.1004", format!("The required parameter {field} is missing."))
}

impl Inner {
    /// Checks what the document says in words only.
    pub(super) fn check_spec(&self, spec: &Spec, source_keys: &NodeKeys) -> Result<(), ApiError> {
        check_policy(&spec.bandwidth_policy)?;
        if spec.dst_node.region != self.region {
            return Err(ApiError::oms(
                "OMS.0060",
                format!("dst_node.region must be the region of this endpoint, {}.", self.region),
            ));
        }
        match spec.task_type {
            TaskType::Object | TaskType::Prefix if spec.src_node.object_key.is_empty() => {
                return Err(missing("src_node.object_key"));
            }
            TaskType::List | TaskType::UrlList if spec.src_node.list_file.is_none() => {
                return Err(missing("src_node.list_file"));
            }
            _ => {}
        }
        if spec.task_type == TaskType::UrlList {
            if !spec
                .src_node
                .cloud_type
                .as_deref()
                .is_some_and(|cloud| cloud.eq_ignore_ascii_case("URLSource"))
            {
                return Err(ApiError::oms(
                    "OMS.0057",
                    "src_node.cloud_type must be URLSource for a URL list.",
                ));
            }
            return Ok(());
        }
        for (name, value) in
            [("src_node.bucket", &spec.src_node.bucket), ("src_node.region", &spec.src_node.region)]
        {
            if value.is_empty() {
                return Err(missing(name));
            }
        }
        if !source_keys.given() {
            return Err(missing("src_node.ak or src_node.sk"));
        }
        let folder = |name| self.stores.get(name).and_then(super::Store::folder);
        let nested = folder(&spec.src_node.bucket).zip(folder(&spec.dst_node.bucket));
        let nested = nested.and_then(|(from, to)| kernel::nested(from, to));
        match nested {
            Some(reason) => Err(ApiError::oms(&reason.code, reason.text)),
            None if spec.src_node.bucket == spec.dst_node.bucket => {
                Err(ApiError::oms("OMS.0058", "The source and the destination bucket must not be the same."))
            }
            None => Ok(()),
        }
    }

    /// Creates a task, which starts by itself.
    pub(crate) async fn create_task(
        self: &Arc<Self>,
        spec: Spec,
        keys: &BothKeys,
    ) -> Result<(i64, String), ApiError> {
        self.check_spec(&spec, &keys.source)?;
        let doomed = self.doom(keys);
        let (id, name, receipt) = {
            let mut world = self.world();
            self.check_quota(&world)?;
            let mut changes = Changes::default();
            let id = self.add_task(&mut world, spec, "", None, doomed, &mut changes);
            let name = world.tasks.get(&id).map(|entry| entry.task.name.clone()).unwrap_or_default();
            (id, name, self.state.keep(changes))
        };
        self.kept(receipt).await?;
        self.dispatch();
        Ok((id, name))
    }

    fn check_quota(&self, world: &World) -> Result<(), ApiError> {
        let now = self.now();
        let recent = world.tasks.values().filter(|entry| entry.task.created > now - DAY).count();
        let waiting = world.tasks.values().filter(|entry| entry.task.status == Status::Waiting).count();
        if recent >= self.limits.created || waiting >= self.limits.waiting {
            return Err(ApiError::oms("OMS.0077", "The quota of migration tasks is used up."));
        }
        Ok(())
    }

    /// Adds a task to the world; it runs at the next dispatch.
    pub(super) fn add_task(
        &self,
        world: &mut World,
        spec: Spec,
        group: &str,
        slice: Option<Slice>,
        doomed: Option<super::model::Reason>,
        changes: &mut Changes,
    ) -> i64 {
        let now = self.now();
        let id = self.faults.big_id().unwrap_or_else(|| world.new_task_id());
        let number = world.new_number();
        let source = if spec.src_node.bucket.is_empty() { "url" } else { &spec.src_node.bucket };
        let name = format!("{source}_{}_{now}_{number}", spec.dst_node.bucket);
        let task = Task {
            id,
            number,
            name,
            spec,
            group: group.to_owned(),
            slice,
            status: Status::Waiting,
            created: now,
            waiting_since: now,
            started: 0,
            ran: 0,
            pass: 1,
            failed_only: false,
            doomed,
            reason: None,
            totals: Totals::default(),
            lists: Lists::default(),
        };
        world.tasks.insert(id, TaskEntry::new(task));
        world.keep_task(id, changes);
        world.keep_counters(changes);
        id
    }

    /// Starts a paused or failed task again.
    pub(crate) async fn start_task(
        self: &Arc<Self>,
        id: i64,
        keys: &BothKeys,
        failed_only: bool,
    ) -> Result<(), ApiError> {
        let doomed = self.doom(keys);
        let receipt = {
            let mut world = self.world();
            let entry = world.tasks.get_mut(&id).ok_or_else(no_task)?;
            task_rule(entry.task.status, TaskCall::Start)?;
            if failed_only && entry.task.status == Status::Failed && !can_redo_failed(&entry.task) {
                return Err(ApiError::oms("OMS.0167", "The task has no complete list of failed objects."));
            }
            entry.task.doomed = doomed;
            let mut changes = Changes::default();
            self.restart(&mut world, id, failed_only, &mut changes);
            self.state.keep(changes)
        };
        self.kept(receipt).await?;
        self.settle_groups();
        self.dispatch();
        Ok(())
    }

    /// Puts a paused or failed task back into the queue.
    pub(super) fn restart(&self, world: &mut World, id: i64, failed_only: bool, changes: &mut Changes) {
        let now = self.now();
        let Some(entry) = world.tasks.get_mut(&id) else { return };
        let task = &mut entry.task;
        if task.status == Status::Failed {
            // A pass over the failed ones goes on with the same records; anything else begins anew.
            task.failed_only = failed_only;
            if !failed_only {
                self.remove_records(task);
                task.pass += 1;
                task.totals = Totals::default();
            }
        }
        // A paused task goes on with the pass it is in, whatever the request asks for:
        // what it has not reached yet has not failed.
        task.status = Status::Waiting;
        task.waiting_since = now;
        task.reason = None;
        let lists = std::mem::take(&mut task.lists);
        task.lists = if task.failed_only { lists.superseded() } else { Lists::default() };
        world.keep_task(id, changes);
    }

    /// Pauses a running task; it is paused only when its objects in flight have ended.
    pub(crate) async fn stop_task(self: &Arc<Self>, id: i64) -> Result<(), ApiError> {
        let receipt = {
            let mut world = self.world();
            let entry = world.tasks.get(&id).ok_or_else(no_task)?;
            task_rule(entry.task.status, TaskCall::Stop)?;
            let mut changes = Changes::default();
            pause(&mut world, id, &mut changes);
            self.state.keep(changes)
        };
        self.ring();
        self.kept(receipt).await
    }

    /// Deletes a task that is not running.
    pub(crate) async fn delete_task(self: &Arc<Self>, id: i64) -> Result<(), ApiError> {
        let receipt = {
            let mut world = self.world();
            let entry = world.tasks.get(&id).ok_or_else(no_task)?;
            task_rule(entry.task.status, TaskCall::Delete)?;
            let mut changes = Changes::default();
            self.forget(&mut world, id, &mut changes);
            self.state.keep(changes)
        };
        self.kept(receipt).await?;
        self.settle_groups();
        self.dispatch();
        Ok(())
    }

    /// Removes a task and its records.
    pub(super) fn forget(&self, world: &mut World, id: i64, changes: &mut Changes) {
        if let Some(entry) = world.tasks.remove(&id) {
            changes.delete(format!("task/{id}"));
            self.remove_records(&entry.task);
        }
    }

    fn remove_records(&self, task: &Task) {
        if let Err(error) = self.state.objects(&task.records()).remove() {
            // The next start sweeps what no task claims.
            tracing::warn!(%error, "outdated records of a task stay for now");
        }
    }

    /// Replaces the bandwidth limits of a task, also while it runs.
    pub(crate) async fn set_bandwidth(
        self: &Arc<Self>,
        id: i64,
        windows: Vec<Window>,
    ) -> Result<(), ApiError> {
        check_policy(&windows)?;
        self.update(&BTreeSet::from([id]), &windows, None).await
    }

    /// Changes limits, and if wanted the priority, of several tasks: of all or of none.
    pub(crate) async fn update(
        self: &Arc<Self>,
        ids: &BTreeSet<i64>,
        windows: &[Window],
        priority: Option<Priority>,
    ) -> Result<(), ApiError> {
        check_policy(windows)?;
        let receipt = {
            let mut world = self.world();
            for id in ids {
                let status = world.tasks.get(id).ok_or_else(no_task)?.task.status;
                task_rule(status, TaskCall::Bandwidth)?;
                if priority.is_some() {
                    task_rule(status, TaskCall::Priority)?;
                }
            }
            let mut changes = Changes::default();
            for id in ids {
                if let Some(entry) = world.tasks.get_mut(id) {
                    entry.task.spec.bandwidth_policy = windows.to_owned();
                    entry.task.spec.task_priority = priority.or(entry.task.spec.task_priority);
                    if let Some(live) = &entry.live {
                        live.limiter.set(windows);
                    }
                }
                world.keep_task(*id, &mut changes);
            }
            self.state.keep(changes)
        };
        self.ring();
        self.kept(receipt).await
    }
}

/// Whether the failed objects alone can be done again.
pub(crate) fn can_redo_failed(task: &Task) -> bool {
    task.spec.enable_failed_object_recording
        && task.totals.complete
        && task.totals.failed > 0
        && task.totals.failed <= super::lists::MOST_FAILED as u64
}

/// Asks a running task to pause.
pub(super) fn pause(world: &mut World, id: i64, changes: &mut Changes) {
    if let Some(entry) = world.tasks.get_mut(&id) {
        entry.task.status = Status::Pausing;
        if let Some(live) = &entry.live {
            live.stop.ask();
        }
    }
    world.keep_task(id, changes);
}
