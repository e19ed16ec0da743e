//! Misbehaviour on command.
//!
//! A [`Fault`] says which calls it is for and what goes wrong with them. Push
//! it with [`Faults::push`], or as JSON to the admin API. Faults are tried in
//! the order in which they were pushed, and several can meet in one call.
//!
//! Nothing here is left to chance unless [`Fault::chance`] asks for it, and
//! then the builder's seed decides, so that the same run goes wrong the same way.

mod alter;
mod book;
mod rate;
mod script;
mod valid;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use alter::alter;
pub(crate) use book::FaultBook;
pub use script::Faults;
pub(crate) use script::Plan;

/// What goes wrong, with which calls, and how often.
///
/// ```
/// use hwmigrate_emulator::{Fault, FaultKind};
///
/// // The second CreateTask is accepted, but its caller never hears of it.
/// let fault = Fault::new(FaultKind::LoseReply).on("CreateTask").skip(1);
/// assert_eq!(
///     serde_json::to_value(&fault).unwrap(),
///     serde_json::json!({"kind": "lose_reply", "operation": "CreateTask", "skip": 1, "times": 1}),
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// The id of the operation, or one of its other documented ids; none means all operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How many matching calls go well first.
    #[serde(default)]
    pub skip: u64,
    /// How many calls go wrong; none means all from then on. One, unless said otherwise.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// How likely it is that a matching call goes wrong, from 0 to 1; none means that it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

#[allow(clippy::unnecessary_wraps, reason = "the shape that serde asks for")]
fn once() -> Option<u64> {
    Some(1)
}

fn half() -> u8 {
    50
}

fn partition_not_synchronised() -> String {
    r#"{"error_code":"SMS.0806","error_param":"[]"}"#.to_owned()
}

/// What goes wrong.
///
/// The first group strikes before the call is looked at, the second after it
/// was carried out, the third changes what the answer says, and the last
/// concerns jobs and not calls: there `operation`, `skip` and `chance` mean nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// The connection is reset; nothing was carried out.
    Reset,
    /// The answer comes later.
    Delay {
        /// By so many milliseconds.
        milliseconds: u64,
    },
    /// 502 with a page of HTML, as a proxy sends it.
    BadGateway,
    /// 503 with an error in JSON.
    Unavailable {
        /// Seconds for the header `Retry-After`, if there is to be one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// 429 with the gateway's APIGW.0308, or IAM's IAM.0012; nothing is counted.
    Throttle {
        /// The number of calls that the message names.
        limit: u32,
        /// The window that the message names, in seconds.
        window_seconds: u64,
        /// Seconds for the header `Retry-After`, if there is to be one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// A limit that is enforced: more calls than this in a window are refused as throttled.
    ///
    /// Without an operation, all calls together count. `times` means nothing here.
    RateLimit {
        /// How many calls are let through in a window.
        limit: u32,
        /// The length of the window, in seconds.
        window_seconds: u64,
        /// Whether refusals say in `Retry-After` how long the window still lasts.
        #[serde(default)]
        retry_after: bool,
    },
    /// 401, although the caller is known.
    Unauthorized,
    /// All tokens and temporary keys end, this call's too.
    ExpireTokens,
    /// Any error.
    Status {
        /// The HTTP status.
        status: u16,
        /// The error code in the body.
        code: String,
        /// The text in the body.
        message: String,
    },
    /// 302 to another address.
    Redirect {
        /// The address.
        location: String,
    },

    /// The call is carried out, then the connection is closed without an answer.
    LoseReply,
    /// The answer's head promises the whole body; only the beginning comes.
    CutBody {
        /// So many bytes come.
        bytes: usize,
    },
    /// The body comes byte by byte.
    SlowDrip {
        /// With so many milliseconds before each.
        milliseconds: u64,
    },

    /// A success without a body.
    EmptyBody,
    /// A success whose JSON ends too early, although its length is right.
    TruncatedJson,
    /// A member of the answer has the wrong type: text for a number, a number for everything else.
    WrongType {
        /// Its name, wherever it stands.
        member: String,
    },
    /// Every object in the answer has a member that no document lists.
    UnknownField,
    /// Every `status` in the answer says this; in SMS the `state` of each thing that was asked for.
    State {
        /// The state, known or not.
        state: Value,
    },
    /// Likewise, the next of these with each call, and the last from then on.
    States {
        /// The states.
        states: Vec<Value>,
    },

    /// New jobs, in SMS new sub-tasks, get ids from 2^53 + 1 on, which do not fit into a double.
    BigIds,
    /// Objects fail; `times` says how often each of them does.
    FailObjects {
        /// A key, or the beginning of keys with `*` at its end.
        key: String,
        /// The reason code, such as `TRF.0062`.
        code: String,
    },
    /// Sub-tasks of server migrations fail, `times` times in all.
    FailSubtask {
        /// The name of the sub-task, such as `MIGRATE_LINUX_FILE`; `PREMIGRATE` and `CLEAR` make a
        /// drill and the removal of snapshots fail.
        subtask: String,
        /// The name of the source server; none means any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// At how many percent it fails, 50 unless set.
        #[serde(default = "half")]
        percent: u8,
        /// The text for `error_json`, which need not be JSON.
        #[serde(default = "partition_not_synchronised")]
        error_json: String,
    },
    /// The agent of a source server loses its connection, and work on the server stands still, until
    /// [`Faults::clear`] or [`Faults::restore_agent`].
    LoseAgent {
        /// The name of the source server.
        server: String,
    },
    /// Jobs of OMS that come to this state stay there until [`Faults::release`].
    HoldState {
        /// The state.
        state: i64,
    },
}

impl FaultKind {
    /// The word for it, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Delay { .. } => "delay",
            Self::BadGateway => "bad_gateway",
            Self::Unavailable { .. } => "unavailable",
            Self::Throttle { .. } => "throttle",
            Self::RateLimit { .. } => "rate_limit",
            Self::Unauthorized => "unauthorized",
            Self::ExpireTokens => "expire_tokens",
            Self::Status { .. } => "status",
            Self::Redirect { .. } => "redirect",
            Self::LoseReply => "lose_reply",
            Self::CutBody { .. } => "cut_body",
            Self::SlowDrip { .. } => "slow_drip",
            Self::EmptyBody => "empty_body",
            Self::TruncatedJson => "truncated_json",
            Self::WrongType { .. } => "wrong_type",
            Self::UnknownField => "unknown_field",
            Self::State { .. } => "state",
            Self::States { .. } => "states",
            Self::BigIds => "big_ids",
            Self::FailObjects { .. } => "fail_objects",
            Self::FailSubtask { .. } => "fail_subtask",
            Self::LoseAgent { .. } => "lose_agent",
            Self::HoldState { .. } => "hold_state",
        }
    }
}

