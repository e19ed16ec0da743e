//! One request, before it has an address.

use std::fmt::{self, Display, Write as _};

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use progenitor_client::{Error, QueryParam};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::{ErrorResp, Exposed, Operation, Parameter};

/// What may stand in a segment of a path as it is; RFC 3986 calls it unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Room for ids and a few query parameters, so that the target is allocated once.
const ROOM: usize = 96;

/// One request of one [`Operation`]: what is asked for, but not yet whom.
///
/// The scheme, the host and who is asking are the business of the
/// [`Transport`](crate::Transport) that sends it. The generated functions make
/// requests; make one yourself to call an operation that is known at run time
/// only.
///
/// ```
/// # #[cfg(feature = "oms")] {
/// let operation = hwmigrate_api::find_operation("ListTasks").unwrap();
/// let request = hwmigrate_api::Request::new(operation, &[&"p1"]).query("limit", &100)?;
/// assert_eq!(request.target(), "/v2/p1/tasks?limit=100");
/// # }
/// # Ok::<(), hwmigrate_api::Error<hwmigrate_api::ErrorResp>>(())
/// ```
#[derive(Clone)]
pub struct Request {
    operation: &'static Operation,
    target: String,
    /// Where the query begins; the length when there is none.
    query_at: usize,
    headers: HeaderMap,
    body: Option<Bytes>,
}

#[allow(clippy::result_large_err, reason = "the error type of the generated functions")]
impl Request {
    /// Begins a request. `path` holds the values of the path's parameters, in
    /// the order in which they stand there; they are encoded here.
    ///
    /// A value that is empty, `.` or `..` would name another resource, and a
    /// missing one none at all. Transports refuse both: see
    /// [`Operation::matches_path`].
    pub fn new(operation: &'static Operation, path: &[&dyn Display]) -> Self {
        let mut target = String::with_capacity(operation.path.len() + ROOM);
        let mut values = path.iter();
        let mut rest = operation.path;
        while let Some((before, parameter)) = rest.split_once('{') {
            target.push_str(before);
            if let Some(value) = values.next() {
                // Writing to a text cannot fail.
                let _ = write!(Segment(&mut target), "{value}");
            }
            rest = parameter.split_once('}').map_or("", |(_, after)| after);
        }
        target.push_str(rest);
        let query_at = target.len();
        Self { operation, target, query_at, headers: HeaderMap::new(), body: None }
    }

    /// Adds a query parameter; one that is `None` adds nothing.
    ///
    /// # Errors
    /// `InvalidRequest` when the value is no scalar and no list of scalars.
    pub fn query<T: Serialize>(mut self, name: &str, value: &T) -> Result<Self, Error<ErrorResp>> {
        let pairs = serde_urlencoded::to_string(QueryParam::new(name, value)).map_err(|_| {
            Error::InvalidRequest(format!("the parameter `{name}` cannot be part of a query"))
        })?;
        if !pairs.is_empty() {
            self.target.push(if self.query_at == self.target.len() { '?' } else { '&' });
            self.target.push_str(&pairs);
        }
        Ok(self)
    }

    /// Sets a header that is a parameter; one that is `None` sets nothing.
    /// Debug output hides those that carry a credential.
    ///
    /// # Errors
    /// `InvalidRequest` when the value holds a character that headers cannot carry.
    pub fn header<'v>(
        mut self,
        name: &'static str,
        value: impl Into<Option<&'v str>>,
    ) -> Result<Self, Error<ErrorResp>> {
        let Some(value) = value.into() else { return Ok(self) };
        let bad = || {
            Error::InvalidRequest(format!("the header `{name}` holds a character that headers cannot carry"))
        };
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        let secret = |parameter: &Parameter| parameter.secret && parameter.name.eq_ignore_ascii_case(name);
        value.set_sensitive(self.operation.parameters.iter().any(secret));
        self.headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
        Ok(self)
    }

    /// Sets the body: a value as JSON, with its secrets readable.
    ///
    /// # Errors
    /// `InvalidRequest` when the value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Result<Self, Error<ErrorResp>> {
        let body = serde_json::to_vec(&Exposed(body))
            .map_err(|_| Error::InvalidRequest("the body cannot be written as JSON".to_owned()))?;
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(body.into());
        Ok(self)
    }

    /// The operation that is asked for.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Path and query, encoded, as they are sent.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        &self.target[..self.query_at]
    }

    /// The query alone, without the question mark; empty when there is none.
    pub fn query_string(&self) -> &str {
        self.target.get(self.query_at + 1..).unwrap_or_default()
    }

    /// The headers that are the operation's own.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, when there is one.
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }
}

/// Bodies hold keys, so only their size is shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation.id)
            .field("target", &self.target)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish()
    }
}

/// Encodes whatever is written into it.
struct Segment<'a>(&'a mut String);

impl fmt::Write for Segment<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, SEGMENT));
        Ok(())
    }
}
