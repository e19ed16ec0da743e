//! `sms migrate`: from source servers to running migrations.

use std::path::Path;

use hwmigrate::Client;
use hwmigrate::sms::types::{SourceServersResponseBody, SourceState, TaskState};
use hwmigrate::sms::{Migration, SpeedPlan};
use hwmigrate::wait::Unlimited;

use super::fleet::{Fleet, Server};
use super::{present, request};
use crate::args::Global;
use crate::args::sms::Migrate;
use crate::body::Body;
use crate::connect::{connect_to_wait, in_time, read_again};
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::lines::{bad_line, read_lines};
use crate::output::Output;
use crate::rhythm::rhythm;

/// Moves servers, or takes up their tasks again.
pub(crate) async fn run(migrate: &Migrate, global: &Global, output: &Output) -> Result<()> {
    let wanted = wanted(migrate)?;
    let plan = request::speed_plan(&migrate.speed_limit, None, output)?;
    let client = connect_to_wait(global, None)?;
    move_all(migrate, &wanted, &plan, &client, false, global, output).await
}

/// Finds the servers, makes or finds their migrations, and follows them.
pub(crate) async fn move_all(
    migrate: &Migrate,
    wanted: &[String],
    plan: &SpeedPlan,
    client: &Client,
    near: bool,
    global: &Global,
    output: &Output,
) -> Result<()> {
    let known = in_time(global, read_again(|| client.sms().servers().list().all())).await?;
    let found = wanted.iter().map(|one| find(one, &known)).collect::<Result<Vec<_>>>()?;
    refuse_twice(wanted, &found)?;
    // What cannot work is refused before the first task is made.
    found.iter().try_for_each(|server| refuse_unable(server))?;
    if migrate.target.place.target_vm.is_some()
        && found.iter().filter(|one| task_of(one).is_none()).count() > 1
    {
        return Err(Failure::usage("--target-vm names one server, and several are to be moved to it")
            .help("move one server at a time, or have targets created with --template-id"));
    }
    let mut servers = Vec::with_capacity(found.len());
    let mut migrations = Vec::with_capacity(found.len());
    for server in found {
        let migration = in_time(global, begin(migrate, server, client, output)).await?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        servers.push(Server::new(&text(&server.id), &text(&server.name), task_of(server)));
        let migration = migration.cut_over(migrate.cut_over).poll(rhythm(near));
        let migration = if plan.is_empty() { migration } else { migration.limit_speed(plan.clone()) };
        migrations.push(match migrate.stall_after {
            Some(span) => migration.stall_after(span.0),
            None => migration,
        });
    }
    let bulk = client
        .sms()
        .bulk(migrations)
        .at_once(migrate.at_once)?
        .in_waves(migrate.in_waves)
        .stop_tasks(migrate.stop_on_interrupt)
        .deadline(crate::wait_limit(global));
    Fleet::new(servers, near, global, output).follow(bulk).await
}

/// The servers that the arguments name.
pub(crate) fn wanted(migrate: &Migrate) -> Result<Vec<String>> {
    if migrate.at_once == 0 {
        return Err(Failure::usage("--at-once is 0, so no server would ever begin")
            .help("give --at-once 1 or more, or leave it out"));
    }
    let mut wanted = migrate.servers.clone();
    if let Some(path) = &migrate.servers_from {
        wanted.extend(read_names(path)?);
    }
    for (place, one) in wanted.iter().enumerate() {
        if one.trim().is_empty() {
            return Err(Failure::usage("SERVER is empty").help("give the id or the name of a source server"));
        }
        if wanted[..place].contains(one) {
            return Err(twice(one));
        }
    }
    Ok(wanted)
}

fn read_names(path: &Path) -> Result<Vec<String>> {
    let lines = read_lines(path)?;
    if let Some(place) = lines.iter().position(|line| line.trim().is_empty()) {
        return Err(bad_line(path, place, "is empty", "write one server on each line"));
    }
    if lines.is_empty() {
        return Err(Failure::usage(format!("{} names no servers", crate::body::name_of(path)))
            .help("write one server on each line"));
    }
    Ok(lines.iter().map(|line| line.trim().to_owned()).collect())
}

