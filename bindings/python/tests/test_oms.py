"""Migrating objects with the blocking client."""

from __future__ import annotations

import copy
import pickle
import threading
from datetime import datetime, timedelta, timezone

import hwmigrate
import pytest
from hwmigrate import Client, State, oms
from hwmigrate.testing import Emulator

from conftest import PROMPT


def test_task_is_created_and_waited_for(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    seen = []
    task = client.oms.tasks.create(request_of_all)
    outcome = task.wait(30, poll=PROMPT, on_progress=seen.append)
    assert outcome.done and not outcome.paused
    assert outcome.progress.objects.done == 3
    assert outcome.progress.state is State.SUCCEEDED
    assert outcome.progress.fraction == 1.0
    assert seen[-1] == outcome.progress
    copied = emulator.buckets["destination"] / "photos/c.jpg"
    assert copied.read_text() == "content of photos/c.jpg"
    task.delete()
    with pytest.raises(hwmigrate.NotFoundError):
        task.show()


def test_watch_ends_with_the_last_look(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    task = client.oms.tasks.create(request_of_all)
    watch = task.watch(timedelta(seconds=30), poll=PROMPT)
    looks = list(watch)
    assert looks[-1].settled and looks[-1].state == "succeeded"
    assert watch.outcome is not None and watch.outcome.done
    assert list(watch) == []


def test_wait_accepts_started(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    task = client.oms.tasks.create(request_of_all)
    assert task.wait(30, until="started", poll=PROMPT).done
    with pytest.raises(ValueError, match="started"):
        task.wait(30, until="someday")


def test_wait_accepts_every_end(client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    emulator.fault("fail_objects", key="a.txt", code="TRF.0062", times=100)
    tasks = client.oms.tasks
    task = tasks.create(request_of_all)
    assert task.wait_or_stop(30, until="stopped", poll=PROMPT).progress.state is State.FAILED
    (end,) = tasks.wait_all([task.id], 30, until="stopped", poll=PROMPT)
    assert end.result().done
    task.delete()
    assert task.wait(30, until="deleted", poll=PROMPT).done


def test_wait_or_stop_for_a_start_leaves_the_job_running(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("hold_state", state=2)
    task = client.oms.tasks.create(request_of_all)
    outcome = task.wait_or_stop(30, until="started", poll=PROMPT)
    assert outcome.done and outcome.progress.state is State.RUNNING
    assert emulator.requests("StopTask") == 0
    emulator.release(2)
    assert client.oms.tasks.wait_or_stop(task.id, 30, until="ended", poll=PROMPT).done


def test_missed_deadline_is_a_timeout(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("hold_state", state=2)
    task = client.oms.tasks.create(request_of_all)
    with pytest.raises(TimeoutError) as caught:
        task.wait(0.2, poll=PROMPT)
    error = caught.value
    assert isinstance(error, hwmigrate.TimeoutError) and error.is_timeout
    assert error.job is not None and error.job["id"] == str(task.id)
    emulator.release(2)
    assert task.wait(30, poll=PROMPT).done


def test_observer_that_raises_ends_the_wait(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("hold_state", state=2)
    task = client.oms.tasks.create(request_of_all)

    def observe(progress: hwmigrate.Progress) -> None:
        raise LookupError(progress.id)

    with pytest.raises(LookupError):
        task.wait(30, poll=PROMPT, on_progress=observe)


def test_failed_task_tells_why(client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    emulator.fault("fail_objects", key="a.txt", code="TRF.0062", times=100)
    task = client.oms.tasks.create(request_of_all)
    with pytest.raises(hwmigrate.JobFailedError) as caught:
        task.wait(30, poll=PROMPT)
    error = caught.value
    assert error.job is not None and error.job["objects_failed"] == 1
    assert error.code and error.advice
    assert not error.retryable or isinstance(error.retryable, bool)


def test_migration_repeats_what_failed(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("fail_objects", key="a.txt", code="TRF.0062", times=1)
    events = []
    report = client.oms.migrate(request_of_all, timeout=60, poll=PROMPT).run(on_event=events.append)
    assert report.state is State.SUCCEEDED and report.rounds == 1
    assert report.objects.done + report.objects.skipped == 3
    kinds = [type(event).__name__ for event in events]
    assert kinds[0] == "Created" and kinds[-1] == "Report" and "Retrying" in kinds


def test_report_of_a_failed_migration_has_its_error(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    assert client.oms.migrate(request_of_all, timeout=60, poll=PROMPT).run().error is None
    emulator.fault("fail_objects", key="a.txt", code="TRF.0062", times=9)
    request_of_all.object_overwrite_mode = oms.ObjectOverwriteMode.FULL_OVERWRITE
    report = client.oms.migrate(request_of_all, timeout=60, poll=PROMPT, retry_rounds=1).run()
    assert report.state is State.FAILED
    for twin in (report, pickle.loads(pickle.dumps(report)), hwmigrate.Report.from_dict(report.to_dict())):
        error = twin.error
        assert isinstance(error, hwmigrate.JobFailedError) and "after 1 further runs" in str(error)
        assert error.code == "TRF.0062" and error.advice and error.job is not None
        assert error.job["objects_failed"] == 1 and twin == report


def test_migration_is_an_iterator(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    migration = client.oms.migrate(request_of_all, timeout=60, poll=PROMPT)
    last = None
    for event in migration:
        last = event
    assert last is migration.report
    assert migration.created is not None and migration.report is not None
    assert migration.report.task_id == migration.created.id


def test_stopped_and_resumed(client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    emulator.fault("hold_state", state=2)
    task = client.oms.tasks.create(request_of_all)
    task.wait(30, until="started", poll=PROMPT)
    task.stop()
    emulator.release(2)
    outcome = task.wait(30, poll=PROMPT)
    assert outcome.paused or outcome.done
    if outcome.paused:
        key = {"src_ak": emulator.access_key, "src_sk": emulator.secret_key}
        key |= {"dst_ak": emulator.access_key, "dst_sk": emulator.secret_key}
        task.start(oms.StartTaskReq(**key))
        assert task.wait(30, poll=PROMPT).done


def test_picture_from_before_a_start_is_no_new_end(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    task = client.oms.tasks.create(request_of_all)
    outcome = task.wait(30, poll=PROMPT)
    looks = list(task.watch(30, poll=PROMPT))
    for before in (task.progress(), looks[-1], outcome.progress):
        # Nothing was started here: the picture stays, and counts as still going.
        for wait in (task.wait, task.watch):
            with pytest.raises(hwmigrate.TimeoutError):
                list(wait(0.2, poll=PROMPT, after_start=before))  # type: ignore[call-overload]
        assert task.wait(30, poll=PROMPT).done
    restored = hwmigrate.Progress.from_dict(before.to_dict())
    before.stalled = True
    for unfit in (restored, hwmigrate.Progress(), before):
        with pytest.raises(hwmigrate.InvalidError, match="`after_start` takes a Progress as it came"):
            task.wait(30, after_start=unfit)
    for other in ("running", outcome, before.objects):
        with pytest.raises(hwmigrate.InvalidError, match="`after_start` is of type .*: give a Progress"):
            task.wait(30, after_start=other)  # type: ignore[arg-type]


def test_every_progress_can_be_the_picture_from_before(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    migration = client.oms.migrate(request_of_all, timeout=30, poll=PROMPT)
    looks = [event for event in migration if isinstance(event, hwmigrate.Progress)]
    assert migration.report is not None
    task = client.oms.tasks.get(migration.report.task_id)
    (end,) = client.oms.tasks.wait_all([task.id], 30, poll=PROMPT)
    followed = list(client.oms.tasks.watch_all([task.id], 30, poll=PROMPT))[-1]
    assert isinstance(followed, hwmigrate.FleetEnd)
    report = client.oms.migrate(request_of_all, timeout=30, poll=PROMPT).run_or_stop()
    for before in (looks[-1], migration.report.last, end.result().progress, followed.result().progress):
        with pytest.raises(hwmigrate.TimeoutError):
            task.wait(0.2, poll=PROMPT, after_start=before)
    with pytest.raises(hwmigrate.TimeoutError):
        client.oms.tasks.wait(report.task_id, 0.2, poll=PROMPT, after_start=report.last)


def test_wait_or_stop_pauses_at_the_deadline(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("hold_state", state=2)
    task = client.oms.tasks.create(request_of_all)
    task.wait(30, until="started", poll=PROMPT)
    timer = threading.Timer(0.6, lambda: emulator.release(2))
    timer.start()
    try:
        with pytest.raises(hwmigrate.TimeoutError, match="stop"):
            task.wait_or_stop(0.3, poll=PROMPT)
    except pytest.fail.Exception:
        # The copy of three small objects may be faster than the stop.
        pass
    finally:
        timer.join()


def test_lists_are_read_page_by_page(client: Client, emulator: Emulator) -> None:
    request = emulator.copy_request("source", "destination", prefixes=["none/"])
    made = [client.oms.tasks.create(request).id for _ in range(7)]
    emulator.clear_journal()
    listed = [task.id for task in client.oms.tasks.list(page_size=3)]
    assert sorted(x for x in listed if x is not None) == sorted(made)
    assert emulator.requests("ListTasks") == 3
    assert len(client.oms.tasks.list(limit=2).all()) == 2
    assert [len(page) for page in client.oms.tasks.list(page_size=4).pages()] == [4, 3]


def test_breaking_out_of_a_list_asks_for_no_more(client: Client, emulator: Emulator) -> None:
    request = emulator.copy_request("source", "destination", prefixes=["none/"])
    for _ in range(5):
        client.oms.tasks.create(request)
    emulator.clear_journal()
    for _ in client.oms.tasks.list(page_size=2):
        break
    assert emulator.requests("ListTasks") == 1


def test_page_is_a_sequence(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    ids = [client.oms.tasks.create(request_of_all).id for _ in range(3)]
    page = client.oms.tasks.page(page_size=2)
    assert len(page) == 2 and page.total == 3
    assert page[0] == page[-2] and page[0] is page[0]
    assert [task.id for task in page[:]] == [task.id for task in page]
    assert set(ids) >= {task.id for task in page}
    assert page.request_id
    with pytest.raises(IndexError):
        page[2]


def test_many_tasks_are_waited_for_together(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    ids = [client.oms.tasks.create(request_of_all).id for _ in range(4)]
    ends = client.oms.tasks.wait_all([*ids, 999], 30, poll=PROMPT)
    assert [end.id for end in ends] == [str(id) for id in [*ids, 999]]
    assert all(end.result().done for end in ends[:-1])
    assert isinstance(ends[-1].error, hwmigrate.NotFoundError)
    with pytest.raises(hwmigrate.NotFoundError):
        ends[-1].result()
    events = list(client.oms.tasks.watch_all(ids, 30, poll=PROMPT))
    assert sum(isinstance(event, hwmigrate.FleetEnd) for event in events) == 4


def test_groups_have_the_same_methods(client: Client, emulator: Emulator) -> None:
    key = {"ak": emulator.access_key, "sk": emulator.secret_key, "region": emulator.region}
    request = oms.group_request(
        oms.TaskGroupSrcNode(cloud_type="HuaweiCloud", bucket="source", **key),
        oms.TaskGroupDstNode(bucket="destination", **key),
        bandwidth={"08:00-17:59": "10MiB/s"},
        description="all of it",
    )
    group = client.oms.groups.create_once(request)
    outcome = group.wait(30, poll=PROMPT)
    assert outcome.done and outcome.progress.resource == "task group"
    shown = group.show()
    assert isinstance(shown, oms.TaskGroupResp) and shown.status == 6
    assert [g.group_id for g in client.oms.groups.list()] == [group.id]
    group.delete()


def test_helpers_look_into_buckets(client: Client, emulator: Emulator) -> None:
    assert oms.CloudType.AWS in client.oms.cloud_types(oms.CloudSide.SRC)
    assert len(client.oms.regions()) > 0
    assert [version.id for version in client.oms.versions()]
    assert client.oms.version("v2").id == "v2"
    key = {"cloud_type": "HuaweiCloud", "ak": emulator.access_key, "sk": emulator.secret_key}
    names = client.oms.buckets.list(oms.ListBucketsReq(**key))
    assert {"source", "destination"} <= set(names)


def test_objects_of_a_bucket_are_read_page_by_page(client: Client, emulator: Emulator) -> None:
    request = oms.ShowBucketReq(
        cloud_type="HuaweiCloud", bucket_name="source", ak=emulator.access_key, sk=emulator.secret_key,
        file_path="", data_center=emulator.region, page_size=2, behind_filename="",
    )
    first = client.oms.buckets.objects_page(request)
    assert first.records is not None and first.next_page and first.next_marker and first.request_id
    second = client.oms.buckets.objects_page(request, first.next_marker)
    assert second.records is not None
    names = [record.name for record in client.oms.buckets.objects(request)]
    assert [record.name for record in [*first.records, *second.records]] == names[: len(first.records) + len(second.records)]
    assert first.records != second.records


def test_every_operation_has_a_method(client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    made = client.oms.api.create_task(request_of_all)
    assert made.id is not None
    again = client.oms.api.create_task(src_node=request_of_all.src_node, dst_node=request_of_all.dst_node)
    shown = client.oms.api.show_task(made.id)
    assert shown.id == made.id and isinstance(shown.status, oms.TaskStatus)
    listed = client.oms.api.list_tasks(limit=1, status=oms.TaskStatus.SUCCEEDED)
    assert isinstance(listed, oms.ListTasksResponse)
    assert again.id is not None
    methods = {name for name in dir(type(client.oms.api)) if not name.startswith("_")}
    assert len(methods) == 35


def test_api_checks_arguments(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    with pytest.raises(hwmigrate.InvalidError, match="task_id"):
        client.oms.api.show_task("seventeen")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="both"):
        client.oms.api.create_task(request_of_all, description="x")


def test_request_that_breaks_a_rule_is_not_sent(client: Client, emulator: Emulator) -> None:
    request = emulator.copy_request("source", "destination", description="a<b")
    emulator.clear_journal()
    with pytest.raises(hwmigrate.InvalidError, match="description") as caught:
        client.oms.tasks.create(request)
    assert caught.value.operation == "CreateTask"
    assert emulator.journal() == []


def test_keyword_arguments_narrow_a_request(emulator: Emulator) -> None:
    since = datetime(2026, 1, 2, tzinfo=timezone.utc)
    request = emulator.copy_request(
        "source", "destination", prefixes=["photos/"], bandwidth="50MiB/s", since=since, enable_restore=True
    )
    assert request.src_node.object_key == ["photos/"]
    assert request.task_type is oms.TaskType.PREFIX
    assert request.migrate_since == since and request.enable_restore is True
    assert request.bandwidth_policy is not None and request.bandwidth_policy[0].max_bandwidth == 52428800
    with pytest.raises(hwmigrate.InvalidError, match="bandwidth"):
        emulator.copy_request("source", "destination", bandwidth="50Mbit")
    with pytest.raises(TypeError, match="no field 'colour'"):
        emulator.copy_request("source", "destination", colour="blue")


def test_results_are_plain_values(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    task = client.oms.tasks.create(request_of_all)
    task.wait(30, poll=PROMPT)
    shown = task.show()
    assert isinstance(shown.start_time, datetime) and shown.start_time.tzinfo is not None
    assert isinstance(shown.total_time, timedelta)
    assert shown.status is oms.TaskStatus.SUCCEEDED and shown.status == 5
    assert shown.src_node is not None and shown.src_node.bucket == "source"
    assert shown.request_id
    assert shown == task.show() == oms.TaskResp.from_dict(shown.to_dict())
    assert pickle.loads(pickle.dumps(shown)) == copy.copy(shown) == copy.deepcopy(shown) == shown
    assert "status=<TaskStatus.SUCCEEDED: 5>" in repr(shown)
    progress = task.progress()
    assert pickle.loads(pickle.dumps(progress)) == progress
    assert str(progress).startswith(f"task {task.id}: succeeded")
    assert f"task {task.id}" in progress._repr_html_()
