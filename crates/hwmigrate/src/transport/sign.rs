//! Puts a signature on a request.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::signing::{self, Keys, Signable};
use crate::transport::operation::Op;

/// Whose resources are meant: a project's or an account's, never both.
pub(crate) enum Owner {
    Project(Option<Arc<str>>),
    Account(Option<Arc<str>>),
}

/// Signs the request as it will be sent. Only the headers that carry meaning
/// are signed: proxies may change the others.
pub(crate) fn sign(
    request: &mut reqwest::Request,
    keys: &Keys,
    op: Op,
    owner: &Owner,
    now: OffsetDateTime,
) -> Result<()> {
    let date = signing::date_header(now);
    insert(request, "x-sdk-date", &date, false)?;
    match owner {
        Owner::Account(id) => {
            if let Some(id) = id {
                insert(request, "x-domain-id", id, false)?;
            }
        }
        Owner::Project(id) => {
            // The gateway compares both; a call may name another project than the client's.
            let named = path_project(op.path, request.url().path()).map(str::to_owned);
            if let Some(id) = named.as_deref().or(id.as_deref()) {
                insert(request, "x-project-id", id, false)?;
            }
        }
    }
    if let Some(token) = &keys.security_token {
        insert(request, "x-security-token", token.expose(), true)?;
    }
    // The query must go out exactly as it is signed.
    if request.url().query().is_some() {
        let query = signing::canonical_query(request.url().query_pairs());
        request.url_mut().set_query(if query.is_empty() { None } else { Some(&query) });
    }
    let value = {
        let url = request.url();
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => Cow::from(format!("{host}:{port}")),
            (host, _) => Cow::from(host.unwrap_or_default()),
        };
        let mut headers = vec![(Cow::from("host"), host)];
        let signed = ["x-sdk-date", "x-project-id", "x-domain-id", "x-security-token", CONTENT_TYPE.as_str()];
        for name in signed {
            if let Some(value) = request.headers().get(name).and_then(|value| value.to_str().ok()) {
                headers.push((name.into(), value.into()));
            }
        }
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let parts = Signable {
            method: request.method().as_str(),
            path: url.path(),
            query: url.query().unwrap_or_default(),
            headers,
            body,
            date: &date,
        };
        signing::authorization(keys, parts)
    };
    insert(request, AUTHORIZATION.as_str(), &value, true)
}

/// The project id in a path. Counted from the end, since an endpoint may have a path of its own.
fn path_project<'p>(template: &str, path: &'p str) -> Option<&'p str> {
    let mut pairs = template.rsplit('/').zip(path.rsplit('/'));
    pairs.find_map(|(wanted, given)| (wanted == "{project_id}").then_some(given))
}

fn insert(request: &mut reqwest::Request, name: &'static str, value: &str, secret: bool) -> Result<()> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::config(format!(
            "the value for the header `{name}` holds characters that a header cannot carry; \
             look for line ends in the access key, token or project id"
        ))
    })?;
    value.set_sensitive(secret);
    request.headers_mut().insert(HeaderName::from_static(name), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_of_the_path_is_found() {
        let rows = [
            ("/v2/{project_id}/tasks/{task_id}", "/v2/p1/tasks/7", Some("p1")),
            ("/v2/{project_id}/tasks", "/gate/oms/v2/p2/tasks", Some("p2")),
            ("/{version}", "/v2", None),
            ("/", "/", None),
        ];
        for (template, path, project) in rows {
            assert_eq!(path_project(template, path), project, "{path}");
        }
    }
}
