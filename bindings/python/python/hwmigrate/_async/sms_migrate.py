"""Migrations of servers, from the request to the report."""

from __future__ import annotations

from typing import Any, AsyncIterator, Dict, List, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import start as go
from hwmigrate._args import any_observer as observed
from hwmigrate._args import tell_any as tell
from hwmigrate._async.jobs import AsyncRun, Observer
from hwmigrate.ends import BulkEnd, BulkNews
from hwmigrate.progress import Created, Progress, ServerReport

ServerEvent = Union[Created, Progress, ServerReport, str]
"""What happens in the migration of a server.

The words are creating (the task is about to be made), searching (the reply to
that was lost), prepared, started and cut over.
"""


class AsyncServerMigration(AsyncRun[ServerReport]):
    """The migration of one server from the request to the report.

    Either ``run`` it, or iterate over its events. Leaving it ends the
    following, not the task.
    """

    _model = ServerReport

    def __aiter__(self) -> AsyncIterator[ServerEvent]:
        return self

    async def __anext__(self) -> ServerEvent:
        while True:
            event = await go(self._native.next())
            if event is None:
                raise StopAsyncIteration
            known = _event(event)
            if isinstance(known, Created):
                self._created = known
            if isinstance(known, ServerReport):
                self._report = known
            if known is not None:
                return known

    async def run(self, on_event: Optional[Observer[ServerEvent]] = None) -> ServerReport:
        """Runs until it synchronises or ends; a failed task is a report too."""
        on_event = observed("on_event", on_event)
        async for event in self:
            if on_event is not None:
                await tell(on_event, event)
        return self._reported()

    async def run_or_stop(self) -> ServerReport:
        """As ``run``, and stops the task at the deadline, or when the caller is interrupted."""
        self._report = ServerReport._of(await go(self._native.run_or_stop()))
        return self._report


class AsyncBulk:
    """Migrations of many servers. Either ``run`` them, or iterate over what happens."""

    def __init__(self, native: _hwmigrate.BulkRun) -> None:
        self._native = native

    def __aiter__(self) -> AsyncIterator[Union[BulkNews, BulkEnd]]:
        return self

    async def __anext__(self) -> Union[BulkNews, BulkEnd]:
        while True:
            event = await go(self._native.next())
            if event is None:
                raise StopAsyncIteration
            word, facts = event
            if word == "ended":
                return _bulk_end(facts)
            known = _event(facts["event"]) if word == "server" else None
            if known is not None:
                return BulkNews(facts["place"], facts["server"], known)

    async def run(self) -> List[BulkEnd]:
        """Runs to the end, and tells how each ended, in the order they were given.

        When the caller is interrupted, nothing further begins, and what is under way is waited for.
        """
        return [_bulk_end(end) for end in await go(self._native.run())]


def _event(event: Any) -> Optional[ServerEvent]:
    word, facts = event
    if word == "created":
        return Created._wrap(facts)
    if word == "progress":
        return Progress._of(facts)
    if word == "ended":
        return ServerReport._of(facts)
    return str(facts) if word == "milestone" else None


def _bulk_end(facts: Dict[str, Any]) -> BulkEnd:
    report, last = facts.get("report"), facts.get("last")
    ended = None if report is None else ServerReport._of(report)
    seen = None if last is None else Progress._of(last)
    return BulkEnd(facts["place"], facts["server"], ended, facts.get("error"), seen)
