//! What the generated functions send, and what they make of the answers.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use hwmigrate_api::ResponseBody;
use hwmigrate_api::oms::types::{ShowBucketReq, StartTaskReq, SyncTaskStatus, TaskStatus};
use hwmigrate_api::sms::types::{BatchGetConsistencyResultReq, PutTaskReq, SourceState};
use hwmigrate_api::{
    Answer, Error, Hooks, Operation, PlainTransport, Request, Secret, Sending, Transport, iam, oms, sms,
};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// Answers every request with the same status and body, and keeps what it was sent.
struct Scripted {
    status: u16,
    body: &'static str,
    seen: Mutex<Vec<Request>>,
}

impl Transport for Scripted {
    fn send(&self, request: Request) -> Sending<'_> {
        self.seen.lock().unwrap().push(request);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("x-request-id", "r-1".parse().unwrap());
        let status = StatusCode::from_u16(self.status).unwrap();
        let answer = Answer { status, headers, body: self.body.into(), rest: None };
        Box::pin(async { Ok(answer) })
    }
}

fn http_client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

fn scripted(status: u16, body: &'static str) -> (Arc<Scripted>, Hooks) {
    let transport = Arc::new(Scripted { status, body, seen: Mutex::default() });
    (transport.clone(), Hooks(transport))
}

fn oms(status: u16, body: &'static str) -> (Arc<Scripted>, oms::Client) {
    let (transport, hooks) = scripted(status, body);
    (transport, oms::Client::new(hooks))
}

fn sms(status: u16, body: &'static str) -> (Arc<Scripted>, sms::Client) {
    let (transport, hooks) = scripted(status, body);
    (transport, sms::Client::new(hooks))
}

fn only(transport: &Scripted) -> (Request, &'static Operation) {
    let mut seen = transport.seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    let request = seen.remove(0);
    let operation = request.operation();
    (request, operation)
}

fn body(request: &Request) -> serde_json::Value {
    serde_json::from_slice(request.body().unwrap()).unwrap()
}

