//! What a failed attempt means: an error for the caller, and whether to go on.

use std::time::Duration;

use http::HeaderMap;

use crate::catalogue::{self, Retry};
use crate::clock;
use crate::config::Endpoint;
use crate::error::parse::{refusal, request_id};
use crate::error::scrub::Scrub;
use crate::error::{Error, ErrorKind};
use crate::throttle::stated_limit;
use crate::token::Proof;
use crate::transport::operation::Op;
use crate::transport::wire::{Received, Stage, WireFault};
use crate::transport::{Limits, Shared, Used};

/// A signature is refused when the clocks differ by 15 minutes; a smaller
/// difference is not why.
const SKEW_TOLERANCE: time::Duration = time::Duration::seconds(60);

/// One call while it runs.
pub(crate) struct Run {
    pub(crate) op: Op,
    pub(crate) limits: Limits,
    pub(crate) attempts: u32,
    /// What went wrong before the present attempt.
    pub(crate) last: Option<Error>,
    pub(crate) span: tracing::Span,
    throttled: u32,
    replayed: bool,
    clock_corrected: bool,
    /// An attempt ended without a reply that says what the service did.
    unsettled: bool,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Fail,
    Again,
    After(Duration),
}

impl Run {
    pub(crate) fn new(op: Op, limits: Limits, span: tracing::Span) -> Self {
        Self {
            op,
            limits,
            attempts: 0,
            last: None,
            span,
            throttled: 0,
            replayed: false,
            clock_corrected: false,
            unsettled: false,
        }
    }

    /// Notes an answer in the call's span, if anybody listens.
    pub(crate) fn record(&self, status: u16, id: impl FnOnce() -> Option<String>) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("status", status);
        if let Some(id) = id() {
            self.span.record("request_id", id);
        }
    }

    /// Completes an error with what is known about the call.
    pub(crate) fn finish(&self, error: Error) -> Error {
        // A login inside a call keeps its own name and count.
        if error.operation().is_some_and(|operation| operation != self.op.id) {
            return error;
        }
        error
            .with_operation(self.op.id)
            .with_attempts(self.attempts, self.limits.started.elapsed())
            .with_lost_reply_before(self.unsettled)
    }

    /// The call's time is up, while its request had got this far.
    pub(crate) fn past_deadline(&mut self, stage: Stage) -> Error {
        let limit = self.limits.total();
        let words = format!("the call did not end within its limit of {limit:.0?}");
        let mut error = Error::new(ErrorKind::Timeout, words)
            .with_advice("give the call a longer limit, or check the way to the endpoint");
        if let Some(last) = &self.last {
            error = error.with_refusal_of(last).with_source(last.clone());
        }
        match stage {
            Stage::Connecting => error,
            _ => self.unless_settled(error),
        }
    }

    /// A success that does not carry what it should.
    pub(crate) fn undecodable(
        &mut self,
        status: u16,
        headers: &HeaderMap,
        problem: impl Into<String>,
    ) -> Error {
        let error = Error::new(ErrorKind::Decode, problem)
            .with_status(status)
            .with_request_id(request_id(headers))
            .with_advice(
                "something between here and the service may have answered in its place; \
                 check the endpoint and the proxy",
            );
        self.unless_settled(error)
    }

    /// An attempt that ended without an answer.
    pub(crate) fn fault(&mut self, fault: WireFault, endpoint: &Endpoint) -> Error {
        let WireFault { stage, timeout, head, source } = fault;
        let host = &endpoint.origin;
        let error = match (stage, timeout) {
            (Stage::Connecting, true) => Error::new(
                ErrorKind::Timeout,
                format!("no connection to {host} within the limit for connecting"),
            ),
            (Stage::Connecting, false) => {
                let error = Error::new(ErrorKind::Transport, format!("cannot connect to {host}"));
                explain_connection(error, &*source)
            }
            (Stage::TooLarge, _) => Error::new(ErrorKind::Decode, "the answer is too large"),
            (Stage::Sent | Stage::Receiving, true) => Error::new(
                ErrorKind::Timeout,
                format!("{host} did not go on answering within the limit for reading"),
            ),
            (Stage::Sent, false) => Error::new(
                ErrorKind::Transport,
                format!("the connection to {host} broke before an answer came"),
            ),
            (Stage::Receiving, false) => {
                Error::new(ErrorKind::Decode, "the answer ended before it was complete").with_retryable(true)
            }
        };
        let mut error = error.with_source(source);
        if let Some((status, headers)) = head {
            error = error.with_status(status.as_u16()).with_request_id(request_id(&headers));
        }
        match stage {
            Stage::Connecting => error,
            _ => self.unless_settled(error),
        }
    }

    /// For an operation that must not be repeated blindly, every failure that
    /// leaves open what the service did is of the same kind.
    fn unless_settled(&mut self, error: Error) -> Error {
        self.unsettled = true;
        if self.op.idempotent {
            return error;
        }
        ambiguous(format!("the reply was lost ({})", error.message()))
            .with_refusal_of(&error)
            .with_source(error)
    }
}

fn ambiguous(what: String) -> Error {
    Error::new(ErrorKind::Ambiguous, format!("{what}; the service may or may not have acted on the request"))
        .with_advice("look whether it took effect (list and compare) before doing it again")
}

