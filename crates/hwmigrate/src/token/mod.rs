//! One login for everyone.
//!
//! The first caller logs in; whoever comes meanwhile waits for that one login
//! and shares its outcome, good or bad: a wrong password tried by a thousand
//! callers would lock the user. A token is renewed before it ends by one
//! caller while the others still use it. If that early try fails, the good
//! token stays and the next try waits a little.

pub(crate) mod session;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::HeaderValue;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::signing::Keys;

/// Pause after an early renewal that failed.
const EARLY_PAUSE: Duration = Duration::from_secs(60);

/// Pause after an early renewal whose credentials were refused. The token at hand
/// ends first: a try every minute would lock the user before that.
const REFUSED_PAUSE: Duration = Duration::from_secs(40 * 60);

/// How long a refused login is remembered; IAM locks users after a few wrong passwords.
const REFUSAL_MEMORY: Duration = Duration::from_secs(30);

/// Longest time that a renewal starts before the end.
const LONGEST_LEAD: time::Duration = time::Duration::minutes(40);

/// What is put into requests.
pub(crate) enum Proof {
    /// For `X-Auth-Token`; marked sensitive.
    Token(HeaderValue),
    /// For signing.
    Keys(Keys),
}

/// What a login gave.
pub(crate) struct Issued {
    pub(crate) proof: Proof,
    pub(crate) expires_at: Option<OffsetDateTime>,
    pub(crate) identity: Identity,
    pub(crate) validity: Option<Validity>,
}

/// From when on a renewal is due, and from when on the old one is useless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    refresh_at: OffsetDateTime,
    unusable_at: OffsetDateTime,
}

/// Whose login it is, as far as IAM said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) project_id: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) user: Option<String>,
}

impl Issued {
    /// `draw` in 0..1 spreads the renewals of many processes.
    pub(crate) fn new(
        proof: Proof,
        expires_at: Option<OffsetDateTime>,
        identity: Identity,
        now: OffsetDateTime,
        draw: f64,
    ) -> Self {
        let validity = expires_at.map(|end| Validity::new(now, end, draw));
        Self { proof, expires_at, identity, validity }
    }
}

impl Validity {
    fn new(now: OffsetDateTime, end: OffsetDateTime, draw: f64) -> Self {
        let lifetime: time::Duration = (end - now).max(time::Duration::ZERO);
        let lead = (lifetime / 5_i32).min(LONGEST_LEAD);
        // The last moments are left out: a request must also arrive in time.
        let margin = (lifetime / 20_i32).min(time::Duration::seconds(15));
        let refresh_at = end - lead + lead * (0.5_f64 * draw.clamp(0.0, 1.0));
        Self { refresh_at, unusable_at: end - margin }
    }
}

/// The token of one client.
#[derive(Default)]
pub(crate) struct TokenCache {
    current: RwLock<Option<Arc<Issued>>>,
    /// Held while somebody logs in.
    flight: tokio::sync::Mutex<()>,
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    /// Counts failed logins, so that those who waited know that theirs failed.
    failures: u64,
    last: Option<Error>,
    refused_until: Option<Instant>,
    early_not_before: Option<Instant>,
}

enum State {
    Missing,
    Due(Arc<Issued>),
    Good(Arc<Issued>),
}

impl TokenCache {
    /// The present token, after a login where one is needed.
    ///
    /// `now` is the server's time; `login` is called by at most one caller at
    /// a time. `patience` bounds a renewal that is not urgent.
    pub(crate) async fn get<'a>(
        &self,
        now: OffsetDateTime,
        patience: Duration,
        login: impl FnOnce() -> BoxFuture<'a, Result<Issued>>,
    ) -> Result<Arc<Issued>> {
        match self.look(now) {
            State::Good(issued) => Ok(issued),
            State::Due(old) => Ok(self.renew_early(old, now, patience, login).await),
            State::Missing => self.log_in(now, login).await,
        }
    }

    /// Drops a token that a service refused, unless a newer one is here already.
    pub(crate) fn drop_refused(&self, refused: &Arc<Issued>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|issued| Arc::ptr_eq(issued, refused)) {
            *current = None;
        }
    }

    fn look(&self, now: OffsetDateTime) -> State {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            None => State::Missing,
            Some(issued) => match issued.validity {
                Some(validity) if now >= validity.unusable_at => State::Missing,
                Some(validity) if now >= validity.refresh_at => State::Due(Arc::clone(issued)),
                _ => State::Good(Arc::clone(issued)),
            },
        }
    }

    async fn renew_early<'a>(
        &self,
        old: Arc<Issued>,
        now: OffsetDateTime,
        patience: Duration,
        login: impl FnOnce() -> BoxFuture<'a, Result<Issued>>,
    ) -> Arc<Issued> {
        let Ok(_flight) = self.flight.try_lock() else { return old };
        // Another caller may have renewed it between the look and the lock.
        if let State::Good(renewed) = self.look(now) {
            return renewed;
        }
        if self.past().early_not_before.is_some_and(|at| clock::instant() < at) {
            return old;
        }
        // Set before the login, so that a try that is cut off counts as failed.
        self.past().early_not_before = Some(clock::instant() + EARLY_PAUSE);
        // An identity service that hangs must not fail calls whose token is good.
        let renewed = tokio::time::timeout(patience, login()).await;
        match renewed.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "no answer in time"))) {
            Ok(issued) => self.keep(issued),
            Err(error) => {
                if error.is_auth() && error.status() == Some(401) {
                    self.past().early_not_before = Some(clock::instant() + REFUSED_PAUSE);
                }
                tracing::warn!(error = %error.chain(), "renewing the token early failed; the present one is kept");
                old
            }
        }
    }

    async fn log_in<'a>(
        &self,
        now: OffsetDateTime,
        login: impl FnOnce() -> BoxFuture<'a, Result<Issued>>,
    ) -> Result<Arc<Issued>> {
        let failures = self.past().failures;
        let _flight = self.flight.lock().await;
        if let State::Good(issued) | State::Due(issued) = self.look(now) {
            return Ok(issued);
        }
        {
            let past = self.past();
            let refused = past.refused_until.is_some_and(|until| clock::instant() < until);
            if let Some(error) = past.last.as_ref().filter(|_| refused || past.failures != failures) {
                return Err(error.clone());
            }
        }
        match login().await {
            Ok(issued) => Ok(self.keep(issued)),
            Err(error) => {
                self.remember(&error);
                Err(error)
            }
        }
    }

    fn keep(&self, issued: Issued) -> Arc<Issued> {
        let issued = Arc::new(issued);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&issued));
        let mut past = self.past();
        past.last = None;
        past.refused_until = None;
        past.early_not_before = None;
        issued
    }

    fn remember(&self, error: &Error) {
        // A time-out is the leader's own: those who waited may have longer deadlines.
        if error.kind() == ErrorKind::Timeout {
            return;
        }
        let mut past = self.past();
        past.failures += 1;
        past.last = Some(error.clone());
        let refused = error.is_auth() && error.status().is_some();
        past.refused_until = refused.then(|| clock::instant() + REFUSAL_MEMORY);
    }

    fn past(&self) -> std::sync::MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
