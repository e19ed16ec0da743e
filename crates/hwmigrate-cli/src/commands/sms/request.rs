//! Requests for tasks, from arguments and from what the service knows of the source server.

use hwmigrate::Client;
use hwmigrate::sms::types::{OsType, PostTask, ShowServerResponse};
use hwmigrate::sms::{self, SpeedLimit, SpeedPlan, TaskRequest, TimeWindow};
use serde_json::Value;

use crate::args::sms::{Kind, Place, Target};
use crate::body::{Body, operation};
use crate::failure::{Failure, Result};
use crate::output::Output;

/// Longest name of a task, in characters.
const LONGEST_NAME: usize = 64;

/// Fills in what the arguments say of a new task.
pub(crate) fn fill(body: &mut Body, target: &Target) {
    fill_place(body, &target.place);
    body.set_given(&["clonevm_template_id"], target.clone_template_id.clone());
    body.set_given(&["priority"], target.priority.map(|priority| priority.code()));
    for (field, value) in [
        ("start_target_server", target.start_target),
        ("start_network_check", target.network_check),
        ("is_need_consistency_check", target.consistency_check),
    ] {
        body.set_given(&[field], value);
    }
}

/// Fills in what the arguments say of a target, for a new task or a change.
pub(crate) fn fill_place(body: &mut Body, place: &Place) {
    for (field, value) in [
        ("region_id", &place.target_region),
        ("region_name", &place.target_region_name),
        ("project_id", &place.target_project_id),
        ("project_name", &place.target_project_name),
        ("vm_template_id", &place.template_id),
        ("migration_ip", &place.migration_ip),
    ] {
        body.set_given(&[field], value.clone());
    }
    body.set_given(&["target_server", "vm_id"], place.target_vm.clone());
    body.set_given(&["target_server", "name"], place.target_name.clone());
    body.set_given(&["type"], place.kind.map(Kind::wire));
    body.set_given(&["use_public_ip"], place.public_ip);
    body.set_given(&["use_ipv6"], place.ipv6);
    if place.target_vm.is_some() || place.template_id.is_some() {
        body.set(&["exist_server"], place.target_vm.is_some());
    }
}

/// Fills in a limit such as `100Mbit/s`.
pub(crate) fn fill_limit(body: &mut Body, limit: Option<&str>, output: &Output) -> Result<()> {
    let limit = limit.map(str::parse::<SpeedLimit>).transpose()?;
    warn_of(limit, output);
    body.set_given(&["speed_limit"], limit.map(SpeedLimit::get));
    Ok(())
}

/// Says that the service may refuse a limit.
fn warn_of(limits: impl IntoIterator<Item = SpeedLimit>, output: &Output) {
    if let Some(limit) = limits.into_iter().find(|limit| limit.is_undocumented()) {
        output.note(format!(
            "warning: the speed limit {limit} is above the documented {}; the service may refuse it",
            SpeedLimit::DOCUMENTED_MAX
        ));
    }
}

/// The plan for limits such as `100Mbit/s` or `08:00-20:00=50Mbit/s`, with a word on what is odd in it.
pub(crate) fn speed_plan(limits: &[String], tolerance: Option<f64>, output: &Output) -> Result<SpeedPlan> {
    let plan = read_plan(limits, tolerance)?;
    warn_of(plan.periods().iter().map(|period| period.limit), output);
    Ok(plan)
}

fn read_plan(limits: &[String], tolerance: Option<f64>) -> Result<SpeedPlan> {
    let mut plan = SpeedPlan::new();
    for limit in limits {
        let (window, speed) = match limit.split_once('=') {
            Some((window, speed)) => (window.parse()?, speed),
            None => (TimeWindow::all_day(), limit.as_str()),
        };
        plan = plan.limit(window, speed.parse()?)?;
    }
    Ok(match tolerance {
        Some(percent) => plan.over_speed_threshold(percent)?,
        None => plan,
    })
}

