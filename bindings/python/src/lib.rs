//! The native module of the Python package `hwmigrate`.
//!
//! It converts, releases the interpreter and maps errors; what a call does is
//! decided in the crate `hwmigrate`, and how it looks to users in the Python
//! files beside it. Each method of the classes here prepares a [`call::Call`],
//! which Python makes either blocking or awaited.

mod bridge;
mod call;
mod callables;
mod client;
mod convert;
mod credentials;
mod errors;
mod iam;
mod json;
mod logs;
mod oms;
mod oms_groups;
mod oms_helpers;
mod oms_request;
mod oms_sync;
mod oms_tasks;
mod progress;
mod raw;
mod runtime;
mod secret;
mod slot;
mod sms;
mod sms_parts;
mod sms_progress;
mod sms_request;
mod sms_tasks;
mod source;
mod value;
mod watch;

/// The module as Python imports it.
#[pyo3::pymodule]
mod _hwmigrate {
    #[pymodule_export]
    use crate::call::{Awaiting, Call, block, start};
    #[pymodule_export]
    use crate::client::Core;
    #[pymodule_export]
    use crate::convert::{PyPollPolicy, PyRetryPolicy};
    #[pymodule_export]
    use crate::credentials::{PyCredential, PyCredentials, resolve_secret};
    #[pymodule_export]
    use crate::logs::{listen, report, take_logs};
    #[pymodule_export]
    use crate::oms::Oms;
    #[pymodule_export]
    use crate::oms_groups::Groups;
    #[pymodule_export]
    use crate::oms_helpers::Buckets;
    #[pymodule_export]
    use crate::oms_request::{group_request, task_request};
    #[pymodule_export]
    use crate::oms_sync::SyncTasks;
    #[pymodule_export]
    use crate::oms_tasks::Tasks;
    #[pymodule_export]
    use crate::secret::PySecret;
    #[pymodule_export]
    use crate::sms::{BulkRun, Sms};
    #[pymodule_export]
    use crate::sms_parts::{Agent, Projects, Servers, Templates};
    #[pymodule_export]
    use crate::sms_request::server_task_request;
    #[pymodule_export]
    use crate::sms_tasks::SmsTasks;
    #[pymodule_export]
    use crate::source::Source;
    #[pymodule_export]
    use crate::watch::{FleetWatch, Lister, Run, Watch};

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python packages use")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
