//! The changes between the document and what progenitor is given.
//!
//! The documents say what the documentation says. The generator turns limits
//! into types that refuse what breaks them, closed word lists into enums that
//! fail on a new word, and wants one success and one error type. Each change
//! here has a name, a reason and a test.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document::{Roles, SCHEMAS, component, each_operation, resolve};

/// A named change.
pub(crate) struct Adjustment {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Why it is made.
    pub(crate) reason: &'static str,
    change: fn(&str, &mut Value),
}

impl Adjustment {
    /// Makes the change in the document of a module.
    pub(crate) fn make(&self, module: &str, document: &mut Value) {
        (self.change)(module, document);
    }
}

/// All changes, in the order in which they are made.
pub(crate) const ADJUSTMENTS: &[Adjustment] = &[
    Adjustment {
        name: "apart-shared-schemas",
        reason: "requests are strict and responses lenient, so a schema of both becomes two types",
        change: part_shared,
    },
    Adjustment {
        name: "one-success-one-error",
        reason: "the generator takes one success and one error type; any 2xx is a success, any 4xx or 5xx an error",
        change: one_success_one_error,
    },
    Adjustment {
        name: "nothing-required-in-responses",
        reason: "a field that an answer leaves out must not cost the whole answer",
        change: nothing_required,
    },
    Adjustment {
        name: "comma-lists-are-text",
        reason: "the generator ignores `explode: false` and would repeat the parameter",
        change: comma_lists,
    },
    Adjustment {
        name: "limits-into-prose",
        reason: "lengths and ranges become types that refuse real answers, defaults become fields that are always sent",
        change: limits_into_prose,
    },
    Adjustment {
        name: "named-types",
        reason: "secrets, open enumerations and errors have their own types, and a plain `$ref` would lose the description",
        change: named_types,
    },
    Adjustment {
        name: "links-into-prose",
        reason: "the generator drops `externalDocs` and the permission",
        change: links_into_prose,
    },
];

/// Makes all changes.
pub(crate) fn apply(module: &str, document: &mut Value) -> Result<(), String> {
    for adjustment in ADJUSTMENTS {
        let before = document.clone();
        adjustment.make(module, document);
        // A change that finds nothing to do in a document is fine; one that drops the document is not.
        if document["paths"].as_object().map(Map::len) != before["paths"].as_object().map(Map::len) {
            return Err(format!("adjustment `{}` lost a path ({})", adjustment.name, adjustment.reason));
        }
    }
    Ok(())
}

fn schemas(document: &mut Value) -> &mut Value {
    &mut document["components"]["schemas"]
}

/// The parameters of an operation.
fn parameters(operation: &mut Value) -> impl Iterator<Item = &mut Value> {
    operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
}

/// The properties of a schema.
fn properties(schema: &mut Value) -> impl Iterator<Item = &mut Value> {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flatten().map(|(_, property)| property)
}

fn part_shared(_: &str, document: &mut Value) {
    let roles = Roles::of(document);
    let shared: BTreeSet<String> = roles
        .requests
        .intersection(&roles.responses)
        .filter(|name| document["components"]["schemas"][name.as_str()]["type"] == "object")
        .cloned()
        .collect();
    for name in &shared {
        let copy = schemas(document)[name.as_str()].clone();
        schemas(document)[format!("{name}Resp")] = copy;
    }
    let responses: Vec<String> = roles
        .responses
        .iter()
        .map(|n| if shared.contains(n) { format!("{n}Resp") } else { n.clone() })
        .collect();
    for name in responses {
        rename(&mut schemas(document)[name.as_str()], &shared);
    }
    each_operation(document, |operation| rename(&mut operation["responses"], &shared));
    if let Some(responses) = document["components"].get_mut("responses") {
        rename(responses, &shared);
    }
}

/// Points the references of a value to the copies for responses.
fn rename(value: &mut Value, shared: &BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member.as_str().and_then(|text| text.strip_prefix(SCHEMAS)) {
                    Some(name) if key == "$ref" && shared.contains(name) => {
                        *member = json!(format!("{SCHEMAS}{name}Resp"));
                    }
                    _ => rename(member, shared),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, shared)),
        _ => {}
    }
}

fn one_success_one_error(_: &str, document: &mut Value) {
    let whole = document.clone();
    let error = json!({
        "description": "An error.",
        "content": {"application/json": {"schema": {"$ref": format!("{SCHEMAS}ErrorResp")}}},
    });
    each_operation(document, |operation| {
        let success = operation["responses"]
            .as_object()
            .and_then(|responses| responses.iter().find(|(status, _)| status.starts_with('2')))
            .map(|(_, response)| resolve(&whole, response).clone());
        operation["responses"] = json!({"2XX": success, "4XX": error, "5XX": error});
    });
}

fn nothing_required(_: &str, document: &mut Value) {
    for name in Roles::of(document).responses {
        if let Some(schema) = schemas(document)[name.as_str()].as_object_mut() {
            schema.remove("required");
        }
    }
}

fn comma_lists(_: &str, document: &mut Value) {
    each_operation(document, |operation| {
        for parameter in parameters(operation) {
            if parameter["explode"] == json!(false) && parameter["schema"]["type"] == "array" {
                parameter["schema"] = json!({"type": "string"});
            }
        }
    });
}

/// What a schema says about values, beside their type.
const LIMITS: &[&str] = &[
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "maxProperties",
    "default",
    "x-unit",
    "nullable",
];

