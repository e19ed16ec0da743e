//! Looks at a task: its own answer, and what its source server adds.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Goal, view};
use crate::board::{Gate, Page, Source, Watch};
use crate::error::Result;
use crate::fleet::Fleet;
use crate::progress::{Bytes, PhaseKind, Progress, Resource, StepState, copies_data};
use crate::sms::Tasks;
use crate::sms::phases::ALMOST;
use crate::wait::{Job, Unlimited, Waiter, is_final};

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// What the looks of one wait remember of the source server: its answer is a
/// comfort, and a look is none the worse without it.
#[derive(Debug, Default)]
struct Memory {
    bytes: Mutex<Bytes>,
    refused: AtomicBool,
    /// The last look at the task itself.
    last: Mutex<Option<Progress>>,
}

impl Tasks {
    /// One task, as the common view, with the bytes that its source server tells.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    pub async fn progress(&self, id: &str) -> Result<Progress> {
        self.look(id, &Memory::default()).await
    }

    /// Prepares a wait for the end of a task: `MIGRATE_SUCCESS` or `SYNC_SUCCESS`.
    /// [`wait_until`](Self::wait_until) knows more goals.
    ///
    /// Looks of one wait cost two requests each. Three and more waits of one client
    /// share the list of servers, which tells no phases: a task is looked at by
    /// itself when it comes to another step, and while it is cut over.
    pub fn wait(&self, id: &str) -> Waiter<Unlimited> {
        Waiter::new(self.job(id))
    }

    /// Prepares a wait for a goal.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use hwmigrate::sms::Goal;
    ///
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let tasks = client.sms().tasks();
    /// let day = Duration::from_secs(86_400);
    /// tasks.start("5f0c…").await?;
    /// let outcome = tasks.wait_until("5f0c…", Goal::Syncing).deadline(day).wait().await?;
    /// println!("{}", outcome.progress());
    /// # Ok(()) }
    /// ```
    ///
    /// After a start of a task that was stopped or had failed, say what it
    /// looked like before with [`Waiter::after_start`]: the service may show
    /// that picture for a while.
    pub fn wait_until(&self, id: &str, goal: Goal) -> Waiter<Unlimited> {
        self.wait(id).aim(goal.into())
    }

    /// Prepares a wait for many tasks, at the price of one list request per
    /// 200 source servers and round. What a list tells has no phases; the
    /// bytes and the present step are there. [`wait`](Self::wait) for each of a
    /// few tells more.
    pub fn wait_all<I: AsRef<str>>(&self, ids: impl IntoIterator<Item = I>, goal: Goal) -> Fleet<Unlimited> {
        let gate = Gate::narrow();
        Fleet::new(ids.into_iter().map(|id| {
            let id = id.as_ref();
            (id.to_owned(), Waiter::new(self.job_behind(id, &gate, false)).aim(goal.into()))
        }))
    }

    pub(in crate::sms) fn job(&self, id: &str) -> Job {
        self.job_behind(id, &Gate::open(), true)
    }

    /// With `phases`, what a list tells alone is not enough.
    fn job_behind(&self, id: &str, gate: &Gate, phases: bool) -> Job {
        let watch = Arc::new(Watch::new(&self.sms().shared.boards.servers, gate));
        let looks: Arc<dyn Source> = Arc::new(Looks { tasks: self.clone(), memory: Arc::default(), phases });
        let (looked_at, stopped, tasks) = (id.to_owned(), id.to_owned(), self.clone());
        Job {
            resource: Resource::ServerTask,
            id: id.to_owned(),
            dice: self.sms().dice(),
            look: Arc::new(move || {
                let (looks, watch) = (Arc::clone(&looks), Arc::clone(&watch));
                let id = looked_at.clone();
                Box::pin(async move { watch.look(&looks, &id).await })
            }),
            stop: Arc::new(move || {
                let (tasks, id) = (tasks.clone(), stopped.clone());
                Box::pin(async move { tasks.stop(&id).await })
            }),
        }
    }

    /// A look at the task alone: enough to judge its state.
    pub(in crate::sms) async fn glance(&self, id: &str) -> Result<Progress> {
        let mut progress = Progress::from(&*self.show(id).await?);
        if progress.id.is_empty() {
            id.clone_into(&mut progress.id);
        }
        Ok(progress)
    }

    /// A look of its own, from the task and from its source server.
    async fn look(&self, id: &str, memory: &Memory) -> Result<Progress> {
        let task = self.show(id).await?.into_inner();
        let source = task.source_server.as_ref().and_then(|source| source.id.as_deref());
        let server = match source {
            Some(source) if !memory.refused.load(Ordering::Relaxed) => {
                match self.sms().servers().show(source).await {
                    Ok(server) => Some(server.into_inner()),
                    Err(error) => {
                        tracing::debug!(task = id, error = %error, "the source server was not seen; its bytes are those of the last look");
                        memory.refused.store(is_final(&error) || error.is_not_found(), Ordering::Relaxed);
                        None
                    }
                }
            }
            _ => None,
        };
        let mut progress = view::progress(&task, server.as_ref());
        let mut bytes = memory.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        match server {
            Some(_) => *bytes = progress.bytes,
            None => progress.bytes = *bytes,
        }
        if progress.id.is_empty() {
            id.clone_into(&mut progress.id);
        }
        *memory.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.clone());
        Ok(progress)
    }
}

