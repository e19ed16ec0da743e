//! `oms migrate` between clouds.

use hwmigrate::oms::{NodeKeys, types};

use super::follow::{Follower, watch};
use super::job::{self, Kind};
use super::place::Place;
use crate::args::Global;
use crate::args::oms::{Cloud, Migrate, StartKeys};
use crate::body::{Body, operation};
use crate::connect::connect_to_wait;
use crate::failure::{Failure, Result};
use crate::logging;
use crate::meter::Meter;
use crate::output::Output;
use crate::rhythm::rhythm;

use super::task::wire_id;

/// Runs a migration, or takes one up again.
pub(crate) async fn run(migrate: &Migrate, global: &Global, output: &Output) -> Result<()> {
    match migrate.task_id {
        Some(id) => resume(migrate, id, global, output).await,
        None => begin(migrate, global, output).await,
    }
}

async fn begin(migrate: &Migrate, global: &Global, output: &Output) -> Result<()> {
    let operation = operation("CreateTask")?;
    let (from, to) = (place(migrate, true)?, place(migrate, false)?);
    if from.is_none()
        && migrate.job.source.source_bucket.is_none()
        && migrate.job.source.url_list_file.is_none()
    {
        return Err(Failure::usage("SRC is missing: nothing says where the objects are")
            .help("give SRC DST as CLOUD://REGION/BUCKET/PREFIX, or two folders with --emulator"));
    }
    if to.is_none() && migrate.job.destination.dest_bucket.is_none() {
        return Err(Failure::usage("DST is missing: nothing says where the objects go")
            .help("give DST as obs://REGION/BUCKET/PREFIX, or --dest-bucket"));
    }
    let mut body = Body::empty();
    job::fill(&mut body, &migrate.job, (from.as_ref(), to.as_ref()), Kind::Task)?;
    body.set_given(&["task_priority"], migrate.priority.map(|priority| priority.wire()));
    let region =
        migrate.job.destination.dest_region.as_deref().or(to.as_ref().map(|place| place.region.as_str()));
    let client = connect_to_wait(global, region)?;
    job::fill_region(&mut body, client.region());
    let request: types::CreateTaskReq = body.finish(operation, output)?.into_typed()?;
    let oms = client.oms();
    let mut migration = oms
        .migrate(request)
        .deadline(crate::wait_limit(global))
        .retry_rounds(migrate.rounds)
        .poll(rhythm(false));
    if let Some(span) = migrate.stall_after {
        migration = migration.stall_after(span.0);
    }
    follower(migrate, oms.tasks(), global, output).follow(migration).await
}

async fn resume(migrate: &Migrate, id: u64, global: &Global, output: &Output) -> Result<()> {
    let id = wire_id(id)?;
    if migrate.from.is_some() || migrate.to.is_some() {
        return Err(Failure::usage("SRC and DST have no meaning with --task-id: the task has its own")
            .help("leave SRC and DST out, or leave out --task-id to create another task"));
    }
    let keys = keys(migrate, output)?;
    let client = connect_to_wait(global, migrate.job.destination.dest_region.as_deref())?;
    let oms = client.oms();
    let follower = follower(migrate, oms.tasks(), global, output);
    let Some(keys) = keys else {
        output.note("without keys the task is watched, not started again");
        return watch(follower, id, migrate.stall_after.map(|span| span.0), global, false).await;
    };
    let mut migration = oms
        .resume(id, keys)
        .deadline(crate::wait_limit(global))
        .retry_rounds(migrate.rounds)
        .poll(rhythm(false));
    if let Some(span) = migrate.stall_after {
        migration = migration.stall_after(span.0);
    }
    follower.follow(migration).await
}

/// The keys to start the task again with, if any are given.
fn keys(migrate: &Migrate, output: &Output) -> Result<Option<NodeKeys>> {
    let given = StartKeys {
        source: migrate.job.source.keys.clone(),
        destination: migrate.job.destination.keys.clone(),
        cdn_key: migrate.job.options.cdn_key.clone(),
    };
    let mut all = given.source.each().into_iter().chain(given.destination.each());
    if all.all(|(_, _, secret)| secret.is_none()) {
        return Ok(None);
    }
    let mut body = Body::empty();
    job::fill_start(&mut body, &given)?;
    let request: types::StartTaskReq = body.finish(operation("StartTask")?, output)?.into_typed()?;
    Ok(Some(NodeKeys::from(request)))
}

fn place(migrate: &Migrate, from: bool) -> Result<Option<Place>> {
    let (text, what) = if from { (&migrate.from, "SRC") } else { (&migrate.to, "DST") };
    let Some(text) = text else { return Ok(None) };
    let text = text.to_str().ok_or_else(|| {
        Failure::usage(format!("{what} is not UTF-8"))
            .help("write the address as CLOUD://REGION/BUCKET/PREFIX")
    })?;
    let place = Place::parse(text, what)?;
    if !from && place.cloud != Cloud::HuaweiCloud {
        return Err(Failure::usage(format!("DST must be obs://REGION/BUCKET/PREFIX, not {text:?}"))
            .help("objects can only be moved to Huawei Cloud; SRC comes first and DST behind it"));
    }
    Ok(Some(place))
}

fn follower<'a>(
    migrate: &Migrate,
    tasks: hwmigrate::oms::Tasks,
    global: &Global,
    output: &'a Output,
) -> Follower<'a> {
    let logs = logging::level(global) != tracing::level_filters::LevelFilter::OFF;
    Follower {
        output,
        meter: Meter::new(output.is_quiet(), logs),
        tasks,
        pause: migrate.stop_on_interrupt,
        left: "goes on without this command",
        again: &|id| format!("go on with the same connection and keys: hwmigrate oms migrate --task-id {id}"),
        failed: &|_| Vec::new(),
        fault: None,
        empty: "the source has nothing that the prefix, the list or --since choose; an empty bucket ends in this way, too: there is nothing to move".to_owned(),
    }
}
