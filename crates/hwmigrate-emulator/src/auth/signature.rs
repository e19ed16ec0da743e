//! Request signatures: SDK-HMAC-SHA256, as the gateway checks them.
//!
//! Written from the description of the algorithm, not from the client's code,
//! so that a mistake in one shows in the other. Only reads; see
//! <https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-001.html>.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// How far the date of a request may be from ours.
const SKEW: time::Duration = time::Duration::minutes(15);

/// The words with which a signature begins.
const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// What stays as it is when a segment or a query is encoded: A-Z a-z 0-9 - _ . ~
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request as the signature sees it.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// As on the wire.
    pub(crate) path: &'a str,
    /// As on the wire, without the question mark.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// What an `Authorization` header claims.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) access_key: String,
    signed_headers: Vec<String>,
    signature: Vec<u8>,
}

impl Claim {
    /// Reads the header; `None` if it is not a signature of this kind.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let rest = header.strip_prefix(ALGORITHM)?;
        let (mut access_key, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "Access" => access_key = Some(value.to_owned()),
                "SignedHeaders" => {
                    signed_headers = Some(value.split(';').map(str::to_ascii_lowercase).collect());
                }
                "Signature" => signature = Some(hex::decode(value).ok()?),
                _ => return None,
            }
        }
        Some(Self { access_key: access_key?, signed_headers: signed_headers?, signature: signature? })
    }

    /// Checks the signature; the error says why it is wrong, in words that carry no secret.
    pub(crate) fn verify(
        &self,
        request: &Signed<'_>,
        secret_key: &str,
        now: OffsetDateTime,
    ) -> Result<(), String> {
        let date = request
            .headers
            .get("x-sdk-date")
            .and_then(|value| value.to_str().ok())
            .ok_or("the header X-Sdk-Date is missing")?;
        let at = parse_date(date).ok_or("the header X-Sdk-Date is not of the form 20260203T040506Z")?;
        if (now - at).abs() > SKEW {
            return Err(format!(
                "signature expired, X-Sdk-Date: {date}, server time: {}",
                date_in_words(now)
            ));
        }
        for required in ["host", "x-sdk-date"] {
            if !self.signed_headers.iter().any(|name| name == required) {
                return Err(format!("the header {required} is not among the SignedHeaders"));
            }
        }
        if !self.signed_headers.is_sorted() {
            return Err("the SignedHeaders are not sorted".to_owned());
        }
        let payload = payload_hash(request)?;
        let headers = self.canonical_headers(request.headers)?;
        let canonical = canonical_request(request, &headers, &self.signed_headers.join(";"), &payload);
        let text = format!("{ALGORITHM}\n{date}\n{}", hex::encode(Sha256::digest(&canonical)));
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret_key.as_bytes())
            .map_err(|_| "the secret key cannot be used")?;
        mac.update(text.as_bytes());
        mac.verify_slice(&self.signature).map_err(|_| {
            let shown = canonical.lines().map(hide_secret).collect::<Vec<_>>().join("|");
            format!("verify aksk signature fail, canonicalRequest:{shown}")
        })
    }

    /// The signed headers with their values, a line each.
    fn canonical_headers(&self, headers: &HeaderMap) -> Result<String, String> {
        let mut text = String::new();
        for name in &self.signed_headers {
            let mut values = headers.get_all(name.as_str()).iter().peekable();
            if values.peek().is_none() {
                return Err(format!("the signed header {name} is missing"));
            }
            // Values are hashed as the bytes that were sent; beyond ASCII that is UTF-8.
            let value: Vec<_> =
                values.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned()).collect();
            let _ = writeln!(text, "{name}:{}", value.join(","));
        }
        Ok(text)
    }
}

/// Joins the six parts that are signed.
fn canonical_request(request: &Signed<'_>, headers: &str, names: &str, payload: &str) -> String {
    let path = canonical_path(request.path);
    let query = canonical_query(request.query);
    format!("{}\n{path}\n{query}\n{headers}\n{names}\n{payload}", request.method)
}

