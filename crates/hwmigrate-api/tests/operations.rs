//! The table of operations says what the documents say.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use hwmigrate_api::{Place, ResponseBody, Service, find_operation, iam, oms, operations};
use serde_json::Value;

fn documented(document: &Value) -> Vec<(&str, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(|(method, operation)| (path.as_str(), method.to_ascii_uppercase(), operation))
        })
        .collect()
}

#[test]
fn all_35_operations_of_oms_are_there() {
    let ids = "ListTasks CreateTask ShowTask DeleteTask StartTask StopTask UpdateBandwidthPolicy BatchUpdateTasks \
        ListTaskGroup CreateTaskGroup ShowTaskGroup DeleteTaskGroup StartTaskGroup StopTaskGroup RetryTaskGroup \
        UpdateTaskGroup ListSyncTasks CreateSyncTask ShowSyncTask DeleteSyncTask StartSyncTask StopSyncTask \
        ListSyncTaskStatistic CreateSyncEvents ShowCloudType ShowRegionInfo ShowBucketList ShowBucketObjects \
        ShowBucketRegion CheckPrefix ShowCdnInfo CheckUrlSourceListFileFormat ListApiVersions ShowApiInfo \
        UpdatePrivacyAgreementRecord";
    let ids: BTreeSet<&str> = ids.split_whitespace().collect();
    let found: BTreeSet<&str> = oms::OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(found, ids);
    assert_eq!(oms::OPERATIONS.len(), 35);
}

#[test]
fn tables_equal_the_documents() {
    for (service, text, table) in
        [(Service::Iam, iam::DOCUMENT, iam::OPERATIONS), (Service::Oms, oms::DOCUMENT, oms::OPERATIONS)]
    {
        let document: Value = serde_json::from_str(text).unwrap();
        let resolve = |value: &Value| match value["$ref"].as_str() {
            Some(reference) => document.pointer(&reference[1..]).unwrap().clone(),
            None => value.clone(),
        };
        let documented = documented(&document);
        assert_eq!(documented.len(), table.len());
        for (path, method, wanted) in documented {
            let id = wanted["operationId"].as_str().unwrap();
            let found = table.iter().find(|operation| operation.id == id).unwrap();
            assert_eq!((found.path, found.method, found.service), (path, method.as_str(), service), "{id}");
            assert_eq!(found.idempotent, wanted["x-idempotent"], "{id}");
            assert_eq!(found.summary, wanted["summary"], "{id}");
            assert_eq!(found.documentation, wanted["externalDocs"]["url"], "{id}");
            assert_eq!(found.body, wanted.get("requestBody").is_some(), "{id}");
            let parameters: Vec<Value> =
                wanted["parameters"].as_array().into_iter().flatten().map(resolve).collect();
            assert_eq!(found.parameters.len(), parameters.len(), "{id}");
            for (found, wanted) in found.parameters.iter().zip(&parameters) {
                assert_eq!(found.name, wanted["name"], "{id}");
                assert_eq!(found.required, wanted["required"], "{id}");
                assert_eq!(found.secret, wanted["schema"]["x-secret"] == true, "{id}");
                let place = match found.place {
                    Place::Path => "path",
                    Place::Query => "query",
                    Place::Header => "header",
                    other => panic!("{id}: {other:?}"),
                };
                assert_eq!(place, wanted["in"], "{id}");
            }
            let success = resolve(&wanted["responses"][found.success.to_string()]);
            let schema = &success["content"]["application/json"]["schema"];
            let response = match schema.is_null() {
                true => ResponseBody::Empty,
                false if schema["type"] == "array" => ResponseBody::Array,
                false => ResponseBody::Object,
            };
            assert_eq!(found.response, response, "{id}");
        }
    }
}

#[test]
fn calls_with_credentials_are_marked() {
    let secret: BTreeSet<&str> =
        operations().filter(|operation| operation.secret).map(|operation| operation.id).collect();
    let wanted = "KeystoneCreateToken KeystoneValidateToken CreateTemporaryAccessKey CreateTask StartTask \
        CreateTaskGroup StartTaskGroup RetryTaskGroup CreateSyncTask StartSyncTask ShowBucketList \
        ShowBucketObjects ShowBucketRegion CheckPrefix ShowCdnInfo CheckUrlSourceListFileFormat";
    assert_eq!(secret, wanted.split_whitespace().collect());
}

#[test]
fn creations_and_starts_are_never_repeated() {
    for id in "CreateTask StartTask StopTask CreateTaskGroup StartTaskGroup StopTaskGroup RetryTaskGroup \
        CreateSyncTask StartSyncTask StopSyncTask UpdatePrivacyAgreementRecord"
        .split_whitespace()
    {
        assert!(!find_operation(id).unwrap().idempotent, "{id}");
    }
    assert!(operations().filter(|operation| operation.method == "GET").all(|operation| operation.idempotent));
}

#[test]
fn documented_ids_that_share_a_path_find_their_operation() {
    for id in "KeystoneCreateUserTokenByPassword KeystoneCreateUserTokenByPasswordAndMfa \
        KeystoneCreateAgencyToken KeystoneCreateScopedToken"
        .split_whitespace()
    {
        assert_eq!(find_operation(id).unwrap().function, "keystone_create_token");
    }
    for id in ["CreateTemporaryAccessKeyByToken", "CreateTemporaryAccessKeyByAgency"] {
        assert_eq!(find_operation(id).unwrap().id, "CreateTemporaryAccessKey");
    }
    assert!(find_operation("createtask").is_none());
    assert!(find_operation("").is_none());
}

#[test]
fn path_of_another_resource_does_not_match() {
    let show = find_operation("ShowTaskGroup").unwrap();
    assert!(show.matches_path("", "/v2/p/taskgroups/g"));
    assert!(show.matches_path("/below", "/below/v2/p/taskgroups/g"));
    assert!(show.matches_path("/below/", "/below/v2/p/taskgroups/g"));
    for path in [
        "/v2/p/taskgroups",
        "/v2/p/taskgroups/",
        "/v2/p/",
        "/v2//taskgroups/g",
        "/v2/taskgroups/g",
        "/v2/p/taskgroups/..",
        "/v2/p/taskgroups/g/start",
        "/v2/p/tasks/g",
        "",
    ] {
        assert!(!show.matches_path("", path), "{path}");
    }
    assert!(!show.matches_path("/below", "/v2/p/taskgroups/g"));
    assert!(find_operation("ListApiVersions").unwrap().matches_path("", "/"));
    assert!(!find_operation("ShowApiInfo").unwrap().matches_path("", "/"));
    assert!(find_operation("ShowApiInfo").unwrap().matches_path("", "/v2"));
}
