//! `sms migrate --emulator`: made-up servers, through an emulator in this process.

use std::time::Duration;

use hwmigrate::Client;
use hwmigrate::sms::types::TemplateRequest;
use hwmigrate_emulator::{Builder, SourceServer};

use super::migrate::{move_all, wanted};
use super::request;
use crate::args::Global;
use crate::args::sms::Migrate;
use crate::commands::inside::{Inside, region};
use crate::connect::in_time;
use crate::failure::Result;
use crate::output::Output;

/// Data of a made-up server: enough to see a bar move.
const USED: u64 = 256 << 20;
/// Rate at which it moves, in Mbit/s.
const RATE: u32 = 1_000;
/// How long a step takes that moves no data.
const STEP: Duration = Duration::from_millis(250);

/// Shows a migration of servers that do not exist.
pub(crate) async fn run(migrate: &Migrate, global: &Global, output: &Output) -> Result<()> {
    let place = &migrate.target.place;
    global.connection.refuse_with_emulator([
        ("--target-vm", place.target_vm.is_some()),
        ("--template-id", place.template_id.is_some()),
        ("--clone-template-id", migrate.target.clone_template_id.is_some()),
        ("--migration-ip", place.migration_ip.is_some()),
        ("--target-region", place.target_region.is_some()),
        ("--target-project-id", place.target_project_id.is_some()),
    ])?;
    let wanted = wanted(migrate)?;
    let plan = request::speed_plan(&migrate.speed_limit, None, output)?;
    let set_up = |builder: Builder| {
        let servers = wanted.iter().map(|name| SourceServer::new(name).used_bytes(USED));
        servers.fold(builder.sms_pace(STEP, RATE), Builder::source_server)
    };
    let inside = Inside::start(global, set_up).await?;
    output.note("simulated: no server is moved");
    let done = demonstrate(migrate, &wanted, &plan, inside.client(), global, output).await;
    inside.end().await;
    done
}

async fn demonstrate(
    migrate: &Migrate,
    wanted: &[String],
    plan: &hwmigrate::sms::SpeedPlan,
    client: &Client,
    global: &Global,
    output: &Output,
) -> Result<()> {
    let mut migrate = migrate.clone();
    let request = TemplateRequest {
        region: Some(region(global).to_owned()),
        projectid: Some(client.project_id().await?),
        ..TemplateRequest::new("demonstration".to_owned())
    };
    let template = in_time(global, client.sms().templates().create(&request)).await?;
    migrate.target.place.template_id = Some(template.id);
    move_all(&migrate, wanted, plan, client, true, global, output).await
}
