//! `sms task`.

use std::path::Path;
use std::time::Duration;

use hwmigrate::sms::Action;
use hwmigrate::sms::types::{PutTaskReq, TaskState};
use serde_json::json;

use super::{request, unpack_error};
use crate::args::Global;
use crate::args::sms::{ActionCommand, TaskAction, TaskCommand, TaskCreate, TaskList};
use crate::body::operation;
use crate::commands::shared::{accepted, accepted_many, begin, list, ready, to_json};
use crate::commands::wait;
use crate::connect::{connect, connect_to_wait, done_in_time, in_time};
use crate::failure::{Failure, Result};
use crate::output::{Column, Output, Show, column};
use crate::private::NewFile;
use crate::report;

const COLUMNS: [Column; 8] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("state", "/state", Show::Text),
    column("step", "/subtask_info", Show::Text),
    column("server", "/source_server/name", Show::Text),
    column("target", "/target_server/name", Show::Text),
    column("speed", "/migrate_speed", Show::Megabits),
    column("created", "/create_date", Show::Moment),
];

const LINES: [Column; 26] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("state", "/state", Show::Text),
    column("reason", "/error/error_code", Show::Text),
    column("message", "/error/error_msg", Show::Text),
    column("step", "/subtask_info", Show::Text),
    column("type", "/type", Show::Text),
    column("system", "/os_type", Show::Text),
    column("server", "/source_server/id", Show::Text),
    column("server name", "/source_server/name", Show::Text),
    column("server state", "/source_server/state", Show::Text),
    column("stage", "/source_server/migration_cycle", Show::Text),
    column("connected", "/connected", Show::Text),
    column("target", "/target_server/vm_id", Show::Text),
    column("target name", "/target_server/name", Show::Text),
    column("target region", "/region_id", Show::Text),
    column("target project", "/project_id", Show::Text),
    column("template", "/vm_template_id", Show::Text),
    column("clone", "/clone_server/vm_id", Show::Text),
    column("clone state", "/clone_server/clone_state", Show::Text),
    column("speed limit", "/speed_limit", Show::SpeedLimit),
    column("speed", "/migrate_speed", Show::Megabits),
    column("created", "/create_date", Show::Moment),
    column("started", "/start_date", Show::Moment),
    column("finished", "/finish_date", Show::Moment),
    column("took", "/total_time", Show::Span),
];

const LIMITS: [Column; 4] = [
    column("start", "/start", Show::Text),
    column("end", "/end", Show::Text),
    column("limit", "/speed", Show::SpeedLimit),
    column("tolerance", "/over_speed_threshold", Show::Text),
];

/// How long a delete may wait for a stopping task if no limit is given.
const STOP_LIMIT: Duration = Duration::from_secs(300);

/// Runs one of the commands below `sms task`.
pub(crate) async fn run(command: TaskCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        TaskCommand::List(filter) => list_tasks(filter, global, output).await,
        TaskCommand::Show { id } => {
            let client = connect(global)?;
            let mut task = to_json(&*in_time(global, client.sms().tasks().show(&id)).await?)?;
            if output.is_for_people() {
                unpack_error(&mut task);
            }
            output.record(&task, &LINES)
        }
        TaskCommand::Create(create) => self::create(&create, global, output).await,
        TaskCommand::Update { id, name, speed_limit, place, input } => {
            let Some(mut body) = begin(&input, "sms.UpdateTask", output)? else { return Ok(()) };
            body.set_given(&["name"], name);
            request::fill_place(&mut body, &place);
            request::fill_limit(&mut body, speed_limit.as_deref(), output)?;
            body.refuse_empty("--name, another setting, or --input")?;
            let (client, request) = ready::<PutTaskReq>(body, operation("sms.UpdateTask")?, global, output)?;
            in_time(global, client.sms().tasks().update(&id, &request)).await?;
            accepted(output, "task_id", id, "update")
        }
        TaskCommand::Delete { ids, stop_first } => delete(&ids, stop_first, global, output).await,
        TaskCommand::Act(command) => act(command, global, output).await,
        TaskCommand::Wait { ids, options } => {
            let client = connect_to_wait(global, None)?;
            let fleet = client.sms().tasks().wait_all(&ids, options.until.into());
            let columns = (ids.len() > 1).then_some(&report::SERVER_COLUMNS[..]);
            wait::run(fleet, options.stall_after, global, output, columns).await
        }
        TaskCommand::SpeedLimit { id, limits, tolerance, clear } => {
            let plan = request::speed_plan(&limits, tolerance, output)?;
            let client = connect(global)?;
            let tasks = client.sms().tasks();
            if limits.is_empty() && !clear {
                return show_limits(in_time(global, tasks.speed_limits(&id)).await?.into_inner(), output);
            }
            in_time(global, tasks.limit_speed(&id, &plan)).await?;
            accepted(output, "task_id", id, "speed-limit")
        }
        TaskCommand::CollectLog { id, bucket } => {
            let client = connect(global)?;
            in_time(global, client.sms().tasks().collect_log(&id, &bucket)).await?;
            accepted(output, "task_id", id, "collect-log")
        }
        TaskCommand::Consistency { id } => {
            let client = connect(global)?;
            output.record(&to_json(&*in_time(global, client.sms().tasks().consistency(&id)).await?)?, &[])
        }
        TaskCommand::ExportConsistency { ids, to } => export(&ids, &to, global, output).await,
    }
}

