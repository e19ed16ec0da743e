//! Callables of users, called from the runtime.
//!
//! They run on threads that Python makes. When the interpreter ends, CPython
//! up to 3.13 ends every thread that comes back to it, by unwinding its stack,
//! and a Rust frame on that stack aborts the process. So a thread of ours holds
//! the interpreter only for the moment that it takes to start another one, and
//! what a callable gives comes back through a channel.
//!
//! A callable under way is joined, even by those who come when the one who
//! asked has given up: else each call that times out on a callable that hangs
//! would leave one more of it behind.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hwmigrate::{Error, ErrorKind};
use pyo3::exceptions::{PyException, PyGeneratorExit, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use tokio::sync::watch;

/// An event loop, shared so that no interpreter is needed to hand it on.
pub(crate) type EventLoop = Arc<Py<PyAny>>;

tokio::task_local! {
    /// The event loop of the task that a call is awaited by.
    pub(crate) static EVENT_LOOP: EventLoop;
}

/// Reads what a callable returned.
type Read<T> = fn(&Bound<'_, PyAny>) -> PyResult<T>;

/// A Python callable without arguments, sync or async.
pub(crate) struct Callable<T>(Arc<Asked<T>>);

struct Asked<T> {
    function: Arc<Py<PyAny>>,
    read: Read<T>,
    sharing: Sharing,
    under_way: Mutex<Option<UnderWay<T>>>,
}

/// Who may join a callable under way.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sharing {
    /// Everybody.
    All,
    /// One at a time: what it gives is good for one use.
    One,
}

struct UnderWay<T> {
    /// The process that has the thread; a forked child has none of its parent's.
    process: u32,
    outcome: Receiver<T>,
    /// Held by each of those who wait.
    waiting: Arc<()>,
}

impl<T> UnderWay<T> {
    fn can_be_joined(&self, sharing: Sharing) -> bool {
        // A channel whose sender is gone stays empty.
        self.process == std::process::id()
            && self.outcome.borrow().is_none()
            && self.outcome.has_changed().is_ok()
            && (sharing == Sharing::All || Arc::strong_count(&self.waiting) == 1)
    }
}

type Receiver<T> = watch::Receiver<Option<Outcome<T>>>;

#[derive(Clone)]
enum Outcome<T> {
    Gave(T),
    Raised(Arc<PyErr>),
    /// Its event loop runs no more; whoever waits begins anew, on this one.
    Anew(Option<EventLoop>),
    /// The interpreter is about to end.
    Ended,
}

impl<T> Clone for Callable<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone + Send + Sync + 'static> Callable<T> {
    pub(crate) fn new(object: &Bound<'_, PyAny>, sharing: Sharing, read: Read<T>) -> PyResult<Self> {
        if !object.is_callable() {
            return Err(PyTypeError::new_err("a callable without arguments is wanted here"));
        }
        // Imported while a thread of Python's own has the interpreter.
        callbacks(object.py())?;
        let function = Arc::new(object.clone().unbind());
        Ok(Self(Arc::new(Asked { function, read, sharing, under_way: Mutex::new(None) })))
    }

    /// What it returns, asked for now unless it is under way.
    pub(crate) async fn ask(self) -> Result<T, Failure> {
        let mut event_loop = EVENT_LOOP.try_with(Arc::clone).ok();
        loop {
            let (mut outcome, _waiting) = self.join(event_loop.take());
            let ended = outcome.wait_for(Option::is_some).await.ok().and_then(|ended| (*ended).clone());
            self.forget(&outcome);
            match ended {
                Some(Outcome::Gave(given)) => return Ok(given),
                Some(Outcome::Raised(raised)) => return Err(Failure::Raised(raised)),
                Some(Outcome::Anew(other)) => event_loop = other,
                Some(Outcome::Ended) | None => return Err(Failure::Ended),
            }
        }
    }

    fn under_way(&self) -> MutexGuard<'_, Option<UnderWay<T>>> {
        self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome of the callable that is under way, or else of one that is begun now.
    fn join(&self, event_loop: Option<EventLoop>) -> (Receiver<T>, Arc<()>) {
        let mut under_way = self.under_way();
        if let Some(joined) = under_way.as_ref().filter(|current| current.can_be_joined(self.0.sharing)) {
            return (joined.outcome.clone(), Arc::clone(&joined.waiting));
        }
        let (sender, outcome) = watch::channel(None);
        let waiting = Arc::new(());
        *under_way = Some(UnderWay {
            process: std::process::id(),
            outcome: outcome.clone(),
            waiting: Arc::clone(&waiting),
        });
        drop(under_way);
        let turn: Arc<dyn Turn> = Arc::new(Teller { sender, read: self.0.read });
        let function = Arc::clone(&self.0.function);
        // Not here: the interpreter may be busy, and other calls need this thread.
        tokio::task::spawn_blocking(move || {
            let started = Python::try_attach(|py| {
                let answer = Py::new(py, Answer(Arc::clone(&turn)))?;
                let event_loop = event_loop.map(|own| own.clone_ref(py));
                on_thread(py, "run", (function.clone_ref(py), event_loop, answer))
            });
            match started {
                Some(Ok(())) => {}
                Some(Err(refused)) => turn.end(Given::Raised(refused)),
                None => turn.end(Given::Ended),
            }
        });
        (outcome, waiting)
    }

    /// Lets go of the outcome, which may be a secret.
    fn forget(&self, outcome: &Receiver<T>) {
        let mut under_way = self.under_way();
        if under_way.as_ref().is_some_and(|current| current.outcome.same_channel(outcome)) {
            *under_way = None;
        }
    }
}

