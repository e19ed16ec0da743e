//! Tasks as answers show them.

use serde_json::{Value, json};

use super::Desk;
use super::model::{Server, SubTask, Task};
use super::outlook;
use super::pace::Pace;
use super::timeline::Driver;
use super::views::{In, add, known};
use crate::names::name_of;

/// Whether the target is an ECS that exists already.
pub(super) fn exists(task: &Task) -> bool {
    task.flag("exist_server", task.vm_id().is_some())
}

/// Something that an agent reported about its host.
pub(super) fn usage(task: &Task, name: &str) -> Option<Value> {
    task.usage.get(name).cloned()
}

/// The current sub-task and its progress in one text.
pub(super) fn subtask_info(task: &Task) -> Option<String> {
    let sub = task.current().or_else(|| task.sub_tasks.last())?;
    Some(format!("{}-{}", sub.step, sub.percent()))
}

/// The clone of the target, `null` if there is none.
pub(super) fn clone(task: &Task, place: In) -> Value {
    let Some(clone) = &task.clone else { return Value::Null };
    let mut shown = json!({ "vm_id": clone.vm_id, "name": clone.name });
    if place == In::Show {
        add(
            &mut shown,
            json!({
                "clone_state": clone.state.word(), "clone_error": clone.error, "error_msg": clone.error,
            }),
        );
    }
    shown
}

fn sub_task(sub: &SubTask, task: &Task, place: In, pace: Pace, driver: Driver) -> Value {
    let current = task.current().is_some_and(|current| current.id == sub.id);
    let speed = if current { outlook::speed(task, pace, driver) } else { 0.0 };
    let mut shown = json!({
        "id": sub.id, "name": sub.step.word(), "progress": sub.percent(), "start_date": sub.start,
        "end_date": sub.end, "process_trace": trace(sub),
    });
    if place == In::Show {
        add(&mut shown, known(json!({ "user_op": sub.op, "migrate_speed": speed })));
    }
    shown
}

/// What a sub-task is doing, in words.
fn trace(sub: &SubTask) -> String {
    match &sub.reported {
        Some(report) => report.trace.clone(),
        None if sub.step.moves_data() => format!("{} of {} bytes", sub.done, sub.size),
        None => String::new(),
    }
}

/// A task.
pub(super) fn task(desk: &mut Desk<'_>, id: &str, place: In) -> Option<Value> {
    let (remaining, driver) =
        desk.world.with_task(id, desk.now, |task, stage| (outlook::remaining(task, stage), stage.driver))?;
    let task = desk.world.tasks.get(id)?;
    let server = desk.world.servers.get(&task.source);
    let pace = desk.sms.pace;
    let sub_tasks: Vec<_> =
        task.sub_tasks.iter().map(|sub| sub_task(sub, task, place, pace, driver)).collect();
    let member = |name: &str| task.spec.get(name).cloned();
    let mut shown = known(json!({
        "id": task.id, "name": task.text("name"), "type": task.kind.word(), "os_type": task.os.word(),
        "state": task.state.word(), "create_date": task.created, "priority": priority(task),
        "speed_limit": task.limits.at(desk.now).limit,
        "migrate_speed": outlook::speed(task, pace, driver), "compress_rate": usage(task, "compress_rate"),
        "start_target_server": task.flag("start_target_server", true), "error_json": task.error,
        "total_time": task.worked, "migration_ip": member("migration_ip"),
        "enterprise_project_id": member("enterprise_project").unwrap_or_else(|| json!("0")),
        "need_migration_test": task.flag("need_migration_test", false), "subtask_info": subtask_info(task),
        "network_check_info": task.network, "sub_tasks": sub_tasks,
        "total_cpu_usage": usage(task, "total_cpu_usage"), "agent_cpu_usage": usage(task, "agent_cpu_usage"),
        "total_mem_usage": usage(task, "total_mem_usage"), "agent_mem_usage": usage(task, "agent_mem_usage"),
        "total_disk_io": usage(task, "total_disk_io"), "agent_disk_io": usage(task, "agent_disk_io"),
        "source_server": source(task, server, place),
    }));
    let estimate = remaining.map(|seconds| desk.now + seconds * 1_000);
    add(&mut shown, json!({ "estimate_complete_time": estimate, "clone_server": clone(task, place) }));
    match place {
        In::List => add(
            &mut shown,
            json!({
                "target_server": brief_target(task), "log_collect_status": task.log.status.word(),
                "syncing": task.syncing(), "special_config": task.configurations,
            }),
        ),
        In::Show => {
            add(
                &mut shown,
                json!({
                    "start_date": task.started, "finish_date": task.finished,
                    "vm_template_id": member("vm_template_id"), "target_snapshot_id": Value::Null,
                    "region_name": task.text("region_name"), "region_id": task.text("region_id"),
                    "project_name": task.text("project_name"), "project_id": task.text("project_id"),
                    "connected": server.is_some_and(|server| server.connected),
                    "float_ip": task.text("migration_ip"), "target_server": target(task, server),
                }),
            );
            add(&mut shown, known(json!({ "remain_seconds": remaining })));
        }
    }
    Some(shown)
}

