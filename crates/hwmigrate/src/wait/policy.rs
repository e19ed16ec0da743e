//! How often a wait looks.

use std::time::Duration;

/// The rhythm of the looks of a wait.
///
/// A young job is looked at often, an old one seldom: the pause is a fifth of
/// the job's age as the wait knows it, and at most a quarter of the time that
/// the service says is left, between `shortest` and `longest`. Each pause
/// varies by a tenth, so that many waits do not look in step. Each failed
/// look in a row doubles the pause, and a `Retry-After` of the server is a lower bound.
///
/// The first look is made at once and the last one at the deadline, whatever
/// the policy says.
///
/// ```
/// use std::time::Duration;
/// use hwmigrate::wait::PollPolicy;
///
/// // A progress bar wants to be fed once a second.
/// let policy = PollPolicy::new().longest(Duration::from_secs(1));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PollPolicy {
    shortest: Duration,
    longest: Duration,
}

/// A pause of zero would be a busy loop.
const FLOOR: Duration = Duration::from_millis(10);

/// A pause beyond a day is no rhythm, and the arithmetic stays far from overflow.
const CEILING: Duration = Duration::from_secs(86_400);

impl Default for PollPolicy {
    fn default() -> Self {
        Self { shortest: Duration::from_millis(250), longest: Duration::from_secs(30) }
    }
}

impl PollPolicy {
    /// The default: from a quarter of a second up to half a minute.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pauses at least this long between two looks. It is held between 10 ms and one day.
    pub fn shortest(mut self, pause: Duration) -> Self {
        self.shortest = pause.clamp(FLOOR, CEILING);
        self.longest = self.longest.max(self.shortest);
        self
    }

    /// Pauses at most this long between two looks. It is held between 10 ms and one day.
    pub fn longest(mut self, pause: Duration) -> Self {
        self.longest = pause.clamp(FLOOR, CEILING);
        self.shortest = self.shortest.min(self.longest);
        self
    }

    /// Looks at one fixed pause. It is held between 10 ms and one day.
    pub fn every(pause: Duration) -> Self {
        let pause = pause.clamp(FLOOR, CEILING);
        Self { shortest: pause, longest: pause }
    }

    /// The shortest pause, which no jitter undercuts where a look must not follow at once.
    pub(crate) fn floor(&self) -> Duration {
        self.shortest.mul_f64(0.9)
    }

    /// The pause after a look that worked. `dice` is a random number from 0 to 1.
    pub(crate) fn pause(&self, age: Duration, time_left: Option<Duration>, dice: f64) -> Duration {
        let mut pause = age / 5;
        if let Some(left) = time_left.filter(|left| !left.is_zero()) {
            // Early estimates are wild, so a long one at most doubles the pause.
            pause = (left / 4).min(pause.saturating_mul(2));
        }
        self.vary(pause, dice)
    }

    /// The pause after `failures` looks in a row that failed.
    pub(crate) fn pause_after_failure(&self, age: Duration, failures: u32, dice: f64) -> Duration {
        let first = self.shortest.max(Duration::from_millis(500));
        self.vary(first.saturating_mul(1 << failures.min(16)).max(age / 5), dice)
    }

    fn vary(&self, pause: Duration, dice: f64) -> Duration {
        let factor = 0.9 + 0.2 * dice.clamp(0.0, 1.0);
        pause.clamp(self.shortest, self.longest).mul_f64(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: f64 = 0.5;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn close(left: Duration, right: Duration) -> bool {
        left.abs_diff(right) < Duration::from_micros(1)
    }

    #[test]
    fn pause_grows_with_age_between_its_bounds() {
        let policy = PollPolicy::new();
        assert!(close(policy.pause(Duration::ZERO, None, MIDDLE), Duration::from_millis(250)));
        assert!(close(policy.pause(seconds(10), None, MIDDLE), seconds(2)));
        assert!(close(policy.pause(seconds(86_400), None, MIDDLE), seconds(30)));
    }

    #[test]
    fn estimate_shortens_the_pause_and_at_most_doubles_it() {
        let policy = PollPolicy::new();
        assert!(close(policy.pause(seconds(100), Some(seconds(8)), MIDDLE), seconds(2)));
        assert!(close(policy.pause(seconds(10), Some(seconds(86_400)), MIDDLE), seconds(4)));
        let unset = policy.pause(seconds(10), Some(Duration::ZERO), MIDDLE);
        assert!(close(unset, seconds(2)), "an estimate of zero means none");
    }

    #[test]
    fn pause_varies_by_a_tenth() {
        let policy = PollPolicy::every(seconds(10));
        assert!(close(policy.pause(seconds(1), None, 0.0), seconds(9)));
        assert!(close(policy.pause(seconds(1), None, 1.0), seconds(11)));
    }

    #[test]
    fn failures_double_the_pause_up_to_the_longest() {
        let policy = PollPolicy::new();
        assert!(close(policy.pause_after_failure(Duration::ZERO, 1, MIDDLE), seconds(1)));
        assert!(close(policy.pause_after_failure(Duration::ZERO, 3, MIDDLE), seconds(4)));
        assert!(close(policy.pause_after_failure(Duration::ZERO, 99, MIDDLE), seconds(30)));
    }

    #[test]
    fn bounds_below_the_floor_or_crossed_are_put_right() {
        assert_eq!(PollPolicy::every(Duration::ZERO), PollPolicy::every(FLOOR));
        let crossed = PollPolicy::new().longest(Duration::from_millis(100));
        assert!(close(crossed.pause(seconds(50), None, MIDDLE), Duration::from_millis(100)));
        let crossed = PollPolicy::new().shortest(seconds(60));
        assert!(close(crossed.pause(seconds(1), None, MIDDLE), seconds(60)));
    }
}
