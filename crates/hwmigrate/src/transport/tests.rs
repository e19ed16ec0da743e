//! The transport on a scripted network and a paused clock.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::Ordering;
use std::time::Duration;

use hwmigrate_api::Request;
use tokio::time::Instant;

use crate::error::ErrorKind;
use crate::transport::Auth;
use crate::transport::script::{
    BUSY, CREATE, LIMITED, Network, REFUSED, Reply, SHOW, call, call_within, keys, password,
};
use crate::transport::wire::Stage;

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
        Reply::Cut(502),
        Reply::Status(502, &[], "<html>"),
        Reply::Status(504, &[], r#"{"error_code":"APIGW.0201","error_msg":"Backend timeout"}"#),
        Reply::Status(500, &[], r#"{"error_code":"OMS.1001","error_msg":"internal"}"#),
        Reply::Status(500, &[], r#"{"error_code":"OMS.x","error_msg":"a code of tomorrow"}"#),
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
    // A code that is known for a refusal settles it, whatever the status.
    let said_no = Network::of([Reply::Status(500, &[], r#"{"error_code":"OMS.0077","error_msg":"quota"}"#)]);
    let error = call(&said_no.client("said-no", password()), CREATE).await.unwrap_err();
    assert_eq!((error.kind(), said_no.sent()), (ErrorKind::Quota, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_counts_although_its_words_are_cut_off() {
    for status in [401, 429] {
        let network = Network::of([Reply::Cut(status)]);
        let client = network.client(&format!("cut-{status}"), password());
        assert_eq!(call(&client, CREATE).await.unwrap().attempts, 2, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_timed_out_is_ambiguous_and_a_timeout() {
    let network = Network::of([Reply::Hang]);
    let error = call(&network.client("timed-out", password()), CREATE).await.unwrap_err();
    assert!(error.is_ambiguous() && error.is_timeout(), "{}", error.chain());
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_time_is_up_before_it_left_is_a_timeout_alone() {
    let network = Network::of([Reply::Connecting(Duration::from_secs(30))]);
    let client = network.client("connecting", password());
    let error = call_within(&client, CREATE, Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{}", error.chain());
    assert!(!error.is_ambiguous() && !error.chain().contains("may or may not"), "{}", error.chain());
}

#[tokio::test(start_paused = true)]
async fn endless_limits_are_limits_that_never_pass() {
    let network = Network::of([Reply::Status(503, &[], "")]);
    let client = network.client("endless", password());
    call_within(&client, SHOW, Duration::MAX).await.unwrap();
    assert_eq!(network.sent(), 2);
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
async fn a_window_is_kept_although_less_patience_was_asked_for() {
    let hasty = Reply::Status(
        429,
        &[("retry-after", "0")],
        r#"{"error_code":"APIGW.0308","error_msg":"policy user over ratelimit,limit:5,time:1 minute"}"#,
    );
    let network = Network::of([hasty.clone(), hasty]);
    let client = network.client("hasty", password());
    call_within(&client, SHOW, Duration::from_secs(600)).await.unwrap();
    let times = network.times();
    assert_eq!(times.len(), 3);
    assert!(
        times[2] - times[1] >= Duration::from_secs(60),
        "the second refusal shows that zero was too short"
    );
}

#[tokio::test(start_paused = true)]
async fn only_an_attempt_without_a_reply_may_have_been_carried_out() {
    let gone = Reply::Status(400, &[], r#"{"error_code":"OMS.1009"}"#);
    let rows = [(LIMITED, false), (REFUSED, false), (Reply::Fault(Stage::Connecting, true), false)];
    let lost = [Reply::Fault(Stage::Sent, false), Reply::Cut(200), Reply::Status(502, &[], "<html>")];
    for (number, (first, may)) in rows.into_iter().chain(lost.map(|reply| (reply, true))).enumerate() {
        let network = Network::of([first, gone.clone()]);
        let client = network.client(&format!("carried-{number}"), password());
        let error = call(&client, SHOW).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2), "{number}");
        assert_eq!(error.follows_lost_reply(), may, "{number}");
    }
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
async fn a_date_in_another_century_blocks_nothing_for_good() {
    let network =
        Network::of([Reply::Status(429, &[("retry-after", "Sat, 21 Nov 2126 12:00:00 GMT")], "{}")]);
    call_within(&network.client("century", password()), SHOW, Duration::from_secs(100_000)).await.unwrap();
    let times = network.times();
    assert!(times[1] - times[0] <= Duration::from_secs(86_400));
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
    let request = Request::new(SHOW, &[&"p", &".."]);
    let error = client.execute(&request, client.limits(None, None), Auth::Client).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Invalid, Some("ShowTask")));
    assert_eq!((network.sent(), network.logins.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_carries_no_header_but_what_it_needs() {
    let network = Network::of([]);
    let client = network.client("headers", password());
    call(&client, SHOW).await.unwrap();
    let seen = network.seen.lock().unwrap();
    let mut names: Vec<_> = seen[0].headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "user-agent", "x-auth-token"]);
    assert!(seen[0].headers["x-auth-token"].is_sensitive());
}
