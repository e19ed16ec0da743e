//! How OMS says that a request cannot be used.

use crate::http::call::{ApiError, Unusable};
use crate::validate::{Problem, Rule};

/// A request that the document does not allow.
pub(crate) fn unusable(what: &Unusable<'_>) -> ApiError {
    match what {
        Unusable::Values(problems) => refused(problems),
        Unusable::NoBody => ApiError::oms("OMS.1007", "A body is required."),
        Unusable::NotJson => ApiError::oms("OMS.0067", "The body is not JSON."),
        Unusable::OtherType => ApiError::new(415, "OMS.0004", "The Content-Type must be application/json."),
        Unusable::OtherMethod => {
            ApiError::new(405, "OMS.0005", "This path does not offer the method of the request.")
        }
    }
}

/// The documented code for what is wrong, and words that name the fields.
fn refused(problems: &[Problem]) -> ApiError {
    let code = problems.first().map_or("OMS.0002", code);
    let text = problems.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    ApiError::oms(code, text)
}

fn code(problem: &Problem) -> &'static str {
    let last = problem.field.rsplit('.').next().unwrap_or_default();
    let name = last.split('[').next().unwrap_or_default();
    match (name, problem.rule) {
        (_, Rule::Missing) => "OMS.1007",
        ("task_id", _) => "OMS.0054",
        ("limit" | "offset", _) => "OMS.0051",
        ("status", _) => "OMS.0052",
        ("description", Rule::Characters) => "OMS.0078",
        ("bandwidth_policy", Rule::Count) => "OMS.0083",
        ("max_bandwidth", Rule::Range) => "OMS.0084",
        ("start" | "end", Rule::Characters) => "OMS.0087",
        _ => "OMS.0002",
    }
}
