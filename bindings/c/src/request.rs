//! Requests in the making.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::config::nowhere;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::find::unescape;
use crate::handle::{In, free, handle};
use crate::pointer::{Buffer, Text, buffer, input, output, text};
use crate::result::hwm_result;

/// A request in the making: a JSON body that is written by paths, and
/// parameters for what is not in the body.
///
/// A path is a JSON Pointer (RFC 6901), "/src_node/bucket"; objects on the way
/// are made, and "-" as the last name appends to a list:
/// "/src_node/object_key/-". The names are those of the service's
/// documentation. A name that the operation does not have is refused by the
/// function that takes the request, before anything is sent. A path may go 32
/// levels down.
///
/// The first setter that fails is remembered, and the function that takes the
/// request fails with the same text, so their results need not be looked at
/// one by one. A request may be changed and used again.
pub struct hwm_request {
    _private: [u8; 0],
}

handle!(hwm_request => Mutex<Draft>, b"hwmreqst");

/// A request in the making.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    /// The body, once there is one.
    pub(crate) body: Option<Value>,
    /// What is not in the body.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) problem: Option<String>,
}

impl Draft {
    /// What the caller has put together; an empty one for `NULL`.
    pub(crate) fn of(request: In<'_, hwm_request>) -> Result<Self, Failure> {
        let Some(draft) = request.optional("request")? else { return Ok(Self::default()) };
        let draft = lock(&draft).clone();
        match draft.problem {
            Some(problem) => Err(Failure::argument(format!("a part of the request was refused: {problem}"))),
            None => Ok(draft),
        }
    }

    fn put(&mut self, path: &str, value: Value) -> Result<(), Failure> {
        // Not repeated: who has mixed up the parameters may have passed a secret.
        if !path.is_empty() && !path.starts_with('/') {
            return Err(Failure::argument("`path` does not begin with \"/\", as in \"/node/name\""));
        }
        if path.matches('/').count() > DEEPEST {
            return Err(Failure::argument(format!("`path` leads more than {DEEPEST} levels deep")));
        }
        let body = self.body.get_or_insert_with(|| Value::Object(Map::new()));
        let place = place(body, path).ok_or_else(|| {
            Failure::argument(format!(
                "{path:?} leads nowhere: write indices of lists up to their end, and \"-\" behind it"
            ))
        })?;
        *place = value;
        Ok(())
    }
}

/// How many levels a path may go down. Bodies have six; and what is nested too
/// deeply cannot even be dropped without running out of stack.
const DEEPEST: usize = 32;

/// The place that a path leads to; objects on the way are made.
fn place<'a>(body: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    if path.is_empty() {
        return Some(body);
    }
    let mut place = body;
    for name in path.strip_prefix('/')?.split('/') {
        let name = unescape(name);
        if place.is_null() {
            *place = if name == "-" { json!([]) } else { json!({}) };
        }
        place = match place {
            Value::Object(fields) => fields.entry(name).or_insert(Value::Null),
            Value::Array(items) => {
                let index = if name == "-" { items.len() } else { name.parse().ok()? };
                if index == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    Some(place)
}

fn lock(draft: &Mutex<Draft>) -> MutexGuard<'_, Draft> {
    draft.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes a request, or remembers why that was not possible.
fn change(request: In<'_, hwm_request>, step: impl FnOnce(&mut Draft) -> Result<(), Failure>) -> hwm_result {
    enter(nowhere(), || {
        let request = request.get("request")?;
        let mut draft = lock(&request);
        step(&mut draft).inspect_err(|failure| {
            if let Failure::Own { message, .. } = failure {
                draft.problem.get_or_insert_with(|| message.clone());
            }
        })?;
        Ok(hwm_result::HWM_OK)
    })
}

fn put(
    request: In<'_, hwm_request>,
    path: Text<'_>,
    value: impl FnOnce() -> Result<Value, Failure>,
) -> hwm_result {
    change(request, |draft| draft.put(path.get("path")?, value()?))
}

/// Makes an empty request.
///
/// @param request Receives the request; free it with `hwm_request_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_new(
    request: *mut *mut hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (request, error) = (output!(request), output!(error));
    enter(error, || {
        request.required("request")?.give(Mutex::default());
        Ok(hwm_result::HWM_OK)
    })
}

/// Frees a request and overwrites the secrets in it. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_free(request: *mut hwm_request) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(request) };
}

/// Sets a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_text(
    request: *mut hwm_request,
    path: *const c_char,
    value: *const c_char,
) -> hwm_result {
    let value = text!(value);
    put(input!(request), text!(path), || Ok(value.get("value")?.into()))
}

/// Sets a text from a buffer, for secrets and for texts without a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_secret(
    request: *mut hwm_request,
    path: *const c_char,
    value: *const c_char,
    value_length: usize,
) -> hwm_result {
    let value = buffer!(value, value_length);
    put(input!(request), text!(path), || Ok(value.text("value")?.into()))
}

/// Sets a whole number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_integer(
    request: *mut hwm_request,
    path: *const c_char,
    value: i64,
) -> hwm_result {
    put(input!(request), text!(path), || Ok(value.into()))
}

/// Sets a number that need not be whole. JSON has none for infinity and not-a-number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_number(
    request: *mut hwm_request,
    path: *const c_char,
    value: f64,
) -> hwm_result {
    put(input!(request), text!(path), || {
        let number = serde_json::Number::from_f64(value);
        number
            .map(Value::Number)
            .ok_or_else(|| Failure::argument(format!("`value` is {value}, which JSON does not have")))
    })
}

