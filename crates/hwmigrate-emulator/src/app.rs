//! What all requests share.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::Authority;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::fault::Faults;
use crate::iam::Iam;
use crate::journal::Journal;
use crate::sms::Sms;
use crate::state::{Receipt, State};

/// The services and what they stand on.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) authority: Arc<Authority>,
    pub(crate) iam: Iam,
    pub(crate) engine: Engine,
    pub(crate) sms: Sms,
    pub(crate) state: Arc<State>,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) check_responses: bool,
    pub(crate) project_id: String,
    pub(crate) region: String,
}

impl App {
    /// Moves the clock forward, for later starts too: what was done at a later time must not lie in their future.
    pub(crate) fn advance_clock(&self, by: Duration) -> Receipt {
        self.clock.advance(by);
        self.state.keep(self.clock.kept())
    }
}
