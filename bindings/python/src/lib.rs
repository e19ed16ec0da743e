//! The native module of the Python package `hwmigrate`.
//!
//! It converts, releases the interpreter and maps errors; what a call does is
//! decided in the crate `hwmigrate`, and how it looks to users in the Python
//! files beside it. Each method of the classes here prepares a [`call::Call`],
//! which Python makes either blocking or awaited.

mod bridge;
mod call;
mod callables;
mod catalogue;
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

use pyo3::ffi;
use pyo3::prelude::*;

/// The module as Python imports it.
#[pymodule]
fn _hwmigrate(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Before anything else: the classes are made once in a process, for the interpreter that comes first.
    refuse_sub_interpreters()?;
    module.add_class::<call::Awaiting>()?;
    module.add_class::<call::Call>()?;
    module.add_function(wrap_pyfunction!(call::block, module)?)?;
    module.add_function(wrap_pyfunction!(call::start, module)?)?;
    module.add_function(wrap_pyfunction!(catalogue::all_codes, module)?)?;
    module.add_function(wrap_pyfunction!(catalogue::find_code, module)?)?;
    module.add_class::<client::Core>()?;
    module.add_class::<convert::PyPollPolicy>()?;
    module.add_class::<convert::PyRetryPolicy>()?;
    module.add_class::<credentials::PyCredential>()?;
    module.add_class::<credentials::PyCredentials>()?;
    module.add_function(wrap_pyfunction!(credentials::resolve_secret, module)?)?;
    module.add_function(wrap_pyfunction!(logs::listen, module)?)?;
    module.add_function(wrap_pyfunction!(logs::report, module)?)?;
    module.add_function(wrap_pyfunction!(logs::take_logs, module)?)?;
    module.add_class::<oms::Oms>()?;
    module.add_class::<oms_groups::Groups>()?;
    module.add_class::<oms_helpers::Buckets>()?;
    module.add_class::<oms_request::NodeKeys>()?;
    module.add_function(wrap_pyfunction!(oms_request::group_request, module)?)?;
    module.add_function(wrap_pyfunction!(oms_request::sync_request, module)?)?;
    module.add_function(wrap_pyfunction!(oms_request::task_request, module)?)?;
    module.add_class::<oms_sync::SyncTasks>()?;
    module.add_class::<oms_tasks::Tasks>()?;
    module.add_class::<secret::PySecret>()?;
    module.add_class::<sms::BulkRun>()?;
    module.add_class::<sms::Sms>()?;
    module.add_class::<sms_parts::Agent>()?;
    module.add_class::<sms_parts::Projects>()?;
    module.add_class::<sms_parts::Servers>()?;
    module.add_class::<sms_parts::Templates>()?;
    module.add_function(wrap_pyfunction!(sms_request::ruling, module)?)?;
    module.add_function(wrap_pyfunction!(sms_request::server_task_request, module)?)?;
    module.add_class::<sms_tasks::SmsTasks>()?;
    module.add_class::<source::Source>()?;
    module.add_class::<watch::FleetWatch>()?;
    module.add_class::<watch::Lister>()?;
    module.add_class::<watch::Run>()?;
    module.add_class::<watch::Watch>()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}

/// CPython up to 3.11 does not ask whether a module can be loaded more than once, and later ones need not.
#[allow(unsafe_code, reason = "pyo3 has no safe way to ask which interpreter this is")]
fn refuse_sub_interpreters() -> PyResult<()> {
    // SAFETY: called while a module is being initialized, so this thread has an interpreter.
    let interpreter = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if interpreter == 0 {
        return Ok(());
    }
    Err(pyo3::exceptions::PyImportError::new_err(
        "hwmigrate does not support subinterpreters; import it in the main interpreter, or use processes",
    ))
}
