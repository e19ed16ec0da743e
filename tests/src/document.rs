//! Requests made from the OpenAPI documents, so that a secret field that is
//! added to a document is tested without anyone remembering to.

use serde_json::{Map, Value, json};

/// One OpenAPI document.
pub struct Document(Value);

/// A request body, and where its secrets stand.
#[derive(Clone, Debug)]
pub struct Body {
    /// The JSON to send.
    pub json: Value,
    /// The fields that hold a marker, such as `src_node.sk`.
    pub secrets: Vec<String>,
}

/// One operation as the document has it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The documented id.
    pub id: String,
    /// The required parameters of path and query, with values that the document allows.
    pub parameters: Vec<(String, String)>,
    /// The body, if one is sent.
    pub body: Option<Body>,
}

/// Values for texts with a pattern; the first that fits the field's name or pattern is taken.
const TEXTS: [(&str, &str); 5] = [
    ("start", "00:00"),
    ("end", "23:59"),
    ("domain", "cdn.example.com"),
    ("data_type", "REQUEST"),
    ("version", "v2"),
];

impl Document {
    /// Reads a document from its JSON text.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// All operations, with every secret field of every body set to what `marker` returns for its path.
    ///
    /// Bodies hold the required fields and those that lead to a secret.
    pub fn calls(&self, marker: &mut dyn FnMut(&str) -> String) -> Vec<Call> {
        let mut calls = Vec::new();
        for path in self.0["paths"].as_object().into_iter().flat_map(Map::values) {
            for operation in path.as_object().into_iter().flat_map(Map::values) {
                if let Some(id) = operation["operationId"].as_str() {
                    calls.push(self.call(id, operation, marker));
                }
            }
        }
        calls
    }

    fn call(&self, id: &str, operation: &Value, marker: &mut dyn FnMut(&str) -> String) -> Call {
        let mut parameters = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolve(parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            // The project is the client's to fill in.
            if parameter["required"] == true && name != "project_id" {
                let value = self.value(&parameter["schema"], name, &mut Vec::new(), marker);
                parameters.push((name.to_owned(), plain(&value)));
            }
        }
        let schema = &self.resolve(&operation["requestBody"])["content"]["application/json"]["schema"];
        let body = (!schema.is_null()).then(|| {
            let mut secrets = Vec::new();
            let json = self.value(schema, "", &mut secrets, marker);
            Body { json, secrets }
        });
        Call { id: id.to_owned(), parameters, body }
    }

    /// The names of all component schemas that hold a secret, themselves or further down, sorted.
    pub fn secret_schemas(&self) -> Vec<String> {
        let schemas = self.0["components"]["schemas"].as_object();
        let secret = schemas.into_iter().flatten().filter(|(_, schema)| self.holds_secret(schema));
        let mut names: Vec<String> = secret.map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    /// A value of a component schema, with markers as in [`calls`](Self::calls).
    pub fn example(&self, schema: &str, marker: &mut dyn FnMut(&str) -> String) -> Body {
        let mut secrets = Vec::new();
        let json = self.value(&self.0["components"]["schemas"][schema], "", &mut secrets, marker);
        Body { json, secrets }
    }

    fn value(
        &self,
        schema: &Value,
        path: &str,
        secrets: &mut Vec<String>,
        marker: &mut dyn FnMut(&str) -> String,
    ) -> Value {
        let schema = &self.resolve(schema);
        if schema["x-secret"] == true {
            secrets.push(path.to_owned());
            return marker(path).into();
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.first().cloned().unwrap_or_default();
        }
        let name = path.rsplit('.').next().unwrap_or_default();
        match schema["type"].as_str() {
            Some("object") => {
                let mut object = Map::new();
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    let required =
                        schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
                    if required || self.holds_secret(property) {
                        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                        object.insert(name.clone(), self.value(property, &path, secrets, marker));
                    }
                }
                Value::Object(object)
            }
            Some("array") => match schema["minItems"].as_u64() {
                None | Some(0) if !self.holds_secret(&schema["items"]) => json!([]),
                _ => json!([self.value(&schema["items"], path, secrets, marker)]),
            },
            Some("integer") => schema["minimum"].as_i64().unwrap_or(1).max(1).into(),
            Some("number") => json!(1.0),
            Some("boolean") => json!(false),
            _ => TEXTS.iter().find(|(field, _)| *field == name).map_or("text", |(_, text)| text).into(),
        }
    }

    fn holds_secret(&self, schema: &Value) -> bool {
        let schema = self.resolve(schema);
        schema["x-secret"] == true
            || schema["properties"]
                .as_object()
                .is_some_and(|all| all.values().any(|one| self.holds_secret(one)))
            || (schema["items"].is_object() && self.holds_secret(&schema["items"]))
    }

    /// Follows `$ref`, and an `allOf` of one, which is how a reference carries a description.
    fn resolve(&self, schema: &Value) -> Value {
        let mut found = schema.clone();
        loop {
            let next = if found["allOf"].is_array() { found["allOf"][0].clone() } else { found.clone() };
            let Some(pointer) = next["$ref"].as_str().and_then(|text| text.strip_prefix('#')) else {
                return next;
            };
            found = self.0.pointer(pointer).cloned().unwrap_or_default();
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn secret_below_an_optional_object_is_reached() {
        let text = r##"{
            "paths": {"/x/{version}": {"post": {"operationId": "X",
                "parameters": [{"name": "version", "in": "path", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Req"}}}}}}},
            "components": {"schemas": {
                "Req": {"type": "object", "required": ["count"], "properties": {
                    "count": {"type": "integer", "minimum": 5},
                    "note": {"type": "string"},
                    "node": {"allOf": [{"$ref": "#/components/schemas/Node"}]}}},
                "Node": {"type": "object", "properties": {
                    "region": {"type": "string"}, "sk": {"type": "string", "x-secret": true}}}}}}"##;
        let document = Document::parse(text).unwrap();
        let calls = document.calls(&mut |path| format!("marker of {path}"));
        assert_eq!(calls[0].parameters, [("version".to_owned(), "v2".to_owned())]);
        let body = calls[0].body.clone().unwrap();
        assert_eq!(body.json, json!({"count": 5, "node": {"sk": "marker of node.sk"}}));
        assert_eq!(body.secrets, ["node.sk"]);
        assert_eq!(document.secret_schemas(), ["Node", "Req"]);
    }
}
