//! The error body of all services.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// What a service, or the gateway before it, says about an error.
///
/// Reads every shape that is in use: `error_code` and `error_msg`, `errorCode`
/// and `errorMsg`, `code` and `message`, at the top or one level down, as in
/// Keystone's `{"error": {"code": 401, "message": "…"}}`.
///
/// ```
/// use hwmigrate_api::ErrorResp;
///
/// let error: ErrorResp = serde_json::from_str(r#"{"error": {"code": 401, "message": "no"}}"#).unwrap();
/// assert_eq!(error.error_code.as_deref(), Some("401"));
/// assert_eq!(error.error_msg.as_deref(), Some("no"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorResp {
    /// The code, such as `OMS.1009`, `APIGW.0301`, or the HTTP status in Keystone's errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// A text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_msg: Option<String>,
    /// The id of the request, where the body names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Details of a refusal, encoded for the identity service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded_authorization_message: Option<String>,
    /// Arguments that the text of the code asks for, in SMS's errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error_param: Vec<String>,
    /// The errors below this one, in SMS's errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ErrorDetail>,
}

/// An error below another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// A text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_msg: Option<String>,
}

impl ErrorResp {
    /// Reads the body of an error answer, which may be anything.
    ///
    /// A body that is not a JSON object gives no code, and a text that says
    /// what came instead, without quoting it.
    pub fn from_body(body: &[u8], content_type: Option<&str>) -> Self {
        if let Ok(error) = serde_json::from_slice(body) {
            return error;
        }
        let what = match (body.len(), content_type) {
            (0, _) => "the answer has no body".to_owned(),
            (size, Some(kind)) => format!("the answer is not a JSON object but {size} bytes of {kind}"),
            (size, None) => format!("the answer is not a JSON object but {size} bytes of no stated kind"),
        };
        Self { error_msg: Some(what), ..Self::default() }
    }

    fn from_members(members: &Map<String, Value>) -> Option<Self> {
        let list = |name: &str| members.get(name).and_then(Value::as_array).into_iter().flatten();
        let error = Self {
            error_code: text(members, CODE),
            error_msg: text(members, MESSAGE),
            request_id: text(members, &["request_id", "requestId"]),
            encoded_authorization_message: text(members, &["encoded_authorization_message"]),
            error_param: list("error_param").filter_map(plain).collect(),
            details: list("details")
                .filter_map(Value::as_object)
                .map(|detail| ErrorDetail {
                    error_code: text(detail, CODE),
                    error_msg: text(detail, MESSAGE),
                })
                .collect(),
        };
        (error.error_code.is_some() || error.error_msg.is_some()).then_some(error)
    }
}

/// The names of a code, and of a text.
const CODE: &[&str] = &["error_code", "errorCode", "code"];
const MESSAGE: &[&str] = &["error_msg", "errorMsg", "message"];

/// The first of some members that is text or a number.
fn text(members: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| plain(members.get(*name)?))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for ErrorResp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Map::deserialize(deserializer)?;
        let below = || members.values().filter_map(Value::as_object).find_map(Self::from_members);
        Ok(Self::from_members(&members).or_else(below).unwrap_or_default())
    }
}
