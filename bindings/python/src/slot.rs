//! Where the result of an awaited call waits for the event loop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hwmigrate::Error;
use pyo3::prelude::*;

use crate::bridge::Sleeper;

/// Turns a value into a Python object, once there is an interpreter to do it with.
pub(crate) type Output = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Py<PyAny>> + Send>;

/// The place for one result.
#[derive(Default)]
pub(crate) struct Slot(Mutex<State>);

#[derive(Default)]
struct State {
    result: Option<Result<Output, Error>>,
    /// The asyncio task that is told when the result is there.
    sleeper: Option<Sleeper>,
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

    /// Leaves the sleeper to be woken by the result, unless that is there already.
    pub(crate) fn register(&self, sleeper: Sleeper) -> bool {
        let mut state = self.state();
        if state.over {
            return false;
        }
        state.sleeper = Some(sleeper);
        true
    }

    fn fill(&self, result: Option<Result<Output, Error>>) {
        let mut state = self.state();
        if state.over {
            return;
        }
        state.over = true;
        state.result = result;
        let sleeper = state.sleeper.take();
        drop(state);
        if let Some(sleeper) = sleeper {
            sleeper.wake();
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