/// The usual reasons why there is no connection, and what to do about them.
fn explain_connection(error: Error, source: &(dyn std::error::Error + Send + Sync + 'static)) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(source);
    while let Some(next) = cause {
        if next.is::<rustls::Error>() {
            return error.with_retryable(false).with_advice(
                "the secure connection was refused; for a private certificate authority set `ca_file`, \
                 for a plain http endpoint write http://",
            );
        }
        // What an I/O error wraps is not its source but itself.
        let wrapped = next.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = wrapped.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| next.source());
    }
    error.with_advice("check the endpoint, the network and the proxy settings")
}

impl Shared {
    /// The error of a refusal; what it says about rate limits is learnt.
    pub(crate) fn refused(
        &self,
        received: Received,
        scrub: &Scrub,
        endpoint: &Endpoint,
        run: &mut Run,
    ) -> Error {
        let Received { status, headers, body, .. } = received;
        let mut error = refusal(status.as_u16(), &headers, &body, scrub);
        run.record(status.as_u16(), || error.request_id().map(str::to_owned));
        tracing::debug!(
            operation = run.op.id,
            attempt = run.attempts,
            status = status.as_u16(),
            code = error.code(),
            request_id = error.request_id(),
            "refused"
        );
        let asked = retry_after(&headers, self.server_now());
        if error.is_throttled() {
            run.throttled += 1;
            let stated = stated_limit(error.message());
            let window = stated.map(|stated| stated.window);
            let pause = match (asked, window) {
                // What was asked for did not help, so what was stated counts.
                (Some(asked), Some(window)) if run.throttled > 1 => asked.max(window),
                (Some(asked), _) => asked.max(run.limits.retry.pause(run.throttled, self.draw())),
                (None, Some(window)) => window,
                // The service's own advice for a 429 without figures: 2 to 5 seconds.
                (None, None) => {
                    Duration::from_secs(2).saturating_add(Duration::from_secs(3).mul_f64(self.draw()))
                }
            };
            error = error.with_retry_after(Some(pause));
            endpoint.limiter.learn(clock::instant(), pause, stated, &error);
        } else {
            error = error.with_retry_after(asked);
        }
        if error.is_auth() && matches!(status.as_u16(), 401 | 403) {
            run.clock_corrected = self.learn_skew(&headers, SKEW_TOLERANCE);
        }
        if error.is_auth() && self.config.asks_for_a_project(run.op.service) {
            let known = error.advice().map(|advice| format!("{advice} ")).unwrap_or_default();
            error = error.with_advice(format!(
                "{known}Where credentials and permissions are good, the endpoint may want the account and \
                 not a project: set `sms_scope` to `domain`."
            ));
        }
        // A gateway in between answers for a service that may be at work, and a service that fails may have done
        // its work before. Only a code that is known for a refusal settles it.
        let gateway = error.code().is_none_or(|code| code.starts_with("APIG"));
        let open = status.is_server_error() && (gateway || error.kind() == ErrorKind::Api);
        if open { run.unless_settled(error) } else { error }
    }

    pub(crate) fn judge(&self, error: &Error, used: &Used<'_>, run: &mut Run) -> Next {
        let policy = run.limits.retry;
        if error.is_auth() {
            return if self.renews(error, used, run) { Next::Again } else { Next::Fail };
        }
        if error.is_throttled() {
            // The limiter knows when; twice the attempts, since waiting was asked for.
            let enough = policy.attempts <= 1 || run.throttled >= policy.attempts.saturating_mul(2);
            let late = error.retry_after().is_some_and(|pause| clock::after(pause) >= run.limits.deadline);
            return if enough || late { Next::Fail } else { Next::Again };
        }
        let unsent = error.status().is_none()
            && matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout)
            && !run.op.idempotent;
        let failed = run.attempts - run.throttled;
        // A used-up quota frees itself in hours, which no single call should wait for.
        let in_hours =
            error.code().and_then(catalogue::find).is_some_and(|entry| entry.retry == Retry::Later);
        if !error.is_retryable() || in_hours || !(run.op.idempotent || unsent) || failed >= policy.attempts {
            return Next::Fail;
        }
        let pause = policy.pause(failed, self.draw());
        Next::After(error.retry_after().map_or(pause, |asked| asked.max(pause)))
    }

    /// Whether the request may succeed with a new token, key or time of day.
    fn renews(&self, error: &Error, used: &Used<'_>, run: &mut Run) -> bool {
        let refused = error.status() == Some(401) || error.code().is_some_and(is_login_code);
        if run.replayed || !refused {
            return false;
        }
        run.replayed = true;
        if run.clock_corrected && matches!(used.proof(), Some(Proof::Keys(_))) {
            return true;
        }
        let Used::Issued(issued) = used else { return false };
        if !self.config.credentials.is_renewable() {
            return false;
        }
        let audience = self.config.audience(run.op.service);
        self.session(audience).tokens.drop_refused(issued);
        true
    }
}

/// Codes that mean a token or key which has ended, whatever the status.
fn is_login_code(code: &str) -> bool {
    let number = code.strip_prefix("APIGW.").or_else(|| code.strip_prefix("APIG."));
    matches!(number, Some("0301" | "0305" | "0307"))
        || matches!(code, "IAM.0001" | "IAM.0066" | "IAM.0067" | "IAM.1105" | "IAM.1108")
}

/// No server means more than a day; a wrong clock must not block an endpoint for good.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap, now: time::OffsetDateTime) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_PAUSE));
    }
    let date = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc2822).ok()?;
    Duration::try_from(date - now).ok().map(|pause| pause.min(LONGEST_PAUSE))
}
