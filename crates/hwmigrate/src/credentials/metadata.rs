//! Temporary keys from the metadata service of a cloud server.
//!
//! Two requests: a token for the service, which keeps requests that others
//! make in this server's name from reaching it, and the keys. A service that is
//! older than such tokens gives the keys without. Asked afresh at each renewal.

use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, Uri};
use time::OffsetDateTime;

use super::login::read_key;
use crate::config::tls::TlsSettings;
use crate::error::{Error, ErrorKind, Result};
use crate::signing::Keys;
use crate::transport::Limits;
use crate::transport::connect::ProxySettings;
use crate::transport::peer::Peer;
use crate::transport::wire::{HttpSettings, Outgoing, Received, Wire};

const TOKEN: &str = "/meta-data/latest/api/token";
const KEYS: &str = "/openstack/latest/securitykey";

/// The token serves one request.
const TOKEN_SECONDS: &str = "60";

/// The service is on the link: what does not answer soon is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks for the present keys and their end.
pub(crate) async fn ask(base: &str, limits: Limits) -> Result<(Keys, Option<OffsetDateTime>)> {
    let base = base.trim_end_matches('/');
    check(base)?;
    let settings = HttpSettings {
        connect_timeout: PATIENCE,
        read_timeout: PATIENCE,
        // The keys are this server's own, and the address means another one to a proxy.
        proxy: ProxySettings::default(),
        tls: TlsSettings::default(),
    };
    let wire = Wire::new(settings);
    let mut request = outgoing(base, TOKEN, Method::PUT)?;
    request.headers_mut().insert("x-metadata-token-ttl-seconds", HeaderValue::from_static(TOKEN_SECONDS));
    let token = exchange(&wire, request, limits).await?;
    let mut request = outgoing(base, KEYS, Method::GET)?;
    if token.status.is_success() {
        let mut token = HeaderValue::from_bytes(token.body.trim_ascii())
            .map_err(|_| unusable("its token holds characters that a header cannot carry"))?;
        token.set_sensitive(true);
        request.headers_mut().insert("x-metadata-token", token);
    } else if !matches!(token.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
        return Err(refused(token.status));
    }
    let keys = exchange(&wire, request, limits).await?;
    if !keys.status.is_success() {
        return Err(refused(keys.status));
    }
    read_key(&keys.body).ok_or_else(|| unusable("it does not hold a temporary access key"))
}

/// Plain http carries keys here, which is for this machine and its link only.
fn check(base: &str) -> Result<()> {
    if is_near(base) {
        Ok(())
    } else {
        Err(Error::config(
            "the address of the metadata service must be http:// and a loopback or link-local number",
        ))
    }
}

/// Whether an address is of this machine or its link.
pub(crate) fn is_near(base: &str) -> bool {
    let host = base.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http"));
    let host = host.and_then(|uri| uri.host()?.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    match host {
        Some(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Some(IpAddr::V6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        None => false,
    }
}

fn outgoing(base: &str, path: &str, method: Method) -> Result<Outgoing> {
    let address = format!("{base}{path}");
    let mut request = Outgoing::default();
    *request.method_mut() = method;
    *request.uri_mut() =
        address.parse().map_err(|_| Error::config(format!("{address} is not an address")))?;
    Ok(request)
}

async fn exchange(wire: &Wire, request: Outgoing, limits: Limits) -> Result<Received> {
    wire.send(request, &Peer::new(false), limits.deadline, false).await?.map_err(|fault| {
        let kind = if fault.timeout { ErrorKind::Timeout } else { ErrorKind::Transport };
        Error::new(kind, "the metadata service of this server does not answer")
            .with_source(fault.source)
            .with_advice("this kind of credentials works on a cloud server (ECS) of the same account only")
    })
}

fn refused(status: StatusCode) -> Error {
    Error::new(ErrorKind::Auth, "the metadata service gives no keys")
        .with_status(status.as_u16())
        .with_advice("give this server an agency, in the console under its management information")
}

fn unusable(why: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("the answer of the metadata service cannot be used: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_addresses_are_asked() {
        for near in
            ["http://169.254.169.254", "http://127.0.0.1:80", "http://[fe80::a9fe:a9fe]", "http://[::1]:8"]
        {
            assert!(check(near).is_ok(), "{near}");
        }
        for far in
            ["http://10.0.0.1", "https://169.254.169.254", "http://metadata.example", "169.254.169.254", ""]
        {
            assert!(check(far).is_err(), "{far}");
        }
    }
}
