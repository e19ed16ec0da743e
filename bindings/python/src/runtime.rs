//! The one runtime that all calls of this process run on.
//!
//! It lives in a thread of its own, so connections are looked after between
//! calls, and Python threads only ever wait for a result. The thread is never
//! joined: it ends with the process.
//!
//! A forked child inherits the handles but not the thread, so every use first
//! compares the process id; see [`Runtime::check`].

use std::future::pending;
use std::sync::{Mutex, TryLockError};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::runtime::Handle;

use crate::errors;

/// A handle on the runtime of one process.
#[derive(Clone)]
pub(crate) struct Runtime {
    handle: Handle,
    process: u32,
}

static CURRENT: Mutex<Option<Runtime>> = Mutex::new(None);

/// How often, and after how long, a lock is tried that a fork may have left locked.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

impl Runtime {
    /// The runtime of this process, started by the first who asks.
    pub(crate) fn current(py: Python<'_>) -> PyResult<Self> {
        py.detach(|| {
            for _ in 0..TRIES {
                match CURRENT.try_lock() {
                    Ok(mut current) => return Self::of_this_process(&mut current),
                    Err(TryLockError::Poisoned(poisoned)) => {
                        return Self::of_this_process(&mut poisoned.into_inner());
                    }
                    Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                }
            }
            Err("the process was forked while a client was being made".to_owned())
        })
        .map_err(|why| errors::forked(py, &why))
    }

    fn of_this_process(current: &mut Option<Self>) -> Result<Self, String> {
        let process = std::process::id();
        if let Some(runtime) = current.as_ref().filter(|runtime| runtime.process == process) {
            return Ok(runtime.clone());
        }
        let handle = start().map_err(|error| format!("the runtime cannot be started: {error}"))?;
        Ok(current.insert(Self { handle, process }).clone())
    }

    /// Refuses to go on in a forked child, where nobody would ever answer.
    pub(crate) fn check(&self, py: Python<'_>) -> PyResult<&Handle> {
        let here = std::process::id();
        if here == self.process {
            return Ok(&self.handle);
        }
        let why = format!("it was made in process {}, and this is its forked child {here}", self.process);
        Err(errors::forked(py, &why))
    }
}

fn start() -> std::io::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_name("hwmigrate-blocking")
        .build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new().name("hwmigrate".to_owned()).spawn(move || {
        runtime.block_on(pending::<()>());
    })?;
    Ok(handle)
}
