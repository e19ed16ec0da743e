//! The wait as its user holds it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;

use super::course::{Course, Plan, Step};
use super::outcome::{Outcome, failed, into_error, job_report, judge};
use super::policy::PollPolicy;
use super::verdict::{Aim, Until};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Resource, State};

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// How long after a start a job may still show the state before it. A server's
/// state changes when its agent has fetched the command, for which the official
/// Terraform provider waits up to five minutes.
fn stale_grace(resource: Resource) -> Duration {
    Duration::from_secs(if resource == Resource::ServerTask { 300 } else { 3 })
}

/// How long a stop may take to show.
const STOP_LIMIT: Duration = Duration::from_secs(120);

/// What a wait needs to know of a job.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) resource: Resource,
    pub(crate) id: String,
    pub(crate) dice: fastrand::Rng,
    pub(crate) look: Arc<dyn Fn() -> Doing<Progress> + Send + Sync>,
    pub(crate) stop: Arc<dyn Fn() -> Doing<()> + Send + Sync>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("resource", &self.resource).field("id", &self.id).finish_non_exhaustive()
    }
}

/// No deadline yet; see [`Waiter::deadline`].
#[derive(Clone, Copy, Debug)]
pub struct Unlimited;

/// A deadline.
#[derive(Clone, Copy, Debug)]
pub struct Limit(Duration);

/// A wait for one job, still to be made or going on.
///
/// It can be waited with only after [`deadline`](Waiter::deadline): how long
/// somebody wants to wait is never implied.
///
/// Nothing happens, and no time counts, before the first
/// [`wait`](Waiter::wait), [`next`](Waiter::next) or poll of the
/// [`stream`](Waiter::stream). Dropping it stops the waiting, not the job;
/// [`wait_or_stop`](Waiter::wait_or_stop) stops both.
#[derive(Debug)]
pub struct Waiter<L = Limit> {
    job: Job,
    aim: Aim,
    policy: PollPolicy,
    stall_after: Option<Duration>,
    before_start: Option<Progress>,
    limit: L,
    course: Option<Course<Error>>,
    outcome: Option<Outcome>,
    over: bool,
}

impl Waiter<Unlimited> {
    pub(crate) fn new(job: Job) -> Self {
        Self {
            job,
            aim: Until::Ended.into(),
            policy: PollPolicy::new(),
            stall_after: None,
            before_start: None,
            limit: Unlimited,
            course: None,
            outcome: None,
            over: false,
        }
    }

    /// Waits for at most this long, counted from the first look.
    ///
    /// The last look is made at the deadline itself, and gets up to five
    /// seconds to be answered. With a limit of zero there is one look.
    pub fn deadline(self, limit: Duration) -> Waiter {
        let Self { job, aim, policy, stall_after, before_start, course, outcome, over, .. } = self;
        Waiter { job, aim, policy, stall_after, before_start, limit: Limit(limit), course, outcome, over }
    }
}

impl<L> Waiter<L> {
    /// What to wait for; [`Until::Ended`] unless said otherwise. Has no effect after the first look.
    #[must_use]
    pub fn until(self, until: Until) -> Self {
        self.aim(until.into())
    }

    /// Waits for what the aim says.
    pub(crate) fn aim(mut self, aim: Aim) -> Self {
        self.aim = aim;
        self
    }

