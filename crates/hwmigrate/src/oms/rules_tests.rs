#![allow(clippy::unwrap_used)]

use hwmigrate_api::oms::types::{CdnProtocol, SmnTrigger, SrcNodeReq as SrcNode};

use super::*;
use crate::oms::{BandwidthPlan, Destination, GroupRequest, NodeKeys, Source, TaskRequest, sync_request};

/// A part of the refusal, and the change that causes it.
type Case<T> = (&'static str, fn(&mut T));

const MARKER: &str = "made-up-secret-marker";

fn source() -> Source {
    Source::bucket("AWS", "eu-central-1", "photos", MARKER, MARKER)
}

fn destination() -> Destination {
    Destination::new("cn-north-4", "copy", MARKER, MARKER)
}

fn task() -> CreateTaskReq {
    TaskRequest::new(source(), destination()).into_inner()
}

fn group() -> CreateTaskGroupReq {
    GroupRequest::new(source(), destination()).unwrap().into_inner()
}

fn cdn(domain: &str, kind: CdnAuthenticationType) -> SourceCdnReq {
    SourceCdnReq {
        authentication_key: None,
        authentication_type: kind,
        crypto_type: None,
        domain: domain.to_owned(),
        kms_key_id: None,
        protocol: CdnProtocol::Https,
    }
}

/// The message of a refused task, made from a good one.
fn refused(change: impl FnOnce(&mut CreateTaskReq)) -> String {
    let mut request = task();
    change(&mut request);
    let error = create_task(&request).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Invalid);
    assert_eq!(error.operation(), Some("CreateTask"));
    assert!(!format!("{error} {error:?}").contains(MARKER), "{error}");
    error.message().to_owned()
}

fn accepted(change: impl FnOnce(&mut CreateTaskReq)) {
    let mut request = task();
    change(&mut request);
    create_task(&request).unwrap();
}

#[test]
fn every_kind_of_task_has_an_accepted_request() {
    let url = TaskRequest::new(Source::urls(), destination()).url_list("lists", "urls.txt");
    let requests = [
        TaskRequest::new(source(), destination()),
        TaskRequest::new(source(), destination()).prefix("a/").prefix("b/"),
        TaskRequest::new(source(), destination()).objects(["a.txt", "folder/"]),
        TaskRequest::new(source(), destination()).list_file("lists", "keys.txt"),
        url,
        TaskRequest::new(Source::azure("west", "container", MARKER), destination()),
        TaskRequest::new(Source::google("eu", "bucket", MARKER), destination()),
        TaskRequest::new(
            Source::bucket("Tencent", "r", "b", MARKER, MARKER).app_id("1250000000"),
            destination(),
        ),
    ];
    for request in requests {
        create_task(&request).unwrap();
    }
}

#[test]
fn request_of_the_documentation_is_accepted() {
    let body = r#"{
        "src_node": {"region": "source_bucket_region", "ak": "sorce_ak", "sk": "sorce_sk", "bucket": "source_bucket",
            "cloud_type": "HuaweiCloud", "object_key": ["01.png", "list.txt"]},
        "enable_kms": false, "description": "",
        "dst_node": {"region": "destination_bucket_region", "ak": "destination_ak", "sk": "destination_sk",
            "bucket": "destination_bucket"},
        "enable_failed_object_recording": true, "enable_restore": false, "task_type": "object"
    }"#;
    create_task(&serde_json::from_str(body).unwrap()).unwrap();
    let body = r#"{"dst_ak": "destination_ak", "dst_sk": "destination_sk", "src_ak": "source_ak",
        "src_sk": "source_sk", "migrate_failed_object": false}"#;
    start_task(&serde_json::from_str(body).unwrap()).unwrap();
}

