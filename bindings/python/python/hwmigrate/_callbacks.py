"""Callables of users that the native module calls, on threads that it has Python make."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Awaitable, Callable, Optional, Protocol


class Answer(Protocol):
    """Where the native module waits for what a callable gives."""

    def returned(self, value: Any) -> None: ...
    def raised(self, exception: BaseException) -> None: ...
    def runs_on(self, event_loop: asyncio.AbstractEventLoop) -> None: ...


def run(function: Callable[[], Any], event_loop: Optional[asyncio.AbstractEventLoop], answer: Answer) -> None:
    """Calls a function; what it returns may be awaitable.

    Runs on a thread of its own, so it may block. Awaitables run on the event
    loop that the call was awaited on, or on a loop of their own without one.
    """
    try:
        given = function()
        if inspect.isawaitable(given):
            if event_loop is not None and event_loop.is_running():
                answer.runs_on(event_loop)
                asyncio.run_coroutine_threadsafe(_answered(given, answer), event_loop)
                return
            given = asyncio.run(_awaited(given))
    except BaseException as error:
        answer.raised(error)
    else:
        answer.returned(given)


async def _answered(given: Awaitable[Any], answer: Answer) -> None:
    try:
        result = await given
    except BaseException as error:
        answer.raised(error)
        if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            raise
    else:
        answer.returned(result)


async def _awaited(given: Awaitable[Any]) -> Any:
    return await given


def wake(event_loop: asyncio.AbstractEventLoop, settle: Callable[[Any], None], future: Any) -> None:
    """Settles a future of a loop that cannot be woken otherwise."""
    try:
        event_loop.call_soon_threadsafe(settle, future)
    except RuntimeError:
        pass  # The loop is closed, and nobody waits.
