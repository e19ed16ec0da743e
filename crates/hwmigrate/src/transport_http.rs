//! The HTTP client underneath, and one request on the wire.
//!
//! Two inner clients at most: one for https, whose trust store takes
//! milliseconds to read and is therefore read at the first https request, and
//! one for plain http, which never reads it.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use reqwest::redirect::Policy;

use crate::config_tls::TlsSettings;
use crate::error::{Error, Result};

/// Sent with every request; no host name, no id, nothing to track by.
pub(crate) const USER_AGENT: &str = concat!("hwmigrate/", env!("CARGO_PKG_VERSION"));

/// Larger answers are refused; a list page of 100 tasks has about 80 kB.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Tokens of up to 16 kB arrive in a header.
const HEADER_LIST_LIMIT: u32 = 128 * 1024;

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) proxy: ProxySettings,
    pub(crate) tls: TlsSettings,
}

/// Which proxies are used; addresses may hold a password and are not shown.
#[derive(Clone, Default)]
pub(crate) struct ProxySettings {
    pub(crate) http: Option<String>,
    pub(crate) https: Option<String>,
    pub(crate) bypass: Option<String>,
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySettings")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("bypass", &self.bypass)
            .finish()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why nothing usable came back.
#[derive(Debug)]
pub(crate) struct WireFault {
    pub(crate) stage: Stage,
    pub(crate) timeout: bool,
    /// The status, when the head of an answer had arrived.
    pub(crate) head: Option<(StatusCode, HeaderMap)>,
    pub(crate) source: Box<dyn std::error::Error + Send + Sync>,
}

/// How far a request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The request could not even be formed.
    Unsendable,
    /// No connection, so the service never saw the request.
    Connecting,
    /// Sent, at least in part; the service may have acted on it.
    Sent,
    /// The answer began but did not end.
    Receiving,
    /// The answer is larger than any real one.
    TooLarge,
}

/// The thing that sends requests.
pub(crate) struct Wire {
    settings: HttpSettings,
    plain: OnceLock<Result<reqwest::Client>>,
    secure: OnceLock<Result<reqwest::Client>>,
    #[cfg(test)]
    script: Option<Script>,
}

/// Stands in for the network in tests of time and order.
#[cfg(test)]
pub(crate) type Script = std::sync::Arc<
    dyn Fn(reqwest::Request) -> futures_util::future::BoxFuture<'static, Result<Received, WireFault>>
        + Send
        + Sync,
>;

impl Wire {
    pub(crate) fn new(settings: HttpSettings) -> Self {
        Self {
            settings,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            #[cfg(test)]
            script: None,
        }
    }

    #[cfg(test)]
    pub(crate) fn scripted(settings: HttpSettings, script: Script) -> Self {
        Self { script: Some(script), ..Self::new(settings) }
    }

    /// The inner client for a scheme, made at its first use.
    pub(crate) fn client(&self, secure: bool) -> Result<reqwest::Client> {
        let cell = if secure { &self.secure } else { &self.plain };
        cell.get_or_init(|| self.build(secure)).clone()
    }

    fn build(&self, secure: bool) -> Result<reqwest::Client> {
        // A plain request may still go through an https proxy.
        let proxy = &self.settings.proxy;
        let through = if secure { &proxy.https } else { &proxy.http };
        let needs_trust = secure || through.as_deref().is_some_and(|proxy| proxy.starts_with("https:"));
        let tls = if needs_trust { self.settings.tls.load()? } else { TlsSettings::none()? };
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(self.settings.connect_timeout)
            .read_timeout(self.settings.read_timeout)
            .http2_max_header_list_size(HEADER_LIST_LIMIT)
            .tls_backend_preconfigured(tls)
            .no_proxy();
        if let Some(address) = through {
            let bypass = proxy.bypass.as_deref().and_then(reqwest::NoProxy::from_string);
            let proxy = reqwest::Proxy::all(address).map_err(|_| {
                Error::config("the proxy address is not a URL; write it like http://host:8080")
            })?;
            builder = builder.proxy(proxy.no_proxy(bypass));
        }
        builder.build().map_err(|error| {
            Error::config("the HTTP client could not be set up").with_source(error.without_url())
        })
    }

    /// Sends one request once and reads the whole answer.
    pub(crate) async fn send(
        &self,
        request: reqwest::Request,
        secure: bool,
    ) -> Result<Result<Received, WireFault>> {
        #[cfg(test)]
        if let Some(script) = &self.script {
            return Ok(script(request).await);
        }
        let client = self.client(secure)?;
        let response = match client.execute(request).await {
            Ok(response) => response,
            Err(error) => return Ok(Err(unanswered(error))),
        };
        Ok(receive(response).await)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

fn unanswered(error: reqwest::Error) -> WireFault {
    let stage = if error.is_builder() {
        Stage::Unsendable
    } else if error.is_connect() {
        Stage::Connecting
    } else {
        Stage::Sent
    };
    WireFault { stage, timeout: error.is_timeout(), head: None, source: error.without_url().into() }
}

async fn receive(mut response: reqwest::Response) -> Result<Received, WireFault> {
    let status = response.status();
    let announced = response.content_length();
    let fail =
        |stage, timeout, head, source| WireFault { stage, timeout, head: Some((status, head)), source };
    if announced.is_some_and(|length| length > BODY_LIMIT as u64) {
        let headers = std::mem::take(response.headers_mut());
        return Err(fail(Stage::TooLarge, false, headers, too_large()));
    }
    let body = match read_body(&mut response, announced).await {
        Ok(Some(body)) => body,
        Ok(None) => {
            let headers = std::mem::take(response.headers_mut());
            return Err(fail(Stage::TooLarge, false, headers, too_large()));
        }
        Err(error) => {
            let timeout = error.is_timeout();
            let headers = std::mem::take(response.headers_mut());
            return Err(fail(Stage::Receiving, timeout, headers, error.without_url().into()));
        }
    };
    Ok(Received { status, headers: std::mem::take(response.headers_mut()), body })
}

/// Most answers arrive in one piece and are not copied at all. `None`: too large.
async fn read_body(
    response: &mut reqwest::Response,
    announced: Option<u64>,
) -> reqwest::Result<Option<Bytes>> {
    let Some(first) = response.chunk().await? else { return Ok(Some(Bytes::new())) };
    let Some(second) = response.chunk().await? else { return Ok(Some(first)) };
    let expected = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut body = BytesMut::with_capacity(expected.max(first.len() + second.len()));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

fn too_large() -> Box<dyn std::error::Error + Send + Sync> {
    format!("the answer is larger than {} MiB", BODY_LIMIT / 1024 / 1024).into()
}
