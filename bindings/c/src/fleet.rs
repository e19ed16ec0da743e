//! Waiting for many jobs at once.

use std::ffi::{CString, c_char};
use std::pin::Pin;
use std::sync::Mutex;

use futures_util::{Stream, StreamExt as _};
use hwmigrate::fleet::{Fleet, FleetEvent};
use hwmigrate::wait::Unlimited;

use crate::config::nowhere;
use crate::engine::{Caller, span};
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::handle::{In, free, handle};
use crate::memory::terminated;
use crate::pointer::{input, output};
use crate::progress::hwm_progress;
use crate::result::hwm_result;
use crate::wait::{Settings, alone, end as end_of, goal, rhythm};

/// A wait for many jobs of one kind, on one thread. Looks share requests: a
/// thousand jobs cost ten list requests a round. One job that fails does not
/// end the wait for the others. Freeing it stops the waiting, not the jobs.
///
/// Settings are made before the first event; a deadline is required. It goes
/// step by step: one thread at a time.
pub struct hwm_fleet {
    _private: [u8; 0],
}

handle!(hwm_fleet => Mutex<Watching>, b"hwmfleet", connected);

/// What happened to one job of a fleet. Read only, so any thread may use it.
pub struct hwm_event {
    _private: [u8; 0],
}

handle!(hwm_event => Event, b"hwmevent");

type Events = Pin<Box<dyn Stream<Item = FleetEvent> + Send>>;

/// A fleet and its settings.
pub(crate) struct Watching {
    caller: Caller,
    settings: Settings,
    stage: Stage,
}

enum Stage {
    Planned(Fleet<Unlimited>),
    Going(Events),
    Over,
}

/// One event, in the words of the header.
pub(crate) struct Event {
    id: CString,
    progress: Option<hwmigrate::progress::Progress>,
    end: Option<Result<hwm_result, hwmigrate::Error>>,
}

impl Watching {
    /// A wait to be begun.
    pub(crate) fn new(caller: &Caller, fleet: Fleet<Unlimited>) -> Mutex<Self> {
        Mutex::new(Self {
            caller: caller.clone(),
            settings: Settings::default(),
            stage: Stage::Planned(fleet),
        })
    }

    fn next(&mut self) -> Result<Option<Event>, Failure> {
        self.caller.engine.check()?;
        if let Stage::Planned(_) = self.stage {
            let limit = self.settings.limit()?;
            if let Stage::Planned(fleet) = std::mem::replace(&mut self.stage, Stage::Over) {
                let mut fleet = fleet;
                if let Some(until) = self.settings.until {
                    fleet = fleet.until(until);
                }
                if let Some(policy) = self.settings.poll.clone() {
                    fleet = fleet.poll(policy);
                }
                if let Some(span) = self.settings.stall_after {
                    fleet = fleet.stall_after(span);
                }
                self.stage = Stage::Going(Box::pin(fleet.deadline(limit).stream()));
            }
        }
        let Stage::Going(events) = &mut self.stage else { return Ok(None) };
        let event = self.caller.run(async { Ok(events.next().await) })?;
        if event.is_none() {
            self.stage = Stage::Over;
        }
        Ok(event.map(Event::from))
    }
}

impl From<FleetEvent> for Event {
    fn from(event: FleetEvent) -> Self {
        match event {
            FleetEvent::Ended(end) => {
                let id = terminated(&end.id);
                match end.outcome {
                    Ok(outcome) => {
                        let result = match end_of(&outcome) {
                            hwm_result::HWM_END => hwm_result::HWM_OK,
                            result => result,
                        };
                        Self { id, progress: Some(outcome.into_progress()), end: Some(Ok(result)) }
                    }
                    Err(error) => Self { id, progress: None, end: Some(Err(error)) },
                }
            }
            FleetEvent::Progress(progress) => {
                Self { id: terminated(&progress.id), progress: Some(progress), end: None }
            }
            // Events that are newer than this interface say at least that something is going on.
            _ => Self { id: CString::default(), progress: None, end: None },
        }
    }
}

