"""The Object Storage Migration Service."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy, RetryPolicy
from hwmigrate._hwmigrate import start as go
from hwmigrate._async.jobs import (
    AsyncFleetWatch,
    AsyncListing,
    AsyncMigration,
    AsyncWatch,
    Observer,
    fleet_end,
    follow,
    manner,
)
from hwmigrate._lazy import Lazy
from hwmigrate._model import Page, Records
from hwmigrate._types import Bandwidth, Duration
from hwmigrate.progress import Created, FleetEnd, Outcome, Progress

if TYPE_CHECKING:
    from hwmigrate.generated.aio.oms_api import AsyncOmsApi
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class AsyncOms:
    """The Object Storage Migration Service: moves objects into OBS.

    The region of the client must be the region of the destination bucket.
    Reference: https://support.huaweicloud.com/api-oms/
    """

    def __init__(
        self,
        core: _hwmigrate.Core,
        timeout: Optional[Duration] = None,
        retry: Optional[RetryPolicy] = None,
    ) -> None:
        self._core = core
        self._limits = (timeout, retry)
        self._native = core.oms(timeout, retry)
        self.tasks = AsyncTasks(self._native.tasks())
        """Migration tasks: up to about 3 TB or 5 million objects."""
        self.groups = AsyncGroups(self._native.groups())
        """Task groups, which the service splits into tasks."""
        self.sync_tasks = AsyncSyncTasks(self._native.sync_tasks())
        """Sync tasks, which copy objects as they are told of them."""
        self.buckets = AsyncBuckets(self._native.buckets())
        """Look-ups in buckets of any provider."""

    def with_limits(self, timeout: Optional[Duration] = None, retry: Optional[RetryPolicy] = None) -> AsyncOms:
        """The same service; every call gets at most ``timeout``, and is repeated by ``retry``."""
        return AsyncOms(self._core, timeout, retry)

    @property
    def api(self) -> AsyncOmsApi:
        """A method for each documented operation, authenticated and retried."""
        from hwmigrate.generated.aio.oms_api import AsyncOmsApi

        return AsyncOmsApi(self._core, *self._limits)

    def migrate(
        self,
        request: t.CreateTaskReq,
        *,
        timeout: Duration,
        retry_rounds: Optional[int] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        mark: Optional[str] = None,
    ) -> AsyncMigration:
        """A migration: created once, followed, and repeated for the objects that failed.

        >>> report = await client.oms.migrate(request, timeout=86_400).run()

        :param timeout: for the whole migration, further runs included.
        :param retry_rounds: how often a failed task is started again; 3 by default.
        :param poll: how often to look.
        :param stall_after: the progress says ``stalled`` when nothing moved for this long.
        :param mark: the text by which a lost create finds its task again.
        """
        how = _run_manner(timeout, retry_rounds, poll, stall_after, mark)
        return AsyncMigration(self._native.migrate(request, how))

    def resume(
        self,
        task_id: int,
        keys: t.StartTaskReq,
        *,
        timeout: Duration,
        retry_rounds: Optional[int] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> AsyncMigration:
        """A migration that was begun before: follows the task, and starts it again with ``keys``.

        A paused task is started as well.
        """
        how = _run_manner(timeout, retry_rounds, poll, stall_after, None)
        return AsyncMigration(self._native.resume(task_id, keys, how))

    async def cloud_types(self, side: Union[t.CloudSide, str]) -> List[t.CloudType]:
        """The providers that the service knows, on one side of a migration: ``src`` or ``dst``."""
        source = await go(self._native.cloud_types(str(side)))
        return [t.CloudType(word) for word in source.whole()]

    async def regions(self) -> Records[t.ShowRegionInfoResp]:
        """The regions of each provider."""
        return Records(t.ShowRegionInfoResp, await go(self._native.regions()))

    async def versions(self) -> Records[t.Version]:
        """The versions of the API that the endpoint serves."""
        return Records(t.Version, await go(self._native.versions()))

    async def version(self, version: str) -> t.Version:
        """One version of the API, such as ``v2``."""
        return t.Version._of(await go(self._native.version(version)))

    async def agree_privacy(self) -> None:
        """Records that the user agrees to the service's privacy terms."""
        await go(self._native.agree_privacy())


def _run_manner(
    timeout: Duration,
    retry_rounds: Optional[int],
    poll: Optional[PollPolicy],
    stall_after: Optional[Duration],
    mark: Optional[str],
) -> Any:
    return {
        "timeout": timeout,
        "retry_rounds": retry_rounds,
        "poll": poll,
        "stall_after": stall_after,
        "mark": mark,
    }


class AsyncTask:
    """One task, by its id. Made by ``tasks.create`` and its siblings, and by ``tasks.get``."""

    def __init__(self, tasks: AsyncTasks, id: int, created: Optional[Created] = None) -> None:
        self._all = tasks
        self.id = id
        """The id that the service knows it by."""
        self.created = created
        """How it was made, if it was made here: its name, its mark, whether it was adopted."""

    async def show(self) -> t.TaskResp:
        """Reads it."""
        return await self._all.show(self.id)

    async def progress(self) -> Progress:
        """Looks at it once."""
        return await self._all.progress(self.id)

    async def start(self, request: t.StartTaskReq) -> None:
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
        """Waits for its end; see ``tasks.wait``."""
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
        return f"<task {self.id}>"


