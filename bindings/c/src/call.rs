//! Any operation, by its id.

use std::ffi::c_char;

use crate::client::hwm_client;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::pointer::{input, output, text};
use crate::request::{Draft, hwm_request};
use crate::result::hwm_result;
use crate::value::hwm_value;

/// Calls any operation of any service by its documented id, with JSON in and out.
///
/// @param operation Such as "CreateTask" or, where services share an id, "sms.CreateTask".
/// @param request Its parameters and its body, or NULL. The project id is filled in.
/// @param answer May be NULL. Receives what the service gave, unchanged: where
///        the documentation says so, with secrets. Free it with `hwm_value_free`.
///
/// The request is sent with login, retries and limits as every other, but its
/// values are judged by the service alone. A create is sent once; HWM_AMBIGUOUS
/// says that its reply was lost. HWM_INVALID for an operation or a parameter that
/// does not exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_call(
    client: *const hwm_client,
    operation: *const c_char,
    request: *const hwm_request,
    answer: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (client, operation, request) = (input!(client), text!(operation), input!(request));
    let (answer, error) = (output!(answer), output!(error));
    enter(error, || {
        let caller = client.get("client")?;
        let Draft { body, parameters, .. } = Draft::of(request)?;
        let mut call = caller.core.operation(operation.get("operation")?)?;
        if let Some(limit) = caller.limit {
            call = call.deadline(limit);
        }
        for (name, value) in parameters {
            call = call.parameter(name, value);
        }
        if let Some(body) = body {
            call = call.body(body);
        }
        let response = caller.run(call.send())?;
        let tree = response.body.unwrap_or_default();
        answer.give(hwm_value::answer(tree, response.status, response.request_id.as_deref()));
        Ok(hwm_result::HWM_OK)
    })
}
