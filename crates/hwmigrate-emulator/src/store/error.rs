//! Why a store could not do something.

use std::io;

/// Why a store could not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreError {
    /// The kind, which decides the reason code of the failed object.
    pub(crate) kind: StoreErrorKind,
    /// For people; never carries keys of an account.
    pub(crate) message: String,
}

/// The kinds of failure that lead to different reason codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreErrorKind {
    /// There is no such object or bucket.
    NotFound,
    /// The key cannot be represented, or would leave the bucket.
    Key,
    /// The store does not allow it.
    Denied,
    /// No room is left.
    Full,
    /// The store asks for fewer requests.
    Throttled,
    /// The object is larger than allowed here.
    TooLarge,
    /// Anything else.
    Other,
}

impl StoreError {
    /// An error with its text.
    pub(crate) fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A key that cannot be represented.
    pub(crate) fn key(key: &str, why: &str) -> Self {
        Self::new(StoreErrorKind::Key, format!("\"{key}\" {why}"))
    }

    /// What the system said about a key.
    pub(crate) fn io(key: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => StoreErrorKind::NotFound,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreErrorKind::Denied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
            io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::InvalidFilename => StoreErrorKind::Key,
            _ => StoreErrorKind::Other,
        };
        Self::new(kind, format!("\"{key}\": {error}"))
    }
}
