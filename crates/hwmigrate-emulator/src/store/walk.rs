//! Walking a folder in the order in which S3 lists keys.
//!
//! S3 sorts keys by their bytes, so `a.txt` comes before `a/b`, since `.` is
//! smaller than `/`. Sorting each folder's names with a `/` behind those of
//! folders gives that order without ever holding more than one folder per
//! level in memory.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::folder::{special, symlink};
use super::key::PARTIAL_FOLDER;
use super::{Entry, StoreError, StoreErrorKind};

/// A walk that is under way.
#[derive(Debug)]
pub(crate) struct Walk {
    root: std::path::PathBuf,
    /// Only keys that start with this.
    prefix: String,
    /// Only keys behind this one.
    after: Option<String>,
    /// The folders that are open, the innermost last.
    open: Vec<Folder>,
    started: bool,
}

#[derive(Debug)]
struct Folder {
    /// The key of the folder with a trailing `/`, empty for the bucket itself.
    key: String,
    /// What is left of it, in reverse order.
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    /// With a `/` behind it if it is a folder.
    sort: Vec<u8>,
    /// As in keys; see [`shown`] for names that cannot be.
    text: String,
    /// Whether the name can be part of a key.
    valid: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    Other,
}

impl Walk {
    pub(super) fn new(root: &Path, prefix: &str, after: Option<&str>) -> Self {
        Self {
            root: root.to_owned(),
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
            open: Vec::new(),
            started: false,
        }
    }

    /// The next keys, at most `limit`; an empty list means that the walk is over.
    pub(super) fn next(&mut self, limit: usize) -> Result<Vec<Entry>, StoreError> {
        if !self.started {
            self.started = true;
            self.start()?;
        }
        let mut entries = Vec::new();
        while entries.len() < limit {
            let Some(folder) = self.open.last_mut() else { break };
            let Some(name) = folder.names.pop() else {
                self.open.pop();
                continue;
            };
            self.visit(name, &mut entries)?;
        }
        Ok(entries)
    }

    /// Opens the folder that holds everything with the prefix.
    fn start(&mut self) -> Result<(), StoreError> {
        let folder = self.prefix.rfind('/').map_or("", |end| &self.prefix[..=end]);
        if folder.split('/').any(|part| matches!(part, "." | ".."))
            || folder.starts_with('/')
            || folder.contains("//")
            || folder.contains('\0')
        {
            // No key of a folder bucket looks like this.
            return Ok(());
        }
        let mut path = self.root.clone();
        for part in folder.split_terminator('/') {
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {}
                _ => return Ok(()),
            }
        }
        let folder = folder.to_owned();
        // A prefix that names a folder finds its marker too, if it is empty.
        let names = self.read(&folder)?;
        if names.is_empty() && !folder.is_empty() && self.prefix == folder {
            let (parent, name) = split(&folder);
            let name = Name {
                sort: format!("{name}/").into_bytes(),
                text: name.to_owned(),
                valid: true,
                kind: Kind::Folder,
            };
            self.open.push(Folder { key: parent.to_owned(), names: vec![name] });
        } else {
            self.open.push(Folder { key: folder, names });
        }
        Ok(())
    }

    fn visit(&mut self, name: Name, entries: &mut Vec<Entry>) -> Result<(), StoreError> {
        let Some(folder) = self.open.last() else { return Ok(()) };
        let end = if name.kind == Kind::Folder { "/" } else { "" };
        let key = format!("{}{}{end}", folder.key, name.text);
        if !name.valid {
            if self.wanted(&key) {
                let problem = StoreError::key(&key, "is not UTF-8, and keys have to be");
                entries.push(Entry { key, size: 0, modified: None, problem: Some(problem) });
            }
            return Ok(());
        }
        match name.kind {
            Kind::Folder => {
                if !overlaps(&key, &self.prefix) || self.wholly_before(&key) {
                    return Ok(());
                }
                let names = match self.read(&key) {
                    Ok(names) => names,
                    Err(problem) => {
                        entries.push(Entry { key, size: 0, modified: None, problem: Some(problem) });
                        return Ok(());
                    }
                };
                if !names.is_empty() {
                    self.open.push(Folder { key, names });
                } else if self.wanted(&key) {
                    let modified =
                        fs::symlink_metadata(self.root.join(&key)).and_then(|data| data.modified()).ok();
                    entries.push(Entry { key, size: 0, modified, problem: None });
                }
            }
            Kind::File if self.wanted(&key) => match fs::symlink_metadata(self.root.join(&key)) {
                Ok(data) => {
                    let (size, modified) = (data.len(), data.modified().ok());
                    entries.push(Entry { key, size, modified, problem: None });
                }
                // Deleted since its folder was read: then it is no object any more.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let problem = Some(StoreError::io(&key, &error));
                    entries.push(Entry { key, size: 0, modified: None, problem });
                }
            },
            Kind::Link if self.wanted(&key) => {
                let problem = Some(symlink(&key));
                entries.push(Entry { key, size: 0, modified: None, problem });
            }
            Kind::Other if self.wanted(&key) => {
                let problem = Some(special(&key));
                entries.push(Entry { key, size: 0, modified: None, problem });
            }
            _ => {}
        }
        Ok(())
    }

    /// What lies directly in a folder, folders with a trailing `/`.
    pub(super) fn children(root: &Path, folder: &str) -> Result<Vec<Entry>, StoreError> {
        let mut walk = Self::new(root, folder, None);
        let mut names = walk.read(folder)?;
        let mut entries = Vec::new();
        while let Some(name) = names.pop() {
            if name.kind == Kind::Folder {
                let key = format!("{folder}{}/", name.text);
                entries.push(Entry { key, size: 0, modified: None, problem: None });
            } else {
                walk.open = vec![Folder { key: folder.to_owned(), names: Vec::new() }];
                walk.visit(name, &mut entries)?;
            }
        }
        Ok(entries)
    }

    fn wanted(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && self.after.as_deref().is_none_or(|after| key > after)
    }

    /// Whether nothing below the folder can come behind `after`.
    fn wholly_before(&self, folder: &str) -> bool {
        self.after.as_deref().is_some_and(|after| folder < after && !after.starts_with(folder))
    }

    fn read(&self, key: &str) -> Result<Vec<Name>, StoreError> {
        let path = self.root.join(key);
        let listed = fs::read_dir(&path).map_err(|error| StoreError::io(key, &error))?;
        let mut names = Vec::new();
        for item in listed {
            let item = item.map_err(|error| StoreError::io(key, &error))?;
            let name = item.file_name();
            if key.is_empty() && name == PARTIAL_FOLDER {
                continue;
            }
            let kind = match item.file_type() {
                Ok(kind) if kind.is_dir() => Kind::Folder,
                Ok(kind) if kind.is_file() => Kind::File,
                Ok(kind) if kind.is_symlink() => Kind::Link,
                Ok(_) => Kind::Other,
                Err(error) => {
                    return Err(StoreError::new(StoreErrorKind::Other, format!("\"{key}\": {error}")));
                }
            };
            let valid = name.to_str().is_some();
            names.push(Name { sort: Vec::new(), text: shown(&name), valid, kind });
        }
        tell_apart(&mut names);
        for name in &mut names {
            name.sort = name.text.clone().into_bytes();
            if name.kind == Kind::Folder {
                name.sort.push(b'/');
            }
        }
        names.sort_unstable_by(|a, b| b.sort.cmp(&a.sort));
        Ok(names)
    }
}

