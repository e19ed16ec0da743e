//! A transport that does nothing clever.

use std::fmt;

use reqwest::header::{HeaderName, HeaderValue};

use crate::{Operation, Secret, Sending, Transport};

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
/// let transport = PlainTransport::new(http.clone()).token(&token)?;
/// let oms = oms::Client::new_with_client(
///     "https://oms.cn-north-4.myhuaweicloud.com",
///     http,
///     Hooks(Arc::new(transport)),
/// );
/// let page = oms.list_tasks("my-project-id", None, Some(100), None, None, None).await?;
/// for task in page.tasks.iter().flatten() {
///     println!("{:?} {:?}", task.id, task.status);
/// }
/// # Ok(()) }
/// # }
/// ```
#[derive(Clone)]
pub struct PlainTransport {
    client: reqwest::Client,
    token: Option<HeaderValue>,
    base_path: String,
}

impl PlainTransport {
    /// Sends through a client, without a token.
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, token: None, base_path: String::new() }
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

    /// Says that the service stands below a path, as given in the base address.
    #[must_use]
    pub fn base_path(mut self, path: &str) -> Self {
        self.base_path = path.trim_end_matches('/').to_owned();
        self
    }
}

impl fmt::Debug for PlainTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainTransport").field("base_path", &self.base_path).finish_non_exhaustive()
    }
}

impl Transport for PlainTransport {
    fn send<'a>(&'a self, mut request: reqwest::Request, operation: &'static Operation) -> Sending<'a> {
        Box::pin(async move {
            if !operation.matches_path(&self.base_path, request.url().path()) {
                return Ok(refusal(operation));
            }
            if let Some(token) = &self.token {
                request.headers_mut().insert(HeaderName::from_static("x-auth-token"), token.clone());
            }
            self.client.execute(request).await
        })
    }
}

/// The answer to a call whose parameters lead to another path: an error as the
/// service would make it, since a transport cannot make errors of its own.
fn refusal(operation: &Operation) -> reqwest::Response {
    let body = serde_json::json!({
        "error_code": "hwmigrate.path",
        "error_msg": format!(
            "not sent: a path parameter of {} is empty, `.` or `..`, which leads to another path",
            operation.id
        ),
    });
    let mut answer = http::Response::new(body.to_string());
    *answer.status_mut() = reqwest::StatusCode::BAD_REQUEST;
    answer.into()
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
