//! From the runtime's thread into an asyncio event loop.
//!
//! A finished call must wake the loop without ever waiting for the
//! interpreter. So each loop gets a pipe: the runtime's thread puts the future
//! into a queue and writes one byte, if nobody else has; the loop reads the
//! byte and settles every future in the queue. Loops that cannot watch a pipe
//! are called by `call_soon_threadsafe` instead.

use std::io::{Read as _, Write as _};
use std::mem;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::callables::on_thread;

/// The queue of one loop, and the pipe that rings for it.
struct Queue {
    waiting: Mutex<Vec<Py<PyAny>>>,
    rung: AtomicBool,
    bell: UnixStream,
}

/// A loop's future that somebody on another thread will settle.
pub(crate) enum Sleeper {
    /// On a loop that watches our pipe.
    Queued { future: Py<PyAny>, queue: QueueHandle },
    /// On any other loop.
    Called { future: Py<PyAny>, event_loop: Py<PyAny> },
}

/// A shared [`Queue`].
#[derive(Clone)]
pub(crate) struct QueueHandle(Arc<Queue>);

impl Sleeper {
    /// Wakes the task that awaits the future.
    pub(crate) fn wake(self) {
        match self {
            Self::Queued { future, queue: QueueHandle(queue) } => {
                queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(future);
                if !queue.rung.swap(true, Ordering::AcqRel) {
                    // A full pipe has rung already, a closed one belongs to a loop that is gone.
                    let _ = (&queue.bell).write(&[1]);
                }
            }
            Self::Called { future, event_loop } => {
                // Not here: the interpreter may be busy, and other calls need this thread.
                tokio::task::spawn_blocking(move || {
                    Python::try_attach(|py| on_thread(py, "wake", (event_loop, settler(py)?, future)))
                });
            }
        }
    }
}

/// The loop's end of the pipe; the callable that the loop calls when it rings.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
struct Bell {
    queue: Arc<Queue>,
    ear: UnixStream,
}

#[pymethods]
impl Bell {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let mut bytes = [0; 64];
        // Whatever is left rings once more.
        let _ = (&self.ear).read(&mut bytes);
        self.queue.rung.store(false, Ordering::Release);
        let waiting = mem::take(&mut *self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for future in waiting {
            settle(future.bind(py))?;
        }
        Ok(())
    }
}

/// Settles a future of a loop, on the loop's own thread.
#[pyfunction]
fn settle(future: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = future.py();
    if !future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
        future.call_method1(pyo3::intern!(py, "set_result"), (py.None(),))?;
    }
    Ok(())
}

fn settler<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyAny>> {
    static SETTLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    SETTLE
        .get_or_try_init(py, || pyo3::wrap_pyfunction!(settle, py).map(|f| f.into_any().unbind()))
        .map(|settle| settle.bind(py))
}

/// A future of the running loop, and how to settle it from elsewhere.
pub(crate) fn sleeper<'py>(event_loop: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Sleeper)> {
    let py = event_loop.py();
    let future = event_loop.call_method0(pyo3::intern!(py, "create_future"))?;
    let own = future.clone().unbind();
    let sleeper = match queue(event_loop)? {
        Some(queue) => Sleeper::Queued { future: own, queue },
        None => Sleeper::Called { future: own, event_loop: event_loop.clone().unbind() },
    };
    Ok((future, sleeper))
}

/// The queue of a loop; none if it cannot watch a pipe.
fn queue(event_loop: &Bound<'_, PyAny>) -> PyResult<Option<QueueHandle>> {
    static BELLS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = event_loop.py();
    let bells = BELLS
        .get_or_try_init(py, || {
            py.import("weakref")?.getattr("WeakKeyDictionary")?.call0().map(Bound::unbind)
        })?
        .bind(py);
    let known = bells.call_method1(pyo3::intern!(py, "get"), (event_loop,))?;
    if let Ok(bell) = known.cast::<Bell>() {
        return Ok(Some(QueueHandle(Arc::clone(&bell.get().queue))));
    }
    if !known.is_none() {
        return Ok(None);
    }
    let (ear, bell) = UnixStream::pair()?;
    ear.set_nonblocking(true)?;
    bell.set_nonblocking(true)?;
    let queue = Arc::new(Queue { waiting: Mutex::default(), rung: AtomicBool::new(false), bell });
    let number = ear.as_raw_fd();
    let bell = Bound::new(py, Bell { queue: Arc::clone(&queue), ear })?;
    match event_loop.call_method1("add_reader", (number, &bell)) {
        Ok(_) => {
            bells.set_item(event_loop, &bell)?;
            Ok(Some(QueueHandle(queue)))
        }
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyNotImplementedError>(py) => {
            bells.set_item(event_loop, PyDict::new(py))?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
