//! Request bodies put together from an input file and arguments.
//!
//! Secrets stay references until the very end: [`Body::finish`] checks
//! everything else first, so that a wrong input asks for no password and runs
//! no command.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use hwmigrate::api::Operation;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use zeroize::{Zeroize, Zeroizing};

use crate::args::Input;
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::schema::Document;
use crate::secret::SecretRef;

/// A request body in the making.
pub(crate) struct Body {
    value: Value,
    file: Option<PathBuf>,
    /// The arguments that give secret fields, by the field's path.
    flags: BTreeMap<String, String>,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

/// A finished body: its secrets are readable, so it is never shown, and wiped when dropped.
pub(crate) struct Finished {
    value: Value,
    operation: &'static Operation,
}

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(hwmigrate::api::REDACTED)
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        wipe(&mut self.value);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}

impl Finished {
    /// The body for a call by operation id.
    pub(crate) fn into_value(mut self) -> Value {
        std::mem::take(&mut self.value)
    }

    /// The body as the request type of a typed call.
    pub(crate) fn into_typed<T: DeserializeOwned>(self) -> Result<T> {
        let operation = id_of(self.operation);
        // The words of the decoder may repeat a value, which may be a secret.
        serde_json::from_value(self.into_value()).map_err(|_| {
            Failure::usage(format!("the request body does not fit {operation}"))
                .help(format!("compare it with the template: hwmigrate api {operation} --skeleton"))
        })
    }
}

impl Body {
    /// A body with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { value: json!({}), file: None, flags: BTreeMap::new() }
    }

    /// The body of the input file, or an empty one.
    pub(crate) fn read(input: &Input) -> Result<Self> {
        let Some(path) = &input.input else { return Ok(Self::empty()) };
        let text = read_text(path)?;
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            Failure::usage(format!("{} is not valid JSON", name_of(path)))
                .cause(error)
                .help("print a template with --skeleton and fill it in")
        })?;
        Ok(Self { value: without_nulls(value), file: Some(path.clone()), ..Self::empty() })
    }

    /// Whether a field is there.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.get(path).is_some()
    }

    /// Refuses a body that says nothing; `what` are the arguments that would.
    pub(crate) fn refuse_empty(&self, what: &str) -> Result<()> {
        match &self.value {
            Value::Object(fields) if fields.is_empty() => {
                Err(Failure::usage("nothing is to be changed").help(format!("give {what}")))
            }
            _ => Ok(()),
        }
    }

    /// A field, if it is there.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.value, |value, name| value.get(name))
    }

    /// Sets a field, given the names that lead to it.
    pub(crate) fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        let mut place = &mut self.value;
        for name in path {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[*name];
        }
        *place = value.into();
    }

    /// Sets a field if the argument was given.
    pub(crate) fn set_given<T: Into<Value>>(&mut self, path: &[&str], value: Option<T>) {
        if let Some(value) = value {
            self.set(path, value);
        }
    }

    /// Sets a field that is not there yet.
    pub(crate) fn set_default(&mut self, path: &[&str], value: impl Into<Value>) {
        if !self.has(path) {
            self.set(path, value);
        }
    }

    /// Sets a secret field to the reference that an argument gave.
    pub(crate) fn set_secret(&mut self, path: &[&str], flag: &str, secret: Option<&SecretRef>) -> Result<()> {
        self.flags.insert(path.join("."), flag.to_owned());
        if let Some(secret) = secret {
            secret.check(flag)?;
            self.set(path, secret.text());
        }
        Ok(())
    }

    /// Checks the body against the document, then follows the references.
    pub(crate) fn finish(self, operation: &'static Operation, output: &Output) -> Result<Finished> {
        self.finish_with(operation, output, true)
    }

    /// Like [`Body::finish`], but leaves unknown fields and values to the service.
    pub(crate) fn finish_unchecked(self, operation: &'static Operation, output: &Output) -> Result<Finished> {
        self.finish_with(operation, output, false)
    }

    fn finish_with(
        mut self,
        operation: &'static Operation,
        output: &Output,
        checked: bool,
    ) -> Result<Finished> {
        let document = document_of(operation)?;
        let Some(schema) = document.body(operation.id) else {
            return Ok(Finished { value: self.value, operation });
        };
        if checked {
            let problems = schema.problems(&self.value);
            if !problems.is_empty() {
                return Err(self.refused(operation, &problems));
            }
        }
        let mut literals = false;
        let mut resolve = |path: &str, text: &mut String| {
            let reference: SecretRef = SecretRef::from(text.as_str());
            if reference == SecretRef::Literal {
                literals = true;
                return Ok(());
            }
            let secret = reference.resolve(path)?;
            secret.expose().clone_into(text);
            Ok(())
        };
        schema.each_secret(&mut self.value, &mut resolve)?;
        if literals && let Some(path) = self.file.as_deref().filter(|path| others_may_read(path)) {
            output.note(format!(
                "warning: {} holds secrets as plain text and others may read it; \
                 write references (env:NAME, file:PATH, cmd:COMMAND) or take their rights away",
                path.display()
            ));
        }
        Ok(Finished { value: self.value, operation })
    }

    /// Adds to a problem of a field which argument gives it.
    fn with_flag(&self, problem: &str) -> String {
        let known =
            problem.split_once(' ').and_then(|(path, rest)| Some((path, self.flags.get(path)?, rest)));
        known.map_or_else(|| problem.to_owned(), |(path, flag, rest)| format!("{path} ({flag}) {rest}"))
    }

    fn refused(&self, operation: &Operation, problems: &[String]) -> Failure {
        const SAID: usize = 5;
        let origin = match &self.file {
            Some(path) => format!("{}: ", name_of(path)),
            None => String::new(),
        };
        let mut said =
            problems.iter().take(SAID).map(|problem| self.with_flag(problem)).collect::<Vec<_>>().join("; ");
        if problems.len() > SAID {
            said.push_str(&format!("; and {} more", problems.len() - SAID));
        }
        Failure::usage(format!("{origin}{said}")).help(format!(
            "complete the arguments, or fill in the template of: hwmigrate api {} --skeleton",
            id_of(operation)
        ))
    }
}

