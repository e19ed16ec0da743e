//! `oms group`.

use hwmigrate::oms::types;
use serde_json::json;

use super::job::{self, Kind};
use crate::args::Global;
use crate::args::oms::{GroupCommand, GroupCreate, JobStart};
use crate::body::{Body, operation};
use crate::commands::shared::{accepted, list, ready, skeleton, to_json};
use crate::commands::wait;
use crate::connect::{connect, connect_to_wait, done_in_time, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};
use crate::report;

const COLUMNS: [Column; 6] = [
    column("id", "/group_id", Show::Text),
    column("status", "/status", Show::GroupState),
    column("tasks", "/total_task_num", Show::Number),
    column("objects", "/total_num", Show::Number),
    column("failed", "/fail_num", Show::Number),
    column("size", "/total_size", Show::Bytes),
];

const LINES: [Column; 23] = [
    column("id", "/group_id", Show::Text),
    column("description", "/description", Show::Text),
    column("status", "/status", Show::GroupState),
    column("reason", "/error_reason/error_code", Show::Text),
    column("message", "/error_reason/error_msg", Show::Text),
    column("kind", "/task_type", Show::Text),
    column("source", "/src_node/cloud_type", Show::Text),
    column("source region", "/src_node/region", Show::Text),
    column("source bucket", "/src_node/bucket", Show::Text),
    column("destination region", "/dst_node/region", Show::Text),
    column("destination bucket", "/dst_node/bucket", Show::Text),
    column("tasks", "/total_task_num", Show::Number),
    column("tasks done", "/complete_task_num", Show::Number),
    column("tasks failed", "/failed_task_num", Show::Number),
    column("tasks running", "/executing_task_num", Show::Number),
    column("tasks waiting", "/waiting_task_num", Show::Number),
    column("objects", "/total_num", Show::Number),
    column("done", "/success_num", Show::Number),
    column("failed", "/fail_num", Show::Number),
    column("skipped", "/skip_num", Show::Number),
    column("size", "/total_size", Show::Bytes),
    column("done size", "/complete_size", Show::Bytes),
    column("started", "/start_time", Show::Moment),
];

/// Runs one of the commands below `oms group`.
pub(crate) async fn run(command: GroupCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        GroupCommand::List { status, limit } => {
            let client = connect(global)?;
            let mut request = client.oms().groups().list();
            if let Some(status) = status {
                request = request.status(types::TaskGroupStatus::from(status.code()));
            }
            list(request.stream(), &COLUMNS, limit, global, output).await
        }
        GroupCommand::Show { id } => {
            let client = connect(global)?;
            let group = in_time(global, client.oms().groups().show(&id)).await?;
            output.record(&to_json(&*group)?, &LINES)
        }
        GroupCommand::Create(create) => self::create(&create, global, output).await,
        GroupCommand::Start(start) => self::start(&start, global, output).await,
        GroupCommand::Stop { id } => {
            let client = connect(global)?;
            in_time(global, client.oms().groups().stop(&id)).await?;
            accepted(output, "group_id", id, "stop")
        }
        GroupCommand::Retry { start, failed_only } => retry(&start, failed_only, global, output).await,
        GroupCommand::Delete { id } => {
            let client = connect(global)?;
            in_time(global, client.oms().groups().delete(&id)).await?;
            accepted(output, "group_id", id, "delete")
        }
        GroupCommand::Wait { ids, options } => {
            let client = connect_to_wait(global, None)?;
            let columns = (ids.len() > 1).then_some(&report::COLUMNS[..]);
            let fleet = client.oms().groups().wait_all(ids).until(options.until.into());
            wait::run(fleet, options.stall_after, global, output, columns).await
        }
        GroupCommand::Bandwidth { id, limits, .. } => {
            let plan = job::bandwidth_plan(&limits)?;
            let client = connect(global)?;
            in_time(global, client.oms().groups().update_bandwidth(&id, &plan)).await?;
            accepted(output, "group_id", id, "bandwidth")
        }
    }
}

async fn create(create: &GroupCreate, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("CreateTaskGroup")?;
    if skeleton(&create.input, operation, output)? {
        return Ok(());
    }
    let mut body = Body::read(&create.input)?;
    job::fill(&mut body, &create.job, (None, None), Kind::Group)?;
    let client = connect(global)?;
    job::fill_region(&mut body, client.region());
    let request: types::CreateTaskGroupReq = body.finish(operation, output)?.into_typed()?;
    let created = done_in_time(global, client.oms().groups().create_once(&request)).await?;
    output.record(&json!({"group_id": created.id, "adopted": created.adopted}), &[])
}

async fn start(start: &JobStart, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("StartTaskGroup")?;
    if skeleton(&start.input, operation, output)? {
        return Ok(());
    }
    let mut body = Body::read(&start.input)?;
    job::fill_start(&mut body, &start.keys)?;
    let (client, request) = ready::<types::StartTaskGroupReq>(body, operation, global, output)?;
    in_time(global, client.oms().groups().start(&start.id, &request)).await?;
    accepted(output, "group_id", start.id.clone(), "start")
}

async fn retry(start: &JobStart, failed_only: bool, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("RetryTaskGroup")?;
    if skeleton(&start.input, operation, output)? {
        return Ok(());
    }
    let mut body = Body::read(&start.input)?;
    job::fill_start(&mut body, &start.keys)?;
    if failed_only {
        body.set(&["migrate_failed_object"], true);
    }
    let (client, request) = ready::<types::RetryTaskGroupReq>(body, operation, global, output)?;
    in_time(global, client.oms().groups().retry(&start.id, &request)).await?;
    accepted(output, "group_id", start.id.clone(), "retry")
}
