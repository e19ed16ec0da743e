//! Any documented operation, by its id, with JSON in and out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use hwmigrate_api::{Operation, Parameter, Place, Request, ResponseBody};
use serde_json::Value;

use crate::client::Client;
use crate::error::parse::request_id;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::retry::RetryPolicy;
use crate::transport::{Answer, Auth, Limits};

/// The parameter that the client fills in by itself.
const PROJECT: &str = "project_id";

/// A call of an operation that is chosen at run time.
///
/// ```no_run
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// let answer = client.operation("ShowTask")?.parameter("task_id", "17").send().await?;
/// println!("{}", answer.body.unwrap_or_default());
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a call does nothing before `send`"]
pub struct RawCall {
    client: Client,
    operation: &'static Operation,
    parameters: BTreeMap<String, String>,
    body: Option<Value>,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
}

/// What a raw call gives.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The id to quote to the service's support.
    pub request_id: Option<String>,
    /// The JSON of the answer; `None` when there was no body.
    pub body: Option<Value>,
}

/// What a raw call gives, not decoded.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawBytes {
    /// The HTTP status.
    pub status: u16,
    /// The id to quote to the service's support.
    pub request_id: Option<String>,
    body: Bytes,
}

impl RawBytes {
    /// The body; empty when there was none.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl From<RawBytes> for Vec<u8> {
    fn from(answer: RawBytes) -> Self {
        answer.body.into()
    }
}

/// The body may hold secrets, so only its size is shown.
impl fmt::Debug for RawBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawBytes")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl Client {
    /// A call of the operation with that documented id, such as `CreateTask`.
    ///
    /// OMS and SMS share some ids. Alone, such an id means the operation of
    /// OMS; with the service before it, as in `sms.CreateTask`, there is no doubt.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when no service has such an operation; the
    /// message names the nearest ids.
    pub fn operation(&self, id: &str) -> Result<RawCall> {
        let operation = hwmigrate_api::find_operation(id).ok_or_else(|| unknown(id))?;
        Ok(RawCall {
            client: self.clone(),
            operation,
            parameters: BTreeMap::new(),
            body: None,
            deadline: None,
            retry: None,
        })
    }
}

impl RawCall {
    /// Sets a parameter of path, query or header. `project_id` is filled in by itself.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Longest time for the call with its login, pauses and repetitions.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// When the request is sent again, in place of the client's policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// What the documents say about the operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Sends the call.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for parameters that are missing, unknown or
    /// unsafe, before anything is sent; otherwise as every call.
    pub async fn send(self) -> Result<RawResponse> {
        let operation = self.operation;
        let answer = self.answer().await?;
        let body = read(operation, &answer)?;
        Ok(RawResponse { status: answer.status.as_u16(), request_id: request_id(&answer.headers), body })
    }

    /// Sends the call and gives the body as it came: the cheapest way for who
    /// decodes it elsewhere, such as a binding to another language.
    ///
    /// That the body begins like what the operation answers was checked; whether
    /// it is JSON to its end is for the decoder to say.
    ///
    /// # Errors
    /// As [`send`](Self::send), but for errors of decoding.
    pub async fn send_bytes(self) -> Result<RawBytes> {
        let Answer { status, headers, body, .. } = self.answer().await?;
        Ok(RawBytes { status: status.as_u16(), request_id: request_id(&headers), body })
    }

    async fn answer(mut self) -> Result<Answer> {
        let shared = self.client.shared.clone();
        let limits = shared.limits(self.deadline, self.retry);
        let operation = self.operation;
        self.check().map_err(|error| error.with_operation(operation.id))?;
        let takes_project = operation.parameters.iter().any(|p| p.place == Place::Path && p.name == PROJECT);
        if takes_project && !self.parameters.contains_key(PROJECT) {
            let id = shared.project_id(limits).await?;
            self.parameters.insert(PROJECT.to_owned(), id.to_string());
        }
        self.exchange(limits).await
    }

    async fn exchange(&self, limits: Limits) -> Result<Answer> {
        let shared = &self.client.shared;
        let request = self.request().map_err(|error| error.with_operation(self.operation.id))?;
        shared.execute(&request, limits, Auth::Client).await
    }

