//! `sms config`.

use hwmigrate::sms::types::{ConfigKey, ConfigurationRequestBody};
use serde_json::{Value, json};

use crate::args::sms::ConfigCommand;
use crate::args::{Format, Global};
use crate::body::operation;
use crate::commands::shared::{accepted, begin, ready, to_json};
use crate::connect::{connect, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const OPTIONS: [Column; 3] = [
    column("key", "/config_key", Show::Text),
    column("value", "/config_value", Show::Text),
    column("status", "/config_status", Show::Text),
];

/// Runs one of the commands below `sms config`.
pub(crate) async fn run(command: ConfigCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        ConfigCommand::Show => {
            let client = connect(global)?;
            output.record(&to_json(&*in_time(global, client.sms().config()).await?)?, &[])
        }
        ConfigCommand::Get { id, key } => {
            let client = connect(global)?;
            let key = key.map(ConfigKey::from);
            let found = in_time(global, client.sms().tasks().settings(&id, key.as_ref())).await?;
            let found = to_json(&*found)?;
            if output.format() == Format::Json {
                return output.record(&found, &[]);
            }
            let mut rows = output.rows(&OPTIONS);
            for option in found["configurations"].as_array().into_iter().flatten() {
                rows.push(option.clone())?;
            }
            rows.finish()
        }
        ConfigCommand::Set { id, options, input } => {
            let name = "sms.UploadSpecialConfigurationSetting";
            let Some(mut body) = begin(&input, name, output)? else { return Ok(()) };
            if !options.is_empty() {
                let options: Vec<Value> = options
                    .into_iter()
                    .map(|(key, value)| json!({"config_key": key, "config_value": value}))
                    .collect();
                body.set(&["configurations"], options);
            }
            let (client, request) =
                ready::<ConfigurationRequestBody>(body, operation(name)?, global, output)?;
            in_time(global, client.sms().tasks().configure(&id, request.configurations)).await?;
            accepted(output, "task_id", id, "config")
        }
    }
}
