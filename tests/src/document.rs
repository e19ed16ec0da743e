//! Requests made from the OpenAPI documents, so that a field that is added to
//! a document is tested without anyone remembering to.

use serde_json::{Map, Value, json};

use crate::dice::Dice;

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
    /// Parameters of path, query and header, with values that the document allows. The project is left to the client.
    pub parameters: Vec<(String, String)>,
    /// The body, if one is sent.
    pub body: Option<Body>,
}

/// How much of a request is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What is required.
    Required,
    /// What is required, and what leads to a secret.
    Secrets,
    /// Every parameter and every member.
    Everything,
}

/// Values for texts that need a certain one; the first that fits the field's name is taken.
const TEXTS: [(&str, &str); 5] = [
    ("start", "00:00"),
    ("end", "23:59"),
    ("domain", "cdn.example.com"),
    ("data_type", "REQUEST"),
    ("version", "v2"),
];

/// Values for texts that have to fit a pattern.
const PATTERNS: [(&str, &str); 3] = [
    (
        r"^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$",
        "01234567-89ab-cdef-0123-456789abcdef",
    ),
    (r"^[a-zA-Z0-9\-]{1,36}$", "0a-9Z"),
    (r"^[A-Za-z0-9_\-一-龥]{1,64}$", "name_of-中文"),
];

/// What encoders stumble over.
const AWKWARD: &str = "ü 中+=%?#~";

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
        self.all(Making { document: self, extent: Extent::Secrets, dice: None, marker, secrets: Vec::new() })
    }

    /// The operations whose answers hold a secret, each with such an answer. Both carry markers as in
    /// [`calls`](Self::calls).
    pub fn answers(&self, marker: &mut dyn FnMut(&str) -> String) -> Vec<(Call, Body)> {
        let mut making =
            Making { document: self, extent: Extent::Secrets, dice: None, marker, secrets: Vec::new() };
        let operations = self.0["paths"].as_object().into_iter().flat_map(Map::values);
        let operations = operations.flat_map(|path| path.as_object().into_iter().flat_map(Map::values));
        let mut answers = Vec::new();
        for operation in operations {
            let responses = operation["responses"].as_object().into_iter().flatten();
            let success =
                responses.filter(|(status, _)| status.starts_with('2')).map(|(_, response)| response);
            for response in success {
                let response = self.resolve(response);
                let schema = &response["content"]["application/json"]["schema"];
                if let Some(id) = operation["operationId"].as_str()
                    && self.holds_secret(schema)
                {
                    let call = making.call(id, operation);
                    let json = making.value(schema, "");
                    answers.push((call, Body { json, secrets: std::mem::take(&mut making.secrets) }));
                }
            }
        }
        answers
    }

    /// All operations with values from a seed, awkward texts among them.
    pub fn seeded(&self, extent: Extent, seed: u64) -> Vec<Call> {
        let marker = &mut |path: &str| format!("made-up secret of {path}");
        let dice = Some(Dice::new(seed));
        self.all(Making { document: self, extent, dice, marker, secrets: Vec::new() })
    }

    fn all(&self, mut making: Making<'_>) -> Vec<Call> {
        let mut calls = Vec::new();
        for path in self.0["paths"].as_object().into_iter().flat_map(Map::values) {
            for operation in path.as_object().into_iter().flat_map(Map::values) {
                if let Some(id) = operation["operationId"].as_str() {
                    calls.push(making.call(id, operation));
                }
            }
        }
        calls
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
        let mut making =
            Making { document: self, extent: Extent::Secrets, dice: None, marker, secrets: Vec::new() };
        let json = making.value(&self.0["components"]["schemas"][schema], "");
        Body { json, secrets: making.secrets }
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

/// The making of values.
struct Making<'a> {
    document: &'a Document,
    extent: Extent,
    /// Without dice, every value is the simplest that is allowed.
    dice: Option<Dice>,
    marker: &'a mut dyn FnMut(&str) -> String,
    secrets: Vec<String>,
}