#[tokio::test]
async fn page_is_asked_for_and_decoded() {
    let (transport, oms) = oms(200, r#"{"count": 1, "tasks": [{"id": 7, "status": 2}]}"#);
    let page = oms
        .list_tasks("p", Some("g 1"), Some(100), Some(200), Some(&TaskStatus::Migrating), Some("a&b"))
        .await
        .unwrap();
    assert_eq!(page.headers()["x-request-id"], "r-1");
    assert_eq!(page.into_inner().tasks.unwrap()[0].status, Some(TaskStatus::Migrating));
    let (request, operation) = only(&transport);
    assert_eq!(operation.id, "ListTasks");
    let target = "/v2/p/tasks?group_id=g+1&limit=100&offset=200&status=2&task_name=a%26b";
    assert_eq!((request.target(), request.path()), (target, "/v2/p/tasks"));
    assert!(request.headers().is_empty() && request.body().is_none());
}

#[tokio::test]
async fn secrets_travel_in_the_body() {
    let (transport, oms) = oms(200, "");
    let start = StartTaskReq {
        migrate_failed_object: Some(true),
        ..StartTaskReq::new("made-up-ak".into(), "made-up-sk".into())
    };
    oms.start_task("p", 7, &start).await.unwrap();
    let (request, operation) = only(&transport);
    assert!(operation.matches_path("", request.path()));
    let wanted =
        serde_json::json!({"dst_ak": "made-up-ak", "dst_sk": "made-up-sk", "migrate_failed_object": true});
    assert_eq!(body(&request), wanted);
    assert_eq!(request.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn words_travel_in_the_query() {
    let (transport, oms) = oms(200, r#"{"count": 0, "tasks": []}"#);
    oms.list_sync_tasks("p", None, None, Some(&SyncTaskStatus::Stopped)).await.unwrap();
    assert_eq!(only(&transport).0.query_string(), "status=STOPPED");
}

#[tokio::test]
async fn bare_lists_decode() {
    let (_, oms) = oms(200, r#"["one", null, "two"]"#);
    let request = ShowBucketReq::new(
        oms::types::CloudType::HuaweiCloud,
        String::new(),
        "cn-north-4".to_owned(),
        100,
        String::new(),
        "bucket".to_owned(),
    );
    assert_eq!(request.bucket_name, "bucket");
    let kind = oms::types::CloudSide::Src;
    assert_eq!(oms.show_cloud_type("p", &kind).await.unwrap().into_inner(), ["one", "two"]);
}

#[tokio::test]
async fn any_body_follows_a_success_without_one() {
    for answer in ["", "{}", "null", "<html>"] {
        let (_, oms) = oms(200, answer);
        oms.stop_task("p", 7).await.unwrap();
    }
}

#[tokio::test]
async fn answer_of_another_kind_is_an_error() {
    for answer in ["", "null", "[]", "\"text\"", "<html></html>", "{\"id\": 7", "{}", "{\"other\": 1}", "7"] {
        let (_, oms) = oms(200, answer);
        let error = oms.show_task("p", 7).await.unwrap_err();
        assert!(matches!(error, Error::InvalidResponsePayload(..)), "{answer}: {error:?}");
    }
    for answer in ["", "null", "{}", "\"text\"", "[\"one\"", "[\"one\"] x"] {
        let (_, oms) = oms(200, answer);
        let error = oms.show_region_info("p").await.unwrap_err();
        assert!(matches!(error, Error::InvalidResponsePayload(..)), "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn error_keeps_status_code_and_headers() {
    let (_, oms) = oms(400, r#"{"error_code": "OMS.1009", "error_msg": "no such task"}"#);
    let Error::ErrorResponse(error) = oms.show_task("p", 7).await.unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error.headers()["x-request-id"], "r-1");
    assert_eq!(error.error_code.as_deref(), Some("OMS.1009"));
}

#[tokio::test]
async fn error_that_is_not_json_keeps_its_status() {
    let (_, oms) = oms(502, "<html>bad gateway</html>");
    let Error::ErrorResponse(error) = oms.show_task("p", 7).await.unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(error.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(error.error_code, None);
    assert!(error.error_msg.as_deref().unwrap().contains("24 bytes"));
}

#[tokio::test]
async fn redirect_is_no_success() {
    let (_, oms) = oms(302, "");
    assert!(matches!(oms.show_task("p", 7).await, Err(Error::UnexpectedResponse(_))));
    assert!(matches!(oms.stop_task("p", 7).await, Err(Error::UnexpectedResponse(_))));
}

#[tokio::test]
async fn parameters_are_encoded_into_their_segment() {
    let (transport, oms) = oms(200, r#"{"group_id": "g"}"#);
    oms.show_task_group("p/q", "a b?c#d%2e").await.unwrap();
    let (request, operation) = only(&transport);
    assert_eq!(request.path(), "/v2/p%2Fq/taskgroups/a%20b%3Fc%23d%252e");
    assert!(operation.matches_path("", request.path()));
}

#[tokio::test]
async fn parameter_that_leads_elsewhere_is_not_sent() {
    // Nothing listens there: a request that was sent would be a transport error.
    let transport = PlainTransport::new("http://127.0.0.1:1", http_client());
    let oms = oms::Client::new(Hooks(Arc::new(transport)));
    for id in ["", ".", ".."] {
        let error = oms.delete_task_group("p", id).await.unwrap_err();
        assert!(
            matches!(&error, Error::InvalidRequest(words) if words.contains("DeleteTaskGroup")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn file_comes_as_a_stream_in_the_language_that_was_asked_for() {
    let tasks = BatchGetConsistencyResultReq { task_info: vec![] };
    for (language, wanted) in [(None, None), (Some("en-us"), Some("en-us"))] {
        let (transport, sms) = sms(200, "a file\nof bytes");
        let file = sms.export_consistency_results(language, &tasks).await.unwrap();
        assert_eq!(file.into_inner().bytes().await.unwrap(), b"a file\nof bytes");
        let (request, operation) = only(&transport);
        assert_eq!(operation.response, ResponseBody::Stream);
        assert_eq!(request.headers().get("x-language").map(|value| value.to_str().unwrap()), wanted);
        assert_eq!(body(&request), serde_json::json!({"task_info": []}));
    }
    let (_, sms) = sms(400, r#"{"error_code": "SMS.7703"}"#);
    assert!(matches!(sms.export_consistency_results(None, &tasks).await, Err(Error::ErrorResponse(_))));
    let broken = sms.export_consistency_results(Some("two\nlines"), &tasks).await;
    assert!(matches!(broken, Err(Error::InvalidRequest(_))));
}

#[tokio::test]
async fn change_of_a_task_is_answered_by_an_object_a_sentence_or_nothing() {
    for (answer, id) in
        [(r#"{"id": "t"}"#, Some("t")), ("\"done\"", None), ("", None), ("null", None), ("{}", None)]
    {
        let (transport, sms) = sms(200, answer);
        let change = PutTaskReq { name: Some("new".to_owned()), ..PutTaskReq::default() };
        assert_eq!(sms.update_task("t", &change).await.unwrap().into_inner().id.as_deref(), id, "{answer}");
        assert_eq!(body(&only(&transport).0), serde_json::json!({"name": "new"}));
    }
}

#[tokio::test]
async fn truth_values_and_words_travel_in_the_query() {
    let (transport, sms) = sms(200, r#"{"count": 0, "source_servers": []}"#);
    let state = SourceState::PremigReady;
    sms.list_servers(
        Some(true),
        None,
        None,
        None,
        None,
        None,
        Some(0),
        None,
        None,
        None,
        None,
        Some(&state),
        None,
    )
    .await
    .unwrap();
    assert_eq!(only(&transport).0.query_string(), "connected=true&limit=0&state=premigready");
}

#[tokio::test]
async fn token_to_check_is_marked_sensitive() {
    let (transport, hooks) = scripted(200, r#"{"token": {"expires_at": "2020-01-04T09:05:22.701000Z"}}"#);
    let iam = iam::Client::new(hooks);
    iam.keystone_validate_token(None, "made-up-token").await.unwrap();
    let (request, operation) = only(&transport);
    assert_eq!(operation.id, "KeystoneValidateToken");
    let header = &request.headers()["x-subject-token"];
    assert_eq!((header.to_str().unwrap(), header.is_sensitive()), ("made-up-token", true));
    assert!(!format!("{request:?}").contains("made-up-token"));
    let broken = iam.keystone_validate_token(None, "two\nlines").await.unwrap_err();
    assert!(!format!("{broken:?} {broken}").contains("lines"), "{broken}");
}

#[tokio::test]
async fn token_that_headers_cannot_carry_is_refused() {
    let error = PlainTransport::new("http://127.0.0.1:1", http_client())
        .token(&Secret::from("two\nlines"))
        .unwrap_err();
    assert!(error.to_string().contains("line break"));
    let transport =
        PlainTransport::new("http://127.0.0.1:1", http_client()).token(&Secret::from("made-up")).unwrap();
    assert!(!format!("{transport:?}").contains("made-up"));
}

#[test]
fn handles_may_be_shared() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<oms::Client>();
    shared::<iam::Client>();
    shared::<sms::Client>();
    shared::<PlainTransport>();
    shared::<Hooks>();
}
