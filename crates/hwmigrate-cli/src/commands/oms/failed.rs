//! Lists of failed objects, as a task leaves them in its destination.
//!
//! One object on each line: the URL-encoded key, and behind tabs the code and
//! the reason.

use std::fmt;
use std::path::Path;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::plain::plain;

/// An object that could not be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedObject {
    key: String,
    code: String,
    reason: String,
}

impl FailedObject {
    fn read(line: &str) -> Self {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().unwrap_or_default();
        Self {
            key: percent_decode_str(part()).decode_utf8_lossy().into_owned(),
            code: part().to_owned(),
            reason: part().to_owned(),
        }
    }

    /// The object for the report.
    pub(crate) fn to_json(&self) -> Value {
        json!({"key": self.key, "code": self.code, "reason": self.reason})
    }
}

impl fmt::Display for FailedObject {
    /// For people, so nothing in it may steer their terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.code.as_str(), self.reason.as_str()) {
            ("", _) => self.key.clone(),
            (code, "") => format!("{} ({code})", self.key),
            (code, reason) => format!("{} ({code}: {reason})", self.key),
        };
        f.write_str(&plain(&text))
    }
}

/// The objects of a list on this machine; none if there is no list.
pub(crate) fn read_list(path: &Path) -> Vec<FailedObject> {
    // The report says that objects failed, with or without their names.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).map(FailedObject::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_key_code_and_reason() {
        let object = FailedObject::read("a%20b/%C3%BC%1B\tTRF.0061\tno room\tleft");
        assert_eq!(
            object.to_json(),
            json!({"key": "a b/ü\u{1b}", "code": "TRF.0061", "reason": "no room\tleft"})
        );
        assert_eq!(object.to_string(), "a b/ü\u{fffd} (TRF.0061: no room\u{fffd}left)");
        assert_eq!(FailedObject::read("plain").to_string(), "plain");
    }
}
