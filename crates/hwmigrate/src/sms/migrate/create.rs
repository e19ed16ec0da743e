//! How a migration comes to its task: made once, or found.

use std::mem;
use std::time::Duration;

use super::patience::Patience;
use super::{Begin, Migration, MigrationEvent, Stage, out_of_time, over};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::sms::Created;
use crate::wait::LAST_LOOK_GRACE;

impl Migration {
    /// Looks for the task, or for those that a new one could be mistaken for.
    pub(super) async fn begin(&mut self) -> Result<MigrationEvent> {
        let (tasks, patience) = (self.tasks(), self.patience());
        match &self.plan.begin {
            Begin::Attach(id) => {
                let task = patience.look(|| tasks.show(id)).await?.into_inner();
                let task = Created { id: id.clone(), name: task.name, adopted: false, mark: None };
                Ok(self.is_there(task))
            }
            Begin::Create(request) => {
                let name = request.name.clone();
                let before = patience.look(|| tasks.before_create(request)).await?;
                if self.left().is_zero() {
                    return Err(out_of_time("was not created: the time is up"));
                }
                self.stage = Stage::Create { before, sent: false };
                Ok(MigrationEvent::Creating(name))
            }
        }
    }

    /// Sends the create, once.
    pub(super) async fn create(&mut self) -> Result<MigrationEvent> {
        let (tasks, left) = (&self.plan.tasks, self.limit.saturating_sub(used(self.span)));
        let Begin::Create(request) = &self.plan.begin else { return Err(over()) };
        let Stage::Create { before, sent } = &mut self.stage else { return Err(over()) };
        if !*sent && left.is_zero() {
            return Err(out_of_time("was not created: the time is up"));
        }
        let outcome = if mem::replace(sent, true) {
            // The step before was dropped half-way, perhaps after its request had left.
            Err(Error::new(ErrorKind::Ambiguous, "the create was cut off").with_operation("CreateTask"))
        } else {
            tasks.within(left).create(request).await
        };
        match outcome {
            Ok(task) => Ok(self.is_there(task)),
            Err(lost) if lost.is_ambiguous() => {
                let (before, name) = (mem::take(before), request.name.clone());
                self.stage = Stage::Search { before, lost };
                Ok(MigrationEvent::Searching(name))
            }
            // A source server has at most one task: somebody else was quicker, perhaps with the same,
            // and perhaps already before our first look.
            Err(refused) if refused.is_conflict() => {
                let tasks = tasks.within(left.max(LAST_LOOK_GRACE));
                match tasks.made_by(request, &[]).await {
                    Ok(Some(task)) => Ok(self.is_there(task)),
                    _ => Err(tasks.name_the_task(refused, &request.source_server.id).await),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Looks for the task of a create whose reply was lost, for at most this long.
    pub(super) async fn search(&mut self, limit: Duration) -> Result<MigrationEvent> {
        let Begin::Create(request) = &self.plan.begin else { return Err(over()) };
        let Stage::Search { before, lost } = &self.stage else { return Err(over()) };
        let task = self.plan.tasks.settle_create(lost.clone(), request, before, limit).await?;
        Ok(self.is_there(task))
    }

    fn is_there(&mut self, task: Created<String>) -> MigrationEvent {
        self.stage = Stage::Prepare;
        self.task = Some(task.clone());
        MigrationEvent::Created(task)
    }

    /// The error of a migration that is given up because of `why`: with the task, and with its
    /// name where only the service knows whether there is one.
    pub(in crate::sms) async fn give_up(&mut self, why: Error) -> Error {
        match self.find_lost(&why).await {
            Ok(()) => self.with_task(why),
            Err(lost) => lost,
        }
    }

    /// Looks once more for a task whose create was not answered.
    ///
    /// # Errors
    /// The lost reply, with the words of `why` before its own, when nothing shows.
    pub(super) async fn find_lost(&mut self, why: &Error) -> Result<()> {
        if !matches!(self.stage, Stage::Search { .. }) {
            return Ok(());
        }
        self.search(Duration::ZERO).await.map(drop).map_err(|lost| {
            let words = format!("{}; {}", why.message(), lost.message());
            lost.with_message(words)
        })
    }

    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.plan.policy.clone(), clock::after(self.left()))
    }
}

/// How long a migration has run.
pub(super) fn used(span: Option<tokio::time::Instant>) -> Duration {
    span.map_or(Duration::ZERO, |start| clock::instant().saturating_duration_since(start))
}
