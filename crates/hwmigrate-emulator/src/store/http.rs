//! The HTTP client of S3 stores and URL lists.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, LAST_MODIFIED, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::{StoreError, StoreErrorKind};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a server may stay silent; a whole transfer may take any time.
const READ_LIMIT: Duration = Duration::from_secs(60);
const REDIRECTS: usize = 5;

/// A client without a proxy and without redirects, as requests with a signature need it.
#[cfg(feature = "remote")]
pub(super) fn http_client() -> Result<Client, String> {
    build(redirect::Policy::none())
}

fn build(policy: redirect::Policy) -> Result<Client, String> {
    let builder = Client::builder();
    #[cfg(feature = "remote")]
    let builder = builder.tls_backend_preconfigured(super::tls::config()?);
    builder
        .redirect(policy)
        .no_proxy()
        .connect_timeout(CONNECT_LIMIT)
        .read_timeout(READ_LIMIT)
        .build()
        .map_err(|error| format!("cannot set up an HTTP client: {error}"))
}

/// Fetches the objects of a URL list.
#[derive(Clone, Debug)]
pub(crate) struct UrlSource {
    /// Made when the first URL is fetched: most emulators never fetch one.
    client: Arc<OnceLock<Result<Client, String>>>,
    remote: bool,
}

impl UrlSource {
    /// With `remote`, other hosts than this one may be asked.
    pub(crate) fn new(remote: bool) -> Self {
        Self { client: Arc::default(), remote }
    }

    fn make_client(&self) -> Result<Client, String> {
        let remote = self.remote;
        let policy = redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > REDIRECTS {
                attempt.error("too many redirects")
            } else if allowed(attempt.url(), remote).is_err() {
                attempt.error("a redirect to a host that may not be asked")
            } else {
                attempt.follow()
            }
        });
        build(policy)
    }

    /// Starts to fetch; the answer's head is known, its body is still to be read.
    pub(crate) async fn open(&self, url: &str) -> Result<UrlObject, StoreError> {
        // A URL may be signed, so no message carries it.
        let url =
            Url::parse(url).map_err(|error| other(format!("the list holds a URL that is none: {error}")))?;
        allowed(&url, self.remote).map_err(other)?;
        let client = self.client.get_or_init(|| self.make_client()).as_ref();
        let client = client.map_err(|why| other(why.clone()))?;
        let response = client.get(url).send().await.map_err(|error| request_error(&error))?;
        match response.status() {
            StatusCode::OK => Ok(UrlObject::new(response)),
            status => {
                let kind = match status {
                    StatusCode::NOT_FOUND | StatusCode::GONE => StoreErrorKind::NotFound,
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StoreErrorKind::Denied,
                    StatusCode::TOO_MANY_REQUESTS => StoreErrorKind::Throttled,
                    _ if response.headers().contains_key(RETRY_AFTER) => StoreErrorKind::Throttled,
                    _ => StoreErrorKind::Other,
                };
                Err(StoreError::new(kind, format!("the server of the URL answered {status}")))
            }
        }
    }
}

/// An object behind a URL.
#[derive(Debug)]
pub(crate) struct UrlObject {
    response: Response,
    /// Bytes, where the server says so.
    pub(crate) size: Option<u64>,
    /// When it was last written, where the server says so.
    pub(crate) modified: Option<SystemTime>,
}

impl UrlObject {
    fn new(response: Response) -> Self {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let size = header(reqwest::header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let modified = header(LAST_MODIFIED)
            .and_then(|text| OffsetDateTime::parse(text, &Rfc2822).ok())
            .map(SystemTime::from);
        Self { response, size, modified }
    }

    /// The content type that the server gave.
    pub(crate) fn content_type(&self) -> Option<String> {
        self.response.headers().get(CONTENT_TYPE)?.to_str().ok().map(str::to_owned)
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        self.response.chunk().await.map_err(|error| request_error(&error))
    }
}

fn other(message: String) -> StoreError {
    StoreError::new(StoreErrorKind::Other, message)
}

fn request_error(error: &reqwest::Error) -> StoreError {
    let what = if error.is_timeout() {
        "did not answer in time"
    } else if error.is_redirect() {
        "sent a redirect that is not followed"
    } else if error.is_connect() {
        "cannot be reached"
    } else {
        "broke off its answer"
    };
    other(format!("the server of the URL {what}"))
}

/// Whether the emulator may ask this URL.
fn allowed(url: &Url, remote: bool) -> Result<(), String> {
    match url.scheme() {
        "http" => {}
        "https" if cfg!(feature = "remote") => {}
        "https" => return Err("this build of the emulator fetches http URLs only".to_owned()),
        other => return Err(format!("only http and https URLs can be fetched, not {other}")),
    }
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback =
        bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if loopback || remote {
        return Ok(());
    }
    Err(format!("the emulator fetches from this machine only, not from {host}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn client_is_made_by_the_first_fetch_and_not_before() {
        let source = UrlSource::new(false);
        assert!(source.open("http://example.test/x").await.is_err());
        assert!(source.client.get().is_none(), "a URL that may not be fetched needs no client");
        assert!(source.open("http://127.0.0.1:1/x").await.is_err());
        assert!(source.client.get().is_some());
    }

    #[test]
    fn only_loopback_may_be_asked_unless_allowed() {
        let check = |text: &str, remote| allowed(&Url::parse(text).unwrap(), remote).is_ok();
        assert!(check("http://127.0.0.1:9/x?sig=a", false));
        assert!(check("http://[::1]/x", false));
        assert_eq!(check("https://localhost/x", false), cfg!(feature = "remote"));
        assert!(!check("http://example.test/x", false));
        assert!(!check("http://169.254.169.254/x", false));
        assert!(check("http://example.test/x", true));
        assert!(!check("file:///etc/passwd", true));
        assert!(!check("ftp://127.0.0.1/x", true));
    }
}
