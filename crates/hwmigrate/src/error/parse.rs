//! From a refused answer to an error.
//!
//! The services and the gateway in front of them use five shapes of error
//! body, and sometimes answer with a page of HTML. Whatever comes, the status,
//! the server's code and words, and the request id reach the caller.

use http::{HeaderMap, HeaderName};
use hwmigrate_api::ErrorResp;
use serde::Deserialize as _;
use serde_json::Value;

use crate::catalogue::{self, Retry};
use crate::error::scrub::Scrub;
use crate::error::{Error, ErrorKind, MESSAGE_LIMIT};

// Parsed once: they are looked up for every answer.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static IAM_TRACE_ID: HeaderName = HeaderName::from_static("x-iam-trace-id");

/// What the body of a refusal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    /// What belongs into the gaps of the message.
    pub(crate) arguments: Vec<String>,
}

/// Reads every shape that the services use; see [`ErrorResp`]. `None`: not
/// JSON, or none of them. What a service encodes about a denied permission
/// stays unread: nobody but IAM can decode it, and it tells who was denied what.
pub(crate) fn read_body(body: &[u8]) -> Option<Said> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let above = ["request_id", "requestId"].iter().find_map(|name| body.get(*name)?.as_str());
    let above = above.map(str::to_owned);
    let error = ErrorResp::deserialize(body).ok()?;
    // Keystone repeats the HTTP status as a number; that is no code of its own.
    let code = error.error_code.filter(|code| !code.is_empty() && code.parse::<u16>().is_err());
    let mut message = error.error_msg.filter(|message| !message.is_empty());
    for detail in error.details {
        let words =
            [detail.error_code, detail.error_msg].into_iter().flatten().filter(|word| !word.is_empty());
        let words = words.collect::<Vec<_>>().join(": ");
        if !words.is_empty() {
            message = Some(message.map_or_else(|| words.clone(), |message| format!("{message}; {words}")));
        }
    }
    if code.is_none() && message.is_none() {
        return None;
    }
    let request_id = error.request_id.or(above);
    Some(Said { code, message, request_id, arguments: error.error_param })
}

/// Puts values into the gaps (`%s`) of a message, and those without a gap behind it.
pub(crate) fn fill(message: &str, values: &[String]) -> String {
    let mut values = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty());
    let mut pieces = message.trim().split("%s");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // What stands in for a gap is not searched for gaps again.
        filled.push_str(values.next().unwrap_or("%s"));
        filled.push_str(piece);
    }
    let rest: Vec<&str> = values.filter(|value| !filled.contains(value)).collect();
    if rest.is_empty() { filled } else { format!("{filled} ({})", rest.join(", ")) }
}

/// The id that the service gave the request, from the headers.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    [&REQUEST_ID, &IAM_TRACE_ID]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok().filter(|id| !id.is_empty()).map(str::to_owned))
}

/// Makes the error of an answer with a status other than success.
pub(crate) fn refusal(status: u16, headers: &HeaderMap, body: &[u8], scrub: &Scrub) -> Error {
    let said = read_body(body);
    let speaks = said.is_some();
    let said = said.unwrap_or_default();
    let code = said.code.map(|code| truncate(scrub.clean(&code), 64));
    let (kind, retryable) = classify(status, code.as_deref(), speaks);
    let message = match said.message {
        Some(message) => truncate(scrub.clean(&fill(&message, &said.arguments)), MESSAGE_LIMIT),
        None if (300..400).contains(&status) => redirect_message(headers, scrub),
        None if speaks => "the service gave a code and no words".to_owned(),
        None => foreign_message(status, headers, body, scrub),
    };
    let id = request_id(headers).or(said.request_id).map(|id| truncate(scrub.clean(&id), 128));
    let mut error =
        Error::new(kind, message).with_status(status).with_retryable(retryable).with_request_id(id);
    if let Some(code) = code {
        error = error.with_code(code);
    }
    match status {
        418 => error
            .with_advice("the service has blocked this network address; ask its support to lift the block"),
        300..400 => error.with_advice(
            "redirects are never followed, because they would carry the credentials along; \
             set the endpoint to the address that really serves the API",
        ),
        _ => error,
    }
}

/// What happened, and whether the same request may succeed later. The code
/// decides before the status.
fn classify(status: u16, code: Option<&str>, speaks: bool) -> (ErrorKind, bool) {
    let entry = code.and_then(catalogue::find);
    let retryable = match entry.map(|entry| entry.retry) {
        Some(Retry::Backoff | Retry::Later) => true,
        Some(Retry::State | Retry::Account) => false,
        // A gateway code such as APIGW.0201 stands for several statuses.
        Some(Retry::Never) | None => matches!(status, 408 | 429 | 500 | 502..=504),
    };
    let kind = entry.and_then(|entry| entry.kind).unwrap_or_else(|| kind_of_status(status, code, speaks));
    (kind, retryable || kind == ErrorKind::Throttled)
}

