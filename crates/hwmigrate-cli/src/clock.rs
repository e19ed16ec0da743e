//! The only place of this crate that reads a clock.

use std::sync::OnceLock;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The time since this was asked first, which the program does as it starts.
pub(crate) fn running() -> Duration {
    static BEGUN: OnceLock<Stopwatch> = OnceLock::new();
    BEGUN.get_or_init(Stopwatch::start).elapsed()
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
