//! The thread that writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use super::log::StateLog;

/// Object records that a power cut may lose; those objects are looked at again and found equal.
const UNSYNCED: usize = 256;
/// After this much quiet everything is synced.
const QUIET: Duration = Duration::from_millis(100);

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Change named values, and say when that is safe.
    Change { put: BTreeMap<String, Value>, del: Vec<String>, done: oneshot::Sender<()> },
    /// Add object records, already as lines.
    Objects { file: Arc<File>, lines: Vec<u8>, records: usize },
    /// Say when everything before is written.
    Flush { done: oneshot::Sender<()> },
    /// Write everything out and end.
    Close { done: oneshot::Sender<()> },
    /// Look whether the process counts as dead.
    Wake,
}

/// The state of the thread.
pub(super) struct Writer {
    log: StateLog,
    /// Held for as long as anything may be written.
    _lock: File,
    dead: Arc<AtomicBool>,
    broken: Arc<Mutex<Option<String>>>,
    unsynced: Vec<Arc<File>>,
    records: usize,
}

impl Writer {
    pub(super) fn new(
        log: StateLog,
        lock: File,
        dead: Arc<AtomicBool>,
        broken: Arc<Mutex<Option<String>>>,
    ) -> Self {
        Self { log, _lock: lock, dead, broken, unsynced: Vec::new(), records: 0 }
    }

    pub(super) fn spawn(mut self) -> io::Result<(Sender<Command>, JoinHandle<()>)> {
        let (queue, commands) = mpsc::channel();
        let thread =
            thread::Builder::new().name("emulator-state".to_owned()).spawn(move || self.run(&commands))?;
        Ok((queue, thread))
    }

    fn run(&mut self, commands: &Receiver<Command>) {
        loop {
            let first = if self.unsynced.is_empty() {
                commands.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                commands.recv_timeout(QUIET)
            };
            let mut waiting = Vec::new();
            let mut changed = false;
            let mut closing = None;
            let mut next = match first {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let quiet = next.is_none();
            let mut result = Ok(());
            while let Some(command) = next.take() {
                if self.dead.load(Ordering::Acquire) {
                    return;
                }
                match command {
                    Command::Change { put, del, done } => {
                        result = result.and_then(|()| self.log.change(put, del));
                        waiting.push(done);
                        changed = true;
                    }
                    Command::Objects { file, lines, records } => {
                        result = result.and_then(|()| (&*file).write_all(&lines));
                        self.records += records;
                        if !self.unsynced.iter().any(|known| Arc::ptr_eq(known, &file)) {
                            self.unsynced.push(file);
                        }
                    }
                    Command::Flush { done } => waiting.push(done),
                    Command::Close { done } => {
                        closing = Some(done);
                        break;
                    }
                    Command::Wake => {}
                }
                next = commands.try_recv().ok();
            }
            // A job's end must not be safe before what became of its objects.
            if changed || quiet || closing.is_some() || self.records >= UNSYNCED {
                result = result.and_then(|()| self.sync_objects());
            }
            if changed {
                result = result.and_then(|()| self.log.sync());
            }
            match result {
                Ok(()) => {
                    for done in waiting {
                        // Whoever dropped the receipt does not want to know.
                        let _ = done.send(());
                    }
                }
                Err(error) => {
                    // Nothing written after a gap can be trusted, so this ends the writing; receipts fail.
                    let text = format!("the emulator cannot write its state: {error}");
                    *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                    return;
                }
            }
            if let Some(done) = closing {
                let _ = done.send(());
                return;
            }
        }
    }

    fn sync_objects(&mut self) -> io::Result<()> {
        self.records = 0;
        for file in self.unsynced.drain(..) {
            file.sync_data()?;
        }
        Ok(())
    }
}
