"""Lists of SMS: narrowed, page by page, and to a number of records."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Iterator

import hwmigrate
import pytest
from hwmigrate import Client, sms
from hwmigrate.generated.blocking.sms_tasks import ServerTask
from hwmigrate.testing import Emulator

NAMES = ["cache", "db", "mail", "web"]


@pytest.fixture
def servers() -> Iterator[Emulator]:
    """An emulator with four servers, whose clock must be moved for anything to happen."""
    with Emulator(servers=NAMES, sms_pace=(timedelta(hours=1), 1), check_responses=True) as emulator:
        yield emulator


@pytest.fixture
def client(servers: Emulator) -> Client:
    return servers.client()


def asked(emulator: Emulator, operation: str) -> list[dict[str, Any]]:
    """What the requests of an operation asked for."""
    return [entry["query"] for entry in emulator.journal() if entry["operation"] == operation]


def created(client: Client, server: sms.SourceServersResponseBody) -> ServerTask:
    """A task that moves a server."""
    request = sms.task_request(
        f"move_{server.name}",
        "MIGRATE_FILE",
        client.sms.servers.show(str(server.id)),
        target_name=str(server.name),
        region="cn-north-4",
        project_id=client.project_id(),
        vm_id=f"ecs-of-{server.name}",
    )
    return client.sms.tasks.create(request)


def test_servers(client: Client, servers: Emulator) -> None:
    parts = client.sms.servers
    page = parts.page(1, page_size=2)
    assert (len(page), page.total) == (2, 4) and page.request_id
    assert [server.id for server in parts.list()][1:3] == [server.id for server in page]
    assert [server.name for server in parts.page(name="web", connected=True)] == ["web"]
    assert len(parts.list(page_size=2, limit=3).all()) == 3
    with pytest.raises(hwmigrate.InvalidError, match="offset"):
        parts.page(65_536)


def test_error_servers(client: Client, servers: Emulator) -> None:
    for server in client.sms.servers.list():
        created(client, server).start()
    servers.fault("fail_subtask", subtask="MIGRATE_LINUX_FILE", times=4)
    servers.advance_clock(timedelta(days=2000))
    parts = client.sms.servers
    assert sorted(str(failed.name) for failed in parts.errors()) == NAMES
    assert len(parts.errors(page_size=1, limit=3).all()) == 3
    page = parts.errors_page(3, enterprise_project_id="0", page_size=2)
    assert (len(page), page.total) == (1, 4)
    servers.clear_journal()
    parts.errors(enterprise_project_id="one-of-ours").all()
    (query,) = asked(servers, "ListErrorServers")
    assert "one-of-ours" in str(query)


def test_templates(client: Client) -> None:
    parts = client.sms.templates
    ids = {}
    for name, zone in (("one", "cn-north-4a"), ("two", "cn-north-4b"), ("three", "cn-north-4b")):
        template = sms.TemplateRequest(name=name, region="cn-north-4", availability_zone=zone)
        ids[name] = str(parts.create(template).id)
    assert [template.name for template in parts.list(id=ids["one"])] == ["one"]
    assert {template.name for template in parts.list(availability_zone="cn-north-4b")} == {"two", "three"}
    assert len(parts.list(page_size=1, limit=2).all()) == 2
    page = parts.page(1, availability_zone="cn-north-4b", page_size=1)
    assert (len(page), page.total) == (1, 2)
    assert [template.name for template in parts.page(id=ids["two"], region="cn-north-4")] == ["two"]
    with pytest.raises(hwmigrate.InvalidError, match="1 to 100"):
        parts.page(page_size=101)


def test_projects(client: Client) -> None:
    parts = client.sms.projects
    for number in range(3):
        parts.create(sms.PostMigProjectBody(name=f"wave_{number}", region="cn-north-4", type="MIGRATE_FILE"))
    every = parts.list(page_size=2).all()
    assert [found.id for found in parts.page(1, page_size=2)] == [found.id for found in every[1:3]]
    assert parts.page(page_size=1).total == len(every)
    assert len(parts.list(page_size=1, limit=2).all()) == 2


def test_tasks(client: Client, servers: Emulator) -> None:
    ids = {}
    for server in client.sms.servers.list():
        ids[server.name] = created(client, server).id
    assert [task.id for task in client.sms.tasks.page(id=ids["web"])] == [ids["web"]]
    client.sms.tasks.page(enterprise_project_id="one-of-ours")
    assert "one-of-ours" in str(asked(servers, "ListTasks")[-1])


def test_pages_on_asyncio(servers: Emulator) -> None:
    async def main() -> None:
        service = servers.async_client().sms
        assert (await service.servers.page(page_size=1)).total == 4
        assert (await service.servers.errors_page()).total == 0
        assert len(await service.templates.page()) == 0
        assert (await service.projects.page()).total is not None

    asyncio.run(main())
