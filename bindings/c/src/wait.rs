//! Waiting for one job.

use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use hwmigrate::progress::Progress;
use hwmigrate::wait::{Outcome, PollPolicy, Unlimited, Until, Waiter};
use hwmigrate::{Error, ErrorKind};

use crate::callback::{UserData, hwm_release};
use crate::config::nowhere;
use crate::engine::{Caller, span};
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::handle::{In, Lent, free, handle};
use crate::pointer::{Out, input, output};
use crate::progress::hwm_progress;
use crate::result::hwm_result;

/// A wait for one job, to be begun or going on. It goes step by step: one
/// thread at a time. Freeing it stops the waiting, not the job.
///
/// Settings are made before the first look; later they are refused. A deadline
/// is required: how long somebody wants to wait is never implied.
pub struct hwm_wait {
    _private: [u8; 0],
}

handle!(hwm_wait => Mutex<Waiting>, b"hwm-wait", connected);

/// What to wait for.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hwm_until {
    /// The job has ended. The default.
    HWM_UNTIL_ENDED = 0,
    /// The job has left the queue, or got any further.
    HWM_UNTIL_STARTED = 1,
    /// The job stands still for whatever reason: paused, failed or succeeded. What follows a stop.
    HWM_UNTIL_STOPPED = 2,
    /// The service no longer knows the job. What follows a delete.
    HWM_UNTIL_DELETED = 3,
}

/// Called with every look. `progress` lives until the callback returns.
///
/// @return Whether to go on; false ends the wait with HWM_CANCELLED.
pub type hwm_progress_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, progress: *const hwm_progress) -> bool>;

/// A wait and its settings.
pub(crate) struct Waiting {
    caller: Caller,
    settings: Settings,
    stage: Stage,
    told: Option<(unsafe extern "C" fn(*mut c_void, *const hwm_progress) -> bool, UserData)>,
    stop_job: bool,
}

/// What is said before the first look.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) until: Option<Until>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) poll: Option<PollPolicy>,
    pub(crate) stall_after: Option<Duration>,
}

enum Stage {
    Planned(Box<Waiter<Unlimited>>),
    Going(Box<Waiter>),
    /// By a stop, which the job forestalled.
    Ended(Box<Outcome>),
    Over,
}

impl Waiting {
    /// A wait to be begun.
    pub(crate) fn new(caller: &Caller, waiter: Waiter<Unlimited>) -> Mutex<Self> {
        Mutex::new(Self {
            caller: caller.clone(),
            settings: Settings::default(),
            stage: Stage::Planned(Box::new(waiter)),
            told: None,
            stop_job: false,
        })
    }

    /// Makes the first step possible, and checks that another one is.
    fn begin(&mut self) -> Result<(), Failure> {
        self.caller.engine.check()?;
        if let Stage::Planned(_) = self.stage {
            let limit = self.settings.limit()?;
            if let Stage::Planned(waiter) = std::mem::replace(&mut self.stage, Stage::Over) {
                let mut waiter = *waiter;
                if let Some(until) = self.settings.until {
                    waiter = waiter.until(until);
                }
                if let Some(policy) = self.settings.poll.clone() {
                    waiter = waiter.poll(policy);
                }
                if let Some(span) = self.settings.stall_after {
                    waiter = waiter.stall_after(span);
                }
                self.stage = Stage::Going(Box::new(waiter.deadline(limit)));
            }
        }
        Ok(())
    }

    /// The next look; `None` when the wait is over.
    fn step(&mut self) -> Result<Option<Progress>, Failure> {
        self.begin()?;
        let waiter = match &mut self.stage {
            Stage::Going(waiter) => waiter,
            Stage::Ended(_) => return Ok(None),
            Stage::Planned(_) | Stage::Over => return Err(over()),
        };
        match self.caller.run(waiter.next()) {
            Ok(None) => Ok(None),
            Ok(Some(progress)) => self.tell(progress).map(Some).or_else(|failure| self.ended(failure)),
            Err(failure) => self.ended(failure),
        }
    }

    /// Shows a look to the callback.
    fn tell(&self, progress: Progress) -> Result<Progress, Failure> {
        let Some((callback, user_data)) = &self.told else { return Ok(progress) };
        let look = Lent::<hwm_progress>::new(progress.clone().into());
        // SAFETY: the caller's function, with the caller's pointer and a live handle.
        let go_on = unsafe { callback(user_data.pointer(), look.pointer()) };
        if go_on {
            return Ok(progress);
        }
        let words = format!("the wait for {} {} was ended by its callback", progress.resource, progress.id);
        Err(Error::new(ErrorKind::Cancelled, words).into())
    }