fn limits_into_prose(_: &str, document: &mut Value) {
    let roles = Roles::of(document);
    let names: Vec<String> =
        schemas(document).as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for name in names {
        let response = roles.responses.contains(&name);
        for property in properties(&mut schemas(document)[name.as_str()]) {
            let prose = prose(property, response);
            if !prose.is_empty() {
                let text = property["description"].as_str().unwrap_or_default();
                property["description"] = json!(format!("{text}\n\n{prose}"));
            }
            strip(property);
            if let Some(items) = property.get_mut("items") {
                strip(items);
            }
        }
    }
    let mut parameter = |parameter: &mut Value| {
        let prose = prose(&parameter["schema"], false);
        if !prose.is_empty() {
            let text = parameter["description"].as_str().unwrap_or_default();
            parameter["description"] = json!(format!("{text} {prose}"));
        }
        strip(&mut parameter["schema"]);
    };
    for (_, shared) in
        document["components"].get_mut("parameters").and_then(Value::as_object_mut).into_iter().flatten()
    {
        parameter(shared);
    }
    each_operation(document, |operation| {
        parameters(operation).for_each(&mut parameter);
    });
}

/// Drops what the generator would make types of.
fn strip(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        members.retain(|key, _| !LIMITS.contains(&key.as_str()));
    }
}

/// The limits as a sentence; those of responses are not worth saying.
fn prose(schema: &Value, response: bool) -> String {
    let mut parts = Vec::new();
    if let Some(unit) = schema["x-unit"].as_str() {
        parts.push(format!("Unit: {unit}."));
    }
    if !response {
        let range = |low: &str, high: &str, what: &str| match (schema[low].as_u64(), schema[high].as_u64()) {
            (None, None) => None,
            (Some(low), None) => Some(format!("at least {low}{what}")),
            (None, Some(high)) => Some(format!("at most {high}{what}")),
            (Some(low), Some(high)) if low == high => Some(format!("exactly {low}{what}")),
            (Some(low), Some(high)) => Some(format!("{low} to {high}{what}")),
        };
        let limits = [
            range("minLength", "maxLength", " characters"),
            range("minimum", "maximum", ""),
            range("minItems", "maxItems", " entries"),
            schema["pattern"].as_str().map(|pattern| format!("pattern `{pattern}`")),
        ];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        if !limits.is_empty() {
            parts.push(format!("Limits: {}.", limits.join(", ")));
        }
        if !schema["default"].is_null() {
            let default = schema["default"].as_str().map_or(schema["default"].to_string(), str::to_owned);
            parts.push(format!("Default: `{default}`."));
        }
    }
    parts.join(" ")
}

fn named_types(module: &str, document: &mut Value) {
    let whole = document.clone();
    let name_property = |property: &mut Value| {
        if let Some(path) = rust_type(&whole, module, property) {
            *property = typed(&path, property);
        } else if let Some(items) = property.get_mut("items")
            && let Some(path) = rust_type(&whole, module, items)
            // An array of structs keeps its `$ref`; only words need a type of their own.
            && component(items).is_none_or(|name| is_words(&whole, name))
        {
            *items = typed(&path, items);
        }
    };
    for (_, schema) in schemas(document).as_object_mut().into_iter().flatten() {
        properties(schema).for_each(name_property);
    }
    each_operation(document, |operation| {
        for parameter in parameters(operation) {
            // A header takes text; that it is secret is said by the table of operations.
            if parameter["in"] != "header"
                && let Some(path) = rust_type(&whole, module, &parameter["schema"])
            {
                parameter["schema"] = typed(&path, &parameter["schema"]);
            }
        }
    });
    let names: Vec<String> =
        schemas(document).as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for name in names {
        if name == "ErrorResp" {
            schemas(document)[name.as_str()] =
                json!({"type": "object", "x-rust-type": rust_path("hwmigrate_api::ErrorResp")});
        } else if is_words(&whole, &name) || ["KeystoneError", "ErrorDetail"].contains(&name.as_str()) {
            // Made by the generator of enumerations, or part of the type of errors.
            if let Some(schemas) = schemas(document).as_object_mut() {
                schemas.remove(&name);
            }
        }
    }
}

/// Whether a component is a list of words or codes.
fn is_words(document: &Value, name: &str) -> bool {
    document["components"]["schemas"][name]["enum"].is_array()
}

/// The type that stands in for a schema, if one does.
fn rust_type(document: &Value, module: &str, schema: &Value) -> Option<String> {
    if schema["x-secret"] == json!(true) {
        return Some("hwmigrate_api::Secret".to_owned());
    }
    if let Some(open) = schema["x-open-enum"].as_str() {
        return Some(format!("hwmigrate_api::{module}::types::{open}"));
    }
    let name = component(schema)?;
    let open = document["components"]["schemas"][name]["x-open-enum"].as_str();
    Some(format!("hwmigrate_api::{module}::types::{}", open.unwrap_or(name)))
}

fn rust_path(path: &str) -> Value {
    json!({"crate": "hwmigrate_api", "version": "*", "path": path})
}

fn typed(path: &str, schema: &Value) -> Value {
    let mut typed = json!({"type": "string", "x-rust-type": rust_path(path)});
    if let Some(description) = schema.get("description") {
        typed["description"] = description.clone();
    }
    typed
}

fn links_into_prose(_: &str, document: &mut Value) {
    each_operation(document, |operation| {
        let mut text = operation["description"].as_str().unwrap_or_default().trim_end().to_owned();
        if let Some(action) = operation["x-iam-action"].as_str() {
            text.push_str(&format!("\n\nPermission: `{action}`."));
        }
        if let Some(url) = operation["externalDocs"]["url"].as_str() {
            text.push_str(&format!("\n\n[Documentation]({url})"));
        }
        operation["description"] = json!(text);
    });
}
