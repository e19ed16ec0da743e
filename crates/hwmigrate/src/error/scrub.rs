//! Takes a call's own secrets out of texts that come from elsewhere.
//!
//! A server may echo what it was sent: the message of a refused create can
//! hold the key it refuses. Such texts are cleaned before they are kept.

use hwmigrate_api::{REDACTED, Service};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::transport::operation::secret_members;

/// Shorter texts are too likely to be part of ordinary words.
const SHORTEST: usize = 4;

/// The secrets of one call.
#[derive(Default)]
pub(crate) struct Scrub {
    secrets: Vec<Zeroizing<String>>,
}

impl Scrub {
    #[cfg(test)]
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut scrub = Self::default();
        secrets.into_iter().for_each(|secret| scrub.add(secret));
        scrub
    }

    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        if encoded != secret {
            self.secrets.push(Zeroizing::new(encoded));
        }
        self.secrets.push(Zeroizing::new(secret.to_owned()));
        // Longest first, so that a secret that holds another goes as a whole.
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Adds what the documents mark as secret in a request body.
    pub(crate) fn add_body(&mut self, service: Service, body: &[u8]) {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return };
        self.add_marked(&value, secret_members(service));
    }

    fn add_marked(&mut self, value: &Value, names: &[&str]) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    if names.binary_search(&name.as_str()).is_ok() {
                        self.add_all(field);
                    } else {
                        self.add_marked(field, names);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_marked(item, names)),
            _ => {}
        }
    }

    fn add_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Object(fields) => fields.values().for_each(|field| self.add_all(field)),
            Value::Array(items) => items.iter().for_each(|item| self.add_all(item)),
            _ => {}
        }
    }

    /// The text with every secret replaced.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), REDACTED);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced_in_any_spelling() {
        let scrub = Scrub::new(["key/with+signs", "key/with"]);
        assert_eq!(scrub.clean("no key/with+signs here"), "no [redacted] here");
        assert_eq!(scrub.clean("?k=key%2Fwith%2Bsigns"), "?k=[redacted]");
        assert_eq!(scrub.clean("key/with"), "[redacted]");
    }

    #[test]
    fn secrets_of_a_body_are_found_by_their_marks() {
        let body = br#"{"src_node": {"ak": "key-one", "bucket": "photos"}, "list": [{"sk": ["key-two"]}]}"#;
        let mut scrub = Scrub::default();
        scrub.add_body(Service::Oms, body);
        assert_eq!(scrub.clean("key-one, photos, key-two"), "[redacted], photos, [redacted]");
    }

    #[test]
    fn marks_can_be_searched() {
        for service in [Service::Iam, Service::Oms, Service::Sms] {
            assert!(secret_members(service).is_sorted() && !secret_members(service).is_empty(), "{service}");
        }
    }

    #[test]
    fn short_words_stay() {
        assert_eq!(Scrub::new(["ab", ""]).clean("about"), "about");
    }
}
