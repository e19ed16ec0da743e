//! The documented rules of the larger requests.
//!
//! Only what every source agrees on is checked; where they differ, on the
//! length of names, say, the service may judge.

use std::net::IpAddr;

use hwmigrate_api::sms::types::{ConfigurationRequestBody, MigrationType, OsType, PostTask, PutTaskReq};

use super::projects::check_speed;
use super::speed::check_threshold;
use crate::error::Result;
use crate::jobs::check::Checks;

/// Most options that one call sets.
const MOST_OPTIONS: usize = 1000;

/// Longest value of an option, in characters.
const LONGEST_OPTION: usize = 1024;

/// Judges a request for a task.
pub(super) fn create_task(request: &PostTask) -> Result<()> {
    let mut checks = Checks::new();
    checks.required("name", &request.name, "a name for the task");
    if let Some(bad) = request.name.chars().find(|c| !is_name(*c)) {
        let fix = "use letters, digits, underscores, hyphens or Chinese characters";
        checks.add("name", format!("contains {bad:?}"), fix);
    }
    checks.required("source_server.id", &request.source_server.id, "the id of the source server");
    checks.required("target_server.name", &request.target_server.name, "a name for the target server");
    checks.required("region_id", &request.region_id, "the id of the target's region");
    checks.required("region_name", &request.region_name, "the name of the target's region");
    checks.required("project_id", &request.project_id, "the id of the target's project");
    checks.required("project_name", &request.project_name, "the name of the target's project");
    if request.os_type == Some(OsType::Windows) && request.type_ == MigrationType::MigrateFile {
        checks.add("type", "is MIGRATE_FILE for a Windows server", "use MIGRATE_BLOCK");
    }
    let vm = request.target_server.vm_id.as_deref().unwrap_or_default();
    if request.exist_server == Some(true) && vm.trim().is_empty() {
        let fix = "name the existing server, or set exist_server to false";
        checks.add("target_server.vm_id", "is missing while exist_server is true", fix);
    }
    address(&mut checks, request.migration_ip.as_deref(), request.use_ipv6);
    check_speed(&mut checks, request.speed_limit);
    if request.over_speed_threshold.is_some_and(|percent| check_threshold(percent).is_err()) {
        let problem = format!("is {}", request.over_speed_threshold.unwrap_or_default());
        checks.add("over_speed_threshold", problem, "give percent, 10 to 100");
    }
    for (index, disk) in request.target_server.disks.iter().enumerate() {
        let disk_size = disk.size.filter(|size| *size < 0);
        if let Some(size) = disk_size {
            checks.add(format!("target_server.disks[{index}].size"), format!("is {size}"), "give bytes");
        }
    }
    checks.finish("CreateTask")
}

/// Judges a change of a task.
pub(super) fn update_task(request: &PutTaskReq) -> Result<()> {
    let mut checks = Checks::new();
    if let Some(name) = &request.name {
        checks.required("name", name, "a name for the task, or leave it out");
    }
    address(&mut checks, request.migration_ip.as_deref(), request.use_ipv6);
    check_speed(&mut checks, request.speed_limit);
    checks.finish("UpdateTask")
}

/// Judges the special options of a task.
pub(super) fn configure(request: &ConfigurationRequestBody) -> Result<()> {
    let mut checks = Checks::new();
    let count = request.configurations.len();
    if !(1..=MOST_OPTIONS).contains(&count) {
        checks.add("configurations", format!("has {count} entries"), format!("give 1 to {MOST_OPTIONS}"));
    }
    for (index, option) in request.configurations.iter().enumerate() {
        let field = format!("configurations[{index}].config_value");
        checks.length(&field, &option.config_value, LONGEST_OPTION);
    }
    checks.finish("UploadSpecialConfigurationSetting")
}

/// The address that the data is sent to, and its family.
fn address(checks: &mut Checks, address: Option<&str>, ipv6: Option<bool>) {
    let Some(text) = address.filter(|text| !text.is_empty()) else { return };
    match (text.parse::<IpAddr>(), ipv6.unwrap_or(false)) {
        (Ok(IpAddr::V4(_)), false) | (Ok(IpAddr::V6(_)), true) => {}
        (Ok(IpAddr::V4(_)), true) => {
            checks.add("migration_ip", "is IPv4 while use_ipv6 is true", "give an IPv6 address");
        }
        (Ok(IpAddr::V6(_)), false) => {
            checks.add(
                "migration_ip",
                "is IPv6 while use_ipv6 is not set",
                "set use_ipv6, or give an IPv4 address",
            );
        }
        (Err(_), _) => {
            checks.add("migration_ip", format!("is {text:?}"), "give an IP address, or leave it out");
        }
    }
}

/// The pattern that the official SDKs document.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\u{4e00}'..='\u{9fa5}')
}
