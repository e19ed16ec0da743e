//! What the documented error codes mean.

use hwmigrate::ErrorKind;
use hwmigrate::catalogue::{self, Entry};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::value::to_python;

/// The entry of a code, if it is a documented one.
#[pyfunction]
pub(crate) fn find_code<'py>(py: Python<'py>, code: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    catalogue::find(code).map(|entry| to_python(py, &told(entry))).transpose()
}

/// Every entry.
#[pyfunction]
pub(crate) fn all_codes(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    to_python(py, &catalogue::all().iter().map(told).collect::<Vec<_>>())
}

fn told(entry: &Entry) -> Value {
    json!({
        "code": entry.code,
        "kind": entry.kind.map(ErrorKind::name),
        "retry": entry.retry.as_str(),
        "retryable": entry.is_retryable(),
        "meaning": {"en": entry.meaning.en, "zh": entry.meaning.zh},
        "advice": {"en": entry.advice.en, "zh": entry.advice.zh},
    })
}
