"""Calling operations by their id, with checked arguments."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple, Type, TypeVar

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import RetryPolicy, Source
from hwmigrate._hwmigrate import start as go
from hwmigrate._kinds import kind
from hwmigrate._model import Model
from hwmigrate._records import Records
from hwmigrate._types import Duration

M = TypeVar("M", bound=Model)

Parameters = List[Tuple[str, Any, Any]]
"""Name on the wire, kind, value."""


class AsyncApi:
    """What the operations of every service have in common."""

    def __init__(
        self,
        core: _hwmigrate.Core,
        timeout: Optional[Duration] = None,
        retry: Optional[RetryPolicy] = None,
    ) -> None:
        self._core = core
        self._timeout = timeout
        self._retry = retry

    async def _send(self, operation: str, parameters: Parameters, body: Any, timeout: Optional[Duration]) -> Source:
        named = []
        for name, of, value in parameters:
            if value is not None:
                named.append((name, _text(kind(of).write(value, name))))
        limit = self._timeout if timeout is None else timeout
        source: Source = await go(self._core.call(operation, named, body, limit, self._retry))
        return source

    async def _one(
        self, cls: Type[M], operation: str, parameters: Parameters, body: Any, timeout: Optional[Duration]
    ) -> M:
        return cls._of(await self._send(operation, parameters, body, timeout))

    async def _records(
        self, cls: Type[M], operation: str, parameters: Parameters, body: Any, timeout: Optional[Duration]
    ) -> Records[M]:
        return Records(cls, await self._send(operation, parameters, body, timeout))

    async def _whole(self, operation: str, parameters: Parameters, body: Any, timeout: Optional[Duration]) -> Any:
        return (await self._send(operation, parameters, body, timeout)).whole()

    async def _list(
        self, operation: str, parameters: Parameters, body: Any, timeout: Optional[Duration]
    ) -> List[Any]:
        found: List[Any] = await self._whole(operation, parameters, body, timeout)
        return found

    async def _nothing(self, operation: str, parameters: Parameters, body: Any, timeout: Optional[Duration]) -> None:
        await self._send(operation, parameters, body, timeout)

    def _body(self, cls: Type[M], body: Any, fields: Mapping[str, Any]) -> Dict[str, Any]:
        if body is None:
            return cls._body(cls(**fields))
        if fields:
            raise TypeError(f"give the body whole, or its members: both were given ({', '.join(fields)})")
        return cls._body(body)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return value.expose() if isinstance(value, _hwmigrate.Secret) else str(value)
