//! What callers pass, before anybody has looked at it.
//!
//! Making one of these is the unsafe step, at which the caller's promise is
//! taken on; looking at it is safe, and says what is wrong with it. The macros
//! are for the functions of the header alone, which are unsafe themselves.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::slice;

use crate::failure::Failure;

/// A handle parameter of a function of the header.
macro_rules! input {
    ($pointer:expr) => {
        // SAFETY: the rule for handles, which the caller of the surrounding function keeps.
        unsafe { $crate::handle::In::new($pointer) }
    };
}
pub(crate) use input;

/// A text parameter of a function of the header.
macro_rules! text {
    ($pointer:expr) => {
        // SAFETY: the rule for texts, which the caller of the surrounding function keeps.
        unsafe { $crate::pointer::Text::new($pointer) }
    };
}
pub(crate) use text;

/// A buffer and its length among the parameters of a function of the header.
macro_rules! buffer {
    ($pointer:expr, $length:expr) => {
        // SAFETY: the rule for buffers, which the caller of the surrounding function keeps.
        unsafe { $crate::pointer::Buffer::new($pointer, $length) }
    };
}
pub(crate) use buffer;

/// A list and its length among the parameters of a function of the header.
macro_rules! list {
    ($pointer:expr, $length:expr) => {
        // SAFETY: the rule for buffers, which the caller of the surrounding function keeps.
        unsafe { $crate::pointer::List::new($pointer, $length) }
    };
}
pub(crate) use list;

/// A list of texts and its length among the parameters of a function of the header.
macro_rules! texts {
    ($pointer:expr, $length:expr) => {
        // SAFETY: the rules for buffers and texts, which the caller of the surrounding function keeps.
        unsafe { $crate::pointer::Texts::new($pointer, $length) }
    };
}
pub(crate) use texts;

/// An output parameter of a function of the header.
macro_rules! output {
    ($pointer:expr) => {
        // SAFETY: the rule for outputs, which the caller of the surrounding function keeps.
        unsafe { $crate::pointer::Out::new($pointer) }
    };
}
pub(crate) use output;

/// A text that ends with a NUL.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(*const c_char, PhantomData<&'a CStr>);

impl<'a> Text<'a> {
    /// # Safety
    /// The rule for texts, for as long as `'a`.
    pub(crate) unsafe fn new(pointer: *const c_char) -> Self {
        Self(pointer, PhantomData)
    }

    /// The text, which must be there.
    pub(crate) fn get(self, name: &str) -> Result<&'a str, Failure> {
        self.optional(name)?.ok_or_else(|| Failure::argument(format!("`{name}` is NULL")))
    }

    /// The text, or `None` for `NULL`.
    pub(crate) fn optional(self, name: &str) -> Result<Option<&'a str>, Failure> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: a text that is not NULL, as promised to `new`.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map(Some).map_err(|error| not_text(name, error.valid_up_to()))
    }
}

/// A list with a length.
#[derive(Clone, Copy)]
pub(crate) struct List<'a, T>(*const T, usize, PhantomData<&'a [T]>);

impl<'a, T> List<'a, T> {
    /// # Safety
    /// The rule for buffers, for as long as `'a`.
    pub(crate) unsafe fn new(pointer: *const T, length: usize) -> Self {
        Self(pointer, length, PhantomData)
    }

    /// The items. `NULL` is an empty list only where the length says so.
    pub(crate) fn get(self, name: &str) -> Result<&'a [T], Failure> {
        if self.1 == 0 {
            return Ok(&[]);
        }
        if self.0.is_null() {
            return Err(Failure::argument(format!("`{name}` is NULL")));
        }
        if !self.0.is_aligned() || self.1 > isize::MAX.unsigned_abs() / size_of::<T>() {
            return Err(Failure::argument(format!("`{name}` with its length {} is no list", self.1)));
        }
        // SAFETY: not NULL, aligned and of this length, as promised to `new`; no longer than any object.
        Ok(unsafe { slice::from_raw_parts(self.0, self.1) })
    }
}

/// A list of texts.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a>(List<'a, *const c_char>);

impl<'a> Texts<'a> {
    /// # Safety
    /// The rule for buffers, and that for texts for each of them, for as long as `'a`.
    pub(crate) unsafe fn new(pointer: *const *const c_char, length: usize) -> Self {
        // SAFETY: the caller's promise is passed on.
        Self(unsafe { List::new(pointer, length) })
    }

    /// The texts, all of which must be there.
    pub(crate) fn get(self, name: &str) -> Result<Vec<&'a str>, Failure> {
        let texts = self.0.get(name)?.iter().enumerate();
        // SAFETY: each is a text, as promised to `new`.
        texts.map(|(index, text)| unsafe { Text::new(*text) }.get(&format!("{name}[{index}]"))).collect()
    }
}

/// A buffer with a length, which must be there.
#[derive(Clone, Copy)]
pub(crate) struct Buffer<'a>(List<'a, u8>);

impl<'a> Buffer<'a> {
    /// # Safety
    /// The rule for buffers, for as long as `'a`.
    pub(crate) unsafe fn new(pointer: *const c_char, length: usize) -> Self {
        // SAFETY: the caller's promise is passed on.
        Self(unsafe { List::new(pointer.cast(), length) })
    }

    /// The bytes, which must be UTF-8.
    pub(crate) fn text(self, name: &str) -> Result<&'a str, Failure> {
        if self.0.0.is_null() {
            return Err(Failure::argument(format!("`{name}` is NULL")));
        }
        std::str::from_utf8(self.0.get(name)?).map_err(|error| not_text(name, error.valid_up_to()))
    }
}

/// Where an answer goes.
pub(crate) struct Out<'a, T>(*mut T, PhantomData<&'a mut T>);

impl<T> Out<'_, T> {
    /// # Safety
    /// The rule for outputs, for as long as `'a`.
    pub(crate) unsafe fn new(pointer: *mut T) -> Self {
        Self(pointer, PhantomData)
    }

    /// Refuses `NULL`; called before anything else is done.
    pub(crate) fn required(self, name: &str) -> Result<Self, Failure> {
        if self.0.is_null() {
            return Err(Failure::argument(format!("`{name}`, which receives the answer, is NULL")));
        }
        Ok(self)
    }

    /// Whether the caller wants the answer at all.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.is_null()
    }

    /// Writes the answer, if the caller wants it.
    pub(crate) fn set(self, value: T) {
        if self.is_wanted() {
            // SAFETY: writable room for a `T`, as promised to `new`. Not dropped: it may hold anything.
            unsafe { self.0.write(value) };
        }
    }
}

/// Says where, and never what: the text may be a secret.
fn not_text(name: &str, place: usize) -> Failure {
    Failure::argument(format!("`{name}` is not UTF-8: see its byte {place}"))
}
