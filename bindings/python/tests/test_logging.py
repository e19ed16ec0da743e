"""The log, through the ``logging`` module."""

from __future__ import annotations

import logging
import threading

import hwmigrate
import pytest
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

    class Alarm(BaseException):
        pass

    def emit() -> None:
        if threading.current_thread() is threading.main_thread():
            raise Alarm

    monkeypatch.setattr("hwmigrate._logs.emit", emit)
    with pytest.raises(Alarm):
        client.oms.versions()


def test_warnings_of_a_wait_are_logged(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    hwmigrate.enable_logging()
    client = emulator.client()
    task = client.oms.tasks.create(emulator.copy_request("source", "destination"))
    emulator.fault("states", "ShowTask", states=[99, 5], times=None)
    with caplog.at_level(logging.WARNING, logger="hwmigrate"):
        task.wait(30, poll=hwmigrate.PollPolicy.every(0.02))
    assert any("does not know" in record.getMessage() for record in caplog.records)
