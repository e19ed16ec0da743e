//! The models and words of one document, as Python classes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::text::{class_doc, literal, safe, upper};
use crate::tools::Result;

/// The schemas of a document, by name.
pub(super) struct Schemas<'a> {
    all: &'a Map<String, Value>,
    /// Classes that can stand in a request, so that their fields take more than they give.
    requests: BTreeSet<String>,
}

/// What a field holds: how it is declared, and its type to read and to write.
pub(super) struct Kind {
    /// The argument of `field(…)`.
    pub(super) declared: String,
    /// The type of the attribute.
    pub(super) read: String,
    /// The type that a request takes.
    pub(super) write: String,
    /// The classes that it names.
    pub(super) names: Vec<String>,
}

impl Kind {
    fn plain(declared: &str, python: &str) -> Self {
        Self { declared: declared.into(), read: python.into(), write: python.into(), names: Vec::new() }
    }
}

impl<'a> Schemas<'a> {
    pub(super) fn of(document: &'a Value) -> Result<Self> {
        let all = document["components"]["schemas"].as_object().ok_or("the document has no schemas")?;
        let mut schemas = Self { all, requests: BTreeSet::new() };
        let mut wanted: Vec<String> = Vec::new();
        for methods in document["paths"].as_object().into_iter().flat_map(Map::values) {
            for operation in methods.as_object().into_iter().flat_map(Map::values) {
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                wanted.extend(reference(body).map(str::to_owned));
            }
        }
        while let Some(name) = wanted.pop() {
            if schemas.requests.insert(name.clone()) {
                for property in schemas.properties(&name).values() {
                    wanted.extend(schemas.kind(property)?.names);
                }
            }
        }
        Ok(schemas)
    }

