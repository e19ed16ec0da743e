"""Moving servers: what the service simulates in the emulator."""

from __future__ import annotations

import hwmigrate
import pytest
from hwmigrate import Client, sms
from hwmigrate.testing import Emulator


def register(client: Client, name: str = "web_1") -> str:
    server = sms.PostSourceServerBody(
        name=name,
        ip="10.0.0.1",
        os_type=sms.OsType.LINUX,
        os_version="CENTOS_7_6_64BIT",
        agent_version="3.0.0",
        networks=[
            sms.NetWork(name="eth0", ip="10.0.0.1", netmask="255.255.255.0", gateway="10.0.0.254", mac="00:00:5e:00:53:01")
        ],
    )
    return str(client.sms.agent.register(server).id)


def test_registered_server_is_listed_and_shown(client: Client) -> None:
    id = register(client)
    (server,) = client.sms.servers.list()
    assert (server.id, server.name) == (id, "web_1")
    shown = client.sms.servers.show(id)
    assert shown.os_type is sms.OsType.LINUX and shown.request_id
    client.sms.servers.rename(id, "web_2")
    assert client.sms.servers.show(id).name == "web_2"
    client.sms.servers.delete(id)
    assert client.sms.servers.list().all() == []


def test_unknown_server_task_is_not_found(client: Client) -> None:
    with pytest.raises(hwmigrate.NotFoundError):
        client.sms.tasks.show("00000000-0000-0000-0000-000000000000")


def test_every_operation_has_a_method(client: Client) -> None:
    register(client)
    assert client.sms.api.list_servers().count == 1
    methods = {name for name in dir(type(client.sms.api)) if not name.startswith("_")}
    assert len(methods) == 49


def test_goals_are_checked(client: Client, emulator: Emulator) -> None:
    emulator.clear_journal()
    with pytest.raises(ValueError, match="migrate_success"):
        client.sms.tasks.wait("5f0c", 1, goal="someday")
    assert emulator.journal() == []
