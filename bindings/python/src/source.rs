//! Answers that stay in Rust until somebody looks into them.
//!
//! A page of 100 tasks is decoded once, by the core, and handed over as one
//! object. A task becomes a dict of Python values when an attribute of it is
//! first read, and the others never do if nobody asks.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hwmigrate::Response;
use hwmigrate::oms::Record;
use hwmigrate::progress::Progress;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::secret::PySecret;
use crate::slot::Output;
use crate::value::to_python;

/// Records of any type that serde can write.
trait Records: Send + Sync {
    fn length(&self) -> usize;
    fn python<'py>(&self, py: Python<'py>, index: usize) -> Option<PyResult<Bound<'py, PyAny>>>;
    /// The answer that a record came in, and its place there, where it came with others of its list.
    fn answer(&self, _index: usize) -> Option<(&Bytes, usize)> {
        None
    }
    /// The look at a job that this is, or ended with.
    fn look(&self) -> Option<&Progress> {
        None
    }
}

/// The records of one answer.
struct Many<T>(Vec<T>);

impl<T: Serialize + Send + Sync> Records for Many<T> {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn python<'py>(&self, py: Python<'py>, index: usize) -> Option<PyResult<Bound<'py, PyAny>>> {
        self.0.get(index).map(|record| to_python(py, record))
    }
}

impl<T: Serialize + Send + Sync> Records for Vec<Record<T>> {
    fn length(&self) -> usize {
        self.len()
    }

    fn python<'py>(&self, py: Python<'py>, index: usize) -> Option<PyResult<Bound<'py, PyAny>>> {
        self.get(index).map(|record| to_python(py, &record.value))
    }

    fn answer(&self, index: usize) -> Option<(&Bytes, usize)> {
        self.get(index).map(|record| (record.raw(), record.index))
    }
}

/// One record, without the detour of a list.
struct One<T>(T);

impl<T: Serialize + Send + Sync> Records for One<T> {
    fn length(&self) -> usize {
        1
    }

    fn python<'py>(&self, py: Python<'py>, index: usize) -> Option<PyResult<Bound<'py, PyAny>>> {
        (index == 0).then(|| to_python(py, &self.0))
    }
}

/// What is told of a look at a job, with the look itself.
struct Told {
    facts: Value,
    look: Progress,
}

impl Records for Told {
    fn length(&self) -> usize {
        1
    }

    fn python<'py>(&self, py: Python<'py>, index: usize) -> Option<PyResult<Bound<'py, PyAny>>> {
        (index == 0).then(|| to_python(py, &self.facts))
    }

    fn look(&self) -> Option<&Progress> {
        Some(&self.look)
    }
}

/// The records of one answer.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Source {
    records: Box<dyn Records>,
    /// The HTTP status, when the answer came alone.
    #[pyo3(get)]
    status: Option<u16>,
    /// The id to quote to the service's support.
    #[pyo3(get)]
    request_id: Option<String>,
    /// How many records match in all, by the service.
    #[pyo3(get)]
    count: Option<u64>,
    /// Whether the records are as the service wrote them, so that what no document knows is among their values.
    #[pyo3(get)]
    raw: bool,
    /// Whether the records are the items of a list.
    list: bool,
    /// The member of the answer that holds the record or the list, unless the answer is that itself.
    member: Option<&'static str>,
    /// The answer as it came; empty where the records have theirs.
    body: Bytes,
    /// The records of each answer as the service sent them, without nulls as the decoder leaves them out,
    /// by where the answer lies. Read when the first of them is asked for what the documents do not know,
    /// so that a page is read once and not by each.
    sent: Mutex<HashMap<usize, Vec<Value>>>,
}

/// One step into a record: to a member, or to an item of a list.
#[derive(FromPyObject)]
enum Inward {
    Item(usize),
    Member(String),
}

impl Inward {
    fn of<'v>(&self, from: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Member(name) => from.get(name),
            // The decoder leaves nulls out of lists.
            Self::Item(index) => from.as_array()?.iter().filter(|item| !item.is_null()).nth(*index),
        }
    }
}

#[pymethods]
impl Source {
    fn __len__(&self) -> usize {
        self.records.length()
    }

    /// The values of one record, by their names on the wire.
    fn values<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        self.records.python(py, index).ok_or_else(|| PyIndexError::new_err(index))?
    }

    /// What one record has beyond the `known` names, or an object within it has: `path` leads there.
    fn extra<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        path: Vec<Inward>,
        known: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let known: HashSet<String> =
            known.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?;
        let members = self.members(index, &path, |name| !known.contains(name));
        to_python(py, &members)
    }

    /// The whole answer: a list, the one record, or none.
    fn whole<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if !self.list {
            return self.records.python(py, 0).unwrap_or_else(|| Ok(py.None().into_bound(py)));
        }
        let items = (0..self.records.length()).filter_map(|index| self.records.python(py, index));
        Ok(PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any())
    }
}

