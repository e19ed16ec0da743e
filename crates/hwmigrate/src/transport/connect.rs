//! Connections: to the service itself, to a proxy that forwards, or through
//! one to the service.
//!
//! A plain http request is handed to the proxy whole, with the proxy's password
//! in a header of its own; for https the proxy only opens a way, and what runs
//! through it is between this process and the service.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{HeaderValue, USER_AGENT};
use http::{HeaderMap, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use rustls::ClientConfig;
use tower_service::Service;

use crate::transport::peer::{self, Place};
use crate::transport::wire;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A peer that is gone is noticed within a minute, not after the two hours of TCP's own habit.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const KEEP_ALIVE_TRIES: u32 = 3;

/// Data that is not acknowledged for that long ends a connection.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Which proxies are used; addresses may hold a password and are not shown.
#[derive(Clone, Default)]
pub(crate) struct ProxySettings {
    pub(crate) http: Option<String>,
    pub(crate) https: Option<String>,
    pub(crate) bypass: Option<String>,
}

impl ProxySettings {
    /// What decides about the requests of one scheme, if there is a proxy for it.
    fn matcher(&self, secure: bool) -> Option<Matcher> {
        let address = self.address(secure)?;
        let bypass = self.bypass.as_deref().unwrap_or_default();
        Some(Matcher::builder().all(address).no(bypass).build())
    }

    fn address(&self, secure: bool) -> Option<&str> {
        if secure { self.https.as_deref() } else { self.http.as_deref() }
    }

    /// Whether a way through a proxy may need certificates although the request itself is plain.
    pub(crate) fn is_secure(&self, secure: bool) -> bool {
        self.address(secure).is_some_and(|address| {
            address.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
        })
    }
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

/// Opens connections. Cloned for every request, so one pointer.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Ways>);

struct Ways {
    /// To services; offers HTTP/2.
    direct: HttpsConnector<HttpConnector>,
    /// To proxies, which are spoken to in HTTP/1.
    to_proxy: HttpsConnector<HttpConnector>,
    tls: Arc<ClientConfig>,
    proxies: Option<Matcher>,
    limit: Duration,
}

impl Connector {
    /// For one scheme, each connection within `limit`.
    pub(crate) fn new(secure: bool, tls: ClientConfig, proxies: &ProxySettings, limit: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared among the addresses of a host, so that a dead one does not use it up alone.
        tcp.set_connect_timeout(Some(limit));
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(KEEP_ALIVE_TRIES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let mut tls_to_proxy = tls.clone();
        tls_to_proxy.alpn_protocols.clear();
        let tls = Arc::new(tls);
        Self(Arc::new(Ways {
            direct: HttpsConnector::from((tcp.clone(), Arc::clone(&tls))),
            to_proxy: HttpsConnector::from((tcp, tls_to_proxy)),
            tls,
            proxies: proxies.matcher(secure),
            limit,
        }))
    }

    /// The password for a proxy that gets the request itself: plain http only.
    pub(crate) fn forwarding_password(&self, target: &Uri) -> Option<HeaderValue> {
        let proxies = self.0.proxies.as_ref()?;
        if target.scheme() != Some(&http::uri::Scheme::HTTP) {
            return None;
        }
        let mut password = proxies.intercept(target)?.basic_auth()?.clone();
        password.set_sensitive(true);
        Some(password)
    }
}

impl Ways {
    /// A way to the target, and whether its end is a proxy that wants whole addresses.
    async fn connect(&self, target: Uri) -> Result<(Box<dyn Stream>, bool), Failure> {
        let Some(proxy) = self.proxies.as_ref().and_then(|proxies| proxies.intercept(&target)) else {
            let io = self.direct.clone().call(target).await?;
            return Ok((Box::new(io), false));
        };
        if target.scheme() != Some(&http::uri::Scheme::HTTPS) {
            let io = self.to_proxy.clone().call(proxy.uri().clone()).await?;
            return Ok((Box::new(io), true));
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone())
            .with_headers(HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(wire::USER_AGENT))]));
        if let Some(password) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(password.clone());
        }
        let io = HttpsConnector::from((tunnel, Arc::clone(&self.tls))).call(target).await?;
        Ok((Box::new(io), false))
    }

    /// Says of a failure on the way to `target` which proxy it went through, if any.
    fn name_proxy(&self, target: &Uri, source: Failure) -> Failure {
        match self.proxies.as_ref().and_then(|proxies| proxies.intercept(target)) {
            // Only the place of it: the rest may hold a password.
            Some(proxy) => {
                let (host, port) = (proxy.uri().host().unwrap_or_default(), proxy.uri().port_u16());
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                Box::new(ThroughProxy { proxy: format!("{host}{port}"), source })
            }
            None => source,
        }
    }
}

/// A failure on the way through a proxy.
#[derive(Debug)]
struct ThroughProxy {
    proxy: String,
    source: Failure,
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the way goes through the proxy {}", self.proxy)
    }
}

impl std::error::Error for ThroughProxy {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

impl Service<Uri> for Connector {
    type Response = Link;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Link, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let ways = Arc::clone(&self.0);
        Box::pin(async move {
            // Nobody sees this: the request has found another connection by then.
            let place = peer::place().await.ok_or("not needed any more")?;
            let outcome = tokio::time::timeout(ways.limit, ways.connect(target.clone())).await;
            let outcome = outcome.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
            match outcome {
                Ok((io, forwarded)) => Ok(Link { io, forwarded, _place: place }),
                Err(error) => Err(ways.name_proxy(&target, error)),
            }
        })
    }
}

/// An open connection.
pub(crate) struct Link {
    io: Box<dyn Stream>,
    /// The peer is a proxy, which wants whole addresses.
    forwarded: bool,
    _place: Place,
}

trait Stream: Read + Write + Connection + Send + Unpin {}

impl<T: Read + Write + Connection + Send + Unpin> Stream for T {}

impl Connection for Link {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.forwarded)
    }
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, pieces)
    }
}
