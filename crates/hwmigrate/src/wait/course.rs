//! The one loop behind every wait.
//!
//! [`Course`] decides when to look and what a look means; what a look is, and
//! how its errors are told apart, comes from outside. So the same code waits
//! for tasks and groups, and tests drive it with scripted looks on a paused
//! clock.
//!
//! A step that is dropped half-way leaves the course as it was: the next step
//! sleeps to the same moment and looks.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::policy::PollPolicy;
use super::stall::Stall;
use super::verdict::{Aim, Verdict};
use crate::clock;
use crate::progress::{Progress, Resource, State};
use crate::token::REFUSAL_MEMORY;

/// How long a look that began by the deadline may go on after it.
pub(crate) const LAST_LOOK_GRACE: Duration = Duration::from_secs(5);

/// How many looks in a row may be refused for want of a valid login. Each of
/// them comes after the refusal before is forgotten, so it has logged in afresh;
/// more would lock the user.
const REFUSALS_IN_A_ROW: u32 = 3;

/// The same before the first look that works: then the credentials are more
/// likely wrong than expired.
const REFUSALS_AT_FIRST: u32 = 2;

/// How many looks in a row may fail before the first one that works: then the
/// endpoint is more likely wrong than ill.
pub(crate) const FAILURES_AT_FIRST: u32 = 6;

/// What an error of a look means for the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookError {
    /// It may pass: connection, 5xx, an answer cut short.
    Passing {
        /// The server's own wish.
        retry_after: Option<Duration>,
    },
    /// It will pass: somebody is there and asks for patience.
    Throttled {
        /// The server's own wish.
        retry_after: Option<Duration>,
    },
    /// The login was refused; it may have expired at a bad moment.
    Login,
    /// The service does not know the job.
    NotFound,
    /// It will not pass.
    Final,
}

/// A look whose outcome does not end the wait, or the one that does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Still going.
    Going(Progress),
    /// Over, as wished.
    Done(Progress),
    /// Over, because the job was paused.
    Paused(Progress),
    /// Over, because the job has ended well without it.
    Overtaken(Progress),
}

/// Why a wait ended without what it waited for.
#[derive(Debug)]
pub(crate) enum End<E> {
    /// The deadline passed.
    Deadline(Box<Missed<E>>),
    /// The job failed.
    Failed(Box<Progress>),
    /// The job does not exist any more.
    Gone(Box<Progress>),
    /// A look failed for good.
    Look(E),
}

/// What is known when the deadline has passed.
#[derive(Debug)]
pub(crate) struct Missed<E> {
    /// The limit that was set.
    pub(crate) limit: Duration,
    /// How long it really took.
    pub(crate) elapsed: Duration,
    /// Looks that were answered or failed.
    pub(crate) looks: u32,
    /// The last look that worked.
    pub(crate) last: Option<Progress>,
    /// The error of the last look, if that one failed.
    pub(crate) last_error: Option<E>,
}

/// What a course is for.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) resource: Resource,
    pub(crate) id: String,
    pub(crate) aim: Aim,
    pub(crate) limit: Duration,
    pub(crate) policy: PollPolicy,
    pub(crate) stall_after: Option<Duration>,
    /// The last look before a start; the same picture again is not news.
    pub(crate) before_start: Option<Progress>,
    /// How long after a start the service may still report the state before it.
    pub(crate) stale_grace: Duration,
}

/// The state of a wait between two looks.
#[derive(Debug)]
pub(crate) struct Course<E> {
    plan: Plan,
    stall: Stall,
    dice: fastrand::Rng,
    /// Set by the first step, so a prepared wait does not age.
    span: Option<Span>,
    next_at: Option<Instant>,
    /// A `Retry-After` in force.
    not_before: Option<Instant>,
    looks: u32,
    failures: u32,
    /// Those among the failures that were neither throttled nor refused.
    passing: u32,
    refusals: u32,
    stall_told: bool,
    unknown_told: Vec<String>,
    last: Option<Progress>,
    last_error: Option<E>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: Instant,
    /// `None` when the limit lies beyond what the clock can say.
    deadline: Option<Instant>,
}

