//! Waiting for jobs that are there already: the `wait` of every kind of job.

use std::future::ready;
use std::pin::pin;

use futures_util::StreamExt;
use hwmigrate::fleet::{Fleet, FleetEvent};
use hwmigrate::progress::Resource;
use hwmigrate::wait::{Outcome, Unlimited};

use crate::args::{Format, Global};
use crate::clock::Stopwatch;
use crate::duration::Span;
use crate::exit::ExitCode;
use crate::failure::{Failure, Result, ended};
use crate::interrupt::Interrupts;
use crate::logging::level;
use crate::meter::Meter;
use crate::output::{Column, Output};
use crate::report;

/// What becomes of jobs that are not waited for any more.
const LEFT: &str = "the waiting ends, and jobs that run go on";

/// Waits for jobs and reports how each ended: several in a table of these columns. The fleet knows what is
/// waited for.
pub(crate) async fn run(
    fleet: Fleet<Unlimited>,
    stall_after: Option<Span>,
    global: &Global,
    output: &Output,
    columns: Option<&[Column]>,
) -> Result<()> {
    let several = columns.is_some();
    let mut fleet = fleet.deadline(crate::wait_limit(global));
    if let Some(span) = stall_after {
        fleet = fleet.stall_after(span.0);
    }
    let mut meter = Meter::new(output.is_quiet(), level(global) != tracing::level_filters::LevelFilter::OFF);
    meter.begin("asking the service");
    let watch = Stopwatch::start();
    let mut rows = output.rows(columns.unwrap_or_default());
    // Why nothing can be written any more.
    let mut mute = None;
    let mut worst = ExitCode::Done;
    let mut events = pin!(fleet.stream());
    let mut stop = Interrupts::listen()?;
    loop {
        let event = tokio::select! {
            biased;
            event = events.next() => event,
            // What has ended by then still counts; the rest is not waited for.
            Some(failure) = ready(mute.as_ref()) => {
                meter.finish();
                return Err(Failure::amid(failure, LEFT));
            }
            () = stop.next() => {
                meter.finish();
                let end = Failure::new(ExitCode::Interrupted, format!("interrupted: {LEFT}"));
                return Err(end.help("run the same command again to go on waiting"));
            }
        };
        match event {
            None => break,
            Some(FleetEvent::Progress(progress)) => {
                meter.show(&progress);
                if output.format() == Format::Ndjson && mute.is_none() {
                    mute = output.line(&report::event(&progress)).err();
                }
            }
            Some(FleetEvent::Ended(end)) => {
                let seen = end.last.as_deref();
                let (value, code) =
                    report::of_end(seen, end.outcome.as_ref(), end.resource, &end.id, watch.elapsed());
                tell(&meter, &end.outcome, end.resource, &end.id, several);
                worst = worse(worst, code);
                if several {
                    mute = mute.or_else(|| rows.push(value).err());
                } else {
                    meter.finish();
                    // Counts are data, the reason is an error: both are said, each in its place.
                    let shown = seen.is_some() || end.outcome.is_ok();
                    let written = match mute.take() {
                        Some(mute) => Err(mute),
                        None if shown => output.record(&value, &report::LINES),
                        None => Ok(()),
                    };
                    let work = end.outcome.map(drop).map_err(|error| Failure::from(error).with_code(code));
                    ended(work, written)?;
                }
            }
            Some(_) => {}
        }
    }
    meter.finish();
    let written = match mute {
        Some(mute) => Err(mute),
        None if several => rows.finish(),
        None => Ok(()),
    };
    let work = if worst == ExitCode::Done { Ok(()) } else { Err(Failure::silent(worst)) };
    ended(work, written)
}

fn tell(meter: &Meter, outcome: &hwmigrate::Result<Outcome>, resource: Resource, id: &str, several: bool) {
    match outcome {
        Ok(outcome) if outcome.is_paused() => {
            meter.note(&format!("{resource} {id} is paused; start it to go on"));
        }
        Ok(outcome) if outcome.is_overtaken() => {
            meter
                .note(&format!("{resource} {id} has ended well; what was waited for will not come any more"));
        }
        Err(error) if several => meter.note(&format!("{resource} {id}: {error}")),
        _ => {}
    }
}

/// The code to end with when jobs ended differently: a failure counts more than a pause.
fn worse(one: ExitCode, other: ExitCode) -> ExitCode {
    match (one, other) {
        (ExitCode::Done, other) => other,
        (ExitCode::Paused, other) if other != ExitCode::Done => other,
        (one, _) => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_more_than_a_pause() {
        use ExitCode::{Done, JobFailed, Paused, Timeout};
        assert_eq!(worse(Done, Paused), Paused);
        assert_eq!(worse(Paused, Done), Paused);
        assert_eq!(worse(Paused, JobFailed), JobFailed);
        assert_eq!(worse(JobFailed, Timeout), JobFailed);
    }
}
