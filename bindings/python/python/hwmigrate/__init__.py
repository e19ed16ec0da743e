"""Move buckets and servers to Huawei Cloud, unattended: login, token refresh, retries, and waiting for the end.

>>> import hwmigrate
>>> client = hwmigrate.Client(region="cn-north-4")
>>> outcome = client.oms.tasks.wait(17, timeout=6 * 3600)

``Client`` blocks, ``AsyncClient`` has the same methods for asyncio. Results
are typed objects with the documented names; errors are one tree below
``Error``. ``hwmigrate.oms`` and ``hwmigrate.sms`` have the types of the
services, ``hwmigrate.catalogue`` the meaning of their error codes,
``hwmigrate.testing`` an emulator to test against without an account.
"""

from __future__ import annotations

import sys

# What `sysconfig` says as well, but loading that takes a tenth of the time of this import.
if "t" in getattr(sys, "abiflags", ""):
    raise ImportError(
        "hwmigrate does not support free-threaded builds of Python yet; use the standard build of "
        f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    )

from hwmigrate._hwmigrate import (
    Credential,
    Credentials,
    PollPolicy,
    RetryPolicy,
    Secret,
    __version__,
    resolve_secret,
)
from hwmigrate.errors import (
    AmbiguousError,
    AmbiguousTimeoutError,
    ApiError,
    AuthError,
    CancelledError,
    Cause,
    ConfigError,
    ConflictError,
    DecodeError,
    Error,
    ForkedError,
    InvalidError,
    JobFailedError,
    NotFoundError,
    QuotaError,
    ThrottledError,
    TimeoutError,
    TransportError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hwmigrate import catalogue as catalogue
    from hwmigrate import oms as oms
    from hwmigrate import sms as sms
    from hwmigrate._async.client import AsyncClient
    from hwmigrate._logs import enable_logging
    from hwmigrate._model import Model
    from hwmigrate._records import Page, RawBytes, Records
    from hwmigrate.ends import BulkEnd, BulkNews, FleetEnd
    from hwmigrate.generated.blocking.client import Client
    from hwmigrate.progress import (
        Bytes,
        Counts,
        Created,
        FailedObjects,
        Login,
        Outcome,
        Phase,
        Progress,
        Project,
        Reason,
        Report,
        Retrying,
        ServerReport,
        State,
        Step,
        TaskCounts,
        TemporaryAccessKey,
        TokenInfo,
    )

__all__ = [
    "AmbiguousError",
    "AmbiguousTimeoutError",
    "ApiError",
    "AsyncClient",
    "AuthError",
    "BulkEnd",
    "BulkNews",
    "Bytes",
    "CancelledError",
    "Cause",
    "Client",
    "ConfigError",
    "ConflictError",
    "Counts",
    "Created",
    "Credential",
    "Credentials",
    "DecodeError",
    "Error",
    "FailedObjects",
    "FleetEnd",
    "ForkedError",
    "InvalidError",
    "JobFailedError",
    "Login",
    "Model",
    "NotFoundError",
    "Outcome",
    "Page",
    "Phase",
    "PollPolicy",
    "Progress",
    "Project",
    "QuotaError",
    "RawBytes",
    "Reason",
    "Records",
    "Report",
    "RetryPolicy",
    "Retrying",
    "Secret",
    "ServerReport",
    "State",
    "Step",
    "TaskCounts",
    "TemporaryAccessKey",
    "ThrottledError",
    "TimeoutError",
    "TokenInfo",
    "TransportError",
    "__version__",
    "catalogue",
    "enable_logging",
    "oms",
    "resolve_secret",
    "sms",
]

# What an import of the package alone does not need is loaded when it is first named.
_PLACES = {
    "AsyncClient": "hwmigrate._async.client",
    "BulkEnd": "hwmigrate.ends",
    "BulkNews": "hwmigrate.ends",
    "Client": "hwmigrate.generated.blocking.client",
    "enable_logging": "hwmigrate._logs",
    "FleetEnd": "hwmigrate.ends",
    "Model": "hwmigrate._model",
    "Page": "hwmigrate._records",
    "RawBytes": "hwmigrate._records",
    "Records": "hwmigrate._records",
}
_MODULES = ("catalogue", "ends", "oms", "sms", "testing", "progress")


def __getattr__(name: str) -> object:
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"hwmigrate.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'hwmigrate' has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_PLACES.get(name, "hwmigrate.progress")), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
