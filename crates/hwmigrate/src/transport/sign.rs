//! Puts a signature on a request.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hwmigrate_api::Request;
use time::OffsetDateTime;

use crate::config::Endpoint;
use crate::error::{Error, Result};
use crate::signing::{self, Keys, Signable};
use crate::transport::wire::Outgoing;

/// Whose resources are meant: a project's or an account's, never both.
pub(crate) enum Owner {
    Project(Option<Arc<str>>),
    Account(Option<Arc<str>>),
}

/// Signs the request as it will be sent. Only the headers that carry meaning
/// are signed: proxies may change the others.
pub(crate) fn sign(
    outgoing: &mut Outgoing,
    request: &Request,
    endpoint: &Endpoint,
    keys: &Keys,
    owner: &Owner,
    now: OffsetDateTime,
) -> Result<()> {
    let headers = outgoing.headers_mut();
    let date = signing::date_header(now);
    insert(headers, "x-sdk-date", &date, false)?;
    match owner {
        Owner::Account(id) => {
            if let Some(id) = id {
                insert(headers, "x-domain-id", id, false)?;
            }
        }
        Owner::Project(id) => {
            // The gateway compares both; a call may name another project than the client's.
            let named = path_project(request.operation().path, request.path());
            if let Some(id) = named.or(id.as_deref()) {
                insert(headers, "x-project-id", id, false)?;
            }
        }
    }
    if let Some(token) = &keys.security_token {
        insert(headers, "x-security-token", token.expose(), true)?;
    }
    // The query must go out exactly as it is signed.
    let query = signing::canonical_query(url::form_urlencoded::parse(request.query_string().as_bytes()));
    if !query.is_empty() {
        *outgoing.uri_mut() = endpoint.address(format!("{}?{query}", request.path()))?;
    }
    let mut signed = vec![(Cow::from("host"), Cow::from(endpoint.authority.as_str()))];
    for name in ["x-sdk-date", "x-project-id", "x-domain-id", "x-security-token", CONTENT_TYPE.as_str()] {
        if let Some(value) = outgoing.headers().get(name).and_then(|value| value.to_str().ok()) {
            signed.push((name.into(), value.into()));
        }
    }
    let parts = Signable {
        method: outgoing.method().as_str(),
        path: outgoing.uri().path(),
        query: &query,
        headers: signed,
        body: request.body().map(|body| &body[..]).unwrap_or_default(),
        date: &date,
    };
    let value = signing::authorization(keys, parts);
    insert(outgoing.headers_mut(), AUTHORIZATION.as_str(), &value, true)
}

/// The project id in a path.
fn path_project<'p>(template: &str, path: &'p str) -> Option<&'p str> {
    let mut pairs = template.split('/').zip(path.split('/'));
    pairs.find_map(|(wanted, given)| (wanted == "{project_id}").then_some(given))
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str, secret: bool) -> Result<()> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::config(format!(
            "the value for the header `{name}` holds characters that a header cannot carry; \
             look for line ends in the access key, token or project id"
        ))
    })?;
    value.set_sensitive(secret);
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_of_the_path_is_found() {
        let rows = [
            ("/v2/{project_id}/tasks/{task_id}", "/v2/p1/tasks/7", Some("p1")),
            ("/v2/{project_id}/tasks", "/v2/p2/tasks", Some("p2")),
            ("/{version}", "/v2", None),
            ("/", "/", None),
        ];
        for (template, path, project) in rows {
            assert_eq!(path_project(template, path), project, "{path}");
        }
    }
}
