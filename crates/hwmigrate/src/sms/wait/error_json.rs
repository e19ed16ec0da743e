//! Why a task failed, from JSON inside a string.
//!
//! The field `error_json` is documented as the last error and not described.
//! Seen are `{"error_code": "SMS.0515", "error_param": "[]"}`, the same with a
//! text, and the empty string. What comes here may also be a list of them, JSON
//! that was quoted twice, or a sentence: whatever it is, nothing is lost.

use serde_json::Value;

use crate::catalogue;
use crate::error::{MESSAGE_LIMIT, parse};

/// How often a string may hold JSON that is a string again.
const QUOTED_AT_MOST: u32 = 3;

/// What could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    /// Empty when there is none.
    pub(super) code: String,
    /// Empty when there is none, and the code's meaning is not known either.
    pub(super) message: String,
}

/// Reads the field; `None` when it tells of no error.
pub(super) fn read(text: &str) -> Option<Cause> {
    let mut text = text.trim().to_owned();
    for _ in 0..QUOTED_AT_MOST {
        match serde_json::from_str(&text) {
            Ok(Value::String(inner)) => inner.trim().clone_into(&mut text),
            Ok(value) => return of_value(&value),
            Err(_) => break,
        }
    }
    (!text.is_empty()).then(|| of_words(&text))
}

fn of_value(value: &Value) -> Option<Cause> {
    match value {
        // The first that names a code tells most; a list without any is kept as text.
        Value::Array(list) => {
            let causes: Vec<Cause> = list.iter().filter_map(of_value).collect();
            causes.iter().find(|cause| !cause.code.is_empty()).or_else(|| causes.first()).cloned()
        }
        Value::Object(fields) if fields.is_empty() => None,
        Value::Object(fields) => {
            let Some(said) = parse::read_body(value.to_string().as_bytes()) else {
                let inner = fields.values().find(|inner| inner.is_object() || inner.is_array());
                return inner.and_then(of_value).or_else(|| Some(of_words(&value.to_string())));
            };
            let code = said.code.unwrap_or_default();
            let values = fields.get("error_param").map(parameters).unwrap_or_default();
            let message = match said.message {
                Some(message) => parse::fill(&message, &values),
                None => explained(&code, &values),
            };
            Some(Cause { code: code.trim().to_owned(), message: short(&message) })
        }
        Value::String(words) if !words.trim().is_empty() => Some(of_words(words.trim())),
        Value::Number(number) => Some(of_words(&number.to_string())),
        _ => None,
    }
}

/// A sentence, perhaps with a code in it.
fn of_words(words: &str) -> Cause {
    let is_code = |word: &&str| {
        word.strip_prefix("SMS.")
            .is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let code =
        words.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).find(is_code).unwrap_or_default();
    let message = if words == code { explained(code, &[]) } else { short(words) };
    Cause { code: code.to_owned(), message }
}

/// The values for the gaps of a message: a list, or a list in a string.
fn parameters(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(parameters).collect(),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ Value::Array(_)) => parameters(&inner),
            _ => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect(),
        },
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

/// The catalogue's words for a code that came without any.
fn explained(code: &str, values: &[String]) -> String {
    let meaning = catalogue::find(code).map_or("", |entry| entry.meaning.en.trim_end_matches('.'));
    match (meaning, values) {
        ("", values) => values.join(", "),
        (meaning, values) => parse::fill(meaning, values),
    }
}

fn short(text: &str) -> String {
    text.chars().take(MESSAGE_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn cause(code: &str, message: &str) -> Option<Cause> {
        Some(Cause { code: code.to_owned(), message: message.to_owned() })
    }

    #[test]
    fn every_shape_is_read() {
        let table = [
            ("", None),
            ("  ", None),
            ("null", None),
            ("{}", None),
            ("[]", None),
            (r#""""#, None),
            (r#"{"error_code": "SMS.9999", "error_msg": "it broke"}"#, cause("SMS.9999", "it broke")),
            (r#"{"errorCode": "SMS.9999", "errorMsg": "it broke"}"#, cause("SMS.9999", "it broke")),
            (r#"{"error": {"code": "SMS.9999", "message": "it broke"}}"#, cause("SMS.9999", "it broke")),
            (
                r#"{"error_code": "SMS.9999", "error_msg": "no %s on %s", "error_param": ["rsync", "web-1"]}"#,
                cause("SMS.9999", "no rsync on web-1"),
            ),
            (
                r#"{"error_code": "SMS.9999", "error_msg": "no tool", "error_param": "[\"rsync\"]"}"#,
                cause("SMS.9999", "no tool (rsync)"),
            ),
            (r#"{"error_code": "SMS.9999", "error_param": "[]"}"#, cause("SMS.9999", "")),
            (r#"{"error_code": "SMS.9999", "error_param": "/dev/vda"}"#, cause("SMS.9999", "/dev/vda")),
            (
                r#""{\"error_code\": \"SMS.9999\", \"error_msg\": \"it broke\"}""#,
                cause("SMS.9999", "it broke"),
            ),
            (
                r#"[{"error_msg": "first"}, {"error_code": "SMS.9999", "error_msg": "second"}]"#,
                cause("SMS.9999", "second"),
            ),
            (r#"{"details": [{"error_code": "SMS.9999", "error_msg": "deep"}]}"#, cause("SMS.9999", "deep")),
            ("SMS.9999: the disk is gone", cause("SMS.9999", "SMS.9999: the disk is gone")),
            ("the disk is gone", cause("", "the disk is gone")),
            (r#"{"what": "ever"}"#, cause("", r#"{"what":"ever"}"#)),
            (
                r#"{"error_code": "SMS.9999", "error_msg": "cut"#,
                cause("SMS.9999", r#"{"error_code": "SMS.9999", "error_msg": "cut"#),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn code_without_words_is_explained_by_the_catalogue() {
        let cause = read(r#"{"error_code":"SMS.0515","error_param":"[]"}"#).unwrap();
        let meaning = &catalogue::find("SMS.0515").unwrap().meaning.en;
        assert_eq!(
            (cause.code.as_str(), cause.message.as_str()),
            ("SMS.0515", meaning.trim_end_matches('.'))
        );
        assert_eq!(read("SMS.0515").unwrap(), cause);
    }

    #[test]
    fn hostile_texts_come_to_an_end() {
        let endless = "\"".repeat(400);
        assert!(read(&endless).is_some());
        let long = "x".repeat(10 * MESSAGE_LIMIT);
        assert_eq!(read(&long).unwrap().message.len(), MESSAGE_LIMIT);
    }
}
