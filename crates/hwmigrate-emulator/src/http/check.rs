//! From a request to a call: who asks, for which project, and whether the document allows it.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use hwmigrate_api::Service;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::{ApiError, Call, Reply, Unusable};
use super::gate::{ids, throttled};
use super::route::{Route, query_pairs};
use crate::app::App;
use crate::auth::signature::Signed;
use crate::auth::token::Scope;
use crate::auth::{Caller, denied};
use crate::fault::FaultBook;
use crate::iam;
use crate::validate::{self, Given, Problem, Rules};

/// A request held against the document, before anyone asks who sent it.
pub(super) struct Checked {
    rules: Option<Arc<Rules>>,
    query: Vec<(String, String)>,
    parameters: Result<(), Vec<Problem>>,
    body: Read,
}

/// What the body turned out to be.
enum Read {
    /// None was sent, and none has to be.
    Nothing,
    /// None was sent where one has to be.
    Missing,
    /// It says that it is something else than JSON.
    OtherType,
    NotJson,
    /// JSON that the document does not allow.
    Wrong(Value, Vec<Problem>),
    Valid(Value),
}

impl Checked {
    pub(super) fn new(route: &Route, parts: &Parts, body: &Bytes, book: &FaultBook) -> Self {
        let rules = route.operation.and_then(validate::rules);
        let query = query_pairs(parts.uri.query().unwrap_or_default());
        let given = Given {
            path: &route.parameters,
            query: &query,
            headers: &parts.headers,
            any_id: book.has_big_ids(),
        };
        let parameters = rules.as_ref().map_or(Ok(()), |rules| rules.check_parameters(&given));
        let body = read(rules.as_deref(), parts, body);
        Self { rules, query, parameters, body }
    }

    /// Whether the parameters are what the document allows.
    pub(super) fn parameters_allowed(&self) -> bool {
        self.parameters.is_ok()
    }

    /// Whether the journal may show this parameter of the query.
    pub(super) fn shows_query(&self, name: &str) -> bool {
        self.parameters.is_ok() && self.rules.as_ref().is_some_and(|rules| rules.shows_query(name))
    }

    /// The body as the journal may show it.
    pub(super) fn shown_body(&self) -> Value {
        match (&self.body, &self.rules) {
            (Read::Valid(body), Some(rules)) => rules.redact(body),
            (Read::Wrong(body, _), Some(rules)) => rules.names_only(body),
            (Read::Valid(body) | Read::Wrong(body, _), None) => validate::nothing_shown(body),
            (Read::NotJson | Read::OtherType, _) => json!("[not JSON]"),
            (Read::Nothing | Read::Missing, _) => Value::Null,
        }
    }
}

fn read(rules: Option<&Rules>, parts: &Parts, body: &Bytes) -> Read {
    let Some(required) = rules.and_then(Rules::takes_body) else { return Read::Nothing };
    if body.is_empty() {
        return if required { Read::Missing } else { Read::Nothing };
    }
    let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_none_or(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/json")) {
        return Read::OtherType;
    }
    let Ok(value) = serde_json::from_slice(body) else { return Read::NotJson };
    match rules.map_or(Ok(()), |rules| rules.check_body(&value)) {
        Ok(()) => Read::Valid(value),
        Err(problems) => Read::Wrong(value, problems),
    }
}

/// Carries out a request, or says why not.
pub(super) async fn carry_out(
    app: &App,
    parts: &Parts,
    body: &Bytes,
    route: &Route,
    checked: Checked,
    request_id: &str,
) -> Answer {
    let signed = Signed {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    };
    let ids = ids(route);
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let is_iam = route.service == Service::Iam;
    // IAM counts calls before it knows who calls, or a login could not be limited.
    let caller = if is_iam { None } else { Some(app.authority.caller(&signed, app.clock.now())) };
    let caller = match caller {
        Some(Err(error)) => return Answer::error(&error, request_id),
        Some(Ok(caller)) => Some(caller),
        None => None,
    };
    if let Err(too_often) = app.faults.admit(&ids, app.clock.now()) {
        return throttled(is_iam, too_often.limit, too_often.window, too_often.retry_after, request_id);
    }
    match caller {
        None => carry_out_iam(app, route, &signed, &checked, request_id),
        Some(caller) => {
            let said = match call(app, route, &caller, parts, checked) {
                Ok(call) => match route.service {
                    Service::Sms => app.sms.handle(&call).await,
                    _ => crate::oms::handle(&app.engine, call).await.map(Reply::Json),
                },
                Err(error) => Err(error),
            };
            said.map_or_else(|error| Answer::error(&error, request_id), Answer::success)
        }
    }
}

