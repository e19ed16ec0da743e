//! Where the result of a call waits for the Python side.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use hwmigrate::Error;
use pyo3::prelude::*;

use crate::bridge::Sleeper;

/// Turns a value into a Python object, once there is an interpreter to do it with.
pub(crate) type Output = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Py<PyAny>> + Send>;

/// Who is told when the result is there.
pub(crate) enum Waker {
    /// A thread that is parked.
    Thread(Thread),
    /// An asyncio task.
    Loop(Sleeper),
}

impl Waker {
    fn wake(self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Loop(sleeper) => sleeper.wake(),
        }
    }
}

/// The place for one result.
#[derive(Default)]
pub(crate) struct Slot(Mutex<State>);

#[derive(Default)]
struct State {
    result: Option<Result<Output, Error>>,
    waker: Option<Waker>,
    over: bool,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the result, if there is one.
    pub(crate) fn take(&self) -> Option<Result<Output, Error>> {
        self.state().result.take()
    }

    /// Whether nothing will come any more.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state();
        state.over && state.result.is_none()
    }

    /// Whether there is no need to wait any more.
    pub(crate) fn is_filled(&self) -> bool {
        self.state().over
    }

    /// Leaves the waker to be told of the result, unless it is there already.
    pub(crate) fn register(&self, waker: Waker) -> bool {
        let mut state = self.state();
        if state.over {
            return false;
        }
        state.waker = Some(waker);
        true
    }

    fn fill(&self, result: Option<Result<Output, Error>>) {
        let mut state = self.state();
        if state.over {
            return;
        }
        state.over = true;
        state.result = result;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The side that fills a slot; a slot whose filler is gone stays empty and says so.
pub(crate) struct Filler(Arc<Slot>);

impl Filler {
    pub(crate) fn new(slot: &Arc<Slot>) -> Self {
        Self(Arc::clone(slot))
    }

    pub(crate) fn fill(self, result: Result<Output, Error>) {
        self.0.fill(Some(result));
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        // Reached without a result only when the work was aborted or panicked.
        self.0.fill(None);
    }
}
