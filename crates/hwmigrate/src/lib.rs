//! Move buckets to Huawei Cloud, unattended: login, token refresh, signing,
//! retries, and waiting for the end.

pub mod catalogue;
pub mod clock;

mod builder;
mod client;
mod config;
mod config_tls;
mod credentials;
mod credentials_login;
mod error;
mod error_kind;
mod error_parse;
mod error_scrub;
mod signing;
mod throttle;
mod token;
mod transport;
mod transport_call;
mod transport_check;
mod transport_http;
mod transport_judge;
mod transport_operation;
mod transport_retry;
mod transport_sign;

pub use builder::ClientBuilder;
pub use client::{Client, Login};
pub use credentials::{Credential, Credentials, Passcode};
pub use error::{Error, ErrorKind, JobReport, Result};
pub use hwmigrate_api as api;
pub use hwmigrate_api::{Secret, Service};
pub use transport_call::Response;
pub use transport_retry::RetryPolicy;
