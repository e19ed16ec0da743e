//! Whom requests go to, and how many connections that takes.
//!
//! The pool underneath opens a connection for every request that finds none
//! idle, and keeps it even if another becomes free first. A service would see
//! more connections than there ever are requests at once. Here a connection
//! more is only made when fewer are open than requests are under way.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock;

/// How long a request waits for one of enough connections. A count that is wrong, for a connection that is about
/// to end, costs no more than that.
const PATIENCE: Duration = Duration::from_millis(100);

tokio::task_local! {
    /// Whom the request goes to that is being sent. What the pool goes on with after the request has found another
    /// connection runs elsewhere and has none.
    static PEER: Arc<Peer>;
}

/// One service at one address.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    pub(crate) secure: bool,
    /// Requests under way.
    busy: AtomicUsize,
    /// Connections, those that are being made included.
    open: AtomicUsize,
    /// A connection has ended.
    freed: Notify,
}

impl Peer {
    pub(crate) fn new(secure: bool) -> Arc<Self> {
        Arc::new(Self { secure, ..Self::default() })
    }

    /// Counts a request, from here to the end of its answer.
    pub(crate) fn begin(self: &Arc<Self>) -> Visit {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Visit(Arc::clone(self))
    }

    /// A place for one connection more, if there are fewer than requests.
    fn place_if_short(self: &Arc<Self>) -> Option<Place> {
        let busy = self.busy.load(Ordering::Relaxed);
        let more = |open| (open < busy).then_some(open + 1);
        self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place(Arc::clone(self)))
    }

    fn place(self: &Arc<Self>) -> Place {
        self.open.fetch_add(1, Ordering::Relaxed);
        Place(Arc::clone(self))
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(crate) struct Visit(Arc<Peer>);

impl Visit {
    /// Lets the connector know whom the request goes to.
    pub(crate) async fn send<F: Future>(&self, sending: F) -> F::Output {
        PEER.scope(Arc::clone(&self.0), sending).await
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that counts as open.
#[derive(Debug)]
pub(crate) struct Place(Arc<Peer>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.freed.notify_waiters();
    }
}

/// Waits until the request that is being sent needs a connection of its own; `None` once it has another.
pub(crate) async fn place() -> Option<Place> {
    let peer = PEER.try_with(Arc::clone).ok()?;
    let mut until = pin!(clock::sleep(PATIENCE));
    loop {
        let mut freed = pin!(peer.freed.notified());
        // From here on no end of a connection is missed.
        freed.as_mut().enable();
        if let Some(place) = peer.place_if_short() {
            return Some(place);
        }
        let waited = poll_fn(|cx| match PEER.try_with(|_| ()) {
            Err(_) => Poll::Ready(None),
            Ok(()) if until.as_mut().poll(cx).is_ready() => Poll::Ready(Some(true)),
            Ok(()) => freed.as_mut().poll(cx).map(|()| Some(false)),
        });
        match waited.await {
            None => return None,
            Some(true) => return Some(peer.place()),
            Some(false) => {}
        }
    }
}
