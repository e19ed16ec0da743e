"""What the documented error codes mean."""

from __future__ import annotations

import pickle

import hwmigrate
from hwmigrate import Client, catalogue
from hwmigrate.testing import Emulator


def test_documented_code_is_found() -> None:
    entry = catalogue.find("OMS.0063")
    assert entry is not None and entry.code == "OMS.0063" and entry.kind == "Conflict"
    assert "cannot be deleted" in entry.meaning.en and entry.advice.en
    assert entry.retry is catalogue.Retry.STATE and not entry.retryable
    assert any(letter > "\u3000" for letter in entry.meaning.zh + entry.advice.zh)
    assert catalogue.find("S3M.0063") == entry == pickle.loads(pickle.dumps(entry))
    assert catalogue.find("OMS.9999") is catalogue.find("nonsense") is None


def test_every_entry_is_read() -> None:
    entries = catalogue.all()
    assert len({entry.code for entry in entries}) == len(entries) > 100
    for entry in entries:
        assert entry.retry.name != "UNKNOWN" and entry.meaning.en and entry.meaning.zh
        assert entry.retryable == (entry.retry in (catalogue.Retry.BACKOFF, catalogue.Retry.LATER))
        assert entry.kind is None or hasattr(hwmigrate, f"{entry.kind}Error"), entry.code


def test_code_of_an_error_is_told(client: Client, emulator: Emulator) -> None:
    emulator.fault("status", "ShowTask", status=400, code="OMS.0063", message="x")
    try:
        client.oms.tasks.show(17)
    except hwmigrate.Error as error:
        entry = catalogue.find(str(error.code))
        assert entry is not None and error.kind == entry.kind and error.advice == entry.advice.en
    else:
        raise AssertionError("the fault did not strike")
