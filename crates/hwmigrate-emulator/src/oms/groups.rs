//! Calls about task groups.

use std::sync::Arc;

use serde_json::{Value, json};

use super::tasks::Limits;
use super::{read, views};
use crate::engine::{BothKeys, GroupCall, Inner, Spec, no_group};
use crate::http::call::{ApiError, Call};

type Answer = Result<Value, ApiError>;

fn id(call: &Call) -> &str {
    call.name("group_id")
}

pub(super) fn list(inner: &Arc<Inner>, call: &Call) -> Answer {
    let status: Option<i64> = read::number(call, "status")?;
    let now = inner.now();
    let world = inner.world();
    let mut rows: Vec<_> = world
        .groups
        .values()
        .filter(|group| group.spec.project == read::project(call))
        .filter(|group| status.is_none_or(|status| group.status.code() == status))
        .collect();
    rows.sort_by_key(|group| std::cmp::Reverse(group.number));
    let (rows, count) = read::page(call, rows)?;
    let groups: Vec<_> = rows.into_iter().map(|group| views::group_row(&world, group, now)).collect();
    Ok(json!({ "taskgroups": groups, "count": count }))
}

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> Answer {
    // Groups write the kinds of work in upper case, and mean PREFIX when they say nothing.
    let mut body = call.body.clone();
    let kind = match body.get("task_type").and_then(Value::as_str) {
        Some(kind) => kind.to_ascii_lowercase(),
        None => "prefix".to_owned(),
    };
    body["task_type"] = Value::String(kind);
    let mut spec: Spec = serde_json::from_value(body)
        .map_err(|_| ApiError::oms("OMS.0002", "The request body is invalid."))?;
    read::project(call).clone_into(&mut spec.project);
    let group = inner.create_group(spec, &BothKeys::of_create(&call.body)).await?;
    Ok(json!({ "group_id": group }))
}

pub(super) fn show(inner: &Arc<Inner>, call: &Call) -> Answer {
    let now = inner.now();
    let world = inner.world();
    world.groups.get(id(call)).map(|group| views::group(&world, group, now)).ok_or_else(no_group)
}

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> Answer {
    inner.delete_group(id(call)).await.map(|()| Value::Null)
}

pub(super) async fn start(inner: &Arc<Inner>, call: &Call) -> Answer {
    let keys = BothKeys::of_start(&call.body);
    inner.start_group(id(call), GroupCall::Start, &keys, false).await.map(|()| Value::Null)
}

pub(super) async fn retry(inner: &Arc<Inner>, call: &Call) -> Answer {
    let keys = BothKeys::of_start(&call.body);
    let failed_only = call.flag("migrate_failed_object");
    inner.start_group(id(call), GroupCall::Retry, &keys, failed_only).await.map(|()| Value::Null)
}

pub(super) async fn stop(inner: &Arc<Inner>, call: &Call) -> Answer {
    inner.stop_group(id(call)).await.map(|()| Value::Null)
}

pub(super) async fn update(inner: &Arc<Inner>, call: &Call) -> Answer {
    let limits: Limits = read::body(call)?;
    inner.update_group(id(call), limits.bandwidth_policy).await.map(|()| Value::Null)
}
