"""The pytest fixture ``hwmigrate_emulator``, found through the entry point ``pytest11``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from hwmigrate.testing import Emulator


@pytest.fixture
def hwmigrate_emulator(tmp_path: Path) -> Iterator[Emulator]:
    """A running emulator with the buckets ``source`` and ``destination`` in temporary folders."""
    from hwmigrate.testing import Emulator

    buckets = {name: tmp_path / name for name in ("source", "destination")}
    with Emulator(buckets=buckets, check_responses=True) as emulator:
        yield emulator
