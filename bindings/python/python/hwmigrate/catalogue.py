"""What the documented error codes mean, and what to do about them.

>>> from hwmigrate import catalogue
>>> entry = catalogue.find("OMS.0063")
>>> entry.retry, entry.kind
(<Retry.STATE: 'state'>, 'Conflict')

Every code of the services' own lists that this package can meet, in English
and Chinese.
"""

from __future__ import annotations

from typing import List, Optional

from hwmigrate import _hwmigrate
from hwmigrate._kinds import FLAG, TEXT
from hwmigrate._model import Model, field
from hwmigrate._words import Word

# Without `all`, which would take the place of the built-in one.
__all__ = ["Entry", "Retry", "Words", "find"]


class Retry(Word):
    """What would have to change before the same call can succeed."""

    NEVER = "never"
    """The request itself."""
    BACKOFF = "backoff"
    """Nothing; a short pause is enough."""
    LATER = "later"
    """Nothing, but it takes minutes to hours."""
    STATE = "state"
    """The state of the thing; look again first."""
    ACCOUNT = "account"
    """Credentials, permissions, quota or the account."""


class Words(Model):
    """The same sentence in two languages."""

    __slots__ = ()

    en: str = field(TEXT, "English.", default="")
    zh: str = field(TEXT, "Simplified Chinese.", default="")


class Entry(Model):
    """One documented code."""

    __slots__ = ()

    code: str = field(TEXT, "The code, such as OMS.0063.", default="")
    kind: Optional[str] = field(
        TEXT, "The kind of error that it means, as in ``Error.kind``; None where only the HTTP status tells.", default=None
    )
    retry: Retry = field(Retry, "What would have to change before the same call can succeed.", default=Retry.NEVER)
    retryable: bool = field(FLAG, "Whether the same call may succeed later without any change.", default=False)
    meaning: Words = field(Words, "What it means.", default=None)
    advice: Words = field(Words, "What to do about it.", default=None)


def find(code: str) -> Optional[Entry]:
    """The entry of a code, such as that of an error; None for one that is not documented.

    ``APIG.`` and ``APIGW.`` are the same list, and so are ``S3M.`` and ``OMS.``.
    """
    found = _hwmigrate.find_code(code)
    return None if found is None else Entry._wrap(found)


def all() -> List[Entry]:
    """All entries."""
    return [Entry._wrap(entry) for entry in _hwmigrate.all_codes()]
