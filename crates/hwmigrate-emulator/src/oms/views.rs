//! Jobs in the words of the documents.

use serde_json::{Value, json};

use crate::engine::{Group, Reason, Spec, Status, SyncJob, TaskEntry, TaskType, Totals, World};

fn reason(reason: Option<&Reason>) -> Value {
    match reason {
        Some(reason) => json!({ "error_code": reason.code, "error_msg": reason.text }),
        None => Value::Null,
    }
}

/// The fields that tasks and groups share.
fn spec(spec: &Spec) -> Value {
    let source = &spec.src_node;
    json!({
        "description": spec.description,
        "enable_metadata_migration": spec.enable_metadata_migration,
        "enable_failed_object_recording": spec.enable_failed_object_recording,
        "enable_restore": spec.enable_restore,
        "enable_requester_pays": spec.enable_requester_pays,
        "enable_kms": spec.enable_kms,
        "bandwidth_policy": spec.bandwidth_policy,
        "source_cdn": spec.source_cdn,
        // Seconds in requests, milliseconds in answers.
        "migrate_since": spec.migrate_since.saturating_mul(1000),
        "object_overwrite_mode": spec.object_overwrite_mode,
        "dst_storage_policy": spec.dst_storage_policy.as_deref().unwrap_or("STANDARD"),
        "consistency_check": spec.consistency_check,
        "obs_system": "BUCKET",
        "src_node": {
            "bucket": source.bucket,
            "cloud_type": source.cloud_type.as_deref().unwrap_or("Aliyun"),
            "region": source.region,
            "app_id": source.app_id.as_deref().unwrap_or_default(),
            "object_key": source.object_key,
            "list_file": source.list_file,
        },
        "dst_node": {
            "bucket": spec.dst_node.bucket,
            "region": spec.dst_node.region,
            "save_prefix": spec.dst_node.save_prefix,
        },
    })
}

fn add(to: &mut Value, more: Value) {
    if let (Value::Object(to), Value::Object(more)) = (to, more) {
        to.extend(more);
    }
}

/// What the end of a job said to its topic; the emulator sends nothing and calls it sent.
fn smn(spec: &Spec, succeeded: Option<bool>) -> Value {
    let (Some(config), Some(succeeded)) = (&spec.smn_config, succeeded) else { return Value::Null };
    let condition = if succeeded { "SUCCESS" } else { "FAILURE" };
    if !config.trigger_conditions.iter().any(|wanted| wanted == condition) {
        return Value::Null;
    }
    json!({ "notify_result": true, "notify_error_message": "", "topic_name": "" })
}

/// Bytes per second over what a run moved in its time.
fn speed(bytes: u64, ms: i64) -> u64 {
    match u64::try_from(ms) {
        Ok(ms) if ms > 0 => (u128::from(bytes) * 1000 / u128::from(ms)).try_into().unwrap_or(u64::MAX),
        _ => 0,
    }
}

/// A number between 0 and 1 that is 1 only in the end.
fn progress(totals: &Totals, bytes: u64, status: Status) -> f64 {
    if status == Status::Succeeded {
        return 1.0;
    }
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let share = if totals.bytes > 0 {
        share(bytes, totals.bytes)
    } else {
        share(totals.done + totals.skipped, totals.objects)
    };
    (share * 10_000.0).floor().min(9_999.0) / 10_000.0
}

/// TaskResp.
pub(super) fn task(entry: &TaskEntry, now: i64) -> Value {
    let task = &entry.task;
    let totals = entry.totals();
    let partial = entry.live.as_ref().map_or(0, |live| live.partial());
    let complete = totals.done_bytes + totals.skipped_bytes + partial;
    let run = entry.live.as_ref().map_or(0, |live| (now - live.since).max(0));
    let fast = entry.live.as_ref().map_or(0, |live| speed(complete.saturating_sub(live.before()), run));
    let left = totals.bytes.saturating_sub(complete);
    let left_time = if fast > 0 { u128::from(left) * 1000 / u128::from(fast) } else { 0 };
    let ended = match task.status {
        Status::Succeeded => Some(true),
        Status::Failed => Some(false),
        _ => None,
    };
    let lists = &task.lists;
    let mut view = spec(&task.spec);
    add(
        &mut view,
        json!({
            "id": task.id,
            "name": task.name,
            "status": task.status.code(),
            "task_type": task.spec.task_type.word(),
            "group_id": task.group,
            "group_type": if task.group.is_empty() { "NORMAL_TASK" } else { "GROUP_TASK" },
            "task_priority": task.priority(),
            "error_reason": reason(task.reason.as_ref()),
            "start_time": task.started,
            "total_time": task.ran + run,
            "left_time": u64::try_from(left_time).unwrap_or(u64::MAX).min(i64::MAX as u64),
            "migrate_speed": fast,
            "progress": progress(&totals, complete, task.status),
            "is_query_over": totals.complete,
            "total_num": totals.objects,
            "total_size": totals.bytes,
            "successful_num": totals.done,
            "skipped_num": totals.skipped,
            "failed_num": totals.failed,
            "complete_size": complete,
            "real_size": totals.done_bytes + partial,
            "failed_object_record": {
                "result": lists.failed_key.as_ref().map(|_| lists.failed_error.is_none()),
                "list_file_key": lists.failed_key,
                "error_code": lists.failed_error,
            },
            "success_record_error_reason": lists.success_error.as_deref().unwrap_or_default(),
            "skip_record_error_reason": lists.skip_error.as_deref().unwrap_or_default(),
            "smn_info": smn(&task.spec, ended),
        }),
    );
    view
}

