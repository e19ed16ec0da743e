"""Tests a pipeline of one's own without an account (pip install pytest).

    pytest test_pipeline.py

The fixture ``hwmigrate_emulator`` comes with the package.
"""

from __future__ import annotations

import hwmigrate
import pytest
from hwmigrate.testing import Emulator


def nightly(client: hwmigrate.Client, request: hwmigrate.oms.CreateTaskReq) -> int:
    """The pipeline under test: copies, and returns the number of objects."""
    report = client.oms.migrate(request, timeout=60).run()
    if report.state != hwmigrate.State.SUCCEEDED:
        raise RuntimeError(f"the copy ended {report.state}: {report.reason}")
    return report.objects.done


def test_nightly_copies_everything(hwmigrate_emulator: Emulator) -> None:
    (hwmigrate_emulator.buckets["source"] / "report.csv").write_text("a,b\n1,2\n")
    request = hwmigrate_emulator.copy_request("source", "destination")
    assert nightly(hwmigrate_emulator.client(), request) == 1
    assert (hwmigrate_emulator.buckets["destination"] / "report.csv").exists()


def test_nightly_survives_a_lost_reply(hwmigrate_emulator: Emulator) -> None:
    (hwmigrate_emulator.buckets["source"] / "report.csv").write_text("a,b\n")
    hwmigrate_emulator.fault("lose_reply", "CreateTask")
    request = hwmigrate_emulator.copy_request("source", "destination")
    assert nightly(hwmigrate_emulator.client(), request) == 1
    assert hwmigrate_emulator.requests("CreateTask") == 1


def test_nightly_tells_of_lost_objects(hwmigrate_emulator: Emulator) -> None:
    (hwmigrate_emulator.buckets["source"] / "report.csv").write_text("a,b\n")
    hwmigrate_emulator.fault("fail_objects", key="report.csv", code="TRF.0062", times=100)
    request = hwmigrate_emulator.copy_request("source", "destination")
    with pytest.raises(RuntimeError, match="failed"):
        nightly(hwmigrate_emulator.client(), request)
