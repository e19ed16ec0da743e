//! The client, as Python's `Client` and `AsyncClient` hold it.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use hwmigrate::{Client, ClientBuilder, Environment, Error, ErrorKind, Service, SmsScope, secret_ref};
use pyo3::exceptions::{PyTypeError, PyUnicodeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::call::{Call, GLANCE, gone};
use crate::convert::{Lifetime, Moment, PyRetryPolicy, Span, Timeout};
use crate::credentials::PyCredentials;
use crate::errors;
use crate::iam;
use crate::json::{Json, secret, text};
use crate::oms::Oms;
use crate::raw;
use crate::runtime::Runtime;
use crate::sms::Sms;
use crate::source::plain;

/// A client and the place where its calls run.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Core {
    client: Client,
    runtime: Runtime,
    /// What kind of credentials were given, if not by the environment or a profile.
    credentials: Option<&'static str>,
}

/// Hands a setting to the builder if it was given.
macro_rules! set {
    ($builder:ident, $settings:ident, $name:ident: $kind:ty, $method:ident, $change:expr) => {
        if let Some(value) = setting::<$kind>($settings, stringify!($name))? {
            $builder = $builder.$method($change(value));
        }
    };
    ($builder:ident, $settings:ident, $name:ident: $kind:ty) => {
        set!($builder, $settings, $name: $kind, $name, std::convert::identity)
    };
}

/// Builds a client on a thread of its own: a secret may come from a command that takes its time or asks
/// somebody, and Ctrl-C ends that, too.
fn built(py: Python<'_>, builder: ClientBuilder) -> PyResult<Client> {
    let (done, mut outcome) = mpsc::channel();
    thread::Builder::new()
        .name("hwmigrate-settings".to_owned())
        // Nobody listens any more after Ctrl-C.
        .spawn(move || drop(done.send(builder.build())))?;
    loop {
        let result;
        (result, outcome) = py.detach(move || (outcome.recv_timeout(GLANCE), outcome));
        match result {
            Ok(client) => return client.map_err(|error| errors::raise(py, &error)),
            Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            Err(RecvTimeoutError::Timeout) => {
                py.check_signals().inspect_err(|_| secret_ref::end_commands())?
            }
        }
    }
}

#[pymethods]
impl Core {
    /// A client with these settings; reads files and environment, contacts nobody.
    #[new]
    fn new(py: Python<'_>, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        let mut builder = Client::builder();
        set!(builder, settings, region: String);
        set!(builder, settings, project_id: String);
        set!(builder, settings, project_name: String);
        set!(builder, settings, domain_id: String);
        set!(builder, settings, credentials: PyRef<'_, PyCredentials>, credentials, |given: PyRef<'_, PyCredentials>| given.0.clone());
        set!(builder, settings, metadata: bool);
        set!(builder, settings, profile: String);
        set!(builder, settings, profile_file: PathBuf);
        set!(builder, settings, allow_plain_http: bool);
        set!(builder, settings, proxy: String);
        set!(builder, settings, no_proxy: String);
        set!(builder, settings, ca_file: PathBuf);
        set!(builder, settings, connect_timeout: Span, connect_timeout, |span: Span| span.0);
        set!(builder, settings, read_timeout: Span, read_timeout, |span: Span| span.0);
        set!(builder, settings, call_timeout: Span, call_timeout, |span: Span| span.0);
        set!(builder, settings, retry: PyRetryPolicy, retry, |policy: PyRetryPolicy| policy.0);
        set!(builder, settings, seed: u64);
        if let Some(word) = setting::<String>(settings, "sms_scope")? {
            let scope =
                [SmsScope::Project, SmsScope::Domain].into_iter().find(|scope| scope.as_str() == word);
            let scope = scope.ok_or_else(|| {
                let text = format!("sms_scope is {word:?}; use \"project\" or \"domain\"");
                errors::raise(py, &Error::new(ErrorKind::Config, text))
            })?;
            builder = builder.sms_scope(scope);
        }
        if let Some((certificate, key)) = setting::<(PathBuf, PathBuf)>(settings, "client_certificate")? {
            builder = builder.client_certificate(certificate, key);
        }
        if let Some(variables) = setting::<Bound<'_, PyAny>>(settings, "environment")? {
            builder = builder.environment(environment(&variables)?);
        }
        if let Some(endpoints) = setting::<Bound<'_, PyDict>>(settings, "endpoints")? {
            for (name, address) in endpoints {
                let name = text(&name, "the name of an endpoint")?;
                let address = text(&address, &format!("the endpoint of {name}"))?;
                builder = builder.endpoint(service(py, &name)?, address);
            }
        }
        let credentials = setting::<PyRef<'_, PyCredentials>>(settings, "credentials")?;
        let credentials = credentials.map(|given| given.0.kind());
        Ok(Self { client: built(py, builder)?, runtime: Runtime::new(), credentials })
    }

    /// The region, when one is set.
    #[getter]
    fn region(&self) -> Option<&str> {
        self.client.region()
    }

    /// The client without its secrets, as its `repr`.
    fn describe(&self, py: Python<'_>) -> PyResult<String> {
        let mut shown = "<hwmigrate.Client".to_owned();
        if let Some(region) = self.client.region() {
            // Quoted as Python does it.
            shown.push_str(&format!(" region={}", PyString::new(py, region).repr()?));
        }
        if let Some(kind) = self.credentials {
            shown.push_str(&format!(" credentials={kind}"));
        }
        shown.push('>');
        Ok(shown)
    }

    /// Checks the credentials and finds the project.
    fn login(&self) -> Call {
        let client = self.client.clone();
        Call::new(&self.runtime, async move {
            let login = client.login().await?;
            Ok(plain(serde_json::json!({
                "project_id": login.project_id,
                "domain_id": login.domain_id,
                "domain": login.domain,
                "user": login.user,
                "expires_at": login.expires_at.map(Moment::millis),
                "kind": login.kind,
            })))
        })
    }

    /// The project that calls go to.
    fn project_id(&self) -> Call {
        let client = self.client.clone();
        Call::new(&self.runtime, async move { client.project_id().await.map(plain) })
    }

    /// The projects that the credentials reach.
    fn projects(&self) -> Call {
        Call::new(&self.runtime, iam::projects(self.client.clone()))
    }

    /// Whose token this is.
    fn validate_token(&self, token: &Bound<'_, PyAny>) -> PyResult<Call> {
        let token = secret(token, "`token`")?;
        Ok(Call::new(&self.runtime, iam::validate_token(self.client.clone(), token)))
    }

    /// A temporary access key.
    fn temporary_access_key(&self, lifetime: Lifetime) -> Call {
        Call::new(&self.runtime, iam::temporary_access_key(self.client.clone(), lifetime.0.0))
    }

    /// Any operation by its documented id.
    #[pyo3(signature = (operation, parameters, body=None, timeout=None, retry=None))]
    fn call(
        &self,
        operation: &str,
        parameters: Vec<(String, String)>,
        body: Option<Json>,
        timeout: Option<Timeout>,
        retry: Option<PyRetryPolicy>,
    ) -> Call {
        let body = body.map(|body| body.0);
        let call = raw::prepared(&self.client, operation, parameters, body, timeout, retry);
        Call::new(&self.runtime, raw::json(call))
    }

    /// The same, with the answer as it came.
    #[pyo3(signature = (operation, parameters, body=None, timeout=None, retry=None))]
    fn call_bytes(
        &self,
        operation: &str,
        parameters: Vec<(String, String)>,
        body: Option<Json>,
        timeout: Option<Timeout>,
        retry: Option<PyRetryPolicy>,
    ) -> Call {
        let body = body.map(|body| body.0);
        let call = raw::prepared(&self.client, operation, parameters, body, timeout, retry);
        Call::new(&self.runtime, raw::bytes(call))
    }

    /// OMS, with limits of its own for each call if they are given.
    #[pyo3(signature = (timeout=None, retry=None))]
    fn oms(&self, timeout: Option<Timeout>, retry: Option<PyRetryPolicy>) -> Oms {
        let mut oms = self.client.oms();
        if let Some(Timeout(Span(limit))) = timeout {
            oms = oms.call_deadline(limit);
        }
        if let Some(PyRetryPolicy(policy, _)) = retry {
            oms = oms.call_retry(policy);
        }
        Oms::new(oms, &self.runtime)
    }

    /// SMS, with limits of its own for each call if they are given.
    #[pyo3(signature = (timeout=None, retry=None))]
    fn sms(&self, timeout: Option<Timeout>, retry: Option<PyRetryPolicy>) -> Sms {
        let mut sms = self.client.sms();
        if let Some(Timeout(Span(limit))) = timeout {
            sms = sms.call_deadline(limit);
        }
        if let Some(PyRetryPolicy(policy, _)) = retry {
            sms = sms.call_retry(policy);
        }
        Sms::new(sms, &self.runtime)
    }
}

