//! From the generated clients to the transport and back.
//!
//! A generated function returns the generator's own error type, which has no
//! place for ours. So an error of ours travels inside a made-up answer whose
//! status no server uses, and is taken out again on the other side, whole.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use http::{HeaderMap, StatusCode};
use hwmigrate_api::{Error as GeneratedError, ErrorResp, ResponseValue};
use hwmigrate_api::{Hooks, Pieces, Request, Sending, Service, Transport};

use crate::error::parse::{request_id, truncate};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::judge::Run;
use crate::transport::operation::Op;
use crate::transport::retry::RetryPolicy;
use crate::transport::wire::Rest;
use crate::transport::{Answer, Auth, Limits, Shared};

/// Marks an answer that carries an [`Error`] instead of coming from a server.
const NO_ANSWER: u16 = 999;

/// What a caller may set for one call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallOptions {
    /// Total limit, the login included; the client's `call_timeout` by default.
    pub(crate) timeout: Option<Duration>,
    /// The client's policy by default.
    pub(crate) retry: Option<RetryPolicy>,
}

/// A value with what came along with it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response<T> {
    /// What the service answered.
    pub value: T,
    /// The HTTP status.
    pub status: u16,
    /// The id to quote to the service's support.
    pub request_id: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl<T> Response<T> {
    /// The answer alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The same answer with its value changed.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        let Self { value, status, request_id, headers, body } = self;
        Response { value: change(value), status, request_id, headers, body }
    }

    /// A header of the answer by its name in any case, where its value is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as it came: for members that no document lists yet. It may hold secrets.
    pub fn raw(&self) -> &Bytes {
        &self.body
    }
}

#[cfg(test)]
impl<T> Response<T> {
    /// A made-up answer.
    pub(crate) fn for_tests(value: T, body: impl Into<Bytes>) -> Self {
        Self { value, status: 200, request_id: None, headers: HeaderMap::new(), body: body.into() }
    }
}

/// Headers are not shown: an answer of IAM carries a token in one.
impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, status, request_id, .. } = self;
        f.debug_struct("Response")
            .field("value", value)
            .field("status", status)
            .field("request_id", request_id)
            .finish_non_exhaustive()
    }
}

impl<T> std::ops::Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// One call of the typed surface: a generated client bound to one deadline.
pub(crate) struct Call {
    /// The project for the path; empty where the operation takes none.
    pub(crate) project_id: Arc<str>,
    transport: Arc<CallTransport>,
}

/// The transport of one call; remembers what was seen for errors of decoding.
pub(crate) struct CallTransport {
    shared: Arc<Shared>,
    limits: Limits,
    seen: Mutex<Option<Seen>>,
}

struct Seen {
    op: Op,
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
    body: Bytes,
}

impl Shared {
    /// Begins a call that needs the project id.
    pub(crate) async fn begin(self: &Arc<Self>, options: &CallOptions) -> Result<Call> {
        let limits = self.limits(options.timeout, options.retry);
        let project_id = self.project_id(limits).await?;
        Ok(self.call(limits, project_id))
    }

    /// Begins a call whose path names no project.
    pub(crate) fn begin_without_project(self: &Arc<Self>, options: &CallOptions) -> Call {
        self.call(self.limits(options.timeout, options.retry), Arc::from(""))
    }

    /// A generated client of OMS over that transport.
    #[cfg(feature = "oms")]
    pub(crate) fn oms_client(&self, transport: Arc<dyn Transport>) -> Result<hwmigrate_api::oms::Client> {
        self.config.endpoint(Service::Oms)?;
        Ok(hwmigrate_api::oms::Client::new(Hooks(transport)))
    }

    /// A generated client of SMS over that transport.
    #[cfg(feature = "sms")]
    pub(crate) fn sms_client(&self, transport: Arc<dyn Transport>) -> Result<hwmigrate_api::sms::Client> {
        self.config.endpoint(Service::Sms)?;
        Ok(hwmigrate_api::sms::Client::new(Hooks(transport)))
    }

    /// A generated client of IAM over that transport.
    pub(crate) fn iam_client(&self, transport: Arc<dyn Transport>) -> Result<hwmigrate_api::iam::Client> {
        self.config.endpoint(Service::Iam)?;
        Ok(hwmigrate_api::iam::Client::new(Hooks(transport)))
    }

    fn call(self: &Arc<Self>, limits: Limits, project_id: Arc<str>) -> Call {
        let transport = CallTransport { shared: Arc::clone(self), limits, seen: Mutex::new(None) };
        Call { project_id, transport: Arc::new(transport) }
    }
}

impl Call {
    /// The generated client of OMS for this call.
    #[cfg(feature = "oms")]
    pub(crate) fn oms(&self) -> Result<hwmigrate_api::oms::Client> {
        self.transport.shared.oms_client(Arc::clone(&self.transport) as Arc<dyn Transport>)
    }

    /// The generated client of SMS for this call.
    #[cfg(feature = "sms")]
    pub(crate) fn sms(&self) -> Result<hwmigrate_api::sms::Client> {
        self.transport.shared.sms_client(Arc::clone(&self.transport) as Arc<dyn Transport>)
    }

