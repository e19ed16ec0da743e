//! Files that are still being written.
//!
//! They are written into one folder at the top of the bucket and renamed when
//! complete, so that a reader never sees half an object and whatever a killed
//! emulator left behind is removed by removing one folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::key::PARTIAL_FOLDER;

/// The unfinished files of one emulator in one bucket.
#[derive(Debug)]
pub(crate) struct Partials {
    folder: PathBuf,
    /// The folder itself, locked for as long as files are written into it: others can see that someone is.
    claim: Mutex<Option<File>>,
    /// Two openings of the same state must not use the same names: one may still be ending.
    opening: u64,
    next: AtomicU64,
}

/// How often the folder may vanish while a file is created in it.
const TRIES: u32 = 100;

static OPENINGS: AtomicU64 = AtomicU64::new(0);

impl Partials {
    pub(super) fn new(root: &Path, instance: &str) -> Self {
        Self {
            folder: root.join(PARTIAL_FOLDER).join(instance),
            claim: Mutex::new(None),
            opening: OPENINGS.fetch_add(1, Ordering::Relaxed),
            next: AtomicU64::new(0),
        }
    }

    /// Removes what this emulator left behind; to be called when nothing is being written.
    ///
    /// What others left goes too, if they ended without coming back: one whose state was temporary never
    /// does. The lock on a folder ends with the process that holds it, however that ends.
    pub(crate) fn clear(&self) -> io::Result<()> {
        let Some(parent) = self.folder.parent() else { return Ok(()) };
        self.clear_abandoned(parent);
        let own = self.folder.file_name().unwrap_or_default();
        // Moved away first: a thread of an engine that just ended may still add to it.
        let aside = parent.join(format!("{}.old", own.to_string_lossy()));
        remove(&aside)?;
        match fs::rename(&self.folder, &aside) {
            Ok(()) => remove(&aside)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.tidy();
        // Empty if what was in it was all abandoned; otherwise it stays.
        let _ = fs::remove_dir(parent);
        Ok(())
    }

    fn clear_abandoned(&self, parent: &Path) {
        // Not there, or not to be read: then there is nothing that could be removed.
        let Ok(others) = fs::read_dir(parent) else { return };
        for other in others.filter_map(Result::ok).map(|item| item.path()).filter(|path| *path != self.folder)
        {
            let Ok(folder) = File::open(&other) else { continue };
            if folder.metadata().is_ok_and(|data| data.is_dir()) && folder.try_lock().is_ok() {
                // It is somebody else's, so a failure to remove it must not keep this emulator from starting.
                if let Err(error) = remove(&other) {
                    tracing::warn!(%error, "unfinished files of an emulator that was killed stay in a bucket");
                }
            }
        }
    }

    /// Removes the folders again if nothing is left in them.
    pub(crate) fn tidy(&self) {
        // Not empty, or not there: both mean that nothing has to be done.
        if fs::remove_dir(&self.folder).is_ok()
            && let Some(parent) = self.folder.parent()
        {
            let _ = fs::remove_dir(parent);
        }
    }

    /// Locks the folder that was just made.
    fn claim(&self) {
        let folder = File::open(&self.folder).ok().filter(|folder| folder.try_lock().is_ok());
        // Where it cannot be locked, or another thread was faster, there is nothing better to do.
        if folder.is_some() {
            *self.claim.lock().unwrap_or_else(PoisonError::into_inner) = folder;
        }
    }

    pub(super) fn create(&self, target: PathBuf) -> io::Result<Unfinished> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{}-{number}", self.opening));
        let mut tries = 0;
        let file = loop {
            // Another job that ends may have found the folder empty and removed it, even just now.
            match File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => {
                    tries += 1;
                    match fs::create_dir_all(&self.folder) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => self.claim(),
                    }
                }
                result => break result?,
            }
        };
        Ok(Unfinished { file: Some(file), path, target, published: false })
    }
}

impl Drop for Partials {
    /// Work that was stopped leaves its folder empty, and an end must not leave that in the bucket.
    fn drop(&mut self) {
        self.tidy();
    }
}

/// Removes a folder, if it is there.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file that is not complete yet; dropping it removes it.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// Away while a blocking thread writes to it.
    pub(super) file: Option<File>,
    path: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Unfinished {
    /// The file to write to.
    pub(crate) fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::Error::other("a write to this file was given up"))
    }

    /// Gives the file its time and its name.
    pub(crate) fn publish(&mut self, modified: Option<SystemTime>) -> io::Result<()> {
        let file = self.file()?;
        if let Some(modified) = modified {
            file.set_modified(modified)?;
        }
        self.file = None;
        fs::rename(&self.path, &self.target)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_killed_emulator_with_another_state_left_is_removed_and_what_a_living_one_writes_is_not() {
        let root = tempfile::tempdir().unwrap();
        let killed = root.path().join(PARTIAL_FOLDER).join("killed");
        fs::create_dir_all(&killed).unwrap();
        fs::write(killed.join("0-0"), "half").unwrap();
        let living = Partials::new(root.path(), "living");
        let mut unfinished = living.create(root.path().join("b")).unwrap();
        let new = Partials::new(root.path(), "new");
        new.clear().unwrap();
        assert!(!killed.exists());
        unfinished.publish(None).unwrap();
        drop(living);
        drop(new);
        let left: Vec<_> = fs::read_dir(root.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
        assert_eq!(left, ["b"]);
    }

    #[test]
    fn an_end_in_the_middle_of_a_file_leaves_nothing_in_the_bucket() {
        let root = tempfile::tempdir().unwrap();
        let (ending, living) = (Partials::new(root.path(), "ending"), Partials::new(root.path(), "living"));
        let unfinished = ending.create(root.path().join("a")).unwrap();
        let mut other = living.create(root.path().join("b")).unwrap();
        drop(unfinished);
        drop(ending);
        // What another emulator writes stays.
        other.publish(None).unwrap();
        drop(living);
        let left: Vec<_> = fs::read_dir(root.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
        assert_eq!(left, ["b"]);
    }
}
