//! Counting failures, and closing the door for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

/// Closes the door to whoever fails too often.
#[derive(Debug)]
pub(crate) struct Lockout {
    /// How many failures in a row close the door.
    failures: u32,
    /// For how long.
    duration: time::Duration,
    /// Failures further apart than this are not "in a row".
    within: time::Duration,
    seen: Mutex<HashMap<String, Seen>>,
}

#[derive(Debug)]
struct Seen {
    failures: u32,
    last: OffsetDateTime,
    locked_until: Option<OffsetDateTime>,
}

impl Lockout {
    /// A door that closes for `duration` after this many `failures`, each `within` so long of the one before.
    pub(crate) fn new(failures: u32, within: time::Duration, duration: time::Duration) -> Self {
        Self { failures, duration, within, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the door is closed to them now.
    pub(crate) fn is_locked(&self, who: &str, now: OffsetDateTime) -> bool {
        let mut seen = self.seen();
        let Some(entry) = seen.get(who) else { return false };
        match entry.locked_until {
            Some(until) if now < until => true,
            Some(_) => {
                seen.remove(who);
                false
            }
            None => false,
        }
    }

    /// They failed.
    pub(crate) fn failed(&self, who: &str, now: OffsetDateTime) {
        let mut seen = self.seen();
        let entry = seen.entry(who.to_owned()).or_insert(Seen { failures: 0, last: now, locked_until: None });
        if now - entry.last > self.within {
            entry.failures = 0;
        }
        entry.failures += 1;
        entry.last = now;
        if entry.failures >= self.failures {
            entry.locked_until = Some(now + self.duration);
        }
    }

    /// They succeeded; the count starts anew.
    pub(crate) fn succeeded(&self, who: &str) {
        self.seen().remove(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn door_closes_after_the_last_failure_and_opens_again() {
        let door = Lockout::new(3, time::Duration::minutes(15), time::Duration::minutes(5));
        door.failed("a", START);
        door.failed("a", START);
        assert!(!door.is_locked("a", START));
        door.failed("a", START);
        assert!(door.is_locked("a", START));
        assert!(!door.is_locked("b", START));
        assert!(door.is_locked("a", START + time::Duration::minutes(4)));
        assert!(!door.is_locked("a", START + time::Duration::minutes(5)));
        door.failed("a", START + time::Duration::minutes(6));
        assert!(!door.is_locked("a", START + time::Duration::minutes(6)));
    }

    #[test]
    fn success_or_a_long_pause_forgets_failures() {
        let door = Lockout::new(2, time::Duration::minutes(15), time::Duration::minutes(5));
        door.failed("a", START);
        door.succeeded("a");
        door.failed("a", START);
        assert!(!door.is_locked("a", START));
        door.failed("a", START + time::Duration::minutes(16));
        assert!(!door.is_locked("a", START + time::Duration::minutes(16)));
    }
}
