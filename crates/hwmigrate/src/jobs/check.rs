//! Finding mistakes in a request before it is sent.
//!
//! The service answers one mistake per attempt, often with a code alone, and
//! some only after a job has waited in its queue. The checks here follow the
//! documented limits and tell every mistake at once: which field, what is
//! wrong with it, and what to write instead. The text never holds the value
//! of a secret field.

use std::fmt;

use crate::Error;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) field: String,
    problem: String,
    fix: String,
}

impl Problem {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), fix: fix.into() }
    }

    pub(crate) fn into_error(self) -> Error {
        Error::invalid(self.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.field, self.problem, self.fix)
    }
}

/// The error of one mistake.
pub(crate) fn refuse(field: &str, problem: impl Into<String>, fix: impl Into<String>) -> Error {
    Problem::new(field, problem, fix).into_error()
}

/// All mistakes of a request, while they are collected.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) problems: Vec<Problem>,
}

impl Checks {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// `Invalid` with every mistake, if there is one.
    pub(crate) fn finish(self, operation: &'static str) -> Result<(), Error> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let texts: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        Err(Error::invalid(texts.join("; ")).with_operation(operation))
    }

    pub(crate) fn add(
        &mut self,
        field: impl Into<String>,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.problems.push(Problem::new(field, problem, fix));
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, field: &str, text: &str, what: &str) {
        if text.trim().is_empty() {
            self.add(field, "is empty", format!("give {what}"));
        }
    }

    /// A text that must be there, from an optional field.
    pub(crate) fn present(&mut self, field: &str, text: Option<&str>, what: &str) {
        match text {
            Some(text) => self.required(field, text, what),
            None => self.add(field, "is missing", format!("give {what}")),
        }
    }

    /// At most so many characters.
    pub(crate) fn length(&mut self, field: &str, text: &str, most: usize) {
        let count = text.chars().count();
        if count > most {
            self.add(field, format!("has {count} characters"), format!("use at most {most}"));
        }
    }

    /// The characters that the service refuses in most texts.
    pub(crate) fn charset(&mut self, field: &str, text: &str) {
        if let Some(bad) = text.chars().find(|c| is_refused(*c)) {
            self.add(field, format!("contains {bad:?}"), "leave out < > & \" ' \\");
        }
    }

    /// A text with a length and without refused characters.
    pub(crate) fn text(&mut self, field: &str, text: &str, most: usize) {
        self.length(field, text, most);
        self.charset(field, text);
    }

    /// A required name with the usual limits.
    pub(crate) fn named(&mut self, field: &str, text: &str, most: usize, what: &str) {
        self.required(field, text, what);
        self.text(field, text, most);
    }

    /// Free text on a job: stricter than other texts, because the documents
    /// disagree on what the service refuses (OMS.0078).
    pub(crate) fn description(&mut self, field: &str, text: &str) {
        self.length(field, text, DESCRIPTION_MOST);
        if let Some(bad) = text.chars().find(|c| is_refused(*c) || matches!(c, '^' | '(' | ')')) {
            self.add(field, format!("contains {bad:?}"), "leave out ^ < > ( ) & \" ' \\");
        }
    }

    /// Object keys, or prefixes of them.
    pub(crate) fn keys(&mut self, field: &str, keys: &[String], most: usize, longest: usize) {
        if keys.len() > most {
            self.add(
                field,
                format!("has {} entries", keys.len()),
                format!("use at most {most}, and a list file for more"),
            );
        }
        for (index, key) in keys.iter().enumerate() {
            self.length(&format!("{field}[{index}]"), key, longest);
        }
    }
}

/// Longest description, in characters.
pub(crate) const DESCRIPTION_MOST: usize = 255;

fn is_refused(c: char) -> bool {
    matches!(c, '<' | '>' | '&' | '"' | '\'' | '\\')
}

/// Refuses the id of nothing, and ids that would change the path of the request.
pub(crate) fn check_id(operation: &'static str, field: &str, id: &str, most: usize) -> Result<(), Error> {
    let mut checks = Checks::new();
    checks.required(field, id, "the id that the create call or the list returned");
    checks.length(field, id, most);
    if matches!(id, "." | "..")
        || id.chars().any(|c| matches!(c, '/' | '\\' | '?' | '#' | '%') || c.is_control())
    {
        checks.add(field, format!("is {id:?}"), "give the bare id, without path or query characters");
    }
    checks.finish(operation)
}

