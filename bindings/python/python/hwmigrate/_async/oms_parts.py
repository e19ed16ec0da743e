"""Sync tasks, and look-ups in buckets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import start as go
from hwmigrate._args import many
from hwmigrate._async.jobs import AsyncListing, word
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page
from hwmigrate._types import Duration
from hwmigrate.progress import Created

if TYPE_CHECKING:
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class AsyncSyncTasks:
    """Sync tasks. One has no end to wait for: it copies what ``events`` names until it is stopped.

    Reference: https://support.huaweicloud.com/api-oms/CreateSyncTask.html
    """

    def __init__(self, native: _hwmigrate.SyncTasks) -> None:
        self._native = native

    async def create(self, request: t.CreateSyncTaskReq) -> Created:
        """Creates a sync task with one request; it starts by itself."""
        return Created._wrap(await go(self._native.create(t.CreateSyncTaskReq._body(request))))

    async def create_once(self, request: t.CreateSyncTaskReq, mark: Optional[str] = None) -> Created:
        """Creates a sync task; if the reply is lost, finds it again by a mark in its description."""
        return Created._wrap(await go(self._native.create_once(t.CreateSyncTaskReq._body(request), mark)))

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
        await go(self._native.start(id, t.StartSyncTaskReq._body(request)))

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
        words = [str(counter) for counter in many("counters", counters)]
        return t.ListSyncTaskStatisticResponse._of(await go(self._native.statistics(id, words, start, end)))

    async def events(self, id: str, keys: Iterable[str]) -> None:
        """Asks a sync task to copy these objects now, ten to a request."""
        await go(self._native.events(id, many("keys", keys)))


class AsyncBuckets:
    """Look-ups in buckets of any provider."""

    def __init__(self, native: _hwmigrate.Buckets) -> None:
        self._native = native

    async def list(self, request: t.ListBucketsReq) -> List[str]:
        """The names of the buckets that a key can see."""
        names: List[str] = await go(self._native.list(t.ListBucketsReq._body(request)))
        return names

    def objects(self, request: t.ShowBucketReq) -> AsyncListing[t.ShowBucketRecord]:
        """The objects of a bucket, page after page as they are read."""
        return AsyncListing(t.ShowBucketRecord, self._native.objects(t.ShowBucketReq._body(request)))

    async def objects_page(self, request: t.ShowBucketReq, marker: str = "") -> t.ShowBucketObjectsResponse:
        """One page of them, behind the name ``marker``; the answer's ``next_marker`` leads to the next one."""
        return t.ShowBucketObjectsResponse._of(
            await go(self._native.objects_page(t.ShowBucketReq._body(request), marker))
        )

    async def region(self, request: t.ShowBucketRegionReq) -> t.ShowBucketRegionResponse:
        """The region that a bucket is in."""
        return t.ShowBucketRegionResponse._of(await go(self._native.region(t.ShowBucketRegionReq._body(request))))

    async def check_prefix(self, request: t.CheckPrefixReq) -> bool:
        """Whether a bucket has objects whose keys begin so."""
        found: bool = await go(self._native.check_prefix(t.CheckPrefixReq._body(request)))
        return found

    async def cdn_info(self, request: t.ShowCdnInfoReq) -> t.ShowCdnInfoResponse:
        """Whether a bucket can be read through a CDN domain."""
        return t.ShowCdnInfoResponse._of(await go(self._native.cdn_info(t.ShowCdnInfoReq._body(request))))

    async def check_url_list(self, request: t.CheckUrlSourceListFileFormatReq) -> None:
        """Checks the list files of URL sources; raises ``InvalidError`` when one is malformed."""
        await go(self._native.check_url_list(t.CheckUrlSourceListFileFormatReq._body(request)))


def _words(status: Optional[str], page_size: Optional[int], limit: Optional[int]) -> Mapping[str, Any]:
    return {"status": word(status), "page_size": page_size, "limit": limit}
