//! A transport that does nothing clever.

use std::fmt;

use progenitor_client::Error;
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};

use crate::{Answer, Request, ResponseBody, Secret, Sending, Transport};

/// Sends each request once, with a token in its header.
///
/// No retries, no renewal of the token, no limits but those of the
/// [`reqwest::Client`]: enough to use this crate alone. Build that client
/// without redirects (`redirect::Policy::none()`), because a redirect would
/// carry the token to another host.
///
/// ```no_run
/// # #[cfg(feature = "oms")] {
/// use std::sync::Arc;
/// use hwmigrate_api::{Hooks, PlainTransport, Secret, oms};
///
/// # async fn demo(http: reqwest::Client, token: Secret) -> Result<(), Box<dyn std::error::Error>> {
/// let transport = PlainTransport::new("https://oms.cn-north-4.myhuaweicloud.com", http).token(&token)?;
/// let oms = oms::Client::new(Hooks(Arc::new(transport)));
/// let page = oms.list_tasks("my-project-id", None, Some(100), None, None, None).await?;
/// for task in page.tasks.iter().flatten() {
///     println!("{:?} {:?}", task.id, task.status);
/// }
/// # Ok(()) }
/// # }
/// ```
#[derive(Clone)]
pub struct PlainTransport {
    base: String,
    client: reqwest::Client,
    token: Option<HeaderValue>,
}

impl PlainTransport {
    /// Sends through a client, without a token.
    ///
    /// `base_url` is scheme and host of the service, with a path if it stands below one.
    pub fn new(base_url: &str, client: reqwest::Client) -> Self {
        Self { base: base_url.trim_end_matches('/').to_owned(), client, token: None }
    }

    /// Puts a token into the header `X-Auth-Token` of every request.
    ///
    /// # Errors
    /// When the token holds a character that headers cannot carry.
    pub fn token(mut self, token: &Secret) -> Result<Self, InvalidToken> {
        let mut value = HeaderValue::from_str(token.expose()).map_err(|_| InvalidToken(()))?;
        value.set_sensitive(true);
        self.token = Some(value);
        Ok(self)
    }

    async fn exchange(&self, request: Request) -> reqwest::Result<Answer> {
        let address = format!("{}{}", self.base, request.target());
        let method = Method::from_bytes(request.operation().method.as_bytes()).unwrap_or_default();
        let mut outgoing = self.client.request(method, address).headers(request.headers().clone());
        if request.operation().response != ResponseBody::Stream {
            outgoing = outgoing.header(ACCEPT, HeaderValue::from_static("application/json"));
        }
        if let Some(token) = &self.token {
            outgoing = outgoing.header(HeaderName::from_static("x-auth-token"), token.clone());
        }
        if let Some(body) = request.body() {
            outgoing = outgoing.body(body.clone());
        }
        let mut response = outgoing.send().await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(Answer { status, headers, body: response.bytes().await?, rest: None })
    }
}

impl fmt::Debug for PlainTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainTransport").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Transport for PlainTransport {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            if !request.operation().matches_path("", request.path()) {
                return Err(Error::InvalidRequest(format!(
                    "not sent: a path parameter of {} is missing, empty, `.` or `..`, which leads to another path",
                    request.operation().id
                )));
            }
            self.exchange(request).await.map_err(Error::CommunicationError)
        })
    }
}

/// The token holds a character that headers cannot carry.
#[derive(Debug)]
pub struct InvalidToken(());

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the token holds a character that HTTP headers cannot carry, such as a line break; trim it",
        )
    }
}

impl std::error::Error for InvalidToken {}
