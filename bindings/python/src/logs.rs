//! From `tracing` to Python's `logging`.
//!
//! Events are kept in a queue, because the runtime's thread must never wait
//! for the interpreter. Whoever comes back from a call empties it, and a
//! thread on the Python side does when nobody comes. Nothing is kept before
//! [`listen`] was called.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Older entries are dropped when nobody empties the queue.
const MOST: usize = 10_000;

/// The crates whose events are passed on.
const OURS: &str = "hwmigrate";

/// Level as `logging` counts it, target, text.
type Entry = (u32, String, String);

static ENTRIES: Mutex<VecDeque<Entry>> = Mutex::new(VecDeque::new());
static LISTENING: AtomicBool = AtomicBool::new(false);

fn entries() -> MutexGuard<'static, VecDeque<Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to keep events; false if another subscriber has been set in this process.
#[pyfunction]
pub(crate) fn listen() -> bool {
    LISTENING.swap(true, Ordering::AcqRel)
        || tracing::subscriber::set_global_default(Keeper::default()).is_ok()
}

/// Takes the entries there are.
#[pyfunction]
pub(crate) fn take_logs() -> Vec<Entry> {
    entries().drain(..).collect()
}

/// Tells of an exception that nobody can be given, as Python does of those in `__del__`.
#[pyfunction]
pub(crate) fn report(exception: Bound<'_, PyAny>) {
    let py = exception.py();
    PyErr::from_value(exception).write_unraisable(py, None);
}

/// Hands the entries over while a call goes on.
///
/// What fails in a handler or a filter is reported and ends no call. What is
/// raised is meant to end more than that, such as a `KeyboardInterrupt`.
pub(crate) fn flush(py: Python<'_>) -> PyResult<()> {
    if !LISTENING.load(Ordering::Acquire) || entries().is_empty() {
        return Ok(());
    }
    match py.import("hwmigrate._logs").and_then(|logs| logs.call_method0("emit")) {
        Err(error) if error.is_instance_of::<PyException>(py) => {
            error.write_unraisable(py, None);
            Ok(())
        }
        ended => ended.map(drop),
    }
}

/// The same when there is a result, so that the entries come before it. Whatever is raised, the result must
/// not be lost by it: it may be all that is known of something new.
pub(crate) fn flush_last(py: Python<'_>) {
    if let Err(error) = flush(py) {
        error.write_unraisable(py, None);
    }
}

/// Keeps every event of our crates.
#[derive(Default)]
struct Keeper {
    spans: AtomicU64,
}

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with(OURS)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let level = match *event.metadata().level() {
            Level::ERROR => 40,
            Level::WARN => 30,
            Level::INFO => 20,
            Level::DEBUG => 10,
            Level::TRACE => 5,
        };
        let mut kept = entries();
        if kept.len() == MOST {
            kept.pop_front();
        }
        kept.push_back((level, event.metadata().target().to_owned(), text.finish()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message with its fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        self.message
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}