/// 0 low, 1 standard, 2 high; requests may say more.
fn priority(task: &Task) -> u64 {
    task.spec.get("priority").and_then(Value::as_u64).unwrap_or(1).min(2)
}

fn source(task: &Task, server: Option<&Server>, place: In) -> Value {
    let Some(server) = server else { return json!({ "id": task.source }) };
    let mut shown = known(json!({
        "id": server.id, "ip": server.facts.get("ip"), "name": server.name, "os_type": server.os.word(),
        "os_version": server.facts.get("os_version"),
        "oem_system": server.facts.get("oem_system").cloned().unwrap_or(Value::Bool(false)),
        "state": server.state.word(),
    }));
    if place == In::Show {
        add(&mut shown, json!({ "migration_cycle": server.cycle.shown() }));
    }
    shown
}

fn brief_target(task: &Task) -> Value {
    known(json!({
        "id": name_of("target", &task.id), "vm_id": task.vm_id(),
        "name": task.spec.pointer("/target_server/name"), "os_type": task.os.word(),
    }))
}

/// The target, with the disks that the task was given, or else those of its source.
fn target(task: &Task, server: Option<&Server>) -> Value {
    let given = task.spec.get("target_server");
    let member = |name: &str| given.and_then(|target| target.get(name)).cloned();
    let list = |name: &str| {
        let given = member(name).filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
        given.unwrap_or_else(|| json!(server.map(|server| server.list(name)).unwrap_or_default()))
    };
    let mut shown = brief_target(task);
    add(
        &mut shown,
        json!({
            "ip": Value::Null, "os_version": Value::Null, "system_dir": Value::Null,
            "disks": disks(task, &list("disks")), "volume_groups": list("volume_groups"),
            "btrfs_list": member("btrfs_list").unwrap_or_else(|| json!([])),
        }),
    );
    add(
        &mut shown,
        known(json!({
            "image_disk_id": member("image_disk_id").or_else(|| task.spec.get("image_disk_id").cloned()),
            "cutovered_snapshot_ids": task.spec.get("cutovered_snapshot_ids"),
        })),
    );
    shown
}

fn disks(task: &Task, given: &Value) -> Value {
    /// The members that answers show of a disk, and of a volume on it.
    const DISK: [&str; 9] = [
        "device_use",
        "disk_id",
        "name",
        "size",
        "used_size",
        "disk_index",
        "os_disk",
        "partition_style",
        "relation_name",
    ];
    const VOLUME: [&str; 10] = [
        "device_use",
        "file_system",
        "index",
        "mount_point",
        "name",
        "size",
        "used_size",
        "uuid",
        "relation_name",
        "free_size",
    ];
    let some = |from: &Value, names: &[&str]| -> Value {
        names.iter().filter_map(|name| Some(((*name).to_owned(), from.get(*name)?.clone()))).collect()
    };
    let base = i64::try_from(task.number % 1_000_000).unwrap_or(0) * 1_000;
    let disks = given.as_array().map(Vec::as_slice).unwrap_or_default();
    let shown = disks.iter().zip(1_i64..).map(|(disk, index)| {
        let mut shown = some(disk, &DISK);
        let volumes = disk.get("physical_volumes").and_then(Value::as_array).map(Vec::as_slice);
        let volumes: Vec<_> = volumes
            .unwrap_or_default()
            .iter()
            .zip(1_i64..)
            .map(|(volume, place)| {
                let mut shown = some(volume, &VOLUME);
                shown["id"] = json!(base + index * 100 + place);
                shown
            })
            .collect();
        shown["id"] = json!(base + index);
        shown["physical_volumes"] = json!(volumes);
        shown
    });
    shown.collect()
}
