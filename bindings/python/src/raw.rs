//! Any operation, by its documented id.

use std::future::Future;

use hwmigrate::{Client, Error};
use serde_json::Value;

use crate::convert::{PyRetryPolicy, Span, Timeout};
use crate::slot::Output;
use crate::source::Source;

/// The call; its output has one record for an object, none for an empty
/// answer, and one for each member of an array.
pub(crate) fn call(
    client: &Client,
    operation: &str,
    parameters: Vec<(String, String)>,
    body: Option<Value>,
    timeout: Option<Timeout>,
    retry: Option<PyRetryPolicy>,
) -> impl Future<Output = Result<Output, Error>> + Send + 'static {
    let prepared = client.operation(operation).map(|mut call| {
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
        call
    });
    async move {
        let answer = prepared?.send().await?;
        Ok(Source::raw(answer.body, answer.status, answer.request_id))
    }
}
