//! Rate limits that are enforced.

use std::time::Duration;

use time::OffsetDateTime;

/// A number of calls that are let through in a window, which begins with the first of them.
#[derive(Debug)]
pub(super) struct RateLimit {
    limit: u32,
    window: Duration,
    opened: Option<OffsetDateTime>,
    used: u32,
}

impl RateLimit {
    pub(super) fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, opened: None, used: 0 }
    }

    /// Counts a call. An error says how long the window still lasts.
    pub(super) fn admit(&mut self, now: OffsetDateTime) -> Result<(), Duration> {
        let window = time::Duration::try_from(self.window).unwrap_or(time::Duration::MAX);
        let end = self.opened.map(|opened| opened.saturating_add(window));
        match end {
            Some(end) if now < end => {
                if self.used < self.limit {
                    self.used += 1;
                    return Ok(());
                }
                Err(Duration::try_from(end - now).unwrap_or_default())
            }
            _ => {
                self.opened = Some(now);
                self.used = 1;
                if self.limit == 0 { Err(self.window) } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_opens_with_the_first_call_and_starts_anew_when_it_is_over() {
        let mut rate = RateLimit::new(2, Duration::from_secs(60));
        let start = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(rate.admit(start), Ok(()));
        assert_eq!(rate.admit(start + Duration::from_secs(50)), Ok(()));
        assert_eq!(rate.admit(start + Duration::from_secs(50)), Err(Duration::from_secs(10)));
        assert_eq!(rate.admit(start + Duration::from_secs(60)), Ok(()));
        assert_eq!(rate.admit(start + Duration::from_secs(61)), Ok(()));
        assert!(rate.admit(start + Duration::from_secs(62)).is_err());
    }

    #[test]
    fn window_without_an_end_stays_closed() {
        let mut rate = RateLimit::new(1, Duration::MAX);
        let start = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(rate.admit(start), Ok(()));
        assert!(rate.admit(start + Duration::from_secs(86_400)).is_err());
    }
}
