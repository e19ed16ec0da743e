//! The emulator, for the tests of users.
//!
//! A module of its own, because it is as large as everything else together and
//! programs that are no tests never load it. It shares no types with the other
//! one: secrets, faults and the journal cross the border as text.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hwmigrate_api::Secret;
use hwmigrate_emulator::{Emulator, Fault, SourceServer};
use pyo3::exceptions::{PyImportError, PyRuntimeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

/// An emulator on a runtime of its own, so that it answers while Python is busy.
#[pyclass(frozen, module = "hwmigrate._emulator")]
struct NativeEmulator {
    running: Mutex<Option<(Emulator, Runtime)>>,
    /// A forked child has neither the threads nor a right to the files.
    process: u32,
    #[pyo3(get)]
    url: String,
    #[pyo3(get)]
    project_id: String,
    #[pyo3(get)]
    region: String,
}

/// How it is set up.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Setup {
    state_dir: Option<PathBuf>,
    project_id: Option<String>,
    region: Option<String>,
    account: Option<String>,
    users: Vec<(String, String, String, Option<String>)>,
    agencies: Vec<(String, String, String)>,
    access_keys: Vec<(String, String)>,
    buckets: Vec<(String, PathBuf)>,
    servers: Vec<(String, bool, Option<u64>)>,
    pace: Option<(f64, u32)>,
    running: Option<(usize, usize)>,
    seed: Option<u64>,
    check_responses: bool,
}

#[pymethods]
impl NativeEmulator {
    #[new]
    fn new(py: Python<'_>, setup: Setup) -> PyResult<Self> {
        let mut builder = Emulator::builder().check_responses(setup.check_responses);
        if let Some(path) = setup.state_dir {
            builder = builder.state_dir(path);
        }
        if let Some(id) = &setup.project_id {
            builder = builder.project(id);
        }
        if let Some(region) = &setup.region {
            builder = builder.region(region);
        }
        if let Some(account) = &setup.account {
            builder = builder.account(account);
        }
        for (account, name, password, totp) in setup.users {
            let password = Secret::from(password);
            builder = match totp {
                Some(key) => builder.totp_user(&account, &name, password, Secret::from(key)),
                None => builder.user(&account, &name, password),
            };
        }
        for (account, name, trusted) in &setup.agencies {
            builder = builder.agency(account, name, trusted);
        }
        for (id, key) in setup.access_keys {
            builder = builder.access_key(&id, Secret::from(key));
        }
        for (name, folder) in setup.buckets {
            builder = builder.bucket(&name, folder);
        }
        for (name, windows, used) in setup.servers {
            let mut server = SourceServer::new(&name);
            if windows {
                server = server.windows();
            }
            if let Some(bytes) = used {
                server = server.used_bytes(bytes);
            }
            builder = builder.source_server(server);
        }
        if let Some((step, megabits)) = setup.pace {
            builder = builder.sms_pace(seconds("sms_pace", step)?, megabits);
        }
        if let Some((tasks, groups)) = setup.running {
            builder = builder.running(tasks, groups);
        }
        if let Some(seed) = setup.seed {
            builder = builder.seed(seed);
        }
        let started = py.detach(|| {
            let runtime = Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("hwmigrate-emulator")
                .enable_all()
                .build()
                .map_err(|error| error.to_string())?;
            let emulator = runtime.block_on(builder.start()).map_err(|error| error.to_string())?;
            Ok::<_, String>((emulator, runtime))
        });
        let (emulator, runtime) = started.map_err(PyRuntimeError::new_err)?;
        Ok(Self {
            url: emulator.url().to_owned(),
            project_id: emulator.project_id().to_owned(),
            region: emulator.region().to_owned(),
            running: Mutex::new(Some((emulator, runtime))),
            process: std::process::id(),
        })
    }

    /// Stops it.
    fn shutdown(&self, py: Python<'_>) {
        if self.is_foreign() {
            return;
        }
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((emulator, runtime)) = running {
            py.detach(|| {
                runtime.block_on(emulator.shutdown());
                runtime.shutdown_background();
            });
        }
    }

