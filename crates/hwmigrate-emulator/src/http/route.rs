//! Which operation a method and a path mean.

use std::sync::LazyLock;

use hwmigrate_api::{Operation, Service};
use percent_encoding::percent_decode_str;

/// A place where requests can go.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) id: &'static str,
    /// What the documents say about it; `None` for the one call that they leave out.
    pub(crate) operation: Option<&'static Operation>,
    /// The operation of another service that has the same method and path, and the same answer here.
    pub(crate) shared_with: Option<&'static Operation>,
    pub(crate) service: Service,
    /// With the parameters in braces.
    pub(crate) template: &'static str,
    /// The parameters, decoded.
    pub(crate) parameters: Vec<(String, String)>,
}

/// What a method and a path lead to.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Route(Route),
    /// The path is known, the method is not.
    OtherMethod(Service),
    Nothing,
}

impl Found {
    /// The service that the path belongs to, if it is known.
    pub(crate) fn service(&self) -> Option<Service> {
        match self {
            Self::Route(route) => Some(route.service),
            Self::OtherMethod(service) => Some(*service),
            Self::Nothing => None,
        }
    }
}

struct Known {
    id: &'static str,
    operation: Option<&'static Operation>,
    shared_with: Option<&'static Operation>,
    /// The one path that counts, where several services have the template.
    only: Option<&'static str>,
    service: Service,
    method: &'static str,
    template: &'static str,
}

/// Who signed a request. The vendor's clients ask for it where a list of accounts stays empty;
/// it belongs to a service that has no document here.
pub(crate) const CALLER_IDENTITY: &str = "GetCallerIdentity";

/// Versions that are those of SMS; `/{version}` with any other is answered by OMS.
const SMS_VERSION: &str = "/v3";

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let same = |one: &Operation, other: &Operation| {
        one.service != other.service && one.method == other.method && one.path == other.path
    };
    let mut known: Vec<_> = hwmigrate_api::operations()
        .filter_map(|op| {
            let twin = hwmigrate_api::operations().find(|other| same(op, other));
            let versions = op.path == "/{version}" && op.service == Service::Sms;
            // Of two with the same path the first service answers for both, except for versions.
            if op.service == Service::Sms && twin.is_some() && !versions {
                return None;
            }
            Some(Known {
                id: op.id,
                operation: Some(op),
                shared_with: twin.filter(|_| op.path != "/{version}"),
                only: versions.then_some(SMS_VERSION),
                service: op.service,
                method: op.method,
                template: op.path,
            })
        })
        .collect();
    known.push(Known {
        id: CALLER_IDENTITY,
        operation: None,
        shared_with: None,
        only: None,
        service: Service::Iam,
        method: "GET",
        template: "/v5/caller-identity",
    });
    // Written-out paths come before those with parameters in the same place.
    known.sort_by_key(|known| if known.only.is_some() { 0 } else { known.template.matches('{').count() });
    known
});

/// Finds the operation.
pub(crate) fn find(method: &str, path: &str) -> Found {
    let mut found = Found::Nothing;
    for known in KNOWN.iter() {
        if known.only.is_some_and(|only| only != path) {
            continue;
        }
        let Some(parameters) = parameters(known.template, path) else { continue };
        if known.method == method {
            return Found::Route(Route {
                id: known.id,
                operation: known.operation,
                shared_with: known.shared_with,
                service: known.service,
                template: known.template,
                parameters,
            });
        }
        if matches!(found, Found::Nothing) {
            found = Found::OtherMethod(known.service);
        }
    }
    found
}

/// The path with all segments hidden that no document spells out.
pub(crate) fn shown_path(path: &str) -> String {
    let literal =
        |segment: &str| KNOWN.iter().any(|known| known.template.split('/').any(|part| part == segment));
    path.split('/').map(|segment| if literal(segment) { segment } else { "*" }).collect::<Vec<_>>().join("/")
}

fn parameters(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut given = path.split('/');
    for part in template.split('/') {
        let segment = given.next()?;
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(_) if segment.is_empty() => return None,
            Some(name) => {
                let value = percent_decode_str(segment).decode_utf8_lossy().into_owned();
                found.push((name.to_owned(), value));
            }
            None if part != segment => return None,
            None => {}
        }
    }
    given.next().is_none().then_some(found)
}

/// The pairs of a query, decoded as servers do: a plus is a blank.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::*;

    #[test]
    fn every_documented_operation_is_found() {
        for operation in hwmigrate_api::operations() {
            let path = match (operation.service, operation.path) {
                (Service::Sms, "/{version}") => "/v3".to_owned(),
                (_, path) => path.replace(['{', '}'], ""),
            };
            let Found::Route(route) = find(operation.method, &path) else { panic!("no route to {path}") };
            let shared = route.shared_with.is_some_and(|shared| std::ptr::eq(shared, operation));
            assert!(
                shared || (route.service, route.id) == (operation.service, operation.id),
                "{} leads to {}",
                operation.id,
                route.id
            );
        }
    }

    #[test]
    fn versions_lead_to_their_services_and_the_root_to_both() {
        let at = |path| match find("GET", path) {
            Found::Route(route) => (route.service, route.shared_with.map(|op| op.service)),
            other => panic!("{path} leads to {other:?}"),
        };
        assert_eq!(at("/v3"), (Service::Sms, None));
        assert_eq!(at("/v2"), (Service::Oms, None));
        assert_eq!(at("/v9"), (Service::Oms, None));
        assert_eq!(at("/"), (Service::Oms, Some(Service::Sms)));
        assert!(matches!(find("PATCH", "/v3/tasks"), Found::OtherMethod(Service::Sms)));
    }

    #[test]
    fn parameters_are_decoded() {
        let Found::Route(route) = find("GET", "/v2/%7Bproject_id%7D/tasks/7") else { panic!("no route") };
        assert_eq!(route.parameters[0], ("project_id".to_owned(), "{project_id}".to_owned()));
        assert_eq!(route.parameters[1], ("task_id".to_owned(), "7".to_owned()));
    }

    #[test]
    fn unknown_paths_and_methods_are_told_apart() {
        assert!(matches!(find("GET", "/v2/p/nothing"), Found::Nothing));
        assert!(matches!(find("GET", "/v2/p/tasks/"), Found::Nothing));
        assert!(matches!(find("PATCH", "/v2/p/tasks"), Found::OtherMethod(Service::Oms)));
        assert_eq!(shown_path("/v2/secret/tasks/secret/more"), "/v2/*/tasks/*/*");
    }

    #[test]
    fn query_is_decoded() {
        assert_eq!(
            query_pairs("a=b+c&d=%2B&e"),
            [("a", "b c"), ("d", "+"), ("e", "")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        assert!(query_pairs("").is_empty());
    }
}
