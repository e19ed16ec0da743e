//! `oms migrate --emulator`: two folders, through an emulator in this process.
//!
//! Everything but the server is what a real run uses: a login by password over
//! HTTP, a task that is created once, the same waiting, retrying and reporting.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use hwmigrate::oms::types;
use hwmigrate::{Client, Secret};
use hwmigrate_emulator::Builder;

use super::failed;
use super::folders::Folders;
use super::follow::Follower;
use super::job::{self, Kind};
use super::keys::check_list;
use super::place::Place;
use crate::args::oms::{Cloud, Migrate, Source};
use crate::args::{Connection, Global};
use crate::body::{Body, operation};
use crate::commands::inside::{self, Inside, draw};
use crate::failure::{Failure, Result};
use crate::logging;
use crate::meter::Meter;
use crate::output::Output;
use crate::rhythm::rhythm;

use super::task::wire_id;

const SOURCE: &str = "source";
const DESTINATION: &str = "destination";
const LISTS: &str = "lists";
const LIST_KEY: &str = "list.txt";

/// Runs a migration between two folders.
pub(crate) async fn run(migrate: &Migrate, global: &Global, output: &Output) -> Result<()> {
    refuse_foreign(migrate, &global.connection)?;
    refuse_prefix(migrate.job.destination.dest_prefix.as_deref())?;
    let folders = folders(migrate)?;
    let mut body = Body::empty();
    let lists = Lists::prepare(&migrate.job.source, &folders)?;
    describe(&mut body, migrate, &lists, global)?;
    let keys = Keys { source: draw(), destination: draw() };
    for (side, secret) in [("src_node", &keys.source), ("dst_node", &keys.destination)] {
        body.set(&[side, "ak"], side.to_uppercase());
        body.set(&[side, "sk"], secret.expose());
    }
    let operation = operation("CreateTask")?;
    let request: types::CreateTaskReq = body.finish(operation, output)?.into_typed()?;
    let made = folders.create()?;
    lists.write()?;

    let inside = Inside::start(global, |builder| set_up(&folders, &lists, &keys, builder)).await?;
    made.keep();
    let done = move_all(migrate, request, inside.client(), &folders, global, output).await;
    inside.end().await;
    done
}

async fn move_all(
    migrate: &Migrate,
    request: types::CreateTaskReq,
    client: &Client,
    folders: &Folders,
    global: &Global,
    output: &Output,
) -> Result<()> {
    let oms = client.oms();
    let migration = match migrate.task_id {
        Some(id) => oms.resume(wire_id(id)?, hwmigrate::oms::NodeKeys::from(&request)),
        None => oms.migrate(request),
    };
    let mut migration =
        migration.deadline(crate::wait_limit(global)).retry_rounds(migrate.rounds).poll(rhythm(true));
    if let Some(span) = migrate.stall_after {
        migration = migration.stall_after(span.0);
    }
    let logs = logging::level(global) != tracing::level_filters::LevelFilter::OFF;
    let follower = Follower {
        output,
        meter: Meter::new(output.is_quiet(), logs),
        tasks: oms.tasks(),
        pause: migrate.stop_on_interrupt,
        left: "stops here, with its emulator",
        again: &|id| again(folders, id),
        failed: &|list| failed::read_list(&folders.destination.join(list)),
        fault: Some(
            "the emulator could not keep its state: make room where the message says, or give another folder with \
             --state, then run the command again: what has arrived is skipped",
        ),
        empty: format!(
            "the folder {} is empty, or holds nothing that the given prefix, list or time chooses: \
             there is nothing to move",
            folders.source.display()
        ),
    };
    follower.follow(migration).await
}

