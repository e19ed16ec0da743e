//! Telling a task something over a network that loses replies.
//!
//! The service takes an action in and answers; what comes of it shows later.
//! When the answer is lost, only the task can tell whether the action arrived.
//! It is looked at for a few seconds. A start or stop that has left no trace
//! by then is sent again, because a second one is refused if the first one
//! was only slow. No other action is ever sent twice.

use std::future::Future;
use std::time::Duration;

use hwmigrate_api::sms::types::{TaskAction as Action, TaskState};
use tokio::time::Instant;

use crate::cancel;
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::command::RESENDS;
use crate::progress::Progress;
use crate::sms::{guard, state};
use crate::wait::{LAST_LOOK_GRACE, job_report};

/// Pauses before the looks for the effect of an action: a request may still be
/// on its way when its connection is already gone.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500), Duration::from_secs(3)];

/// Refusals of a stop and of a start by the state of the task alone.
const ARRIVED: [&str; 2] = ["SMS.1038", "SMS.1039"];

/// Sends an action if the table allows it after the look `before`, or whatever
/// the state is without one, and settles a lost reply by looking. After `until`, or
/// once the work that this is part of is given up, nothing is sent again.
///
/// # Errors
/// `Conflict` by the table, or by the service; `Ambiguous` when a reply was
/// lost and the task does not show whether the action arrived.
pub(in crate::sms) async fn tell<L, S>(
    action: &Action,
    before: Option<&Progress>,
    until: Option<Instant>,
    look: impl Fn() -> L,
    send: impl Fn() -> S,
) -> Result<()>
where
    L: Future<Output = Result<Progress>>,
    S: Future<Output = Result<()>>,
{
    if let Some(seen) = before {
        guard::check(seen, action)?;
    }
    let is_late = || until.is_some_and(|until| clock::instant() >= until);
    let mut lost: Option<Error> = None;
    for _ in 0..RESENDS {
        let error = match send().await {
            Err(error) if error.is_ambiguous() => error,
            Err(error) if lost.is_some() && error.is_conflict() => {
                // "Runs already", "is not running": the lost one had arrived after all, though the task may
                // show it only minutes later. Any other refusal, such as a source that is not connected, is one.
                let arrived = error.code().is_some_and(|code| ARRIVED.contains(&code))
                    || look().await.is_ok_and(|seen| shows(action, before, &seen));
                return if arrived { Ok(()) } else { Err(error) };
            }
            outcome => return outcome,
        };
        tracing::warn!(action = action.as_str(), "the reply to an action was lost; looking for its effect");
        let settling = settle(action, before, &look);
        let effect = match until {
            None => settling.await,
            // What time is left is for the looks; where none is, a few come before the end.
            Some(until) => {
                let end = until.max(clock::instant()) + LAST_LOOK_GRACE;
                tokio::time::timeout_at(end, settling).await.unwrap_or(Effect::None(None))
            }
        };
        match effect {
            Effect::Shown => return Ok(()),
            Effect::None(seen @ Some(_)) if matches!(action, Action::Start | Action::Stop) => {
                if cancel::is_told() || is_late() {
                    return Err(unsettled(error, action, seen.as_deref()));
                }
                lost = Some(error);
            }
            Effect::None(seen) => return Err(unsettled(error, action, seen.as_deref())),
        }
    }
    lost.map_or(Ok(()), Err)
}

/// Settles an action whose request was cut off half-way.
///
/// # Errors
/// `Ambiguous` when the task does not show whether the action arrived.
pub(in crate::sms) async fn settle_cut_off<L>(
    action: &Action,
    before: &Progress,
    look: impl Fn() -> L,
) -> Result<()>
where
    L: Future<Output = Result<Progress>>,
{
    match settle(action, Some(before), &look).await {
        Effect::Shown => Ok(()),
        Effect::None(seen) => {
            let cut = Error::new(ErrorKind::Ambiguous, "the request was cut off");
            Err(unsettled(cut.with_operation("UpdateTaskStatus"), action, seen.as_deref()))
        }
    }
}

enum Effect {
    Shown,
    /// The last look, if one was answered.
    None(Option<Box<Progress>>),
}

async fn settle<L>(action: &Action, before: Option<&Progress>, look: &impl Fn() -> L) -> Effect
where
    L: Future<Output = Result<Progress>>,
{
    let mut last = None;
    for pause in PAUSES {
        clock::sleep(pause).await;
        if let Ok(seen) = look().await {
            if shows(action, before, &seen) {
                return Effect::Shown;
            }
            last = Some(Box::new(seen));
        }
    }
    Effect::None(last)
}

/// Whether a look shows that an action has arrived. Without a look from before
/// only the state can tell.
fn shows(action: &Action, before: Option<&Progress>, seen: &Progress) -> bool {
    use TaskState::{
        Abort, Aborting, MigrateFail, MigrateSuccess, Reseting, Running, Skipping, SyncFail, SyncSuccess,
        Syncing,
    };
    let Some(state) = state::of(seen) else { return false };
    // A task at rest does not change by itself, and a running one begins no phase by itself.
    let begun = before.is_some_and(|before| {
        before.phases.len() < seen.phases.len() || before.start_time_ms != seen.start_time_ms
    });
    let from = before.and_then(state::of);
    match action {
        Action::Start => {
            begun || matches!(state, Running | Syncing | Skipping | MigrateSuccess | SyncSuccess)
        }
        Action::Restart => {
            begun || (from != Some(state.clone()) && matches!(state, Running | Syncing | Reseting))
        }
        Action::Stop | Action::ErrorForOverspeed => {
            matches!(state, Aborting | Abort | MigrateFail | SyncFail | MigrateSuccess | SyncSuccess)
        }
        // From `SYNCING` a task leaves by itself only downwards. One that says `RUNNING` all the
        // while, and synchronises by its source's word, is just copying until that word changes.
        Action::Cutover => {
            let same_word = before.is_some_and(|before| before.state_word == seen.state_word);
            let copies = same_word && seen.source_state.as_deref() == Some("syncing");
            let left = state == MigrateSuccess || (state == Running && !copies);
            begun || (from == Some(Syncing) && left)
        }
        Action::Skip => state == Skipping,
        Action::SyncFailedRollback => {
            matches!(state, TaskState::SyncFRollbacking | TaskState::SyncFRollbackSuccess)
        }
        // Clones, tests, measurements and the rest leave no trace in a state.
        _ => begun,
    }
}

fn unsettled(lost: Error, action: &Action, seen: Option<&Progress>) -> Error {
    let state =
        seen.map_or("it could not be looked at".to_owned(), |seen| format!("it is {}", seen.state_text()));
    let error = lost
        .with_message(format!(
            "the reply to {action} was lost, and the task does not show whether it arrived: {state}"
        ))
        .with_advice("look at the task after a while, and act again only if nothing has come of it");
    match seen {
        Some(seen) => error.with_job(job_report(seen)),
        None => error,
    }
}

#[cfg(test)]
#[path = "tell_tests.rs"]
mod tests;
