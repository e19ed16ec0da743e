//! Following the migrations of servers to their end, and what to report.

use std::pin::pin;

use futures_util::StreamExt as _;
use hwmigrate::progress::{Progress, State};
use hwmigrate::sms::{Bulk, BulkEnd, BulkEvent, MigrationEvent};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use crate::args::{Format, Global};
use crate::clock::Stopwatch;
use crate::exit::ExitCode;
use crate::failure::{Failure, Result, ended};
use crate::interrupt::Interrupts;
use crate::logging;
use crate::meter::Meter;
use crate::output::{Column, Output, Show, column};
use crate::report::{self, millis};

/// Columns of the table that shows several servers.
const COLUMNS: [Column; 7] = [
    column("server", "/name", Show::Text),
    column("task", "/task_id", Show::Text),
    column("status", "/status", Show::Text),
    column("phases", "/phases", Show::Phases),
    column("copied", "/bytes/done", Show::Bytes),
    column("took", "/elapsed_ms", Show::Span),
    column("reason", "/error/message", Show::Text),
];

/// Lines of the table that shows one server.
const LINES: [Column; 10] = [
    column("server", "/server_id", Show::Text),
    column("name", "/name", Show::Text),
    column("task", "/task_id", Show::Text),
    column("status", "/status", Show::Text),
    column("server state", "/source_state", Show::Text),
    column("phases", "/phases", Show::Phases),
    column("copied", "/bytes/done", Show::Bytes),
    column("size", "/bytes/total", Show::Bytes),
    column("took", "/elapsed_ms", Show::Span),
    column("reason", "/error/message", Show::Text),
];

/// What becomes of what is not followed any more.
const LEFT: &str = "the following ends, and tasks that run go on unless they were stopped";

/// How a server can end; every other status means that it was not followed to an end.
const ENDS: [&str; 4] = ["succeeded", "syncing", "failed", "paused"];

/// A server that is moved.
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Its task, once it is known.
    pub(crate) task: Option<String>,
    /// It had a task before, or its task was found: the reply was lost, or somebody else was quicker.
    pub(crate) adopted: bool,
    /// The name of its task, from when that may be created until it is known.
    pub(crate) creating: Option<String>,
    /// The reply to the create was lost.
    pub(crate) searched: bool,
    /// It was cut over in this run.
    pub(crate) cut_over: bool,
    /// The last look at its task.
    pub(crate) last: Option<Progress>,
    /// Since something happened to it.
    pub(crate) watch: Option<Stopwatch>,
}

impl Server {
    /// A server that is listed, with the task that it has.
    pub(crate) fn new(id: &str, name: &str, task: Option<&str>) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            task: task.map(str::to_owned),
            adopted: task.is_some(),
            creating: None,
            searched: false,
            cut_over: false,
            last: None,
            watch: None,
        }
    }

    /// Adds to a report whose it is.
    fn name_in(&self, fields: &mut Map<String, Value>) {
        fields.insert("server_id".to_owned(), json!(self.id));
        fields.insert("name".to_owned(), json!(self.name));
        fields.insert("task_id".to_owned(), json!(self.task));
        fields.insert("adopted".to_owned(), json!(self.adopted));
    }

    /// A task of which nobody knows whether it exists.
    fn doubt(&self) -> Option<Failure> {
        let name = self.creating.as_ref().filter(|_| self.task.is_none())?;
        let what = format!("the task {name:?} for the source server {} may have been created", self.id);
        Some(
            Failure::new(ExitCode::Ambiguous, format!("interrupted: {what}"))
                .help("look for it with: hwmigrate sms task list; the same command takes it up"),
        )
    }

    /// What is known of it when it was not followed to an end: by its last look, or an earlier one.
    /// Every field of a report is there.
    fn unfinished(&self, last: Option<&Progress>) -> Map<String, Value> {
        let mut fields = match last.or(self.last.as_ref()) {
            Some(last) => report::of_progress(last),
            None => Map::from_iter([
                ("status".to_owned(), json!("unknown")),
                ("state".to_owned(), Value::Null),
                ("source_state".to_owned(), Value::Null),
                ("phases".to_owned(), json!([])),
                ("step".to_owned(), Value::Null),
                ("bytes".to_owned(), json!({"total": null, "done": 0})),
            ]),
        };
        let elapsed = self.watch.map(|watch| watch.elapsed()).unwrap_or_default();
        fields.insert("elapsed_ms".to_owned(), json!(millis(elapsed)));
        fields.insert("cut_over".to_owned(), json!(self.cut_over));
        fields
    }
}

