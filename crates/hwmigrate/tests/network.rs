//! What can go wrong between client and service, on real sockets.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use hwmigrate::{Client, Credentials, Environment, ErrorKind, RetryPolicy, Secret, Service};
use support::{Server, Step, answer, create, json, raw, show};

const TASK: &str = r#"{"id":17,"status":2}"#;

#[tokio::test]
async fn a_call_sends_what_the_documents_ask_for_and_nothing_else() {
    let server = Server::always(json(TASK)).await;
    let answer = show(&server.client()).await.unwrap();
    assert_eq!((answer.status, answer.request_id.as_deref()), (200, Some("req-1")));
    assert_eq!(answer.body.unwrap()["id"], 17);
    let asked = server.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].target.as_str()), ("GET", "/v2/p1/tasks/17"));
    assert_eq!(asked[0].header("x-auth-token"), Some("canary-token"));
    assert_eq!(asked[0].header("user-agent"), Some(concat!("hwmigrate/", env!("CARGO_PKG_VERSION"))));
    let mut names: Vec<_> = asked[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "user-agent", "x-auth-token"]);
}

#[tokio::test]
async fn the_generated_client_goes_the_same_way() {
    let server = Server::start(|asked, _| match asked.path() {
        "/v2/p1/tasks/17" => json(TASK),
        _ => answer(400, &[("x-request-id", "req-2")], r#"{"error_code":"OMS.1009","error_msg":"gone"}"#),
    })
    .await;
    let client = server.client();
    let api = client.oms().api().unwrap();
    assert_eq!(api.show_task("p1", 17).await.unwrap().id, Some(17));
    let error = hwmigrate::Error::from_generated(api.show_task("p1", 18).await.unwrap_err());
    assert!(error.is_not_found());
    assert_eq!((error.status(), error.request_id(), error.attempts()), (Some(400), Some("req-2"), 1));
    assert_eq!(error.operation(), Some("ShowTask"));
}

#[tokio::test]
async fn a_cut_body_is_an_error_with_status_and_request_id() {
    let head = "HTTP/1.1 200 OK\r\nx-request-id: req-cut\r\n";
    let cuts = [
        vec![raw(&format!("{head}content-length: 100\r\n\r\n{{\"id\":1")), Step::Close],
        vec![raw(&format!("{head}content-length: 100\r\n\r\n{{\"id\":1")), Step::Reset],
        vec![raw(&format!("{head}transfer-encoding: chunked\r\n\r\n7\r\n{{\"id\":1\r\n")), Step::Close],
    ];
    for steps in cuts {
        let server = Server::always(steps).await;
        let error = show(&server.client()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)), "{}", error.chain());
        assert_eq!(error.request_id(), Some("req-cut"));
        let error = create(&server.client()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
    }
    // The end of the connection is the end of the body: only the JSON tells.
    let server = Server::always(vec![raw(&format!("{head}\r\n{{\"id\":1")), Step::Close]).await;
    let error = show(&server.client()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)));
    let typed = server.client().oms().tasks().show(17).await.unwrap_err();
    assert_eq!(
        (typed.kind(), typed.status(), typed.request_id()),
        (ErrorKind::Decode, Some(200), Some("req-cut"))
    );
}

#[tokio::test]
async fn a_cut_body_of_a_read_is_fetched_again() {
    let server = Server::start(|_, number| match number {
        0 => vec![raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), Step::Close],
        _ => json(TASK),
    })
    .await;
    show(&server.builder().build().unwrap()).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_slow_drip_ends_at_the_deadline() {
    let mut steps = vec![raw("HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n{")];
    // It would last for an hour.
    steps.extend((0..72_000).flat_map(|_| [Step::Pause(Duration::from_millis(50)), raw(" ")]));
    let server = Server::always(steps).await;
    let client = server.builder().call_timeout(Duration::from_secs(2)).build().unwrap();
    let error = show(&client).await.unwrap_err();
    assert!(error.is_timeout(), "{}", error.chain());
    assert_eq!(create(&client).await.unwrap_err().kind(), ErrorKind::Ambiguous);
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server = Server::always(vec![Step::Hang]).await;
    let client = server
        .builder()
        .connect_timeout(Duration::from_millis(200))
        .read_timeout(Duration::from_millis(200))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = show(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1), "{}", error.chain());
    assert!(error.is_retryable());
}