fn carry_out_iam(
    app: &App,
    route: &Route,
    signed: &Signed<'_>,
    checked: &Checked,
    request_id: &str,
) -> Answer {
    let done = (|| {
        checked.parameters.as_ref().map_err(|problems| iam::invalid(route.template, problems))?;
        let body = match &checked.body {
            Read::Nothing => &Value::Null,
            Read::Valid(body) => body,
            Read::Missing => return Err(iam::unreadable(route.template, true)),
            Read::NotJson | Read::OtherType => return Err(iam::unreadable(route.template, false)),
            Read::Wrong(_, problems) => return Err(iam::invalid(route.template, problems)),
        };
        app.iam.handle(&iam::Request { route, signed, query: &checked.query, body, now: app.clock.now() })
    })();
    done.unwrap_or_else(|refusal| refusal.answer(request_id))
}

/// What a service says to a method that a path does not have.
pub(super) fn method_not_allowed(service: Service, request_id: &str) -> Answer {
    if service == Service::Iam {
        let text = "The method is not allowed for the requested URL.";
        return iam::Refusal::Keystone(405, text.to_owned()).answer(request_id);
    }
    Answer::error(&unusable(service, &Unusable::OtherMethod), request_id)
}

fn unusable(service: Service, what: &Unusable<'_>) -> ApiError {
    match service {
        Service::Sms => crate::sms::unusable(what),
        _ => crate::oms::unusable(what),
    }
}

fn call(
    app: &App,
    route: &Route,
    caller: &Caller,
    parts: &Parts,
    checked: Checked,
) -> Result<Call, ApiError> {
    let Some(operation) = route.operation else {
        return Err(ApiError::new(404, "APIGW.0101", "The emulator does not offer this call."));
    };
    let path: std::collections::BTreeMap<_, _> = route.parameters.iter().cloned().collect();
    match route.service {
        Service::Sms => check_account(app, caller, parts)?,
        _ => path.get("project_id").map_or(Ok(()), |id| check_project(app, id, caller, parts))?,
    }
    let unusable = |what: Unusable<'_>| Err(unusable(route.service, &what));
    if let Err(problems) = &checked.parameters {
        return unusable(Unusable::Values(problems));
    }
    let body = match checked.body {
        Read::Nothing => Value::Null,
        Read::Valid(body) => body,
        Read::Missing => return unusable(Unusable::NoBody),
        Read::NotJson => return unusable(Unusable::NotJson),
        Read::OtherType => return unusable(Unusable::OtherType),
        Read::Wrong(_, problems) => return unusable(Unusable::Values(&problems)),
    };
    let query = checked.query.into_iter().collect();
    Ok(Call { operation, domain: caller.domain.id.clone(), path, query, body })
}

/// SMS belongs to an account, and takes callers of the account or of one of its projects.
///
/// A token says itself what it is for; a signature has a header beside it that says so.
fn check_account(app: &App, caller: &Caller, parts: &Parts) -> Result<(), ApiError> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (project, domain) = (header("x-project-id"), header("x-domain-id"));
    if project.is_some() && domain.is_some() {
        return Err(denied("X-Project-Id and X-Domain-Id must not be given both"));
    }
    if caller.scope.is_none() && project.is_none() && domain.is_none() {
        return Err(denied("a signature needs X-Project-Id or X-Domain-Id beside it"));
    }
    if domain.is_some_and(|domain| domain != caller.domain.id) {
        return Err(crate::sms::forbidden("X-Domain-Id names another account than that of the caller."));
    }
    let reaches = |id: &str| match &caller.scope {
        Some(Scope::Project(project)) => project.id == id,
        _ => app.iam.has_project(&caller.domain, id),
    };
    if project.is_some_and(|id| !reaches(id)) {
        return Err(crate::sms::forbidden("The caller does not reach the project that X-Project-Id names."));
    }
    Ok(())
}

/// The project in the path must be one that the caller reaches.
fn check_project(app: &App, project_id: &str, caller: &Caller, parts: &Parts) -> Result<(), ApiError> {
    if project_id.starts_with('{') {
        return Err(ApiError::oms(
            "OMS.0001",
            "The path holds the text {project_id} instead of an id: the client was not given a project id.",
        ));
    }
    match &caller.scope {
        Some(Scope::Project(project)) if project.id == project_id => {}
        Some(Scope::Project(_)) => {
            return Err(ApiError::oms("OMS.0072", "The token is for another project than the path."));
        }
        Some(Scope::Domain(_)) => {
            return Err(ApiError::oms(
                "OMS.0072",
                "The token is for an account; OMS needs one for a project.",
            ));
        }
        None if !app.iam.has_project(&caller.domain, project_id) => {
            return Err(ApiError::oms("OMS.0072", "The access key does not reach the project in the path."));
        }
        None => {}
    }
    let header = parts.headers.get("x-project-id").and_then(|value| value.to_str().ok());
    if header.is_some_and(|header| header != project_id) {
        return Err(ApiError::oms("OMS.0072", "X-Project-Id names another project than the path."));
    }
    Ok(())
}
