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

use hwmigrate::oms::types::CloudSide;

use super::shared::{VERSIONS, refuse_unread_terms, terms_accepted, to_json, versions};
use crate::args::Global;
use crate::args::oms::{OmsCommand, Side};
use crate::connect::{connect, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const CLOUDS: [Column; 1] = [column("cloud", "", Show::Text)];
const REGIONS: [Column; 3] = [
    column("cloud", "/cloud_type", Show::Text),
    column("region", "/value", Show::Text),
    column("description", "/description", Show::Text),
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
        OmsCommand::Versions => {
            let client = connect(global)?;
            versions(&in_time(global, client.oms().versions()).await?.into_inner(), output)
        }
        OmsCommand::Version { name } => {
            let client = connect(global)?;
            let found = in_time(global, client.oms().version(&name)).await?;
            output.record(&to_json(&*found)?, &VERSIONS)
        }
        OmsCommand::AgreePrivacy { yes } => {
            refuse_unread_terms(yes)?;
            let client = connect(global)?;
            in_time(global, client.oms().agree_privacy()).await?;
            terms_accepted(output)
        }
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
