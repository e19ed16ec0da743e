//! Reading the parts of a call.

use serde::Deserialize;

use crate::http::call::{ApiError, Call};

/// The documented length of a page, where the call does not say.
const PAGE: usize = 10;
const LONGEST_PAGE: usize = 100;

fn wrong(name: &str) -> ApiError {
    ApiError::oms("OMS.0002", format!("The parameter {name} is invalid."))
}

/// The body in the form that the engine needs.
pub(super) fn body<'a, T: Deserialize<'a>>(call: &'a Call) -> Result<T, ApiError> {
    // The message of the decoder can quote values, and values can be secrets.
    T::deserialize(&call.body).map_err(|_| ApiError::oms("OMS.0002", "The request body is invalid."))
}

/// The project that the path names.
pub(super) fn project(call: &Call) -> &str {
    call.name("project_id")
}

/// The id of a task in the path.
pub(super) fn task_id(call: &Call) -> Result<i64, ApiError> {
    call.name("task_id").parse().map_err(|_| ApiError::oms("OMS.0054", "The task id is invalid."))
}

/// A number in the query.
pub(super) fn number<T: std::str::FromStr>(call: &Call, parameter: &str) -> Result<Option<T>, ApiError> {
    match call.query(parameter) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| wrong(parameter)),
    }
}

/// A number that the query must have.
pub(super) fn needed<T: std::str::FromStr>(call: &Call, parameter: &str) -> Result<T, ApiError> {
    number(call, parameter)?
        .ok_or_else(|| ApiError::oms("OMS.1004", format!("The required parameter {parameter} is missing.")))
}

/// The page that a list call asks for, and how many rows there are in all.
pub(super) fn page<T>(call: &Call, rows: Vec<T>) -> Result<(Vec<T>, usize), ApiError> {
    let limit = number(call, "limit")?.unwrap_or(PAGE);
    let offset = number(call, "offset")?.unwrap_or(0_usize);
    if limit == 0 || limit > LONGEST_PAGE {
        return Err(wrong("limit"));
    }
    let count = rows.len();
    Ok((rows.into_iter().skip(offset).take(limit).collect(), count))
}
