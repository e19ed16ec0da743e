//! A call that is ready to go: blocking, or awaited on asyncio.
//!
//! A blocking call drives the client's [`Runtime`] on its own thread, without
//! the interpreter, and looks for signals twenty times a second, so Ctrl-C
//! ends it at once. An awaited one runs in the background, gives the event
//! loop a future and is woken through the [`bridge`](crate::bridge). Whoever
//! stops waiting drops the work.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hwmigrate::Error;
use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::callables::{EVENT_LOOP, EventLoop, give_up_stranded};
use crate::runtime::Runtime;
use crate::slot::{Filler, Output, Slot};
use crate::{bridge, errors, logs};

/// What a call does, up to the value that becomes a Python object.
pub(crate) type Work = Pin<Box<dyn Future<Output = Result<Output, Error>> + Send>>;

/// How often a blocking call looks for signals.
pub(crate) const GLANCE: Duration = Duration::from_millis(50);

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

    fn take(&self) -> PyResult<Prepared> {
        let prepared = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        prepared.ok_or_else(|| PyRuntimeError::new_err("this call has been made already"))
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
        match self.slot.take() {
            Some(result) => Some(made(py, result)),
            None if self.slot.is_over() => Some(Err(gone())),
            None => None,
        }
    }
}

/// The Python side of a result.
fn made(py: Python<'_>, result: Result<Output, Error>) -> PyResult<Py<PyAny>> {
    logs::flush_last(py);
    match result {
        Ok(output) => output(py),
        Err(error) => Err(errors::raise(py, &error)),
    }
}

/// What is raised in place of a panic.
pub(crate) fn gone() -> PyErr {
    PyRuntimeError::new_err("the call ended without a result")
}

/// Makes a call and waits for its result, without holding the interpreter.
#[pyfunction]
pub(crate) fn block(py: Python<'_>, call: &Call) -> PyResult<Py<PyAny>> {
    let runtime = call.runtime.driven(py)?;
    give_up_stranded(py, None);
    let Prepared { mut work, mut stop } = call.take()?;
    let mut interrupted = None;
    let mut first = true;
    loop {
        let slice = py.detach(|| {
            let drive = AssertUnwindSafe(|| drive(runtime, &mut work, std::mem::take(&mut first)));
            catch_unwind(drive)
        });
        match slice {
            Ok(None) => {}
            Ok(Some(result)) => {
                let result = made(py, result);
                return match (interrupted, result) {
                    (Some(signal), Err(ended)) => Err(errors::interrupted(py, signal, &ended)),
                    (Some(signal), Ok(_)) => Err(signal),
                    (None, result) => result,
                };
            }
            Err(_) => return Err(gone()),
        }
        if let Err(signal) = py.check_signals().and_then(|()| logs::flush(py)) {
            match stop.take() {
                Some(stop) => {
                    let _ = stop.send(());
                    interrupted = Some(signal);
                }
                None => {
                    let _context = runtime.enter();
                    drop(work);
                    return Err(signal);
                }
            }
        }
    }
}

/// Drives the runtime until the work is done, or it is time to look for signals.
fn drive(runtime: &tokio::runtime::Runtime, work: &mut Work, first: bool) -> Option<Result<Output, Error>> {
    runtime.block_on(async {
        if first {
            // Nothing ran since the last call, so connections that the server has closed meanwhile look
            // alive, and the one that the last call used may not be back: a turn for the network, and
            // one for all tasks that it woke. That is a task behind them, because on a thread that does
            // not drive, giving way is no turn for anybody.
            tokio::task::yield_now().await;
            let _ = tokio::spawn(async {}).await;
        }
        // The runtime forgets whom it made wait for its fairness when it is left, which may be in the same turn.
        tokio::time::timeout(GLANCE, tokio::task::coop::unconstrained(work)).await.ok()
    })
}

/// Makes a call; what is returned is to be awaited on asyncio.
#[pyfunction]
pub(crate) fn start(py: Python<'_>, call: &Call) -> PyResult<Awaiting> {
    let event_loop = Arc::new(errors::running_loop(py)?.unbind());
    give_up_stranded(py, Some(&event_loop));
    let handle = call.runtime.background(py)?;
    let Prepared { work, stop } = call.take()?;
    let slot = Arc::new(Slot::default());
    let filler = Filler::new(&slot);
    let work = async move { filler.fill(work.await) };
    let task = handle.spawn(EVENT_LOOP.scope(Arc::clone(&event_loop), work));
    Ok(Awaiting(Mutex::new(Waiting {
        running: Some(Running { slot, task: task.abort_handle(), stop }),
        event_loop,
        sleeping: None,
        cancelled: None,
    })))
}

/// A call under way, seen from a coroutine.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Awaiting(Mutex<Waiting>);

struct Waiting {
    running: Option<Running>,
    event_loop: EventLoop,
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
                return Err(match result {
                    Err(ended) => errors::interrupted(py, error, &ended),
                    Ok(_) => error,
                });
            }
            return Err(PyStopIteration::new_err((result?,)));
        }
        let (future, sleeper) = bridge::sleeper(self.event_loop.bind(py))?;
        if !running.slot.register(sleeper) {
            // The result came in between.
            return self.advance(py);
        }
        // As `asyncio.Future.__await__` does, so that the task takes the future for its own.
        future.setattr(pyo3::intern!(py, "_asyncio_future_blocking"), true)?;
        self.sleeping = Some(future.clone().unbind());
        Ok(future.unbind())
    }
}
