//! A migration from the request to the report.
//!
//! This is the loop that everybody writes by hand around the service: create,
//! look, start again for the objects that failed, report. It survives a lost
//! reply to the create, expired logins and passing errors, and it can be taken
//! up again by task id when the process did not survive.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use hwmigrate_api::oms::types::CreateTaskReq;
use tokio::time::Instant;

use super::keys::NodeKeys;
use super::tasks::Tasks;
use crate::cancel;
use crate::catalogue;
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::create::{Created, settle_marked};
use crate::jobs::mark::Mark;
use crate::progress::{Bytes, Counts, Progress, Reason, State};
use crate::wait::{LAST_LOOK_GRACE, PollPolicy, Unlimited, Waiter, failed, job_report, stop_and_look};

/// Further runs after the first, unless said otherwise.
const ROUNDS: u32 = 3;

/// The pause before the first further run; each later one is four times as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What happens in a [`Migration`], as it happens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MigrationEvent {
    /// The task exists; keep its id to take the migration up again.
    Created(Created<i64>),
    /// A look at the task.
    Progress(Progress),
    /// The task failed, and is started again.
    Retrying {
        /// Number of the further run, from 1.
        round: u32,
        /// Objects that failed so far.
        failed: u64,
        /// Only they are repeated; otherwise everything, skipping what is there.
        failed_only: bool,
    },
    /// The task has ended, or was paused.
    Ended(Report),
}

/// What came of a migration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The task.
    pub task_id: i64,
    /// `Succeeded`, `Failed` or `Paused`.
    pub status: State,
    /// Objects, by the last look.
    pub objects: Counts,
    /// Bytes, by the last look.
    pub bytes: Bytes,
    /// How long it took here, from the first call to the last look.
    pub elapsed: Duration,
    /// Further runs that were made for what had failed.
    pub rounds: u32,
    /// The list of failed objects in the destination bucket.
    pub failed_object_list: Option<String>,
    /// Why it failed, in the service's words.
    pub reason: Option<Reason>,
    /// The reply to the create was lost, and the task was found by its mark.
    pub adopted: bool,
    /// The last look, whole.
    pub last: Progress,
}

impl Report {
    /// The error of kind `JobFailed`, if the migration failed.
    pub fn error(&self) -> Option<Error> {
        (self.status == State::Failed).then(|| {
            let error = failed(&self.last);
            match self.rounds {
                0 => error,
                rounds => {
                    let words = format!("{} (after {rounds} further runs)", error.message());
                    error.with_message(words)
                }
            }
        })
    }
}

/// A migration to be run; made by [`Oms::migrate`](super::Oms::migrate) and
/// [`Oms::resume`](super::Oms::resume).
///
/// Nothing happens before it is run. It can be run only after
/// [`deadline`](Migration::deadline). Dropping it while it runs stops the
/// following, not the task; [`run_or_stop`](Migration::run_or_stop) stops both.
pub struct Migration<L = Duration> {
    tasks: Tasks,
    begin: Option<Begin>,
    keys: NodeKeys,
    rounds: u32,
    policy: PollPolicy,
    stall_after: Option<Duration>,
    observer: Option<Observer>,
    limit: L,
    span: Option<Instant>,
    task: Option<Created<i64>>,
    waiter: Option<Waiter>,
    /// A create was begun: the task may exist, so no step may send another.
    create_begun: bool,
    run: u32,
    next: Option<Retry>,
    over: bool,
}

type Observer = Box<dyn FnMut(&MigrationEvent) + Send>;

enum Begin {
    Create(Box<CreateTaskReq>, Mark),
    Attach(i64),
}

struct Retry {
    before: Progress,
    failed_only: bool,
}

