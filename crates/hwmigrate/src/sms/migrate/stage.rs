//! Where a migration is.

use tokio::time::Instant;

use crate::error::Error;
use crate::progress::Progress;
use crate::sms::Created;

/// What is to be done next. Each of them is looks, or one request that changes something: a cancel drops
/// the former, and waits for the latter.
pub(super) enum Stage {
    /// To be looked for; if it is to be made, for what it could be mistaken for.
    Begin,
    /// To be created, beside the tasks that were there before; `sent` from when its request may have left.
    Create {
        before: Vec<Created<String>>,
        sent: bool,
    },
    /// Perhaps created: the reply was lost.
    Search {
        before: Vec<Created<String>>,
        lost: Error,
    },
    Prepare,
    /// To be looked at before it is started: again after a refusal, and from `from` on where it is just
    /// being stopped.
    BeforeStart {
        refused: Option<Error>,
        from: Option<Instant>,
    },
    /// To be started: by this look it stands still.
    Start(Box<Progress>),
    /// Followed until it synchronises or is through.
    Follow,
    /// To be looked at before it is cut over; after a refusal amid a copy from then on.
    BeforeCutOver(Option<(Error, Instant)>),
    /// To be cut over, as it stood before; `sent` from when the request may have left.
    CutOver {
        before: Box<Progress>,
        sent: bool,
    },
    /// To be looked at, because the cut-over was refused.
    Refused {
        before: Box<Progress>,
        error: Error,
    },
    /// Followed to the end of the cut-over.
    Launch,
    Over,
}

impl Stage {
    /// Before the start, where nothing has been asked of the task.
    pub(super) const BEFORE_START: Self = Self::BeforeStart { refused: None, from: None };

    /// Whether nothing is changed by what comes next, so that it may be dropped at any moment.
    pub(super) fn only_looks(&self) -> bool {
        match self {
            Self::Begin | Self::Search { .. } | Self::BeforeStart { .. } | Self::Follow => true,
            Self::BeforeCutOver(_) | Self::Refused { .. } | Self::Launch => true,
            Self::Create { .. } | Self::Prepare | Self::Start(_) | Self::CutOver { .. } | Self::Over => false,
        }
    }

    /// Whether a request was dropped that may have left.
    pub(super) fn is_halfway(&self) -> bool {
        matches!(self, Self::Create { sent: true, .. } | Self::CutOver { sent: true, .. })
    }
}
