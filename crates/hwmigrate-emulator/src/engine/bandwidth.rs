//! Bandwidth limits by time of day.
//!
//! A bucket of tokens that fills at the rate of the window the emulator's
//! clock is in. Whoever moves bytes takes tokens first; taking more than there
//! are is allowed and has to be waited off by the next one, so that the size
//! of a piece never has to fit the rate.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::stop::Stop;
use crate::clock::Clock;
use crate::http::call::ApiError;

/// The documented bounds of a limit, in bytes per second.
const SMALLEST: i64 = 1 << 20;
const LARGEST: i64 = 200 << 20;
/// The documented number of windows.
const MOST_WINDOWS: usize = 5;
/// The tokens that an idle task may save up, in seconds of its rate.
const SAVED: f64 = 0.1;
/// A window may end while someone waits, so the rate is looked up again this often.
const LOOK: Duration = Duration::from_secs(1);

/// A limit for some minutes of each day; both ends belong to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    pub(crate) end: String,
    pub(crate) max_bandwidth: i64,
    pub(crate) start: String,
}

impl Window {
    /// The first and last minute of the day.
    fn minutes(&self) -> Option<(u32, u32)> {
        Some((minute(&self.start)?, minute(&self.end)?))
    }
}

fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (hours.parse::<u32>().ok()?, minutes.parse::<u32>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Checks a policy as the service does.
pub(crate) fn check_policy(windows: &[Window]) -> Result<(), ApiError> {
    if windows.len() > MOST_WINDOWS {
        return Err(ApiError::oms("OMS.0083", "At most five bandwidth limits can be set."));
    }
    let mut spans = Vec::new();
    for window in windows {
        if !(SMALLEST..=LARGEST).contains(&window.max_bandwidth) {
            return Err(ApiError::oms(
                "OMS.0084",
                "max_bandwidth must be between 1048576 and 209715200 bytes per second.",
            ));
        }
        match window.minutes() {
            Some((start, end)) if start <= end => spans.push((start, end)),
            Some(_) => {
                return Err(ApiError::oms(
                    "OMS.0087",
                    "A bandwidth limit must not end before it starts; split one that spans midnight.",
                ));
            }
            None => return Err(ApiError::oms("OMS.0087", "Times of bandwidth limits must be hh:mm.")),
        }
    }
    spans.sort_unstable();
    if spans.windows(2).any(|pair| matches!(pair, [first, second] if second.0 <= first.1)) {
        return Err(ApiError::oms("OMS.0085", "The periods of bandwidth limits must not overlap."));
    }
    Ok(())
}

/// Limits the bytes of one job.
#[derive(Debug)]
pub(crate) struct Limiter {
    clock: Clock,
    bucket: Mutex<Bucket>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Bucket {
    /// First minute, last minute, bytes per second.
    windows: Vec<(u32, u32, u64)>,
    /// Below zero when more was taken than there was.
    tokens: f64,
    filled: Duration,
}

impl Limiter {
    /// A limiter for windows that were checked before.
    pub(crate) fn new(clock: Clock, windows: &[Window]) -> Self {
        let bucket = Bucket { windows: Vec::new(), tokens: 0.0, filled: clock.running() };
        let limiter = Self { clock, bucket: Mutex::new(bucket), changed: watch::Sender::new(()) };
        limiter.set(windows);
        limiter
    }

    /// Replaces the windows, also for those who wait now.
    pub(crate) fn set(&self, windows: &[Window]) {
        let rate = |window: &Window| u64::try_from(window.max_bandwidth).ok();
        self.bucket().windows = windows
            .iter()
            .filter_map(|window| {
                window.minutes().zip(rate(window)).map(|((start, end), rate)| (start, end, rate))
            })
            .collect();
        self.changed.send_replace(());
    }

    fn bucket(&self) -> std::sync::MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a limit applies now.
    pub(crate) fn limited(&self) -> bool {
        self.rate(&self.bucket()).is_some()
    }

    fn rate(&self, bucket: &Bucket) -> Option<u64> {
        if bucket.windows.is_empty() {
            return None;
        }
        let now = self.clock.now();
        let minute = u32::from(now.hour()) * 60 + u32::from(now.minute());
        bucket
            .windows
            .iter()
            .find(|(start, end, _)| (*start..=*end).contains(&minute))
            .map(|(_, _, rate)| *rate)
    }

    /// Waits until that many bytes may be moved; `false` if the job was stopped meanwhile.
    pub(crate) async fn take(&self, bytes: u64, stop: &Stop) -> bool {
        let mut changed = self.changed.subscribe();
        loop {
            if stop.asked() {
                return false;
            }
            let Some(pause) = self.try_take(bytes) else { return true };
            tokio::select! {
                () = tokio::time::sleep(pause.min(LOOK)) => {}
                _ = changed.changed() => {}
                () = stop.wait() => return false,
            }
        }
    }

    /// Takes the tokens, or says how long to wait before there are any.
    fn try_take(&self, bytes: u64) -> Option<Duration> {
        let mut bucket = self.bucket();
        let now = self.clock.running();
        let passed = now.saturating_sub(bucket.filled);
        bucket.filled = now;
        let Some(rate) = self.rate(&bucket) else {
            bucket.tokens = 0.0;
            return None;
        };
        let rate = rate as f64;
        bucket.tokens = (bucket.tokens + rate * passed.as_secs_f64()).min(rate * SAVED);
        if bucket.tokens >= 0.0 {
            bucket.tokens -= bytes as f64;
            return None;
        }
        Some(Duration::from_secs_f64(-bucket.tokens / rate) + Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn window(start: &str, end: &str, rate: i64) -> Window {
        Window { start: start.to_owned(), end: end.to_owned(), max_bandwidth: rate }
    }

    #[test]
    fn policies_are_refused_with_the_documented_codes() {
        let code = |windows: &[Window]| check_policy(windows).err().map(|error| error.code);
        let mib = 1 << 20;
        assert_eq!(code(&[]), None);
        assert_eq!(code(&[window("00:00", "11:59", mib), window("12:00", "23:59", 200 * mib)]), None);
        let six: Vec<_> =
            (0..6).map(|hour| window(&format!("0{hour}:00"), &format!("0{hour}:10"), mib)).collect();
        assert_eq!(code(&six).as_deref(), Some("OMS.0083"));
        assert_eq!(code(&[window("00:00", "01:00", mib - 1)]).as_deref(), Some("OMS.0084"));
        assert_eq!(code(&[window("00:00", "01:00", 200 * mib + 1)]).as_deref(), Some("OMS.0084"));
        assert_eq!(
            code(&[window("00:00", "12:00", mib), window("12:00", "13:00", mib)]).as_deref(),
            Some("OMS.0085")
        );
        for (start, end) in [("22:00", "06:00"), ("24:00", "24:10"), ("1:00", "2:00"), ("aa:bb", "10:00")] {
            assert_eq!(code(&[window(start, end, mib)]).as_deref(), Some("OMS.0087"), "{start}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_take_the_time_that_the_rate_gives_them() {
        let clock = Clock::new();
        let rate = 10 << 20;
        let limiter = Limiter::new(clock.clone(), &[window("00:00", "23:59", rate)]);
        let stop = Stop::default();
        for _ in 0..100 {
            assert!(limiter.take(1 << 20, &stop).await);
        }
        // 100 MiB at 10 MiB/s; the last piece is not waited for.
        let took = clock.running().as_secs_f64();
        assert!((9.7..=10.2).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn outside_its_window_nothing_is_limited() {
        let clock = Clock::new();
        let hour = clock.now().hour();
        let other = (hour + 2) % 24;
        let limiter = Limiter::new(
            clock.clone(),
            &[window(&format!("{other:02}:00"), &format!("{other:02}:59"), 1 << 20)],
        );
        assert!(!limiter.limited());
        assert!(limiter.take(1 << 40, &Stop::default()).await);
        assert_eq!(clock.running(), Duration::ZERO);
        while clock.now().hour() != other {
            clock.advance(Duration::from_secs(600));
        }
        assert!(limiter.limited());
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_limit_reaches_those_who_wait() {
        let clock = Clock::new();
        let limiter = Limiter::new(clock.clone(), &[window("00:00", "23:59", 1 << 20)]);
        let stop = Stop::default();
        assert!(limiter.take(3600 << 20, &stop).await);
        let waiting = limiter.take(1, &stop);
        tokio::pin!(waiting);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        limiter.set(&[]);
        assert!(waiting.await);
        assert!(clock.running() < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_waiting() {
        let limiter = Limiter::new(Clock::new(), &[window("00:00", "23:59", 1 << 20)]);
        let stop = Stop::default();
        assert!(limiter.take(3600 << 20, &stop).await);
        stop.ask();
        assert!(!limiter.take(1, &stop).await);
    }
}
