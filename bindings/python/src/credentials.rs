//! Credentials, and the callables that give them.

use hwmigrate::{Credential, Credentials, Error, Passcode, Secret};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::callables::{Callable, Sharing};
use crate::convert::Moment;
use crate::json::{self, secret, text};
use crate::secret::PySecret;

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
        domain: &Bound<'_, PyAny>,
        user: &Bound<'_, PyAny>,
        password: &Bound<'_, PyAny>,
        user_id: Option<Bound<'_, PyAny>>,
        passcode: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (domain, user) = (text(domain, "`domain`")?, text(user, "`user`")?);
        let password = secret(password, "`password`")?;
        let user_id = user_id.map(|id| text(&id, "`user_id`")).transpose()?;
        let credentials = match (user_id, passcode) {
            (None, None) => Credentials::password(domain, user, password),
            (Some(id), Some(passcode)) => {
                Credentials::password_totp(domain, user, password, id, asked(&passcode)?)
            }
            _ => return Err(PyTypeError::new_err("a passcode and the user id are given together")),
        };
        Ok(Self(credentials))
    }

    /// A token that the caller already has. It cannot be renewed.
    #[staticmethod]
    #[pyo3(signature = (token, expires_at=None))]
    fn token(token: &Bound<'_, PyAny>, expires_at: Option<Moment>) -> PyResult<Self> {
        let token = secret(token, "`token`")?;
        Ok(Self(Credentials::token(token, expires_at.map(|moment| moment.0))))
    }

    /// A permanent access key; every request is signed.
    #[staticmethod]
    fn access_key(access: &Bound<'_, PyAny>, secret: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (access, secret) = pair(access, secret)?;
        Ok(Self(Credentials::access_key(access, secret)))
    }

    /// A temporary access key with its security token; every request is signed.
    #[staticmethod]
    fn temporary(
        access: &Bound<'_, PyAny>,
        secret: &Bound<'_, PyAny>,
        security_token: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let (access, secret) = pair(access, secret)?;
        let security_token = json::secret(security_token, "`security_token`")?;
        Ok(Self(Credentials::temporary(access, secret, security_token)))
    }

    /// The rights that another account has delegated to this one. `base` logs
    /// in to its own account first; `domain_name` is the account that made the agency.
    #[staticmethod]
    fn agency(
        base: PyRef<'_, Self>,
        agency_name: &Bound<'_, PyAny>,
        domain_name: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let (agency, domain) = (text(agency_name, "`agency_name`")?, text(domain_name, "`domain_name`")?);
        Ok(Self(Credentials::agency(base.0.clone(), agency, domain)))
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
        let provide = Callable::new(&provide, Sharing::All, |given| match given.cast::<PyCredential>() {
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
        format!("<hwmigrate.Credentials {}>", self.0.kind())
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
    fn token(token: &Bound<'_, PyAny>, expires_at: Option<Moment>) -> PyResult<Self> {
        let token = secret(token, "`token`")?;
        Ok(Self(Credential::token(token, expires_at.map(|moment| moment.0))))
    }

    /// A permanent access key.
    #[staticmethod]
    fn access_key(access: &Bound<'_, PyAny>, secret: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (access, secret) = pair(access, secret)?;
        Ok(Self(Credential::access_key(access, secret)))
    }

    /// A temporary access key with its security token.
    #[staticmethod]
    #[pyo3(signature = (access, secret, security_token, expires_at=None))]
    fn temporary(
        access: &Bound<'_, PyAny>,
        secret: &Bound<'_, PyAny>,
        security_token: &Bound<'_, PyAny>,
        expires_at: Option<Moment>,
    ) -> PyResult<Self> {
        let (access, secret) = pair(access, secret)?;
        let security_token = json::secret(security_token, "`security_token`")?;
        let end = expires_at.map(|moment| moment.0);
        Ok(Self(Credential::temporary(access, secret, security_token, end)))
    }

    fn __repr__(&self) -> &'static str {
        "<hwmigrate.Credential>"
    }
}

/// An access key and its secret.
fn pair(access: &Bound<'_, PyAny>, secret: &Bound<'_, PyAny>) -> PyResult<(Secret, Secret)> {
    Ok((json::secret(access, "`access`")?, json::secret(secret, "`secret`")?))
}

/// A fixed passcode, or whoever is asked for one.
fn asked(passcode: &Bound<'_, PyAny>) -> PyResult<Passcode> {
    if passcode.is_instance_of::<PyString>() || passcode.is_instance_of::<PySecret>() {
        return secret(passcode, "`passcode`").map(Passcode::from);
    }
    let ask = Callable::new(passcode, Sharing::One, |given| {
        secret(given, "the passcode that the callable returned")
    })?;
    Ok(Passcode::from_fn(move || ask.clone().ask()))
}

/// A secret for `Credentials`, read where the reference says.
#[pyfunction]
pub(crate) fn resolve_secret(py: Python<'_>, reference: &Bound<'_, PyAny>) -> PyResult<PySecret> {
    let reference = text(reference, "`reference`")?;
    let environment = hwmigrate::Environment::process();
    let found: Result<Secret, Error> = py.detach(|| hwmigrate::secret_ref::resolve(&reference, &environment));
    found.map(PySecret).map_err(|error| crate::errors::raise(py, &error))
}
