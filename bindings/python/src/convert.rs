//! Small arguments: durations, moments, policies.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
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
    // Its own class only: those below it carry more than a text.
    if error.get_type(py).is(py.get_type::<PyValueError>()) {
        return PyValueError::new_err(format!("`{name}`: {}", error.value(py)));
    }
    error
}

/// Arguments of their own, which what is wrong with them is told by the name of.
macro_rules! arguments {
    ($($(#[$about:meta])* $name:ident($kind:ty) $word:literal;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(crate) $kind);

        impl<'py> FromPyObject<'_, 'py> for $name {
            type Error = PyErr;

            fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
                let py = object.py();
                object.extract().map(Self).map_err(|error: PyErr| {
                    // Of what is of no fitting type at all pyo3 tells the name itself.
                    if error.is_instance_of::<PyTypeError>(py) { error } else { named(py, $word, error) }
                })
            }
        }
    )*};
}

arguments! {
    /// The id of a task.
    TaskId(i64) "id";
    /// Where a page begins.
    Offset(u64) "offset";
    /// How long a call may take.
    Timeout(Span) "timeout";
    /// How long a job may take to stop.
    Limit(Span) "limit";
    /// How long a key is good for.
    Lifetime(Span) "lifetime";
    /// The pause of a policy that has one.
    Pause(Span) "pause";
    /// The pause that others grow from.
    FirstPause(Span) "first_pause";
    /// The longest pause between two tries.
    MaxPause(Span) "max_pause";
    /// The shortest pause between two looks.
    Shortest(Span) "shortest";
    /// The longest one.
    Longest(Span) "longest";
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

/// How a policy was written, which is how it shows itself.
#[derive(Clone)]
pub(crate) struct Shown {
    name: &'static str,
    arguments: Vec<String>,
}

impl Shown {
    fn new(name: &'static str) -> Self {
        Self { name, arguments: Vec::new() }
    }

    fn add(&mut self, argument: String) {
        self.arguments.push(argument);
    }

    fn text(&self) -> String {
        format!("hwmigrate.{}({})", self.name, self.arguments.join(", "))
    }
}

/// A length of time as Python would write it.
fn seconds(span: Duration) -> String {
    if span == Duration::MAX { "inf".to_owned() } else { span.as_secs_f64().to_string() }
}

/// When failed requests are sent again.
///
/// `max_attempts` counts the first one; pauses are a timedelta or seconds, and
/// double from `first_pause` up to `max_pause`, with jitter. Whatever the
/// policy, only requests that may safely be repeated are.
#[pyclass(frozen, from_py_object, name = "RetryPolicy", module = "hwmigrate")]
#[derive(Clone)]
pub(crate) struct PyRetryPolicy(pub(crate) RetryPolicy, pub(crate) Shown);

#[pymethods]
impl PyRetryPolicy {
    #[new]
    #[pyo3(signature = (max_attempts=None, *, first_pause=None, max_pause=None))]
    fn new(max_attempts: Option<u32>, first_pause: Option<FirstPause>, max_pause: Option<MaxPause>) -> Self {
        let mut policy = RetryPolicy::default();
        let mut shown = Shown::new("RetryPolicy");
        if let Some(attempts) = max_attempts {
            policy = policy.max_attempts(attempts);
            shown.add(format!("max_attempts={attempts}"));
        }
        if let Some(FirstPause(Span(pause))) = first_pause {
            policy = policy.first_pause(pause);
            shown.add(format!("first_pause={}", seconds(pause)));
        }
        if let Some(MaxPause(Span(pause))) = max_pause {
            policy = policy.max_pause(pause);
            shown.add(format!("max_pause={}", seconds(pause)));
        }
        Self(policy, shown)
    }

    /// The policy that sends every request once.
    #[staticmethod]
    fn never() -> Self {
        Self(RetryPolicy::never(), Shown::new("RetryPolicy.never"))
    }

    fn __repr__(&self) -> String {
        self.1.text()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // Shows every field, so that equal ones show the same.
        format!("{:?}", self.0).hash(&mut hasher);
        hasher.finish()
    }

    fn __copy__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __deepcopy__(this: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        this
    }
}

/// How often a wait looks at its job.
///
/// The pause grows from `shortest` to `longest` (a timedelta or seconds) with
/// the age of the wait, and follows the service's own estimate of the time left.
#[pyclass(frozen, from_py_object, name = "PollPolicy", module = "hwmigrate")]
#[derive(Clone)]
pub(crate) struct PyPollPolicy(pub(crate) PollPolicy, pub(crate) Shown);

#[pymethods]
impl PyPollPolicy {
    #[new]
    #[pyo3(signature = (*, shortest=None, longest=None))]
    fn new(shortest: Option<Shortest>, longest: Option<Longest>) -> Self {
        let mut policy = PollPolicy::new();
        let mut shown = Shown::new("PollPolicy");
        if let Some(Longest(Span(pause))) = longest {
            policy = policy.longest(pause);
            shown.add(format!("longest={}", seconds(pause)));
        }
        if let Some(Shortest(Span(pause))) = shortest {
            policy = policy.shortest(pause);
            shown.add(format!("shortest={}", seconds(pause)));
        }
        Self(policy, shown)
    }

    /// Always the same pause.
    #[staticmethod]
    fn every(pause: Pause) -> Self {
        let Pause(Span(pause)) = pause;
        let mut shown = Shown::new("PollPolicy.every");
        shown.add(seconds(pause));
        Self(PollPolicy::every(pause), shown)
    }

    fn __repr__(&self) -> String {
        self.1.text()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // Shows every field, so that equal ones show the same.
        format!("{:?}", self.0).hash(&mut hasher);
        hasher.finish()
    }

    fn __copy__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __deepcopy__(this: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        this
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
            "stopped" => Until::Stopped,
            "deleted" => Until::Deleted,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "until is {word:?}; use one of started, ended, stopped, deleted"
                )));
            }
        };
        Ok(Self(until))
    }
}
