//! `oms`: sends each command to its module, and has the small ones itself.

use futures_util::{Stream, StreamExt};
use hwmigrate::Client;
use hwmigrate::api::Operation;
use hwmigrate::oms::types::CloudSide;
use serde::Serialize;
use serde_json::{Value, json};

use super::{bucket, group, migrate, sync, task};
use crate::args::{Global, OmsCommand, Side};
use crate::body::{self, Body};
use crate::connect::{connect, in_time};
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::output::{Column, Output, Show, column};

const CLOUDS: [Column; 1] = [column("cloud", "", Show::Text)];
const REGIONS: [Column; 3] = [
    column("cloud", "/cloud_type", Show::Text),
    column("region", "/value", Show::Text),
    column("description", "/description", Show::Text),
];
const VERSIONS: [Column; 3] = [
    column("version", "/id", Show::Text),
    column("status", "/status", Show::Text),
    column("updated", "/updated", Show::Text),
];

/// Runs one of the commands below `oms`.
pub(crate) async fn run(command: OmsCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        OmsCommand::Migrate(migrate) => migrate::run(&migrate, global, output).await,
        OmsCommand::Task(command) => task::run(command, global, output).await,
        OmsCommand::Group(command) => group::run(command, global, output).await,
        OmsCommand::Sync(command) => sync::run(command, global, output).await,
        OmsCommand::Bucket(command) => bucket::run(*command, global, output).await,
        OmsCommand::Regions => regions(global, output).await,
        OmsCommand::CloudTypes { side } => cloud_types(side, global, output).await,
        OmsCommand::Versions => versions(global, output).await,
        OmsCommand::Version { name } => {
            let client = connect(global)?;
            let found = in_time(global, client.oms().version(&name)).await?;
            output.record(&to_json(&*found)?, &VERSIONS)
        }
        OmsCommand::AgreePrivacy { yes } => agree(yes, global, output).await,
    }
}

async fn regions(global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let clouds = in_time(global, client.oms().regions()).await?.into_inner();
    let mut rows = output.rows(&REGIONS);
    for cloud in clouds {
        let cloud = to_json(&cloud)?;
        // The service groups by cloud; one row for each region is easier to search.
        for region in cloud["region_list"].as_array().into_iter().flatten() {
            let mut region = region.clone();
            if region["cloud_type"].is_null() {
                region["cloud_type"] = cloud["service_name"].clone();
            }
            rows.push(region)?;
        }
    }
    rows.finish()
}

async fn cloud_types(side: Side, global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let side = match side {
        Side::Source => CloudSide::Src,
        Side::Destination => CloudSide::Dst,
    };
    let mut rows = output.rows(&CLOUDS);
    for cloud in in_time(global, client.oms().cloud_types(side)).await?.into_inner() {
        rows.push(to_json(&cloud)?)?;
    }
    rows.finish()
}

async fn versions(global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let mut rows = output.rows(&VERSIONS);
    for version in in_time(global, client.oms().versions()).await?.into_inner() {
        rows.push(to_json(&version)?)?;
    }
    rows.finish()
}

async fn agree(yes: bool, global: &Global, output: &Output) -> Result<()> {
    if !yes {
        return Err(Failure::usage("the privacy terms must be accepted by you, not by a program")
            .help("read them in the console of the service, then add --yes"));
    }
    let client = connect(global)?;
    in_time(global, client.oms().agree_privacy()).await?;
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

/// Prints the template of an operation if it is asked for.
pub(crate) fn skeleton(input: &crate::args::Input, operation: &Operation, output: &Output) -> Result<bool> {
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