/// Changes the settings of a fleet that has not begun.
fn plan(fleet: In<'_, hwm_fleet>, change: impl FnOnce(&mut Settings) -> Result<(), Failure>) -> hwm_result {
    enter(nowhere(), || {
        let fleet = fleet.get("fleet")?;
        let mut watching = alone(&fleet, "fleet")?;
        if !matches!(watching.stage, Stage::Planned(_)) {
            return Err(Failure::argument("the wait has begun: settings are made before its first event"));
        }
        change(&mut watching.settings)?;
        Ok(hwm_result::HWM_OK)
    })
}

/// Frees a fleet. NULL is fine. The jobs go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_fleet_free(fleet: *mut hwm_fleet) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(fleet) };
}

/// Waits for each job for at most this long, counted from the first look.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_fleet_set_deadline(fleet: *mut hwm_fleet, milliseconds: i64) -> hwm_result {
    plan(input!(fleet), |settings| {
        settings.deadline = Some(span(milliseconds, "milliseconds")?);
        Ok(())
    })
}

/// What to wait for, a `hwm_until`; HWM_UNTIL_ENDED unless said otherwise. For servers it replaces the goal.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_fleet_set_until(fleet: *mut hwm_fleet, until: i32) -> hwm_result {
    plan(input!(fleet), |settings| {
        settings.until = Some(goal(until)?);
        Ok(())
    })
}

/// How often to look: pauses between these, in milliseconds, as `hwm_wait_set_poll` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_fleet_set_poll(
    fleet: *mut hwm_fleet,
    shortest: i64,
    longest: i64,
) -> hwm_result {
    plan(input!(fleet), |settings| {
        settings.poll = Some(rhythm(shortest, longest)?);
        Ok(())
    })
}

/// Marks looks as stalled when a running job has not moved for this long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_fleet_set_stall_after(fleet: *mut hwm_fleet, milliseconds: i64) -> hwm_result {
    plan(input!(fleet), |settings| {
        settings.stall_after = Some(span(milliseconds, "milliseconds")?);
        Ok(())
    })
}

/// Waits until something happens to one of the jobs.
///
/// @param event Receives what happened, with HWM_OK; free it with `hwm_event_free`.
/// @return HWM_END when all jobs have ended. A job that failed is an event, not
///         an error; errors are those of this function: HWM_CANCELLED by a flag,
///         which stays set, HWM_BUSY, HWM_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_fleet_next(
    fleet: *mut hwm_fleet,
    event: *mut *mut hwm_event,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (fleet, event, error) = (input!(fleet), output!(event), output!(error));
    enter(error, || {
        let event = event.required("event")?;
        let fleet = fleet.get("fleet")?;
        let mut watching = alone(&fleet, "fleet")?;
        Ok(match watching.next()? {
            Some(happened) => {
                event.give(happened);
                hwm_result::HWM_OK
            }
            None => hwm_result::HWM_END,
        })
    })
}

/// Frees an event. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_event_free(event: *mut hwm_event) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(event) };
}

/// The id of the job, or NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_event_id(event: *const hwm_event) -> *const c_char {
    input!(event).peek().map_or(std::ptr::null(), |event| event.id.as_ptr())
}

/// Whether the wait for this job is over. False for a look that shows something new.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_event_is_end(event: *const hwm_event) -> bool {
    input!(event).peek().is_some_and(|event| event.end.is_some())
}

/// How the wait for this job ended, as `hwm_wait_run` says it. HWM_OK for a look.
///
/// @param progress May be NULL. Receives the look, where there is one; free it with `hwm_progress_free`.
/// @param error May be NULL. Receives the error of a job that ended badly; free it with `hwm_error_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_event_result(
    event: *const hwm_event,
    progress: *mut *mut hwm_progress,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (event, progress, error) = (input!(event), output!(progress), output!(error));
    enter(error, || {
        let event = event.get("event")?;
        if let Some(look) = &event.progress {
            progress.give(look.clone().into());
        }
        match &event.end {
            None => Ok(hwm_result::HWM_OK),
            Some(Ok(result)) => Ok(*result),
            Some(Err(why)) => Err(why.clone().into()),
        }
    })
}
