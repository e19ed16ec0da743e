//! What went wrong, in one word.

use std::fmt;

/// The kind of an [`Error`](crate::Error).
///
/// The same names reach Python as exceptions, C as result codes, and the
/// shell as exit codes; `data/error-kinds.json` is the table of all four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The credentials were refused, have expired, or lack the permission.
    Auth,
    /// The service asked for fewer requests, and waiting was not possible within the deadline.
    Throttled,
    /// The named thing does not exist.
    NotFound,
    /// The thing exists, but its present state does not allow the operation.
    Conflict,
    /// A quota of the account is used up.
    Quota,
    /// A value of the request is wrong; found here before sending, or by the service.
    Invalid,
    /// The service refused or failed for a reason that has no kind of its own.
    Api,
    /// The service could not be reached, or the connection broke.
    Transport,
    /// A time limit passed: connecting, reading, the call's deadline, or the deadline of a wait.
    Timeout,
    /// An answer came, but it is not what the operation answers.
    Decode,
    /// The service accepted the job and reports that it failed.
    JobFailed,
    /// The reply to a request that must not be repeated blindly was lost; it
    /// may or may not have taken effect.
    Ambiguous,
    /// The caller ended the work.
    Cancelled,
    /// A setting, profile or credential file is missing, malformed or contradicts another.
    Config,
}

impl ErrorKind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 14] = [
        Self::Auth,
        Self::Throttled,
        Self::NotFound,
        Self::Conflict,
        Self::Quota,
        Self::Invalid,
        Self::Api,
        Self::Transport,
        Self::Timeout,
        Self::Decode,
        Self::JobFailed,
        Self::Ambiguous,
        Self::Cancelled,
        Self::Config,
    ];

    /// The name, the same in every language.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "Auth",
            Self::Throttled => "Throttled",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::Quota => "Quota",
            Self::Invalid => "Invalid",
            Self::Api => "Api",
            Self::Transport => "Transport",
            Self::Timeout => "Timeout",
            Self::Decode => "Decode",
            Self::JobFailed => "JobFailed",
            Self::Ambiguous => "Ambiguous",
            Self::Cancelled => "Cancelled",
            Self::Config => "Config",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The exit code that the command line ends with.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Api => 1,
            Self::Invalid => 2,
            Self::Config => 3,
            Self::Auth => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Quota => 7,
            Self::Throttled => 8,
            Self::Transport => 9,
            Self::Timeout => 10,
            Self::Decode => 11,
            Self::JobFailed => 12,
            Self::Ambiguous => 13,
            Self::Cancelled => 130,
        }
    }

    /// What happened, for an error without words of its own.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Auth => "the credentials were refused",
            Self::Throttled => "the service asks for fewer requests",
            Self::NotFound => "not found",
            Self::Conflict => "the present state does not allow this",
            Self::Quota => "a quota is used up",
            Self::Invalid => "a value of the request is wrong",
            Self::Api => "the service refused",
            Self::Transport => "the connection failed",
            Self::Timeout => "a time limit passed",
            Self::Decode => "the answer cannot be understood",
            Self::JobFailed => "the job failed",
            Self::Ambiguous => "the reply was lost",
            Self::Cancelled => "cancelled",
            Self::Config => "the configuration is wrong",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_and_the_code_agree() {
        let table: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../data/error-kinds.json")).unwrap();
        let rows: Vec<_> = table
            .iter()
            .map(|row| (row["kind"].as_str().unwrap(), row["exit_code"].as_u64().unwrap()))
            .collect();
        let code: Vec<_> = ErrorKind::ALL.iter().map(|k| (k.name(), u64::from(k.exit_code()))).collect();
        assert_eq!(rows, code);
        for column in ["python", "c", "exit_code", "meaning"] {
            let distinct: BTreeSet<String> = table.iter().map(|row| row[column].to_string()).collect();
            assert_eq!(distinct.len(), table.len(), "{column} repeats");
        }
    }

    #[test]
    fn names_find_their_kind_again() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ErrorKind::from_name("Other"), None);
    }
}