impl<L: fmt::Debug> fmt::Debug for Migration<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("task", &self.task)
            .field("rounds", &self.rounds)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Migration<Unlimited> {
    pub(super) fn new(tasks: Tasks, request: CreateTaskReq) -> Self {
        let keys = NodeKeys::from(&request);
        Self::beginning(tasks, Some(Begin::Create(Box::new(request), Mark::unique())), keys, Unlimited)
    }

    pub(super) fn attach(tasks: Tasks, task_id: i64, keys: NodeKeys) -> Self {
        Self::beginning(tasks, Some(Begin::Attach(task_id)), keys, Unlimited)
    }

    /// Gives the whole migration, further runs included, at most this long.
    ///
    /// The create and the search for a task whose reply was lost end with it, as
    /// `Ambiguous` with the mark of the task, should it exist. Only a look that is
    /// under way at the deadline gets 5 seconds more for its answer. A failed
    /// task is not started again once the time is up.
    pub fn deadline(self, limit: Duration) -> Migration {
        let Self { tasks, begin, keys, rounds, policy, stall_after, observer, .. } = self;
        let begun = Migration::beginning(tasks, begin, keys, limit);
        Migration { rounds, policy, stall_after, observer, ..begun }
    }
}

impl<L> Migration<L> {
    fn beginning(tasks: Tasks, begin: Option<Begin>, keys: NodeKeys, limit: L) -> Self {
        Self {
            tasks,
            begin,
            keys,
            rounds: ROUNDS,
            policy: PollPolicy::new(),
            stall_after: None,
            observer: None,
            limit,
            span: None,
            task: None,
            waiter: None,
            create_begun: false,
            run: 0,
            next: None,
            over: false,
        }
    }

    /// How often a failed task is started again, 3 unless said otherwise: for
    /// the objects that failed, or for a reason that the catalogue calls passing.
    #[must_use]
    pub fn retry_rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// How often to look.
    #[must_use]
    pub fn poll(mut self, policy: PollPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// As [`Waiter::stall_after`].
    #[must_use]
    pub fn stall_after(mut self, span: Duration) -> Self {
        self.stall_after = Some(span);
        self
    }

    /// Marks the task with this instead of a mark of its own; one that was
    /// written down before finds the task even after a crash, see
    /// [`Tasks::find_marked`]. Has no effect on a migration that is resumed.
    #[must_use]
    pub fn mark(mut self, mark: Mark) -> Self {
        if let Some(Begin::Create(_, own)) = &mut self.begin {
            *own = mark;
        }
        self
    }

    /// Calls this for every event of [`run`](Migration::run) and its siblings.
    #[must_use]
    pub fn on_event(mut self, observer: impl FnMut(&MigrationEvent) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }
}

impl Migration {
    /// Runs to the end. A task that somebody pauses is an end as well, with the
    /// status `Paused`.
    ///
    /// # Errors
    /// `JobFailed` when the task failed for good. `Invalid`, `Ambiguous` and
    /// others as [`Tasks::create_once`]; `Timeout`, `NotFound` and others as
    /// [`Waiter::wait`]. Once the task exists, [`Error::job`] has its id.
    pub async fn run(self) -> Result<Report> {
        let report = self.report().await?;
        report.error().map_or(Ok(report), Err)
    }

    /// As [`run`](Self::run), but a failed task is a report too, with the status `Failed`.
    ///
    /// # Errors
    /// As [`run`](Self::run) without `JobFailed`.
    pub async fn report(mut self) -> Result<Report> {
        self.finish().await
    }

    /// As [`report`](Self::report), and pauses the task when the deadline
    /// passes or `cancelled` completes first.
    ///
    /// A create that is under way is waited for, so that no task is left unknown; the
    /// pause before a repetition is not.
    ///
    /// # Errors
    /// As [`report`](Self::report), and `Cancelled`. The text says whether the
    /// task was stopped.
    pub async fn run_or_stop(mut self, cancelled: impl Future<Output = ()>) -> Result<Report> {
        let mut cancelled = std::pin::pin!(cancelled);
        let cancel = Arc::default();
        let cancellation = || Error::new(ErrorKind::Cancelled, "the migration was cancelled");
        match cancel::scope(&cancel, cancelled.as_mut(), self.begin_task()).await {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(cancellation()),
            begun => begun?,
        }
        let why = if cancel.is_told() {
            cancellation()
        } else {
            tokio::select! {
                report = self.finish() => match report {
                    // A call that timed out before the deadline is an error like any other.
                    Err(error) if error.is_timeout() && self.left().is_zero() => error,
                    report => return report,
                },
                () = cancelled => cancellation(),
            }
        };
        let Some(task) = &self.task else { return Err(why) };
        let id = task.id;
        let (outcome, last) = stop_and_look(self.tasks.job(id), self.policy.clone(), why).await;
        match (outcome, last) {
            (Ok(outcome), _) => Ok(self.report_of(id, outcome.into_progress())),
            (Err(error), Some(last)) if error.is_job_failed() => Ok(self.report_of(id, last)),
            (Err(error), _) => Err(self.with_task(error)),
        }
    }

