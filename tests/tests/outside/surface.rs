//! The whole typed surface of OMS against the emulator: each operation is called, and the journal proves it.

use std::collections::BTreeSet;
use std::path::Path;

use hwmigrate::api::oms::types::{
    CloudSide, GroupType, StatisticDataType, SyncTaskStatus, TaskGroupStatus, TaskPriority, TaskStatus,
};
use hwmigrate::oms::{
    Bandwidth, BandwidthPlan, Destination, GroupRequest, Oms, Source, TaskRequest, UnixMillis, sync_request,
};
use hwmigrate::wait::Until;
use hwmigrate_tests::sandbox::{PATIENCE, Sandbox, awkward_files, quickly, restart};
use hwmigrate_tests::tree;
use serde_json::json;

fn source() -> Source {
    Source::bucket("HuaweiCloud", "cn-north-4", "source", "made-up-ak", "made-up-sk")
}

fn destination() -> Destination {
    Destination::new("cn-north-4", "destination", "made-up-ak", "made-up-sk")
}

fn slowly() -> BandwidthPlan {
    BandwidthPlan::all_day(Bandwidth::mib_per_second(1).unwrap())
}

fn quick() -> BandwidthPlan {
    BandwidthPlan::all_day(Bandwidth::mib_per_second(200).unwrap())
}

async fn tasks(oms: &Oms) {
    let tasks = oms.tasks();
    let id = tasks
        .create(&TaskRequest::new(source(), destination()).bandwidth(&slowly()).into())
        .await
        .unwrap()
        .id;
    tasks.wait(id).until(Until::Started).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    let running = tasks.list().status(TaskStatus::Migrating).all().await.unwrap();
    assert_eq!(running.iter().map(|task| task.id).collect::<Vec<_>>(), [Some(id)]);

    tasks.stop(id).await.unwrap();
    assert!(tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap().is_paused());
    let batch = json!({"ids": [id], "task_priority": "HIGH", "bandwidth_policy": []});
    tasks.batch_update(&serde_json::from_value(batch).unwrap()).await.unwrap();
    assert_eq!(tasks.show(id).await.unwrap().task_priority, Some(TaskPriority::High));
    tasks.update_bandwidth(id, &quick()).await.unwrap();
    tasks.start(id, &restart(false).unwrap()).await.unwrap();
    assert!(tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap().is_done());
    tasks.delete(id).await.unwrap();
    assert!(tasks.show(id).await.unwrap_err().is_not_found());
}