    /// How often to look. Has no effect after the first look.
    #[must_use]
    pub fn poll(mut self, policy: PollPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Marks the progress as stalled when a running job has not moved for this
    /// long: no object, no byte, no growth of the totals. A stall does not end
    /// the wait. Has no effect after the first look.
    ///
    /// A pass with metadata migration that has moved nothing at all is never
    /// called stalled: it may sit at 0 % and succeed.
    #[must_use]
    pub fn stall_after(mut self, span: Duration) -> Self {
        self.stall_after = Some(span);
        self
    }

    /// What is waited for.
    pub(crate) fn resource(&self) -> Resource {
        self.job.resource
    }

    /// For a wait right after a start: `before` is what the job looked like
    /// before it. The service may show that picture for a moment longer, so the
    /// same picture counts as still going for the first three seconds, of a
    /// server task for the first five minutes. Has no effect after the first look.
    #[must_use]
    pub fn after_start(mut self, before: Progress) -> Self {
        self.before_start = Some(before);
        self
    }
}

impl Waiter {
    /// Waits for the outcome.
    ///
    /// # Errors
    /// `JobFailed` when the job failed, with reason and counts in
    /// [`Error::job`]. `Timeout` when the deadline passed; the job goes on.
    /// `NotFound` when there is no such job, or none any more. `Auth` when the
    /// permission to read it is missing.
    pub async fn wait(mut self) -> Result<Outcome> {
        self.run().await
    }

    /// Waits for the next look and returns what it showed; `None` once the
    /// wait is over. The [`outcome`](Waiter::outcome) tells how it ended.
    ///
    /// Dropping the future between two looks loses nothing.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// # let hour = std::time::Duration::from_secs(3600);
    /// let mut wait = client.oms().tasks().wait(17).deadline(hour);
    /// while let Some(progress) = wait.next().await? {
    ///     eprintln!("{progress}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`wait`](Waiter::wait); after an error the wait is over.
    pub async fn next(&mut self) -> Result<Option<Progress>> {
        if self.over {
            return Ok(None);
        }
        let Job { resource, id, look, .. } = &self.job;
        let course = self.course.get_or_insert_with(|| {
            let plan = Plan {
                resource: *resource,
                id: id.clone(),
                aim: self.aim,
                limit: self.limit.0,
                policy: self.policy.clone(),
                stall_after: self.stall_after,
                before_start: self.before_start.take(),
                stale_grace: stale_grace(*resource),
            };
            Course::new(plan, self.job.dice.clone())
        });
        match course.step(|| look(), judge).await {
            Ok(Step::Going(progress)) => Ok(Some(progress)),
            Ok(Step::Done(progress)) => Ok(Some(self.ended(Outcome::Done(progress)))),
            Ok(Step::Paused(progress)) => Ok(Some(self.ended(Outcome::Paused(progress)))),
            Ok(Step::Overtaken(progress)) => Ok(Some(self.ended(Outcome::Overtaken(progress)))),
            Err(end) => {
                self.over = true;
                Err(into_error(end, *resource, id, self.aim.words))
            }
        }
    }

    /// Keeps the outcome, and returns the look that showed it.
    fn ended(&mut self, outcome: Outcome) -> Progress {
        self.over = true;
        let progress = outcome.progress().clone();
        self.outcome = Some(outcome);
        progress
    }

    /// How the wait ended; `None` before its end and after an error.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether the deadline has passed: what a `Timeout` of [`next`](Waiter::next) means, unless a look timed out.
    pub fn is_late(&self) -> bool {
        self.course.as_ref().is_some_and(Course::is_late)
    }

    /// The last look that worked.
    pub fn last(&self) -> Option<&Progress> {
        self.course.as_ref().and_then(Course::last)
    }

    /// Every look as an item; the last one is the end that was waited for, or an error.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// # let hour = std::time::Duration::from_secs(3600);
    /// let looks = client.oms().tasks().wait(17).deadline(hour).stream();
    /// looks.try_for_each(|progress| async move { Ok(eprintln!("{progress}")) }).await?;
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<Progress>> + Send {
        futures_util::stream::unfold(self, |mut waiter| async move {
            let item = waiter.next().await.transpose()?;
            Some((item, waiter))
        })
    }

