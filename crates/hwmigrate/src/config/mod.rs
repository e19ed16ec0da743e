//! The settings of a client, after every source was asked.

pub(crate) mod build;
pub(crate) mod credentials;
pub(crate) mod endpoint;
pub(crate) mod layer;
pub(crate) mod routing;
pub(crate) mod tls;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use hwmigrate_api::Service;

use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::throttle::Limiter;
use crate::transport::peer::Peer;
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
    pub(crate) sms: Option<Endpoint>,
    pub(crate) sms_scope: SmsScope,
    /// The region that stands behind the address of SMS.
    pub(crate) sms_region: Option<String>,
    pub(crate) call_timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

impl Config {
    /// Where a service is.
    pub(crate) fn endpoint(&self, service: Service) -> Result<&Endpoint> {
        let (endpoint, whose) = match service {
            Service::Iam => return Ok(&self.iam),
            Service::Oms => (&self.oms, "of the destination bucket"),
            Service::Sms => (&self.sms, "of the target servers"),
            other => {
                let message = format!("this version has no client for the service {other}");
                return Err(Error::config(message));
            }
        };
        endpoint.as_ref().ok_or_else(|| {
            Error::config(format!("the region is not known, so there is no endpoint for {service}"))
                .with_advice(format!(
                    "set the region {whose} (`region`, HWMIGRATE_REGION or HW_REGION_NAME), or name the \
                     endpoint itself"
                ))
        })
    }

    /// What the calls of a service are about.
    pub(crate) fn audience(&self, service: Service) -> Audience<'_> {
        if service != Service::Sms {
            return Audience::Client;
        }
        if self.sms_scope == SmsScope::Domain {
            return Audience::Account;
        }
        match (&self.sms_region, &self.region) {
            _ if self.project_id.is_some() || self.project_name.is_some() => Audience::Client,
            (Some(serving), own) if Some(serving) != own.as_ref() => Audience::Region(serving),
            _ => Audience::Client,
        }
    }

    /// Whether calls of a service are about a project and might have to be about the account.
    pub(crate) fn asks_for_a_project(&self, service: Service) -> bool {
        service == Service::Sms && self.audience(service) != Audience::Account
    }

    /// The project's name, for looking up its id.
    pub(crate) fn project_name(&self) -> Option<&str> {
        self.project_name.as_deref().or(self.region.as_deref())
    }
}

/// What calls to the Server Migration Service are about: its paths name no
/// project, so the token or signature alone says it.
///
/// The documents disagree. The service's own walk-through uses a token for a
/// project, and so do the official Python and Go SDKs; the Java SDK and
/// Terraform speak for the account. Set it with
/// [`ClientBuilder::sms_scope`](crate::ClientBuilder::sms_scope).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SmsScope {
    /// A project: a token for it, or a signature with `X-Project-Id`. The
    /// default. It is the project set (`project_id`, `project_name`), else the
    /// built-in one of the region whose endpoint serves SMS.
    #[default]
    Project,
    /// The account: a token for it, or a signature with `X-Domain-Id`, whose
    /// value is `domain_id` or else looked up.
    Domain,
}

impl SmsScope {
    /// The word in settings: `project` or `domain`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Domain => "domain",
        }
    }
}

/// Whom a login is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience<'a> {
    /// The client's project where one is known or can be named, else the account.
    Client,
    /// The built-in project of another region.
    Region(&'a str),
    /// The account.
    Account,
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
    /// Host and port, as requests name them.
    pub(crate) authority: Authority,
    pub(crate) peer: Arc<Peer>,
    pub(crate) limiter: Arc<Limiter>,
}

impl Endpoint {
    /// The address of a path and query of the API.
    pub(crate) fn address(&self, target: String) -> Result<Uri> {
        let target = if self.prefix.is_empty() { target } else { format!("{}{target}", self.prefix) };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.peer.secure { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(target)).ok();
        Uri::from_parts(parts).map_err(|_| Error::invalid("the request has no valid address"))
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.base.fmt(f)
    }
}
