//! Servers and their tasks, of the Server Migration Service.

use std::ffi::c_char;

use hwmigrate::sms::types::{PostTask, SourceState, TaskState};
use hwmigrate::sms::{Action, Goal};

use crate::client::{act, answer, hwm_client};
use crate::engine::span;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::fleet::{Watching, hwm_fleet};
use crate::list::{Filters, Listing, hwm_list};
use crate::memory::give_text;
use crate::pointer::{input, output, text, texts};
use crate::progress::hwm_progress;
use crate::request::{Draft, hwm_request};
use crate::result::hwm_result;
use crate::typed;
use crate::value::hwm_value;
use crate::wait::{Waiting, hwm_wait};

/// What to wait for with the task of a server.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hwm_goal {
    /// It has begun.
    HWM_GOAL_STARTED = 1,
    /// The first copy is complete, and changes follow: the moment to cut over.
    HWM_GOAL_SYNCING = 2,
    /// The migration has ended well.
    HWM_GOAL_MIGRATED = 3,
    /// A later synchronisation has ended well.
    HWM_GOAL_SYNCED = 4,
    /// It stands still after a stop.
    HWM_GOAL_ABORTED = 5,
}

/// A goal of the caller, who may have passed any number.
fn goal(number: i32) -> Result<Goal, Failure> {
    let known = [
        (hwm_goal::HWM_GOAL_STARTED, Goal::Started),
        (hwm_goal::HWM_GOAL_SYNCING, Goal::Syncing),
        (hwm_goal::HWM_GOAL_MIGRATED, Goal::MigrateSuccess),
        (hwm_goal::HWM_GOAL_SYNCED, Goal::SyncSuccess),
        (hwm_goal::HWM_GOAL_ABORTED, Goal::Aborted),
    ];
    let found = known.into_iter().find(|(name, _)| *name as i32 == number).map(|(_, goal)| goal);
    found.ok_or_else(|| Failure::argument(format!("`goal` is {number}, which is no hwm_goal")))
}

/// Prepares a list of source servers. Sends nothing yet.
///
/// @param filter NULL for all. Parameters: "state" (a word of ListServers), "name",
///        "ip", "project" (a migration project's id), "page_size" (1 to 200), "limit".
/// @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_list(
    client: *const hwm_client,
    filter: *const hwm_request,
    list: *mut *mut hwm_list,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let filter = input!(filter);
    answer(input!(client), output!(list), "list", output!(error), |caller| {
        let known = ["state", "name", "ip", "project", "page_size", "limit"];
        let filters = Filters::of(Draft::of(filter)?, &known)?;
        let mut servers = caller.sms().servers().list();
        if let Some(state) = filters.text("state") {
            servers = servers.state(SourceState::from(state));
        }
        if let Some(name) = filters.text("name") {
            servers = servers.name(name);
        }
        if let Some(address) = filters.text("ip") {
            servers = servers.ip(address);
        }
        if let Some(project) = filters.text("project") {
            servers = servers.project(project);
        }
        if let Some(size) = filters.number("page_size")? {
            servers = servers.page_size(size);
        }
        if let Some(limit) = filters.number("limit")? {
            servers = servers.limit(limit);
        }
        Ok(Listing::new(caller, servers.stream()))
    })
}

/// Reads one source server: its disks, network cards, environment checks, and task.
///
/// @param server Receives the fields of ShowServer; free it with `hwm_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_show(
    client: *const hwm_client,
    id: *const c_char,
    server: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(server), "server", output!(error), |caller| {
        Ok(hwm_value::typed(caller.run(caller.sms().servers().show(id.get("id")?))?))
    })
}

/// Deletes the record of a source server. Its agent must be restarted to see it again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_delete(
    client: *const hwm_client,
    id: *const c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| caller.run(caller.sms().servers().delete(id.get("id")?)))
}

