//! The example bodies of the documentation decode, and requests come out as documented.

#![allow(clippy::unwrap_used, clippy::panic)]

use hwmigrate_api::Exposed;
use hwmigrate_api::iam::types::{
    CreateTemporaryAccessKeyResponse, CreateTokenReq, IdentityMethod, ListProjectsResponse, TokenResponse,
};
use hwmigrate_api::oms::types::{
    CloudType, CreateTaskReq, CreateTaskResponse, DstNodeReq, SrcNodeReq, StartTaskReq, TaskResp, TaskStatus,
    TaskType,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn decode<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_value(fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn exposed(value: &impl Serialize) -> Value {
    serde_json::to_value(Exposed(value)).unwrap()
}

#[test]
fn finished_task_of_the_documentation_decodes() {
    let task: TaskResp = decode("oms-show-task-response");
    assert_eq!(task.id, Some(200477729979132));
    assert_eq!(task.status, Some(TaskStatus::Succeeded));
    assert_eq!(task.task_type, Some(TaskType::Object));
    assert_eq!(task.progress, Some(1.0));
    assert_eq!(task.error_reason, None);
    assert_eq!(task.group_id.as_deref(), Some(""));
    let source = task.src_node.unwrap();
    assert_eq!(source.cloud_type, Some(CloudType::HuaweiCloud));
    assert_eq!(source.object_key.unwrap(), ["01.png", "list.txt"]);
    assert_eq!(source.list_file, None);
    assert_eq!(task.failed_object_record.unwrap().result, None);
}

#[test]
fn created_task_of_the_documentation_decodes() {
    let created: CreateTaskResponse = decode("oms-create-task-response");
    assert_eq!((created.id, created.task_name.as_deref()), (Some(200477729979132), Some("task_name")));
}

#[test]
fn create_request_comes_out_as_it_went_in() {
    let request: CreateTaskReq = decode("oms-create-task-request");
    assert_eq!(request.src_node.cloud_type, Some(CloudType::Unknown("cloud_type".to_owned())));
    assert_eq!(exposed(&request), fixture("oms-create-task-request"));
}

#[test]
fn create_request_made_by_hand_is_the_documented_one() {
    let source = SrcNodeReq {
        region: Some("source_bucket_region".to_owned()),
        ak: Some("sorce_ak".into()),
        sk: Some("sorce_sk".into()),
        bucket: Some("source_bucket".to_owned()),
        cloud_type: Some(CloudType::from("cloud_type")),
        object_key: vec!["01.png".to_owned(), "list.txt".to_owned()],
        ..SrcNodeReq::default()
    };
    let destination = DstNodeReq::new(
        "destination_ak".into(),
        "destination_sk".into(),
        "destination_bucket".to_owned(),
        "destination_bucket_region".to_owned(),
    );
    let request = CreateTaskReq {
        enable_kms: Some(false),
        description: Some(String::new()),
        enable_failed_object_recording: Some(true),
        enable_restore: Some(false),
        task_type: Some(TaskType::Object),
        ..CreateTaskReq::new(source, destination)
    };
    assert_eq!(exposed(&request), fixture("oms-create-task-request"));
}

#[test]
fn start_requests_come_out_as_they_went_in() {
    for name in ["oms-start-task-request", "oms-start-task-request-url-list"] {
        let request: StartTaskReq = decode(name);
        assert_eq!(exposed(&request), fixture(name));
    }
}

#[test]
fn start_request_of_2020_decodes_without_its_misnamed_key() {
    let request: StartTaskReq = decode("oms-start-task-request-2020");
    assert_eq!(request.dst_ak.expose(), "dst_ak");
    assert!(request.source_cdn_authentication_key.is_none());
}

#[test]
fn token_requests_come_out_as_they_went_in() {
    for name in ["iam-token-request", "iam-token-request-masked", "sms-token-request"] {
        let request: CreateTokenReq = decode(name);
        assert_eq!(request.auth.identity.methods, [IdentityMethod::Password]);
        assert_eq!(exposed(&request), fixture(name));
    }
}

#[test]
fn token_properties_decode() {
    let token = decode::<TokenResponse>("iam-token-response").token.unwrap();
    assert_eq!(token.expires_at.as_deref(), Some("2020-01-04T09:05:22.701000Z"));
    assert_eq!(token.project.unwrap().name.as_deref(), Some("cn-north-4"));
    assert_eq!(token.catalog.unwrap().len(), 1);
    assert_eq!(token.user.unwrap().password_expires_at.as_deref(), Some(""));
}

#[test]
fn null_links_of_projects_decode() {
    let list: ListProjectsResponse = decode("iam-projects-response");
    assert_eq!(list.projects.unwrap().remove(0).enabled, Some(true));
    assert_eq!(list.links.unwrap().next, None);
}

#[test]
fn temporary_key_decodes_and_stays_hidden() {
    let key = decode::<CreateTemporaryAccessKeyResponse>("iam-securitytoken-response").credential.unwrap();
    assert_eq!(key.secret.as_ref().unwrap().expose(), "made-up-secret");
    assert!(!format!("{key:?}").contains("made-up"));
}