/// Refuses a list of ids that is empty or longer than one call takes, and ids of nothing.
pub(crate) fn check_ids(
    operation: &'static str,
    field: &str,
    ids: &[String],
    most: usize,
    longest: usize,
) -> Result<(), Error> {
    let mut checks = Checks::new();
    if ids.is_empty() || ids.len() > most {
        checks.add(field, format!("has {} entries", ids.len()), format!("give 1 to {most} ids at once"));
    }
    for (index, id) in ids.iter().enumerate() {
        let field = format!("{field}[{index}]");
        checks.required(&field, id, "the id that the create call or the list returned");
        checks.length(&field, id, longest);
    }
    checks.finish(operation)
}

/// Refuses a word that is no version of an API.
pub(crate) fn check_version(operation: &'static str, version: &str) -> Result<(), Error> {
    let word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if version.strip_prefix('v').is_some_and(word) && version.len() <= 10 {
        return Ok(());
    }
    let fix = "write v and at most 9 letters, digits or dots, such as v2";
    Err(refuse("version", format!("is {version:?}"), fix).with_operation(operation))
}

/// Refuses task ids that the service cannot have given. Its documents name an
/// upper bound too; an id beyond it that it gave nevertheless must stay usable.
pub(crate) fn check_task_id(operation: &'static str, id: i64) -> Result<(), Error> {
    if id >= 0 {
        return Ok(());
    }
    let problem =
        Problem::new("task_id", format!("is {id}"), "give the id that CreateTask or ListTasks returned");
    Err(problem.into_error().with_operation(operation))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn all_mistakes_are_told_at_once_with_field_problem_and_fix() {
        let mut checks = Checks::new();
        checks.required("src_node.bucket", " ", "the name of the source bucket");
        checks.description("description", "a (b)");
        let error = checks.finish("CreateTask").unwrap_err();
        assert_eq!(
            error.to_string(),
            "CreateTask: src_node.bucket is empty: give the name of the source bucket; \
             description contains '(': leave out ^ < > ( ) & \" ' \\"
        );
    }

    #[test]
    fn nothing_wrong_is_no_error() {
        let mut checks = Checks::new();
        checks.description("description", &"ß".repeat(255));
        checks.text("bucket", "my-bucket_1.x ^()", 100);
        checks.keys("object_key", &[String::new()], 500, 1024);
        checks.finish("CreateTask").unwrap();
    }

    #[test]
    fn lengths_count_characters_not_bytes() {
        let mut checks = Checks::new();
        checks.description("description", &"ß".repeat(256));
        assert!(
            checks
                .finish("CreateTask")
                .unwrap_err()
                .message()
                .contains("has 256 characters: use at most 255")
        );
    }

    #[test]
    fn lists_of_ids_have_one_entry_at_least_and_no_more_than_fit() {
        let ids = |count: usize| vec!["a".to_owned(); count];
        check_ids("DeleteTasks", "ids", &ids(50), 50, 36).unwrap();
        for wrong in [ids(0), ids(51)] {
            let error = check_ids("DeleteTasks", "ids", &wrong, 50, 36).unwrap_err();
            assert!(error.message().contains("give 1 to 50 ids at once"), "{error}");
        }
        let error = check_ids("DeleteTasks", "ids", &["a".into(), " ".into()], 50, 36).unwrap_err();
        assert!(error.message().starts_with("ids[1] is empty"), "{error}");
    }

    #[test]
    fn ids_that_would_change_the_path_are_refused() {
        for id in ["", " ", ".", "..", "a/b", "a\\b", "a?b", "a#b", "%2e%2e", "a\nb"] {
            let error = check_id("ShowTaskGroup", "group_id", id, 1024).unwrap_err();
            assert!(error.message().starts_with("group_id "), "{id:?}: {error}");
        }
        check_id("ShowTaskGroup", "group_id", "0f3b-a.b_c", 1024).unwrap();
        check_task_id("ShowTask", (1 << 53) + 1).unwrap();
        assert!(check_task_id("ShowTask", -1).is_err());
        assert!(check_task_id("ShowTask", i64::MIN).is_err());
    }
}
