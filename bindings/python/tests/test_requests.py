"""What is wrong with a request is said by the path of the field, before anything is sent, without the value."""

from __future__ import annotations

from typing import Any

import hwmigrate
import pytest
from hwmigrate import Client, oms, sms
from hwmigrate.testing import Emulator

NODE = {"region": "r", "bucket": "b", "ak": "made-up", "sk": "made-up"}
WHOLE: dict[str, Any] = {"src_node": {**NODE, "object_key": [""]}, "dst_node": NODE, "task_type": "object"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"src_node": {**NODE, "bucket": 5}}, r"CreateTaskReq\.src_node\.bucket is of type int: give a str"),
        ({"src_node": {**NODE, "object_key": "a"}}, r"CreateTaskReq\.src_node\.object_key is of type str: give a list"),
        ({"dst_node": {"region": "r", "bucket": "b"}}, r"CreateTaskReq needs dst_node\.ak, dst_node\.sk"),
        ({"dst_node": None}, r"CreateTaskReq needs dst_node$"),
        ({"dst_node": {**NODE, "region": None}}, r"CreateTaskReq needs dst_node\.region"),
        ({"dst_node": {**NODE, "ak": 5}}, r"CreateTaskReq\.dst_node\.ak is of type int"),
        ({"dst_node": "SKCANARY"}, r"CreateTaskReq\.dst_node is of type str: give a DstNodeReq"),
        ({"dst_node": ["SKCANARY"]}, r"CreateTaskReq\.dst_node is of type list: give a DstNodeReq"),
        ({"descripton": "typo"}, r"CreateTaskReq has no field 'descripton'"),
        ({"dst_node": {**NODE, "buket": "typo"}}, r"CreateTaskReq\.dst_node has no field 'buket'"),
        ({"smn_config": {"trigger_conditions": "SUCCESS"}}, r"smn_config\.trigger_conditions is of type str"),
    ],
)
def test_wrong_field_is_named_by_its_path(
    client: Client, emulator: Emulator, change: dict[str, Any], said: str
) -> None:
    body = {**WHOLE, **change}
    emulator.clear_journal()
    calls = [lambda: client.oms.tasks.create(body), lambda: client.oms.api.create_task(body)]  # type: ignore[arg-type]
    calls.append(lambda: client.oms.migrate(body, timeout=5))  # type: ignore[arg-type,return-value]
    if body["dst_node"] is not None and "is of type" not in said.split("ak")[-1] and isinstance(body["dst_node"], dict):
        calls.append(lambda: client.oms.tasks.create(oms.CreateTaskReq.from_dict(body)))
    for call in calls:
        with pytest.raises(hwmigrate.InvalidError, match=said) as caught:
            call()
        assert "CANARY" not in str(caught.value)
    assert emulator.journal() == []


def test_keyword_arguments_of_the_api_name_the_path(client: Client) -> None:
    with pytest.raises(hwmigrate.InvalidError, match=r"CreateTaskReq\.dst_node\.ak is of type int"):
        client.oms.api.create_task(src_node=NODE, dst_node={**NODE, "ak": 5})
    with pytest.raises(hwmigrate.InvalidError, match=r"CreateTaskReq\.dst_node\.ak is of type int"):
        oms.CreateTaskReq.from_dict({**WHOLE, "dst_node": {**NODE, "ak": 5}})


def test_requests_of_servers_are_checked_as_well(client: Client) -> None:
    with pytest.raises(hwmigrate.InvalidError, match=r"jobs\[1\] has no field 'nme'"):
        client.sms.bulk(["id", {"nme": "x"}], timeout=5)  # type: ignore[list-item]
    with pytest.raises(hwmigrate.InvalidError, match="PostTask is of type NoneType: give a PostTask"):
        client.sms.tasks.create(None)  # type: ignore[arg-type]
    with pytest.raises(hwmigrate.InvalidError) as caught:
        sms.task_request("n", "MIGRATE_FILE", {"disks": "SKCANARY"}, target_name="t", region="r", project_id="p", vm_id="v")  # type: ignore[arg-type]
    assert "CANARY" not in str(caught.value)


def test_builders_name_the_side_that_is_wrong() -> None:
    with pytest.raises(hwmigrate.InvalidError, match=r"destination needs ak, sk"):
        oms.task_request(NODE, {"region": "r", "bucket": "b"})
    with pytest.raises(hwmigrate.InvalidError, match=r"source has no field 'buket'"):
        oms.task_request({"buket": "b"}, NODE)
    with pytest.raises(hwmigrate.InvalidError, match=r"destination is of type str") as caught:
        oms.task_request(NODE, "SKCANARY")  # type: ignore[arg-type]
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("wrong", [None, "abc", 5, [1], oms.SrcNodeReq(bucket="b")])
def test_from_dict_takes_a_dict(wrong: Any) -> None:
    with pytest.raises(hwmigrate.InvalidError, match="TaskResp.from_dict takes a dict"):
        oms.TaskResp.from_dict(wrong)


def test_dict_that_contains_itself_is_refused() -> None:
    again: dict[str, Any] = {}
    again["src_node"] = again
    with pytest.raises(hwmigrate.InvalidError, match="nested"):
        oms.TaskResp.from_dict(again)
    with pytest.raises(hwmigrate.InvalidError):
        oms.CreateTaskReq(src_node=again, dst_node=NODE)  # type: ignore[arg-type]


def test_a_body_in_the_documents_words_is_sent_as_it_is(client: Client, emulator: Emulator) -> None:
    body = emulator.copy_request("source", "destination").to_dict()
    assert client.call("CreateTask", body={**body, "not_documented": 1})["id"]



def test_numbers_that_no_service_takes_are_refused_by_name(client: Client, emulator: Emulator) -> None:
    emulator.clear_journal()
    with pytest.raises(hwmigrate.InvalidError, match="task_id is a number out of range"):
        client.oms.api.show_task(2**63)
    assert emulator.journal() == []


def test_text_where_an_object_with_a_secret_belongs_is_not_shown(client: Client) -> None:
    request = oms.CreateTaskReq.from_dict({**WHOLE, "dst_node": "SKCANARY"})
    assert "CANARY" not in repr(request) + repr(request.to_dict()) + repr(request.dst_node)
    with pytest.raises(hwmigrate.InvalidError, match=r"CreateTaskReq\.dst_node is of type \w+: give a DstNodeReq") as caught:
        client.oms.tasks.create(request)
    assert "CANARY" not in str(caught.value)
