//! One server, from the request to the report.
//!
//! The order is what people get wrong by hand: the task is created and does
//! not start, its speed limits and options are set, then it is started, so no
//! minute runs without them. It is followed until it synchronises, and, if so
//! asked, cut over: only from there, and only once. A lost reply is settled by
//! looking, and a migration whose process died is taken up again by task id.

mod create;
mod cutover;
mod patience;
mod stage;
mod steps;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::FutureExt as _;
use hwmigrate_api::sms::types::{ConfigBody, PostTask};
use tokio::time::Instant;

use self::cutover::is_cutting_over;
use self::stage::Stage;
use super::{Created, Sms, SpeedPlan, Tasks};
use crate::cancel::{self, Cancel};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Bytes, Phase, Progress, Reason, State};
use crate::wait::{LAST_LOOK_GRACE, PollPolicy, Unlimited, Waiter, failed, stop_and_look};

/// What happens in a [`Migration`], as it happens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MigrationEvent {
    /// The task is about to be created, by this name.
    Creating(String),
    /// The reply to its create was lost; the task of this name is looked for.
    Searching(String),
    /// The task exists; keep its id to take the migration up again.
    Created(Created<String>),
    /// Speed limits and options are set.
    Prepared,
    /// The task was told to start.
    Started,
    /// A look at the task.
    Progress(Progress),
    /// The task synchronises and was told to cut over.
    CutOver,
    /// The task synchronises, has ended, or was stopped.
    Ended(Report),
}

/// What came of a migration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The task.
    pub task_id: String,
    /// `Syncing`, `Succeeded`, `Failed` or `Paused`.
    pub status: State,
    /// Bytes, by the last look.
    pub bytes: Bytes,
    /// What was asked of the task, by the last look.
    pub phases: Vec<Phase>,
    /// How long it took here, from the first call to the last look.
    pub elapsed: Duration,
    /// It was cut over in this run: by it, or at the same moment by somebody else.
    pub cut_over: bool,
    /// The task was found: the reply to its create was lost, or somebody else made it at the same moment.
    pub adopted: bool,
    /// Why it failed or was stopped, in the service's words.
    pub reason: Option<Reason>,
    /// The last look, whole.
    pub last: Progress,
}

impl Report {
    /// The error of kind `JobFailed`, if the migration failed.
    pub fn error(&self) -> Option<Error> {
        (self.status == State::Failed).then(|| failed(&self.last))
    }
}

/// The migration of one server, to be run; made by [`Sms::migrate`] and [`Sms::resume`].
///
/// Nothing happens before it is run. It can be run only after
/// [`deadline`](Migration::deadline), alone or as part of a
/// [`Bulk`](super::Bulk). Dropping it while it runs stops the following, not
/// the task; [`run_or_stop`](Migration::run_or_stop) stops both.
pub struct Migration<L = Duration> {
    plan: Plan,
    limit: L,
    stage: Stage,
    span: Option<Instant>,
    task: Option<Created<String>>,
    waiter: Option<Waiter>,
    cut_over: bool,
    /// The last look from before the waiter's, or after a stop.
    seen: Option<Progress>,
    /// Somebody wants it to end.
    cancel: Arc<Cancel>,
    /// It was told to start, and nobody knows whether that arrived.
    may_have_started: bool,
}

struct Plan {
    tasks: Tasks,
    begin: Begin,
    limits: Option<SpeedPlan>,
    options: Vec<ConfigBody>,
    cut_over: bool,
    policy: PollPolicy,
    stall_after: Option<Duration>,
    observer: Option<Observer>,
}

type Observer = Box<dyn FnMut(&MigrationEvent) + Send>;

enum Begin {
    Create(Box<PostTask>),
    Attach(String),
}

impl Sms {
    /// A server's migration from the request to the report: created once,
    /// limited, started, followed until it synchronises, and cut over if asked to.
    ///
    /// The request decides how it ends: with `syncing` the task stops at
    /// synchronising, and waits for [`cut_over`](Migration::cut_over);
    /// without, the service launches the target by itself. `auto_start` has no
    /// effect: the task is started once its limits are set.
    ///
    /// A source server has at most one task. Where the service refuses the create
    /// because there is one already, and that is of the same name, source and
    /// target, it is taken up as if it were our own: two processes that begin the
    /// same migration at the same moment move the server together.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use hwmigrate::sms::{MigrationEvent, SpeedPlan, TaskRequest};
    ///
    /// # async fn demo(client: hwmigrate::Client, request: TaskRequest) -> hwmigrate::Result<()> {
    /// let office = SpeedPlan::new().limit("08:00-18:00".parse()?, "100Mbit/s".parse()?)?;
    /// let migration = client.sms().migrate(request).limit_speed(office).on_event(|event| {
    ///     if let MigrationEvent::Progress(progress) = event {
    ///         eprintln!("{progress}");
    ///     }
    /// });
    /// let week = Duration::from_secs(7 * 86_400);
    /// let report = migration.deadline(week).run().await?;
    /// println!("{}: {}", report.task_id, report.status);
    /// # Ok(()) }
    /// ```
    pub fn migrate(&self, request: impl Into<PostTask>) -> Migration<Unlimited> {
        let mut request = request.into();
        request.auto_start = Some(false);
        Migration::beginning(self.tasks(), Begin::Create(Box::new(request)))
    }

