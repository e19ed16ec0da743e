//! The client that a command works with.

use std::future::Future;
use std::time::Duration;

use hwmigrate::{Client, Credentials, Service};

use crate::args::{Connection, Global};
use crate::attended::attended;
use crate::duration::Span;
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::secret::SecretRef;

/// The client for these arguments; what they leave open, the environment and the profile say.
pub(crate) fn connect(global: &Global) -> Result<Client> {
    build(global, None, global.time_left())
}

/// A client to wait with: the limit is that of the wait, not of a single call. The region of
/// the destination decides where the service is if nothing else does.
pub(crate) fn connect_to_wait(global: &Global, region: Option<&str>) -> Result<Client> {
    build(global, region, None)
}

fn build(global: &Global, region: Option<&str>, call_limit: Option<Duration>) -> Result<Client> {
    let connection = &global.connection;
    let mut builder = Client::builder();
    if let Some(region) = connection.region.as_deref().or(region) {
        builder = builder.region(region);
    }
    if let Some(project) = &connection.project_id {
        builder = builder.project_id(project);
    }
    if let Some(profile) = &connection.profile {
        builder = builder.profile(profile);
    }
    if let Some(path) = &connection.profile_file {
        builder = builder.profile_file(path);
    }
    for (service, url) in endpoints(connection)? {
        builder = builder.endpoint(service, &url);
    }
    if connection.allow_plain_http {
        builder = builder.allow_plain_http(true);
    }
    if let Some(proxy) = &connection.proxy {
        builder = builder.proxy(proxy_address(proxy)?);
    }
    if let Some(path) = &connection.ca_file {
        builder = builder.ca_file(path);
    }
    if let Some(credentials) = credentials(connection)? {
        builder = builder.credentials(credentials);
    }
    if connection.auth_metadata {
        builder = builder.metadata(true);
    }
    if let Some(limit) = call_limit {
        builder = builder.call_timeout(limit);
    }
    // A profile may name places of secrets, too.
    Ok(attended("the secrets of the profile", move || builder.build())??)
}

impl Connection {
    /// Refuses, together with an emulator inside the command, what would lead out of this machine:
    /// the arguments of `foreign` that are given, and those that say where to connect and as whom.
    pub(crate) fn refuse_with_emulator(
        &self,
        foreign: impl IntoIterator<Item = (&'static str, bool)>,
    ) -> Result<()> {
        let own = [
            ("--endpoint", !self.endpoint.is_empty()),
            ("--iam-endpoint", self.iam_endpoint.is_some()),
            ("--oms-endpoint", self.oms_endpoint.is_some()),
            ("--sms-endpoint", self.sms_endpoint.is_some()),
            ("--proxy", self.proxy.is_some()),
            ("--profile", self.profile.is_some()),
            ("--profile-file", self.profile_file.is_some()),
            ("--auth-user", self.auth_user.is_some()),
            ("--auth-token", self.auth_token.is_some()),
            ("--auth-access-key", self.auth_access_key.is_some()),
            ("--auth-metadata", self.auth_metadata),
        ];
        match foreign.into_iter().chain(own).find(|(_, given)| *given) {
            Some((flag, _)) => Err(Failure::usage(format!("{flag} and --emulator contradict each other"))
                .help(format!("leave one of them out: with --emulator nothing outside this machine is used, and {flag} points outside"))),
            None => Ok(()),
        }
    }
}

fn endpoints(connection: &Connection) -> Result<Vec<(Service, String)>> {
    let mut endpoints: Vec<(Service, String)> = Vec::new();
    let by_name = connection.endpoint.iter().map(|(name, url)| (name.as_str(), url));
    let by_flag = [
        ("iam", &connection.iam_endpoint),
        ("oms", &connection.oms_endpoint),
        ("sms", &connection.sms_endpoint),
    ];
    let by_flag = by_flag.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?)));
    for (name, url) in by_name.chain(by_flag) {
        let service = match name {
            "iam" => Service::Iam,
            "oms" => Service::Oms,
            _ => Service::Sms,
        };
        if let Some((_, other)) = endpoints.iter().find(|(known, _)| *known == service)
            && other != url
        {
            return Err(
                Failure::usage(format!("two addresses are given for {name}")).help("leave one of them out")
            );
        }
        endpoints.push((service, url.clone()));
    }
    Ok(endpoints)
}

