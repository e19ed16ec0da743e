//! `sms agent`: what the agent on a source server says to the service.

use std::path::Path;

use hwmigrate::Secret;
use hwmigrate::sms::types;
use serde_json::json;

use crate::args::sms::AgentCommand;
use crate::args::{Global, Input};
use crate::body::operation;
use crate::commands::shared::{accepted, begin, ready, to_json};
use crate::connect::{connect, done_in_time, in_time};
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::output::{Column, Output, Show, column};
use crate::private::{NewFile, NewFolder};

const COMMAND: [Column; 3] = [
    column("command", "/command_name", Show::Text),
    column("task", "/command_param/task_id", Show::Text),
    column("bucket", "/command_param/bucket", Show::Text),
];

/// Runs one of the commands below `sms agent`.
pub(crate) async fn run(command: AgentCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        AgentCommand::Register { input } => {
            let id = "sms.RegisterServer";
            let Some(body) = begin(&input, id, output)? else { return Ok(()) };
            let (client, request) =
                ready::<types::PostSourceServerBody>(body, operation(id)?, global, output)?;
            let created = done_in_time(global, client.sms().agent().register(&request)).await?;
            output.record(&json!({"id": created.id, "name": request.name}), &[])
        }
        AgentCommand::CopyState { id, state, stage, input } => {
            let name = "sms.UpdateCopyState";
            let Some(mut body) = begin(&input, name, output)? else { return Ok(()) };
            body.set_given(&["copystate"], state);
            body.set_given(&["migrationcycle"], stage);
            let (client, request) = ready::<types::PutCopyStateReq>(body, operation(name)?, global, output)?;
            let agent = client.sms().agent();
            in_time(global, agent.update_copy_state(&id, request.copystate, request.migrationcycle)).await?;
            accepted(output, "server_id", id, "copy-state")
        }
        AgentCommand::Disks { id, input } => {
            let name = "sms.UpdateDiskInfo";
            let Some(body) = begin(&input, name, output)? else { return Ok(()) };
            body.refuse_empty("the facts with --input")?;
            let (client, request) = ready::<types::PutDiskInfoReq>(body, operation(name)?, global, output)?;
            in_time(global, client.sms().agent().update_disk_info(&id, &request)).await?;
            accepted(output, "server_id", id, "disks")
        }
        AgentCommand::Command { id } => {
            let client = connect(global)?;
            let command = in_time(global, client.sms().agent().command(&id)).await?;
            output.record(&to_json(&*command)?, &COMMAND)
        }
        AgentCommand::CommandResult { id, command, result, input } => {
            let name = "sms.UpdateCommandResult";
            let Some(mut body) = begin(&input, name, output)? else { return Ok(()) };
            body.set_given(&["command_name"], command);
            body.set_given(&["result"], result);
            if !body.has(&["result_detail"]) {
                body.set(&["result_detail"], json!({}));
            }
            let (client, request) = ready::<types::CommandBody>(body, operation(name)?, global, output)?;
            in_time(global, client.sms().agent().command_result(&id, &request)).await?;
            accepted(output, "server_id", id, "command-result")
        }
        AgentCommand::Progress { id, input } => report_progress(id, &input, global, output).await,
        AgentCommand::Network { id, input } => {
            let name = "sms.UpdateNetworkCheckInfo";
            let Some(body) = begin(&input, name, output)? else { return Ok(()) };
            let (client, request) =
                ready::<types::NetworkCheckInfoRequestBody>(body, operation(name)?, global, output)?;
            in_time(global, client.sms().agent().report_network(&id, &request)).await?;
            accepted(output, "task_id", id, "network")
        }
        AgentCommand::Consistency { id, input } => {
            let name = "sms.UpdateConsistencyResult";
            let Some(body) = begin(&input, name, output)? else { return Ok(()) };
            let (client, request) =
                ready::<types::SetConsistencyResultRequestBody>(body, operation(name)?, global, output)?;
            in_time(global, client.sms().agent().report_consistency(&id, request.consistency_result)).await?;
            accepted(output, "task_id", id, "consistency")
        }
        AgentCommand::Passphrase { id, to } => {
            let file = NewFile::reserve(&to)?;
            let client = connect(global)?;
            let found = in_time(global, client.sms().tasks().passphrase(&id)).await?.into_inner();
            let passphrase = found.ok_or_else(|| {
                Failure::new(ExitCode::NotFound, format!("task {id} has no passphrase"))
                    .help("the service makes one when the task is started")
            })?;
            file.write_secret(&passphrase)?;
            kept(output, &id, &to, "the passphrase is in")
        }
        AgentCommand::Certificates { id, to, ca } => certificates(&id, &to, ca, global, output).await,
    }
}

async fn report_progress(id: String, input: &Input, global: &Global, output: &Output) -> Result<()> {
    let name = "sms.UpdateTaskSpeed";
    let Some(body) = begin(input, name, output)? else { return Ok(()) };
    let (client, request) = ready::<types::UpdateTaskSpeedReq>(body, operation(name)?, global, output)?;
    in_time(global, client.sms().agent().report_progress(&id, &request)).await?;
    accepted(output, "task_id", id, "progress")
}

async fn certificates(id: &str, to: &Path, ca: bool, global: &Global, output: &Output) -> Result<()> {
    let folder = NewFolder::reserve(to)?;
    let client = connect(global)?;
    let found = in_time(global, client.sms().tasks().cert_key(id, ca)).await?.into_inner();
    for (name, text) in [
        ("cert.pem", found.cert.map(Secret::from)),
        ("private_key.pem", found.private_key),
        ("ca.pem", found.ca.map(Secret::from)),
        ("target_mgmt_cert.pem", found.target_mgmt_cert.map(Secret::from)),
        ("target_mgmt_private_key.pem", found.target_mgmt_private_key),
        ("target_data_cert.pem", found.target_data_cert.map(Secret::from)),
        ("target_data_private_key.pem", found.target_data_private_key),
    ] {
        if let Some(text) = text {
            folder.write_secret(name, &text)?;
        }
    }
    folder.keep();
    kept(output, id, to, "certificates and keys are in")
}

fn kept(output: &Output, id: &str, to: &Path, words: &str) -> Result<()> {
    let place = to.display().to_string();
    output.accepted(&json!({"task_id": id, "file": place}), &format!("{words} {place}"))
}