    /// Turns what a generated function returned into ours.
    pub(crate) fn finish<T, E>(
        self,
        outcome: Result<ResponseValue<T>, GeneratedError<E>>,
    ) -> Result<Response<T>> {
        match outcome {
            Ok(value) => {
                let status = value.status().as_u16();
                let seen = self.transport.seen().take();
                let (headers, body) = seen.map(|seen| (seen.headers, seen.body)).unwrap_or_default();
                let request_id = request_id(&headers);
                Ok(Response { value: value.into_inner(), status, request_id, headers, body })
            }
            Err(GeneratedError::InvalidResponsePayload(_, cause)) => Err(self.transport.undecodable(&cause)),
            Err(other) => Err(Error::from_generated(other)),
        }
    }
}

impl CallTransport {
    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn undecodable(&self, cause: &serde_json::Error) -> Error {
        let seen = self.seen();
        let Some(seen) = &*seen else { return decode_error(cause, true) };
        let mut run = Run::new(seen.op, self.limits, tracing::Span::none());
        run.attempts = seen.attempts;
        let problem = decode_error(cause, seen.op.secret).message().to_owned();
        let error = run.undecodable(seen.status.as_u16(), &seen.headers, problem);
        run.finish(error)
    }
}

/// `secret`: the answer may carry credentials, so nothing of it is quoted.
fn decode_error(cause: &serde_json::Error, secret: bool) -> Error {
    let (line, column) = (cause.line(), cause.column());
    let message = match cause.classify() {
        serde_json::error::Category::Eof => format!("the JSON ends early, at line {line} column {column}"),
        _ if secret => format!("the JSON is not what the operation answers, at line {line} column {column}"),
        _ => truncate(format!("the JSON is not what the operation answers: {cause}"), 300),
    };
    Error::new(ErrorKind::Decode, message)
}

impl Transport for CallTransport {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let answer = self.shared.open(&request, self.limits, Auth::Client).await.map_err(carry)?;
            let Answer { status, headers, body, rest, attempts } = answer;
            let rest = rest.map(|rest| pieces(request.operation(), rest));
            let seen = Seen { op: request.operation(), status, headers, attempts, body: body.clone() };
            *self.seen() = Some(seen);
            // Nobody looks for the headers there: they are in `seen`.
            Ok(hwmigrate_api::Answer { status, headers: HeaderMap::new(), body, rest })
        })
    }
}

/// The transport of a generated client that the user holds: each request is a
/// call of its own.
pub(crate) struct ClientTransport(pub(crate) Arc<Shared>);

impl Transport for ClientTransport {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let limits = self.0.limits(None, None);
            let answer = self.0.open(&request, limits, Auth::Client).await.map_err(carry)?;
            let Answer { status, headers, body, rest, .. } = answer;
            let rest = rest.map(|rest| pieces(request.operation(), rest));
            Ok(hwmigrate_api::Answer { status, headers, body, rest })
        })
    }
}

/// What is left of an answer, with errors of ours inside those of the stream.
fn pieces(op: Op, rest: Rest) -> Pieces {
    Box::pin(try_unfold(rest, move |mut rest| async move {
        let piece = rest.next().await.map_err(|fault| {
            let kind = if fault.timeout { ErrorKind::Timeout } else { ErrorKind::Transport };
            let error = Error::new(kind, "the answer broke off; what arrived is not the whole");
            std::io::Error::other(error.with_operation(op.id).with_source(fault.source))
        })?;
        Ok(piece.map(|piece| (piece, rest)))
    }))
}

/// An error of ours inside one that generated functions can return.
fn carry(error: Error) -> GeneratedError<ErrorResp> {
    let mut response = http::Response::new(reqwest::Body::default());
    *response.status_mut() = StatusCode::from_u16(NO_ANSWER).unwrap_or(StatusCode::MULTIPLE_CHOICES);
    response.extensions_mut().insert(error);
    GeneratedError::UnexpectedResponse(response.into())
}

impl Error {
    /// Takes the error out of what a function of a generated client returned.
    ///
    /// The clients of `Oms::api`, `Sms::api` and
    /// [`Iam::api`](crate::iam::Iam::api) return the generator's own error
    /// type. This gives back ours: kind, code, request id, attempts.
    pub fn from_generated<E>(error: GeneratedError<E>) -> Self {
        match error {
            GeneratedError::UnexpectedResponse(mut response) => {
                let status = response.status().as_u16();
                response.extensions_mut().remove::<Self>().unwrap_or_else(|| {
                    Self::new(ErrorKind::Api, "the answer has an undocumented status").with_status(status)
                })
            }
            GeneratedError::InvalidResponsePayload(_, cause) => decode_error(&cause, true),
            GeneratedError::InvalidRequest(problem) | GeneratedError::Custom(problem) => {
                Self::invalid(problem)
            }
            GeneratedError::ErrorResponse(value) => {
                Self::new(ErrorKind::Api, "the service refused").with_status(value.status().as_u16())
            }
            GeneratedError::CommunicationError(cause)
            | GeneratedError::InvalidUpgrade(cause)
            | GeneratedError::ResponseBodyError(cause) => {
                Self::new(ErrorKind::Transport, "the exchange failed").with_source(cause.without_url())
            }
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("project_id", &self.project_id).finish_non_exhaustive()
    }
}
