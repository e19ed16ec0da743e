//! The accept loop, and one task per connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::connection::{Link, Stream};
use super::delivery::Outcome;
use super::gate::Gate;
use crate::error::EmulatorError;

/// How long a stopping server waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(2);

/// A server that runs until it is told to stop.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Takes the address. Anything but loopback is refused: the admin calls need no password.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, EmulatorError> {
    if !address.ip().is_loopback() {
        return Err(EmulatorError::Config(format!(
            "the emulator does not listen on {address}, because anyone who reaches it can command it: \
             use a loopback address such as 127.0.0.1:0"
        )));
    }
    TcpListener::bind(address).await.map_err(|source| EmulatorError::Listen { address, source })
}

impl Server {
    /// Starts serving.
    pub(crate) fn start(listener: TcpListener, gate: Arc<Gate>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(listener, gate, stopped));
        Self { stop: Some(stop), task }
    }

    /// Stops accepting, lets answers that are under way finish, and closes.
    pub(crate) async fn shutdown(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The connections live in the task's set, so they end with it.
        self.task.abort();
    }
}

async fn run(listener: TcpListener, gate: Arc<Gate>, mut stopped: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&gate), graceful.watcher()));
                }
                // Mostly too many open files: let some of them close.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, gate: Arc<Gate>, watcher: hyper_util::server::graceful::Watcher) {
    let _ = stream.set_nodelay(true);
    let link = Arc::new(Link::default());
    let io = TokioIo::new(Stream::new(stream, Arc::clone(&link)));
    let service = {
        let link = Arc::clone(&link);
        service_fn(move |request| {
            let (gate, link) = (Arc::clone(&gate), Arc::clone(&link));
            async move {
                match gate.serve(request).await {
                    Outcome::Answer(response) => Ok::<_, std::convert::Infallible>(response),
                    Outcome::Vanish { reset } => {
                        link.abort(reset);
                        std::future::pending().await
                    }
                }
            }
        })
    };
    let connection = watcher.watch(http1::Builder::new().serve_connection(io, service));
    tokio::select! {
        // An error here is the client's going away, or a fault that worked.
        _ = connection => {}
        () = link.aborted() => {}
    }
}
