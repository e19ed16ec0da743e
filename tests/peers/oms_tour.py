"""All of OMS by the vendor's own client: every operation, with bytes that are really copied."""

import os
import time

from huaweicloudsdkoms.v2 import model
from huaweicloudsdkoms.v2.oms_client import OmsClient
from huaweicloudsdkoms.v2.region.oms_region import OmsRegion

from peer import ACCESS_KEY, REGION, SECRET_KEY, Recorder, build, refused, until

MIB = 1024 * 1024
WAITING, RUNNING, PAUSED, FAILED, SUCCEEDED = 1, 2, 3, 4, 5
GROUP_MONITORING, GROUP_PAUSED, GROUP_CREATE_FAILED, GROUP_FAILED, GROUP_DONE = 2, 3, 4, 5, 6


def fill(folder):
    (folder / "photos" / "2024").mkdir(parents=True)
    (folder / "photos" / "one.bin").write_bytes(b"1" * 1000)
    (folder / "photos" / "2024" / "zwei mit Leerzeichen \u4e2d\u6587.bin").write_bytes(b"2" * 2000)
    (folder / "photos" / "empty").write_bytes(b"")
    (folder / "large").mkdir()
    for number in range(3):
        (folder / "large" / f"{number}.bin").write_bytes(os.urandom(4 * MIB))
    (folder / "synced.bin").write_bytes(b"sync me")


def same(source, destination, below):
    for path in sorted((source / below).rglob("*")):
        if path.is_file():
            copy = destination / path.relative_to(source)
            assert copy.read_bytes() == path.read_bytes(), f"{copy} differs from {path}"


def source_node(prefix, **more):
    return model.SrcNodeReq(
        cloud_type="HuaweiCloud", region=REGION, ak=ACCESS_KEY, sk=SECRET_KEY, bucket="source",
        object_key=[prefix], **more,
    )


def destination_node(secret_key=SECRET_KEY):
    return model.DstNodeReq(ak=ACCESS_KEY, sk=secret_key, bucket="destination", region=REGION)


def all_day(rate):
    return [model.BandwidthPolicyDto(start="00:00", end="23:59", max_bandwidth=rate)]


def versions_and_look_ups(oms, root):
    versions = oms.list_api_versions(model.ListApiVersionsRequest()).versions
    assert "v2" in [version.id for version in versions], versions
    assert oms.show_api_info(model.ShowApiInfoRequest(version="v2")).status == "CURRENT"
    oms.update_privacy_agreement_record(model.UpdatePrivacyAgreementRecordRequest())

    kinds = oms.show_cloud_type(model.ShowCloudTypeRequest(type="src")).body
    assert "AWS" in kinds, kinds
    providers = oms.show_region_info(model.ShowRegionInfoRequest()).body
    assert any(region.value == REGION for provider in providers for region in provider.region_list), providers

    account = dict(cloud_type="HuaweiCloud", ak=ACCESS_KEY, sk=SECRET_KEY)
    buckets = oms.show_bucket_list(model.ShowBucketListRequest(body=model.ListBucketsReq(**account))).body
    assert {"source", "destination"} <= set(buckets), buckets
    region = oms.show_bucket_region(
        model.ShowBucketRegionRequest(body=model.ShowBucketRegionReq(bucket_name="source", **account)))
    assert (region.id, region.support) == (REGION, True), region

    place = dict(bucket_name="source", data_center=REGION, **account)
    listed, marker = [], ""
    while True:
        page = oms.show_bucket_objects(model.ShowBucketObjectsRequest(body=model.ShowBucketReq(
            file_path="photos/", page_size=2, behind_filename=marker, **place)))
        listed += [record.name for record in page.records]
        if not page.next_page:
            break
        marker = page.next_marker
    assert len(listed) == len(set(listed)) == 3, listed

    for prefix, expected in (("photos/", True), ("no-such-prefix/", False)):
        answer = oms.check_prefix(model.CheckPrefixRequest(body=model.CheckPrefixReq(file_name=prefix, **place)))
        assert answer.exist is expected, (prefix, answer)

    cdn = oms.show_cdn_info(model.ShowCdnInfoRequest(body=model.ShowCdnInfoReq(
        bucket="source", region=REGION, prefix=model.PrefixKeyInfo(keys=["synced.bin"]),
        source_cdn=model.SourceCdnReq(authentication_type="NONE", domain="cdn.example.com", protocol="http"),
        **account)))
    assert cdn.checked_keys is not None, cdn

    (root / "destination" / "urls.txt").write_text("https://example.com/a.bin\ta.bin\n")
    (root / "destination" / "bad.txt").write_text("no address here\n")

    def check(key):
        return oms.check_url_source_list_file_format(model.CheckUrlSourceListFileFormatRequest(
            body=model.CheckUrlSourceListFileFormatReq(
                obs_bucket="destination", list_file_key=key, ak=ACCESS_KEY, sk=SECRET_KEY, region=REGION)))

    check("urls.txt")
    refused(lambda: check("bad.txt"), 400, "OMS.")


