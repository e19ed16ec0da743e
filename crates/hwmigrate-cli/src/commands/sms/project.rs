//! `sms project`.

use hwmigrate::sms::types::{MigProject, PostMigProjectBody};
use serde_json::json;

use super::request::fill_limit;
use crate::args::Global;
use crate::args::sms::{ProjectCommand, ProjectFields};
use crate::body::{Body, operation};
use crate::commands::shared::{accepted, begin, list, ready, to_json};
use crate::connect::{connect, done_in_time, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const COLUMNS: [Column; 7] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("region", "/region", Show::Text),
    column("type", "/type", Show::Text),
    column("default", "/isdefault", Show::Text),
    column("syncing", "/syncing", Show::Text),
    column("speed limit", "/speed_limit", Show::SpeedLimit),
];

const LINES: [Column; 12] = [
    column("name", "/name", Show::Text),
    column("description", "/description", Show::Text),
    column("region", "/region", Show::Text),
    column("type", "/type", Show::Text),
    column("default", "/isdefault", Show::Text),
    column("syncing", "/syncing", Show::Text),
    column("speed limit", "/speed_limit", Show::SpeedLimit),
    column("public address", "/use_public_ip", Show::Text),
    column("existing target", "/exist_server", Show::Text),
    column("start target", "/start_target_server", Show::Text),
    column("network check", "/start_network_check", Show::Text),
    column("enterprise project", "/enterprise_project", Show::Text),
];

/// Runs one of the commands below `sms project`.
pub(crate) async fn run(command: ProjectCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        ProjectCommand::List { limit } => {
            let client = connect(global)?;
            list(client.sms().projects().list().stream(), &COLUMNS, limit, global, output).await
        }
        ProjectCommand::Show { id } => {
            let client = connect(global)?;
            output.record(&to_json(&*in_time(global, client.sms().projects().show(&id)).await?)?, &LINES)
        }
        ProjectCommand::Create { fields, input } => {
            let Some(mut body) = begin(&input, "sms.CreateMigproject", output)? else { return Ok(()) };
            fill(&mut body, &fields, output)?;
            let (client, request) =
                ready::<PostMigProjectBody>(body, operation("sms.CreateMigproject")?, global, output)?;
            let created = done_in_time(global, client.sms().projects().create(&request)).await?;
            output.record(&json!({"id": created.id, "name": request.name}), &[])
        }
        ProjectCommand::Update { id, fields, input } => {
            let Some(mut body) = begin(&input, "sms.UpdateMigproject", output)? else { return Ok(()) };
            fill(&mut body, &fields, output)?;
            body.refuse_empty("--name, another setting, or --input")?;
            let (client, request) =
                ready::<MigProject>(body, operation("sms.UpdateMigproject")?, global, output)?;
            in_time(global, client.sms().projects().update(&id, &request)).await?;
            accepted(output, "migration_project_id", id, "update")
        }
        ProjectCommand::SetDefault { id } => {
            let client = connect(global)?;
            in_time(global, client.sms().projects().make_default(&id)).await?;
            accepted(output, "migration_project_id", id, "set-default")
        }
        ProjectCommand::Delete { id } => {
            let client = connect(global)?;
            in_time(global, client.sms().projects().delete(&id)).await?;
            accepted(output, "migration_project_id", id, "delete")
        }
    }
}

fn fill(body: &mut Body, fields: &ProjectFields, output: &Output) -> Result<()> {
    for (field, value) in [
        ("name", &fields.name),
        ("description", &fields.description),
        ("region", &fields.target_region),
        ("enterprise_project", &fields.enterprise_project),
    ] {
        body.set_given(&[field], value.clone());
    }
    body.set_given(&["type"], fields.kind.map(|kind| kind.wire()));
    fill_limit(body, fields.speed_limit.as_deref(), output)?;
    for (field, value) in [
        ("isdefault", fields.is_default),
        ("syncing", fields.syncing),
        ("use_public_ip", fields.public_ip),
        ("exist_server", fields.existing_target),
        ("start_target_server", fields.start_target),
        ("start_network_check", fields.network_check),
    ] {
        body.set_given(&[field], value);
    }
    Ok(())
}
