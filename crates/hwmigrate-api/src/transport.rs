//! Who really sends the requests of the generated clients.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use progenitor_client::Error;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::{ErrorResp, Pieces, Request};

/// An answer, whatever its status.
///
/// Its headers may hold a token, so debug output shows no value of them.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; to its end, unless there is a rest.
    pub body: Bytes,
    /// What follows, where the operation answers with a stream of bytes and says yes.
    pub rest: Option<Pieces>,
}

impl Answer {
    /// The same answer as the HTTP client of the generated errors knows it.
    pub fn into_response(self) -> reqwest::Response {
        let mut response = http::Response::new(reqwest::Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.into()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &self.headers.keys())
            .field("body_bytes", &self.body.len())
            .field("rest", &self.rest.is_some())
            .finish()
    }
}

/// The future that [`Transport::send`] returns.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Answer, Error<ErrorResp>>> + Send + 'a>>;

/// Sends one request of a generated client, as often as it sees fit.
///
/// The generated code says what is asked for and decodes the answer; everything
/// between (where the service is, authentication, retries, limits) is the
/// transport's.
pub trait Transport: Send + Sync {
    /// Sends the request and returns the answer to decode. An answer that says
    /// no is an answer too; errors are for what never became one.
    fn send(&self, request: Request) -> Sending<'_>;
}

/// A shared [`Transport`], as the generated clients hold it.
#[derive(Clone)]
pub struct Hooks(pub Arc<dyn Transport>);

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks")
    }
}