fn setting<'py, T>(settings: &Bound<'py, PyDict>, name: &str) -> PyResult<Option<T>>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    let Some(value) = settings.get_item(name)?.filter(|value| !value.is_none()) else { return Ok(None) };
    value.extract::<T>().map(Some).map_err(|error| {
        let py = settings.py();
        let error: PyErr = error.into();
        if error.is_instance_of::<PyUnicodeError>(py) {
            // Holds the whole text.
            return config(py, format!("the setting `{name}` holds characters that UTF-8 cannot"));
        }
        // Names the setting; says what is wrong with it only where that cannot quote a secret.
        let text = PyTuple::new(py, [format!("the setting `{name}`: {}", error.value(py))]);
        text.map_or_else(|problem| problem, |text| PyErr::from_type(error.get_type(py), text.unbind()))
    })
}

fn config(py: Python<'_>, message: String) -> PyErr {
    errors::raise(py, &Error::new(ErrorKind::Config, message))
}

/// Variables in place of the process's own. What is no text is left out, as it is of the process's, unless
/// it seems to be meant for us.
fn environment(variables: &Bound<'_, PyAny>) -> PyResult<Environment> {
    let py = variables.py();
    let mut pairs = Vec::new();
    for pair in variables.call_method0("items")?.try_iter()? {
        let (name, value) = pair?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        let Some(name) = utf8(&name, "the name of a variable")? else { continue };
        match utf8(&value, &format!("the variable {name}"))? {
            Some(value) => pairs.push((name, value)),
            None if SETTINGS.iter().any(|prefix| name.starts_with(prefix)) => {
                return Err(config(py, format!("the variable {name} holds characters that UTF-8 cannot")));
            }
            None => {}
        }
    }
    Ok(Environment::from_pairs(pairs))
}

/// How the names of variables begin that are settings.
const SETTINGS: [&str; 3] = ["HUAWEICLOUD_SDK_", "HWMIGRATE_", "HW_"];

/// Text, unless it holds something else than Unicode.
fn utf8(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<String>> {
    match text(object, name) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_instance_of::<PyTypeError>(object.py()) => Err(error),
        Err(_) => Ok(None),
    }
}

fn service(py: Python<'_>, name: &str) -> PyResult<Service> {
    [Service::Iam, Service::Oms, Service::Sms].into_iter().find(|service| service.name() == name).ok_or_else(
        || errors::invalid(py, format!("there is no service `{name}`; there are iam, oms and sms")),
    )
}
