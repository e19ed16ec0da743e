//! Following a migration to its end, for both forms of `oms migrate`.

use std::future::ready;
use std::pin::pin;
use std::time::Duration;

use hwmigrate::oms::{Migration, MigrationEvent, Report, Tasks};
use hwmigrate::progress::{Progress, Resource, State};
use serde_json::{Value, json};

use super::failed::FailedObject;
use crate::args::{Format, Global};
use crate::clock::Stopwatch;
use crate::exit::ExitCode;
use crate::failure::{Failure, Result, ended};
use crate::interrupt::Interrupts;
use crate::meter::Meter;
use crate::output::Output;
use crate::report::{self, millis};
use crate::rhythm::rhythm;

/// How the user wants a migration to be followed.
pub(crate) struct Follower<'a> {
    pub(crate) output: &'a Output,
    pub(crate) meter: Meter,
    pub(crate) tasks: Tasks,
    /// Pause the task when the following ends early.
    pub(crate) pause: bool,
    /// What becomes of a task that is left to itself.
    pub(crate) left: &'a str,
    /// What to say about going on, for the task with this id.
    pub(crate) again: &'a dyn Fn(i64) -> String,
    /// The failed objects in a list of the destination bucket, where they can be read.
    pub(crate) failed: &'a dyn Fn(&str) -> Vec<FailedObject>,
    /// What to do about a fault of the service, where it is not the service's own affair.
    pub(crate) fault: Option<&'a str>,
    /// What to say when the source has nothing that the task asks for.
    pub(crate) empty: String,
}

/// The service's reason for a task that finds nothing to move.
const NOTHING_THERE: &str = "TRF.0012";

/// The service's word for a fault of its own.
const FAULT: &str = "OMS.1001";

/// What to do about a task of which only the mark is known.
const LOOK_FOR_IT: &str = "look for the mark among the descriptions of: hwmigrate oms task list --output json; \
                           go on with --task-id, and run the command anew only if no task has it";

/// Most failed objects that are named for people.
const NAMED: usize = 20;

/// Time that a task gets to stand still once it was told to stop.
const PAUSE_LIMIT: Duration = Duration::from_secs(1);

