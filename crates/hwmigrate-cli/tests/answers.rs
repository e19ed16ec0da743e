//! Answers that no service should give, and what the program makes of them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{PROJECT, REGION, Ran, hwmigrate, run, serve};

fn show(answer: &'static [u8]) -> Ran {
    let url = serve(answer);
    run(hwmigrate([
        "oms",
        "task",
        "show",
        "7",
        "--region",
        REGION,
        "--project-id",
        PROJECT,
        "--timeout",
        "30s",
    ])
    .args(["--oms-endpoint", &url, "--auth-token", "env:T"])
    .env("T", "canary-token-7f3a"))
}

#[test]
fn malformed_answers_are_errors_of_their_own_kind() {
    let cases: [&[u8]; 5] = [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\nConnection: close\r\n\r\n<html>please log in</html>\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{\"id\": 7,",
    ];
    for answer in cases {
        show(answer).refused(11, "ShowTask");
    }
}

#[test]
fn a_cut_answer_is_a_broken_connection() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\nConnection: close\r\n\r\n{\"id\": 7";
    let ran = show(answer);
    assert!([9, 11].contains(&ran.code), "{ran}");
    assert!(ran.err.contains("help: "), "{ran}");
}

#[test]
fn a_redirect_is_refused_and_carries_no_token_away() {
    let ran = show(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert!(ran.code != 0 && ran.err.contains("302"), "{ran}");
    assert!(!format!("{ran}").contains("canary"), "{ran}");
}

#[test]
fn throttling_keeps_the_words_of_the_server() {
    let answer = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nX-Request-Id: r-17\r\nContent-Length: 72\r\nConnection: close\r\n\r\n{\"error_code\":\"APIGW.0308\",\"error_msg\":\"The throttling threshold is 1.\"}";
    let url = serve(answer);
    let ran = run(hwmigrate([
        "oms",
        "task",
        "show",
        "7",
        "--region",
        REGION,
        "--project-id",
        PROJECT,
        "--timeout",
        "3s",
    ])
    .args(["--oms-endpoint", &url, "--auth-token", "env:T", "-o", "json"])
    .env("T", "t"));
    assert!([8, 10].contains(&ran.code), "{ran}");
    assert!(ran.err.contains("APIGW.0308") && ran.err.contains("r-17"), "{ran}");
}
