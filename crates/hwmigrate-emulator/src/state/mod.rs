//! What an emulator remembers when it is killed.
//!
//! Two kinds of files, both append-only JSON lines: `state.jsonl` holds jobs
//! as named values, of which the last one counts, and is rewritten when most
//! of it is outdated; `objects/` holds one file per job with what became of
//! each object. One thread writes both, in the order in which it was asked,
//! and syncs once for everything that came in meanwhile. Neither holds a
//! secret: jobs are checked against their keys when they are created, and the
//! keys are dropped.

mod log;
mod objects;
mod writer;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::error::EmulatorError;
use log::StateLog;
pub(crate) use objects::{ObjectLog, ObjectRecord, Verdict};
use writer::{Command, Writer};

/// The files of one emulator; there is only one process that has them open.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    instance: String,
    queue: Sender<Command>,
    /// Set when the process is to be taken for dead: nothing more is written.
    dead: Arc<AtomicBool>,
    broken: Arc<Mutex<Option<String>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The values that were found, by name.
pub(crate) type Values = BTreeMap<String, Value>;

/// Says when a change can no longer be lost.
#[derive(Debug)]
pub(crate) struct Receipt(oneshot::Receiver<()>);

impl Receipt {
    /// Returns once the change is on the disk.
    ///
    /// # Errors
    /// If it could not be written.
    pub(crate) async fn kept(self) -> Result<(), NotKept> {
        self.0.await.map_err(|_| NotKept)
    }
}

/// A change that could not be written.
#[derive(Debug)]
pub(crate) struct NotKept;

/// Changes that are kept together or not at all.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    put: BTreeMap<String, Value>,
    del: Vec<String>,
    broken: Option<String>,
}

impl Changes {
    /// Sets a value.
    pub(crate) fn put(&mut self, name: impl Into<String>, value: &impl Serialize) -> &mut Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => {
                self.put.insert(name, value);
            }
            // Our own types always serialize; if one does not, the change must not pass for kept.
            Err(error) => self.broken = Some(format!("{name}: {error}")),
        }
        self
    }

    /// Removes a value.
    pub(crate) fn delete(&mut self, name: impl Into<String>) -> &mut Self {
        self.del.push(name.into());
        self
    }
}

impl State {
    /// Opens the state in a folder, which is created if it is missing.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Values), EmulatorError> {
        let objects = folder.join("objects");
        fs::create_dir_all(&objects).map_err(|source| EmulatorError::file(&objects, source))?;
        let lock = lock(folder)?;
        let (mut log, mut values) = StateLog::open(&folder.join("state.jsonl"))?;
        let known = values.remove("instance").and_then(|value| value.as_str().map(str::to_owned));
        let instance = match known {
            Some(known) => known,
            None => {
                // Written before anything else is done in its name.
                let new = format!("{:016x}", fastrand::u64(..));
                let put = BTreeMap::from([("instance".to_owned(), Value::String(new.clone()))]);
                let written = log.change(put, Vec::new()).and_then(|()| log.sync());
                written.map_err(|source| EmulatorError::file(folder, source))?;
                new
            }
        };
        let dead = Arc::new(AtomicBool::new(false));
        let broken = Arc::new(Mutex::new(None));
        let writer = Writer::new(log, lock, Arc::clone(&dead), Arc::clone(&broken));
        let (queue, thread) = writer.spawn().map_err(|source| EmulatorError::file(folder, source))?;
        let thread = Mutex::new(Some(thread));
        let state = Self { folder: folder.to_owned(), instance, queue, dead, broken, thread };
        Ok((state, values))
    }

    /// The name of this state, which no other has.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// Keeps the changes; what is asked for first is written first.
    pub(crate) fn keep(&self, changes: Changes) -> Receipt {
        let (done, receipt) = oneshot::channel();
        if let Some(why) = changes.broken {
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        } else {
            // If the thread is gone the receipt reports it.
            let _ = self.queue.send(Command::Change { put: changes.put, del: changes.del, done });
        }
        Receipt(receipt)
    }

    /// Why nothing can be written any more, if that is so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens the object records of a job's run.
    pub(crate) fn objects(&self, name: &str) -> ObjectLog {
        ObjectLog::new(self.folder.join("objects").join(format!("{name}.jsonl")), self.queue.clone())
    }

    /// Removes object records that no name in `keep` claims.
    pub(crate) fn sweep_objects(&self, keep: impl Fn(&str) -> bool) -> Result<(), EmulatorError> {
        let folder = self.folder.join("objects");
        let failed = |source| EmulatorError::file(&folder, source);
        for item in fs::read_dir(&folder).map_err(failed)? {
            let path = item.map_err(failed)?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            if !keep(name) {
                fs::remove_file(&path).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Returns once everything asked for so far is in the files.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let _ = self.queue.send(Command::Flush { done });
        // An error means that writing has failed, which [`State::failure`] tells.
        let _ = written.await;
    }

    /// As if the process had been killed: what was not written yet is lost.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::Release);
        let _ = self.queue.send(Command::Wake);
        self.join();
    }

    /// Writes what is outstanding and lets go of the files.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        let _ = self.queue.send(Command::Close { done });
        // An error means that the thread had ended before.
        let _ = closed.await;
        self.join();
    }

    fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It can only have failed by panicking, and then there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Makes sure that no other process uses the state; the lock ends with the file.
fn lock(folder: &Path) -> Result<File, EmulatorError> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|source| EmulatorError::file(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EmulatorError::Config(format!(
            "the state in {} is in use by another emulator; stop that one, or give this one another folder",
            folder.display()
        ))),
        Err(TryLockError::Error(source)) => Err(EmulatorError::file(&path, source)),
    }
}

#[cfg(test)]
mod tests;
