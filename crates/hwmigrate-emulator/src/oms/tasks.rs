//! Calls about tasks.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{read, views};
use crate::engine::{BothKeys, Inner, Priority, Spec, Window, no_task};
use crate::http::call::{ApiError, Call};

type Answer = Result<Value, ApiError>;

pub(super) fn list(inner: &Arc<Inner>, call: &Call) -> Answer {
    let status: Option<i64> = read::number(call, "status")?;
    let group = call.query.get("group_id");
    let part = call.query.get("task_name");
    let now = inner.now();
    let world = inner.world();
    let mut rows: Vec<_> = world
        .tasks
        .values()
        .filter(|entry| entry.task.spec.project == read::project(call))
        .filter(|entry| status.is_none_or(|status| entry.task.status.code() == status))
        .filter(|entry| group.is_none_or(|group| entry.task.group == *group))
        .filter(|entry| part.is_none_or(|part| entry.task.name.contains(part.as_str())))
        .collect();
    // The newest first: the documents do not say, and this is what people look for.
    rows.sort_by_key(|entry| std::cmp::Reverse(entry.task.number));
    let (rows, count) = read::page(call, rows)?;
    let tasks: Vec<_> = rows.into_iter().map(|entry| views::task(entry, now)).collect();
    Ok(json!({ "tasks": tasks, "count": count }))
}

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> Answer {
    let mut spec: Spec = read::body(call)?;
    read::project(call).clone_into(&mut spec.project);
    let (id, name) = inner.create_task(spec, &BothKeys::of_create(&call.body)).await?;
    Ok(json!({ "id": id, "task_name": name }))
}

pub(super) fn show(inner: &Arc<Inner>, call: &Call) -> Answer {
    let id = read::task_id(call)?;
    let now = inner.now();
    let world = inner.world();
    world.tasks.get(&id).map(|entry| views::task(entry, now)).ok_or_else(no_task)
}

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> Answer {
    inner.delete_task(read::task_id(call)?).await.map(|()| Value::Null)
}

pub(super) async fn start(inner: &Arc<Inner>, call: &Call) -> Answer {
    let failed_only = call.flag("migrate_failed_object");
    let keys = BothKeys::of_start(&call.body);
    inner.start_task(read::task_id(call)?, &keys, failed_only).await.map(|()| Value::Null)
}

pub(super) async fn stop(inner: &Arc<Inner>, call: &Call) -> Answer {
    inner.stop_task(read::task_id(call)?).await.map(|()| Value::Null)
}

/// New limits, in any of the calls that carry them.
#[derive(Deserialize)]
pub(super) struct Limits {
    pub(super) bandwidth_policy: Vec<Window>,
}

pub(super) async fn bandwidth(inner: &Arc<Inner>, call: &Call) -> Answer {
    let limits: Limits = read::body(call)?;
    inner.set_bandwidth(read::task_id(call)?, limits.bandwidth_policy).await.map(|()| Value::Null)
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    group_id: Option<String>,
    #[serde(default)]
    ids: Option<BTreeSet<i64>>,
    bandwidth_policy: Vec<Window>,
    #[serde(default)]
    task_priority: Option<Priority>,
}

pub(super) async fn batch_update(inner: &Arc<Inner>, call: &Call) -> Answer {
    let batch: Batch = read::body(call)?;
    let ids = match (batch.group_id, batch.ids.filter(|ids| !ids.is_empty())) {
        (Some(group), None) => {
            let world = inner.world();
            if world.groups.get(&group).is_none_or(|group| group.spec.project != read::project(call)) {
                return Err(no_task());
            }
            inner.unfinished_of(&world, &group)
        }
        (None, Some(ids)) => {
            let world = inner.world();
            let ours =
                |id| world.tasks.get(id).is_some_and(|entry| entry.task.spec.project == read::project(call));
            if !ids.iter().all(ours) {
                return Err(no_task());
            }
            ids
        }
        _ => return Err(ApiError::oms("OMS.0002", "Exactly one of group_id and ids must be given.")),
    };
    inner.update(&ids, &batch.bandwidth_policy, batch.task_priority).await.map(|()| Value::Null)
}
