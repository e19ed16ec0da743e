//! The settings of a client, after every source was asked.

pub(crate) mod build;
pub(crate) mod credentials;
pub(crate) mod endpoint;
pub(crate) mod layer;
pub(crate) mod tls;

use std::sync::Arc;
use std::time::Duration;

use hwmigrate_api::Service;

use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::throttle::Limiter;
use crate::transport::retry::RetryPolicy;

pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Long enough to sit out a rate limit that is counted by the minute.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Settings that do not change any more.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) region: Option<String>,
    /// The name that a missing project id is looked up by; the region's by default.
    pub(crate) project_name: Option<String>,
    pub(crate) project_id: Option<Arc<str>>,
    pub(crate) domain_id: Option<String>,
    pub(crate) credentials: Credentials,
    pub(crate) iam: Endpoint,
    pub(crate) oms: Option<Endpoint>,
    pub(crate) call_timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

impl Config {
    /// Where a service is.
    pub(crate) fn endpoint(&self, service: Service) -> Result<&Endpoint> {
        match service {
            Service::Iam => Ok(&self.iam),
            Service::Oms => self.oms.as_ref().ok_or_else(|| {
                Error::config("the region is not known, so there is no endpoint for oms").with_advice(
                    "set the region of the destination bucket (`region`, HWMIGRATE_REGION or \
                     HW_REGION_NAME), or name the endpoint itself",
                )
            }),
            other => Err(Error::config(format!("this version has no client for the service {other}"))),
        }
    }

    /// The project's name, for looking up its id.
    pub(crate) fn project_name(&self) -> Option<&str> {
        self.project_name.as_deref().or(self.region.as_deref())
    }
}

/// The address of a service.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Without a slash at the end, ready to be put before a path.
    pub(crate) base: String,
    /// Scheme, host and port: for messages, and what a rate limit belongs to.
    pub(crate) origin: String,
    /// The path before the API's own paths; empty nearly always.
    pub(crate) prefix: String,
    pub(crate) secure: bool,
    pub(crate) limiter: Arc<Limiter>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.base.fmt(f)
    }
}
