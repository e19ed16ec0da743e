//! The one place that reads the time.
//!
//! The emulator's time is the system's plus what a test added, so that a
//! token can expire without anyone waiting for a day. Under tokio's paused
//! time it stands still and moves with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

/// A clock that all parts of one emulator share; clones show the same time.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// What was added, in microseconds.
    added: AtomicI64,
    started: Instant,
    started_tokio: tokio::time::Instant,
}

impl Clock {
    /// A clock that shows the system's time.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            added: AtomicI64::new(0),
            started: Instant::now(),
            started_tokio: tokio::time::Instant::now(),
        }))
    }

    /// The time now, in UTC.
    pub(crate) fn now(&self) -> OffsetDateTime {
        // The two differ only where tokio's time was paused or advanced.
        let ours = self.0.started_tokio.elapsed().as_micros() as i64;
        let real = self.0.started.elapsed().as_micros() as i64;
        let added = self.0.added.load(Ordering::Acquire) + ours - real;
        OffsetDateTime::now_utc() + time::Duration::microseconds(added)
    }

    /// How long this clock has been running; what [`Clock::advance`] adds is not in it.
    pub(crate) fn running(&self) -> Duration {
        self.0.started_tokio.elapsed()
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX / 4);
        self.0.added.fetch_add(micros, Ordering::AcqRel);
    }
}