/// Servers that are moved together.
pub(crate) struct Fleet<'a> {
    servers: Vec<Server>,
    ends: Vec<Option<(Value, Option<Failure>)>>,
    meter: Meter,
    output: &'a Output,
    /// The emulator is inside this command, and goes with it.
    near: bool,
    /// Why events cannot be written any more.
    mute: Option<Failure>,
}

impl<'a> Fleet<'a> {
    /// Servers about to be moved.
    pub(crate) fn new(servers: Vec<Server>, near: bool, global: &Global, output: &'a Output) -> Self {
        let logs = logging::level(global) != tracing::level_filters::LevelFilter::OFF;
        let mut meter = Meter::new(output.is_quiet(), logs);
        for server in &servers {
            if let Some(task) = &server.task {
                meter.call(task, &server.name);
            }
        }
        let ends = servers.iter().map(|_| None).collect();
        Self { servers, ends, meter, output, near, mute: None }
    }

    /// Follows them all, and writes the report. Where nobody reads the events any more, that is an
    /// interrupt: nothing new is begun, and what is under way is waited for.
    pub(crate) async fn follow(mut self, bulk: Bulk) -> Result<()> {
        let watch = Stopwatch::start();
        let mut stop = Interrupts::listen()?;
        let mut told = 0;
        self.meter.begin("asking the service");
        // To let go of the one end is to cancel.
        let (hold, released) = oneshot::channel::<()>();
        let mut hold = Some(hold);
        let mut events = pin!(bulk.stream_until(async move { _ = released.await }));
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = stop.next() => {
                    told += 1;
                    if told > 1 {
                        break;
                    }
                    drop(hold.take());
                    self.meter.note("waiting for what is under way; interrupt once more to end at once");
                    continue;
                }
            };
            match event {
                Some(BulkEvent::Server { place, event, .. }) => self.show(place, event),
                Some(BulkEvent::Ended(end)) => self.ended(end),
                Some(_) => {}
                None => break,
            }
            if self.mute.is_some() {
                drop(hold.take());
            }
        }
        self.meter.finish();
        self.write(&watch, told > 0)
    }

    /// Shows what happened to one server.
    fn show(&mut self, place: usize, event: MigrationEvent) {
        let Some(server) = self.servers.get_mut(place) else { return };
        let name = server.name.clone();
        server.watch.get_or_insert_with(Stopwatch::start);
        let mut line = Map::new();
        match event {
            MigrationEvent::Creating(task) => {
                line.insert("event".to_owned(), json!("creating"));
                line.insert("task_name".to_owned(), json!(task));
                server.creating = Some(task);
            }
            MigrationEvent::Searching(task) => {
                server.searched = true;
                self.meter
                    .note(&format!("{name}: no answer to the create; looking for a task called {task:?}"));
                line.insert("event".to_owned(), json!("searching"));
                line.insert("task_name".to_owned(), json!(task));
            }
            MigrationEvent::Created(created) => {
                server.creating = None;
                let before = server.task.replace(created.id.clone()).is_some();
                server.adopted = before || created.adopted;
                self.meter.call(&created.id, &name);
                let how = match (before, created.adopted) {
                    (true, _) => " (it was there already)",
                    (_, true) if server.searched => " (its reply was lost; found again)",
                    (_, true) => " (somebody else has just made it, with settings of their own)",
                    _ => "",
                };
                self.meter.note(&format!("{name}: task {}{how}", created.id));
                line.insert("event".to_owned(), json!("created"));
            }
            MigrationEvent::Prepared => return,
            MigrationEvent::Started => {
                self.meter.note(&format!("{name}: started"));
                line.insert("event".to_owned(), json!("started"));
            }
            MigrationEvent::Progress(progress) => {
                self.meter.show(&progress);
                server.last = Some(progress.clone());
                if let Value::Object(fields) = report::event(&progress) {
                    line = fields;
                }
            }
            MigrationEvent::CutOver => {
                server.cut_over = true;
                self.meter.note(&format!("{name}: in step with its target; cutting over"));
                line.insert("event".to_owned(), json!("cut_over"));
            }
            _ => return,
        }
        if self.output.format() == Format::Ndjson && self.mute.is_none() {
            server.name_in(&mut line);
            self.mute = self.output.line(&Value::Object(line)).err();
        }
    }

    /// Keeps how one server ended.
    fn ended(&mut self, end: BulkEnd) {
        let Some(server) = self.servers.get_mut(end.place) else { return };
        let error = end.error();
        let mut fields = match &end.outcome {
            Ok(report) => {
                let mut fields = report::of_progress(&report.last);
                fields.insert("elapsed_ms".to_owned(), json!(millis(report.elapsed)));
                fields.insert("cut_over".to_owned(), json!(report.cut_over));
                fields
            }
            Err(_) => server.unfinished(end.last.as_deref()),
        };
        if let Some(job) = error.as_ref().and_then(|error| error.job()) {
            server.task.get_or_insert_with(|| job.id.clone());
        }
        server.name_in(&mut fields);
        let failure = match (error, &end.outcome) {
            (Some(error), _) => Some(Failure::from(error)),
            (None, Ok(report)) if report.status == State::Paused => {
                Some(Failure::new(ExitCode::Paused, format!("the task of {} is paused", server.name)))
            }
            _ => None,
        };
        if let Some(failure) = &failure {
            fields.insert("error".to_owned(), failure.to_json()["error"].take());
        }
        let status = fields.get("status").and_then(Value::as_str).unwrap_or_default();
        let why = failure.as_ref().map(|failure| format!(": {}", failure.message())).unwrap_or_default();
        self.meter.note(&format!("{}: {status}{why}", server.name));
        self.ends[end.place] = Some((Value::Object(fields), failure));
    }

    /// Writes the report of all servers, and ends as they did.
    fn write(self, watch: &Stopwatch, interrupted: bool) -> Result<()> {
        let help = self.again();
        let why = match &self.mute {
            _ if interrupted => Some(Failure::new(ExitCode::Interrupted, format!("interrupted: {LEFT}"))),
            Some(mute) => Some(mute.amid(LEFT)),
            None => None,
        };
        let mut reports = Vec::with_capacity(self.servers.len());
        let mut failures = Vec::new();
        for (place, end) in self.ends.into_iter().enumerate() {
            let (report, failure) = end.unwrap_or_else(|| {
                let server = &self.servers[place];
                let mut fields = server.unfinished(None);
                server.name_in(&mut fields);
                let failure = server
                    .doubt()
                    .unwrap_or_else(|| Failure::new(ExitCode::Interrupted, "interrupted before its end"));
                fields.insert("error".to_owned(), failure.to_json()["error"].take());
                (Value::Object(fields), Some(failure))
            });
            reports.push(report);
            failures.extend(failure);
        }
        let count = |end: &str| reports.iter().filter(|one| end_of(one) == Some(end)).count();
        let mut counts: Map<String, Value> =
            ENDS.iter().map(|end| ((*end).to_owned(), json!(count(end)))).collect();
        let total = reports.len();
        let all: usize = ENDS.iter().map(|end| count(end)).sum();
        counts.insert("unfinished".to_owned(), json!(total - all));
        // Who interrupts hears of it even if everything happened to be through by then.
        let why = why.filter(|_| interrupted || !failures.is_empty());
        let written = match (self.output.format(), reports.as_slice()) {
            _ if self.mute.is_some() => Ok(()),
            (Format::Table, [one]) => self.output.record(one, &LINES),
            (Format::Table, _) => {
                let mut rows = self.output.rows(&COLUMNS);
                let kept = reports.into_iter().try_for_each(|report| rows.push(report));
                kept.and_then(|()| rows.finish())
            }
            (format, _) => {
                let mut value = json!({
                    "status": overall(&counts), "counts": counts, "servers": reports,
                    "elapsed_ms": millis(watch.elapsed()),
                });
                value["counts"]["total"] = json!(total);
                if format == Format::Ndjson {
                    value["event"] = json!("result");
                }
                self.output.record(&value, &[])
            }
        };
        ended(finish(failures, total, why, &help), written)
    }

    /// How to go on.
    fn again(&self) -> String {
        if self.near {
            "the emulator and its tasks end with this command; run it again to begin anew".to_owned()
        } else {
            "run the same command again: servers that have a task are taken up where they are".to_owned()
        }
    }
}

