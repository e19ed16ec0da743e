//! Credentials, and the callables that give them.

use std::fmt;

use hwmigrate::{Credential, Credentials, Error, ErrorKind, Passcode, Secret};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::convert::Moment;
use crate::json::SecretText;

tokio::task_local! {
    /// The event loop of the task that a call is awaited by.
    pub(crate) static EVENT_LOOP: Py<PyAny>;
}

/// How a client proves who it is. A recipe, not a login: nothing is sent
/// until the first call needs it, and then once for all callers.
///
/// Secrets are given as text or as `Secret`, and never shown.
#[pyclass(frozen, from_py_object, name = "Credentials", module = "hwmigrate")]
#[derive(Clone)]
pub(crate) struct PyCredentials(pub(crate) Credentials);

#[pymethods]
impl PyCredentials {
    /// An IAM user's password; gives a token. `domain` is the account's name.
    ///
    /// With `passcode`, the code of a virtual MFA device, IAM wants the user's
    /// id as well. A fixed code is good for one login; a callable without
    /// arguments, sync or async, is asked at every login.
    #[staticmethod]
    #[pyo3(signature = (domain, user, password, *, user_id=None, passcode=None))]
    fn password(
        domain: String,
        user: String,
        password: SecretText,
        user_id: Option<String>,
        passcode: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let credentials = match (user_id, passcode) {
            (None, None) => Credentials::password(domain, user, password.0),
            (Some(id), Some(passcode)) => {
                Credentials::password_totp(domain, user, password.0, id, asked(&passcode)?)
            }
            _ => return Err(PyTypeError::new_err("a passcode and the user id are given together")),
        };
        Ok(Self(credentials))
    }

    /// A token that the caller already has. It cannot be renewed.
    #[staticmethod]
    #[pyo3(signature = (token, expires_at=None))]
    fn token(token: SecretText, expires_at: Option<Moment>) -> Self {
        Self(Credentials::token(token.0, expires_at.map(|moment| moment.0)))
    }

    /// A permanent access key; every request is signed.
    #[staticmethod]
    fn access_key(access: SecretText, secret: SecretText) -> Self {
        Self(Credentials::access_key(access.0, secret.0))
    }

    /// A temporary access key with its security token; every request is signed.
    #[staticmethod]
    fn temporary(access: SecretText, secret: SecretText, security_token: SecretText) -> Self {
        Self(Credentials::temporary(access.0, secret.0, security_token.0))
    }

    /// The rights that another account has delegated to this one. `base` logs
    /// in to its own account first; `domain_name` is the account that made the agency.
    #[staticmethod]
    fn agency(base: PyRef<'_, Self>, agency_name: String, domain_name: String) -> Self {
        Self(Credentials::agency(base.0.clone(), agency_name, domain_name))
    }

    /// The agency of the cloud server (ECS) that this process runs on: its
    /// metadata service gives temporary keys, which are renewed before they end.
    ///
    /// It is asked at its link-local address, never through a proxy.
    /// `endpoint` is another one, such as a stand-in in tests; it must be
    /// `http://` and a loopback or link-local number.
    #[staticmethod]
    #[pyo3(signature = (endpoint=None))]
    fn metadata(endpoint: Option<String>) -> Self {
        Self(endpoint.map_or_else(Credentials::metadata, Credentials::metadata_at))
    }

    /// Whatever `provide()` returns: a `Credential`. It may be a function or a
    /// coroutine function, and is asked again when the credential ends or is
    /// refused. An exception that it raises is the cause of the call's `AuthError`.
    #[staticmethod]
    fn from_callable(provide: Bound<'_, PyAny>) -> PyResult<Self> {
        let provide = Callable::new(&provide)?;
        Ok(Self(Credentials::from_fn(move || {
            let provide = provide.clone();
            async move {
                provide
                    .ask(|given| match given.cast::<PyCredential>() {
                        Ok(credential) => Ok(credential.get().0.clone()),
                        Err(_) => Err(PyTypeError::new_err(
                            "the callable that provides credentials must return a hwmigrate.Credential",
                        )),
                    })
                    .await
            }
        })))
    }

