//! From an answer to a value or an error.
//!
//! Used by the generated code in place of progenitor's own decoding, which
//! takes an empty array for an object full of nothing and loses the status of
//! an error whose body is not JSON.

use progenitor_client::{Error, ResponseValue};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::de::{DeserializeOwned, Error as _};

use crate::{ErrorResp, lenient};

/// Decodes a success that is an object.
///
/// An object without a single member that the document knows is an error: it
/// would come out as a value full of nothing.
pub(crate) async fn object<T: DeserializeOwned + Default + PartialEq>(
    response: reqwest::Response,
) -> Result<ResponseValue<T>, Error<ErrorResp>> {
    whole(response, |body| {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first.is_some_and(|first| *first != b'{') {
            return Err(serde_json::Error::custom("the answer is not a JSON object"));
        }
        let value: T = serde_json::from_slice(body)?;
        if value == T::default() {
            return Err(serde_json::Error::custom("the answer has none of the documented members"));
        }
        Ok(value)
    })
    .await
}

/// Decodes a success that may be an object, and counts whatever else it is.
pub(crate) async fn object_if_any<T: DeserializeOwned + Default>(
    response: reqwest::Response,
) -> Result<ResponseValue<T>, Error<ErrorResp>> {
    whole(response, |body| Ok(serde_json::from_slice(body).unwrap_or_default())).await
}

/// Decodes a success that is an array.
pub(crate) async fn list<T: DeserializeOwned>(
    response: reqwest::Response,
) -> Result<ResponseValue<Vec<T>>, Error<ErrorResp>> {
    whole(response, |body| {
        let mut json = serde_json::Deserializer::from_slice(body);
        let list = lenient::list(&mut json)?;
        json.end()?;
        list.ok_or_else(|| serde_json::Error::custom("the answer is not a JSON array"))
    })
    .await
}

async fn whole<T>(
    response: reqwest::Response,
    decode: impl FnOnce(&[u8]) -> serde_json::Result<T>,
) -> Result<ResponseValue<T>, Error<ErrorResp>> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(Error::ResponseBodyError)?;
    match decode(&body) {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => Err(Error::InvalidResponsePayload(body, error)),
    }
}

/// Decodes an error. Status and headers survive whatever the body is.
pub(crate) async fn failure(response: reqwest::Response) -> Error<ErrorResp> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Error::ResponseBodyError(error),
    };
    let error = ErrorResp::from_body(&body, headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()));
    Error::ErrorResponse(ResponseValue::new(error, status, headers))
}

/// A header that is sent when it has a value.
#[allow(clippy::result_large_err, reason = "the error type of the generated functions")]
pub(crate) fn header(name: &'static str, value: Option<&str>) -> Result<HeaderMap, Error<ErrorResp>> {
    let mut headers = HeaderMap::new();
    if let Some(value) = value {
        let value = HeaderValue::from_str(value).map_err(|_| {
            Error::InvalidRequest(format!("`{name}` holds a character that headers cannot carry"))
        })?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// A header value that debug output hides. Only IAM has a secret in a header of its own.
#[cfg(feature = "iam")]
#[allow(clippy::result_large_err, reason = "the error type of the generated functions")]
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, Error<ErrorResp>> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::InvalidRequest("a secret header holds a character that headers cannot carry".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}
