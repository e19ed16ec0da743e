//! What is wrong with a request, in words that name fields and never quote values.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// Such as `src_node.bucket` or `objects[3]`.
    pub(crate) field: String,
    pub(crate) rule: Rule,
    /// What the rule asks for, such as `must be at least 1`.
    pub(crate) text: String,
}

/// Which rule was broken, as far as the services answer differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    Missing,
    Characters,
    Count,
    Range,
    Other,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.field, self.text)
    }
}

/// Turns what the checker found into problems, in a fixed order. `root` is the name of the whole.
pub(super) fn problems<'a>(root: &str, errors: impl Iterator<Item = ValidationError<'a>>) -> Vec<Problem> {
    let mut found = Vec::new();
    for error in errors {
        collect(root, &error, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

fn collect(root: &str, error: &ValidationError<'_>, found: &mut Vec<Problem>) {
    let field = field_name(root, &error.instance_path().to_string());
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or("a member");
            let field = if field == root { name.to_owned() } else { format!("{field}.{name}") };
            found.push(Problem { field, rule: Rule::Missing, text: "is required".to_owned() });
        }
        // Of a choice, the first form is the one that the document means; the others are mostly null.
        Kind::AnyOf { context } | Kind::OneOfNotValid { context }
            if context.first().is_some_and(|errors| !errors.is_empty()) =>
        {
            for error in context.iter().take(1).flatten() {
                collect(root, error, found);
            }
        }
        kind => {
            let (rule, text) = describe(kind);
            found.push(Problem { field, rule, text });
        }
    }
}

fn describe(kind: &Kind) -> (Rule, String) {
    match kind {
        Kind::Type { kind } => (Rule::Other, format!("must be of type {}", type_name(kind))),
        Kind::Enum { options } => (Rule::Other, format!("must be one of {}", list(options))),
        Kind::Minimum { limit } => (Rule::Range, format!("must be at least {limit}")),
        Kind::Maximum { limit } => (Rule::Range, format!("must be at most {limit}")),
        Kind::ExclusiveMinimum { limit } => (Rule::Range, format!("must be above {limit}")),
        Kind::ExclusiveMaximum { limit } => (Rule::Range, format!("must be below {limit}")),
        Kind::MinLength { limit } => (Rule::Range, format!("must have at least {limit} characters")),
        Kind::MaxLength { limit } => (Rule::Range, format!("must have at most {limit} characters")),
        Kind::MinItems { limit } => (Rule::Count, format!("must have at least {limit} items")),
        Kind::MaxItems { limit } => (Rule::Count, format!("must have at most {limit} items")),
        Kind::Pattern { pattern } => (Rule::Characters, format!("must match {pattern}")),
        Kind::UniqueItems => (Rule::Other, "must not repeat items".to_owned()),
        Kind::AdditionalProperties { .. } => (Rule::Other, "has a member that is not known".to_owned()),
        other => (Rule::Other, format!("breaks the rule '{}' of the document", other.keyword())),
    }
}

fn type_name(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(name) => name.to_string(),
        jsonschema::error::TypeKind::Multiple(names) => {
            names.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn list(options: &Value) -> String {
    let words = options.as_array().map(Vec::as_slice).unwrap_or_default();
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `/src_node/object_key/3` as `src_node.object_key[3]`.
///
/// Only for members that the document knows: others could be made of anything.
fn field_name(root: &str, pointer: &str) -> String {
    let mut name = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            name.push_str(&format!("[{part}]"));
        } else {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(part);
        }
    }
    if name.is_empty() { root.to_owned() } else { name }
}
