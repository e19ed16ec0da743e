"""What a field of a model can hold, and its forms in Python and on the wire."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from hwmigrate._hwmigrate import Secret
from hwmigrate.errors import InvalidError, invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Kind:
    """What a field holds, and its forms in Python and on the wire."""

    __slots__ = ("name",)

    nested = False
    """Whether objects can be inside."""
    hides = False
    """Whether a secret can be anywhere inside."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, value: Any) -> Any:
        """The form in Python. What does not fit is given as it came."""
        return value

    def write(self, value: Any, path: str) -> Any:
        """The form on the wire, or ``InvalidError`` naming the field."""
        raise NotImplementedError

    def check(self, value: Any, path: str) -> Any:
        """The form on the wire of what has that form already, or ``InvalidError`` naming the field."""
        return self.write(value, path)

    def refuse(self, value: Any, path: str) -> InvalidError:
        return invalid(f"{path} is of type {type(value).__name__}: give {self.name}")


class _Text(Kind):
    __slots__ = ()

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return value
        if hasattr(value, "__fspath__"):
            path_text = value.__fspath__()
            if isinstance(path_text, str):
                return path_text
        raise self.refuse(value, path)


class _Whole(Kind):
    __slots__ = ()

    def read(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return int(value)
            except ValueError:
                return None if value == "" else value
        return value

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            if not -(2**63) <= value < 2**63:
                raise invalid(f"{path} is a number out of range")
            return int(value)
        raise self.refuse(value, path)


class _Number(Kind):
    __slots__ = ()

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise self.refuse(value, path)


class _Flag(Kind):
    __slots__ = ()

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, bool):
            return value
        raise self.refuse(value, path)


class _Any(Kind):
    __slots__ = ()

    def write(self, value: Any, path: str) -> Any:
        return value


class Hidden(Kind):
    __slots__ = ()

    hides = True

    def read(self, value: Any) -> Any:
        return Secret(value) if isinstance(value, str) else value

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return Secret(value)
        raise self.refuse(value, path)


class _Moment(Kind):
    __slots__ = ("per_second",)

    def __init__(self, per_second: int) -> None:
        super().__init__("a datetime with a time zone")
        self.per_second = per_second

    def read(self, value: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                return _EPOCH + timedelta(milliseconds=value * 1000 // self.per_second)
            except OverflowError:
                return value
        return value

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, datetime) and value.tzinfo is not None:
            return (value - _EPOCH) // timedelta(microseconds=1_000_000 // self.per_second)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self.refuse(value, path)


class _Span(Kind):
    __slots__ = ("per_second",)

    def __init__(self, per_second: int) -> None:
        super().__init__("a timedelta, or seconds")
        self.per_second = per_second

    def read(self, value: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                return timedelta(seconds=value / self.per_second)
            except OverflowError:
                return value
        return value

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, timedelta):
            return value // timedelta(microseconds=1_000_000 // self.per_second)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return round(value * self.per_second)
        raise self.refuse(value, path)

    def check(self, value: Any, path: str) -> Any:
        return value if isinstance(value, int) and not isinstance(value, bool) else self.write(value, path)


class _Word(Kind):
    __slots__ = ("cls",)

    def __init__(self, cls: Any) -> None:
        super().__init__(f"a {cls.__name__}, or its value")
        self.cls = cls

    def read(self, value: Any) -> Any:
        try:
            return self.cls(value)
        except ValueError:
            return value

    def write(self, value: Any, path: str) -> Any:
        base = int if issubclass(self.cls, int) else str
        if isinstance(value, base) and not isinstance(value, bool):
            return base(value.value) if isinstance(value, enum.Enum) else value
        raise self.refuse(value, path)


class Object(Kind):
    __slots__ = ("cls", "hides")

    nested = True

    def __init__(self, cls: Any) -> None:
        super().__init__(f"a {cls.__name__}")
        self.cls = cls
        self.hides = cls._hides

    def read(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.cls._wrap(value)
        return None if value == "" else value

    def write(self, value: Any, path: str) -> Any:
        if isinstance(value, self.cls):
            return value._wire()
        return self.check(value, path)

    def check(self, value: Any, path: str) -> Any:
        return self.cls._body(value, path)


class ListOf(Kind):
    __slots__ = ("hides", "item", "nested")

    def __init__(self, item: Kind) -> None:
        super().__init__(f"a list, each of it {item.name}")
        self.item, self.nested, self.hides = item, item.nested, item.hides

    def read(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.item.read(item) for item in value]
        return value

    def write(self, value: Any, path: str) -> Any:
        return [self.item.write(item, f"{path}[{index}]") for index, item in enumerate(self._items(value, path))]

    def check(self, value: Any, path: str) -> Any:
        return [self.item.check(item, f"{path}[{index}]") for index, item in enumerate(self._items(value, path))]

    def _items(self, value: Any, path: str) -> Any:
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
            raise self.refuse(value, path)
        return value


class MapOf(Kind):
    __slots__ = ("hides", "item", "nested")

    def __init__(self, item: Kind) -> None:
        super().__init__(f"a dict, each value {item.name}")
        self.item, self.nested, self.hides = item, item.nested, item.hides

    def read(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.item.read(item) for name, item in value.items()}
        return value

    def write(self, value: Any, path: str) -> Any:
        return {str(name): self.item.write(item, f"{path}.{name}") for name, item in self._items(value, path)}

    def check(self, value: Any, path: str) -> Any:
        return {str(name): self.item.check(item, f"{path}.{name}") for name, item in self._items(value, path)}

    def _items(self, value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise self.refuse(value, path)
        return value.items()


TEXT = _Text("a str")
WHOLE = _Whole("an int")
NUMBER = _Number("a float")
FLAG = _Flag("a bool")
ANY = _Any("anything")
SECRET = Hidden("a str or a Secret")
MOMENT_MS = _Moment(1000)
MOMENT_S = _Moment(1)
SPAN_MS = _Span(1000)
SPAN_S = _Span(1)


def kind(of: Any) -> Kind:
    """The kind that a field's declaration names: a kind, a class, ``[item]`` or ``{str: item}``."""
    if isinstance(of, Kind):
        return of
    if isinstance(of, list):
        return ListOf(kind(of[0]))
    if isinstance(of, dict):
        return MapOf(kind(of[str]))
    if issubclass(of, enum.Enum):
        return _Word(of)
    return Object(of)
