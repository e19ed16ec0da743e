//! Handles: pointers that carry the kind of what they point to.
//!
//! The header declares `hwm_client` and the like without saying what they
//! are. Such a pointer leads to a [`Block`], which begins with a number that
//! tells its kind, so that a handle of another type is recognised, and most
//! uses of a freed one are.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::enter::quietly;
use crate::failure::Failure;
use crate::pointer::Out;

/// A type of the header.
pub(crate) trait Handle {
    /// What a handle of this type stands for.
    type Value: Send + Sync;
    /// The first eight bytes of its memory.
    const TAG: u64;
    /// Its name in the header.
    const NAME: &'static str;
}

/// Declares what a type of the header stands for.
macro_rules! handle {
    ($name:ident => $value:ty, $tag:literal) => {
        impl $crate::handle::Handle for $name {
            type Value = $value;
            const TAG: u64 = u64::from_le_bytes(*$tag);
            const NAME: &'static str = stringify!($name);
        }
    };
}
pub(crate) use handle;

#[repr(C)]
struct Block<T> {
    tag: AtomicU64,
    value: T,
}

/// What stands in place of the tag once a handle is freed.
const DEAD: u64 = u64::from_le_bytes(*b"hwm-dead");

/// A handle that the caller passes.
pub(crate) struct In<'a, H: Handle>(*const H, PhantomData<&'a H::Value>);

impl<H: Handle> Clone for In<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Handle> Copy for In<'_, H> {}

impl<'a, H: Handle> In<'a, H> {
    /// # Safety
    /// The rule for handles, for as long as `'a`. It may be one of another type.
    pub(crate) unsafe fn new(pointer: *const H) -> Self {
        Self(pointer, PhantomData)
    }

    /// What the handle stands for.
    pub(crate) fn get(self, name: &str) -> Result<&'a H::Value, Failure> {
        self.optional(name)?.ok_or_else(|| Failure::argument(format!("`{name}` is NULL")))
    }

    /// What the handle stands for, or `None` for `NULL`.
    pub(crate) fn optional(self, name: &str) -> Result<Option<&'a H::Value>, Failure> {
        if self.0.is_null() {
            return Ok(None);
        }
        self.peek().map(Some).ok_or_else(|| Failure::argument(format!("`{name}` is no live {}", H::NAME)))
    }

    /// What the handle stands for, or `None` for anything else: for functions
    /// that cannot fail. Neither allocates nor locks.
    pub(crate) fn peek(self) -> Option<&'a H::Value> {
        if self.0.is_null() || !is_tagged(self.0, H::TAG) {
            return None;
        }
        // SAFETY: a live handle, as promised to `new`, and the tag says of which type.
        Some(unsafe { &(*self.0.cast::<Block<H::Value>>()).value })
    }
}

/// Whether a pointer that is not NULL leads to a block with that tag.
fn is_tagged<H>(pointer: *const H, tag: u64) -> bool {
    // A block is at least as aligned as its tag; anything else is no handle.
    if !pointer.cast::<AtomicU64>().is_aligned() {
        return false;
    }
    // SAFETY: every handle of this library, of whatever type, begins with a tag.
    let found = unsafe { &*pointer.cast::<AtomicU64>() };
    found.load(Ordering::Acquire) == tag
}

/// Makes a handle.
fn make<H: Handle>(value: H::Value) -> *mut H {
    Box::into_raw(Box::new(Block { tag: AtomicU64::new(H::TAG), value })).cast()
}

impl<H: Handle> Out<'_, *mut H> {
    /// Writes a new handle, if the caller wants it; otherwise the value is dropped.
    pub(crate) fn give(self, value: H::Value) {
        if self.is_wanted() {
            self.set(make(value));
        }
    }
}

/// A handle that the library owns itself, to lend it to a callback.
pub(crate) struct Lent<H: Handle>(*mut H);

impl<H: Handle> Lent<H> {
    pub(crate) fn new(value: H::Value) -> Self {
        Self(make(value))
    }

    pub(crate) fn pointer(&self) -> *mut H {
        self.0
    }
}

impl<H: Handle> Drop for Lent<H> {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and lent only.
        unsafe { free(self.0) };
    }
}

/// Frees a handle. `NULL`, and what is recognised as no handle of this type, is left alone.
///
/// # Safety
/// The rule for handles, and nobody uses this one any more.
pub(crate) unsafe fn free<H: Handle>(pointer: *mut H) {
    if pointer.is_null() || !is_tagged(pointer, H::TAG) {
        return;
    }
    quietly(|| {
        // SAFETY: a live handle of this type, which the caller gives up.
        let block = unsafe { Box::from_raw(pointer.cast::<Block<H::Value>>()) };
        block.tag.store(DEAD, Ordering::Release);
        drop(block);
    });
}
