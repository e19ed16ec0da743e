//! Answers, read by paths.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::{Mutex, PoisonError};

use hwmigrate::Response;
use serde::Serialize;
use serde_json::Value;

use crate::enter::quietly;
use crate::find::find;
use crate::handle::{In, free, handle};
use crate::memory::terminated;
use crate::pointer::{Out, Text, input, output, text};

/// An answer of a service: a JSON document, read by paths.
///
/// A path is a JSON Pointer (RFC 6901): "/src_node/bucket", "/tasks/0/id", and
/// "" or NULL for all of it. The names are those of the service's
/// documentation. Read only, so any thread may use it. A reader that finds
/// nothing of the wanted type there answers NULL, false or 0.
///
/// Fields that the documentation calls secret read "[redacted]", except in
/// answers of `hwm_call`, which gives what the service gave.
pub struct hwm_value {
    _private: [u8; 0],
}

handle!(hwm_value => Answer, b"hwmvalue");

/// What is found at a path.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hwm_type {
    /// Nothing at all.
    HWM_TYPE_ABSENT = 0,
    /// JSON's null.
    HWM_TYPE_NULL = 1,
    /// True or false.
    HWM_TYPE_FLAG = 2,
    /// A number.
    HWM_TYPE_NUMBER = 3,
    /// A text.
    HWM_TYPE_TEXT = 4,
    /// A list.
    HWM_TYPE_LIST = 5,
    /// An object.
    HWM_TYPE_OBJECT = 6,
}

/// An answer, and the texts of it that C has asked for.
pub(crate) struct Answer {
    content: Content,
    status: u16,
    request_id: Option<CString>,
    texts: Mutex<HashMap<(Form, String), CString>>,
}

enum Content {
    Tree(Value),
    Typed(Box<dyn Record>),
}

/// An answer of a known type.
pub(crate) trait Record: Send + Sync {
    /// What is at a path.
    fn at(&self, path: &str) -> Option<Value>;
}

impl<T: Serialize + Send + Sync> Record for T {
    fn at(&self, path: &str) -> Option<Value> {
        find(self, path)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Text,
    Json,
    Key(usize),
}

impl hwm_value {
    /// A value that no service gave.
    pub(crate) fn of(tree: Value) -> Answer {
        Answer::new(Content::Tree(tree), 0, None)
    }

    /// An item of a list.
    pub(crate) fn record(record: Box<dyn Record>) -> Answer {
        Answer::new(Content::Typed(record), 0, None)
    }

    /// An answer of a service.
    pub(crate) fn answer(tree: Value, status: u16, request_id: Option<&str>) -> Answer {
        Answer::new(Content::Tree(tree), status, request_id)
    }

    /// A typed answer. Its secrets are redacted by their type.
    pub(crate) fn typed<T: Serialize + Send + Sync + 'static>(response: Response<T>) -> Answer {
        let Response { value, status, request_id, .. } = response;
        Answer::new(Content::Typed(Box::new(value)), status, request_id.as_deref())
    }
}

impl Answer {
    fn new(content: Content, status: u16, request_id: Option<&str>) -> Self {
        Self { content, status, request_id: request_id.map(terminated), texts: Mutex::default() }
    }

    fn at(&self, path: Text<'_>) -> Option<Cow<'_, Value>> {
        let path = path.optional("path").ok()?.unwrap_or_default();
        match &self.content {
            Content::Tree(tree) => tree.pointer(path).map(Cow::Borrowed),
            Content::Typed(record) => record.at(path).map(Cow::Owned),
        }
    }

    /// A text made from what is at the path, kept as long as the answer.
    fn lend(
        &self,
        form: Form,
        path: Text<'_>,
        make: impl FnOnce(&Value) -> Option<CString>,
    ) -> *const c_char {
        let found = quietly(|| {
            let key = (form, path.optional("path").ok()?.unwrap_or_default().to_owned());
            let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(text) = texts.get(&key) {
                return Some(text.as_ptr());
            }
            let text = make(&*self.at(path)?)?;
            // The bytes of a CString stay where they are when the map grows.
            Some(texts.entry(key).or_insert(text).as_ptr())
        });
        found.flatten().unwrap_or(std::ptr::null())
    }
}

/// What `look` makes of the value at a path.
fn read<T>(value: In<'_, hwm_value>, path: Text<'_>, look: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
    quietly(|| look(&*value.peek()?.at(path)?)).flatten()
}

/// Writes what was found, and says whether it was.
fn found<T>(value: Option<T>, out: Out<'_, T>) -> bool {
    let is_there = value.is_some();
    if let Some(value) = value {
        out.set(value);
    }
    is_there
}

/// Frees an answer. NULL is fine. Texts that were read from it are gone then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_free(value: *mut hwm_value) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(value) };
}

