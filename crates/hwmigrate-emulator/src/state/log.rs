//! The file of named values.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Values;
use crate::auth::seal::private_file;
use crate::error::EmulatorError;

/// The form of the lines; a later form must not be taken for this one.
const FORMAT: u64 = 1;
/// A file with fewer lines is never rewritten.
const SMALL: usize = 1_000;

/// One line: changes that belong together.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    put: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    del: Vec<String>,
}

/// The file, open for appending.
#[derive(Debug)]
pub(super) struct StateLog {
    path: PathBuf,
    file: File,
    /// What counts now, as text, to write when the file is rewritten.
    live: BTreeMap<String, String>,
    lines: usize,
}

impl StateLog {
    /// Opens or creates the file and returns what it says.
    ///
    /// A last line that was cut off by the end of the process is dropped: the
    /// change it speaks of was never confirmed to anyone.
    pub(super) fn open(path: &Path) -> Result<(Self, Values), EmulatorError> {
        let failed = |source| EmulatorError::file(path, source);
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let mut values = Values::new();
        let (mut lines, mut valid) = (0, 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if line.last() != Some(&b'\n') {
                break;
            }
            let parsed: Line = serde_json::from_slice(line).map_err(|error| {
                EmulatorError::Config(format!(
                    "line {} of {} is damaged ({error}); restore the file, or start with another state folder",
                    lines + 1,
                    path.display()
                ))
            })?;
            if lines == 0 && parsed.format != Some(FORMAT) {
                return Err(EmulatorError::Config(format!(
                    "{} was not written by this version of the emulator; start with another state folder",
                    path.display()
                )));
            }
            values.extend(parsed.put);
            for name in &parsed.del {
                values.remove(name);
            }
            lines += 1;
            valid += line.len();
        }
        let mut file = private_file::create(path, false).map_err(failed)?;
        file.set_len(valid as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let live = values.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        let mut log = Self { path: path.to_owned(), file, live, lines };
        if lines == 0 {
            log.append(Line { format: Some(FORMAT), ..Line::default() }).map_err(failed)?;
            log.sync().map_err(failed)?;
        }
        Ok((log, values))
    }

    /// Adds a line; it is safe after the next [`StateLog::sync`].
    pub(super) fn change(&mut self, put: BTreeMap<String, Value>, del: Vec<String>) -> io::Result<()> {
        for name in &del {
            self.live.remove(name);
        }
        for (name, value) in &put {
            self.live.insert(name.clone(), value.to_string());
        }
        self.append(Line { format: None, put, del })
    }

    /// Makes all changes safe; a file that holds mostly what does not count any more is written anew.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.lines > SMALL + 4 * self.live.len() { self.rewrite() } else { self.file.sync_data() }
    }

    fn append(&mut self, line: Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)?;
        self.lines += 1;
        Ok(())
    }

    /// Replaces the file by one that holds only what counts.
    fn rewrite(&mut self) -> io::Result<()> {
        let new = self.path.with_extension("jsonl.new");
        let mut bytes = format!("{{\"format\":{FORMAT}}}\n").into_bytes();
        for (name, value) in &self.live {
            bytes.extend_from_slice(b"{\"put\":{");
            serde_json::to_writer(&mut bytes, name)?;
            bytes.push(b':');
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"}}\n");
        }
        let mut file = private_file::create(&new, true)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        if let Some(folder) = self.path.parent() {
            // Without this the old name could come back after a power cut.
            File::open(folder)?.sync_all()?;
        }
        self.file = file;
        self.lines = 1 + self.live.len();
        Ok(())
    }
}