fn kind_of_status(status: u16, code: Option<&str>, speaks: bool) -> ErrorKind {
    match status {
        401 | 403 | 407 | 418 => ErrorKind::Auth,
        // Only the service itself can say that a thing is not there; a page of
        // some web server means that the endpoint is wrong.
        404 | 410 if speaks => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::Throttled,
        // OMS gives 400 to everything, so 400 with a code we do not know says little.
        400 if code.is_some() => ErrorKind::Api,
        400 | 405 | 406 | 411 | 413..=415 | 422 | 431 | 494 if speaks => ErrorKind::Invalid,
        _ => ErrorKind::Api,
    }
}

fn redirect_message(headers: &HeaderMap, scrub: &Scrub) -> String {
    let place = headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok());
    // The query of a location may carry tokens of single sign-on pages.
    match place.and_then(|place| place.split(['?', '#']).next()) {
        Some(place) => {
            format!("the endpoint redirects to {}", truncate(scrub.clean(&without_user(place)), 200))
        }
        None => "the endpoint redirects elsewhere".to_owned(),
    }
}

/// An address without the user and password that may stand before its host.
fn without_user(address: &str) -> String {
    let start = address.find("//").map_or(0, |at| at + 2);
    let (scheme, rest) = address.split_at(start);
    let host = rest.split('/').next().unwrap_or_default();
    match host.rfind('@') {
        Some(at) => format!("{scheme}{}", &rest[at + 1..]),
        None => address.to_owned(),
    }
}

fn foreign_message(status: u16, headers: &HeaderMap, body: &[u8], scrub: &Scrub) -> String {
    let start: String = String::from_utf8_lossy(&body[..body.len().min(2048)])
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if start.is_empty() {
        let words = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        return words.map_or_else(|| "the answer has no body".to_owned(), str::to_lowercase);
    }
    let content_type =
        headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("no content type");
    // A page says what stands in the way. Data may hold what the caller asked for: a password, a key.
    let shown = match start.starts_with(['{', '[', '"']) {
        true => "JSON without an error in it, not shown since it may hold secrets".to_owned(),
        false => truncate(scrub.clean(&start), 200),
    };
    format!("the answer is not one of the service ({}): {shown}", truncate(content_type.to_owned(), 60))
}

