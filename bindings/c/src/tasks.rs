//! Migration tasks of the Object Storage Migration Service.

use std::ffi::c_char;

use hwmigrate::oms::types::{
    BatchUpdateTasksReq, CreateTaskReq, StartTaskReq, TaskStatus, UpdateBandwidthPolicyReq,
};
use hwmigrate::oms::{Created, Mark};
use serde_json::json;

use crate::client::{act, answer, hwm_client};
use crate::engine::span;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::fleet::{Watching, hwm_fleet};
use crate::list::{Filters, Listing, hwm_list};
use crate::memory::give_text;
use crate::pointer::{Out, Text, input, list, output, text};
use crate::progress::hwm_progress;
use crate::request::{Draft, hwm_request};
use crate::result::hwm_result;
use crate::typed;
use crate::value::hwm_value;
use crate::wait::{Waiting, hwm_wait};

/// Makes a mark: a word that finds a job again by its description, whatever
/// happens to the reply of its create. Write it down before.
///
/// @param mark Receives a text of the caller's; free it with `hwm_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_mark_new(mark: *mut *mut c_char, error: *mut *mut hwm_error) -> hwm_result {
    let (mark, error) = (output!(mark), output!(error));
    enter(error, || {
        mark.required("mark")?.set(give_text(Mark::unique().as_str()));
        Ok(hwm_result::HWM_OK)
    })
}

/// A mark of the caller's, or a new one.
pub(crate) fn mark(given: Text<'_>) -> Result<Mark, Failure> {
    Ok(match given.optional("mark")? {
        Some(text) => text.parse()?,
        None => Mark::unique(),
    })
}

/// Where the outcome of a create goes.
pub(crate) fn give_created<Id>(created: Created<Id>, id: Out<'_, Id>, adopted: Out<'_, bool>) -> hwm_result {
    adopted.set(created.adopted);
    id.set(created.id);
    hwm_result::HWM_OK
}

/// Creates a migration task, which starts by itself, with one request.
///
/// @param request The body of CreateTask: see `hwm_request_set_source` and
///        `hwm_request_set_destination`. Without /src_node/object_key and
///        /task_type the whole bucket is copied.
/// @param id Receives the id of the task.
/// @return HWM_AMBIGUOUS when the reply was lost: nobody knows whether the task
///         exists. `hwm_task_create_once` settles that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_create(
    client: *const hwm_client,
    request: *const hwm_request,
    id: *mut i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, request, id, error) = (input!(client), input!(request), output!(id), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let request: CreateTaskReq = typed::body(&whole_bucket(Draft::of(request)?), "CreateTask")?;
        let created = caller.run(caller.oms().tasks().create(&request))?;
        Ok(give_created(created, id, nobody()))
    })
}

/// Creates a migration task exactly once, whatever happens to the reply.
///
/// A mark is appended to the description. When the reply is lost, the tasks are
/// listed several times within half a minute, and the one with the mark is
/// adopted. A second create is never sent.
///
/// @param request As for `hwm_task_create`.
/// @param mark One of `hwm_mark_new`, to find the task even when this process
///        does not live to see the reply; NULL for one of the library's.
/// @param id Receives the id of the task.
/// @param adopted May be NULL. Whether the reply was lost and the task was found by its mark.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_create_once(
    client: *const hwm_client,
    request: *const hwm_request,
    mark: *const c_char,
    id: *mut i64,
    adopted: *mut bool,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, request, mark) = (input!(client), input!(request), text!(mark));
    let (id, adopted, error) = (output!(id), output!(adopted), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let mark = self::mark(mark)?;
        let request: CreateTaskReq = typed::body(&whole_bucket(Draft::of(request)?), "CreateTask")?;
        let created = caller.run(caller.oms().tasks().create_marked(&request, &mark))?;
        Ok(give_created(created, id, adopted))
    })
}

/// Finds the task whose description carries a mark. Reads the whole list.
///
/// @param id Receives the id of the task, with HWM_OK.
/// @return HWM_END when no task carries it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_find_marked(
    client: *const hwm_client,
    mark: *const c_char,
    id: *mut i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, mark, id, error) = (input!(client), text!(mark), output!(id), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let mark: Mark = mark.get("mark")?.parse()?;
        Ok(match caller.run(caller.oms().tasks().find_marked(&mark))? {
            Some(found) => give_created(found, id, nobody()),
            None => hwm_result::HWM_END,
        })
    })
}

/// An output that nobody asked for.
pub(crate) fn nobody<T>() -> Out<'static, T> {
    // SAFETY: `NULL` is an output that nobody wants.
    unsafe { Out::new(std::ptr::null_mut()) }
}

/// Fills in what copies the whole bucket, where nothing says what to copy.
pub(crate) fn whole_bucket(mut draft: Draft) -> Draft {
    if let Some(body) = &mut draft.body
        && body.get("task_type").is_none()
        && let Some(source) = body.get_mut("src_node").and_then(serde_json::Value::as_object_mut)
        && !source.contains_key("list_file")
    {
        source.entry("object_key").or_insert_with(|| json!([""]));
        if let Some(body) = body.as_object_mut() {
            body.insert("task_type".to_owned(), json!("prefix"));
        }
    }
    draft
}

