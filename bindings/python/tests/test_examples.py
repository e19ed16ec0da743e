"""Every example runs to its end, against the emulator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hwmigrate import oms
from hwmigrate.testing import Emulator

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(emulator: Emulator, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=EXAMPLES,
        env={**os.environ, **emulator.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_create_and_wait(emulator: Emulator) -> None:
    assert "3 objects arrived" in run(emulator, "create_and_wait.py", "source", "destination")


def test_many_buckets(emulator: Emulator) -> None:
    assert "succeeded, 3 objects" in run(emulator, "many_buckets.py", "source:destination")


def test_progress_tqdm(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    pytest.importorskip("tqdm")
    task = emulator.client().oms.tasks.create(request_of_all)
    assert f"task {task.id}" in run(emulator, "progress_tqdm.py", str(task.id))


def test_progress_rich(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    pytest.importorskip("rich")
    task = emulator.client().oms.tasks.create(request_of_all)
    assert f"task {task.id}" in run(emulator, "progress_rich.py", str(task.id))


def test_pytest_fixture(emulator: Emulator) -> None:
    plugin = [] if "hwmigrate" in installed_plugins() else ["-p", "hwmigrate._pytest_plugin"]
    assert "3 passed" in run(
        emulator, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "-c", os.devnull, "test_pipeline.py"
    )


def installed_plugins() -> set[str]:
    from importlib.metadata import entry_points

    if sys.version_info >= (3, 10):
        found = entry_points(group="pytest11")
    else:
        found = entry_points().get("pytest11", [])
    return {entry.name for entry in found}


def test_move_servers(emulator: Emulator) -> None:
    run(emulator, "move_servers.py", "made-up-template")
