//! Where calls run: on the thread that blocks for them, or on one in the
//! background for asyncio.
//!
//! Each client has a runtime without threads. A blocking call drives it until
//! its answer is there; where several threads call at once, one of them drives
//! and the others sleep, which tokio arranges. Between calls nothing runs.
//!
//! On asyncio answers must arrive while Python does something else, so all
//! awaited calls of a process share a runtime in a thread of its own. The
//! thread is never joined: it ends with the process.
//!
//! A forked child inherits neither, so every use first compares the process id.

use std::future::pending;
use std::sync::{Arc, Mutex, OnceLock, TryLockError};
use std::time::Duration;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle};

use crate::errors;

/// The place where the calls of one client run.
#[derive(Clone)]
pub(crate) struct Runtime(Arc<Own>);

struct Own {
    process: u32,
    driven: OnceLock<tokio::runtime::Runtime>,
}

/// The thread in the background, and the process that has it.
struct Background {
    handle: Handle,
    process: u32,
}

static BACKGROUND: Mutex<Option<Background>> = Mutex::new(None);

/// How often, and after how long, a lock is tried that a fork may have left locked.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

impl Runtime {
    /// Costs nothing until the first call.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Own { process: std::process::id(), driven: OnceLock::new() }))
    }

    /// The runtime that blocking calls of this client drive.
    pub(crate) fn driven(&self, py: Python<'_>) -> PyResult<&tokio::runtime::Runtime> {
        self.check(py)?;
        if let Some(runtime) = self.0.driven.get() {
            return Ok(runtime);
        }
        let made = build().map_err(PyOSError::new_err)?;
        // Of two threads that come here at once, one's goes unused.
        Ok(self.0.driven.get_or_init(|| made))
    }

    /// The runtime of the background thread, which the first who asks starts.
    pub(crate) fn background(&self, py: Python<'_>) -> PyResult<Handle> {
        self.check(py)?;
        py.detach(|| {
            for _ in 0..TRIES {
                match BACKGROUND.try_lock() {
                    Ok(mut background) => return Ok(of_this_process(&mut background)),
                    Err(TryLockError::Poisoned(poisoned)) => {
                        return Ok(of_this_process(&mut poisoned.into_inner()));
                    }
                    Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                }
            }
            Err("the process was forked while its first call was being made".to_owned())
        })
        .map_err(|why: String| errors::forked(py, &why))?
        .map_err(PyOSError::new_err)
    }

    /// Refuses to go on in a forked child, whose connections are the parent's.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        let (here, own) = (std::process::id(), self.0.process);
        if here == own {
            return Ok(());
        }
        let why = format!("it was made in process {own}, and this is its forked child {here}");
        Err(errors::forked(py, &why))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Some(runtime) = self.driven.take() else { return };
        if std::process::id() == self.process {
            // Does not wait for a host name that is still being looked up, nor for a callable.
            runtime.shutdown_background();
        } else {
            // The connections are the parent's, and so are the locks inside.
            std::mem::forget(runtime);
        }
    }
}

fn of_this_process(background: &mut Option<Background>) -> Result<Handle, String> {
    let process = std::process::id();
    if let Some(running) = background.as_ref().filter(|running| running.process == process) {
        return Ok(running.handle.clone());
    }
    let handle = start()?;
    *background = Some(Background { handle: handle.clone(), process });
    Ok(handle)
}

fn start() -> Result<Handle, String> {
    let runtime = build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("hwmigrate".to_owned())
        .spawn(move || runtime.block_on(pending::<()>()))
        .map_err(|error| format!("the system gives no thread: {error}"))?;
    Ok(handle)
}

fn build() -> Result<tokio::runtime::Runtime, String> {
    Builder::new_current_thread()
        .enable_all()
        .thread_name("hwmigrate-blocking")
        .build()
        .map_err(|error| format!("the system gives no means to wait for the network: {error}"))
}
