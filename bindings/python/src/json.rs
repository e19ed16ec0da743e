//! From Python objects to requests.

use hwmigrate::{ErrorKind, Secret};
use pyo3::exceptions::{PyTypeError, PyUnicodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::errors;
use crate::secret::PySecret;

/// How deep a request may be nested; deeper ones contain themselves.
const DEPTH: usize = 64;

/// A request body of the documents, read from a dict.
pub(crate) struct Body<T>(pub(crate) T);

impl<'py, T: DeserializeOwned> FromPyObject<'_, 'py> for Body<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = to_json(&object)?;
        serde_json::from_value(value).map(Self).map_err(|problem| {
            let error = hwmigrate::Error::new(
                ErrorKind::Invalid,
                format!("the request is not complete: {}", unquoted(&problem)),
            );
            errors::raise(object.py(), &error)
        })
    }
}

/// What serde says, without the value that it quotes: where an object is wanted, that may be a secret.
pub(crate) fn unquoted(problem: &serde_json::Error) -> String {
    let text = problem.to_string();
    for what in ["invalid type: ", "invalid value: "] {
        let Some(rest) = text.strip_prefix(what) else { continue };
        let Some((found, expected)) = rest.rsplit_once(", expected ") else { continue };
        let kind = found.split([' ', '`']).next().unwrap_or_default();
        return format!("{what}{kind}, expected {expected}");
    }
    match text.strip_prefix("unknown variant `").and_then(|rest| rest.rsplit_once("`, expected ")) {
        Some((_, expected)) => format!("unknown variant, expected {expected}"),
        None => text,
    }
}

/// Any JSON.
pub(crate) struct Json(pub(crate) Value);

impl<'py> FromPyObject<'_, 'py> for Json {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        to_json(&object).map(Self)
    }
}

/// The secret that an argument is, given as text or as a `Secret`.
pub(crate) fn secret(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Secret> {
    match object.cast::<PySecret>() {
        Ok(secret) => Ok(secret.get().0.clone()),
        Err(_) => text(object, name).map(Secret::from),
    }
}

/// The text that an argument is. Half a surrogate pair, as `os.environ` has it for bytes that are not UTF-8,
/// is refused without Python's own exception, which holds the whole text.
pub(crate) fn text(object: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    let py = object.py();
    object.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyUnicodeError>(py) {
            return errors::invalid(py, format!("{name} holds characters that UTF-8 cannot"));
        }
        let kind = object.get_type().name().map_or_else(|_| "other".to_owned(), |kind| kind.to_string());
        PyTypeError::new_err(format!("{name} is text, and not {kind}"))
    })
}

fn to_json(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    nested(object, DEPTH)
}

fn nested(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let py = object.py();
    let Some(depth) = depth.checked_sub(1) else {
        return Err(errors::invalid(py, "the request is nested too deeply"));
    };
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(secret) = object.cast::<PySecret>() {
        return Ok(Value::String(secret.get().0.expose().to_owned()));
    }
    if let Ok(words) = object.cast::<PyString>() {
        return Ok(Value::String(text(words, "the request")?));
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if object.is_instance_of::<PyInt>() {
        let number = object.extract::<i64>().map(Number::from);
        let number = number.or_else(|_| object.extract::<u64>().map(Number::from));
        let refuse = |_| errors::invalid(py, "the request holds a number that does not fit into 64 bits");
        return number.map(Value::Number).map_err(refuse);
    }
    if object.is_instance_of::<PyFloat>() {
        let number = Number::from_f64(object.extract()?);
        return number.map(Value::Number).ok_or_else(|| errors::invalid(py, "JSON has no such number"));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        let mut members = Map::new();
        for (name, value) in dict {
            let name = text(&name, "the name of a member of the request")?;
            // Named here, where the name is known.
            let value = match value.cast::<PyString>() {
                Ok(value) => Value::String(text(value, &format!("`{name}`"))?),
                Err(_) => nested(&value, depth)?,
            };
            members.insert(name, value);
        }
        return Ok(Value::Object(members));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let items: PyResult<Vec<_>> = object.try_iter()?.map(|item| nested(&item?, depth)).collect();
        return items.map(Value::Array);
    }
    // Anything that knows its own form on the wire: models and enumerations.
    if let Ok(wire) = object.getattr(pyo3::intern!(py, "_wire")) {
        return nested(&wire.call0()?, depth);
    }
    let kind = object.get_type().name()?;
    Err(errors::invalid(py, format!("the request holds a {kind}, which JSON cannot")))
}
