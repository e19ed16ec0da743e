"""Fixtures of the suite. ``hwmigrate_emulator`` comes with the package itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import hwmigrate
import pytest
from hwmigrate.testing import Emulator

PROMPT = hwmigrate.PollPolicy.every(0.02)
"""A wait in a test looks often."""


@pytest.fixture
def emulator(hwmigrate_emulator: Emulator) -> Emulator:
    """An emulator with three small objects in the bucket ``source``."""
    source = hwmigrate_emulator.buckets["source"]
    for name in ("a.txt", "b.txt", "photos/c.jpg"):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    return hwmigrate_emulator


@pytest.fixture
def client(emulator: Emulator) -> hwmigrate.Client:
    return emulator.client()


@pytest.fixture
def request_of_all(emulator: Emulator) -> hwmigrate.oms.CreateTaskReq:
    """Copies the whole bucket."""
    return emulator.copy_request("source", "destination")


class Far:
    """An emulator in a process of its own, so that its memory and its time are not ours."""

    def __init__(self, folder: Path) -> None:
        (folder / "s").mkdir()
        (folder / "s" / "a.txt").write_text("content")
        code = (
            "import json, sys; from hwmigrate.testing import Emulator\n"
            f"e = Emulator(buckets={{'source': {str(folder / 's')!r}, 'destination': {str(folder / 'd')!r}}})\n"
            "r = e.copy_request('source', 'destination').to_dict()\n"
            "show = lambda v: {k: show(i) for k, i in v.items()} if isinstance(v, dict) else "
            "v.expose() if type(v).__name__ == 'Secret' else v\n"
            "print(json.dumps({'url': e.url, 'environment': e.environment(), 'request': show(r)}), flush=True)\n"
            "sys.stdin.read()\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        facts = json.loads(self.process.stdout.readline())
        self.environment: dict[str, str] = facts["environment"]
        self.request = hwmigrate.oms.CreateTaskReq.from_dict(facts["request"])

    def client(self, **changes: object) -> hwmigrate.Client:
        return hwmigrate.Client(environment=self.environment, **changes)  # type: ignore[arg-type]

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    emulator = Far(tmp_path)
    yield emulator
    emulator.close()


def run_python(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of its own and returns what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **variables},
    )
