//! What the documents say about each operation, as data.

use std::fmt;

/// A service of Huawei Cloud that this crate speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Identity and Access Management, API v3.
    Iam,
    /// Object Storage Migration Service, API v2.
    Oms,
    /// Server Migration Service, API v3.
    Sms,
}

impl Service {
    /// The lower-case name that host names and settings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Oms => "oms",
            Self::Sms => "sms",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One operation of one document.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The documented id, such as `CreateTask`.
    pub id: &'static str,
    /// The name of the generated function, such as `create_task`.
    pub function: &'static str,
    /// The service that offers it.
    pub service: Service,
    /// The HTTP method, in upper case.
    pub method: &'static str,
    /// The path with its parameters in braces, such as `/v2/{project_id}/tasks`.
    pub path: &'static str,
    /// One line on what it does.
    pub summary: &'static str,
    /// The parameters of path, query and header, in the document's order.
    pub parameters: &'static [Parameter],
    /// Whether a body is sent.
    pub body: bool,
    /// What a success carries.
    pub response: ResponseBody,
    /// Sending it twice does the same as sending it once (`x-idempotent`).
    pub idempotent: bool,
    /// Its request or response carries credentials (`x-secret`), so neither may be shown.
    pub secret: bool,
}

/// A parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The name on the wire.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether a call without it is refused.
    pub required: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a segment of the path.
    Path,
    /// Behind the question mark.
    Query,
    /// In a header.
    Header,
}

/// What a success carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseBody {
    /// Nothing that a client may rely on.
    Empty,
    /// A JSON object.
    Object,
    /// A JSON array.
    Array,
    /// Bytes of any kind.
    Stream,
}
