//! The Server Migration Service, simulated: no server is moved.
//!
//! Registration, checks, copies, synchronisations and cut-overs are played by
//! the emulator's clock. A client that acts as an agent can drive a source
//! server itself; otherwise the emulator plays its agent. `machine` says what
//! is allowed, `plan` which sub-tasks follow from it, `timeline` what has
//! happened by now, `views` how it is shown.

mod agent;
mod checks;
mod consistency;
mod effect;
mod kept;
mod limits;
mod machine;
mod model;
mod outlook;
mod pace;
mod plan;
mod projects;
mod refuse;
mod rules;
mod servers;
mod settings;
mod source;
mod task_view;
mod tasks;
mod templates;
mod timeline;
mod vault;
mod views;
mod words;
mod world;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::auth::Authority;
use crate::clock::Clock;
use crate::engine::millis;
use crate::error::EmulatorError;
use crate::fault::FaultBook;
use crate::http::call::{ApiError, Call, Reply};
use crate::state::{State, Values};

pub(crate) use model::Doom;
pub(crate) use pace::Pace;
pub(crate) use refuse::{forbidden, unusable};
pub(crate) use settings::version;
pub use source::SourceServer;

use self::vault::Vault;
use self::world::World;

/// How the service is set up.
pub(crate) struct SmsConfig {
    pub(crate) state_dir: PathBuf,
    pub(crate) state: Arc<State>,
    pub(crate) clock: Clock,
    pub(crate) authority: Arc<Authority>,
    pub(crate) faults: FaultBook,
    pub(crate) seed: u64,
    pub(crate) region: String,
    /// The account of the source servers that are there from the start.
    pub(crate) account: String,
    pub(crate) sources: Vec<SourceServer>,
    pub(crate) pace: Pace,
}

/// The service; nothing of it runs in the background.
#[derive(Debug)]
pub(crate) struct Sms {
    state: Arc<State>,
    clock: Clock,
    region: String,
    pace: Pace,
    vault: Vault,
    world: Mutex<World>,
}

/// What a call works with, while it has the world to itself.
struct Desk<'a> {
    sms: &'a Sms,
    world: &'a mut World,
    call: &'a Call,
    /// The account of the caller.
    domain: &'a str,
    /// ms since 1970.
    now: i64,
}

type Done = Result<Reply, ApiError>;

impl Sms {
    /// Takes up what was kept, and registers the source servers that are new.
    pub(crate) fn open(config: SmsConfig, values: &Values) -> Result<Self, EmulatorError> {
        let mut world = World::restore(values, config.seed, config.pace, config.faults)?;
        let now = millis(config.clock.now());
        for (number, source) in (0_u64..).zip(&config.sources) {
            if config.sources.iter().filter(|other| other.name == source.name).count() > 1 {
                return Err(EmulatorError::Config(format!(
                    "there are two source servers named {}; give each its own name",
                    source.name
                )));
            }
            agent::install(&mut world, source, number, &config.account, &config.region, now)?;
        }
        let changes = world.changes();
        drop(changes.map(|changes| config.state.keep(changes)));
        Ok(Self {
            vault: Vault::open(&config.state_dir, config.authority)?,
            state: config.state,
            clock: config.clock,
            region: config.region,
            pace: config.pace,
            world: Mutex::new(world),
        })
    }

    /// Answers a call.
    pub(crate) async fn handle(&self, call: &Call) -> Done {
        let (done, receipt) = {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            let now = millis(self.clock.now());
            world.settle_all(&call.domain, now);
            let mut desk = Desk { sms: self, world: &mut world, call, domain: &call.domain, now };
            let done = desk.answer();
            (done, world.changes().map(|changes| self.state.keep(changes)))
        };
        // A look too: a failure that it used up would not come about again after a restart.
        if let Some(receipt) = receipt {
            receipt.kept().await.map_err(|_| {
                let why = self.state.failure().unwrap_or_else(|| "the emulator is shutting down".to_owned());
                ApiError::new(500, "SMS.2007", why)
            })?;
        }
        done
    }
}