    /// A migration that was begun before, by this process or another: starts
    /// the task if it is new, stopped or failed, and goes on from where it is. One
    /// that is just being stopped is started once it stands still.
    pub fn resume(&self, task_id: impl Into<String>) -> Migration<Unlimited> {
        Migration::beginning(self.tasks(), Begin::Attach(task_id.into()))
    }
}

impl Migration<Unlimited> {
    fn beginning(tasks: Tasks, begin: Begin) -> Self {
        let plan = Plan {
            tasks,
            begin,
            limits: None,
            options: Vec::new(),
            cut_over: false,
            policy: PollPolicy::new(),
            stall_after: None,
            observer: None,
        };
        Self::over(plan, Unlimited)
    }

    /// Gives the whole migration at most this long. The task goes on at the service.
    ///
    /// The create gets what is left; so does the search after a lost reply. A look
    /// or another request that is under way by then gets up to five seconds more.
    pub fn deadline(self, limit: Duration) -> Migration {
        Migration::over(self.plan, limit)
    }
}

impl<L> Migration<L> {
    fn over(plan: Plan, limit: L) -> Self {
        Self {
            plan,
            limit,
            stage: Stage::Begin,
            span: None,
            task: None,
            waiter: None,
            cut_over: false,
            seen: None,
            cancel: Arc::default(),
            may_have_started: false,
        }
    }

    /// Sets the speed limits of the task before it is started.
    #[must_use]
    pub fn limit_speed(mut self, plan: SpeedPlan) -> Self {
        self.plan.limits = Some(plan);
        self
    }

    /// Sets special options of the task before it is started, such as
    /// directories that are left out; see [`Tasks::configure`].
    #[must_use]
    pub fn configure(mut self, options: impl IntoIterator<Item = ConfigBody>) -> Self {
        self.plan.options.extend(options);
        self
    }

    /// Launches the target as soon as the task synchronises, and follows it to
    /// the end; off unless said otherwise. The source should be at rest by then:
    /// what changes on it later is lost.
    #[must_use]
    pub fn cut_over(mut self, yes: bool) -> Self {
        self.plan.cut_over = yes;
        self
    }

    /// How often to look.
    #[must_use]
    pub fn poll(mut self, policy: PollPolicy) -> Self {
        self.plan.policy = policy;
        self
    }

    /// As [`Waiter::stall_after`].
    #[must_use]
    pub fn stall_after(mut self, span: Duration) -> Self {
        self.plan.stall_after = Some(span);
        self
    }

    /// Calls this for every event of [`run`](Migration::run) and its siblings.
    #[must_use]
    pub fn on_event(mut self, observer: impl FnMut(&MigrationEvent) + Send + 'static) -> Self {
        self.plan.observer = Some(Box::new(observer));
        self
    }

    /// What to call it in a report: the source server where it is known, else the task.
    pub(super) fn name(&self) -> &str {
        match &self.plan.begin {
            Begin::Create(request) => &request.source_server.id,
            Begin::Attach(id) => id,
        }
    }
}

impl Migration {
    /// Runs until the task synchronises, or to the end if it is cut over. A
    /// task that somebody stops is an end as well, with the status `Paused`.
    ///
    /// # Errors
    /// `JobFailed` when the task failed. `Invalid`, `Ambiguous` and others as
    /// [`Tasks::create_once`] and [`Tasks::action`]; `Timeout`, `NotFound` and
    /// others as [`Waiter::wait`]. Once the task exists, [`Error::job`] has its id.
    pub async fn run(self) -> Result<Report> {
        let report = self.report().await?;
        report.error().map_or(Ok(report), Err)
    }

    /// As [`run`](Self::run), but a failed task is a report too, with the status `Failed`.
    ///
    /// # Errors
    /// As [`run`](Self::run) without `JobFailed`.
    pub async fn report(mut self) -> Result<Report> {
        loop {
            if let Some(MigrationEvent::Ended(report)) = self.next().await? {
                return Ok(report);
            }
        }
    }

