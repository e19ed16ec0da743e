//! Request signatures by access key: SDK-HMAC-SHA256.
//!
//! One HMAC with the secret key over a canonical form of the request. The rule
//! that surprises: the signed path ends in `/`, the requested one does not.
//! `tests/data/signing-vectors.json` holds what the official SDK computes.

use std::borrow::Cow;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hwmigrate_api::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Everything but letters, digits and `-_.~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// SHA-256 of nothing.
const EMPTY_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// An access key: permanent, or temporary with a security token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) access: Secret,
    pub(crate) secret: Secret,
    pub(crate) security_token: Option<Secret>,
}

/// What is signed. Header names are in lower case; every header is signed
/// except those with `_` in their name.
#[derive(Debug)]
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    /// The path as sent.
    pub(crate) path: &'a str,
    /// The query as [`canonical_query`] gives it.
    pub(crate) query: &'a str,
    pub(crate) headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(crate) body: &'a [u8],
    /// The value of `X-Sdk-Date`.
    pub(crate) date: &'a str,
}

/// The value of the header `Authorization`.
pub(crate) fn authorization(keys: &Keys, mut request: Signable<'_>) -> String {
    request.headers.retain(|(name, _)| !name.contains('_'));
    request.headers.sort_by(|one, other| one.0.cmp(&other.0));
    let names = signed_names(&request);
    let canonical = canonical_request(&request, &names);
    let text = format!("{ALGORITHM}\n{}\n{}", request.date, hex::encode(Sha256::digest(canonical)));
    format!(
        "{ALGORITHM} Access={}, SignedHeaders={names}, Signature={}",
        keys.access.expose(),
        hex::encode(hmac(keys.secret.expose().as_bytes(), text.as_bytes()))
    )
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length, so the empty branch is never taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn signed_names(request: &Signable<'_>) -> String {
    let mut names = String::with_capacity(80);
    for (name, _) in &request.headers {
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
    }
    names
}

fn canonical_request(request: &Signable<'_>, names: &str) -> String {
    let mut text = String::with_capacity(512);
    text.push_str(request.method);
    text.push('\n');
    push_path(&mut text, request.path);
    text.push('\n');
    text.push_str(request.query);
    text.push('\n');
    for (name, value) in &request.headers {
        let _ = writeln!(text, "{name}:{}", value.trim());
    }
    text.push('\n');
    text.push_str(names);
    text.push('\n');
    if request.body.is_empty() {
        text.push_str(EMPTY_HASH);
    } else {
        text.push_str(&hex::encode(Sha256::digest(request.body)));
    }
    text
}

fn push_path(text: &mut String, path: &str) {
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            text.push('/');
        }
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        text.extend(utf8_percent_encode(&decoded, RESERVED));
    }
    if !text.ends_with('/') {
        text.push('/');
    }
}

/// Sorts and encodes a query the way it is signed. The request is sent with
/// exactly this query.
pub(crate) fn canonical_query<'a>(pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> String {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(&name, RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(&value, RESERVED));
    }
    text
}

/// The value of `X-Sdk-Date`: `YYYYMMDDTHHMMSSZ` in UTC.
pub(crate) fn date_header(now: OffsetDateTime) -> String {
    let now = now.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::Value;

    use super::*;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../tests/data/signing-vectors.json")).unwrap()
    }

    fn text<'a>(value: &'a Value, name: &str) -> Option<Cow<'a, str>> {
        value[name].as_str().map(Cow::from)
    }

    fn signable<'a>(vector: &'a Value, query: &'a str) -> Signable<'a> {
        let request = &vector["request"];
        let credentials = &vector["credentials"];
        let mut headers: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for pair in request["headers"].as_array().unwrap() {
            let name = pair[0].as_str().unwrap().to_ascii_lowercase();
            headers.push((name.into(), pair[1].as_str().unwrap().into()));
        }
        headers.push(("host".into(), text(request, "host").unwrap()));
        for (field, header) in [
            ("project_id", "x-project-id"),
            ("domain_id", "x-domain-id"),
            ("security_token", "x-security-token"),
        ] {
            if let Some(value) = text(credentials, field) {
                headers.push((header.into(), value));
            }
        }
        let is_date = |pair: &&Value| pair[0].as_str() == Some("X-Sdk-Date");
        let date = request["headers"].as_array().unwrap().iter().find(is_date).unwrap()[1].as_str().unwrap();
        Signable {
            method: request["method"].as_str().unwrap(),
            path: request["path"].as_str().unwrap(),
            query,
            headers,
            body: request["body"].as_str().unwrap_or_default().as_bytes(),
            date,
        }
    }

    fn query(vector: &Value) -> String {
        let pairs = vector["request"]["query"].as_array().unwrap().iter();
        canonical_query(
            pairs.map(|pair| (pair[0].as_str().unwrap().into(), pair[1].as_str().unwrap().into())),
        )
    }

    #[test]
    fn every_vector_of_the_official_sdk_is_reproduced() {
        let file = vectors();
        let vectors = file["vectors"].as_array().unwrap();
        assert!(vectors.len() >= 6);
        for vector in vectors.iter().chain([&file["published_example"]]) {
            let name = &vector["name"];
            let query = query(vector);
            let keys = Keys {
                access: Secret::from(vector["credentials"]["ak"].as_str().unwrap()),
                secret: Secret::from(vector["credentials"]["sk"].as_str().unwrap()),
                security_token: None,
            };
            let mut request = signable(vector, &query);
            request.headers.retain(|(name, _)| !name.contains('_'));
            request.headers.sort();
            let canonical = canonical_request(&request, &signed_names(&request));
            assert_eq!(canonical, vector["expected"]["canonical_request"], "{name}");
            let authorization = authorization(&keys, signable(vector, &query));
            assert_eq!(authorization, vector["expected"]["authorization"], "{name}");
        }
    }

    #[test]
    fn the_date_has_no_separators() {
        let time = time::macros::datetime!(2026-02-03 04:05:06.789 UTC);
        assert_eq!(date_header(time), "20260203T040506Z");
    }

    #[test]
    fn keys_do_not_show() {
        let keys = Keys {
            access: Secret::from("canary-access"),
            secret: Secret::from("canary-secret"),
            security_token: Some(Secret::from("canary-token")),
        };
        assert!(!format!("{keys:?}").contains("canary"));
    }
}
