//! Task groups: work that is split into tasks.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use serde::{Deserialize, Serialize};

use super::Inner;
use super::bandwidth::{Window, check_policy};
use super::keys::BothKeys;
use super::model::{Reason, Spec};
use super::rules::{GroupCall, GroupStatus, Status, group_rule};
use super::scheduler::failed_internally;
use super::split::Cursor;
use super::tasks::{can_redo_failed, pause};
use super::world::World;
use crate::http::call::ApiError;
use crate::state::Changes;

/// A task group, as far as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) spec: Spec,
    pub(crate) status: GroupStatus,
    /// When it was created, in ms.
    pub(crate) created: i64,
    /// When it was first executed, in ms; 0 before.
    pub(crate) started: i64,
    /// When it last began to be executed, in ms.
    pub(crate) since: i64,
    /// How long it was executed before that, in ms.
    pub(crate) ran: i64,
    pub(crate) reason: Option<Reason>,
    /// What its keys were found to be wrong with.
    pub(crate) doomed: Option<Reason>,
    /// How far its work is split.
    pub(crate) cursor: Cursor,
    /// Someone is at work on it in this process.
    #[serde(skip)]
    pub(crate) led: bool,
}

impl Group {
    /// Whether it has one of the places for running groups.
    fn placed(&self) -> bool {
        matches!(self.status, GroupStatus::Creating | GroupStatus::Monitoring | GroupStatus::Pausing)
    }

    /// Goes over into another state.
    fn enter(&mut self, status: GroupStatus, now: i64) {
        let was = self.placed();
        self.status = status;
        match (was, self.placed()) {
            (false, true) => self.since = now,
            (true, false) => self.ran += (now - self.since).max(0),
            _ => {}
        }
        if self.started == 0 && self.placed() {
            self.started = now;
        }
    }

    /// How long it was executed, in ms.
    pub(crate) fn time(&self, now: i64) -> i64 {
        self.ran + if self.placed() { (now - self.since).max(0) } else { 0 }
    }
}

/// The answer for a group that does not exist.
pub(crate) fn no_group() -> ApiError {
    ApiError::new(404, "OMS.1009", "The requested resource does not exist.")
}

impl World {
    /// The tasks of a group.
    pub(crate) fn tasks_of(&self, group: &str) -> BTreeSet<i64> {
        let tasks = self.tasks.values().filter(|entry| entry.task.group == group);
        tasks.map(|entry| entry.task.id).collect()
    }
}

impl Inner {
    /// Creates a group, which splits its work and starts by itself.
    pub(crate) async fn create_group(
        self: &Arc<Self>,
        spec: Spec,
        keys: &BothKeys,
    ) -> Result<String, ApiError> {
        self.check_spec(&spec, &keys.source)?;
        let doomed = self.doom(keys);
        let now = self.now();
        let (id, receipt) = {
            let mut world = self.world();
            let id = world.new_name();
            let group = Group {
                id: id.clone(),
                number: world.new_number(),
                spec,
                status: GroupStatus::Waiting,
                created: now,
                started: 0,
                since: now,
                ran: 0,
                reason: None,
                doomed,
                cursor: Cursor::default(),
                led: false,
            };
            world.groups.insert(id.clone(), group);
            let mut changes = Changes::default();
            world.keep_group(&id, &mut changes);
            world.keep_counters(&mut changes);
            (id, self.state.keep(changes))
        };
        self.kept(receipt).await?;
        self.dispatch_groups();
        Ok(id)
    }

    /// Goes on with the groups that were under way when the state was last written.
    pub(super) fn resume_groups(self: &Arc<Self>) {
        let deleted: Vec<_> = {
            let world = self.world();
            let gone = |status| matches!(status, GroupStatus::DeleteWaiting | GroupStatus::Deleting);
            world.groups.values().filter(|group| gone(group.status)).map(|group| group.id.clone()).collect()
        };
        for id in deleted {
            self.finish_delete(id);
        }
        self.dispatch_groups();
        self.settle_groups();
    }

    /// Gives free places to waiting groups, and finds someone to split those that are being created.
    fn dispatch_groups(self: &Arc<Self>) {
        let mut chosen = Vec::new();
        {
            let mut world = self.world();
            let mut taken = world.groups.values().filter(|group| group.placed() || group.led).count();
            let mut order: Vec<_> =
                world.groups.values().map(|group| (group.number, group.id.clone())).collect();
            order.sort_unstable();
            for (_, id) in order {
                let Some(group) = world.groups.get_mut(&id).filter(|group| !group.led) else { continue };
                let free = taken < self.limits.groups;
                if group.status == GroupStatus::Creating || group.status == GroupStatus::Waiting && free {
                    taken += usize::from(group.status == GroupStatus::Waiting);
                    group.led = true;
                    chosen.push(id);
                }
            }
        }
        for id in chosen {
            let inner = Arc::clone(self);
            self.spawn(async move {
                inner.lead_group(&id).await;
                inner.settle_groups();
                inner.dispatch();
                inner.dispatch_groups();
            });
        }
        self.ring();
    }