def tasks(oms, root):
    def show(task):
        return oms.show_task(model.ShowTaskRequest(task_id=task))

    def ended(task, status):
        return until(f"status {status} of task {task}", lambda: show(task), lambda seen: seen.status == status)

    created = oms.create_task(model.CreateTaskRequest(body=model.CreateTaskReq(
        task_type="prefix", src_node=source_node("photos/"), dst_node=destination_node(),
        description="a small one", enable_failed_object_recording=True)))
    assert created.id > 0 and created.task_name, created
    done = ended(created.id, SUCCEEDED)
    assert (done.total_num, done.successful_num, done.failed_num) == (3, 3, 0), done
    assert done.complete_size == 3000, done
    same(root / "source", root / "destination", "photos")

    # The limit makes twelve MiB last twelve seconds: long enough to be stopped under way.
    slow = oms.create_task(model.CreateTaskRequest(body=model.CreateTaskReq(
        task_type="prefix", src_node=source_node("large/"), dst_node=destination_node(),
        bandwidth_policy=all_day(MIB), task_priority="MEDIUM"))).id
    ended(slow, RUNNING)
    listed = oms.list_tasks(model.ListTasksRequest(limit=100, offset=0, status=RUNNING))
    assert [task.id for task in listed.tasks] == [slow], listed
    assert oms.list_tasks(model.ListTasksRequest()).count == 2

    refused(lambda: oms.delete_task(model.DeleteTaskRequest(task_id=slow)), 400, "OMS.0063")
    oms.stop_task(model.StopTaskRequest(task_id=slow))
    ended(slow, PAUSED)
    oms.batch_update_tasks(model.BatchUpdateTasksRequest(body=model.BatchUpdateTasksReq(
        ids=[slow], bandwidth_policy=all_day(MIB), task_priority="HIGH")))
    assert show(slow).task_priority == "HIGH"
    oms.start_task(model.StartTaskRequest(task_id=slow, body=model.StartTaskReq(
        src_ak=ACCESS_KEY, src_sk=SECRET_KEY, dst_ak=ACCESS_KEY, dst_sk=SECRET_KEY, migrate_failed_object=False)))
    oms.update_bandwidth_policy(model.UpdateBandwidthPolicyRequest(
        task_id=slow, body=model.UpdateBandwidthPolicyReq(bandwidth_policy=all_day(200 * MIB))))
    policy = show(slow).bandwidth_policy
    assert [window.max_bandwidth for window in policy] == [200 * MIB], policy
    ended(slow, SUCCEEDED)
    same(root / "source", root / "destination", "large")

    wrong = oms.create_task(model.CreateTaskRequest(body=model.CreateTaskReq(
        task_type="prefix", src_node=source_node("photos/"), dst_node=destination_node("not-the-key")))).id
    assert ended(wrong, FAILED).error_reason.error_code.startswith("TRF."), show(wrong)

    oms.delete_task(model.DeleteTaskRequest(task_id=wrong))
    refused(lambda: show(wrong), 400, "OMS.1009")


