"""Requests of sync tasks, and those that start a job again."""

from __future__ import annotations

import pickle
from typing import Any

import hwmigrate
import pytest
from hwmigrate import Client, Secret, oms
from hwmigrate.testing import Emulator

from conftest import PROMPT

NODE = {"region": "r", "bucket": "b", "ak": "made-up", "sk": "made-up"}


def keys_of(emulator: Emulator, **further: Any) -> oms.NodeKeys:
    key, secret = emulator.access_key, emulator.secret_key
    return oms.NodeKeys(src_ak=key, src_sk=secret, dst_ak=key, dst_sk=secret, **further)


def test_sync_task_is_created_stopped_and_started_again(client: Client, emulator: Emulator) -> None:
    key = {"region": emulator.region, "ak": emulator.access_key, "sk": emulator.secret_key}
    request = oms.sync_request(
        oms.SrcNodeReq(cloud_type="HuaweiCloud", bucket="source", **key),
        {"bucket": "destination", **key},
        description="day and night",
        consistency_check=None,
    )
    assert (request.src_bucket, request.dst_bucket) == ("source", "destination")
    tasks = client.oms.sync_tasks
    made = tasks.create(request)
    tasks.stop(str(made.id))
    tasks.start(str(made.id), keys_of(emulator).start_sync_task())
    tasks.delete_when_stopped(str(made.id), 30)


@pytest.mark.parametrize(
    ("source", "destination", "fields", "said"),
    [
        ({"security_token": "CANARY"}, {}, {}, "source.security_token is given"),
        ({"connection_string": "CANARY"}, {}, {}, "source.connection_string is given"),
        ({"object_key": ["CANARY"]}, {}, {}, "source.object_key is given"),
        ({}, {"save_prefix": "CANARY"}, {}, "destination.save_prefix is given"),
        ({}, {}, {"src_sk": "CANARY"}, "`src_sk` was given, and so it was by `source`"),
        ({}, {}, {"description": 5}, "description is of type int"),
        ({"buket": "CANARY"}, {}, {}, "source has no field 'buket'"),
    ],
)
def test_what_a_sync_task_cannot_carry_is_refused(source: Any, destination: Any, fields: Any, said: str) -> None:
    with pytest.raises(hwmigrate.InvalidError, match=said) as caught:
        oms.sync_request({**NODE, **source}, {**NODE, **destination}, **fields)
    assert "CANARY" not in str(caught.value)


def test_fields_that_no_sync_task_has_are_no_arguments() -> None:
    with pytest.raises(TypeError, match="no field 'descripton'"):
        oms.sync_request(NODE, NODE, descripton="typo")
    assert oms.sync_request(NODE, NODE, src_kms_key_id="key").src_kms_key_id == "key"


def test_failed_objects_are_taken_again_with_the_keys_of_the_request(client: Client, emulator: Emulator) -> None:
    emulator.fault("fail_objects", key="a.txt", code="TRF.0062", times=1)
    request = emulator.copy_request("source", "destination")
    task = client.oms.tasks.create(request)
    with pytest.raises(hwmigrate.JobFailedError):
        task.wait(30, poll=PROMPT)
    before = task.progress()
    again = oms.NodeKeys.of(request).start_task(failed_only=True)
    assert again.migrate_failed_object is True and again.src_sk == emulator.secret_key
    task.start(again)
    assert task.wait(30, poll=PROMPT, after_start=before).done


def test_keys_become_the_request_of_every_start(emulator: Emulator) -> None:
    keys = keys_of(emulator, src_security_token="s", connection_string="c", cdn_key="k")
    start = keys.start_task()
    assert start.migrate_failed_object is False and start.source_cdn_authentication_key == Secret("k")
    assert oms.NodeKeys.of(start).start_task() == start
    assert keys.start_group().connection_string == Secret("c")
    assert keys.retry_group(failed_only=True).migrate_failed_object is True
    group = oms.group_request(NODE, NODE)
    assert oms.NodeKeys.of(group).start_group().dst_ak == Secret("made-up")
    alone = oms.NodeKeys(dst_ak="made-up", dst_sk="made-up")
    assert alone.start_task().src_ak is None


def test_keys_are_not_shown(emulator: Emulator) -> None:
    keys = oms.NodeKeys(dst_ak="CANARY", dst_sk="CANARY")
    assert "CANARY" not in repr(keys) + repr(keys.start_task())
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(keys)
    with pytest.raises(hwmigrate.InvalidError) as caught:
        oms.NodeKeys(dst_ak=["CANARY"], dst_sk="x")  # type: ignore[arg-type]
    assert "CANARY" not in str(caught.value)
    with pytest.raises(hwmigrate.InvalidError, match="give a StartTaskReq"):
        oms.NodeKeys.of("CANARY")  # type: ignore[arg-type]