    /// The id of a user.
    fn user_id(&self, account: &str, name: &str) -> PyResult<Option<String>> {
        self.with(|emulator| emulator.user_id(account, name).map(str::to_owned))
    }

    /// Makes it misbehave, as a JSON object says.
    fn push_fault(&self, fault: &str) -> PyResult<()> {
        let refuse = |problem: String| PyValueError::new_err(format!("there is no such fault: {problem}"));
        let given: Map<String, Value> =
            serde_json::from_str(fault).map_err(|problem| refuse(problem.to_string()))?;
        let known: Fault = serde_json::from_str(fault).map_err(|problem| refuse(problem.to_string()))?;
        // serde passes over what it does not know; what a fault is made of comes out again.
        let members = serde_json::to_value(&known).map_err(|problem| refuse(problem.to_string()))?;
        if let Some((name, _)) =
            given.iter().find(|(name, value)| !value.is_null() && members.get(name).is_none())
        {
            return Err(refuse(format!("{name}: faults of this kind have no such detail")));
        }
        known.check().map_err(refuse)?;
        self.with(|emulator| emulator.faults().push(known))
    }

    /// Ends all misbehaviour that has not struck yet.
    fn clear_faults(&self) -> PyResult<()> {
        self.with(|emulator| emulator.faults().clear())
    }

    /// Lets jobs go on that a fault holds.
    fn release(&self, state: i64) -> PyResult<()> {
        self.with(|emulator| emulator.faults().release(state))
    }

    /// What it was asked, without the secrets, as a JSON array.
    fn journal(&self) -> PyResult<String> {
        let entries = self.with(Emulator::journal)?;
        serde_json::to_string(&entries).map_err(|problem| PyRuntimeError::new_err(problem.to_string()))
    }

    /// Forgets what it was asked.
    fn clear_journal(&self) -> PyResult<()> {
        self.with(Emulator::clear_journal)
    }

    /// Moves its clock forward by so many seconds.
    fn advance_clock(&self, by: f64) -> PyResult<()> {
        let by = seconds("by", by)?;
        self.with(|emulator| emulator.advance_clock(by))
    }

    /// Ends all tokens.
    fn expire_tokens(&self) -> PyResult<()> {
        self.with(Emulator::expire_tokens)?.map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}

impl NativeEmulator {
    fn is_foreign(&self) -> bool {
        std::process::id() != self.process
    }

    fn with<T>(&self, work: impl FnOnce(&Emulator) -> T) -> PyResult<T> {
        if self.is_foreign() {
            return Err(PyRuntimeError::new_err(
                "the emulator runs in the process that started it, and this is its forked child",
            ));
        }
        match &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((emulator, _)) => Ok(work(emulator)),
            None => Err(PyRuntimeError::new_err("the emulator has been shut down")),
        }
    }
}

impl Drop for NativeEmulator {
    fn drop(&mut self) {
        let foreign = self.is_foreign();
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if foreign {
            std::mem::forget(running);
        } else if let Some((emulator, runtime)) = running {
            drop(emulator);
            // Without waiting: the interpreter may be ending.
            runtime.shutdown_background();
        }
    }
}

fn seconds(name: &str, length: f64) -> PyResult<Duration> {
    let refuse =
        |_| PyValueError::new_err(format!("`{name}`: a length of time cannot be negative or that long"));
    Duration::try_from_secs_f64(length).map_err(refuse)
}

/// The module as Python imports it.
#[pymodule]
fn _emulator(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Before anything else: the class is made once in a process, for the interpreter that comes first.
    refuse_sub_interpreters()?;
    module.add_class::<NativeEmulator>()
}

/// CPython up to 3.11 does not ask whether a module can be loaded more than once, and later ones need not.
#[allow(unsafe_code, reason = "pyo3 has no safe way to ask which interpreter this is")]
fn refuse_sub_interpreters() -> PyResult<()> {
    // SAFETY: called while a module is being initialized, so this thread has an interpreter.
    let interpreter = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if interpreter == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "hwmigrate does not support subinterpreters; import it in the main interpreter, or use processes",
    ))
}
