//! Parameters of path, query and header: text that has to become a value.

use jsonschema::Validator;
use serde_json::{Value, json};

use super::explain::{self, Problem, Rule};
use super::{Given, refuse, validator};

/// The rule for one parameter.
pub(super) struct ParameterRule {
    name: String,
    place: Place,
    required: bool,
    kind: Kind,
    secret: bool,
    validator: Validator,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Boolean,
    /// Several texts, joined by commas.
    List,
    Text,
}

impl ParameterRule {
    pub(super) fn compile(root: &Value, parameter: &Value) -> Option<Self> {
        let schema = parameter.get("schema")?;
        let resolved = super::resolve(root, schema);
        Some(Self {
            name: parameter.get("name")?.as_str()?.to_owned(),
            place: match parameter.get("in")?.as_str()? {
                "path" => Place::Path,
                "query" => Place::Query,
                "header" => Place::Header,
                _ => return None,
            },
            required: parameter.get("required") == Some(&Value::Bool(true)),
            kind: match resolved.get("type").and_then(Value::as_str) {
                Some("integer") => Kind::Integer,
                Some("boolean") => Kind::Boolean,
                Some("array") => Kind::List,
                _ => Kind::Text,
            },
            secret: resolved.get("x-secret") == Some(&Value::Bool(true)),
            validator: validator(root, schema)?,
        })
    }

    pub(super) fn shows_query(&self, name: &str) -> bool {
        self.place == Place::Query && self.name == name && !self.secret
    }

    fn problem(&self, rule: Rule, text: &str) -> Problem {
        Problem { field: self.name.clone(), rule, text: text.to_owned() }
    }

    fn value(&self, text: &str) -> Result<Value, Problem> {
        match self.kind {
            Kind::Integer => {
                let number = text.parse::<i64>().map(Value::from);
                number.map_err(|_| self.problem(Rule::Other, "must be of type integer"))
            }
            Kind::Boolean => match text {
                "true" => Ok(json!(true)),
                "false" => Ok(json!(false)),
                _ => Err(self.problem(Rule::Other, "must be true or false")),
            },
            Kind::List => Ok(text.split(',').map(Value::from).collect()),
            Kind::Text => Ok(json!(text)),
        }
    }

    fn check(&self, texts: &[&str], any_id: bool) -> Vec<Problem> {
        let text = match texts {
            [] if self.required => return vec![self.problem(Rule::Missing, "is required")],
            [] => return Vec::new(),
            [text] => text,
            _ => return vec![self.problem(Rule::Other, "must not be given twice")],
        };
        let value = match self.value(text) {
            Ok(value) => value,
            Err(problem) => return vec![problem],
        };
        let free = any_id && self.place == Place::Path && self.kind == Kind::Integer;
        if free && value.as_i64().is_some_and(|id| id >= 0) {
            return Vec::new();
        }
        explain::problems(&self.name, self.validator.iter_errors(&value))
    }
}

/// Checks all parameters of a request.
pub(super) fn check(rules: &[ParameterRule], given: &Given<'_>) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for rule in rules {
        let texts: Vec<&str> = match rule.place {
            Place::Path => named(given.path, &rule.name),
            Place::Query => named(given.query, &rule.name),
            // The body's own type is checked where the body is read.
            Place::Header if rule.name.eq_ignore_ascii_case("content-type") => continue,
            Place::Header => {
                let values = given.headers.get_all(rule.name.as_str()).iter();
                values.filter_map(|value| value.to_str().ok()).collect()
            }
        };
        problems.extend(rule.check(&texts, given.any_id));
    }
    let known = |name: &str| rules.iter().any(|rule| rule.place == Place::Query && rule.name == name);
    if given.query.iter().any(|(name, _)| !known(name)) {
        let names: Vec<_> =
            rules.iter().filter(|rule| rule.place == Place::Query).map(|rule| rule.name.as_str()).collect();
        let text = match names.as_slice() {
            [] => "holds a parameter, but the operation takes none".to_owned(),
            names => format!("holds a parameter that is not one of {}", names.join(", ")),
        };
        problems.push(Problem { field: "the query".to_owned(), rule: Rule::Other, text });
    }
    refuse(problems)
}

fn named<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}
