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
use crate::output::{Column, Output};

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

/// Prints the template of an operation if it is asked for.
pub(crate) fn skeleton(input: &Input, operation: &Operation, output: &Output) -> Result<bool> {
    if input.skeleton {
        output.text(&format!("{:#}\n", body::skeleton(operation)?))?;
    }
    Ok(input.skeleton)
}

/// The body of an operation and the client to send it with, in the order that finds mistakes first.
pub(crate) fn ready<T: serde::de::DeserializeOwned>(
    body: Body,
    operation: &'static Operation,
    global: &Global,
    output: &Output,
) -> Result<(Client, T)> {
    let client = connect(global)?;
    let request = body.finish(operation, output)?.into_typed(operation.id)?;
    Ok((client, request))
}
