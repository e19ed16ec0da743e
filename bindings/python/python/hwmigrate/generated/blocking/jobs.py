# Derived by `cargo xtask generate` from _async/jobs.py. Do not edit.

"""Waiting: for one job, for many, look by look."""

from __future__ import annotations

from typing import Any, Iterator, Callable, Dict, Generic, List, Optional, Type, TypeVar, Union

from hwmigrate import _hwmigrate
from hwmigrate._args import plain_observer as observed
from hwmigrate._args import tell_plain as tell
from hwmigrate._hwmigrate import PollPolicy
from hwmigrate._hwmigrate import block as go
from hwmigrate._model import Model
from hwmigrate._records import Records
from hwmigrate._types import Duration
from hwmigrate.ends import FleetEnd
from hwmigrate.errors import InvalidError, invalid
from hwmigrate.progress import Created, Outcome, Progress, Report, Retrying

M = TypeVar("M", bound=Model)
T = TypeVar("T")

Observer = Callable[[T], None]
"""Called with every look."""


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


class Watch:
    """The looks at one job, one after the other; the last one is its end.

    >>> for progress in client.oms.tasks.watch(17, timeout=3600):
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

    def __iter__(self) -> Iterator[Progress]:
        return self

    def __next__(self) -> Progress:
        look = go(self._native.next())
        if look is None:
            if self._outcome is None:
                ended = go(self._native.outcome())
                self._outcome = None if ended is None else Outcome._of(ended)
            raise StopIteration
        return Progress._of(look)


def follow(watch: Watch, on_progress: Observer[Progress]) -> Outcome:
    """Tells an observer of every look, and returns how the wait ended."""
    for progress in watch:
        tell(on_progress, progress)
    assert watch.outcome is not None
    return watch.outcome


class FleetWatch:
    """The looks at many jobs that show something new, and the end of each."""

    def __init__(self, native: _hwmigrate.FleetWatch) -> None:
        self._native = native

    def __iter__(self) -> Iterator[Union[Progress, FleetEnd]]:
        return self

    def __next__(self) -> Union[Progress, FleetEnd]:
        while True:
            event = go(self._native.next())
            if event is None:
                raise StopIteration
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


class Listing(Generic[M]):
    """The records of a list, asked for page by page as they are read.

    Iterate over it once. ``all`` reads the rest into a list; ``pages`` gives
    what comes with each request.
    """

    def __init__(self, cls: Type[M], native: _hwmigrate.Lister) -> None:
        self._cls = cls
        self._native = native
        self._page: List[M] = []

    def __iter__(self) -> Iterator[M]:
        return self

    def __next__(self) -> M:
        while not self._page:
            records = self._next_page()
            if records is None:
                raise StopIteration
            self._page = list(records)
            self._page.reverse()
        return self._page.pop()

    def pages(self) -> Iterator[Records[M]]:
        """The records as they come, in pieces as large as a page."""
        while True:
            records = self._next_page()
            if records is None:
                return
            yield records

    def all(self) -> List[M]:
        """All records that are left."""
        return [record for record in self]

    def _next_page(self) -> Optional[Records[M]]:
        source = go(self._native.next())
        return None if source is None else Records(self._cls, source)


class Run(Generic[M]):
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


class Migration(Run[Report]):
    """A migration of objects from the request to the report.

    Made by ``oms.migrate`` and ``oms.resume``. Either ``run`` it, or iterate
    over its events: a ``Created``, then ``Progress`` and ``Retrying``, at
    last a ``Report``. Leaving it ends the following, not the task.
    """

    _model = Report

    def __iter__(self) -> Iterator[Union[Created, Progress, Retrying, Report]]:
        return self

    def __next__(self) -> Union[Created, Progress, Retrying, Report]:
        while True:
            event = go(self._native.next())
            if event is None:
                raise StopIteration
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

    def run(self, on_event: Optional[Observer[Union[Created, Progress, Retrying, Report]]] = None) -> Report:
        """Runs to the end. A failed task is a report too, with the state ``failed``.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent; ``AmbiguousError`` when a lost create cannot
        be settled; ``TimeoutError`` at the deadline, while the task goes on.
        Once the task exists, the error's ``job`` has its id.
        """
        on_event = observed("on_event", on_event)
        for event in self:
            if on_event is not None:
                tell(on_event, event)
        return self._reported()

    def run_or_stop(self) -> Report:
        """As ``run``, and pauses the task at the deadline, or when the caller is interrupted.

        A create that is under way is waited for, so that no task is left unknown.
        """
        self._report = Report._of(go(self._native.run_or_stop()))
        return self._report


def over(created: Optional[Created]) -> InvalidError:
    """Why a migration cannot be run again."""
    if created is None:
        return invalid("the migration is over, and made no task that is known: begin a new one")
    return invalid(f"the migration is over: begin a new one, or take task {created.id} up again with resume")
