"""Moving servers, which the emulator simulates."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Iterator

import hwmigrate
import pytest
from hwmigrate import Client, Phase, Secret, State, sms
from hwmigrate.testing import Emulator

from conftest import PROMPT

USED = 100_000_000
"""Bytes on each source server."""

PATIENCE = timedelta(minutes=2)
"""No wait here is meant to take long, but the machine may be busy."""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator with four servers that take about 80 ms to copy."""
    names = [(name, USED) for name in ("web", "db", "mail", "cache")]
    with Emulator(servers=names, sms_pace=(0.02, 10_000), check_responses=True) as emulator:
        yield emulator


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator whose clock must be moved for anything to happen."""
    with Emulator(servers=[("web", USED)], sms_pace=(timedelta(hours=1), 1)) as emulator:
        yield emulator


@pytest.fixture
def long(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator whose server is quick to do anything but the copy, which takes 13 minutes."""
    with Emulator(servers=[("web", USED)], sms_pace=(0.02, 1)) as emulator:
        yield emulator


def source(client: Client, name: str) -> sms.ShowServerResponse:
    (found,) = [server for server in client.sms.servers.list() if server.name == name]
    return client.sms.servers.show(str(found.id))


def moving(client: Client, name: str, **changes: object) -> sms.PostTask:
    """The request that moves a server onto an ECS that exists, and keeps the target in step."""
    fields = {"vm_id": f"ecs-of-{name}", "syncing": True, **changes}
    return sms.task_request(
        f"move_{name}",
        sms.MigrationType.MIGRATE_FILE,
        source(client, name),
        target_name=name,
        region="cn-north-4",
        project_id=client.project_id(),
        **fields,  # type: ignore[arg-type]
    )


def test_request_has_the_recommended_disks(servers: Emulator) -> None:
    client = servers.client()
    request = moving(client, "web")
    assert request.os_type is sms.OsType.LINUX and request.syncing is True
    assert request.target_server.vm_id == "ecs-of-web" and request.target_server.disks
    assert request.region_id == request.region_name == "cn-north-4"
    with pytest.raises(hwmigrate.InvalidError, match="vm_id"):
        moving(client, "web", template_id="t")
    with pytest.raises(TypeError, match="no field 'sincing'"):
        moving(client, "web", sincing=True)
    with pytest.raises(hwmigrate.InvalidError, match="volumes"):
        moving(client, "web", volumes=["one", "two", "three", "four"])


def test_server_is_moved_step_by_step(servers: Emulator) -> None:
    client = servers.client()
    tasks = client.sms.tasks
    task = tasks.create_once(moving(client, "web"))
    assert task.created is not None and not task.created.adopted
    shown = task.show()
    assert shown.state is sms.TaskState.READY
    assert shown.create_date is not None
    assert abs(datetime.now(timezone.utc) - shown.create_date) < timedelta(days=1)
    task.limit_speed({"08:00-18:00": "900Mbit/s"})
    assert [limit.speed for limit in tasks.speed_limits(task.id)]
    task.start()
    looks: list[hwmigrate.Progress] = []
    outcome = task.wait(PATIENCE, goal="syncing", poll=PROMPT, on_progress=looks.append)
    assert outcome.done and outcome.progress.state is State.SYNCING
    assert outcome.progress.bytes.total == USED and looks[-1] == outcome.progress
    (phase,) = outcome.progress.phases
    assert isinstance(phase, Phase) and (phase.name, phase.percent) == ("REPLICATE", 100) and phase.steps
    task.cutover()
    watch = task.watch(PATIENCE, goal="migrate_success", poll=PROMPT)
    last = list(watch)[-1]
    late = task.wait(PATIENCE, goal="aborted", poll=PROMPT)
    assert late.overtaken and not late.done and not late.paused
    assert last.state is State.SUCCEEDED and [phase.kind for phase in last.phases] == ["replicate", "cutover"]
    assert watch.outcome is not None and watch.outcome.done
    assert "server task" in repr(last) and "<div>" in last._repr_html_()
    task.restart()
    tasks.delete_when_stopped(task.id, PATIENCE)
    with pytest.raises(hwmigrate.NotFoundError):
        task.show()


