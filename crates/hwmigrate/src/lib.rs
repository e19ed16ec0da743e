//! Move buckets and servers to Huawei Cloud, unattended: login, token refresh,
//! signing, retries, and waiting for the end.
//!
//! ```no_run
//! use std::time::Duration;
//! use hwmigrate::wait::Outcome;
//! use hwmigrate::{Client, Credentials, Secret};
//!
//! # async fn demo() -> hwmigrate::Result<()> {
//! let client = Client::builder()
//!     .region("cn-north-4")
//!     .credentials(Credentials::password("my-account", "migrator", Secret::from("…")))
//!     .build()?;
//! let waiter = client.oms().tasks().wait(17).deadline(Duration::from_secs(6 * 3600));
//! if let Outcome::Done(progress) = waiter.wait().await? {
//!     println!("{} objects arrived", progress.objects.done);
//! }
//! # Ok(()) }
//! ```
//!
//! # Where to go
//! - [`Client`] is the door; [`ClientBuilder`] lists every setting and where
//!   it may come from, [`Credentials`] every way to log in.
//! - [`oms`] moves objects, [`sms`] moves servers; [`wait`] follows a job,
//!   [`fleet`] many at once.
//! - [`iam`] lists projects and makes temporary keys.
//! - [`Client::operation`] calls any documented operation by its id, and the
//!   generated clients of [`api`] have a function for each.
//! - [`Error`] says what happened and whether to try again; [`catalogue`] what
//!   the services' codes mean, in English and Chinese.
//!
//! # What every call does
//! It logs in if need be, once for all callers, and renews the token before
//! its end. It repeats a request only where that is safe: a create is sent once,
//! and if its reply is lost the error is [`ErrorKind::Ambiguous`]. It keeps to
//! the rate limits that the gateway states. It ends at its deadline
//! ([`ClientBuilder::call_timeout`]), and when its future is dropped. It never
//! follows a redirect, since that would carry the credentials along.
//!
//! Logs go to `tracing`: operation, attempt, status, request id; never a body,
//! a header or a secret.
//!
//! # Features
//! `oms` and `sms`, both on by default, choose the services.

#![cfg_attr(
    not(all(feature = "oms", feature = "sms")),
    allow(dead_code, unused_imports, reason = "each service uses its own part of what they share")
)]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "a test holds its own clock"))]

pub mod catalogue;
pub mod clock;
pub mod fleet;
pub mod iam;
#[cfg(feature = "oms")]
pub mod oms;
pub mod progress;
pub mod secret_ref;
#[cfg(feature = "sms")]
pub mod sms;
pub mod wait;

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

mod board;
mod builder;
mod cancel;
mod client;
mod config;
mod credentials;
mod environment;
mod error;
mod flight;
mod jobs;
mod profile;
mod raw;
mod signing;
mod throttle;
mod token;
mod transport;

pub use builder::ClientBuilder;
pub use client::{Client, Login};
pub use config::SmsScope;
pub use credentials::{Credential, Credentials, Passcode};
pub use environment::Environment;
pub use error::{Error, ErrorKind, JobReport, Result};
pub use hwmigrate_api as api;
pub use hwmigrate_api::{Secret, Service};
pub use raw::{RawBytes, RawCall, RawResponse};
pub use transport::call::Response;
pub use transport::retry::RetryPolicy;
