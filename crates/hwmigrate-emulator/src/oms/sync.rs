//! Calls about sync tasks.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use time::{Month, OffsetDateTime};

use super::{read, views};
use crate::engine::{BothKeys, Counter, Inner, POINT, SyncSpec, millis, no_sync};
use crate::http::call::{ApiError, Call};

type Answer = Result<Value, ApiError>;

const HOUR: i64 = 60 * 60 * 1000;
/// The documented number of points in an answer.
const MOST_POINTS: i64 = 1_000;

fn id(call: &Call) -> &str {
    call.name("sync_task_id")
}

pub(super) fn list(inner: &Arc<Inner>, call: &Call) -> Answer {
    let running = match call.query.get("status").map(String::as_str) {
        None => None,
        Some("SYNCHRONIZING") => Some(true),
        Some("STOPPED") => Some(false),
        Some(_) => return Err(ApiError::oms("OMS.0052", "status must be SYNCHRONIZING or STOPPED.")),
    };
    let world = inner.world();
    let mut rows: Vec<_> = world
        .syncs
        .values()
        .filter(|job| job.spec.project == read::project(call))
        .filter(|job| running.is_none_or(|running| job.running == running))
        .collect();
    rows.sort_by_key(|job| std::cmp::Reverse(job.number));
    let (rows, count) = read::page(call, rows)?;
    let tasks: Vec<_> = rows.into_iter().map(views::sync_task).collect();
    Ok(json!({ "tasks": tasks, "count": count }))
}

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> Answer {
    let mut spec: SyncSpec = read::body(call)?;
    read::project(call).clone_into(&mut spec.project);
    let id = inner.create_sync(spec, &BothKeys::of_start(&call.body)).await?;
    Ok(json!({ "sync_task_id": id }))
}

/// The first moment of the month of a time, and of the next month, in ms.
fn month(time: i64) -> Option<(i64, i64)> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(time) * 1_000_000).ok()?;
    let first = at.date().replace_day(1).ok()?.midnight().assume_utc();
    let year = if first.month() == Month::December { first.year() + 1 } else { first.year() };
    let next = first.replace_month(first.month().next()).ok()?.replace_year(year).ok()?;
    Some((millis(first), millis(next)))
}

pub(super) fn show(inner: &Arc<Inner>, call: &Call) -> Answer {
    let time = read::needed(call, "query_time")?;
    let (from, to) = month(time).ok_or_else(|| ApiError::oms("OMS.0002", "query_time is not a time."))?;
    let world = inner.world();
    let job = world.syncs.get(id(call)).ok_or_else(no_sync)?;
    let mut answer = views::sync_task(job);
    for (name, counter) in [
        ("monthly_acceptance_request", Counter::Request),
        ("monthly_success_object", Counter::Success),
        ("monthly_failure_object", Counter::Failure),
        ("monthly_skip_object", Counter::Skip),
        ("monthly_size", Counter::Size),
    ] {
        answer[name] = json!(job.sum(counter, from, to));
    }
    Ok(answer)
}

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> Answer {
    inner.delete_sync(id(call)).await.map(|()| Value::Null)
}

pub(super) async fn start(inner: &Arc<Inner>, call: &Call) -> Answer {
    inner.start_sync(id(call), &BothKeys::of_start(&call.body)).await.map(|()| Value::Null)
}

pub(super) async fn stop(inner: &Arc<Inner>, call: &Call) -> Answer {
    inner.stop_sync(id(call)).await.map(|()| Value::Null)
}

pub(super) fn statistics(inner: &Arc<Inner>, call: &Call) -> Answer {
    let (start, end): (i64, i64) = (read::needed(call, "start_time")?, read::needed(call, "end_time")?);
    if start > end {
        return Err(ApiError::oms("OMS.0051", "start_time must not be later than end_time."));
    }
    let wanted = call.query.get("data_type").map(String::as_str).unwrap_or_default();
    let world = inner.world();
    let job = world.syncs.get(id(call)).ok_or_else(no_sync)?;
    let (kind, width) =
        if (end - start) / POINT < MOST_POINTS { ("FIVE_MINUTES", POINT) } else { ("ONE_HOUR", HOUR) };
    // Of more points than an answer can hold, the last ones are given.
    let first = (start - start.rem_euclid(width)).max(end - (MOST_POINTS - 1) * width);
    let first = first - first.rem_euclid(width);
    let mut series = Vec::new();
    for name in wanted.split(',') {
        let counter = match name {
            "REQUEST" => Counter::Request,
            "SUCCESS" => Counter::Success,
            "FAILURE" => Counter::Failure,
            "SKIP" => Counter::Skip,
            "SIZE" => Counter::Size,
            _ => return Err(ApiError::oms("OMS.0002", "data_type names a counter that does not exist.")),
        };
        let points: Vec<_> = (0..MOST_POINTS)
            .map(|index| first + index * width)
            .take_while(|time| *time <= end)
            .map(|time| json!({ "time_stamp": time, "statistic_num": job.sum(counter, time, time + width) }))
            .collect();
        series.push(json!({ "data_type": name, "data": points }));
    }
    Ok(json!({ "sync_task_id": job.id, "statistic_time_type": kind, "statistic_datas": series }))
}

#[derive(Deserialize)]
struct Events {
    object_keys: Vec<String>,
}

pub(super) async fn events(inner: &Arc<Inner>, call: &Call) -> Answer {
    let events: Events = read::body(call)?;
    inner.sync_events(id(call), &events.object_keys).await.map(|()| Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_the_next_begins() {
        // 2024-02-29T12:00Z lies between 2024-02-01 and 2024-03-01; December goes over into January.
        assert_eq!(month(1_709_208_000_000), Some((1_706_745_600_000, 1_709_251_200_000)));
        assert_eq!(month(1_735_603_200_000), Some((1_733_011_200_000, 1_735_689_600_000)));
        assert_eq!(month(i64::MAX), None);
    }
}
