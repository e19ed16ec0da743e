//! Calls about the versions of the API.

use serde_json::{Value, json};

use crate::http::call::{ApiError, Call};

fn version(id: &str, status: &str, updated: &str) -> Value {
    // Relative, so that a client that follows it stays at the emulator.
    let links = json!([{ "href": format!("/{id}/"), "rel": "self" }]);
    json!({ "id": id, "links": links, "status": status, "updated": updated })
}

fn versions() -> [Value; 2] {
    [version("v1", "SUPPORTED", "2017-07-01T00:00:00Z"), version("v2", "CURRENT", "2020-06-01T00:00:00Z")]
}

/// The root is the same for all services, so it lists the versions of SMS too.
pub(super) fn list() -> Value {
    let mut all = versions().to_vec();
    all.push(crate::sms::version());
    json!({ "versions": all })
}

pub(super) fn show(call: &Call) -> Result<Value, ApiError> {
    let wanted = call.name("version");
    let known = versions().into_iter().find(|version| version["id"] == wanted);
    known.ok_or_else(|| ApiError::oms("OMS.1009", "The requested resource does not exist."))
}