impl<E> Course<E> {
    pub(crate) fn new(plan: Plan, dice: fastrand::Rng) -> Self {
        let stall = Stall::new(plan.stall_after);
        Self {
            plan,
            stall,
            dice,
            span: None,
            next_at: None,
            not_before: None,
            looks: 0,
            failures: 0,
            passing: 0,
            refusals: 0,
            stall_told: false,
            unknown_told: Vec::new(),
            last: None,
            last_error: None,
        }
    }

    /// Whether the deadline has passed.
    pub(crate) fn is_late(&self) -> bool {
        let deadline = self.span.and_then(|span| span.deadline);
        deadline.is_some_and(|deadline| clock::instant() >= deadline)
    }

    /// The last look that worked.
    pub(crate) fn last(&self) -> Option<&Progress> {
        self.last.as_ref()
    }

    /// Waits for the next moment to look, looks until a look works, and judges it.
    pub(crate) async fn step<L, F>(
        &mut self,
        mut look: L,
        judge: impl Fn(&E) -> LookError,
    ) -> Result<Step, End<E>>
    where
        L: FnMut() -> F,
        F: Future<Output = Result<Progress, E>>,
    {
        loop {
            let span = self.span();
            if let Some(at) = self.next_at {
                clock::sleep(at.saturating_duration_since(clock::instant())).await;
            }
            // The server asked for silence beyond the deadline: keep it.
            if self.not_before.is_some_and(|at| clock::instant() < at) {
                return Err(self.missed(span));
            }
            let limit = span.deadline.and_then(|deadline| deadline.checked_add(LAST_LOOK_GRACE));
            let Some(answer) = within(limit, look()).await else {
                return Err(self.missed(span));
            };
            self.looks = self.looks.saturating_add(1);
            let now = clock::instant();
            match answer {
                Ok(progress) => {
                    if let Some(step) = self.looked(progress, span, now)? {
                        return Ok(step);
                    }
                }
                Err(error) => {
                    if let Some(step) = self.failed_to_look(error, span, now, &judge)? {
                        return Ok(step);
                    }
                }
            }
        }
    }

    fn span(&mut self) -> Span {
        let limit = self.plan.limit;
        *self.span.get_or_insert_with(|| {
            let start = clock::instant();
            Span { start, deadline: start.checked_add(limit) }
        })
    }

    /// Judges a look; `None` means that it was the picture from before a start.
    fn looked(&mut self, mut progress: Progress, span: Span, now: Instant) -> Result<Option<Step>, End<E>> {
        self.failures = 0;
        self.passing = 0;
        self.refusals = 0;
        self.not_before = None;
        self.last_error = None;
        if let Some(last) = &self.last {
            progress.follow(last);
        }
        progress.stalled = self.stall.observe(&progress, now);
        self.tell(&progress);
        self.last = Some(progress.clone());

        if self.is_stale(&progress, span, now) {
            self.schedule_or_miss(span, now, Duration::ZERO)?;
            return Ok(None);
        }
        match (self.plan.aim.judge)(&progress) {
            Verdict::Done => Ok(Some(Step::Done(progress))),
            Verdict::Paused => Ok(Some(Step::Paused(progress))),
            Verdict::Overtaken => Ok(Some(Step::Overtaken(progress))),
            Verdict::Failed => Err(End::Failed(Box::new(progress))),
            Verdict::Gone => Err(End::Gone(Box::new(progress))),
            Verdict::Going | Verdict::Unknown => {
                let age = now.saturating_duration_since(span.start);
                let pause = self.plan.policy.pause(age, progress.time_left, self.dice.f64());
                self.schedule_or_miss(span, now, pause)?;
                Ok(Some(Step::Going(progress)))
            }
        }
    }