    /// As [`report`](Self::report), and stops the task when the deadline
    /// passes or `cancelled` completes first.
    ///
    /// A request that is under way is waited for, the pause before a repetition is
    /// not. A cut-over that has begun, by whomever, is not stopped: a target that is
    /// half launched helps nobody.
    ///
    /// # Errors
    /// As [`report`](Self::report), and `Cancelled`. The text says whether the
    /// task was stopped.
    pub async fn run_or_stop(mut self, cancelled: impl Future<Output = ()>) -> Result<Report> {
        let mut cancelled = std::pin::pin!(cancelled);
        loop {
            match self.next_or(cancelled.as_mut()).await {
                Ok(Some(MigrationEvent::Ended(report))) => return Ok(report),
                Ok(Some(_)) => {}
                Ok(None) => {
                    let why = Error::new(ErrorKind::Cancelled, "the migration was cancelled");
                    return self.stop(why).await;
                }
                Err(error) if self.ends_by(&error) => return self.stop(error).await,
                Err(error) => return Err(error),
            }
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
    /// or a cut-over off, the next call looks what has come of it instead of
    /// sending another, and ends as `Ambiguous` when nothing shows.
    ///
    /// # Errors
    /// As [`report`](Self::report); after an error the migration is over.
    pub async fn next(&mut self) -> Result<Option<MigrationEvent>> {
        while !matches!(self.stage, Stage::Over) {
            if let Some(event) = self.advance().await? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// The next event, or `None` when `cancelled` completes first. Only looks
    /// and pauses are given up for it, never a request that changes something.
    pub(super) async fn next_or(
        &mut self,
        mut cancelled: impl Future<Output = ()> + Unpin,
    ) -> Result<Option<MigrationEvent>> {
        while !matches!(self.stage, Stage::Over) {
            let cancel = Arc::clone(&self.cancel);
            // Between two steps no request is under way, unless one was dropped half-way.
            let between = !self.stage.is_halfway();
            if between && (cancel.is_told() || (&mut cancelled).now_or_never().is_some()) {
                return Ok(None);
            }
            let event = if self.stage.only_looks() {
                tokio::select! {
                    biased;
                    () = &mut cancelled => return Ok(None),
                    event = self.advance() => event,
                }
            } else {
                cancel::scope(&cancel, &mut cancelled, self.advance()).await
            };
            match event {
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(None),
                Err(_) if self.may_have_started && cancel.is_told() => return Ok(None),
                event => return event,
            }
        }
        Ok(None)
    }

    /// One step, and the event in it.
    async fn advance(&mut self) -> Result<Option<MigrationEvent>> {
        let event = self.step().await;
        if matches!(&event, Err(_) | Ok(Some(MigrationEvent::Ended(_)))) {
            self.stage = Stage::Over;
        }
        let event = event.map_err(|error| self.with_task(error))?;
        if let (Some(event), Some(observer)) = (&event, &mut self.plan.observer) {
            observer(event);
        }
        Ok(event)
    }

    /// Stops the task, if there is one, because of `why`.
    ///
    /// # Errors
    /// `why`, with words on what became of the task.
    pub(super) async fn stop(&mut self, why: Error) -> Result<Report> {
        if self.task.is_none() {
            self.find_lost(&why).await?;
        }
        let Some(id) = self.task_id() else { return Err(why) };
        // A look tells more than a memory: it may have been told before, or by somebody else.
        let seen = self.plan.tasks.within(LAST_LOOK_GRACE).progress(id).await.ok();
        if let Some(ended) = seen.as_ref().filter(|seen| self.cut_over && seen.state.is_settled()) {
            return Ok(self.report_of(ended.clone()));
        }
        let launches = self.cut_over || seen.as_ref().is_some_and(is_cutting_over);
        self.saw(seen);
        let Some(id) = self.task_id() else { return Err(why) };
        if launches {
            let words = format!("{}; the cut-over goes on at the service", why.message());
            return Err(self.with_task(why.with_message(words)));
        }
        let job = self.plan.tasks.job(id);
        let (outcome, last) = stop_and_look(job, self.plan.policy.clone(), why).await;
        self.saw(last);
        match outcome {
            Ok(outcome) => Ok(self.report_of(outcome.into_progress())),
            Err(error) if error.is_job_failed() => match self.seen.clone() {
                Some(last) => Ok(self.report_of(last)),
                None => Err(self.with_task(error)),
            },
            Err(error) => Err(self.with_task(error)),
        }
    }

    /// Keeps a look that is none of the waiter's, which has done its part.
    fn saw(&mut self, look: Option<Progress>) {
        if look.is_some() {
            (self.seen, self.waiter) = (look, None);
        }
    }

    /// The last look at the task.
    pub(super) fn last(&self) -> Option<&Progress> {
        self.waiter.as_ref().and_then(Waiter::last).or(self.seen.as_ref())
    }
}

fn over() -> Error {
    Error::invalid("the migration is over: begin a new one")
}

fn out_of_time(words: &str) -> Error {
    let advice = "take the migration up again, with a longer limit";
    Error::new(ErrorKind::Timeout, format!("the task {words}")).with_advice(advice)
}

impl<L: fmt::Debug> fmt::Debug for Migration<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("server", &self.name())
            .field("task", &self.task)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
