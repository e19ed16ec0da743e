//! Looks that are made again when they fail for reasons that pass.
//!
//! A wait survives an answer that cannot be read or a gateway that is ill for a
//! minute; so must the looks before and between waits.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, Result};
use crate::wait::{FAILURES_AT_FIRST, LookError, PollPolicy, judge};

/// For how long.
pub(super) struct Patience {
    policy: PollPolicy,
    deadline: Instant,
}

impl Patience {
    pub(super) fn new(policy: PollPolicy, deadline: Instant) -> Self {
        Self { policy, deadline }
    }

    /// Makes a look until it works, fails for good, or has failed six times in a row.
    pub(super) async fn look<T, F>(&self, look: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let begun = clock::instant();
        let mut failures = 0;
        loop {
            let error = match look().await {
                Err(error) if passes(&error) => error,
                outcome => return outcome,
            };
            failures += 1;
            let age = clock::instant().saturating_duration_since(begun);
            let pause = self.policy.pause_after_failure(age, failures, 0.5);
            let pause = pause.max(error.retry_after().unwrap_or(Duration::ZERO));
            if failures >= FAILURES_AT_FIRST || clock::after(pause) >= self.deadline {
                return Err(error);
            }
            tracing::debug!(failures, error = %error, "a look failed; it is made again");
            clock::sleep(pause).await;
        }
    }
}

fn passes(error: &Error) -> bool {
    matches!(judge(error), LookError::Passing { .. } | LookError::Throttled { .. })
}