def groups(oms, root):
    def show(group):
        return oms.show_task_group(model.ShowTaskGroupRequest(group_id=group))

    def reaches(group, *statuses):
        return until(f"status {statuses} of group {group}", lambda: show(group), lambda seen: seen.status in statuses)

    def create(prefix, secret_key, policy):
        return oms.create_task_group(model.CreateTaskGroupRequest(body=model.CreateTaskGroupReq(
            task_type="PREFIX", bandwidth_policy=policy, object_overwrite_mode="FULL_OVERWRITE",
            src_node=model.TaskGroupSrcNode(
                cloud_type="HuaweiCloud", region=REGION, ak=ACCESS_KEY, sk=SECRET_KEY, bucket="source",
                object_key=[prefix]),
            dst_node=model.TaskGroupDstNode(
                cloud_type="HEC", region=REGION, ak=ACCESS_KEY, sk=secret_key, bucket="destination",
                save_prefix="grouped/")))).group_id

    slow = create("large/", SECRET_KEY, all_day(MIB))
    reaches(slow, GROUP_MONITORING)
    until("a running task of the group", lambda: show(slow).executing_task_num, lambda running: running)
    oms.stop_task_group(model.StopTaskGroupRequest(group_id=slow))
    reaches(slow, GROUP_PAUSED)
    oms.update_task_group(model.UpdateTaskGroupRequest(
        group_id=slow, body=model.UpdateBandwidthPolicyReq(bandwidth_policy=all_day(200 * MIB))))
    oms.start_task_group(model.StartTaskGroupRequest(group_id=slow, body=model.StartTaskGroupReq(
        src_ak=ACCESS_KEY, src_sk=SECRET_KEY, dst_ak=ACCESS_KEY, dst_sk=SECRET_KEY)))
    done = reaches(slow, GROUP_DONE)
    assert (done.total_num, done.success_num, done.fail_num) == (3, 3, 0), done
    for number in range(3):
        copy = root / "destination" / "grouped" / "large" / f"{number}.bin"
        assert copy.read_bytes() == (root / "source" / "large" / f"{number}.bin").read_bytes(), copy

    wrong = create("photos/", "not-the-key", None)
    reaches(wrong, GROUP_CREATE_FAILED, GROUP_FAILED)
    oms.retry_task_group(model.RetryTaskGroupRequest(group_id=wrong, body=model.RetryTaskGroupReq(
        src_ak=ACCESS_KEY, src_sk=SECRET_KEY, dst_ak=ACCESS_KEY, dst_sk=SECRET_KEY, migrate_failed_object=False)))
    reaches(wrong, GROUP_DONE)

    listed = oms.list_task_group(model.ListTaskGroupRequest(limit=10, offset=0, status=GROUP_DONE))
    assert {group.group_id for group in listed.taskgroups} == {slow, wrong}, listed
    oms.delete_task_group(model.DeleteTaskGroupRequest(group_id=wrong))

    def left():
        return {group.group_id for group in oms.list_task_group(model.ListTaskGroupRequest()).taskgroups}

    until("the end of the deleted group", left, lambda ids: ids == {slow})


def sync_tasks(oms, root):
    now = int(time.time() * 1000)
    sync = oms.create_sync_task(model.CreateSyncTaskRequest(body=model.CreateSyncTaskReq(
        src_cloud_type="HuaweiCloud", src_region=REGION, src_bucket="source", src_ak=ACCESS_KEY, src_sk=SECRET_KEY,
        dst_region=REGION, dst_bucket="destination", dst_ak=ACCESS_KEY, dst_sk=SECRET_KEY))).sync_task_id

    def show():
        return oms.show_sync_task(model.ShowSyncTaskRequest(sync_task_id=sync, query_time=now))

    assert show().status == "SYNCHRONIZING"
    oms.create_sync_events(model.CreateSyncEventsRequest(
        sync_task_id=sync, body=model.SyncObjectReq(object_keys=["synced.bin", "no-such-object"])))
    counted = until("the end of both events", show, lambda seen: seen.monthly_success_object == 1 and (
        seen.monthly_failure_object or seen.monthly_skip_object))
    assert counted.monthly_acceptance_request == 2, counted
    assert (root / "destination" / "synced.bin").read_bytes() == b"sync me"

    statistic = oms.list_sync_task_statistic(model.ListSyncTaskStatisticRequest(
        sync_task_id=sync, data_type="REQUEST,SUCCESS", start_time=now - 3_600_000, end_time=now + 3_600_000))
    totals = {kind.data_type: sum(point.statistic_num for point in kind.data) for kind in statistic.statistic_datas}
    assert totals == {"REQUEST": 2, "SUCCESS": 1}, statistic

    listed = oms.list_sync_tasks(model.ListSyncTasksRequest(status="SYNCHRONIZING"))
    assert [task.sync_task_id for task in listed.tasks] == [sync], listed
    oms.stop_sync_task(model.StopSyncTaskRequest(sync_task_id=sync))
    assert show().status == "STOPPED"
    oms.start_sync_task(model.StartSyncTaskRequest(sync_task_id=sync, body=model.StartSyncTaskReq(
        src_ak=ACCESS_KEY, src_sk=SECRET_KEY, dst_ak=ACCESS_KEY, dst_sk=SECRET_KEY)))
    assert show().status == "SYNCHRONIZING"
    oms.stop_sync_task(model.StopSyncTaskRequest(sync_task_id=sync))
    oms.delete_sync_task(model.DeleteSyncTaskRequest(sync_task_id=sync))
    assert oms.list_sync_tasks(model.ListSyncTasksRequest()).count == 0


def tour(root):
    fill(root / "source")
    oms = Recorder(build(OmsClient, OmsRegion))

    versions_and_look_ups(oms, root)
    tasks(oms, root)
    groups(oms, root)
    sync_tasks(oms, root)

    # Without a project id the client asks IAM for the one of the region.
    known = oms.list_tasks(model.ListTasksRequest()).count
    assert build(OmsClient, OmsRegion, project=None).list_tasks(model.ListTasksRequest()).count == known > 0
    stranger = build(OmsClient, OmsRegion, secret_key="not-the-key")
    refused(lambda: stranger.list_tasks(model.ListTasksRequest()), 401, "APIGW.")
    return oms
