//! Files that list the objects of a job.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::model::{ListFile, Reason};
use super::transfer::destination_failed;
use crate::store::{Entry, Store, StoreErrorKind, decode_line};

/// The documented limits.
const MOST_BYTES: u64 = 100 << 20;
const LONGEST_LINE: usize = 65_535;

/// The keys of the list files that a request names: one file, or a folder of them.
pub(super) async fn files(store: &Store, list: &ListFile) -> Result<Vec<String>, Reason> {
    if !list.list_file_key.ends_with('/') {
        return Ok(vec![list.list_file_key.clone()]);
    }
    let mut keys = Vec::new();
    let mut listing = store.list(&list.list_file_key, None);
    loop {
        let entries =
            listing.next().await.map_err(|error| unreadable(&list.list_file_key, &error.message))?;
        if entries.is_empty() {
            break;
        }
        keys.extend(entries.into_iter().filter(|entry| !entry.is_marker()).map(|entry| entry.key));
    }
    if keys.is_empty() {
        return Err(Reason::new("TRF.0017", format!("there is no list file in \"{}\"", list.list_file_key)));
    }
    Ok(keys)
}

fn unreadable(key: &str, why: &str) -> Reason {
    Reason::new("TRF.0013", format!("the list file \"{key}\" cannot be read: {why}"))
}

/// Reads a list file and checks what does not depend on the kind of list.
pub(super) async fn read(store: &Store, key: &str) -> Result<String, Reason> {
    if !key.to_ascii_lowercase().ends_with(".txt") {
        return Err(Reason::new("TRF.0014", format!("the list file \"{key}\" is not a .txt file")));
    }
    let document = match store.read(key, MOST_BYTES).await {
        Ok(Some(document)) => document,
        Ok(None) => return Err(unreadable(key, "it does not exist")),
        Err(error) => {
            return Err(match error.kind {
                StoreErrorKind::TooLarge => Reason::new("TRF.0014", error.message),
                StoreErrorKind::Denied => destination_failed(&error),
                _ => unreadable(key, &error.message),
            });
        }
    };
    let plain = |kind: &String| kind.starts_with("text/plain");
    if document.content_type.as_ref().is_some_and(|kind| !plain(kind)) {
        return Err(Reason::new("TRF.0019", format!("the content type of \"{key}\" is not text/plain")));
    }
    if document.encoding.as_ref().is_some_and(|encoding| !encoding.is_empty()) {
        return Err(Reason::new("TRF.0019", format!("\"{key}\" has a content encoding; store it without")));
    }
    if document.bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        return Err(unreadable(key, "it starts with a byte order mark; save it as UTF-8 without one"));
    }
    let text = String::from_utf8(document.bytes).map_err(|_| unreadable(key, "it is not UTF-8"))?;
    if text.trim().is_empty() {
        return Err(Reason::new("TRF.0017", format!("the list file \"{key}\" is empty")));
    }
    if let Some(number) = text.lines().position(|line| line.len() > LONGEST_LINE) {
        let text = format!("line {} of \"{key}\" has more than {LONGEST_LINE} characters", number + 1);
        return Err(Reason::new("TRF.0018", text));
    }
    Ok(text)
}

/// The lines that name something.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

/// The key that a line of an object list names; one that cannot be decoded fails as an object.
pub(super) fn key(line: &str) -> Result<String, Box<Entry>> {
    decode_line(line).map_err(|problem| {
        Box::new(Entry { key: line.to_owned(), size: 0, modified: None, problem: Some(problem) })
    })
}

/// The URL and the key of a line of a URL list.
pub(super) fn url(line: &str) -> Result<(String, String), &'static str> {
    let (url, key) = line.split_once('\t').ok_or("has no tab between URL and key")?;
    let parsed = Url::parse(url).map_err(|_| "does not start with a URL")?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err("has a URL that is neither http nor https");
    }
    let key = percent_decode_str(key).decode_utf8().map_err(|_| "has a key that is not UTF-8")?;
    if key.is_empty() || key.contains(['\t', '\0']) {
        return Err("has no usable key behind the tab");
    }
    Ok((url.to_owned(), key.into_owned()))
}

/// Checks all lines of a URL list, as one bad line fails the whole job.
pub(super) fn check_urls(file: &str, text: &str) -> Result<(), Reason> {
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        // The line itself stays out of the message: URLs can be signed.
        url(line).map_err(|why| {
            let text = format!("line {} of \"{file}\" {why}; write URL<TAB>key", number + 1);
            Reason::new("TRF.0016", text)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_lines_are_split_and_decoded() {
        let parsed = url("http://127.0.0.1/a?sig=%2F\tfolder/%E6%96%87.txt");
        assert_eq!(parsed, Ok(("http://127.0.0.1/a?sig=%2F".to_owned(), "folder/文.txt".to_owned())));
        for line in ["http://h/a key", "ftp://h/a\tkey", "a\tkey", "http://h/a\t", "http://h/a\tk\tx"] {
            assert!(url(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_bad_url_line_is_named_without_its_text() {
        let error = check_urls("list.txt", "http://h/a\tk\n\nnonsense?sig=secret\n");
        let error = error.map_err(|reason| (reason.code, reason.text));
        let text = "line 3 of \"list.txt\" has no tab between URL and key; write URL<TAB>key".to_owned();
        assert_eq!(error, Err(("TRF.0016".to_owned(), text)));
    }
}
