//! What the number means that the command ends with.
//!
//! One table serves every face of the project: `error-kinds.json` of the
//! library crate. The outcomes that only a command has (paused, partly
//! failed, interrupted) stand beside it here.

/// The number that the command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitCode {
    Done = 0,
    Unexpected = 1,
    Usage = 2,
    Config = 3,
    Auth = 4,
    NotFound = 5,
    Conflict = 6,
    Quota = 7,
    Throttled = 8,
    Transport = 9,
    Timeout = 10,
    Decode = 11,
    JobFailed = 12,
    Ambiguous = 13,
    Paused = 14,
    PartlyFailed = 15,
    Interrupted = 130,
}

impl ExitCode {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 17] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::Config,
        Self::Auth,
        Self::NotFound,
        Self::Conflict,
        Self::Quota,
        Self::Throttled,
        Self::Transport,
        Self::Timeout,
        Self::Decode,
        Self::JobFailed,
        Self::Ambiguous,
        Self::Paused,
        Self::PartlyFailed,
        Self::Interrupted,
    ];

    /// The number itself.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The code with this number; a number outside the table counts as unexpected.
    pub(crate) fn from_number(number: u8) -> Self {
        Self::ALL.into_iter().find(|code| code.number() == number).unwrap_or(Self::Unexpected)
    }

    /// The word that stands for it in JSON errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::Unexpected => "Api",
            Self::Usage => "Invalid",
            Self::Config => "Config",
            Self::Auth => "Auth",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::Quota => "Quota",
            Self::Throttled => "Throttled",
            Self::Transport => "Transport",
            Self::Timeout => "Timeout",
            Self::Decode => "Decode",
            Self::JobFailed => "JobFailed",
            Self::Ambiguous => "Ambiguous",
            Self::Paused => "Paused",
            Self::PartlyFailed => "PartlyFailed",
            Self::Interrupted => "Cancelled",
        }
    }

    /// One line for the help and the reference page.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unexpected => {
                "the service refused for a reason with no code of its own, or a fault of ours"
            }
            Self::Usage => "the arguments or the input are wrong; nothing was sent or changed",
            Self::Config => "a setting, a profile or a secret reference is wrong or missing",
            Self::Auth => "the credentials are wrong, expired or lack a permission",
            Self::NotFound => "there is no such task, group, bucket, server, template or project",
            Self::Conflict => "the state of the job does not allow this, or what was waited for",
            Self::Quota => "a quota is used up",
            Self::Throttled => "too many requests, even after waiting",
            Self::Transport => "the service could not be reached",
            Self::Timeout => "the time limit passed; the job may still be running",
            Self::Decode => "the answer was not what the service documents",
            Self::JobFailed => "the job failed",
            Self::Ambiguous => "the reply was lost: what was asked for may or may not have been done",
            Self::Paused => "the job is paused",
            Self::PartlyFailed => "the job ended, but some objects or servers could not be moved",
            Self::Interrupted => {
                "interrupted, or the reader of the output has gone amid work; a job already accepted goes on"
            }
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

/// The table as the end of the help shows it.
pub(crate) fn help_text() -> String {
    let mut text = String::from("Exit codes:\n");
    for code in ExitCode::ALL {
        text.push_str(&format!("  {:>3}  {}\n", code.number(), code.meaning()));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn numbers_are_distinct_and_found_again() {
        for (place, code) in ExitCode::ALL.iter().enumerate() {
            assert_eq!(ExitCode::from_number(code.number()), *code);
            assert!(ExitCode::ALL[..place].iter().all(|other| other.number() < code.number()));
        }
    }

    #[test]
    fn every_kind_of_the_shared_table_has_its_number_and_name() {
        let table: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../hwmigrate/data/error-kinds.json")).unwrap();
        assert!(!table.is_empty());
        for row in table {
            let number = u8::try_from(row["exit_code"].as_u64().unwrap()).unwrap();
            let code = ExitCode::from_number(number);
            assert_eq!((code.number(), code.name()), (number, row["kind"].as_str().unwrap()));
        }
    }

    #[test]
    fn an_unlisted_number_counts_as_unexpected() {
        assert_eq!(ExitCode::from_number(77), ExitCode::Unexpected);
    }
}