impl Source {
    fn new(records: impl Records + 'static) -> Self {
        Self {
            records: Box::new(records),
            status: None,
            request_id: None,
            count: None,
            raw: false,
            list: false,
            member: None,
            body: Bytes::new(),
            sent: Mutex::default(),
        }
    }

    fn of<T>(answer: Response<T>, records: impl FnOnce(T) -> Self) -> Self {
        let body = answer.raw().clone();
        let Response { value, status, request_id, .. } = answer;
        Self { status: Some(status), request_id, body, ..records(value) }
    }

    /// One record, which is the answer.
    pub(crate) fn one<T: Serialize + Send + Sync + 'static>(answer: Response<T>) -> Output {
        Self::of(answer, |record| Self::new(One(record))).output()
    }

    /// One record, which is a member of the answer.
    pub(crate) fn within<T: Serialize + Send + Sync + 'static>(
        member: &'static str,
        answer: Response<T>,
    ) -> Output {
        Self::of(answer, |record| Self { member: Some(member), ..Self::new(One(record)) }).output()
    }

    /// The records of an answer that is a list.
    pub(crate) fn many<T: Serialize + Send + Sync + 'static>(answer: Response<Vec<T>>) -> Output {
        Self::of(answer, |records| Self { list: true, ..Self::new(Many(records)) }).output()
    }

    /// The records of the list that a member of an answer is.
    pub(crate) fn listed<T: Serialize + Send + Sync + 'static>(
        member: &'static str,
        answer: Response<Vec<T>>,
        count: Option<u64>,
    ) -> Output {
        let member = Some(member);
        Self::of(answer, |records| Self { list: true, member, count, ..Self::new(Many(records)) }).output()
    }

    /// The records of an answer as the service wrote them.
    pub(crate) fn raw(body: Option<Value>, status: u16, request_id: Option<String>) -> Output {
        let list = matches!(body, Some(Value::Array(_)));
        let records = match body {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
        };
        Self { status: Some(status), request_id, list, raw: true, ..Self::new(Many(records)) }.output()
    }

    /// Records that came over several answers, each a list in the same member.
    pub(crate) fn gathered<T: Serialize + Send + Sync + 'static>(
        member: &'static str,
        records: Vec<Record<T>>,
    ) -> Output {
        Self { list: true, member: Some(member), ..Self::new(records) }.output()
    }

    /// What is told of a look.
    pub(crate) fn told(facts: Value, look: Progress) -> Self {
        Self::new(Told { facts, look })
    }

    /// The look that was told of.
    pub(crate) fn look(&self) -> Option<&Progress> {
        self.records.look()
    }

    pub(crate) fn output(self) -> Output {
        Box::new(|py| Ok(Py::new(py, self)?.into_any()))
    }

    /// The chosen members of a record as the service sent it, or of an object within it.
    fn members(&self, index: usize, path: &[Inward], chosen: impl Fn(&str) -> bool) -> Map<String, Value> {
        let (body, place) = self.records.answer(index).unwrap_or((&self.body, index));
        let place = if self.list { place } else { 0 };
        // Held without a call to Python, which may switch to a thread that waits for it.
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let records =
            sent.entry(body.as_ptr() as usize).or_insert_with(|| self.sent(body).unwrap_or_default());
        let found =
            records.get(place).and_then(|record| path.iter().try_fold(record, |at, step| step.of(at)));
        let members = found.and_then(Value::as_object).into_iter().flatten();
        let chosen = members.filter(|(name, _)| chosen(name));
        chosen.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn sent(&self, body: &[u8]) -> Option<Vec<Value>> {
        let mut answer: Value = serde_json::from_slice(body).ok()?;
        let found = match self.member {
            None => answer,
            Some(member) => answer.get_mut(member)?.take(),
        };
        Some(match found {
            Value::Array(items) if self.list => items.into_iter().filter(|item| !item.is_null()).collect(),
            one => vec![one],
        })
    }
}

/// The output of a call that gives nothing.
pub(crate) fn nothing<T>(_: T) -> Output {
    Box::new(|py| Ok(py.None()))
}

/// The output of a call that gives a secret, if there is one.
pub(crate) fn secret(found: Option<hwmigrate::Secret>) -> Output {
    Box::new(|py| match found {
        Some(secret) => Ok(Py::new(py, PySecret(secret))?.into_any()),
        None => Ok(py.None()),
    })
}

/// The output of a call that gives a file.
pub(crate) fn bytes(file: Vec<u8>) -> Output {
    Box::new(move |py| Ok(PyBytes::new(py, &file).into_any().unbind()))
}

/// The output of a call that gives something simple.
pub(crate) fn plain<T: Serialize + Send + 'static>(value: T) -> Output {
    Box::new(move |py| to_python(py, &value).map(Bound::unbind))
}
