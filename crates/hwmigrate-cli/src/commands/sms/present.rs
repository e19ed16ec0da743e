//! Servers that have a task already: what was asked for, and what the task is.
//!
//! Arguments of a target make a new task. One that is there keeps its target;
//! to launch another than the one that was named would do what nobody asked for.

use hwmigrate::sms::types::ShowTaskResponse;

use crate::args::sms::{Kind, Target};
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::output::Output;

/// An argument that describes a target or how its task works.
struct Asked {
    flag: &'static str,
    value: String,
    /// What the task has in its place, if the service tells it.
    has: Option<String>,
    /// It decides which server is written to.
    decisive: bool,
}

/// Whether there is anything to compare.
pub(crate) fn is_asked(target: &Target) -> bool {
    !asked(target, &ShowTaskResponse::default()).is_empty()
}

/// Refuses to go on with a task whose target is another than the arguments name, and says which of
/// them have no effect on it.
pub(crate) fn check(name: &str, task: &ShowTaskResponse, target: &Target, output: &Output) -> Result<()> {
    let id = task.id.as_deref().unwrap_or_default();
    let asked = asked(target, task);
    let others: Vec<&Asked> = asked.iter().filter(|one| one.has.as_ref() != Some(&one.value)).collect();
    if let Some(Asked { flag, value, has: Some(has), .. }) =
        others.iter().find(|one| one.decisive && one.has.is_some())
    {
        let message =
            format!("{name} has the task {id} already, which is for {has} and not for {flag} {value}");
        return Err(Failure::new(ExitCode::Conflict, message).help(format!(
            "leave {flag} out to go on with that task; for another target delete the task first, or change it with: \
             hwmigrate sms task update {id}"
        )));
    }
    if !others.is_empty() {
        let flags: Vec<&str> = others.iter().map(|one| one.flag).collect();
        output.note(format!(
            "warning: {name} has the task {id} already, which stays as it is: no effect has {}",
            flags.join(", ")
        ));
    }
    Ok(())
}

fn asked(target: &Target, task: &ShowTaskResponse) -> Vec<Asked> {
    let place = &target.place;
    let server = task.target_server.as_ref();
    let of_server = |text: fn(&hwmigrate::sms::types::TaskTargetServer) -> Option<&String>| {
        server.and_then(text).cloned()
    };
    // A server that is there and one to be made from a template are one choice: the other one is refused, and
    // so are both where the service tells neither. A wrong guess would overwrite the disks of a server.
    let vm = of_server(|server| server.vm_id.as_ref()).filter(|text| !text.is_empty());
    let template = task.vm_template_id.clone().filter(|text| !text.is_empty());
    let untold = || Some("a target that the service does not tell".to_owned());
    let has_vm =
        vm.clone().or_else(|| template.as_ref().map(|id| format!("a server made from the template {id}")));
    let has_template = template.or_else(|| vm.map(|id| format!("the server {id}")));
    let texts = [
        ("--target-region", &place.target_region, task.region_id.clone(), true),
        ("--target-region-name", &place.target_region_name, task.region_name.clone(), false),
        ("--target-project-id", &place.target_project_id, task.project_id.clone(), true),
        ("--target-project-name", &place.target_project_name, task.project_name.clone(), false),
        ("--target-vm", &place.target_vm, has_vm.or_else(untold), true),
        ("--target-name", &place.target_name, of_server(|server| server.name.as_ref()), false),
        ("--template-id", &place.template_id, has_template.or_else(untold), true),
        ("--migration-ip", &place.migration_ip, task.migration_ip.clone(), false),
        ("--clone-template-id", &target.clone_template_id, None, false),
    ];
    let kind = place.kind.map(|kind| Kind::wire(kind).to_owned());
    let has_kind = task.type_.as_ref().map(ToString::to_string);
    let priority = target.priority.map(|priority| priority.code().to_string());
    let has_priority = task.priority.map(|priority| priority.code().to_string());
    let start = target.start_target.map(|start| start.to_string());
    let has_start = task.start_target_server.map(|start| start.to_string());
    let words = [
        ("--type", &kind, has_kind, false),
        ("--priority", &priority, has_priority, false),
        ("--start-target", &start, has_start, false),
    ];
    let untold = [
        ("--public-ip", place.public_ip.is_some()),
        ("--ipv6", place.ipv6.is_some()),
        ("--target-disk", !target.target_disk.is_empty()),
        ("--network-check", target.network_check.is_some()),
        ("--consistency-check", target.consistency_check.is_some()),
    ];
    let told = texts.into_iter().chain(words).filter_map(|(flag, value, has, decisive)| {
        let has = has.filter(|text| !text.is_empty());
        Some(Asked { flag, value: value.clone()?, has, decisive })
    });
    let untold = untold.into_iter().filter(|(_, given)| *given);
    let untold = untold.map(|(flag, _)| Asked { flag, value: String::new(), has: None, decisive: false });
    told.chain(untold).collect()
}
