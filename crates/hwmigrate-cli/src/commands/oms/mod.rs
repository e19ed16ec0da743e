//! `oms`: sends each command to its module, and has the small ones itself.

mod bucket;
mod failed;
mod folders;
mod follow;
mod group;
mod job;
mod keys;
mod migrate;
pub(crate) mod migrate_local;
mod place;
mod sync;
mod task;
mod wait;

use hwmigrate::oms::types::CloudSide;
use serde_json::json;

use super::shared::to_json;
use crate::args::Global;
use crate::args::oms::{OmsCommand, Side};
use crate::connect::{connect, in_time};
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