/// The shortest id that means this operation and no other.
pub(crate) fn id_of(operation: &Operation) -> String {
    let alone = hwmigrate::api::find_operation(operation.id).is_some_and(|found| found == operation);
    if alone { operation.id.to_owned() } else { operation.qualified_id() }
}

/// The document that describes an operation.
pub(crate) fn document_of(operation: &Operation) -> Result<Document> {
    use hwmigrate::api;
    match operation.service {
        api::Service::Iam => Document::parse(api::iam::DOCUMENT),
        api::Service::Oms => Document::parse(api::oms::DOCUMENT),
        api::Service::Sms => Document::parse(api::sms::DOCUMENT),
        other => {
            Err(Failure::new(ExitCode::Unexpected, format!("no document describes the service {other}")))
        }
    }
}

/// The operation with this id.
pub(crate) fn operation(id: &str) -> Result<&'static Operation> {
    hwmigrate::api::find_operation(id).ok_or_else(|| {
        let near = hwmigrate::api::operations()
            .find(|known| known.id.eq_ignore_ascii_case(id) || known.qualified_id().eq_ignore_ascii_case(id));
        let hint = match near {
            Some(known) => format!("did you mean {}?", id_of(known)),
            None => "list them with: hwmigrate api --list".to_owned(),
        };
        Failure::usage(format!("there is no operation {id:?}")).help(hint)
    })
}

/// The template of an operation's body.
pub(crate) fn skeleton(operation: &Operation) -> Result<Value> {
    let document = document_of(operation)?;
    document.body(operation.id).map(|schema| schema.skeleton()).ok_or_else(|| {
        Failure::usage(format!("{} takes no body", id_of(operation)))
            .help("call it without --input and --skeleton")
    })
}

/// Reads a text file, or the standard input for `-`.
pub(crate) fn read_text(path: &Path) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map(|_| text).map_err(|error| {
        Failure::usage(format!("{} could not be read", name_of(path)))
            .cause(error)
            .help("check the path and that it is a UTF-8 text file you may read")
    })
}

/// A name for an input in messages.
pub(crate) fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "the standard input".to_owned() } else { path.display().to_string() }
}

/// Null means "not set" in templates, and is not sent.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.as_os_str() != "-"
        && std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::args::Format;

    fn output() -> Output {
        Output::new(Format::Json, true)
    }

    fn node(body: &mut Body) {
        for (side, bucket) in [("src_node", "a"), ("dst_node", "b")] {
            body.set(&[side, "bucket"], bucket);
            body.set(&[side, "region"], "r");
            body.set(&[side, "ak"], "cmd:printf AK");
            body.set(&[side, "sk"], "cmd:printf SK");
        }
    }

    #[test]
    fn references_are_followed_at_the_end() {
        let mut body = Body::empty();
        node(&mut body);
        let value = body.finish(operation("CreateTask").unwrap(), &output()).unwrap().into_value();
        assert_eq!(value["src_node"]["sk"], "SK");
        assert_eq!(value["dst_node"]["ak"], "AK");
    }

    #[test]
    fn a_wrong_body_is_refused_before_any_secret_is_fetched() {
        let mut body = Body::empty();
        node(&mut body);
        body.set(&["src_node", "sk"], "file:/surely/not/there");
        body.set(&["src_node", "regoin"], "r");
        let failure = body.finish(operation("CreateTask").unwrap(), &output()).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Usage);
        assert!(failure.message().contains("did you mean region"), "{}", failure.message());
    }

    #[test]
    fn a_filled_template_passes_the_check() {
        for operation in hwmigrate::api::operations().filter(|one| one.body && one.service.name() != "iam") {
            let template = without_nulls(skeleton(operation).unwrap());
            let problems = document_of(operation).unwrap().body(operation.id).unwrap().problems(&template);
            // Names that nobody can guess stay empty in a template.
            let left: Vec<_> = problems.iter().filter(|one| !one.contains("too short")).collect();
            assert!(left.is_empty(), "{}: {left:?}", operation.id);
        }
    }

    #[test]
    fn an_unknown_operation_is_answered_with_the_nearest() {
        let failure = operation("createtask").unwrap_err();
        assert!(failure.to_json().to_string().contains("did you mean CreateTask"));
    }

    #[test]
    fn broken_json_names_line_and_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("task.json");
        std::fs::write(&path, "{\n \"a\": }").unwrap();
        let failure = Body::read(&Input { input: Some(path), skeleton: false }).unwrap_err();
        let shown = failure.to_json().to_string();
        assert!(shown.contains("task.json") && shown.contains("line 2"), "{shown}");
    }

    #[test]
    fn nulls_of_a_template_are_not_sent() {
        assert_eq!(without_nulls(json!({"a": null, "b": {"c": null, "d": [1]}})), json!({"b": {"d": [1]}}));
    }
}
