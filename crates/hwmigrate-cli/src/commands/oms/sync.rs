//! `oms sync`.

use hwmigrate::oms::{UnixMillis, UnixSeconds, types};
use serde_json::json;

use super::job;
use super::keys::read_keys;
use crate::args::Global;
use crate::args::oms::{JobStart, SyncCommand};
use crate::body::{Body, operation};
use crate::clock::now_ms;
use crate::commands::shared::{accepted, list, ready, skeleton, to_json};
use crate::connect::{connect, done_in_time, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const COLUMNS: [Column; 6] = [
    column("id", "/sync_task_id", Show::Text),
    column("status", "/status", Show::Text),
    column("source", "/src_cloud_type", Show::Text),
    column("source bucket", "/src_bucket", Show::Text),
    column("destination bucket", "/dst_bucket", Show::Text),
    column("created", "/create_time", Show::Moment),
];

const LINES: [Column; 14] = [
    column("id", "/sync_task_id", Show::Text),
    column("status", "/status", Show::Text),
    column("description", "/description", Show::Text),
    column("source", "/src_cloud_type", Show::Text),
    column("source region", "/src_region", Show::Text),
    column("source bucket", "/src_bucket", Show::Text),
    column("destination region", "/dst_region", Show::Text),
    column("destination bucket", "/dst_bucket", Show::Text),
    column("created", "/create_time", Show::Moment),
    column("asked for", "/monthly_acceptance_request", Show::Number),
    column("copied", "/monthly_success_object", Show::Number),
    column("failed", "/monthly_failure_object", Show::Number),
    column("skipped", "/monthly_skip_object", Show::Number),
    column("size", "/monthly_size", Show::Bytes),
];

const POINTS: [Column; 3] = [
    column("counter", "/data_type", Show::Text),
    column("time", "/time_stamp", Show::Moment),
    column("value", "/statistic_num", Show::Number),
];

/// Runs one of the commands below `oms sync`.
pub(crate) async fn run(command: SyncCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        SyncCommand::List { status, limit } => {
            let client = connect(global)?;
            let mut request = client.oms().sync_tasks().list();
            if let Some(status) = status {
                request = request.status(types::SyncTaskStatus::from(status.wire()));
            }
            list(request.stream(), &COLUMNS, limit, global, output).await
        }
        SyncCommand::Show { id, month } => {
            let client = connect(global)?;
            let at = moment(month)?;
            let task = in_time(global, client.oms().sync_tasks().show(&id, at)).await?;
            output.record(&to_json(&*task)?, &LINES)
        }
        SyncCommand::Create { input } => {
            let operation = operation("CreateSyncTask")?;
            if skeleton(&input, operation, output)? {
                return Ok(());
            }
            let body = Body::read(&input)?;
            let (client, request) = ready::<types::CreateSyncTaskReq>(body, operation, global, output)?;
            let created = done_in_time(global, client.oms().sync_tasks().create_once(&request)).await?;
            output.record(&json!({"sync_task_id": created.id, "adopted": created.adopted}), &[])
        }
        SyncCommand::Start(start) => self::start(&start, global, output).await,
        SyncCommand::Stop { id } => {
            let client = connect(global)?;
            in_time(global, client.oms().sync_tasks().stop(&id)).await?;
            accepted(output, "sync_task_id", id, "stop")
        }
        SyncCommand::Delete { id } => {
            let client = connect(global)?;
            in_time(global, client.oms().sync_tasks().delete(&id)).await?;
            accepted(output, "sync_task_id", id, "delete")
        }
        SyncCommand::Statistics { id, from, to, data } => {
            let client = connect(global)?;
            let kinds: Vec<_> = data.iter().map(|one| types::StatisticDataType::from(one.wire())).collect();
            let (from, to) = (moment(Some(from))?, moment(to)?);
            let tasks = client.oms().sync_tasks();
            let found = to_json(&*in_time(global, tasks.statistics(&id, &kinds, from, to)).await?)?;
            if output.format() == crate::args::Format::Json {
                return output.record(&found, &[]);
            }
            let mut rows = output.rows(&POINTS);
            for series in found["statistic_datas"].as_array().into_iter().flatten() {
                for point in series["data"].as_array().into_iter().flatten() {
                    let mut row = point.clone();
                    row["data_type"] = series["data_type"].clone();
                    rows.push(row)?;
                }
            }
            rows.finish()
        }
        SyncCommand::Events { id, mut keys, keys_from } => {
            if let Some(path) = keys_from {
                keys.extend(read_keys(&path, None)?);
            }
            let client = connect(global)?;
            let count = keys.len();
            in_time(global, client.oms().sync_tasks().events(&id, &keys)).await?;
            let value = json!({"sync_task_id": id, "action": "events", "accepted": true, "objects": count});
            output.accepted(&value, &format!("sync task {id}: {count} objects accepted"))
        }
    }
}

/// A time that was given in seconds, or now.
fn moment(seconds: Option<i64>) -> Result<UnixMillis> {
    Ok(match seconds {
        Some(seconds) => UnixSeconds::new(seconds)?.into(),
        None => UnixMillis::new(now_ms())?,
    })
}

async fn start(start: &JobStart, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("StartSyncTask")?;
    if skeleton(&start.input, operation, output)? {
        return Ok(());
    }
    let mut body = Body::read(&start.input)?;
    job::fill_start(&mut body, &start.keys)?;
    let (client, request) = ready::<types::StartSyncTaskReq>(body, operation, global, output)?;
    in_time(global, client.oms().sync_tasks().start(&start.id, &request)).await?;
    accepted(output, "sync_task_id", start.id.clone(), "start")
}