    /// After a deadline or a cancel the job is stopped, where that was asked for.
    fn ended(&mut self, failure: Failure) -> Result<Option<Progress>, Failure> {
        let Failure::Core(why) = failure else { return Err(failure) };
        let late = matches!(&self.stage, Stage::Going(waiter) if waiter.is_late());
        // A look that timed out for good is an error like any other: nobody's time is up.
        let ends_early = why.kind() == ErrorKind::Cancelled || (why.kind() == ErrorKind::Timeout && late);
        if !ends_early || !self.stop_job {
            return Err(why.into());
        }
        let Stage::Going(waiter) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return Err(why.into());
        };
        // The flag that ended the wait must not end the stop.
        let outcome = self.caller.engine.run(None, waiter.stop(why))?;
        let last = outcome.progress().clone();
        self.stage = Stage::Ended(Box::new(outcome));
        Ok(Some(last))
    }

    fn outcome(&self) -> Option<&Outcome> {
        match &self.stage {
            Stage::Going(waiter) => waiter.outcome(),
            Stage::Ended(outcome) => Some(outcome),
            Stage::Planned(_) | Stage::Over => None,
        }
    }

    /// How the wait ended: `HWM_END` when what was waited for has come.
    fn result(&self) -> Result<hwm_result, Failure> {
        self.outcome().map(end).ok_or_else(over)
    }
}

/// The result that stands for an outcome.
pub(crate) fn end(outcome: &Outcome) -> hwm_result {
    match outcome {
        Outcome::Paused(_) => hwm_result::HWM_PAUSED,
        Outcome::Overtaken(_) => hwm_result::HWM_OVERTAKEN,
        _ => hwm_result::HWM_END,
    }
}

impl Settings {
    /// The deadline, which must have been given.
    pub(crate) fn limit(&self) -> Result<Duration, Failure> {
        self.deadline.ok_or_else(|| Failure::Own {
            result: hwm_result::HWM_ARGUMENT,
            message: "the wait has no deadline".into(),
            advice: Some("say how long to wait at most, with a ..._set_deadline function"),
        })
    }
}

fn over() -> Failure {
    Failure::argument("the wait is over: begin a new one")
}

/// The value behind a lock that nobody waits for.
pub(crate) fn alone<'a, T>(mutex: &'a Mutex<T>, what: &str) -> Result<MutexGuard<'a, T>, Failure> {
    match mutex.try_lock() {
        Ok(guard) => Ok(guard),
        Err(TryLockError::Poisoned(poisoned)) => Ok(PoisonError::into_inner(poisoned)),
        Err(TryLockError::WouldBlock) => Err(Failure::busy(what)),
    }
}

/// Changes the settings of a wait that has not begun.
fn plan(wait: In<'_, hwm_wait>, change: impl FnOnce(&mut Waiting) -> Result<(), Failure>) -> hwm_result {
    enter(nowhere(), || {
        let wait = wait.get("wait")?;
        let mut waiting = alone(&wait, "wait")?;
        if !matches!(waiting.stage, Stage::Planned(_)) {
            return Err(Failure::argument("the wait has begun: settings are made before its first look"));
        }
        change(&mut waiting)?;
        Ok(hwm_result::HWM_OK)
    })
}

/// A goal of the caller, who may have passed any number.
pub(crate) fn goal(number: i32) -> Result<Until, Failure> {
    let known = [
        (hwm_until::HWM_UNTIL_ENDED, Until::Ended),
        (hwm_until::HWM_UNTIL_STARTED, Until::Started),
        (hwm_until::HWM_UNTIL_STOPPED, Until::Stopped),
        (hwm_until::HWM_UNTIL_DELETED, Until::Deleted),
    ];
    let found = known.into_iter().find(|(name, _)| *name as i32 == number).map(|(_, until)| until);
    found.ok_or_else(|| Failure::argument(format!("`until` is {number}, which is no hwm_until")))
}

/// A rhythm of the caller.
pub(crate) fn rhythm(shortest: i64, longest: i64) -> Result<PollPolicy, Failure> {
    let (shortest, longest) = (span(shortest, "shortest")?, span(longest, "longest")?);
    if shortest > longest {
        return Err(Failure::argument("`shortest` is longer than `longest`"));
    }
    Ok(PollPolicy::new().longest(longest).shortest(shortest))
}

/// Frees a wait. NULL is fine. The job goes on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_free(wait: *mut hwm_wait) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(wait) };
}

/// Waits for at most this long, counted from the first look. The last look is
/// made at the deadline itself. With 0 there is one look.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_set_deadline(wait: *mut hwm_wait, milliseconds: i64) -> hwm_result {
    plan(input!(wait), |waiting| {
        waiting.settings.deadline = Some(span(milliseconds, "milliseconds")?);
        Ok(())
    })
}

