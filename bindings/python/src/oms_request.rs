//! Requests of OMS from keyword arguments, by the core's own builders.

use hwmigrate::oms::types::{CreateTaskGroupReq, CreateTaskReq, DstNodeReq, SrcNodeReq, StartTaskReq};
use hwmigrate::oms::{self, BandwidthPlan, GroupRequest, TaskRequest, UnixSeconds};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use crate::convert::{Moment, settings};
use crate::errors;
use crate::json::{Body, Json, unquoted};
use crate::oms::parsed;
use crate::value::to_python;

/// Limits on speed by time of day: one for the whole day, or a dict of windows.
pub(crate) struct Plan(pub(crate) BandwidthPlan);

impl<'py> FromPyObject<'_, 'py> for Plan {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if object.is_none() {
            return Ok(Self(BandwidthPlan::new()));
        }
        if let Ok(limit) = object.extract::<String>() {
            return Ok(Self(BandwidthPlan::all_day(parsed(py, &limit)?)));
        }
        let mut plan = BandwidthPlan::new();
        for pair in object.call_method0("items")?.try_iter()? {
            let (window, limit): (String, String) = pair?.extract()?;
            plan = plan
                .limit(parsed(py, &window)?, parsed(py, &limit)?)
                .map_err(|error| errors::raise(py, &error))?;
        }
        Ok(Self(plan))
    }
}

settings! {
    /// What narrows a migration and says how it is done.
    struct Choices {
        source: Json,
        destination: Json,
        prefixes: Option<Vec<String>>,
        objects: Option<Vec<String>>,
        list_file: Option<(String, String)>,
        url_list: Option<(String, String)>,
        since: Option<Moment>,
        bandwidth: Option<Plan>,
        further: Json,
    }
}

/// The setters that tasks and groups share.
macro_rules! narrowed {
    ($py:expr, $request:expr, $choices:expr) => {{
        let mut request = $request;
        for prefix in $choices.prefixes.unwrap_or_default() {
            request = request.prefix(prefix);
        }
        if let Some((bucket, key)) = $choices.list_file {
            request = request.list_file(bucket, key);
        }
        if let Some((bucket, key)) = $choices.url_list {
            request = request.url_list(bucket, key);
        }
        if let Some(Moment(since)) = $choices.since {
            let since = UnixSeconds::try_from(since).map_err(|error| errors::raise($py, &error))?;
            request = request.since(since);
        }
        if let Some(Plan(plan)) = &$choices.bandwidth {
            request = request.bandwidth(plan);
        }
        request
    }};
}

/// The request of a task, on the wire.
#[pyfunction]
pub(crate) fn task_request<'py>(
    py: Python<'py>,
    choices: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let choices: Choices = choices.extract()?;
    let Body(request): Body<CreateTaskReq> = whole_bucket(py, &choices, "object")?;
    let mut request = TaskRequest::from(request);
    if let Some(keys) = choices.objects {
        request = request.objects(keys);
    }
    to_python(py, &narrowed!(py, request, choices).into_inner())
}

/// The request of a task group, on the wire.
#[pyfunction]
pub(crate) fn group_request<'py>(
    py: Python<'py>,
    choices: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let choices: Choices = choices.extract()?;
    if choices.objects.is_some() {
        return Err(errors::invalid(py, "objects: task groups take prefixes, a list file or a URL list"));
    }
    let Body(request): Body<CreateTaskGroupReq> = whole_bucket(py, &choices, "prefix")?;
    to_python(py, &narrowed!(py, GroupRequest::from(request), choices).into_inner())
}

/// The request of a sync task, on the wire.
#[pyfunction]
pub(crate) fn sync_request<'py>(
    py: Python<'py>,
    source: Body<SrcNodeReq>,
    destination: Body<DstNodeReq>,
) -> PyResult<Bound<'py, PyAny>> {
    let request = source.0.try_into().and_then(|source| oms::sync_request(source, destination.0.into()));
    to_python(py, &request.map_err(|error| errors::raise(py, &error))?)
}

/// The keys of both sides, and the requests that start a job again with them, on the wire.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct NodeKeys(oms::NodeKeys);

#[pymethods]
impl NodeKeys {
    #[new]
    fn new(keys: Body<StartTaskReq>) -> Self {
        Self(keys.0.into())
    }

    #[staticmethod]
    fn of_task(request: Body<CreateTaskReq>) -> Self {
        Self((&request.0).into())
    }

    #[staticmethod]
    fn of_group(request: Body<CreateTaskGroupReq>) -> Self {
        Self((&request.0).into())
    }

    fn start_task<'py>(&self, py: Python<'py>, failed_only: bool) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.start_task(failed_only))
    }

    fn start_group<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.start_group())
    }

    fn retry_group<'py>(&self, py: Python<'py>, failed_only: bool) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.retry_group(failed_only))
    }

    fn start_sync_task<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.start_sync_task())
    }
}

/// A request for the whole bucket, with the further fields as they were given.
fn whole_bucket<T: serde::de::DeserializeOwned>(
    py: Python<'_>,
    choices: &Choices,
    kind: &str,
) -> PyResult<Body<T>> {
    let mut body = choices.further.0.clone();
    let mut source = choices.source.0.clone();
    if let Some(members) = source.as_object_mut() {
        members.entry("object_key").or_insert_with(|| json!([""]));
    }
    if let Value::Object(members) = &mut body {
        members.insert("src_node".to_owned(), source);
        members.insert("dst_node".to_owned(), choices.destination.0.clone());
        members.entry("task_type").or_insert_with(|| json!(kind));
    }
    serde_json::from_value(body).map(Body).map_err(|problem| errors::invalid(py, unquoted(&problem)))
}
