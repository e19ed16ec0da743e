//! From synchronising to the launch of the target: asked for once, and only from there.

use std::mem;

use hwmigrate_api::sms::types::TaskAction as Action;

use super::stage::Stage;
use super::{Migration, MigrationEvent, out_of_time, over};
use crate::clock;
use crate::error::{Error, Result};
use crate::progress::{PhaseKind, Progress, State, StepState};
use crate::sms::wait::{Goal, settle_cut_off};

/// How a task stands that refused a cut-over.
enum Standing {
    /// Somebody else has cut it over in this moment.
    CutOver,
    /// It synchronises, and is just copying.
    Copying,
    Otherwise,
}

impl Migration {
    /// Looks how the task stands, which synchronised a moment ago.
    pub(super) async fn poise(&mut self, id: &str) -> Result<Option<MigrationEvent>> {
        let Stage::BeforeCutOver(again) = &self.stage else { return Err(over()) };
        if let Some((_, from)) = again {
            clock::sleep_until(*from).await;
        }
        if self.is_late() {
            let words = "synchronises, and the time is up: it was not cut over";
            return Err(match again {
                Some((refused, _)) => out_of_time(words).with_source(refused.clone()),
                None => out_of_time(words),
            });
        }
        let tasks = self.tasks();
        let before = Box::new(self.patience().look(|| tasks.progress(id)).await?);
        self.saw(Some((*before).clone()));
        self.stage = Stage::CutOver { before, sent: false };
        Ok(None)
    }

    /// Tells the task to cut over, unless it has left off synchronising.
    pub(super) async fn launch(&mut self, id: &str) -> Result<Option<MigrationEvent>> {
        let (tasks, late, until) = (self.tasks(), self.is_late(), clock::after(self.left()));
        let Stage::CutOver { before, sent } = &mut self.stage else { return Err(over()) };
        if !*sent && late {
            return Err(out_of_time("synchronises, and the time is up: it was not cut over"));
        }
        if mem::replace(sent, true) {
            // The step before was dropped half-way, perhaps after its request had left.
            settle_cut_off(&Action::Cutover, before, || tasks.progress(id)).await?;
        } else if let Err(error) = tasks.cutover(id).seen(before).until(until).await {
            if !is_refusal(&error) {
                return Err(error);
            }
            self.stage = Stage::Refused { before: before.clone(), error };
            return Ok(None);
        }
        let before = before.clone();
        Ok(Some(self.launched(id, *before)))
    }

    /// Looks what a refusal means.
    pub(super) async fn refused(&mut self, id: &str) -> Result<Option<MigrationEvent>> {
        let Stage::Refused { before, error } = &self.stage else { return Err(over()) };
        let tasks = self.tasks();
        let standing = match self.patience().look(|| tasks.progress(id)).await {
            Ok(seen) => standing(&seen),
            Err(_) => Standing::Otherwise,
        };
        match standing {
            Standing::CutOver => Ok(Some(self.launched(id, (**before).clone()))),
            Standing::Copying => {
                let (before, error) = ((**before).clone(), error.clone());
                self.stage = Stage::BeforeCutOver(Some((error, self.next_look())));
                Ok(Some(MigrationEvent::Progress(before)))
            }
            Standing::Otherwise => Err(error.clone()),
        }
    }

    /// From here on the target is launched.
    pub(super) fn launched(&mut self, id: &str, before: Progress) -> MigrationEvent {
        (self.stage, self.cut_over) = (Stage::Launch, true);
        self.waiter = Some(self.waiter(id, Goal::MigrateSuccess, before));
        MigrationEvent::CutOver
    }
}

/// Whether the cut-over did not begin because of how the task stands.
fn is_refusal(error: &Error) -> bool {
    match error.status() {
        Some(status) => (400..500).contains(&status) && !error.is_auth(),
        // Without a status it was our own guard, by the look from before.
        None => error.is_conflict(),
    }
}

/// Whether the target is being launched.
pub(super) fn is_cutting_over(seen: &Progress) -> bool {
    let runs = seen
        .phase()
        .is_some_and(|phase| phase.kind == PhaseKind::Cutover && phase.state == StepState::Running);
    seen.state == State::Running && (runs || seen.source_state.as_deref() == Some("cutovering"))
}

/// Whether a task that stands still would go on with a cut-over once it is started.
pub(super) fn is_half_cut_over(seen: &Progress) -> bool {
    seen.phase().is_some_and(|phase| phase.kind == PhaseKind::Cutover && phase.state != StepState::Done)
}

/// How a task stands that refused a cut-over.
fn standing(seen: &Progress) -> Standing {
    let runs = seen.phase().filter(|phase| phase.state == StepState::Running);
    let syncing = seen.state == State::Syncing || seen.source_state.as_deref() == Some("syncing");
    match runs {
        Some(phase) if phase.kind == PhaseKind::Cutover => Standing::CutOver,
        Some(_) if syncing => Standing::Copying,
        None if seen.state == State::Succeeded => Standing::CutOver,
        _ => Standing::Otherwise,
    }
}
