"""Modules that are loaded when something of them is first used."""

from __future__ import annotations

import importlib
from typing import Any


class Lazy:
    """Stands for a module; importing the types of a service takes longer than everything else together."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(importlib.import_module(self._name), name)
        setattr(self, name, found)
        return found
