//! How SMS says no.
//!
//! Few codes of the service are documented. Where one is, it is used; where
//! none is, the code is [`UNDOCUMENTED`], which the service does not have.

use crate::http::call::{ApiError, Unusable};
use crate::validate::{Problem, Rule};

use super::machine::Refusal;
use super::words::{Action, TaskState};

/// Stands where the documents give no code.
const UNDOCUMENTED: &str = "SMS.0000";

/// A refusal that has no documented code.
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(400, UNDOCUMENTED, message)
}

/// A resource that does not exist, or belongs to another account.
fn missing(code: &str, what: &str) -> ApiError {
    ApiError::new(404, code, format!("The {what} does not exist."))
}

pub(crate) fn no_task() -> ApiError {
    missing("SMS.7703", "task")
}

pub(crate) fn no_server() -> ApiError {
    missing("SMS.2216", "source server")
}

pub(crate) fn no_template() -> ApiError {
    missing(UNDOCUMENTED, "template")
}

pub(crate) fn no_project() -> ApiError {
    missing(UNDOCUMENTED, "migration project")
}

/// A caller whose headers reach beyond what they may use.
pub(crate) fn forbidden(message: &str) -> ApiError {
    ApiError::new(403, "SMS.2002", message)
}

/// An action that the state of the task does not allow.
pub(crate) fn action(refusal: Refusal, action: Action, state: TaskState) -> ApiError {
    let (code, text) = match refusal {
        Refusal::NotRunning => ("SMS.1038", "Only a task that is running or synchronising can be paused"),
        Refusal::NotStartable => ("SMS.1039", "Only a new, paused or failed task can be started"),
        Refusal::NotRestartable => {
            ("SMS.1040", "Only a paused, failed or finished task can be started again from its beginning")
        }
        Refusal::WrongState => (UNDOCUMENTED, "The state of the task does not allow the operation"),
    };
    ApiError::new(400, code, format!("{text}: operation {action}, state {state}."))
}

/// A request that the document does not allow.
pub(crate) fn unusable(what: &Unusable<'_>) -> ApiError {
    match what {
        Unusable::Values(problems) => values(problems),
        Unusable::NoBody => invalid("A body is required."),
        Unusable::NotJson => invalid("The body is not JSON."),
        Unusable::OtherType => ApiError::new(400, "SMS.2006", "The Content-Type must be application/json."),
        Unusable::OtherMethod => {
            ApiError::new(405, "SMS.2003", "This path does not offer the method of the request.")
        }
    }
}

fn values(problems: &[Problem]) -> ApiError {
    let text = problems.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let name = problems.first().is_some_and(|problem| problem.field == "name");
    // The one rule about characters that has a code is that of the names of tasks.
    let code = match problems.first().map(|problem| problem.rule) {
        Some(Rule::Characters) if name => "SMS.7711",
        _ => UNDOCUMENTED,
    };
    ApiError::new(400, code, text)
}
