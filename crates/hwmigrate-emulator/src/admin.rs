//! Commands to the emulator over HTTP, for callers in other languages.
//!
//! They need no token: the server listens on loopback only, and pages in a
//! browser are kept out by refusing whatever carries an `Origin`.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::App;
use crate::fault::Fault;
use crate::http::answer::Answer;
use crate::http::call::ApiError;
use crate::http::route::query_pairs;
use crate::journal::Entry;

/// Where the commands are.
pub(crate) const PREFIX: &str = "/_emulator/";

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Value>),
    One(Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    state: i64,
}

/// Carries out a command.
pub(crate) async fn handle(app: &App, parts: &Parts, call: &str, body: &Bytes) -> Answer {
    command(app, parts, call, body).await.unwrap_or_else(|error| Answer::error(&error, ""))
}

async fn command(app: &App, parts: &Parts, call: &str, body: &Bytes) -> Result<Answer, ApiError> {
    if parts.headers.contains_key("origin") || !is_local_host(parts) {
        return Err(refused(403, "commands are not taken from pages in a browser"));
    }
    let done = match (parts.method.as_str(), call) {
        ("GET", "health") => json!({
            "status": "ok", "project_id": app.project_id, "region": app.region,
            "version": env!("CARGO_PKG_VERSION"), "time": time(app),
        }),
        ("GET", "journal") => journal(app, parts.uri.query().unwrap_or_default()),
        ("DELETE", "journal") => {
            app.journal.clear();
            json!({})
        }
        ("GET", "faults") => json!({ "faults": app.faults.armed() }),
        ("POST", "faults") => push_faults(app, body)?,
        ("DELETE", "faults") => {
            app.faults.clear();
            json!({})
        }
        ("POST", "faults/release") => {
            app.faults.release(read::<Release>(body)?.state);
            json!({})
        }
        ("POST", "clock") => {
            let seconds = read::<Advance>(body)?.advance_seconds;
            let by = Duration::try_from_secs_f64(seconds)
                .map_err(|_| refused(400, "advance_seconds must be a number from 0 to 1.8e19"))?;
            app.advance_clock(by).kept().await.map_err(|_| refused(500, "the clock could not be stored"))?;
            json!({ "time": time(app) })
        }
        ("POST", "tokens/expire") => {
            app.authority.seal.revoke_all().map_err(|error| refused(500, &error.to_string()))?;
            json!({})
        }
        _ => return Err(refused(404, "there is no such command")),
    };
    Ok(Answer::json(200, done))
}

fn time(app: &App) -> String {
    app.clock.now().format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

fn journal(app: &App, query: &str) -> Value {
    let mut entries = app.journal.entries();
    for (name, value) in query_pairs(query) {
        match name.as_str() {
            "operation" => entries.retain(|entry| is_of(entry, &value)),
            "after" => entries.retain(|entry| value.parse().is_ok_and(|after: u64| entry.number > after)),
            _ => {}
        }
    }
    json!({ "entries": entries })
}

/// Whether a request was for an operation; a service before its id, as in `sms.ShowTask`, leaves out others.
fn is_of(entry: &Entry, operation: &str) -> bool {
    let (service, id) =
        operation.split_once('.').map_or((None, operation), |(service, id)| (Some(service), id));
    entry.operation.as_deref() == Some(id) && (service.is_none() || entry.service.as_deref() == service)
}

/// All of them, or none if one is wrong.
fn push_faults(app: &App, body: &Bytes) -> Result<Value, ApiError> {
    let given = match read::<OneOrMany>(body)? {
        OneOrMany::Many(faults) => faults,
        OneOrMany::One(fault) => vec![fault],
    };
    let faults = given
        .into_iter()
        .map(|given| {
            let fault: Fault = serde_json::from_value(given).map_err(|error| error.to_string())?;
            fault.check().map(|()| fault)
        })
        .collect::<Result<Vec<_>, String>>()
        .map_err(|error| refused(400, &format!("not a fault: {error}")))?;
    let pushed = faults.len();
    faults.into_iter().for_each(|fault| app.faults.push(fault));
    Ok(json!({ "pushed": pushed }))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| refused(400, &format!("the body cannot be read: {error}")))
}

fn refused(status: u16, message: &str) -> ApiError {
    ApiError::new(status, "EMULATOR", message)
}

/// A name that leads here from outside would let a page of another site in.
fn is_local_host(parts: &Parts) -> bool {
    let Some(host) = parts.headers.get("host").and_then(|value| value.to_str().ok()) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
