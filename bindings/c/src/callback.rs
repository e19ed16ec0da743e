//! What belongs to a callback of the caller.

use std::ffi::c_void;

use crate::enter::quietly;

/// Takes `user_data` back from the library. Called exactly once, on the thread
/// that ends the need: in a setter, a `_free`, or at the end of a call. It must
/// not send anything through the library.
pub type hwm_release = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// The caller's pointer, with what is to be called when it is needed no more.
pub(crate) struct UserData {
    pointer: *mut c_void,
    release: hwm_release,
}

// SAFETY: the library hands the pointer back and never looks behind it; the
// header tells the caller that callbacks run on any thread inside a call.
unsafe impl Send for UserData {}
// SAFETY: as above, and on several threads at once.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, release: hwm_release) -> Self {
        Self { pointer, release }
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            quietly(|| {
                // SAFETY: the caller's function with the caller's pointer, once.
                unsafe { release(self.pointer) };
            });
        }
    }
}