/// What is found at a path.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_type(value: *const hwm_value, path: *const c_char) -> hwm_type {
    let kind = |value: &Value| {
        Some(match value {
            Value::Null => hwm_type::HWM_TYPE_NULL,
            Value::Bool(_) => hwm_type::HWM_TYPE_FLAG,
            Value::Number(_) => hwm_type::HWM_TYPE_NUMBER,
            Value::String(_) => hwm_type::HWM_TYPE_TEXT,
            Value::Array(_) => hwm_type::HWM_TYPE_LIST,
            Value::Object(_) => hwm_type::HWM_TYPE_OBJECT,
        })
    };
    read(input!(value), text!(path), kind).unwrap_or(hwm_type::HWM_TYPE_ABSENT)
}

/// The text at a path, or NULL. It is cut at a NUL inside, which
/// `hwm_value_json` shows as \u0000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_text(value: *const hwm_value, path: *const c_char) -> *const c_char {
    let Some(answer) = input!(value).peek() else { return std::ptr::null() };
    answer.lend(Form::Text, text!(path), |value| value.as_str().map(terminated))
}

/// The whole number at a path.
///
/// @param number May be NULL. Written only when the answer is true.
/// @return Whether there is one that fits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_integer(
    value: *const hwm_value,
    path: *const c_char,
    number: *mut i64,
) -> bool {
    found(read(input!(value), text!(path), Value::as_i64), output!(number))
}

/// The number at a path, whole or not.
///
/// @param number May be NULL. Written only when the answer is true.
/// @return Whether there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_number(
    value: *const hwm_value,
    path: *const c_char,
    number: *mut f64,
) -> bool {
    found(read(input!(value), text!(path), Value::as_f64), output!(number))
}

/// The truth value at a path.
///
/// @param flag May be NULL. Written only when the answer is true.
/// @return Whether there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_flag(
    value: *const hwm_value,
    path: *const c_char,
    flag: *mut bool,
) -> bool {
    found(read(input!(value), text!(path), Value::as_bool), output!(flag))
}

/// How many members the list or object at a path has; 0 for anything else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_count(value: *const hwm_value, path: *const c_char) -> usize {
    let count = |value: &Value| match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(fields) => Some(fields.len()),
        _ => None,
    };
    read(input!(value), text!(path), count).unwrap_or_default()
}

/// The name of a member of the object at a path, or NULL.
///
/// @param index From 0 to one less than `hwm_value_count`; the order is that of the names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_key(
    value: *const hwm_value,
    path: *const c_char,
    index: usize,
) -> *const c_char {
    let Some(answer) = input!(value).peek() else { return std::ptr::null() };
    let name = |value: &Value| value.as_object()?.keys().nth(index).map(|name| terminated(name));
    answer.lend(Form::Key(index), text!(path), name)
}

/// The JSON text of what is at a path, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_json(value: *const hwm_value, path: *const c_char) -> *const c_char {
    let Some(answer) = input!(value).peek() else { return std::ptr::null() };
    answer.lend(Form::Json, text!(path), |value| Some(terminated(&value.to_string())))
}

/// The HTTP status of the answer; 0 when it came from no single one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_http_status(value: *const hwm_value) -> i32 {
    input!(value).peek().map_or(0, |answer| i32::from(answer.status))
}

/// The id to quote to the service's support, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_value_request_id(value: *const hwm_value) -> *const c_char {
    let id = input!(value).peek().and_then(|answer| answer.request_id.as_ref());
    id.map_or(std::ptr::null(), |id| id.as_ptr())
}
