//! Every operation of the service, by its typed method, as it goes over the wire.
#![allow(clippy::unwrap_used)]

mod service;

use futures_util::TryStreamExt;
use hwmigrate::ErrorKind;
use hwmigrate::oms::types::{
    BatchUpdateTasksReq, CdnAuthenticationType, CdnProtocol, CheckPrefixReq, CheckUrlSourceListFileFormatReq,
    CloudSide, CloudType, ListBucketsReq, RetryTaskGroupReq, ShowBucketRegionReq, ShowBucketReq,
    ShowCdnInfoReq, SourceCdnReq, StatisticDataType, SyncTaskStatus, TaskGroupStatus, TaskStatus,
};
use hwmigrate::oms::{
    Bandwidth, BandwidthPlan, Destination, GroupRequest, NodeKeys, Source, UnixMillis, sync_request,
};
use serde_json::{Value, json};
use service::{Asked, Reply, SECRET, Server, ok, refused, request, task};

fn source() -> Source {
    Source::bucket("AWS", "r", "b", SECRET, SECRET)
}

fn destination() -> Destination {
    Destination::new("cn-north-4", "copy", SECRET, SECRET)
}

fn secret() -> hwmigrate::Secret {
    SECRET.into()
}

fn any(asked: &Asked) -> Reply {
    match asked.line().as_str() {
        "POST /tasks" => ok(json!({"id": 17, "task_name": "n"})),
        "POST /taskgroups" => ok(json!({"group_id": "g"})),
        "POST /sync-tasks" => ok(json!({"sync_task_id": "s"})),
        "GET /tasks/17" => ok(task(17, 2)),
        "GET /taskgroups/g" => ok(json!({"group_id": "g", "status": 2})),
        "GET /sync-tasks/s?query_time=1000" => ok(json!({"sync_task_id": "s", "status": "STOPPED"})),
        line if line.starts_with("GET /tasks") => ok(json!({"tasks": [task(1, 2)], "count": 1})),
        line if line.starts_with("GET /taskgroups") => {
            ok(json!({"taskgroups": [{"group_id": "g"}], "count": 1}))
        }
        line if line.starts_with("GET /sync-tasks/s/statistics") => ok(json!({"sync_task_id": "s"})),
        line if line.starts_with("GET /sync-tasks") => ok(json!({"tasks": [], "count": 0})),
        line if line.starts_with("GET /objectstorage/cloud-type") => ok(json!(["AWS", "Newcomer"])),
        "GET /objectstorage/data-center" => ok(json!([{"service_name": "AWS", "region_list": []}])),
        "POST /objectstorage/buckets" => ok(json!(["one", "two"])),
        "POST /objectstorage/buckets/objects" => ok(json!({"next_page": false, "records": [{"name": "a"}]})),
        "POST /objectstorage/buckets/regions" => ok(json!({"id": "r", "support": true})),
        "POST /objectstorage/buckets/prefix" => ok(json!({"exist": true})),
        "POST /objectstorage/buckets/cdn-info" => ok(json!({"is_same_cloud_type": true})),
        "GET /" => ok(json!({"versions": [{"id": "v2"}]})),
        "GET /v2" => ok(json!({"id": "v2"})),
        _ => Reply::Empty,
    }
}

