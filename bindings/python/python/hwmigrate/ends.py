"""How the work on many jobs ended, and what happens meanwhile: for each job by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple, Type

from hwmigrate._model import Model
from hwmigrate.errors import invalid
from hwmigrate.progress import Created, Outcome, Progress, ServerReport, error_of

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["BulkEnd", "BulkNews", "FleetEnd"]


class _End:
    """What the ends of many have in common: they are equal when all that they hold is."""

    __slots__: Tuple[str, ...] = ()

    _models: Dict[str, Tuple[Type[Model], ...]] = {}
    """Of what class a part may be that is a model."""

    _words: Tuple[Type[str], ...] = ()
    """Of what class it may be instead."""

    def to_dict(self) -> Dict[str, Any]:
        """What it holds, by name, as ``Model.to_dict`` gives it; of an error, its kind, text and facts."""
        return {name: _told(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """That of such a dict; raises ``InvalidError`` when it is none."""
        if not isinstance(values, Mapping):
            raise invalid(f"{cls.__name__}.from_dict takes a dict, and this is of type {type(values).__name__}")
        missing = [name for name in cls.__slots__ if name not in values]
        if missing:
            raise invalid(f"{cls.__name__} needs {', '.join(missing)}")
        return cls(**{name: cls._part(name, values[name]) for name in cls.__slots__})

    @classmethod
    def _part(cls, name: str, value: Any) -> Any:
        if name not in cls._models and name != "error" or value is None or isinstance(value, cls._words):
            return value
        if not isinstance(value, Mapping):
            raise invalid(f"{cls.__name__}.{name} is of type {type(value).__name__}: give a dict")
        if name == "error":
            return error_of(value)
        # That which knows most of it; what later versions tell is kept as well.
        return max(cls._models[name], key=lambda model: len(model._fields.keys() & value.keys())).from_dict(value)

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, type(self)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Tuple[Any, ...]:
        return (_remade, (type(self), {name: getattr(self, name) for name in self.__slots__}))


def _remade(cls: Type[_End], parts: Dict[str, Any]) -> _End:
    return cls(**parts)


def _told(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, Exception):
        facts = {name: fact for name, fact in vars(value).items() if fact is not None and not name.startswith("_")}
        known = {"kind": getattr(value, "kind", type(value).__name__), "message": getattr(value, "message", "")}
        return {"class": type(value).__name__, "text": str(value), **known, **facts}
    return value


class BulkEnd(_End):
    """How the migration of one server of many ended: with a report, or with an error."""

    __slots__ = ("error", "last", "place", "report", "server")

    _models = {"report": (ServerReport,), "last": (Progress,)}

    def __init__(
        self,
        place: int,
        server: str,
        report: Optional[ServerReport],
        error: Optional[Exception],
        last: Optional[Progress] = None,
    ) -> None:
        #: Its place among the jobs that were given, from 0.
        self.place = place
        #: Its id; the task's, for a migration that was resumed.
        self.server = server
        #: What its migration came to.
        self.report = report
        #: What kept it from coming to anything.
        self.error = error
        #: The last look at its task, also where there is an error.
        self.last = last

    def result(self) -> ServerReport:
        """The report; raises the error instead, whether the task failed or something before it."""
        error = self.error if self.report is None else self.report.error
        if error is not None:
            raise error
        if self.report is None:
            raise invalid("it ended with neither a report nor an error")
        return self.report

    def __repr__(self) -> str:
        ended = self.error if self.report is None else self.report.state
        return f"BulkEnd({self.server}: {ended})"


class BulkNews(_End):
    """What happened to one server of many."""

    __slots__ = ("event", "place", "server")

    _models = {"event": (Created, Progress, ServerReport)}
    _words = (str,)

    def __init__(self, place: int, server: str, event: object) -> None:
        #: Its place among the jobs that were given, from 0.
        self.place = place
        #: Its id; the task's, for a migration that was resumed.
        self.server = server
        #: A ``Created``, ``Progress`` or ``ServerReport``, or a word: creating, searching, prepared, started, cut over.
        self.event = event

    def __repr__(self) -> str:
        return f"BulkNews({self.server}: {self.event})"


class FleetEnd(_End):
    """How the wait for one job of many ended: with an outcome, or with an error."""

    __slots__ = ("error", "id", "outcome", "resource")

    _models = {"outcome": (Outcome,)}

    def __init__(self, resource: str, id: str, outcome: Optional[Outcome], error: Optional[Exception]) -> None:
        #: task, task group or server task.
        self.resource = resource
        #: The id of the job, as text.
        self.id = id
        #: What the wait would have returned.
        self.outcome = outcome
        #: What the wait would have raised.
        self.error = error

    def result(self) -> Outcome:
        """The outcome; raises the error instead if there is one."""
        if self.outcome is None:
            raise self.error or invalid("it ended with neither an outcome nor an error")
        return self.outcome

    def __repr__(self) -> str:
        ended = self.error if self.outcome is None else self.outcome
        return f"FleetEnd({self.resource} {self.id}: {ended})"