/// What to wait for, a `hwm_until`; HWM_UNTIL_ENDED unless said otherwise. For a server it replaces the goal.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_set_until(wait: *mut hwm_wait, until: i32) -> hwm_result {
    plan(input!(wait), |waiting| {
        waiting.settings.until = Some(goal(until)?);
        Ok(())
    })
}

/// How often to look: pauses between these, in milliseconds. A young job is
/// looked at often, an old one seldom. 250 and 30000 unless said otherwise;
/// what is below 10 ms or above a day is brought there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_set_poll(wait: *mut hwm_wait, shortest: i64, longest: i64) -> hwm_result {
    plan(input!(wait), |waiting| {
        waiting.settings.poll = Some(rhythm(shortest, longest)?);
        Ok(())
    })
}

/// Marks a look as stalled when a running job has not moved for this long. Does not end the wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_set_stall_after(wait: *mut hwm_wait, milliseconds: i64) -> hwm_result {
    plan(input!(wait), |waiting| {
        waiting.settings.stall_after = Some(span(milliseconds, "milliseconds")?);
        Ok(())
    })
}

/// Whether the job is stopped, too, when the deadline passes or the wait is
/// cancelled. The wait then takes up to two minutes longer, until the job
/// stands still; the error's text says whether it does. Not unless said so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_set_stop_job(wait: *mut hwm_wait, stop: bool) -> hwm_result {
    plan(input!(wait), |waiting| {
        waiting.stop_job = stop;
        Ok(())
    })
}

/// Calls a function with every look, between two requests. It may call the
/// library, but not with this wait, which it may free: that takes effect when
/// the wait has ended.
///
/// @param callback NULL for none.
/// @param release May be NULL. Called when `user_data` is needed no more, also
///        when this function fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_set_progress(
    wait: *mut hwm_wait,
    callback: hwm_progress_callback,
    user_data: *mut c_void,
    release: hwm_release,
) -> hwm_result {
    let user_data = UserData::new(user_data, release);
    plan(input!(wait), |waiting| {
        waiting.told = callback.map(|callback| (callback, user_data));
        Ok(())
    })
}

/// Waits to the end.
///
/// @param last May be NULL. Receives the last look, also with HWM_PAUSED and HWM_OVERTAKEN; free it with
///        `hwm_progress_free`.
/// @return HWM_OK when what was waited for has come, HWM_PAUSED when the job
///         was paused, HWM_OVERTAKEN when it ended well and what was waited
///         for will not come. HWM_JOB_FAILED when it failed; the error object has the
///         reason and counts. HWM_TIMEOUT when the deadline passed, the job
///         goes on. HWM_CANCELLED, HWM_NOT_FOUND, HWM_AUTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_run(
    wait: *mut hwm_wait,
    last: *mut *mut hwm_progress,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (wait, last, error) = (input!(wait), output!(last), output!(error));
    enter(error, || {
        let wait = wait.get("wait")?;
        let mut waiting = alone(&wait, "wait")?;
        let mut shown = None;
        while let Some(progress) = waiting.step()? {
            shown = Some(progress);
        }
        let result = match waiting.result()? {
            hwm_result::HWM_END => hwm_result::HWM_OK,
            result => result,
        };
        if let Some(progress) = shown.or_else(|| waiting.outcome().map(|end| end.progress().clone())) {
            last.give(progress.into());
        }
        Ok(result)
    })
}

/// Waits for the next look.
///
/// @param progress May be NULL. Receives the look, with HWM_OK; free it with `hwm_progress_free`.
/// @return HWM_OK for every look. Then HWM_END when what was waited for has
///         come, HWM_PAUSED or HWM_OVERTAKEN. Errors as `hwm_wait_run`;
///         after one the wait is over, but for HWM_BUSY, HWM_IN_CALLBACK and
///         HWM_CANCELLED by a flag, which stays set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wait_next(
    wait: *mut hwm_wait,
    progress: *mut *mut hwm_progress,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (wait, progress, error) = (input!(wait), output!(progress), output!(error));
    enter(error, || {
        let wait = wait.get("wait")?;
        next(&mut *alone(&wait, "wait")?, progress)
    })
}

fn next(waiting: &mut Waiting, out: Out<'_, *mut hwm_progress>) -> Result<hwm_result, Failure> {
    match waiting.step()? {
        Some(progress) => {
            out.give(progress.into());
            Ok(hwm_result::HWM_OK)
        }
        None => waiting.result(),
    }
}
