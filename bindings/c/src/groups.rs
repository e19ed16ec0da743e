//! Migration task groups of the Object Storage Migration Service.

use std::ffi::c_char;

use hwmigrate::oms::Mark;
use hwmigrate::oms::types::{
    CreateTaskGroupReq, RetryTaskGroupReq, StartTaskGroupReq, TaskGroupStatus, UpdateBandwidthPolicyReq,
};

use crate::client::{act, answer, hwm_client};
use crate::engine::span;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::fleet::{Watching, hwm_fleet};
use crate::list::{Filters, Listing, hwm_list};
use crate::memory::give_text;
use crate::pointer::{input, output, text, texts};
use crate::progress::hwm_progress;
use crate::request::{Draft, hwm_request};
use crate::result::hwm_result;
use crate::tasks::{mark, whole_bucket};
use crate::typed;
use crate::value::hwm_value;
use crate::wait::{Waiting, hwm_wait};

/// Creates a task group, which the service splits into tasks and starts by itself, with one request.
///
/// @param request The body of CreateTaskGroup, as for `hwm_task_create`.
/// @param id Receives the id of the group; free it with `hwm_string_free`.
/// @return HWM_AMBIGUOUS when the reply was lost; `hwm_group_create_once` settles that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_create(
    client: *const hwm_client,
    request: *const hwm_request,
    id: *mut *mut c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, request, id, error) = (input!(client), input!(request), output!(id), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let request: CreateTaskGroupReq = typed::body(&whole_bucket(Draft::of(request)?), "CreateTaskGroup")?;
        let created = caller.run(caller.oms().groups().create(&request))?;
        id.set(give_text(&created.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Creates a task group exactly once, whatever happens to the reply; see `hwm_task_create_once`.
///
/// @param mark One of `hwm_mark_new`, or NULL.
/// @param id Receives the id of the group; free it with `hwm_string_free`.
/// @param adopted May be NULL. Whether the reply was lost and the group was found by its mark.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_create_once(
    client: *const hwm_client,
    request: *const hwm_request,
    mark: *const c_char,
    id: *mut *mut c_char,
    adopted: *mut bool,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, request, mark) = (input!(client), input!(request), text!(mark));
    let (id, adopted, error) = (output!(id), output!(adopted), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let mark = self::mark(mark)?;
        let request: CreateTaskGroupReq = typed::body(&whole_bucket(Draft::of(request)?), "CreateTaskGroup")?;
        let created = caller.run(caller.oms().groups().create_marked(&request, &mark))?;
        adopted.set(created.adopted);
        id.set(give_text(&created.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Finds the group whose description carries a mark. Reads the whole list.
///
/// @param id Receives the id of the group, with HWM_OK; free it with `hwm_string_free`.
/// @return HWM_END when no group carries it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_find_marked(
    client: *const hwm_client,
    mark: *const c_char,
    id: *mut *mut c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, mark, id, error) = (input!(client), text!(mark), output!(id), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let mark: Mark = mark.get("mark")?.parse()?;
        let Some(found) = caller.run(caller.oms().groups().find_marked(&mark))? else {
            return Ok(hwm_result::HWM_END);
        };
        id.set(give_text(&found.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Reads one task group, as the service describes it.
///
/// @param group Receives the fields of ShowTaskGroup; free it with `hwm_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_show(
    client: *const hwm_client,
    id: *const c_char,
    group: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(group), "group", output!(error), |caller| {
        Ok(hwm_value::typed(caller.run(caller.oms().groups().show(id.get("id")?))?))
    })
}

/// Reads one task group, as the common view of all jobs.
///
/// @param progress Receives the look; free it with `hwm_progress_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_progress(
    client: *const hwm_client,
    id: *const c_char,
    progress: *mut *mut hwm_progress,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(progress), "progress", output!(error), |caller| {
        Ok(caller.run(caller.oms().groups().progress(id.get("id")?))?.into())
    })
}

/// Prepares a list of task groups. Sends nothing yet.
///
/// @param filter NULL for all groups. Parameters: "status" (a number of
///        ListTaskGroup), "page_size" (1 to 100), "limit" (items in all).
/// @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_list(
    client: *const hwm_client,
    filter: *const hwm_request,
    list: *mut *mut hwm_list,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let filter = input!(filter);
    answer(input!(client), output!(list), "list", output!(error), |caller| {
        let filters = Filters::of(Draft::of(filter)?, &["status", "page_size", "limit"])?;
        let mut groups = caller.oms().groups().list();
        if let Some(status) = filters.number::<i64>("status")? {
            groups = groups.status(TaskGroupStatus::from(status));
        }
        if let Some(size) = filters.number("page_size")? {
            groups = groups.page_size(size);
        }
        if let Some(limit) = filters.number("limit")? {
            groups = groups.limit(limit);
        }
        Ok(Listing::new(caller, groups.stream()))
    })
}

/// Starts a paused group. The keys must be sent anew.
///
/// @param request The body of StartTaskGroup.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_start(
    client: *const hwm_client,
    id: *const c_char,
    request: *const hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (id, request) = (text!(id), input!(request));
    act(input!(client), output!(error), |caller| {
        let id = id.get("id")?;
        let request: StartTaskGroupReq = typed::body(&Draft::of(request)?, "StartTaskGroup")?;
        caller.run(caller.oms().groups().start(id, &request))
    })
}

/// Runs a failed group again, all of it or the failed objects alone.
///
/// @param request The body of RetryTaskGroup.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_retry(
    client: *const hwm_client,
    id: *const c_char,
    request: *const hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (id, request) = (text!(id), input!(request));
    act(input!(client), output!(error), |caller| {
        let id = id.get("id")?;
        let request: RetryTaskGroupReq = typed::body(&Draft::of(request)?, "RetryTaskGroup")?;
        caller.run(caller.oms().groups().retry(id, &request))
    })
}