/// The server with this id, or the only one with this name.
fn find<'a>(wanted: &str, known: &'a [SourceServersResponseBody]) -> Result<&'a SourceServersResponseBody> {
    if let Some(server) = known.iter().find(|server| server.id.as_deref() == Some(wanted)) {
        return Ok(server);
    }
    let named: Vec<_> = known.iter().filter(|server| server.name.as_deref() == Some(wanted)).collect();
    match named.as_slice() {
        [server] => Ok(server),
        [] => Err(Failure::new(ExitCode::NotFound, format!("there is no source server {wanted:?}"))
            .help("list them with: hwmigrate sms server list; a server is there once its agent runs")),
        several => {
            let ids: Vec<_> = several.iter().filter_map(|server| server.id.as_deref()).collect();
            Err(Failure::usage(format!("{} source servers are called {wanted:?}", several.len()))
                .help(format!("give the id of the one that is meant: {}", ids.join(", "))))
        }
    }
}

fn refuse_twice(wanted: &[String], found: &[&SourceServersResponseBody]) -> Result<()> {
    for (place, server) in found.iter().enumerate() {
        if found[..place].iter().any(|other| other.id == server.id) {
            return Err(twice(&wanted[place]));
        }
    }
    Ok(())
}

fn twice(server: &str) -> Failure {
    Failure::usage(format!("the source server {server:?} is given twice"))
        .help("give each server once, by id or by name")
}

/// A server that has no task yet needs an agent, and must have passed its checks; a task that is
/// being deleted leads nowhere.
fn refuse_unable(server: &SourceServersResponseBody) -> Result<()> {
    let name = server.name.as_deref().or(server.id.as_deref()).unwrap_or_default();
    if task_of(server).is_some() {
        let state = server.current_task.as_ref().and_then(|task| task.state.as_ref());
        return match state {
            Some(TaskState::Deleting) => {
                Err(Failure::new(ExitCode::Conflict, format!("the task of {name} is being deleted"))
                    .help("run the same command again once it is gone: a new task is made then"))
            }
            _ => Ok(()),
        };
    }
    if server.connected == Some(false) {
        return Err(Failure::new(ExitCode::Conflict, format!("the agent of {name} is not connected"))
            .help("start the agent on the server, and let it reach the service"));
    }
    if server.state == Some(SourceState::Unavailable) {
        let checks = server.checks.iter().flatten();
        let failed: Vec<_> = checks
            .filter(|check| check.error_code.as_deref().is_some_and(|code| !code.is_empty()))
            .filter_map(|check| Some(format!("{} ({})", check.name.as_ref()?, check.error_code.as_ref()?)))
            .collect();
        let which = if failed.is_empty() { String::new() } else { format!(": {}", failed.join(", ")) };
        return Err(Failure::new(ExitCode::Conflict, format!("{name} did not pass its checks{which}"))
            .help("repair what the checks name, then start the agent again"));
    }
    Ok(())
}

fn task_of(server: &SourceServersResponseBody) -> Option<&str> {
    server.current_task.as_ref()?.id.as_deref().filter(|id| !id.is_empty())
}

/// The migration of a server: that of its task, or of a new one.
async fn begin(
    migrate: &Migrate,
    server: &SourceServersResponseBody,
    client: &Client,
    output: &Output,
) -> Result<Migration<Unlimited>> {
    let sms = client.sms();
    if let Some(task) = task_of(server) {
        if !migrate.cut_over {
            refuse_launch(server, task, client).await?;
        }
        if present::is_asked(&migrate.target) {
            let tasks = sms.tasks();
            let shown = read_again(|| tasks.show(task)).await?;
            present::check(server.name.as_deref().unwrap_or(task), &shown, &migrate.target, output)?;
        }
        return Ok(sms.resume(task));
    }
    let id = server.id.clone().unwrap_or_default();
    let mut body = Body::empty();
    body.set(&["source_server", "id"], id.clone());
    // Without this a task would launch its target as soon as the first copy is there.
    body.set(&["syncing"], true);
    request::fill(&mut body, &migrate.target);
    let servers = sms.servers();
    let facts = read_again(|| servers.show(&id)).await?.into_inner();
    let request = request::complete(body, &migrate.target, Some(facts), client, output).await?;
    Ok(sms.migrate(request))
}

