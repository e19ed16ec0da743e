//! New files for what was asked for: secrets, which are for their owner alone, and exports.
//!
//! A place is reserved before the service is asked, so that nothing is fetched
//! in vain, and given up again when nothing comes of it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use hwmigrate::Secret;

use crate::failure::{Failure, Result};

/// A new file that only its owner may read; removed unless it is kept.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
    file: File,
    keep: bool,
}

impl NewFile {
    /// Makes the file, which must not exist.
    pub(crate) fn reserve(path: &Path) -> Result<Self> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| unusable("file", path, &error))?;
        Ok(Self { path: path.to_owned(), file, keep: false })
    }

    /// Adds to the file.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| unusable("file", &self.path, &error))
    }

    /// All is written: the file stays.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }

    /// Writes a secret, and the file stays.
    pub(crate) fn write_secret(mut self, secret: &Secret) -> Result<()> {
        self.write(secret.expose().as_bytes())?;
        self.keep();
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is for its owner's eyes alone.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A new folder that only its owner may look into; removed unless it is kept.
#[derive(Debug)]
pub(crate) struct NewFolder {
    path: PathBuf,
    keep: bool,
}

impl NewFolder {
    /// Makes the folder, which must not exist.
    pub(crate) fn reserve(path: &Path) -> Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        // Modes exist on Unix alone.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(false).create(path).map_err(|error| unusable("folder", path, &error))?;
        Ok(Self { path: path.to_owned(), keep: false })
    }

    /// Writes one secret into the folder.
    pub(crate) fn write_secret(&self, name: &str, secret: &Secret) -> Result<()> {
        NewFile::reserve(&self.path.join(name))?.write_secret(secret)
    }

    /// All is written: the folder stays.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.keep {
            // It was made by this command; what cannot be removed is for its owner's eyes alone.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn unusable(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let message = if error.kind() == std::io::ErrorKind::AlreadyExists {
        format!("{} exists already, and nothing is overwritten here", path.display())
    } else {
        format!("the {what} {} could not be written", path.display())
    };
    Failure::usage(message).cause(error).help("give a name with --to that is still free, where you may write")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::exit::ExitCode;

    #[test]
    fn a_file_is_for_its_owner_alone_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        NewFile::reserve(&path).unwrap().write_secret(&Secret::from("made-up")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "made-up");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let failure = NewFile::reserve(&path).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Usage);
        assert!(failure.message().contains("exists already"), "{}", failure.message());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "made-up");
    }

    #[test]
    fn what_was_reserved_in_vain_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let (file, folder) = (dir.path().join("file"), dir.path().join("folder"));
        NewFile::reserve(&file).unwrap().write(b"half").unwrap();
        let reserved = NewFolder::reserve(&folder).unwrap();
        reserved.write_secret("key.pem", &Secret::from("made-up")).unwrap();
        drop(reserved);
        assert!(!file.exists() && !folder.exists());
        let reserved = NewFolder::reserve(&folder).unwrap();
        reserved.write_secret("key.pem", &Secret::from("made-up")).unwrap();
        reserved.keep();
        assert!(folder.join("key.pem").exists());
    }
}
