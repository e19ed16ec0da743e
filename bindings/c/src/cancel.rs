//! A flag that ends calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::enter::enter;
use crate::error::hwm_error;
use crate::handle::{free, handle};
use crate::pointer::{input, output};
use crate::result::hwm_result;

/// A flag that ends the calls and waits it was given to, once and for all.
///
/// One flag may serve many clients and waits, from any thread.
pub struct hwm_cancel {
    _private: [u8; 0],
}

handle!(hwm_cancel => Arc<Flag>, b"hwmcancl");

/// The flag itself.
#[derive(Debug, Default)]
pub(crate) struct Flag(AtomicBool);

/// How late a cancel may take effect. A signal handler can do no more than
/// store a flag, so somebody has to look at it.
const RHYTHM: Duration = Duration::from_millis(25);

impl Flag {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns once the flag is set.
    pub(crate) async fn watch(&self) {
        while !self.is_set() {
            tokio::time::sleep(RHYTHM).await;
        }
    }
}

/// Makes a flag that is not set.
///
/// @param cancel Receives the flag; free it with `hwm_cancel_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_cancel_new(
    cancel: *mut *mut hwm_cancel,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (cancel, error) = (output!(cancel), output!(error));
    enter(error, || {
        cancel.required("cancel")?.give(Arc::default());
        Ok(hwm_result::HWM_OK)
    })
}

/// Frees a flag. NULL is fine. What it was given to keeps what it needs; a
/// flag that was not set then never will be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_cancel_free(cancel: *mut hwm_cancel) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(cancel) };
}

/// Sets the flag: what it was given to ends with HWM_CANCELLED within about
/// 25 ms, and so does what begins later. A callback that runs is not
/// interrupted; it is waited for.
///
/// It only stores a number. It may be called from any thread, and from a
/// signal handler. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_cancel_now(cancel: *mut hwm_cancel) {
    // No guard and no error object: a signal handler must neither lock nor allocate.
    if let Some(flag) = input!(cancel).peek() {
        flag.0.store(true, Ordering::Relaxed);
    }
}

/// Whether the flag is set. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_cancel_is_set(cancel: *const hwm_cancel) -> bool {
    input!(cancel).peek().is_some_and(|flag| flag.is_set())
}