    /// The same, with a token of the whole account instead of one project.
    fn domain_scope(&self) -> Self {
        Self(self.0.clone().domain_scope())
    }

    /// What kind of login this is, in one word.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// What a callable of `Credentials.from_callable` returns: a secret and its end.
#[pyclass(frozen, name = "Credential", module = "hwmigrate")]
pub(crate) struct PyCredential(Credential);

#[pymethods]
impl PyCredential {
    /// An IAM token. Without an end it is used until the service refuses it.
    #[staticmethod]
    #[pyo3(signature = (token, expires_at=None))]
    fn token(token: SecretText, expires_at: Option<Moment>) -> Self {
        Self(Credential::token(token.0, expires_at.map(|moment| moment.0)))
    }

    /// A permanent access key.
    #[staticmethod]
    fn access_key(access: SecretText, secret: SecretText) -> Self {
        Self(Credential::access_key(access.0, secret.0))
    }

    /// A temporary access key with its security token.
    #[staticmethod]
    #[pyo3(signature = (access, secret, security_token, expires_at=None))]
    fn temporary(
        access: SecretText,
        secret: SecretText,
        security_token: SecretText,
        expires_at: Option<Moment>,
    ) -> Self {
        let end = expires_at.map(|moment| moment.0);
        Self(Credential::temporary(access.0, secret.0, security_token.0, end))
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// A fixed passcode, or whoever is asked for one.
fn asked(passcode: &Bound<'_, PyAny>) -> PyResult<Passcode> {
    if let Ok(fixed) = passcode.extract::<SecretText>() {
        return Ok(Passcode::from(fixed.0));
    }
    let ask = Callable::new(passcode)?;
    Ok(Passcode::from_fn(move || {
        let ask = ask.clone();
        async move { ask.ask(|given| Ok(given.extract::<SecretText>()?.0)).await }
    }))
}

/// A Python callable, sync or async, that is called from the runtime.
struct Callable(std::sync::Arc<Py<PyAny>>);

impl Clone for Callable {
    fn clone(&self) -> Self {
        Self(std::sync::Arc::clone(&self.0))
    }
}

impl Callable {
    fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if object.is_callable() {
            return Ok(Self(std::sync::Arc::new(object.clone().unbind())));
        }
        Err(PyTypeError::new_err("a callable without arguments is wanted here"))
    }

    /// Calls it on a thread where it may take its time, and reads what it returns.
    async fn ask<T: Send + 'static>(
        self,
        read: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let event_loop = EVENT_LOOP.try_with(|own| Python::try_attach(|py| own.clone_ref(py))).ok().flatten();
        let work = move || {
            Python::try_attach(|py| {
                let resolve = py.import("hwmigrate._callbacks")?.getattr("resolve")?;
                read(&resolve.call1((self.0.bind(py), event_loop))?)
            })
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Some(outcome)) => outcome.map_err(Failure::Raised),
            _ => Err(Failure::Ended),
        }
    }
}

/// Why a callable gave nothing.
enum Failure {
    Raised(PyErr),
    /// The interpreter is about to end.
    Ended,
}

impl From<Failure> for Box<dyn std::error::Error + Send + Sync> {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Raised(raised) => Box::new(Raised(raised)),
            Failure::Ended => Box::new(Error::new(ErrorKind::Cancelled, "the interpreter is about to end")),
        }
    }
}

/// What a callable raised. Its own text may hold anything, so only its type is shown.
#[derive(Debug)]
pub(crate) struct Raised(pub(crate) PyErr);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Python callable raised an exception")
    }
}

impl std::error::Error for Raised {}

/// A secret for `Credentials`, read where the reference says.
#[pyfunction]
pub(crate) fn resolve_secret(py: Python<'_>, reference: &str) -> PyResult<crate::secret::PySecret> {
    let environment = hwmigrate::Environment::process();
    let found: Result<Secret, Error> = py.detach(|| hwmigrate::secret_ref::resolve(reference, &environment));
    found.map(crate::secret::PySecret).map_err(|error| crate::errors::raise(py, &error))
}
