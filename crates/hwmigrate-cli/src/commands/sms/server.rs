//! `sms server`.

use futures_util::TryStreamExt;
use hwmigrate::sms::types::{MigrationCycle, PutSourceServerBody, SourceState};
use serde_json::{Value, json};

use super::unpack_error;
use crate::args::Global;
use crate::args::sms::{ServerCommand, ServerList};
use crate::body::operation;
use crate::commands::shared::{accepted, accepted_many, begin, list, ready, to_json};
use crate::connect::{connect, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const COLUMNS: [Column; 9] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("address", "/ip", Show::Text),
    column("system", "/os_version", Show::Text),
    column("state", "/state", Show::Text),
    column("stage", "/migration_cycle", Show::Text),
    column("connected", "/connected", Show::Text),
    column("copied", "/replicatesize", Show::Bytes),
    column("task", "/current_task/id", Show::Text),
];

const LINES: [Column; 25] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("host name", "/hostname", Show::Text),
    column("address", "/ip", Show::Text),
    column("system", "/os_type", Show::Text),
    column("version", "/os_version", Show::Text),
    column("firmware", "/firmware", Show::Text),
    column("processors", "/cpu_quantity", Show::Number),
    column("memory", "/memory", Show::Memory),
    column("state", "/state", Show::Text),
    column("stage", "/migration_cycle", Show::Text),
    column("connected", "/connected", Show::Text),
    column("agent", "/agent_version", Show::Text),
    column("registered", "/add_date", Show::Moment),
    column("last seen", "/last_visit_time", Show::Moment),
    column("copied", "/replicatesize", Show::Bytes),
    column("size", "/totalsize", Show::Bytes),
    column("task", "/current_task/id", Show::Text),
    column("task name", "/current_task/name", Show::Text),
    column("task state", "/current_task/state", Show::Text),
    column("speed", "/current_task/migrate_speed", Show::Megabits),
    column("target", "/current_task/target_server/vm_id", Show::Text),
    column("target name", "/current_task/target_server/name", Show::Text),
    column("checks passed", "/checks_passed", Show::Text),
    column("checks failed", "/checks_failed", Show::Text),
];

const ERRORS: [Column; 6] = [
    column("server", "/source_id", Show::Text),
    column("name", "/name", Show::Text),
    column("address", "/source_ip", Show::Text),
    column("target", "/target_ip", Show::Text),
    column("code", "/error/error_code", Show::Text),
    column("reason", "/error/error_msg", Show::Text),
];

/// Runs one of the commands below `sms server`.
pub(crate) async fn run(command: ServerCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        ServerCommand::List(filter) => self::list_servers(filter, global, output).await,
        ServerCommand::Show { id } => {
            let client = connect(global)?;
            let mut server = to_json(&*in_time(global, client.sms().servers().show(&id)).await?)?;
            if output.is_for_people() {
                sum_up_checks(&mut server);
            }
            output.record(&server, &LINES)
        }
        ServerCommand::Update { id, name, project, input } => {
            let Some(mut body) = begin(&input, "sms.UpdateServerName", output)? else { return Ok(()) };
            body.set_given(&["name"], name);
            body.set_given(&["migprojectid"], project);
            body.refuse_empty("--name, --project or --input")?;
            let (client, request) =
                ready::<PutSourceServerBody>(body, operation("sms.UpdateServerName")?, global, output)?;
            in_time(global, client.sms().servers().update(&id, &request)).await?;
            accepted(output, "server_id", id, "update")
        }
        ServerCommand::Delete { ids } => {
            let client = connect(global)?;
            match ids.as_slice() {
                [id] => in_time(global, client.sms().servers().delete(id)).await?,
                ids => in_time(global, client.sms().servers().delete_many(ids)).await?,
            }
            accepted_many(output, "server_id", &ids, "delete")
        }
        ServerCommand::Overview => {
            let client = connect(global)?;
            output.record(&to_json(&*in_time(global, client.sms().servers().overview()).await?)?, &[])
        }
        ServerCommand::Errors { enterprise_project_id, limit } => {
            let client = connect(global)?;
            let mut request = client.sms().servers().errors();
            if let Some(id) = enterprise_project_id {
                request = request.enterprise_project_id(id);
            }
            let mut entries = std::pin::pin!(request.stream());
            let mut rows = output.rows(&ERRORS);
            for _ in 0..limit.unwrap_or(usize::MAX) {
                let Some(entry) = in_time(global, entries.try_next()).await? else { break };
                let mut entry = to_json(&entry)?;
                unpack_error(&mut entry);
                rows.push(entry)?;
            }
            rows.finish()
        }
    }
}

async fn list_servers(filter: ServerList, global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let mut request = client.sms().servers().list();
    if let Some(state) = filter.state {
        request = request.state(SourceState::from(state));
    }
    if let Some(stage) = filter.stage {
        request = request.migration_cycle(MigrationCycle::from(stage));
    }
    if let Some(name) = filter.name {
        request = request.name(name);
    }
    if let Some(id) = filter.id {
        request = request.id(id);
    }
    if let Some(address) = filter.ip {
        request = request.ip(address);
    }
    if let Some(address) = filter.ipv6 {
        request = request.ipv6(address);
    }
    if let Some(id) = filter.project {
        request = request.project(id);
    }
    if let Some(id) = filter.enterprise_project_id {
        request = request.enterprise_project_id(id);
    }
    if let Some(id) = filter.vm_id {
        request = request.vm_id(id);
    }
    if let Some(connected) = filter.connected {
        request = request.connected(connected);
    }
    if let Some(has) = filter.consistency_result {
        request = request.has_consistency_result(has);
    }
    list(request.stream(), &COLUMNS, filter.limit, global, output).await
}

/// Names the checks of the environment by how they ended; people need no more than that.
fn sum_up_checks(server: &mut Value) {
    let named = |server: &Value, failed: bool| {
        let checks = server["checks"].as_array().into_iter().flatten();
        let names = checks.filter(|check| (check["result"] == "ERROR") == failed).filter_map(|check| {
            let name = check["name"].as_str()?;
            match check["error_code"].as_str().filter(|code| !code.is_empty()) {
                Some(code) => Some(format!("{name} ({code})")),
                None => Some(name.to_owned()),
            }
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let (passed, failed) = (named(server, false), named(server, true));
    server["checks_passed"] = json!(passed);
    server["checks_failed"] = json!(failed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_named_by_how_they_ended() {
        let mut server = json!({"checks": [
            {"name": "OS_VERSION", "result": "OK"},
            {"name": "RSYNC", "result": "ERROR", "error_code": "SMS.6517"},
            {"name": "DRIVER", "result": "WARN", "error_code": ""},
        ]});
        sum_up_checks(&mut server);
        assert_eq!(server["checks_passed"], "OS_VERSION, DRIVER");
        assert_eq!(server["checks_failed"], "RSYNC (SMS.6517)");
    }
}
