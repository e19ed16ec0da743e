"""What a task of a server is told, by its id and by its handle."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from typing import Any, Iterator

import hwmigrate
import pytest
from hwmigrate import Client, Secret, sms
from hwmigrate._async.oms_groups import AsyncGroup, AsyncGroups
from hwmigrate._async.oms_tasks import AsyncTask, AsyncTasks
from hwmigrate._async.sms_tasks import AsyncServerTask, AsyncServerTasks
from hwmigrate.generated.blocking.sms_tasks import ServerTask
from hwmigrate.testing import Emulator

ACTIONS = [
    "start", "stop", "cutover", "restart", "test", "clone_test", "migration_test", "network_check", "skip", "clear",
    "rollback",
]  # fmt: skip

OPTIONS: dict[str, Any] = {"force": True, "template": "one", "switch_hce": False, "consistency_check": True}


@pytest.fixture
def slow() -> Iterator[Emulator]:
    """An emulator whose clock must be moved for anything to happen."""
    with Emulator(servers=["web"], sms_pace=(timedelta(hours=1), 1)) as emulator:
        yield emulator


@pytest.fixture
def client(slow: Emulator) -> Client:
    return slow.client()


def read(client: Client) -> sms.ShowServerResponse:
    (server,) = client.sms.servers.list()
    return client.sms.servers.show(str(server.id))


def moving(client: Client, **changes: Any) -> sms.PostTask:
    fields: dict[str, Any] = {"server": read(client), "vm_id": "ecs", **changes}
    return sms.task_request(
        "move_web", "MIGRATE_FILE", target_name="web", region="cn-north-4", project_id=client.project_id(), **fields
    )


@pytest.fixture
def task(client: Client) -> ServerTask:
    return client.sms.tasks.create(moving(client))


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_told_with_its_options(client: Client, slow: Emulator, task: ServerTask, action: str) -> None:
    word = {"rollback": "sync_failed_rollback"}.get(action, action)
    slow.fault("status", "UpdateTaskStatus", status=400, code="SMS.0001", message="heard", times=2)
    slow.clear_journal()
    for tell in (getattr(task, action), lambda **how: getattr(client.sms.tasks, action)(task.id, **how)):
        with pytest.raises(hwmigrate.Error, match="heard"):
            tell(**OPTIONS)
    told = [entry["body"] for entry in slow.journal() if entry["operation"] == "UpdateTaskStatus"]
    wanted = {"operation": word, "template_id": "one", "switch_hce": False, "is_need_consistency_check": True}
    assert told == [wanted, wanted]
    with pytest.raises(TypeError, match="forse"):
        getattr(task, action)(forse=True)


def test_ruling_is_that_of_the_actions(client: Client, task: ServerTask) -> None:
    assert sms.ruling(sms.TaskState.SYNCING, sms.TaskAction.CUTOVER).allowed
    refused = sms.ruling("READY", "cutover")
    assert not refused.allowed and refused.reason and refused.advice
    with pytest.raises(hwmigrate.ConflictError) as caught:
        task.cutover()
    assert refused.reason in str(caught.value) and caught.value.advice == refused.advice
    assert sms.ruling("SOMETHING_NEW", "cutover").allowed and sms.ruling("READY", "defrost").allowed


def test_handle_does_what_the_list_of_all_does_by_id(client: Client, slow: Emulator, task: ServerTask) -> None:
    task.limit_speed({"08:00-18:00": "900Mbit/s"}, over_speed_threshold=50)
    (limit,) = task.speed_limits()
    assert (limit.speed, limit.over_speed_threshold) == (900, 50)
    with pytest.raises(hwmigrate.InvalidError, match="10 to 100"):
        task.limit_speed("900Mbit/s", over_speed_threshold=5)
    task.configure({"MIGRATE_EXCLUDE_DIR": "/var/cache"})
    options = task.settings().configurations
    assert options is not None and [option.config_value for option in options] == ["/var/cache"]
    assert isinstance(task.passphrase(), Secret) and isinstance(task.cert_key(with_ca=True).private_key, Secret)
    task.collect_log("logs")
    task.update(sms.PutTaskReq(name="moved"))
    assert task.show().name == "moved"
    request = sms.BatchGetConsistencyResultReq(task_info=[sms.BatchConsistencyReq(task_id=task.id)])
    assert client.sms.tasks.export_consistency_of(request)


def test_handle_is_deleted_when_it_stands_still() -> None:
    with Emulator(servers=["web"], sms_pace=(0.02, 1000)) as emulator:
        client = emulator.client()
        task = client.sms.tasks.create(moving(client))
        task.start()
        task.delete_when_stopped(60)
        with pytest.raises(hwmigrate.NotFoundError):
            task.show()


def test_threshold_of_a_migration_is_set_with_its_limits(client: Client, slow: Emulator) -> None:
    with pytest.raises(hwmigrate.InvalidError, match="10 to 100"):
        client.sms.migrate(moving(client), timeout=1, speed="900Mbit/s", over_speed_threshold=5)
    with pytest.raises(hwmigrate.InvalidError, match="10 to 100"):
        client.sms.bulk(["id"], timeout=1, speed="900Mbit/s", over_speed_threshold=101)
    with pytest.raises(hwmigrate.InvalidError, match="without `speed`"):
        client.sms.migrate(moving(client), timeout=1, over_speed_threshold=50)
    migration = client.sms.migrate(moving(client), timeout=60, speed="900Mbit/s", over_speed_threshold=20)
    assert "started" in iter(migration) and migration.created is not None
    (limit,) = client.sms.tasks.speed_limits(str(migration.created.id))
    assert limit.over_speed_threshold == 20


def test_layout_takes_the_place_of_the_recommended_disks(client: Client) -> None:
    server = read(client)
    layout = sms.InitTargetServer(disks=[sms.DiskIntargetServer(name="system", size=1 << 30)])
    for source in (server, str(server.id)):
        request = moving(client, server=source, layout=layout, volumes=["v"])
        (disk,) = request.target_server.disks
        assert (disk.name, disk.size, disk.disk_id) == ("system", 1 << 30, "v")
    assert moving(client).target_server.disks != request.target_server.disks
    with pytest.raises(hwmigrate.InvalidError, match="layout has no field"):
        moving(client, layout={"dsks": []})


@pytest.mark.parametrize(
    ("handle", "of_all"),
    [(AsyncServerTask, AsyncServerTasks), (AsyncTask, AsyncTasks), (AsyncGroup, AsyncGroups)],
    ids=["servers", "tasks", "groups"],
)
def test_handle_has_every_method_that_takes_an_id(handle: type, of_all: type) -> None:
    for name, method in inspect.getmembers(of_all, inspect.isfunction):
        arguments = list(inspect.signature(method).parameters.values())[1:]
        if name.startswith("_") or not arguments or arguments[0].name != "id" or name in ("get", "list"):
            continue
        wanted = [(argument.name, argument.default, argument.annotation) for argument in arguments[1:]]
        own = list(inspect.signature(getattr(handle, name)).parameters.values())[1:]
        assert [(argument.name, argument.default, argument.annotation) for argument in own] == wanted, name


def test_actions_on_asyncio(client: Client, slow: Emulator, task: ServerTask) -> None:
    async def main() -> None:
        own = slow.async_client().sms.tasks.get(task.id)
        await own.start(consistency_check=True)
        assert (await own.show()).state is sms.TaskState.RUNNING

    asyncio.run(main())
