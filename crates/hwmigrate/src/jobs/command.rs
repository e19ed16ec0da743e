//! Telling a job to do something over a network that loses replies.

use std::future::Future;

use crate::error::{Error, Result};
use crate::progress::State;

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
/// before sending it again. `None`: a look cannot tell.
pub(crate) async fn resend<L, S>(took_effect: impl Fn() -> L, send: impl Fn() -> S) -> Result<()>
where
    L: Future<Output = Result<Option<bool>>>,
    S: Future<Output = Result<()>>,
{
    let mut lost: Option<Error> = None;
    for _ in 0..RESENDS {
        match send().await {
            Err(error) if error.is_ambiguous() => match took_effect().await {
                Ok(Some(true)) => return Ok(()),
                Ok(Some(false)) => lost = Some(error),
                _ => return Err(error),
            },
            // "Already started", "not running": the lost one may have arrived after all, or never could.
            Err(error) if lost.is_some() && error.is_conflict() => {
                return if matches!(took_effect().await, Ok(Some(true))) { Ok(()) } else { Err(error) };
            }
            outcome => return outcome,
        }
    }
    lost.map_or(Ok(()), Err)
}

/// A delete that is repeated inside the client may find its own work done.
pub(crate) fn gone_is_deleted(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.is_not_found() && error.follows_lost_reply() => Ok(()),
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
        Err(error) if error.is_not_found() && error.follows_lost_reply() => {}
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

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;
    use std::future::ready;

    use super::*;
    use crate::error::ErrorKind;

    /// What became of a command whose replies and effects follow a script, and how often it was sent.
    async fn told(
        replies: impl IntoIterator<Item = Result<()>>,
        effects: impl IntoIterator<Item = Option<bool>>,
    ) -> (Result<()>, u32) {
        let (replies, sent) = (RefCell::new(replies.into_iter().collect::<VecDeque<_>>()), Cell::new(0));
        let effects = RefCell::new(effects.into_iter().collect::<VecDeque<_>>());
        let look = || ready(Ok(effects.borrow_mut().pop_front().flatten()));
        let send = || {
            sent.set(sent.get() + 1);
            ready(replies.borrow_mut().pop_front().unwrap_or(Ok(())))
        };
        (resend(look, send).await, sent.get())
    }

    fn failed(kind: ErrorKind) -> Result<()> {
        Err(Error::new(kind, "scripted"))
    }

    #[tokio::test]
    async fn a_lost_command_is_settled_by_looking() {
        let lost = || failed(ErrorKind::Ambiguous);
        let refused = || failed(ErrorKind::Conflict);
        let (outcome, sent) = told([lost()], [Some(true)]).await;
        assert!(outcome.is_ok() && sent == 1);
        let (outcome, sent) = told([lost(), Ok(())], [Some(false)]).await;
        assert!(outcome.is_ok() && sent == 2);
        let (outcome, sent) = told([lost()], [None]).await;
        assert!(outcome.is_err_and(|error| error.is_ambiguous()) && sent == 1);
        let (outcome, sent) = told([lost(), lost(), lost()], [Some(false); 3]).await;
        assert!(outcome.is_err_and(|error| error.is_ambiguous()) && sent == 3);
        // It had arrived after all, a moment after the look.
        let (outcome, _) = told([lost(), refused()], [Some(false), Some(true)]).await;
        assert!(outcome.is_ok());
        // It never could: the job is in a state that does not allow it.
        let (outcome, _) = told([lost(), refused()], [Some(false), Some(false)]).await;
        assert!(outcome.is_err_and(|error| error.is_conflict()));
        let (outcome, _) = told([refused()], []).await;
        assert!(outcome.is_err_and(|error| error.is_conflict()));
    }
}
