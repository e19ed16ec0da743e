//! The HTTP client underneath, and one request on the wire.
//!
//! Two inner clients at most: one for https, whose trust store takes
//! milliseconds to read and is therefore read at the first https request, and
//! one for plain http, which never reads it.
//!
//! There is nothing between a request and its connection that would follow a
//! redirect or repeat a request that has left: all of that is decided above.
//! One that no byte was sent of, because its connection had closed, takes another.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use crate::clock;
use crate::config::tls::TlsSettings;
use crate::error::Result;
use crate::transport::connect::{Connector, ProxySettings};
use crate::transport::peer::{Peer, Visit};

/// Sent with every request; no host name, no id, nothing to track by.
pub(crate) const USER_AGENT: &str = concat!("hwmigrate/", env!("CARGO_PKG_VERSION"));

/// Larger answers are refused; a list page of 100 tasks has about 80 kB.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Tokens of up to 16 kB arrive in a header.
const HEADER_LIST_LIMIT: u32 = 128 * 1024;

/// A connection that nobody used for that long is closed.
const IDLE: Duration = Duration::from_secs(90);

/// A request with address and proof, ready to be sent.
pub(crate) type Outgoing = http::Request<Full<Bytes>>;

type Client = legacy::Client<Connector, Full<Bytes>>;

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) proxy: ProxySettings,
    pub(crate) tls: TlsSettings,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What was left unread, where that was asked for.
    pub(crate) rest: Option<Rest>,
}

/// The body of a success that is read by the caller, within the limits of the call.
pub(crate) struct Rest {
    body: Incoming,
    limit: Duration,
    deadline: Instant,
    _visit: Visit,
}

impl Rest {
    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, WireFault> {
        let piece = next_chunk(&mut self.body, self.limit, self.deadline).await;
        piece.map_err(|unread| unread.fault(self.limit, None))
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
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
    plain: OnceLock<Result<Inner>>,
    secure: OnceLock<Result<Inner>>,
    #[cfg(test)]
    script: Option<Script>,
}

/// The client of one scheme.
#[derive(Clone)]
struct Inner {
    client: Client,
    connector: Connector,
}

/// Stands in for the network in tests of time and order.
#[cfg(test)]
pub(crate) type Script = std::sync::Arc<
    dyn Fn(Outgoing) -> futures_util::future::BoxFuture<'static, Result<Received, WireFault>> + Send + Sync,
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
    fn inner(&self, secure: bool) -> Result<&Inner> {
        let cell = if secure { &self.secure } else { &self.plain };
        cell.get_or_init(|| self.build(secure)).as_ref().map_err(Clone::clone)
    }

    fn build(&self, secure: bool) -> Result<Inner> {
        let HttpSettings { connect_timeout, proxy, tls, .. } = &self.settings;
        let needs_trust = secure || proxy.is_secure(secure);
        let tls = if needs_trust { tls.load()? } else { TlsSettings::none()? };
        let connector = Connector::new(secure, tls, proxy, *connect_timeout);
        let client = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http2_max_header_list_size(HEADER_LIST_LIMIT)
            .build(connector.clone());
        Ok(Inner { client, connector })
    }