def test_action_that_comes_to_nothing_is_refused_before_it_is_sent(servers: Emulator) -> None:
    client = servers.client()
    task = client.sms.tasks.create(moving(client, "web"))
    with pytest.raises(hwmigrate.ConflictError, match="cutover"):
        task.cutover()
    assert servers.requests("UpdateTaskStatus") == 0
    with pytest.raises(hwmigrate.Error):
        task.action("cutover", force=True)
    assert servers.requests("UpdateTaskStatus") == 1


def test_lost_replies_are_settled(servers: Emulator) -> None:
    client = servers.client()
    request = moving(client, "web")
    servers.fault("lose_reply", "sms.CreateTask")
    task = client.sms.tasks.create_once(request)
    assert task.created is not None and task.created.adopted
    found = client.sms.tasks.find(request.source_server.id, "move_web")
    assert found is not None and found.id == task.id
    servers.fault("lose_reply", "UpdateTaskStatus")
    task.start()
    assert task.wait(PATIENCE, goal="syncing", poll=PROMPT).done
    assert servers.requests("UpdateTaskStatus") == 1


def test_failed_step_is_told_and_mended_by_a_start(servers: Emulator) -> None:
    servers.fault("fail_subtask", subtask="MIGRATE_LINUX_FILE", server="web")
    client = servers.client()
    task = client.sms.tasks.create(moving(client, "web"))
    task.start()
    with pytest.raises(hwmigrate.JobFailedError) as caught:
        task.wait(PATIENCE, goal="syncing", poll=PROMPT)
    assert caught.value.code == "SMS.0806" and caught.value.job is not None
    task.start()
    assert task.wait(PATIENCE, goal="syncing", poll=PROMPT).done


def test_missed_deadline_and_stop(slow: Emulator) -> None:
    client = slow.client()
    task = client.sms.tasks.create(moving(client, "web"))
    task.start()
    with pytest.raises(hwmigrate.TimeoutError) as caught:
        task.wait(0.2, goal="syncing", poll=PROMPT)
    assert caught.value.job is not None and caught.value.job["id"] == task.id
    slow.advance_clock(timedelta(hours=3, minutes=5))
    progress = task.progress()
    assert 0 < progress.bytes.done < USED and progress.step is not None
    assert progress.step.name == "MIGRATE_LINUX_FILE" and progress.bytes_per_second == 125_000
    task.stop()
    slow.advance_clock(timedelta(hours=1))
    assert task.wait(PATIENCE, goal="aborted", poll=PROMPT).done
    assert task.wait(PATIENCE, goal="syncing", poll=PROMPT).paused


def test_wait_or_stop_stops_the_task_at_the_deadline(long: Emulator) -> None:
    client = long.client()
    task = client.sms.tasks.create(moving(client, "web"))
    task.start()
    with pytest.raises(hwmigrate.TimeoutError):
        task.wait_or_stop(0.2, goal="syncing", poll=PROMPT)
    assert long.requests("UpdateTaskStatus") == 2
    assert task.wait(PATIENCE, goal="aborted", poll=PROMPT).done


def test_whole_migration_onto_a_new_target(servers: Emulator) -> None:
    client = servers.client()
    template = client.sms.templates.create(sms.TemplateRequest(name="small"))
    request = moving(client, "web", vm_id=None, template_id=template.id)
    events = []
    migration = client.sms.migrate(request, timeout=PATIENCE, cut_over=True, speed="1000Mbit/s", poll=PROMPT)
    report = migration.run(on_event=events.append)
    assert report.state is State.SUCCEEDED and report.cut_over
    assert [phase.name for phase in report.phases] == ["REPLICATE", "CUTOVER0"]
    assert report.phases[0].steps[0].name == "CREATE_CLOUD_SERVER"
    assert isinstance(events[1], hwmigrate.Created) and events[-1] == report
    words = [event for event in events if isinstance(event, str)]
    assert words == ["creating", "prepared", "started", "cut over"]
    assert (servers.requests("sms.CreateTask"), servers.requests("oms.CreateTask")) == (1, 0)
    again = client.sms.resume(report.task_id, timeout=PATIENCE, poll=PROMPT).run()
    assert again.state is State.SUCCEEDED


