//! The guard around every function: no panic and no signal leaves it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::hwm_error;
use crate::failure::Failure;
use crate::pointer::Out;
use crate::result::hwm_result;

/// Runs the body of a function that can fail.
pub(crate) fn enter(
    error: Out<'_, *mut hwm_error>,
    body: impl FnOnce() -> Result<hwm_result, Failure>,
) -> hwm_result {
    silence();
    // What a panic may leave half done lies behind locks that are then poisoned, or is dropped.
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(result)) => return result,
        Ok(Err(failure)) => failure,
        Err(cause) => Failure::panic(cause),
    };
    let result = failure.result();
    // Even this allocates and formats, so it is guarded as well.
    quietly(|| error.give(failure.into()));
    result
}

/// Runs something that has nobody to tell; `None` if it panicked.
pub(crate) fn quietly<T>(body: impl FnOnce() -> T) -> Option<T> {
    silence();
    catch_unwind(AssertUnwindSafe(body)).map_err(std::mem::forget).ok()
}

/// Panics go to the log instead of standard error. The standard library, and
/// so the hook, is this library's own: the program's is another.
fn silence() {
    static ONCE: Once = Once::new();
    if cfg!(not(test)) {
        ONCE.call_once(|| std::panic::set_hook(Box::new(crate::log::panicked)));
    }
}

/// Keeps `SIGPIPE` from the thread while it is held: writing to a connection
/// that the server has closed raises it, and would end the program.
pub(crate) struct NoPipeSignal {
    before: libc::sigset_t,
    was_pending: bool,
}

impl NoPipeSignal {
    pub(crate) fn hold() -> Self {
        let was_pending = pending();
        let pipe = pipe_alone();
        let mut before = nothing();
        // SAFETY: both sets are initialised, and live here.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const pipe, &raw mut before) };
        Self { before, was_pending }
    }
}

impl Drop for NoPipeSignal {
    fn drop(&mut self) {
        // One that came meanwhile is ours to take away; one from before is the program's.
        if !self.was_pending && pending() {
            let (pipe, now) = (pipe_alone(), libc::timespec { tv_sec: 0, tv_nsec: 0 });
            // SAFETY: an initialised set, no room for details, and a time that lives here.
            unsafe { libc::sigtimedwait(&raw const pipe, std::ptr::null_mut(), &raw const now) };
        }
        // SAFETY: the mask that `hold` was given.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}

fn pending() -> bool {
    let mut set = nothing();
    // SAFETY: an initialised set to be filled, and one to be read.
    unsafe { libc::sigpending(&raw mut set) == 0 && libc::sigismember(&raw const set, libc::SIGPIPE) == 1 }
}

fn pipe_alone() -> libc::sigset_t {
    let mut set = nothing();
    // SAFETY: an initialised set, and a signal that exists.
    unsafe { libc::sigaddset(&raw mut set, libc::SIGPIPE) };
    set
}

fn nothing() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises the set, whatever was there.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}
