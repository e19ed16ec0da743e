//! What the OpenAPI documents allow.
//!
//! The documents are the same that the client is generated from. Rules are
//! compiled once, per operation, when the first request for it comes.

mod convert;
mod explain;
mod parameters;
mod redact;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use hwmigrate_api::{Operation, Service};
use jsonschema::error::{TypeKind, ValidationErrorKind as ErrorKind};
use jsonschema::{Draft, JsonType, ValidationError, Validator};
use serde_json::{Value, json};

pub(crate) use explain::{Problem, Rule};
pub(crate) use redact::UNLISTED;

use self::parameters::ParameterRule;

/// The rules of one operation.
pub(crate) struct Rules {
    root: &'static Value,
    parameters: Vec<ParameterRule>,
    body: Option<BodyRule>,
    /// Checks a success; `None` where it has no JSON body.
    response: Option<Validator>,
}

struct BodyRule {
    schema: &'static Value,
    validator: Validator,
    required: bool,
}

/// What came with a request, still as text.
pub(crate) struct Given<'a> {
    pub(crate) path: &'a [(String, String)],
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a http::HeaderMap,
    /// Ids may be above the documented limit, because a fault makes them so.
    pub(crate) any_id: bool,
}

/// The rules of an operation, compiled at first use; `None` if the document does not have it.
pub(crate) fn rules(operation: &'static Operation) -> Option<Arc<Rules>> {
    // Ids of operations repeat between services.
    type Compiled = HashMap<(Service, &'static str), Arc<Rules>>;
    static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(rules) = compiled.get(&(operation.service, operation.id)) {
        return Some(Arc::clone(rules));
    }
    let rules = Arc::new(Rules::compile(document(operation.service)?, operation)?);
    compiled.insert((operation.service, operation.id), Arc::clone(&rules));
    Some(rules)
}

/// The document of a service, as JSON Schema understands it.
fn document(service: Service) -> Option<&'static Value> {
    static IAM: LazyLock<Value> = LazyLock::new(|| parse(hwmigrate_api::iam::DOCUMENT));
    static OMS: LazyLock<Value> = LazyLock::new(|| parse(hwmigrate_api::oms::DOCUMENT));
    static SMS: LazyLock<Value> = LazyLock::new(|| parse(hwmigrate_api::sms::DOCUMENT));
    match service {
        Service::Iam => Some(&IAM),
        Service::Sms => Some(&SMS),
        Service::Oms => Some(&OMS),
        _ => None,
    }
}

fn parse(text: &str) -> Value {
    let mut document = serde_json::from_str(text).unwrap_or_default();
    convert::to_json_schema(&mut document);
    document
}

impl Rules {
    fn compile(root: &'static Value, operation: &Operation) -> Option<Self> {
        let path = root.get("paths")?.get(operation.path)?;
        let described = path.get(operation.method.to_ascii_lowercase())?;
        let listed = [path.get("parameters"), described.get("parameters")];
        let parameters = listed
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|parameter| ParameterRule::compile(root, resolve(root, parameter)))
            .collect();
        let body = described.get("requestBody").map(|body| resolve(root, body)).and_then(|body| {
            let schema = body.pointer("/content/application~1json/schema")?;
            let required = body.get("required") == Some(&Value::Bool(true));
            Some(BodyRule { schema, validator: validator(root, schema)?, required })
        });
        let success = ["200", "201"].iter().find_map(|status| described.get("responses")?.get(*status));
        let response = success
            .and_then(|answer| resolve(root, answer).pointer("/content/application~1json/schema"))
            .and_then(|schema| validator(root, schema));
        Some(Self { root, parameters, body, response })
    }

    /// Checks the parameters of path, query and header.
    pub(crate) fn check_parameters(&self, given: &Given<'_>) -> Result<(), Vec<Problem>> {
        parameters::check(&self.parameters, given)
    }

    /// Whether the operation takes a body, and has to have one.
    pub(crate) fn takes_body(&self) -> Option<bool> {
        self.body.as_ref().map(|body| body.required)
    }

    /// Checks a body.
    pub(crate) fn check_body(&self, body: &Value) -> Result<(), Vec<Problem>> {
        match &self.body {
            Some(rule) => refuse(explain::problems("the body", rule.validator.iter_errors(body))),
            None => Ok(()),
        }
    }

    /// Checks the body of a success, and says what the document does not allow.
    pub(crate) fn check_response(&self, body: &Value) -> Vec<String> {
        let Some(validator) = &self.response else { return Vec::new() };
        // A boolean as text is what some answers of the service hold, and every client has to take.
        let is_text = |error: &ValidationError<'_>| {
            matches!(error.instance().as_str(), Some("true" | "false"))
                && matches!(error.kind(), ErrorKind::Type { kind: TypeKind::Single(JsonType::Boolean) })
        };
        let errors = validator.iter_errors(body).filter(|error| !is_text(error));
        let problems = explain::problems("the answer", errors);
        problems.iter().map(ToString::to_string).collect()
    }

    /// A copy of a valid body that may be shown.
    pub(crate) fn redact(&self, body: &Value) -> Value {
        match &self.body {
            Some(rule) => redact::redact(self.root, rule.schema, body),
            None => redact::names_only(self.root, None, body),
        }
    }

    /// The listed members of a valid body, without those that are secret.
    pub(crate) fn listed(&self, body: &Value) -> Value {
        let mut listed = self.redact(body);
        redact::remove_hidden(&mut listed);
        listed
    }

    /// The listed member names of a body that breaks the rules.
    pub(crate) fn names_only(&self, body: &Value) -> Value {
        redact::names_only(self.root, self.body.as_ref().map(|rule| rule.schema), body)
    }

    /// Whether the value of a query parameter may be shown.
    pub(crate) fn shows_query(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.shows_query(name))
    }
}

/// The member names of a body of an operation that no document lists.
pub(crate) fn nothing_shown(body: &Value) -> Value {
    redact::names_only(&Value::Null, None, body)
}

fn refuse(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn resolve<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    let target = value.get("$ref").and_then(Value::as_str);
    target.and_then(|at| root.pointer(at.strip_prefix('#')?)).unwrap_or(value)
}

fn validator(root: &Value, schema: &Value) -> Option<Validator> {
    let mut whole = json!({ "allOf": [schema] });
    let mut needed = Vec::new();
    refers_to(schema, &mut needed);
    let mut next = 0;
    // Only what the schema refers to: a copy of the whole document for each would take long.
    while let Some(at) = needed.get(next).copied() {
        next += 1;
        if let Some(("components", section, name)) = sections(at)
            && let Some(target) = root.pointer(at.strip_prefix('#')?)
        {
            whole["components"][section][name] = target.clone();
            refers_to(target, &mut needed);
        }
    }
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(false);
    match options.build(&whole) {
        Ok(validator) => Some(validator),
        Err(error) => {
            // The documents are checked when they change, so this is a fault of the build, not of a caller.
            tracing::error!(schema_path = %error.schema_path(), "a schema of the document cannot be compiled");
            None
        }
    }
}

/// `#/components/schemas/Name` in its parts.
fn sections(reference: &str) -> Option<(&str, &str, &str)> {
    let mut parts = reference.strip_prefix("#/")?.splitn(3, '/');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// Adds the references of a schema that are not listed yet.
fn refers_to<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(members) => {
            if let Some(at) = members.get("$ref").and_then(Value::as_str)
                && !found.contains(&at)
            {
                found.push(at);
            }
            members.values().for_each(|member| refers_to(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| refers_to(item, found)),
        _ => {}
    }
}