    /// Sends one request once and reads the whole answer, all before `deadline`.
    /// Of a success the body is left to the caller if it is to be `streamed`.
    pub(crate) async fn send(
        &self,
        mut request: Outgoing,
        peer: &Arc<Peer>,
        deadline: Instant,
        streamed: bool,
    ) -> Result<Result<Received, WireFault>> {
        let read = self.settings.read_timeout;
        // Connecting has a limit of its own, after which nothing was sent.
        let head = read.saturating_add(self.settings.connect_timeout);
        #[cfg(test)]
        if let Some(script) = &self.script {
            return Ok(match tokio::time::timeout_at(deadline, script(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(silent(head)),
            });
        }
        let inner = self.inner(peer.secure)?;
        if let Some(password) = inner.connector.forwarding_password(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, password);
        }
        // What has a connection may have left; what waits for one has not. Nobody asks of a look.
        let connection = (request.method() != Method::GET).then(|| capture_connection(&mut request));
        let waits = || connection.is_some_and(|connection| connection.connection_metadata().is_none());
        let until = clock::after(head).min(deadline);
        let visit = peer.begin();
        let sending = visit.send(inner.client.request(request));
        Ok(match tokio::time::timeout_at(until, sending).await {
            Ok(Ok(response)) if streamed && response.status().is_success() => {
                let (head, body) = response.into_parts();
                let rest = Some(Rest { body, limit: read, deadline, _visit: visit });
                Ok(Received { status: head.status, headers: head.headers, body: Bytes::new(), rest })
            }
            Ok(Ok(response)) => receive(response, read, deadline).await,
            Ok(Err(error)) => Err(unanswered(error)),
            Err(_) if waits() => Err(WireFault { stage: Stage::Connecting, ..silent(head) }),
            Err(_) => Err(silent(head)),
        })
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

fn unanswered(error: legacy::Error) -> WireFault {
    let stage = if error.is_connect() { Stage::Connecting } else { Stage::Sent };
    WireFault { stage, timeout: is_timeout(&error), head: None, source: error.into() }
}

fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    let timed_out = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    std::iter::successors(Some(error), |error| error.source())
        .any(|error| error.downcast_ref::<std::io::Error>().is_some_and(timed_out))
}

/// Nothing came for too long.
fn silent(limit: Duration) -> WireFault {
    let source = format!("nothing came for {limit:.0?}").into();
    WireFault { stage: Stage::Sent, timeout: true, head: None, source }
}

async fn receive(
    response: http::Response<Incoming>,
    limit: Duration,
    deadline: Instant,
) -> Result<Received, WireFault> {
    let (head, mut body) = response.into_parts();
    let read = read_body(&mut body, limit, deadline).await;
    let (status, headers) = (head.status, head.headers);
    match read {
        Ok(body) => Ok(Received { status, headers, body, rest: None }),
        Err(unread) => Err(unread.fault(limit, Some((status, headers)))),
    }
}

enum Unread {
    TooLarge,
    Silent,
    Broken(hyper::Error),
}

impl Unread {
    fn fault(self, limit: Duration, head: Option<(StatusCode, HeaderMap)>) -> WireFault {
        let stage = if matches!(self, Self::TooLarge) { Stage::TooLarge } else { Stage::Receiving };
        match self {
            Self::Silent => WireFault { stage, head, ..silent(limit) },
            Self::TooLarge => {
                let words = format!("the answer is larger than {} MiB", BODY_LIMIT / 1024 / 1024);
                WireFault { stage, timeout: false, head, source: words.into() }
            }
            Self::Broken(error) => {
                WireFault { stage, timeout: is_timeout(&error), head, source: error.into() }
            }
        }
    }
}

/// Most answers arrive in one piece and are not copied at all.
async fn read_body(body: &mut Incoming, limit: Duration, deadline: Instant) -> Result<Bytes, Unread> {
    let announced = body.size_hint().exact();
    if announced.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(Unread::TooLarge);
    }
    let Some(first) = next_chunk(body, limit, deadline).await? else { return Ok(Bytes::new()) };
    let Some(second) = next_chunk(body, limit, deadline).await? else { return Ok(first) };
    let expected = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut whole = BytesMut::with_capacity(expected.max(first.len() + second.len()));
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&second);
    while let Some(chunk) = next_chunk(body, limit, deadline).await? {
        if whole.len() + chunk.len() > BODY_LIMIT {
            return Err(Unread::TooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// The next piece of the body, skipping what is none; `None` at its end.
async fn next_chunk(
    body: &mut Incoming,
    limit: Duration,
    deadline: Instant,
) -> Result<Option<Bytes>, Unread> {
    while !body.is_end_stream() {
        // Most pieces are there already.
        let frame = clock::within(limit, deadline, body.frame()).await.ok_or(Unread::Silent)?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(Unread::Broken(error)),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
    Ok(None)
}