def test_many_servers_move_and_one_failure_touches_no_other(servers: Emulator) -> None:
    servers.fault("fail_subtask", subtask="MIGRATE_LINUX_FILE", server="mail")
    client = servers.client()
    names = ["web", "db", "mail", "cache"]
    bulk = client.sms.bulk([moving(client, name) for name in names], timeout=PATIENCE, at_once=2, poll=PROMPT)
    ends = bulk.run()
    assert [end.place for end in ends] == [0, 1, 2, 3]
    assert all(end.last is not None and end.last.id for end in ends)
    states = {name: end.report.state for name, end in zip(names, ends) if end.report is not None}
    assert states["web"] == states["db"] == states["cache"] == "syncing"
    assert ends[2].error is not None or states["mail"] == "failed"
    tasks = [end.report.task_id for end in ends if end.report is not None and end.report.state == "syncing"]
    fleet = client.sms.tasks.wait_all(tasks, PATIENCE, goal="syncing", poll=PROMPT)
    assert all(end.result().done for end in fleet)
    events = list(client.sms.bulk(tasks, timeout=PATIENCE, cut_over=True, in_waves=True, poll=PROMPT))
    over = [event for event in events if isinstance(event, hwmigrate.BulkEnd)]
    assert len(over) == 3 and all(end.report is not None and end.report.cut_over for end in over)


def test_templates_and_projects(servers: Emulator) -> None:
    client = servers.client()
    wanted = sms.TemplateRequest(
        name="small",
        is_template=True,
        region="cn-north-4",
        projectid=client.project_id(),
        nics=[sms.Nics(id="autoCreate", name="autoCreate", cidr="192.168.0.0/16")],
        disk=[sms.TemplateDisk(index=0, name="system", disktype="SAS", size=40)],
        target_password="made-up-password",
    )
    templates = client.sms.templates
    made = templates.create(wanted)
    shown = templates.show(str(made.id))
    assert (shown.name, shown.region) == ("small", "cn-north-4")
    password = templates.target_password(str(made.id))
    assert password == Secret("made-up-password") and "made-up" not in repr(password)
    wanted.name = "smaller"
    templates.update(str(made.id), wanted)
    assert [template.name for template in templates.list(name="smaller")] == ["smaller"]
    templates.delete_many([str(made.id)])
    assert templates.list().all() == []

    projects = client.sms.projects
    wave = projects.create(sms.PostMigProjectBody(name="wave_1", region="cn-north-4", type="MIGRATE_FILE"))
    projects.update(str(wave.id), sms.MigProject(description="first"))
    projects.make_default(str(wave.id))
    project = projects.show(str(wave.id))
    assert project.description == "first" and project.isdefault is True
    with pytest.raises(hwmigrate.Error):
        projects.delete(str(wave.id))
    server = source(client, "web")
    client.sms.servers.move_to(str(server.id), str(wave.id))
    assert [found.name for found in client.sms.servers.list(project=str(wave.id))] == ["web"]
    assert str(wave.id) in [found.id for found in projects.list()]


def test_task_is_configured(slow: Emulator) -> None:
    client = slow.client()
    tasks = client.sms.tasks
    task = tasks.create(moving(client, "web"))
    tasks.configure(task.id, {"MIGRATE_EXCLUDE_DIR": "/var/cache"})
    options = tasks.settings(task.id).configurations
    assert options is not None and [option.config_value for option in options] == ["/var/cache"]
    assert isinstance(tasks.passphrase(task.id), Secret)
    key = tasks.cert_key(task.id, with_ca=True)
    assert isinstance(key.private_key, Secret) and key.private_key.expose() not in repr(key)
    assert tasks.export_consistency([task.id])
    tasks.collect_log(task.id, "logs")
    assert [found.id for found in tasks.list(state="READY")] == [task.id]
    assert tasks.page(page_size=1).total == 1
    client.sms.agree_privacy()
    assert client.sms.privacy_agreed() and client.sms.config().regions
    assert "v3" in [version.id for version in client.sms.versions()]


