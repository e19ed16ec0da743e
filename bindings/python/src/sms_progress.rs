//! Events and reports of server migrations, as the Python models read them.

use hwmigrate::sms::{BulkEnd, BulkEvent, MigrationEvent, Report};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use crate::errors;
use crate::progress::{bytes, created, happens, happens_at, look, millis, phase, progress, reason};
use crate::slot::Output;
use crate::source::Source;

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
        "failure": report.error().as_ref().map(errors::told),
        "last": progress(&report.last),
    })
}

/// What happens in a migration.
pub(crate) fn migration_event(event: &MigrationEvent) -> Output {
    match event {
        MigrationEvent::Creating(_) => happens("milestone", json!("creating")),
        MigrationEvent::Searching(_) => happens("milestone", json!("searching")),
        MigrationEvent::Created(task) => happens("created", created(task)),
        MigrationEvent::Prepared => happens("milestone", json!("prepared")),
        MigrationEvent::Started => happens("milestone", json!("started")),
        MigrationEvent::CutOver => happens("milestone", json!("cut over")),
        MigrationEvent::Progress(look) => happens_at("progress", progress(look), look),
        MigrationEvent::Ended(end) => happens_at("ended", report(end), &end.last),
        // A kind of event that is newer than this binding tells nothing that it could show.
        _ => happens("other", json!({})),
    }
}

fn bulk_end<'py>(py: Python<'py>, end: &BulkEnd) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    dict.set_item("place", end.place)?;
    dict.set_item("server", &end.server)?;
    match &end.outcome {
        Ok(ended) => {
            dict.set_item("report", Py::new(py, Source::told(report(ended), ended.last.clone()))?)?
        }
        Err(error) => dict.set_item("error", errors::raise(py, error).into_value(py))?,
    }
    if let Some(last) = &end.last {
        dict.set_item("last", look(last.as_ref().clone())(py)?)?;
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
                let facts = PyDict::new(py);
                facts.set_item("place", place)?;
                facts.set_item("server", server)?;
                facts.set_item("event", migration_event(event)(py)?)?;
                ("server", facts.into_any())
            }
            BulkEvent::Ended(end) => ("ended", bulk_end(py, end)?),
            // As above.
            _ => ("other", PyDict::new(py).into_any()),
        };
        Ok((word, facts).into_pyobject(py)?.into_any().unbind())
    })
}
