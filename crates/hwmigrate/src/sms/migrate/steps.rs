//! What a migration does next, one request or look at a time.

use std::mem;
use std::time::Duration;

use tokio::time::Instant;

use super::create::used;
use super::cutover::is_half_cut_over;
use super::stage::Stage;
use super::{Begin, Migration, MigrationEvent, Report, out_of_time, over};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Resource, State};
use crate::sms::Tasks;
use crate::sms::wait::Goal;
use crate::wait::{LAST_LOOK_GRACE, Waiter, job_report};

impl Migration {
    /// Does what is next. Not every step is an event.
    pub(super) async fn step(&mut self) -> Result<Option<MigrationEvent>> {
        self.span.get_or_insert_with(clock::instant);
        match &self.stage {
            Stage::Begin => return self.begin().await.map(Some),
            Stage::Create { .. } => return self.create().await.map(Some),
            Stage::Search { .. } => return self.search(self.left()).await.map(Some),
            _ => {}
        }
        let Some(id) = self.task.as_ref().map(|task| task.id.clone()) else { return Err(over()) };
        match &self.stage {
            Stage::Prepare => {
                self.prepare(&id).await?;
                self.stage = Stage::BEFORE_START;
                Ok(Some(MigrationEvent::Prepared))
            }
            Stage::BeforeStart { .. } => self.stand(&id).await,
            Stage::Start(_) => self.start(&id).await,
            Stage::Follow | Stage::Launch => self.follow(&id).await.map(Some),
            Stage::BeforeCutOver(_) => self.poise(&id).await,
            Stage::CutOver { .. } => self.launch(&id).await,
            Stage::Refused { .. } => self.refused(&id).await,
            Stage::Begin | Stage::Create { .. } | Stage::Search { .. } | Stage::Over => Err(over()),
        }
    }

    /// The tasks, for calls that end soon after the deadline.
    pub(super) fn tasks(&self) -> Tasks {
        self.plan.tasks.within(self.left().max(LAST_LOOK_GRACE))
    }

    /// Both calls replace what was there, so they may be repeated.
    async fn prepare(&mut self, id: &str) -> Result<()> {
        let tasks = self.tasks();
        if let Some(limits) = &self.plan.limits {
            tasks.limit_speed(id, limits).await?;
        }
        if !self.plan.options.is_empty() {
            tasks.configure(id, self.plan.options.iter().cloned()).await?;
        }
        Ok(())
    }

    /// Looks whether the task stands still.
    async fn stand(&mut self, id: &str) -> Result<Option<MigrationEvent>> {
        let (tasks, patience) = (self.tasks(), self.patience());
        let Stage::BeforeStart { refused, from } = &mut self.stage else { return Err(over()) };
        if let Some(from) = from {
            clock::sleep_until(*from).await;
        }
        let seen = patience.look(|| tasks.progress(id)).await?;
        let refused = refused.take();
        self.saw(Some(seen.clone()));
        match (seen.state, refused) {
            (state, Some(refused)) if !state.is_active() => Err(refused),
            (State::Ready | State::Paused | State::Failed, _) => {
                self.stage = Stage::Start(Box::new(seen));
                Ok(None)
            }
            (State::Pausing, None) => {
                // Taken up again before the stop from before is through.
                if self.left().is_zero() {
                    return Err(out_of_time("is being stopped, and the time is up: it was not started"));
                }
                self.stage = Stage::BeforeStart { refused: None, from: Some(self.next_look()) };
                Ok(Some(MigrationEvent::Progress(seen)))
            }
            // It runs already: since before, or somebody else has started it in this moment.
            _ => {
                self.stage = Stage::Follow;
                Ok(None)
            }
        }
    }

    /// Starts the task, which stands still.
    async fn start(&mut self, id: &str) -> Result<Option<MigrationEvent>> {
        let (tasks, late, until) = (self.tasks(), self.is_late(), clock::after(self.left()));
        // Whoever drops this step and comes again looks first.
        let Stage::Start(before) = mem::replace(&mut self.stage, Stage::BEFORE_START) else {
            return Err(over());
        };
        if late {
            // Started now it would run on with nobody to follow it.
            return Err(out_of_time("stands still, and the time is up: it was not started"));
        }
        let launches = is_half_cut_over(&before);
        if launches && !self.plan.cut_over {
            let words = "a cut-over of the task has begun and not ended: once started it goes on to launch the target";
            let advice = "ask for the cut-over, or delete the task and begin anew";
            return Err(Error::new(ErrorKind::Conflict, words).with_advice(advice));
        }
        match tasks.start(id).seen(&before).until(until).await {
            Err(error) if error.is_conflict() => {
                self.stage = Stage::BeforeStart { refused: Some(error), from: None };
                Ok(None)
            }
            Err(error) => {
                self.may_have_started = error.is_ambiguous();
                Err(error)
            }
            Ok(()) if launches => Ok(Some(self.launched(id, *before))),
            Ok(()) => {
                self.stage = Stage::Follow;
                self.waiter = Some(self.waiter(id, Goal::Syncing, *before));
                Ok(Some(MigrationEvent::Started))
            }
        }
    }

