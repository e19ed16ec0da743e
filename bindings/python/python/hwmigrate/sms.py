"""Types of the Server Migration Service."""

from __future__ import annotations

from hwmigrate.generated.sms_types import *  # noqa: F403
