//! Configuring a client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hwmigrate_api::Service;

use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::config::SmsScope;
use crate::config::build::{self, Given};
use crate::config::layer::{Item, Layer};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::profile::{self, Choice};
use crate::transport::Shared;
use crate::transport::retry::RetryPolicy;
use crate::transport::wire::Wire;

/// Settings of a client to be.
///
#[doc = include_str!("../docs/settings.md")]
#[derive(Debug, Default)]
#[must_use = "a builder does nothing before `build`"]
pub struct ClientBuilder {
    argument: Layer,
    credentials: Option<Credentials>,
    retry: Option<RetryPolicy>,
    profile: Choice,
    environment: Option<Environment>,
    clock: Option<Arc<dyn Clock>>,
    seed: Option<u64>,
    problem: Option<Error>,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn set(mut self, key: Item, value: &str) -> Self {
        self.argument.argument(key, value);
        self
    }

    /// The region, such as `cn-north-4`: that of the destination bucket. Any
    /// region id works, also one that is newer than this library.
    pub fn region(self, region: impl AsRef<str>) -> Self {
        self.set(Item::Region, region.as_ref())
    }

    /// The project that calls go to; looked up by the region's name when not set.
    pub fn project_id(self, id: impl AsRef<str>) -> Self {
        self.set(Item::ProjectId, id.as_ref())
    }

    /// The name by which a missing project id is looked up, where it is not
    /// the region's: the name of a sub-project.
    pub fn project_name(self, name: impl AsRef<str>) -> Self {
        self.set(Item::ProjectName, name.as_ref())
    }

    /// The account's id, for account-wide calls that are signed.
    pub fn domain_id(self, id: impl AsRef<str>) -> Self {
        self.set(Item::DomainId, id.as_ref())
    }

    /// Who the client is.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Whether the client logs in with the keys of the agency of the cloud
    /// server (ECS) that it runs on, as [`Credentials::metadata`] does; off
    /// unless set. Unlike credentials that are given it is a setting, so
    /// `false` overrules environment and profile.
    pub fn metadata(self, use_it: bool) -> Self {
        self.set(Item::Metadata, if use_it { "true" } else { "false" })
    }

    /// The address of a service in place of the region's own.
    pub fn endpoint(mut self, service: Service, address: impl AsRef<str>) -> Self {
        match service {
            Service::Iam => self.set(Item::IamEndpoint, address.as_ref()),
            Service::Oms => self.set(Item::OmsEndpoint, address.as_ref()),
            Service::Sms => self.set(Item::SmsEndpoint, address.as_ref()),
            other => {
                let message =
                    format!("this version has no client for the service {other}, so it takes no endpoint");
                self.problem.get_or_insert(Error::config(message));
                self
            }
        }
    }

    /// What calls to SMS are about: the project, which is the default, or the
    /// account. The service does not say which it wants; set
    /// [`SmsScope::Domain`] when it refuses credentials that have the
    /// permission. The client never changes the scope by itself: a refusal
    /// looks the same when a permission is missing.
    pub fn sms_scope(self, scope: SmsScope) -> Self {
        self.set(Item::SmsScope, scope.as_str())
    }

    /// A profile of our own profile file.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile.name = Some(name.into());
        self
    }

    /// The profile file, in place of `~/.config/hwmigrate/config.toml`.
    pub fn profile_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.profile.file = Some(path.into());
        self
    }

    /// The environment to read, in place of the process's.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Allows plain http to hosts other than this machine, where anybody on
    /// the way can read the credentials. Plain http to loopback is always allowed.
    pub fn allow_plain_http(self, allow: bool) -> Self {
        self.set(Item::AllowPlainHttp, if allow { "true" } else { "false" })
    }

    /// A proxy for all requests, such as `http://user:password@host:8080`, in
    /// place of the variables `https_proxy` and the like.
    pub fn proxy(self, address: impl AsRef<str>) -> Self {
        self.set(Item::Proxy, address.as_ref())
    }

    /// Hosts that are reached without the proxy, separated by commas; as in `NO_PROXY`.
    pub fn no_proxy(self, hosts: impl AsRef<str>) -> Self {
        self.set(Item::NoProxy, hosts.as_ref())
    }

    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub fn ca_file(self, path: impl AsRef<Path>) -> Self {
        self.set_path(Item::CaFile, path.as_ref())
    }

    /// PEM files with the certificate and the key that identify this client.
    pub fn client_certificate(self, certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.set_path(Item::ClientCertificate, certificate.as_ref()).set_path(Item::ClientKey, key.as_ref())
    }

    fn set_path(mut self, key: Item, path: &Path) -> Self {
        match path.to_str() {
            Some(text) => self.set(key, text),
            None => {
                let message = format!("the argument `{}` is not UTF-8: {}", key.name(), path.display());
                self.problem.get_or_insert(Error::config(message));
                self
            }
        }
    }

    /// Longest time for making a connection; 10 seconds by default.
    pub fn connect_timeout(self, limit: Duration) -> Self {
        self.set_duration(Item::ConnectTimeout, limit)
    }

    /// Longest silence of a service that is answering; 60 seconds by default.
    pub fn read_timeout(self, limit: Duration) -> Self {
        self.set_duration(Item::ReadTimeout, limit)
    }

    /// Longest time for one call with its login, pauses and repetitions; 2
    /// minutes by default.
    pub fn call_timeout(self, limit: Duration) -> Self {
        self.set_duration(Item::CallTimeout, limit)
    }

    fn set_duration(self, key: Item, limit: Duration) -> Self {
        self.set(key, &format!("{}ms", limit.as_millis()))
    }

    /// When failed requests are sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Where the time of day comes from; the machine's clock by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes all random choices, such as the length of pauses, repeatable.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Makes the client. Reads environment, profile and certificate files;
    /// contacts nobody.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for settings that are
    /// missing, malformed, or contradict each other. The message names the
    /// setting and where it came from.
    pub fn build(self) -> Result<Client> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let environment = self.environment.unwrap_or_else(Environment::process);
        let profile = profile::load(&self.profile, &environment)?;
        let given = Given { credentials: self.credentials, retry: self.retry };
        let (config, http) = build::build(given, &self.argument, &environment, &profile)?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        Ok(Client { shared: Arc::new(Shared::new(config, Wire::new(http), clock, self.seed)) })
    }
}