#[test]
fn missing_parts_of_a_source_are_named_with_the_fix() {
    let table: [Case<SrcNode>; 7] = [
        ("src_node.cloud_type is HEC: write HuaweiCloud", |node| node.cloud_type = Some(CloudType::Hec)),
        ("src_node.region is missing: give the region", |node| node.region = None),
        ("src_node.bucket is empty: give the name", |node| node.bucket = Some(String::new())),
        ("src_node.ak is missing: give the access key", |node| node.ak = None),
        ("src_node.sk is missing: give the access key", |node| node.sk = Some(Secret::default())),
        ("src_node.object_key is empty", |node| node.object_key.clear()),
        ("src_node.app_id is missing", |node| node.cloud_type = Some(CloudType::Tencent)),
    ];
    for (text, change) in table {
        let message = refused(|request| change(&mut request.src_node));
        assert!(message.contains(text), "{text}: {message}");
    }
}

#[test]
fn lists_need_their_file_and_url_lists_their_provider() {
    let message = refused(|request| request.task_type = Some(TaskType::List));
    assert!(message.contains("src_node.list_file is missing"), "{message}");
    let message = refused(|request| request.task_type = Some(TaskType::UrlList));
    assert!(message.contains("src_node.cloud_type is AWS: write URLSource"), "{message}");
    let message = refused(|request| request.src_node.cloud_type = Some(CloudType::UrlSource));
    assert!(message.contains("name the provider, or choose the task type url_list"), "{message}");
    let message = refused(|request| {
        request.task_type = Some(TaskType::List);
        let file = ListFile { list_file_key: String::new(), list_file_num: None, obs_bucket: " ".to_owned() };
        request.src_node.list_file = Some(file);
    });
    assert!(
        message.contains("list_file_key is empty") && message.contains("obs_bucket is empty"),
        "{message}"
    );
}

#[test]
fn limits_of_keys_are_kept() {
    accepted(|request| request.src_node.object_key = vec!["k".repeat(1024); 500]);
    let message = refused(|request| request.src_node.object_key = vec!["k".into(); 501]);
    assert!(message.contains("has 501 entries: use at most 500, and a list file for more"), "{message}");
    let message = refused(|request| request.src_node.object_key = vec!["a".into(), "k".repeat(1025)]);
    assert!(message.contains("src_node.object_key[1] has 1025 characters"), "{message}");
}

#[test]
fn prefix_and_key_together_stay_within_the_limit() {
    accepted(|request| {
        request.dst_node.save_prefix = Some("p".repeat(1000));
        request.src_node.object_key = vec!["k".repeat(24)];
    });
    let message = refused(|request| {
        request.dst_node.save_prefix = Some("p".repeat(1000));
        request.src_node.object_key = vec!["k".repeat(25)];
    });
    assert!(message.contains("dst_node.save_prefix makes a key of 1025 characters"), "{message}");
}

#[test]
fn secrets_are_judged_without_being_shown() {
    for text in ["", "  ", "made-up-secret-marker\n", "made-up-secret-marker<", &MARKER.repeat(5)] {
        let message = refused(|request| request.dst_node.sk = Secret::from(text));
        assert!(message.starts_with("dst_node.sk "), "{message}");
    }
}

#[test]
fn odd_parts_of_a_task_are_refused() {
    let table: [Case<CreateTaskReq>; 8] = [
        ("description contains '&'", |request| request.description = Some("a & b".to_owned())),
        ("description has 256 characters", |request| request.description = Some("x".repeat(256))),
        ("migrate_since is 1700000000000: give seconds", |request| {
            request.migrate_since = Some(1_700_000_000_000)
        }),
        ("migrate_since is -1", |request| request.migrate_since = Some(-1)),
        ("src_node.kms_key_id is missing", |request| request.src_node.crypto_type = Some(CryptoType::Kms)),
        ("dst_node.kms_key_id is \"A\"", |request| request.dst_node.kms_key_id = Some("A".to_owned())),
        ("dst_node.bucket contains '<'", |request| request.dst_node.bucket = "a<b".to_owned()),
        ("bandwidth_policy[0].start is \"8:00\"", |request| {
            request.bandwidth_policy = vec![BandwidthPolicyDto {
                start: "8:00".to_owned(),
                end: "09:00".to_owned(),
                max_bandwidth: 1 << 20,
            }];
        }),
    ];
    for (text, change) in table {
        let message = refused(change);
        assert!(message.contains(text), "{text}: {message}");
    }
}