#[tokio::test]
async fn all_35_operations_are_reached() {
    let server = Server::start(any).await;
    let oms = server.oms();
    let keys = NodeKeys::new(SECRET, SECRET, SECRET, SECRET);
    let plan = BandwidthPlan::all_day(Bandwidth::MAX);
    let cdn = SourceCdnReq {
        authentication_key: None,
        authentication_type: CdnAuthenticationType::None,
        crypto_type: None,
        domain: "cdn.example.com".to_owned(),
        kms_key_id: None,
        protocol: CdnProtocol::Https,
    };

    let tasks = oms.tasks();
    let page = tasks
        .list()
        .status(TaskStatus::Failed)
        .group_id("g")
        .task_name("n")
        .page_size(5)
        .page(20)
        .await
        .unwrap();
    assert_eq!((page.items.len(), page.count), (1, Some(1)));
    let created = tasks.create(&request()).await.unwrap();
    assert_eq!((created.id, created.name.as_deref(), created.adopted), (17, Some("n"), false));
    let shown = tasks.show(17).await.unwrap();
    assert_eq!((shown.id, shown.request_id.as_deref()), (Some(17), Some("req-1")));
    tasks.delete(17).await.unwrap();
    tasks.start(17, &keys.start_task(true)).await.unwrap();
    tasks.stop(17).await.unwrap();
    tasks.update_bandwidth(17, &plan).await.unwrap();
    let batch = BatchUpdateTasksReq {
        bandwidth_policy: plan.to_policy(),
        group_id: None,
        ids: vec![1, 2],
        task_priority: Some("HIGH".into()),
    };
    tasks.batch_update(&batch).await.unwrap();

    let groups = oms.groups();
    groups.list().status(TaskGroupStatus::Paused).page(0).await.unwrap();
    assert_eq!(groups.create(&GroupRequest::new(source(), destination()).unwrap()).await.unwrap().id, "g");
    assert_eq!(groups.show("g").await.unwrap().group_id.as_deref(), Some("g"));
    groups.delete("g").await.unwrap();
    groups.start("g", &keys.start_group()).await.unwrap();
    groups.stop("g").await.unwrap();
    groups.retry("g", &RetryTaskGroupReq::default()).await.unwrap();
    groups.update_bandwidth("g", &plan).await.unwrap();

    let sync = oms.sync_tasks();
    sync.list().status(SyncTaskStatus::Stopped).page(0).await.unwrap();
    assert_eq!(sync.create(&sync_request(source(), destination()).unwrap()).await.unwrap().id, "s");
    let (start, end) = (UnixMillis::new(1000).unwrap(), UnixMillis::new(2000).unwrap());
    sync.show("s", start).await.unwrap();
    sync.delete("s").await.unwrap();
    sync.start("s", &keys.start_sync_task()).await.unwrap();
    sync.stop("s").await.unwrap();
    sync.statistics("s", &[StatisticDataType::Request, StatisticDataType::Size], start, end).await.unwrap();
    sync.events("s", ["a b"]).await.unwrap();

    assert_eq!(
        *oms.cloud_types(CloudSide::Src).await.unwrap(),
        ["AWS".into(), CloudType::Unknown("Newcomer".into())]
    );
    assert_eq!(oms.regions().await.unwrap().len(), 1);
    let (ak, sk) = (Some(secret()), Some(secret()));
    let list = ListBucketsReq {
        ak: ak.clone(),
        app_id: None,
        cloud_type: CloudType::Aws,
        connection_string: None,
        json_auth_file: None,
        sk: sk.clone(),
    };
    assert_eq!(*oms.buckets().list(&list).await.unwrap(), ["one", "two"]);
    let objects = oms.buckets().objects(&folder("")).all().await.unwrap();
    assert_eq!(objects[0].name.as_deref(), Some("a"));
    let region = ShowBucketRegionReq {
        ak: ak.clone(),
        app_id: None,
        bucket_name: "b".to_owned(),
        cloud_type: CloudType::Aws,
        connection_string: None,
        json_auth_file: None,
        sk: sk.clone(),
    };
    assert_eq!(oms.buckets().region(&region).await.unwrap().support, Some(true));
    let prefix = CheckPrefixReq {
        ak,
        app_id: None,
        bucket_name: "b".to_owned(),
        cloud_type: CloudType::Aws,
        connection_string: None,
        data_center: "r".to_owned(),
        file_name: "2026/".to_owned(),
        json_auth_file: None,
        security_token: None,
        sk,
    };
    assert!(oms.buckets().check_prefix(&prefix).await.unwrap());
    let info = ShowCdnInfoReq {
        ak: secret(),
        app_id: None,
        bucket: "b".to_owned(),
        cloud_type: CloudType::Aws,
        connection_string: None,
        prefix: None,
        region: "r".to_owned(),
        sk: secret(),
        source_cdn: cdn,
    };
    oms.buckets().cdn_info(&info).await.unwrap();
    let file = CheckUrlSourceListFileFormatReq {
        ak: secret(),
        list_file_key: "urls.txt".to_owned(),
        obs_bucket: "lists".to_owned(),
        region: "cn-north-4".to_owned(),
        sk: secret(),
    };
    oms.buckets().check_url_list(&file).await.unwrap();
    assert_eq!(oms.versions().await.unwrap()[0].id.as_deref(), Some("v2"));
    assert_eq!(oms.version("v2").await.unwrap().id.as_deref(), Some("v2"));
    oms.agree_privacy().await.unwrap();

    let expected = [
        "GET /tasks?group_id=g&limit=5&offset=20&status=4&task_name=n",
        "POST /tasks",
        "GET /tasks/17",
        "DELETE /tasks/17",
        "POST /tasks/17/start",
        "POST /tasks/17/stop",
        "PUT /tasks/17/bandwidth-policy",
        "POST /tasks/batch-update",
        "GET /taskgroups?limit=100&offset=0&status=3",
        "POST /taskgroups",
        "GET /taskgroups/g",
        "DELETE /taskgroups/g",
        "PUT /taskgroups/g/start",
        "PUT /taskgroups/g/stop",
        "PUT /taskgroups/g/retry",
        "PUT /taskgroups/g/update",
        "GET /sync-tasks?limit=100&offset=0&status=STOPPED",
        "POST /sync-tasks",
        "GET /sync-tasks/s?query_time=1000",
        "DELETE /sync-tasks/s",
        "POST /sync-tasks/s/start",
        "POST /sync-tasks/s/stop",
        "GET /sync-tasks/s/statistics?data_type=REQUEST%2CSIZE&end_time=2000&start_time=1000",
        "POST /sync-tasks/s/events",
        "GET /objectstorage/cloud-type?type=src",
        "GET /objectstorage/data-center",
        "POST /objectstorage/buckets",
        "POST /objectstorage/buckets/objects",
        "POST /objectstorage/buckets/regions",
        "POST /objectstorage/buckets/prefix",
        "POST /objectstorage/buckets/cdn-info",
        "POST /objectstorage/buckets/url-source-list-file",
        "GET /",
        "GET /v2",
        "POST /privacy-agreements",
    ];
    assert_eq!(server.lines(), expected);
    let bodies = server.journal();
    assert_eq!(bodies[1].body["src_node"]["sk"], SECRET, "secrets reach the wire");
    assert_eq!(bodies[1].body["src_node"]["object_key"], json!([""]));
    assert_eq!(bodies[4].body["migrate_failed_object"], true);
    assert_eq!(bodies[6].body["bandwidth_policy"][0]["end"], "23:59");
    assert_eq!(bodies[23].body["object_keys"], json!(["a%20b"]));
}

