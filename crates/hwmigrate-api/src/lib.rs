//! Low-level clients of the Huawei Cloud migration services, generated from
//! the OpenAPI documents in `openapi/`.

mod decode;
mod error;
mod lenient;
mod operation;
mod secret;
mod transport;

/// Identity and Access Management, API v3: tokens, projects, temporary access keys.
#[cfg(feature = "iam")]
#[allow(clippy::all, reason = "generated")]
#[path = "generated/iam.rs"]
pub mod iam;

/// Object Storage Migration Service, API v2.
#[cfg(feature = "oms")]
#[allow(clippy::all, reason = "generated")]
#[path = "generated/oms.rs"]
pub mod oms;

pub use error::ErrorResp;
pub use operation::{Operation, Parameter, Place, ResponseBody, Service, find_operation, operations};
pub use progenitor_client::{Error, ResponseValue};
pub use secret::{Exposed, REDACTED, Secret};
pub use transport::{Hooks, Sending, Transport};
