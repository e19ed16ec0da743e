//! Handles: pointers that carry the kind of what they point to.
//!
//! The header declares `hwm_client` and the like without saying what they
//! are. Such a pointer leads to a [`Block`], which begins with a number that
//! tells its kind, so that a handle of another type is recognised, and most
//! uses of a freed one are.
//!
//! A function that may run a callback holds on to what it works with
//! ([`Held`]), so a callback may free any handle, those in use by the function
//! that called it as well.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
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
    /// Whether it leads to connections, which belong to the process that made it.
    const CONNECTED: bool;
}

/// Declares what a type of the header stands for.
macro_rules! handle {
    ($name:ident => $value:ty, $tag:literal) => {
        $crate::handle::handle!($name => $value, $tag, false);
    };
    ($name:ident => $value:ty, $tag:literal, connected) => {
        $crate::handle::handle!($name => $value, $tag, true);
    };
    ($name:ident => $value:ty, $tag:literal, $connected:literal) => {
        impl $crate::handle::Handle for $name {
            type Value = $value;
            const TAG: u64 = u64::from_le_bytes(*$tag);
            const NAME: &'static str = stringify!($name);
            const CONNECTED: bool = $connected;
        }
    };
}
pub(crate) use handle;

#[repr(C)]
struct Block<T> {
    tag: AtomicU64,
    /// Where it was made, if it is connected.
    process: u32,
    value: T,
}

/// What stands in place of the tag once a handle is freed.
const DEAD: u64 = u64::from_le_bytes(*b"hwm-dead");

/// What a handle stands for, which stays until this is dropped even if the handle is freed before.
pub(crate) struct Held<H: Handle>(Arc<Block<H::Value>>);

impl<H: Handle> Deref for Held<H> {
    type Target = H::Value;

    fn deref(&self) -> &H::Value {
        &self.0.value
    }
}

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
    pub(crate) fn get(self, name: &str) -> Result<Held<H>, Failure> {
        self.optional(name)?.ok_or_else(|| Failure::argument(format!("`{name}` is NULL")))
    }

    /// What the handle stands for, or `None` for `NULL`.
    pub(crate) fn optional(self, name: &str) -> Result<Option<Held<H>>, Failure> {
        if self.0.is_null() {
            return Ok(None);
        }
        if !is_tagged(self.0, H::TAG) {
            return Err(Failure::argument(format!("`{name}` is no live {}", H::NAME)));
        }
        let block = self.0.cast::<Block<H::Value>>();
        // SAFETY: a live handle, as promised to `new`, of this type, as the tag says: so one of `make`.
        let held = unsafe {
            Arc::increment_strong_count(block);
            Arc::from_raw(block)
        };
        Ok(Some(Held(held)))
    }

    /// What the handle stands for, or `None` for anything else: for functions
    /// that cannot fail and run no callback. Neither allocates nor locks.
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

fn block<H: Handle>(value: H::Value) -> Arc<Block<H::Value>> {
    let process = if H::CONNECTED { std::process::id() } else { 0 };
    Arc::new(Block { tag: AtomicU64::new(H::TAG), process, value })
}

impl<H: Handle> Out<'_, *mut H> {
    /// Writes a new handle, if the caller wants it; otherwise the value is dropped.
    pub(crate) fn give(self, value: H::Value) {
        if self.is_wanted() {
            self.set(Arc::into_raw(block::<H>(value)).cast_mut().cast());
        }
    }
}

/// A handle that the library owns itself, to lend it to a callback.
pub(crate) struct Lent<H: Handle>(Held<H>);

impl<H: Handle> Lent<H> {
    pub(crate) fn new(value: H::Value) -> Self {
        let block = block::<H>(value);
        // The callback's share, which the pointer stands for.
        std::mem::forget(Arc::clone(&block));
        Self(Held(block))
    }

    pub(crate) fn pointer(&self) -> *mut H {
        Arc::as_ptr(&self.0.0).cast_mut().cast()
    }
}

impl<H: Handle> Deref for Lent<H> {
    type Target = H::Value;

    fn deref(&self) -> &H::Value {
        &self.0
    }
}

impl<H: Handle> Drop for Lent<H> {
    fn drop(&mut self) {
        // SAFETY: made by `new`. A callback that has freed it by mistake has left the tag of a dead one.
        unsafe { free(self.pointer()) };
    }
}

/// Frees a handle. `NULL`, and what is recognised as no handle of this type, is left alone.
///
/// # Safety
/// The rule for handles, and nobody uses this one any more but functions that
/// a callback in the stack of this very call has been called by.
pub(crate) unsafe fn free<H: Handle>(pointer: *mut H) {
    if pointer.is_null() || !is_tagged(pointer, H::TAG) {
        return;
    }
    quietly(|| {
        // SAFETY: a live handle of this type, so one of `block`, whose share the caller gives up.
        let block = unsafe { Arc::from_raw(pointer.cast_const().cast::<Block<H::Value>>()) };
        block.tag.store(DEAD, Ordering::Release);
        if H::CONNECTED && block.process != std::process::id() {
            // After a fork the connections are the parent's. Even to drop what leads to them could wait for
            // ever, for a lock that a thread held which this process does not have.
            std::mem::forget(block);
        }
    });
}