#[test]
fn cdn_domains_and_keys_are_checked() {
    accepted(|request| request.source_cdn = Some(cdn("cdn.example.com", CdnAuthenticationType::None)));
    accepted(|request| {
        let mut cdn = cdn("cdn.example.com", CdnAuthenticationType::AliyunOssA);
        cdn.authentication_key = Some(Secret::from(MARKER));
        request.source_cdn = Some(cdn);
    });
    for domain in
        ["", "ab", "localhost", "https://cdn.example.com", "cdn.example.com/path", "a..b", &"x.".repeat(200)]
    {
        let message = refused(|request| request.source_cdn = Some(cdn(domain, CdnAuthenticationType::None)));
        assert!(message.contains("source_cdn.domain is"), "{domain}: {message}");
    }
    let message = refused(|request| {
        request.source_cdn = Some(cdn("x.obs.myhuaweicloud.com", CdnAuthenticationType::None))
    });
    assert!(message.contains("not of Huawei Cloud"), "{message}");
    let message = refused(|request| {
        request.source_cdn = Some(cdn("c.example.com", CdnAuthenticationType::TencentCosD))
    });
    assert!(
        message.contains("source_cdn.authentication_key is missing: give the key of TENCENT_COS_D"),
        "{message}"
    );
}

#[test]
fn message_settings_need_topic_and_trigger() {
    let smn = |triggers: Vec<SmnTrigger>| SmnConfig {
        language: None,
        message_template_name: None,
        topic_urn: "urn:smn:cn-north-4:p:t".to_owned(),
        trigger_conditions: triggers,
    };
    accepted(|request| request.smn_config = Some(smn(vec![SmnTrigger::Success, SmnTrigger::Failure])));
    let message = refused(|request| request.smn_config = Some(smn(Vec::new())));
    assert!(message.contains("smn_config.trigger_conditions has 0 entries"), "{message}");
}

#[test]
fn groups_follow_the_same_rules() {
    create_group(&group()).unwrap();
    create_group(&GroupRequest::new(source(), destination()).unwrap().prefix("a/")).unwrap();
    create_group(&GroupRequest::new(source(), destination()).unwrap().list_file("lists", "keys.txt"))
        .unwrap();
    create_group(&GroupRequest::new(Source::urls(), destination()).unwrap().url_list("lists", "u.txt"))
        .unwrap();
    let mut request = group();
    request.task_type = None;
    request.src_node.object_key.clear();
    let error = create_group(&request).unwrap_err();
    assert_eq!(error.operation(), Some("CreateTaskGroup"));
    assert!(error.message().contains("src_node.object_key is empty"), "{error}");
}

#[test]
fn sync_tasks_have_rules_of_their_own() {
    create_sync_task(&sync_request(source(), destination()).unwrap()).unwrap();
    let mut request = sync_request(Source::bucket("Google", "r", "b", "", ""), destination()).unwrap();
    request.consistency_check = Some(ConsistencyCheck::NoCheck);
    let error = create_sync_task(&request).unwrap_err();
    for text in
        ["src_cloud_type is Google", "src_ak is empty", "consistency_check is no_check: write transmission"]
    {
        assert!(error.message().contains(text), "{text}: {error}");
    }
}

