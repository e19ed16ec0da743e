//! The one place where requests are sent.
//!
//! Authentication, retries, throttling, deadlines and tracing meet here, for
//! the typed surface, the generated client and raw calls alike. What happens
//! to one request is in [`Shared::execute`]; what a failure means for the next
//! attempt is in `judge`.

pub(crate) mod call;
mod check;
pub(crate) mod connect;
pub(crate) mod judge;
pub(crate) mod operation;
pub(crate) mod peer;
pub(crate) mod retry;
#[cfg(test)]
pub(crate) mod script;
pub(crate) mod sign;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, StatusCode, Uri};
use http_body_util::Full;
use hwmigrate_api::{Request, ResponseBody};
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::cancel::between_requests;
use crate::clock::{self, Clock};
use crate::config::{Config, Endpoint};
use crate::error::parse::request_id;
use crate::error::scrub::Scrub;
use crate::error::{Error, ErrorKind, Result};
use crate::token::session::Session;
use crate::token::{Issued, Proof};
use crate::transport::check::{check_body, check_path};
use crate::transport::judge::{Next, Run};
use crate::transport::retry::RetryPolicy;
use crate::transport::wire::{Outgoing, Received, Rest, Stage, Wire, WireFault};

static AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// Accept, User-Agent, X-Auth-Token, Content-Type, Host and Content-Length.
const USUAL_HEADERS: usize = 6;

/// What all handles of one client share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) wire: Wire,
    pub(crate) clock: Arc<dyn Clock>,
    /// The login for the client's project.
    pub(crate) session: Session,
    /// The login for SMS where that needs one of its own.
    pub(crate) sms_session: Session,
    /// Seconds by which the server's clock is ahead of ours.
    skew: AtomicI64,
    rng: Mutex<fastrand::Rng>,
    /// What the waits of all handles saw of the project's jobs.
    pub(crate) boards: crate::board::Boards,
}

/// The time and patience of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    pub(crate) retry: RetryPolicy,
}

impl Limits {
    pub(crate) fn total(&self) -> Duration {
        self.deadline - self.started
    }
}

/// How a request proves who sends it.
#[derive(Clone, Copy)]
pub(crate) enum Auth<'a> {
    /// As the client's credentials say, renewed when refused.
    Client,
    /// With exactly this.
    Proof(&'a Proof),
    /// Not at all: a login.
    None,
}

/// A success whose body is what the operation answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What follows, where the caller reads it.
    pub(crate) rest: Option<Rest>,
    pub(crate) attempts: u32,
}

/// What an attempt used, for judging a refusal and for scrubbing.
pub(crate) enum Used<'a> {
    Issued(Arc<Issued>),
    Proof(&'a Proof),
    Nothing,
}

impl Used<'_> {
    pub(crate) fn proof(&self) -> Option<&Proof> {
        match self {
            Self::Issued(issued) => Some(&issued.proof),
            Self::Proof(proof) => Some(proof),
            Self::Nothing => None,
        }
    }
}

impl Shared {
    pub(crate) fn new(config: Config, wire: Wire, clock: Arc<dyn Clock>, seed: Option<u64>) -> Self {
        let rng = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self {
            config,
            wire,
            clock,
            session: Session::default(),
            sms_session: Session::default(),
            skew: AtomicI64::new(0),
            rng: Mutex::new(rng),
            boards: crate::board::Boards::default(),
        }
    }

    /// The limits of a call that begins now.
    pub(crate) fn limits(&self, total: Option<Duration>, retry: Option<RetryPolicy>) -> Limits {
        let started = clock::instant();
        let total = total.unwrap_or(self.config.call_timeout);
        Limits { started, deadline: clock::after(total), retry: retry.unwrap_or(self.config.retry) }
    }

    /// The time as the server sees it.
    pub(crate) fn server_now(&self) -> OffsetDateTime {
        let skew = time::Duration::seconds(self.skew.load(Ordering::Relaxed));
        self.clock.now().saturating_add(skew)
    }

