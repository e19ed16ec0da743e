//! Low-level clients of the Huawei Cloud migration services.
//!
//! One async function for each documented operation, and one type for each
//! schema, generated from the OpenAPI documents in `openapi/`. Logging in,
//! retries, pages and waiting are the business of the crate `hwmigrate`; this
//! one builds requests and decodes answers, and leaves the sending to a
//! [`Transport`]. [`PlainTransport`] is one that needs nothing else.
//!
//! - **Responses are lenient.** Every field is optional; null, an empty string
//!   and a missing field mean the same; numbers may come as text; a new word
//!   decodes to `Unknown` and keeps its text. An answer of another JSON type,
//!   or without any documented member, is an error.
//! - **Requests are strict.** Required fields are fields. Limits and defaults
//!   are in the documentation of the fields and in the documents
//!   ([`oms::DOCUMENT`]), not in the types.
//! - **Secrets stay hidden.** A field marked `x-secret` is a [`Secret`]: its
//!   `Debug` and its JSON show a fixed word, except inside a request body.
//! - **Operations are data.** [`operations`] says for each what it takes, what
//!   it returns, and whether repeating it is safe.
//!
//! ```
//! use hwmigrate_api::oms::types::{TaskResp, TaskStatus};
//!
//! let task: TaskResp = serde_json::from_str(r#"{"id": "7", "status": 5, "error_reason": ""}"#)?;
//! assert_eq!(task.id, Some(7));
//! assert_eq!(task.status, Some(TaskStatus::Succeeded));
//! assert_eq!(task.error_reason, None);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Features
//! `iam`, `oms` and `sms`, all on by default, choose the services. No feature
//! chooses a TLS implementation: give [`PlainTransport`] a [`reqwest::Client`]
//! that has one.

#[cfg_attr(
    not(all(feature = "iam", feature = "oms", feature = "sms")),
    allow(dead_code, reason = "no service uses all of it")
)]
mod decode;
mod error;
#[cfg_attr(
    not(all(feature = "iam", feature = "oms", feature = "sms")),
    allow(dead_code, reason = "no service uses all of it")
)]
mod lenient;
mod operation;
mod plain;
mod request;
mod secret;
mod stream;
mod transport;

/// Identity and Access Management, API v3: tokens, projects, temporary access keys.
#[cfg(feature = "iam")]
#[rustfmt::skip]
#[allow(clippy::all, reason = "generated")]
#[path = "generated/iam.rs"]
pub mod iam;

/// Object Storage Migration Service, API v2.
#[cfg(feature = "oms")]
#[rustfmt::skip]
#[allow(clippy::all, reason = "generated")]
#[path = "generated/oms.rs"]
pub mod oms;

/// Server Migration Service, API v3.
#[cfg(feature = "sms")]
#[rustfmt::skip]
#[allow(clippy::all, reason = "generated")]
#[path = "generated/sms.rs"]
pub mod sms;

pub use error::{ErrorDetail, ErrorResp};
pub use operation::{Operation, Parameter, Place, ResponseBody, Service, find_operation, operations};
pub use plain::{InvalidToken, PlainTransport};
pub use progenitor_client::{Error, ResponseValue};
pub use request::Request;
pub use secret::{Exposed, REDACTED, Secret};
pub use stream::{ByteStream, Pieces};
pub use transport::{Answer, Hooks, Sending, Transport};
