//! The client.

use std::ffi::c_char;
use std::sync::Arc;

use crate::cancel::hwm_cancel;
use crate::config::{hwm_config, lock};
use crate::engine::{Caller, Engine, span};
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::handle::{Handle, In, free, handle};
use crate::memory::give_text;
use crate::pointer::{Out, input, output};
use crate::result::hwm_result;
use crate::value::hwm_value;

/// The door to the services.
///
/// It holds connections, the login, and what was learnt about rate limits:
/// keep it for as long as possible, and share it among threads. Making one
/// contacts nobody; the first call logs in.
pub struct hwm_client {
    _private: [u8; 0],
}

handle!(hwm_client => Caller, b"hwmclint", connected);

/// Makes a client. Reads environment, profile and certificate files; contacts nobody.
///
/// @param config The settings, or NULL for those of environment and profile.
///        It may be freed at once.
/// @param client Receives the client; free it with `hwm_client_free`.
///
/// The environment is read, unless `hwm_config_ignore_environment` was called:
/// no other thread may change it meanwhile, as always in C.
///
/// Fails with HWM_CONFIG for settings that are missing, malformed, or
/// contradict each other; the message names the setting and where it came from.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_client_new(
    config: *const hwm_config,
    client: *mut *mut hwm_client,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (config, client, error) = (input!(config), output!(client), output!(error));
    enter(error, || {
        let client = client.required("client")?;
        let builder = match config.optional("config")? {
            Some(config) => lock(&config).builder()?,
            None => hwmigrate::Client::builder(),
        };
        let core = builder.build()?;
        client.give(Caller { core, engine: Arc::new(Engine::new()?), limit: None, cancel: None });
        Ok(hwm_result::HWM_OK)
    })
}

/// Makes another handle of the same client, whose calls have limits of their own.
///
/// @param call_timeout Longest time for one call in milliseconds; 0 leaves that of the client.
/// @param cancel Ends calls and waits of this handle, and of what is made from it, when it is set; NULL
///        leaves that of the client. It may be freed at once, and is then never set.
/// @param limited Receives the handle; free it with `hwm_client_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_client_limited(
    client: *const hwm_client,
    call_timeout: i64,
    cancel: *const hwm_cancel,
    limited: *mut *mut hwm_client,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, cancel, limited, error) = (input!(client), input!(cancel), output!(limited), output!(error));
    enter(error, || {
        let limited = limited.required("limited")?;
        let mut caller = Caller::clone(&*client.get("client")?);
        if call_timeout != 0 {
            caller.limit = Some(span(call_timeout, "call_timeout")?);
        }
        if let Some(flag) = cancel.optional("cancel")? {
            caller.cancel = Some(Arc::clone(&flag));
        }
        limited.give(caller);
        Ok(hwm_result::HWM_OK)
    })
}

/// Frees a client. NULL is fine. Closes its connections, unless lists, waits
/// or other handles still use them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_client_free(client: *mut hwm_client) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(client) };
}

/// Checks the credentials and finds the project. Not needed before other
/// calls, which log in by themselves.
///
/// @param login May be NULL. Receives what was found out, without any secret:
///        "/project_id", "/domain_id", "/domain", "/user", "/kind", and
///        "/expires_at" in milliseconds since 1970, each null when unknown. Free it with
///        `hwm_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_client_login(
    client: *const hwm_client,
    login: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, login, error) = (input!(client), output!(login), output!(error));
    enter(error, || {
        let caller = client.get("client")?;
        let found = caller.run(async {
            let work = caller.core.login();
            match caller.limit {
                Some(limit) => in_time(limit, work).await,
                None => work.await,
            }
        })?;
        let end = found.expires_at.map(|end| end.unix_timestamp_nanos() / 1_000_000);
        login.give(hwm_value::of(serde_json::json!({
            "project_id": found.project_id,
            "domain_id": found.domain_id,
            "domain": found.domain,
            "user": found.user,
            "kind": found.kind,
            "expires_at": end.and_then(|end| i64::try_from(end).ok()),
        })));
        Ok(hwm_result::HWM_OK)
    })
}

/// The project that calls go to. Looked up once.
///
/// @param id Receives a text of the caller's; free it with `hwm_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_client_project_id(
    client: *const hwm_client,
    id: *mut *mut c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, id, error) = (input!(client), output!(id), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let found = caller.run(async {
            let work = caller.core.project_id();
            match caller.limit {
                Some(limit) => in_time(limit, work).await,
                None => work.await,
            }
        })?;
        id.set(give_text(&found));
        Ok(hwm_result::HWM_OK)
    })
}

/// Holds a call without a limit of its own to the caller's.
async fn in_time<T>(
    limit: std::time::Duration,
    work: impl Future<Output = hwmigrate::Result<T>>,
) -> hwmigrate::Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let words = format!("no answer within the call's limit of {limit:.0?}");
        Err(hwmigrate::Error::new(hwmigrate::ErrorKind::Timeout, words))
    })
}

/// The body of a function that tells a service to do something.
pub(crate) fn act(
    client: In<'_, hwm_client>,
    error: Out<'_, *mut hwm_error>,
    body: impl FnOnce(&Caller) -> Result<(), Failure>,
) -> hwm_result {
    enter(error, || {
        let caller = client.get("client")?;
        body(&caller)?;
        Ok(hwm_result::HWM_OK)
    })
}

/// The body of a function that gives a handle, which the caller must have room for.
pub(crate) fn answer<H: Handle>(
    client: In<'_, hwm_client>,
    out: Out<'_, *mut H>,
    name: &'static str,
    error: Out<'_, *mut hwm_error>,
    body: impl FnOnce(&Caller) -> Result<H::Value, Failure>,
) -> hwm_result {
    enter(error, || {
        let out = out.required(name)?;
        let caller = client.get("client")?;
        out.give(body(&caller)?);
        Ok(hwm_result::HWM_OK)
    })
}
