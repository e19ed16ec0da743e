//! The emulator, for the tests of users.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hwmigrate_emulator::{Emulator, Fault};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use tokio::runtime::Runtime;

use crate::convert::{Span, settings};
use crate::json::{Json, SecretText};
use crate::value::to_python;

/// An emulator on a runtime of its own, so that it answers while Python is busy.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct NativeEmulator {
    running: Mutex<Option<(Emulator, Runtime)>>,
    #[pyo3(get)]
    url: String,
    #[pyo3(get)]
    project_id: String,
    #[pyo3(get)]
    region: String,
}

settings! {
    /// How it is set up.
    struct Setup {
        state_dir: Option<PathBuf>,
        project_id: Option<String>,
        region: Option<String>,
        account: Option<String>,
        users: Vec<(String, String, SecretText, Option<SecretText>)>,
        agencies: Vec<(String, String, String)>,
        access_keys: Vec<(String, SecretText)>,
        buckets: Vec<(String, PathBuf)>,
        running: Option<(usize, usize)>,
        seed: Option<u64>,
        check_responses: bool,
    }
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
            builder = match totp {
                Some(key) => builder.totp_user(&account, &name, password.0, key.0),
                None => builder.user(&account, &name, password.0),
            };
        }
        for (account, name, trusted) in &setup.agencies {
            builder = builder.agency(account, name, trusted);
        }
        for (id, key) in setup.access_keys {
            builder = builder.access_key(&id, key.0);
        }
        for (name, folder) in setup.buckets {
            builder = builder.bucket(&name, folder);
        }
        if let Some((tasks, groups)) = setup.running {
            builder = builder.running(tasks, groups);
        }
        if let Some(seed) = setup.seed {
            builder = builder.seed(seed);
        }
        let started = py.detach(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
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
        })
    }

    /// Stops it.
    fn shutdown(&self, py: Python<'_>) {
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

    /// Makes it misbehave.
    fn push_fault(&self, fault: Json) -> PyResult<()> {
        let fault: Fault = serde_json::from_value(fault.0)
            .map_err(|problem| PyValueError::new_err(format!("there is no such fault: {problem}")))?;
        self.with(|emulator| emulator.faults().push(fault))
    }

    /// Ends all misbehaviour that has not struck yet.
    fn clear_faults(&self) -> PyResult<()> {
        self.with(|emulator| emulator.faults().clear())
    }

    /// Lets jobs go on that a fault holds.
    fn release(&self, state: i64) -> PyResult<()> {
        self.with(|emulator| emulator.faults().release(state))
    }

    /// What it was asked, without the secrets.
    fn journal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let entries = self.with(|emulator| emulator.journal())?;
        to_python(py, &entries)
    }

    /// Forgets what it was asked.
    fn clear_journal(&self) -> PyResult<()> {
        self.with(Emulator::clear_journal)
    }

    /// Moves its clock forward.
    fn advance_clock(&self, by: Span) -> PyResult<()> {
        self.with(|emulator| emulator.advance_clock(by.0))
    }

    /// Ends all tokens.
    fn expire_tokens(&self) -> PyResult<()> {
        self.with(Emulator::expire_tokens)?.map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}

impl NativeEmulator {
    fn with<T>(&self, work: impl FnOnce(&Emulator) -> T) -> PyResult<T> {
        match &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((emulator, _)) => Ok(work(emulator)),
            None => Err(PyRuntimeError::new_err("the emulator has been shut down")),
        }
    }
}

impl Drop for NativeEmulator {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((emulator, runtime)) = running {
            drop(emulator);
            // Without waiting: the interpreter may be ending.
            runtime.shutdown_background();
        }
    }
}
