//! Text that must not be seen.
//!
//! Every field that the documents mark `x-secret` has the type [`Secret`]. It
//! prints a fixed word, has no `Display`, and wipes its memory when dropped.
//! It serializes to the same fixed word everywhere but in one place: the body
//! of a request, which the generated code wraps in [`Exposed`].

use std::cell::Cell;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// What stands in place of a secret wherever it would be shown.
pub const REDACTED: &str = "[redacted]";

/// A password, token, key or passphrase.
///
/// ```
/// use hwmigrate_api::Secret;
///
/// let key = Secret::from("made-up-key");
/// assert_eq!(format!("{key:?}"), "[redacted]");
/// assert_eq!(serde_json::to_string(&key).unwrap(), "\"[redacted]\"");
/// assert_eq!(key.expose(), "made-up-key");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Lends the text itself. Everything that calls this is worth a second look.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if EXPOSING.get() { serializer.serialize_str(&self.0) } else { serializer.serialize_str(REDACTED) }
    }
}

thread_local! {
    static EXPOSING: Cell<bool> = const { Cell::new(false) };
}

/// Serializes a value with its secrets readable: the body of a request.
///
/// ```
/// use hwmigrate_api::{Exposed, Secret};
///
/// let key = Secret::from("made-up-key");
/// assert_eq!(serde_json::to_string(&Exposed(&key)).unwrap(), "\"made-up-key\"");
/// ```
pub struct Exposed<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> fmt::Debug for Exposed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T: Serialize + ?Sized> Serialize for Exposed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Restored on drop, so that a serializer that panics cannot leave the thread exposing.
        struct Restore(bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                EXPOSING.set(self.0);
            }
        }
        let _restore = Restore(EXPOSING.replace(true));
        self.0.serialize(serializer)
    }
}
