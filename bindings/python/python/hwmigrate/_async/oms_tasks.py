"""Migration tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Union

from hwmigrate._async.jobs import AsyncListing
from hwmigrate._async.oms_jobs import AsyncJob, AsyncJobs
from hwmigrate._hwmigrate import start as go
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page
from hwmigrate.progress import Created

if TYPE_CHECKING:
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class AsyncTask(AsyncJob[int]):
    """One task, by its id. Made by ``tasks.create`` and its siblings, and by ``tasks.get``."""

    _jobs: AsyncTasks

    async def show(self) -> t.TaskResp:
        """Reads it."""
        return await self._jobs.show(self.id)

    async def start(self, request: t.StartTaskReq) -> None:
        """Starts it again, with the keys of both sides."""
        await self._jobs.start(self.id, request)

    def __repr__(self) -> str:
        return f"<task {self.id}>"


class AsyncTasks(AsyncJobs[int]):
    """Migration tasks.

    Reference: https://support.huaweicloud.com/api-oms/CreateTask.html
    """

    async def create(self, request: t.CreateTaskReq) -> AsyncTask:
        """Creates a task with one request; it starts by itself.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent, naming every wrong field; ``AmbiguousError``
        when the reply was lost, see ``create_once``.
        """
        return self._made(await go(self._native.create(t.CreateTaskReq._body(request))))

    async def create_once(self, request: t.CreateTaskReq, mark: Optional[str] = None) -> AsyncTask:
        """Creates a task; if the reply is lost, finds it again by a mark in its description.

        Raises as ``create``; ``AmbiguousError`` only when it cannot be found.
        """
        return self._made(await go(self._native.create_once(t.CreateTaskReq._body(request), mark)))

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
        await go(self._native.start(id, t.StartTaskReq._body(request)))

    async def batch_update(self, request: t.BatchUpdateTasksReq) -> None:
        """Changes several tasks at once."""
        await go(self._native.batch_update(t.BatchUpdateTasksReq._body(request)))

    def _made(self, facts: Any) -> AsyncTask:
        created = Created._wrap(facts)
        id: int = facts["id"]
        return AsyncTask(self, id, created)


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
