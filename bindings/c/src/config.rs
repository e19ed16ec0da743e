//! Settings of a client to be.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hwmigrate::{ClientBuilder, Credentials, Environment, RetryPolicy, Service};

use crate::credentials::hwm_credentials;
use crate::engine::span;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::handle::{In, free, handle};
use crate::pointer::{input, output, text};
use crate::result::hwm_result;

/// Settings of a client to be.
///
/// What is not set comes from the environment and the profile file, as in
/// every face of hwmigrate. The setters judge their arguments only; the first
/// one that fails is remembered, and `hwm_client_new` fails with the same text,
/// so their results need not be looked at one by one. A configuration may be
/// changed and used again; clients that were made do not change.
pub struct hwm_config {
    _private: [u8; 0],
}

handle!(hwm_config => Mutex<Settings>, b"hwmconfg");

/// In milliseconds.
const TEN_YEARS: i64 = 10 * 365 * 86_400_000;

type Setting = Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send>;

/// The settings, each as a step of building a client.
#[derive(Default)]
pub(crate) struct Settings {
    steps: Vec<Setting>,
    problem: Option<String>,
}

impl Settings {
    /// A builder with all settings.
    pub(crate) fn builder(&self) -> Result<ClientBuilder, Failure> {
        if let Some(problem) = &self.problem {
            return Err(Failure::argument(format!("a setting was refused: {problem}")));
        }
        Ok(self.steps.iter().fold(hwmigrate::Client::builder(), |builder, step| step(builder)))
    }
}

pub(crate) fn lock(settings: &Mutex<Settings>) -> MutexGuard<'_, Settings> {
    settings.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a step, or remembers why it cannot be one.
fn set(config: In<'_, hwm_config>, step: impl FnOnce() -> Result<Setting, Failure>) -> hwm_result {
    enter(nowhere(), || {
        let config = config.get("config")?;
        let mut settings = lock(&config);
        match step() {
            Ok(step) => settings.steps.push(step),
            Err(failure) => {
                if let Failure::Own { message, .. } = &failure {
                    settings.problem.get_or_insert_with(|| message.clone());
                }
                return Err(failure);
            }
        }
        Ok(hwm_result::HWM_OK)
    })
}

/// The place for errors of functions that take none.
pub(crate) fn nowhere() -> crate::pointer::Out<'static, *mut hwm_error> {
    // SAFETY: `NULL` is an output that nobody wants.
    unsafe { crate::pointer::Out::new(std::ptr::null_mut()) }
}

/// Adds a step that takes a text.
fn set_text(
    config: In<'_, hwm_config>,
    value: crate::pointer::Text<'_>,
    name: &str,
    apply: fn(ClientBuilder, &str) -> ClientBuilder,
) -> hwm_result {
    set(config, || {
        let value = value.get(name)?.to_owned();
        Ok(Box::new(move |builder| apply(builder, &value)))
    })
}

/// Adds a step that takes a span.
fn set_span(
    config: In<'_, hwm_config>,
    milliseconds: i64,
    apply: fn(ClientBuilder, Duration) -> ClientBuilder,
) -> hwm_result {
    set(config, || {
        if !(1..TEN_YEARS).contains(&milliseconds) {
            let words = format!("`milliseconds` is {milliseconds}, and must be above 0 and below ten years");
            return Err(Failure::argument(words));
        }
        let value = span(milliseconds, "milliseconds")?;
        Ok(Box::new(move |builder| apply(builder, value)))
    })
}

/// Makes a configuration with nothing set.
///
/// @param config Receives the configuration; free it with `hwm_config_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_new(
    config: *mut *mut hwm_config,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (config, error) = (output!(config), output!(error));
    enter(error, || {
        config.required("config")?.give(Mutex::default());
        Ok(hwm_result::HWM_OK)
    })
}

/// Frees a configuration. NULL is fine. Clients made with it live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_free(config: *mut hwm_config) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(config) };
}

/// The region, such as "cn-north-4": that of the destination bucket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_region(config: *mut hwm_config, region: *const c_char) -> hwm_result {
    set_text(input!(config), text!(region), "region", |builder, value| builder.region(value))
}

/// The project that calls go to; looked up by the region's name when not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_project_id(config: *mut hwm_config, id: *const c_char) -> hwm_result {
    set_text(input!(config), text!(id), "id", |builder, value| builder.project_id(value))
}

/// The name by which a missing project id is looked up, where it is not the region's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_project_name(
    config: *mut hwm_config,
    name: *const c_char,
) -> hwm_result {
    set_text(input!(config), text!(name), "name", |builder, value| builder.project_name(value))
}

/// The account's id, for account-wide calls that are signed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_domain_id(config: *mut hwm_config, id: *const c_char) -> hwm_result {
    set_text(input!(config), text!(id), "id", |builder, value| builder.domain_id(value))
}

