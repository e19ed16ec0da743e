"""Results and requests as objects."""

from __future__ import annotations

import copy
import enum
import inspect
import pickle
from datetime import datetime, timedelta, timezone

import hwmigrate
import pytest
from hwmigrate import Secret, oms, sms
from hwmigrate._kinds import MOMENT_MS, MOMENT_S, NUMBER, SPAN_MS, SPAN_S, WHOLE
from hwmigrate._model import Model
from hwmigrate.generated import iam_types, oms_types, sms_types
from hwmigrate.testing import Emulator


def node(**changes: object) -> oms.SrcNodeReq:
    return oms.SrcNodeReq(**{"bucket": "b", "region": "r", "ak": "made-up", "sk": "made-up", **changes})  # type: ignore[arg-type]


def test_unknown_field_of_a_request_is_refused() -> None:
    with pytest.raises(TypeError, match="SrcNodeReq has no field 'buket'"):
        node(buket="x")


def test_missing_fields_are_all_named() -> None:
    with pytest.raises(hwmigrate.InvalidError, match="CreateTaskReq needs src_node, dst_node") as caught:
        oms.CreateTaskReq()  # type: ignore[call-arg]
    assert isinstance(caught.value, ValueError) and caught.value.kind == "Invalid"


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("bucket", 5, "a str"),
        ("object_key", "a", "a list"),
        ("object_key", [1], "a str"),
        ("list_file", 3, "a ListFile"),
        ("sk", b"x", "a Secret"),
    ],
)
def test_wrong_type_names_the_field(field: str, value: object, wanted: str) -> None:
    with pytest.raises(hwmigrate.InvalidError, match=rf"SrcNodeReq\.{field}.*{wanted}"):
        node(**{field: value})


def test_error_about_a_secret_does_not_quote_it() -> None:
    with pytest.raises(hwmigrate.InvalidError) as caught:
        node(sk=["canary-value"])
    assert "canary" not in str(caught.value)


def test_wrong_type_deep_inside_is_located() -> None:
    with pytest.raises(hwmigrate.InvalidError, match=r"UpdateBandwidthPolicyReq\.bandwidth_policy\[0\]\.max_bandwidth"):
        oms.UpdateBandwidthPolicyReq(
            bandwidth_policy=[{"start": "00:00", "end": "01:00", "max_bandwidth": "fast"}]  # type: ignore[list-item]
        )


def test_fields_can_be_changed_and_removed() -> None:
    request = node()
    request.bucket = "c"
    assert request.bucket == "c" and request.to_dict()["bucket"] == "c"
    request.bucket = None
    assert request.bucket is None and "bucket" not in request.to_dict()
    with pytest.raises(hwmigrate.InvalidError):
        request.bucket = 3  # type: ignore[assignment]


def test_changes_of_nested_values_are_kept() -> None:
    request = oms.CreateTaskReq.from_dict(
        {"src_node": {"object_key": ["a"]}, "dst_node": {"ak": "x", "sk": "y", "bucket": "b", "region": "r"}}
    )
    assert request.src_node.object_key == ["a"]
    request.src_node.object_key.append("b")  # type: ignore[attr-defined]
    request.src_node.region = "elsewhere"
    assert request.to_dict()["src_node"] == {"object_key": ["a", "b"], "region": "elsewhere"}


def test_moments_and_lengths_of_time_are_converted() -> None:
    task = oms.TaskResp.from_dict({"start_time": 1589267678170, "left_time": 90_000, "migrate_since": 0})
    assert task.start_time == datetime(2020, 5, 12, 7, 14, 38, 170000, tzinfo=timezone.utc)
    assert task.left_time == timedelta(seconds=90)
    assert task.to_dict()["start_time"] == 1589267678170
    request = oms.CreateTaskReq(
        src_node=node(),
        dst_node=oms.DstNodeReq(ak="a", sk="s", bucket="b", region="r"),
        migrate_since=datetime(2026, 1, 1, tzinfo=timezone.utc),
    )
    assert request.to_dict()["migrate_since"] == 1767225600
    assert request.migrate_since == datetime(2026, 1, 1, tzinfo=timezone.utc)
    moved = sms.ShowTaskResponse.from_dict({"create_date": 1600159831000, "total_time": 935_000, "remain_seconds": 60})
    assert moved.create_date == datetime(2020, 9, 15, 8, 50, 31, tzinfo=timezone.utc)
    assert (moved.total_time, moved.remain_seconds) == (timedelta(seconds=935), timedelta(minutes=1))


