//! How a job ended, as data.

use std::time::Duration;

use hwmigrate::progress::{Phase, Progress, Resource, State};
use hwmigrate::wait::Outcome;
use serde_json::{Map, Value, json};

use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::{Column, Show, column};

/// Lines of the table that shows one report.
pub(crate) const LINES: [Column; 14] = [
    column("task", "/task_id", Show::Text),
    column("group", "/group_id", Show::Text),
    column("status", "/status", Show::Text),
    column("server state", "/source_state", Show::Text),
    column("phases", "/phases", Show::Phases),
    column("objects", "/objects/total", Show::Number),
    column("done", "/objects/done", Show::Number),
    column("failed", "/objects/failed", Show::Number),
    column("skipped", "/objects/skipped", Show::Number),
    column("bytes", "/bytes/done", Show::Bytes),
    column("took", "/elapsed_ms", Show::Span),
    column("rounds", "/rounds", Show::Number),
    column("failed list", "/failed_list", Show::Text),
    column("reason", "/error/message", Show::Text),
];

/// Columns of the table that shows several reports.
pub(crate) const COLUMNS: [Column; 8] = [
    column("task", "/task_id", Show::Text),
    column("group", "/group_id", Show::Text),
    column("status", "/status", Show::Text),
    column("objects", "/objects/total", Show::Number),
    column("done", "/objects/done", Show::Number),
    column("failed", "/objects/failed", Show::Number),
    column("bytes", "/bytes/done", Show::Bytes),
    column("reason", "/error/message", Show::Text),
];

/// The same for tasks of servers.
pub(crate) const SERVER_COLUMNS: [Column; 6] = [
    column("task", "/task_id", Show::Text),
    column("status", "/status", Show::Text),
    column("server state", "/source_state", Show::Text),
    column("phases", "/phases", Show::Phases),
    column("copied", "/bytes/done", Show::Bytes),
    column("reason", "/error/message", Show::Text),
];

/// One look at a job as JSON.
pub(crate) fn of_progress(progress: &Progress) -> Map<String, Value> {
    let mut report = Map::new();
    let (name, id) = named(progress.resource, &progress.id);
    report.insert(name.to_owned(), id);
    report.insert("status".to_owned(), json!(progress.state.as_str()));
    if progress.resource == Resource::ServerTask {
        report.insert("state".to_owned(), json!(progress.state_word));
        report.insert("source_state".to_owned(), json!(progress.source_state));
        report.insert("phases".to_owned(), progress.phases.iter().map(of_phase).collect());
        report.insert("step".to_owned(), json!(progress.step.as_ref().map(|step| &step.name)));
    } else {
        let objects = &progress.objects;
        report.insert(
            "objects".to_owned(),
            json!({
                "total": objects.total,
                "done": objects.done,
                "failed": objects.failed,
                "skipped": objects.skipped,
            }),
        );
    }
    report.insert("bytes".to_owned(), json!({"total": progress.bytes.total, "done": progress.bytes.done}));
    report
}

/// One phase of a job as JSON.
fn of_phase(phase: &Phase) -> Value {
    json!({
        "name": phase.name,
        "kind": phase.kind.as_str(),
        "state": phase.state.as_str(),
        "percent": phase.percent,
    })
}

/// The field for the id of a job, and the id as the service writes it.
fn named(resource: Resource, id: &str) -> (&'static str, Value) {
    match (resource, id.parse::<u64>()) {
        (Resource::Task, Ok(number)) => ("task_id", json!(number)),
        (Resource::Group, _) => ("group_id", json!(id)),
        _ => ("task_id", json!(id)),
    }
}

/// The last look at a job as JSON, with numbers for all counts: a total that was never told is
/// what was seen of it.
pub(crate) fn of_last(progress: &Progress) -> Map<String, Value> {
    if progress.resource == Resource::ServerTask {
        return of_progress(progress);
    }
    let mut last = progress.clone();
    last.objects.total.get_or_insert(progress.objects.settled());
    last.bytes.total.get_or_insert(progress.bytes.done);
    of_progress(&last)
}

/// A line of the stream that `--output ndjson` writes while a job goes on.
pub(crate) fn event(progress: &Progress) -> Value {
    let mut event = of_progress(progress);
    event.insert("event".to_owned(), json!("progress"));
    event.insert("bytes_per_second".to_owned(), json!(progress.bytes_per_second));
    event.insert("time_left_ms".to_owned(), json!(progress.time_left.map(millis)));
    event.insert("totals_final".to_owned(), json!(progress.totals_final));
    event.insert("stalled".to_owned(), json!(progress.stalled));
    Value::Object(event)
}

/// How a wait ended: the report, and the code to end with.
pub(crate) fn of_end(
    last: Option<&Progress>,
    outcome: Result<&Outcome, &hwmigrate::Error>,
    resource: Resource,
    id: &str,
    elapsed: Duration,
) -> (Value, ExitCode) {
    let last = outcome.ok().map(Outcome::progress).or(last);
    let mut report = match last {
        Some(progress) => of_last(progress),
        None => {
            let (name, id) = named(resource, id);
            let mut report = Map::new();
            report.insert(name.to_owned(), id);
            report.insert("status".to_owned(), json!("unknown"));
            report
        }
    };
    report.insert("elapsed_ms".to_owned(), json!(millis(elapsed)));
    if let Some(list) = last.and_then(|progress| progress.failed_objects.list_key.as_ref()) {
        report.insert("failed_list".to_owned(), json!(list));
    }
    let code = match outcome {
        Ok(outcome) if outcome.is_paused() => ExitCode::Paused,
        // It ended well, but not in what was waited for, and that will not come any more.
        Ok(outcome) if outcome.is_overtaken() => ExitCode::Conflict,
        Ok(_) => ExitCode::Done,
        Err(error) => {
            if error.is_job_failed() {
                report.insert("status".to_owned(), json!(State::Failed.as_str()));
            }
            let code = code_of(error, last);
            let described = Failure::from(error.clone()).with_code(code).to_json();
            report.insert("error".to_owned(), described["error"].clone());
            code
        }
    };
    (Value::Object(report), code)
}

/// A job that failed over some objects while others arrived has failed only in part.
pub(crate) fn code_of(error: &hwmigrate::Error, last: Option<&Progress>) -> ExitCode {
    let code = ExitCode::from_number(error.kind().exit_code());
    let partly = last.is_some_and(|progress| {
        let objects = &progress.objects;
        objects.failed > 0 && objects.done.saturating_add(objects.skipped) > 0
    });
    if code == ExitCode::JobFailed && partly { ExitCode::PartlyFailed } else { code }
}

/// Milliseconds of a span.
pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
