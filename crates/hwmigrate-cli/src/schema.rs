//! Request bodies as the OpenAPI documents describe them.
//!
//! The documents say which fields there are, which are required, and which
//! are secrets. From that follow the templates (`--skeleton`), the check of an
//! input file before anything is sent, and where references to secrets may
//! stand and results must be hidden.

use serde_json::{Map, Value, json};

use crate::failure::{Failure, Result};

/// One parsed document.
pub(crate) struct Document {
    root: Value,
}

/// How many levels of nesting are followed; the documents have six.
const DEPTH: usize = 24;

impl Document {
    /// Parses a document as the low-level crate carries it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map(|root| Self { root }).map_err(|error| {
            Failure::new(crate::exit::ExitCode::Unexpected, "the built-in interface document is damaged")
                .cause(error)
                .help("reinstall the program")
        })
    }

    fn operation(&self, id: &str) -> Option<&Value> {
        let paths = self.root.get("paths")?.as_object()?;
        paths
            .values()
            .filter_map(Value::as_object)
            .flat_map(Map::values)
            .find(|operation| operation.get("operationId").and_then(Value::as_str) == Some(id))
    }

    /// The schema of an operation's request body, if it has one.
    pub(crate) fn body(&self, id: &str) -> Option<Schema<'_>> {
        let body = self.resolve(self.operation(id)?.get("requestBody")?);
        self.schema(body.pointer("/content/application~1json/schema")?)
    }

    /// The schema of an operation's answer, if it has one.
    pub(crate) fn answer(&self, id: &str) -> Option<Schema<'_>> {
        let answers = self.operation(id)?.get("responses")?.as_object()?;
        let good = answers.iter().find(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer)?;
        self.schema(self.resolve(good).pointer("/content/application~1json/schema")?)
    }

    /// Whether a parameter of an operation carries a secret.
    pub(crate) fn is_secret_parameter(&self, id: &str, name: &str) -> bool {
        let parameters = self.operation(id).and_then(|operation| operation.get("parameters"));
        parameters.and_then(Value::as_array).into_iter().flatten().map(|one| self.resolve(one)).any(|one| {
            one.get("name").and_then(Value::as_str) == Some(name)
                && one.pointer("/schema/x-secret").or_else(|| one.get("x-secret")) == Some(&Value::Bool(true))
        })
    }

    /// Follows references until something else is found.
    fn resolve<'a>(&'a self, mut node: &'a Value) -> &'a Value {
        for _ in 0..DEPTH {
            match node
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|path| self.root.pointer(path.strip_prefix('#')?))
            {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    fn schema<'a>(&'a self, node: &'a Value) -> Option<Schema<'a>> {
        node.is_object().then_some(Schema { document: self, node })
    }
}

/// One schema of a document.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'a> {
    document: &'a Document,
    node: &'a Value,
}

