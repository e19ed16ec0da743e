# Derived by `cargo xtask generate` from _async/oms.py. Do not edit.

"""The Object Storage Migration Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy, RetryPolicy
from hwmigrate._hwmigrate import block as go
from hwmigrate.generated.blocking.jobs import Migration
from hwmigrate.generated.blocking.oms_groups import Groups
from hwmigrate.generated.blocking.oms_parts import Buckets, SyncTasks
from hwmigrate.generated.blocking.oms_tasks import Tasks
from hwmigrate._lazy import Lazy
from hwmigrate._records import Records
from hwmigrate._types import Duration

if TYPE_CHECKING:
    from hwmigrate.generated.blocking.oms_api import OmsApi
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class Oms:
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
        self._tasks = Tasks(self._native.tasks())
        self._groups = Groups(self._native.groups())
        self._sync_tasks = SyncTasks(self._native.sync_tasks())
        self._buckets = Buckets(self._native.buckets())

    @property
    def tasks(self) -> Tasks:
        """Migration tasks: up to about 3 TB or 5 million objects."""
        return self._tasks

    @property
    def groups(self) -> Groups:
        """Task groups, which the service splits into tasks."""
        return self._groups

    @property
    def sync_tasks(self) -> SyncTasks:
        """Sync tasks, which copy objects as they are told of them."""
        return self._sync_tasks

    @property
    def buckets(self) -> Buckets:
        """Look-ups in buckets of any provider."""
        return self._buckets

    def with_limits(self, timeout: Optional[Duration] = None, retry: Optional[RetryPolicy] = None) -> Oms:
        """The same service; every call gets at most ``timeout``, and is repeated by ``retry``."""
        return Oms(self._core, timeout, retry)

    @property
    def api(self) -> OmsApi:
        """A method for each documented operation, authenticated and retried."""
        from hwmigrate.generated.blocking.oms_api import OmsApi

        return OmsApi(self._core, *self._limits)

    def migrate(
        self,
        request: t.CreateTaskReq,
        *,
        timeout: Duration,
        retry_rounds: Optional[int] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        mark: Optional[str] = None,
    ) -> Migration:
        """A migration: created once, followed, and repeated for the objects that failed.

        >>> report = client.oms.migrate(request, timeout=86_400).run()

        :param timeout: for the whole migration, further runs included.
        :param retry_rounds: how often a failed task is started again; 3 by default.
        :param poll: how often to look.
        :param stall_after: the progress says ``stalled`` when nothing moved for this long.
        :param mark: the text by which a lost create finds its task again.
        """
        how = _run_manner(timeout, retry_rounds, poll, stall_after, mark)
        return Migration(self._native.migrate(t.CreateTaskReq._body(request), how))

    def resume(
        self,
        task_id: int,
        keys: t.StartTaskReq,
        *,
        timeout: Duration,
        retry_rounds: Optional[int] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Migration:
        """A migration that was begun before: follows the task, and starts it again with ``keys``.

        A paused task is started as well.
        """
        how = _run_manner(timeout, retry_rounds, poll, stall_after, None)
        return Migration(self._native.resume(task_id, t.StartTaskReq._body(keys), how))

    def cloud_types(self, side: Union[t.CloudSide, str]) -> List[t.CloudType]:
        """The providers that the service knows, on one side of a migration: ``src`` or ``dst``."""
        source = go(self._native.cloud_types(str(side)))
        return [t.CloudType(word) for word in source.whole()]

    def regions(self) -> Records[t.ShowRegionInfoResp]:
        """The regions of each provider."""
        return Records(t.ShowRegionInfoResp, go(self._native.regions()))

    def versions(self) -> Records[t.Version]:
        """The versions of the API that the endpoint serves."""
        return Records(t.Version, go(self._native.versions()))

    def version(self, version: str) -> t.Version:
        """One version of the API, such as ``v2``."""
        return t.Version._of(go(self._native.version(version)))

    def agree_privacy(self) -> None:
        """Records that the user agrees to the service's privacy terms."""
        go(self._native.agree_privacy())


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
