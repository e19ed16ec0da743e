//! A server between client and emulator that takes down every request whole.
//!
//! The emulator's own journal shows neither secrets nor what no document
//! lists. Both have to be compared here, so this one keeps them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hwmigrate_tests::process::Failure;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// One request as it came in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    /// The method.
    pub(crate) method: String,
    /// The segments of the path, decoded.
    pub(crate) path: Vec<String>,
    /// The parameters of the query, decoded and sorted.
    pub(crate) query: Vec<(String, String)>,
    /// The headers, by their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body: JSON, or the text that it is instead; null when there is none.
    pub(crate) body: Value,
}

/// The server. It ends with the runtime.
pub(crate) struct Recorder {
    /// Where it listens.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Recorded>>>,
}

impl Recorder {
    /// Starts one that passes every request on to `target`.
    pub(crate) async fn start(target: &str) -> Result<Self, Failure> {
        // Nothing here is encrypted, yet the HTTP client is not made without a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::<Mutex<Vec<Recorded>>>::default();
        let (target, kept) = (target.to_owned(), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (target, kept, http) = (target.clone(), Arc::clone(&kept), http.clone());
                tokio::spawn(async move {
                    let answer = service_fn(move |request| {
                        let (target, kept, http) = (target.clone(), Arc::clone(&kept), http.clone());
                        async move { Ok::<_, Infallible>(pass_on(request, &target, &kept, &http).await) }
                    });
                    // A client that goes away is the end of its connection only.
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ = connection.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Ok(Self { url, seen })
    }

    /// What came in since the last time.
    pub(crate) fn take(&self) -> Vec<Recorded> {
        mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn pass_on(
    request: Request<Incoming>,
    target: &str,
    kept: &Mutex<Vec<Recorded>>,
    http: &reqwest::Client,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let recorded = Recorded {
        method: parts.method.to_string(),
        path: parts.uri.path().split('/').skip(1).map(decoded).collect(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: match serde_json::from_slice(&body) {
            Ok(json) => json,
            Err(_) if body.is_empty() => Value::Null,
            Err(_) => String::from_utf8_lossy(&body).into_owned().into(),
        },
    };
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);

    // The headers stay, `Host` included: it is part of what is signed.
    let place = parts.uri.path_and_query().map_or("/", |place| place.as_str());
    let sent =
        http.request(parts.method, format!("{target}{place}")).headers(parts.headers).body(body).send();
    let mut answer = Response::new(Full::default());
    match sent.await {
        Ok(response) => {
            *answer.status_mut() = response.status();
            for name in ["content-type", "x-request-id"] {
                if let Some(value) = response.headers().get(name) {
                    answer.headers_mut().insert(name, value.clone());
                }
            }
            *answer.body_mut() = Full::new(response.bytes().await.unwrap_or_default());
        }
        Err(_) => *answer.status_mut() = StatusCode::BAD_GATEWAY,
    }
    answer
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Forms write a blank as a plus sign; a plus sign itself is always encoded.
            (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
        })
        .collect();
    pairs.sort();
    pairs
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = (byte == b'%').then(|| after.get(..2)).flatten();
        let hex = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