/// The temporary key's token is among the signed headers, and is a secret.
fn hide_secret(line: &str) -> &str {
    if line.starts_with("x-security-token:") || line.starts_with("x-auth-token:") {
        "(a secret header)"
    } else {
        line
    }
}

fn canonical_path(path: &str) -> String {
    // A decoded slash would become a separator, as it does in the vendor's own signer.
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let encoded: Vec<_> =
        decoded.split('/').map(|segment| utf8_percent_encode(segment, ENCODED).to_string()).collect();
    let mut path = encoded.join("/");
    if !path.ends_with('/') {
        path.push('/');
    }
    path
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode_str(name).decode_utf8_lossy(), percent_decode_str(value).decode_utf8_lossy())
        })
        .collect();
    pairs.sort();
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

fn payload_hash(request: &Signed<'_>) -> Result<String, String> {
    let real = hex::encode(Sha256::digest(request.body));
    let header = request.headers.get("x-sdk-content-sha256").and_then(|value| value.to_str().ok());
    match header {
        Some(given) if !request.body.is_empty() => {
            if given != "UNSIGNED-PAYLOAD" && given != real {
                return Err("the body does not have the hash in X-Sdk-Content-Sha256".to_owned());
            }
            Ok(given.to_owned())
        }
        _ => Ok(real),
    }
}

fn parse_date(text: &str) -> Option<OffsetDateTime> {
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    time::PrimitiveDateTime::parse(text, format).ok().map(time::PrimitiveDateTime::assume_utc)
}

