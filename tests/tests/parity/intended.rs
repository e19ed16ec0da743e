//! The differences that are meant to be, each with its reason.
//!
//! One that is not listed fails the test, and so does one that is listed and
//! no longer found.

use crate::compare::Difference;

/// What one side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Nothing.
    Nothing,
    /// Something, whatever it is.
    Something,
    /// Exactly this.
    This(&'static str),
}

/// A difference that is meant to be.
#[derive(Debug)]
pub(crate) struct Intended {
    /// The operation, such as `oms.CreateTask`; `*` for all.
    pub(crate) operation: &'static str,
    /// Where, as [`Difference::place`] says it.
    pub(crate) place: &'static str,
    /// What we send.
    pub(crate) ours: Side,
    /// What the vendor's client sends.
    pub(crate) theirs: Side,
    /// Only in requests without a body.
    pub(crate) bodiless: bool,
    /// Why it is well so.
    pub(crate) reason: &'static str,
}

/// All of them.
pub(crate) const INTENDED: &[Intended] = &[
    Intended {
        operation: "*",
        place: "header accept",
        ours: Side::This("application/json"),
        theirs: Side::This("*/*"),
        bodiless: false,
        reason: "we say what we can read",
    },
    Intended {
        operation: "sms.ExportConsistencyResults",
        place: "header accept",
        ours: Side::Nothing,
        theirs: Side::This("*/*"),
        bodiless: false,
        reason: "the answer is a file of any kind, which is what a missing header means",
    },
    Intended {
        operation: "*",
        place: "header accept-encoding",
        ours: Side::Nothing,
        theirs: Side::This("gzip, deflate"),
        bodiless: false,
        reason: "we have no decoder for compressed answers, so we ask for none",
    },
    Intended {
        operation: "*",
        place: "header connection",
        ours: Side::Nothing,
        theirs: Side::This("keep-alive"),
        bodiless: false,
        reason: "HTTP/1.1 keeps connections open without being asked",
    },
    Intended {
        operation: "*",
        place: "header content-type",
        ours: Side::Nothing,
        theirs: Side::This("application/json"),
        bodiless: true,
        reason: "a request without a body has no type; the vendor's client states one in every request",
    },
    Intended {
        operation: "*",
        place: "header content-type",
        ours: Side::This("application/json"),
        theirs: Side::This("application/json;charset=utf-8"),
        bodiless: false,
        reason: "JSON is always UTF-8; the vendor's client says so for some operations",
    },
    Intended {
        operation: "oms.CreateTask",
        place: "body enable_kms",
        ours: Side::Something,
        theirs: Side::Nothing,
        bodiless: false,
        reason: "gone from the vendor's client in 2026, still in the pages and still accepted",
    },
    Intended {
        operation: "oms.CreateTaskGroup",
        place: "body enable_kms",
        ours: Side::Something,
        theirs: Side::Nothing,
        bodiless: false,
        reason: "gone from the vendor's client in 2026, still in the pages and still accepted",
    },
    Intended {
        operation: "oms.CreateSyncTask",
        place: "body enable_kms",
        ours: Side::Something,
        theirs: Side::Nothing,
        bodiless: false,
        reason: "gone from the vendor's client in 2026, still in the pages and still accepted",
    },
];

impl Side {
    fn is(self, sent: Option<&str>) -> bool {
        match self {
            Self::Nothing => sent.is_none(),
            Self::Something => sent.is_some(),
            Self::This(text) => sent == Some(text),
        }
    }
}

impl Intended {
    /// Whether it speaks of a difference.
    pub(crate) fn covers(&self, difference: &Difference) -> bool {
        (self.operation == "*" || self.operation == difference.operation)
            && self.place == difference.place
            && (difference.bodiless || !self.bodiless)
            && self.ours.is(difference.ours.as_deref())
            && self.theirs.is(difference.theirs.as_deref())
    }
}
