//! How a wait ends, in the library's terms.

use std::time::Duration;

use super::course::{End, LAST_LOOK_GRACE, LookError, Missed};
use crate::catalogue;
use crate::error::{Error, ErrorKind, JobReport};
use crate::progress::{Counts, Progress, Resource};

/// How a wait ended well. A failed job is an error instead.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// What was waited for has come.
    Done(Progress),
    /// The job was paused, by somebody or by the service, and goes on when it is started.
    Paused(Progress),
    /// The job has ended well, and so what was waited for will not come: a stop that arrived too late.
    Overtaken(Progress),
}

impl Outcome {
    /// The last look.
    pub fn progress(&self) -> &Progress {
        match self {
            Self::Done(progress) | Self::Paused(progress) | Self::Overtaken(progress) => progress,
        }
    }

    /// The last look, kept.
    pub fn into_progress(self) -> Progress {
        match self {
            Self::Done(progress) | Self::Paused(progress) | Self::Overtaken(progress) => progress,
        }
    }

    /// Whether what was waited for has come.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Whether the job was paused.
    pub fn is_paused(&self) -> bool {
        matches!(self, Self::Paused(_))
    }

    /// Whether the job ended well before what was waited for could come.
    pub fn is_overtaken(&self) -> bool {
        matches!(self, Self::Overtaken(_))
    }
}

/// What an error of a look means for the wait.
pub(crate) fn judge(error: &Error) -> LookError {
    let retry_after = error.retry_after();
    let passing = LookError::Passing { retry_after };
    match error.kind() {
        ErrorKind::NotFound => LookError::NotFound,
        // A refused login may be an expired one; a missing permission or a blocked address is not.
        ErrorKind::Auth if matches!(error.status(), Some(403 | 418)) || error.code() == Some("OMS.0072") => {
            LookError::Final
        }
        ErrorKind::Auth => LookError::Login,
        ErrorKind::Throttled => LookError::Throttled { retry_after },
        ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::Decode => passing,
        _ if error.is_retryable() || error.status().is_some_and(|status| status >= 500) => passing,
        _ => LookError::Final,
    }
}

/// Whether looking again cannot help.
pub(crate) fn is_final(error: &Error) -> bool {
    judge(error) == LookError::Final
}

/// What an error tells about the job.
pub(crate) fn job_report(progress: &Progress) -> JobReport {
    let reason = progress.reason.as_ref();
    JobReport {
        resource: progress.resource.as_str().to_owned(),
        id: progress.id.clone(),
        state: progress.state_text(),
        reason_code: reason.map(|reason| reason.code.clone()).filter(|code| !code.is_empty()),
        reason: reason.map(|reason| reason.message.clone()).filter(|text| !text.is_empty()),
        objects_done: progress.objects.done,
        objects_failed: progress.objects.failed,
        objects_skipped: progress.objects.skipped,
        objects_total: progress.objects.total,
        failed_list: progress.failed_objects.list_key.clone(),
        step: reason.and_then(|reason| reason.step.clone()),
    }
}

/// The error of a wait that ended without what it waited for.
pub(crate) fn into_error(end: End<Error>, resource: Resource, id: &str, goal: &str) -> Error {
    match end {
        End::Deadline(missed) => deadline(*missed, resource, id, goal),
        End::Failed(progress) => failed(&progress),
        End::Gone(progress) => {
            let words = format!("{resource} {id} was deleted while it was waited for");
            Error::new(ErrorKind::NotFound, words).with_job(job_report(&progress))
        }
        End::Look(error) => error,
    }
}

/// The error of a job that failed.
pub(crate) fn failed(progress: &Progress) -> Error {
    let Progress { resource, id, .. } = progress;
    let reason = progress.reason.as_ref();
    let entry = reason.and_then(|reason| catalogue::find(&reason.code));
    let words = match (reason.map(|reason| reason.message.trim()), entry) {
        (Some(text), _) if !text.is_empty() => text,
        (_, Some(entry)) => &entry.meaning.en,
        _ => "the service gave no reason in words",
    };
    let mut message = format!("{resource} {id} failed");
    if let Some(step) = reason.and_then(|reason| reason.step.as_ref()) {
        message.push_str(&format!(" at {step}"));
    }
    message.push_str(&format!(": {words}"));
    if progress.resource != Resource::ServerTask {
        message.push_str(&counted(progress.objects));
    }
    let mut error = Error::new(ErrorKind::JobFailed, message).with_job(job_report(progress));
    if let Some(reason) = reason.filter(|reason| !reason.code.is_empty()) {
        error = error.with_code(reason.code.clone());
    }
    if error.advice().is_none() {
        error = error.with_advice(match progress.resource {
            Resource::ServerTask => {
                "repair the cause and start the task again; its logs tell more, and so does the agent's own on the source"
            }
            _ => "look at the list of failed objects, repair the cause and start the job again",
        });
    }
    error
}

/// Counts of objects, as the end of a sentence.
fn counted(objects: Counts) -> String {
    let mut words = format!("; {} objects done, {} failed", objects.done, objects.failed);
    if objects.skipped > 0 {
        words.push_str(&format!(", {} skipped", objects.skipped));
    }
    if let Some(total) = objects.total {
        words.push_str(&format!(", {total} in all"));
    }
    words
}

fn deadline(missed: Missed<Error>, resource: Resource, id: &str, goal: &str) -> Error {
    let Missed { limit, elapsed, looks, last, last_error } = missed;
    let state = match &last {
        Some(progress) => format!("it was last seen {}", progress.state_text()),
        None => "no look was answered".to_owned(),
    };
    let grace = match elapsed.saturating_sub(limit).as_secs() {
        0 => String::new(),
        _ => format!("; the last look gets {} more for its answer", seconds(LAST_LOOK_GRACE)),
    };
    let message = format!(
        "{resource} {id} did not {goal} within {limit}: {state}, {looks} looks in {elapsed}{grace}",
        limit = seconds(limit),
        elapsed = seconds(elapsed),
    );
    let mut error = Error::new(ErrorKind::Timeout, message)
        .with_attempts(looks, elapsed)
        .with_advice("the job goes on at the service; wait again with a longer limit, or stop it");
    if let Some(progress) = &last {
        error = error.with_job(job_report(progress));
    }
    match last_error {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}

/// A span for people: whole seconds, or fractions where there are any.
fn seconds(span: Duration) -> String {
    if span.subsec_millis() == 0 {
        format!("{} s", span.as_secs())
    } else {
        format!("{:.1} s", span.as_secs_f64())
    }
}