LENGTHS_OF_TIME = {
    "oms_types.TaskResp.left_time",
    "oms_types.TaskResp.total_time",
    "oms_types.TaskGroupResp.total_time",
    "sms_types.ShowTaskResponse.total_time",
    "sms_types.TasksResponseBody.total_time",
    # Without a documented unit, hence a number.
    "sms_types.UpdateTaskSpeedReq.remain_time",
}


def test_what_sounds_like_a_moment_is_one() -> None:
    lengths, moments = set(), 0
    for module in (iam_types, oms_types, sms_types):
        for cls in vars(module).values():
            if not (inspect.isclass(cls) and issubclass(cls, Model) and cls is not Model):
                continue
            for name, declared in cls._fields.items():
                sounds = name.endswith(("_date", "_time", "_stamp", "_since")) or declared.__doc__.startswith("When ")
                if sounds and declared.kind in (SPAN_MS, SPAN_S, WHOLE, NUMBER):
                    lengths.add(f"{module.__name__.rpartition('.')[2]}.{cls.__name__}.{name}")
                moments += declared.kind in (MOMENT_MS, MOMENT_S)
    assert lengths == LENGTHS_OF_TIME
    assert moments > 30


def test_what_services_say_wrongly_is_read() -> None:
    task = oms.TaskResp.from_dict(
        {"id": "5097520163", "failed_num": "", "error_reason": "", "status": 42, "start_time": 10**30, "x": 1}
    )
    assert task.id == 5097520163 and task.failed_num is None and task.error_reason is None
    assert task.status == 42 and task.status.name == "UNKNOWN" if task.status is not None else False
    assert task.start_time == 10**30
    assert task.extra == {"x": 1}


def test_unknown_words_are_members_of_their_own() -> None:
    word = oms.CloudType("Mars")
    assert word == "Mars" and isinstance(word, oms.CloudType) and word.name == "UNKNOWN"
    assert word == oms.CloudType("Mars") and hash(word) == hash("Mars")
    assert pickle.loads(pickle.dumps(word)) == word
    assert oms.CloudType("AWS") is oms.CloudType.AWS and str(oms.CloudType.AWS) == "AWS"
    assert f"{oms.CloudType.AWS}" == "AWS"
    assert oms.TaskStatus(5) is oms.TaskStatus.SUCCEEDED


def test_equality_is_by_class_and_value() -> None:
    assert node() == node() != node(bucket="other")
    assert node() != oms.TaskGroupSrcNode.from_dict(node().to_dict())
    assert oms.TaskResp.from_dict({"id": 1, "name": None}) == oms.TaskResp.from_dict({"id": 1})
    with pytest.raises(TypeError):
        hash(node())


def test_copies_are_independent() -> None:
    request = node(object_key=["a"])
    deep = copy.deepcopy(request)
    deep.object_key.append("b")  # type: ignore[union-attr,attr-defined]
    assert request.object_key == ["a"] and deep.object_key == ["a", "b"]
    assert copy.copy(request) == request


def test_secrets_are_never_written_out() -> None:
    request = node(sk="canary-value")
    assert "canary" not in repr(request) + str(request) + repr(request.to_dict())
    assert request.sk == Secret("canary-value")
    assert request.to_dict()["sk"].expose() == "canary-value"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(request)


@pytest.mark.parametrize("module", [oms_types, sms_types, iam_types], ids=lambda module: module.__name__)
def test_every_class_is_documented_and_importable(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]
    assert len(names) > 10
    for name in names:
        cls = getattr(module, name)
        assert inspect.getdoc(cls)
        if issubclass(cls, Model):
            assert cls.from_dict.__doc__
            for declared in cls._fields.values():
                assert declared.__doc__ is not None
        else:
            assert issubclass(cls, enum.Enum)
    assert len(set(names)) == len(names)


def test_everything_exported_can_be_imported() -> None:
    for name in hwmigrate.__all__:
        assert getattr(hwmigrate, name) is not None
    assert set(hwmigrate.__all__) <= set(dir(hwmigrate))
    assert oms.TaskResp is hwmigrate.oms.TaskResp and sms.PostTask
    with pytest.raises(AttributeError):
        hwmigrate.nothing  # noqa: B018