/// Calls a function of `hwmigrate._callbacks` on a thread of Python's own.
///
/// `_thread` and not `threading`, whose `start` waits for the new thread, and
/// lets go of the interpreter meanwhile.
pub(crate) fn on_thread<'py>(
    py: Python<'py>,
    function: &str,
    arguments: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
) -> PyResult<()> {
    static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let start =
        START.get_or_try_init(py, || py.import("_thread")?.getattr("start_new_thread").map(Bound::unbind))?;
    let function = callbacks(py)?.getattr(function)?;
    start.bind(py).call1((function, arguments)).map(drop)
}

/// The Python side of this file.
fn callbacks<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let module = MODULE
        .get_or_try_init(py, || py.import("hwmigrate._callbacks").map(|module| module.into_any().unbind()))?;
    Ok(module.bind(py))
}

/// One call of a callable, up to its first end; what comes later is nobody's.
trait Turn: Send + Sync {
    fn end(&self, given: Given<'_, '_>);
}

enum Given<'a, 'py> {
    Value(&'a Bound<'py, PyAny>),
    Raised(PyErr),
    Anew(Option<EventLoop>),
    Ended,
}

struct Teller<T> {
    sender: watch::Sender<Option<Outcome<T>>>,
    read: Read<T>,
}

impl<T: Send + Sync> Turn for Teller<T> {
    fn end(&self, given: Given<'_, '_>) {
        let outcome = match given {
            Given::Value(value) => {
                (self.read)(value).map_or_else(|wrong| Outcome::Raised(Arc::new(wrong)), Outcome::Gave)
            }
            Given::Raised(raised) => Outcome::Raised(Arc::new(raised)),
            Given::Anew(event_loop) => Outcome::Anew(event_loop),
            Given::Ended => Outcome::Ended,
        };
        self.sender.send_if_modified(|slot| {
            let first = slot.is_none();
            if first {
                *slot = Some(outcome);
            }
            first
        });
    }
}

/// Where the Python side hands over what a callable gave. Dropping it is an end, too.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
struct Answer(Arc<dyn Turn>);

#[pymethods]
impl Answer {
    /// It returned this.
    fn returned(&self, value: &Bound<'_, PyAny>) {
        self.0.end(Given::Value(value));
    }

    /// It raised this.
    fn raised(&self, exception: Bound<'_, PyAny>) {
        self.0.end(Given::Raised(PyErr::from_value(exception)));
    }

    /// From here on it depends on this event loop.
    fn runs_on(&self, event_loop: Bound<'_, PyAny>) {
        on_loops().push((event_loop.unbind(), Arc::downgrade(&self.0)));
    }
}

/// The turns that depend on an event loop. Locked by those who have the interpreter, and for a moment.
static ON_LOOPS: Mutex<Vec<OnLoop>> = Mutex::new(Vec::new());

type OnLoop = (Py<PyAny>, Weak<dyn Turn>);

fn on_loops() -> MutexGuard<'static, Vec<OnLoop>> {
    ON_LOOPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives up callables whose event loop has stopped or closed. Those who wait for them begin anew on the
/// loop of the call that is about to be made.
pub(crate) fn give_up_stranded(py: Python<'_>, event_loop: Option<&EventLoop>) {
    // Asked without the lock, because the answer is Python code.
    let turns = mem::take(&mut *on_loops());
    for (own, turn) in turns {
        let Some(turn) = turn.upgrade() else { continue };
        let runs = own.bind(py).call_method0("is_running").and_then(|runs| runs.is_truthy());
        if runs.unwrap_or(false) {
            on_loops().push((own, Arc::downgrade(&turn)));
        } else {
            turn.end(Given::Anew(event_loop.map(Arc::clone)));
        }
    }
}

/// Why a callable gave nothing.
pub(crate) enum Failure {
    Raised(Arc<PyErr>),
    Ended,
}

impl From<Failure> for Box<dyn std::error::Error + Send + Sync> {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Raised(raised) => Box::new(Raised(raised)),
            Failure::Ended => Box::new(Error::new(
                ErrorKind::Cancelled,
                "the Python callable was ended before it gave anything",
            )),
        }
    }
}

/// What a callable raised. Its own text may hold anything, so only its type is shown.
#[derive(Debug)]
pub(crate) struct Raised(Arc<PyErr>);

impl Raised {
    pub(crate) fn exception(&self, py: Python<'_>) -> PyErr {
        self.0.clone_ref(py)
    }

    /// Whether it is to end the program and not just the call: `KeyboardInterrupt`, `SystemExit` and their
    /// like. What ends a coroutine of somebody else is no reason to end that of the caller.
    pub(crate) fn ends_more(&self, py: Python<'_>) -> bool {
        let cancelled = || {
            let class = py.import("asyncio").and_then(|asyncio| asyncio.getattr("CancelledError"));
            class.is_ok_and(|class| self.0.matches(py, class).unwrap_or(false))
        };
        !self.0.is_instance_of::<PyException>(py)
            && !self.0.is_instance_of::<PyGeneratorExit>(py)
            && !cancelled()
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Python callable raised an exception")
    }
}

impl std::error::Error for Raised {}
