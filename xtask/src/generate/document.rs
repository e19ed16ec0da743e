//! Reading a document, and who uses which of its schemas.

use std::collections::BTreeSet;

use serde_json::Value;

/// Where component schemas are referred to.
pub(crate) const SCHEMAS: &str = "#/components/schemas/";

/// The methods that a path item may have.
const METHODS: &[&str] = &["get", "put", "post", "delete", "patch", "head", "options"];

/// Reads YAML into JSON values, in the order of the file.
pub(crate) fn parse(text: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let document: Value = serde_yaml_ng::from_str(text)?;
    if document["openapi"] != "3.0.3" {
        return Err("not an OpenAPI 3.0.3 document".into());
    }
    Ok(document)
}

/// The document as one line of JSON.
pub(crate) fn compact(document: &Value) -> Result<String, serde_json::Error> {
    serde_json::to_string(document).map(|text| text + "\n")
}

/// The operations as (path, method, operation).
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| Some((path.as_str(), *method, item.get(*method)?)))
    })
}

/// Calls a function for each operation, which it may change.
pub(crate) fn each_operation(document: &mut Value, mut change: impl FnMut(&mut Value)) {
    for (_, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(*method) {
                change(operation);
            }
        }
    }
}

/// Follows a `$ref` inside the document, if the value is one.
pub(crate) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let found = document.pointer(reference.trim_start_matches('#'));
            found.map_or(value, |found| resolve(document, found))
        }
        None => value,
    }
}

/// The component that a schema is, be it by `$ref` or by an `allOf` of one.
pub(crate) fn component(schema: &Value) -> Option<&str> {
    let reference = match &schema["allOf"] {
        Value::Array(parts) if parts.len() == 1 => &parts[0]["$ref"],
        _ => &schema["$ref"],
    };
    reference.as_str()?.strip_prefix(SCHEMAS)
}

/// Which component schemas requests and responses are made of.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    /// Reached from a request body.
    pub(crate) requests: BTreeSet<String>,
    /// Reached from a response body.
    pub(crate) responses: BTreeSet<String>,
}

impl Roles {
    /// Finds the roles of all schemas.
    pub(crate) fn of(document: &Value) -> Self {
        let mut roles = Self::default();
        for (_, _, operation) in operations(document) {
            reach(document, &operation["requestBody"], &mut roles.requests);
            for (_, response) in operation["responses"].as_object().into_iter().flatten() {
                reach(document, resolve(document, response), &mut roles.responses);
            }
        }
        roles
    }
}

/// Adds all components that a value refers to, directly or through others.
fn reach(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let named = members.get("$ref").and_then(Value::as_str);
            let typed = value["x-rust-type"]["path"].as_str().and_then(|path| path.rsplit("::").next());
            for name in named.and_then(|named| named.strip_prefix(SCHEMAS)).into_iter().chain(typed) {
                let schema = &document["components"]["schemas"][name];
                if !schema.is_null() && found.insert(name.to_owned()) {
                    reach(document, schema, found);
                }
            }
            members.values().for_each(|member| reach(document, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| reach(document, item, found)),
        _ => {}
    }
}
