//! Folders that stand for buckets: filling them, and telling two apart.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::dice::Dice;

/// Writes files, with the folders above them.
///
/// # Errors
/// When the file system refuses.
pub fn write(folder: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    for (key, content) in files {
        let path = folder.join(key);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

/// Every file below a folder by its key, with its content.
///
/// # Errors
/// When the file system refuses.
pub fn read(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = path.strip_prefix(folder).map_err(io::Error::other)?;
                files.insert(key.to_string_lossy().into_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

/// What is wrong with a copy: keys that are missing or differ. What else the copy holds does not matter.
///
/// # Errors
/// When the file system refuses.
pub fn differences(source: &Path, copy: &Path) -> io::Result<Vec<String>> {
    let (source, copy) = (read(source)?, read(copy)?);
    let wrong = source.into_iter().filter_map(|(key, content)| match copy.get(&key) {
        None => Some(format!("{key} is missing")),
        Some(other) if *other != content => Some(format!("{key} differs")),
        Some(_) => None,
    });
    Ok(wrong.collect())
}

/// Content that neither repeats nor compresses, the same for the same seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut next = || dice.next_number().to_le_bytes()[3];
    (0..length).map(|_| next()).collect()
}
