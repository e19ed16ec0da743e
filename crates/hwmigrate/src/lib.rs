//! Move buckets to Huawei Cloud, unattended: login, token refresh, signing,
//! retries, and waiting for the end.

pub mod catalogue;
pub mod clock;
pub mod fleet;
pub mod iam;
pub mod oms;
pub mod progress;
pub mod secret_ref;
pub mod wait;

mod builder;
mod client;
mod config;
mod config_build;
mod config_credentials;
mod config_endpoint;
mod config_layer;
mod config_tls;
mod credentials;
mod credentials_login;
mod environment;
mod error;
mod error_kind;
mod error_parse;
mod error_scrub;
mod profile;
mod profile_koocli;
mod profile_sdk;
mod raw;
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
pub use environment::Environment;
pub use error::{Error, ErrorKind, JobReport, Result};
pub use hwmigrate_api as api;
pub use hwmigrate_api::{Secret, Service};
pub use raw::{RawCall, RawResponse};
pub use transport_call::Response;
pub use transport_retry::RetryPolicy;
