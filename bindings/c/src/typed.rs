//! From a request in the making to the struct of an operation.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::request::Draft;

/// The body as the struct of the operation.
///
/// The structs decode leniently and pass over what they do not know. A
/// program's typing mistake would then go unnoticed, so whatever does not
/// arrive in the struct is refused here.
pub(crate) fn body<T: DeserializeOwned + Serialize>(draft: &Draft, operation: &str) -> Result<T, Failure> {
    if let Some((name, _)) = draft.parameters.first() {
        return Err(invalid(operation, format!("it takes no parameter `{name}`")));
    }
    let given = draft.body.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let typed: T = serde_json::from_value(given.clone()).map_err(|error| {
        // Words about a missing field name the field; other words may repeat a value.
        let words = error.to_string();
        let missing = words.strip_prefix("missing field ").map(|name| format!("the field {name} is missing"));
        invalid(operation, missing.unwrap_or_else(|| "a field has the wrong type".to_owned()))
    })?;
    let taken = serde_json::to_value(&typed)
        .map_err(|_| invalid(operation, "it cannot be written as JSON".to_owned()))?;
    let mut lost = Vec::new();
    compare(&given, &taken, String::new(), &mut lost);
    if lost.is_empty() {
        return Ok(typed);
    }
    Err(invalid(operation, format!("it has no such field, or one of another type: {}", lost.join(", "))))
}

fn invalid(operation: &str, problem: String) -> Failure {
    let words = format!("the request does not fit {operation}: {problem}");
    hwmigrate::Error::new(hwmigrate::ErrorKind::Invalid, words).into()
}

/// Collects the paths of what was given and not taken.
fn compare(given: &Value, taken: &Value, path: String, lost: &mut Vec<String>) {
    match (given, taken) {
        (Value::Object(fields), Value::Object(kept)) => {
            for (name, value) in fields {
                let below = format!("{path}/{name}");
                match kept.get(name) {
                    Some(kept) => compare(value, kept, below, lost),
                    // Empty ones are left out on the way.
                    None if value.is_null() || *value == Value::Array(Vec::new()) => {}
                    None => lost.push(below),
                }
            }
        }
        (Value::Array(items), Value::Array(kept)) if items.len() == kept.len() => {
            for (index, (value, kept)) in items.iter().zip(kept).enumerate() {
                compare(value, kept, format!("{path}/{index}"), lost);
            }
        }
        (Value::Object(_) | Value::Array(_), _) => lost.push(path),
        (given, Value::Null) if !given.is_null() => lost.push(path),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use hwmigrate::oms::types::{CreateTaskReq, StartTaskReq};
    use serde_json::json;

    use super::*;
    use crate::result::hwm_result;

    fn draft(body: Value) -> Draft {
        Draft { body: Some(body), ..Draft::default() }
    }

    fn words(failure: Failure) -> String {
        assert_eq!(failure.result(), hwm_result::HWM_INVALID);
        let Failure::Core(error) = failure else { panic!("not of the core") };
        error.message().to_owned()
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let body = json!({"src_ak": "a", "src_sk": "b", "dst_ak": "c", "dst_sk": "d", "dst_akk": "canary"});
        let text = words(super::body::<StartTaskReq>(&draft(body), "StartTask").unwrap_err());
        assert!(text.contains("/dst_akk") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn a_mistyped_field_is_refused_without_its_value() {
        let body = json!({"dst_ak": "c", "dst_sk": "d", "migrate_failed_object": "canary"});
        let text = words(super::body::<StartTaskReq>(&draft(body), "StartTask").unwrap_err());
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn a_missing_field_is_named() {
        let text = words(super::body::<CreateTaskReq>(&draft(json!({})), "CreateTask").unwrap_err());
        assert!(text.contains("missing"), "{text}");
    }

    #[test]
    fn a_fitting_request_passes() {
        let body = json!({"src_ak": "a", "src_sk": "b", "dst_ak": "c", "dst_sk": "d", "migrate_failed_object": true});
        let request = super::body::<StartTaskReq>(&draft(body), "StartTask").unwrap();
        assert_eq!(request.migrate_failed_object, Some(true));
    }
}