fn folder(path: &str) -> ShowBucketReq {
    ShowBucketReq {
        ak: Some(secret()),
        app_id: None,
        behind_filename: String::new(),
        bucket_name: "b".to_owned(),
        cloud_type: CloudType::Aws,
        connection_string: None,
        data_center: "r".to_owned(),
        file_path: path.to_owned(),
        json_auth_file: None,
        page_size: 2,
        sk: Some(secret()),
    }
}

#[tokio::test]
async fn objects_are_read_by_marker_until_the_service_says_stop() {
    let server = Server::start(|asked| {
        let records = |names: [&str; 2]| names.map(|name| json!({"name": name, "size": "--"}));
        match asked.body["behind_filename"].as_str().unwrap() {
            "" => ok(json!({"next_page": true, "next_marker": "b", "records": records(["a", "b"])})),
            "b" => ok(json!({"next_page": true, "next_marker": "d", "records": records(["c", "d"])})),
            _ => ok(json!({"next_page": true, "next_marker": "d", "records": []})),
        }
    })
    .await;
    let objects: Vec<_> = server.oms().buckets().objects(&folder("x/")).stream().try_collect().await.unwrap();
    let names: Vec<_> = objects.into_iter().filter_map(|record| record.name).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(server.journal().len(), 3);
}

#[tokio::test]
async fn list_is_read_page_by_page_as_it_is_asked_for() {
    let server = Server::start(|asked| {
        let offset: i64 =
            asked.query.split('&').find_map(|pair| pair.strip_prefix("offset=")).unwrap().parse().unwrap();
        // One record slips to the next page between the requests.
        let first = (offset - 1).max(0);
        let tasks: Vec<Value> = (first..250).take(100).map(|id| task(id, 5)).collect();
        ok(json!({"tasks": tasks, "count": 251}))
    })
    .await;
    let oms = server.oms();
    let mut stream = std::pin::pin!(oms.tasks().list().stream());
    for expected in 0..100 {
        assert_eq!(stream.try_next().await.unwrap().unwrap().id, Some(expected));
    }
    assert_eq!(server.journal().len(), 1);
    let rest: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(rest.iter().filter_map(|task| task.id).collect::<Vec<_>>(), (100..250).collect::<Vec<_>>());
    assert_eq!(server.journal().len(), 3);
}

