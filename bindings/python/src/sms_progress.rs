//! Events and reports of server migrations, as the Python models read them.

use hwmigrate::sms::{BulkEnd, BulkEvent, MigrationEvent, Report};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use crate::errors;
use crate::progress::{bytes, created, millis, phase, progress, reason};
use crate::slot::Output;
use crate::value::to_python;

/// What came of the migration of a server.
pub(crate) fn report(report: &Report) -> Value {
    json!({
        "task_id": report.task_id,
        "state": report.status.as_str(),
        "bytes": bytes(&report.bytes),
        "phases": report.phases.iter().map(phase).collect::<Vec<_>>(),
        "elapsed": millis(report.elapsed),
        "cut_over": report.cut_over,
        "adopted": report.adopted,
        "reason": report.reason.as_ref().map(reason),
        "last": progress(&report.last),
    })
}

/// What happens in a migration: the word for it, and its facts.
pub(crate) fn migration_event(event: &MigrationEvent) -> Value {
    match event {
        MigrationEvent::Creating(_) => json!(["milestone", "creating"]),
        MigrationEvent::Searching(_) => json!(["milestone", "searching"]),
        MigrationEvent::Created(task) => json!(["created", created(task)]),
        MigrationEvent::Prepared => json!(["milestone", "prepared"]),
        MigrationEvent::Started => json!(["milestone", "started"]),
        MigrationEvent::CutOver => json!(["milestone", "cut over"]),
        MigrationEvent::Progress(look) => json!(["progress", progress(look)]),
        MigrationEvent::Ended(end) => json!(["ended", report(end)]),
        // A kind of event that is newer than this binding tells nothing that it could show.
        _ => json!(["other", {}]),
    }
}

fn bulk_end<'py>(py: Python<'py>, end: &BulkEnd) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    dict.set_item("place", end.place)?;
    dict.set_item("server", &end.server)?;
    match &end.outcome {
        Ok(ended) => dict.set_item("report", to_python(py, &report(ended))?)?,
        Err(error) => dict.set_item("error", errors::raise(py, error).into_value(py))?,
    }
    if let Some(last) = &end.last {
        dict.set_item("last", to_python(py, &progress(last))?)?;
    }
    Ok(dict.into_any())
}

/// The ends of many migrations.
pub(crate) fn bulk_ends(ends: Vec<BulkEnd>) -> Output {
    Box::new(move |py| {
        let ends: PyResult<Vec<_>> = ends.iter().map(|end| bulk_end(py, end)).collect();
        Ok(ends?.into_pyobject(py)?.into_any().unbind())
    })
}

/// One event of many migrations: the word for it, and its facts.
pub(crate) fn bulk_event(event: BulkEvent) -> Output {
    Box::new(move |py| {
        let (word, facts) = match &event {
            BulkEvent::Server { place, server, event } => {
                let facts = json!({"place": place, "server": server, "event": migration_event(event)});
                ("server", to_python(py, &facts)?)
            }
            BulkEvent::Ended(end) => ("ended", bulk_end(py, end)?),
            // As above.
            _ => ("other", PyDict::new(py).into_any()),
        };
        Ok((word, facts).into_pyobject(py)?.into_any().unbind())
    })
}
