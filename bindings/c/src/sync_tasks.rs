//! Sync tasks of the Object Storage Migration Service.

use std::ffi::c_char;

use hwmigrate::oms::types::{CreateSyncTaskReq, StartSyncTaskReq, SyncTaskStatus};
use hwmigrate::oms::{Mark, UnixMillis};

use crate::client::{act, answer, hwm_client};
use crate::engine::span;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::list::{Filters, Listing, hwm_list};
use crate::memory::give_text;
use crate::pointer::{input, output, text, texts};
use crate::request::{Draft, hwm_request};
use crate::result::hwm_result;
use crate::tasks::mark;
use crate::typed;
use crate::value::hwm_value;

/// Creates a sync task, which copies objects as it is told of them, with one request.
///
/// @param request The body of CreateSyncTask.
/// @param id Receives the id; free it with `hwm_string_free`.
/// @return HWM_AMBIGUOUS when the reply was lost; `hwm_sync_create_once` settles that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_create(
    client: *const hwm_client,
    request: *const hwm_request,
    id: *mut *mut c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, request, id, error) = (input!(client), input!(request), output!(id), output!(error));
    enter(error, || {
        let id = id.required("id")?;
        let caller = client.get("client")?;
        let request: CreateSyncTaskReq = typed::body(&Draft::of(request)?, "CreateSyncTask")?;
        let created = caller.run(caller.oms().sync_tasks().create(&request))?;
        id.set(give_text(&created.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Creates a sync task exactly once, whatever happens to the reply; see `hwm_task_create_once`.
///
/// @param mark One of `hwm_mark_new`, or NULL.
/// @param id Receives the id; free it with `hwm_string_free`.
/// @param adopted May be NULL. Whether the reply was lost and the sync task was found by its mark.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_create_once(
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
        let request: CreateSyncTaskReq = typed::body(&Draft::of(request)?, "CreateSyncTask")?;
        let created = caller.run(caller.oms().sync_tasks().create_marked(&request, &mark))?;
        adopted.set(created.adopted);
        id.set(give_text(&created.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Finds the sync task whose description carries a mark. Reads the whole list.
///
/// @param id Receives the id, with HWM_OK; free it with `hwm_string_free`.
/// @return HWM_END when none carries it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_find_marked(
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
        let Some(found) = caller.run(caller.oms().sync_tasks().find_marked(&mark))? else {
            return Ok(hwm_result::HWM_END);
        };
        id.set(give_text(&found.id));
        Ok(hwm_result::HWM_OK)
    })
}

/// Reads one sync task, with the counters of a month.
///
/// @param month Any moment of that month, in milliseconds since 1970.
/// @param sync Receives the fields of ShowSyncTask; free it with `hwm_value_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_show(
    client: *const hwm_client,
    id: *const c_char,
    month: i64,
    sync: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    answer(input!(client), output!(sync), "sync", output!(error), |caller| {
        let month = UnixMillis::new(month)?;
        Ok(hwm_value::typed(caller.run(caller.oms().sync_tasks().show(id.get("id")?, month))?))
    })
}

/// Prepares a list of sync tasks. Sends nothing yet.
///
/// @param filter NULL for all. Parameters: "status" (a word of ListSyncTasks),
///        "page_size" (1 to 100), "limit" (items in all).
/// @param list Receives the list, for `hwm_list_next`; free it with `hwm_list_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_list(
    client: *const hwm_client,
    filter: *const hwm_request,
    list: *mut *mut hwm_list,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let filter = input!(filter);
    answer(input!(client), output!(list), "list", output!(error), |caller| {
        let filters = Filters::of(Draft::of(filter)?, &["status", "page_size", "limit"])?;
        let mut tasks = caller.oms().sync_tasks().list();
        if let Some(status) = filters.text("status") {
            tasks = tasks.status(SyncTaskStatus::from(status));
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

/// Starts a stopped sync task. The keys must be sent anew.
///
/// @param request The body of StartSyncTask.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_start(
    client: *const hwm_client,
    id: *const c_char,
    request: *const hwm_request,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (id, request) = (text!(id), input!(request));
    act(input!(client), output!(error), |caller| {
        let id = id.get("id")?;
        let request: StartSyncTaskReq = typed::body(&Draft::of(request)?, "StartSyncTask")?;
        caller.run(caller.oms().sync_tasks().start(id, &request))
    })
}

/// Stops a running sync task.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_stop(
    client: *const hwm_client,
    id: *const c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| caller.run(caller.oms().sync_tasks().stop(id.get("id")?)))
}

/// Deletes a stopped sync task.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_delete(
    client: *const hwm_client,
    id: *const c_char,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| caller.run(caller.oms().sync_tasks().delete(id.get("id")?)))
}

/// Stops a sync task if it runs, and deletes it once it stands still.
///
/// @param limit Longest time for all of it, in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_delete_when_stopped(
    client: *const hwm_client,
    id: *const c_char,
    limit: i64,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let id = text!(id);
    act(input!(client), output!(error), |caller| {
        caller.run(caller.oms().sync_tasks().delete_when_stopped(id.get("id")?, span(limit, "limit")?))
    })
}

/// Asks a sync task to copy these objects now, ten to a request.
///
/// @param keys The keys as they are, not encoded.
/// @param keys_length How many there are; at least one.
///
/// An error after the first ten says how many keys were accepted before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_sync_events(
    client: *const hwm_client,
    id: *const c_char,
    keys: *const *const c_char,
    keys_length: usize,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (id, keys) = (text!(id), texts!(keys, keys_length));
    act(input!(client), output!(error), |caller| {
        caller.run(caller.oms().sync_tasks().events(id.get("id")?, keys.get("keys")?))
    })
}
