//! The HTTP client underneath, and one request on the wire.
//!
//! Two inner clients at most: one for https, whose trust store takes
//! milliseconds to read and is therefore read at the first https request, and
//! one for plain http, which never reads it.

use std::fmt;
use std::future::Future as _;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use reqwest::redirect::Policy;

use crate::config::tls::TlsSettings;
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
        keep_memory();
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(self.settings.connect_timeout)
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
        let limit = self.settings.read_timeout;
        // Connecting has a limit of its own, after which nothing was sent.
        let head = limit.saturating_add(self.settings.connect_timeout);
        let response = match tokio::time::timeout(head, client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Ok(Err(unanswered(error))),
            Err(_) => return Ok(Err(silent(head, None))),
        };
        Ok(receive(response, limit).await)
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

/// Nothing came for too long, before the head of an answer or after it.
fn silent(limit: Duration, head: Option<(StatusCode, HeaderMap)>) -> WireFault {
    let stage = if head.is_some() { Stage::Receiving } else { Stage::Sent };
    WireFault { stage, timeout: true, head, source: format!("nothing came for {limit:.0?}").into() }
}

async fn receive(mut response: reqwest::Response, limit: Duration) -> Result<Received, WireFault> {
    let body = read_body(&mut response, limit).await;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let fail =
        |stage, timeout, source| WireFault { stage, timeout, head: Some((status, headers.clone())), source };
    match body {
        Ok(body) => Ok(Received { status, headers, body }),
        Err(Unread::TooLarge) => {
            let words = format!("the answer is larger than {} MiB", BODY_LIMIT / 1024 / 1024);
            Err(fail(Stage::TooLarge, false, words.into()))
        }
        Err(Unread::Silent) => Err(silent(limit, Some((status, headers)))),
        Err(Unread::Broken(error)) => {
            Err(fail(Stage::Receiving, error.is_timeout(), error.without_url().into()))
        }
    }
}

enum Unread {
    TooLarge,
    Silent,
    Broken(reqwest::Error),
}

/// Most answers arrive in one piece and are not copied at all.
async fn read_body(response: &mut reqwest::Response, limit: Duration) -> Result<Bytes, Unread> {
    let announced = response.content_length();
    if announced.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(Unread::TooLarge);
    }
    let Some(first) = next_chunk(response, limit).await? else { return Ok(Bytes::new()) };
    let Some(second) = next_chunk(response, limit).await? else { return Ok(first) };
    let expected = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut body = BytesMut::with_capacity(expected.max(first.len() + second.len()));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = next_chunk(response, limit).await? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

async fn next_chunk(response: &mut reqwest::Response, limit: Duration) -> Result<Option<Bytes>, Unread> {
    let mut chunk = std::pin::pin!(response.chunk());
    // Most chunks are there already; a limit is set up only for those that are not.
    if let Poll::Ready(read) = std::future::poll_fn(|cx| Poll::Ready(chunk.as_mut().poll(cx))).await {
        return read.map_err(Unread::Broken);
    }
    match tokio::time::timeout(limit, chunk).await {
        Ok(read) => read.map_err(Unread::Broken),
        Err(_) => Err(Unread::Silent),
    }
}

/// glibc gives memory at the top of its heap back to the kernel when 128 KiB
/// are free, and decoding a list page needs somewhat more: every page would
/// cost a few dozen page faults. Its limits follow the largest block that was
/// ever freed, so one that is never touched raises them for good.
fn keep_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(1024 * 1024)));
}