#[tokio::test]
async fn an_unreachable_service_is_named_with_a_remedy() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::builder()
        .environment(Environment::empty())
        .endpoint(Service::Oms, format!("http://{free}"))
        .project_id("p1")
        .credentials(Credentials::token(Secret::from("t"), None))
        .retry(RetryPolicy::default().max_attempts(2).first_pause(Duration::from_millis(1)))
        .build()
        .unwrap();
    let error = create(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 2));
    assert!(error.to_string().contains(&free.to_string()), "{error}");
    assert!(error.advice().is_some());
    assert!(error.chain().contains("refused"), "{}", error.chain());
}

#[tokio::test]
async fn a_create_that_never_got_a_connection_may_not_have_been_made() {
    // It is called, and never says a word of TLS.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::builder()
        .environment(Environment::empty())
        .endpoint(Service::Oms, format!("https://{}", mute.local_addr().unwrap()))
        .project_id("p1")
        .credentials(Credentials::token(Secret::from("t"), None))
        .connect_timeout(Duration::from_secs(600))
        .call_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = create(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{}", error.chain());
    assert!(!error.is_ambiguous());
    // It is called, understands, and never answers.
    let server = Server::always(vec![Step::Hang]).await;
    let client = server.builder().call_timeout(Duration::from_secs(2)).build().unwrap();
    let error = create(&client).await.unwrap_err();
    assert!(error.is_ambiguous() && error.is_timeout(), "{}", error.chain());
}

#[tokio::test]
async fn a_reset_after_a_create_leaves_exactly_one_request() {
    for steps in [vec![Step::Reset], vec![Step::Close]] {
        let server = Server::always(steps).await;
        let client = server.builder().build().unwrap();
        let error = create(&client).await.unwrap_err();
        assert_eq!((error.kind(), server.asked().len()), (ErrorKind::Ambiguous, 1), "{}", error.chain());
    }
}

#[tokio::test]
async fn a_redirect_is_an_error_and_nobody_else_sees_the_token() {
    let thief = Server::always(json(TASK)).await;
    for status in [301, 302, 307, 308] {
        let location = format!("{}/v2/p1/tasks/17?token=canary", thief.url);
        let server = Server::start(move |_, _| answer(status, &[("location", &location)], "")).await;
        let error = show(&server.builder().build().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(status)));
        assert!(error.to_string().contains("redirects") && !error.chain().contains("canary"), "{error}");
        assert_eq!(server.asked().len(), 1);
    }
    assert!(thief.asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_is_refused() {
    let server =
        Server::always(vec![raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{"), Step::Hang])
            .await;
    let error = show(&server.client()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)));
    assert!(error.chain().contains("32 MiB"), "{}", error.chain());
}

#[tokio::test]
async fn a_page_in_place_of_an_answer_is_named_as_such() {
    let page = "<!DOCTYPE html>\n<title>Login to the hotel network</title>";
    let server = Server::always(answer(200, &[("content-type", "text/html")], page)).await;
    let error = show(&server.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("HTML"), "{error}");
    assert!(!error.chain().contains("hotel"), "a page may echo the request: {}", error.chain());
    let error = server.client().operation("StopTask").unwrap().parameter("task_id", "1").send().await;
    assert!(error.is_err(), "an operation without a result is no exception");
}

#[tokio::test]
async fn a_proxy_gets_the_request_unless_the_host_is_excepted() {
    let proxy = Server::always(json(TASK)).await;
    let direct = Server::always(json(TASK)).await;
    let variables = |pairs: &[(&str, &str)]| Environment::from_pairs(pairs.iter().copied());
    let far = |environment: Environment| {
        Client::builder()
            .environment(environment)
            .endpoint(Service::Oms, "http://oms.unreachable.test")
            .allow_plain_http(true)
            .project_id("p1")
            .credentials(Credentials::token(Secret::from("t"), None))
            .retry(RetryPolicy::never())
    };
    show(&far(variables(&[("http_proxy", &proxy.url)])).build().unwrap()).await.unwrap();
    show(&far(Environment::empty()).proxy(&proxy.url).build().unwrap()).await.unwrap();
    assert_eq!(proxy.asked().len(), 2);
    assert_eq!(proxy.asked()[0].target, "http://oms.unreachable.test/v2/p1/tasks/17");
    assert!(proxy.asked()[0].header("proxy-authorization").is_none());
    let excepted = variables(&[("http_proxy", &proxy.url), ("no_proxy", "unreachable.test")]);
    assert!(show(&far(excepted).build().unwrap()).await.is_err());
    // Loopback stays direct when the proxy comes from the environment.
    show(&direct.builder().environment(variables(&[("http_proxy", &proxy.url)])).build().unwrap())
        .await
        .unwrap();
    assert_eq!((proxy.asked().len(), direct.asked().len()), (2, 1));
    // A password in the proxy's address is for the proxy and for nobody else.
    let with_password = proxy.url.replace("http://", "http://user:canary-pass@");
    let client = far(Environment::empty()).proxy(&with_password).build().unwrap();
    show(&client).await.unwrap();
    let asked = proxy.asked().pop().unwrap();
    assert_eq!(asked.header("proxy-authorization"), Some("Basic dXNlcjpjYW5hcnktcGFzcw=="));
    assert_eq!(asked.header("host"), Some("oms.unreachable.test"));
    assert!(!format!("{client:?}").contains("canary"));
    // One that cannot be reached is named, since the service is not at fault.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = far(Environment::empty()).proxy(format!("http://user:canary-pass@{free}")).build().unwrap();
    let words = show(&client).await.unwrap_err().chain();
    assert!(words.contains(&format!("through the proxy {free}")) && !words.contains("canary"), "{words}");
    for wrong in ["ftp://h", "http://", "socks5://h:1"] {
        let error = match far(Environment::empty()).proxy(wrong).build() {
            Ok(client) => show(&client).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::Config, "{wrong}: {error}");
    }
}

#[tokio::test]
async fn headers_of_an_answer_are_within_reach() {
    let server = Server::always(answer(200, &[("x-request-id", "r-7"), ("etag", "canary")], TASK)).await;
    let task = server.client().oms().tasks().show(17).await.unwrap();
    assert_eq!(
        (task.request_id.as_deref(), task.header("ETag"), task.header("absent")),
        (Some("r-7"), Some("canary"), None)
    );
    assert!(!format!("{task:?}").contains("canary"));
    assert_eq!(task.map(|_| ()).header("etag"), Some("canary"));
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    let server = Server::start(|_, _| {
        let mut steps = json(TASK);
        steps.push(Step::Pause(Duration::from_millis(20)));
        steps.push(Step::Close);
        steps
    })
    .await;
    let client = server.builder().build().unwrap();
    for _ in 0..5 {
        show(&client).await.unwrap();
    }
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_connections_are_made_than_calls_are_under_way() {
    let server = Server::always(json(TASK)).await;
    let client = server.client();
    let callers = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            for _ in 0..200 {
                show(&client).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let (calls, connections) = (server.asked().len(), server.connections());
    assert!((1..=8).contains(&connections), "{connections} connections for 8 callers and {calls} calls");
}

#[tokio::test]
async fn connections_that_the_service_ends_each_time_cost_no_pause() {
    let server = Server::start(|_, _| {
        let mut steps = answer(200, &[("content-type", "application/json"), ("connection", "close")], TASK);
        steps.push(Step::Close);
        steps
    })
    .await;
    let client = server.client();
    let calls = async {
        for _ in 0..200 {
            show(&client).await.unwrap();
        }
    };
    // Waiting in vain for a connection that has ended would cost a tenth of a second each time.
    tokio::time::timeout(Duration::from_secs(10), calls).await.unwrap();
    assert_eq!(server.connections(), 200);
}

#[cfg(feature = "sms")]
#[tokio::test]
async fn a_file_is_handed_on_while_it_arrives_and_a_cut_one_says_so() {
    use futures_util::TryStreamExt as _;

    let head = "HTTP/1.1 200 OK\r\nx-request-id: req-file\r\ntransfer-encoding: chunked\r\n\r\n";
    let first = raw(&format!("{head}5\r\nfirst\r\n"));
    let server = Server::always(vec![first.clone(), Step::Hang]).await;
    let tasks = server.client().sms().tasks();
    let answer = tasks.export_consistency(["t"]).await.unwrap();
    assert_eq!((answer.status, answer.request_id.as_deref()), (200, Some("req-file")));
    let mut file = answer.into_inner();
    assert_eq!(file.try_next().await.unwrap().unwrap(), "first", "before the rest is there");
    drop(file);

    let server = Server::always(vec![first.clone(), raw("4\r\nrest\r\n0\r\n\r\n")]).await;
    let file = server.client().sms().tasks().export_consistency(["t"]).await.unwrap().into_inner();
    assert_eq!(file.bytes().await.unwrap(), b"firstrest");

    let server = Server::always(vec![first, Step::Close]).await;
    let file = server.client().sms().tasks().export_consistency(["t"]).await.unwrap().into_inner();
    let error = file.bytes().await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Transport, Some("ExportConsistencyResults")));
    assert!(error.to_string().contains("broke off"), "{}", error.chain());
}
