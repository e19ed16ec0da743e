//! The one error type.
//!
//! What happened ([`Error::kind`]) and whether trying again may help
//! ([`Error::is_retryable`]) are two questions with two answers. The service
//! answers HTTP 400 for nearly everything, so the kind comes from the server's
//! code before it comes from the status.
//!
//! No text of an error holds a secret: what a server echoes is scrubbed of the
//! call's own keys before it is kept.

pub(crate) mod kind;
pub(crate) mod parse;
pub(crate) mod scrub;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue;
pub use crate::error::kind::ErrorKind;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Longest server message that an error keeps, in characters.
pub(crate) const MESSAGE_LIMIT: usize = 600;

type Source = Arc<dyn StdError + Send + Sync>;

/// Everything that can go wrong.
///
/// ```
/// fn explain(error: &hwmigrate::Error) -> String {
///     if error.is_not_found() {
///         return "there is no such task".to_owned();
///     }
///     match error.advice() {
///         Some(advice) => format!("{error}\nadvice: {advice}"),
///         None => error.to_string(),
///     }
/// }
/// # let _ = explain;
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    attempts: u32,
    elapsed: Option<Duration>,
    retryable: bool,
    /// Set when an attempt before ended without a reply, so that the service may have acted on it.
    follows_lost_reply: bool,
    retry_after: Option<Duration>,
    advice: Option<Cow<'static, str>>,
    job: Option<Box<JobReport>>,
    source: Option<Source>,
}

/// What a failed, stuck or unsettled job looked like at the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobReport {
    /// What it is, such as `task` or `task group`.
    pub resource: String,
    /// Its id.
    pub id: String,
    /// Its last seen state.
    pub state: String,
    /// The service's reason code, such as `TRF.0055`.
    pub reason_code: Option<String>,
    /// The service's reason in words.
    pub reason: Option<String>,
    /// Objects that arrived.
    pub objects_done: u64,
    /// Objects that failed.
    pub objects_failed: u64,
    /// Objects that were skipped.
    pub objects_skipped: u64,
    /// Objects in all, when known.
    pub objects_total: Option<u64>,
    /// Where the service keeps the list of failed objects, when it made one.
    pub failed_list: Option<String>,
    /// The step that failed, for jobs that have steps.
    pub step: Option<String>,
}

impl Error {
    /// An error of that kind with words of its own.
    ///
    /// Credential closures and other extensions use this to say what went
    /// wrong in the library's terms.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            status: None,
            code: None,
            request_id: None,
            attempts: 0,
            elapsed: None,
            follows_lost_reply: false,
            retryable: matches!(kind, ErrorKind::Throttled | ErrorKind::Transport | ErrorKind::Timeout),
            retry_after: None,
            advice: None,
            job: None,
            source: None,
        }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// What went wrong, in one word.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the credentials were refused, have expired or lack a permission.
    pub fn is_auth(&self) -> bool {
        self.0.kind == ErrorKind::Auth
    }

    /// Whether the service asked for fewer requests.
    pub fn is_throttled(&self) -> bool {
        self.0.kind == ErrorKind::Throttled
    }

    /// Whether the named thing does not exist.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Whether the present state of the thing does not allow the operation.
    pub fn is_conflict(&self) -> bool {
        self.0.kind == ErrorKind::Conflict
    }

    /// Whether a time limit passed: the kind is [`ErrorKind::Timeout`], or the
    /// kind is [`ErrorKind::Ambiguous`] and a time limit is why.
    pub fn is_timeout(&self) -> bool {
        let cause = || self.source()?.downcast_ref::<Self>();
        self.0.kind == ErrorKind::Timeout || (self.is_ambiguous() && cause().is_some_and(Self::is_timeout))
    }

    /// Whether the request may or may not have taken effect.
    pub fn is_ambiguous(&self) -> bool {
        self.0.kind == ErrorKind::Ambiguous
    }

    /// Whether the service reports that the job failed.
    pub fn is_job_failed(&self) -> bool {
        self.0.kind == ErrorKind::JobFailed
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// The pause that the server asked for (`Retry-After`, or the window of a throttle).
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The documented id of the operation, such as `CreateTask`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// The HTTP status of the answer, when there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's code, such as `OMS.0077` or `APIGW.0308`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What the server said, or our own words where no server spoke.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id to quote to the service's support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How many requests were sent; 0 when none was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the call took.
    pub fn elapsed(&self) -> Option<Duration> {
        self.0.elapsed
    }

    /// What to do about it, in English.
    ///
    /// The [`catalogue`] has the same in Chinese.
    pub fn advice(&self) -> Option<&str> {
        if let Some(advice) = &self.0.advice {
            return Some(advice);
        }
        self.code().and_then(catalogue::find).map(|entry| entry.advice.en.as_ref())
    }

    /// The job that failed or did not settle, for errors of waits and creates.
    pub fn job(&self) -> Option<&JobReport> {
        self.0.job.as_deref()
    }

    /// The error and all its causes in one text, joined by `: `.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(next) = cause {
            let words = next.to_string();
            // A cause that only repeats what was said helps nobody.
            if !text.ends_with(&words) {
                let _ = write!(text, ": {words}");
            }
            cause = next.source();
        }
        text
    }
}

