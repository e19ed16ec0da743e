"""Types that signatures name."""

from __future__ import annotations

from datetime import timedelta
from typing import Mapping, Optional, TypedDict, Union

Duration = Union[float, timedelta]
"""A length of time: a ``timedelta``, or seconds."""

Bandwidth = Union[str, Mapping[str, str]]
"""A limit such as ``"50MiB/s"``, or a dict of limits by time of day: ``{"08:00-17:59": "10MiB/s"}``."""


class ActionOptions(TypedDict, total=False):
    """What may come with an action on a server task; see ``sms.tasks.action``."""

    force: bool
    template: Optional[str]
    switch_hce: Optional[bool]
    consistency_check: Optional[bool]
