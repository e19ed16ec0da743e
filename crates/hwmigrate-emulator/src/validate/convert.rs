//! From OpenAPI 3.0 schemas to JSON Schema.
//!
//! The two differ in a few words: `nullable` is not known to JSON Schema, and
//! its exclusive limits are numbers, not flags.

use serde_json::{Map, Value, json};

/// Rewrites all schemas of a document in place.
pub(super) fn to_json_schema(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                // Examples and defaults are data, and may look like anything.
                if name != "example" && name != "default" && name != "enum" {
                    to_json_schema(member);
                }
            }
            exclusive(members, "exclusiveMinimum", "minimum");
            exclusive(members, "exclusiveMaximum", "maximum");
            if members.get("nullable") == Some(&Value::Bool(true)) {
                members.remove("nullable");
                allow_null(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(to_json_schema),
        _ => {}
    }
}

fn exclusive(members: &mut Map<String, Value>, flag: &str, limit: &str) {
    match members.get(flag) {
        Some(Value::Bool(true)) => {
            if let Some(number) = members.remove(limit) {
                members.insert(flag.to_owned(), number);
            }
        }
        Some(Value::Bool(false)) => {
            members.remove(flag);
        }
        _ => {}
    }
}

fn allow_null(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    let composed = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|word| members.contains_key(*word));
    let name = members.get("type").and_then(Value::as_str).map(str::to_owned);
    match name {
        Some(name) if !composed => {
            members.insert("type".to_owned(), json!([name, "null"]));
            if let Some(Value::Array(words)) = members.get_mut("enum")
                && !words.contains(&Value::Null)
            {
                words.push(Value::Null);
            }
        }
        _ => {
            let inner = schema.take();
            *schema = json!({ "anyOf": [inner, { "type": "null" }] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(mut schema: Value) -> Value {
        to_json_schema(&mut schema);
        schema
    }

    #[test]
    fn nullable_becomes_a_type_or_a_choice() {
        assert_eq!(
            converted(json!({"type": "string", "nullable": true})),
            json!({"type": ["string", "null"]})
        );
        assert_eq!(
            converted(json!({"type": "string", "enum": ["a"], "nullable": true})),
            json!({"type": ["string", "null"], "enum": ["a", null]})
        );
        assert_eq!(
            converted(json!({"allOf": [{"$ref": "#/a"}], "nullable": true})),
            json!({"anyOf": [{"allOf": [{"$ref": "#/a"}]}, {"type": "null"}]})
        );
    }

    #[test]
    fn exclusive_limits_become_numbers() {
        assert_eq!(
            converted(json!({"minimum": 1, "exclusiveMinimum": true})),
            json!({"exclusiveMinimum": 1})
        );
        assert_eq!(converted(json!({"maximum": 1, "exclusiveMaximum": false})), json!({"maximum": 1}));
    }
}
