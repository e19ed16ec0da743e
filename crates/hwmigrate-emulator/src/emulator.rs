//! A running emulator.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::builder::Builder;
use crate::error::EmulatorError;
use crate::fault::Faults;
use crate::http::server::Server;
use crate::iam::directory::{Directory, party};
use crate::journal::Entry;

/// A running emulator. Dropping it stops it.
pub struct Emulator {
    url: String,
    app: Arc<App>,
    server: Server,
    directory: Directory,
    /// Removed with everything in it when the emulator is gone.
    _state: Option<tempfile::TempDir>,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The server's task, which holds the services too, ends only when the runtime comes to it. The
        // state has to be free now: the next thing may be another start in the same folder.
        self.app.engine.kill();
    }
}

impl Emulator {
    /// Sets one up.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        url: String,
        app: Arc<App>,
        server: Server,
        directory: Directory,
        state: Option<tempfile::TempDir>,
    ) -> Self {
        Self { url, app, server, directory, _state: state }
    }

    /// Where it is reached: the endpoint of every service.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The id of the main project.
    pub fn project_id(&self) -> &str {
        &self.app.project_id
    }

    /// The name of the region that it plays.
    pub fn region(&self) -> &str {
        &self.app.region
    }

    /// The id of a user, which logging in with a passcode asks for.
    pub fn user_id(&self, account: &str, name: &str) -> Option<&str> {
        self.directory.user(account, name).map(|user| user.party.id.as_str())
    }

    /// The id of an account.
    pub fn account_id(&self, account: &str) -> String {
        party("account", account).id
    }

    /// Makes it misbehave.
    pub fn faults(&self) -> Faults {
        self.app.faults.clone()
    }

    /// What it was asked so far, oldest first, without the secrets.
    pub fn journal(&self) -> Vec<Entry> {
        self.app.journal.entries()
    }

    /// Forgets what it was asked so far.
    pub fn clear_journal(&self) {
        self.app.journal.clear();
    }

    /// Moves its clock forward: tokens expire, lock-outs end, windows open, simulated migrations go on.
    ///
    /// With a state folder the clock is ahead after a restart too.
    pub fn advance_clock(&self, by: Duration) {
        // Written before anything that is done at the later time.
        drop(self.app.advance_clock(by));
    }

    /// Ends all tokens and temporary access keys.
    ///
    /// # Errors
    /// When this cannot be stored, so that they would be good again after a restart.
    pub fn expire_tokens(&self) -> Result<(), EmulatorError> {
        self.app.authority.seal.revoke_all()
    }

    /// Stops it: answers that are under way get a moment to finish, jobs are stored.
    pub async fn shutdown(mut self) {
        self.server.shutdown().await;
        self.app.engine.shutdown().await;
    }
}
