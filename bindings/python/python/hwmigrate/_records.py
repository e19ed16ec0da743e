"""The records of an answer, as a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, List, NamedTuple, Optional, Sequence, Tuple, Type, TypeVar, Union, overload

from hwmigrate._hwmigrate import Source
from hwmigrate._model import Model

M = TypeVar("M", bound=Model)


class Records(Sequence[M], Generic[M]):
    """The records of one answer; each is converted when it is first looked at."""

    __slots__ = ("_cls", "_made", "_source")

    def __init__(self, cls: Type[M], source: Source) -> None:
        self._cls = cls
        self._source = source
        self._made: List[Optional[M]] = [None] * len(source)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> M: ...
        @overload
        def __getitem__(self, index: slice) -> List[M]: ...

    def __getitem__(self, index: Union[int, slice]) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self._made)))]
        record = self._made[index]
        if record is None:
            number = index if index >= 0 else index + len(self._made)
            record = self._made[index] = self._cls._of(self._source, number)
        return record

    def __len__(self) -> int:
        return len(self._made)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, (Records, list)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} {self._cls.__name__}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return (list, (list(self),))

    @property
    def total(self) -> Optional[int]:
        """How many records match in all, by the service."""
        return self._source.count

    @property
    def request_id(self) -> Optional[str]:
        """The id of the request, to quote to the service's support."""
        return self._source.request_id


class Page(Records[M]):
    """One page of a list."""

    __slots__ = ()


class RawBytes(NamedTuple):
    """What an operation answered, not decoded. The body may hold secrets, so only its size is shown."""

    status: int
    """The HTTP status."""
    request_id: Optional[str]
    """The id to quote to the service's support."""
    body: bytes
    """The body as it came; empty when there was none."""

    def __repr__(self) -> str:
        return f"RawBytes(status={self.status}, request_id={self.request_id!r}, <{len(self.body)} bytes>)"
