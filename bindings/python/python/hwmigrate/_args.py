"""Arguments that are easy to get wrong without noticing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable, List, Optional, TypeVar

from hwmigrate.errors import invalid

T = TypeVar("T")


def many(name: str, value: Any) -> List[Any]:
    """What was given as a list. A text is none: it would be taken letter by letter, and a dict by its keys."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping)):
        return list(value)
    raise invalid(f"`{name}` is of type {type(value).__name__}: give a list, also for a single one")


def some(name: str, value: Any, otherwise: str) -> Optional[List[Any]]:
    """The same, or None for what was not given. An empty list is a mistake: leaving it out means something else."""
    if value is None:
        return None
    given = many(name, value)
    if not given:
        raise invalid(f"`{name}` is empty; to leave it out means {otherwise}")
    return given


def any_observer(name: str, observer: T) -> T:
    """An observer of the client for asyncio: what it returns is awaited if need be."""
    return observer


def plain_observer(name: str, observer: T) -> T:
    """An observer of the blocking client, where nobody would await a coroutine."""
    if observer is not None:
        import inspect

        call = getattr(observer, "__call__", None)
        if inspect.iscoroutinefunction(observer) or inspect.iscoroutinefunction(call):
            raise TypeError(f"`{name}` is a coroutine function, which only the methods of AsyncClient await")
    return observer


async def tell_any(observer: Callable[[T], Any], news: T) -> None:
    """Tells an observer of the client for asyncio."""
    told = observer(news)
    if told is not None:
        import inspect

        if inspect.isawaitable(told):
            await told


def tell_plain(observer: Callable[[T], Any], news: T) -> None:
    """Tells an observer of the blocking client. A coroutine that it returns would do nothing, and nobody would know."""
    told = observer(news)
    if told is not None:
        import inspect

        if inspect.iscoroutine(told):
            told.close()
        if inspect.isawaitable(told):
            raise TypeError("the observer returned an awaitable, and only the methods of AsyncClient await it")


def one_of(**given: Any) -> Optional[str]:
    """The name of the one that was given; ``InvalidError`` for two that exclude each other."""
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise invalid(f"{' and '.join(f'`{name}`' for name in names)} were given: they exclude each other")
    return names[0] if names else None