/// TaskGroupResp as the list has it: what would take counting is left out.
pub(super) fn group_row(world: &World, group: &Group, now: i64) -> Value {
    let mut view = self::group(world, group, now);
    for name in [
        "total_task_num",
        "create_task_num",
        "failed_task_num",
        "complete_task_num",
        "paused_task_num",
        "executing_task_num",
        "waiting_task_num",
        "create_complete_num",
        "create_complete_size",
    ] {
        view[name] = Value::Null;
    }
    view
}

/// TaskGroupResp.
pub(super) fn group(world: &World, group: &Group, now: i64) -> Value {
    let mut totals = Totals::default();
    let (mut tasks, mut failed, mut complete, mut paused, mut running, mut waiting) = (0, 0, 0, 0, 0, 0);
    let (mut partial, mut fast) = (0, 0);
    for entry in world.tasks.values().filter(|entry| entry.task.group == group.id) {
        tasks += 1;
        match entry.task.status {
            Status::Waiting => waiting += 1,
            Status::Running | Status::Pausing => running += 1,
            Status::Paused => paused += 1,
            Status::Failed => failed += 1,
            Status::Succeeded => complete += 1,
        }
        let own = entry.totals();
        totals.done += own.done;
        totals.done_bytes += own.done_bytes;
        totals.skipped += own.skipped;
        totals.skipped_bytes += own.skipped_bytes;
        totals.failed += own.failed;
        totals.bytes += own.bytes;
        if let Some(live) = &entry.live {
            let bytes = own.done_bytes + own.skipped_bytes + live.partial();
            partial += live.partial();
            fast += speed(bytes.saturating_sub(live.before()), (now - live.since).max(0));
        }
    }
    let created = &group.cursor;
    let code = group.status.code();
    let mut view = spec(&group.spec);
    // Group answers write providers and kinds of work in upper case.
    if let Some(cloud) = view["src_node"]["cloud_type"].as_str().map(str::to_ascii_uppercase) {
        view["src_node"]["cloud_type"] = Value::String(cloud);
    }
    let ended = match code {
        6 => Some(true),
        4 | 5 => Some(false),
        _ => None,
    };
    let kind = match group.spec.task_type {
        TaskType::Object => TaskType::Prefix,
        other => other,
    };
    add(
        &mut view,
        json!({
            "group_id": group.id,
            "status": code,
            "error_reason": reason(group.reason.as_ref()),
            "task_type": kind.word().to_ascii_uppercase(),
            "smn_config": smn(&group.spec, ended),
            "migrate_speed": fast,
            "start_time": group.started,
            "total_time": group.time(now),
            "total_task_num": tasks,
            "create_task_num": tasks,
            "failed_task_num": failed,
            "complete_task_num": complete,
            "paused_task_num": paused,
            "executing_task_num": running,
            "waiting_task_num": waiting,
            "total_num": created.objects,
            "create_complete_num": created.objects,
            "success_num": totals.done,
            "fail_num": totals.failed,
            "skip_num": totals.skipped,
            "total_size": created.bytes.max(totals.bytes),
            "create_complete_size": created.bytes.max(totals.bytes),
            "complete_size": totals.done_bytes + totals.skipped_bytes + partial,
            "failed_object_record": { "result": null, "list_file_key": null, "error_code": null },
        }),
    );
    view
}

/// SyncTaskInfo.
pub(super) fn sync_task(job: &SyncJob) -> Value {
    let spec = &job.spec;
    json!({
        "sync_task_id": job.id,
        "src_cloud_type": spec.src_cloud_type.as_deref().unwrap_or("Aliyun"),
        "src_region": spec.src_region,
        "src_bucket": spec.src_bucket,
        "create_time": job.created,
        "last_start_time": job.last_start,
        "dst_bucket": spec.dst_bucket,
        "dst_region": spec.dst_region,
        "description": spec.description.as_deref().unwrap_or_default(),
        "status": if job.running { "SYNCHRONIZING" } else { "STOPPED" },
        "enable_metadata_migration": spec.enable_metadata_migration.unwrap_or(false),
        "enable_restore": spec.enable_restore.unwrap_or(false),
        "enable_kms": spec.enable_kms.unwrap_or(false),
        "app_id": spec.app_id.as_deref().unwrap_or_default(),
        "source_cdn": spec.source_cdn,
        "object_overwrite_mode": "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE",
        "dst_storage_policy": spec.dst_storage_policy.as_deref().unwrap_or("STANDARD"),
        "consistency_check": spec.consistency_check.unwrap_or_default(),
    })
}
