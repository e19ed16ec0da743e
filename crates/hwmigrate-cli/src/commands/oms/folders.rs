//! The two folders of a migration on this machine.
//!
//! A destination inside the source would be copied into itself, and a source
//! inside the destination would be mixed with the copies; both are refused,
//! also when a link hides it. Nothing is created before everything is checked.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::failure::{Failure, Result};

/// Where an emulator keeps unfinished files in a folder bucket; nothing below it counts as an object.
const UNFINISHED: &str = ".hwmigrate-partial";

/// Two folders that do not lie in each other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Folders {
    /// Where the files are; without links.
    pub(crate) source: PathBuf,
    /// Where the files go; without links; need not exist.
    pub(crate) destination: PathBuf,
    /// Where the emulator keeps its state, if it is to be kept.
    pub(crate) state: Option<PathBuf>,
}

impl Folders {
    /// Checks the folders and creates nothing.
    pub(crate) fn check(source: &OsStr, destination: &OsStr, state: Option<&Path>) -> Result<Self> {
        let source = existing(Path::new(source))?;
        let destination = future(Path::new(destination), "the destination")?;
        let state = state.map(|path| future(path, "the state folder")).transpose()?;
        apart(&source, &destination, ("source", "destination"))?;
        if let Some(state) = &state {
            apart(&source, state, ("source", "state folder"))?;
            apart(&destination, state, ("destination", "state folder"))?;
        }
        Ok(Self { source, destination, state })
    }

    /// Creates what is missing; it goes again unless the answer is told to keep it.
    pub(crate) fn create(&self) -> Result<Made> {
        let mut made = Made::default();
        for path in [Some(&self.destination), self.state.as_ref()].into_iter().flatten() {
            let missing: Vec<_> = path.ancestors().take_while(|path| !path.exists()).collect();
            made.0.extend(missing.iter().rev().map(PathBuf::from));
            std::fs::create_dir_all(path).map_err(|error| {
                Failure::usage(format!("the folder {} could not be created", path.display()))
                    .cause(error)
                    .help("choose a place where you may write")
            })?;
            writable(path).map_err(|error| {
                Failure::usage(format!("the folder {} cannot be written to", path.display()))
                    .cause(error)
                    .help("choose a place where you may write, or ask for the right to")
            })?;
        }
        Ok(made)
    }
}

/// Folders that a run has made before it was sure to begin, from the outermost to the innermost.
#[derive(Debug, Default)]
pub(crate) struct Made(Vec<PathBuf>);

impl Made {
    /// The run has begun: they stay.
    pub(crate) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            // One in which something lies by now is not ours any more, and stays.
            let _ = std::fs::remove_dir(path);
        }
    }
}

/// Tries to write: rights alone do not tell of read-only file systems and the like.
///
/// Without this every single file would fail, and the list of failures could not be written either.
fn writable(folder: &Path) -> io::Result<()> {
    // Always the same name, so that what a killed run has left goes with the next one.
    let probe = folder.join(".hwmigrate-probe");
    let none = |error: io::Error, kind| if error.kind() == kind { Ok(()) } else { Err(error) };
    std::fs::create_dir(&probe).or_else(|error| none(error, io::ErrorKind::AlreadyExists))?;
    std::fs::remove_dir(&probe).or_else(|error| none(error, io::ErrorKind::NotFound))
}

fn existing(path: &Path) -> Result<PathBuf> {
    let found = path.canonicalize().map_err(|error| {
        let message = if error.kind() == io::ErrorKind::NotFound {
            format!("the source {} does not exist", path.display())
        } else {
            format!("the source {} cannot be used", path.display())
        };
        Failure::usage(message).cause(error).help("give an existing folder as SRC")
    })?;
    if !found.is_dir() {
        return Err(Failure::usage(format!("the source {} is not a folder", path.display()))
            .help("give the folder that holds the files; everything below it is moved"));
    }
    // The names in it and the way to them are two rights.
    let read = std::fs::read_dir(&found).and_then(|_| found.join(".").metadata());
    read.map_err(|error| {
        Failure::usage(format!("the source {} cannot be read", path.display()))
            .cause(error)
            .help("ask for the rights to read it and to look into it")
    })?;
    let reserved = found.join(UNFINISHED);
    if std::fs::read_dir(&reserved).is_ok_and(|mut names| names.next().is_some()) {
        return Err(Failure::usage(format!("{} would not be moved", reserved.display())).help(format!(
            "the name {UNFINISHED} is kept for unfinished files: rename the folder, or remove it where an \
             earlier migration to this place has left it"
        )));
    }
    Ok(found)
}

