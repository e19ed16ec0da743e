//! A bucket that is a folder.
//!
//! Keys are paths below it; an empty folder stands for a `dir/` marker.
//! Symbolic links are never followed, neither to read nor on the way to a
//! file to write, since they can lead outside the bucket.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::EmulatorError;

use super::key::check_folder_key;
use super::temporary::{Partials, Unfinished};
use super::{Entry, StoreError, StoreErrorKind};

/// How much is compared at a time.
const BLOCK: usize = 1 << 18;

/// A bucket that is a folder.
#[derive(Debug)]
pub(crate) struct FolderStore {
    root: PathBuf,
    partials: Partials,
}

/// The folders that one migration knows to exist and to be no links.
///
/// Without it every object would cost a look at each of its parents.
#[derive(Debug, Default)]
pub(crate) struct Parents(Mutex<HashSet<PathBuf>>);

impl Parents {
    fn known(&self, folder: &Path) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(folder)
    }

    fn remember(&self, folder: &Path) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
    }
}

impl FolderStore {
    /// Opens the folder, which has to exist.
    pub(super) fn open(path: &Path, instance: &str) -> Result<Self, EmulatorError> {
        let root = fs::canonicalize(path).map_err(|source| EmulatorError::file(path, source))?;
        if !root.is_dir() {
            return Err(EmulatorError::Config(format!(
                "{} is not a folder; a bucket needs a folder to keep its objects in",
                root.display()
            )));
        }
        let partials = Partials::new(&root, instance);
        Ok(Self { root, partials })
    }

    /// The folder itself, without links in its path.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The files that are still being written.
    pub(crate) fn partials(&self) -> &Partials {
        &self.partials
    }

    /// The path of a key that is known to be harmless.
    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// Looks one key up.
    pub(crate) fn head(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        check_folder_key(key)?;
        if let Some(parent) = Path::new(key.trim_end_matches('/')).parent()
            && !self.real_folder(key, parent)?
        {
            return Ok(None);
        }
        self.head_unchecked(key)
    }

    /// Looks up a key that was named as an object to move.
    ///
    /// Only an empty folder is an object, a `dir/` marker. One with content, or one that
    /// cannot be read, must not pass for it: what it holds would be left out silently.
    pub(crate) fn head_object(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let found = self.head(key)?;
        if found.as_ref().is_some_and(Entry::is_marker) {
            let failed = |error: io::Error| StoreError::io(key, &error);
            let mut inside = fs::read_dir(self.path(key)).map_err(failed)?;
            if inside.next().transpose().map_err(failed)?.is_some() {
                return Err(StoreError::key(
                    key,
                    "is a folder with content; run the whole task again to move it",
                ));
            }
        }
        Ok(found)
    }

    /// Looks a key up whose parents are known to be no links.
    fn head_unchecked(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let metadata = match fs::symlink_metadata(self.path(key.trim_end_matches('/'))) {
            Ok(metadata) => metadata,
            Err(error) if missing(&error) => return Ok(None),
            Err(error) => return Err(StoreError::io(key, &error)),
        };
        if metadata.is_symlink() {
            return Err(symlink(key));
        }
        let marker = key.ends_with('/');
        if metadata.is_dir() != marker {
            return Ok(None);
        }
        if !marker && !metadata.is_file() {
            // Opening a pipe would wait for somebody to write to it.
            return Err(special(key));
        }
        let size = if marker { 0 } else { metadata.len() };
        Ok(Some(Entry { key: key.to_owned(), size, modified: metadata.modified().ok(), problem: None }))
    }

