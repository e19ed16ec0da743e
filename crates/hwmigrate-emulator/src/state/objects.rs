//! What became of each object of a job.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use serde::{Deserialize, Serialize};

use super::writer::Command;
use crate::auth::seal::private_file;

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    /// It is at the destination.
    #[serde(rename = "done")]
    Done,
    /// It did not have to be copied.
    #[serde(rename = "skip")]
    Skipped,
    /// It could not be copied.
    #[serde(rename = "fail")]
    Failed,
}

/// One line of the records; a later line about the same key replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    /// The key at the source, or for URL lists at the destination.
    #[serde(rename = "k")]
    pub(crate) key: String,
    /// Bytes.
    #[serde(rename = "n")]
    pub(crate) size: u64,
    /// What became of it.
    #[serde(rename = "r")]
    pub(crate) verdict: Verdict,
    /// The reason code of a failure.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// The reason of a failure, for people.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// The records of one run of a job.
#[derive(Debug)]
pub(crate) struct ObjectLog {
    path: PathBuf,
    queue: Sender<Command>,
    file: Option<Arc<File>>,
}

impl ObjectLog {
    pub(super) fn new(path: PathBuf, queue: Sender<Command>) -> Self {
        Self { path, queue, file: None }
    }

    /// Hands out what was recorded, in order; a line that was cut off is not.
    ///
    /// To be called from where blocking is allowed.
    pub(crate) fn read(&self, mut record: impl FnMut(ObjectRecord)) -> io::Result<()> {
        self.scan(&mut record).map(drop)
    }

    /// Reads all records, and returns the length of what is whole.
    fn scan(&self, record: &mut dyn FnMut(ObjectRecord)) -> io::Result<u64> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut line, mut valid) = (Vec::new(), 0);
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                return Ok(valid);
            }
            let Ok(parsed) = serde_json::from_slice(&line) else { return Ok(valid) };
            record(parsed);
            valid += line.len() as u64;
        }
    }

    /// Opens the records to add to them, after handing out what is there.
    pub(crate) fn resume(&mut self, mut record: impl FnMut(ObjectRecord)) -> io::Result<()> {
        let valid = self.scan(&mut record)?;
        let file = private_file::create(&self.path, false)?;
        file.set_len(valid)?;
        self.file = Some(Arc::new(file));
        Ok(())
    }

    /// Adds records; those of one call are written together.
    pub(crate) fn add(&self, records: &[ObjectRecord]) {
        let Some(file) = &self.file else { return };
        let mut lines = Vec::with_capacity(records.len() * 96);
        for record in records {
            if serde_json::to_writer(&mut lines, record).is_ok() {
                lines.push(b'\n');
            }
        }
        let command = Command::Objects { file: Arc::clone(file), lines, records: records.len() };
        // Without the thread the process counts as dead, or its failure was reported.
        let _ = self.queue.send(command);
    }

    /// Removes the records.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
