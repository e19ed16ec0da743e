//! One look at a job.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::OnceLock;

use hwmigrate::progress::{Progress, State};

use crate::enter::quietly;
use crate::handle::{In, free, handle};
use crate::memory::terminated;
use crate::pointer::input;

/// One look at a job. Read only, so any thread may use it; answers of type
/// `const char *` live as long as it does.
///
/// Given NULL, the functions below answer NULL, false or -1, and
/// `hwm_progress_state` HWM_STATE_UNKNOWN.
pub struct hwm_progress {
    _private: [u8; 0],
}

handle!(hwm_progress => Look, b"hwmprogr");

/// What a job is doing, whatever number its kind uses for it.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hwm_state {
    /// A state that this version does not know. It counts as still going.
    HWM_STATE_UNKNOWN = 0,
    /// It waits for a free slot.
    HWM_STATE_WAITING = 1,
    /// The tasks of a group are being created.
    HWM_STATE_PREPARING = 2,
    /// Objects are moved.
    HWM_STATE_RUNNING = 3,
    /// The service tries again by itself.
    HWM_STATE_RETRYING = 4,
    /// A stop was accepted and has not taken effect.
    HWM_STATE_PAUSING = 5,
    /// It stands still until it is started.
    HWM_STATE_PAUSED = 6,
    /// It ended badly, and stays so until it is started or retried.
    HWM_STATE_FAILED = 7,
    /// It ended well.
    HWM_STATE_SUCCEEDED = 8,
    /// It is about to be deleted.
    HWM_STATE_DELETING = 9,
    /// It is deleted; soon the service forgets it.
    HWM_STATE_DELETED = 10,
    /// It was created, and nobody has started it yet.
    HWM_STATE_READY = 11,
    /// The first copy is done, and what changes on the source follows, until somebody cuts over.
    HWM_STATE_SYNCING = 12,
    /// The service undoes what it has done to the target.
    HWM_STATE_ROLLING_BACK = 13,
}

impl From<State> for hwm_state {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::HWM_STATE_WAITING,
            State::Preparing => Self::HWM_STATE_PREPARING,
            State::Running => Self::HWM_STATE_RUNNING,
            State::Retrying => Self::HWM_STATE_RETRYING,
            State::Pausing => Self::HWM_STATE_PAUSING,
            State::Paused => Self::HWM_STATE_PAUSED,
            State::Failed => Self::HWM_STATE_FAILED,
            State::Succeeded => Self::HWM_STATE_SUCCEEDED,
            State::Deleting => Self::HWM_STATE_DELETING,
            State::Deleted => Self::HWM_STATE_DELETED,
            State::Ready => Self::HWM_STATE_READY,
            State::Syncing => Self::HWM_STATE_SYNCING,
            State::RollingBack => Self::HWM_STATE_ROLLING_BACK,
            _ => Self::HWM_STATE_UNKNOWN,
        }
    }
}

/// A look, with its texts as C wants them.
pub(crate) struct Look {
    progress: Progress,
    id: CString,
    reason: Option<(CString, CString)>,
    failed_list: Option<CString>,
    phases: Vec<CString>,
    line: OnceLock<CString>,
}

impl From<Progress> for Look {
    fn from(progress: Progress) -> Self {
        let reason = progress.reason.as_ref();
        Self {
            id: terminated(&progress.id),
            reason: reason.map(|reason| (terminated(&reason.code), terminated(&reason.message))),
            failed_list: progress.failed_objects.list_key.as_deref().map(terminated),
            phases: progress.phases.iter().map(|phase| terminated(&phase.name)).collect(),
            line: OnceLock::new(),
            progress,
        }
    }
}

fn number(of: Option<u64>) -> i64 {
    of.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX))
}

fn milliseconds(of: Option<std::time::Duration>) -> i64 {
    of.map_or(-1, |span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

fn look<'a>(progress: In<'a, hwm_progress>) -> Option<&'a Progress> {
    progress.peek().map(|look| &look.progress)
}

/// Frees a look. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_free(progress: *mut hwm_progress) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(progress) };
}

/// What the job is doing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_state(progress: *const hwm_progress) -> hwm_state {
    look(input!(progress)).map_or(hwm_state::HWM_STATE_UNKNOWN, |progress| progress.state.into())
}

/// The service's own number for the state; -1 when it gave none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_state_code(progress: *const hwm_progress) -> i64 {
    look(input!(progress)).and_then(|progress| progress.state_code).unwrap_or(-1)
}

/// The id of the job.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_id(progress: *const hwm_progress) -> *const c_char {
    input!(progress).peek().map_or(ptr::null(), |look| look.id.as_ptr())
}