    /// Every event as an item; the last one is [`MigrationEvent::Ended`] or an error.
    pub fn stream(self) -> impl Stream<Item = Result<MigrationEvent>> + Send {
        futures_util::stream::unfold(self, |mut migration| async move {
            let item = migration.next().await.transpose()?;
            Some((item, migration))
        })
    }

    /// Waits for the next event; `None` once the migration is over.
    ///
    /// The future may be dropped and asked for anew. Where that cuts a create
    /// off, the next call looks for the task by its mark instead of creating
    /// another, and ends as `Ambiguous` when none appears.
    ///
    /// # Errors
    /// As [`report`](Self::report); after an error the migration is over.
    pub async fn next(&mut self) -> Result<Option<MigrationEvent>> {
        if self.over {
            return Ok(None);
        }
        let event = self.step().await;
        match &event {
            Err(_) | Ok(MigrationEvent::Ended(_)) => self.over = true,
            Ok(_) => {}
        }
        let event = event.map_err(|error| self.with_task(error))?;
        if let Some(observer) = &mut self.observer {
            observer(&event);
        }
        Ok(Some(event))
    }

    async fn finish(&mut self) -> Result<Report> {
        while let Some(event) = self.next().await? {
            if let MigrationEvent::Ended(report) = event {
                return Ok(report);
            }
        }
        Err(Error::invalid("the migration is over: begin a new one"))
    }

    /// Makes sure that there is a task; tells of it through the observer.
    async fn begin_task(&mut self) -> Result<()> {
        while self.task.is_none() && !self.over {
            self.next().await?;
        }
        Ok(())
    }

    async fn step(&mut self) -> Result<MigrationEvent> {
        self.span.get_or_insert_with(clock::instant);
        match &self.begin {
            Some(Begin::Create(request, mark)) => {
                let left = self.left();
                if !self.create_begun && left.is_zero() {
                    return Err(Error::new(ErrorKind::Timeout, "the task was not created: the time is up")
                        .with_advice("begin the migration again, with a longer limit"));
                }
                let created = if std::mem::replace(&mut self.create_begun, true) {
                    // The step before was dropped half-way, perhaps after its request had left.
                    let cut = Error::new(ErrorKind::Ambiguous, "the create was cut off");
                    let cut = cut.with_operation("CreateTask");
                    settle_marked(cut, mark, left, || self.tasks.find_marked(mark)).await?
                } else {
                    self.tasks.create_within(request, mark, left).await?
                };
                return Ok(self.created(created));
            }
            Some(Begin::Attach(id)) => {
                let id = *id;
                let before = self.hasty().progress(id).await?;
                if before.state == State::Paused {
                    self.start(id, &before, false).await?;
                }
                return Ok(self.created(Created { id, name: None, adopted: false, mark: None }));
            }
            None => {}
        }
        let Some(id) = self.task.as_ref().map(|task| task.id) else {
            return Err(Error::invalid("the migration is over: begin a new one"));
        };
        if let Some(Retry { before, failed_only }) = &self.next {
            // Kept until the start has worked, so that a dropped step is made again.
            let (before, failed_only) = (before.clone(), *failed_only);
            let pause = FIRST_PAUSE.saturating_mul(4_u32.saturating_pow(self.run - 1)).min(LONGEST_PAUSE);
            clock::sleep(pause.min(self.left())).await;
            if self.left().is_zero() {
                // Starting it now would leave a task running that nobody follows.
                self.run -= 1;
                return Ok(MigrationEvent::Ended(self.report_of(id, before)));
            }
            self.start(id, &before, failed_only).await?;
            self.next = None;
        }
        let left = self.left();
        let waiter = self.waiter.get_or_insert_with(|| {
            let waiter = self.tasks.wait(id).poll(self.policy.clone()).deadline(left);
            match self.stall_after {
                Some(span) => waiter.stall_after(span),
                None => waiter,
            }
        });
        match waiter.next().await {
            Ok(Some(progress)) => Ok(MigrationEvent::Progress(progress)),
            Ok(None) => match waiter.outcome().cloned() {
                Some(outcome) => Ok(MigrationEvent::Ended(self.report_of(id, outcome.into_progress()))),
                None => Err(Error::invalid("the migration is over: begin a new one")),
            },
            Err(error) if error.is_job_failed() => self.failed(id, error).await,
            Err(error) => Err(error),
        }
    }

