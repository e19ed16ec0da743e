//! The one place that reads the time.
//!
//! The emulator's time is the system's plus what a test added, so that a
//! token can expire without anyone waiting for a day. Under tokio's paused
//! time it stands still and moves with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use crate::state::{Changes, Values};

/// The most that can be added: beyond the year 9999 there is no time to show.
const MOST: Duration = Duration::from_secs(1_000 * 365 * 86_400);

/// The name in the state of what was added.
const KEPT_AS: &str = "clock";

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

    /// What was added, to be kept in the state.
    pub(crate) fn kept(&self) -> Changes {
        let mut changes = Changes::default();
        changes.put(KEPT_AS, &self.0.added.load(Ordering::Acquire));
        changes
    }

    /// Adds what was added when the state was last written.
    pub(crate) fn restore(&self, values: &Values) {
        if let Some(added) = values.get(KEPT_AS).and_then(serde_json::Value::as_u64) {
            self.advance(Duration::from_micros(added));
        }
    }

    /// How long this clock has been running; what [`Clock::advance`] adds is not in it.
    pub(crate) fn running(&self) -> Duration {
        self.0.started_tokio.elapsed()
    }

    /// Moves the clock forward, by a thousand years in all at most.
    pub(crate) fn advance(&self, by: Duration) {
        let most = MOST.as_micros() as i64;
        let micros = by.min(MOST).as_micros() as i64;
        let moved = |added: i64| Some(added.saturating_add(micros).min(most));
        // The closure never declines, so neither does the update.
        let _ = self.0.added.fetch_update(Ordering::AcqRel, Ordering::Acquire, moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_is_moved_too_far_stays_within_the_calendar() {
        let clock = Clock::new();
        clock.advance(Duration::from_secs(60));
        assert!((OffsetDateTime::now_utc() - clock.now()).abs() >= time::Duration::seconds(59));
        for _ in 0..3 {
            clock.advance(Duration::MAX);
        }
        assert!((3_000..4_000).contains(&clock.now().year()), "{}", clock.now());
    }
}
