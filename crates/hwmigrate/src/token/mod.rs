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

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::flight::Flight;
use crate::signing::Keys;

/// Pause after an early renewal that failed.
const EARLY_PAUSE: Duration = Duration::from_secs(60);

/// Pause after an early renewal whose credentials were refused. The token at hand
/// ends first: a try every minute would lock the user before that.
const REFUSED_PAUSE: Duration = Duration::from_secs(40 * 60);

/// How long a refused login is remembered; IAM locks users after a few wrong passwords.
pub(crate) const REFUSAL_MEMORY: Duration = Duration::from_secs(30);

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
    cache: Arc<Cache>,
    flight: Flight<Result<Arc<Issued>, Unissued>>,
}

/// Why a login gave nothing.
#[derive(Clone)]
pub(crate) struct Unissued {
    error: Error,
    /// The time of the caller who began was up: those who joined may have longer.
    late: bool,
}

/// What is known, for the cache and for a login that is under way.
#[derive(Default)]
struct Cache {
    current: RwLock<Option<Arc<Issued>>>,
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    /// A refused login, until it is forgotten.
    refused: Option<(Instant, Error)>,
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
    /// `now` is the server's time; one login at most goes on at a time, until
    /// `deadline`. `patience` bounds a renewal that is not urgent.
    pub(crate) async fn get(
        &self,
        now: OffsetDateTime,
        deadline: Instant,
        patience: Duration,
        login: impl Fn() -> BoxFuture<'static, Result<Issued>>,
    ) -> Result<Arc<Issued>> {
        match self.cache.look(now) {
            State::Good(issued) => Ok(issued),
            State::Due(old) => Ok(self.renew_early(old, now, patience, login).await),
            State::Missing => self.log_in(now, deadline, login).await,
        }
    }

    /// Drops a token that a service refused, unless a newer one is here already.
    pub(crate) fn drop_refused(&self, refused: &Arc<Issued>) {
        let mut current = self.cache.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|issued| Arc::ptr_eq(issued, refused)) {
            *current = None;
        }
    }

    async fn renew_early(
        &self,
        old: Arc<Issued>,
        now: OffsetDateTime,
        patience: Duration,
        login: impl Fn() -> BoxFuture<'static, Result<Issued>>,
    ) -> Arc<Issued> {
        let too_early = self.cache.past().early_not_before.is_some_and(|at| clock::instant() < at);
        if too_early || self.flight.is_on() {
            return old;
        }
        // Set before the login, so that a try that is cut off counts as failed.
        self.cache.past().early_not_before = Some(clock::instant() + EARLY_PAUSE);
        let renewal = self.flight.join(|| {
            let (cache, login) = (Arc::clone(&self.cache), login());
            async move {
                // Another caller may have renewed it between the look and this.
                if let State::Good(renewed) = cache.look(now) {
                    return Ok(renewed);
                }
                match login.await {
                    Ok(issued) => Ok(cache.keep(issued)),
                    Err(error) => {
                        if error.is_auth() && error.status() == Some(401) {
                            cache.past().early_not_before = Some(clock::instant() + REFUSED_PAUSE);
                        }
                        // Whoever needs one now has more patience than this had.
                        Err(Unissued { late: error.kind() == ErrorKind::Timeout, error })
                    }
                }
            }
            .boxed()
        });
        // An identity service that hangs must not fail calls whose token is good.
        let renewed = match tokio::time::timeout(patience, renewal).await {
            Ok((renewed, _)) => renewed.map_err(|unissued| unissued.error),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "no answer in time")),
        };
        renewed.unwrap_or_else(|error| {
            tracing::warn!(error = %error.chain(), "renewing the token early failed; the present one is kept");
            old
        })
    }

    async fn log_in(
        &self,
        now: OffsetDateTime,
        deadline: Instant,
        login: impl Fn() -> BoxFuture<'static, Result<Issued>>,
    ) -> Result<Arc<Issued>> {
        loop {
            let joined = self.flight.join(|| {
                let (cache, login) = (Arc::clone(&self.cache), login());
                async move {
                    if let State::Good(issued) | State::Due(issued) = cache.look(now) {
                        return Ok(issued);
                    }
                    if let Some(error) = cache.refusal() {
                        return Err(Unissued { error, late: false });
                    }
                    match login.await {
                        Ok(issued) => Ok(cache.keep(issued)),
                        Err(error) => {
                            cache.remember(&error);
                            Err(Unissued { error, late: clock::instant() >= deadline })
                        }
                    }
                }
                .boxed()
            });
            match joined.await {
                (Err(Unissued { late: true, .. }), false) => {}
                (outcome, _) => return outcome.map_err(|unissued| unissued.error),
            }
        }
    }
}

impl Cache {
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

    fn keep(&self, issued: Issued) -> Arc<Issued> {
        let issued = Arc::new(issued);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&issued));
        *self.past() = Past::default();
        issued
    }

    /// The refusal of a moment ago, which another try would only repeat.
    fn refusal(&self) -> Option<Error> {
        self.past().refused.as_ref().filter(|(until, _)| clock::instant() < *until).map(|(_, e)| e.clone())
    }

    fn remember(&self, error: &Error) {
        if error.is_auth() && error.status().is_some() {
            self.past().refused = Some((clock::instant() + REFUSAL_MEMORY, error.clone()));
        }
    }

    fn past(&self) -> std::sync::MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