impl<'a> Schema<'a> {
    /// A keyword of this schema, of what it refers to, or of what it is made of.
    fn keyword(&self, name: &str) -> Option<&'a Value> {
        let node = self.document.resolve(self.node);
        node.get(name).or_else(|| {
            let parts = node.get("allOf")?.as_array()?;
            parts.iter().find_map(|part| self.document.schema(part)?.keyword(name))
        })
    }

    fn kind(&self) -> &'a str {
        self.keyword("type").and_then(Value::as_str).unwrap_or("any")
    }

    fn is_secret(&self) -> bool {
        self.keyword("x-secret") == Some(&Value::Bool(true))
    }

    fn properties(&self) -> Option<&'a Map<String, Value>> {
        self.keyword("properties")?.as_object()
    }

    fn property(&self, name: &str) -> Option<Schema<'a>> {
        self.document.schema(self.properties()?.get(name)?)
    }

    fn items(&self) -> Option<Schema<'a>> {
        self.document.schema(self.keyword("items")?)
    }

    fn required(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.keyword("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// A template: what is required is there, what is not has its default or null.
    pub(crate) fn skeleton(&self) -> Value {
        self.template("", true)
    }

    fn template(&self, path: &str, required: bool) -> Value {
        if self.is_secret() {
            let name = path.rsplit('.').next().unwrap_or(path);
            // Keys are the usual way in; the other secrets belong to few clouds.
            return if required || name.ends_with("ak") || name.ends_with("sk") {
                json!(format!("env:{}", path.replace('.', "_").to_uppercase()))
            } else {
                Value::Null
            };
        }
        if let Some(default) = self.keyword("default") {
            return default.clone();
        }
        match self.kind() {
            "array" if !required => json!([]),
            _ if !required => Value::Null,
            "array" => json!([self.items().map(|items| items.template(path, true)).unwrap_or_default()]),
            "object" => {
                let needed: Vec<_> = self.required().collect();
                let fields = self.properties().into_iter().flatten().filter_map(|(name, node)| {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let schema = self.document.schema(node)?;
                    Some((name.clone(), schema.template(&path, needed.contains(&name.as_str()))))
                });
                Value::Object(fields.collect())
            }
            "boolean" => json!(false),
            "integer" | "number" => self.keyword("minimum").cloned().unwrap_or_else(|| json!(0)),
            _ => self.keyword("enum").and_then(|words| words.get(0)).cloned().unwrap_or_else(|| json!("")),
        }
    }

    /// What is wrong with a value, each with the place and the remedy.
    pub(crate) fn problems(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.check(value, "", 0, &mut found);
        found
    }

    fn check(&self, value: &Value, path: &str, depth: usize, found: &mut Vec<String>) {
        if depth > DEPTH {
            return;
        }
        let at = if path.is_empty() { "the body" } else { path };
        match (self.kind(), value) {
            ("object", Value::Object(fields)) => self.check_fields(fields, path, depth, found),
            ("array", Value::Array(items)) => {
                if let Some(most) = self.keyword("maxItems").and_then(Value::as_u64)
                    && items.len() as u64 > most
                {
                    found.push(format!("{at} has {} entries, at most {most} are allowed", items.len()));
                }
                if let Some(schema) = self.items() {
                    for (place, item) in items.iter().enumerate() {
                        schema.check(item, &format!("{at}[{place}]"), depth + 1, found);
                    }
                }
            }
            ("string", Value::String(text)) => self.check_text(text, at, found),
            ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => {
                self.check_number(number.as_f64().unwrap_or_default(), at, found);
            }
            ("number", Value::Number(number)) => {
                self.check_number(number.as_f64().unwrap_or_default(), at, found);
            }
            ("boolean", Value::Bool(_)) | ("any", _) => {}
            (kind, _) => found.push(format!("{at} must be {}", with_article(kind))),
        }
    }

    fn check_fields(&self, fields: &Map<String, Value>, path: &str, depth: usize, found: &mut Vec<String>) {
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for name in self.required().filter(|name| !fields.contains_key(*name)) {
            found.push(format!("{} is missing", inside(name)));
        }
        let Some(known) = self.properties() else { return };
        for (name, value) in fields {
            match self.property(name) {
                Some(schema) => schema.check(value, &inside(name), depth + 1, found),
                None => {
                    let near = known.keys().find(|other| is_near(name, other));
                    let hint = near.map(|other| format!("; did you mean {other}?")).unwrap_or_default();
                    found.push(format!("{} is not a field of this request{hint}", inside(name)));
                }
            }
        }
    }

    fn check_text(&self, text: &str, at: &str, found: &mut Vec<String>) {
        // A secret is still a reference here, whose length says nothing.
        if self.is_secret() {
            return;
        }
        if let Some(words) = self.keyword("enum").and_then(Value::as_array)
            && !words.iter().any(|word| word.as_str() == Some(text))
        {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            found.push(format!("{at} must be one of {}", words.join(", ")));
            return;
        }
        let length = text.chars().count() as u64;
        if let Some(most) = self.keyword("maxLength").and_then(Value::as_u64)
            && length > most
        {
            found.push(format!("{at} has {length} characters, at most {most} are allowed"));
        }
        if let Some(least) = self.keyword("minLength").and_then(Value::as_u64)
            && length < least
        {
            found.push(format!("{at} is too short, at least {least} characters are needed"));
        }
    }

    fn check_number(&self, number: f64, at: &str, found: &mut Vec<String>) {
        let limit = |name| self.keyword(name).and_then(Value::as_f64);
        if limit("minimum").is_some_and(|least| number < least)
            || limit("maximum").is_some_and(|most| number > most)
        {
            let end = |name| self.keyword(name).map(ToString::to_string).unwrap_or_default();
            found.push(format!("{at} must lie between {} and {}", end("minimum"), end("maximum")));
        }
    }

    /// Calls `each` with every secret text of a value and the path to it.
    pub(crate) fn each_secret(
        &self,
        value: &mut Value,
        each: &mut dyn FnMut(&str, &mut String) -> Result<()>,
    ) -> Result<()> {
        self.visit(value, "", 0, each)
    }

    fn visit(
        &self,
        value: &mut Value,
        path: &str,
        depth: usize,
        each: &mut dyn FnMut(&str, &mut String) -> Result<()>,
    ) -> Result<()> {
        if depth > DEPTH {
            return Ok(());
        }
        match value {
            Value::String(text) if self.is_secret() => each(path, text),
            Value::Object(fields) => {
                for (name, inner) in fields {
                    if let Some(schema) = self.property(name) {
                        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                        schema.visit(inner, &path, depth + 1, each)?;
                    }
                }
                Ok(())
            }
            Value::Array(items) => {
                let Some(schema) = self.items() else { return Ok(()) };
                for (place, item) in items.iter_mut().enumerate() {
                    schema.visit(item, &format!("{path}[{place}]"), depth + 1, each)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {kind}")
}

/// Whether two names differ by a slip of the fingers: one letter more, less or other, or letters swapped.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    if one.replace(['_', '-'], "") == other.replace(['_', '-'], "") {
        return true;
    }
    let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    let head = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let tail = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let shorter = one.len().min(other.len());
    let rest = one.len().max(other.len()).saturating_sub((head + tail).min(shorter));
    shorter > 2 && rest <= 2
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = r##"{
      "paths": {"/t": {"post": {"operationId": "Make",
        "parameters": [{"$ref": "#/components/parameters/Key"}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Make"}}}},
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}}
      }}},
      "components": {
        "parameters": {"Key": {"name": "X-Key", "in": "header", "schema": {"type": "string", "x-secret": true}}},
        "schemas": {
          "Make": {"type": "object", "required": ["node"], "properties": {
            "node": {"allOf": [{"$ref": "#/components/schemas/Node"}], "description": "x"},
            "mode": {"type": "string", "enum": ["A", "B"], "default": "A"},
            "keys": {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 3}},
            "limit": {"type": "integer", "minimum": 1, "maximum": 9},
            "list": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}
          }},
          "Node": {"type": "object", "required": ["bucket"], "properties": {
            "bucket": {"type": "string"}, "sk": {"type": "string", "x-secret": true},
            "token": {"type": "string", "x-secret": true}
          }}
        }
      }
    }"##;

    fn document() -> Document {
        Document::parse(TEXT).unwrap()
    }

    #[test]
    fn a_skeleton_has_what_is_required_and_references_for_keys() {
        assert_eq!(
            document().body("Make").unwrap().skeleton(),
            json!({
                "node": {"bucket": "", "sk": "env:NODE_SK", "token": null},
                "mode": "A", "keys": [], "limit": null, "list": []
            })
        );
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        let document = document();
        let problems = |value: Value| document.body("Make").unwrap().problems(&value);
        assert!(problems(json!({"node": {"bucket": "b"}, "limit": 9})).is_empty());
        let cases = [
            (json!({}), "node is missing"),
            (json!([]), "the body must be an object"),
            (
                json!({"node": {"bukcet": "b", "bucket": "b"}}),
                "node.bukcet is not a field of this request; did you mean bucket?",
            ),
            (json!({"node": {"bucket": 1}}), "node.bucket must be a string"),
            (json!({"node": {"bucket": "b"}, "mode": "C"}), "mode must be one of A, B"),
            (
                json!({"node": {"bucket": "b"}, "keys": ["a", "b", "c"]}),
                "keys has 3 entries, at most 2 are allowed",
            ),
            (
                json!({"node": {"bucket": "b"}, "keys": ["abcd"]}),
                "keys[0] has 4 characters, at most 3 are allowed",
            ),
            (json!({"node": {"bucket": "b"}, "limit": 10}), "limit must lie between 1 and 9"),
            (json!({"node": {"bucket": "b"}, "limit": 1.5}), "limit must be an integer"),
        ];
        for (value, problem) in cases {
            assert_eq!(problems(value), [problem]);
        }
    }

    #[test]
    fn secrets_are_found_at_any_depth() {
        let document = document();
        let mut value =
            json!({"node": {"bucket": "b", "sk": "1"}, "list": [{"token": "2"}], "sk": "not one"});
        let mut seen = Vec::new();
        let schema = document.body("Make").unwrap();
        schema
            .each_secret(&mut value, &mut |path, text| {
                seen.push((path.to_owned(), std::mem::replace(text, "x".to_owned())));
                Ok(())
            })
            .unwrap();
        seen.sort();
        assert_eq!(seen, [("list[0].token".into(), "2".into()), ("node.sk".into(), "1".into())]);
        assert_eq!(value["node"]["sk"], "x");
        assert!(document.answer("Make").is_some());
        assert!(document.is_secret_parameter("Make", "X-Key"));
        assert!(!document.is_secret_parameter("Make", "other"));
    }

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert!(is_near("objectkey", "object_key"));
        assert!(is_near("regoin", "region"));
        assert!(is_near("bucke", "bucket"));
        assert!(!is_near("colour", "bucket"));
        assert!(!is_near("ak", "sk"));
    }
}
