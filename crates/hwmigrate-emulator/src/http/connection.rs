//! Connections that can end badly.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// How a handler ends the connection that its request came on.
#[derive(Debug, Default)]
pub(super) struct Link {
    reset: AtomicBool,
    aborted: Notify,
}

impl Link {
    /// Ends the connection now, by a reset or by closing it.
    pub(super) fn abort(&self, reset: bool) {
        self.reset.store(reset, Ordering::Release);
        self.aborted.notify_one();
    }

    /// Returns once the connection is to end.
    pub(super) async fn aborted(&self) {
        self.aborted.notified().await;
    }
}

/// A stream that resets its connection when it is dropped, if its link says so.
pub(super) struct Stream {
    inner: TcpStream,
    link: Arc<Link>,
}

impl Stream {
    pub(super) fn new(inner: TcpStream, link: Arc<Link>) -> Self {
        Self { inner, link }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.link.reset.load(Ordering::Acquire) {
            // Closing a socket that must not linger sends a reset. If it cannot be
            // set, the peer sees an ordinary close, which is a loss too.
            let _ = self.inner.set_zero_linger();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
