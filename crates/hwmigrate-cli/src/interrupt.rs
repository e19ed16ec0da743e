//! Being told to stop: Ctrl-C, or the signal that a service manager sends.
//!
//! A lost terminal is not among them, so that `nohup` keeps its meaning.
//!
//! A command listens once, before it does what may be interrupted, and keeps
//! its ears to the end: a signal that arrives while nobody listens is lost.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::exit::ExitCode;
use crate::failure::{Failure, Result};

/// How many parts of the program listen.
static LISTENING: AtomicUsize = AtomicUsize::new(0);

/// Whether a command has taken it on itself to end when it is asked to.
pub(crate) fn is_anybody_listening() -> bool {
    LISTENING.load(Ordering::Relaxed) > 0
}

/// Hears every request to stop from the moment it is made.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    counts: bool,
}

impl Interrupts {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refused to tell us about signals.
    pub(crate) fn listen() -> Result<Self> {
        let mut ears = Self::in_background()?;
        ears.counts = true;
        LISTENING.fetch_add(1, Ordering::Relaxed);
        Ok(ears)
    }

    /// Begins to listen for those who only step in where nobody else listens.
    ///
    /// # Errors
    /// As [`listen`](Self::listen).
    pub(crate) fn in_background() -> Result<Self> {
        Self::ears().map_err(|error| {
            Failure::new(ExitCode::Unexpected, "the system tells nothing about signals")
                .cause(error)
                .help("run the command in an ordinary shell")
        })
    }

    #[cfg(unix)]
    fn ears() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, counts: false })
    }

    #[cfg(windows)]
    fn ears() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()?, counts: false })
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

impl Drop for Interrupts {
    fn drop(&mut self) {
        if self.counts {
            LISTENING.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