def test_agents_register_and_servers_are_kept(slow: Emulator) -> None:
    client = slow.client()
    body = sms.PostSourceServerBody(
        name="new",
        ip="10.0.0.1",
        os_type=sms.OsType.LINUX,
        os_version="CENTOS_7_6_64BIT",
        agent_version="3.0.0",
        networks=[sms.NetWork(name="eth0", mac="00:00:5e:00:53:01")],
    )
    id = str(client.sms.agent.register(body).id)
    servers = client.sms.servers
    shown = servers.show(id)
    assert shown.os_type is sms.OsType.LINUX and shown.request_id
    servers.rename(id, "newer")
    assert [server.name for server in servers.list(ip="10.0.0.1")] == ["newer"]
    assert servers.overview().waiting is not None and servers.errors().all() == []
    servers.delete(id)
    with pytest.raises(hwmigrate.NotFoundError):
        servers.show(id)


def test_unknown_fields_of_listed_servers_are_kept(slow: Emulator) -> None:
    client = slow.client()
    slow.fault("unknown_field", "ListServers")
    (server,) = client.sms.servers.list()
    assert server.extra and not set(server.extra) & set(server._fields)


def test_every_operation_has_a_method(slow: Emulator) -> None:
    client = slow.client()
    assert client.sms.api.list_servers().count == 1
    methods = {name for name in dir(type(client.sms.api)) if not name.startswith("_")}
    assert len(methods) == 49


def test_goals_are_checked(slow: Emulator) -> None:
    client = slow.client()
    with pytest.raises(ValueError, match="migrate_success"):
        client.sms.tasks.wait("5f0c", 1, goal="someday")
    assert slow.journal() == []


def test_migration_on_asyncio(servers: Emulator) -> None:
    blocking = servers.client()
    request, other = moving(blocking, "web"), moving(blocking, "db")

    async def main() -> None:
        client = servers.async_client()
        task = await client.sms.tasks.create_once(request)
        await task.start()
        outcome = await task.wait(PATIENCE, goal="syncing", poll=PROMPT)
        assert outcome.done
        await task.cutover()
        states = [look.state async for look in task.watch(PATIENCE, goal="migrate_success", poll=PROMPT)]
        assert states[-1] is State.SUCCEEDED
        events = [event async for event in client.sms.migrate(other, timeout=PATIENCE, cut_over=True, poll=PROMPT)]
        assert isinstance(events[-1], hwmigrate.ServerReport) and events[-1].cut_over
        ends = await client.sms.bulk([task.id, events[-1].task_id], timeout=PATIENCE, poll=PROMPT).run()
        assert [end.report is not None for end in ends] == [True, True]

    asyncio.run(main())


def test_cancelled_wait_or_stop_stops_the_task(long: Emulator) -> None:
    blocking = long.client()
    request = moving(blocking, "web")

    async def main() -> None:
        client = long.async_client()
        task = await client.sms.tasks.create(request)
        await task.start()
        long.clear_journal()
        waiting = asyncio.ensure_future(task.wait_or_stop(60, goal="syncing", poll=PROMPT))
        while not long.requests("ShowTask"):
            await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await task.wait(PATIENCE, goal="aborted", poll=PROMPT)).done

    asyncio.run(main())
    assert long.requests("UpdateTaskStatus") == 1


def test_cancelled_wait_leaves_the_task_alone(slow: Emulator) -> None:
    blocking = slow.client()
    task = blocking.sms.tasks.create(moving(blocking, "web"))
    task.start()

    async def main() -> None:
        client = slow.async_client()
        waiting = asyncio.ensure_future(client.sms.tasks.wait(task.id, 60, goal="syncing", poll=PROMPT))
        async for _ in client.sms.tasks.watch(task.id, 60, poll=PROMPT):
            break
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())
    assert task.progress().state is State.RUNNING
    assert slow.requests("UpdateTaskStatus") == 1


def test_watches_of_many_threads_share_a_client(servers: Emulator) -> None:
    client = servers.client()
    ended: list[bool] = []

    def move(name: str) -> None:
        report = client.sms.migrate(moving(client, name), timeout=PATIENCE, poll=PROMPT).run()
        ended.append(report.state == "syncing")

    threads = [threading.Thread(target=move, args=(name,)) for name in ("web", "db", "mail", "cache")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [True] * 4
