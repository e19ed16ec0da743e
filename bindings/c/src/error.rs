//! The error object.

use std::ffi::{CString, c_char};

use crate::failure::Failure;
use crate::handle::{In, free, handle};
use crate::memory::terminated;
use crate::pointer::input;
use crate::result::hwm_result;

/// What is known of a failure. It holds no secret.
///
/// It is filled when it is made, and only read afterwards: any thread may read
/// it. Answers of type `const char *` live as long as it does. Given NULL, the
/// functions below answer NULL, 0 or -1, and `hwm_error_result` HWM_OK.
pub struct hwm_error {
    _private: [u8; 0],
}

handle!(hwm_error => Told, b"hwmerror");

/// An error in texts that C can read.
pub(crate) struct Told {
    result: hwm_result,
    message: CString,
    operation: Option<CString>,
    status: u16,
    code: Option<CString>,
    said: Option<CString>,
    request_id: Option<CString>,
    advice: Option<CString>,
    attempts: u32,
    retryable: bool,
    elapsed: i64,
    retry_after: i64,
    job: Option<Job>,
}

struct Job {
    id: CString,
    state: CString,
    reason_code: Option<CString>,
    reason: Option<CString>,
    failed_list: Option<CString>,
    done: i64,
    failed: i64,
}

impl From<Failure> for Told {
    fn from(failure: Failure) -> Self {
        let result = failure.result();
        match failure {
            Failure::Own { message, advice, .. } => Self {
                result,
                message: terminated(&message),
                operation: None,
                status: 0,
                code: None,
                said: None,
                request_id: None,
                advice: advice.map(terminated),
                attempts: 0,
                retryable: false,
                elapsed: -1,
                retry_after: -1,
                job: None,
            },
            Failure::Core(error) => Self::of(result, &error),
        }
    }
}

impl Told {
    /// What the high-level crate knows.
    pub(crate) fn of(result: hwm_result, error: &hwmigrate::Error) -> Self {
        let span = |span: Option<std::time::Duration>| {
            span.map_or(-1, |span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
        };
        let job = error.job().map(|job| Job {
            id: terminated(&job.id),
            state: terminated(&job.state),
            reason_code: job.reason_code.as_deref().map(terminated),
            reason: job.reason.as_deref().map(terminated),
            failed_list: job.failed_list.as_deref().map(terminated),
            done: i64::try_from(job.objects_done).unwrap_or(i64::MAX),
            failed: i64::try_from(job.objects_failed).unwrap_or(i64::MAX),
        });
        Self {
            result,
            message: terminated(&error.chain()),
            operation: error.operation().map(terminated),
            status: error.status().unwrap_or_default(),
            code: error.code().map(terminated),
            said: Some(terminated(error.message())).filter(|text| !text.is_empty()),
            request_id: error.request_id().map(terminated),
            advice: error.advice().map(terminated),
            attempts: error.attempts(),
            retryable: error.is_retryable(),
            elapsed: span(error.elapsed()),
            retry_after: span(error.retry_after()),
            job,
        }
    }
}

fn lend(text: Option<&CString>) -> *const c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// Frees an error. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_free(error: *mut hwm_error) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(error) };
}

/// The result that the failing function returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_result(error: *const hwm_error) -> hwm_result {
    input!(error).peek().map_or(hwm_result::HWM_OK, |error| error.result)
}

/// One line for people: operation, HTTP status, code, what was said, and the causes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_message(error: *const hwm_error) -> *const c_char {
    lend(input!(error).peek().map(|error| &error.message))
}

/// What to do about it, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_advice(error: *const hwm_error) -> *const c_char {
    lend(input!(error).peek().and_then(|error| error.advice.as_ref()))
}

/// The documented id of the operation, such as "CreateTask", or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_operation(error: *const hwm_error) -> *const c_char {
    lend(input!(error).peek().and_then(|error| error.operation.as_ref()))
}

/// The HTTP status of the answer; 0 when there was none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_status(error: *const hwm_error) -> i32 {
    input!(error).peek().map_or(0, |error| i32::from(error.status))
}

/// The server's code, such as "OMS.0077", or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_code(error: *const hwm_error) -> *const c_char {
    lend(input!(error).peek().and_then(|error| error.code.as_ref()))
}

/// What the server said, or the library's own words where no server spoke;
/// without the rest of `hwm_error_message`. NULL when there are no words.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_said(error: *const hwm_error) -> *const c_char {
    lend(input!(error).peek().and_then(|error| error.said.as_ref()))
}

/// The id to quote to the service's support, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_request_id(error: *const hwm_error) -> *const c_char {
    lend(input!(error).peek().and_then(|error| error.request_id.as_ref()))
}

/// How many requests were sent; 0 when none was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_attempts(error: *const hwm_error) -> i32 {
    input!(error).peek().map_or(0, |error| i32::try_from(error.attempts).unwrap_or(i32::MAX))
}

/// Whether the same call may succeed later without any change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_is_retryable(error: *const hwm_error) -> bool {
    input!(error).peek().is_some_and(|error| error.retryable)
}

/// How long the call took, in milliseconds; -1 when that was not measured.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_elapsed(error: *const hwm_error) -> i64 {
    input!(error).peek().map_or(-1, |error| error.elapsed)
}

/// The pause that the server asked for, in milliseconds; -1 when it did not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_retry_after(error: *const hwm_error) -> i64 {
    input!(error).peek().map_or(-1, |error| error.retry_after)
}

fn job(error: In<'_, hwm_error>) -> Option<&Job> {
    error.peek()?.job.as_ref()
}

/// The id of the job that failed, got stuck or is unsettled, or NULL where no job is concerned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_job_id(error: *const hwm_error) -> *const c_char {
    lend(job(input!(error)).map(|job| &job.id))
}

/// The last seen state of that job in one word, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_job_state(error: *const hwm_error) -> *const c_char {
    lend(job(input!(error)).map(|job| &job.state))
}

/// The service's code for why that job failed, such as "TRF.0055", or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_job_reason_code(error: *const hwm_error) -> *const c_char {
    lend(job(input!(error)).and_then(|job| job.reason_code.as_ref()))
}

/// The service's words for why that job failed, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_job_reason(error: *const hwm_error) -> *const c_char {
    lend(job(input!(error)).and_then(|job| job.reason.as_ref()))
}

/// Objects of that job that arrived; -1 where no job is concerned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_job_objects_done(error: *const hwm_error) -> i64 {
    job(input!(error)).map_or(-1, |job| job.done)
}

/// Objects of that job that failed; -1 where no job is concerned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_job_objects_failed(error: *const hwm_error) -> i64 {
    job(input!(error)).map_or(-1, |job| job.failed)
}

/// The key of the list of failed objects in the destination bucket, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_error_job_failed_list(error: *const hwm_error) -> *const c_char {
    lend(job(input!(error)).and_then(|job| job.failed_list.as_ref()))
}