    /// When to look again at a task that is to change by itself.
    pub(super) fn next_look(&self) -> Instant {
        let pause = self.plan.policy.pause(self.used(), None, 0.5);
        clock::after(pause.min(self.left()))
    }

    pub(super) fn waiter(&self, id: &str, goal: Goal, before: Progress) -> Waiter {
        let waiter = self.plan.tasks.wait_until(id, goal).poll(self.plan.policy.clone()).after_start(before);
        match self.plan.stall_after {
            Some(span) => waiter.stall_after(span).deadline(self.left()),
            None => waiter.deadline(self.left()),
        }
    }

    async fn follow(&mut self, id: &str) -> Result<MigrationEvent> {
        if self.waiter.is_none() {
            let goal = if self.cut_over { Goal::MigrateSuccess } else { Goal::Syncing };
            let blank = Progress::new(Resource::ServerTask, id, State::Unknown, None);
            self.waiter = Some(self.waiter(id, goal, blank));
        }
        let Some(waiter) = &mut self.waiter else { return Err(over()) };
        match waiter.next().await {
            Ok(Some(progress)) => {
                let reached = waiter.outcome().is_some() && progress.state == State::Syncing;
                if reached && self.plan.cut_over && !self.cut_over {
                    self.stage = Stage::BeforeCutOver(None);
                }
                Ok(MigrationEvent::Progress(progress))
            }
            Ok(None) => {
                let last = waiter.outcome().cloned().ok_or_else(over)?.into_progress();
                let last = whole(&self.plan.tasks.clone(), last).await;
                Ok(MigrationEvent::Ended(self.report_of(last)))
            }
            Err(error) if error.is_job_failed() => match waiter.last().cloned() {
                Some(last) => {
                    let last = whole(&self.plan.tasks.clone(), last).await;
                    Ok(MigrationEvent::Ended(self.report_of(last)))
                }
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    fn used(&self) -> Duration {
        used(self.span)
    }

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.left().is_zero()
    }

    /// Whether this error is the deadline, at which the task is stopped. A create or cut-over without a reply has
    /// begun, for all that is known; a call that timed out before the deadline is an error like any other.
    pub(in crate::sms) fn ends_by(&self, error: &Error) -> bool {
        let timeout = error.is_timeout() && !error.is_ambiguous();
        (timeout || self.may_have_started) && self.is_late()
    }

    pub(super) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.used())
    }

    pub(super) fn report_of(&self, last: Progress) -> Report {
        Report {
            task_id: last.id.clone(),
            status: last.state,
            bytes: last.bytes,
            phases: last.phases.clone(),
            elapsed: self.used(),
            cut_over: self.cut_over,
            adopted: self.task.as_ref().is_some_and(|task| task.adopted),
            reason: last.reason.clone(),
            last,
        }
    }

    /// The task, from when a migration has one.
    pub(super) fn task_id(&self) -> Option<&str> {
        match (&self.task, &self.plan.begin) {
            (Some(task), _) => Some(&task.id),
            (None, Begin::Attach(id)) if self.span.is_some() => Some(id),
            _ => None,
        }
    }

    /// Whoever sees an error of a task that exists must learn its id.
    pub(in crate::sms) fn with_task(&self, error: Error) -> Error {
        match self.task_id() {
            Some(id) if error.job().is_none() => {
                let blank = Progress::new(Resource::ServerTask, id, State::Unknown, None);
                error.with_job(job_report(self.last().unwrap_or(&blank)))
            }
            _ => error,
        }
    }
}

/// The last look, with the phases that a list of many tasks does not tell.
async fn whole(tasks: &Tasks, last: Progress) -> Progress {
    if !last.phases.is_empty() {
        return last;
    }
    match tasks.progress(&last.id).await {
        Ok(seen) if seen.state == last.state => seen,
        _ => last,
    }
}