async fn list_tasks(filter: TaskList, global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let mut request = client.sms().tasks().list();
    if let Some(state) = filter.state {
        request = request.state(TaskState::from(state.to_uppercase()));
    }
    if let Some(name) = filter.name {
        request = request.name(name);
    }
    if let Some(id) = filter.id {
        request = request.id(id);
    }
    if let Some(id) = filter.server {
        request = request.source_server_id(id);
    }
    if let Some(id) = filter.enterprise_project_id {
        request = request.enterprise_project_id(id);
    }
    list(request.stream(), &COLUMNS, filter.limit, global, output).await
}

async fn create(create: &TaskCreate, global: &Global, output: &Output) -> Result<()> {
    let Some(mut body) = begin(&create.input, "sms.CreateTask", output)? else { return Ok(()) };
    body.set_given(&["source_server", "id"], create.server.clone());
    body.set_given(&["name"], create.name.clone());
    body.set_given(&["syncing"], create.syncing);
    body.set_given(&["auto_start"], create.auto_start);
    request::fill_limit(&mut body, create.speed_limit.as_deref(), output)?;
    request::fill(&mut body, &create.target);
    let client = connect(global)?;
    let request = in_time(global, request::complete(body, &create.target, None, &client, output)).await?;
    let created = done_in_time(global, client.sms().tasks().create_once(&request)).await?;
    output.record(&json!({"id": created.id, "name": created.name, "adopted": created.adopted}), &[])
}

async fn delete(ids: &[String], stop_first: bool, global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let tasks = client.sms().tasks();
    if stop_first {
        let limit = global.time_left().unwrap_or(STOP_LIMIT);
        for id in ids {
            tasks.delete_when_stopped(id, limit).await?;
        }
    } else if let [id] = ids {
        in_time(global, tasks.delete(id)).await?;
    } else {
        in_time(global, tasks.delete_many(ids)).await?;
    }
    accepted_many(output, "task_id", ids, "delete")
}

async fn act(command: ActionCommand, global: &Global, output: &Output) -> Result<()> {
    let (word, action) = match command {
        ActionCommand::Start(action) => (Action::Start, action),
        ActionCommand::Stop(action) => (Action::Stop, action),
        ActionCommand::Cutover(action) => (Action::Cutover, action),
        ActionCommand::Restart(action) => (Action::Restart, action),
        ActionCommand::CloneTest(action) => (Action::CloneTest, action),
        ActionCommand::MigrationTest(action) => (Action::MigrationTest, action),
        ActionCommand::Test(action) => (Action::Test, action),
        ActionCommand::NetworkCheck(action) => (Action::NetworkCheck, action),
        ActionCommand::Skip(action) => (Action::Skip, action),
        ActionCommand::Clear(action) => (Action::Clear, action),
        ActionCommand::Action { word, action } => (Action::from(word), action),
    };
    let TaskAction { id, force, template_id, switch_hce, consistency_check } = action;
    let client = connect(global)?;
    let shown = word.as_str().replace('_', "-");
    let mut call = client.sms().tasks().action(&id, word);
    if force {
        call = call.force();
    }
    if let Some(template) = template_id {
        call = call.template(template);
    }
    if switch_hce {
        call = call.switch_hce(true);
    }
    if consistency_check {
        call = call.consistency_check(true);
    }
    let told = async {
        call.send().await.map_err(|error| {
            // The service was not asked: its table of states in this program says no.
            let guarded = error.is_conflict() && error.status().is_none();
            let failure = Failure::from(error);
            if guarded { failure.or("send it all the same with --force") } else { failure }
        })
    };
    done_in_time(global, told).await?;
    accepted(output, "task_id", id, &shown)
}

fn show_limits(limits: Vec<impl serde::Serialize>, output: &Output) -> Result<()> {
    let mut rows = output.rows(&LIMITS);
    for limit in limits {
        rows.push(to_json(&limit)?)?;
    }
    rows.finish()
}

/// Writes what the service exports into a new file.
async fn export(ids: &[String], to: &Path, global: &Global, output: &Output) -> Result<()> {
    let mut file = NewFile::reserve(to)?;
    let client = connect(global)?;
    let export = in_time(global, client.sms().tasks().export_consistency(ids)).await?.into_inner();
    file.write(&in_time(global, export.bytes()).await?)?;
    file.keep();
    let place = to.display().to_string();
    output.accepted(&json!({"file": place, "tasks": ids}), &format!("the results are in {place}"))
}