/// The place that a path stands for once its missing folders are made.
fn future(path: &Path, what: &str) -> Result<PathBuf> {
    let refused = |why: &str| Failure::usage(format!("{what} {} {why}", path.display()));
    if path.as_os_str().is_empty() {
        return Err(Failure::usage(format!("{what} is empty")).help("give the path of a folder"));
    }
    let mut missing = Vec::new();
    let mut there = std::path::absolute(path)
        .map_err(|error| refused("cannot be used").cause(error).help("give another path"))?;
    loop {
        match there.canonicalize() {
            Ok(found) => {
                if !found.is_dir() {
                    return Err(
                        refused("is not a folder").help("give a folder, or a name that is still free")
                    );
                }
                return Ok(missing.iter().rev().fold(found, |path, name| path.join(name)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if there.is_symlink() {
                    return Err(refused("is a link to nowhere").help("remove the link, or give its target"));
                }
                match there.components().next_back() {
                    Some(Component::Normal(name)) => missing.push(name.to_owned()),
                    _ => {
                        return Err(refused("leads through a folder that does not exist")
                            .help("give the path without .."));
                    }
                }
                there.pop();
            }
            Err(error) => {
                return Err(refused("cannot be used").cause(error).help("give a folder you may write to"));
            }
        }
    }
}

fn apart(one: &Path, other: &Path, names: (&str, &str)) -> Result<()> {
    let (first, second) = names;
    let message = if one == other {
        format!("{first} and {second} are the same folder, {}", one.display())
    } else if other.starts_with(one) {
        format!("the {second} {} lies inside the {first} {}", other.display(), one.display())
    } else if one.starts_with(other) {
        format!("the {first} {} lies inside the {second} {}", one.display(), other.display())
    } else {
        return Ok(());
    };
    Err(Failure::usage(message).help(format!("choose a {second} outside the {first}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::exit::ExitCode;

    fn check(source: &Path, destination: &Path) -> Result<Folders> {
        Folders::check(source.as_os_str(), destination.as_os_str(), None)
    }

    fn refusal(source: &Path, destination: &Path) -> String {
        let failure = check(source, destination).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Usage);
        failure.message().to_owned()
    }

    #[test]
    fn a_missing_destination_is_made_only_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("from");
        let to = dir.path().join("a/b/to");
        std::fs::create_dir(&from).unwrap();
        let folders = check(&from, &to).unwrap();
        assert!(!to.exists());
        drop(folders.create().unwrap());
        assert!(!to.exists(), "made in vain");
        folders.create().unwrap().keep();
        assert!(to.is_dir());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_destination_that_cannot_be_written_to_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folders = check(dir.path(), Path::new("/proc/self/fdinfo")).unwrap();
        let failure = folders.create().unwrap_err();
        assert_eq!(failure.code(), ExitCode::Usage);
        assert!(failure.message().contains("cannot be written to"), "{}", failure.message());
        let to = dir.path().join("to");
        std::fs::create_dir(&to).unwrap();
        std::fs::create_dir(to.join(".hwmigrate-probe")).unwrap();
        writable(&to).unwrap();
        writable(&to).unwrap();
        assert_eq!(std::fs::read_dir(&to).unwrap().count(), 0);
    }

    #[test]
    fn folders_in_each_other_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("from");
        std::fs::create_dir_all(from.join("sub")).unwrap();
        assert!(refusal(&from, &from.join("sub/new")).contains("inside the source"));
        assert!(refusal(&from.join("sub"), &from).contains("inside the destination"));
        assert!(refusal(&from, &from.join("sub/..")).contains("same folder"));
        // A name that only begins alike is another folder.
        assert!(check(&from, &dir.path().join("from2")).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_hide_that_folders_lie_in_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("from");
        std::fs::create_dir_all(from.join("sub")).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(from.join("sub"), &link).unwrap();
        assert!(refusal(&from, &link).contains("inside the source"));
        assert!(refusal(&from, &link.join("new")).contains("inside the source"));
        assert!(refusal(&link, &from).contains("inside the destination"));
        let nowhere = dir.path().join("nowhere");
        std::os::unix::fs::symlink(dir.path().join("gone"), &nowhere).unwrap();
        assert!(refusal(&from, &nowhere).contains("link to nowhere"));
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(refusal(&dir.path().join("gone"), dir.path()).contains("does not exist"));
        assert!(refusal(&file, dir.path()).contains("is not a folder"));
        let from = dir.path().join("from");
        std::fs::create_dir(&from).unwrap();
        assert!(refusal(&from, &file).contains("is not a folder"));
        assert!(refusal(&from, Path::new("")).contains("empty"));
        assert!(refusal(&from, &dir.path().join("gone/../to")).contains("leads through"));
    }

    #[test]
    fn a_source_with_the_reserved_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::create_dir_all(from.join(UNFINISHED)).unwrap();
        assert!(check(&from, &to).is_ok(), "nothing is lost");
        std::fs::write(from.join(UNFINISHED).join("x"), "x").unwrap();
        assert!(refusal(&from, &to).contains("would not be moved"));
    }

    #[test]
    fn the_state_lies_outside_both() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::create_dir(&from).unwrap();
        for state in [from.join("state"), to.join("state")] {
            assert!(Folders::check(from.as_os_str(), to.as_os_str(), Some(&state)).is_err());
        }
        assert!(Folders::check(from.as_os_str(), to.as_os_str(), Some(&dir.path().join("state"))).is_ok());
    }
}
