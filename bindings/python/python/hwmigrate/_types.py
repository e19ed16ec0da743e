"""Types that signatures name."""

from __future__ import annotations

from datetime import timedelta
from typing import Mapping, Union

Duration = Union[float, timedelta]
"""A length of time: a ``timedelta``, or seconds."""

Bandwidth = Union[str, Mapping[str, str]]
"""A limit such as ``"50MiB/s"``, or a dict of limits by time of day: ``{"08:00-17:59": "10MiB/s"}``."""