/// Tells a running group to pause. It is told, not done: wait for HWM_UNTIL_STOPPED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_stop(
    client: *const hwm_client,
    id: *const c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| caller.run(caller.oms().groups().stop(id.get("id")?)))
}

/// Deletes a group that does not run. It is told, not done: wait for HWM_UNTIL_DELETED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_delete(
    client: *const hwm_client,
    id: *const c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| caller.run(caller.oms().groups().delete(id.get("id")?)))
}

/// Stops a group if it runs, waits until it stands still, deletes it, and waits until it is gone.
///
/// @param limit Longest time for all of it, in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_delete_when_stopped(
    client: *const hwm_client,
    id: *const c_char,
    limit: i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| {
        caller.run(caller.oms().groups().delete_when_stopped(id.get("id")?, span(limit, "limit")?))
    })
}

/// Replaces the limits on speed of a group that has not ended.
///
/// @param request The limits: see `hwm_request_add_bandwidth`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_update_bandwidth(
    client: *const hwm_client,
    id: *const c_char,
    request: *const hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (id, request) = (text!(id), input!(request));
    act(input!(client), output!(error), |caller| {
        let id = id.get("id")?;
        let request: UpdateBandwidthPolicyReq = typed::body(&Draft::of(request)?, "UpdateTaskGroup")?;
        caller.run(caller.oms().groups().update_bandwidth_policy(id, &request))
    })
}

/// Prepares a wait for a group. Sends nothing yet.
///
/// @param wait Receives the wait, for `hwm_wait_run`; free it with `hwm_wait_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_wait(
    client: *const hwm_client,
    id: *const c_char,
    wait: *mut *mut hwm_wait,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(wait), "wait", output!(error), |caller| {
        Ok(Waiting::new(caller, caller.oms().groups().wait(id.get("id")?)))
    })
}

/// Prepares a wait for many groups. Sends nothing yet.
///
/// @param ids The ids of the groups.
/// @param ids_length How many there are; with 0 `ids` may be NULL, and nothing is waited for.
/// @param fleet Receives the wait, for `hwm_fleet_next`; free it with `hwm_fleet_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_group_wait_all(
    client: *const hwm_client,
    ids: *const *const c_char,
    ids_length: usize,
    fleet: *mut *mut hwm_fleet,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let ids = texts!(ids, ids_length);
    answer(input!(client), output!(fleet), "fleet", output!(error), |caller| {
        Ok(Watching::new(caller, caller.oms().groups().wait_all(ids.get("ids")?)))
    })
}
