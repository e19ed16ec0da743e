//! What the service refuses although the document allows it.

use serde_json::Value;

use super::model::{Server, Task};
use super::refuse;
use super::words::{Kind, Os, SourceState};
use super::world::World;
use crate::http::call::ApiError;

/// Migration projects that an account may have.
pub(crate) const MOST_PROJECTS: usize = 50;

/// While a connected source is in one of these states, it and its task cannot be deleted.
const BUSY: [SourceState; 10] = [
    SourceState::Initialize,
    SourceState::Stopping,
    SourceState::Deleting,
    SourceState::Cloning,
    SourceState::Replicate,
    SourceState::Syncing,
    SourceState::Cutovering,
    SourceState::Skipping,
    SourceState::Clearing,
    SourceState::Premiging,
];

/// While a source is in one of these states, what its agent says about state and stage is ignored.
const DEAF: [SourceState; 7] = [
    SourceState::Unavailable,
    SourceState::Stopping,
    SourceState::Stopped,
    SourceState::Deleting,
    SourceState::Finished,
    SourceState::Clearing,
    SourceState::Clearfailed,
];

/// Whether a source, or the task that it has, may be deleted.
pub(crate) fn may_delete(server: Option<&Server>) -> Result<(), ApiError> {
    match server {
        Some(server) if server.connected && BUSY.contains(&server.state) => Err(ApiError::new(
            400,
            "SMS.2015",
            format!(
                "The task cannot be deleted while its source is connected and in the state {}: stop it first.",
                server.state
            ),
        )),
        _ => Ok(()),
    }
}

/// Whether an agent may set state and stage of a source.
pub(crate) fn listens(server: &Server) -> bool {
    !DEAF.contains(&server.state)
}

/// Whether the agent of a source is there.
pub(crate) fn connected(server: &Server) -> Result<(), ApiError> {
    if server.connected {
        return Ok(());
    }
    Err(ApiError::new(400, "SMS.6603", "The source server is not connected to SMS."))
}

/// Whether a task may be created.
pub(crate) fn may_create(world: &World, server: &Server, body: &Value) -> Result<(), ApiError> {
    connected(server)?;
    if server.state == SourceState::Unavailable {
        return Err(ApiError::new(
            400,
            "SMS.6520",
            "The source server has not passed its environment check.",
        ));
    }
    if world.task_of(&server.id).is_some() {
        return Err(ApiError::new(
            400,
            "SMS.7605",
            "The source server has a task already: delete that first.",
        ));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (server.os, text("type").and_then(Kind::of)) {
        (Os::Windows, Some(Kind::File)) => {
            return Err(refuse::invalid(
                "Windows is migrated at block level only: type must be MIGRATE_BLOCK.",
            ));
        }
        (Os::Linux, Some(Kind::Block)) if server.fact("linux_block_check") == "false" => {
            return Err(ApiError::new(
                400,
                "SMS.6617",
                "The source server does not support block-level migration.",
            ));
        }
        _ => {}
    }
    if text("os_type").is_some_and(|os| os != server.os.word()) {
        return Err(refuse::invalid("os_type is not that of the source server."));
    }
    let vm_id = body.pointer("/target_server/vm_id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let template = text("vm_template_id").filter(|id| !id.is_empty());
    match (vm_id, template) {
        (None, None) => {
            return Err(refuse::invalid(
                "There is no target: name an ECS in target_server.vm_id, or a template in vm_template_id.",
            ));
        }
        (Some(id), _) if world.tasks.values().any(|task| task.vm_id() == Some(id)) => {
            return Err(ApiError::new(400, "SMS.7605", "The target server is in another task already."));
        }
        _ => {}
    }
    if body.get("exist_server") == Some(&Value::Bool(true)) && vm_id.is_none() {
        return Err(refuse::invalid("exist_server is true, but target_server.vm_id names no ECS."));
    }
    template
        .into_iter()
        .chain(text("clonevm_template_id").filter(|id| !id.is_empty()))
        .try_for_each(|id| template_exists(world, &server.domain, id))
}

/// Whether a template that a request names exists.
pub(crate) fn template_exists(world: &World, domain: &str, id: &str) -> Result<(), ApiError> {
    match world.templates.get(id) {
        Some(template) if template.domain == domain => Ok(()),
        _ => Err(refuse::invalid("The template that the request names does not exist.")),
    }
}

/// Whether a measured rate is so far above the limit that the task has to pause.
pub(crate) fn overspeed(task: &Task, speed: f64, now: i64) -> bool {
    let now = task.limits.at(now);
    now.limit > 0 && speed > f64::from(now.limit) * (1.0 + now.threshold / 100.0)
}

/// Whether the name of a migration project can be used by this account.
pub(crate) fn project_name(
    world: &World,
    domain: &str,
    own: Option<&str>,
    name: &str,
) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\u{4e00}'..='\u{9fa5}');
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(refuse::invalid(
            "name must consist of Chinese characters, letters, digits, underscores and hyphens.",
        ));
    }
    let taken = world.projects.values().any(|project| {
        project.domain == domain && Some(project.id.as_str()) != own && project.spec["name"] == name
    });
    if taken {
        return Err(refuse::invalid("A migration project of this name exists already."));
    }
    Ok(())
}

/// Whether a migration project may be deleted.
pub(crate) fn may_delete_project(world: &World, id: &str) -> Result<(), ApiError> {
    if world.projects.get(id).is_some_and(|project| project.is_default) {
        return Err(refuse::invalid(
            "The default migration project cannot be deleted: make another the default.",
        ));
    }
    if world.servers.values().any(|server| server.project == id) {
        return Err(refuse::invalid(
            "The migration project holds source servers: move or delete them first.",
        ));
    }
    Ok(())
}

/// Whether an account may have one more migration project.
pub(crate) fn may_add_project(world: &World, domain: &str) -> Result<(), ApiError> {
    let count = world.projects.values().filter(|project| project.domain == domain).count();
    if count < MOST_PROJECTS {
        return Ok(());
    }
    Err(ApiError::new(
        400,
        "SMS.8115",
        format!("The quantity of migration projects must be lower than or equal to {MOST_PROJECTS}."),
    ))
}