/// Shortens a text to that many characters, and says so.
pub(crate) fn truncate(mut text: String, limit: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(limit) {
        text.truncate(at);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn said(body: &str) -> (Option<String>, Option<String>, Option<String>) {
        let said = read_body(body.as_bytes()).unwrap_or_default();
        (said.code, said.message, said.request_id)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_documented_shape_is_read() {
        let rows = [
            (r#"{"error_code":"OMS.0077","error_msg":"quota"}"#, some("OMS.0077"), some("quota"), None),
            (r#"{"errorCode":"X.1","errorMsg":"m"}"#, some("X.1"), some("m"), None),
            (r#"{"code":"X.2","message":"m"}"#, some("X.2"), some("m"), None),
            (r#"{"error":{"code":401,"message":"wrong","title":"Unauthorized"}}"#, None, some("wrong"), None),
            (r#"{"error":{"error_code":"IAM.0062","error_msg":"w"}}"#, some("IAM.0062"), some("w"), None),
            (
                r#"{"error_msg":"m","error_code":"APIGW.0301","request_id":"r1"}"#,
                some("APIGW.0301"),
                some("m"),
                some("r1"),
            ),
            (r#"{"error_code":"A.1","encoded_authorization_message":"zzz"}"#, some("A.1"), None, None),
            (
                r#"{"request_id":"r2","data":{"code":"B.1","message":"m"}}"#,
                some("B.1"),
                some("m"),
                some("r2"),
            ),
        ];
        for (body, code, message, id) in rows {
            assert_eq!(said(body), (code, message, id), "{body}");
        }
        for body in
            ["", "<html>", "[]", "null", "{}", r#"{"error":"text"}"#, r#"{"count":1}"#, "{\"error_code\""]
        {
            assert!(read_body(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn arguments_and_nested_errors_become_part_of_the_message() {
        let rows = [
            (
                r#"{"error_code":"SMS.0204","error_msg":"No %s on %s, %s.","error_param":["list","%s"]}"#,
                "No list on %s, %s.",
            ),
            (
                r#"{"error_code":"SMS.0204","error_msg":"No right.","error_param":["a","","b"]}"#,
                "No right. (a, b)",
            ),
            (
                r#"{"error_msg":"failed","details":[{"error_code":"SMS.6531","error_msg":"no disk"},{"error_msg":"x"}]}"#,
                "failed; SMS.6531: no disk; x",
            ),
            (
                r#"{"error_code":"SMS.0001","error_param":null,"details":[{"error_code":"SMS.6531"}]}"#,
                "SMS.6531",
            ),
            (r#"{"error_code":"SMS.0001"}"#, "the service gave a code and no words"),
        ];
        for (body, message) in rows {
            let error = refusal(400, &HeaderMap::new(), body.as_bytes(), &Scrub::default());
            assert_eq!(error.message(), message, "{body}");
        }
    }

    #[test]
    fn encoded_detail_of_a_denial_is_not_shown() {
        let bodies = [
            r#"{"error_code":"SMS.2002","encoded_authorization_message":"canary"}"#,
            r#"{"error_code":"SMS.2002","error_msg":"denied","encoded_authorization_message":"canary"}"#,
            r#"{"error_msg":"denied","details":[],"encoded_authorization_message":"canary"}"#,
        ];
        for body in bodies {
            let error = refusal(403, &HeaderMap::new(), body.as_bytes(), &Scrub::default());
            assert!(!error.chain().contains("canary") && !format!("{error:?}").contains("canary"), "{error}");
            assert_eq!(error.kind(), ErrorKind::Auth);
        }
    }

    #[test]
    fn the_code_decides_before_the_status() {
        let rows = [
            (400, Some("OMS.1009"), true, ErrorKind::NotFound, false),
            (400, Some("OMS.0077"), true, ErrorKind::Quota, true),
            (400, Some("OMS.0063"), true, ErrorKind::Conflict, false),
            (400, Some("OMS.0001"), true, ErrorKind::Invalid, false),
            (400, Some("OMS.0152"), true, ErrorKind::Api, true),
            (400, Some("OMS.9999"), true, ErrorKind::Api, false),
            (400, None, true, ErrorKind::Invalid, false),
            (400, Some("OMS.1005"), true, ErrorKind::Auth, false),
            (401, Some("APIG.0301"), true, ErrorKind::Auth, false),
            (429, Some("APIGW.0308"), true, ErrorKind::Throttled, true),
            (429, None, false, ErrorKind::Throttled, true),
            (502, None, false, ErrorKind::Api, true),
            (504, Some("APIGW.0201"), true, ErrorKind::Api, true),
            (413, Some("APIGW.0201"), true, ErrorKind::Invalid, false),
            (404, None, true, ErrorKind::NotFound, false),
            (404, None, false, ErrorKind::Api, false),
            (403, None, false, ErrorKind::Auth, false),
            (409, None, true, ErrorKind::Conflict, false),
            (418, None, false, ErrorKind::Auth, false),
            (501, None, true, ErrorKind::Api, false),
        ];
        for (status, code, speaks, kind, retryable) in rows {
            assert_eq!(classify(status, code, speaks), (kind, retryable), "{status} {code:?}");
        }
    }

    #[test]
    fn a_page_of_html_keeps_status_and_request_id() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "text/html".parse().unwrap());
        headers.insert("x-request-id", "req-7".parse().unwrap());
        let error = refusal(502, &headers, b"<html>\n  <h1>Bad Gateway</h1></html>", &Scrub::default());
        assert_eq!(error.status(), Some(502));
        assert_eq!(error.request_id(), Some("req-7"));
        assert!(error.to_string().contains("text/html"), "{error}");
        assert!(error.is_retryable());
    }

    #[test]
    fn a_redirect_names_the_place_without_its_query() {
        let mut headers = HeaderMap::new();
        headers.insert("location", "https://me:abc@login.example/page?token=abc".parse().unwrap());
        let error = refusal(302, &headers, b"", &Scrub::default());
        assert!(error.to_string().contains("https://login.example/page"), "{error}");
        assert!(!error.to_string().contains("abc"), "{error}");
        assert!(!error.is_retryable());
    }

    #[test]
    fn data_that_is_no_error_is_not_quoted() {
        for body in [r#"{"passphrase": "made-up"}"#, r#" {"passphrase": "made-up"#, r#"["made-up"]"#] {
            let error = refusal(400, &HeaderMap::new(), body.as_bytes(), &Scrub::default());
            let text = error.to_string();
            assert!(text.contains("not shown") && !text.contains("made-up"), "{text}");
        }
    }

    #[test]
    fn echoed_secrets_and_endless_texts_are_cut() {
        let scrub = Scrub::new(["made-up-secret"]);
        let body =
            format!(r#"{{"error_code":"OMS.0001","error_msg":"bad made-up-secret {}"}}"#, "x".repeat(5000));
        let error = refusal(400, &HeaderMap::new(), body.as_bytes(), &scrub);
        assert!(!error.message().contains("made-up-secret"));
        assert!(error.message().chars().count() <= MESSAGE_LIMIT + 1);
        assert!(error.message().ends_with('…'));
    }
}
