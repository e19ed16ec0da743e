//! The guard around every function: no panic and no signal leaves it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::hwm_error;
use crate::failure::Failure;
use crate::pointer::Out;
use crate::result::hwm_result;

#[cfg(not(panic = "unwind"))]
compile_error!("a panic would end the program: build with panic = \"unwind\"");

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

/// Blocks every signal in a thread of the library's own.
pub(crate) fn block_signals() {
    let mut all = nothing();
    // SAFETY: an initialised set, which is then only read.
    unsafe {
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
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

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]

    use std::ffi::CStr;
    use std::panic::panic_any;
    use std::ptr;

    use super::*;
    use crate::engine::{Engine, Inside};
    use crate::error::{hwm_error_advice, hwm_error_free, hwm_error_message};
    use crate::handle::{free, handle};
    use crate::pointer::output;

    /// Panics inside an entry, and returns its result and the text of its error object.
    fn panicking(body: impl FnOnce()) -> (hwm_result, String) {
        let mut error = ptr::null_mut();
        let result = enter(output!(&raw mut error), || {
            body();
            Ok(hwm_result::HWM_OK)
        });
        // SAFETY: the entry has put an error there, which is freed last.
        let text = unsafe {
            assert!(!hwm_error_advice(error).is_null());
            let text = CStr::from_ptr(hwm_error_message(error)).to_str().unwrap().to_owned();
            hwm_error_free(error);
            text
        };
        (result, text)
    }

    /// Panics while it is dropped, as a panic's own payload or a value of a handle might.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn a_panic_becomes_a_result_with_its_text() {
        assert_eq!(
            panicking(|| panic!("it broke")),
            (hwm_result::HWM_PANIC, "a bug of hwmigrate: it broke".into())
        );
        let (result, text) = panicking(|| panic!("it broke at {}", 7));
        assert_eq!((result, &*text), (hwm_result::HWM_PANIC, "a bug of hwmigrate: it broke at 7"));
        let (result, text) = panicking(|| panic_any(7));
        assert_eq!((result, &*text), (hwm_result::HWM_PANIC, "a bug of hwmigrate: no text"));
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_goes_no_further() {
        assert_eq!(panicking(|| panic_any(Bomb)).0, hwm_result::HWM_PANIC);
        assert_eq!(quietly(|| panic_any(Bomb)), None::<()>);
    }

    #[test]
    fn a_panic_is_told_even_where_nobody_wants_the_error() {
        let result = enter(output!(ptr::null_mut()), || panic!("it broke"));
        assert_eq!(result, hwm_result::HWM_PANIC);
    }

    #[test]
    fn a_panic_in_the_middle_of_a_call_leaves_thread_and_client_as_they_were() {
        let engine = Engine::new().unwrap();
        let (result, text) = panicking(|| {
            let work = async {
                tokio::task::yield_now().await;
                assert!(Inside::is_entered());
                panic!("while waiting")
            };
            let _: Result<(), Failure> = engine.run(None, work);
        });
        assert_eq!((result, &*text), (hwm_result::HWM_PANIC, "a bug of hwmigrate: while waiting"));
        assert!(!Inside::is_entered());
        let mut mask = nothing();
        // SAFETY: no set to be read, and an initialised one to be filled, which is then read.
        let blocked = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut mask);
            libc::sigismember(&raw const mask, libc::SIGPIPE)
        };
        assert_eq!(blocked, 0);
        assert_eq!(engine.run(None, async { Ok(7) }).map_err(|failure| failure.result()), Ok(7));
    }

    #[test]
    fn a_value_that_panics_when_it_is_dropped_does_not_disturb_its_free() {
        struct hwm_bomb;
        handle!(hwm_bomb => Bomb, b"hwm-bomb");
        let mut made: *mut hwm_bomb = ptr::null_mut();
        output!(&raw mut made).give(Bomb);
        // SAFETY: a handle, freed once.
        unsafe { free(made) };
    }
}
