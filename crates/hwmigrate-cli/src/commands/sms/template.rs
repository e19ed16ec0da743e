//! `sms template`.

use hwmigrate::sms::types::{CreateTemplateReq, UpdateTemplateReq};
use serde_json::json;

use crate::args::Global;
use crate::args::sms::{TemplateCommand, TemplateFields};
use crate::body::{Body, operation};
use crate::commands::shared::{accepted, accepted_many, begin, list, ready, to_json};
use crate::connect::{connect, done_in_time, in_time};
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::output::{Column, Output, Show, column};
use crate::private::NewFile;

const COLUMNS: [Column; 6] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("region", "/region", Show::Text),
    column("zone", "/availability_zone", Show::Text),
    column("flavor", "/flavor", Show::Text),
    column("target", "/target_server_name", Show::Text),
];

/// Runs one of the commands below `sms template`.
pub(crate) async fn run(command: TemplateCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        TemplateCommand::List(filter) => {
            let client = connect(global)?;
            let mut request = client.sms().templates().list();
            if let Some(name) = filter.name {
                request = request.name(name);
            }
            if let Some(id) = filter.id {
                request = request.id(id);
            }
            if let Some(region) = filter.target_region {
                request = request.region(region);
            }
            if let Some(zone) = filter.availability_zone {
                request = request.availability_zone(zone);
            }
            list(request.stream(), &COLUMNS, filter.limit, global, output).await
        }
        TemplateCommand::Show { id } => {
            let client = connect(global)?;
            output.record(&to_json(&*in_time(global, client.sms().templates().show(&id)).await?)?, &[])
        }
        TemplateCommand::Create { fields, input } => {
            let Some(mut body) = begin(&input, "sms.CreateTemplate", output)? else { return Ok(()) };
            fill(&mut body, &fields)?;
            let (client, request) =
                ready::<CreateTemplateReq>(body, operation("sms.CreateTemplate")?, global, output)?;
            let created = done_in_time(global, client.sms().templates().create(&request.template)).await?;
            output.record(&json!({"id": created.id, "name": request.template.name}), &[])
        }
        TemplateCommand::Update { id, fields, input } => {
            let Some(mut body) = begin(&input, "sms.UpdateTemplate", output)? else { return Ok(()) };
            fill(&mut body, &fields)?;
            let (client, request) =
                ready::<UpdateTemplateReq>(body, operation("sms.UpdateTemplate")?, global, output)?;
            let template = request.template.ok_or_else(|| {
                Failure::usage("nothing is to be changed").help("give --name, another fact, or --input")
            })?;
            in_time(global, client.sms().templates().update(&id, &template)).await?;
            accepted(output, "template_id", id, "update")
        }
        TemplateCommand::Delete { ids } => {
            let client = connect(global)?;
            match ids.as_slice() {
                [id] => in_time(global, client.sms().templates().delete(id)).await?,
                ids => in_time(global, client.sms().templates().delete_many(ids)).await?,
            }
            accepted_many(output, "template_id", &ids, "delete")
        }
        TemplateCommand::Password { id, to } => {
            let file = NewFile::reserve(&to)?;
            let client = connect(global)?;
            let found = in_time(global, client.sms().templates().target_password(&id)).await?.into_inner();
            let password = found.ok_or_else(|| {
                Failure::new(ExitCode::NotFound, format!("template {id} holds no password"))
                    .help("set one with: hwmigrate sms template update ID --target-password REF")
            })?;
            file.write_secret(&password)?;
            output.accepted(
                &json!({"template_id": id, "file": to.display().to_string()}),
                &format!("the password is in {}", to.display()),
            )
        }
    }
}

fn fill(body: &mut Body, fields: &TemplateFields) -> Result<()> {
    for (field, value) in [
        ("name", &fields.name),
        ("region", &fields.target_region),
        ("projectid", &fields.target_project_id),
        ("target_server_name", &fields.target_name),
        ("availability_zone", &fields.availability_zone),
        ("flavor", &fields.flavor),
        ("volumetype", &fields.volume_type),
        ("data_volume_type", &fields.data_volume_type),
        ("image_id", &fields.image_id),
    ] {
        body.set_given(&["template", field], value.clone());
    }
    body.set_secret(&["template", "target_password"], "--target-password", fields.target_password.as_ref())
}
