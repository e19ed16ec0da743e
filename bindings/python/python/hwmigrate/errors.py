"""Everything that can go wrong, as one tree of exceptions.

What happened is the class, whether trying again may help is ``retryable``:

>>> import hwmigrate
>>> issubclass(hwmigrate.NotFoundError, hwmigrate.Error)
True
>>> issubclass(hwmigrate.TimeoutError, TimeoutError)
True

The classes carry the names of the kinds of errors that the Rust crate, the C
library and the command line use as well.
"""

from __future__ import annotations

import builtins
from typing import Any, Dict, Optional, Type

__all__ = [
    "AmbiguousError",
    "AmbiguousTimeoutError",
    "ApiError",
    "AuthError",
    "CancelledError",
    "Cause",
    "ConfigError",
    "ConflictError",
    "DecodeError",
    "Error",
    "ForkedError",
    "InvalidError",
    "JobFailedError",
    "NotFoundError",
    "QuotaError",
    "ThrottledError",
    "TimeoutError",
    "TransportError",
]


class Error(Exception):
    """The base of all errors of this package.

    The text names operation, HTTP status, the service's code and its words.
    No attribute holds a secret.
    """

    #: What went wrong, in one word, such as ``"NotFound"``.
    kind: str = "Api"
    #: The documented id of the operation, such as ``"CreateTask"``.
    operation: Optional[str] = None
    #: The HTTP status of the answer, when there was one.
    status: Optional[int] = None
    #: The service's code, such as ``"OMS.0077"``.
    code: Optional[str] = None
    #: What the service said, or our own words where no service spoke.
    message: str = ""
    #: The id to quote to the service's support.
    request_id: Optional[str] = None
    #: Whether the same call may succeed later without any change.
    retryable: bool = False
    #: The pause in seconds that the service asked for.
    retry_after: Optional[float] = None
    #: How many requests were sent; 0 when none was.
    attempts: int = 0
    #: How long the call took, in seconds.
    elapsed: Optional[float] = None
    #: What to do about it.
    advice: Optional[str] = None
    #: The job that failed or did not settle, as a dict: ``resource``, ``id``,
    #: ``state``, ``reason_code``, ``reason``, ``objects_done``, … .
    job: Optional[Dict[str, Any]] = None
    #: Whether a time limit passed.
    is_timeout: bool = False

    @classmethod
    def _of(cls, text: str, kind: str, facts: Dict[str, Any]) -> Error:
        error = cls(text)
        error.message = text
        error.__dict__.update(facts)
        error.kind = kind
        return error

    def __reduce__(self) -> Any:
        return (_restored, (type(self), self.args, dict(self.__dict__)))


def _restored(cls: Type[Error], args: Any, facts: Dict[str, Any]) -> Error:
    error = cls(*args)
    error.__dict__.update(facts)
    return error


class AuthError(Error):
    """The credentials were refused, have expired, or lack the permission."""


class ThrottledError(Error):
    """The service asked for fewer requests, and waiting was not possible within the deadline."""


class NotFoundError(Error):
    """The named thing does not exist."""


class ConflictError(Error):
    """The thing exists, but its present state does not allow the operation."""


class QuotaError(Error):
    """A quota of the account is used up."""


class InvalidError(Error, ValueError):
    """A value of the request is wrong; found here before sending, or by the service."""


def invalid(text: str) -> InvalidError:
    """An error that is found here, before anything is sent."""
    error = InvalidError(text)
    error.message = text
    return error


class ApiError(Error):
    """The service refused or failed for a reason that has no kind of its own."""


class TransportError(Error, ConnectionError):
    """The service could not be reached, or the connection broke."""


class TimeoutError(Error, builtins.TimeoutError):
    """A time limit passed: connecting, reading, the call's deadline, or the deadline of a wait."""


class DecodeError(Error):
    """An answer came, but it is not what the operation answers."""


class JobFailedError(Error):
    """The service accepted the job and reports that it failed."""


class AmbiguousError(Error):
    """The reply to a request that must not be repeated blindly was lost; it may or may not have taken effect."""


class AmbiguousTimeoutError(AmbiguousError, TimeoutError):
    """A time limit passed before the reply to a request that must not be repeated blindly."""


class CancelledError(Error):
    """The caller ended the work."""


class ConfigError(Error):
    """A setting, profile or credential file is missing, malformed or contradicts another."""


class ForkedError(ConfigError):
    """A client was used in a forked child of the process that made it."""


class Cause(Exception):
    """The text of a cause from below this package, such as the system's about a connection."""


_BY_KIND: Dict[str, Type[Error]] = {
    cls.__name__[: -len("Error")]: cls
    for cls in (
        AuthError,
        ThrottledError,
        NotFoundError,
        ConflictError,
        QuotaError,
        InvalidError,
        ApiError,
        TransportError,
        TimeoutError,
        DecodeError,
        JobFailedError,
        AmbiguousError,
        CancelledError,
        ConfigError,
    )
}

for _name, _cls in _BY_KIND.items():
    # One that a program makes, such as for a test, is of its kind as well.
    _cls.kind = _name
ForkedError.kind = "Config"
AmbiguousTimeoutError.kind = "Ambiguous"

for _name in __all__:
    # The name that a traceback prints is the name to import.
    globals()[_name].__module__ = "hwmigrate"


def _of(text: str, kind: str, facts: Dict[str, Any], name: Optional[str] = None) -> Error:
    cls = _BY_KIND.get(kind, Error)
    if name in __all__ and issubclass(globals()[name], Error):
        cls = globals()[name]
    if cls is AmbiguousError and facts.get("is_timeout"):
        cls = AmbiguousTimeoutError
    return cls._of(text, kind, facts)
