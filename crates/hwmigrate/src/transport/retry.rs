//! How often, and how long to pause in between.

use std::time::Duration;

/// When a failed request is sent again.
///
/// Whether it may be sent again at all is not decided here: an operation that
/// is not idempotent is repeated only where the service provably did not act
/// on it (no connection, HTTP 429).
///
/// ```
/// use std::time::Duration;
/// use hwmigrate::RetryPolicy;
///
/// let patient = RetryPolicy::default().max_attempts(8).max_pause(Duration::from_secs(60));
/// let none = RetryPolicy::never();
/// # let _ = (patient, none);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) attempts: u32,
    pub(crate) first: Duration,
    pub(crate) cap: Duration,
}

impl Default for RetryPolicy {
    /// Four attempts; pauses drawn between nothing and 0.2, 0.4, 0.8 … at most 20 seconds.
    fn default() -> Self {
        Self { attempts: 4, first: Duration::from_millis(200), cap: Duration::from_secs(20) }
    }
}

impl RetryPolicy {
    /// One attempt, whatever happens.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// How many requests are sent at most; 0 counts as 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The upper bound of the first pause; each further bound is twice the one before.
    #[must_use]
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first = pause;
        self
    }

    /// The upper bound of every pause.
    #[must_use]
    pub fn max_pause(mut self, pause: Duration) -> Self {
        self.cap = pause;
        self
    }

    /// The pause after that many failed attempts: full jitter, so that a
    /// thousand clients that failed together do not come back together.
    pub(crate) fn pause(&self, failed: u32, draw: f64) -> Duration {
        let bound = self.first.saturating_mul(1_u32 << failed.saturating_sub(1).min(20)).min(self.cap);
        bound.mul_f64(draw.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let policy = RetryPolicy::default();
        let bounds: Vec<_> = [1, 2, 3, 7, 8, 40].map(|n| policy.pause(n, 1.0).as_millis()).into();
        assert_eq!(bounds, [200, 400, 800, 12_800, 20_000, 20_000]);
        assert_eq!(policy.pause(5, 0.0), Duration::ZERO);
        assert_eq!(policy.pause(2, 0.5), Duration::from_millis(200));
    }

    #[test]
    fn at_least_one_attempt_is_made() {
        assert_eq!(RetryPolicy::default().max_attempts(0).attempts, 1);
        assert_eq!(RetryPolicy::never().attempts, 1);
    }
}
