//! What the emulator was asked, without the secrets.
//!
//! Headers, query parameters and bodies are kept by allow-list: what no
//! document lists is not shown, and what it calls secret never is.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::auth::seal::private_file;
use crate::error::EmulatorError;

/// How many requests are kept in memory; older ones are only in the file, if there is one.
const KEPT: usize = 50_000;
/// How much memory they may take, roughly, in bytes: bodies can be megabytes.
const KEPT_BYTES: usize = 64 << 20;

/// The headers that are shown.
const SHOWN_HEADERS: [&str; 9] = [
    "accept",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "x-domain-id",
    "x-project-id",
    "x-sdk-date",
    "x-sdk-content-sha256",
];

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// From 1, in the order of arrival.
    pub number: u64,
    /// The emulator's time of arrival, RFC 3339.
    pub time: String,
    /// The HTTP method.
    pub method: String,
    /// The path; segments that no document lists are shown as `*`.
    pub path: String,
    /// The parameters of the query that a document lists.
    pub query: BTreeMap<String, String>,
    /// The headers on the journal's list of harmless ones.
    pub headers: BTreeMap<String, String>,
    /// The body, with secrets redacted; of a body that was refused, the member names only.
    pub body: Value,
    /// How the caller wanted to prove who they are: `none`, `token`, `signature` or `temporary signature`.
    pub auth: String,
    /// The id of the operation, if there is one.
    pub operation: Option<String>,
    /// The service that the path belongs to: `iam`, `oms` or `sms`.
    pub service: Option<String>,
    /// Whether the answer tells of something that is only simulated. True for all of SMS: no server is moved.
    pub simulated: bool,
    /// The HTTP status of the answer; none if no answer was sent.
    pub status: Option<u16>,
    /// The id that the answer carries in `X-Request-Id`.
    pub request_id: String,
    /// The faults that struck, by their names.
    pub faults: Vec<String>,
    /// What in the answer the document does not allow, where answers are checked.
    pub response_problems: Vec<String>,
}

/// All requests, newest last; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Journal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pages: Mutex<Pages>,
}

#[derive(Debug)]
struct Pages {
    entries: VecDeque<Entry>,
    /// What the entries take, roughly.
    bytes: usize,
    next: u64,
    file: Option<File>,
}

impl Journal {
    /// An empty journal, which also writes to a file if one is named.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, EmulatorError> {
        let file = file
            .map(|path| private_file::create(path, false).map_err(|e| EmulatorError::file(path, e)))
            .transpose()?;
        let pages = Pages { entries: VecDeque::new(), bytes: 0, next: 1, file };
        Ok(Self(Arc::new(Shared { pages: Mutex::new(pages) })))
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down a request that has just come, and gives it its number.
    pub(crate) fn begin(&self, mut entry: Entry) -> u64 {
        let mut pages = self.pages();
        let number = pages.next;
        pages.next += 1;
        entry.number = number;
        pages.bytes += weight(&entry);
        pages.entries.push_back(entry);
        // The newest stays, however large it is.
        while pages.entries.len() > KEPT || pages.bytes > KEPT_BYTES && pages.entries.len() > 1 {
            let oldest = pages.entries.pop_front();
            pages.bytes = pages.bytes.saturating_sub(oldest.as_ref().map_or(0, weight));
        }
        number
    }

    /// Takes down what became of it.
    pub(crate) fn end(&self, number: u64, end: impl FnOnce(&mut Entry)) {
        let mut pages = self.pages();
        let Pages { entries, file, .. } = &mut *pages;
        let at = entries.partition_point(|entry| entry.number < number);
        let Some(entry) = entries.get_mut(at).filter(|entry| entry.number == number) else { return };
        end(entry);
        if let Some(file) = file {
            let mut line = serde_json::to_vec(entry).unwrap_or_default();
            line.push(b'\n');
            if let Err(error) = file.write_all(&line) {
                tracing::warn!(%error, "the journal's file cannot be written");
            }
        }
    }

    /// All entries.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.pages().entries.iter().cloned().collect()
    }

    /// Forgets the entries in memory.
    pub(crate) fn clear(&self) {
        let mut pages = self.pages();
        pages.entries.clear();
        pages.bytes = 0;
    }
}

/// What an entry takes in memory, roughly. Nothing of it changes once the request was taken down.
fn weight(entry: &Entry) -> usize {
    let texts = |pairs: &BTreeMap<String, String>| -> usize {
        pairs.iter().map(|(name, value)| 64 + name.len() + value.len()).sum()
    };
    512 + entry.path.len() + texts(&entry.query) + texts(&entry.headers) + weight_of(&entry.body)
}

fn weight_of(value: &Value) -> usize {
    /// A value itself, and a place in a map.
    const VALUE: usize = 32;
    VALUE
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight_of).sum(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| VALUE + name.len() + weight_of(value)).sum()
            }
            _ => 0,
        }
}

/// The headers that may be shown.
pub(crate) fn shown_headers(headers: &http::HeaderMap) -> BTreeMap<String, String> {
    SHOWN_HEADERS
        .iter()
        .filter_map(|name| {
            let value = headers.get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn entry(body: Value) -> Entry {
        Entry {
            number: 0,
            time: String::new(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: BTreeMap::new(),
            headers: BTreeMap::new(),
            body,
            auth: "none".to_owned(),
            operation: None,
            service: None,
            simulated: false,
            status: None,
            request_id: String::new(),
            faults: Vec::new(),
            response_problems: Vec::new(),
        }
    }

    #[test]
    fn large_bodies_push_out_older_entries() {
        let journal = Journal::open(None).unwrap();
        let large = Value::String("x".repeat(10 << 20));
        for _ in 0..3 {
            journal.begin(entry(Value::Null));
        }
        for _ in 0..10 {
            journal.begin(entry(large.clone()));
        }
        let numbers: Vec<_> = journal.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [8, 9, 10, 11, 12, 13]);
        journal.begin(entry(Value::String("x".repeat(KEPT_BYTES))));
        assert_eq!(journal.entries().len(), 1, "the newest stays, however large it is");
        journal.clear();
        journal.begin(entry(large));
        journal.begin(entry(Value::Null));
        assert_eq!(journal.entries().len(), 2);
    }
}