    /// Learns the server's time from a `Date` header; tells whether we were
    /// wrong by more than `tolerance`.
    pub(crate) fn learn_skew(&self, headers: &HeaderMap, tolerance: time::Duration) -> bool {
        let Some(date) = headers.get(http::header::DATE).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let Ok(date) = OffsetDateTime::parse(date, &time::format_description::well_known::Rfc2822) else {
            return false;
        };
        let wrong = (date - self.server_now()).abs() > tolerance;
        if wrong {
            let skew = (date - self.clock.now()).whole_seconds();
            self.skew.store(skew, Ordering::Relaxed);
            tracing::info!(skew_seconds = skew, "took the server's time over");
        }
        wrong
    }

    /// A number in 0..1 from the client's own source.
    pub(crate) fn draw(&self) -> f64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// Sends a request, as often as its operation and the limits allow, and reads the whole answer.
    pub(crate) async fn execute(
        self: &Arc<Self>,
        request: &Request,
        limits: Limits,
        auth: Auth<'_>,
    ) -> Result<Answer> {
        self.exchange(request, limits, auth, false).await
    }

    /// The same, but where the operation answers with a stream, the caller reads it.
    pub(crate) async fn open(
        self: &Arc<Self>,
        request: &Request,
        limits: Limits,
        auth: Auth<'_>,
    ) -> Result<Answer> {
        let streamed = request.operation().response == ResponseBody::Stream;
        self.exchange(request, limits, auth, streamed).await
    }

    async fn exchange(
        self: &Arc<Self>,
        request: &Request,
        limits: Limits,
        auth: Auth<'_>,
        streamed: bool,
    ) -> Result<Answer> {
        let op = request.operation();
        let span = tracing::debug_span!(
            "call",
            operation = op.id,
            service = op.service.name(),
            status = tracing::field::Empty,
            request_id = tracing::field::Empty,
            attempts = tracing::field::Empty,
        );
        let mut run = Run::new(op, limits, span.clone());
        let outcome = self.attempts(request, auth, streamed, &mut run).instrument(span).await;
        run.span.record("attempts", run.attempts);
        outcome.map_err(|error| run.finish(error))
    }

    /// Every wait in here ends at the deadline. There is no timer around the
    /// whole, because each would cost every call the same again.
    async fn attempts(
        self: &Arc<Self>,
        request: &Request,
        auth: Auth<'_>,
        streamed: bool,
        run: &mut Run,
    ) -> Result<Answer> {
        let (op, deadline) = (run.op, run.limits.deadline);
        let endpoint = self.config.endpoint(op.service)?;
        check_path(op.path, request.path())?;
        let address = endpoint.address(request.target().to_owned())?;
        loop {
            if endpoint.limiter.is_active() {
                self.admit(endpoint, run).await?;
            }
            let mut outgoing = outgoing(request, address.clone());
            let proving = self.prove(&mut outgoing, request, endpoint, auth, run.limits);
            let proving = between_requests(clock::within(Duration::MAX, deadline, proving));
            let Some(used) = proving.await? else {
                return Err(run.past_deadline(Stage::Connecting));
            };
            let used = used?;
            run.attempts += 1;
            let outcome = self.wire.send(outgoing, &endpoint.peer, deadline, streamed).await?;
            if let Err(fault) = outcome.as_ref()
                && fault.timeout
                && clock::instant() >= deadline
            {
                return Err(run.past_deadline(fault.stage));
            }
            let error = match outcome {
                Ok(received) if received.status.is_success() => match accept(received, run) {
                    Ok(answer) => return Ok(answer),
                    Err(error) => error,
                },
                Ok(received) => {
                    let scrub = scrub(&used, request);
                    self.refused(received, &scrub, endpoint, run)
                }
                Err(WireFault { head: Some((status, headers)), source, .. }) if !status.is_success() => {
                    // The head said no; only its words are missing.
                    let received = Received { status, headers, body: Bytes::new(), rest: None };
                    self.refused(received, &Scrub::default(), endpoint, run).with_first_source(source)
                }
                Err(fault) => run.fault(fault, endpoint),
            };
            match self.judge(&error, &used, run) {
                Next::Fail => return Err(error),
                Next::Again => {}
                Next::After(pause) => {
                    if clock::after(pause) >= deadline {
                        return Err(error);
                    }
                    between_requests(clock::sleep(pause)).await?;
                }
            }
            run.last = Some(error);
        }
    }

