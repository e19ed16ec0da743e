//! Small arguments: durations, moments, policies.

use std::time::Duration;

use hwmigrate::RetryPolicy;
use hwmigrate::wait::{PollPolicy, Until};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use time::OffsetDateTime;

use crate::errors;

/// A struct that is read from a dict with exactly its fields. What is wrong
/// with a field is raised as it is, so that `InvalidError` stays one.
macro_rules! settings {
    (
        $(#[$about:meta])*
        $visibility:vis struct $name:ident { $($own:vis $field:ident: $kind:ty),* $(,)? }
    ) => {
        $(#[$about])*
        $visibility struct $name { $($own $field: $kind),* }

        impl<'py> ::pyo3::FromPyObject<'_, 'py> for $name {
            type Error = ::pyo3::PyErr;

            fn extract(object: ::pyo3::Borrowed<'_, 'py, ::pyo3::PyAny>) -> ::pyo3::PyResult<Self> {
                Ok(Self { $(
                    $field: object
                        .get_item(stringify!($field))?
                        .extract::<$kind>()
                        .map_err(|error| $crate::convert::named(object.py(), stringify!($field), error.into()))?
                ),* })
            }
        }
    };
}
pub(crate) use settings;

/// What is wrong with an argument, with its name; a number that does not fit is `InvalidError`.
pub(crate) fn named(py: Python<'_>, name: &str, error: PyErr) -> PyErr {
    if error.is_instance_of::<PyOverflowError>(py) {
        return errors::invalid(py, format!("`{name}` is a number out of range"));
    }
    if error.is_instance_of::<PyTypeError>(py) {
        return PyTypeError::new_err(format!("`{name}`: {}", error.value(py)));
    }
    error
}

/// Numbers that are arguments of their own.
macro_rules! numbers {
    ($($(#[$about:meta])* $name:ident($number:ty) $word:literal;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(crate) $number);

        impl<'py> FromPyObject<'_, 'py> for $name {
            type Error = PyErr;

            fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
                let py = object.py();
                object.extract().map(Self).map_err(|error: PyErr| {
                    // Of what is no number at all pyo3 tells the name itself.
                    if error.is_instance_of::<PyTypeError>(py) { error } else { named(py, $word, error) }
                })
            }
        }
    )*};
}

numbers! {
    /// The id of a task.
    TaskId(i64) "id";
    /// Where a page begins.
    Offset(u64) "offset";
}

/// A length of time: a `timedelta`, or seconds as a number.
#[derive(Clone, Copy)]
pub(crate) struct Span(pub(crate) Duration);

impl<'py> FromPyObject<'_, 'py> for Span {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let seconds = match object.getattr_opt(pyo3::intern!(py, "total_seconds"))? {
            Some(total) => total.call0()?.extract::<f64>()?,
            None => object.extract::<f64>().map_err(|_| {
                PyTypeError::new_err("a length of time is a timedelta, or a number of seconds")
            })?,
        };
        if seconds == f64::INFINITY {
            return Ok(Self(Duration::MAX));
        }
        let refuse = |_| PyValueError::new_err("a length of time cannot be negative or that long");
        Duration::try_from_secs_f64(seconds).map(Self).map_err(refuse)
    }
}

/// A moment: an aware `datetime`.
#[derive(Clone, Copy)]
pub(crate) struct Moment(pub(crate) OffsetDateTime);

impl<'py> FromPyObject<'_, 'py> for Moment {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let zone = object
            .getattr_opt(pyo3::intern!(py, "tzinfo"))?
            .ok_or_else(|| PyTypeError::new_err("a moment is a datetime with a time zone"))?;
        if zone.is_none() {
            return Err(PyValueError::new_err(
                "the datetime has no time zone; use datetime.now(timezone.utc) or .astimezone()",
            ));
        }
        let seconds: f64 = object.call_method0(pyo3::intern!(py, "timestamp"))?.extract()?;
        // Microseconds are all that a datetime has.
        let micros = (seconds * 1e6).round() as i128;
        OffsetDateTime::from_unix_timestamp_nanos(micros * 1_000)
            .map(Self)
            .map_err(|_| PyValueError::new_err("the datetime is out of range"))
    }
}

impl Moment {
    /// Milliseconds since 1970, as the models read moments.
    pub(crate) fn millis(time: OffsetDateTime) -> i64 {
        i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }
}

/// When failed requests are sent again.
///
/// `max_attempts` counts the first one; pauses are a timedelta or seconds, and
/// double from `first_pause` up to `max_pause`, with jitter. Whatever the
/// policy, only requests that may safely be repeated are.
#[pyclass(frozen, from_py_object, name = "RetryPolicy", module = "hwmigrate")]
#[derive(Clone, Copy)]
pub(crate) struct PyRetryPolicy(pub(crate) RetryPolicy);

#[pymethods]
impl PyRetryPolicy {
    #[new]
    #[pyo3(signature = (max_attempts=None, *, first_pause=None, max_pause=None))]
    fn new(max_attempts: Option<u32>, first_pause: Option<Span>, max_pause: Option<Span>) -> Self {
        let mut policy = RetryPolicy::default();
        if let Some(attempts) = max_attempts {
            policy = policy.max_attempts(attempts);
        }
        if let Some(Span(pause)) = first_pause {
            policy = policy.first_pause(pause);
        }
        if let Some(Span(pause)) = max_pause {
            policy = policy.max_pause(pause);
        }
        Self(policy)
    }

    /// The policy that sends every request once.
    #[staticmethod]
    fn never() -> Self {
        Self(RetryPolicy::never())
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// How often a wait looks at its job.
///
/// The pause grows from `shortest` to `longest` (a timedelta or seconds) with
/// the age of the wait, and follows the service's own estimate of the time left.
#[pyclass(frozen, from_py_object, name = "PollPolicy", module = "hwmigrate")]
#[derive(Clone)]
pub(crate) struct PyPollPolicy(pub(crate) PollPolicy);

#[pymethods]
impl PyPollPolicy {
    #[new]
    #[pyo3(signature = (*, shortest=None, longest=None))]
    fn new(shortest: Option<Span>, longest: Option<Span>) -> Self {
        let mut policy = PollPolicy::new();
        if let Some(Span(pause)) = longest {
            policy = policy.longest(pause);
        }
        if let Some(Span(pause)) = shortest {
            policy = policy.shortest(pause);
        }
        Self(policy)
    }

    /// Always the same pause.
    #[staticmethod]
    fn every(pause: Span) -> Self {
        Self(PollPolicy::every(pause.0))
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// What a wait is for, by its word.
#[derive(Clone, Copy)]
pub(crate) struct Goal(pub(crate) Until);

impl<'py> FromPyObject<'_, 'py> for Goal {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let word: String = object.extract()?;
        let until = match word.as_str() {
            "started" => Until::Started,
            "ended" => Until::Ended,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "until is {word:?}; use \"started\" or \"ended\""
                )));
            }
        };
        Ok(Self(until))
    }
}
