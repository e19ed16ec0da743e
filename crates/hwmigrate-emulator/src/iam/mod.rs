//! Identity and Access Management: logging in, and what a caller reaches.
//!
//! Answers have the two shapes of the real service: Keystone's for the calls
//! that come from it, code and message for everything else.

pub(crate) mod directory;
mod keys;
mod queries;
mod tokens;

use std::sync::Arc;

use http::HeaderMap;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::auth::lockout::Lockout;
use crate::auth::signature::Signed;
use crate::auth::token::Party;
use crate::auth::{Authority, Caller};
use crate::http::answer::Answer;
use crate::http::call::ApiError;
use crate::http::route::{CALLER_IDENTITY, Route};
use crate::validate::{Problem, Rule};

use self::directory::Directory;

/// The service.
pub(crate) struct Iam {
    directory: Directory,
    authority: Arc<Authority>,
    /// Users whose password was wrong too often.
    password_locks: Lockout,
    region: String,
    /// Where this emulator is reached, for the catalogue.
    url: String,
}

/// A request that the document allows.
pub(crate) struct Request<'a> {
    pub(crate) route: &'a Route,
    pub(crate) signed: &'a Signed<'a>,
    pub(crate) query: &'a [(String, String)],
    pub(crate) body: &'a Value,
    pub(crate) now: OffsetDateTime,
}

impl Request<'_> {
    fn headers(&self) -> &HeaderMap {
        self.signed.headers
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A refusal, in one of the two shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `{"error": {"code": 401, "message": …, "title": …}}`
    Keystone(u16, String),
    /// `{"error_code": …, "error_msg": …}`
    Coded(ApiError),
}

impl Refusal {
    fn keystone(status: u16, message: &str) -> Self {
        Self::Keystone(status, message.to_owned())
    }

    fn coded(status: u16, code: &str, message: &str) -> Self {
        Self::Coded(ApiError::new(status, code, message))
    }

    /// The answer to send.
    pub(crate) fn answer(&self, request_id: &str) -> Answer {
        match self {
            Self::Coded(error) => Answer::error(error, request_id),
            Self::Keystone(status, message) => {
                let title = match status {
                    400 => "Bad Request",
                    401 => "Unauthorized",
                    403 => "Forbidden",
                    404 => "Not Found",
                    405 => "Method Not Allowed",
                    _ => "Error",
                };
                let error = json!({ "code": status, "message": message, "title": title });
                Answer::json(*status, json!({ "error": error }))
            }
        }
    }
}

/// How IAM says that a request is not what the document allows.
pub(crate) fn invalid(template: &str, problems: &[Problem]) -> Refusal {
    let text = problems.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if template.starts_with("/v3.0/") {
        let missing = problems.first().is_some_and(|problem| problem.rule == Rule::Missing);
        return Refusal::coded(400, if missing { "IAM.0072" } else { "IAM.0073" }, &text);
    }
    Refusal::Keystone(400, format!("The request body is invalid: {text}"))
}

/// How IAM says that a body is missing or is not JSON.
pub(crate) fn unreadable(template: &str, empty: bool) -> Refusal {
    match (template.starts_with("/v3.0/"), empty) {
        (true, true) => Refusal::coded(400, "IAM.1101", "The request body is empty."),
        (true, false) => Refusal::coded(400, "IAM.0011", "The request body is not JSON."),
        (false, _) => Refusal::keystone(400, "The request body is invalid"),
    }
}

impl Iam {
    /// The service over what it knows.
    pub(crate) fn new(directory: Directory, authority: Arc<Authority>, region: String, url: String) -> Self {
        let minutes = time::Duration::minutes;
        Self { directory, authority, password_locks: Lockout::new(5, minutes(15), minutes(15)), region, url }
    }

    /// Whether an account has a project of this id.
    pub(crate) fn has_project(&self, domain: &Party, project_id: &str) -> bool {
        self.directory.projects_of(domain).any(|project| project.party.id == project_id)
    }

    /// Whether any account has a project of this id.
    pub(crate) fn is_project(&self, project_id: &str) -> bool {
        self.directory.projects.iter().any(|project| project.party.id == project_id)
    }

    /// Answers a request.
    pub(crate) fn handle(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        match request.route.id {
            "KeystoneCreateToken" => self.create_token(request),
            "KeystoneValidateToken" => self.validate_token(request),
            "CreateTemporaryAccessKey" => self.create_temporary_key(request),
            "KeystoneListProjects" => self.list_projects(request),
            "KeystoneListAuthProjects" => self.list_auth_projects(request),
            "KeystoneListAuthDomains" => self.list_auth_domains(request),
            CALLER_IDENTITY => self.caller_identity(request),
            _ => Err(Refusal::coded(404, "IAM.0004", "The emulator does not offer this call.")),
        }
    }

    /// Who is calling, or IAM's way to say that it does not know.
    fn caller(&self, request: &Request<'_>) -> Result<Caller, Refusal> {
        self.authority.caller(request.signed, request.now).map_err(|error| {
            if request.headers().contains_key("x-auth-token") {
                if error.message.contains("expires") {
                    return Refusal::coded(401, "IAM.0066", "The token has expired.");
                }
                return Refusal::keystone(401, "The X-Auth-Token is invalid!");
            }
            if request.headers().contains_key("authorization") {
                return Refusal::Coded(error);
            }
            Refusal::coded(401, "IAM.0001", "The request you have made requires authentication.")
        })
    }
}

fn not_permitted() -> Refusal {
    Refusal::keystone(403, "You have no right to do this action")
}
