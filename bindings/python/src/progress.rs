//! Progress, outcomes and reports, as the Python models read them.

use std::time::Duration;

use hwmigrate::fleet::{FleetEnd, FleetEvent};
use hwmigrate::oms::{Created, MigrationEvent, Report};
use hwmigrate::progress::{Bytes, Counts, Phase, Progress, Reason, Step};
use hwmigrate::wait::Outcome;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Serialize;
use serde_json::{Value, json};

use crate::errors;
use crate::slot::Output;
use crate::source::Source;
use crate::value::to_python;

pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn counts(counts: &Counts) -> Value {
    json!({"done": counts.done, "failed": counts.failed, "skipped": counts.skipped, "total": counts.total})
}

pub(crate) fn bytes(bytes: &Bytes) -> Value {
    json!({"done": bytes.done, "total": bytes.total})
}

pub(crate) fn reason(reason: &Reason) -> Value {
    json!({"code": reason.code, "message": reason.message, "step": reason.step})
}

fn step(step: &Step) -> Value {
    json!({
        "id": step.id,
        "name": step.name,
        "state": step.state.to_string(),
        "percent": step.percent,
        "start_time": step.start_time_ms,
        "end_time": step.end_time_ms,
        "bytes_per_second": step.bytes_per_second,
        "detail": step.detail,
    })
}

pub(crate) fn phase(phase: &Phase) -> Value {
    json!({
        "name": phase.name,
        "kind": phase.kind.as_str(),
        "round": phase.round,
        "state": phase.state.to_string(),
        "percent": phase.percent,
        "steps": phase.steps.iter().map(step).collect::<Vec<_>>(),
        "text": phase.to_string(),
    })
}

/// One look at a job.
pub(crate) fn progress(look: &Progress) -> Value {
    json!({
        "resource": look.resource.as_str(),
        "id": look.id,
        "state": look.state.as_str(),
        "state_text": look.state_text(),
        "state_code": look.state_code,
        "state_word": look.state_word,
        "source_state": look.source_state,
        "phases": look.phases.iter().map(phase).collect::<Vec<_>>(),
        "step": look.step.as_ref().map(step),
        "objects": counts(&look.objects),
        "bytes": bytes(&look.bytes),
        "bytes_per_second": look.bytes_per_second,
        "time_left": look.time_left.map(millis),
        "elapsed": look.elapsed.map(millis),
        "totals_final": look.totals_final,
        "stalled": look.stalled,
        "reason": look.reason.as_ref().map(reason),
        "failed_objects": {
            "retryable": look.failed_objects.retryable,
            "list_key": look.failed_objects.list_key,
            "error_code": look.failed_objects.error_code,
        },
        "tasks": look.tasks.as_ref().map(|tasks| json!({
            "total": tasks.total,
            "created": tasks.created,
            "waiting": tasks.waiting,
            "running": tasks.running,
            "paused": tasks.paused,
            "failed": tasks.failed,
            "complete": tasks.complete,
        })),
        "start_time": look.start_time_ms,
        "migrates_metadata": look.migrates_metadata,
        "fraction": look.fraction(),
        "settled": look.state.is_settled(),
        "text": look.to_string(),
    })
}

/// The output of a look.
pub(crate) fn look(look: Progress) -> Output {
    Source::told(progress(&look), look).output()
}

fn ended(outcome: &Outcome) -> Source {
    let end = match outcome {
        Outcome::Done(_) => "done",
        Outcome::Paused(_) => "paused",
        // Newer kinds of ends are neither.
        _ => "overtaken",
    };
    let look = outcome.progress();
    Source::told(json!({"end": end, "progress": progress(look)}), look.clone())
}

/// The output of a wait.
pub(crate) fn waited(outcome: Outcome) -> Output {
    ended(&outcome).output()
}

/// A job that was made.
pub(crate) fn created<Id: Serialize>(created: &Created<Id>) -> Value {
    json!({
        "id": created.id,
        "name": created.name,
        "adopted": created.adopted,
        "mark": created.mark.as_ref().map(|mark| mark.as_str()),
    })
}

/// What came of a migration.
pub(crate) fn report(report: &Report) -> Value {
    json!({
        "task_id": report.task_id,
        "state": report.status.as_str(),
        "objects": counts(&report.objects),
        "bytes": bytes(&report.bytes),
        "elapsed": millis(report.elapsed),
        "rounds": report.rounds,
        "failed_object_list": report.failed_object_list,
        "reason": report.reason.as_ref().map(reason),
        "adopted": report.adopted,
        "failure": report.error().as_ref().map(errors::told),
        "last": progress(&report.last),
    })
}

/// Something that happens: the word for it, and its facts.
pub(crate) fn happens(word: &'static str, facts: Value) -> Output {
    Box::new(move |py| Ok((word, to_python(py, &facts)?).into_pyobject(py)?.into_any().unbind()))
}

/// The same of something that is told of a look.
pub(crate) fn happens_at(word: &'static str, facts: Value, look: &Progress) -> Output {
    let source = Source::told(facts, look.clone());
    Box::new(move |py| Ok((word, Py::new(py, source)?).into_pyobject(py)?.into_any().unbind()))
}

/// What happens in a migration.
pub(crate) fn migration_event(event: &MigrationEvent) -> Output {
    match event {
        MigrationEvent::Created(task) => happens("created", created(task)),
        MigrationEvent::Progress(look) => happens_at("progress", progress(look), look),
        MigrationEvent::Retrying { round, failed, failed_only } => {
            happens("retrying", json!({"round": round, "failed": failed, "failed_only": failed_only}))
        }
        MigrationEvent::Ended(end) => happens_at("ended", report(end), &end.last),
        // A kind of event that is newer than this binding tells nothing that it could show.
        _ => happens("other", json!({})),
    }
}

fn fleet_end<'py>(py: Python<'py>, end: &FleetEnd) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    dict.set_item("resource", end.resource.as_str())?;
    dict.set_item("id", &end.id)?;
    match &end.outcome {
        Ok(outcome) => dict.set_item("outcome", Py::new(py, ended(outcome))?)?,
        Err(error) => dict.set_item("error", errors::raise(py, error).into_value(py))?,
    }
    Ok(dict.into_any())
}

/// The ends of many waits.
pub(crate) fn fleet_ends(ends: Vec<FleetEnd>) -> Output {
    Box::new(move |py| {
        let ends: PyResult<Vec<_>> = ends.iter().map(|end| fleet_end(py, end)).collect();
        Ok(ends?.into_pyobject(py)?.into_any().unbind())
    })
}

/// One event of many waits: the word for it, and its facts.
pub(crate) fn fleet_event(event: FleetEvent) -> Output {
    Box::new(move |py| {
        let (word, facts) = match &event {
            FleetEvent::Progress(seen) => ("progress", look(seen.clone())(py)?.into_bound(py)),
            FleetEvent::Ended(end) => ("ended", fleet_end(py, end)?),
            // As above.
            _ => ("other", PyDict::new(py).into_any()),
        };
        Ok((word, facts).into_pyobject(py)?.into_any().unbind())
    })
}