#[test]
fn what_groups_and_sync_tasks_cannot_carry_is_refused_and_not_dropped() {
    let temporary = || (source().security_token(MARKER), destination().security_token(MARKER));
    let refused = |error: crate::Error, words: &[&str]| {
        assert_eq!(error.kind(), crate::ErrorKind::Invalid);
        for words in words {
            assert!(error.message().contains(words), "{words}: {error}");
        }
        assert!(!format!("{error} {error:?}").contains(MARKER), "{error:?}");
    };
    let tokens =
        ["source.security_token is given", "destination.security_token is given", "permanent keys only"];
    let (source, destination) = temporary();
    refused(GroupRequest::new(source, destination).unwrap_err(), &tokens);
    let (source, destination) = temporary();
    let sent = TaskRequest::new(source, destination);
    assert!(sent.src_node.security_token.is_some() && sent.dst_node.security_token.is_some());
    let (source, destination) = temporary();
    let error = sync_request(source, destination.save_prefix("a/")).unwrap_err();
    refused(error, &[&tokens[..], &["destination.save_prefix is given"]].concat());
    for (source, words) in [
        (Source::google("r", "b", MARKER), "source.json_auth_file is given"),
        (Source::azure("r", "b", MARKER), "source.connection_string is given"),
    ] {
        refused(sync_request(source, self::destination()).unwrap_err(), &[words]);
    }
    let mut narrowed = TaskRequest::new(self::source(), self::destination()).into_inner().src_node;
    // What it chooses must not become the whole bucket in silence.
    narrowed.object_key = vec!["2026/".to_owned()];
    refused(Source::try_from(narrowed.clone()).unwrap_err(), &["source.object_key is given"]);
    narrowed.object_key.clear();
    narrowed.list_file =
        Some(ListFile { list_file_key: "k".into(), obs_bucket: "b".into(), list_file_num: None });
    refused(Source::try_from(narrowed.clone()).unwrap_err(), &["source.list_file is given"]);
    narrowed.list_file = None;
    narrowed.kms_key_id = Some("key".to_owned());
    let request = sync_request(narrowed.try_into().unwrap(), self::destination()).unwrap();
    assert_eq!(request.src_kms_key_id.as_deref(), Some("key"));
}

#[test]
fn keys_of_a_start_come_in_pairs() {
    let keys = NodeKeys::new(MARKER, MARKER, MARKER, MARKER);
    start_task(&keys.start_task(true)).unwrap();
    start_group(&keys.start_group()).unwrap();
    retry_group(&keys.retry_group(true)).unwrap();
    start_sync_task(&keys.start_sync_task()).unwrap();
    let alone = NodeKeys::destination_only(MARKER, MARKER);
    start_task(&alone.start_task(false)).unwrap();
    start_sync_task(&alone.start_sync_task()).unwrap_err();
    retry_group(&RetryTaskGroupReq::default()).unwrap();
    let mut request = keys.start_task(false);
    request.src_sk = None;
    let error = start_task(&request).unwrap_err();
    assert!(error.message().contains("src_sk is missing: give it together with src_ak"), "{error}");
    assert!(!format!("{error:?}").contains(MARKER));
}

#[test]
fn keys_of_a_request_start_its_task_again() {
    let mut request = task();
    let mut with_cdn = cdn("cdn.example.com", CdnAuthenticationType::AliyunOssA);
    with_cdn.authentication_key = Some(Secret::from("cdn-key"));
    request.source_cdn = Some(with_cdn);
    request.dst_node.security_token = Some(Secret::from("token"));
    let start = NodeKeys::from(&request).start_task(true);
    assert_eq!(start.src_ak, request.src_node.ak);
    assert_eq!(start.dst_sk, request.dst_node.sk);
    assert_eq!(start.dst_security_token, Some(Secret::from("token")));
    assert_eq!(start.source_cdn_authentication_key, Some(Secret::from("cdn-key")));
    assert_eq!(start.migrate_failed_object, Some(true));
}

#[test]
fn batch_takes_exactly_one_of_group_and_ids() {
    let batch = |group: Option<&str>, ids: Vec<i64>| BatchUpdateTasksReq {
        bandwidth_policy: BandwidthPlan::all_day(crate::oms::Bandwidth::MAX).to_policy(),
        group_id: group.map(str::to_owned),
        ids,
        task_priority: None,
    };
    batch_update(&batch(Some("g"), Vec::new())).unwrap();
    batch_update(&batch(None, vec![1; 20])).unwrap();
    batch_update(&batch(Some(""), vec![1])).unwrap();
    for (request, text) in [
        (batch(None, Vec::new()), "are both missing"),
        (batch(Some("g"), vec![1]), "are both given"),
        (batch(None, vec![1; 21]), "has 21 entries: use at most 20"),
        (batch(Some(&"g".repeat(37)), Vec::new()), "group_id has 37 characters"),
        (batch(None, vec![-1]), "task_id is -1"),
    ] {
        let error = batch_update(&request).unwrap_err();
        assert!(error.message().contains(text), "{text}: {error}");
    }
}
