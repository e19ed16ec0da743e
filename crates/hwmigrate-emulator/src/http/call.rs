//! What reaches the services once a request has been checked.

use std::collections::BTreeMap;

use hwmigrate_api::Operation;
use serde_json::Value;

/// A request that is authentic and that the document allows.
pub(crate) struct Call {
    /// Which operation.
    pub(crate) operation: &'static Operation,
    /// The decoded parameters of the path.
    pub(crate) path: BTreeMap<String, String>,
    /// The decoded parameters of the query.
    pub(crate) query: BTreeMap<String, String>,
    /// The body; `Null` if there is none.
    pub(crate) body: Value,
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
