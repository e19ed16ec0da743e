//! Giving up without losing anything: a pause is cut short, a request that is under way is not.
//!
//! Dropping a call leaves open what became of its request. Whoever may be told to stop amid one runs it in
//! [`scope`] instead; the transport then ends where nothing is on its way.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::error::{Error, ErrorKind, Result};

tokio::task_local! {
    static CANCEL: Arc<Cancel>;
}

/// Whether somebody was told to stop.
#[derive(Debug, Default)]
pub(crate) struct Cancel {
    told: AtomicBool,
    bell: Notify,
}

impl Cancel {
    fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
        self.bell.notify_waiters();
    }

    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    async fn heard(&self) {
        let mut rung = pin!(self.bell.notified());
        // From here on no telling is missed.
        rung.as_mut().enable();
        if !self.is_told() {
            rung.await;
        }
    }
}

/// Does work that is given up between its requests once `cancelled` completes.
pub(crate) async fn scope<F: Future>(
    cancel: &Arc<Cancel>,
    mut cancelled: impl Future<Output = ()> + Unpin,
    work: F,
) -> F::Output {
    let mut work = pin!(CANCEL.scope(Arc::clone(cancel), work));
    loop {
        tokio::select! {
            biased;
            () = &mut cancelled, if !cancel.is_told() => cancel.tell(),
            output = &mut work => return output,
        }
    }
}

/// Does work that others wait for, too, and that no single one of them gives up.
pub(crate) async fn shielded<F: Future>(work: F) -> F::Output {
    CANCEL.scope(Arc::default(), work).await
}

/// Whether the work this is part of is to be given up.
pub(crate) fn is_told() -> bool {
    CANCEL.try_with(|cancel| cancel.is_told()).unwrap_or(false)
}

/// Waits for something while no request is under way.
///
/// # Errors
/// `Cancelled` when the work is to be given up.
pub(crate) async fn between_requests<F: Future>(waiting: F) -> Result<F::Output> {
    let Ok(cancel) = CANCEL.try_with(Arc::clone) else { return Ok(waiting.await) };
    tokio::select! {
        biased;
        () = cancel.heard() => Err(Error::new(ErrorKind::Cancelled, "the call was given up before it was sent")),
        output = waiting => Ok(output),
    }
}
