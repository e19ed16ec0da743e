//! Text that must not be seen.

use hwmigrate::Secret;
use hwmigrate::api::REDACTED;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// A password, token or key. Shows a fixed word wherever it is printed.
///
/// Comparing two secrets works, copying does; pickling one is refused, since
/// the pickle would hold its text.
#[pyclass(frozen, name = "Secret", module = "hwmigrate")]
pub(crate) struct PySecret(pub(crate) Secret);

#[pymethods]
impl PySecret {
    #[new]
    fn new(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        crate::json::text(text, "`text`").map(|text| Self(Secret::from(text)))
    }

    /// The text itself. Every call of this is worth a second look.
    fn expose(&self) -> &str {
        self.0.expose()
    }

    fn __repr__(&self) -> &'static str {
        REDACTED
    }

    fn __str__(&self) -> &'static str {
        REDACTED
    }

    fn __bool__(&self) -> bool {
        !self.0.is_empty()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __copy__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __deepcopy__(this: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        this
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a Secret is not pickled, because the pickle would hold its text; pass a reference such as \
             `env:NAME` or `file:PATH` instead, and resolve it on the other side",
        ))
    }
}
