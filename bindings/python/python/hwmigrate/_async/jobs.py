"""Waiting: for one job, for many, look by look."""

from __future__ import annotations

from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Generic, List, Optional, Type, TypeVar, Union

from hwmigrate import _hwmigrate
from hwmigrate._args import any_observer as observed
from hwmigrate._args import tell_any as tell
from hwmigrate._hwmigrate import PollPolicy
from hwmigrate._hwmigrate import start as go
from hwmigrate._model import Model
from hwmigrate._records import Records
from hwmigrate._types import Duration
from hwmigrate.ends import FleetEnd
from hwmigrate.errors import InvalidError, invalid
from hwmigrate.progress import Created, Outcome, Progress, Report, Retrying

M = TypeVar("M", bound=Model)
T = TypeVar("T")

Observer = Callable[[T], Union[None, Awaitable[None]]]
"""Called with every look; it may be a coroutine function."""


def manner(
    timeout: Duration,
    until: Optional[str],
    poll: Optional[PollPolicy],
    stall_after: Optional[Duration],
    after_start: Optional[Progress] = None,
) -> Dict[str, Any]:
    """The settings of a wait, as the native module takes them."""
    if after_start is not None and not isinstance(after_start, Progress):
        raise invalid(f"`after_start` is of type {type(after_start).__name__}: give a Progress")
    if after_start is not None and not after_start._unchanged():
        raise invalid("`after_start` takes a Progress as it came; this one was made, changed, copied or restored")
    return {
        "timeout": timeout,
        "until": until,
        "poll": poll,
        "stall_after": stall_after,
        "after_start": after_start,
    }


def word(word: Optional[str]) -> Optional[str]:
    """The text of a word, which may be a member of an enumeration."""
    return None if word is None else str(word)


class AsyncWatch:
    """The looks at one job, one after the other; the last one is its end.

    >>> async for progress in client.oms.tasks.watch(17, timeout=3600):
    ...     print(progress)

    Raises as ``wait`` does. Leaving the loop ends the watching, not the job.
    """

    def __init__(self, native: _hwmigrate.Watch) -> None:
        self._native = native
        self._outcome: Optional[Outcome] = None

    @property
    def outcome(self) -> Optional[Outcome]:
        """How the wait ended; None before its end and after an error."""
        return self._outcome

    def __aiter__(self) -> AsyncIterator[Progress]:
        return self

    async def __anext__(self) -> Progress:
        look = await go(self._native.next())
        if look is None:
            if self._outcome is None:
                ended = await go(self._native.outcome())
                self._outcome = None if ended is None else Outcome._of(ended)
            raise StopAsyncIteration
        return Progress._of(look)


async def follow(watch: AsyncWatch, on_progress: Observer[Progress]) -> Outcome:
    """Tells an observer of every look, and returns how the wait ended."""
    async for progress in watch:
        await tell(on_progress, progress)
    assert watch.outcome is not None
    return watch.outcome


class AsyncFleetWatch:
    """The looks at many jobs that show something new, and the end of each."""

    def __init__(self, native: _hwmigrate.FleetWatch) -> None:
        self._native = native

    def __aiter__(self) -> AsyncIterator[Union[Progress, FleetEnd]]:
        return self

    async def __anext__(self) -> Union[Progress, FleetEnd]:
        while True:
            event = await go(self._native.next())
            if event is None:
                raise StopAsyncIteration
            word, facts = event
            if word == "progress":
                return Progress._of(facts)
            if word == "ended":
                return fleet_end(facts)


def fleet_end(facts: Dict[str, Any]) -> FleetEnd:
    """How one of many waits ended, from what the native module tells."""
    outcome = facts.get("outcome")
    ended = None if outcome is None else Outcome._of(outcome)
    return FleetEnd(facts["resource"], facts["id"], ended, facts.get("error"))


