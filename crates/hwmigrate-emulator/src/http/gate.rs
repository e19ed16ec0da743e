//! Every request passes here: routing, faults, the journal, the answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body_util::{BodyExt, Limited};
use hwmigrate_api::Service;
use hyper::body::Incoming;
use serde_json::Value;

use super::answer::{Answer, Body};
use super::call::ApiError;
use super::check::{self, Checked};
use super::delivery::{Outcome, Transport, response};
use super::route::{self, Found, Route};
use crate::admin;
use crate::app::App;
use crate::auth::AuthKind;
use crate::fault::{FaultKind, Plan, alter, throttle_message};
use crate::journal::{Entry, shown_headers};
use crate::validate::UNLISTED;

/// The largest body that the gateway takes, in bytes.
const LARGEST_BODY: usize = 12 * 1024 * 1024;

/// Stands between the server and the services.
pub(crate) struct Gate {
    app: Arc<App>,
    random: Mutex<fastrand::Rng>,
}

impl Gate {
    pub(crate) fn new(app: Arc<App>, seed: u64) -> Self {
        // Another stream than the one of the faults, so that neither disturbs the other.
        Self { app, random: Mutex::new(fastrand::Rng::with_seed(seed ^ 0x5eed)) }
    }

    fn request_id(&self) -> String {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:032x}", random.u128(..))
    }

    /// Answers a request.
    ///
    /// The work goes on when the caller goes away, as it does at a real service.
    pub(super) async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Outcome {
        let request_id = self.request_id();
        let gate = Arc::clone(&self);
        let id = request_id.clone();
        match tokio::spawn(async move { gate.pass(request, &id).await }).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let error = ApiError::new(500, "APIGW.0201", "the emulator failed; this is a bug in it");
                self.plain(&Answer::error(&error, &request_id), &request_id)
            }
        }
    }

    fn plain(&self, answer: &Answer, request_id: &str) -> Outcome {
        Outcome::Answer(response(answer, Transport::default(), request_id, self.app.clock.now()))
    }

    async fn pass(&self, request: Request<Incoming>, request_id: &str) -> Outcome {
        let (parts, body) = request.into_parts();
        if let Some(call) = parts.uri.path().strip_prefix(admin::PREFIX) {
            let call = call.to_owned();
            let body = Limited::new(body, LARGEST_BODY).collect().await.map(|body| body.to_bytes());
            let answer = admin::handle(&self.app, &parts, &call, &body.unwrap_or_default()).await;
            return self.plain(&answer, request_id);
        }
        let found = route::find(parts.method.as_str(), parts.uri.path());
        let plan = self.plan(&found);
        if plan.strikes().any(|(kind, _)| *kind == FaultKind::Reset) {
            let number = self.app.journal.begin(self.entry(&parts, &found, None, &plan, request_id));
            self.app.journal.end(number, |_| {});
            return Outcome::Vanish { reset: true };
        }
        let body = match Limited::new(body, LARGEST_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => {
                let number = self.app.journal.begin(self.entry(&parts, &found, None, &plan, request_id));
                self.app.journal.end(number, |entry| entry.status = Some(413));
                let error = ApiError::new(413, "APIGW.0201", "the body is incomplete or above 12 MB");
                return self.plain(&Answer::error(&error, request_id), request_id);
            }
        };
        let checked = match &found {
            Found::Route(route) => Some(Checked::new(route, &parts, &body, self.app.faults.book())),
            _ => None,
        };
        let entry = self.entry(&parts, &found, checked.as_ref(), &plan, request_id);
        let number = self.app.journal.begin(entry);
        let answer = match self.early(&plan, &found, request_id).await {
            Some(answer) => answer,
            None => self.carry_out(&parts, &body, &found, checked, request_id).await,
        };
        self.deliver(answer, &plan, &found, number, request_id)
    }

    /// What goes wrong with this call.
    fn plan(&self, found: &Found) -> Plan {
        match found {
            Found::Route(route) => {
                self.app.faults.plan(&ids(route).iter().map(String::as_str).collect::<Vec<_>>())
            }
            _ => self.app.faults.plan(&[]),
        }
    }

    /// The journal's entry for a request that has just come.
    fn entry(
        &self,
        parts: &Parts,
        found: &Found,
        checked: Option<&Checked>,
        plan: &Plan,
        request_id: &str,
    ) -> Entry {
        let uri = &parts.uri;
        let path = match (found, checked) {
            // Values that break the rules could be anything, so only the template is shown.
            (Found::Route(route), Some(checked))
                if checked.parameters_allowed() && self.is_harmless(route) =>
            {
                uri.path().to_owned()
            }
            (Found::Route(route), _) => route.template.to_owned(),
            _ => route::shown_path(uri.path()),
        };
        let query: BTreeMap<_, _> = route::query_pairs(uri.query().unwrap_or_default())
            .into_iter()
            .map(|(name, value)| match checked {
                Some(checked) if checked.shows_query(&name) => (name, value),
                _ => (UNLISTED.to_owned(), UNLISTED.to_owned()),
            })
            .collect();
        let format = &time::format_description::well_known::Rfc3339;
        Entry {
            number: 0,
            time: self.app.clock.now().format(format).unwrap_or_default(),
            method: parts.method.as_str().to_owned(),
            path,
            query,
            headers: shown_headers(&parts.headers),
            body: checked.map_or(Value::Null, Checked::shown_body),
            auth: AuthKind::of(&parts.headers).name().to_owned(),
            operation: match found {
                Found::Route(route) => Some(route.id.to_owned()),
                _ => None,
            },
            service: found.service().map(|service| service.name().to_owned()),
            simulated: found.service() == Some(Service::Sms),
            status: None,
            request_id: request_id.to_owned(),
            faults: plan.names().into_iter().map(str::to_owned).collect(),
            response_problems: Vec::new(),
        }
    }

    /// A project id may be any text, so one that is not known is not shown.
    fn is_harmless(&self, route: &Route) -> bool {
        let project = route.parameters.iter().find(|(name, _)| name == "project_id");
        project.is_none_or(|(_, id)| self.app.iam.is_project(id))
    }

    /// The faults that strike before a call is carried out; an answer ends it.
    async fn early(&self, plan: &Plan, found: &Found, request_id: &str) -> Option<Answer> {
        let iam = matches!(found, Found::Route(route) if route.service == Service::Iam);
        let error = |status, code: &str, message: &str| {
            Some(Answer::error(&ApiError::new(status, code, message), request_id))
        };
        for (kind, _) in plan.strikes() {
            let answer = match kind {
                FaultKind::Delay { milliseconds } => {
                    tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                    None
                }
                FaultKind::ExpireTokens => {
                    if let Err(error) = self.app.authority.seal.revoke_all() {
                        tracing::warn!(%error, "the end of the tokens could not be stored");
                    }
                    None
                }
                FaultKind::BadGateway => Some(Answer::bad_gateway()),
                FaultKind::Unavailable { retry_after } => {
                    error(503, "APIGW.0201", "Backend unavailable.").map(|a| a.retry_after(*retry_after))
                }
                FaultKind::Throttle { limit, window_seconds, retry_after } => {
                    let window = Duration::from_secs(*window_seconds);
                    Some(throttled(iam, *limit, window, *retry_after, request_id))
                }
                FaultKind::Unauthorized => {
                    Some(Answer::error(&crate::auth::denied("decrypt token fail"), request_id))
                }
                FaultKind::Status { status, code, message } => error(*status, code, message),
                FaultKind::Redirect { location } => Some(Answer::redirect(location)),
                _ => None,
            };
            if answer.is_some() {
                return answer;
            }
        }
        None
    }

    async fn carry_out(
        &self,
        parts: &Parts,
        body: &Bytes,
        found: &Found,
        checked: Option<Checked>,
        request_id: &str,
    ) -> Answer {
        match (found, checked) {
            (Found::Route(route), Some(checked)) => {
                check::carry_out(&self.app, parts, body, route, checked, request_id).await
            }
            (Found::OtherMethod(service), _) => check::method_not_allowed(*service, request_id),
            _ => {
                let message = "The API does not exist or has not been published in the environment";
                Answer::error(&ApiError::new(404, "APIGW.0101", message), request_id)
            }
        }
    }

    /// The faults that strike once a call was carried out, and the answer's way out.
    fn deliver(
        &self,
        mut answer: Answer,
        plan: &Plan,
        found: &Found,
        number: u64,
        request_id: &str,
    ) -> Outcome {
        let mut transport = Transport::default();
        let mut lost = false;
        let response_problems = self.response_problems(&answer, found);
        for (kind, before) in plan.strikes() {
            match kind {
                FaultKind::LoseReply => lost = true,
                FaultKind::CutBody { bytes } => transport.cut = Some(*bytes),
                FaultKind::SlowDrip { milliseconds } => {
                    transport.drip = Some(Duration::from_millis(*milliseconds));
                }
                FaultKind::EmptyBody if answer.is_success() => answer.body = Body::Empty,
                FaultKind::TruncatedJson => {
                    if let Body::Json(value) = &answer.body {
                        let mut text: Vec<char> = value.to_string().chars().collect();
                        text.truncate(text.len() / 2);
                        answer.body = Body::BrokenJson(text.into_iter().collect());
                    }
                }
                kind => {
                    let success = answer.is_success();
                    if let Body::Json(value) = &mut answer.body
                        && success
                    {
                        alter(kind, before, found.service(), value);
                    }
                }
            }
        }
        let status = answer.status;
        self.app.journal.end(number, |entry| {
            entry.status = (!lost).then_some(status);
            entry.response_problems = response_problems;
        });
        if lost {
            return Outcome::Vanish { reset: false };
        }
        Outcome::Answer(response(&answer, transport, request_id, self.app.clock.now()))
    }

    fn response_problems(&self, answer: &Answer, found: &Found) -> Vec<String> {
        match (found, &answer.body) {
            (Found::Route(route), Body::Json(value)) if self.app.check_responses && answer.is_success() => {
                let rules = route.operation.and_then(crate::validate::rules);
                rules.map(|rules| rules.check_response(value)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

/// The ids by which faults can name an operation: each also with its service before it.
pub(super) fn ids(route: &Route) -> Vec<String> {
    let mut ids = vec![route.id.to_owned(), format!("{}.{}", route.service, route.id)];
    let operations = route.operation.into_iter().chain(route.shared_with);
    for operation in operations {
        for id in std::iter::once(&operation.id).chain(operation.aliases) {
            ids.extend([(*id).to_owned(), format!("{}.{id}", operation.service)]);
        }
    }
    ids
}

/// 429, as the gateway or IAM words it.
pub(super) fn throttled(
    iam: bool,
    limit: u32,
    window: Duration,
    retry_after: Option<u64>,
    request_id: &str,
) -> Answer {
    let error = if iam {
        let seconds = window.as_secs();
        let message = format!(
            "The request was throttled: the threshold of {limit} times per {seconds} seconds has been reached."
        );
        ApiError::new(429, "IAM.0012", message)
    } else {
        ApiError::new(429, "APIGW.0308", throttle_message(limit, window))
    };
    Answer::error(&error, request_id).retry_after(retry_after)
}
