//! Walking a folder in the order in which S3 lists keys.
//!
//! S3 sorts keys by their bytes, so `a.txt` comes before `a/b`, since `.` is
//! smaller than `/`. Sorting each folder's names with a `/` behind those of
//! folders gives that order without ever holding more than one folder per
//! level in memory.

use std::ffi::OsString;
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
    name: OsString,
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
                name: OsString::from(name),
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
        let Some(text) = name.name.to_str() else {
            let key = format!("{}{}", folder.key, name.name.to_string_lossy());
            let problem = StoreError::key(&key, "is not UTF-8, and keys have to be");
            entries.push(Entry { key, size: 0, modified: None, problem: Some(problem) });
            return Ok(());
        };
        let key = format!("{}{text}{}", folder.key, if name.kind == Kind::Folder { "/" } else { "" });
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
                let key = format!("{folder}{}/", name.name.to_string_lossy());
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
            let mut sort = name.as_bytes().to_owned();
            if kind == Kind::Folder {
                sort.push(b'/');
            }
            names.push(Name { sort, name, kind });
        }
        names.sort_unstable_by(|a, b| b.sort.cmp(&a.sort));
        Ok(names)
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
