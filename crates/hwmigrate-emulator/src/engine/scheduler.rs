//! Which tasks run when.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::bandwidth::Limiter;
use super::model::{Lists, Reason, Task};
use super::record::Live;
use super::rules::Status;
use super::runner::{self, Ended};
use super::world::World;
use super::{Inner, millis};
use crate::state::Changes;

/// A task that waits longer is given up.
const LONGEST_WAIT: time::Duration = time::Duration::days(30);

impl Inner {
    /// Gives free places to waiting tasks.
    pub(super) fn dispatch(self: &Arc<Self>) {
        let mut chosen = Vec::new();
        {
            let mut world = self.world();
            let taken = world.tasks.values().filter(|entry| entry.placed).count();
            for _ in taken..self.limits.running {
                let Some(id) = next_waiting(&world) else { break };
                if let Some(entry) = world.tasks.get_mut(&id) {
                    entry.placed = true;
                    chosen.push(id);
                }
            }
        }
        for id in chosen {
            let inner = Arc::clone(self);
            self.spawn(async move { inner.lead(id).await });
        }
        self.ring();
    }

    /// Goes on with what was under way when the state was last written.
    pub(super) fn resume(self: &Arc<Self>) {
        let mut running = Vec::new();
        for (id, entry) in &mut self.world().tasks {
            if entry.task.status == Status::Running {
                entry.placed = true;
                running.push(*id);
            }
        }
        for id in running {
            let inner = Arc::clone(self);
            self.spawn(async move { inner.lead(id).await });
        }
        self.resume_groups();
        self.resume_syncs();
        self.dispatch();
    }

    /// Fails tasks that have waited for too long; to be called before states are shown.
    pub(crate) fn give_up_waiting(self: &Arc<Self>) {
        let limit = millis(self.clock.now() - LONGEST_WAIT);
        let mut changes = Changes::default();
        let mut world = self.world();
        let late: Vec<_> = world
            .tasks
            .values()
            .filter(|entry| entry.task.status == Status::Waiting && entry.task.waiting_since < limit)
            .map(|entry| entry.task.id)
            .collect();
        for id in &late {
            if let Some(entry) = world.tasks.get_mut(id) {
                entry.task.status = Status::Failed;
                entry.task.reason =
                    Some(Reason::new("TRF.0003", "the task has waited for more than 30 days"));
            }
            world.keep_task(*id, &mut changes);
        }
        if !late.is_empty() {
            drop(self.state.keep(changes));
            drop(world);
            self.ring();
        }
    }

    /// Takes one task from its place in the queue to its end.
    async fn lead(self: Arc<Self>, id: i64) {
        self.faults.may_leave(Status::Waiting.code()).await;
        if let Some((task, live)) = self.begin(id) {
            self.ring();
            // Whatever happens in there, the task must come to an end and leave its place.
            let ended = AssertUnwindSafe(runner::run(&self, &task, &live)).catch_unwind().await;
            let ended = ended.unwrap_or_else(|_| failed_internally().into());
            // A stop that comes while a test holds the task here still counts.
            tokio::select! {
                () = self.faults.may_leave(Status::Running.code()) => {}
                () = live.stop.wait() => {}
            }
            if live.stop.asked() {
                self.faults.may_leave(Status::Pausing.code()).await;
            }
            self.end(id, &live, ended);
        }
        self.settle_groups();
        self.dispatch();
    }

    /// Begins a run, unless the task was stopped or deleted meanwhile.
    fn begin(&self, id: i64) -> Option<(Task, Arc<Live>)> {
        let now = self.now();
        let mut world = self.world();
        let entry = world.tasks.get_mut(&id)?;
        if !matches!(entry.task.status, Status::Waiting | Status::Running) {
            entry.placed = false;
            if entry.task.status == Status::Pausing {
                // Stopped after a restart, before its run went on: nothing runs that could end.
                entry.task.status = Status::Paused;
                let mut changes = Changes::default();
                world.keep_task(id, &mut changes);
                drop(self.state.keep(changes));
                drop(world);
                self.ring();
            }
            return None;
        }
        entry.task.status = Status::Running;
        entry.task.reason = None;
        if entry.task.started == 0 {
            entry.task.started = now;
        }
        let limiter = Limiter::new(self.clock.clone(), &entry.task.spec.bandwidth_policy);
        let live = Arc::new(Live::new(limiter, now, entry.task.totals));
        entry.live = Some(Arc::clone(&live));
        let task = entry.task.clone();
        let mut changes = Changes::default();
        world.keep_task(id, &mut changes);
        drop(self.state.keep(changes));
        Some((task, live))
    }

    /// Writes down how a run ended.
    fn end(&self, id: i64, live: &Live, ended: Ended) {
        let now = self.now();
        let mut world = self.world();
        if self.halted() {
            return;
        }
        let Some(entry) = world.tasks.get_mut(&id) else { return };
        let task = &mut entry.task;
        task.totals = live.totals();
        task.ran += (now - live.since).max(0);
        let (status, reason, lists) = match ended {
            // Whoever asked for a pause finds the task paused, also if its last object had just arrived.
            _ if task.status == Status::Pausing => (Status::Paused, None, Default::default()),
            Ended::Stopped => (Status::Paused, None, Default::default()),
            Ended::Done(lists) => (Status::Succeeded, None, lists),
            Ended::Failed(reason, lists) => (Status::Failed, Some(reason), lists),
        };
        task.status = status;
        task.reason = reason;
        // A run that did not come to its lists leaves those before it to the next one.
        let before = std::mem::replace(&mut task.lists, lists);
        if task.lists == Lists::default() {
            task.lists.superseded = before.superseded;
        }
        entry.live = None;
        entry.placed = false;
        let mut changes = Changes::default();
        world.keep_task(id, &mut changes);
        drop(self.state.keep(changes));
    }
}

/// The reason of a job whose work panicked.
pub(super) fn failed_internally() -> Reason {
    Reason::new("TRF.0001", "the emulator failed internally; this is a bug in it")
}

/// The waiting task whose turn it is: by priority, then by age.
fn next_waiting(world: &World) -> Option<i64> {
    let waiting = world.tasks.values().filter(|entry| entry.task.status == Status::Waiting && !entry.placed);
    let first = waiting.max_by_key(|entry| {
        let task = &entry.task;
        (task.priority(), std::cmp::Reverse((task.waiting_since, task.number)))
    });
    first.map(|entry| entry.task.id)
}
