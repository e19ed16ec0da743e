//! Remembering multipart uploads, so that none is left behind.
//!
//! A killed process cannot give up its uploads, and their parts would cost
//! room for ever. OpenDAL does not tell the ids, so this watches the requests
//! on their way: each upload that begins is written down before its first
//! part is sent, and struck out when it is completed or given up.

use std::sync::Arc;

use bytes::Buf;
use futures_util::stream;
use http::{Method, Request, Response};
use opendal::raw::oio::ReadStream;
use opendal::{Buffer, HttpBody, HttpTransport};
use opendal_http_transport_reqwest::ReqwestTransport;

use crate::store::UploadJournal;

/// Sends the requests of OpenDAL and writes down the uploads among them.
pub(super) struct WatchedTransport {
    pub(super) inner: ReqwestTransport,
    /// The name of the bucket in the emulator.
    pub(super) bucket: String,
    /// What comes before the key in the path of a request.
    pub(super) path_prefix: String,
    pub(super) journal: Arc<dyn UploadJournal>,
}

impl HttpTransport for WatchedTransport {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let query = request.uri().query().unwrap_or_default();
        let begins = request.method() == Method::POST && query.split('&').any(|part| is(part, "uploads"));
        let upload = query.split('&').find_map(|part| part.strip_prefix("uploadId=")).map(decode);
        let ends = matches!(*request.method(), Method::POST | Method::DELETE);
        let path = request.uri().path().to_owned();
        let response = self.inner.fetch(request).await?;
        if !response.status().is_success() {
            return Ok(response);
        }
        if begins {
            return self.note(&path, response).await;
        }
        if let (true, Some(upload)) = (ends, upload) {
            self.journal.ended(&self.bucket, &upload);
        }
        Ok(response)
    }
}

impl WatchedTransport {
    /// Reads the id from the answer, and hands the same answer on.
    async fn note(&self, path: &str, response: Response<HttpBody>) -> opendal::Result<Response<HttpBody>> {
        let (parts, mut body) = response.into_parts();
        let bytes = body.read_all().await?.to_bytes();
        let text = String::from_utf8_lossy(bytes.chunk());
        if let (Some(upload), Some(key)) = (between(&text, "<UploadId>", "</UploadId>"), self.key(path)) {
            self.journal.began(&self.bucket, &key, &upload);
        }
        let size = bytes.len() as u64;
        let body = HttpBody::new(stream::iter([Ok(Buffer::from(bytes))]), Some(size));
        Ok(Response::from_parts(parts, body))
    }

    fn key(&self, path: &str) -> Option<String> {
        path.strip_prefix(&self.path_prefix).map(decode)
    }
}

fn is(part: &str, name: &str) -> bool {
    part == name || part.strip_prefix(name) == Some("=")
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The text of an element that can hold nothing but text; ids may come with entities.
fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let start = text.find(open)? + open.len();
    let end = start + text.get(start..)?.find(close)?;
    let id = text.get(start..end)?;
    let id = id.replace("&quot;", "\"").replace("&apos;", "'").replace("&lt;", "<").replace("&gt;", ">");
    Some(id.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_from_the_answer() {
        let text = "<InitiateMultipartUploadResult><Key>k</Key><UploadId>a&amp;b/1</UploadId></Initiate..>";
        assert_eq!(between(text, "<UploadId>", "</UploadId>").as_deref(), Some("a&b/1"));
        assert_eq!(between("<UploadId>a", "<UploadId>", "</UploadId>"), None);
    }

    #[test]
    fn requests_that_begin_an_upload_are_known() {
        assert!(is("uploads", "uploads") && is("uploads=", "uploads"));
        assert!(!is("uploadId=1", "uploads"));
    }
}
