//! How the bytes of an answer travel.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http::header::{CONTENT_LENGTH, DATE, HeaderValue};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use time::OffsetDateTime;

use super::answer::Answer;

/// The body of every response.
pub(super) type ResponseBody = UnsyncBoxBody<Bytes, io::Error>;

/// What a handler hands back.
pub(super) enum Outcome {
    Answer(Response<ResponseBody>),
    /// No answer; the connection ends.
    Vanish {
        reset: bool,
    },
}

/// Faults of the transport.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Transport {
    /// So many bytes of the body come, and no more.
    pub(super) cut: Option<usize>,
    /// So much time passes before each byte of the body.
    pub(super) drip: Option<Duration>,
}

/// Makes the response. Every one has an id and a date.
pub(super) fn response(
    answer: &Answer,
    transport: Transport,
    request_id: &str,
    now: OffsetDateTime,
) -> Response<ResponseBody> {
    let (bytes, content_type) = answer.bytes();
    let length = bytes.len();
    let mut response = Response::new(body(bytes, transport));
    *response.status_mut() =
        http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.extend(content_type);
    headers.extend(answer.headers.iter().cloned());
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    let header = |text: &str| HeaderValue::from_str(text).ok();
    headers.extend(header(request_id).map(|id| (http::HeaderName::from_static("x-request-id"), id)));
    // The emulator's date, so that clients can measure how far their own clock is off.
    headers.extend(header(&http_date(now)).map(|date| (DATE, date)));
    response
}

fn body(bytes: Vec<u8>, transport: Transport) -> ResponseBody {
    let cut = transport.cut.filter(|cut| *cut < bytes.len());
    if cut.is_none() && transport.drip.is_none() {
        return Full::new(Bytes::from(bytes)).map_err(|never| match never {}).boxed_unsync();
    }
    let bytes = Bytes::from(bytes);
    let step = if transport.drip.is_some() { 1 } else { bytes.len() };
    let end = cut.unwrap_or(bytes.len());
    let frames = stream::unfold(0_usize, move |at| {
        let bytes = bytes.clone();
        async move {
            if at >= end {
                // Gives the server its turn to send what it has, head included.
                tokio::task::yield_now().await;
                // An error is the way to make the server give up a body whose length it has announced.
                let error =
                    || io::Error::new(io::ErrorKind::ConnectionAborted, "the body was cut on purpose");
                return (cut.is_some() && at == end).then(|| (Err(error()), at + 1));
            }
            if let Some(pause) = transport.drip {
                tokio::time::sleep(pause).await;
            }
            let next = (at + step).min(end);
            Some((Ok(Frame::data(bytes.slice(at..next))), next))
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

fn http_date(at: OffsetDateTime) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    at.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_is_in_the_form_of_http() {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(784_111_777);
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
