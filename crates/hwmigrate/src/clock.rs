//! Time, as something a test can hold in its hand.
//!
//! Only this module reads a clock. Spans are measured with tokio's monotonic
//! time, which tests may pause; the wall clock serves what the services know
//! in wall time (signatures, expiry of tokens).

#![allow(clippy::disallowed_methods, reason = "this is the one place that reads a clock")]

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// Where the time of day comes from.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present time.
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that starts at a given time and advances with tokio's time, so that
/// a test with paused time moves both at once.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: OffsetDateTime,
    origin: Instant,
}

impl TokioClock {
    /// A clock that shows `start` now.
    pub fn starting_at(start: OffsetDateTime) -> Self {
        Self { start, origin: Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> OffsetDateTime {
        self.start.saturating_add(time::Duration::try_from(self.origin.elapsed()).unwrap_or_default())
    }
}

/// The present moment for measuring spans.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// The moment that long from now. A span beyond the calendar means "no limit":
/// ten years, which timers can still hold.
pub(crate) fn after(span: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);
    instant() + span.min(NEVER)
}

/// Waits for that long; this and [`sleep_until`] are the only ways this crate sleeps.
pub(crate) async fn sleep(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// Waits until then.
pub(crate) async fn sleep_until(moment: Instant) {
    tokio::time::sleep_until(moment).await;
}

/// Runs a future for at most that long and not beyond `deadline`; `None` when
/// the time is up. A timer is set up only for what is not there at once.
pub(crate) async fn within<F: Future>(limit: Duration, deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        return Some(output);
    }
    tokio::time::timeout_at(after(limit).min(deadline), future).await.ok()
}