    fn created(&mut self, created: Created<i64>) -> MigrationEvent {
        self.begin = None;
        self.task = Some(created.clone());
        MigrationEvent::Created(created)
    }

    /// Decides whether a failed task is started again.
    async fn failed(&mut self, id: i64, error: Error) -> Result<MigrationEvent> {
        let Some(last) = self.waiter.as_ref().and_then(Waiter::last).cloned() else { return Err(error) };
        let some_failed = last.objects.failed > 0;
        let passing = error.code().and_then(catalogue::find).is_some_and(catalogue::Entry::is_retryable);
        if self.run >= self.rounds || !(some_failed || passing) || self.left().is_zero() {
            return Ok(MigrationEvent::Ended(self.report_of(id, last)));
        }
        self.run += 1;
        self.waiter = None;
        let failed_only = some_failed && last.failed_objects.retryable != Some(false);
        let event = MigrationEvent::Retrying { round: self.run, failed: last.objects.failed, failed_only };
        self.next = Some(Retry { before: last, failed_only });
        Ok(event)
    }

    async fn start(&mut self, id: i64, before: &Progress, failed_only: bool) -> Result<()> {
        match self.hasty().start(id, &self.keys.start_task(failed_only)).await {
            // Somebody else has started it already.
            Err(error) if error.is_conflict() && error.code() == Some("OMS.0065") => {}
            outcome => outcome?,
        }
        let waiter =
            self.tasks.wait(id).poll(self.policy.clone()).after_start(before.clone()).deadline(self.left());
        self.waiter = Some(match self.stall_after {
            Some(span) => waiter.stall_after(span),
            None => waiter,
        });
        Ok(())
    }

    /// The tasks, for calls that end soon after the deadline.
    fn hasty(&self) -> Tasks {
        self.tasks.within(self.left().max(LAST_LOOK_GRACE))
    }

    fn used(&self) -> Duration {
        self.span.map_or(Duration::ZERO, |start| clock::instant().saturating_duration_since(start))
    }

    fn left(&self) -> Duration {
        self.limit.saturating_sub(self.used())
    }

    fn report_of(&self, task_id: i64, last: Progress) -> Report {
        Report {
            task_id,
            status: last.state,
            objects: last.objects,
            bytes: last.bytes,
            elapsed: self.used(),
            rounds: self.run,
            failed_object_list: last.failed_objects.list_key.clone(),
            reason: last.reason.clone(),
            adopted: self.task.as_ref().is_some_and(|task| task.adopted),
            last,
        }
    }

    /// Whoever sees an error of a task that exists must learn its id.
    fn with_task(&self, error: Error) -> Error {
        match &self.task {
            Some(task) if error.job().is_none() => {
                let blank =
                    Progress::new(crate::progress::Resource::Task, task.id.to_string(), State::Unknown, None);
                let last = self.waiter.as_ref().and_then(Waiter::last).unwrap_or(&blank);
                error.with_job(job_report(last))
            }
            _ => error,
        }
    }
}
