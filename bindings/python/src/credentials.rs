//! Credentials, and the callables that give them.

use hwmigrate::{Credential, Credentials, Error, Passcode, Secret};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::callables::Callable;
use crate::convert::Moment;
use crate::json::SecretText;

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

    /// Whatever `provide()` returns: a `Credential`. It may be a function or a
    /// coroutine function, and is asked again when the credential ends or is
    /// refused. An exception that it raises is the cause of the call's `AuthError`.
    #[staticmethod]
    fn from_callable(provide: Bound<'_, PyAny>) -> PyResult<Self> {
        let provide = Callable::new(&provide, |given| match given.cast::<PyCredential>() {
            Ok(credential) => Ok(credential.get().0.clone()),
            Err(_) => Err(PyTypeError::new_err(
                "the callable that provides credentials must return a hwmigrate.Credential",
            )),
        })?;
        Ok(Self(Credentials::from_fn(move || provide.clone().ask())))
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
    let ask = Callable::new(passcode, |given| Ok(given.extract::<SecretText>()?.0))?;
    Ok(Passcode::from_fn(move || ask.clone().ask()))
}

/// A secret for `Credentials`, read where the reference says.
#[pyfunction]
pub(crate) fn resolve_secret(py: Python<'_>, reference: &str) -> PyResult<crate::secret::PySecret> {
    let environment = hwmigrate::Environment::process();
    let found: Result<Secret, Error> = py.detach(|| hwmigrate::secret_ref::resolve(reference, &environment));
    found.map(crate::secret::PySecret).map_err(|error| crate::errors::raise(py, &error))
}