/// One line for people, such as "task 17: running, 3 of 10 objects, 512 of 1024 bytes".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_text(progress: *const hwm_progress) -> *const c_char {
    let line = |look: &Look| look.line.get_or_init(|| terminated(&look.progress.to_string())).as_ptr();
    input!(progress).peek().and_then(|look| quietly(|| line(look))).unwrap_or(ptr::null())
}

/// The share that is done, from 0 to 1: by bytes where there are any, else by
/// objects; -1 while no total is known. It may fall while the source is listed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_fraction(progress: *const hwm_progress) -> f64 {
    look(input!(progress)).and_then(Progress::fraction).unwrap_or(-1.0)
}

/// Objects migrated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_objects_done(progress: *const hwm_progress) -> i64 {
    number(look(input!(progress)).map(|progress| progress.objects.done))
}

/// Objects that failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_objects_failed(progress: *const hwm_progress) -> i64 {
    number(look(input!(progress)).map(|progress| progress.objects.failed))
}

/// Objects passed over, because they were there already or are too old.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_objects_skipped(progress: *const hwm_progress) -> i64 {
    number(look(input!(progress)).map(|progress| progress.objects.skipped))
}

/// Objects in all, as far as the source has been listed; -1 when unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_objects_total(progress: *const hwm_progress) -> i64 {
    number(look(input!(progress)).and_then(|progress| progress.objects.total))
}

/// Bytes migrated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_bytes_done(progress: *const hwm_progress) -> i64 {
    number(look(input!(progress)).map(|progress| progress.bytes.done))
}

/// Bytes in all, as far as the source has been listed; -1 when unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_bytes_total(progress: *const hwm_progress) -> i64 {
    number(look(input!(progress)).and_then(|progress| progress.bytes.total))
}

/// Speed in bytes per second, by the service's own measure; -1 when unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_bytes_per_second(progress: *const hwm_progress) -> i64 {
    number(look(input!(progress)).and_then(|progress| progress.bytes_per_second))
}

/// The service's own estimate of the time left, in milliseconds; -1 when it gives none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_time_left(progress: *const hwm_progress) -> i64 {
    milliseconds(look(input!(progress)).and_then(|progress| progress.time_left))
}

/// How long the service has worked on it, in milliseconds; -1 when unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_elapsed(progress: *const hwm_progress) -> i64 {
    milliseconds(look(input!(progress)).and_then(|progress| progress.elapsed))
}

/// Whether the source has been listed to its end, so that totals will not grow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_totals_final(progress: *const hwm_progress) -> bool {
    look(input!(progress)).is_some_and(|progress| progress.totals_final)
}

/// Whether it runs and nothing has moved for as long as `hwm_wait_set_stall_after` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_stalled(progress: *const hwm_progress) -> bool {
    look(input!(progress)).is_some_and(|progress| progress.stalled)
}

/// The service's code for why the job failed, such as "TRF.0062"; "" when it gave none, NULL where it did not fail.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_reason_code(progress: *const hwm_progress) -> *const c_char {
    let reason = input!(progress).peek().and_then(|look| look.reason.as_ref());
    reason.map_or(ptr::null(), |(code, _)| code.as_ptr())
}

/// The service's words for why the job failed; "" when it gave none, NULL where it did not fail.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_reason(progress: *const hwm_progress) -> *const c_char {
    let reason = input!(progress).peek().and_then(|look| look.reason.as_ref());
    reason.map_or(ptr::null(), |(_, words)| words.as_ptr())
}

/// The key of the list of failed objects in the destination bucket, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_failed_list(progress: *const hwm_progress) -> *const c_char {
    let list = input!(progress).peek().and_then(|look| look.failed_list.as_ref());
    list.map_or(ptr::null(), |list| list.as_ptr())
}

/// How many phases the migration of a server has gone into so far; 0 for other jobs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_phase_count(progress: *const hwm_progress) -> usize {
    input!(progress).peek().map_or(0, |look| look.phases.len())
}

/// The service's name of a phase, such as "REPLICATE"; NULL beyond the last.
///
/// @param index From 0; phases are in the order of the service.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_phase_name(
    progress: *const hwm_progress,
    index: usize,
) -> *const c_char {
    let name = input!(progress).peek().and_then(|look| look.phases.get(index));
    name.map_or(ptr::null(), |name| name.as_ptr())
}

/// How much of a phase is done, 0 to 100; -1 where nobody can tell. 100 means that it is over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_progress_phase_percent(progress: *const hwm_progress, index: usize) -> i32 {
    let phase = look(input!(progress)).and_then(|progress| progress.phases.get(index));
    phase.and_then(|phase| phase.percent).map_or(-1, i32::from)
}
