//! The numbers that functions return.

use hwmigrate::ErrorKind;

/// How a call ended.
///
/// The numbers never change. 1 to 13 and 130 are the kinds of errors that all
/// faces of hwmigrate share, and the exit codes of its command. 14 to 99 are
/// reserved for further kinds, 100 to 129 for outcomes that are no errors, 200
/// to 255 for what only this interface knows.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hwm_result {
    /// It worked.
    HWM_OK = 0,
    /// The service refused or failed for a reason that has no kind of its own.
    HWM_API = 1,
    /// A value of the request is wrong; found here before sending, or by the service.
    HWM_INVALID = 2,
    /// A setting, profile or credential file is missing, malformed or contradicts another.
    HWM_CONFIG = 3,
    /// The credentials were refused, have expired, or lack the permission.
    HWM_AUTH = 4,
    /// The named thing does not exist.
    HWM_NOT_FOUND = 5,
    /// The thing exists, but its present state does not allow the operation.
    HWM_CONFLICT = 6,
    /// A quota of the account is used up.
    HWM_QUOTA = 7,
    /// The service asked for fewer requests, and waiting was not possible within the deadline.
    HWM_THROTTLED = 8,
    /// The service could not be reached, or the connection broke.
    HWM_TRANSPORT = 9,
    /// A time limit passed: connecting, reading, the call's deadline, or the deadline of a wait.
    HWM_TIMEOUT = 10,
    /// An answer came, but it is not what the operation answers.
    HWM_DECODE = 11,
    /// The service accepted the job and reports that it failed.
    HWM_JOB_FAILED = 12,
    /// The reply to a request that must not be repeated blindly was lost; it may or may not have taken effect.
    HWM_AMBIGUOUS = 13,
    /// The job was paused, which is neither success nor failure. No error object.
    HWM_PAUSED = 14,
    /// There is no further item, or nothing left to wait for. No error object.
    HWM_END = 100,
    /// The job has ended well, and so what was waited for will not come. No error object.
    HWM_OVERTAKEN = 101,
    /// The caller ended the work.
    HWM_CANCELLED = 130,
    /// An argument is NULL, not UTF-8, out of range, or a handle of another type. Nothing was done.
    HWM_ARGUMENT = 200,
    /// Another thread is using this handle, which goes step by step. Nothing was done.
    HWM_BUSY = 201,
    /// The function must not be called from inside this callback. Nothing was done.
    HWM_IN_CALLBACK = 202,
    /// The handle came over a fork. Nothing was done.
    HWM_FORKED = 203,
    /// A bug of this library, caught; please report the text. What the call did is not known.
    HWM_PANIC = 204,
}

impl From<ErrorKind> for hwm_result {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Invalid => Self::HWM_INVALID,
            ErrorKind::Config => Self::HWM_CONFIG,
            ErrorKind::Auth => Self::HWM_AUTH,
            ErrorKind::NotFound => Self::HWM_NOT_FOUND,
            ErrorKind::Conflict => Self::HWM_CONFLICT,
            ErrorKind::Quota => Self::HWM_QUOTA,
            ErrorKind::Throttled => Self::HWM_THROTTLED,
            ErrorKind::Transport => Self::HWM_TRANSPORT,
            ErrorKind::Timeout => Self::HWM_TIMEOUT,
            ErrorKind::Decode => Self::HWM_DECODE,
            ErrorKind::JobFailed => Self::HWM_JOB_FAILED,
            ErrorKind::Ambiguous => Self::HWM_AMBIGUOUS,
            ErrorKind::Cancelled => Self::HWM_CANCELLED,
            // `Api`, and kinds that are newer than this table: the test below finds those.
            _ => Self::HWM_API,
        }
    }
}

impl hwm_result {
    /// The kind that a number from a callback stands for.
    pub(crate) fn kind_of(number: i32) -> Option<ErrorKind> {
        ErrorKind::ALL.into_iter().find(|kind| Self::from(*kind) as i32 == number)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_table_of_all_faces_and_the_numbers_agree() {
        let table: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../../crates/hwmigrate/data/error-kinds.json")).unwrap();
        assert_eq!(table.len(), ErrorKind::ALL.len());
        for row in table {
            let kind = ErrorKind::from_name(row["kind"].as_str().unwrap()).unwrap();
            let result = hwm_result::from(kind);
            assert_eq!(format!("{result:?}"), row["c"].as_str().unwrap());
            assert_eq!(i64::from(result as i32), row["exit_code"].as_i64().unwrap());
            assert_eq!(hwm_result::kind_of(result as i32), Some(kind));
        }
    }
}
