# Derived by `cargo xtask generate` from _async/oms_parts.py. Do not edit.

"""Sync tasks, and look-ups in buckets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import block as go
from hwmigrate._args import many
from hwmigrate.generated.blocking.jobs import Listing, word
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page
from hwmigrate._types import Duration
from hwmigrate.progress import Created

if TYPE_CHECKING:
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")


class SyncTasks:
    """Sync tasks. One has no end to wait for: it copies what ``events`` names until it is stopped.

    Reference: https://support.huaweicloud.com/api-oms/CreateSyncTask.html
    """

    def __init__(self, native: _hwmigrate.SyncTasks) -> None:
        self._native = native

    def create(self, request: t.CreateSyncTaskReq) -> Created:
        """Creates a sync task with one request; it starts by itself."""
        return Created._wrap(go(self._native.create(t.CreateSyncTaskReq._body(request))))

    def create_once(self, request: t.CreateSyncTaskReq, mark: Optional[str] = None) -> Created:
        """Creates a sync task; if the reply is lost, finds it again by a mark in its description."""
        return Created._wrap(go(self._native.create_once(t.CreateSyncTaskReq._body(request), mark)))

    def find_marked(self, mark: str) -> Optional[Created]:
        """The sync task that carries a mark, if there is one."""
        found = go(self._native.find_marked(mark))
        return None if found is None else Created._wrap(found)

    def show(self, id: str, month: datetime) -> t.ShowSyncTaskResponse:
        """Reads one sync task, with its counters of the month."""
        return t.ShowSyncTaskResponse._of(go(self._native.show(id, month)))

    def list(
        self,
        *,
        status: Union[t.SyncTaskStatus, str, None] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Listing[t.SyncTaskInfo]:
        """All sync tasks, page after page as they are read, each once."""
        return Listing(t.SyncTaskInfo, self._native.list(_words(status, page_size, limit)))

    def page(
        self,
        offset: int = 0,
        *,
        status: Union[t.SyncTaskStatus, str, None] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.SyncTaskInfo]:
        """One page of the list, beginning at the record number ``offset``."""
        return Page(t.SyncTaskInfo, go(self._native.page(_words(status, page_size, None), offset)))

    def start(self, id: str, request: t.StartSyncTaskReq) -> None:
        """Starts a stopped sync task again."""
        go(self._native.start(id, t.StartSyncTaskReq._body(request)))

    def stop(self, id: str) -> None:
        """Stops a sync task."""
        go(self._native.stop(id))

    def delete(self, id: str) -> None:
        """Deletes a sync task that is stopped."""
        go(self._native.delete(id))

    def delete_when_stopped(self, id: str, limit: Duration) -> None:
        """Stops a sync task if need be, and deletes it once it stands still, within ``limit``."""
        go(self._native.delete_when_stopped(id, limit))

    def statistics(
        self,
        id: str,
        counters: Iterable[Union[t.StatisticDataType, str]],
        start: datetime,
        end: datetime,
    ) -> t.ListSyncTaskStatisticResponse:
        """Counters over time, in points of five minutes or an hour."""
        words = [str(counter) for counter in many("counters", counters)]
        return t.ListSyncTaskStatisticResponse._of(go(self._native.statistics(id, words, start, end)))

    def events(self, id: str, keys: Iterable[str]) -> None:
        """Asks a sync task to copy these objects now, ten to a request."""
        go(self._native.events(id, many("keys", keys)))


class Buckets:
    """Look-ups in buckets of any provider."""

    def __init__(self, native: _hwmigrate.Buckets) -> None:
        self._native = native

    def list(self, request: t.ListBucketsReq) -> List[str]:
        """The names of the buckets that a key can see."""
        names: List[str] = go(self._native.list(t.ListBucketsReq._body(request)))
        return names

    def objects(self, request: t.ShowBucketReq) -> Listing[t.ShowBucketRecord]:
        """The objects of a bucket, page after page as they are read."""
        return Listing(t.ShowBucketRecord, self._native.objects(t.ShowBucketReq._body(request)))

    def objects_page(self, request: t.ShowBucketReq, marker: str = "") -> t.ShowBucketObjectsResponse:
        """One page of them, behind the name ``marker``; the answer's ``next_marker`` leads to the next one."""
        return t.ShowBucketObjectsResponse._of(
            go(self._native.objects_page(t.ShowBucketReq._body(request), marker))
        )

    def region(self, request: t.ShowBucketRegionReq) -> t.ShowBucketRegionResponse:
        """The region that a bucket is in."""
        return t.ShowBucketRegionResponse._of(go(self._native.region(t.ShowBucketRegionReq._body(request))))

    def check_prefix(self, request: t.CheckPrefixReq) -> bool:
        """Whether a bucket has objects whose keys begin so."""
        found: bool = go(self._native.check_prefix(t.CheckPrefixReq._body(request)))
        return found

    def cdn_info(self, request: t.ShowCdnInfoReq) -> t.ShowCdnInfoResponse:
        """Whether a bucket can be read through a CDN domain."""
        return t.ShowCdnInfoResponse._of(go(self._native.cdn_info(t.ShowCdnInfoReq._body(request))))

    def check_url_list(self, request: t.CheckUrlSourceListFileFormatReq) -> None:
        """Checks the list files of URL sources; raises ``InvalidError`` when one is malformed."""
        go(self._native.check_url_list(t.CheckUrlSourceListFileFormatReq._body(request)))


def _words(status: Optional[str], page_size: Optional[int], limit: Optional[int]) -> Mapping[str, Any]:
    return {"status": word(status), "page_size": page_size, "limit": limit}
