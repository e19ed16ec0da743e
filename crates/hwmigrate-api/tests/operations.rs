//! The table of operations says what the documents say.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use hwmigrate_api::{Operation, Place, ResponseBody, Service, find_operation, iam, oms, operations, sms};
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
fn all_49_operations_of_sms_are_there() {
    let ids = "ListServers RegisterServer ShowServer UpdateServerName DeleteServer DeleteServers ShowOverview \
        ListErrorServers UpdateCopyState UpdateDiskInfo ShowCommand UpdateCommandResult CreateTask ListTasks \
        ShowTask UpdateTask DeleteTask DeleteTasks UpdateTaskStatus UpdateTaskSpeed ShowsSpeedLimits UpdateSpeed \
        CollectLog ShowPassphrase ShowCertKey ShowConfigSetting UploadSpecialConfigurationSetting \
        UpdateNetworkCheckInfo ShowConsistencyResult UpdateConsistencyResult ExportConsistencyResults \
        CreateTemplate ListTemplates ShowTemplate UpdateTemplate DeleteTemplate DeleteTemplates \
        ShowTargetPassword CreateMigproject ListMigprojects ShowMigproject UpdateMigproject \
        UpdateDefaultMigproject DeleteMigproject ShowConfig CreatePrivacyAgreements ShowPrivacyAgreements \
        ListApiVersion ShowApiVersion";
    let ids: BTreeSet<&str> = ids.split_whitespace().collect();
    let found: BTreeSet<&str> = sms::OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(found, ids);
    assert_eq!(sms::OPERATIONS.len(), 49);
}

#[test]
fn tables_equal_the_documents() {
    for (service, text, table) in [
        (Service::Iam, iam::DOCUMENT, iam::OPERATIONS),
        (Service::Oms, oms::DOCUMENT, oms::OPERATIONS),
        (Service::Sms, sms::DOCUMENT, sms::OPERATIONS),
    ] {
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
            let response = match success["content"].is_null() {
                true => ResponseBody::Empty,
                false if schema.is_null() => ResponseBody::Stream,
                false if schema["type"] == "array" => ResponseBody::Array,
                false => ResponseBody::Object,
            };
            assert_eq!(found.response, response, "{id}");
        }
    }
}

fn ids_where(chosen: impl Fn(&Operation) -> bool) -> BTreeSet<String> {
    operations().filter(|operation| chosen(operation)).map(Operation::qualified_id).collect()
}

fn qualified(service: &str, ids: &str) -> impl Iterator<Item = String> {
    ids.split_whitespace().map(move |id| format!("{service}.{id}"))
}

#[test]
fn calls_with_credentials_are_marked() {
    let wanted = qualified("iam", "KeystoneCreateToken KeystoneValidateToken CreateTemporaryAccessKey")
        .chain(qualified(
            "oms",
            "CreateTask StartTask CreateTaskGroup StartTaskGroup RetryTaskGroup CreateSyncTask StartSyncTask \
             ShowBucketList ShowBucketObjects ShowBucketRegion CheckPrefix ShowCdnInfo CheckUrlSourceListFileFormat",
        ))
        // The list of servers carries the addresses from which logs can be read.
        .chain(qualified(
            "sms",
            "ListServers ShowPassphrase ShowCertKey CreateTemplate ListTemplates ShowTemplate UpdateTemplate \
             ShowTargetPassword",
        ));
    assert_eq!(ids_where(|operation| operation.secret), wanted.collect());
}

#[test]
fn only_calls_that_do_something_anew_are_never_repeated() {
    let wanted = qualified(
        "oms",
        "CreateTask StartTask StopTask CreateTaskGroup StartTaskGroup StopTaskGroup RetryTaskGroup \
         CreateSyncTask StartSyncTask StopSyncTask UpdatePrivacyAgreementRecord",
    )
    .chain(qualified(
        "sms",
        "RegisterServer UpdateCommandResult CreateTask UpdateTaskStatus CollectLog UpdateConsistencyResult \
         CreateTemplate CreateMigproject CreatePrivacyAgreements",
    ));
    assert_eq!(ids_where(|operation| !operation.idempotent), wanted.collect());
}

#[test]
fn id_of_several_services_is_that_of_oms_unless_the_service_is_named() {
    for id in ["CreateTask", "ListTasks", "ShowTask", "DeleteTask"] {
        let find = |id: &str| find_operation(id).unwrap().service;
        assert_eq!(find(id), Service::Oms, "{id}");
        assert_eq!(find(&format!("oms.{id}")), Service::Oms, "{id}");
        assert_eq!(find(&format!("sms.{id}")), Service::Sms, "{id}");
    }
    assert_eq!(find_operation("ListServers").unwrap().service, Service::Sms);
    assert_eq!(find_operation("iam.KeystoneCreateAgencyToken").unwrap().id, "KeystoneCreateToken");
    for id in
        ["oms.ListServers", "sms.", ".CreateTask", "SMS.CreateTask", "sms.sms.CreateTask", "ecs.CreateTask"]
    {
        assert!(find_operation(id).is_none(), "{id}");
    }
    for operation in operations() {
        assert!(std::ptr::eq(find_operation(&operation.qualified_id()).unwrap(), operation));
    }
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
