//! Answers that stray from the documentation decode; answers of another kind do not.

#![allow(clippy::unwrap_used, clippy::panic)]

use hwmigrate_api::ErrorResp;
use hwmigrate_api::oms::types::{
    ApiVersionStatus, CloudType, ConsistencyCheck, ListTaskGroupResponse, ListTasksResponse,
    ShowBucketRecord, SyncTaskInfo, SyncTaskStatus, TaskGroupResp, TaskGroupStatus, TaskPriority, TaskResp,
    TaskStatus, Version,
};
use serde_json::{Value, json};

fn task(members: Value) -> TaskResp {
    serde_json::from_value(members.clone()).unwrap_or_else(|error| panic!("{members}: {error}"))
}

#[test]
fn numbers_as_text_are_numbers() {
    let task = task(json!({
        "id": "200477729979132", "status": "5", "progress": "0.5", "total_size": "  12 ", "failed_num": 3.0,
        "successful_num": "4.0",
    }));
    assert_eq!(task.id, Some(200477729979132));
    assert_eq!(task.status, Some(TaskStatus::Succeeded));
    assert_eq!(task.progress, Some(0.5));
    assert_eq!((task.total_size, task.failed_num, task.successful_num), (Some(12), Some(3), Some(4)));
}

#[test]
fn numbers_are_text_where_text_belongs() {
    let task = task(json!({"name": 17, "group_id": -4, "description": true}));
    assert_eq!(task.name.as_deref(), Some("17"));
    assert_eq!(task.group_id.as_deref(), Some("-4"));
    assert_eq!(task.description.as_deref(), Some("true"));
    let record: ShowBucketRecord = serde_json::from_str(r#"{"size": 18446744073709551615}"#).unwrap();
    assert_eq!(record.size.as_deref(), Some("18446744073709551615"));
}

#[test]
fn truth_values_come_in_many_forms() {
    for (form, truth) in [
        (json!("true"), true),
        (json!("False"), false),
        (json!(1), true),
        (json!("0"), false),
        (json!(true), true),
    ] {
        assert_eq!(task(json!({"is_query_over": form})).is_query_over, Some(truth), "{form}");
    }
}

#[test]
fn null_empty_and_missing_are_no_value() {
    let names = [
        "id",
        "status",
        "progress",
        "is_query_over",
        "error_reason",
        "failed_num",
        "smn_info",
        "bandwidth_policy",
        "src_node",
        "task_type",
        "dst_storage_policy",
    ];
    for name in names {
        assert_eq!(task(json!({name: null})), TaskResp::default(), "{name}: null");
        assert_eq!(task(json!({name: ""})), TaskResp::default(), "{name}: empty");
    }
    assert_eq!(task(json!({})), TaskResp::default());
    // Text that is empty is text.
    assert_eq!(task(json!({"description": ""})).description.as_deref(), Some(""));
    assert_eq!(task(json!({"description": null})).description, None);
}

#[test]
fn group_list_with_null_counters_decodes() {
    let list: ListTaskGroupResponse = serde_json::from_value(json!({
        "count": 1,
        "taskgroups": [{"group_id": "g", "status": 2, "total_task_num": null, "smn_config": null}, null],
    }))
    .unwrap();
    let groups = list.taskgroups.unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].status, groups[0].total_task_num), (Some(TaskGroupStatus::Monitoring), None));
}

#[test]
fn unknown_words_and_codes_are_kept() {
    let task = task(json!({"status": 42, "task_priority": "URGENT", "src_node": {"cloud_type": "Moon"}}));
    assert_eq!(task.status, Some(TaskStatus::Unknown(42)));
    assert_eq!(task.status.unwrap().to_string(), "unknown (42)");
    assert_eq!(task.task_priority, Some(TaskPriority::Unknown("URGENT".to_owned())));
    assert_eq!(task.src_node.unwrap().cloud_type.unwrap().as_str(), "Moon");
    let again = serde_json::to_value(TaskPriority::Unknown("URGENT".to_owned())).unwrap();
    assert_eq!(again, "URGENT");
}

#[test]
fn provider_names_are_compared_without_case() {
    let group: TaskGroupResp =
        serde_json::from_value(json!({"src_node": {"cloud_type": "HUAWEICLOUD"}})).unwrap();
    assert_eq!(group.src_node.unwrap().cloud_type, Some(CloudType::HuaweiCloud));
    assert_eq!(CloudType::from("urlsource"), CloudType::UrlSource);
    assert_eq!("hec".parse(), Ok(CloudType::Hec));
    assert_eq!(CloudType::UrlSource.as_str(), "URLSource");
}