impl Follower<'_> {
    /// Follows the migration and writes the result.
    pub(crate) async fn follow(mut self, mut migration: Migration) -> Result<()> {
        let watch = Stopwatch::start();
        let mut stop = Interrupts::listen()?;
        let mut task = None;
        self.meter.begin("asking the service");
        loop {
            let event = {
                let mut next = pin!(migration.next());
                tokio::select! {
                    event = &mut next => event,
                    () = stop.next() => match task {
                        Some(id) => return self.leave(id, watch, &interrupted()).await,
                        None => {
                            // A request that is under way may have made the task: its id must not be lost.
                            self.meter.note("waiting for the id of the task; interrupt once more to end at once");
                            tokio::select! {
                                event = next => match event {
                                    Ok(Some(MigrationEvent::Created(created))) => return self.leave(created.id, watch, &interrupted()).await,
                                    other => other,
                                },
                                () = stop.next() => {
                                    let end = Failure::new(ExitCode::Interrupted, "interrupted while the task was being created; it may exist");
                                    return Err(end.help("look for it with: hwmigrate oms task list"));
                                }
                            }
                        }
                    },
                }
            };
            match event {
                Ok(Some(event)) => {
                    if let MigrationEvent::Created(created) = &event {
                        task = Some(created.id);
                    }
                    match (self.show(event), task) {
                        (Ok(Some(report)), _) => return self.end(&report),
                        (Ok(None), _) => {}
                        (Err(mute), Some(id)) => return self.leave(id, watch, &mute).await,
                        (Err(mute), None) => return Err(mute),
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => return self.broken(error, task, watch).await,
            }
        }
    }

    /// Shows an event; gives back the report if it was the last one.
    fn show(&mut self, event: MigrationEvent) -> Result<Option<Report>> {
        let lines = self.output.format() == Format::Ndjson;
        match event {
            MigrationEvent::Created(created) => {
                let how = if created.adopted { " (its reply was lost; found again by its mark)" } else { "" };
                self.meter.note(&format!("task {}{how}", created.id));
                if lines {
                    let (id, name, adopted) = (created.id, created.name, created.adopted);
                    self.output.line(
                        &json!({"event": "created", "task_id": id, "name": name, "adopted": adopted}),
                    )?;
                }
            }
            MigrationEvent::Progress(progress) => {
                self.meter.show(&progress);
                if lines {
                    self.output.line(&report::event(&progress))?;
                }
            }
            MigrationEvent::Retrying { round, failed, failed_only } => {
                let what = match (failed_only, failed) {
                    (false, _) => "everything".to_owned(),
                    (true, 1) => "the failed object".to_owned(),
                    (true, count) => format!("{count} failed objects"),
                };
                self.meter.note(&format!("round {round}: starting again for {what}"));
                if lines {
                    self.output.line(&json!({"event": "retrying", "round": round, "failed": failed}))?;
                }
            }
            MigrationEvent::Ended(report) => return Ok(Some(report)),
            _ => {}
        }
        Ok(None)
    }

    /// Writes the result of a migration that came to an end.
    fn end(&mut self, report: &Report) -> Result<()> {
        self.meter.finish();
        let mut value = Value::Object(report::of_last(&report.last));
        value["elapsed_ms"] = json!(millis(report.elapsed));
        value["rounds"] = json!(report.rounds);
        value["failed_list"] = json!(report.failed_object_list);
        let failed = report.failed_object_list.as_deref().map(self.failed).unwrap_or_default();
        let failure = report.error().map(|error| self.explain(error, &report.last, !failed.is_empty()));
        if let Some(failure) = &failure {
            value["error"] = failure.to_json()["error"].take();
        }
        if !failed.is_empty() {
            value["failed_objects"] = failed.iter().map(FailedObject::to_json).collect();
        }
        let written = self.write(value);
        for object in failed.iter().take(NAMED) {
            self.output.note(format!("failed: {object}"));
        }
        if failed.len() > NAMED {
            self.output.note(format!("and {} more", failed.len() - NAMED));
        }
        let work = match (report.status, failure) {
            (State::Paused, _) => {
                Err(Failure::new(ExitCode::Paused, format!("task {} is paused", report.task_id))
                    .help((self.again)(report.task_id)))
            }
            (_, Some(failure)) => Err(failure),
            _ => Ok(()),
        };
        ended(work, written)
    }

    /// The failure of a task, with the help that fits what is known of its source.
    fn explain(&self, error: hwmigrate::Error, last: &Progress, named: bool) -> Failure {
        let nothing = error.code() == Some(NOTHING_THERE);
        let code = report::code_of(&error, Some(last));
        let failure = Failure::from(error).with_code(code);
        let list = last.failed_objects.list_key.as_deref().filter(|_| self.output.is_quiet());
        match (nothing, named, list) {
            (true, ..) => failure.help(self.empty.clone()),
            (_, true, Some(list)) => failure.help(format!(
                "repair or rename the objects that {list} in the destination lists, then run the same \
                 command again: what has arrived is skipped"
            )),
            (_, true, None) => failure.help(
                "repair or rename the objects named above, then run the same command again: \
                 what has arrived is skipped",
            ),
            _ if last.objects.failed > 0 && last.failed_objects.list_key.is_none() => failure.help(
                "remove the cause, such as a full disk, then run the same command again: what has arrived is \
                 skipped",
            ),
            _ => failure,
        }
    }

    fn write(&self, mut value: Value) -> Result<()> {
        if self.output.format() == Format::Ndjson {
            value["event"] = json!("result");
        }
        self.output.record(&value, &report::LINES)
    }

    /// Ends the following because the user said so, or because nobody hears of it any more.
    async fn leave(mut self, id: i64, watch: Stopwatch, why: &Failure) -> Result<()> {
        self.meter.finish();
        if self.pause {
            return self.pause(id, watch, why).await;
        }
        let end = why.amid(&format!("task {id} {}", self.left));
        Err(end.help((self.again)(id)).fact("task_id", id))
    }

    /// Ends the following because of an error.
    async fn broken(mut self, error: hwmigrate::Error, task: Option<i64>, watch: Stopwatch) -> Result<()> {
        self.meter.finish();
        let Some(id) = task else {
            let lost = error.is_ambiguous();
            let failure = Failure::from(error);
            return Err(if lost { failure.help(LOOK_FOR_IT) } else { failure });
        };
        if self.pause && error.is_timeout() {
            return self.pause(id, watch, &Failure::new(ExitCode::Timeout, "the time is up")).await;
        }
        let mut failure = Failure::from(error.clone()).fact("task_id", id);
        if let Some(help) = self.fault.filter(|_| error.code() == Some(FAULT)) {
            failure = failure.help(help);
        }
        // What to do about the error itself comes first; a task out of sight comes next.
        Err(if error.is_timeout() { failure.help((self.again)(id)) } else { failure })
    }

    async fn pause(self, id: i64, watch: Stopwatch, why: &Failure) -> Result<()> {
        let stopping = self.tasks.wait(id).poll(rhythm(true)).deadline(PAUSE_LIMIT).wait_or_stop(ready(()));
        let outcome = stopping.await;
        let last = self.tasks.progress(id).await?;
        let mut value = Value::Object(report::of_last(&last));
        value["elapsed_ms"] = json!(millis(watch.elapsed()));
        let failure = match outcome {
            Ok(_) => why.amid(&format!("task {id} had ended already, it is {}", last.state)),
            Err(error) if last.state == State::Paused || error.kind() == hwmigrate::ErrorKind::Cancelled => {
                why.amid(&format!("task {id} is {}", last.state))
            }
            Err(error) => Failure::from(error),
        };
        ended(Err(failure.help((self.again)(id)).fact("task_id", id)), self.write(value))
    }
}

fn interrupted() -> Failure {
    Failure::new(ExitCode::Interrupted, "interrupted")
}

/// Follows a task that somebody else keeps the keys of: it is watched, not started again.
pub(crate) async fn watch(
    mut follower: Follower<'_>,
    id: i64,
    stall_after: Option<Duration>,
    global: &Global,
    near: bool,
) -> Result<()> {
    let started = Stopwatch::start();
    let mut stop = Interrupts::listen()?;
    follower.meter.begin(&format!("looking at task {id}"));
    let mut waiter = follower.tasks.wait(id).poll(rhythm(near)).deadline(crate::wait_limit(global));
    if let Some(span) = stall_after {
        waiter = waiter.stall_after(span);
    }
    let mut last: Option<Progress> = None;
    let error = loop {
        let next = tokio::select! {
            next = waiter.next() => next,
            () = stop.next() => return follower.leave(id, started, &interrupted()).await,
        };
        match next {
            Ok(Some(progress)) => {
                follower.meter.show(&progress);
                if follower.output.format() == Format::Ndjson
                    && let Err(mute) = follower.output.line(&report::event(&progress))
                {
                    return follower.leave(id, started, &mute).await;
                }
                last = Some(progress);
            }
            Ok(None) => break None,
            Err(error) if error.is_job_failed() => break Some(error),
            Err(error) => return follower.broken(error, last.as_ref().map(|_| id), started).await,
        }
    };
    follower.meter.finish();
    let last = waiter.last().cloned().or(last);
    let outcome = match (&error, waiter.outcome()) {
        (Some(error), _) => Err(error),
        (None, Some(outcome)) => Ok(outcome),
        (None, None) => return Ok(()),
    };
    let (mut value, code) =
        report::of_end(last.as_ref(), outcome, Resource::Task, &id.to_string(), started.elapsed());
    value["rounds"] = json!(0);
    let work = match (error, code) {
        (Some(error), code) => Err(Failure::from(error).with_code(code)),
        (None, ExitCode::Paused) => {
            Err(Failure::new(ExitCode::Paused, format!("task {id} is paused")).help((follower.again)(id)))
        }
        _ => Ok(()),
    };
    ended(work, follower.write(value))
}