/// The tasks as one wait sees them.
struct Looks {
    tasks: Tasks,
    memory: Arc<Memory>,
    phases: bool,
}

impl Source for Looks {
    fn open_states(&self) -> &'static [i64] {
        // A list of tasks cannot be filtered by all states that still change,
        // and tells neither bytes nor the time left. The list of servers tells
        // both, and there is at most one task to a server.
        &[]
    }

    fn page_size(&self) -> u64 {
        200
    }

    fn page(&self, _: Option<i64>, offset: u64) -> Doing<Page> {
        let list = self.tasks.sms().servers().list();
        Box::pin(async move {
            let page = list.page(offset).await?;
            let jobs = page.items.iter().filter_map(view::of_server);
            Ok(Page { jobs: jobs.collect(), records: page.items.len() as u64, count: page.count })
        })
    }

    fn show(&self, id: &str) -> Doing<Progress> {
        let (tasks, id, memory) = (self.tasks.clone(), id.to_owned(), Arc::clone(&self.memory));
        Box::pin(async move { tasks.look(&id, &memory).await })
    }

    fn complete(&self, listed: &Progress) -> Option<Progress> {
        if !self.phases {
            return Some(listed.clone());
        }
        let last = self.memory.last.lock().unwrap_or_else(PoisonError::into_inner);
        with_phases(listed, last.as_ref()?)
    }
}

/// What a list tells, with the phases of the last look at the task itself: as long as it is in the
/// step of the first copy that it was in, or none runs. A cut-over is short, and all of it is news.
fn with_phases(listed: &Progress, last: &Progress) -> Option<Progress> {
    let step = |progress: &Progress| progress.step.as_ref().map(|step| step.name.clone());
    let same = listed.state_word == last.state_word
        && listed.source_state == last.source_state
        && listed.start_time_ms == last.start_time_ms
        && step(listed) == step(last);
    if !same {
        return None;
    }
    let mut progress = listed.clone();
    progress.phases.clone_from(&last.phases);
    match progress.phases.last_mut() {
        Some(phase) if phase.state == StepState::Running => {
            let share = listed.step.as_ref().filter(|step| copies_data(&step.name))?.percent?;
            if phase.kind != PhaseKind::Replicate {
                return None;
            }
            phase.percent = phase.percent.max(Some(share.min(ALMOST)));
            if let Some(step) = phase.steps.iter_mut().find(|step| step.state == StepState::Running) {
                step.percent = Some(share);
            }
        }
        _ => {}
    }
    Some(progress)
}
