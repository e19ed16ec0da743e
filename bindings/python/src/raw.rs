//! Any operation, by its documented id.

use hwmigrate::{Client, Error, RawCall};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::Value;

use crate::convert::{PyRetryPolicy, Span, Timeout};
use crate::slot::Output;
use crate::source::Source;

/// The call, to be sent.
pub(crate) fn prepared(
    client: &Client,
    operation: &str,
    parameters: Vec<(String, String)>,
    body: Option<Value>,
    timeout: Option<Timeout>,
    retry: Option<PyRetryPolicy>,
) -> Result<RawCall, Error> {
    let mut call = client.operation(operation)?;
    for (name, value) in parameters {
        call = call.parameter(name, value);
    }
    if let Some(body) = body {
        call = call.body(body);
    }
    if let Some(Timeout(Span(limit))) = timeout {
        call = call.deadline(limit);
    }
    if let Some(PyRetryPolicy(policy, _)) = retry {
        call = call.retry(policy);
    }
    Ok(call)
}

/// The output has one record for an object, none for an empty answer, and one for each member of an array.
pub(crate) async fn json(call: Result<RawCall, Error>) -> Result<Output, Error> {
    let answer = call?.send().await?;
    Ok(Source::raw(answer.body, answer.status, answer.request_id))
}

/// The output is the status, the id of the request, and the body as it came.
pub(crate) async fn bytes(call: Result<RawCall, Error>) -> Result<Output, Error> {
    let answer = call?.send_bytes().await?;
    Ok(Box::new(move |py| {
        let body = PyBytes::new(py, answer.body());
        Ok((answer.status, answer.request_id, body).into_pyobject(py)?.into_any().unbind())
    }))
}
