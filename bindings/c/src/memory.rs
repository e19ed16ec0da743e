//! Memory: everything that this library frees is overwritten first.
//!
//! Secrets travel through code that is not ours (JSON, HTTP, TLS) and leave
//! copies in buffers that nobody marks as secret. So the allocator itself
//! wipes, whatever a block held. A core file or a later allocation of the
//! program then finds nothing of a handle that was freed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CString, c_char, c_void};
use std::hint::black_box;
use std::ptr;

use crate::enter::quietly;
use crate::pointer::Buffer;

/// The system's allocator, with wiping. The unit tests run on the ordinary one.
#[cfg_attr(test, expect(dead_code, reason = "the unit tests run on the ordinary allocator"))]
struct Wiping;

// SAFETY: hands everything to the system's allocator, and writes only into
// blocks that their owner has given back or that are not his yet.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has this many bytes and belongs to nobody any more.
        unsafe { wipe(block, layout.size()) };
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The system's own `realloc` would leave the old block behind unwiped.
        // SAFETY: the caller promises that `size` is not 0 and fits the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: `wanted` is not empty.
        let new = unsafe { System.alloc(wanted) };
        if !new.is_null() {
            // SAFETY: both blocks are live, distinct, and at least this large.
            unsafe { ptr::copy_nonoverlapping(block, new, layout.size().min(size)) };
            // SAFETY: the old block is the caller's to give back.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}

#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: Wiping = Wiping;

/// Overwrites memory in a way that the compiler does not leave out.
///
/// # Safety
/// `block` must be valid for writes of `size` bytes.
unsafe fn wipe(block: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    unsafe { ptr::write_bytes(block, 0, size) };
    // The compiler must assume that somebody reads it here.
    black_box(block);
}

/// Overwrites a buffer of your own with zeros, in a way that no compiler
/// leaves out. For passwords and keys after they were given to the library.
///
/// @param memory May be NULL, then nothing happens.
/// @param length Bytes to overwrite.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_wipe(memory: *mut c_void, length: usize) {
    if !memory.is_null() {
        // SAFETY: a buffer; the caller says that it may be written.
        unsafe { wipe(memory.cast(), length) };
    }
}

/// Frees a text that a function gave as `char *`, and overwrites it first.
///
/// @param text May be NULL. Not for texts of your own, nor for `const char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_string_free(text: *mut c_char) {
    if !text.is_null() {
        quietly(|| {
            // SAFETY: such texts were made by `give_text` and are freed once.
            drop(unsafe { CString::from_raw(text) });
        });
    }
}

/// A text for the caller to keep. What follows a NUL inside is cut off.
pub(crate) fn give_text(text: &str) -> *mut c_char {
    terminated(text).into_raw()
}

/// The text with a NUL at its end; what follows a NUL inside is cut off.
pub(crate) fn terminated(text: &str) -> CString {
    let end = text.bytes().position(|byte| byte == 0).unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// A secret of the caller, copied.
pub(crate) fn secret(
    buffer: Buffer<'_>,
    name: &'static str,
) -> Result<hwmigrate::Secret, crate::failure::Failure> {
    buffer.text(name).map(hwmigrate::Secret::from)
}
