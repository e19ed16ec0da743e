//! Answers that stay in Rust until somebody looks into them.
//!
//! A page of 100 tasks is decoded once, by the core, and handed over as one
//! object. A task becomes a dict of Python values when an attribute of it is
//! first read, and the others never do if nobody asks.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hwmigrate::Response;
use hwmigrate::oms::Record;
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

/// The records of one answer.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Source {
    records: Arc<dyn Records>,
    /// The HTTP status, when the answer came alone.
    #[pyo3(get)]
    status: Option<u16>,
    /// The id to quote to the service's support.
    #[pyo3(get)]
    request_id: Option<String>,
    /// How many records match in all, by the service.
    #[pyo3(get)]
    count: Option<u64>,
    /// Whether the answer was an array.
    list: bool,
    /// The answer as it came; empty where the records have theirs.
    body: Bytes,
    /// What the records of an answer have beyond the known names, by where the answer lies. Found
    /// when it is first asked for, and then for all, so that a page is read once and not by each record.
    further: Mutex<HashMap<usize, Vec<Members>>>,
}

type Members = Map<String, Value>;

#[pymethods]
impl Source {
    fn __len__(&self) -> usize {
        self.records.length()
    }

    /// The values of one record, by their names on the wire.
    fn values<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        self.records.python(py, index).ok_or_else(|| PyIndexError::new_err(index))?
    }

    /// What one record has beyond `known` names, as the service sent it. They are those of one
    /// class, since all records of an answer are of one.
    fn extra<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        known: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (body, place) = self.records.answer(index).unwrap_or((&self.body, index));
        let place = if self.list { place } else { 0 };
        let further = match self.further(body, place) {
            Some(further) => further,
            None => {
                let known: HashSet<String> =
                    known.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?;
                let mut records = raw_records(body, self.list).unwrap_or_default();
                for members in &mut records {
                    members.retain(|name, _| !known.contains(name));
                }
                self.lock().insert(body.as_ptr() as usize, records);
                self.further(body, place).unwrap_or_default()
            }
        };
        to_python(py, &further)
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

/// An answer that is one record, or the records of the list that an answer holds.
fn raw_records(body: &[u8], list: bool) -> Option<Vec<Members>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    if !list {
        let Value::Object(members) = answer else { return None };
        return Some(vec![members]);
    }
    let records = match answer {
        Value::Array(records) => records,
        Value::Object(members) => members.into_iter().find_map(|(_, member)| match member {
            Value::Array(items) if items.iter().any(Value::is_object) => Some(items),
            _ => None,
        })?,
        _ => return None,
    };
    let members = |record| match record {
        Value::Object(members) => members,
        _ => Members::new(),
    };
    Some(records.into_iter().map(members).collect())
}

impl Source {
    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Vec<Members>>> {
        self.further.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a record of an answer has further, if that was looked for.
    fn further(&self, body: &Bytes, place: usize) -> Option<Members> {
        let answers = self.lock();
        answers.get(&(body.as_ptr() as usize)).map(|records| records.get(place).cloned().unwrap_or_default())
    }

    fn output(self) -> Output {
        Box::new(|py| Ok(Py::new(py, self)?.into_any()))
    }

    /// One record.
    pub(crate) fn one<T: Serialize + Send + Sync + 'static>(answer: Response<T>) -> Output {
        let body = answer.raw().clone();
        let Response { value, status, request_id, .. } = answer;
        let records = Arc::new(One(value));
        Self {
            records,
            status: Some(status),
            request_id,
            count: None,
            list: false,
            body,
            further: Mutex::default(),
        }
        .output()
    }

    /// The records of an answer that is a list.
    pub(crate) fn many<T: Serialize + Send + Sync + 'static>(answer: Response<Vec<T>>) -> Output {
        Self::counted(answer, None)
    }

    /// The records of a page.
    pub(crate) fn counted<T: Serialize + Send + Sync + 'static>(
        answer: Response<Vec<T>>,
        count: Option<u64>,
    ) -> Output {
        let body = answer.raw().clone();
        let Response { value, status, request_id, .. } = answer;
        let records = Arc::new(Many(value));
        Self { records, status: Some(status), request_id, count, list: true, body, further: Mutex::default() }
            .output()
    }

    /// The records of an answer as the service wrote them.
    pub(crate) fn raw(body: Option<Value>, status: u16, request_id: Option<String>) -> Output {
        let list = matches!(body, Some(Value::Array(_)));
        let records = match body {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
        };
        let (records, body) = (Arc::new(Many(records)), Bytes::new());
        Self { records, status: Some(status), request_id, count: None, list, body, further: Mutex::default() }
            .output()
    }

    /// Records that came over several answers.
    pub(crate) fn gathered<T: Serialize + Send + Sync + 'static>(records: Vec<Record<T>>) -> Output {
        let (records, body) = (Arc::new(records), Bytes::new());
        Self {
            records,
            status: None,
            request_id: None,
            count: None,
            list: true,
            body,
            further: Mutex::default(),
        }
        .output()
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
