//! The environment checks of a source server.

use serde_json::{Value, json};

use super::model::Server;
use super::words::Os;

/// One check: its name, what it finds, and the error code where one is documented.
struct Check {
    name: &'static str,
    result: &'static str,
    code: &'static str,
    text: &'static str,
}

fn check(name: &'static str, good: bool, bad: &'static str, code: &'static str, text: &'static str) -> Check {
    match good {
        true => Check { name, result: "OK", code: "", text: "" },
        false => Check { name, result: bad, code, text },
    }
}

/// What the checks find, from what the agent reported.
fn all(server: &Server) -> Vec<Check> {
    let is = |name: &str, value: bool| server.fact(name) == &Value::Bool(value);
    let version = server.fact("os_version").as_str().unwrap_or_default();
    let mut checks = vec![check(
        "OS_VERSION",
        !version.is_empty(),
        "ERROR",
        "SMS.6504",
        "The OS version is not supported.",
    )];
    match server.os {
        Os::Linux => checks.extend([
            check("RSYNC", !is("has_rsync", false), "ERROR", "SMS.6517", "rsync is not installed."),
            check(
                "BOOT_LOADER",
                matches!(server.fact("boot_loader").as_str(), None | Some("" | "GRUB")),
                "ERROR",
                "",
                "Only GRUB is supported as boot loader.",
            ),
            check(
                "PARAVIRTUALIZATION",
                !is("paravirtualization", true),
                "ERROR",
                "SMS.0207",
                "KVM drivers are missing.",
            ),
            check("TC", !is("has_tc", false), "WARN", "", "tc is not installed: the rate cannot be limited."),
        ]),
        Os::Windows => checks.extend([
            check("DRIVER_FILES", !is("driver_files", true), "ERROR", "", "Driver files are missing."),
            check(
                "SYSTEM_SERVICES",
                !is("system_services", true),
                "WARN",
                "",
                "There are abnormal services.",
            ),
            check("ACCOUNT_RIGHTS", !is("account_rights", false), "ERROR", "", "The account lacks rights."),
            check("OEM_SYSTEM", !is("oem_system", true), "WARN", "", "The system has an OEM licence."),
        ]),
    }
    checks
}

/// Whether the source can be migrated.
pub(crate) fn passed(server: &Server) -> bool {
    all(server).iter().all(|check| check.result != "ERROR")
}

/// The checks as answers show them.
pub(crate) fn view(server: &Server) -> Value {
    let shown = all(server).into_iter().zip(1_i64..).map(|(check, id)| {
        json!({
            "id": id, "params": [], "name": check.name, "result": check.result, "error_code": check.code,
            "error_or_warn": check.text, "error_params": "",
        })
    });
    shown.collect()
}