/// Who the client is. The configuration keeps what it needs, so the
/// credentials may be freed at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_credentials(
    config: *mut hwm_config,
    credentials: *const hwm_credentials,
) -> hwm_result {
    let credentials = input!(credentials);
    set(input!(config), || {
        let value = Credentials::clone(&*credentials.get("credentials")?);
        Ok(Box::new(move |builder| builder.credentials(value.clone())))
    })
}

/// The address of a service in place of the region's own.
///
/// @param service "iam", "oms" or "sms".
/// @param address Such as "https://oms.cn-north-4.myhuaweicloud.com".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_endpoint(
    config: *mut hwm_config,
    service: *const c_char,
    address: *const c_char,
) -> hwm_result {
    let (service, address) = (text!(service), text!(address));
    set(input!(config), || {
        let service = match service.get("service")? {
            "iam" => Service::Iam,
            "oms" => Service::Oms,
            "sms" => Service::Sms,
            _ => return Err(Failure::argument("`service` must be \"iam\", \"oms\" or \"sms\"")),
        };
        let address = address.get("address")?.to_owned();
        Ok(Box::new(move |builder| builder.endpoint(service, &address)))
    })
}

/// A profile of the profile file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_profile(config: *mut hwm_config, name: *const c_char) -> hwm_result {
    set_text(input!(config), text!(name), "name", |builder, value| builder.profile(value))
}

/// The profile file, in place of ~/.config/hwmigrate/config.toml.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_profile_file(
    config: *mut hwm_config,
    path: *const c_char,
) -> hwm_result {
    set_text(input!(config), text!(path), "path", |builder, value| builder.profile_file(value))
}

/// Ignores the environment, and so the home folder with its profile file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_ignore_environment(config: *mut hwm_config) -> hwm_result {
    set(input!(config), || Ok(Box::new(|builder| builder.environment(Environment::empty()))))
}

/// Allows plain http to hosts other than this machine, where anybody on the
/// way can read the credentials. To this machine it is always allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_allow_plain_http(config: *mut hwm_config, allow: bool) -> hwm_result {
    set(input!(config), || Ok(Box::new(move |builder| builder.allow_plain_http(allow))))
}

/// A proxy for all requests, such as "http://user:password@host:8080".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_proxy(config: *mut hwm_config, address: *const c_char) -> hwm_result {
    set_text(input!(config), text!(address), "address", |builder, value| builder.proxy(value))
}

/// Hosts that are reached without the proxy, separated by commas.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_no_proxy(
    config: *mut hwm_config,
    hosts: *const c_char,
) -> hwm_result {
    set_text(input!(config), text!(hosts), "hosts", |builder, value| builder.no_proxy(value))
}

/// A PEM file with certificate authorities that are trusted beside the system's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_ca_file(config: *mut hwm_config, path: *const c_char) -> hwm_result {
    set_text(input!(config), text!(path), "path", |builder, value| builder.ca_file(value))
}

/// PEM files with the certificate and the key that identify this client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_client_certificate(
    config: *mut hwm_config,
    certificate: *const c_char,
    key: *const c_char,
) -> hwm_result {
    let (certificate, key) = (text!(certificate), text!(key));
    set(input!(config), || {
        let (certificate, key) = (certificate.get("certificate")?.to_owned(), key.get("key")?.to_owned());
        Ok(Box::new(move |builder| builder.client_certificate(&certificate, &key)))
    })
}

/// Longest time for making a connection, above 0 and below ten years; 10 seconds by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_connect_timeout(
    config: *mut hwm_config,
    milliseconds: i64,
) -> hwm_result {
    set_span(input!(config), milliseconds, ClientBuilder::connect_timeout)
}

/// Longest silence of a service that is answering, above 0 and below ten years; 60 seconds by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_read_timeout(
    config: *mut hwm_config,
    milliseconds: i64,
) -> hwm_result {
    set_span(input!(config), milliseconds, ClientBuilder::read_timeout)
}

/// Longest time for one call with its login, pauses and repetitions, above 0 and below ten years; 2
/// minutes by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_call_timeout(
    config: *mut hwm_config,
    milliseconds: i64,
) -> hwm_result {
    set_span(input!(config), milliseconds, ClientBuilder::call_timeout)
}

/// When a failed request is sent again, where that is safe at all.
///
/// @param attempts Requests at most, 1 or more; 4 by default.
/// @param first_pause Upper bound of the first pause in milliseconds; 200 by default.
/// @param longest_pause Upper bound of every pause in milliseconds; 20000 by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_config_set_retry(
    config: *mut hwm_config,
    attempts: u32,
    first_pause: i64,
    longest_pause: i64,
) -> hwm_result {
    set(input!(config), || {
        if attempts == 0 {
            return Err(Failure::argument("`attempts` is 0, and must be at least 1"));
        }
        let policy = RetryPolicy::default()
            .max_attempts(attempts)
            .first_pause(span(first_pause, "first_pause")?)
            .max_pause(span(longest_pause, "longest_pause")?);
        Ok(Box::new(move |builder| builder.retry(policy)))
    })
}
