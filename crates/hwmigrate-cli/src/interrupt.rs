//! Being told to stop: Ctrl-C, or the signal that a service manager sends.
//!
//! A lost terminal is not among them, so that `nohup` keeps its meaning.

use std::io;

/// Waits until someone asks this program to end.
///
/// # Errors
/// The system refused to tell us about signals.
#[cfg(unix)]
pub(crate) async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Waits until someone asks this program to end.
///
/// # Errors
/// The system refused to tell us about signals.
#[cfg(not(unix))]
pub(crate) async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