/// Reads one task, as the service describes it.
///
/// @param task Receives the fields of ShowTask; free it with `hwm_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_show(
    client: *const hwm_client,
    id: i64,
    task: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    answer(input!(client), output!(task), "task", output!(error), |caller| {
        Ok(hwm_value::typed(caller.run(caller.oms().tasks().show(id))?))
    })
}

/// Reads one task, as the common view of all jobs.
///
/// @param progress Receives the look; free it with `hwm_progress_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_progress(
    client: *const hwm_client,
    id: i64,
    progress: *mut *mut hwm_progress,
    error: *mut *mut hwm_error,
) -> hwm_result {
    answer(input!(client), output!(progress), "progress", output!(error), |caller| {
        Ok(caller.run(caller.oms().tasks().progress(id))?.into())
    })
}

/// Prepares a list of tasks. Sends nothing yet.
///
/// @param filter NULL for all tasks. Parameters: "status" (a number of ListTasks),
///        "group_id", "task_name" (a part of it), "page_size" (1 to 100), "limit"
///        (items in all).
/// @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_list(
    client: *const hwm_client,
    filter: *const hwm_request,
    list: *mut *mut hwm_list,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let filter = input!(filter);
    answer(input!(client), output!(list), "list", output!(error), |caller| {
        let known = ["status", "group_id", "task_name", "page_size", "limit"];
        let filters = Filters::of(Draft::of(filter)?, &known)?;
        let mut tasks = caller.oms().tasks().list();
        if let Some(status) = filters.number::<i64>("status")? {
            tasks = tasks.status(TaskStatus::from(status));
        }
        if let Some(group) = filters.text("group_id") {
            tasks = tasks.group_id(group);
        }
        if let Some(name) = filters.text("task_name") {
            tasks = tasks.task_name(name);
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

/// Starts a paused or failed task. The keys must be sent anew.
///
/// @param request The body of StartTask: /src_ak, /src_sk, /dst_ak, /dst_sk, and
///        /migrate_failed_object to repeat the failed objects alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_start(
    client: *const hwm_client,
    id: i64,
    request: *const hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let request = input!(request);
    act(input!(client), output!(error), |caller| {
        let request: StartTaskReq = typed::body(&Draft::of(request)?, "StartTask")?;
        caller.run(caller.oms().tasks().start(id, &request))
    })
}

/// Tells a running task to pause. It is told, not done: wait for HWM_UNTIL_STOPPED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_stop(
    client: *const hwm_client,
    id: i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    act(input!(client), output!(error), |caller| caller.run(caller.oms().tasks().stop(id)))
}

/// Deletes a task that does not run. What it has copied stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_delete(
    client: *const hwm_client,
    id: i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    act(input!(client), output!(error), |caller| caller.run(caller.oms().tasks().delete(id)))
}

/// Stops a task if it runs, waits until it stands still, and deletes it. One
/// that is gone already is fine.
///
/// @param limit Longest time for all of it, in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_delete_when_stopped(
    client: *const hwm_client,
    id: i64,
    limit: i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    act(input!(client), output!(error), |caller| {
        caller.run(caller.oms().tasks().delete_when_stopped(id, span(limit, "limit")?))
    })
}

/// Replaces the limits on speed of a task that has not ended.
///
/// @param request The limits: see `hwm_request_add_bandwidth`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_update_bandwidth(
    client: *const hwm_client,
    id: i64,
    request: *const hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let request = input!(request);
    act(input!(client), output!(error), |caller| {
        let request: UpdateBandwidthPolicyReq = typed::body(&Draft::of(request)?, "UpdateBandwidthPolicy")?;
        caller.run(caller.oms().tasks().update_bandwidth_policy(id, &request))
    })
}

/// Changes limits or priority of up to 20 tasks, or of all tasks of a group.
///
/// @param request The body of BatchUpdateTasks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_batch_update(
    client: *const hwm_client,
    request: *const hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let request = input!(request);
    act(input!(client), output!(error), |caller| {
        let request: BatchUpdateTasksReq = typed::body(&Draft::of(request)?, "BatchUpdateTasks")?;
        caller.run(caller.oms().tasks().batch_update(&request))
    })
}

/// Prepares a wait for a task. Sends nothing yet.
///
/// @param wait Receives the wait, for `hwm_wait_run`; free it with `hwm_wait_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_wait(
    client: *const hwm_client,
    id: i64,
    wait: *mut *mut hwm_wait,
    error: *mut *mut hwm_error,
) -> hwm_result {
    answer(input!(client), output!(wait), "wait", output!(error), |caller| {
        Ok(Waiting::new(caller, caller.oms().tasks().wait(id)))
    })
}

/// Prepares a wait for many tasks, at the price of one list request per 100
/// tasks and round. Sends nothing yet.
///
/// @param ids The ids of the tasks.
/// @param ids_length How many there are; with 0 `ids` may be NULL, and nothing is waited for.
/// @param fleet Receives the wait, for `hwm_fleet_next`; free it with `hwm_fleet_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_task_wait_all(
    client: *const hwm_client,
    ids: *const i64,
    ids_length: usize,
    fleet: *mut *mut hwm_fleet,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let ids = list!(ids, ids_length);
    answer(input!(client), output!(fleet), "fleet", output!(error), |caller| {
        let ids = ids.get("ids")?;
        Ok(Watching::new(caller, caller.oms().tasks().wait_all(ids.iter().copied())))
    })
}
