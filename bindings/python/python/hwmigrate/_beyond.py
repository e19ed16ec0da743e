"""What a service sends beyond the documents, apart from what they describe."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Optional, Tuple, Union

from hwmigrate._hwmigrate import Secret
from hwmigrate._kinds import Hidden, Kind, ListOf, MapOf, Object
from hwmigrate.generated.secret_names import SECRET_NAMES

Path = Tuple[Union[int, str], ...]
"""The way from a record to an object within it: names of members, and places in lists."""


class Kept:
    """Where copies, pickles and answers that came without types have it; as the native ``Source`` is to be asked."""

    __slots__ = ("_by_path", "_values", "request_id")

    raw = False

    def __init__(self, values: Dict[str, Any], by_path: Dict[Path, Dict[str, Any]], request_id: Optional[str]) -> None:
        self._values = values
        self._by_path = by_path
        self.request_id = request_id

    def values(self, index: int) -> Dict[str, Any]:
        return self._values

    def extra(self, index: int, path: Path, known: Iterable[str]) -> Dict[str, Any]:
        return self._by_path.get(path, {})


def split(fields: Any, values: Dict[str, Any], path: Path, found: Dict[Path, Dict[str, Any]]) -> None:
    """Takes out of values what the documents do not know, at any depth, and keeps it by where it was."""
    beyond = {name: values.pop(name) for name in [name for name in values if name not in fields]}
    if beyond:
        found[path] = beyond
    for name, value in values.items():
        if fields[name].nested:
            _split(fields[name].kind, value, (*path, name), found)


def _split(of: Kind, value: Any, path: Path, found: Dict[Path, Dict[str, Any]]) -> None:
    if isinstance(of, Object) and isinstance(value, dict):
        split(of.cls._fields, value, path, found)
    elif isinstance(of, ListOf) and isinstance(value, list):
        for place, item in enumerate(value):
            _split(of.item, item, (*path, place), found)
    elif isinstance(of, MapOf) and isinstance(value, dict):
        for name, item in value.items():
            _split(of.item, item, (*path, name), found)


def veiled(value: Any, hidden: bool = False) -> Any:
    """The same with ``Secret`` objects below every name that is a secret's somewhere in the documents."""
    if isinstance(value, dict):
        return {name: veiled(item, hidden or str(name).lower() in SECRET_NAMES) for name, item in value.items()}
    if isinstance(value, list):
        return [veiled(item, hidden) for item in value]
    if hidden and value not in (None, "") and not isinstance(value, (bool, Secret)):
        return Secret(str(value))
    return value


def conceal(cls: Any, values: Dict[str, Any], path: str = "") -> None:
    """Puts ``Secret`` objects in place of the texts of secrets, at any depth.

    With a path, which is that of what a program wrote, a secret must be a text.
    """
    for name, value in values.items():
        declared = cls._fields.get(name)
        if declared is None:
            values.update(veiled({name: value}))
        elif value is not None and (declared.nested or declared.hides):
            values[name] = _concealed(declared.kind, value, path and f"{path}.{name}")


def _concealed(of: Kind, value: Any, path: str) -> Any:
    if isinstance(of, Hidden):
        return of.write(value, path) if path else veiled(value, hidden=True)
    if isinstance(of, ListOf) and isinstance(value, list):
        return [_concealed(of.item, item, path and f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(of, MapOf) and isinstance(value, dict):
        return {name: _concealed(of.item, item, path and f"{path}.{name}") for name, item in value.items()}
    if isinstance(of, Object) and isinstance(value, dict):
        conceal(of.cls, value, path)
    # A text where something with a secret in it belongs may be the secret itself.
    return Secret(value) if isinstance(value, str) and value and of.hides else value