/// The address of a proxy, which may hold a password and then is a reference.
fn proxy_address(proxy: &str) -> Result<String> {
    match SecretRef::from(proxy) {
        SecretRef::Literal if !proxy.contains('@') => Ok(proxy.to_owned()),
        reference => Ok(reference.resolve("--proxy")?.expose().to_owned()),
    }
}

fn credentials(connection: &Connection) -> Result<Option<Credentials>> {
    let resolve =
        |secret: &Option<SecretRef>, flag: &str| secret.as_ref().map(|one| one.resolve(flag)).transpose();
    if let Some(token) = resolve(&connection.auth_token, "--auth-token")? {
        return Ok(Some(Credentials::token(token, None)));
    }
    if let (Some(user), Some(domain)) = (&connection.auth_user, &connection.auth_domain)
        && let Some(password) = resolve(&connection.auth_password, "--auth-password")?
    {
        return Ok(Some(Credentials::password(domain, user, password)));
    }
    let key = resolve(&connection.auth_access_key, "--auth-access-key")?;
    let secret = resolve(&connection.auth_secret_key, "--auth-secret-key")?;
    let (Some(key), Some(secret)) = (key, secret) else { return Ok(None) };
    Ok(Some(match resolve(&connection.auth_security_token, "--auth-security-token")? {
        Some(token) => Credentials::temporary(key, secret, token),
        None => Credentials::access_key(key, secret),
    }))
}

/// How much longer than a single call a command may take: the client's own limit is the same, and
/// knows whether anything was sent.
const GRACE: Duration = Duration::from_millis(500);

/// Gives a command the time that `--timeout` allows.
pub(crate) async fn in_time<T, E: Into<Failure>>(
    global: &Global,
    call: impl Future<Output = std::result::Result<T, E>>,
) -> Result<T> {
    limited(global, call).await.unwrap_or_else(|limit| {
        Err(Failure::new(ExitCode::Timeout, format!("no answer within {limit}"))
            .help("allow more with --timeout, or check the network; a job that was accepted goes on"))
    })
}

/// The same for a command that must not be done twice: cut off, it may have been done.
pub(crate) async fn done_in_time<T, E: Into<Failure>>(
    global: &Global,
    call: impl Future<Output = std::result::Result<T, E>>,
) -> Result<T> {
    limited(global, call).await.unwrap_or_else(|limit| {
        let what = format!("no answer within {limit}: it may or may not have been done");
        Err(Failure::new(ExitCode::Ambiguous, what)
            .help("look what has come of it before doing it again, and allow more with --timeout"))
    })
}

/// Reads once more, and again, what could not be read: a page that a gateway sent in place of the
/// answer. Calls themselves repeat only what did not come whole.
pub(crate) async fn read_again<T, F>(look: impl Fn() -> F) -> hwmigrate::Result<T>
where
    F: Future<Output = hwmigrate::Result<T>>,
{
    for pause in [Duration::from_millis(500), Duration::from_secs(2)] {
        match look().await {
            Err(error) if error.kind() == hwmigrate::ErrorKind::Decode => tokio::time::sleep(pause).await,
            outcome => return outcome,
        }
    }
    look().await
}

/// What the call gave, or the limit when that passed first.
async fn limited<T, E: Into<Failure>>(
    global: &Global,
    call: impl Future<Output = std::result::Result<T, E>>,
) -> std::result::Result<Result<T>, Span> {
    let (Some(limit), Some(left)) = (global.timeout, global.time_left()) else {
        return Ok(call.await.map_err(Into::into));
    };
    match tokio::time::timeout(left.saturating_add(GRACE), call).await {
        Ok(done) => Ok(done.map_err(Into::into)),
        Err(_) => Err(limit),
    }
}
