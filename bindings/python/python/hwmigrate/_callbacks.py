"""Callables of users that the native module calls."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Awaitable, Callable, Optional


def resolve(function: Callable[[], Any], event_loop: Optional[asyncio.AbstractEventLoop]) -> Any:
    """Calls a function; what it returns may be awaitable.

    Runs on a thread of its own, so it may block. Awaitables run on the event
    loop that the call was awaited on, or on a loop of their own without one.
    """
    given = function()
    if not inspect.isawaitable(given):
        return given
    if event_loop is not None and event_loop.is_running():
        return asyncio.run_coroutine_threadsafe(_awaited(given), event_loop).result()
    return asyncio.run(_awaited(given))


async def _awaited(given: Awaitable[Any]) -> Any:
    return await given