/// The request for a new task: what arguments and input leave open is taken from the source
/// server and from the connection. A server that was read already is not read again.
pub(crate) async fn complete(
    mut body: Body,
    target: &Target,
    server: Option<ShowServerResponse>,
    client: &Client,
    output: &Output,
) -> Result<PostTask> {
    let server = match (server, body.get(&["source_server", "id"]).and_then(Value::as_str)) {
        (Some(server), _) => server,
        (None, Some(id)) => client.sms().servers().show(id).await?.into_inner(),
        (None, None) => {
            return Err(Failure::usage("nothing says which server is to be moved")
                .help("give --server ID; list them with: hwmigrate sms server list"));
        }
    };
    if !body.has(&["vm_template_id"]) && !body.has(&["target_server", "vm_id"]) {
        return Err(Failure::usage("nothing says where the server goes").help(
            "give --template-id to have a target created, or --target-vm for one that exists already",
        ));
    }
    let name = server.name.clone().or_else(|| server.id.clone()).unwrap_or_default();
    body.set_default(&["name"], task_name(&name));
    body.set_default(&["target_server", "name"], name);
    if let Some(system) = &server.os_type {
        body.set_default(&["os_type"], system.as_str());
    }
    let kind = if server.os_type == Some(OsType::Windows) { Kind::Block } else { Kind::File };
    body.set_default(&["type"], kind.wire());
    fill_region(&mut body, client).await?;
    let mut request: PostTask = body.finish(operation("sms.CreateTask")?, output)?.into_typed()?;
    if request.target_server.disks.is_empty() {
        fill_disks(&mut request, &server, target)?;
    }
    Ok(request)
}

/// Region and project of the target.
async fn fill_region(body: &mut Body, client: &Client) -> Result<()> {
    let own = client.region().map(str::to_owned);
    let given = body.get(&["region_id"]).and_then(Value::as_str).map(str::to_owned);
    let Some(region) = given.or_else(|| own.clone()) else {
        return Err(Failure::usage("nothing says in which region the target is").help("give --target-region"));
    };
    body.set_default(&["region_id"], region.clone());
    body.set_default(&["region_name"], region.clone());
    body.set_default(&["project_name"], region.clone());
    if !body.has(&["project_id"]) {
        let id = if own.as_ref() == Some(&region) {
            client.project_id().await?
        } else {
            // The project of the connection is another region's.
            let known = client.iam().projects().await?.into_iter().find(|project| project.name == region);
            known.map(|project| project.id).ok_or_else(|| {
                Failure::usage(format!("nothing says which project of {region} the target is in"))
                    .help("give --target-project-id: the credentials see no project called like the region")
            })?
        };
        body.set(&["project_id"], id);
    }
    Ok(())
}

/// Takes the layout of disks that the service recommends.
fn fill_disks(request: &mut PostTask, server: &ShowServerResponse, target: &Target) -> Result<()> {
    let like = sms::Target::from_template("", "", "", "");
    let advised = TaskRequest::for_server("", request.type_.clone(), server, like)?.into_inner();
    request.target_server.disks = advised.target_server.disks;
    if request.target_server.volume_groups.is_empty() {
        request.target_server.volume_groups = advised.target_server.volume_groups;
    }
    let disks = &mut request.target_server.disks;
    for (name, volume) in &target.target_disk {
        match disks.iter_mut().find(|disk| disk.name.as_ref() == Some(name)) {
            Some(disk) => disk.disk_id = Some(volume.clone()),
            None => {
                let names: Vec<_> = disks.iter().filter_map(|disk| disk.name.as_deref()).collect();
                let known = format!("the disks that the service recommends are {}", names.join(", "));
                return Err(
                    Failure::usage(format!("--target-disk {name}: there is no such disk")).help(known)
                );
            }
        }
    }
    Ok(())
}

/// A name for the task of a server: only what names of tasks may hold.
fn task_name(server: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\u{4e00}'..='\u{9fa5}');
    let name: String = server.chars().map(|c| if allowed(c) { c } else { '-' }).take(LONGEST_NAME).collect();
    if name.is_empty() { "server".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_task_is_called_like_its_server_as_far_as_names_go() {
        assert_eq!(task_name("web 1.example.com"), "web-1-example-com");
        assert_eq!(task_name("\u{670d}\u{52a1}\u{5668}_1"), "\u{670d}\u{52a1}\u{5668}_1");
        assert_eq!(task_name(&"x".repeat(99)).len(), LONGEST_NAME);
        assert_eq!(task_name(""), "server");
    }

    #[test]
    fn limits_hold_all_day_or_by_time() {
        let plan = read_plan(&["100Mbit/s".to_owned()], None).unwrap();
        assert_eq!(plan.periods().len(), 1);
        let limits = ["08:00-20:00=50Mbit/s".to_owned(), "20:00-08:00=400Mbit/s".to_owned()];
        assert_eq!(read_plan(&limits, Some(20.0)).unwrap().periods().len(), 3);
        for wrong in ["100", "8-9=1Mbit/s", "-1Mbit/s", "fast"] {
            let failure = read_plan(&[wrong.to_owned()], None).unwrap_err();
            assert_eq!(failure.code(), crate::exit::ExitCode::Usage, "{wrong}");
        }
        assert!(read_plan(&limits, Some(5.0)).is_err());
    }
}
