//! What is easy to miss: answers that are not what they say, and limits that must hold.

use std::time::Duration;

use hwmigrate::api::{Place, ResponseBody, Service};
use hwmigrate::{Client, Credentials, Environment, ErrorKind, RetryPolicy, Secret};
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::document::Document;
use hwmigrate_tests::process::PROJECT;
use hwmigrate_tests::sandbox::{PATIENCE, Sandbox, client_of, copy};
use hwmigrate_tests::scripted::{Scripted, answer};
use hwmigrate_tests::tree;
use serde_json::json;

const TOKEN: &str = "made-up-token-that-must-stay-here";

/// A client whose every service is the scripted one, with a token at hand and a single attempt.
fn client_of_scripted(server: &Scripted) -> Client {
    Client::builder()
        .environment(Environment::empty())
        .region("cn-north-4")
        .project_id(PROJECT)
        .credentials(Credentials::token(Secret::from(TOKEN), None))
        .endpoint(Service::Iam, server.url())
        .endpoint(Service::Oms, server.url())
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

#[tokio::test]
async fn redirect_is_an_error_and_nothing_is_sent_to_its_target() {
    let target = Scripted::start(|_| answer(200, "application/json", "{\"id\": 1, \"status\": 5}")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = target.url().to_owned();
        let server = Scripted::start(move |_| {
            let head = format!(
                "HTTP/1.1 {status} Moved\r\nLocation: {location}/v2/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            head.into_bytes()
        })
        .await;
        let tasks = client_of_scripted(&server).oms().tasks();
        let error = tasks.show(1).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{error:?}");
        assert!(!error.is_retryable(), "{error:?}");
        let error = tasks.create(&copy("", json!({})).unwrap()).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{error:?}");
        assert_eq!(server.requests().len(), 2);
    }
    assert_eq!(target.requests(), [""; 0]);
}

#[tokio::test]
async fn redirected_login_sends_the_password_nowhere_else() {
    let target = Scripted::start(|_| answer(201, "application/json", "{}")).await;
    let sandbox = Sandbox::start().await.unwrap();
    let location = format!("{}/v3/auth/tokens", target.url());
    sandbox.emulator.faults().push(Fault::new(FaultKind::Redirect { location }).forever());
    let error = sandbox.client().unwrap().login().await.unwrap_err();
    assert_eq!(error.status(), Some(302), "{error:?}");
    assert_eq!(target.requests(), [""; 0]);
}

/// Answers with status 200 that no operation with a JSON answer may accept.
fn impostors(shape: ResponseBody) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut all = vec![
        ("a page of HTML", "text/html", "<html><body>please log in</body></html>"),
        ("HTML that claims to be JSON", "application/json", "<html></html>"),
        ("nothing", "application/json", ""),
        ("blanks", "application/json", "  \n"),
        ("text", "application/json", "\"fine\""),
        ("a number", "application/json", "5"),
        ("null", "application/json", "null"),
    ];
    match shape {
        ResponseBody::Array => all.extend([
            ("an object", "application/json", "{\"error_code\": \"none\"}"),
            ("a cut array", "application/json", "[\"a\", \"b"),
        ]),
        _ => all.extend([
            ("an array", "application/json", "[]"),
            ("a cut object", "application/json", "{\"id\": 1, \"status\": 5, \"na"),
        ]),
    }
    all
}

#[tokio::test]
async fn success_without_the_due_json_is_an_error_for_every_operation() {
    let document = Document::parse(hwmigrate::api::oms::DOCUMENT).unwrap();
    let calls = document.calls(&mut |_| "made-up".to_owned());
    let mut refused = 0;
    for call in calls {
        let operation = hwmigrate::api::find_operation(&call.id).expect("an operation of the document");
        if !matches!(operation.response, ResponseBody::Object | ResponseBody::Array) {
            continue;
        }
        for (name, content_type, body) in impostors(operation.response) {
            let server = Scripted::start(move |_| answer(200, content_type, body)).await;
            let mut request = client_of_scripted(&server).operation(&call.id).unwrap();
            for (name, value) in &call.parameters {
                request = request.parameter(name, value);
            }
            if let Some(body) = &call.body {
                request = request.body(body.json.clone());
            }
            let error = request.send().await.expect_err(&format!("{}: {name}", call.id));
            let expected = if operation.idempotent { ErrorKind::Decode } else { ErrorKind::Ambiguous };
            assert_eq!(error.kind(), expected, "{}: {name}: {error:?}", call.id);
            assert_eq!(error.status(), Some(200), "{}: {name}: {error:?}", call.id);
            assert_eq!(error.request_id(), Some("scripted-request"), "{}: {name}: {error:?}", call.id);
            assert_eq!(server.requests().len(), 1, "{}: {name}", call.id);
            refused += 1;
        }
    }
    assert!(refused > 150, "only {refused} answers were tried");
}

#[tokio::test]
async fn object_full_of_nothing_is_an_error_of_every_typed_call() {
    for body in ["{}", "{\"healthy\": true}", "{\"id\": null}"] {
        let server = Scripted::start(move |_| answer(200, "application/json", body)).await;
        let oms = client_of_scripted(&server).oms();
        let errors = [
            oms.tasks().show(1).await.err(),
            oms.tasks().list().page(0).await.err(),
            oms.tasks().create(&copy("", json!({})).unwrap()).await.err(),
            oms.groups().show("1").await.err(),
            oms.groups().list().page(0).await.err(),
            oms.sync_tasks().list().page(0).await.err(),
            oms.versions().await.err(),
            oms.version("v2").await.err(),
        ];
        for (number, error) in errors.into_iter().enumerate() {
            let error = error.unwrap_or_else(|| panic!("{body} was taken by call {number}"));
            let expected = if number == 2 { ErrorKind::Ambiguous } else { ErrorKind::Decode };
            assert_eq!(error.kind(), expected, "{body} by call {number}: {error:?}");
        }
    }
}

#[tokio::test]
async fn answers_cut_short_or_of_the_wrong_type_are_errors_of_the_typed_calls_too() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = client_of(sandbox.emulator.url()).retry(RetryPolicy::never()).build().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    let kinds = [
        FaultKind::BadGateway,
        FaultKind::CutBody { bytes: 10 },
        FaultKind::EmptyBody,
        FaultKind::TruncatedJson,
        FaultKind::WrongType { member: "src_node".to_owned() },
        FaultKind::WrongType { member: "object_key".to_owned() },
    ];
    for kind in kinds {
        sandbox.emulator.faults().push(Fault::new(kind.clone()).on("ShowTask"));
        let error = tasks.show(id).await.expect_err(&format!("{kind:?}"));
        let expected = if kind == FaultKind::BadGateway { ErrorKind::Api } else { ErrorKind::Decode };
        assert_eq!(error.kind(), expected, "{kind:?}: {error:?}");
        assert_eq!(sandbox.emulator.faults().armed(), []);
    }
    tasks.show(id).await.unwrap();
}

