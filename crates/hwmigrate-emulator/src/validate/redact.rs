//! Bodies for the journal: what the document lists, without what it calls secret.
//!
//! This is an allow-list. A member that the document does not list shows its
//! name only, whatever it holds.

use serde_json::{Map, Value, json};

use hwmigrate_api::REDACTED;

/// What stands in place of a value that the document does not list.
pub(crate) const UNLISTED: &str = "[unlisted]";

/// Shorter texts are not looked for elsewhere: they would hide too much.
const LEAST_SECRET: usize = 6;

/// A copy of a valid body without its secrets.
pub(super) fn redact(root: &Value, schema: &Value, body: &Value) -> Value {
    let mut secrets = Vec::new();
    let mut shown = walk(root, &flatten(root, schema), body, &mut secrets);
    // A secret that was repeated in a harmless field is still a secret.
    scrub(&mut shown, &secrets);
    shown
}

/// Removes what a redacted body only hints at.
pub(super) fn remove_hidden(shown: &mut Value) {
    match shown {
        Value::Object(members) => {
            members.retain(|name, value| name != UNLISTED && value != REDACTED && value != UNLISTED);
            members.values_mut().for_each(remove_hidden);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_hidden),
        _ => {}
    }
}

/// A copy of any body that keeps the names of listed members and nothing else.
pub(super) fn names_only(root: &Value, schema: Option<&Value>, body: &Value) -> Value {
    let schemas = schema.map(|schema| flatten(root, schema)).unwrap_or_default();
    match body {
        Value::Object(members) => {
            let mut shown = Map::new();
            for (name, value) in members {
                let inner = member_schemas(root, &schemas, name);
                if inner.is_empty() {
                    shown.insert(UNLISTED.to_owned(), json!(UNLISTED));
                } else if is_secret(&inner) {
                    shown.insert(name.clone(), json!(REDACTED));
                } else {
                    let first = inner.first().copied();
                    shown.insert(name.clone(), names_only(root, first, value));
                }
            }
            Value::Object(shown)
        }
        Value::Array(items) => json!(format!("[{} items]", items.len())),
        Value::Null => Value::Null,
        _ => json!("[not shown]"),
    }
}

fn walk(root: &Value, schemas: &[&Value], value: &Value, secrets: &mut Vec<String>) -> Value {
    if schemas.is_empty() {
        return json!(UNLISTED);
    }
    if is_secret(schemas) {
        remember(value, secrets);
        return json!(REDACTED);
    }
    match value {
        Value::Object(members) => {
            let mut shown = Map::new();
            for (name, member) in members {
                let inner = member_schemas(root, schemas, name);
                if inner.is_empty() {
                    remember(member, secrets);
                    shown.insert(UNLISTED.to_owned(), json!(UNLISTED));
                } else {
                    shown.insert(name.clone(), walk(root, &inner, member, secrets));
                }
            }
            Value::Object(shown)
        }
        Value::Array(items) => {
            let inner: Vec<_> = schemas
                .iter()
                .filter_map(|schema| schema.get("items"))
                .flat_map(|schema| flatten(root, schema))
                .collect();
            items.iter().map(|item| walk(root, &inner, item, secrets)).collect()
        }
        scalar => scalar.clone(),
    }
}

fn remember(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= LEAST_SECRET => secrets.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| remember(item, secrets)),
        Value::Object(members) => members.values().for_each(|member| remember(member, secrets)),
        _ => {}
    }
}

fn scrub(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) => {
            for secret in secrets.iter().filter(|secret| *secret != REDACTED && *secret != UNLISTED) {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), REDACTED);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| scrub(item, secrets)),
        Value::Object(members) => members.values_mut().for_each(|member| scrub(member, secrets)),
        _ => {}
    }
}

fn is_secret(schemas: &[&Value]) -> bool {
    schemas.iter().any(|schema| schema.get("x-secret") == Some(&Value::Bool(true)))
}

fn member_schemas<'a>(root: &'a Value, schemas: &[&'a Value], name: &str) -> Vec<&'a Value> {
    let listed = schemas.iter().filter_map(|schema| schema.get("properties")?.get(name));
    let inner: Vec<_> = listed.flat_map(|schema| flatten(root, schema)).collect();
    if !inner.is_empty() {
        return inner;
    }
    let rest = schemas.iter().filter_map(|schema| schema.get("additionalProperties"));
    rest.filter(|schema| schema.is_object()).flat_map(|schema| flatten(root, schema)).collect()
}

/// A schema with all that it refers to or is composed of.
fn flatten<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut all = vec![schema];
    let mut next = 0;
    while let Some(schema) = all.get(next).copied() {
        next += 1;
        if let Some(target) =
            schema.get("$ref").and_then(Value::as_str).and_then(|at| root.pointer(at.strip_prefix('#')?))
            && !all.iter().any(|known| std::ptr::eq(*known, target))
        {
            all.push(target);
        }
        for word in ["allOf", "anyOf", "oneOf"] {
            if let Some(Value::Array(parts)) = schema.get(word) {
                all.extend(parts);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Value {
        json!({"components": {"schemas": {
            "Node": {"type": "object", "properties": {
                "bucket": {"type": "string"},
                "sk": {"anyOf": [{"$ref": "#/components/schemas/Secret"}, {"type": "null"}]},
                "keys": {"type": "array", "items": {"type": "string"}},
            }},
            "Secret": {"type": "string", "x-secret": true},
            "Body": {"type": "object", "properties": {
                "node": {"allOf": [{"$ref": "#/components/schemas/Node"}]},
                "description": {"type": "string"},
            }},
        }}})
    }

    #[test]
    fn secrets_and_unlisted_members_are_not_kept() {
        let root = root();
        let schema = json!({"$ref": "#/components/schemas/Body"});
        let body = json!({
            "node": {"bucket": "b", "sk": "canary-1", "keys": ["k"], "token": "canary-2"},
            "description": "copied with canary-1 and canary-2",
            "canary-3": {"deep": "canary-4"},
        });
        let shown = redact(&root, &schema, &body);
        assert_eq!(
            shown,
            json!({
                "node": {"bucket": "b", "sk": REDACTED, "keys": ["k"], UNLISTED: UNLISTED},
                "description": "copied with [redacted] and [redacted]",
                UNLISTED: UNLISTED,
            })
        );
    }

    #[test]
    fn body_that_breaks_the_rules_keeps_names_only() {
        let root = root();
        let schema = json!({"$ref": "#/components/schemas/Body"});
        let body = json!({"node": {"bucket": "canary", "sk": 5}, "description": ["canary"], "canary": 1});
        assert_eq!(
            names_only(&root, Some(&schema), &body),
            json!({
                "node": {"bucket": "[not shown]", "sk": REDACTED},
                "description": "[1 items]",
                UNLISTED: UNLISTED,
            })
        );
        assert_eq!(names_only(&root, None, &json!({"canary": "canary"})), json!({UNLISTED: UNLISTED}));
    }
}