/// Sets true or false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_flag(
    request: *mut hwm_request,
    path: *const c_char,
    value: bool,
) -> hwm_result {
    put(input!(request), text!(path), || Ok(value.into()))
}

/// Sets whatever a JSON text says; the path "" sets the whole body.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_json(
    request: *mut hwm_request,
    path: *const c_char,
    json: *const c_char,
    json_length: usize,
) -> hwm_result {
    let json = buffer!(json, json_length);
    put(input!(request), text!(path), || {
        serde_json::from_str(json.text("json")?).map_err(|error| {
            // The place only: the words of the decoder may repeat a secret.
            let (line, column) = (error.line(), error.column());
            Failure::argument(format!("`json` is no JSON, at line {line} column {column}"))
        })
    })
}

/// Sets a parameter of path, query or header for `hwm_call`, or a filter of a list.
///
/// @param value NULL removes the parameter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_parameter(
    request: *mut hwm_request,
    name: *const c_char,
    value: *const c_char,
) -> hwm_result {
    let (name, value) = (text!(name), text!(value));
    change(input!(request), |draft| {
        let name = name.get("name")?;
        let value = value.optional("value")?;
        draft.parameters.retain(|(known, _)| known != name);
        draft.parameters.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        Ok(())
    })
}

/// Sets where the objects of a task or task group come from: /src_node.
///
/// @param cloud The provider's word, such as "AWS", "Aliyun" or "HuaweiCloud".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_source(
    request: *mut hwm_request,
    cloud: *const c_char,
    region: *const c_char,
    bucket: *const c_char,
    access_key: *const c_char,
    access_key_length: usize,
    secret_key: *const c_char,
    secret_key_length: usize,
) -> hwm_result {
    let cloud = text!(cloud);
    let node = Node {
        region: text!(region),
        bucket: text!(bucket),
        access_key: buffer!(access_key, access_key_length),
        secret_key: buffer!(secret_key, secret_key_length),
    };
    change(input!(request), |draft| {
        let cloud = cloud.get("cloud")?;
        node.put(draft, "/src_node")?;
        draft.put("/src_node/cloud_type", cloud.into())
    })
}

/// Sets where the objects of a task or task group go: /dst_node, a bucket in the client's region.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_set_destination(
    request: *mut hwm_request,
    region: *const c_char,
    bucket: *const c_char,
    access_key: *const c_char,
    access_key_length: usize,
    secret_key: *const c_char,
    secret_key_length: usize,
) -> hwm_result {
    let node = Node {
        region: text!(region),
        bucket: text!(bucket),
        access_key: buffer!(access_key, access_key_length),
        secret_key: buffer!(secret_key, secret_key_length),
    };
    change(input!(request), |draft| node.put(draft, "/dst_node"))
}

/// One side of a migration.
struct Node<'a> {
    region: Text<'a>,
    bucket: Text<'a>,
    access_key: Buffer<'a>,
    secret_key: Buffer<'a>,
}

impl Node<'_> {
    fn put(&self, draft: &mut Draft, node: &str) -> Result<(), Failure> {
        let fields = [
            ("region", self.region.get("region")?),
            ("bucket", self.bucket.get("bucket")?),
            ("ak", self.access_key.text("access_key")?),
            ("sk", self.secret_key.text("secret_key")?),
        ];
        for (name, value) in fields {
            draft.put(&format!("{node}/{name}"), value.into())?;
        }
        Ok(())
    }
}

/// Adds a limit on speed to /bandwidth_policy: at most five, without overlap.
///
/// @param start The first minute of the day, as "hh:mm".
/// @param end The last minute, as "hh:mm"; not before the first.
/// @param bytes_per_second 1048576 (1 MiB/s) to 209715200 (200 MiB/s).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_request_add_bandwidth(
    request: *mut hwm_request,
    start: *const c_char,
    end: *const c_char,
    bytes_per_second: i64,
) -> hwm_result {
    let (start, end) = (text!(start), text!(end));
    put(input!(request), text!(c"/bandwidth_policy/-".as_ptr()), || {
        Ok(json!({ "start": start.get("start")?, "end": end.get("end")?, "max_bandwidth": bytes_per_second }))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn paths_make_what_is_missing_on_the_way() {
        let mut draft = Draft::default();
        draft.put("/src_node/bucket", "photos".into()).unwrap();
        draft.put("/src_node/object_key/-", "a".into()).unwrap();
        draft.put("/src_node/object_key/-", "b".into()).unwrap();
        draft.put("/src_node/object_key/0", "c".into()).unwrap();
        draft.put("/a~1b/~0", true.into()).unwrap();
        let wanted = json!({
            "src_node": {"bucket": "photos", "object_key": ["c", "b"]}, "a/b": {"~": true}
        });
        assert_eq!(draft.body.unwrap(), wanted);
    }

    #[test]
    fn paths_that_lead_nowhere_are_refused() {
        let mut draft = Draft::default();
        draft.put("/list/-", 1.into()).unwrap();
        let deep = "/a".repeat(DEEPEST + 1);
        for path in [&deep, "no_slash", "/list/7", "/list/name", "/list/0/deeper"] {
            let failure = draft.put(path, Value::Null).unwrap_err();
            assert_eq!(failure.result(), hwm_result::HWM_ARGUMENT, "{path}");
        }
    }
}
