//! Asking work to stop.

use tokio::sync::watch;

/// A request to stop, seen from threads and from futures.
#[derive(Debug)]
pub(crate) struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Asks.
    pub(crate) fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether someone asked.
    pub(crate) fn asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once someone asked.
    pub(crate) async fn wait(&self) {
        // The sender is ours, so this ends only by the value.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
