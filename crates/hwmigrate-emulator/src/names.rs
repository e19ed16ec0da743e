//! Ids of things that the service names, the same in every run.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An id in the form of a UUID that follows from a text, the same in every run.
pub(crate) fn name_of(kind: &str, what: &(impl Serialize + ?Sized)) -> String {
    let what = serde_json::to_value(what).unwrap_or(Value::Null);
    let text = hex::encode(Sha256::digest(format!("{kind}\0{what}")));
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..32]].join("-")
}