impl Desk<'_> {
    fn answer(&mut self) -> Done {
        match self.call.operation.id {
            "ListServers" => self.list_servers(),
            "RegisterServer" => self.register_server(),
            "ShowServer" => self.show_server(),
            "UpdateServerName" => self.update_server_name(),
            "DeleteServer" => self.delete_server(),
            "DeleteServers" => self.delete_servers(),
            "ShowOverview" => self.show_overview(),
            "ListErrorServers" => self.list_error_servers(),
            "UpdateCopyState" => self.update_copy_state(),
            "UpdateDiskInfo" => self.update_disk_info(),
            "ShowCommand" => self.show_command(),
            "UpdateCommandResult" => self.update_command_result(),
            "CreateTask" => self.create_task(),
            "ListTasks" => self.list_tasks(),
            "ShowTask" => self.show_task(),
            "UpdateTask" => self.update_task(),
            "DeleteTask" => self.delete_task(),
            "DeleteTasks" => self.delete_tasks(),
            "UpdateTaskStatus" => self.update_task_status(),
            "UpdateTaskSpeed" => self.update_task_speed(),
            "ShowsSpeedLimits" => self.shows_speed_limits(),
            "UpdateSpeed" => self.update_speed(),
            "CollectLog" => self.collect_log(),
            "ShowPassphrase" => self.show_passphrase(),
            "ShowCertKey" => self.show_cert_key(),
            "ShowConfigSetting" => self.show_config_setting(),
            "UploadSpecialConfigurationSetting" => self.upload_special_configuration_setting(),
            "UpdateNetworkCheckInfo" => self.update_network_check_info(),
            "ShowConsistencyResult" => self.show_consistency_result(),
            "UpdateConsistencyResult" => self.update_consistency_result(),
            "ExportConsistencyResults" => self.export_consistency_results(),
            "CreateTemplate" => self.create_template(),
            "ListTemplates" => self.list_templates(),
            "ShowTemplate" => self.show_template(),
            "UpdateTemplate" => self.update_template(),
            "DeleteTemplate" => self.delete_template(),
            "DeleteTemplates" => self.delete_templates(),
            "ShowTargetPassword" => self.show_target_password(),
            "CreateMigproject" => self.create_migproject(),
            "ListMigprojects" => self.list_migprojects(),
            "ShowMigproject" => self.show_migproject(),
            "UpdateMigproject" => self.update_migproject(),
            "UpdateDefaultMigproject" => self.update_default_migproject(),
            "DeleteMigproject" => self.delete_migproject(),
            "ShowConfig" => self.show_config(),
            "CreatePrivacyAgreements" => self.create_privacy_agreements(),
            "ShowPrivacyAgreements" => self.show_privacy_agreements(),
            "ShowApiVersion" => self.show_api_version(),
            other => Err(ApiError::new(404, "APIGW.0101", format!("{other} is not an operation of SMS."))),
        }
    }

    /// The body, as far as the document lists its members and does not call them secret.
    fn listed_body(&self) -> Value {
        crate::validate::rules(self.call.operation)
            .map(|rules| rules.listed(&self.call.body))
            .unwrap_or_default()
    }

    /// The ids that the body lists.
    fn ids(&self) -> Vec<String> {
        let ids = self.call.body.get("ids").and_then(Value::as_array).into_iter().flatten();
        ids.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The page that a list call asks for, beside how many rows there are.
    fn page<T>(&self, rows: Vec<T>, usual: usize) -> (Vec<T>, usize) {
        let limit = self.call.number("limit").filter(|limit| *limit > 0).unwrap_or(usual);
        let offset = self.call.number("offset").unwrap_or(0_usize);
        let count = rows.len();
        (rows.into_iter().skip(offset).take(limit).collect(), count)
    }
}

#[cfg(test)]
mod tests;

/// Whether this is the name of a part of the work that can be made to fail.
pub(crate) fn is_step(name: &str) -> bool {
    words::Step::of(name).is_some()
}

/// A success that says nothing.
fn done() -> Done {
    Ok(Reply::Json(Value::Null))
}

/// A success that says this.
fn say(value: Value) -> Done {
    Ok(Reply::Json(value))
}

/// A success that names what was made or changed.
fn say_id(id: &str) -> Done {
    say(json!({ "id": id }))
}
