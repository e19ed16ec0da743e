"""The base of all results and requests.

A model knows its documented fields. One that came from a service keeps the
answer in the native module until a field is first read; one that a program
makes checks each field as it is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple, Type, TypeVar, Union

from hwmigrate._beyond import Kept, Path, conceal, split, veiled
from hwmigrate._hwmigrate import Secret, Source
from hwmigrate._kinds import kind
from hwmigrate.errors import InvalidError, invalid

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[Any], Any]:
        return lambda cls: cls


_MISSING: Any = object()

_DEPTH = 64
"""How deep a value may be nested; deeper ones contain themselves."""

_SIMPLE = frozenset((str, int, float, bool, type(None), Secret))

M = TypeVar("M", bound="Model")


class _Field:
    # A documented field of a model. Without a docstring: each field has its own.

    __slots__ = ("__doc__", "hides", "kind", "name", "nested", "required")

    def __init__(self, of: Any, required: bool, doc: str) -> None:
        self.kind = kind(of)
        self.nested = self.kind.nested
        self.hides = self.kind.hides
        self.required = required
        self.__doc__ = doc
        self.name = ""

    def __set_name__(self, owner: Any, name: str) -> None:
        # A name that Python keeps for itself has an underscore behind it here, and none on the wire.
        self.name = name.rstrip("_") if name.endswith("_") else name

    def __get__(self, model: Any, owner: Any = None) -> Any:
        if model is None:
            return self
        seen = model._seen
        try:
            return seen[self.name]
        except KeyError:
            value = model._values_().get(self.name)
            value = None if value is None else self.kind.read(value)
            source = model._source
            if self.nested and source is not None:
                _place(value, source, model._index, (*model._where(), self.name))
            # Last, since other threads take what they find here.
            return seen.setdefault(self.name, value)

    def __set__(self, model: Any, value: Any) -> None:
        model._set(self, value)

    def __delete__(self, model: Any) -> None:
        model._set(self, None)


def field(of: Any, doc: str = "", *, default: Any = _MISSING) -> Any:
    """A field, required unless it has a default; ``doc`` tells what it is, with the unit."""
    return _Field(of, default is _MISSING, doc)


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Model:
    """A result of a service, or a request to one.

    Fields have their documented names, and are None where the service said
    nothing. Two models are equal when they are of one class and hold the same
    values. Printing one never shows a secret.
    """

    __slots__ = ("__weakref__", "_index", "_path", "_seen", "_source", "_values")

    _fields: Dict[str, _Field] = {}

    _hides: bool = False
    """Whether a secret can be anywhere inside."""

    _index: int
    _path: Path
    _seen: Dict[str, Any]
    _source: Union[Source, Kept, None]
    _values: Optional[Dict[str, Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {f.name: f for f in cls.__dict__.values() if isinstance(f, _Field)}
        cls._fields = {**cls._fields, **own} if cls._fields else own
        cls._hides = any(f.hides for f in cls._fields.values())

    def __init__(self, **fields: Any) -> None:
        self._source = None
        self._index = 0
        self._seen = {}
        self._values = values = {}
        cls = type(self)
        known = cls._fields
        for name, value in fields.items():
            declared = cls.__dict__.get(name)
            if not isinstance(declared, _Field):
                declared = known.get(name.rstrip("_"))
            if declared is None:
                raise TypeError(f"{cls.__name__} has no field {name!r}; it has {', '.join(known)}")
            if value is not None:
                values[declared.name] = _copied(declared.kind.write(value, f"{cls.__name__}.{declared.name}"))
        cls._complete(values, cls.__name__)

    @classmethod
    def _of(cls, source: Source, index: int = 0) -> Self:
        model = cls.__new__(cls)
        model._source = source
        model._index = index
        model._seen = {}
        model._values = None
        return model

    @classmethod
    def _wrap(cls, values: Dict[str, Any]) -> Self:
        model = cls.__new__(cls)
        model._source = None
        model._index = 0
        model._seen = {}
        model._values = values
        return model

    @classmethod
    def _body(cls, given: Any, path: str = "") -> Dict[str, Any]:
        """The values of a request as they are sent: a model, or a dict in its place.

        Whatever way they came in, every name and type is checked at any depth,
        and ``InvalidError`` says where it is wrong without quoting what is there.
        """
        path = path or cls.__name__
        if isinstance(given, cls):
            given = given._wire()
        if not isinstance(given, Mapping):
            raise invalid(f"{path} is of type {type(given).__name__}: give a {cls.__name__}")
        values: Dict[str, Any] = {}
        for name, value in given.items():
            declared = cls._fields.get(name)
            if declared is None:
                raise invalid(f"{path} has no field {name!r}; it has {', '.join(cls._fields)}")
            if value is not None:
                values[name] = _copied(declared.kind.check(value, f"{path}.{name}"))
        cls._complete(values, path)
        return values

    @classmethod
    def _complete(cls, values: Mapping[str, Any], path: str) -> None:
        missing = [f.name for f in cls._fields.values() if f.required and values.get(f.name) is None]
        if missing:
            whole, _, part = path.partition(".")
            raise invalid(f"{whole} needs {', '.join(f'{part}.{name}' if part else name for name in missing)}")

    def _values_(self) -> Dict[str, Any]:
        values: Optional[Dict[str, Any]] = self._values
        if values is None:
            source = self._source
            assert source is not None
            values = source.values(self._index)
            if source.raw:
                found: Dict[Path, Dict[str, Any]] = {}
                split(self._fields, values, (), found)
                self._source = Kept(values, found, source.request_id)
            if self._hides:
                conceal(type(self), values)
            self._values = values
        return values

    def _set(self, declared: _Field, value: Any) -> None:
        values = self._values_()
        if value is None:
            values.pop(declared.name, None)
            self._seen[declared.name] = None
        else:
            written = _copied(declared.kind.write(value, f"{type(self).__name__}.{declared.name}"))
            values[declared.name] = written
            # Read here and not later: it has no place in the answer that the others came in.
            self._seen[declared.name] = declared.kind.read(written)

    def _wire(self) -> Dict[str, Any]:
        # A list or an object that was read may have been changed since.
        values = dict(self._values_())
        # Other threads may read further fields meanwhile.
        for name, seen in list(self._seen.items()):
            if isinstance(seen, (list, dict, Model)):
                of = self._fields[name].kind
                try:
                    values[name] = of.write(seen, f"{type(self).__name__}.{name}")
                except InvalidError:
                    # What a service sent against its documents is kept as it came.
                    if of.read(values[name]) != seen:
                        raise
        return values

    @property
    def extra(self) -> Dict[str, Any]:
        """What the service sent beyond the documented fields of this object. It is never sent back."""
        known = self._fields
        found = {name: value for name, value in self._values_().items() if name not in known}
        found.update(self._further())
        return found

    def _further(self) -> Dict[str, Any]:
        self._values_()
        if self._source is None:
            return {}
        found: Dict[str, Any] = veiled(self._source.extra(self._index, self._where(), self._fields))
        return found

    def _where(self) -> Path:
        # Only objects within a record have one.
        return getattr(self, "_path", ())

    def _unchanged(self) -> bool:
        """Whether it is as the native module gave it."""
        if not isinstance(self._source, Source):
            return False
        came = self._source.values(self._index)
        for step in self._where():
            came = came[step]  # type: ignore[index]
        return bool(came == self._wire())

    @property
    def request_id(self) -> Optional[str]:
        """The id of the request that brought this, to quote to the service's support."""
        return None if self._source is None else self._source.request_id

    def to_dict(self) -> Dict[str, Any]:
        """The values by their names on the wire; moments and lengths of time are numbers there.

        What the service sent beyond the documented fields stands beside them.
        Secrets stay ``Secret`` objects, so printing the dict shows none.
        """
        values: Dict[str, Any] = _copied(self._wire())
        for name, seen in self._nested():
            values[name] = _dicts(seen, values.get(name))
        values.update(_copied(self._further()))
        return values

    def _nested(self) -> List[Tuple[str, Any]]:
        """The fields with objects in them that can have something beyond the documents."""
        values = self._values_()
        names = [f.name for f in self._fields.values() if f.nested and values.get(f.name) is not None]
        if self._source is None:
            return [(name, self._seen[name]) for name in names if name in self._seen]
        return [(name, self._fields[name].__get__(self)) for name in names]

    def _beyond(self, path: Path, found: Dict[Path, Dict[str, Any]]) -> None:
        """Gathers what came beyond the documents here and in all objects within."""
        own = self._further()
        if own:
            found[path] = own
        for name, seen in self._nested():
            _gather(seen, (*path, name), found)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The model of such a dict. As an answer is: unknown names are kept, see ``extra``, and types are not checked.

        Both are checked when a request is sent. Raises ``InvalidError`` when it
        is no dict, a required field is missing or a secret is no text.
        """
        if not isinstance(values, Mapping):
            raise invalid(f"{cls.__name__}.from_dict takes a dict, and this is of type {type(values).__name__}")
        own: Dict[str, Any] = _copied(values)
        conceal(cls, own, cls.__name__)
        cls._complete(own, cls.__name__)
        return cls._wrap(own)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Model)
        return bool(_said(self.to_dict()) == _said(other.to_dict()))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        values = self._values_()
        known = self._fields.items()
        shown = [f"{name}={declared.__get__(self)!r}" for name, declared in known if values.get(name) is not None]
        extra = self.extra
        shown += [f"extra={extra!r}"] if extra else []
        return f"{type(self).__name__}({', '.join(shown)})"

    def __copy__(self) -> Self:
        return _remade(type(self), *self._parts())

    def __deepcopy__(self, memo: Dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> Tuple[Any, ...]:
        return (_remade, (type(self), *self._parts()))

    def _parts(self) -> Tuple[Dict[str, Any], Dict[Path, Dict[str, Any]], Optional[str]]:
        found: Dict[Path, Dict[str, Any]] = {}
        self._beyond((), found)
        return _copied(self._wire()), found, self.request_id

    def __dir__(self) -> List[str]:
        return sorted(set(super().__dir__()) | set(self._fields))


def _remade(
    cls: Type[M], values: Dict[str, Any], beyond: Dict[Path, Dict[str, Any]], request_id: Optional[str]
) -> M:
    model = cls._wrap(values)
    if beyond or request_id is not None:
        model._source = Kept(values, beyond, request_id)
    return model


def _gather(seen: Any, path: Path, found: Dict[Path, Dict[str, Any]]) -> None:
    if isinstance(seen, Model):
        seen._beyond(path, found)
    elif isinstance(seen, (list, dict)):
        for step, item in enumerate(seen) if isinstance(seen, list) else seen.items():
            _gather(item, (*path, step), found)


def _place(value: Any, source: Union[Source, Kept], index: int, path: Path) -> None:
    """Tells the objects of a value where they lie in the answer."""
    if isinstance(value, Model):
        value._index, value._path, value._source = index, path, source
    elif isinstance(value, (list, dict)):
        for step, item in enumerate(value) if isinstance(value, list) else value.items():
            _place(item, source, index, (*path, step))


def _dicts(seen: Any, written: Any) -> Any:
    """What was written of a nested field, with what its objects have beyond the documents."""
    if isinstance(seen, Model):
        return seen.to_dict()
    if isinstance(seen, list) and isinstance(written, list):
        return [_dicts(*pair) for pair in zip(seen, written)]
    if isinstance(seen, dict) and isinstance(written, dict):
        return {name: _dicts(seen.get(name), item) for name, item in written.items()}
    return written


def _copied(value: Any, depth: int = _DEPTH) -> Any:
    if type(value) in _SIMPLE:
        return value
    if depth == 0:
        raise invalid("the value is nested too deeply")
    if isinstance(value, Mapping):
        return {name: _copied(item, depth - 1) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(item, depth - 1) for item in value]
    return value._wire() if isinstance(value, Model) else value


def _said(value: Any) -> Any:
    """Without the members that say nothing."""
    if isinstance(value, dict):
        return {name: _said(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_said(item) for item in value]
    return value