def test_help_reads_well() -> None:
    import pydoc

    text = pydoc.render_doc(hwmigrate.Client, renderer=pydoc.plaintext)
    for word in ("region", "call_timeout", "ConfigError", "Lengths of time"):
        assert word in text
    text = pydoc.render_doc(oms.TaskResp, renderer=pydoc.plaintext)
    assert "Estimated time left." in text


def test_what_came_beyond_the_documents_survives(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    client = emulator.client()
    task = client.oms.tasks.create(request_of_all)
    task.wait(30)
    plain = task.show()
    emulator.fault("unknown_field", "ShowTask")
    shown = task.show()
    assert shown.extra and shown.request_id
    (name,) = shown.extra
    assert shown.to_dict()[name] == shown.extra[name]
    again = oms.TaskResp.from_dict(shown.to_dict())
    assert again == shown and repr(again) == repr(shown) and again.extra == shown.extra
    for twin in (
        copy.copy(shown),
        copy.deepcopy(shown),
        pickle.loads(pickle.dumps(shown)),
        copy.deepcopy(pickle.loads(pickle.dumps(shown))),
    ):
        assert twin == shown and repr(twin) == repr(shown)
        assert twin.extra == shown.extra and twin.request_id == shown.request_id
    assert shown != plain
    emulator.fault("unknown_field", "ListTasks", times=None)
    client.oms.tasks.create(request_of_all)
    page = client.oms.tasks.page()
    assert len(page) == 2 and page[0].extra == page[1].extra != {}
    assert [task.extra for task in client.oms.tasks.list(page_size=1)] == [page[0].extra] * 2
    assert [task.extra for task in pickle.loads(pickle.dumps(page))] == [page[0].extra] * 2


def test_what_came_within_objects_survives(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    client = emulator.client()
    task = client.oms.tasks.create(request_of_all)
    task.wait(30)
    plain = task.show()
    assert plain.src_node is not None and plain.src_node.extra == {}
    emulator.fault("unknown_field", "ShowTask")
    shown = task.show()
    assert shown.src_node is not None and shown.src_node.extra == shown.extra != {}
    assert shown.src_node.request_id == shown.request_id
    (name,) = shown.extra
    assert shown.to_dict()["src_node"][name] == shown.extra[name]
    assert f"extra={shown.extra!r}" in repr(shown.src_node) and shown.src_node != plain.src_node
    again = oms.TaskResp.from_dict(shown.to_dict())
    for twin in (again, copy.copy(shown), copy.deepcopy(shown), pickle.loads(pickle.dumps(shown))):
        assert twin == shown and twin.src_node.extra == shown.extra
    assert pickle.loads(pickle.dumps(shown.src_node)) == copy.copy(shown.src_node) == shown.src_node
    # What a program puts in the place of an object has nothing of it; the others stay as they are.
    kept = shown.dst_node
    shown.src_node = plain.src_node
    assert shown.src_node is not None and shown.src_node.extra == {} and shown.src_node == plain.src_node
    assert name not in shown.to_dict()["src_node"] and name in shown.extra and name in shown.to_dict()
    assert kept is not None and kept is shown.dst_node and kept.extra == shown.extra
    assert shown.to_dict()["dst_node"] == kept.to_dict() and copy.copy(shown) == shown


def test_what_came_within_lists_is_found_by_its_place(emulator: Emulator) -> None:
    client = emulator.client()
    clouds = client.oms.regions()
    emulator.fault("unknown_field")
    again = client.oms.regions()
    assert len(clouds) == len(again) > 1 and any(cloud.region_list for cloud in clouds)
    for before, after in zip(clouds, again):
        assert before != after and after.extra and before.extra == {}
        assert before.region_list is not None and after.region_list is not None
        assert len(before.region_list) == len(after.region_list)
        for region, there in zip(before.region_list, after.region_list):
            assert there.extra == after.extra and region.extra == {} and region != there
        assert oms.ShowRegionInfoResp.from_dict(after.to_dict()) == after


def test_ends_of_many_are_dicts_as_well() -> None:
    progress = hwmigrate.Progress(state="succeeded")  # type: ignore[arg-type]
    outcome = hwmigrate.Outcome(end="done", progress=progress)
    gone = hwmigrate.NotFoundError("gone")
    end = hwmigrate.FleetEnd("task", "1", outcome, None)
    assert end.to_dict() == {"resource": "task", "id": "1", "outcome": outcome.to_dict(), "error": None}
    bulk = hwmigrate.BulkEnd(0, "s", None, gone)
    assert bulk.to_dict()["error"]["kind"] == "NotFound" and bulk.to_dict()["error"]["text"] == "gone"
    news = hwmigrate.BulkNews(1, "s", progress)
    assert news.to_dict() == {"place": 1, "server": "s", "event": progress.to_dict()}
    assert hwmigrate.BulkNews(1, "s", "started").to_dict()["event"] == "started"
    created = hwmigrate.BulkNews(1, "s", hwmigrate.Created(id="t"))
    report = hwmigrate.BulkEnd(0, "s", hwmigrate.ServerReport(task_id="t"), None, progress)
    for value in (end, bulk, news, created, report, hwmigrate.BulkNews(1, "s", "started")):
        again = type(value).from_dict(value.to_dict())
        for twin in (pickle.loads(pickle.dumps(value)), again):
            assert twin == value and repr(twin) == repr(value)
    with pytest.raises(hwmigrate.NotFoundError, match="gone"):
        bulk.result()
    assert report.result() is report.report
    assert type(hwmigrate.BulkNews.from_dict(created.to_dict()).event) is hwmigrate.Created
    for cls in (hwmigrate.NotFoundError, hwmigrate.AmbiguousTimeoutError, hwmigrate.ForkedError, hwmigrate.Error):
        ended = hwmigrate.BulkEnd(0, "s", None, cls("gone"))
        assert type(hwmigrate.BulkEnd.from_dict(ended.to_dict()).error) is cls
    with pytest.raises(hwmigrate.InvalidError, match="neither"):
        hwmigrate.FleetEnd("task", "1", None, None).result()
    assert hwmigrate.BulkEnd(0, "s", None, hwmigrate.NotFoundError("other")) != bulk
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(bulk, protocol)) == bulk
    with pytest.raises(hwmigrate.InvalidError, match="FleetEnd needs error, id"):
        hwmigrate.FleetEnd.from_dict({"outcome": None, "resource": "task"})
    with pytest.raises(hwmigrate.InvalidError, match="takes a dict"):
        hwmigrate.FleetEnd.from_dict("task")  # type: ignore[arg-type]
    for name in ("outcome", "error"):
        with pytest.raises(hwmigrate.InvalidError, match=f"FleetEnd.{name} is of type str: give a dict"):
            hwmigrate.FleetEnd.from_dict({**end.to_dict(), name: "x"})


def test_errors_in_ends_keep_their_words(client: hwmigrate.Client) -> None:
    (end,) = client.oms.tasks.wait_all([17], 5)
    again = hwmigrate.FleetEnd.from_dict(end.to_dict())
    assert again == end and str(again.error) == str(end.error) != ""
    assert end.error is not None and again.error is not None and repr(again) == repr(end)
    for name, fact in vars(end.error).items():
        assert getattr(again.error, name) == fact, name


def test_errors_that_a_program_makes_are_of_their_kind() -> None:
    for name in hwmigrate.errors.__all__:
        cls = getattr(hwmigrate, name)
        if issubclass(cls, hwmigrate.Error) and cls is not hwmigrate.Error:
            kind = cls("x").kind
            assert issubclass(cls, getattr(hwmigrate, f"{kind}Error")), name
    assert hwmigrate.NotFoundError("x").kind == "NotFound"


def test_models_with_little_in_them_show_themselves() -> None:
    progress = hwmigrate.Progress(state="running")  # type: ignore[arg-type]
    assert "running" in progress._repr_html_() and str(progress) == "running"
    assert hwmigrate.Outcome()._repr_html_() and str(hwmigrate.Outcome())
    assert "running" in hwmigrate.Outcome(progress=progress)._repr_html_()
    assert str(hwmigrate.Phase()) == ""


@pytest.mark.parametrize("module", [oms, sms])
def test_modules_of_types_say_what_is_for_users(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]
    assert "task_request" in names and "Any" not in names and "ShowTaskResponse" in names or "TaskResp" in names
    assert len(set(names)) == len(names) and all(hasattr(module, name) for name in names)
