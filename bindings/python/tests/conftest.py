"""Fixtures of the suite. ``hwmigrate_emulator`` comes with the package itself."""

from __future__ import annotations

import os
import subprocess
import sys

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


def run_python(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of its own and returns what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **variables},
    )
