//! The calls about settings, the privacy statement and versions.

use serde_json::{Value, json};

use super::words::{Kind, Os};
use super::{Desk, Done, done, refuse, say};

/// Options that a task may have.
const MOST_OPTIONS: usize = 1_000;

/// Regions that targets can be in; a sample, as a client has to take what the service says.
const REGIONS: [&str; 4] = ["cn-north-4", "cn-east-3", "ap-southeast-1", "ap-southeast-3"];

/// What the API says about its version.
pub(crate) fn version() -> Value {
    // Relative, so that a client that follows it stays at the emulator.
    let links = json!([{ "href": "/v3/", "rel": "self" }]);
    json!({ "id": "v3", "links": links, "status": "SUPPORTED", "updated": "2020-09-01T00:00:00Z" })
}

impl Desk<'_> {
    pub(super) fn show_config_setting(&mut self) -> Done {
        let task = self.task()?;
        let key = self.call.query("config_key").filter(|key| !key.is_empty());
        let wanted = |option: &&Value| key.is_none_or(|key| option["config_key"] == key);
        let options: Vec<_> = task.configurations.iter().filter(wanted).collect();
        let kind = match (task.os, task.kind) {
            (Os::Windows, _) => "WINDOWS_MIGRATE_BLOCK",
            (Os::Linux, Kind::File) => "LINUX_MIGRATE_FILE",
            (Os::Linux, Kind::Block) => "LINUX_MIGRATE_BLOCK",
        };
        say(json!({ "task_id": task.id, "migrate_type": kind, "configurations": options }))
    }

    pub(super) fn upload_special_configuration_setting(&mut self) -> Done {
        let id = self.task()?.id.clone();
        let body = self.listed_body();
        let given = body.get("configurations").and_then(Value::as_array).cloned().unwrap_or_default();
        let Some(task) = self.world.tasks.change(&id) else { return Err(refuse::no_task()) };
        for option in given {
            task.configurations.retain(|known| known["config_key"] != option["config_key"]);
            task.configurations.push(option);
        }
        let surplus = task.configurations.len().saturating_sub(MOST_OPTIONS);
        task.configurations.drain(..surplus);
        done()
    }

    pub(super) fn show_config(&mut self) -> Done {
        let region = &self.sms.region;
        let mut names = vec![region.as_str()];
        names.extend(REGIONS.into_iter().filter(|name| name != region));
        let regions: Vec<_> = names
            .into_iter()
            .map(|name| json!({ "region_id": name, "region_name": name, "endpoint": format!("https://sms.{name}.myhuaweicloud.com") }))
            .collect();
        let config = json!({
            "mainRegion": region, "obs_domain": format!("obs.{region}.myhuaweicloud.com"),
            "disktype": "SAS,SSD,GPSSD", "process_and_it": "false",
        });
        say(json!({ "config": config, "regions": regions }))
    }

    pub(super) fn create_privacy_agreements(&mut self) -> Done {
        self.world.privacy.insert(self.domain, self.now);
        done()
    }

    pub(super) fn show_privacy_agreements(&mut self) -> Done {
        say(json!({ "flag": self.world.privacy.get(self.domain).is_some() }))
    }

    /// Only v3 comes here: the other versions are those of OMS.
    pub(super) fn show_api_version(&mut self) -> Done {
        say(version())
    }
}