async fn groups(oms: &Oms) {
    let groups = oms.groups();
    let request =
        GroupRequest::new(source(), destination().save_prefix("grouped/")).unwrap().bandwidth(&slowly());
    let id = groups.create(&request.into()).await.unwrap().id;
    let mut wait = groups.wait(&id).poll(quickly()).deadline(PATIENCE);
    while let Some(progress) = wait.next().await.unwrap() {
        if progress.tasks.is_some_and(|tasks| tasks.running > 0) {
            break;
        }
    }
    groups.stop(&id).await.unwrap();
    assert!(groups.wait(&id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap().is_paused());
    groups.update_bandwidth(&id, &quick()).await.unwrap();
    let keys = json!({"src_ak": "made-up-ak", "src_sk": "made-up-sk", "dst_ak": "made-up-ak", "dst_sk": "made-up-sk"});
    groups.start(&id, &serde_json::from_value(keys.clone()).unwrap()).await.unwrap();
    assert!(groups.wait(&id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap().is_done());
    let of_group = oms.tasks().list().group_id(&id).all().await.unwrap();
    assert!(!of_group.is_empty());
    assert!(of_group.iter().all(|task| task.group_type == Some(GroupType::GroupTask)), "{of_group:?}");

    let wrong = Destination::new("cn-north-4", "destination", "MADEUPKEY", "not-its-key");
    let failing = groups.create(&GroupRequest::new(source(), wrong).unwrap().into()).await.unwrap().id;
    let error = groups.wait(&failing).poll(quickly()).deadline(PATIENCE).wait().await.unwrap_err();
    assert!(error.is_job_failed(), "{error:?}");
    groups.retry(&failing, &serde_json::from_value(keys).unwrap()).await.unwrap();
    assert!(groups.wait(&failing).poll(quickly()).deadline(PATIENCE).wait().await.unwrap().is_done());

    assert_eq!(groups.list().status(TaskGroupStatus::Completed).all().await.unwrap().len(), 2);
    groups.delete_when_stopped(&id, PATIENCE).await.unwrap();
    assert!(groups.show(&id).await.unwrap_err().is_not_found());
}

async fn sync_tasks(oms: &Oms, source_folder: &Path) {
    for number in 0..23 {
        tree::write(source_folder, &[(&format!("synced/{number}"), b"sync")]).unwrap();
    }
    let sync = oms.sync_tasks();
    let id = sync.create(&sync_request(source(), destination()).unwrap()).await.unwrap().id;
    let now = UnixMillis::try_from(time::OffsetDateTime::now_utc()).unwrap();
    let keys: Vec<String> = (0..23).map(|number| format!("synced/{number}")).collect();
    sync.events(&id, &keys).await.unwrap();
    let end = tokio::time::Instant::now() + PATIENCE;
    while sync.show(&id, now).await.unwrap().monthly_success_object != Some(23) {
        assert!(tokio::time::Instant::now() < end, "{:?}", sync.show(&id, now).await);
        tokio::task::yield_now().await;
    }
    let counters = [StatisticDataType::Request, StatisticDataType::Success];
    let hour = 3_600_000;
    let from = UnixMillis::new(now.get() - hour).unwrap();
    let to = UnixMillis::new(now.get() + hour).unwrap();
    let statistics = sync.statistics(&id, &counters, from, to).await.unwrap();
    assert_eq!(statistics.statistic_datas.as_ref().map_or(0, |kinds| kinds.len()), 2, "{statistics:?}");
    sync.stop(&id).await.unwrap();
    assert_eq!(sync.list().status(SyncTaskStatus::Stopped).all().await.unwrap().len(), 1);
    let keys = json!({"src_ak": "made-up-ak", "src_sk": "made-up-sk", "dst_ak": "made-up-ak", "dst_sk": "made-up-sk"});
    sync.start(&id, &serde_json::from_value(keys).unwrap()).await.unwrap();
    assert!(sync.delete(&id).await.unwrap_err().is_conflict(), "a running one cannot be deleted");
    sync.delete_when_stopped(&id, PATIENCE).await.unwrap();
    assert_eq!(sync.list().all().await.unwrap().len(), 0);
}

async fn look_ups(oms: &Oms) {
    let body = |more: serde_json::Value| {
        let mut body = json!({"cloud_type": "HuaweiCloud", "ak": "made-up-ak", "sk": "made-up-sk"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let buckets = oms.buckets();
    let listed = buckets.list(&serde_json::from_value(body(json!({}))).unwrap()).await.unwrap();
    assert!(listed.contains(&"source".to_owned()), "{listed:?}");
    let place = json!({
        "bucket_name": "source", "data_center": "cn-north-4", "file_path": "", "page_size": 2, "behind_filename": ""
    });
    let objects = buckets.objects(&serde_json::from_value(body(place)).unwrap()).all().await.unwrap();
    assert!(objects.len() >= 5, "{objects:?}");
    let region = json!({"bucket_name": "source"});
    let region = buckets.region(&serde_json::from_value(body(region)).unwrap()).await.unwrap();
    assert_eq!(region.id.as_deref(), Some("cn-north-4"));
    let prefix = json!({"bucket_name": "source", "data_center": "cn-north-4", "file_name": "deep/"});
    assert!(buckets.check_prefix(&serde_json::from_value(body(prefix)).unwrap()).await.unwrap());
    let cdn = body(json!({
        "bucket": "source", "region": "cn-north-4", "prefix": {"keys": ["plain.txt"]},
        "source_cdn": {"authentication_type": "NONE", "domain": "cdn.example.com", "protocol": "http"}
    }));
    buckets.cdn_info(&serde_json::from_value(cdn).unwrap()).await.unwrap();
    let list = json!({
        "obs_bucket": "destination", "list_file_key": "urls.txt", "region": "cn-north-4",
        "ak": "made-up-ak", "sk": "made-up-sk"
    });
    buckets.check_url_list(&serde_json::from_value(list).unwrap()).await.unwrap();

    assert!(oms.cloud_types(CloudSide::Src).await.unwrap().len() > 5);
    assert!(!oms.regions().await.unwrap().is_empty());
    assert!(!oms.versions().await.unwrap().is_empty());
    assert_eq!(oms.version("v2").await.unwrap().id.as_deref(), Some("v2"));
    oms.agree_privacy().await.unwrap();
}

#[tokio::test]
async fn every_operation_completes_and_every_answer_keeps_to_the_document() {
    let sandbox = Sandbox::start_with(|builder| {
        builder.check_responses(true).access_key("MADEUPKEY", "made-up-secret-key".into())
    })
    .await
    .unwrap();
    awkward_files(&sandbox.source()).unwrap();
    tree::write(&sandbox.source(), &[("large", &tree::noise(7, 5 << 20))]).unwrap();
    tree::write(&sandbox.destination(), &[("urls.txt", b"https://example.com/a\ta\n")]).unwrap();
    let oms = sandbox.client().unwrap().oms();
    look_ups(&oms).await;
    tasks(&oms).await;
    groups(&oms).await;
    sync_tasks(&oms, &sandbox.source()).await;
    assert_eq!(tree::differences(&sandbox.source(), &sandbox.destination()).unwrap(), [""; 0]);

    let journal = sandbox.emulator.journal();
    let called: BTreeSet<_> = journal.iter().filter_map(|entry| entry.operation.as_deref()).collect();
    let missing: Vec<_> = hwmigrate::api::oms::OPERATIONS
        .iter()
        .map(|operation| operation.id)
        .filter(|id| !called.contains(id))
        .collect();
    assert_eq!(missing, [""; 0], "operations that were never called");
    for entry in journal {
        assert_eq!(entry.response_problems, [""; 0], "{} answered against the document", entry.method);
    }
}