    /// Takes a group from the queue to where its tasks run.
    async fn lead_group(self: &Arc<Self>, id: &str) {
        self.faults.may_leave(GroupStatus::Waiting.code()).await;
        let Some(group) = self.turn(id, GroupStatus::Waiting, GroupStatus::Creating, None) else { return };
        let result = match group.doomed {
            Some(reason) => Err(reason),
            None => {
                let split = AssertUnwindSafe(self.split(&group)).catch_unwind().await;
                split.unwrap_or_else(|_| Err(failed_internally()))
            }
        };
        self.faults.may_leave(GroupStatus::Creating.code()).await;
        match result {
            Ok(()) => self.turn(id, GroupStatus::Creating, GroupStatus::Monitoring, None),
            Err(reason) => self.turn(id, GroupStatus::Creating, GroupStatus::CreateFailed, Some(reason)),
        };
        if let Some(group) = self.world().groups.get_mut(id) {
            group.led = false;
        }
    }

    /// Takes a group from one state into another; `None` if it is in neither.
    fn turn(&self, id: &str, from: GroupStatus, to: GroupStatus, reason: Option<Reason>) -> Option<Group> {
        let now = self.now();
        let mut world = self.world();
        let group = world.groups.get_mut(id).filter(|_| !self.halted())?;
        if group.status != from && group.status != to {
            group.led = false;
            return None;
        }
        group.enter(to, now);
        group.reason = reason;
        let group = group.clone();
        let mut changes = Changes::default();
        world.keep_group(id, &mut changes);
        drop(self.state.keep(changes));
        drop(world);
        self.ring();
        Some(group)
    }

    /// Looks which groups have nothing left that runs.
    pub(super) fn settle_groups(self: &Arc<Self>) {
        let ready: Vec<_> = {
            let world = self.world();
            let groups = world.groups.values();
            let ended =
                groups.filter_map(|group| outcome(&world, group).map(|_| (group.id.clone(), group.status)));
            ended.collect()
        };
        for (id, status) in ready {
            let inner = Arc::clone(self);
            self.spawn(async move {
                inner.faults.may_leave(status.code()).await;
                // It may have changed meanwhile, so what follows from it is found out again.
                let next = {
                    let world = inner.world();
                    world.groups.get(&id).and_then(|group| Some((group.status, outcome(&world, group)?)))
                };
                if let Some((from, (to, reason))) = next {
                    inner.turn(&id, from, to, reason);
                    inner.dispatch_groups();
                }
            });
        }
    }

    /// Pauses a group with all its tasks.
    pub(crate) async fn stop_group(self: &Arc<Self>, id: &str) -> Result<(), ApiError> {
        let now = self.now();
        let receipt = {
            let mut world = self.world();
            let group = world.groups.get_mut(id).ok_or_else(no_group)?;
            group_rule(group.status, GroupCall::Stop)?;
            group.enter(GroupStatus::Pausing, now);
            let mut changes = Changes::default();
            world.keep_group(id, &mut changes);
            for task in world.tasks_of(id) {
                match world.tasks.get_mut(&task).map(|entry| &mut entry.task) {
                    Some(waiting) if waiting.status == Status::Waiting => {
                        waiting.status = Status::Paused;
                        world.keep_task(task, &mut changes);
                    }
                    Some(running) if running.status == Status::Running => {
                        pause(&mut world, task, &mut changes);
                    }
                    _ => {}
                }
            }
            self.state.keep(changes)
        };
        self.kept(receipt).await?;
        self.settle_groups();
        self.ring();
        Ok(())
    }

