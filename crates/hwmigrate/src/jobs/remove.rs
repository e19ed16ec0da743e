//! Deleting a job that may still run.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Resource, State};
use crate::wait::{Job, LAST_LOOK_GRACE, PollPolicy, Until, Waiter, job_report};

/// The pauses between two tries: the service refuses a delete for a while after a stop.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// What is to be deleted, and how.
pub(crate) struct Removal<'a> {
    pub(crate) job: Job,
    pub(crate) delete: &'a (dyn Fn() -> Doing<()> + Send + Sync),
    pub(crate) operation: &'static str,
    pub(crate) limit: Duration,
}

/// Stops, waits, deletes, and for groups waits until the service has forgotten
/// the job. Every step looks first, so it may be begun anywhere.
pub(crate) async fn remove(removal: Removal<'_>) -> Result<()> {
    let Removal { job, delete, operation, limit } = removal;
    let start = clock::instant();
    let left = || limit.saturating_sub(clock::instant().saturating_duration_since(start));
    let mut pause = SHORTEST;
    let mut last: Option<Progress> = None;
    loop {
        let step = match wait_for_rest(&job, left()).await {
            Ok(progress) => {
                let state = progress.state;
                last = Some(progress);
                if matches!(state, State::Deleting | State::Deleted) { Ok(()) } else { delete().await }
            }
            Err(error) => Err(error),
        };
        match step {
            Ok(()) => return forgotten(job, left()).await,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if !error.is_conflict() && !error.is_timeout() => return Err(error),
            Err(cause) if left() <= pause => return Err(too_late(operation, &job, limit, last, cause)),
            Err(_) => {}
        }
        clock::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// Sees to it that the job does not run; returns the look that shows it.
async fn wait_for_rest(job: &Job, left: Duration) -> Result<Progress> {
    let look = clock::within(left.saturating_add(LAST_LOOK_GRACE), clock::after(Duration::MAX), (job.look)());
    let Some(progress) = look.await else {
        return Err(Error::new(ErrorKind::Timeout, "no look was answered in time"));
    };
    let progress = progress?;
    match progress.state {
        State::Running | State::Syncing | State::Retrying | State::Preparing | State::Unknown => {
            match (job.stop)().await {
                // A group that creates its tasks may refuse to stop until it runs them.
                Err(error) if error.is_conflict() && progress.state == State::Preparing => {
                    match Waiter::new(job.clone()).until(Until::Started).deadline(left).wait().await {
                        // It runs now and can be stopped, or failed over its tasks and can be deleted.
                        Err(ended) if !ended.is_job_failed() => return Err(ended),
                        _ => return Err(error),
                    }
                }
                // It has ended meanwhile.
                Err(error) if error.is_conflict() => {}
                outcome => outcome?,
            }
        }
        State::Pausing | State::RollingBack => {}
        // A waiting task may be deleted as it is.
        _ => return Ok(progress),
    }
    let policy = PollPolicy::new().longest(LONGEST);
    let wait = Waiter::new(job.clone()).until(Until::Stopped).poll(policy).deadline(left);
    Ok(wait.wait().await?.into_progress())
}

/// A task is gone when the call returns; a group lingers in states of its own.
async fn forgotten(job: Job, left: Duration) -> Result<()> {
    if job.resource == Resource::Task {
        return Ok(());
    }
    Waiter::new(job).until(Until::Deleted).deadline(left).wait().await.map(drop)
}

fn too_late(
    operation: &'static str,
    job: &Job,
    limit: Duration,
    last: Option<Progress>,
    cause: Error,
) -> Error {
    let state = last.as_ref().map_or("not seen".to_owned(), Progress::state_text);
    let words =
        format!("{} {} was not deleted within {} s: it is {state}", job.resource, job.id, limit.as_secs());
    let mut error = Error::new(ErrorKind::Timeout, words)
        .with_operation(operation)
        .with_advice("delete it again with a longer limit; it goes on where it stopped");
    if let Some(progress) = &last {
        error = error.with_job(job_report(progress));
    }
    error.with_source(cause)
}

#[cfg(test)]
#[path = "remove_tests.rs"]
mod tests;