/// One word for all servers: the worst that happened to any of them.
fn overall(counts: &Map<String, Value>) -> &'static str {
    let any = |status: &str| counts.get(status).and_then(Value::as_u64).unwrap_or_default() > 0;
    ["failed", "unfinished", "paused", "syncing"]
        .into_iter()
        .find(|status| any(status))
        .unwrap_or("succeeded")
}

/// How a server has ended; `None` for one that stands well, and was yet not brought where it was to go.
fn end_of(report: &Value) -> Option<&str> {
    let status = report["status"].as_str()?;
    (status != "syncing" || report.get("error").is_none()).then_some(status)
}

/// The end of the command: why it ended early, that of its servers, or what is common to those that went wrong.
fn finish(mut failures: Vec<Failure>, total: usize, why: Option<Failure>, help: &str) -> Result<()> {
    if let Some(why) = why {
        let doubts = failures.iter().filter(|failure| failure.code() == ExitCode::Ambiguous);
        let failure = doubts.fold(why, |failure, doubt| failure.cause(doubt.message()));
        return Err(failure.help(help));
    }
    let wrong = failures.len();
    match failures.pop() {
        None => Ok(()),
        Some(only) if total == 1 => Err(match only.code() {
            ExitCode::Paused | ExitCode::Timeout => only.help(help),
            _ => only,
        }),
        Some(last) => {
            let codes: Vec<ExitCode> = failures.iter().map(Failure::code).chain([last.code()]).collect();
            let alike = codes.iter().all(|code| *code == codes[0]);
            let code = match codes[0] {
                ExitCode::JobFailed if wrong < total => ExitCode::PartlyFailed,
                first if alike => first,
                _ => ExitCode::PartlyFailed,
            };
            let message = format!("{wrong} of {total} servers did not come through; the report says why");
            Err(Failure::new(code, message).help(help))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_worst_server_names_the_whole() {
        let word = |pairs: &[(&str, u64)]| {
            overall(&pairs.iter().map(|(status, count)| ((*status).to_owned(), json!(count))).collect())
        };
        assert_eq!(word(&[("succeeded", 2), ("failed", 0)]), "succeeded");
        assert_eq!(word(&[("succeeded", 2), ("syncing", 1)]), "syncing");
        assert_eq!(word(&[("paused", 1), ("syncing", 1)]), "paused");
        assert_eq!(word(&[("paused", 1), ("failed", 1), ("unfinished", 1)]), "failed");
    }

    #[test]
    fn the_code_tells_one_failure_from_some_and_from_all() {
        let code = |codes: &[ExitCode], total| {
            let failures = codes.iter().map(|code| Failure::new(*code, "x")).collect();
            finish(failures, total, None, "again").err().map(|failure| failure.code())
        };
        use ExitCode::{Interrupted, JobFailed, PartlyFailed, Paused, Timeout};
        assert_eq!(code(&[], 3), None);
        assert_eq!(code(&[JobFailed], 1), Some(JobFailed));
        assert_eq!(code(&[JobFailed], 3), Some(PartlyFailed));
        assert_eq!(code(&[JobFailed, JobFailed], 2), Some(JobFailed));
        assert_eq!(code(&[Paused, Paused], 3), Some(Paused));
        assert_eq!(code(&[Timeout, JobFailed], 3), Some(PartlyFailed));
        let why = Failure::new(Interrupted, "x");
        assert_eq!(finish(Vec::new(), 1, Some(why), "again").unwrap_err().code(), Interrupted);
    }

    #[test]
    fn server_whose_cut_over_was_refused_is_not_through() {
        assert_eq!(end_of(&json!({"status": "syncing"})), Some("syncing"));
        assert_eq!(end_of(&json!({"status": "syncing", "error": {"kind": "Conflict"}})), None);
        assert_eq!(end_of(&json!({"status": "failed", "error": {"kind": "JobFailed"}})), Some("failed"));
    }
}