    /// Whether there is a class of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    fn properties(&self, name: &str) -> Map<String, Value> {
        self.all.get(name).and_then(|schema| schema["properties"].as_object()).cloned().unwrap_or_default()
    }

    /// The kind of a field, a parameter or an item.
    pub(super) fn kind(&self, schema: &Value) -> Result<Kind> {
        if let Some(name) = schema["x-open-enum"].as_str() {
            return Ok(self.word(name));
        }
        if schema["x-secret"] == true {
            let write = "Union[Secret, str]".to_owned();
            return Ok(Kind { declared: "SECRET".into(), read: "Secret".into(), write, names: Vec::new() });
        }
        if let Some(name) = reference(schema) {
            let target = self.all.get(name).ok_or_else(|| format!("there is no schema {name}"))?;
            return self.named(name, target);
        }
        Ok(match schema["type"].as_str() {
            Some("integer") => whole(schema),
            Some("number") => Kind::plain("NUMBER", "float"),
            Some("boolean") => Kind::plain("FLAG", "bool"),
            Some("string") => Kind::plain("TEXT", "str"),
            Some("array") => {
                let item = self.kind(&schema["items"])?;
                Kind {
                    declared: format!("[{}]", item.declared),
                    read: format!("List[{}]", item.read),
                    write: format!("Sequence[{}]", item.write),
                    names: item.names,
                }
            }
            Some("object") if schema["additionalProperties"].is_object() => {
                let item = self.kind(&schema["additionalProperties"])?;
                Kind {
                    declared: format!("{{str: {}}}", item.declared),
                    read: format!("Dict[str, {}]", item.read),
                    write: format!("Mapping[str, {}]", item.write),
                    names: item.names,
                }
            }
            _ => Kind::plain("ANY", "Any"),
        })
    }

    fn named(&self, name: &str, target: &Value) -> Result<Kind> {
        if let Some(open) = target["x-open-enum"].as_str() {
            return Ok(self.word(open));
        }
        if target["enum"].is_array() {
            return Ok(self.word(name));
        }
        if target["properties"].is_object() {
            let names = vec![name.to_owned()];
            return Ok(Kind { declared: name.into(), read: name.into(), write: name.into(), names });
        }
        self.kind(target)
    }

    fn word(&self, name: &str) -> Kind {
        let number = self.all.get(name).is_some_and(|target| target["type"] == "integer");
        let write = format!("Union[{name}, {}]", if number { "int" } else { "str" });
        Kind { declared: name.into(), read: name.into(), write, names: Vec::new() }
    }

    /// The module with all of them.
    pub(super) fn module(&self, source: &str, title: &str) -> Result<String> {
        let words: Vec<_> =
            self.all.iter().filter(|(_, s)| s["enum"].is_array() && s["x-open-enum"].is_null()).collect();
        let mut bodies = BTreeMap::new();
        for (name, schema) in self.all.iter().filter(|(_, schema)| schema["properties"].is_object()) {
            bodies.insert(name.as_str(), self.class(name, schema)?);
        }
        let mut names: Vec<&str> =
            words.iter().map(|(name, _)| name.as_str()).chain(bodies.keys().copied()).collect();
        names.sort_unstable();

        let mut text = format!(
            "# Generated by `cargo xtask generate` from openapi/{source}. Do not edit.\n\
             \"\"\"Types of the {title}, as its document describes them.\"\"\"\n\n\
             from __future__ import annotations\n\n\
             from datetime import datetime, timedelta\n\
             from typing import Any, Dict, List, Mapping, Optional, Sequence, Union\n\n\
             from hwmigrate._hwmigrate import Secret\n\
             from hwmigrate._kinds import ANY, FLAG, MOMENT_MS, MOMENT_S, NUMBER, SECRET, SPAN_MS, SPAN_S, TEXT, WHOLE\n\
             from hwmigrate._model import Model, field\n\
             from hwmigrate._words import Code, Word\n\n\n\
             __all__ = [\n"
        );
        for name in &names {
            writeln!(text, "    {},", literal(name))?;
        }
        text.push_str("]\n");
        for (name, schema) in words {
            text.push_str(&word_class(name, schema)?);
        }
        // A class can name only those above it.
        let mut done: BTreeSet<&str> = BTreeSet::new();
        while done.len() < bodies.len() {
            let before = done.len();
            for (name, (body, needs)) in &bodies {
                if !done.contains(name) && needs.iter().all(|need| done.contains(need.as_str())) {
                    text.push_str(body);
                    done.insert(name);
                }
            }
            if done.len() == before {
                return Err("schemas contain each other".into());
            }
        }
        Ok(text)
    }

    fn class(&self, name: &str, schema: &Value) -> Result<(String, Vec<String>)> {
        let request = self.requests.contains(name);
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut text = format!(
            "\n\nclass {name}(Model):\n    {}\n\n    __slots__ = ()\n\n",
            class_doc(&schema["description"], 4)
        );
        let mut needs = Vec::new();
        for (field, property) in self.properties(name) {
            let kind = self.kind(&property)?;
            needs.extend(kind.names.iter().filter(|need| *need != name).cloned());
            let python = if request { &kind.write } else { &kind.read };
            let must = request && required.contains(field.as_str());
            let doc = literal(&told(&property, request));
            let (python, default) =
                if must { (python.clone(), "") } else { (format!("Optional[{python}]"), ", default=None") };
            writeln!(text, "    {}: {python} = field({}, {doc}{default})", safe(&field), kind.declared)?;
        }
        Ok((text, needs))
    }
}

/// How Python gives a whole number that tells a time.
struct Time {
    declared: &'static str,
    python: &'static str,
    /// What else a request takes, and what that counts.
    number: &'static str,
    counts: &'static str,
}

/// The time that a field tells, if it does. Fractions are not waited for: latencies stay numbers.
fn time(schema: &Value) -> Option<Time> {
    let (declared, python, number, counts) = match schema["x-unit"].as_str()? {
        _ if schema["type"] != "integer" => return None,
        "ms since 1970" => ("MOMENT_MS", "datetime", "int", "milliseconds since 1970"),
        "s since 1970" => ("MOMENT_S", "datetime", "int", "seconds since 1970"),
        "ms" => ("SPAN_MS", "timedelta", "float", "seconds"),
        "s" => ("SPAN_S", "timedelta", "float", "seconds"),
        _ => return None,
    };
    Some(Time { declared, python, number, counts })
}

