"""The log, through the ``logging`` module."""

from __future__ import annotations

import asyncio
import logging
import threading

import hwmigrate
import pytest
from hwmigrate import oms
from hwmigrate.testing import Emulator

from conftest import run_python


def test_log_is_off_by_default(emulator: Emulator) -> None:
    code = (
        "import logging, os, hwmigrate\n"
        "logging.basicConfig(level=1)\n"
        "hwmigrate.Client(environment=dict(os.environ)).oms.versions()\n"
    )
    ended = run_python(code, **emulator.environment())
    assert (ended.returncode, ended.stderr) == (0, "")


def test_log_of_a_call_is_there_when_it_returns(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    client = emulator.client()
    hwmigrate.enable_logging()
    hwmigrate.enable_logging()
    with caplog.at_level(logging.DEBUG, logger="hwmigrate"):
        client.oms.versions()
        messages = [record for record in caplog.records if "ListApiVersions" in record.getMessage()]
        assert messages and all(record.name.startswith("hwmigrate") for record in messages)
        assert all(record.levelno == logging.DEBUG for record in messages)


def test_what_a_signal_raises_while_logging_ends_the_call(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    hwmigrate.enable_logging()
    client = emulator.client()
    client.login()
    # Something is logged, and then there is a pause.
    emulator.fault("unavailable", "ListApiVersions", retry_after=2)

    class Alarm(BaseException):
        pass

    def emit() -> None:
        if threading.current_thread() is threading.main_thread():
            raise Alarm

    monkeypatch.setattr("hwmigrate._logs.emit", emit)
    with pytest.raises(Alarm):
        client.oms.versions()


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_handler_that_raises_does_not_lose_a_result(
    emulator: Emulator,
    request_of_all: oms.CreateTaskReq,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
) -> None:
    client = emulator.client()
    hwmigrate.enable_logging()
    reported = []
    monkeypatch.setattr("sys.unraisablehook", lambda found: reported.append(found.exc_type))
    main = threading.current_thread()

    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            # A call that takes a while hands over on its way, too; Ctrl-C would end it there.
            if threading.current_thread() is main and (kind is RuntimeError or "CreateTask" in record.getMessage()):
                raise kind("broken handler")
            return True

    logger, broken = logging.getLogger("hwmigrate"), Broken()
    logger.setLevel(logging.DEBUG)
    client.login()
    logger.addHandler(broken)
    try:
        blocking = client.oms.tasks.create(request_of_all)

        async def main_of_loop() -> int:
            return (await emulator.async_client().oms.tasks.create(request_of_all)).id

        awaited = asyncio.run(main_of_loop())
    finally:
        logger.removeHandler(broken)
        logger.setLevel(logging.NOTSET)
    assert {task.id for task in client.oms.tasks.list()} == {blocking.id, awaited}
    assert kind in reported


def test_warnings_of_a_wait_are_logged(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    hwmigrate.enable_logging()
    client = emulator.client()
    task = client.oms.tasks.create(emulator.copy_request("source", "destination"))
    emulator.fault("states", "ShowTask", states=[99, 5], times=None)
    with caplog.at_level(logging.WARNING, logger="hwmigrate"):
        task.wait(30, poll=hwmigrate.PollPolicy.every(0.02))
    assert any("does not know" in record.getMessage() for record in caplog.records)
