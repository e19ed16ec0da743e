//! From errors to exceptions.
//!
//! The tree of exceptions stands in Python; here an error finds its class by
//! the name of its kind, takes its facts along as attributes, and its sources
//! as `__cause__`.

use std::error::Error as StdError;

use hwmigrate::{Error, ErrorKind};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use crate::callables::Raised;
use crate::value::to_python;

/// The exception for an error; what a callable raised to end the program comes through as it is.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let mut source = error.source();
    while let Some(cause) = source {
        match cause.downcast_ref::<Raised>() {
            Some(raised) if raised.ends_more(py) => return raised.exception(py),
            _ => source = cause.source(),
        }
    }
    build(py, error).unwrap_or_else(|problem| problem)
}

/// An error made here, as an exception.
pub(crate) fn invalid(py: Python<'_>, message: impl Into<String>) -> PyErr {
    raise(py, &Error::new(ErrorKind::Invalid, message))
}

/// The exception for use in a forked child.
pub(crate) fn forked(py: Python<'_>, why: &str) -> PyErr {
    let message = format!(
        "this client cannot be used here: {why}; make a client after the fork, or start processes by \
         `spawn` (multiprocessing.set_start_method)"
    );
    let made = py.import("hwmigrate.errors").and_then(|errors| {
        errors.getattr("ForkedError")?.call_method1("_of", (message, "Config", PyDict::new(py)))
    });
    made.map_or_else(|problem| problem, PyErr::from_value)
}

/// What interrupted a call, with what came of the call as its `__context__`: a traceback shows both.
pub(crate) fn interrupted(py: Python<'_>, by: PyErr, ended: &PyErr) -> PyErr {
    let name = pyo3::intern!(py, "__context__");
    let value = by.value(py).as_any();
    // An exception that came amid another one has a context already, and keeps it.
    if value.getattr(name).is_ok_and(|context| context.is_none()) && !value.is(ended.value(py)) {
        // What it refuses is not worth an exception that takes the place of both.
        let _ = value.setattr(name, ended.value(py));
    }
    by
}

/// The running asyncio loop.
pub(crate) fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    use pyo3::sync::PyOnceLock;
    static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let running = RUNNING
        .get_or_try_init(py, || py.import("asyncio")?.getattr("_get_running_loop").map(Bound::unbind))?;
    let event_loop = running.bind(py).call0()?;
    if event_loop.is_none() {
        return Err(pyo3::exceptions::PyRuntimeError::new_err(
            "AsyncClient needs a running asyncio event loop; under trio use Client in a worker thread \
             (trio.to_thread.run_sync), under anyio choose the asyncio backend",
        ));
    }
    Ok(event_loop)
}

/// Kind, text and facts of an error.
pub(crate) fn told(error: &Error) -> Value {
    let mut told = facts(error);
    told["kind"] = json!(error.kind().name());
    told["text"] = json!(error.to_string());
    told
}

fn facts(error: &Error) -> Value {
    let mut facts = json!({
        "operation": error.operation(),
        "status": error.status(),
        "code": error.code(),
        "message": error.message(),
        "request_id": error.request_id(),
        "retryable": error.is_retryable(),
        "retry_after": error.retry_after().map(|pause| pause.as_secs_f64()),
        "attempts": error.attempts(),
        "elapsed": error.elapsed().map(|time| time.as_secs_f64()),
        "advice": error.advice(),
        "is_timeout": error.is_timeout(),
    });
    if let Some(job) = error.job() {
        facts["job"] = json!({
            "resource": job.resource,
            "id": job.id,
            "state": job.state,
            "reason_code": job.reason_code,
            "reason": job.reason,
            "objects_done": job.objects_done,
            "objects_failed": job.objects_failed,
            "objects_skipped": job.objects_skipped,
            "objects_total": job.objects_total,
            "failed_list": job.failed_list,
        });
    }
    facts
}

fn build(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let facts = to_python(py, &facts(error))?;
    let make = py.import("hwmigrate.errors")?.getattr("_of")?;
    let exception = PyErr::from_value(make.call1((error.to_string(), error.kind().name(), facts))?);
    if let Some(source) = error.source() {
        exception.set_cause(py, Some(cause(py, source)?));
    }
    Ok(exception)
}

fn cause(py: Python<'_>, source: &(dyn StdError + 'static)) -> PyResult<PyErr> {
    if let Some(own) = source.downcast_ref::<Error>() {
        return build(py, own);
    }
    if let Some(raised) = source.downcast_ref::<Raised>() {
        return Ok(raised.exception(py));
    }
    let class = py.import("hwmigrate.errors")?.getattr("Cause")?;
    let exception = PyErr::from_value(class.call1((source.to_string(),))?);
    if let Some(further) = source.source() {
        exception.set_cause(py, Some(cause(py, further)?));
    }
    debug_assert!(exception.is_instance_of::<PyException>(py));
    Ok(exception)
}