/// Setters for those who make errors.
impl Error {
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    pub(crate) fn with_request_id(mut self, id: Option<String>) -> Self {
        if id.is_some() {
            self.0.request_id = id;
        }
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32, elapsed: Duration) -> Self {
        self.0.attempts = attempts;
        self.0.elapsed = Some(elapsed);
        self
    }

    pub(crate) fn with_lost_reply_before(mut self, lost: bool) -> Self {
        self.0.follows_lost_reply = lost;
        self
    }

    /// Whether an attempt of the same call may have been carried out before.
    pub(crate) fn follows_lost_reply(&self) -> bool {
        self.0.follows_lost_reply
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    pub(crate) fn with_retry_after(mut self, pause: Option<Duration>) -> Self {
        self.0.retry_after = pause;
        self
    }

    pub(crate) fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    pub(crate) fn with_job(mut self, job: JobReport) -> Self {
        self.0.job = Some(Box::new(job));
        self
    }

    /// Takes over what a server said by way of status, code and request id.
    pub(crate) fn with_refusal_of(mut self, other: &Self) -> Self {
        self.0.status = other.0.status;
        self.0.code.clone_from(&other.0.code);
        self.0.request_id.clone_from(&other.0.request_id);
        self
    }

    /// Sets the cause of an error that has none yet.
    pub(crate) fn with_first_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        if self.0.source.is_some() { self } else { self.with_source(source) }
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(status) = inner.status {
            write!(f, "HTTP {status} ")?;
        }
        if let Some(code) = &inner.code {
            write!(f, "{code} ")?;
        }
        f.write_str(if inner.message.is_empty() { inner.kind.phrase() } else { &inner.message })?;
        let mut notes = String::new();
        if let Some(id) = &inner.request_id {
            let _ = write!(notes, "request {id}");
        }
        if inner.attempts > 1 {
            let separator = if notes.is_empty() { "" } else { ", " };
            let _ = write!(notes, "{separator}{} attempts", inner.attempts);
            if let Some(elapsed) = inner.elapsed {
                let _ = write!(notes, " in {:.1} s", elapsed.as_secs_f64());
            }
        }
        if notes.is_empty() { Ok(()) } else { write!(f, " ({notes})") }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &inner.kind).field("message", &inner.message);
        if let Some(operation) = inner.operation {
            shown.field("operation", &operation);
        }
        if let Some(status) = inner.status {
            shown.field("status", &status);
        }
        if let Some(code) = &inner.code {
            shown.field("code", code);
        }
        if let Some(id) = &inner.request_id {
            shown.field("request_id", id);
        }
        if inner.attempts > 0 {
            shown.field("attempts", &inner.attempts);
        }
        if let Some(job) = &inner.job {
            shown.field("job", job);
        }
        if let Some(source) = &inner.source {
            // Debug of a foreign error may print what Display hides.
            shown.field("source", &source.to_string());
        }
        shown.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