    /// Whether each part of the folder is a folder; links are an error.
    fn real_folder(&self, key: &str, folder: &Path) -> Result<bool, StoreError> {
        let mut path = self.root.clone();
        for part in folder.components() {
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_symlink() => return Err(symlink(key)),
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Ok(false),
                Err(error) if missing(&error) => return Ok(false),
                Err(error) => return Err(StoreError::io(key, &error)),
            }
        }
        Ok(true)
    }

    /// Opens a file to read.
    pub(crate) fn open_file(&self, key: &str) -> Result<File, StoreError> {
        match self.head(key)? {
            Some(entry) if !entry.is_marker() => {
                File::open(self.path(key)).map_err(|error| StoreError::io(key, &error))
            }
            _ => Err(StoreError::new(StoreErrorKind::NotFound, format!("\"{key}\" does not exist"))),
        }
    }

    /// Opens a file that a listing of this folder has just named.
    pub(crate) fn open_listed(&self, key: &str) -> Result<File, StoreError> {
        File::open(self.path(key)).map_err(|error| StoreError::io(key, &error))
    }

    /// Makes ready to write a key: its folders exist, and nothing is in the way.
    ///
    /// Returns what the key holds now.
    pub(crate) fn prepare(&self, key: &str, parents: &Parents) -> Result<Option<Entry>, StoreError> {
        check_folder_key(key)?;
        let folder = if key.ends_with('/') { None } else { Path::new(key).parent() };
        if let Some(folder) = folder.filter(|folder| !parents.known(folder)) {
            self.make_folder(key, folder)?;
            parents.remember(folder);
        }
        let present = self.head_unchecked(key)?;
        if present.is_none() && !key.ends_with('/') && self.path(key).is_dir() {
            return Err(StoreError::key(key, "is a folder here, and a folder bucket cannot hold both"));
        }
        Ok(present)
    }

    /// Creates the folder that a `dir/` key marks.
    pub(crate) fn write_marker(&self, key: &str, parents: &Parents) -> Result<(), StoreError> {
        check_folder_key(key)?;
        let folder = Path::new(key.trim_end_matches('/'));
        if !parents.known(folder) {
            self.make_folder(key, folder)?;
            parents.remember(folder);
        }
        Ok(())
    }

    fn make_folder(&self, key: &str, folder: &Path) -> Result<(), StoreError> {
        let mut path = self.root.clone();
        for part in folder.components() {
            path.push(part);
            match fs::create_dir(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let metadata =
                        fs::symlink_metadata(&path).map_err(|error| StoreError::io(key, &error))?;
                    if metadata.is_symlink() {
                        return Err(symlink(key));
                    }
                    if !metadata.is_dir() {
                        return Err(StoreError::key(
                            key,
                            "needs a folder where a file is, and a folder bucket cannot hold both",
                        ));
                    }
                }
                Err(error) => return Err(StoreError::io(key, &error)),
            }
        }
        Ok(())
    }

    /// Whether two files hold the same bytes.
    pub(crate) fn same_content(&self, key: &str, other: &Self, target: &str) -> Result<bool, StoreError> {
        let (mut ours, mut theirs) = (self.open_file(key)?, other.open_file(target)?);
        let (mut one, mut two) = (vec![0; BLOCK], vec![0; BLOCK]);
        loop {
            let read = fill(&mut ours, &mut one).map_err(|error| StoreError::io(key, &error))?;
            let other = fill(&mut theirs, &mut two).map_err(|error| StoreError::io(target, &error))?;
            if one.get(..read) != two.get(..other) {
                return Ok(false);
            }
            if read < BLOCK {
                return Ok(true);
            }
        }
    }

    /// Removes a file, if it is there; never a folder, and nothing behind a link.
    pub(crate) fn delete(&self, key: &str) -> Result<(), StoreError> {
        match self.head(key)? {
            Some(entry) if !entry.is_marker() => {
                fs::remove_file(self.path(key)).map_err(|error| StoreError::io(key, &error))
            }
            _ => Ok(()),
        }
    }

    /// Starts writing a file; nobody sees it before [`Unfinished::publish`].
    pub(crate) fn create(&self, key: &str) -> Result<Unfinished, StoreError> {
        self.partials.create(self.path(key)).map_err(|error| StoreError::io(key, &error))
    }
}

/// Reads until the block is full or the file ends.
fn fill(file: &mut File, block: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = block.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

fn missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The reason for which a device, socket or pipe is not migrated.
pub(super) fn special(key: &str) -> StoreError {
    StoreError::key(key, "is a device, socket or pipe, not a file")
}

/// The reason for which a link is not migrated.
pub(super) fn symlink(key: &str) -> StoreError {
    StoreError::key(key, "is, or lies behind, a symbolic link, and links are not followed")
}