#[tokio::test]
async fn wrong_requests_are_refused_before_anything_is_sent() {
    let server = Server::start(any).await;
    let oms = server.oms();
    let mut bad = request().into_inner();
    bad.dst_node.bucket.clear();
    let errors = [
        oms.tasks().create(&bad).await.unwrap_err(),
        oms.tasks().create_once(&bad).await.unwrap_err(),
        oms.tasks().show(-1).await.unwrap_err(),
        oms.groups().show("..").await.unwrap_err(),
        oms.groups().delete("").await.unwrap_err(),
        oms.sync_tasks().stop("a/b").await.unwrap_err(),
        oms.tasks().list().page_size(101).page(0).await.unwrap_err(),
        oms.sync_tasks().list().page(10_001).await.unwrap_err(),
        oms.sync_tasks().events("s", [""]).await.unwrap_err(),
        oms.buckets().objects(&folder("no-slash")).page("").await.unwrap_err(),
        oms.version("../v2").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.operation().is_some() && error.attempts() == 0, "{error}");
    }
    assert!(server.lines().is_empty(), "{:?}", server.lines());
}

#[tokio::test]
async fn refusals_are_told_apart_by_code_although_all_are_400() {
    let table = [
        ("OMS.1009", ErrorKind::NotFound),
        ("OMS.0063", ErrorKind::Conflict),
        ("OMS.0077", ErrorKind::Quota),
        ("OMS.0085", ErrorKind::Invalid),
        ("OMS.0072", ErrorKind::Auth),
    ];
    for (code, kind) in table {
        let server = Server::start(move |_| refused(code)).await;
        let error = server.oms().tasks().delete(17).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.status()), (kind, Some(code), Some(400)), "{error}");
        assert_eq!(error.request_id(), Some("req-1"));
    }
}

#[tokio::test]
async fn answers_full_of_nothing_are_errors() {
    let server = Server::start(|_| ok(json!({}))).await;
    let oms = server.oms();
    assert_eq!(oms.tasks().show(1).await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(oms.groups().show("g").await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(oms.tasks().list().all().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(oms.groups().list().all().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(oms.versions().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(oms.buckets().objects(&folder("")).all().await.unwrap_err().kind(), ErrorKind::Decode);
    let page = Server::start(|_| Reply::Text(200, "<html>hello</html>")).await;
    assert_eq!(page.oms().tasks().show(1).await.unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn many_events_go_in_tens_and_an_error_tells_how_many_arrived() {
    let server = Server::start(|asked| {
        let full = asked.body["object_keys"].as_array().unwrap().len() == 10;
        if full { Reply::Empty } else { refused("OMS.1009") }
    })
    .await;
    let keys: Vec<String> = (0..25).map(|number| format!("k{number}")).collect();
    let error = server.oms().sync_tasks().events("s", &keys).await.unwrap_err();
    assert!(error.message().ends_with("(20 of 25 keys were accepted)"), "{error}");
    assert_eq!(server.count("POST", "/sync-tasks/s/events"), 3);
}

#[tokio::test]
async fn no_debug_output_holds_a_secret() {
    let server = Server::start(any).await;
    let oms = server.oms();
    let keys = NodeKeys::new(SECRET, SECRET, SECRET, SECRET);
    let texts = [
        format!("{:?}", request()),
        format!("{:?}", GroupRequest::new(source(), destination()).unwrap()),
        format!("{keys:?}"),
        format!("{oms:?}"),
        format!("{:?}", oms.tasks()),
        format!("{:?}", oms.migrate(request())),
        format!("{:?}", oms.buckets().objects(&folder(""))),
        format!("{:?}", sync_request(source(), destination()).unwrap()),
    ];
    for text in texts {
        assert!(!text.contains(SECRET) && !text.contains("made-up-token"), "{text}");
    }
}

#[test]
fn handles_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<hwmigrate::oms::Oms>();
    shared::<hwmigrate::oms::Tasks>();
    shared::<hwmigrate::oms::Groups>();
    shared::<hwmigrate::oms::SyncTasks>();
    shared::<hwmigrate::oms::Buckets>();
    shared::<hwmigrate::oms::ListTasks>();
    shared::<hwmigrate::progress::Progress>();
    sent::<hwmigrate::oms::Migration>();
    sent::<hwmigrate::fleet::Fleet>();
}