#[test]
fn words_of_other_calls_are_known_too() {
    let task: SyncTaskInfo =
        serde_json::from_value(json!({"status": "STOPPED", "consistency_check": "transmission"})).unwrap();
    assert_eq!(task.status, Some(SyncTaskStatus::Stopped));
    assert_eq!(task.consistency_check, Some(ConsistencyCheck::Transmission));
}

#[test]
fn codes_keep_their_numbers() {
    for status in TaskStatus::KNOWN {
        assert_eq!(TaskStatus::from(status.code()), *status);
    }
    assert_eq!(TaskStatus::KNOWN.len(), 8);
    let codes: Vec<i64> = TaskGroupStatus::KNOWN.iter().map(|status| status.code()).collect();
    assert_eq!(codes, (0..=9).collect::<Vec<i64>>());
    assert_eq!(TaskGroupStatus::CreationFailed.name(), "creation_failed");
    assert_eq!(serde_json::to_value(TaskStatus::Pausing).unwrap(), 7);
}

#[test]
fn unknown_members_are_passed_over() {
    let task = task(json!({"id": 7, "a_new_member": {"deep": [1, 2, {"deeper": null}]}}));
    assert_eq!(task.id, Some(7));
}

#[test]
fn object_as_a_versions_status_is_no_status() {
    let version: Version =
        serde_json::from_value(json!({"id": "v2", "status": {"value": "CURRENT"}})).unwrap();
    assert_eq!((version.id.as_deref(), version.status), (Some("v2"), None));
    let version: Version = serde_json::from_value(json!({"status": "SUPPORTED"})).unwrap();
    assert_eq!(version.status, Some(ApiVersionStatus::Supported));
}

#[test]
fn values_of_another_kind_are_refused() {
    for members in [
        json!({"id": []}),
        json!({"id": "seven"}),
        json!({"id": 1.5}),
        json!({"id": 9223372036854775808_u64}),
        json!({"src_node": []}),
        json!({"src_node": "text"}),
        json!({"bandwidth_policy": {}}),
        json!({"is_query_over": "perhaps"}),
        json!({"name": {}}),
    ] {
        assert!(serde_json::from_value::<TaskResp>(members.clone()).is_err(), "{members}");
    }
}

#[test]
fn big_ids_are_exact() {
    assert_eq!(task(json!({"id": 9007199254740993_i64})).id, Some(9007199254740993));
    assert_eq!(task(json!({"id": "9007199254740993"})).id, Some(9007199254740993));
}

#[test]
fn page_read_as_text_equals_page_read_as_value() {
    let page = json!({"count": 2, "tasks": [{"id": 1, "status": 2, "name": "grün \"x\"\n"}, {"id": 2}]});
    let by_value: ListTasksResponse = serde_json::from_value(page.clone()).unwrap();
    let by_text: ListTasksResponse = serde_json::from_str(&page.to_string()).unwrap();
    let by_reader: ListTasksResponse = serde_json::from_reader(page.to_string().as_bytes()).unwrap();
    assert_eq!(by_value, by_text);
    assert_eq!(by_value, by_reader);
}

#[test]
fn every_shape_of_error_is_read() {
    for (body, code, text) in [
        (r#"{"error_code": "OMS.1009", "error_msg": "gone"}"#, Some("OMS.1009"), Some("gone")),
        (
            r#"{"error_msg": "verify aksk", "error_code": "APIGW.0301", "request_id": "r"}"#,
            Some("APIGW.0301"),
            Some("verify aksk"),
        ),
        (r#"{"errorCode": "X.1", "errorMsg": "m"}"#, Some("X.1"), Some("m")),
        (r#"{"code": 404, "message": "m"}"#, Some("404"), Some("m")),
        (r#"{"error": {"code": 401, "message": "m", "title": "Unauthorized"}}"#, Some("401"), Some("m")),
        (r#"{"something": "else"}"#, None, None),
    ] {
        let error = ErrorResp::from_body(body.as_bytes(), Some("application/json"));
        assert_eq!((error.error_code.as_deref(), error.error_msg.as_deref()), (code, text), "{body}");
    }
    let page = ErrorResp::from_body(b"<html>secret</html>", Some("text/html"));
    assert_eq!(page.error_msg.as_deref(), Some("the answer is not a JSON object but 19 bytes of text/html"));
    assert_eq!(ErrorResp::from_body(b"", None).error_msg.as_deref(), Some("the answer has no body"));
}
