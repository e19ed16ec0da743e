//! The two requests to an S3 server that OpenDAL has no call for.
//!
//! It cannot give up an upload that an earlier process began, and it does not
//! tell the size of a key that ends in `/`. Both are single requests without a
//! body, signed here (AWS Signature Version 4).

use hmac::{Hmac, KeyInit, Mac};
use hwmigrate_api::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, Url};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::builder::S3Bucket;
use crate::store::{StoreError, StoreErrorKind};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const KEY: &AsciiSet = &UNRESERVED.remove(b'/');
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Signs requests to one bucket.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    client: Client,
    endpoint: Url,
    region: String,
    bucket: String,
    access_key: Secret,
    secret_key: Secret,
}

impl Signer {
    pub(super) fn new(client: Client, endpoint: Url, server: &S3Bucket) -> Self {
        Self {
            client,
            endpoint,
            region: server.region.clone(),
            bucket: server.bucket.clone(),
            access_key: server.access_key.clone(),
            secret_key: server.secret_key.clone(),
        }
    }

    /// Gives up an upload; one that the server does not know any more counts as given up.
    pub(super) async fn abort_upload(
        &self,
        key: &str,
        upload: &str,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let query = format!("uploadId={}", utf8_percent_encode(upload, UNRESERVED));
        let answer = self.send(Method::DELETE, key, &query, now).await?;
        match answer.status().as_u16() {
            200..=299 | 404 => Ok(()),
            status => Err(refused(status)),
        }
    }

    /// The bytes of an object; `None` if there is none.
    pub(super) async fn size(&self, key: &str, now: OffsetDateTime) -> Result<Option<u64>, StoreError> {
        let answer = self.send(Method::HEAD, key, "", now).await?;
        match answer.status().as_u16() {
            200 => {
                let length = answer.headers().get(reqwest::header::CONTENT_LENGTH);
                Ok(length.and_then(|value| value.to_str().ok()?.parse().ok()).or(Some(0)))
            }
            404 => Ok(None),
            status => Err(refused(status)),
        }
    }

    async fn send(
        &self,
        method: Method,
        key: &str,
        query: &str,
        now: OffsetDateTime,
    ) -> Result<reqwest::Response, StoreError> {
        let path = format!("/{}/{}", self.bucket, utf8_percent_encode(key, KEY));
        let mut url = self.endpoint.clone();
        url.set_path(&path);
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let stamp = now
            .format(format_description!("[year][month][day]T[hour][minute][second]Z"))
            .map_err(|error| StoreError::new(StoreErrorKind::Other, error.to_string()))?;
        let authorization = self.authorization(method.as_str(), &path, query, &host, &stamp);
        self.client
            .request(method, url)
            .header("x-amz-date", &stamp)
            .header("x-amz-content-sha256", EMPTY_SHA256)
            .header("authorization", authorization)
            .send()
            .await
            .map_err(|_| StoreError::new(StoreErrorKind::Other, "the S3 server cannot be reached"))
    }

    fn authorization(&self, method: &str, path: &str, query: &str, host: &str, stamp: &str) -> String {
        let day = stamp.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let signed = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{EMPTY_SHA256}\n\
             x-amz-date:{stamp}\n\n{signed}\n{EMPTY_SHA256}"
        );
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
            hex::encode(Sha256::digest(canonical.as_bytes()))
        );
        let mut key = mac(format!("AWS4{}", self.secret_key.expose()).as_bytes(), day);
        for part in [self.region.as_str(), "s3", "aws4_request"] {
            key = mac(&key, part);
        }
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={}",
            self.access_key.expose(),
            hex::encode(mac(&key, &to_sign))
        )
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of any length; the type does not say so.
        Err(_) => Vec::new(),
    }
}

fn refused(status: u16) -> StoreError {
    let kind = match status {
        401 | 403 => StoreErrorKind::Denied,
        429 | 503 => StoreErrorKind::Throttled,
        _ => StoreErrorKind::Other,
    };
    StoreError::new(kind, format!("the S3 server answered {status}"))
}
