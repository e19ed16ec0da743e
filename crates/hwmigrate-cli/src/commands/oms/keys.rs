//! Lists of objects in files on this machine.
//!
//! They are checked here, line by line, before anything is sent: the service
//! names neither line nor reason.

use std::path::Path;

use crate::body::name_of;
use crate::failure::{Failure, Result};
use crate::lines::{bad_line, read_lines};

/// Most keys that one request takes.
pub(crate) const MOST_KEYS: usize = 500;
/// Longest key, in characters.
const LONGEST_KEY: usize = 1_024;
/// Longest line of a list file, in characters.
const LONGEST_LINE: usize = 65_535;
/// Largest list file, in bytes.
const LARGEST_LIST: u64 = 100 * 1_024 * 1_024;

/// Reads object keys, one on each line; `most` limits their number.
pub(crate) fn read_keys(path: &Path, most: Option<usize>) -> Result<Vec<String>> {
    let lines = read_lines(path)?;
    for (place, line) in lines.iter().enumerate() {
        let why = if line.is_empty() {
            "is empty, which would mean the whole bucket"
        } else if line.chars().count() > LONGEST_KEY {
            "is longer than 1024 characters"
        } else if line.contains(char::is_control) {
            "holds a control character"
        } else {
            continue;
        };
        return Err(bad_line(path, place, why, "write one object key on each line"));
    }
    if lines.is_empty() {
        return Err(Failure::usage(format!("{} holds no keys", name_of(path)))
            .help("write one object key on each line"));
    }
    if let Some(most) = most.filter(|most| lines.len() > *most) {
        return Err(Failure::usage(format!(
            "{} holds {} keys, at most {most} are allowed",
            name_of(path),
            lines.len()
        ))
        .help("put the list into a bucket of the destination's region and give --list-file BUCKET/KEY"));
    }
    Ok(lines)
}

/// Checks a list file as the service would take it from a bucket.
pub(crate) fn check_list(path: &Path, addresses: bool) -> Result<()> {
    let size = std::fs::metadata(path).map(|meta| meta.len()).unwrap_or_default();
    if size > LARGEST_LIST {
        return Err(Failure::usage(format!("{} is larger than 100 MiB", name_of(path)))
            .help("split the list and migrate the parts one after the other"));
    }
    let lines = read_lines(path)?;
    if lines.is_empty() {
        return Err(
            Failure::usage(format!("{} lists nothing", name_of(path))).help("write one entry on each line")
        );
    }
    for (place, line) in lines.iter().enumerate() {
        if line.chars().count() > LONGEST_LINE {
            return Err(bad_line(path, place, "is longer than 65535 characters", "split or remove it"));
        }
        if line.is_empty() {
            return Err(bad_line(path, place, "is empty", "remove it"));
        }
        if addresses {
            let form = "write address, tab, destination key, both URL-encoded";
            match line.split_once('\t') {
                Some((address, key)) if is_address(address) && !key.is_empty() && !key.contains('\t') => {}
                Some((address, _)) if !is_address(address) => {
                    return Err(bad_line(path, place, "does not begin with an http or https address", form));
                }
                _ => return Err(bad_line(path, place, "has no destination key behind a tab", form)),
            }
        }
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn with(bytes: &[u8], check: impl FnOnce(&Path)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.txt");
        std::fs::write(&path, bytes).unwrap();
        check(&path);
    }

    #[test]
    fn keys_are_read_as_they_are() {
        with("\u{feff}a b/ü.txt\r\n/c\n\n\n".as_bytes(), |path| {
            assert_eq!(read_keys(path, None).unwrap(), ["a b/ü.txt", "/c"]);
        });
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        let long = "k".repeat(1_025);
        let cases: [(&[u8], &str); 6] = [
            (b"a\n\nb\n", "line 2 is empty"),
            (b"a\nb\xff\n", "line 2 is not UTF-8"),
            (b"a\x07\n", "line 1 holds a control"),
            (long.as_bytes(), "line 1 is longer"),
            (b"\n\n", "holds no keys"),
            (b"a\nb\nc", "holds 3 keys"),
        ];
        for (bytes, words) in cases {
            with(bytes, |path| {
                let failure = read_keys(path, Some(2)).unwrap_err();
                assert!(failure.message().contains(words), "{}", failure.message());
            });
        }
    }

    #[test]
    fn a_list_of_addresses_is_checked_without_repeating_them() {
        with(b"https://h/a?sig=x\ta\nhttp://h/b\tb\n", |path| check_list(path, true).unwrap());
        let cases: [(&[u8], &str); 4] = [
            (b"https://h/a\ta\nhttps://h/b?sig=canary b\n", "line 2 has no destination key"),
            (b"ftp://h/canary\ta\n", "line 1 does not begin"),
            (b"https://h/canary\t\n", "line 1 has no destination key"),
            (b"", "lists nothing"),
        ];
        for (bytes, words) in cases {
            with(bytes, |path| {
                let failure = check_list(path, true).unwrap_err();
                assert!(failure.message().contains(words), "{}", failure.message());
                assert!(!failure.to_json().to_string().contains("canary"));
            });
        }
    }

    #[test]
    fn a_missing_list_is_named() {
        let failure = read_keys(Path::new("/surely/not/there"), None).unwrap_err();
        assert!(failure.message().contains("/surely/not/there"));
    }
}