/// How to go on once the emulator has gone with this command.
fn again(folders: &Folders, id: i64) -> String {
    let (from, to) = (quoted(&folders.source), quoted(&folders.destination));
    match &folders.state {
        Some(state) => format!(
            "go on with: hwmigrate oms migrate --emulator --state {} --task-id {id} {from} {to}",
            quoted(state)
        ),
        None => format!(
            "task {id} ends with the emulator, whose state was temporary (keep it with --state DIR); \
             run the command again: what has arrived is skipped"
        ),
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A prefix that leads elsewhere would make every object fail, one after the other.
fn refuse_prefix(prefix: Option<&str>) -> Result<()> {
    let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) else { return Ok(()) };
    let mut parts = prefix.strip_suffix('/').unwrap_or(prefix).split('/');
    if parts.any(|part| matches!(part, "" | "." | "..")) {
        return Err(Failure::usage(format!("--dest-prefix {prefix:?} leads outside the destination")).help(
            "give a path below DST, without / at its begin and without `.` or `..`, such as 2026/photos/",
        ));
    }
    Ok(())
}

fn folders(migrate: &Migrate) -> Result<Folders> {
    let missing = |what: &str| {
        Failure::usage(format!("{what} is missing"))
            .help("give two folders: hwmigrate oms migrate --emulator SRC DST")
    };
    let from: &OsStr = migrate.from.as_deref().ok_or_else(|| missing("SRC"))?;
    let to: &OsStr = migrate.to.as_deref().ok_or_else(|| missing("DST"))?;
    if migrate.task_id.is_some() && migrate.state.is_none() {
        return Err(Failure::usage("--task-id names a task of an emulator whose state is not given")
            .help("add --state DIR, the folder of the run that created the task"));
    }
    Folders::check(from, to, migrate.state.as_deref())
}

/// Settings that would lead elsewhere are a contradiction, not something to ignore.
fn refuse_foreign(migrate: &Migrate, connection: &Connection) -> Result<()> {
    let (source, destination) = (&migrate.job.source, &migrate.job.destination);
    let keys = source.keys.each().into_iter().chain(destination.keys.each());
    let foreign = [
        ("--source-cloud", source.source_cloud.is_some()),
        ("--source-region", source.source_region.is_some()),
        ("--source-bucket", source.source_bucket.is_some()),
        ("--dest-bucket", destination.dest_bucket.is_some()),
        ("--dest-region", destination.dest_region.is_some()),
        ("--cdn-domain", migrate.job.options.cdn_domain.is_some()),
    ];
    let foreign = foreign.into_iter().chain(keys.map(|(_, flag, secret)| (flag, secret.is_some())));
    connection.refuse_with_emulator(foreign)
}

/// A list on this machine, put into a bucket of its own for the emulator.
struct Lists {
    list: Option<PathBuf>,
    addresses: bool,
    folder: PathBuf,
    // Removes the folder when the migration is over.
    _temporary: Option<tempfile::TempDir>,
}

impl Lists {
    /// Checks the list and creates nothing that stays.
    fn prepare(source: &Source, folders: &Folders) -> Result<Self> {
        let list = source.list_file.as_ref().or(source.url_list_file.as_ref()).map(PathBuf::from);
        let addresses = source.url_list_file.is_some();
        if let Some(list) = &list {
            check_list(list, addresses)?;
        }
        let (folder, temporary) = match (&list, &folders.state) {
            (None, _) => (PathBuf::new(), None),
            (_, Some(state)) => (state.join(LISTS), None),
            _ => {
                let made =
                    tempfile::Builder::new().prefix("hwmigrate-list-").tempdir().map_err(unwritable)?;
                (made.path().to_owned(), Some(made))
            }
        };
        Ok(Self { list, addresses, folder, _temporary: temporary })
    }

    fn write(&self) -> Result<()> {
        let Some(list) = &self.list else { return Ok(()) };
        std::fs::create_dir_all(&self.folder).map_err(unwritable)?;
        std::fs::copy(list, self.folder.join(LIST_KEY)).map(drop).map_err(unwritable)
    }
}

fn unwritable(error: std::io::Error) -> Failure {
    Failure::config("the list could not be put where the emulator reads it")
        .cause(error)
        .help("check the room and the rights of the folder for temporary files")
}

/// Says in the words of the service what is to be moved.
fn describe(body: &mut Body, migrate: &Migrate, lists: &Lists, global: &Global) -> Result<()> {
    let mut job = migrate.job.clone();
    let in_bucket = lists.list.as_ref().map(|_| format!("{LISTS}/{LIST_KEY}"));
    (job.source.list_file, job.source.url_list_file) =
        if lists.addresses { (None, in_bucket) } else { (in_bucket, None) };
    let region = inside::region(global).to_owned();
    let place = |bucket: &str| Place {
        cloud: Cloud::HuaweiCloud,
        region: region.clone(),
        bucket: bucket.to_owned(),
        prefix: String::new(),
    };
    let places = (place(SOURCE), place(DESTINATION));
    job::fill(body, &job, (Some(&places.0), Some(&places.1)), Kind::Task)?;
    body.set_given(&["task_priority"], migrate.priority.map(|priority| priority.wire()));
    Ok(())
}

fn set_up(folders: &Folders, lists: &Lists, keys: &Keys, builder: Builder) -> Builder {
    let mut builder = builder
        .bucket(SOURCE, &folders.source)
        .bucket(DESTINATION, &folders.destination)
        // The destination shall hold what the source holds and nothing else.
        .object_lists(false)
        .fetch_remote_urls(lists.addresses)
        .access_key("SRC_NODE", keys.source.clone())
        .access_key("DST_NODE", keys.destination.clone());
    if let Some(state) = &folders.state {
        builder = builder.state_dir(state);
    }
    if lists.list.is_some() {
        builder = builder.bucket(LISTS, &lists.folder);
    }
    builder
}

/// The keys of both sides.
struct Keys {
    source: Secret,
    destination: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_the_shell_where_it_needs_it() {
        for (path, words) in
            [("/a/b-1.x", "/a/b-1.x"), ("/a b", "'/a b'"), ("/it's", r"'/it'\''s'"), ("/$x", "'/$x'")]
        {
            assert_eq!(quoted(Path::new(path)), words);
        }
    }

    #[test]
    fn a_prefix_that_leads_outside_is_refused() {
        for wrong in ["/abs", "../x", "a/../b", "a//b", "./a", "/", ".."] {
            assert!(refuse_prefix(Some(wrong)).is_err(), "{wrong}");
        }
        for right in [None, Some(""), Some("a"), Some("a/b/"), Some("..a/b..")] {
            assert!(refuse_prefix(right).is_ok(), "{right:?}");
        }
    }
}
