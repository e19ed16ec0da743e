//! The faults that concern jobs rather than requests.
//!
//! The engine asks this book at the few points where a job can be made to
//! misbehave; everything else about faults happens between socket and engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::sms::Doom;

/// The largest number that every reader of JSON keeps exactly.
const LARGEST_ID: i64 = 1 << 53;

/// What the engine has to be asked to do wrong; clones share one book.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultBook(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pages: Mutex<Pages>,
    /// The last big id that was given, which stays good when the fault is gone; 0 before the first.
    last_big_id: AtomicI64,
    /// Rings when a hold was set or released.
    changed: watch::Sender<()>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { pages: Mutex::default(), last_big_id: AtomicI64::new(0), changed: watch::Sender::new(()) }
    }
}

#[derive(Debug, Default)]
struct Pages {
    objects: Vec<ObjectFault>,
    sub_tasks: Vec<SubTaskFault>,
    lost_agents: BTreeSet<String>,
    held: BTreeSet<i64>,
    big_ids: bool,
}

/// Objects that fail a number of times.
#[derive(Debug)]
struct ObjectFault {
    key: String,
    times: u64,
    code: String,
    used: BTreeMap<String, u64>,
}

/// Sub-tasks that fail a number of times.
#[derive(Debug)]
struct SubTaskFault {
    sub_task: String,
    /// Of this source server only, if one is named.
    server: Option<String>,
    doom: Doom,
    times: u64,
}

impl ObjectFault {
    fn matches(&self, key: &str) -> bool {
        match self.key.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => key == self.key,
        }
    }
}

impl FaultBook {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reason code with which the object has to fail now, if it has to.
    ///
    /// Each call that returns a code uses up one failure of that object.
    pub(crate) fn object_failure(&self, key: &str) -> Option<String> {
        let mut pages = self.pages();
        for fault in pages.objects.iter_mut().filter(|fault| fault.matches(key)) {
            let used = fault.used.entry(key.to_owned()).or_default();
            if *used < fault.times {
                *used += 1;
                return Some(fault.code.clone());
            }
        }
        None
    }

    /// How a sub-task of a source server has to fail, if it has to; each answer uses up one failure.
    pub(crate) fn sub_task_failure(&self, sub_task: &str, server: &str) -> Option<Doom> {
        let mut pages = self.pages();
        let fault = pages.sub_tasks.iter_mut().find(|fault| {
            fault.times > 0
                && fault.sub_task == sub_task
                && fault.server.as_deref().is_none_or(|name| name == server)
        })?;
        fault.times -= 1;
        Some(fault.doom.clone())
    }

    /// Makes sub-tasks fail so many times.
    pub(crate) fn fail_sub_task(&self, sub_task: &str, server: Option<&str>, doom: Doom, times: u64) {
        let fault =
            SubTaskFault { sub_task: sub_task.to_owned(), server: server.map(str::to_owned), doom, times };
        self.pages().sub_tasks.push(fault);
    }

    /// Whether the agent of a source server has lost its connection.
    pub(crate) fn agent_is_lost(&self, server: &str) -> bool {
        self.pages().lost_agents.contains(server)
    }

    /// Takes the connection of an agent away, or gives it back.
    pub(crate) fn set_agent_lost(&self, server: &str, lost: bool) {
        let mut pages = self.pages();
        if lost {
            pages.lost_agents.insert(server.to_owned());
        } else {
            pages.lost_agents.remove(server);
        }
    }

    /// The id to give to a new job out of turn, if it shall be a big one.
    pub(crate) fn big_id(&self) -> Option<i64> {
        let pages = self.pages();
        let next = self.0.last_big_id.load(Ordering::Relaxed).max(LARGEST_ID) + 1;
        pages.big_ids.then(|| {
            self.0.last_big_id.store(next, Ordering::Relaxed);
            next
        })
    }

    /// Takes note of an id that was given before a restart.
    pub(crate) fn know_id(&self, id: i64) {
        if id > LARGEST_ID {
            self.0.last_big_id.fetch_max(id, Ordering::Relaxed);
        }
    }

    /// Whether ids may be above the documented limit.
    pub(crate) fn has_big_ids(&self) -> bool {
        self.pages().big_ids || self.0.last_big_id.load(Ordering::Relaxed) > 0
    }

    /// Returns once jobs in this state may leave it: at once, unless a test holds them there.
    ///
    /// To be asked before every change of a job's state, with the state it has.
    pub(crate) async fn may_leave(&self, state: i64) {
        let mut changed = self.0.changed.subscribe();
        while self.pages().held.contains(&state) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Makes objects fail: `key` is a whole key, or a prefix that ends in `*`; each match fails `times` times.
    pub(crate) fn fail_objects(&self, key: &str, times: u64, code: &str) {
        let fault = ObjectFault { key: key.to_owned(), times, code: code.to_owned(), used: BTreeMap::new() };
        self.pages().objects.push(fault);
    }

    /// Gives new jobs ids beyond what a double holds exactly.
    pub(crate) fn give_big_ids(&self) {
        self.pages().big_ids = true;
    }

    /// Keeps jobs that are, or come to be, in this state there.
    pub(crate) fn hold(&self, state: i64) {
        self.pages().held.insert(state);
        self.0.changed.send_replace(());
    }

    /// Lets jobs leave this state again.
    pub(crate) fn release(&self, state: i64) {
        self.pages().held.remove(&state);
        self.0.changed.send_replace(());
    }

    /// Forgets all faults of jobs.
    pub(crate) fn clear(&self) {
        *self.pages() = Pages::default();
        self.0.changed.send_replace(());
    }
}
