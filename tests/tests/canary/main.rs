//! Secrets set to markers, and everything that could show one searched for them.
//!
//! Which fields are secret is read from the OpenAPI documents, so a field that
//! is added there is tested without anyone remembering to. The log is taken at
//! the finest level from every crate in the process, the HTTP client's too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod answers;
mod command;
mod credentials;
mod log;
mod requests;
mod types;

use std::fmt::Write as _;

/// What every marker begins with; long enough to occur nowhere by chance.
const CANARY: &str = "canary7f3a";

/// Makes markers that tell where they were put.
#[derive(Default)]
struct Markers(usize);

impl Markers {
    fn next(&mut self, place: &str) -> String {
        self.0 += 1;
        let place: String = place.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        format!("{CANARY}-{:04}-{place}", self.0)
    }
}

/// Fails when a text holds a marker, and says which one and where.
#[track_caller]
fn assert_clean(what: &str, text: &str) {
    if let Some(found) = text.find(CANARY) {
        let before = text[..found].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
        let around: String = text[before..].chars().take(400).collect();
        panic!("{what} shows a secret: … {around} …");
    }
}

/// The same for every file below the emulator's state, but for the one that keeps what it must give back.
#[track_caller]
fn assert_clean_state(folder: &std::path::Path) {
    const PASSWORDS: &str = "sms-passwords.json";
    let files = hwmigrate_tests::tree::read(folder).unwrap();
    assert!(!files.is_empty(), "{} holds nothing to search", folder.display());
    for (name, content) in files.iter().filter(|(name, _)| *name != PASSWORDS) {
        assert_clean(name, &String::from_utf8_lossy(content));
    }
    #[cfg(unix)]
    if files.contains_key(PASSWORDS) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.join(PASSWORDS)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read the passwords of templates");
    }
}

/// Everything that a result shows of itself.
fn shown<T: std::fmt::Debug>(result: &hwmigrate::Result<T>) -> String {
    let mut text = format!("{result:?} {result:#?}");
    if let Err(error) = result {
        write!(text, " {error} {error:#} {} {:?} {:?}", error.chain(), error.advice(), error.message())
            .unwrap();
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(next) = cause {
            write!(text, " {next} {next:?}").unwrap();
            cause = next.source();
        }
    }
    text
}
