//! Answers, before they become bytes.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use serde_json::{Value, json};

use super::call::{ApiError, Reply};

/// An answer that can still be changed.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Body,
}

/// What an answer carries.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Html(&'static str),
    /// A file of no particular type.
    File(Vec<u8>),
    /// Text that claims to be JSON.
    BrokenJson(String),
}

impl Answer {
    /// An answer in JSON.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    /// A success.
    pub(crate) fn success(reply: Reply) -> Self {
        match reply {
            Reply::Json(Value::Null) => Self { status: 200, headers: Vec::new(), body: Body::Empty },
            Reply::Json(body) => Self::json(200, body),
            Reply::File(bytes) => Self { status: 200, headers: Vec::new(), body: Body::File(bytes) },
        }
    }

    /// An error with code and message, as services and gateway send it.
    pub(crate) fn error(error: &ApiError, request_id: &str) -> Self {
        let mut body = json!({ "error_code": error.code, "error_msg": error.message });
        if error.code.starts_with("APIGW.") {
            body["request_id"] = json!(request_id);
        }
        if error.status == 403 && error.code.starts_with("SMS.") {
            // The one status whose body is documented in full.
            body["encoded_authorization_message"] = json!("");
            body["error_param"] = json!([""]);
            body["details"] = json!([{ "error_code": error.code, "error_msg": error.message }]);
        }
        Self::json(error.status, body)
    }

    /// A page, as a proxy sends it.
    pub(crate) fn bad_gateway() -> Self {
        const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
             <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
        Self { status: 502, headers: Vec::new(), body: Body::Html(PAGE) }
    }

    /// 302 to another address.
    pub(crate) fn redirect(location: &str) -> Self {
        let headers = HeaderValue::from_str(location).map(|value| vec![(LOCATION, value)]);
        Self { status: 302, headers: headers.unwrap_or_default(), body: Body::Empty }
    }

    /// Adds the number of seconds after which to come back, if there is one.
    pub(crate) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.headers.extend(seconds.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.push((HeaderName::from_static(name), value));
        self
    }

    /// Whether it says yes.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The bytes of the body, and the header that says what they are.
    pub(crate) fn bytes(&self) -> (Vec<u8>, Option<(HeaderName, HeaderValue)>) {
        let json = || Some((CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8")));
        match &self.body {
            Body::Empty => (Vec::new(), None),
            Body::Json(value) => (value.to_string().into_bytes(), json()),
            Body::BrokenJson(text) => (text.clone().into_bytes(), json()),
            Body::File(bytes) => {
                (bytes.clone(), Some((CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))))
            }
            Body::Html(text) => {
                (text.as_bytes().to_vec(), Some((CONTENT_TYPE, HeaderValue::from_static("text/html"))))
            }
        }
    }
}
