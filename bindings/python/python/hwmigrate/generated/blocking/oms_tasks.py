# Derived by `cargo xtask generate` from _async/oms_tasks.py. Do not edit.

"""Migration tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy
from hwmigrate._hwmigrate import block as go
from hwmigrate.generated.blocking.jobs import FleetWatch, Listing, Watch, Observer, fleet_end, follow, manner
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page
from hwmigrate._types import Bandwidth, Duration
from hwmigrate.progress import Created, FleetEnd, Outcome, Progress

if TYPE_CHECKING:
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class Task:
    """One task, by its id. Made by ``tasks.create`` and its siblings, and by ``tasks.get``."""

    def __init__(self, tasks: Tasks, id: int, created: Optional[Created] = None) -> None:
        self._all = tasks
        self.id = id
        """The id that the service knows it by."""
        self.created = created
        """How it was made, if it was made here: its name, its mark, whether it was adopted."""

    def show(self) -> t.TaskResp:
        """Reads it."""
        return self._all.show(self.id)

    def progress(self) -> Progress:
        """Looks at it once."""
        return self._all.progress(self.id)

    def start(self, request: t.StartTaskReq) -> None:
        """Starts it again, with the keys of both sides."""
        self._all.start(self.id, request)

    def stop(self) -> None:
        """Pauses it."""
        self._all.stop(self.id)

    def delete(self) -> None:
        """Deletes it; it must not be running."""
        self._all.delete(self.id)

    def wait(
        self,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for its end; see ``tasks.wait``."""
        return self._all.wait(
            self.id, timeout, until=until, poll=poll, stall_after=stall_after, on_progress=on_progress
        )

    def wait_or_stop(
        self,
        timeout: Duration,
        *,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Outcome:
        """Waits for its end, and stops it at the deadline or when the caller is interrupted."""
        return self._all.wait_or_stop(self.id, timeout, poll=poll, stall_after=stall_after)

    def watch(
        self,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Watch:
        """Follows it look by look."""
        return self._all.watch(self.id, timeout, until=until, poll=poll, stall_after=stall_after)

    def __repr__(self) -> str:
        return f"<task {self.id}>"


class Tasks:
    """Migration tasks.

    Reference: https://support.huaweicloud.com/api-oms/CreateTask.html
    """

    def __init__(self, native: _hwmigrate.Tasks) -> None:
        self._native = native

    def create(self, request: t.CreateTaskReq) -> Task:
        """Creates a task with one request; it starts by itself.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent, naming every wrong field; ``AmbiguousError``
        when the reply was lost, see ``create_once``.
        """
        return self._made(go(self._native.create(request)))

    def create_once(self, request: t.CreateTaskReq, mark: Optional[str] = None) -> Task:
        """Creates a task; if the reply is lost, finds it again by a mark in its description.

        Raises as ``create``; ``AmbiguousError`` only when it cannot be found.
        """
        return self._made(go(self._native.create_once(request, mark)))

    def find_marked(self, mark: str) -> Optional[Task]:
        """The task that carries a mark, if there is one."""
        found = go(self._native.find_marked(mark))
        return None if found is None else self._made(found)

    def get(self, id: int) -> Task:
        """A handle on a task that exists already. Contacts nobody."""
        return Task(self, id)

    def show(self, id: int) -> t.TaskResp:
        """Reads one task.

        Raises ``NotFoundError`` when there is none with this id.
        """
        return t.TaskResp._of(go(self._native.show(id)))

    def progress(self, id: int) -> Progress:
        """Looks at one task once."""
        return Progress._wrap(go(self._native.progress(id)))

    def list(
        self,
        *,
        status: Union[t.TaskStatus, int, None] = None,
        group_id: Optional[str] = None,
        task_name: Optional[str] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Listing[t.TaskResp]:
        """All tasks, page after page as they are read, each once.

        :param status: only those in this state.
        :param group_id: only tasks of this group.
        :param task_name: only tasks whose name contains this.
        :param page_size: records per request, 1 to 100.
        :param limit: at most so many records.
        """
        return Listing(t.TaskResp, self._native.list(_tasks(status, group_id, task_name, page_size, limit)))

    def page(
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
        source = go(self._native.page(_tasks(status, group_id, task_name, page_size, limit), offset))
        return Page(t.TaskResp, source)

    def start(self, id: int, request: t.StartTaskReq) -> None:
        """Starts a paused or failed task again. A lost reply is settled by looking."""
        go(self._native.start(id, request))

    def stop(self, id: int) -> None:
        """Pauses a task that runs."""
        go(self._native.stop(id))

    def delete(self, id: int) -> None:
        """Deletes a task that does not run."""
        go(self._native.delete(id))

    def delete_when_stopped(self, id: int, limit: Duration) -> None:
        """Stops a task if need be, and deletes it once it stands still, within ``limit``."""
        go(self._native.delete_when_stopped(id, limit))

    def batch_update(self, request: t.BatchUpdateTasksReq) -> None:
        """Changes several tasks at once."""
        go(self._native.batch_update(request))

    def update_bandwidth(self, id: int, bandwidth: Bandwidth) -> None:
        """Sets the limits on speed by time of day.

        :param bandwidth: such as ``"50MiB/s"``, or ``{"08:00-17:59": "10MiB/s"}``; 1 to 200 MiB/s.
        """
        go(self._native.update_bandwidth(id, bandwidth))

    def update_bandwidth_policy(self, id: int, request: t.UpdateBandwidthPolicyReq) -> None:
        """As ``update_bandwidth``, with the request as it is documented."""
        go(self._native.update_bandwidth_policy(id, request))

    def wait(
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
            return follow(Watch(self._native.watch(id, how)), on_progress)
        return Outcome._wrap(go(self._native.wait(id, how)))

    def wait_or_stop(
        self,
        id: int,
        timeout: Duration,
        *,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Outcome:
        """Waits for the end, and stops the job at the deadline or when the caller is interrupted."""
        how = manner(timeout, None, poll, stall_after)
        return Outcome._wrap(go(self._native.wait_or_stop(id, how)))

    def watch(
        self,
        id: int,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Watch:
        """Follows a task look by look."""
        return Watch(self._native.watch(id, manner(timeout, until, poll, stall_after)))

    def wait_all(
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
        return [fleet_end(end) for end in go(self._native.wait_all(list(ids), how))]

    def watch_all(
        self,
        ids: Iterable[int],
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> FleetWatch:
        """Follows many at once: every look that shows something new, and every end."""
        return FleetWatch(self._native.watch_all(list(ids), manner(timeout, until, poll, stall_after)))

    def _made(self, facts: Any) -> Task:
        created = Created._wrap(facts)
        id: int = facts["id"]
        return Task(self, id, created)


def _tasks(
    status: Optional[int],
    group_id: Optional[str],
    task_name: Optional[str],
    page_size: Optional[int],
    limit: Optional[int],
) -> Mapping[str, Any]:
    return {
        "status": status,
        "group_id": group_id,
        "task_name": task_name,
        "page_size": page_size,
        "limit": limit,
    }
