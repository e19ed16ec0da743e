//! The call that checks a URL list.

use std::sync::Arc;

use serde_json::Value;

use super::read;
use crate::engine::{BothKeys, Inner, NodeKeys};
use crate::http::call::{ApiError, Call};

/// Answers with nothing if the list is fit for use.
///
/// The documents do not say how a bad one is reported; this gives a parameter
/// error whose text starts with the reason code that the task would end with.
pub(super) async fn check(inner: &Arc<Inner>, call: &Call) -> Result<Value, ApiError> {
    let keys: NodeKeys = read::body(call)?;
    let keys = BothKeys { destination: keys, ..BothKeys::default() };
    if let Some(reason) = inner.doom(&keys) {
        return Err(ApiError::oms("OMS.1016", reason.text));
    }
    let checked = inner.check_url_list(call.text("obs_bucket"), call.text("list_file_key")).await;
    checked.map_err(|reason| ApiError::oms("OMS.1003", format!("{}: {}", reason.code, reason.text)))?;
    Ok(Value::Null)
}