impl Making<'_> {
    fn call(&mut self, id: &str, operation: &Value) -> Call {
        let mut parameters = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = self.document.resolve(parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            let wanted = parameter["required"] == true || self.extent == Extent::Everything;
            // The project is the client's to fill in.
            if wanted && name != "project_id" {
                let value = self.value(&parameter["schema"], name);
                parameters.push((name.to_owned(), plain(&value)));
            }
        }
        let body = self.document.resolve(&operation["requestBody"]);
        let schema = &body["content"]["application/json"]["schema"];
        self.secrets.clear();
        let body = (!schema.is_null()).then(|| {
            let json = self.value(schema, "");
            Body { json, secrets: std::mem::take(&mut self.secrets) }
        });
        Call { id: id.to_owned(), parameters, body }
    }

    fn value(&mut self, schema: &Value, path: &str) -> Value {
        let schema = &self.document.resolve(schema);
        if schema["x-secret"] == true {
            self.secrets.push(path.to_owned());
            return (self.marker)(path).into();
        }
        if let Some(words) = schema["enum"].as_array() {
            let index = self.dice.as_mut().map_or(0, |dice| dice.below(words.len()));
            return words.get(index).cloned().unwrap_or_default();
        }
        match schema["type"].as_str() {
            Some("object") if schema["properties"].is_null() && self.dice.is_some() => {
                json!({"free": ["form", 1, {"deeper": null}]})
            }
            Some("object") => {
                let mut object = Map::new();
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    if self.wants(schema, name, property) {
                        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                        object.insert(name.clone(), self.value(property, &path));
                    }
                }
                Value::Object(object)
            }
            Some("array") => {
                let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
                let count = match self.extent {
                    Extent::Everything => most.unwrap_or(2).min(2),
                    Extent::Secrets if self.document.holds_secret(&schema["items"]) => 1,
                    _ => least.unwrap_or(0).min(1),
                };
                (0..count).map(|_| self.value(&schema["items"], path)).collect()
            }
            Some("integer") => self.integer(schema).into(),
            Some("number") => match &self.dice {
                // A half, which every encoder writes alike.
                Some(_) => json!(schema["minimum"].as_f64().unwrap_or(0.0) + 0.5),
                None => json!(1.0),
            },
            Some("boolean") => self.dice.as_mut().is_some_and(|dice| dice.below(2) == 1).into(),
            _ => self.text(schema, path.rsplit('.').next().unwrap_or_default()).into(),
        }
    }

    fn wants(&self, schema: &Value, name: &str, property: &Value) -> bool {
        schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)))
            || match self.extent {
                Extent::Required => false,
                Extent::Secrets => self.document.holds_secret(property),
                Extent::Everything => true,
            }
    }

    fn integer(&mut self, schema: &Value) -> i64 {
        let least = schema["minimum"].as_i64();
        let Some(dice) = &mut self.dice else { return least.unwrap_or(1).max(1) };
        let most = schema["maximum"].as_i64().unwrap_or(match schema["format"].as_str() {
            Some("int32") => i64::from(i32::MAX),
            _ => i64::MAX,
        });
        let least = least.unwrap_or(0);
        least + dice.below_i64((most - least).saturating_add(1))
    }

    fn text(&mut self, schema: &Value, name: &str) -> String {
        if let Some((_, text)) = TEXTS.iter().find(|(field, _)| *field == name) {
            return (*text).to_owned();
        }
        let Some(dice) = &mut self.dice else { return "text".to_owned() };
        let pattern = schema["pattern"].as_str();
        if let Some((_, text)) = PATTERNS.iter().find(|(known, _)| pattern == Some(known)) {
            return (*text).to_owned();
        }
        let length = |limit: &str| schema[limit].as_u64().and_then(|length| usize::try_from(length).ok());
        let mut text = format!("{name} {} {AWKWARD}", dice.below(1000));
        if pattern.is_none() {
            text.push_str("&\"<>");
        }
        let text: String = text.chars().take(length("maxLength").unwrap_or(usize::MAX)).collect();
        let missing = length("minLength").unwrap_or(0).saturating_sub(text.chars().count());
        text + &"x".repeat(missing)
    }
}

/// A parameter as it travels: a list with commas, everything else as it is.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
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

    #[test]
    fn everything_is_everything_and_the_same_for_the_same_seed() {
        let text = r##"{
            "paths": {"/x/{project_id}/{id}": {"put": {"operationId": "X",
                "parameters": [
                    {"name": "project_id", "in": "path", "required": true, "schema": {"type": "string"}},
                    {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "maxLength": 5}},
                    {"name": "kinds", "in": "query", "schema": {"type": "array", "items": {"enum": ["A"]}}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 3, "maximum": 3}}],
                "requestBody": {"content": {"application/json": {"schema": {"type": "object",
                    "required": ["name"], "properties": {
                    "name": {"type": "string", "minLength": 200},
                    "free": {"type": "object"},
                    "nodes": {"type": "array", "maxItems": 1, "items": {"type": "object", "properties": {
                        "sk": {"type": "string", "x-secret": true}, "rate": {"type": "number"}}}}}}}}}}}}}"##;
        let document = Document::parse(text).unwrap();
        let whole = document.seeded(Extent::Everything, 7).remove(0);
        assert_eq!(format!("{whole:?}"), format!("{:?}", document.seeded(Extent::Everything, 7)[0]));
        assert_eq!(whole.parameters[0].1.chars().count(), 5);
        assert_eq!(
            whole.parameters[1..],
            [("kinds", "A,A"), ("limit", "3")].map(|(a, b)| (a.into(), b.into()))
        );
        let body = whole.body.unwrap();
        assert_eq!(body.json["nodes"], json!([{"sk": "made-up secret of nodes.sk", "rate": 0.5}]));
        assert!(body.json["free"].is_object());
        assert_eq!(body.json["name"].as_str().unwrap().chars().count(), 200);
        let least = document.seeded(Extent::Required, 7).remove(0);
        assert_eq!(least.parameters.len(), 1);
        assert_eq!(least.body.unwrap().json.as_object().unwrap().len(), 1);
    }
}
