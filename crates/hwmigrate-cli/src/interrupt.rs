//! Being told to stop: Ctrl-C, or the signal that a service manager sends.
//!
//! A lost terminal is not among them, so that `nohup` keeps its meaning.
//!
//! A command listens once, before it does what may be interrupted, and keeps
//! its ears to the end: a signal that arrives while nobody listens is lost.

use crate::exit::ExitCode;
use crate::failure::{Failure, Result};

/// Hears every request to stop from the moment it is made.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Interrupts {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refused to tell us about signals.
    pub(crate) fn listen() -> Result<Self> {
        Self::ears().map_err(|error| {
            Failure::new(ExitCode::Unexpected, "the system tells nothing about signals")
                .cause(error)
                .help("run the command in an ordinary shell")
        })
    }

    #[cfg(unix)]
    fn ears() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(windows)]
    fn ears() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits until someone asks this program to end. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}