    /// Puts the proof of who is asking into a request, after a login where one is needed.
    async fn prove<'a>(
        self: &Arc<Self>,
        outgoing: &mut Outgoing,
        request: &Request,
        endpoint: &Endpoint,
        auth: Auth<'a>,
        limits: Limits,
    ) -> Result<Used<'a>> {
        let service = request.operation().service;
        let used = match auth {
            Auth::Client => Used::Issued(self.issued_for(service, limits).await?),
            Auth::Proof(proof) => Used::Proof(proof),
            Auth::None => Used::Nothing,
        };
        match used.proof() {
            Some(Proof::Token(token)) => {
                outgoing.headers_mut().insert(&AUTH_TOKEN, token.clone());
            }
            Some(Proof::Keys(keys)) => {
                let owner = self.owner(service, auth, limits).await?;
                sign::sign(outgoing, request, endpoint, keys, &owner, self.server_now())?;
            }
            None => {}
        }
        Ok(used)
    }

    /// Waits for a place under the endpoint's rate limit.
    async fn admit(&self, endpoint: &Endpoint, run: &Run) -> Result<()> {
        while let Some(wait) = endpoint.limiter.admit(clock::instant()) {
            if clock::after(wait) >= run.limits.deadline {
                let refusal = endpoint.limiter.refusal().unwrap_or_else(|| {
                    Error::new(ErrorKind::Throttled, "the endpoint's rate limit is used up")
                });
                return Err(run.last.clone().unwrap_or(refusal).with_retry_after(Some(wait)));
            }
            tracing::debug!(
                operation = run.op.id,
                wait_ms = wait.as_millis() as u64,
                "held back by the rate limit"
            );
            between_requests(clock::sleep(wait)).await?;
        }
        Ok(())
    }

    pub(crate) fn known_project(&self) -> Option<Arc<str>> {
        self.session.owner.get().or_else(|| self.config.project_id.clone())
    }
}

/// The request as it goes to the service, but for the proof.
fn outgoing(request: &Request, address: Uri) -> Outgoing {
    // Bodies are bytes in memory, and a copy of them is a reference.
    let body = request.body().cloned().unwrap_or_default();
    let mut outgoing = Outgoing::new(Full::new(body));
    *outgoing.method_mut() = Method::from_bytes(request.operation().method.as_bytes()).unwrap_or_default();
    *outgoing.uri_mut() = address;
    let headers = outgoing.headers_mut();
    headers.reserve(USUAL_HEADERS);
    if request.operation().response != ResponseBody::Stream {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(wire::USER_AGENT));
    for (name, value) in request.headers() {
        headers.insert(name, value.clone());
    }
    outgoing
}

/// The secrets that an echo of this request could hold.
fn scrub(used: &Used<'_>, request: &Request) -> Scrub {
    let mut scrub = Scrub::default();
    match used.proof() {
        Some(Proof::Token(token)) => {
            if let Ok(token) = token.to_str() {
                scrub.add(token);
            }
        }
        Some(Proof::Keys(keys)) => {
            scrub.add(keys.secret.expose());
            scrub.add(keys.access.expose());
            if let Some(token) = &keys.security_token {
                scrub.add(token.expose());
            }
        }
        None => {}
    }
    for secret in request.headers().values().filter(|value| value.is_sensitive()) {
        if let Ok(secret) = secret.to_str() {
            scrub.add(secret);
        }
    }
    if let Some(body) = request.body() {
        scrub.add_body(request.operation().service, body);
    }
    scrub
}

fn accept(received: Received, run: &mut Run) -> Result<Answer> {
    let Received { status, headers, body, rest } = received;
    run.record(status.as_u16(), || request_id(&headers));
    tracing::debug!(operation = run.op.id, attempt = run.attempts, status = status.as_u16(), "answered");
    if let Err(problem) = check_body(run.op.response, &body) {
        return Err(run.undecodable(status.as_u16(), &headers, problem));
    }
    Ok(Answer { status, headers, body, rest, attempts: run.attempts })
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}
