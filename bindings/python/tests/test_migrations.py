"""A migration that was interrupted tells its task all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import hwmigrate
import pytest
from hwmigrate import Client, oms, sms
from hwmigrate.testing import Emulator

from conftest import PROMPT


@pytest.fixture
def held(emulator: Emulator) -> Emulator:
    """Its tasks do not get on until they are let go, which a stop does."""
    emulator.fault("hold_state", state=2)
    return emulator


def let_go(emulator: Emulator, begun: str, after: str, interrupt: bool) -> threading.Thread:
    """Once a task runs: interrupts this process, and lets the task stop."""

    def run() -> None:
        pause = threading.Event()
        while not emulator.requests(begun):
            pause.wait(0.02)
        pause.wait(0.2)
        if interrupt:
            os.kill(os.getpid(), signal.SIGINT)
        while not emulator.requests(after):
            pause.wait(0.02)
        emulator.release(2)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_interrupted_migration_knows_its_task(
    held: Emulator, client: Client, request_of_all: oms.CreateTaskReq
) -> None:
    migration = client.oms.migrate(request_of_all, timeout=60, poll=PROMPT)
    assert migration.created is None and migration.report is None
    # Whoever starts the tests in the background may have Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread = let_go(held, "ShowTask", "StopTask", interrupt=True)
        with pytest.raises(KeyboardInterrupt):
            migration.run_or_stop()
        thread.join(30)
    finally:
        signal.signal(signal.SIGINT, before)
    assert migration.created is not None
    shown = client.oms.tasks.show(migration.created.id)  # type: ignore[arg-type]
    assert shown.id == migration.created.id
    if migration.report is None:
        with pytest.raises(hwmigrate.InvalidError, match=f"over.*task {shown.id}.*resume"):
            migration.run()
    else:
        # The copy of three small objects may be faster than the stop.
        assert migration.run() == migration.report and migration.report.task_id == shown.id


def test_migration_that_missed_its_deadline_knows_its_task(
    held: Emulator, client: Client, request_of_all: oms.CreateTaskReq
) -> None:
    migration = client.oms.migrate(request_of_all, timeout=0.4, poll=PROMPT)
    with pytest.raises(hwmigrate.TimeoutError):
        migration.run()
    assert migration.created is not None
    with pytest.raises(hwmigrate.InvalidError, match=f"over.*task {migration.created.id}.*resume"):
        migration.run()


def test_migration_that_never_began_says_so(client: Client, emulator: Emulator) -> None:
    request = emulator.copy_request("source", "destination", description="a<b")
    migration = client.oms.migrate(request, timeout=5)
    with pytest.raises(hwmigrate.InvalidError, match="description"):
        migration.run_or_stop()
    assert migration.created is None
    with pytest.raises(hwmigrate.InvalidError, match="over.*begin a new one"):
        migration.run()


def test_cancelled_migration_knows_its_task(held: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    migration = held.async_client().oms.migrate(request_of_all, timeout=60, poll=PROMPT)
    thread = let_go(held, "ShowTask", "StopTask", interrupt=False)

    async def main() -> None:
        running = asyncio.ensure_future(migration.run_or_stop())
        while not held.requests("ShowTask"):
            await asyncio.sleep(0.02)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    thread.join(30)
    assert migration.created is not None
    assert held.client().oms.tasks.show(migration.created.id).id == migration.created.id  # type: ignore[arg-type]


def test_migration_of_a_server_knows_its_task(tmp_path: Path) -> None:
    with Emulator(servers=[("web", 100_000_000)], sms_pace=(0.02, 1)) as emulator:
        client = emulator.client()
        (server,) = client.sms.servers.list()
        request = sms.task_request(
            "move", "MIGRATE_FILE", client.sms.servers.show(str(server.id)), target_name="web",
            region="cn-north-4", project_id=emulator.project_id, vm_id="ecs-1", syncing=True,
        )
        migration = client.sms.migrate(request, timeout=3, poll=PROMPT)
        with pytest.raises(hwmigrate.TimeoutError):
            migration.run_or_stop()
        assert migration.created is not None
        assert client.sms.tasks.show(str(migration.created.id)).id == migration.created.id
        with pytest.raises(hwmigrate.InvalidError, match=f"over.*task {migration.created.id}.*resume"):
            migration.run()