    /// Waits for the outcome, and stops the job when the deadline passes or
    /// `cancelled` completes first.
    ///
    /// After a stop it waits up to two minutes until the job stands still. A
    /// job that ends by itself in that time is an ordinary outcome.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client, ctrl_c: impl Future<Output = ()>) -> hwmigrate::Result<()> {
    /// # let hour = std::time::Duration::from_secs(3600);
    /// client.oms().tasks().wait(17).deadline(hour).wait_or_stop(ctrl_c).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`wait`](Waiter::wait), and `Cancelled` when `cancelled` came first.
    /// The text of `Timeout` and `Cancelled` says whether the stop worked.
    pub async fn wait_or_stop(mut self, cancelled: impl Future<Output = ()>) -> Result<Outcome> {
        let why = tokio::select! {
            // A look that timed out for good is an error like any other: nobody's time is up.
            outcome = self.run() => match outcome {
                Err(error) if error.is_timeout() && self.is_late() => error,
                outcome => return outcome,
            },
            () = cancelled => {
                let words = format!("the wait for {} {} was cancelled", self.job.resource, self.job.id);
                Error::new(ErrorKind::Cancelled, words)
            }
        };
        stop_and_look(self.job, self.policy, why).await.0
    }

    /// Stops the job because the wait ended with `why`, for those who step by
    /// hand: the second half of [`wait_or_stop`](Waiter::wait_or_stop).
    ///
    /// # Errors
    /// `why`, with words on whether the stop worked. A job that ends well in
    /// the meantime is an ordinary outcome.
    pub async fn stop(self, why: Error) -> Result<Outcome> {
        stop_and_look(self.job, self.policy, why).await.0
    }

    async fn run(&mut self) -> Result<Outcome> {
        while self.next().await?.is_some() {}
        match self.outcome.clone() {
            Some(outcome) => Ok(outcome),
            // Reached only by who waits again after an error of `next`.
            None => Err(Error::invalid(format!(
                "the wait for {} {} is over: begin a new one",
                self.job.resource, self.job.id
            ))),
        }
    }
}

/// Stops a job for the reason `why`, and waits until it stands still; with the last look at it.
pub(crate) async fn stop_and_look(
    job: Job,
    policy: PollPolicy,
    why: Error,
) -> (Result<Outcome>, Option<Progress>) {
    let mut refused = None;
    if let Err(error) = (job.stop)().await {
        if !error.is_conflict() {
            let words = format!("{}; the job could not be stopped and may still run", why.message());
            return (Err(why.with_message(words).with_source(error)), None);
        }
        // Not running: then it has ended meanwhile, or it waits for a slot.
        if let Ok(progress) = (job.look)().await
            && progress.state == State::Waiting
        {
            let words =
                format!("{}; the job waits for a free slot, where it cannot be stopped", why.message());
            let advice = "delete the job if it must not run";
            let why = why.with_message(words).with_advice(advice).with_job(job_report(&progress));
            return (Err(why), Some(progress));
        }
        refused = Some(error);
    }
    let mut stopped = Waiter::new(job).until(Until::Stopped).poll(policy).deadline(STOP_LIMIT);
    let outcome = stopped.run().await;
    let last = stopped.last().cloned();
    let outcome = match outcome {
        Ok(outcome) if outcome.progress().state == State::Succeeded => Ok(outcome),
        Ok(outcome) if outcome.progress().state == State::Failed => Err(failed(outcome.progress())),
        Ok(outcome) => {
            let report = job_report(outcome.progress());
            let (words, advice) = match outcome.progress().state {
                State::Ready => ("the job was not started", "start the job to begin"),
                _ => ("the job was stopped", "start the job to go on where it stopped"),
            };
            let words = format!("{}; {words}", why.message());
            Err(why.with_message(words).with_advice(advice).with_job(report))
        }
        Err(error) => {
            let words = match &refused {
                None => "the job was told to stop, and has not stopped yet",
                Some(_) => "the service refused to stop the job, which has not ended since",
            };
            let words = format!("{}; {words}", why.message());
            let why = match &last {
                Some(last) => why.with_job(job_report(last)),
                None => why,
            };
            Err(why.with_message(words).with_source(refused.unwrap_or(error)))
        }
    };
    (outcome, last)
}
