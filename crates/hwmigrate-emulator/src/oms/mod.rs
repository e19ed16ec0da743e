//! The operations of OMS: from a checked call to what the engine does, and back.

mod groups;
mod helpers;
mod read;
mod refuse;
mod sync;
mod tasks;
mod urls;
mod versions;
mod views;

use serde_json::Value;

use crate::engine::{Engine, Inner, no_group, no_sync, no_task};
use crate::http::call::{ApiError, Call};

pub(crate) use refuse::unusable;

/// Refuses jobs of other projects, as if they did not exist.
fn check_project(inner: &Inner, call: &Call) -> Result<(), ApiError> {
    let world = inner.world();
    let other = |spec: Option<&str>| spec.is_some_and(|project| project != read::project(call));
    let task = call.path.get("task_id").and_then(|id| world.tasks.get(&id.parse().ok()?));
    if other(task.map(|entry| entry.task.spec.project.as_str())) {
        return Err(no_task());
    }
    let group = call.path.get("group_id").and_then(|id| world.groups.get(id));
    if other(group.map(|group| group.spec.project.as_str())) {
        return Err(no_group());
    }
    let sync = call.path.get("sync_task_id").and_then(|id| world.syncs.get(id));
    if other(sync.map(|job| job.spec.project.as_str())) {
        return Err(no_sync());
    }
    Ok(())
}

/// Answers a call; `Null` stands for a success without a body.
pub(crate) async fn handle(engine: &Engine, call: Call) -> Result<Value, ApiError> {
    let inner = engine.inner();
    inner.give_up_waiting();
    check_project(inner, &call)?;
    match call.operation.id {
        "ListTasks" => tasks::list(inner, &call),
        "CreateTask" => tasks::create(inner, &call).await,
        "ShowTask" => tasks::show(inner, &call),
        "DeleteTask" => tasks::delete(inner, &call).await,
        "StartTask" => tasks::start(inner, &call).await,
        "StopTask" => tasks::stop(inner, &call).await,
        "UpdateBandwidthPolicy" => tasks::bandwidth(inner, &call).await,
        "BatchUpdateTasks" => tasks::batch_update(inner, &call).await,
        "ListTaskGroup" => groups::list(inner, &call),
        "CreateTaskGroup" => groups::create(inner, &call).await,
        "ShowTaskGroup" => groups::show(inner, &call),
        "DeleteTaskGroup" => groups::delete(inner, &call).await,
        "StartTaskGroup" => groups::start(inner, &call).await,
        "StopTaskGroup" => groups::stop(inner, &call).await,
        "RetryTaskGroup" => groups::retry(inner, &call).await,
        "UpdateTaskGroup" => groups::update(inner, &call).await,
        "ListSyncTasks" => sync::list(inner, &call),
        "CreateSyncTask" => sync::create(inner, &call).await,
        "ShowSyncTask" => sync::show(inner, &call),
        "DeleteSyncTask" => sync::delete(inner, &call).await,
        "StartSyncTask" => sync::start(inner, &call).await,
        "StopSyncTask" => sync::stop(inner, &call).await,
        "ListSyncTaskStatistic" => sync::statistics(inner, &call),
        "CreateSyncEvents" => sync::events(inner, &call).await,
        "ShowCloudType" => helpers::cloud_types(&call),
        "ShowRegionInfo" => Ok(helpers::regions()),
        "ShowBucketList" => helpers::buckets(inner, &call),
        "ShowBucketObjects" => helpers::objects(inner, &call).await,
        "ShowBucketRegion" => helpers::bucket_region(inner, &call),
        "CheckPrefix" => helpers::check_prefix(inner, &call).await,
        "ShowCdnInfo" => helpers::cdn_info(inner, &call).await,
        "CheckUrlSourceListFileFormat" => urls::check(inner, &call).await,
        "ListApiVersions" => Ok(versions::list()),
        "ShowApiInfo" => versions::show(&call),
        "UpdatePrivacyAgreementRecord" => inner.agree_privacy().await,
        other => Err(ApiError::new(404, "OMS.0005", format!("{other} is not an operation of OMS."))),
    }
}
