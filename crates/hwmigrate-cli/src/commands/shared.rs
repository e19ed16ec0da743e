//! What the commands of every service do alike.

use futures_util::{Stream, StreamExt};
use hwmigrate::Client;
use hwmigrate::api::Operation;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{Global, Input};
use crate::body::{self, Body};
use crate::connect::{connect, in_time};
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::output::{Column, Output, Show, column};

/// Columns of a version of a service's interface.
pub(crate) const VERSIONS: [Column; 3] = [
    column("version", "/id", Show::Text),
    column("status", "/status", Show::Text),
    column("updated", "/updated", Show::Text),
];

/// Writes the versions of a service's interface.
pub(crate) fn versions(versions: &[impl Serialize], output: &Output) -> Result<()> {
    let mut rows = output.rows(&VERSIONS);
    for version in versions {
        rows.push(to_json(version)?)?;
    }
    rows.finish()
}

/// Terms are accepted by people, who say so.
pub(crate) fn refuse_unread_terms(yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    Err(Failure::usage("the privacy terms must be accepted by you, not by a program")
        .help("read them in the console of the service, then add --yes"))
}

/// Tells that the terms are accepted.
pub(crate) fn terms_accepted(output: &Output) -> Result<()> {
    output.accepted(&json!({"action": "agree-privacy", "accepted": true}), "the agreement is recorded")
}

/// A result of the library as JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| {
        Failure::new(ExitCode::Unexpected, "the answer could not be written as JSON")
            .cause(error)
            .help("report this with the command you gave")
    })
}

/// Writes the entries of a list, `limit` at most.
pub(crate) async fn list<T: Serialize>(
    entries: impl Stream<Item = hwmigrate::Result<T>>,
    columns: &[Column],
    limit: Option<usize>,
    global: &Global,
    output: &Output,
) -> Result<()> {
    let mut entries = std::pin::pin!(entries);
    let mut rows = output.rows(columns);
    for _ in 0..limit.unwrap_or(usize::MAX) {
        let next = in_time(global, async { entries.next().await.transpose() }).await?;
        match next {
            Some(entry) => rows.push(to_json(&entry)?)?,
            None => break,
        }
    }
    rows.finish()
}

/// Tells that the service accepted what was asked for a job.
pub(crate) fn accepted(output: &Output, field: &str, id: impl Into<Value>, action: &str) -> Result<()> {
    let id = id.into();
    let shown = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let what = field.trim_end_matches("_id").replace('_', " ");
    let mut value = json!({"action": action, "accepted": true});
    value[field] = id;
    output.accepted(&value, &format!("{what} {shown}: {action} accepted"))
}

/// Tells that the service accepted what was asked for several jobs, or for one.
pub(crate) fn accepted_many(output: &Output, field: &str, ids: &[String], action: &str) -> Result<()> {
    if let [id] = ids {
        return accepted(output, field, id.as_str(), action);
    }
    let mut value = json!({"action": action, "accepted": true});
    value[format!("{field}s")] = json!(ids);
    let what = field.trim_end_matches("_id").replace('_', " ");
    output.accepted(&value, &format!("{action} accepted for {} {what}s", ids.len()))
}

/// Prints the template of an operation if it is asked for.
pub(crate) fn skeleton(input: &Input, operation: &Operation, output: &Output) -> Result<bool> {
    if input.skeleton {
        output.text(&format!("{:#}\n", body::skeleton(operation)?))?;
    }
    Ok(input.skeleton)
}

/// The body to fill in, or nothing when only the template was asked for.
pub(crate) fn begin(input: &Input, id: &str, output: &Output) -> Result<Option<Body>> {
    if skeleton(input, body::operation(id)?, output)? {
        return Ok(None);
    }
    Body::read(input).map(Some)
}

/// The body of an operation and the client to send it with, in the order that finds mistakes first.
pub(crate) fn ready<T: serde::de::DeserializeOwned>(
    body: Body,
    operation: &'static Operation,
    global: &Global,
    output: &Output,
) -> Result<(Client, T)> {
    let client = connect(global)?;
    let request = body.finish(operation, output)?.into_typed()?;
    Ok((client, request))
}
