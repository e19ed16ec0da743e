"""Arguments that mean something else than they seem to are refused by their names."""

from __future__ import annotations

from typing import Any, Callable

import hwmigrate
import pytest
from hwmigrate import Client, oms, sms
from hwmigrate.testing import Emulator


@pytest.mark.parametrize("given", ["abc", b"abc", {"abc": 1}, 5])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ids", lambda client, many: client.oms.tasks.wait_all(many, 5)),
        ("ids", lambda client, many: client.oms.tasks.watch_all(many, 5)),
        ("ids", lambda client, many: client.oms.groups.wait_all(many, 5)),
        ("keys", lambda client, many: client.oms.sync_tasks.events("id", many)),
        ("ids", lambda client, many: client.sms.tasks.wait_all(many, 5, goal="started")),
        ("ids", lambda client, many: client.sms.tasks.watch_all(many, 5, goal="started")),
        ("ids", lambda client, many: client.sms.tasks.delete_many(many)),
        ("ids", lambda client, many: client.sms.tasks.export_consistency(many)),
        ("ids", lambda client, many: client.sms.servers.delete_many(many)),
        ("ids", lambda client, many: client.sms.templates.delete_many(many)),
        ("jobs", lambda client, many: client.sms.bulk(many, timeout=5)),
        ("results", lambda client, many: client.sms.agent.report_consistency("id", many)),
        ("servers", lambda client, many: Emulator(servers=many)),
        ("users", lambda client, many: Emulator(users=many)),
        ("agencies", lambda client, many: Emulator(agencies=many)),
    ],
)
def test_one_is_not_taken_for_many(
    client: Client, emulator: Emulator, name: str, call: Callable[[Client, Any], object], given: object
) -> None:
    emulator.clear_journal()
    with pytest.raises(hwmigrate.InvalidError, match=f"`{name}` is of type {type(given).__name__}: give a list"):
        call(client, given)
    assert emulator.journal() == []


@pytest.mark.parametrize("name", ["prefixes", "objects"])
def test_a_single_text_does_not_become_its_letters(emulator: Emulator, name: str) -> None:
    with pytest.raises(hwmigrate.InvalidError, match=f"`{name}` is of type str"):
        emulator.copy_request("source", "destination", **{name: "photos/"})
    for given in (["photos/"], ("photos/",), {"photos/"}, iter(["photos/"])):
        request = emulator.copy_request("source", "destination", **{name: given})
        assert request.src_node.object_key == ["photos/"]


def test_a_single_volume_is_not_its_letters() -> None:
    with pytest.raises(hwmigrate.InvalidError, match="`volumes` is of type str"):
        sms.task_request(
            "n", "MIGRATE_FILE", "id", target_name="t", region="r", project_id="p", vm_id="v", volumes="abc"
        )


@pytest.mark.parametrize("name", ["prefixes", "objects"])
def test_an_empty_list_does_not_mean_the_whole_bucket(emulator: Emulator, name: str) -> None:
    with pytest.raises(hwmigrate.InvalidError, match=f"`{name}` is empty.*the whole bucket"):
        emulator.copy_request("source", "destination", **{name: []})


@pytest.mark.parametrize(
    "choices",
    [
        {"prefixes": ["a"], "objects": ["b"]},
        {"prefixes": ["a"], "list_file": ("bucket", "key")},
        {"objects": ["a"], "url_list": ("bucket", "key")},
        {"list_file": ("bucket", "key"), "url_list": ("bucket", "key")},
        {"prefixes": ["a"], "task_type": "object"},
        {"bandwidth": "10MiB/s", "bandwidth_policy": [{"start": "00:00", "end": "01:00", "max_bandwidth": 1}]},
        {"destination": ..., "dst_node": {"region": "r", "bucket": "b", "ak": "a", "sk": "s"}},
    ],
)
def test_choices_that_exclude_each_other_are_both_named(emulator: Emulator, choices: dict[str, Any]) -> None:
    first, second = choices
    choices.pop("destination", None)
    with pytest.raises(hwmigrate.InvalidError, match=f"`{first}` and `{second}` were given"):
        emulator.copy_request("source", "destination", **choices)


def test_what_the_source_says_already_is_not_overwritten() -> None:
    destination = {"region": "r", "bucket": "b", "ak": "a", "sk": "s"}
    with pytest.raises(hwmigrate.InvalidError, match="`prefixes` and `source.object_key` were given"):
        oms.task_request(oms.SrcNodeReq(bucket="b", object_key=["x"]), destination, prefixes=["y"])
    with pytest.raises(hwmigrate.InvalidError, match="`prefixes` and `list_file` were given"):
        oms.group_request({"bucket": "b"}, destination, prefixes=["y"], list_file=("bucket", "key"))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("timeout", lambda client, span: client.oms.tasks.wait(1, span)),
        ("stall_after", lambda client, span: client.oms.tasks.wait(1, 5, stall_after=span)),
        ("limit", lambda client, span: client.oms.tasks.delete_when_stopped(1, span)),
        ("limit", lambda client, span: client.sms.tasks.delete_when_stopped("1", span)),
        ("lifetime", lambda client, span: client.temporary_access_key(span)),
        ("timeout", lambda client, span: client.call("ListTasks", timeout=span)),
        ("pause", lambda client, span: hwmigrate.PollPolicy.every(span)),
        ("shortest", lambda client, span: hwmigrate.PollPolicy(shortest=span)),
        ("max_pause", lambda client, span: hwmigrate.RetryPolicy(max_pause=span)),
    ],
)
def test_what_is_no_length_of_time_is_told_by_the_name_of_the_argument(
    client: Client, name: str, call: Callable[[Client, Any], object]
) -> None:
    with pytest.raises(ValueError, match=f"`{name}`: a length of time cannot be negative") as refused:
        call(client, -1)
    with pytest.raises(TypeError, match=name):
        call(client, "soon")
    assert not isinstance(refused.value, hwmigrate.Error)
