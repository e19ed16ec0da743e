//! `oms task`.

use std::time::Duration;

use hwmigrate::oms::types;
use serde_json::json;

use super::job::{self, Kind};
use crate::args::Global;
use crate::args::oms::{BatchUpdate, TaskCommand, TaskCreate, TaskStart};
use crate::body::{Body, operation};
use crate::commands::shared::{accepted, list, ready, skeleton, to_json};
use crate::commands::wait;
use crate::connect::{connect, connect_to_wait, done_in_time, in_time};
use crate::failure::{Failure, Result};
use crate::output::{Column, Output, Show, column};
use crate::report;

const COLUMNS: [Column; 8] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("status", "/status", Show::TaskState),
    column("progress", "/progress", Show::Share),
    column("objects", "/total_num", Show::Number),
    column("failed", "/failed_num", Show::Number),
    column("size", "/total_size", Show::Bytes),
    column("speed", "/migrate_speed", Show::Rate),
];

const LINES: [Column; 24] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("description", "/description", Show::Text),
    column("status", "/status", Show::TaskState),
    column("reason", "/error_reason/error_code", Show::Text),
    column("message", "/error_reason/error_msg", Show::Text),
    column("kind", "/task_type", Show::Text),
    column("group", "/group_id", Show::Text),
    column("source", "/src_node/cloud_type", Show::Text),
    column("source region", "/src_node/region", Show::Text),
    column("source bucket", "/src_node/bucket", Show::Text),
    column("destination region", "/dst_node/region", Show::Text),
    column("destination bucket", "/dst_node/bucket", Show::Text),
    column("destination prefix", "/dst_node/save_prefix", Show::Text),
    column("progress", "/progress", Show::Share),
    column("objects", "/total_num", Show::Number),
    column("done", "/successful_num", Show::Number),
    column("failed", "/failed_num", Show::Number),
    column("skipped", "/skipped_num", Show::Number),
    column("size", "/total_size", Show::Bytes),
    column("done size", "/complete_size", Show::Bytes),
    column("speed", "/migrate_speed", Show::Rate),
    column("started", "/start_time", Show::Moment),
    column("failed list", "/failed_object_record/list_file_key", Show::Text),
];

/// How long a delete may wait for a stopping task if no limit is given.
const STOP_LIMIT: Duration = Duration::from_secs(300);

/// Runs one of the commands below `oms task`.
pub(crate) async fn run(command: TaskCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        TaskCommand::List(filter) => {
            let client = connect(global)?;
            let mut request = client.oms().tasks().list();
            if let Some(status) = filter.status {
                request = request.status(types::TaskStatus::from(status.code()));
            }
            if let Some(group) = filter.group_id {
                request = request.group_id(group);
            }
            if let Some(name) = filter.name {
                request = request.task_name(name);
            }
            list(request.stream(), &COLUMNS, filter.limit, global, output).await
        }
        TaskCommand::Show { id } => {
            let client = connect(global)?;
            let task = in_time(global, client.oms().tasks().show(wire_id(id)?)).await?;
            output.record(&to_json(&*task)?, &LINES)
        }
        TaskCommand::Create(create) => self::create(&create, global, output).await,
        TaskCommand::Start(start) => self::start(&start, global, output).await,
        TaskCommand::Stop { id } => {
            let client = connect(global)?;
            in_time(global, client.oms().tasks().stop(wire_id(id)?)).await?;
            accepted(output, "task_id", id, "stop")
        }
        TaskCommand::Delete { id, stop_first } => {
            let client = connect(global)?;
            let tasks = client.oms().tasks();
            if stop_first {
                let limit = global.time_left().unwrap_or(STOP_LIMIT);
                tasks.delete_when_stopped(wire_id(id)?, limit).await?;
            } else {
                in_time(global, tasks.delete(wire_id(id)?)).await?;
            }
            accepted(output, "task_id", id, "delete")
        }
        TaskCommand::Wait { ids, options } => {
            let client = connect_to_wait(global, None)?;
            let columns = (ids.len() > 1).then_some(&report::COLUMNS[..]);
            let ids = ids.into_iter().map(wire_id).collect::<Result<Vec<_>>>()?;
            let fleet = client.oms().tasks().wait_all(ids).until(options.until.into());
            wait::run(fleet, options.stall_after, global, output, columns).await
        }
        TaskCommand::Bandwidth { id, limits, .. } => {
            let plan = job::bandwidth_plan(&limits)?;
            let client = connect(global)?;
            in_time(global, client.oms().tasks().update_bandwidth(wire_id(id)?, &plan)).await?;
            accepted(output, "task_id", id, "bandwidth")
        }
        TaskCommand::BatchUpdate(update) => batch_update(&update, global, output).await,
    }
}

async fn create(create: &TaskCreate, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("CreateTask")?;
    if skeleton(&create.input, operation, output)? {
        return Ok(());
    }
    let mut body = Body::read(&create.input)?;
    job::fill(&mut body, &create.job, (None, None), Kind::Task)?;
    body.set_given(&["task_priority"], create.priority.map(|priority| priority.wire()));
    let client = connect(global)?;
    job::fill_region(&mut body, client.region());
    let request: types::CreateTaskReq = body.finish(operation, output)?.into_typed()?;
    let created = done_in_time(global, client.oms().tasks().create_once(&request)).await?;
    output.record(&json!({"id": created.id, "name": created.name, "adopted": created.adopted}), &[])
}

async fn start(start: &TaskStart, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("StartTask")?;
    if skeleton(&start.input, operation, output)? {
        return Ok(());
    }
    let id = wire_id(start.id)?;
    let mut body = Body::read(&start.input)?;
    job::fill_start(&mut body, &start.keys)?;
    if start.failed_only {
        body.set(&["migrate_failed_object"], true);
    }
    let (client, request) = ready::<types::StartTaskReq>(body, operation, global, output)?;
    in_time(global, client.oms().tasks().start(id, &request)).await?;
    accepted(output, "task_id", start.id, "start")
}

async fn batch_update(update: &BatchUpdate, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("BatchUpdateTasks")?;
    if skeleton(&update.input, operation, output)? {
        return Ok(());
    }
    let mut body = Body::read(&update.input)?;
    if !update.id.is_empty() {
        body.set(&["ids"], update.id.clone());
    }
    body.set_given(&["group_id"], update.group_id.clone());
    body.set_given(&["task_priority"], update.priority.map(|priority| priority.wire()));
    // The service wants the limits even when only the priority changes.
    if !update.bandwidth.is_empty() || !body.has(&["bandwidth_policy"]) {
        body.set(&["bandwidth_policy"], job::bandwidth(&update.bandwidth)?);
    }
    let (client, request) = ready::<types::BatchUpdateTasksReq>(body, operation, global, output)?;
    in_time(global, client.oms().tasks().batch_update(&request)).await?;
    output.accepted(&json!({"action": "batch-update", "accepted": true}), "batch update accepted")
}

/// A task id as the service takes it.
pub(crate) fn wire_id(id: u64) -> Result<i64> {
    i64::try_from(id).map_err(|_| {
        Failure::usage(format!("{id} is no task id")).help("list the tasks with: hwmigrate oms task list")
    })
}
