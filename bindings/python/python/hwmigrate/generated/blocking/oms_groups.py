# Derived by `cargo xtask generate` from _async/oms_groups.py. Do not edit.

"""Task groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Union

from hwmigrate.generated.blocking.jobs import Listing
from hwmigrate.generated.blocking.oms_jobs import Job, Jobs
from hwmigrate._hwmigrate import block as go
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page
from hwmigrate.progress import Created

if TYPE_CHECKING:
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class Group(Job[str]):
    """One task group, by its id. Made by ``groups.create`` and its siblings, and by ``groups.get``."""

    _jobs: Groups

    def show(self) -> t.TaskGroupResp:
        """Reads it."""
        return self._jobs.show(self.id)

    def start(self, request: t.StartTaskGroupReq) -> None:
        """Starts it again, with the keys of both sides."""
        self._jobs.start(self.id, request)

    def retry(self, request: t.RetryTaskGroupReq) -> None:
        """Runs its failed tasks again."""
        self._jobs.retry(self.id, request)

    def __repr__(self) -> str:
        return f"<task group {self.id}>"


class Groups(Jobs[str]):
    """Task groups, which the service splits into tasks.

    Reference: https://support.huaweicloud.com/api-oms/CreateTaskGroup.html
    """

    def create(self, request: t.CreateTaskGroupReq) -> Group:
        """Creates a task group with one request; it starts by itself.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent, naming every wrong field; ``AmbiguousError``
        when the reply was lost, see ``create_once``.
        """
        return self._made(go(self._native.create(t.CreateTaskGroupReq._body(request))))

    def create_once(self, request: t.CreateTaskGroupReq, mark: Optional[str] = None) -> Group:
        """Creates a task group; if the reply is lost, finds it again by a mark in its description.

        Raises as ``create``; ``AmbiguousError`` only when it cannot be found.
        """
        return self._made(go(self._native.create_once(t.CreateTaskGroupReq._body(request), mark)))

    def find_marked(self, mark: str) -> Optional[Group]:
        """The task group that carries a mark, if there is one."""
        found = go(self._native.find_marked(mark))
        return None if found is None else self._made(found)

    def get(self, id: str) -> Group:
        """A handle on a task group that exists already. Contacts nobody."""
        return Group(self, id)

    def show(self, id: str) -> t.TaskGroupResp:
        """Reads one task group.

        Raises ``NotFoundError`` when there is none with this id.
        """
        return t.TaskGroupResp._of(go(self._native.show(id)))

    def list(
        self,
        *,
        status: Union[t.TaskGroupStatus, int, None] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Listing[t.TaskGroupResp]:
        """All task groups, page after page as they are read, each once.

        :param status: only those in this state.
        :param page_size: records per request, 1 to 100.
        :param limit: at most so many records.
        """
        return Listing(t.TaskGroupResp, self._native.list(_states(status, page_size, limit)))

    def page(
        self,
        offset: int = 0,
        *,
        status: Union[t.TaskGroupStatus, int, None] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.TaskGroupResp]:
        """One page of the list, beginning at the record number ``offset``."""
        limit = None
        source = go(self._native.page(_states(status, page_size, limit), offset))
        return Page(t.TaskGroupResp, source)

    def start(self, id: str, request: t.StartTaskGroupReq) -> None:
        """Starts a paused or failed task group again. A lost reply is settled by looking."""
        go(self._native.start(id, t.StartTaskGroupReq._body(request)))

    def retry(self, id: str, request: t.RetryTaskGroupReq) -> None:
        """Runs the failed tasks of a group again."""
        go(self._native.retry(id, t.RetryTaskGroupReq._body(request)))

    def _made(self, facts: Any) -> Group:
        created = Created._wrap(facts)
        id: str = facts["id"]
        return Group(self, id, created)


def _states(status: Optional[int], page_size: Optional[int], limit: Optional[int]) -> Mapping[str, Any]:
    return {"status": status, "page_size": page_size, "limit": limit}
