"""Words and numbers of the services, as enumerations that take new ones."""

from __future__ import annotations

import enum
from typing import Any


class Word(str, enum.Enum):
    """A word of a service. One that this version does not know becomes a member of its own."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = "UNKNOWN"
        member._value_ = value
        return member

    def _wire(self) -> str:
        return str(self.value)

    def __str__(self) -> str:
        return str(self.value)

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (type(self), (str(self.value),))


class Code(enum.IntEnum):
    """A number of a service. One that this version does not know becomes a member of its own."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = "UNKNOWN"
        member._value_ = value
        return member

    def _wire(self) -> int:
        return int(self.value)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (type(self), (int(self.value),))
