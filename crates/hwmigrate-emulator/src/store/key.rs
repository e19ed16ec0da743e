//! Keys: which ones a store can hold, and how list files write them.

use percent_encoding::percent_decode_str;

use super::{StoreError, StoreErrorKind};

/// The documented limit of save prefix and key together.
pub(crate) const MAX_KEY_CHARS: usize = 1024;

/// The folder below a folder bucket that holds files which are still being written.
pub(super) const PARTIAL_FOLDER: &str = ".hwmigrate-partial";

/// Checks that a key names something below a folder, and only one thing.
///
/// `a//b` and `./a` name the same file as `a/b` and `a`: two keys would
/// silently become one, so they are refused like those that lead outside.
pub(super) fn check_folder_key(key: &str) -> Result<(), StoreError> {
    if key.is_empty() {
        return Err(StoreError::new(StoreErrorKind::Key, "an empty key names no object"));
    }
    if key.contains('\0') {
        return Err(StoreError::key(key, "holds a NUL byte, which no file name can"));
    }
    if key.starts_with('/') {
        return Err(StoreError::key(key, "is an absolute path, which leads outside the bucket"));
    }
    let mut parts = key.strip_suffix('/').unwrap_or(key).split('/');
    let first = parts.clone().next();
    if first == Some(PARTIAL_FOLDER) {
        return Err(StoreError::key(key, "lies in the folder kept for unfinished files"));
    }
    match parts.find(|part| matches!(*part, "" | "." | "..")) {
        None => Ok(()),
        Some("..") => Err(StoreError::key(key, "holds \"..\", which can lead outside the bucket")),
        Some(_) => Err(StoreError::key(key, "has an empty or \".\" part, which a folder cannot tell apart")),
    }
}

/// Decodes what a list file writes in percent-encoding.
pub(crate) fn decode_line(text: &str) -> Result<String, StoreError> {
    let key = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| StoreError::new(StoreErrorKind::Key, "the key is not UTF-8 once it is URL-decoded"))?;
    if key.contains('\0') {
        return Err(StoreError::new(StoreErrorKind::Key, "the key holds a NUL byte"));
    }
    Ok(key.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_that_leave_the_folder_or_collide_are_refused() {
        for key in ["", "/etc/passwd", "../x", "a/../b", "a/..", "a//b", "./a", "a/./b", "a\0b", "/", "//"] {
            assert!(check_folder_key(key).is_err(), "{key:?}");
        }
        assert!(check_folder_key(".hwmigrate-partial/x").is_err());
        for key in ["a", "a/b", "a/", "ünï cødé/ 文件 .txt", "..a", "a..", "a/...", " a ", "a\\b"] {
            assert!(check_folder_key(key).is_ok(), "{key:?}");
        }
    }

    #[test]
    fn list_lines_are_url_decoded() {
        assert_eq!(decode_line("a%20b/%E6%96%87").unwrap(), "a b/文");
        assert_eq!(decode_line("plain+plus").unwrap(), "plain+plus");
        assert!(decode_line("%FF").is_err());
        assert!(decode_line("a%00").is_err());
    }
}
