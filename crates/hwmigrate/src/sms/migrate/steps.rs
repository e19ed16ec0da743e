//! What a migration does next, one request or look at a time.

use std::time::Duration;

use hwmigrate_api::sms::types::TaskAction as Action;

use super::create::used;
use super::{Migration, MigrationEvent, Report, Stage, out_of_time, over};
use crate::clock;
use crate::error::{Error, Result};
use crate::progress::{PhaseKind, Progress, Resource, State, StepState};
use crate::sms::Tasks;
use crate::sms::wait::{Goal, settle_cut_off};
use crate::wait::{LAST_LOOK_GRACE, Waiter, job_report};

/// How a task stands that refused a cut-over.
enum Standing {
    /// Somebody else has cut it over in this moment.
    CutOver,
    /// It synchronises, and is just copying.
    Copying,
    Otherwise,
}

impl Migration {
    pub(super) async fn step(&mut self) -> Result<MigrationEvent> {
        self.span.get_or_insert_with(clock::instant);
        match &self.stage {
            Stage::Begin => return self.begin().await,
            Stage::Create { .. } => return self.create().await,
            Stage::Search { .. } => return self.search(self.left()).await,
            _ => {}
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

    /// Starts the task where it stands still; returns the look from before.
    async fn start(&mut self, id: &str) -> Result<Option<Progress>> {
        let (tasks, patience) = (self.tasks(), self.patience());
        let before = patience.look(|| tasks.progress(id)).await?;
        if !matches!(before.state, State::Ready | State::Paused | State::Failed) {
            return Ok(None);
        }
        if self.left().is_zero() {
            // Started now it would run on with nobody to follow it.
            return Err(out_of_time("stands still, and the time is up: it was not started"));
        }
        match tasks.start(id).seen(&before).await {
            // Somebody else has started it in this moment.
            Err(error) if error.is_conflict() => {
                let now = patience.look(|| tasks.progress(id)).await?;
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
        let (tasks, patience, left) = (self.tasks(), self.patience(), self.left());
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
                let before = patience.look(|| tasks.progress(id)).await?;
                *begun = Some(Box::new(before.clone()));
                let told = tasks.cutover(id).seen(&before).await;
                if let Err(error) = told {
                    match self.stands(&error, id).await {
                        Standing::CutOver => {}
                        Standing::Copying => {
                            self.stage = Stage::CutOver(None);
                            let pause = self.plan.policy.pause(self.used(), None, 0.5);
                            clock::sleep(pause.min(self.left())).await;
                            return match self.left() {
                                left if left.is_zero() => Err(error),
                                _ => Ok(MigrationEvent::Progress(before)),
                            };
                        }
                        Standing::Otherwise => return Err(error),
                    }
                }
                before
            }
        };
        (self.stage, self.cut_over) = (Stage::Launch, true);
        self.waiter = Some(self.waiter(id, Goal::MigrateSuccess, before));
        Ok(MigrationEvent::CutOver)
    }

    /// How a task stands that refused a cut-over.
    async fn stands(&mut self, error: &Error, id: &str) -> Standing {
        // Without a status it was our own guard, by the look from before.
        let refused = match error.status() {
            Some(status) => (400..500).contains(&status) && !error.is_auth(),
            None => error.is_conflict(),
        };
        if !refused {
            return Standing::Otherwise;
        }
        let (tasks, patience) = (self.tasks(), self.patience());
        let Ok(seen) = patience.look(|| tasks.progress(id)).await else { return Standing::Otherwise };
        let runs = seen.phase().filter(|phase| phase.state == StepState::Running);
        let syncing = seen.state == State::Syncing || seen.source_state.as_deref() == Some("syncing");
        match runs {
            Some(phase) if phase.kind == PhaseKind::Cutover => Standing::CutOver,
            Some(_) if syncing => Standing::Copying,
            None if seen.state == State::Succeeded => Standing::CutOver,
            _ => Standing::Otherwise,
        }
    }

    fn used(&self) -> Duration {
        used(self.span)
    }

    /// Whether the deadline has passed.
    pub(in crate::sms) fn is_late(&self) -> bool {
        self.left().is_zero()
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

    /// Whoever sees an error of a task that exists must learn its id.
    pub(in crate::sms) fn with_task(&self, error: Error) -> Error {
        match &self.task {
            Some(task) if error.job().is_none() => {
                let blank = Progress::new(Resource::ServerTask, task.id.clone(), State::Unknown, None);
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
