//! Keeping to the service's rate limits.
//!
//! Nothing is held back until the service says that it was too much. Then the
//! limit and window are read from the gateway's words (`limit:5,time:1
//! minute`), and everyone who talks to that endpoint from this process shares
//! what was learnt: no more than that many requests in any such window.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;

/// Longer logs are not kept; a larger limit is applied to a part of its window.
const LOG_LIMIT: u32 = 1000;

/// A learnt rule is forgotten when it was not broken for that many windows.
const FORGET_AFTER: u32 = 20;

/// The shared limiter of one endpoint.
#[derive(Default)]
pub(crate) struct Limiter {
    /// False until something was learnt, so that the usual request takes no lock.
    active: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    blocked_until: Option<Instant>,
    rule: Option<Rule>,
    /// When the latest requests under the rule went out, oldest first.
    sent: VecDeque<Instant>,
    refusal: Option<Error>,
}

#[derive(Clone, Copy)]
struct Rule {
    limit: u32,
    window: Duration,
    forget_at: Instant,
}

/// A limit and its window, as the gateway states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) limit: u32,
    pub(crate) window: Duration,
}

impl Limiter {
    /// The limiter of an endpoint, the same for every client of this process.
    pub(crate) fn shared(origin: &str) -> Arc<Self> {
        static ALL: OnceLock<Mutex<HashMap<String, Weak<Limiter>>>> = OnceLock::new();
        let mut all = ALL.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(limiter) = all.get(origin).and_then(Weak::upgrade) {
            return limiter;
        }
        all.retain(|_, limiter| limiter.strong_count() > 0);
        let limiter = Arc::new(Self::default());
        all.insert(origin.to_owned(), Arc::downgrade(&limiter));
        limiter
    }

    /// Whether anything is held back at all; no more than a glance.
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// Takes a place for one request now, or tells how long to wait before asking again.
    pub(crate) fn admit(&self, now: Instant) -> Option<Duration> {
        if !self.is_active() {
            return None;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.blocked_until {
            if now < until {
                return Some(until - now);
            }
            state.blocked_until = None;
        }
        let Some(rule) = state.rule.filter(|rule| now < rule.forget_at) else {
            *state = State::default();
            self.active.store(false, Ordering::Release);
            return None;
        };
        while state.sent.front().is_some_and(|sent| *sent + rule.window <= now) {
            state.sent.pop_front();
        }
        if state.sent.len() >= rule.limit as usize {
            return state.sent.front().map(|sent| *sent + rule.window - now);
        }
        state.sent.push_back(now);
        None
    }

    /// Takes note of a refusal: nobody sends until `pause` is over.
    pub(crate) fn learn(&self, now: Instant, pause: Duration, stated: Option<Stated>, refusal: &Error) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let until = now + pause;
        state.blocked_until = Some(state.blocked_until.map_or(until, |known| known.max(until)));
        if let Some(Stated { limit, window }) = stated {
            let limit = limit.max(1);
            let kept = limit.min(LOG_LIMIT);
            let window = window.mul_f64(f64::from(kept) / f64::from(limit));
            let forget_at = until + window.saturating_mul(FORGET_AFTER);
            state.rule = Some(Rule { limit: kept, window, forget_at });
            if pause >= window {
                // The pause lets every request before it fall out of the window.
                state.sent.clear();
            }
        }
        state.refusal = Some(refusal.clone());
        self.active.store(true, Ordering::Release);
    }

    /// What the service said when it last refused, for calls that cannot wait.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refusal.clone()
    }
}

