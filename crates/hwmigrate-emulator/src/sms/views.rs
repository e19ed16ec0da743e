//! Source servers as answers show them.

use serde_json::{Map, Value, json};

use super::Desk;
use super::model::{Server, Task};
use super::outlook;
use super::{checks, task_view};

pub(super) use task_view::task;

/// Which answer a view is for: they differ in what they show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum In {
    List,
    Show,
}

/// The members that have a value: most answers leave out what is not known.
pub(super) fn known(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

/// Adds members to an object.
pub(super) fn add(to: &mut Value, more: Value) {
    if let (Value::Object(to), Value::Object(more)) = (to, more) {
        to.extend(more);
    }
}

/// Some facts of a server, as far as its agent reported them.
fn facts(server: &Server, names: &[&str]) -> Map<String, Value> {
    let fact = |name: &&str| Some(((*name).to_owned(), server.facts.get(*name)?.clone()));
    names.iter().filter_map(fact).collect()
}

/// A source server.
pub(super) fn server(desk: &mut Desk<'_>, id: &str, place: In) -> Option<Value> {
    let task = desk.world.task_of(id).map(|task| task.id.clone());
    let current = task.as_deref().and_then(|task| current_task(desk, task, place)).unwrap_or(Value::Null);
    let server = desk.world.servers.get(id)?;
    let task = task.and_then(|task| desk.world.tasks.get(&task));
    let (copied, total) = task.map_or((0, 0), amounts);
    let names: &[&str] = match place {
        In::List => &["ip", "os_version", "oem_system", "cpu_quantity", "memory", "has_tc", "start_type"],
        In::Show => &[
            "ip",
            "hostname",
            "os_version",
            "oem_system",
            "firmware",
            "cpu_quantity",
            "memory",
            "disks",
            "volume_groups",
            "btrfs_list",
            "networks",
            "agent_version",
            "has_tc",
            "start_type",
        ],
    };
    let mut shown = Value::Object(facts(server, names));
    add(
        &mut shown,
        json!({
            "id": server.id, "name": server.name, "enterprise_project_id": "0", "add_date": server.added,
            "os_type": server.os.word(), "state": server.state.word(), "connected": server.connected,
            "init_target_server": init_target(server), "checks": checks::view(server),
            "migration_cycle": server.cycle.shown(), "state_action_time": server.state_changed,
            "stage_action_time": server.cycle_changed, "last_visit_time": server.visited,
            "replicatesize": copied, "totalsize": total, "current_task": current,
        }),
    );
    if place == In::List {
        let checked = task.is_some_and(|task| !task.checks.is_empty());
        add(&mut shown, json!({ "is_consistency_result_exist": checked }));
    }
    Some(shown)
}

/// How much is copied, and of how much.
fn amounts(task: &Task) -> (u64, u64) {
    (task.copied.min(task.to_copy.max(task.copied)), task.to_copy)
}

/// The layout that is recommended for a target: that of the source.
fn init_target(server: &Server) -> Value {
    let name = |value: &Value, member: &str| value.get(member).cloned().unwrap_or(Value::Null);
    let disks: Vec<_> = server
        .list("disks")
        .iter()
        .map(|disk| {
            let volumes = disk.get("physical_volumes").and_then(Value::as_array).cloned().unwrap_or_default();
            known(json!({
                "name": name(disk, "name"), "size": name(disk, "size"), "used_size": name(disk, "used_size"),
                "device_use": name(disk, "device_use"), "physical_volumes": volumes,
            }))
        })
        .collect();
    json!({ "disks": disks, "volume_groups": server.list("volume_groups") })
}

/// The task of a server, as the server's own answers show it.
fn current_task(desk: &mut Desk<'_>, id: &str, place: In) -> Option<Value> {
    let (remaining, driver) =
        desk.world.with_task(id, desk.now, |task, stage| (outlook::remaining(task, stage), stage.driver))?;
    let task = desk.world.tasks.get(id)?;
    let now = desk.now;
    let mut shown = known(json!({
        "id": task.id, "name": task.text("name"), "type": task.kind.word(), "state": task.state.word(),
        "speed_limit": task.limits.at(now).limit, "migrate_speed": outlook::speed(task, desk.sms.pace, driver),
        "start_target_server": task.flag("start_target_server", true),
        "region_id": task.text("region_id"), "project_name": task.text("project_name"),
        "project_id": task.text("project_id"),
        "target_server": known(json!({
            "vm_id": task.vm_id(), "name": task.spec.pointer("/target_server/name"),
        })),
        "log_collect_status": task.log.status.word(), "exist_server": task_view::exists(task),
        "use_public_ip": task.flag("use_public_ip", true), "subtask_info": task_view::subtask_info(task),
    }));
    add(
        &mut shown,
        json!({
            "start_date": task.started, "vm_template_id": task.spec.get("vm_template_id"),
            "clone_server": task_view::clone(task, In::Show),
        }),
    );
    if place == In::List {
        let link = task.log.uploaded.zip(task.log.bucket.as_ref()).map(|(_, bucket)| {
            let (region, signature) = (&desk.sms.region, desk.sms.vault.signature(id));
            format!(
                "https://{bucket}.obs.{region}.myhuaweicloud.com/sms-log-{id}.zip?Signature={}",
                signature.expose()
            )
        });
        add(
            &mut shown,
            known(json!({
                "compress_rate": task_view::usage(task, "compress_rate"), "remain_seconds": remaining,
                "log_bucket": task.log.bucket, "log_upload_time": task.log.uploaded, "log_share_url": link,
                "log_expire": task.log.uploaded.map(|_| 64_800),
            })),
        );
        let estimate = remaining.map(|seconds| now + seconds * 1_000);
        add(&mut shown, json!({ "estimate_complete_time": estimate }));
    }
    Some(shown)
}
