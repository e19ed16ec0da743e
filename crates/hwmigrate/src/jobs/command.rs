//! Telling a job to do something over a network that loses replies.

use std::future::Future;

use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, State};

/// How often a start or stop is sent whose reply is lost each time.
pub(crate) const RESENDS: u32 = 3;

/// Whether a job in this state needs no further start.
pub(crate) fn started(state: State) -> Option<bool> {
    match state {
        State::Ready | State::Paused | State::Failed => Some(false),
        State::Unknown | State::RollingBack | State::Deleting | State::Deleted => None,
        _ => Some(true),
    }
}

/// Whether a job in this state needs no further stop.
pub(crate) fn stopped(state: State) -> Option<bool> {
    match state {
        State::Running | State::Syncing | State::Retrying | State::Preparing | State::Waiting => Some(false),
        State::Unknown | State::RollingBack => None,
        _ => Some(true),
    }
}

/// Sends a command; when its reply is lost, looks whether it took effect
/// before sending it again.
pub(crate) async fn resend<L, S>(
    look: impl Fn() -> L,
    took_effect: fn(State) -> Option<bool>,
    send: impl Fn() -> S,
) -> Result<()>
where
    L: Future<Output = Result<Progress>>,
    S: Future<Output = Result<()>>,
{
    let mut lost: Option<Error> = None;
    for _ in 0..RESENDS {
        match send().await {
            Err(error) if error.is_ambiguous() => {
                let Ok(progress) = look().await else { return Err(error) };
                match took_effect(progress.state) {
                    Some(true) => return Ok(()),
                    Some(false) => lost = Some(error),
                    None => return Err(error),
                }
            }
            // "Already started", "not running": the lost one had arrived after all.
            Err(error) if lost.is_some() && error.kind() == ErrorKind::Conflict => return Ok(()),
            outcome => return outcome,
        }
    }
    match lost {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// A delete that is repeated inside the client may find its own work done.
pub(crate) fn gone_is_deleted(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.is_not_found() && error.attempts() > 1 => Ok(()),
        outcome => outcome,
    }
}

/// The same for a delete of several things, which does not say what is absent: looks at each, and
/// sends once more what is still there.
pub(crate) async fn all_deleted<S, L>(
    ids: Vec<String>,
    send: impl Fn(Vec<String>) -> S,
    is_there: impl Fn(String) -> L,
) -> Result<()>
where
    S: Future<Output = Result<()>>,
    L: Future<Output = Result<bool>>,
{
    match send(ids.clone()).await {
        Err(error) if error.is_not_found() && error.attempts() > 1 => {}
        outcome => return outcome,
    }
    let mut left = Vec::new();
    for id in ids {
        if is_there(id.clone()).await? {
            left.push(id);
        }
    }
    if left.is_empty() { Ok(()) } else { send(left).await }
}

/// Whether a look found something.
pub(crate) fn found<T>(look: Result<T>) -> Result<Option<T>> {
    match look {
        Ok(seen) => Ok(Some(seen)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
