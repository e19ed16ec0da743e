//! Checks before sending and after receiving.
//!
//! Before: a path parameter such as `..` would silently turn one operation
//! into another, because whoever reads an address normalises it. After: a success must carry what
//! the operation answers, or the caller would get an object full of nothing.

use hwmigrate_api::ResponseBody;
use percent_encoding::percent_decode;

use crate::error::{Error, Result};

/// Compares the path to be requested with the operation's template.
pub(crate) fn check_path(template: &str, path: &str) -> Result<()> {
    // Bytes, because this runs for every request and a slash is always one byte.
    let mut expected = template.as_bytes().split(|byte| *byte == b'/');
    let mut actual = path.as_bytes().split(|byte| *byte == b'/');
    loop {
        let fits = match (expected.next(), actual.next()) {
            (None, None) => return Ok(()),
            (Some([b'{', ..]), Some(have)) => is_plain(have) || bad_value(have).is_none(),
            (Some(want), Some(have)) => want == have,
            // Segments vanished or appeared: some value held `..`, `.` or a slash.
            _ => false,
        };
        if !fits {
            return Err(bad_path(template, path));
        }
    }
}

/// Ids are nearly always plain, so the usual case costs one scan.
fn is_plain(segment: &[u8]) -> bool {
    !segment.is_empty() && !segment.iter().any(|byte| matches!(byte, b'%' | b'.' | b'\\'))
}

/// Names the parameter whose value does not belong into the path.
fn bad_path(template: &str, path: &str) -> Error {
    let mut last = None;
    let mut actual = path.split('/');
    let mut expected = template.split('/');
    while let Some(want) = expected.next() {
        let have = actual.next();
        match (parameter(want), have) {
            (Some(name), Some(have)) => {
                if let Some(problem) = bad_value(have.as_bytes()) {
                    return Error::invalid(format!(
                        "parameter `{name}` {problem}; give the id as the service reported it"
                    ));
                }
                last = Some(name);
            }
            (None, Some(have)) if want == have => {}
            (next, _) => {
                last = next.or_else(|| expected.find_map(parameter)).or(last);
                break;
            }
        }
    }
    match last {
        Some(name) => Error::invalid(format!(
            "parameter `{name}` is a relative path or empty; give the id as the service reported it"
        )),
        None => Error::invalid("the request path is not the operation's; check the endpoint setting"),
    }
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn bad_value(segment: &[u8]) -> Option<&'static str> {
    if segment.is_empty() {
        return Some("is empty");
    }
    let decoded = percent_decode(segment).collect::<Vec<u8>>();
    if decoded.iter().any(|byte| byte.is_ascii_control() || matches!(byte, b'/' | b'\\')) {
        return Some("holds a slash or a control character");
    }
    // `%2e` is a dot to whoever decodes once more.
    let again = percent_decode(&decoded).collect::<Vec<u8>>();
    if again == b"." || again == b".." {
        return Some("is a relative path");
    }
    std::str::from_utf8(&decoded).is_err().then_some("is not UTF-8")
}

/// Whether a success body can be what the operation answers. Says what is wrong.
///
/// What stands there instead is not quoted: a proxy's page may echo the request.
pub(crate) fn check_body(due: ResponseBody, body: &[u8]) -> Result<(), &'static str> {
    let first = body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    Err(match (due, first) {
        (ResponseBody::Stream, _)
        | (ResponseBody::Object, Some(b'{'))
        | (ResponseBody::Array, Some(b'['))
        | (ResponseBody::Empty, None) => return Ok(()),
        // Nothing may be relied on, but a page of HTML did not come from the service.
        (ResponseBody::Empty, Some(b'<')) | (_, Some(b'<')) => "the body is HTML or XML",
        (ResponseBody::Empty, Some(_)) => return Ok(()),
        (_, None) => "the body is empty",
        (ResponseBody::Object, _) => "the body is not a JSON object",
        (ResponseBody::Array, _) => "the body is not a JSON array",
        _ => return Ok(()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TASK: &str = "/v2/{project_id}/tasks/{task_id}";
    const START: &str = "/v2/{project_id}/taskgroups/{group_id}/start";

    /// For the path with those values as they are.
    fn check(template: &str, values: &[(&str, &str)]) -> Result<()> {
        let path = values
            .iter()
            .fold(template.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        check_path(template, &path)
    }

    #[test]
    fn ordinary_ids_pass() {
        check(TASK, &[("project_id", "0215ef11e49d4743be23dd97a1561e91"), ("task_id", "17")]).unwrap();
        check(START, &[("project_id", "p"), ("group_id", "a.b-c%20d")]).unwrap();
        check("/v2", &[]).unwrap();
        check("/", &[]).unwrap();
    }

    #[test]
    fn values_that_change_the_path_are_refused_by_name() {
        let rows = [
            (TASK, "p", "task_id", ".."),
            (TASK, "p", "task_id", "."),
            (TASK, "p", "task_id", ""),
            (TASK, "p", "task_id", "%2e%2e"),
            (TASK, "p", "task_id", "%252e"),
            (TASK, "p", "task_id", "%2E."),
            (TASK, "p", "task_id", "a%2Fb"),
            (TASK, "p", "task_id", "a%0d%0ab"),
            (START, "p", "group_id", ".."),
            (START, "p", "group_id", ""),
            (START, "p", "group_id", "a/b"),
            (START, "p", "group_id", "."),
        ];
        for (template, project, name, value) in rows {
            let error = check(template, &[("project_id", project), (name, value)]).unwrap_err();
            assert!(error.to_string().contains(&format!("`{name}`")), "{value}: {error}");
            assert_eq!(error.kind(), crate::ErrorKind::Invalid);
        }
        let error = check(TASK, &[("project_id", ".."), ("task_id", "1")]).unwrap_err();
        assert!(error.to_string().contains("`project_id`"), "{error}");
    }

    #[test]
    fn a_success_must_carry_what_is_due() {
        let rows: [(ResponseBody, &[u8], bool); 11] = [
            (ResponseBody::Object, b" {}", true),
            (ResponseBody::Object, b"", false),
            (ResponseBody::Object, b"  ", false),
            (ResponseBody::Object, b"[]", false),
            (ResponseBody::Object, b"null", false),
            (ResponseBody::Object, b"<!doctype html>", false),
            (ResponseBody::Array, b"[1]", true),
            (ResponseBody::Array, b"{}", false),
            (ResponseBody::Empty, b"", true),
            (ResponseBody::Empty, b"{\"a\":1}", true),
            (ResponseBody::Empty, b"<html>", false),
        ];
        for (due, body, good) in rows {
            assert_eq!(check_body(due, body).is_ok(), good, "{due:?} {body:?}");
        }
    }
}