    fn failed_to_look(
        &mut self,
        error: E,
        span: Span,
        now: Instant,
        judge: &impl Fn(&E) -> LookError,
    ) -> Result<Option<Step>, End<E>> {
        let (mut asked, mut at_least) = (None, Duration::ZERO);
        match judge(&error) {
            LookError::Final => return Err(End::Look(error)),
            LookError::NotFound if self.plan.aim.gone => {
                let gone = Progress::new(self.plan.resource, self.plan.id.clone(), State::Deleted, None);
                return Ok(Some(Step::Done(gone)));
            }
            LookError::NotFound => return Err(End::Look(error)),
            LookError::Login => {
                self.refusals += 1;
                let most = if self.last.is_some() { REFUSALS_IN_A_ROW } else { REFUSALS_AT_FIRST };
                if self.refusals >= most {
                    return Err(End::Look(error));
                }
                if self.last.is_some() {
                    at_least = REFUSAL_MEMORY;
                }
            }
            LookError::Passing { retry_after } => {
                self.passing += 1;
                if self.last.is_none() && self.passing >= FAILURES_AT_FIRST {
                    return Err(End::Look(error));
                }
                asked = retry_after;
            }
            LookError::Throttled { retry_after } => asked = retry_after,
        }
        self.failures = self.failures.saturating_add(1);
        tracing::debug!(
            resource = self.plan.resource.as_str(),
            id = %self.plan.id,
            failures = self.failures,
            "a look failed; the wait goes on"
        );
        self.last_error = Some(error);
        self.not_before = asked.and_then(|pause| now.checked_add(pause));
        let age = now.saturating_duration_since(span.start);
        let pause = self.plan.policy.pause_after_failure(age, self.failures, self.dice.f64());
        self.schedule_or_miss(span, now, pause.max(at_least).max(asked.unwrap_or_default()))?;
        Ok(None)
    }

    /// Sets the moment of the next look: the last one falls on the deadline.
    fn schedule_or_miss(&mut self, span: Span, now: Instant, pause: Duration) -> Result<(), End<E>> {
        let pause = pause.max(self.plan.policy.floor());
        let next = now.checked_add(pause);
        let Some(deadline) = span.deadline else {
            self.next_at = next;
            return Ok(());
        };
        if now >= deadline {
            return Err(self.missed(span));
        }
        // A look shortly before the deadline and one more at it would be one too many.
        let early = next.filter(|next| deadline.saturating_duration_since(*next) > self.plan.policy.floor());
        self.next_at = Some(early.unwrap_or(deadline));
        Ok(())
    }

    fn is_stale(&self, progress: &Progress, span: Span, now: Instant) -> bool {
        now.saturating_duration_since(span.start) < self.plan.stale_grace
            && self.plan.before_start.as_ref().is_some_and(|before| {
                before.state == progress.state
                    && before.state_word == progress.state_word
                    && before.phases == progress.phases
                    && before.start_time_ms == progress.start_time_ms
                    && before.elapsed == progress.elapsed
                    && before.objects == progress.objects
                    && before.bytes == progress.bytes
            })
    }

    /// Reports what the log should hold once and not at every look.
    fn tell(&mut self, progress: &Progress) {
        let state = progress.state_text();
        if progress.state == State::Unknown && !self.unknown_told.contains(&state) {
            tracing::warn!(
                resource = progress.resource.as_str(),
                id = %progress.id,
                state,
                "the service reports a state that this version does not know; it counts as still going"
            );
            self.unknown_told.push(state);
        }
        if progress.stalled && !self.stall_told {
            tracing::warn!(
                resource = progress.resource.as_str(),
                id = %progress.id,
                "the job runs, but nothing has moved for the time given"
            );
        }
        self.stall_told = progress.stalled;
    }

    fn missed(&mut self, span: Span) -> End<E> {
        let missed = Missed {
            limit: self.plan.limit,
            elapsed: clock::instant().saturating_duration_since(span.start),
            looks: self.looks,
            last: self.last.clone(),
            last_error: self.last_error.take(),
        };
        End::Deadline(Box::new(missed))
    }
}

/// The outcome of `future`, or `None` if the deadline comes first.
async fn within<F: Future>(deadline: Option<Instant>, future: F) -> Option<F::Output> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, future).await.ok(),
        None => Some(future.await),
    }
}
