//! The request of a server task from keyword arguments, by the core's own builder.

use hwmigrate::sms::types::{InitTargetServer, MigrationType, ShowServerResponse, TaskState};
use hwmigrate::sms::{self, Action, Ruling, Target, TaskRequest};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde_json::json;

use crate::convert::settings;
use crate::errors;
use crate::json::Body;
use crate::value::to_python;

settings! {
    /// What is migrated, and onto what.
    struct Choices {
        name: String,
        kind: String,
        server: Source,
        target_name: String,
        vm_id: Option<String>,
        template_id: Option<String>,
        region: String,
        region_name: Option<String>,
        project_id: String,
        project_name: Option<String>,
        layout: Option<Body<InitTargetServer>>,
        volumes: Option<Vec<String>>,
    }
}

/// A source server: its id, or what the service said about it.
enum Source {
    Id(String),
    Read(Box<ShowServerResponse>),
}

impl<'py> FromPyObject<'_, 'py> for Source {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return Ok(Self::Id(object.extract()?));
        }
        Ok(Self::Read(Box::new(object.extract::<Body<ShowServerResponse>>()?.0)))
    }
}

/// The request of a server task, on the wire.
#[pyfunction]
pub(crate) fn server_task_request<'py>(
    py: Python<'py>,
    choices: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let choices: Choices = choices.extract()?;
    let (name, region, project) = (choices.target_name, choices.region, choices.project_id);
    let mut target = match (choices.vm_id, choices.template_id) {
        (Some(id), None) => Target::existing(id, name, region, project),
        (None, Some(id)) => Target::from_template(id, name, region, project),
        _ => {
            return Err(errors::invalid(
                py,
                "the target is an ECS that exists, by vm_id, or one made by template_id: give one of them",
            ));
        }
    };
    if let Some(name) = choices.region_name {
        target = target.region_name(name);
    }
    if let Some(name) = choices.project_name {
        target = target.project_name(name);
    }
    let raise = |error| errors::raise(py, &error);
    let advised = match (&choices.layout, &choices.server) {
        (Some(Body(layout)), _) => Some(layout),
        // Volumes stand for the disks of a layout, which the builder otherwise sets by itself.
        (None, Source::Read(server)) if choices.volumes.is_some() => server.init_target_server.as_ref(),
        (None, _) => None,
    };
    if let Some(advised) = advised {
        target = target.layout(advised);
    }
    if let Some(ids) = choices.volumes {
        target = target.volumes(ids).map_err(raise)?;
    }
    let kind = MigrationType::from(choices.kind.as_str());
    let request = match choices.server {
        Source::Id(id) => TaskRequest::new(choices.name, kind, id, target),
        Source::Read(server) => {
            TaskRequest::for_server(choices.name, kind, &server, target).map_err(raise)?
        }
    };
    to_python(py, &request.into_inner())
}

/// Whether a task in this state can take the action, by the core's table.
#[pyfunction]
pub(crate) fn ruling<'py>(py: Python<'py>, state: &str, action: &str) -> PyResult<Bound<'py, PyAny>> {
    let ruling = sms::ruling(&TaskState::from(state), &Action::from(action));
    let (reason, advice) = match ruling {
        Ruling::Refused { reason, advice } => (Some(reason), Some(advice)),
        _ => (None, None),
    };
    to_python(py, &json!({"allowed": ruling.is_allowed(), "reason": reason, "advice": advice}))
}
