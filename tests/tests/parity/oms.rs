//! OMS: the arguments of a call, handed to its typed function.

use hwmigrate::api::oms::{Client, types};
use hwmigrate::api::{Error, ErrorResp};

use crate::Arguments;

/// Makes one call. What the server makes of it does not matter here.
pub(crate) async fn call(oms: &Client, project: &str, a: &Arguments) -> Result<(), Error<ErrorResp>> {
    let group = || a.text("group_id");
    let sync = || a.text("sync_task_id");
    match a.operation() {
        "ListTasks" => {
            let (group, status, name) =
                (a.get("group_id"), a.word::<types::TaskStatus>("status"), a.get("task_name"));
            oms.list_tasks(project, group, a.parsed("limit"), a.parsed("offset"), status.as_ref(), name)
                .await
                .map(drop)
        }
        "CreateTask" => oms.create_task(project, &a.body()).await.map(drop),
        "ShowTask" => oms.show_task(project, a.needed("task_id")).await.map(drop),
        "DeleteTask" => oms.delete_task(project, a.needed("task_id")).await.map(drop),
        "StartTask" => oms.start_task(project, a.needed("task_id"), &a.body()).await.map(drop),
        "StopTask" => oms.stop_task(project, a.needed("task_id")).await.map(drop),
        "UpdateBandwidthPolicy" => {
            oms.update_bandwidth_policy(project, a.needed("task_id"), &a.body()).await.map(drop)
        }
        "BatchUpdateTasks" => oms.batch_update_tasks(project, &a.body()).await.map(drop),
        "ListTaskGroup" => {
            let status = a.word::<types::TaskGroupStatus>("status");
            oms.list_task_group(project, a.parsed("limit"), a.parsed("offset"), status.as_ref())
                .await
                .map(drop)
        }
        "CreateTaskGroup" => oms.create_task_group(project, &a.body()).await.map(drop),
        "ShowTaskGroup" => oms.show_task_group(project, group()).await.map(drop),
        "DeleteTaskGroup" => oms.delete_task_group(project, group()).await.map(drop),
        "StartTaskGroup" => oms.start_task_group(project, group(), &a.body()).await.map(drop),
        "StopTaskGroup" => oms.stop_task_group(project, group()).await.map(drop),
        "RetryTaskGroup" => oms.retry_task_group(project, group(), &a.body()).await.map(drop),
        "UpdateTaskGroup" => oms.update_task_group(project, group(), &a.body()).await.map(drop),
        "ListSyncTasks" => {
            let status = a.word::<types::SyncTaskStatus>("status");
            oms.list_sync_tasks(project, a.parsed("limit"), a.parsed("offset"), status.as_ref())
                .await
                .map(drop)
        }
        "CreateSyncTask" => oms.create_sync_task(project, &a.body()).await.map(drop),
        "ShowSyncTask" => oms.show_sync_task(project, sync(), a.needed("query_time")).await.map(drop),
        "DeleteSyncTask" => oms.delete_sync_task(project, sync()).await.map(drop),
        "StartSyncTask" => oms.start_sync_task(project, sync(), &a.body()).await.map(drop),
        "StopSyncTask" => oms.stop_sync_task(project, sync()).await.map(drop),
        "ListSyncTaskStatistic" => {
            let (kinds, end, start) = (a.text("data_type"), a.needed("end_time"), a.needed("start_time"));
            oms.list_sync_task_statistic(project, sync(), kinds, end, start).await.map(drop)
        }
        "CreateSyncEvents" => oms.create_sync_events(project, sync(), &a.body()).await.map(drop),
        "ShowCloudType" => {
            oms.show_cloud_type(project, &types::CloudSide::from(a.text("type"))).await.map(drop)
        }
        "ShowRegionInfo" => oms.show_region_info(project).await.map(drop),
        "ShowBucketList" => oms.show_bucket_list(project, &a.body()).await.map(drop),
        "ShowBucketObjects" => oms.show_bucket_objects(project, &a.body()).await.map(drop),
        "ShowBucketRegion" => oms.show_bucket_region(project, &a.body()).await.map(drop),
        "CheckPrefix" => oms.check_prefix(project, &a.body()).await.map(drop),
        "ShowCdnInfo" => oms.show_cdn_info(project, &a.body()).await.map(drop),
        "CheckUrlSourceListFileFormat" => {
            oms.check_url_source_list_file_format(project, &a.body()).await.map(drop)
        }
        "ListApiVersions" => oms.list_api_versions().await.map(drop),
        "ShowApiInfo" => oms.show_api_info(a.text("version")).await.map(drop),
        "UpdatePrivacyAgreementRecord" => oms.update_privacy_agreement_record(project).await.map(drop),
        other => panic!("this test does not know the operation {other} of OMS"),
    }
}