impl FaultKind {
    /// A sub-task that fails at half of its work with the error of a partition that could not be synchronised.
    ///
    /// ```
    /// use hwmigrate_emulator::{Emulator, Fault, FaultKind};
    ///
    /// let builder = Emulator::builder()
    ///     .source_server("web-1")
    ///     .fault(Fault::new(FaultKind::fail_subtask("MIGRATE_LINUX_FILE")));
    /// # let _ = builder;
    /// ```
    pub fn fail_subtask(name: &str) -> Self {
        Self::FailSubtask {
            subtask: name.to_owned(),
            server: None,
            percent: half(),
            error_json: partition_not_synchronised(),
        }
    }
}

impl Fault {
    /// A fault that strikes the next call, once.
    pub fn new(kind: FaultKind) -> Self {
        Self { operation: None, skip: 0, times: Some(1), chance: None, kind }
    }

    /// Only calls of this operation, by its documented id.
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Lets so many matching calls go well first.
    pub fn skip(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// Strikes so many matching calls.
    pub fn times(mut self, calls: u64) -> Self {
        self.times = Some(calls);
        self
    }

    /// Strikes all matching calls.
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// Strikes a matching call with this likelihood, from 0 to 1.
    pub fn chance(mut self, likelihood: f64) -> Self {
        self.chance = Some(likelihood);
        self
    }
}

/// The throttled call's message, as the gateway words it.
pub(crate) fn throttle_message(limit: u32, window: Duration) -> String {
    let seconds = window.as_secs().max(1);
    let window = match seconds {
        s if s % 86_400 == 0 => format!("{} day", s / 86_400),
        s if s % 3_600 == 0 => format!("{} hour", s / 3_600),
        s if s % 60 == 0 => format!("{} minute", s / 60),
        s => format!("{s} second"),
    };
    format!(
        "The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:{window}"
    )
}
