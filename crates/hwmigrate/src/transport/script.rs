//! A scripted network for tests of order and time, and calls over it.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, StatusCode};
use hwmigrate_api::{Request, Secret, oms};
use serde_json::json;
use time::macros::datetime;
use tokio::time::Instant;

use crate::clock::{Clock as _, TokioClock};
use crate::config::build::{self, Given};
use crate::config::layer::{Item, Layer};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::Result;
use crate::transport::operation::Op;
use crate::transport::wire::{Outgoing, Received, Stage, Wire, WireFault};
use crate::transport::{Answer, Auth, Shared};

const START: time::OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

pub(crate) const SHOW: Op = &oms::operations::SHOW_TASK;
pub(crate) const CREATE: Op = &oms::operations::CREATE_TASK;

#[derive(Clone)]
pub(crate) enum Reply {
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    Fault(Stage, bool),
    /// The head of an answer with that status, then nothing more.
    Cut(u16),
    Hang,
    /// No connection comes about within that time.
    Connecting(Duration),
}

pub(crate) const OK: Reply = Reply::Status(200, &[], r#"{"id":1}"#);
pub(crate) const BUSY: Reply =
    Reply::Status(503, &[("x-request-id", "req-503")], r#"{"error_code":"OMS.x","error_msg":"busy"}"#);
pub(crate) const REFUSED: Reply =
    Reply::Status(401, &[], r#"{"error_code":"APIGW.0301","error_msg":"token expires"}"#);
pub(crate) const LIMITED: Reply = Reply::Status(
    429,
    &[("x-request-id", "req-429")],
    r#"{"error_code":"APIGW.0308","error_msg":"policy user over ratelimit,limit:5,time:1 minute"}"#,
);

pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) headers: HeaderMap,
}

/// A network that answers from a list, and knows how to log in.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) replies: Mutex<VecDeque<Reply>>,
    pub(crate) seen: Mutex<Vec<Seen>>,
    pub(crate) logins: AtomicUsize,
    /// What a login answers, in place of a token.
    pub(crate) login_replies: Mutex<VecDeque<Reply>>,
    pub(crate) login_takes: Mutex<Duration>,
    /// A token that is refused from now on.
    pub(crate) revoked: Mutex<Option<&'static str>>,
    /// Life of the tokens in seconds.
    pub(crate) lifetime: Mutex<i64>,
}

impl Network {
    pub(crate) fn of(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        let network = Self { replies: Mutex::new(replies.into_iter().collect()), ..Self::default() };
        *network.lifetime.lock().unwrap() = 86_400;
        Arc::new(network)
    }

    /// `name` becomes the host, since a rate limit belongs to a host.
    pub(crate) fn client(self: &Arc<Self>, name: &str, credentials: Credentials) -> Arc<Shared> {
        let mut argument = Layer::default();
        let host = format!("http://{name}.localhost");
        argument.argument(Item::IamEndpoint, host.clone());
        argument.argument(Item::OmsEndpoint, host);
        argument.argument(Item::ProjectId, "p");
        let given = Given { credentials: Some(credentials), retry: None };
        let (config, http) =
            build::build(given, &argument, &Environment::empty(), &Layer::default()).unwrap();
        let clock = TokioClock::starting_at(START);
        let network = Arc::clone(self);
        let wire = Wire::scripted(
            http,
            Arc::new(move |request| {
                let network = Arc::clone(&network);
                async move { network.answer(request, clock.now()).await }.boxed()
            }),
        );
        Arc::new(Shared::new(config, wire, Arc::new(clock), Some(7)))
    }

    async fn answer(&self, request: Outgoing, now: time::OffsetDateTime) -> Result<Received, WireFault> {
        if request.uri().path() == "/v3/auth/tokens" {
            let number = self.logins.fetch_add(1, Ordering::SeqCst) + 1;
            let takes = *self.login_takes.lock().unwrap();
            tokio::time::sleep(takes).await;
            let reply = self.login_replies.lock().unwrap().pop_front();
            if let Some(reply) = reply {
                return play(reply).await;
            }
            let end = now + time::Duration::seconds(*self.lifetime.lock().unwrap());
            let end = end.format(&time::format_description::well_known::Rfc3339).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert("x-subject-token", format!("token-{number}").parse().unwrap());
            let body = format!(r#"{{"token":{{"expires_at":"{end}","project":{{"id":"p","name":"r"}}}}}}"#);
            return Ok(Received { status: StatusCode::CREATED, headers, body: body.into(), rest: None });
        }
        self.seen.lock().unwrap().push(Seen { at: Instant::now(), headers: request.headers().clone() });
        let token = request.headers().get("x-auth-token").and_then(|token| token.to_str().ok());
        if token.is_some() && token == *self.revoked.lock().unwrap() {
            return play(REFUSED).await;
        }
        let reply = self.replies.lock().unwrap().pop_front().unwrap_or(OK);
        play(reply).await
    }

    pub(crate) fn sent(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn tokens(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.headers["x-auth-token"].to_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn times(&self) -> Vec<Instant> {
        self.seen.lock().unwrap().iter().map(|seen| seen.at).collect()
    }
}

async fn play(reply: Reply) -> Result<Received, WireFault> {
    match reply {
        Reply::Status(status, pairs, body) => {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            Ok(Received { status, headers, body: Bytes::from_static(body.as_bytes()), rest: None })
        }
        Reply::Fault(stage, timeout) => {
            Err(WireFault { stage, timeout, head: None, source: "scripted".into() })
        }
        Reply::Cut(status) => Err(WireFault {
            stage: Stage::Receiving,
            timeout: false,
            head: Some((StatusCode::from_u16(status).unwrap(), HeaderMap::new())),
            source: "scripted".into(),
        }),
        Reply::Hang => std::future::pending().await,
        Reply::Connecting(limit) => {
            tokio::time::sleep(limit).await;
            Err(WireFault { stage: Stage::Connecting, timeout: true, head: None, source: "scripted".into() })
        }
    }
}

pub(crate) fn password() -> Credentials {
    Credentials::password("acc", "user", Secret::from("canary-password"))
}

pub(crate) fn keys() -> Credentials {
    Credentials::access_key(Secret::from("CANARYACCESS"), Secret::from("canary-secret"))
}

pub(crate) fn request(op: Op) -> Request {
    let request = Request::new(op, if op == SHOW { &[&"p", &1] } else { &[&"p"] });
    if op == SHOW {
        return request;
    }
    let body = json!({"src_node": {"ak": "CANARYNODE", "sk": "canary-node-secret"}});
    request.json(&body).unwrap()
}

pub(crate) async fn call(client: &Arc<Shared>, op: Op) -> Result<Answer> {
    call_within(client, op, Duration::from_secs(120)).await
}

pub(crate) async fn call_within(client: &Arc<Shared>, op: Op, limit: Duration) -> Result<Answer> {
    client.execute(&request(op), client.limits(Some(limit), None), Auth::Client).await
}