class AsyncTasks:
    """Migration tasks.

    Reference: https://support.huaweicloud.com/api-oms/CreateTask.html
    """

    def __init__(self, native: _hwmigrate.Tasks) -> None:
        self._native = native

    async def create(self, request: t.CreateTaskReq) -> AsyncTask:
        """Creates a task with one request; it starts by itself.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent, naming every wrong field; ``AmbiguousError``
        when the reply was lost, see ``create_once``.
        """
        return self._made(await go(self._native.create(request)))

    async def create_once(self, request: t.CreateTaskReq, mark: Optional[str] = None) -> AsyncTask:
        """Creates a task; if the reply is lost, finds it again by a mark in its description.

        Raises as ``create``; ``AmbiguousError`` only when it cannot be found.
        """
        return self._made(await go(self._native.create_once(request, mark)))

    async def find_marked(self, mark: str) -> Optional[AsyncTask]:
        """The task that carries a mark, if there is one."""
        found = await go(self._native.find_marked(mark))
        return None if found is None else self._made(found)

    def get(self, id: int) -> AsyncTask:
        """A handle on a task that exists already. Contacts nobody."""
        return AsyncTask(self, id)

    async def show(self, id: int) -> t.TaskResp:
        """Reads one task.

        Raises ``NotFoundError`` when there is none with this id.
        """
        return t.TaskResp._of(await go(self._native.show(id)))

    async def progress(self, id: int) -> Progress:
        """Looks at one task once."""
        return Progress._wrap(await go(self._native.progress(id)))

    def list(
        self,
        *,
        status: Union[t.TaskStatus, int, None] = None,
        group_id: Optional[str] = None,
        task_name: Optional[str] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> AsyncListing[t.TaskResp]:
        """All tasks, page after page as they are read, each once.

        :param status: only those in this state.
        :param group_id: only tasks of this group.
        :param task_name: only tasks whose name contains this.
        :param page_size: records per request, 1 to 100.
        :param limit: at most so many records.
        """
        return AsyncListing(t.TaskResp, self._native.list(_tasks(status, group_id, task_name, page_size, limit)))

    async def page(
        self,
        offset: int = 0,
        *,
        status: Union[t.TaskStatus, int, None] = None,
        group_id: Optional[str] = None,
        task_name: Optional[str] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.TaskResp]:
        """One page of the list, beginning at the record number ``offset``."""
        limit = None
        source = await go(self._native.page(_tasks(status, group_id, task_name, page_size, limit), offset))
        return Page(t.TaskResp, source)

    async def start(self, id: int, request: t.StartTaskReq) -> None:
        """Starts a paused or failed task again. A lost reply is settled by looking."""
        await go(self._native.start(id, request))

    async def stop(self, id: int) -> None:
        """Pauses a task that runs."""
        await go(self._native.stop(id))

    async def delete(self, id: int) -> None:
        """Deletes a task that does not run."""
        await go(self._native.delete(id))

    async def delete_when_stopped(self, id: int, limit: Duration) -> None:
        """Stops a task if need be, and deletes it once it stands still, within ``limit``."""
        await go(self._native.delete_when_stopped(id, limit))

    async def batch_update(self, request: t.BatchUpdateTasksReq) -> None:
        """Changes several tasks at once."""
        await go(self._native.batch_update(request))

    async def update_bandwidth(self, id: int, bandwidth: Bandwidth) -> None:
        """Sets the limits on speed by time of day.

        :param bandwidth: such as ``"50MiB/s"``, or ``{"08:00-17:59": "10MiB/s"}``; 1 to 200 MiB/s.
        """
        await go(self._native.update_bandwidth(id, bandwidth))

    async def update_bandwidth_policy(self, id: int, request: t.UpdateBandwidthPolicyReq) -> None:
        """As ``update_bandwidth``, with the request as it is documented."""
        await go(self._native.update_bandwidth_policy(id, request))

    async def wait(
        self,
        id: int,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for the end of a task.

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
        id: int,
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
        id: int,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> AsyncWatch:
        """Follows a task look by look."""
        return AsyncWatch(self._native.watch(id, manner(timeout, until, poll, stall_after)))

    async def wait_all(
        self,
        ids: Iterable[int],
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
        ids: Iterable[int],
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> AsyncFleetWatch:
        """Follows many at once: every look that shows something new, and every end."""
        return AsyncFleetWatch(self._native.watch_all(list(ids), manner(timeout, until, poll, stall_after)))

    def _made(self, facts: Any) -> AsyncTask:
        created = Created._wrap(facts)
        id: int = facts["id"]
        return AsyncTask(self, id, created)


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


class AsyncSyncTasks:
    """Sync tasks. One has no end to wait for: it copies what ``events`` names until it is stopped.

    Reference: https://support.huaweicloud.com/api-oms/CreateSyncTask.html
    """

    def __init__(self, native: _hwmigrate.SyncTasks) -> None:
        self._native = native

    async def create(self, request: t.CreateSyncTaskReq) -> Created:
        """Creates a sync task with one request; it starts by itself."""
        return Created._wrap(await go(self._native.create(request)))

    async def create_once(self, request: t.CreateSyncTaskReq, mark: Optional[str] = None) -> Created:
        """Creates a sync task; if the reply is lost, finds it again by a mark in its description."""
        return Created._wrap(await go(self._native.create_once(request, mark)))

    async def find_marked(self, mark: str) -> Optional[Created]:
        """The sync task that carries a mark, if there is one."""
        found = await go(self._native.find_marked(mark))
        return None if found is None else Created._wrap(found)

    async def show(self, id: str, month: datetime) -> t.ShowSyncTaskResponse:
        """Reads one sync task, with its counters of the month."""
        return t.ShowSyncTaskResponse._of(await go(self._native.show(id, month)))

    def list(
        self,
        *,
        status: Union[t.SyncTaskStatus, str, None] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> AsyncListing[t.SyncTaskInfo]:
        """All sync tasks, page after page as they are read, each once."""
        return AsyncListing(t.SyncTaskInfo, self._native.list(_words(status, page_size, limit)))

    async def page(
        self,
        offset: int = 0,
        *,
        status: Union[t.SyncTaskStatus, str, None] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.SyncTaskInfo]:
        """One page of the list, beginning at the record number ``offset``."""
        return Page(t.SyncTaskInfo, await go(self._native.page(_words(status, page_size, None), offset)))

    async def start(self, id: str, request: t.StartSyncTaskReq) -> None:
        """Starts a stopped sync task again."""
        await go(self._native.start(id, request))

    async def stop(self, id: str) -> None:
        """Stops a sync task."""
        await go(self._native.stop(id))

    async def delete(self, id: str) -> None:
        """Deletes a sync task that is stopped."""
        await go(self._native.delete(id))

    async def delete_when_stopped(self, id: str, limit: Duration) -> None:
        """Stops a sync task if need be, and deletes it once it stands still, within ``limit``."""
        await go(self._native.delete_when_stopped(id, limit))

    async def statistics(
        self,
        id: str,
        counters: Iterable[Union[t.StatisticDataType, str]],
        start: datetime,
        end: datetime,
    ) -> t.ListSyncTaskStatisticResponse:
        """Counters over time, in points of five minutes or an hour."""
        words = [str(counter) for counter in counters]
        return t.ListSyncTaskStatisticResponse._of(await go(self._native.statistics(id, words, start, end)))

    async def events(self, id: str, keys: Iterable[str]) -> None:
        """Asks a sync task to copy these objects now, ten to a request."""
        await go(self._native.events(id, list(keys)))


class AsyncBuckets:
    """Look-ups in buckets of any provider."""

    def __init__(self, native: _hwmigrate.Buckets) -> None:
        self._native = native

    async def list(self, request: t.ListBucketsReq) -> List[str]:
        """The names of the buckets that a key can see."""
        names: List[str] = await go(self._native.list(request))
        return names

    def objects(self, request: t.ShowBucketReq) -> AsyncListing[t.ShowBucketRecord]:
        """The objects of a bucket, page after page as they are read."""
        return AsyncListing(t.ShowBucketRecord, self._native.objects(request))

    async def region(self, request: t.ShowBucketRegionReq) -> t.ShowBucketRegionResponse:
        """The region that a bucket is in."""
        return t.ShowBucketRegionResponse._of(await go(self._native.region(request)))

    async def check_prefix(self, request: t.CheckPrefixReq) -> bool:
        """Whether a bucket has objects whose keys begin so."""
        found: bool = await go(self._native.check_prefix(request))
        return found

    async def cdn_info(self, request: t.ShowCdnInfoReq) -> t.ShowCdnInfoResponse:
        """Whether a bucket can be read through a CDN domain."""
        return t.ShowCdnInfoResponse._of(await go(self._native.cdn_info(request)))

    async def check_url_list(self, request: t.CheckUrlSourceListFileFormatReq) -> None:
        """Checks the list files of URL sources; raises ``InvalidError`` when one is malformed."""
        await go(self._native.check_url_list(request))


def _tasks(
    status: Optional[int],
    group_id: Optional[str],
    task_name: Optional[str],
    page_size: Optional[int],
    limit: Optional[int],
) -> Mapping[str, Any]:
    return {**_states(status, page_size, limit), "group_id": group_id, "task_name": task_name}


def _states(status: Optional[int], page_size: Optional[int], limit: Optional[int]) -> Mapping[str, Any]:
    return {"status": status, "page_size": page_size, "limit": limit}


def _words(status: Optional[str], page_size: Optional[int], limit: Optional[int]) -> Mapping[str, Any]:
    return {"status": None if status is None else str(status), "page_size": page_size, "limit": limit}