/// Reads `limit:5,time:1 minute` out of a message such as "The throttling
/// threshold has been reached: policy user over ratelimit,limit:5,time:1 minute".
pub(crate) fn stated_limit(message: &str) -> Option<Stated> {
    let after = |name: &str| {
        let at = message.to_ascii_lowercase().find(name)?;
        Some(message[at + name.len()..].trim_start())
    };
    let limit = leading_number(after("limit:")?)?.0;
    let (count, rest) = leading_number(after("time:")?)?;
    let unit = rest.trim_start().to_ascii_lowercase();
    let seconds = match unit.as_str() {
        unit if unit.starts_with("milli") || unit.starts_with("ms") => return None,
        unit if unit.starts_with('s') => 1,
        unit if unit.starts_with('m') => 60,
        unit if unit.starts_with('h') => 3600,
        unit if unit.starts_with('d') => 86_400,
        _ => return None,
    };
    // No gateway holds anybody back for longer; a garbled figure must not block the endpoint for good.
    let window = Duration::from_secs(u64::from(count).checked_mul(seconds)?.min(86_400));
    (limit > 0 && !window.is_zero()).then_some(Stated { limit, window })
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::error::ErrorKind;

    const MINUTE: Duration = Duration::from_secs(60);

    fn refusal() -> Error {
        Error::new(ErrorKind::Throttled, "slow down").with_code("APIGW.0308")
    }

    fn stated(limit: u32, seconds: u64) -> Option<Stated> {
        Some(Stated { limit, window: Duration::from_secs(seconds) })
    }

    #[test]
    fn the_gateways_words_are_understood() {
        let rows = [
            ("policy user over ratelimit,limit:5,time:1 minute", stated(5, 60)),
            ("… policy api over ratelimit,limit:100,time:1 second", stated(100, 1)),
            ("Limit:20,Time:2 hours", stated(20, 7200)),
            ("limit: 7, time: 30 seconds", stated(7, 30)),
            ("limit:1,time:1 day", stated(1, 86_400)),
            ("limit:1,time:4294967295 day", stated(1, 86_400)),
            ("limit:0,time:1 minute", None),
            ("limit:5,time:0 minute", None),
            ("limit:5,time:1 fortnight", None),
            ("limit:XX,time:1 minute", None),
            ("limit:99999999999,time:1 minute", None),
            ("too many requests", None),
        ];
        for (message, expected) in rows {
            assert_eq!(stated_limit(message), expected, "{message}");
        }
    }

    #[test]
    fn nothing_is_held_back_before_a_refusal() {
        let limiter = Limiter::default();
        let now = Instant::now();
        assert!((0..10_000).all(|_| limiter.admit(now).is_none()));
    }

    #[test]
    fn no_window_ever_holds_more_than_the_limit() {
        let limiter = Limiter::default();
        let start = Instant::now();
        limiter.learn(start, MINUTE, stated(5, 60), &refusal());
        assert_eq!(limiter.admit(start), Some(MINUTE));
        let mut sent = Vec::new();
        let mut now = start;
        while sent.len() < 40 {
            match limiter.admit(now) {
                None => sent.push(now),
                Some(wait) => now += wait,
            }
        }
        assert!(sent[0] >= start + MINUTE);
        assert!(sent.windows(6).all(|six| six[5] - six[0] >= MINUTE));
    }

    #[test]
    fn a_large_limit_is_applied_to_part_of_its_window() {
        let limiter = Limiter::default();
        let start = Instant::now();
        limiter.learn(start, Duration::ZERO, stated(10_000, 60), &refusal());
        assert!((0..1000).all(|_| limiter.admit(start).is_none()));
        assert_eq!(limiter.admit(start), Some(Duration::from_secs(6)));
    }

    #[test]
    fn a_pause_shorter_than_the_window_forgets_no_request() {
        let limiter = Limiter::default();
        let start = Instant::now();
        limiter.learn(start, MINUTE, stated(5, 60), &refusal());
        let begin = start + MINUTE;
        assert!((0..5).all(|_| limiter.admit(begin).is_none()));
        let second = Duration::from_secs(1);
        limiter.learn(begin + second, second, stated(5, 60), &refusal());
        assert_eq!(limiter.admit(begin + second * 2), Some(MINUTE - second * 2));
    }

    #[test]
    fn a_pause_without_a_limit_ends_completely() {
        let limiter = Limiter::default();
        let start = Instant::now();
        limiter.learn(start, Duration::from_secs(3), None, &refusal());
        assert_eq!(limiter.admit(start + Duration::from_secs(1)), Some(Duration::from_secs(2)));
        assert!(limiter.refusal().is_some());
        assert_eq!(limiter.admit(start + Duration::from_secs(3)), None);
        assert!(limiter.refusal().is_none());
    }

    #[test]
    fn a_rule_that_is_kept_is_forgotten_in_time() {
        let limiter = Limiter::default();
        let start = Instant::now();
        limiter.learn(start, MINUTE, stated(1, 60), &refusal());
        let late = start + MINUTE * 30;
        assert!((0..100).all(|_| limiter.admit(late).is_none()));
    }

    #[test]
    fn an_endpoint_has_one_limiter() {
        let one = Limiter::shared("http://one.example");
        assert!(Arc::ptr_eq(&one, &Limiter::shared("http://one.example")));
        assert!(!Arc::ptr_eq(&one, &Limiter::shared("http://two.example")));
    }
}