fn whole(schema: &Value) -> Kind {
    let Some(Time { declared, python, number, .. }) = time(schema) else {
        return Kind::plain("WHOLE", "int");
    };
    let write = format!("Union[{python}, {number}]");
    Kind { declared: declared.into(), read: python.into(), write, names: Vec::new() }
}

/// What the type of a field or parameter does not say: its unit, or of a time the unit of a number in its place.
pub(super) fn unit(schema: &Value, request: bool) -> Option<String> {
    match time(schema) {
        Some(time) => request.then(|| format!("A number counts {}.", time.counts)),
        None => Some(format!("In {}.", schema["x-unit"].as_str()?)),
    }
}

/// The description of a field with its unit and its limits.
fn told(property: &Value, request: bool) -> String {
    let mut text = property["description"].as_str().unwrap_or_default().trim().to_owned();
    if let Some(unit) = unit(property, request) {
        let _ = write!(text, " {unit}");
    }
    if let Some(most) = property["maxLength"].as_u64() {
        let _ = write!(text, " At most {most} characters.");
    }
    if let Some(most) = property["maxItems"].as_u64() {
        let _ = write!(text, " At most {most}.");
    }
    let default = &property["default"];
    if !default.is_null() {
        let _ = write!(text, " The service's default is {default}.");
    }
    text.trim().to_owned()
}

fn word_class(name: &str, schema: &Value) -> Result<String> {
    let number = schema["type"] == "integer";
    let base = if number { "Code" } else { "Word" };
    let values: Vec<&Value> = schema["enum"].as_array().into_iter().flatten().collect();
    let names: Vec<&str> =
        schema["x-enum-varnames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let told: Vec<&str> =
        schema["x-enum-descriptions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = format!("\n\nclass {name}({base}):\n    {}\n\n", class_doc(&schema["description"], 4));
    for (index, value) in values.iter().enumerate() {
        let shown = match value {
            Value::String(word) => literal(word),
            other => other.to_string(),
        };
        let plain = value.as_str().map_or_else(|| format!("CODE_{value}"), str::to_owned);
        let member = upper(names.get(index).copied().unwrap_or(&plain));
        writeln!(text, "    {member} = {shown}")?;
        if let Some(doc) = told.get(index).filter(|doc| !doc.is_empty()) {
            writeln!(text, "    {}", class_doc(&Value::from(*doc), 4))?;
        }
    }
    Ok(text)
}

/// The name of the schema that is referred to, directly or through `allOf`.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    let direct = schema["$ref"].as_str();
    direct.or_else(|| schema["allOf"][0]["$ref"].as_str())?.strip_prefix("#/components/schemas/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_unit_alone_tells_moments_from_lengths_of_time() {
        let table = [
            ("ms since 1970", "MOMENT_MS", "datetime", "Union[datetime, int]"),
            ("s since 1970", "MOMENT_S", "datetime", "Union[datetime, int]"),
            ("ms", "SPAN_MS", "timedelta", "Union[timedelta, float]"),
            ("s", "SPAN_S", "timedelta", "Union[timedelta, float]"),
            ("bytes", "WHOLE", "int", "int"),
        ];
        for (unit, declared, read, write) in table {
            let kind = whole(&json!({"type": "integer", "x-unit": unit, "description": "Since 1970."}));
            assert_eq!((&*kind.declared, &*kind.read, &*kind.write), (declared, read, write), "{unit}");
        }
    }

    #[test]
    fn units_are_told_unless_the_type_says_them() {
        let table = [
            ("integer", "Mbit/s", "It. In Mbit/s.", "It. In Mbit/s."),
            ("number", "percent", "It. In percent.", "It. In percent."),
            ("number", "ms", "It. In ms.", "It. In ms."),
            ("integer", "ms", "It.", "It. A number counts seconds."),
            ("integer", "ms since 1970", "It.", "It. A number counts milliseconds since 1970."),
            ("integer", "s since 1970", "It.", "It. A number counts seconds since 1970."),
        ];
        for (of, unit, answer, request) in table {
            let field = json!({"type": of, "x-unit": unit, "description": "It."});
            assert_eq!(told(&field, false), answer, "{of} in {unit}");
            assert_eq!(told(&field, true), request, "{of} in {unit}");
        }
    }
}
