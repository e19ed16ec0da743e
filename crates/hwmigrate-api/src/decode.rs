//! From an answer to a value or an error.
//!
//! Used by the generated code in place of progenitor's own decoding, which
//! takes an empty array for an object full of nothing and loses the status of
//! an error whose body is not JSON.

#![allow(clippy::result_large_err, reason = "the error type of the generated functions")]

use progenitor_client::{Error, ResponseValue};
use reqwest::header::CONTENT_TYPE;
use serde::de::{DeserializeOwned, Error as _};

use crate::{Answer, ByteStream, ErrorResp, lenient};

type Decoded<T> = Result<ResponseValue<T>, Error<ErrorResp>>;

/// Decodes a success that is an object.
///
/// An object without a single member that the document knows is an error: it
/// would come out as a value full of nothing.
pub(crate) fn object<T: DeserializeOwned + Default + PartialEq>(answer: Answer) -> Decoded<T> {
    whole(answer, |body| {
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
}

/// Decodes a success that may be an object, and counts whatever else it is.
pub(crate) fn object_if_any<T: DeserializeOwned + Default>(answer: Answer) -> Decoded<T> {
    whole(answer, |body| Ok(serde_json::from_slice(body).unwrap_or_default()))
}

/// Decodes a success that is an array.
pub(crate) fn list<T: DeserializeOwned>(answer: Answer) -> Decoded<Vec<T>> {
    whole(answer, |body| {
        let mut json = serde_json::Deserializer::from_slice(body);
        let list = lenient::list(&mut json)?;
        json.end()?;
        list.ok_or_else(|| serde_json::Error::custom("the answer is not a JSON array"))
    })
}

/// A success that says nothing beyond that.
pub(crate) fn nothing(answer: Answer) -> Decoded<()> {
    whole(answer, |_| Ok(()))
}

/// A success that is bytes of any kind, as many as there may be.
pub(crate) fn stream(answer: Answer) -> Decoded<ByteStream> {
    let Answer { status, headers, body, rest } = success(answer)?;
    Ok(ResponseValue::new(ByteStream::new(body, rest), status, headers))
}

fn whole<T>(answer: Answer, decode: impl FnOnce(&[u8]) -> serde_json::Result<T>) -> Decoded<T> {
    let Answer { status, headers, body, .. } = success(answer)?;
    match decode(&body) {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => Err(Error::InvalidResponsePayload(body, error)),
    }
}

/// An answer that says yes. The status and headers of another survive whatever its body is.
fn success(answer: Answer) -> Result<Answer, Error<ErrorResp>> {
    match answer.status.as_u16() {
        200..=299 => Ok(answer),
        400..=599 => {
            let Answer { status, headers, body, .. } = answer;
            let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let error = ErrorResp::from_body(&body, kind);
            Err(Error::ErrorResponse(ResponseValue::new(error, status, headers)))
        }
        _ => Err(Error::UnexpectedResponse(answer.into_response())),
    }
}
