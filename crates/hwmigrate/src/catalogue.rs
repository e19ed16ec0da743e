//! What the documented error codes mean, and what to do about them.
//!
//! The catalogue is data (`data/error-catalogue.json`): every code of the
//! services' own lists that this library can meet, in English and Chinese. It
//! also decides the kind of an [`Error`](crate::Error), because OMS answers
//! HTTP 400 for nearly everything and only its code tells what happened.
//!
//! ```
//! let entry = hwmigrate::catalogue::find("OMS.0063").expect("a documented code");
//! assert!(entry.meaning.en.contains("cannot be deleted"));
//! assert_eq!(entry.retry, hwmigrate::catalogue::Retry::State);
//! ```

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::error::kind::ErrorKind;

static TEXT: &str = include_str!("../data/error-catalogue.json");

/// One documented code.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The code, such as `OMS.0063`.
    pub code: Box<str>,
    /// The kind of error that it means; `None` where only the HTTP status tells.
    #[serde(deserialize_with = "kind")]
    pub kind: Option<ErrorKind>,
    /// What would have to change before the same call can succeed.
    pub retry: Retry,
    /// What it means.
    pub meaning: Words,
    /// What to do about it.
    pub advice: Words,
}

impl Entry {
    /// Whether the same call may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        matches!(self.retry, Retry::Backoff | Retry::Later)
    }
}

/// The same sentence in two languages.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Words {
    /// English.
    pub en: Box<str>,
    /// Simplified Chinese.
    pub zh: Box<str>,
}

/// What would have to change before the same call can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retry {
    /// The request itself.
    Never,
    /// Nothing; a short pause is enough.
    Backoff,
    /// Nothing, but it takes minutes to hours.
    Later,
    /// The state of the thing; look again first.
    State,
    /// Credentials, permissions, quota or the account.
    Account,
}

impl Retry {
    /// The lower-case word for commands and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Backoff => "backoff",
            Self::Later => "later",
            Self::State => "state",
            Self::Account => "account",
        }
    }
}

/// The entry of a code. `APIG.` and `APIGW.` are the same list, and so are
/// `S3M.` and `OMS.`: older texts of the services use the other prefix.
pub fn find(code: &str) -> Option<&'static Entry> {
    let table = table();
    if let Some(entry) = table.get(code) {
        return Some(entry);
    }
    let (prefix, number) = code.split_once('.')?;
    let other = match prefix {
        "APIG" => "APIGW",
        "S3M" => "OMS",
        _ => return None,
    };
    table.get(format!("{other}.{number}").as_str()).copied()
}

/// All entries, in the order of the file.
pub fn all() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    // A test reads the same text, so a file that cannot be read never ships;
    // without the catalogue errors keep the server's words and lose only advice.
    ENTRIES.get_or_init(|| serde_json::from_str(TEXT).unwrap_or_default())
}

fn table() -> &'static HashMap<&'static str, &'static Entry> {
    static TABLE: OnceLock<HashMap<&'static str, &'static Entry>> = OnceLock::new();
    TABLE.get_or_init(|| all().iter().map(|entry| (&*entry.code, entry)).collect())
}

fn kind<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<ErrorKind>, D::Error> {
    let Some(name) = Option::<&str>::deserialize(deserializer)? else { return Ok(None) };
    ErrorKind::from_name(name)
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(format!("there is no error kind `{name}`")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_file_is_whole() {
        let entries: Vec<Entry> = serde_json::from_str(TEXT).unwrap();
        let codes: BTreeSet<_> = entries.iter().map(|e| &*e.code).collect();
        assert_eq!(codes.len(), entries.len(), "a code is listed twice");
        for entry in &entries {
            for text in [&entry.meaning.en, &entry.meaning.zh, &entry.advice.en, &entry.advice.zh] {
                assert!(!text.is_empty(), "{} lacks a text", entry.code);
            }
            assert!(
                entry.meaning.zh.chars().any(|c| c > '\u{3000}'),
                "{} has no Chinese meaning",
                entry.code
            );
            assert!(entry.advice.zh.chars().any(|c| c > '\u{3000}'), "{} has no Chinese advice", entry.code);
        }
    }

    #[test]
    fn words_are_those_of_the_file() {
        for retry in [Retry::Never, Retry::Backoff, Retry::Later, Retry::State, Retry::Account] {
            let word = format!("{:?}", retry.as_str());
            assert_eq!(serde_json::from_str::<Retry>(&word).unwrap(), retry);
        }
    }

    #[test]
    fn older_prefixes_find_the_same_entry() {
        assert_eq!(find("APIG.0308").unwrap().code, find("APIGW.0308").unwrap().code);
        assert_eq!(find("S3M.0063").unwrap().code, find("OMS.0063").unwrap().code);
        assert!(find("OMS.9999").is_none());
        assert!(find("nonsense").is_none());
    }
}
