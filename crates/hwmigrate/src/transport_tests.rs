//! The transport on a scripted network and a paused clock.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, StatusCode};
use hwmigrate_api::{ResponseBody, Secret, Service};
use time::macros::datetime;
use tokio::time::Instant;

use super::*;
use crate::clock::TokioClock;
use crate::config_build::{self, Given};
use crate::config_layer::{Item, Layer};
use crate::credentials::{Credential, Credentials};
use crate::environment::Environment;
use crate::transport_http::{Received, Stage, WireFault};

const START: time::OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

const SHOW: Op = Op {
    id: "ShowTask",
    service: Service::Oms,
    path: "/v2/{project_id}/tasks/{task_id}",
    idempotent: true,
    secret: false,
    response: ResponseBody::Object,
};

const CREATE: Op = Op {
    id: "CreateTask",
    service: Service::Oms,
    path: "/v2/{project_id}/tasks",
    idempotent: false,
    secret: true,
    response: ResponseBody::Object,
};

#[derive(Clone)]
enum Reply {
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    Fault(Stage, bool),
    /// The head of an answer with that status, then nothing more.
    Cut(u16),
    Hang,
}

const OK: Reply = Reply::Status(200, &[], r#"{"id":1}"#);
const BUSY: Reply =
    Reply::Status(503, &[("x-request-id", "req-503")], r#"{"error_code":"OMS.x","error_msg":"busy"}"#);
const REFUSED: Reply = Reply::Status(401, &[], r#"{"error_code":"APIGW.0301","error_msg":"token expires"}"#);
const LIMITED: Reply = Reply::Status(
    429,
    &[("x-request-id", "req-429")],
    r#"{"error_code":"APIGW.0308","error_msg":"policy user over ratelimit,limit:5,time:1 minute"}"#,
);

struct Seen {
    at: Instant,
    headers: HeaderMap,
}

/// A network that answers from a list, and knows how to log in.
#[derive(Default)]
struct Network {
    replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
    logins: AtomicUsize,
    /// What a login answers, in place of a token.
    login_replies: Mutex<VecDeque<Reply>>,
    login_takes: Mutex<Duration>,
    /// A token that is refused from now on.
    revoked: Mutex<Option<&'static str>>,
    /// Life of the tokens in seconds.
    lifetime: Mutex<i64>,
}

impl Network {
    fn of(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        let network = Self { replies: Mutex::new(replies.into_iter().collect()), ..Self::default() };
        *network.lifetime.lock().unwrap() = 86_400;
        Arc::new(network)
    }

    /// `name` becomes the host, since a rate limit belongs to a host.
    fn client(self: &Arc<Self>, name: &str, credentials: Credentials) -> Arc<Shared> {
        let mut argument = Layer::default();
        let host = format!("http://{name}.localhost");
        argument.argument(Item::IamEndpoint, host.clone());
        argument.argument(Item::OmsEndpoint, host);
        argument.argument(Item::ProjectId, "p");
        let given = Given { credentials: Some(credentials), retry: None };
        let (config, http) =
            config_build::build(given, &argument, &Environment::empty(), &Layer::default()).unwrap();
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

    async fn answer(
        &self,
        request: reqwest::Request,
        now: time::OffsetDateTime,
    ) -> Result<Received, WireFault> {
        if request.url().path() == "/v3/auth/tokens" {
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
            return Ok(Received { status: StatusCode::CREATED, headers, body: body.into() });
        }
        self.seen.lock().unwrap().push(Seen { at: Instant::now(), headers: request.headers().clone() });
        let token = request.headers().get("x-auth-token").and_then(|token| token.to_str().ok());
        if token.is_some() && token == *self.revoked.lock().unwrap() {
            return play(REFUSED).await;
        }
        let reply = self.replies.lock().unwrap().pop_front().unwrap_or(OK);
        play(reply).await
    }

    fn sent(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn tokens(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.headers["x-auth-token"].to_str().unwrap().to_owned()).collect()
    }

    fn times(&self) -> Vec<Instant> {
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
            Ok(Received { status, headers, body: Bytes::from_static(body.as_bytes()) })
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
    }
}

fn password() -> Credentials {
    Credentials::password("acc", "user", Secret::from("canary-password"))
}

fn keys() -> Credentials {
    Credentials::access_key(Secret::from("CANARYACCESS"), Secret::from("canary-secret"))
}

fn request(op: Op, client: &Shared) -> reqwest::Request {
    let path = op.path.replace("{project_id}", "p").replace("{task_id}", "1");
    let url = format!("{}{path}", client.config.oms.as_ref().unwrap().base).parse().unwrap();
    let method = if op.idempotent { http::Method::GET } else { http::Method::POST };
    let mut request = reqwest::Request::new(method, url);
    if !op.idempotent {
        *request.body_mut() = Some(r#"{"src_node":{"ak":"CANARYNODE","sk":"canary-node-secret"}}"#.into());
    }
    request
}

async fn call(client: &Shared, op: Op) -> Result<Answer> {
    call_within(client, op, Duration::from_secs(120)).await
}

async fn call_within(client: &Shared, op: Op, limit: Duration) -> Result<Answer> {
    client.execute(request(op, client), op, client.limits(Some(limit), None), Auth::Client).await
}

#[tokio::test(start_paused = true)]
async fn a_busy_service_is_asked_again_after_growing_pauses() {
    let network = Network::of([BUSY, BUSY, BUSY]);
    let client = network.client("busy", password());
    let began = Instant::now();
    let answer = call(&client, SHOW).await.unwrap();
    assert_eq!(answer.attempts, 4);
    assert!(began.elapsed() <= Duration::from_millis(1400), "{:?}", began.elapsed());
    assert_eq!(network.logins.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_keeps_failing_tells_attempts_code_and_request_id() {
    let network = Network::of([BUSY, BUSY, BUSY, BUSY, BUSY]);
    let error = call(&network.client("failing", password()), SHOW).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Api, Some(503), 4));
    assert_eq!((error.code(), error.request_id()), (Some("OMS.x"), Some("req-503")));
    assert_eq!(error.operation(), Some("ShowTask"));
    assert!(error.is_retryable() && error.elapsed().is_some());
    assert!(error.to_string().contains("4 attempts"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_operation_survives_every_passing_fault() {
    let faults = [
        Reply::Fault(Stage::Connecting, false),
        Reply::Fault(Stage::Connecting, true),
        Reply::Fault(Stage::Sent, false),
        Reply::Fault(Stage::Sent, true),
        Reply::Fault(Stage::Receiving, true),
        Reply::Cut(200),
        Reply::Cut(503),
        Reply::Status(502, &[("content-type", "text/html")], "<html>bad gateway"),
        Reply::Status(400, &[], r#"{"error_code":"OMS.1001","error_msg":"internal"}"#),
        LIMITED,
        REFUSED,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let network = Network::of([fault]);
        let client = network.client(&format!("passing-{number}"), password());
        assert_eq!(call(&client, SHOW).await.unwrap().attempts, 2, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn final_refusals_are_not_repeated() {
    let refusals = [
        (400, r#"{"error_code":"OMS.0001"}"#, ErrorKind::Invalid),
        (400, r#"{"error_code":"OMS.1009"}"#, ErrorKind::NotFound),
        (400, r#"{"error_code":"OMS.0077"}"#, ErrorKind::Quota),
        (403, r#"{"error_code":"APIGW.0302"}"#, ErrorKind::Auth),
        (302, "", ErrorKind::Api),
        (200, "<html>", ErrorKind::Decode),
        (200, "", ErrorKind::Decode),
        (200, "[]", ErrorKind::Decode),
    ];
    for (status, body, kind) in refusals {
        let network = Network::of([Reply::Status(status, &[], body)]);
        let error = call(&network.client("final", password()), SHOW).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), network.sent()), (kind, Some(status), 1), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_is_repeated_only_when_it_provably_did_not_happen() {
    let harmless =
        [Reply::Fault(Stage::Connecting, false), Reply::Fault(Stage::Connecting, true), LIMITED, REFUSED];
    for (number, reply) in harmless.into_iter().enumerate() {
        let network = Network::of([reply]);
        let client = network.client(&format!("harmless-{number}"), password());
        assert_eq!(call(&client, CREATE).await.unwrap().attempts, 2, "{number}");
    }
    let unclear = [
        Reply::Fault(Stage::Sent, false),
        Reply::Fault(Stage::Sent, true),
        Reply::Fault(Stage::Receiving, true),
        Reply::Cut(200),
        Reply::Status(502, &[], "<html>"),
        Reply::Status(504, &[], r#"{"error_code":"APIGW.0201","error_msg":"Backend timeout"}"#),
        Reply::Status(200, &[], "<html>"),
        Reply::Status(200, &[], ""),
        Reply::Hang,
    ];
    for (number, reply) in unclear.into_iter().enumerate() {
        let network = Network::of([reply]);
        let client = network.client(&format!("unclear-{number}"), password());
        let error = call(&client, CREATE).await.unwrap_err();
        assert_eq!((error.kind(), network.sent()), (ErrorKind::Ambiguous, 1), "{number}: {}", error.chain());
        assert!(error.advice().is_some() && !error.is_retryable());
    }
    let said_no =
        Network::of([Reply::Status(500, &[], r#"{"error_code":"OMS.1001","error_msg":"internal"}"#)]);
    let error = call(&said_no.client("said-no", password()), CREATE).await.unwrap_err();
    assert_eq!((error.kind(), said_no.sent()), (ErrorKind::Api, 1));
}

#[tokio::test(start_paused = true)]
async fn the_stated_rate_limit_is_kept_by_all_callers() {
    let network = Network::of([LIMITED]);
    let client = network.client("stated", password());
    call(&client, SHOW).await.unwrap();
    let times = network.times();
    assert!(times[1] - times[0] >= Duration::from_secs(60));
    let calls = (0..23).map(|_| call_within(&client, SHOW, Duration::from_secs(600)));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    let times = network.times();
    assert_eq!(times.len(), 25);
    assert!(times[1..].windows(6).all(|six| six[5] - six[0] >= Duration::from_secs(60)));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_outlasts_the_deadline_is_reported_at_once_with_everything() {
    let network = Network::of([LIMITED]);
    let client = network.client("outlasting", password());
    let began = Instant::now();
    for round in 0..2 {
        let error = call_within(&client, SHOW, Duration::from_secs(20)).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Throttled, Some(429)), "{round}");
        assert_eq!((error.code(), error.request_id()), (Some("APIGW.0308"), Some("req-429")));
        assert!(error.message().contains("limit:5"), "{error}");
        assert!(error.retry_after().is_some() && error.is_retryable());
    }
    assert_eq!(network.sent(), 1, "the second call was held back");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed() {
    let rows = [
        (Reply::Status(503, &[("retry-after", "7")], "{}"), 7, 8),
        (Reply::Status(429, &[("retry-after", "9")], "{}"), 9, 10),
        (Reply::Status(429, &[("retry-after", "Sat, 21 Nov 2026 12:00:11 GMT")], "{}"), 11, 12),
        (Reply::Status(429, &[], "{}"), 2, 6),
    ];
    for (number, (reply, least, most)) in rows.into_iter().enumerate() {
        let network = Network::of([reply]);
        call(&network.client(&format!("after-{number}"), password()), SHOW).await.unwrap();
        let times = network.times();
        let pause = times[1] - times[0];
        assert!(
            pause >= Duration::from_secs(least) && pause <= Duration::from_secs(most),
            "{number}: {pause:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_and_the_call_replayed_once() {
    let network = Network::of([OK, REFUSED]);
    let client = network.client("replaced", password());
    call(&client, SHOW).await.unwrap();
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["token-1", "token-1", "token-2"]);

    let stubborn = Network::of([REFUSED, REFUSED, REFUSED]);
    let error = call(&stubborn.client("stubborn", password()), SHOW).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.code()), (ErrorKind::Auth, 2, Some("APIGW.0301")));
    assert_eq!(stubborn.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn many_callers_whose_token_is_refused_share_one_login() {
    let network = Network::of([]);
    let client = network.client("many-refused", password());
    call(&client, SHOW).await.unwrap();
    *network.revoked.lock().unwrap() = Some("token-1");
    let calls = (0..50).map(|_| call(&client, SHOW));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(network.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_given_token_is_not_replaced() {
    let network = Network::of([REFUSED]);
    let client = network.client("given", Credentials::token(Secret::from("mine\n"), None));
    let error = call(&client, SHOW).await.unwrap_err();
    assert!(error.is_auth() && error.advice().is_some());
    assert_eq!((network.tokens(), network.logins.load(Ordering::SeqCst)), (vec!["mine".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_callers_cause_one_login() {
    let network = Network::of([]);
    *network.login_takes.lock().unwrap() = Duration::from_secs(2);
    let client = network.client("thousand", password());
    let calls = (0..1000).map(|_| call(&client, SHOW));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(network.logins.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once_for_all_callers() {
    let wrong =
        Reply::Status(401, &[], r#"{"error":{"code":401,"message":"The username or password is wrong."}}"#);
    let network = Network::of([]);
    network.login_replies.lock().unwrap().extend(std::iter::repeat_n(wrong, 10));
    *network.login_takes.lock().unwrap() = Duration::from_secs(1);
    let client = network.client("wrong", password());
    let calls = (0..1000).map(|_| call(&client, SHOW));
    for outcome in futures_util::future::join_all(calls).await {
        let error = outcome.unwrap_err();
        assert!(error.is_auth());
        assert_eq!(error.operation(), Some("KeystoneCreateToken"));
        assert!(!error.chain().contains("canary"));
    }
    assert!(call(&client, SHOW).await.unwrap_err().is_auth());
    assert_eq!(network.logins.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(call(&client, SHOW).await.unwrap_err().is_auth());
    assert_eq!(network.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_does_not_fail_the_others() {
    let network = Network::of([]);
    *network.login_takes.lock().unwrap() = Duration::from_secs(10);
    let client = network.client("gives-up", password());
    let hasty = call_within(&client, SHOW, Duration::from_secs(3));
    let patient = call_within(&client, SHOW, Duration::from_secs(60));
    let (hasty, patient) = tokio::join!(hasty, patient);
    assert_eq!(hasty.unwrap_err().kind(), ErrorKind::Timeout);
    patient.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_its_end() {
    let network = Network::of([]);
    *network.lifetime.lock().unwrap() = 3600;
    let client = network.client("renewed", password());
    call(&client, SHOW).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2800)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.logins.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(600)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["token-1", "token-1", "token-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_early_renewal_keeps_the_good_token_and_pauses() {
    let network = Network::of([]);
    *network.lifetime.lock().unwrap() = 3600;
    let client = network.client("kept", password());
    call(&client, SHOW).await.unwrap();
    let no = Reply::Status(403, &[], r#"{"error_code":"IAM.0083","error_msg":"no"}"#);
    network.login_replies.lock().unwrap().extend(std::iter::repeat_n(no, 2));
    tokio::time::sleep(Duration::from_secs(3350)).await;
    for _ in 0..10 {
        call(&client, SHOW).await.unwrap();
    }
    assert_eq!(network.logins.load(Ordering::SeqCst), 2, "one early try, then a pause");
    tokio::time::sleep(Duration::from_secs(61)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.logins.load(Ordering::SeqCst), 3);
    tokio::time::sleep(Duration::from_secs(61)).await;
    call(&client, SHOW).await.unwrap();
    let last = network.tokens().pop();
    assert_eq!(last.as_deref(), Some("token-4"));
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_never_used() {
    let network = Network::of([]);
    *network.lifetime.lock().unwrap() = 100;
    let client = network.client("expired", password());
    call(&client, SHOW).await.unwrap();
    tokio::time::sleep(Duration::from_secs(98)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["token-1", "token-2"]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_login_pause_and_answer_alike() {
    let limit = Duration::from_secs(5);
    let slow_login = Network::of([]);
    *slow_login.login_takes.lock().unwrap() = Duration::from_secs(60);
    let hanging = Network::of([Reply::Hang]);
    let busy = Network::of(std::iter::repeat_n(Reply::Fault(Stage::Sent, true), 50));
    for (name, network) in [("slow-login", slow_login), ("hanging", hanging), ("pausing", busy)] {
        let client = network.client(name, password());
        let began = Instant::now();
        let error = call_within(&client, SHOW, limit).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{name}: {}", error.chain());
        assert!(began.elapsed() <= limit + Duration::from_millis(10), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_signed_afresh() {
    let pause = Reply::Status(503, &[("retry-after", "5")], "{}");
    let network = Network::of([pause]);
    call(&network.client("afresh", keys()), SHOW).await.unwrap();
    let seen = network.seen.lock().unwrap();
    let header = |index: usize, name: &str| seen[index].headers[name].to_str().unwrap().to_owned();
    assert_eq!(header(0, "x-sdk-date"), "20261121T120000Z");
    assert_eq!(header(1, "x-sdk-date"), "20261121T120005Z");
    assert_eq!(header(0, "x-project-id"), "p");
    assert_ne!(header(0, "authorization"), header(1, "authorization"));
    assert!(seen[0].headers["authorization"].is_sensitive());
    assert!(seen[0].headers.get("x-auth-token").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_is_corrected_from_the_servers_date_once() {
    let late = &[("date", "Sat, 21 Nov 2026 13:30:00 GMT")];
    let refusal = r#"{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail, time skew"}"#;
    let network = Network::of([Reply::Status(401, late, refusal)]);
    let client = network.client("skewed", keys());
    call(&client, SHOW).await.unwrap();
    let dates: Vec<String> = {
        let seen = network.seen.lock().unwrap();
        seen.iter().map(|seen| seen.headers["x-sdk-date"].to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(dates, ["20261121T120000Z", "20261121T133000Z"]);

    let right = &[("date", "Sat, 21 Nov 2026 12:00:20 GMT")];
    let network = Network::of([Reply::Status(401, right, refusal)]);
    let error = call(&network.client("right-clock", keys()), SHOW).await.unwrap_err();
    assert_eq!((error.kind(), network.sent()), (ErrorKind::Auth, 1), "a wrong signature is not repeated");
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_asked_again_when_its_token_is_refused() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let credentials = Credentials::from_fn(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok::<_, Error>(Credential::token(Secret::from(format!("closure-{number}")), None)) }
    });
    let network = Network::of([OK, REFUSED]);
    let client = network.client("closure", credentials);
    call(&client, SHOW).await.unwrap();
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["closure-1", "closure-1", "closure-2"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_server_echoes_is_scrubbed() {
    let body = concat!(
        r#"{"error_code":"OMS.0001","error_msg":"bad sk canary-node-secret of CANARYNODE, token token-1","#,
        r#""request_id":"canary-node-secret"}"#
    );
    let network = Network::of([Reply::Status(400, &[], body)]);
    let error = call(&network.client("echo", password()), CREATE).await.unwrap_err();
    let text = format!("{} {error:?} {:?}", error.chain(), error.request_id());
    assert!(!text.contains("canary") && !text.contains("CANARY") && !text.contains("token-1"), "{text}");
    assert!(text.contains("bad sk [redacted]"), "{text}");

    let body = r#"{"error_code":"APIGW.0301","error_msg":"CANARYACCESS canary-secret"}"#;
    let network = Network::of([Reply::Status(401, &[], body)]);
    let error = call(&network.client("echo-keys", keys()), SHOW).await.unwrap_err();
    assert!(!format!("{error:?}").to_lowercase().contains("canary"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_not_the_operations_is_never_sent() {
    let network = Network::of([]);
    let client = network.client("path", password());
    let mut request = request(SHOW, &client);
    request.url_mut().set_path("/v2/p/");
    let limits = client.limits(None, None);
    let error = client.execute(request, SHOW, limits, Auth::Client).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Invalid, Some("ShowTask")));
    assert_eq!((network.sent(), network.logins.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_version_header_of_the_generator_is_not_sent() {
    let network = Network::of([]);
    let client = network.client("version", password());
    let mut request = request(SHOW, &client);
    request.headers_mut().insert("api-version", "2.0.0".parse().unwrap());
    client.execute(request, SHOW, client.limits(None, None), Auth::Client).await.unwrap();
    let seen = network.seen.lock().unwrap();
    assert!(seen[0].headers.get("api-version").is_none());
    assert!(seen[0].headers["x-auth-token"].is_sensitive());
}
