//! A call that is ready to go: blocking, or awaited on asyncio.
//!
//! Both forms spawn the same future on the [`Runtime`]. A blocking call parks
//! its thread without the interpreter and looks for signals ten times a
//! second, so Ctrl-C ends it at once; an awaited one gives the event loop a
//! future and is woken through the [`bridge`](crate::bridge). Whoever stops
//! waiting drops the work.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use hwmigrate::Error;
use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::credentials::EVENT_LOOP;
use crate::runtime::Runtime;
use crate::slot::{Filler, Output, Slot, Waker};
use crate::{bridge, errors, logs};

/// What a call does, up to the value that becomes a Python object.
pub(crate) type Work = Pin<Box<dyn Future<Output = Result<Output, Error>> + Send>>;

/// How often a blocking call looks for signals.
const GLANCE: Duration = Duration::from_millis(100);

/// Work that nobody waits for yet.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Call {
    runtime: Runtime,
    work: Mutex<Option<Prepared>>,
}

struct Prepared {
    work: Work,
    /// Told instead of dropping the work: a wait that stops its job first.
    stop: Option<oneshot::Sender<()>>,
}

impl Call {
    /// A call whose work is dropped when its caller gives up.
    pub(crate) fn new(
        runtime: &Runtime,
        work: impl Future<Output = Result<Output, Error>> + Send + 'static,
    ) -> Self {
        Self::prepared(runtime, Prepared { work: Box::pin(work), stop: None })
    }

    /// A call that goes on when its caller gives up, until it has tidied up.
    pub(crate) fn stoppable<F: Future<Output = Result<Output, Error>> + Send + 'static>(
        runtime: &Runtime,
        work: impl FnOnce(Pin<Box<dyn Future<Output = ()> + Send>>) -> F,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = Box::pin(async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        let work = Box::pin(work(stopped));
        Self::prepared(runtime, Prepared { work, stop: Some(stop) })
    }

    fn prepared(runtime: &Runtime, prepared: Prepared) -> Self {
        Self { runtime: runtime.clone(), work: Mutex::new(Some(prepared)) }
    }

    fn begin(&self, py: Python<'_>, event_loop: Option<Py<PyAny>>) -> PyResult<Running> {
        let handle = self.runtime.check(py)?;
        let prepared = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Prepared { work, stop }) = prepared else {
            return Err(PyRuntimeError::new_err("this call has been made already"));
        };
        let slot = Arc::new(Slot::default());
        let filler = Filler::new(&slot);
        let work = async move { filler.fill(work.await) };
        let task = match event_loop {
            Some(event_loop) => handle.spawn(EVENT_LOOP.scope(event_loop, work)),
            None => handle.spawn(work),
        };
        Ok(Running { slot, task: task.abort_handle(), stop })
    }
}

/// Work that is under way; dropping it ends the work.
struct Running {
    slot: Arc<Slot>,
    task: AbortHandle,
    stop: Option<oneshot::Sender<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    fn result(&self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        let result = match self.slot.take() {
            Some(result) => result,
            None if self.slot.is_over() => {
                return Some(Err(PyRuntimeError::new_err("the call ended without a result")));
            }
            None => return None,
        };
        logs::flush(py);
        Some(match result {
            Ok(output) => output(py),
            Err(error) => Err(errors::raise(py, &error)),
        })
    }
}

/// Makes a call and waits for its result, without holding the interpreter.
#[pyfunction]
pub(crate) fn block(py: Python<'_>, call: &Call) -> PyResult<Py<PyAny>> {
    let mut running = call.begin(py, None)?;
    let mut interrupted = None;
    running.slot.register(Waker::Thread(thread::current()));
    loop {
        py.detach(|| {
            // Woken by the result, by nothing at all, or by the need to look for signals.
            if !running.slot.is_filled() {
                thread::park_timeout(GLANCE);
            }
        });
        if let Some(result) = running.result(py) {
            return interrupted.map_or(result, Err);
        }
        if let Err(signal) = py.check_signals() {
            match running.stop.take() {
                Some(stop) => {
                    let _ = stop.send(());
                    interrupted = Some(signal);
                }
                None => return Err(signal),
            }
        }
        logs::flush(py);
    }
}

/// Makes a call; what is returned is to be awaited on asyncio.
#[pyfunction]
pub(crate) fn start(py: Python<'_>, call: &Call) -> PyResult<Awaiting> {
    let event_loop = errors::running_loop(py)?;
    Ok(Awaiting(Mutex::new(Waiting {
        running: Some(call.begin(py, Some(event_loop.clone().unbind()))?),
        event_loop: event_loop.unbind(),
        sleeping: None,
        cancelled: None,
    })))
}

/// A call under way, seen from a coroutine.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Awaiting(Mutex<Waiting>);

struct Waiting {
    running: Option<Running>,
    event_loop: Py<PyAny>,
    /// The loop's future that the task sleeps on.
    sleeping: Option<Py<PyAny>>,
    /// Why the task does not want the result any more.
    cancelled: Option<PyErr>,
}

#[pymethods]
impl Awaiting {
    fn __await__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.lock().advance(py)
    }

    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.lock().advance(py)
    }

    /// Ends the work, or asks it to tidy up first, and raises what it was given.
    #[pyo3(signature = (kind, value=None, traceback=None))]
    fn throw(
        &self,
        py: Python<'_>,
        kind: Bound<'_, PyAny>,
        value: Option<Bound<'_, PyAny>>,
        traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        drop(traceback);
        let given = match value {
            Some(value) if !value.is_none() => value,
            _ if kind.is_callable() => kind.call0()?,
            _ => kind,
        };
        let error = PyErr::from_value(given);
        let mut waiting = self.lock();
        if let Some(stop) = waiting.running.as_mut().and_then(|running| running.stop.take()) {
            let _ = stop.send(());
            waiting.cancelled = Some(error);
            return waiting.advance(py);
        }
        waiting.running = None;
        Err(error)
    }

    /// Ends the work.
    fn close(&self) {
        self.lock().running = None;
    }
}

impl Awaiting {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn advance(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Some(running) = &self.running else {
            return Err(PyRuntimeError::new_err("this call has ended already"));
        };
        if let Some(result) = running.result(py) {
            self.running = None;
            if let Some(error) = self.cancelled.take() {
                return Err(error);
            }
            return Err(PyStopIteration::new_err((result?,)));
        }
        let (future, sleeper) = bridge::sleeper(self.event_loop.bind(py))?;
        if !running.slot.register(Waker::Loop(sleeper)) {
            // The result came in between.
            return self.advance(py);
        }
        // As `asyncio.Future.__await__` does, so that the task takes the future for its own.
        future.setattr(pyo3::intern!(py, "_asyncio_future_blocking"), true)?;
        self.sleeping = Some(future.clone().unbind());
        Ok(future.unbind())
    }
}