#[tokio::test]
async fn path_parameters_that_change_the_path_are_refused_before_sending() {
    let server = Scripted::start(|_| answer(200, "application/json", "{}")).await;
    let client = client_of_scripted(&server);
    let oms = client.oms();
    for bad in ["", ".", "..", "../tasks", "a/b", "a\\b", "%2e%2e", "a\nb"] {
        let errors = [
            oms.groups().show(bad).await.err(),
            oms.groups().delete(bad).await.err(),
            oms.sync_tasks().delete(bad).await.err(),
            oms.version(bad).await.err(),
            client.operation("ShowTaskGroup").unwrap().parameter("group_id", bad).send().await.err(),
        ];
        for (number, error) in errors.into_iter().enumerate() {
            let error = error.unwrap_or_else(|| panic!("{bad:?} was taken by call {number}"));
            assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?} by call {number}: {error:?}");
        }
        for project in [bad, "a?b", "a#b"] {
            let client = Client::builder()
                .environment(Environment::empty())
                .region("cn-north-4")
                .project_id(project)
                .credentials(Credentials::token(Secret::from(TOKEN), None))
                .endpoint(Service::Oms, server.url())
                .build();
            // Refused when the client is made, or at the latest when it is used.
            if let Ok(client) = client {
                let error = client.oms().tasks().show(1).await.unwrap_err();
                assert!(
                    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Config),
                    "{project:?}: {error:?}"
                );
            }
        }
    }
    for bad in [-1, i64::MIN] {
        let error = oms.tasks().show(bad).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}: {error:?}");
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test]
async fn every_path_parameter_of_every_operation_is_guarded() {
    let server = Scripted::start(|_| answer(200, "application/json", "{}")).await;
    let client = client_of_scripted(&server);
    let mut tried = 0;
    for operation in hwmigrate::api::operations() {
        let in_path = |place| place == Place::Path;
        for parameter in operation.parameters.iter().filter(|parameter| in_path(parameter.place)) {
            for bad in ["..", ""] {
                let request = client.operation(operation.id).unwrap().parameter(parameter.name, bad);
                let request = if operation.body { request.body(json!({})) } else { request };
                let error = request.send().await.expect_err(operation.id);
                assert_eq!(
                    error.kind(),
                    ErrorKind::Invalid,
                    "{} {}: {error:?}",
                    operation.id,
                    parameter.name
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "only {tried} were tried");
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test]
async fn silence_ends_as_a_timeout_and_for_a_create_as_ambiguous() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    for builder in [
        client_of(&url).read_timeout(Duration::from_millis(80)).retry(RetryPolicy::never()),
        // Long enough for a connection on a busy machine: before that, nothing has been sent.
        client_of(&url).call_timeout(Duration::from_secs(2)),
    ] {
        let keys = Credentials::token(Secret::from(TOKEN), None);
        let tasks = builder.credentials(keys).build().unwrap().oms().tasks();
        let error = tokio::time::timeout(PATIENCE, tasks.show(1)).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        assert!(error.is_timeout() && error.to_string().contains("limit"), "{error}");
        let request = copy("", json!({})).unwrap();
        let error = tokio::time::timeout(PATIENCE, tasks.create(&request)).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error:?}");
    }
}

#[tokio::test]
async fn slow_drip_ends_at_the_deadline_of_the_call() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let client = sandbox.client().unwrap();
    let id = client.oms().tasks().create(&copy("", json!({})).unwrap()).await.unwrap().id;
    // About a thousand bytes: each comes well within any limit on silence, all of them take minutes.
    sandbox
        .emulator
        .faults()
        .push(Fault::new(FaultKind::SlowDrip { milliseconds: 200 }).on("ShowTask").forever());
    let tasks = client.oms().call_deadline(Duration::from_millis(500)).tasks();
    let error = tokio::time::timeout(PATIENCE, tasks.show(id)).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
}