    /// Resumes a paused group, or runs a failed one again.
    pub(crate) async fn start_group(
        self: &Arc<Self>,
        id: &str,
        call: GroupCall,
        keys: &BothKeys,
        failed_only: bool,
    ) -> Result<(), ApiError> {
        let doomed = self.doom(keys);
        let now = self.now();
        let receipt = {
            let mut world = self.world();
            let group = world.groups.get_mut(id).ok_or_else(no_group)?;
            group_rule(group.status, call)?;
            group.enter(GroupStatus::Waiting, now);
            group.reason = None;
            group.doomed.clone_from(&doomed);
            let mut changes = Changes::default();
            world.keep_group(id, &mut changes);
            for task in world.tasks_of(id) {
                let Some(entry) = world.tasks.get_mut(&task) else { continue };
                let again = match entry.task.status {
                    Status::Paused => true,
                    Status::Failed => call == GroupCall::Retry,
                    _ => false,
                };
                if again {
                    entry.task.doomed.clone_from(&doomed);
                    let failed_only = failed_only && can_redo_failed(&entry.task);
                    self.restart(&mut world, task, failed_only, &mut changes);
                }
            }
            self.state.keep(changes)
        };
        self.kept(receipt).await?;
        self.dispatch_groups();
        Ok(())
    }

    /// Deletes a group with its tasks, after the answer.
    pub(crate) async fn delete_group(self: &Arc<Self>, id: &str) -> Result<(), ApiError> {
        let now = self.now();
        let receipt = {
            let mut world = self.world();
            let group = world.groups.get_mut(id).ok_or_else(no_group)?;
            group_rule(group.status, GroupCall::Delete)?;
            let active = |task: &super::world::TaskEntry| task.task.group == id && task.live.is_some();
            if world.tasks.values().any(active) {
                return Err(ApiError::oms("OMS.0063", "A task of the group is being migrated."));
            }
            if let Some(group) = world.groups.get_mut(id) {
                group.enter(GroupStatus::DeleteWaiting, now);
            }
            let mut changes = Changes::default();
            world.keep_group(id, &mut changes);
            self.state.keep(changes)
        };
        self.kept(receipt).await?;
        self.finish_delete(id.to_owned());
        Ok(())
    }

    fn finish_delete(self: &Arc<Self>, id: String) {
        let inner = Arc::clone(self);
        self.spawn(async move {
            inner.faults.may_leave(GroupStatus::DeleteWaiting.code()).await;
            if inner.turn(&id, GroupStatus::DeleteWaiting, GroupStatus::Deleting, None).is_none() {
                return;
            }
            inner.faults.may_leave(GroupStatus::Deleting.code()).await;
            let mut changes = Changes::default();
            {
                let mut world = inner.world();
                for task in world.tasks_of(&id) {
                    inner.forget(&mut world, task, &mut changes);
                }
                world.groups.remove(&id);
                changes.delete(format!("group/{id}"));
                drop(inner.state.keep(changes));
            }
            inner.dispatch();
            inner.dispatch_groups();
        });
    }

    /// Replaces the bandwidth limits of a group and of its tasks.
    pub(crate) async fn update_group(
        self: &Arc<Self>,
        id: &str,
        windows: Vec<Window>,
    ) -> Result<(), ApiError> {
        check_policy(&windows)?;
        let (tasks, receipt) = {
            let mut world = self.world();
            let group = world.groups.get_mut(id).ok_or_else(no_group)?;
            group_rule(group.status, GroupCall::Bandwidth)?;
            group.spec.bandwidth_policy.clone_from(&windows);
            let mut changes = Changes::default();
            world.keep_group(id, &mut changes);
            (self.unfinished_of(&world, id), self.state.keep(changes))
        };
        self.kept(receipt).await?;
        self.update(&tasks, &windows, None).await
    }

    /// The tasks of a group whose limits can still be changed.
    pub(crate) fn unfinished_of(&self, world: &World, group: &str) -> BTreeSet<i64> {
        let tasks = world.tasks_of(group).into_iter();
        let open = |id: &i64| world.tasks.get(id).is_some_and(|entry| entry.task.status != Status::Succeeded);
        tasks.filter(open).collect()
    }
}

/// The state a group goes over into because of its tasks, if it does.
fn outcome(world: &World, group: &Group) -> Option<(GroupStatus, Option<Reason>)> {
    if !matches!(group.status, GroupStatus::Monitoring | GroupStatus::Pausing) {
        return None;
    }
    let states: Vec<_> = world
        .tasks
        .values()
        .filter(|entry| entry.task.group == group.id)
        .map(|entry| entry.task.status)
        .collect();
    if !states.iter().all(|status| status.rests()) {
        return None;
    }
    let failed = states.iter().filter(|status| **status == Status::Failed).count();
    if states.contains(&Status::Paused) {
        return Some((GroupStatus::Paused, None));
    }
    if failed > 0 {
        let text = format!("{failed} of {} tasks failed", states.len());
        return Some((GroupStatus::MigrateFailed, Some(Reason::new("TRF.0062", text))));
    }
    Some((GroupStatus::Completed, None))
}
