//! From Python objects to requests.

use hwmigrate::{ErrorKind, Secret};
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

/// A secret, given as text or as a `Secret`.
pub(crate) struct SecretText(pub(crate) Secret);

impl<'py> FromPyObject<'_, 'py> for SecretText {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(secret) = object.cast::<PySecret>() {
            return Ok(Self(secret.get().0.clone()));
        }
        Ok(Self(Secret::from(object.extract::<String>()?)))
    }
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
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Value::String(text.extract()?));
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
            members.insert(name.extract()?, nested(&value, depth)?);
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