class AsyncListing(Generic[M]):
    """The records of a list, asked for page by page as they are read.

    Iterate over it once. ``all`` reads the rest into a list; ``pages`` gives
    what comes with each request.
    """

    def __init__(self, cls: Type[M], native: _hwmigrate.Lister) -> None:
        self._cls = cls
        self._native = native
        self._page: List[M] = []

    def __aiter__(self) -> AsyncIterator[M]:
        return self

    async def __anext__(self) -> M:
        while not self._page:
            records = await self._next_page()
            if records is None:
                raise StopAsyncIteration
            self._page = list(records)
            self._page.reverse()
        return self._page.pop()

    async def pages(self) -> AsyncIterator[Records[M]]:
        """The records as they come, in pieces as large as a page."""
        while True:
            records = await self._next_page()
            if records is None:
                return
            yield records

    async def all(self) -> List[M]:
        """All records that are left."""
        return [record async for record in self]

    async def _next_page(self) -> Optional[Records[M]]:
        source = await go(self._native.next())
        return None if source is None else Records(self._cls, source)


class AsyncRun(Generic[M]):
    """A migration that runs: its task and its report, whichever way they became known."""

    _model: Type[M]

    def __init__(self, native: _hwmigrate.Run) -> None:
        self._native = native
        self._created: Optional[Created] = None
        self._report: Optional[M] = None

    @property
    def created(self) -> Optional[Created]:
        """The task, once it exists, whatever came afterwards; keep its id to take the migration up again."""
        facts = self._native.created() if self._created is None else None
        if facts is not None:
            self._created = Created._wrap(facts)
        return self._created

    @property
    def report(self) -> Optional[M]:
        """What came of it, once it has ended; None where the task was stopped because the caller gave up."""
        facts = self._native.report() if self._report is None else None
        if facts is not None:
            self._report = self._model._of(facts)
        return self._report

    def _reported(self) -> M:
        report = self.report
        if report is None:
            raise over(self.created)
        return report


class AsyncMigration(AsyncRun[Report]):
    """A migration of objects from the request to the report.

    Made by ``oms.migrate`` and ``oms.resume``. Either ``run`` it, or iterate
    over its events: a ``Created``, then ``Progress`` and ``Retrying``, at
    last a ``Report``. Leaving it ends the following, not the task.
    """

    _model = Report

    def __aiter__(self) -> AsyncIterator[Union[Created, Progress, Retrying, Report]]:
        return self

    async def __anext__(self) -> Union[Created, Progress, Retrying, Report]:
        while True:
            event = await go(self._native.next())
            if event is None:
                raise StopAsyncIteration
            word, facts = event
            if word == "created":
                self._created = Created._wrap(facts)
                return self._created
            if word == "progress":
                return Progress._of(facts)
            if word == "retrying":
                return Retrying._wrap(facts)
            if word == "ended":
                self._report = Report._of(facts)
                return self._report

    async def run(self, on_event: Optional[Observer[Union[Created, Progress, Retrying, Report]]] = None) -> Report:
        """Runs to the end. A failed task is a report too, with the state ``failed``.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent; ``AmbiguousError`` when a lost create cannot
        be settled; ``TimeoutError`` at the deadline, while the task goes on.
        Once the task exists, the error's ``job`` has its id.
        """
        on_event = observed("on_event", on_event)
        async for event in self:
            if on_event is not None:
                await tell(on_event, event)
        return self._reported()

    async def run_or_stop(self) -> Report:
        """As ``run``, and pauses the task at the deadline, or when the caller is interrupted.

        A create that is under way is waited for, so that no task is left unknown.
        """
        self._report = Report._of(await go(self._native.run_or_stop()))
        return self._report


def over(created: Optional[Created]) -> InvalidError:
    """Why a migration cannot be run again."""
    if created is None:
        return invalid("the migration is over, and made no task that is known: begin a new one")
    return invalid(f"the migration is over: begin a new one, or take task {created.id} up again with resume")