    fn check(&self) -> Result<()> {
        let known = self.operation.parameters;
        for name in self.parameters.keys() {
            if !known.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name)) {
                let names: Vec<_> = known.iter().map(|parameter| parameter.name).collect();
                return Err(Error::invalid(format!(
                    "there is no parameter `{name}`; there are: {}",
                    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
                )));
            }
        }
        for parameter in known.iter().filter(|parameter| parameter.required && parameter.name != PROJECT) {
            match self.value(parameter) {
                None => return Err(Error::invalid(format!("parameter `{}` is missing", parameter.name))),
                Some("") if parameter.place == Place::Path => {
                    return Err(Error::invalid(format!("parameter `{}` is empty", parameter.name)));
                }
                Some(_) => {}
            }
        }
        match (&self.body, self.operation.body) {
            (Some(_), false) => Err(Error::invalid("this operation takes no body")),
            (None, true) => Err(Error::invalid("this operation needs a body; give a JSON object")),
            (Some(Value::Object(_)), true) | (None, false) => Ok(()),
            (Some(_), true) => Err(Error::invalid("the body must be a JSON object")),
        }
    }

    fn value(&self, parameter: &Parameter) -> Option<&str> {
        let exact = self.parameters.get(parameter.name);
        let found = exact.or_else(|| {
            let same = |(name, _): &(&String, &String)| name.eq_ignore_ascii_case(parameter.name);
            self.parameters.iter().find(same).map(|(_, value)| value)
        });
        found.map(String::as_str)
    }

    fn request(&self) -> Result<Request> {
        let path: Vec<&str> = self.placed(Place::Path).map(|(_, value)| value).collect();
        let path: Vec<&dyn fmt::Display> = path.iter().map(|value| value as &dyn fmt::Display).collect();
        let mut request = Request::new(self.operation, &path);
        for (name, value) in self.placed(Place::Query) {
            request = request.query(name, &value).map_err(Error::from_generated)?;
        }
        for (name, value) in self.placed(Place::Header) {
            request = request.header(name, value).map_err(Error::from_generated)?;
        }
        match &self.body {
            Some(body) => request.json(body).map_err(Error::from_generated),
            None => Ok(request),
        }
    }

    fn placed(&self, place: Place) -> impl Iterator<Item = (&'static str, &str)> {
        let parameters = self.operation.parameters.iter().filter(move |parameter| parameter.place == place);
        parameters.filter_map(|parameter| Some((parameter.name, self.value(parameter)?)))
    }
}

fn read(operation: &Operation, answer: &Answer) -> Result<Option<Value>> {
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    match serde_json::from_slice(&answer.body) {
        Ok(value) => Ok(Some(value)),
        // Nothing is due, so what came is of no interest.
        Err(_) if operation.response == ResponseBody::Empty => Ok(None),
        Err(error) => {
            let kind = if operation.idempotent { ErrorKind::Decode } else { ErrorKind::Ambiguous };
            let problem = match operation.response {
                ResponseBody::Stream => "the answer is a file and no JSON; take it as bytes".to_owned(),
                _ => format!("the answer is not JSON, at line {} column {}", error.line(), error.column()),
            };
            Err(Error::new(kind, problem)
                .with_operation(operation.id)
                .with_status(answer.status.as_u16())
                .with_request_id(request_id(&answer.headers)))
        }
    }
}

fn unknown(id: &str) -> Error {
    let (service, word) = id.split_once('.').map_or((None, id), |(service, word)| (Some(service), word));
    let wanted = word.to_ascii_lowercase();
    let shares = |known: &&Operation| {
        let id = known.id.to_ascii_lowercase();
        service.is_none_or(|service| known.service.name().eq_ignore_ascii_case(service))
            && (id.contains(&wanted) || wanted.contains(&id))
    };
    // What several services call alike is told with the service before it.
    let name = |known: &'static Operation| match hwmigrate_api::find_operation(known.id) {
        Some(first) if std::ptr::eq(first, known) && service.is_none() => known.id.to_owned(),
        _ => known.qualified_id(),
    };
    let near: Vec<_> = hwmigrate_api::operations().filter(shares).take(5).map(name).collect();
    let hint = if near.is_empty() {
        "ids are written as in the documents, like CreateTask".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Error::invalid(format!("there is no operation `{id}`; {hint}"))
}

impl fmt::Debug for RawCall {
    /// Without values: the body of a create holds keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCall")
            .field("operation", &self.operation.id)
            .field("parameters", &self.parameters.keys().collect::<Vec<_>>())
            .field("body", &self.body.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RawResponse {
    /// Without the body, which holds a secret for some operations.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("body", &self.body.is_some())
            .finish()
    }
}
