//! Takes a call's own secrets out of texts that come from elsewhere.
//!
//! A server may echo what it was sent: the message of a refused create can
//! hold the key it refuses. Such texts are cleaned before they are kept.

use std::collections::HashSet;
use std::sync::OnceLock;

use hwmigrate_api::{REDACTED, Service};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::transport::operation::document;

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
        self.add_marked(&value, secret_names(service));
    }

    fn add_marked(&mut self, value: &Value, names: &HashSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    if names.contains(name.as_str()) {
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

/// The names of the fields that a service's document marks `x-secret`. Read
/// from the document when the first refusal comes, so that no list in code can
/// fall behind it.
fn secret_names(service: Service) -> &'static HashSet<String> {
    static IAM: OnceLock<HashSet<String>> = OnceLock::new();
    static OMS: OnceLock<HashSet<String>> = OnceLock::new();
    static SMS: OnceLock<HashSet<String>> = OnceLock::new();
    let cell = match service {
        Service::Iam => &IAM,
        Service::Sms => &SMS,
        _ => &OMS,
    };
    cell.get_or_init(|| {
        let mut names = HashSet::new();
        if let Ok(document) = serde_json::from_str::<Value>(document(service)) {
            collect(&document, &mut names);
        }
        names
    })
}

fn collect(value: &Value, names: &mut HashSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                let marked = properties.iter().filter(|(_, schema)| is_marked(schema));
                names.extend(marked.map(|(name, _)| name.clone()));
            }
            fields.values().for_each(|field| collect(field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

fn is_marked(schema: &Value) -> bool {
    schema.get("x-secret") == Some(&Value::Bool(true))
        || schema.get("allOf").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_marked))
        || schema.get("$ref").and_then(Value::as_str) == Some("#/components/schemas/Secret")
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
    fn short_words_stay() {
        assert_eq!(Scrub::new(["ab", ""]).clean("about"), "about");
    }
}
