"""Task groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy
from hwmigrate._hwmigrate import start as go
from hwmigrate._async.jobs import AsyncFleetWatch, AsyncListing, AsyncWatch, Observer, fleet_end, follow, manner
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page
from hwmigrate._types import Bandwidth, Duration
from hwmigrate.progress import Created, FleetEnd, Outcome, Progress

if TYPE_CHECKING:
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class AsyncGroup:
    """One task group, by its id. Made by ``groups.create`` and its siblings, and by ``groups.get``."""

    def __init__(self, groups: AsyncGroups, id: str, created: Optional[Created] = None) -> None:
        self._all = groups
        self.id = id
        """The id that the service knows it by."""
        self.created = created
        """How it was made, if it was made here: its name, its mark, whether it was adopted."""

    async def show(self) -> t.TaskGroupResp:
        """Reads it."""
        return await self._all.show(self.id)

    async def progress(self) -> Progress:
        """Looks at it once."""
        return await self._all.progress(self.id)

    async def start(self, request: t.StartTaskGroupReq) -> None:
        """Starts it again, with the keys of both sides."""
        await self._all.start(self.id, request)

    async def stop(self) -> None:
        """Pauses it."""
        await self._all.stop(self.id)

    async def delete(self) -> None:
        """Deletes it; it must not be running."""
        await self._all.delete(self.id)

    async def wait(
        self,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for its end; see ``groups.wait``."""
        return await self._all.wait(
            self.id, timeout, until=until, poll=poll, stall_after=stall_after, on_progress=on_progress
        )

    async def wait_or_stop(
        self,
        timeout: Duration,
        *,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Outcome:
        """Waits for its end, and stops it at the deadline or when the caller is interrupted."""
        return await self._all.wait_or_stop(self.id, timeout, poll=poll, stall_after=stall_after)

    def watch(
        self,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> AsyncWatch:
        """Follows it look by look."""
        return self._all.watch(self.id, timeout, until=until, poll=poll, stall_after=stall_after)

    def __repr__(self) -> str:
        return f"<task group {self.id}>"


class AsyncGroups:
    """Task groups, which the service splits into tasks.

    Reference: https://support.huaweicloud.com/api-oms/CreateTaskGroup.html
    """

    def __init__(self, native: _hwmigrate.Groups) -> None:
        self._native = native

    async def create(self, request: t.CreateTaskGroupReq) -> AsyncGroup:
        """Creates a task group with one request; it starts by itself.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent, naming every wrong field; ``AmbiguousError``
        when the reply was lost, see ``create_once``.
        """
        return self._made(await go(self._native.create(request)))

    async def create_once(self, request: t.CreateTaskGroupReq, mark: Optional[str] = None) -> AsyncGroup:
        """Creates a task group; if the reply is lost, finds it again by a mark in its description.

        Raises as ``create``; ``AmbiguousError`` only when it cannot be found.
        """
        return self._made(await go(self._native.create_once(request, mark)))

    async def find_marked(self, mark: str) -> Optional[AsyncGroup]:
        """The task group that carries a mark, if there is one."""
        found = await go(self._native.find_marked(mark))
        return None if found is None else self._made(found)

    def get(self, id: str) -> AsyncGroup:
        """A handle on a task group that exists already. Contacts nobody."""
        return AsyncGroup(self, id)

    async def show(self, id: str) -> t.TaskGroupResp:
        """Reads one task group.

        Raises ``NotFoundError`` when there is none with this id.
        """
        return t.TaskGroupResp._of(await go(self._native.show(id)))

    async def progress(self, id: str) -> Progress:
        """Looks at one task group once."""
        return Progress._wrap(await go(self._native.progress(id)))

    def list(
        self,
        *,
        status: Union[t.TaskGroupStatus, int, None] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> AsyncListing[t.TaskGroupResp]:
        """All task groups, page after page as they are read, each once.

        :param status: only those in this state.
        :param page_size: records per request, 1 to 100.
        :param limit: at most so many records.
        """
        return AsyncListing(t.TaskGroupResp, self._native.list(_states(status, page_size, limit)))

    async def page(
        self,
        offset: int = 0,
        *,
        status: Union[t.TaskGroupStatus, int, None] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.TaskGroupResp]:
        """One page of the list, beginning at the record number ``offset``."""
        limit = None
        source = await go(self._native.page(_states(status, page_size, limit), offset))
        return Page(t.TaskGroupResp, source)

    async def start(self, id: str, request: t.StartTaskGroupReq) -> None:
        """Starts a paused or failed task group again. A lost reply is settled by looking."""
        await go(self._native.start(id, request))

    async def stop(self, id: str) -> None:
        """Pauses a task group that runs."""
        await go(self._native.stop(id))

    async def delete(self, id: str) -> None:
        """Deletes a task group that does not run."""
        await go(self._native.delete(id))

    async def delete_when_stopped(self, id: str, limit: Duration) -> None:
        """Stops a task group if need be, and deletes it once it stands still, within ``limit``."""
        await go(self._native.delete_when_stopped(id, limit))

    async def retry(self, id: str, request: t.RetryTaskGroupReq) -> None:
        """Runs the failed tasks of a group again."""
        await go(self._native.retry(id, request))

    async def update_bandwidth(self, id: str, bandwidth: Bandwidth) -> None:
        """Sets the limits on speed by time of day.

        :param bandwidth: such as ``"50MiB/s"``, or ``{"08:00-17:59": "10MiB/s"}``; 1 to 200 MiB/s.
        """
        await go(self._native.update_bandwidth(id, bandwidth))

    async def update_bandwidth_policy(self, id: str, request: t.UpdateBandwidthPolicyReq) -> None:
        """As ``update_bandwidth``, with the request as it is documented."""
        await go(self._native.update_bandwidth_policy(id, request))

    async def wait(
        self,
        id: str,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for the end of a task group.

        Ctrl-C and cancelling end the waiting, not the job.

        :param timeout: the longest wait; ``math.inf`` waits for ever.
        :param until: ``"ended"``, or ``"started"``: it has left the queue.
        :param poll: how often to look.
        :param stall_after: the progress says ``stalled`` when nothing moved for this long.
        :param on_progress: called with every look; what it raises ends the wait.

        Raises ``JobFailedError`` when it ended badly, with the reason code,
        the advice and the counts in ``job``; ``TimeoutError`` when it still
        runs at the deadline; ``NotFoundError`` when there is none.
        """
        how = manner(timeout, until, poll, stall_after)
        if on_progress is not None:
            return await follow(AsyncWatch(self._native.watch(id, how)), on_progress)
        return Outcome._wrap(await go(self._native.wait(id, how)))

    async def wait_or_stop(
        self,
        id: str,
        timeout: Duration,
        *,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Outcome:
        """Waits for the end, and stops the job at the deadline or when the caller is interrupted."""
        how = manner(timeout, None, poll, stall_after)
        return Outcome._wrap(await go(self._native.wait_or_stop(id, how)))

    def watch(
        self,
        id: str,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> AsyncWatch:
        """Follows a task group look by look."""
        return AsyncWatch(self._native.watch(id, manner(timeout, until, poll, stall_after)))

    async def wait_all(
        self,
        ids: Iterable[str],
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> List[FleetEnd]:
        """Waits for many, and tells how each ended, in the order they were given.

        One that fails does not end the wait for the others. Looks share
        requests: 1,500 jobs cost about 16 requests a sweep.
        """
        how = manner(timeout, until, poll, stall_after)
        return [fleet_end(end) for end in await go(self._native.wait_all(list(ids), how))]

    def watch_all(
        self,
        ids: Iterable[str],
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> AsyncFleetWatch:
        """Follows many at once: every look that shows something new, and every end."""
        return AsyncFleetWatch(self._native.watch_all(list(ids), manner(timeout, until, poll, stall_after)))

    def _made(self, facts: Any) -> AsyncGroup:
        created = Created._wrap(facts)
        id: str = facts["id"]
        return AsyncGroup(self, id, created)


def _states(status: Optional[int], page_size: Optional[int], limit: Optional[int]) -> Mapping[str, Any]:
    return {"status": status, "page_size": page_size, "limit": limit}
