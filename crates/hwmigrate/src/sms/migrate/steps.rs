//! What a migration does next, one request or look at a time.

use std::time::Duration;

use hwmigrate_api::sms::types::TaskAction as Action;

use super::{Begin, Migration, MigrationEvent, Report, Stage, over};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Resource, State, StepState};
use crate::sms::wait::{Goal, settle_cut_off};
use crate::sms::{Created, Tasks};
use crate::wait::{Waiter, job_report};

impl Migration {
    pub(super) async fn step(&mut self) -> Result<MigrationEvent> {
        self.span.get_or_insert_with(clock::instant);
        if matches!(self.stage, Stage::Create) {
            let task = self.create().await?;
            (self.begun, self.stage) = (None, Stage::Prepare);
            self.task = Some(task.clone());
            return Ok(MigrationEvent::Created(task));
        }
        let Some(id) = self.task.as_ref().map(|task| task.id.clone()) else { return Err(over()) };
        match &self.stage {
            Stage::Prepare => {
                self.prepare(&id).await?;
                self.stage = Stage::Start;
                Ok(MigrationEvent::Prepared)
            }
            Stage::Start => {
                let before = self.start(&id).await?;
                self.stage = Stage::Follow;
                match before {
                    Some(before) => {
                        self.waiter = Some(self.waiter(&id, Goal::Syncing, before));
                        Ok(MigrationEvent::Started)
                    }
                    None => self.follow(&id).await,
                }
            }
            Stage::Follow | Stage::Launch => self.follow(&id).await,
            Stage::CutOver(_) => self.launch(&id).await,
            Stage::Create | Stage::Over => Err(over()),
        }
    }

    async fn create(&mut self) -> Result<Created<String>> {
        let tasks = &self.plan.tasks;
        match &self.plan.begin {
            Begin::Attach(id) => {
                let task = tasks.show(id).await?.into_inner();
                Ok(Created { id: id.clone(), name: task.name, adopted: false, mark: None })
            }
            Begin::Create(request) => {
                let lost = match &self.begun {
                    // The step before was dropped half-way, perhaps after its request had left.
                    Some(_) => Error::new(ErrorKind::Ambiguous, "the create was cut off")
                        .with_operation("CreateTask"),
                    None => {
                        self.begun = Some(tasks.before_create(request).await?);
                        match tasks.create(request).await {
                            Err(lost) if lost.is_ambiguous() => lost,
                            outcome => return outcome,
                        }
                    }
                };
                tasks.settle_create(lost, request, self.begun.as_deref().unwrap_or_default()).await
            }
        }
    }

    /// Both calls replace what was there, so they may be repeated.
    async fn prepare(&mut self, id: &str) -> Result<()> {
        if let Some(limits) = &self.plan.limits {
            self.plan.tasks.limit_speed(id, limits).await?;
        }
        if !self.plan.options.is_empty() {
            self.plan.tasks.configure(id, self.plan.options.iter().cloned()).await?;
        }
        Ok(())
    }

    /// Starts the task where it stands still; returns the look from before.
    async fn start(&mut self, id: &str) -> Result<Option<Progress>> {
        let before = self.plan.tasks.progress(id).await?;
        if !matches!(before.state, State::Ready | State::Paused | State::Failed) {
            return Ok(None);
        }
        if self.left().is_zero() {
            // Started now it would run on with nobody to follow it.
            return Err(out_of_time("stands still, and the time is up: it was not started"));
        }
        match self.plan.tasks.start(id).await {
            // Somebody else has started it in this moment.
            Err(error) if error.is_conflict() => {
                let now = self.plan.tasks.progress(id).await?;
                if now.state.is_active() { Ok(None) } else { Err(error) }
            }
            outcome => outcome.map(|()| Some(before)),
        }
    }

    fn waiter(&self, id: &str, goal: Goal, before: Progress) -> Waiter {
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
                    self.stage = Stage::CutOver(None);
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

    /// Tells the task to cut over, unless it has left off synchronising.
    async fn launch(&mut self, id: &str) -> Result<MigrationEvent> {
        let (tasks, left) = (self.plan.tasks.clone(), self.left());
        let Stage::CutOver(begun) = &mut self.stage else { return Err(over()) };
        let before = match begun {
            // The step before was dropped half-way, perhaps after its request had left.
            Some(before) => {
                settle_cut_off(&Action::Cutover, before, || tasks.progress(id)).await?;
                (**before).clone()
            }
            None if left.is_zero() => {
                return Err(out_of_time("synchronises, and the time is up: it was not cut over"));
            }
            None => {
                let before = tasks.progress(id).await?;
                *begun = Some(Box::new(before.clone()));
                match tasks.cutover(id).await {
                    Err(error) if self.is_amid_a_copy(&error, id).await => {
                        self.stage = Stage::CutOver(None);
                        let pause = self.plan.policy.pause(self.used(), None, 0.5);
                        clock::sleep(pause.min(self.left())).await;
                        return match self.left() {
                            left if left.is_zero() => Err(error),
                            _ => Ok(MigrationEvent::Progress(before)),
                        };
                    }
                    outcome => outcome?,
                }
                before
            }
        };
        (self.stage, self.cut_over) = (Stage::Launch, true);
        self.waiter = Some(self.waiter(id, Goal::MigrateSuccess, before));
        Ok(MigrationEvent::CutOver)
    }

    /// Whether the service refused a cut-over because the task, which
    /// synchronises, is just copying.
    async fn is_amid_a_copy(&mut self, error: &Error, id: &str) -> bool {
        // Without a status it was our own guard, which looked once more before the request.
        let refused = match error.status() {
            Some(status) => (400..500).contains(&status) && !error.is_auth(),
            None => error.is_conflict(),
        };
        let copies = |seen: Progress| {
            let syncing = seen.state == State::Syncing || seen.source_state.as_deref() == Some("syncing");
            syncing && seen.phase().is_some_and(|phase| phase.state == StepState::Running)
        };
        refused && self.plan.tasks.progress(id).await.is_ok_and(copies)
    }

    fn used(&self) -> Duration {
        self.span.map_or(Duration::ZERO, |start| clock::instant().saturating_duration_since(start))
    }

    fn left(&self) -> Duration {
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

    /// Whoever sees an error of a task that exists must learn its id.
    pub(in crate::sms) fn with_task(&self, error: Error) -> Error {
        match &self.task {
            Some(task) if error.job().is_none() => {
                let blank = Progress::new(Resource::ServerTask, task.id.clone(), State::Unknown, None);
                error.with_job(job_report(self.waiter.as_ref().and_then(Waiter::last).unwrap_or(&blank)))
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

fn out_of_time(words: &str) -> Error {
    let advice = "take the migration up again by the task's id, with a longer limit";
    Error::new(ErrorKind::Timeout, format!("the task {words}")).with_advice(advice)
}