/// A name as text. What is not UTF-8 becomes the replacement character with the byte behind it, so that two
/// such names stay two.
fn shown(name: &OsStr) -> String {
    let mut text = String::new();
    for part in name.as_bytes().utf8_chunks() {
        text.push_str(part.valid());
        for byte in part.invalid() {
            text.push(char::REPLACEMENT_CHARACTER);
            text.push_str(&format!("{byte:02X}"));
        }
    }
    text
}

/// Changes names that are not UTF-8 where others of the same folder are shown as they are.
fn tell_apart(names: &mut [Name]) {
    if names.iter().all(|name| name.valid) {
        return;
    }
    let mut taken: HashSet<_> =
        names.iter().filter(|name| name.valid).map(|name| name.text.clone()).collect();
    for name in names.iter_mut().filter(|name| !name.valid) {
        while !taken.insert(name.text.clone()) {
            name.text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Whether a folder can hold keys with the prefix.
fn overlaps(folder: &str, prefix: &str) -> bool {
    folder.starts_with(prefix) || prefix.starts_with(folder)
}

/// Splits `a/b/` into `a/` and `b`.
pub(super) fn split(folder: &str) -> (&str, &str) {
    let bare = folder.trim_end_matches('/');
    match bare.rfind('/') {
        Some(end) => bare.split_at(end + 1),
        None => ("", bare),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_that_are_not_utf_8_stay_apart_and_are_listed_where_they_belong() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a");
        fs::create_dir(&folder).unwrap();
        for name in [&b"x\xFF"[..], b"x\xFE", "x\u{FFFD}FE".as_bytes(), b"y"] {
            fs::write(folder.join(OsStr::from_bytes(name)), "content").unwrap();
        }
        let keys = |prefix: &str, after: Option<&str>| {
            let entries = Walk::new(root.path(), prefix, after).next(10).unwrap();
            assert!(entries.is_sorted_by(|one, other| one.key < other.key));
            entries.into_iter().map(|entry| (entry.key, entry.problem.is_some())).collect::<Vec<_>>()
        };
        let (real, fe, ff) = ("a/x\u{FFFD}FE", "a/x\u{FFFD}FE\u{FFFD}", "a/x\u{FFFD}FF");
        let found = |names: &[(&str, bool)]| {
            names.iter().map(|(name, bad)| ((*name).to_owned(), *bad)).collect::<Vec<_>>()
        };
        assert_eq!(keys("", None), found(&[(real, false), (fe, true), (ff, true), ("a/y", false)]));
        assert_eq!(keys("a/y", None), found(&[("a/y", false)]));
        assert_eq!(keys("a/", Some(fe)), found(&[(ff, true), ("a/y", false)]));
    }
}