fn date_in_words(at: OffsetDateTime) -> String {
    at.format(time::macros::format_description!("[year][month][day]T[hour][minute][second]Z"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    const SK: &str = "ExampleSecretKey/For+Vectors=Only0000001";
    const FORMAT: &str = "SDK-HMAC-SHA256 Access=EXAMPLEACCESSKEY0001, SignedHeaders=";

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().unwrap();
                (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
            })
            .collect()
    }

    fn at(text: &str) -> OffsetDateTime {
        parse_date(text).unwrap()
    }

    /// The example that the vendor prints in its guide, keys included.
    #[test]
    fn published_example_verifies() {
        let headers = headers(&[
            ("Content-Type", "application/json"),
            ("X-Sdk-Date", "20191115T033655Z"),
            ("Host", "service.region.example.com"),
        ]);
        let request = Signed {
            method: "GET",
            path: "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
            query: "limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
            headers: &headers,
            body: b"",
        };
        let claim = Claim::parse(
            "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, \
             Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
        )
        .unwrap();
        let key = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
        let now = at("20191115T034000Z");
        assert_eq!(claim.verify(&request, key, now), Ok(()));
        assert!(claim.verify(&request, "another", now).unwrap_err().contains("signature fail"));
        let late = claim.verify(&request, key, at("20191115T035156Z")).unwrap_err();
        assert!(late.contains("signature expired"), "{late}");
    }

    /// The vectors that the client's signer is held against; their values come from the vendor's own.
    #[test]
    fn vectors_of_every_style_verify() {
        const VECTORS: &str = include_str!("../../../hwmigrate/tests/data/signing-vectors.json");
        let all: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
        let vectors = all["vectors"].as_array().unwrap();
        assert!(vectors.len() >= 6);
        for vector in vectors {
            let (given, expected) = (&vector["request"], &vector["expected"]);
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let mut pairs: Vec<(String, String)> = Vec::new();
            for pair in given["headers"].as_array().unwrap() {
                pairs.push((text(&pair[0]), text(&pair[1])));
            }
            for (name, value) in expected["added_headers"].as_object().unwrap() {
                pairs.push((name.clone(), text(value)));
            }
            let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let headers = headers(&pairs);
            let uri = text(&expected["request_uri"]);
            let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
            let body = text(&given["body"]);
            let method = text(&given["method"]);
            let request = Signed { method: &method, path, query, headers: &headers, body: body.as_bytes() };
            let claim = Claim::parse(&text(&expected["authorization"])).unwrap();
            let now = parse_date(headers["x-sdk-date"].to_str().unwrap()).unwrap();
            let key = text(&vector["credentials"]["sk"]);
            assert_eq!(claim.verify(&request, &key, now), Ok(()), "{}", vector["name"]);
            let changed = Signed { body: b"{}changed", ..request };
            assert!(claim.verify(&changed, &key, now).is_err(), "{}", vector["name"]);
        }
    }

    #[test]
    fn odd_query_is_sorted_and_encoded_before_comparing() {
        let headers = headers(&[
            ("Content-Type", "application/json"),
            ("X-Sdk-Date", "20260203T040506Z"),
            ("Host", "sms.ap-southeast-3.myhuaweicloud.com"),
        ]);
        let query = "name=%E4%B8%BB%E6%9C%BA%2001&b=&a=2&a=10&State=x%2Fy%2Bz~&A=1";
        assert_eq!(canonical_query(query), "A=1&State=x%2Fy%2Bz~&a=10&a=2&b=&name=%E4%B8%BB%E6%9C%BA%2001");
        let request = Signed { method: "GET", path: "/v3/sources", query, headers: &headers, body: b"" };
        let error = Claim::parse(&format!("{FORMAT}host;x-sdk-date, Signature=00"))
            .unwrap()
            .verify(&request, SK, at("20260203T040506Z"))
            .unwrap_err();
        assert!(error.contains("GET|/v3/sources/|A=1&State="), "{error}");
    }

    #[test]
    fn path_is_decoded_and_encoded_once_with_a_slash_at_the_end() {
        assert_eq!(canonical_path("/v3/sources/%E6%BA%90%20a+b~c"), "/v3/sources/%E6%BA%90%20a%2Bb~c/");
        assert_eq!(canonical_path("/v3/tasks/1/"), "/v3/tasks/1/");
        assert_eq!(canonical_path("/"), "/");
    }

    #[test]
    fn missing_pieces_are_named() {
        let with_date = headers(&[("X-Sdk-Date", "20260203T040506Z"), ("Host", "a")]);
        let request = Signed { method: "GET", path: "/", query: "", headers: &with_date, body: b"" };
        let now = at("20260203T040506Z");
        let check = |names: &str| {
            Claim::parse(&format!("{FORMAT}{names}, Signature=00"))
                .unwrap()
                .verify(&request, SK, now)
                .unwrap_err()
        };
        assert!(check("x-sdk-date").contains("host"));
        assert!(check("host").contains("x-sdk-date"));
        assert!(check("host;user-agent;x-sdk-date").contains("user-agent is missing"));
        assert!(check("x-sdk-date;host").contains("sorted"));
        assert_eq!(Claim::parse("Basic abc"), None);
        assert_eq!(Claim::parse("SDK-HMAC-SHA256 Access=a"), None);
    }

    #[test]
    fn security_token_is_not_quoted_in_the_error() {
        let headers = headers(&[
            ("X-Sdk-Date", "20260203T040506Z"),
            ("Host", "a"),
            ("X-Security-Token", "do-not-show"),
        ]);
        let request = Signed { method: "GET", path: "/", query: "", headers: &headers, body: b"" };
        let error = Claim::parse(&format!("{FORMAT}host;x-sdk-date;x-security-token, Signature=00"));
        let error = error.unwrap().verify(&request, SK, at("20260203T040506Z")).unwrap_err();
        assert!(!error.contains("do-not-show"), "{error}");
    }

    #[test]
    fn body_must_have_the_hash_it_claims() {
        let headers =
            headers(&[("X-Sdk-Date", "20260203T040506Z"), ("Host", "a"), ("X-Sdk-Content-Sha256", "00")]);
        let request = Signed { method: "POST", path: "/", query: "", headers: &headers, body: b"{}" };
        assert!(payload_hash(&request).unwrap_err().contains("X-Sdk-Content-Sha256"));
        let empty = Signed { body: b"", ..request };
        assert!(payload_hash(&empty).unwrap().starts_with("e3b0c442"));
    }
}
