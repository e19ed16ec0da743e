//! `sms`: sends each command to its module, and has the small ones itself.

mod agent;
mod config;
mod fleet;
mod migrate;
pub(crate) mod migrate_local;
mod present;
mod project;
mod request;
mod server;
mod task;
mod template;

use serde_json::{Value, json};

use super::shared::{VERSIONS, refuse_unread_terms, terms_accepted, to_json, versions};
use crate::args::Global;
use crate::args::sms::SmsCommand;
use crate::connect::{connect, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const PRIVACY: [Column; 1] = [column("accepted", "/accepted", Show::Text)];

/// Runs one of the commands below `sms`.
pub(crate) async fn run(command: SmsCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        SmsCommand::Migrate(migrate) => migrate::run(&migrate, global, output).await,
        SmsCommand::Server(command) => server::run(command, global, output).await,
        SmsCommand::Task(command) => task::run(*command, global, output).await,
        SmsCommand::Template(command) => template::run(command, global, output).await,
        SmsCommand::Project(command) => project::run(command, global, output).await,
        SmsCommand::Config(command) => config::run(command, global, output).await,
        SmsCommand::Agent(command) => agent::run(command, global, output).await,
        SmsCommand::Privacy => {
            let client = connect(global)?;
            let agreed = in_time(global, client.sms().privacy_agreed()).await?.into_inner();
            output.record(&json!({"accepted": agreed}), &PRIVACY)
        }
        SmsCommand::AgreePrivacy { yes } => {
            refuse_unread_terms(yes)?;
            let client = connect(global)?;
            in_time(global, client.sms().agree_privacy()).await?;
            terms_accepted(output)
        }
        SmsCommand::Versions => {
            let client = connect(global)?;
            versions(&in_time(global, client.sms().versions()).await?.into_inner(), output)
        }
        SmsCommand::Version { name } => {
            let client = connect(global)?;
            let found = in_time(global, client.sms().version(&name)).await?;
            output.record(&to_json(&*found)?, &VERSIONS)
        }
    }
}

/// Adds the error that the service packs as JSON into a text.
fn unpack_error(value: &mut Value) {
    let packed = value["error_json"].as_str().unwrap_or_default();
    if let Ok(error @ Value::Object(_)) = serde_json::from_str(packed) {
        value["error"] = error;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_error_is_read_and_other_text_is_left() {
        let mut entry = json!({"error_json": "{\"error_code\":\"SMS.0515\"}"});
        unpack_error(&mut entry);
        assert_eq!(entry["error"]["error_code"], "SMS.0515");
        for text in ["", "no JSON", "7"] {
            let mut entry = json!({"error_json": text});
            unpack_error(&mut entry);
            assert!(entry.get("error").is_none(), "{text}");
        }
    }
}
