//! What reaches the services once a request has been checked.

use std::collections::BTreeMap;

use hwmigrate_api::Operation;
use serde_json::Value;

use crate::validate::Problem;

/// A request that is authentic and that the document allows.
pub(crate) struct Call {
    /// Which operation.
    pub(crate) operation: &'static Operation,
    /// The id of the caller's account.
    pub(crate) domain: String,
    /// The decoded parameters of the path.
    pub(crate) path: BTreeMap<String, String>,
    /// The decoded parameters of the query.
    pub(crate) query: BTreeMap<String, String>,
    /// The body; `Null` if there is none.
    pub(crate) body: Value,
}

impl Call {
    /// A parameter of the path as text.
    pub(crate) fn name(&self, parameter: &str) -> &str {
        self.path.get(parameter).map(String::as_str).unwrap_or_default()
    }

    /// A parameter of the query as text.
    pub(crate) fn query(&self, parameter: &str) -> Option<&str> {
        self.query.get(parameter).map(String::as_str)
    }

    /// A parameter of the query as a number; the document has checked that it is one.
    pub(crate) fn number<T: std::str::FromStr>(&self, parameter: &str) -> Option<T> {
        self.query(parameter)?.parse().ok()
    }

    /// A member of the body as text; empty if it is not there.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.body.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a member of the body is true.
    pub(crate) fn flag(&self, member: &str) -> bool {
        self.body.get(member).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// What a service says to a call that it carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    /// JSON, or nothing if it is `Null`.
    Json(Value),
    /// A file.
    File(Vec<u8>),
}

/// A request that cannot become a call; each service has its own words and codes for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unusable<'a> {
    /// Values that the document does not allow.
    Values(&'a [Problem]),
    /// There is no body where one is required.
    NoBody,
    /// The body is not JSON.
    NotJson,
    /// The body says that it is something else than JSON.
    OtherType,
    /// The path has other methods than that of the request.
    OtherMethod,
}

/// An answer that says no.
///
/// The message never carries the value of a secret field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Such as `OMS.1009`.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}

impl ApiError {
    /// An error with any status.
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    /// An error of OMS, which answers 400 for nearly everything.
    pub(crate) fn oms(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }
}