/// A task that does not synchronise launches its target as soon as the first copy is there, which
/// is more than was asked for.
async fn refuse_launch(server: &SourceServersResponseBody, task: &str, client: &Client) -> Result<()> {
    let state = server.current_task.as_ref().and_then(|task| task.state.as_ref());
    let rests = [TaskState::Ready, TaskState::Abort, TaskState::MigrateFail, TaskState::SyncFail];
    if !state.is_some_and(|state| rests.contains(state)) {
        return Ok(());
    }
    let tasks = read_again(|| client.sms().tasks().list().id(task).all()).await?;
    if tasks.iter().any(|one| one.id.as_deref() == Some(task) && one.syncing == Some(false)) {
        let name = server.name.as_deref().unwrap_or(task);
        let message = format!("the task of {name} does not synchronise: once started it launches its target");
        return Err(Failure::new(ExitCode::Conflict, message).help(format!(
            "add --cut-over if that is wanted; otherwise delete the task ({task}) and run the command again"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn servers() -> Vec<SourceServersResponseBody> {
        serde_json::from_value(json!([
            {"id": "a", "name": "web"}, {"id": "b", "name": "db", "current_task": {"id": "t"}},
            {"id": "c", "name": "db"}, {"id": "d", "name": "old", "connected": false},
            {"id": "f", "name": "going", "current_task": {"id": "u", "state": "DELETING"}},
            {"id": "e", "name": "odd", "state": "unavailable", "checks": [
                {"id": 1, "name": "RSYNC", "result": "ERROR", "error_code": "SMS.6517"},
                {"id": 2, "name": "OS", "result": "OK", "error_code": ""}]},
        ]))
        .unwrap()
    }

    #[test]
    fn servers_are_found_by_id_or_by_a_name_of_their_own() {
        let known = servers();
        assert_eq!(find("a", &known).unwrap().id.as_deref(), Some("a"));
        assert_eq!(find("web", &known).unwrap().id.as_deref(), Some("a"));
        assert_eq!(find("nobody", &known).unwrap_err().code(), ExitCode::NotFound);
        let failure = find("db", &known).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Usage);
        assert!(failure.to_json().to_string().contains("b, c"));
        let (one, again) = (find("a", &known).unwrap(), find("web", &known).unwrap());
        let failure = refuse_twice(&["a".to_owned(), "web".to_owned()], &[one, again]).unwrap_err();
        assert!(failure.message().contains("\"web\" is given twice"), "{}", failure.message());
    }

    #[test]
    fn a_server_that_cannot_be_moved_is_refused_with_the_reason() {
        let known = servers();
        for id in ["a", "b", "c"] {
            refuse_unable(find(id, &known).unwrap()).unwrap();
        }
        let failure = refuse_unable(find("old", &known).unwrap()).unwrap_err();
        assert!(failure.message().contains("not connected"), "{}", failure.message());
        let failure = refuse_unable(find("going", &known).unwrap()).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Conflict);
        assert!(failure.message().contains("is being deleted"), "{}", failure.message());
        let failure = refuse_unable(find("odd", &known).unwrap()).unwrap_err();
        assert!(failure.message().ends_with("checks: RSYNC (SMS.6517)"), "{}", failure.message());
    }

    #[test]
    fn a_list_of_servers_has_one_on_each_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wave.txt");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_names(&path)
        };
        assert_eq!(read("web \r\n db\n\n").unwrap(), ["web", "db"]);
        assert!(read("web\n \ndb\n").unwrap_err().message().contains("line 2 is empty"));
        assert!(read("").unwrap_err().message().contains("names no servers"));
    }
}