#[tokio::test]
async fn throttled_call_keeps_code_message_and_request_id() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client_of(sandbox.emulator.url()).build().unwrap();
    client.login().await.unwrap();
    let throttle = FaultKind::Throttle { limit: 100, window_seconds: 60, retry_after: None };
    sandbox.emulator.faults().push(Fault::new(throttle).on("ListTasks").forever());
    let once = client.oms().call_retry(RetryPolicy::never()).tasks().list().page(0).await.unwrap_err();
    assert_eq!(once.attempts(), 1);
    // The window of a minute does not fit into the call's limit: it ends as what it is, not as a timeout.
    let client = client_of(sandbox.emulator.url()).call_timeout(Duration::from_millis(400)).build().unwrap();
    let in_time =
        tokio::time::timeout(PATIENCE, client.oms().tasks().list().page(0)).await.unwrap().unwrap_err();
    for error in [once, in_time] {
        assert_eq!(error.kind(), ErrorKind::Throttled, "{error:?}");
        assert_eq!(error.status(), Some(429));
        assert_eq!(error.code(), Some("APIGW.0308"));
        assert!(error.message().contains("limit:100,time:1 minute"), "{error}");
        let id = error.request_id().unwrap();
        assert!(sandbox.emulator.journal().iter().any(|entry| entry.request_id == id), "{id}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn unreachable_endpoint_names_the_host_and_the_way_out() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = client_of(&url).build().unwrap().login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    assert!(error.chain().contains(url.trim_start_matches("http://")), "{}", error.chain());
    assert!(error.advice().is_some_and(|advice| advice.contains("endpoint")), "{error:?}");
}

#[tokio::test]
async fn plain_http_beyond_loopback_is_refused_unless_allowed() {
    let endpoint = "http://192.0.2.1:80";
    let error = client_of(endpoint).build().err();
    let error = match error {
        Some(error) => error,
        None => client_of(endpoint).build().unwrap().login().await.unwrap_err(),
    };
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
}
