//! What all requests share.

use std::sync::Arc;

use crate::auth::Authority;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::fault::Faults;
use crate::iam::Iam;
use crate::journal::Journal;

/// The services and what they stand on.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) authority: Arc<Authority>,
    pub(crate) iam: Iam,
    pub(crate) engine: Engine,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) check_responses: bool,
    pub(crate) project_id: String,
    pub(crate) region: String,
}