/// Creates the task of a server, with one request.
///
/// @param request The body of SMS's CreateTask.
/// @param id Receives the id of the task; free it with `hwm_string_free`.
/// @return HWM_AMBIGUOUS when the reply was lost; `hwm_server_task_create_once` settles that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_create(
    client: *const hwm_client,
    request: *const hwm_request,
    id: *mut *mut c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, request, id, error) = (input!(client), input!(request), output!(id), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let request: PostTask = typed::body(&Draft::of(request)?, "CreateTask")?;
        let created = caller.run(caller.sms().tasks().create(&request))?;
        id.set(give_text(&created.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Creates the task of a server exactly once: when the reply is lost, the task
/// is looked for by its server and name, and adopted.
///
/// @param request The body of SMS's CreateTask.
/// @param id Receives the id of the task; free it with `hwm_string_free`.
/// @param adopted May be NULL. Whether the reply was lost and the task was found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_create_once(
    client: *const hwm_client,
    request: *const hwm_request,
    id: *mut *mut c_char,
    adopted: *mut bool,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, request) = (input!(client), input!(request));
    let (id, adopted, error) = (output!(id), output!(adopted), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let request: PostTask = typed::body(&Draft::of(request)?, "CreateTask")?;
        let created = caller.run(caller.sms().tasks().create_once(&request))?;
        adopted.set(created.adopted);
        id.set(give_text(&created.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Reads the task of a server, as the service describes it.
///
/// @param task Receives the fields of SMS's ShowTask; free it with `hwm_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_show(
    client: *const hwm_client,
    id: *const c_char,
    task: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(task), "task", output!(error), |caller| {
        Ok(hwm_value::typed(caller.run(caller.sms().tasks().show(id.get("id")?))?))
    })
}

/// Reads the task of a server, as the common view of all jobs, with its phases.
///
/// @param progress Receives the look; free it with `hwm_progress_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_progress(
    client: *const hwm_client,
    id: *const c_char,
    progress: *mut *mut hwm_progress,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(progress), "progress", output!(error), |caller| {
        Ok(caller.run(caller.sms().tasks().progress(id.get("id")?))?.into())
    })
}

/// Prepares a list of the tasks of servers. Sends nothing yet.
///
/// @param filter NULL for all. Parameters: "state" (a word of SMS's ListTasks), "name",
///        "source_server_id", "page_size" (1 to 200), "limit".
/// @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_list(
    client: *const hwm_client,
    filter: *const hwm_request,
    list: *mut *mut hwm_list,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let filter = input!(filter);
    answer(input!(client), output!(list), "list", output!(error), |caller| {
        let known = ["state", "name", "source_server_id", "page_size", "limit"];
        let filters = Filters::of(Draft::of(filter)?, &known)?;
        let mut tasks = caller.sms().tasks().list();
        if let Some(state) = filters.text("state") {
            tasks = tasks.state(TaskState::from(state));
        }
        if let Some(name) = filters.text("name") {
            tasks = tasks.name(name);
        }
        if let Some(server) = filters.text("source_server_id") {
            tasks = tasks.source_server_id(server);
        }
        if let Some(size) = filters.number("page_size")? {
            tasks = tasks.page_size(size);
        }
        if let Some(limit) = filters.number("limit")? {
            tasks = tasks.limit(limit);
        }
        Ok(Listing::new(caller, tasks.stream()))
    })
}

/// Tells the task of a server what to do. It is told, not done: wait for a goal.
///
/// @param action A word of UpdateTaskStatus: "start", "stop", "restart", "cutover", "test", "clone_test",
///        "network_check", "skip", "clear", "migration_test" and others.
/// @param force False refuses with HWM_CONFLICT what would come to nothing in
///        the task's present state; true sends it in any case.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_act(
    client: *const hwm_client,
    id: *const c_char,
    action: *const c_char,
    force: bool,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (id, action) = (text!(id), text!(action));
    act(input!(client), output!(error), |caller| {
        let call = caller.sms().tasks().action(id.get("id")?, Action::from(action.get("action")?));
        let call = if force { call.force() } else { call };
        caller.run(call.into_future())
    })
}

/// Deletes the task of a server that stands still. What it has copied stays. It is told, not done: wait for
/// HWM_UNTIL_DELETED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_delete(
    client: *const hwm_client,
    id: *const c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| caller.run(caller.sms().tasks().delete(id.get("id")?)))
}

/// Stops the task of a server if it runs, waits until it stands still, and deletes it.
///
/// @param limit Longest time for all of it, in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_delete_when_stopped(
    client: *const hwm_client,
    id: *const c_char,
    limit: i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| {
        caller.run(caller.sms().tasks().delete_when_stopped(id.get("id")?, span(limit, "limit")?))
    })
}

/// Prepares a wait for the task of a server. Sends nothing yet.
///
/// @param goal What to wait for, a `hwm_goal`. `hwm_wait_set_until` replaces it: HWM_UNTIL_DELETED follows a
///        delete.
/// @param wait Receives the wait, for `hwm_wait_run`; free it with `hwm_wait_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_wait(
    client: *const hwm_client,
    id: *const c_char,
    goal: i32,
    wait: *mut *mut hwm_wait,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(wait), "wait", output!(error), |caller| {
        let goal = self::goal(goal)?;
        Ok(Waiting::new(caller, caller.sms().tasks().wait_until(id.get("id")?, goal)))
    })
}

/// Prepares a wait for the tasks of many servers. Sends nothing yet.
///
/// @param ids The ids of the tasks.
/// @param ids_length How many there are; with 0 `ids` may be NULL, and nothing is waited for.
/// @param goal What to wait for, a `hwm_goal`.
/// @param fleet Receives the wait, for `hwm_fleet_next`; free it with `hwm_fleet_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_server_task_wait_all(
    client: *const hwm_client,
    ids: *const *const c_char,
    ids_length: usize,
    goal: i32,
    fleet: *mut *mut hwm_fleet,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let ids = texts!(ids, ids_length);
    answer(input!(client), output!(fleet), "fleet", output!(error), |caller| {
        let goal = self::goal(goal)?;
        Ok(Watching::new(caller, caller.sms().tasks().wait_all(ids.get("ids")?, goal)))
    })
}
