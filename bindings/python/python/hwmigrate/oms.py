"""Types of the Object Storage Migration Service, and ways to write its larger requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Mapping, Optional, Tuple, Union

from hwmigrate import _hwmigrate
from hwmigrate._args import one_of, some
from hwmigrate._hwmigrate import Secret
from hwmigrate._types import Bandwidth
from hwmigrate.errors import invalid
from hwmigrate.generated import oms_types as t
from hwmigrate.generated.oms_types import *  # noqa: F403

__all__ = ["NodeKeys", "group_request", "sync_request", "task_request"]
__all__ += t.__all__

WHOLE = "the whole bucket"


def task_request(
    source: Union[t.SrcNodeReq, Mapping[str, Any]],
    destination: Union[t.DstNodeReq, Mapping[str, Any]],
    *,
    prefixes: Optional[Iterable[str]] = None,
    objects: Optional[Iterable[str]] = None,
    list_file: Optional[Tuple[str, str]] = None,
    url_list: Optional[Tuple[str, str]] = None,
    since: Optional[datetime] = None,
    bandwidth: Optional[Bandwidth] = None,
    **fields: Any,
) -> t.CreateTaskReq:
    """The request of a migration task: by default the whole bucket.

    >>> request = task_request(
    ...     SrcNodeReq(cloud_type="AWS", region="eu-central-1", bucket="photos", ak=ak, sk=sk),
    ...     DstNodeReq(region="cn-north-4", bucket="photos-copy", ak=obs_ak, sk=obs_sk),
    ...     prefixes=["2026/"],
    ...     bandwidth={"08:00-17:59": "20MiB/s"},
    ... )

    Of ``prefixes``, ``objects``, ``list_file`` and ``url_list`` at most one is given.

    :param prefixes: only keys that begin with one of these, 500 at most.
    :param objects: exactly these objects and folders (names ending in ``/``), 500 at most.
    :param list_file: bucket and key of a file with one URL-encoded key a line.
    :param url_list: bucket and key of a file with ``URL<TAB>key`` a line.
    :param since: only objects that changed after this time.
    :param bandwidth: limits on speed, see ``Tasks.update_bandwidth``.
    :param fields: further fields of ``CreateTaskReq``.

    Raises ``InvalidError`` for a field that cannot be, naming it.
    """
    chosen = one_of(prefixes=prefixes, objects=objects, list_file=list_file, url_list=url_list)
    given = _choices(t.CreateTaskReq, source, destination, chosen, since, bandwidth, fields)
    choices = {
        **given,
        "prefixes": some("prefixes", prefixes, WHOLE),
        "objects": some("objects", objects, WHOLE),
        "list_file": list_file,
        "url_list": url_list,
    }
    return t.CreateTaskReq.from_dict(_hwmigrate.task_request(choices))


def group_request(
    source: Union[t.TaskGroupSrcNode, Mapping[str, Any]],
    destination: Union[t.TaskGroupDstNode, Mapping[str, Any]],
    *,
    prefixes: Optional[Iterable[str]] = None,
    list_file: Optional[Tuple[str, str]] = None,
    url_list: Optional[Tuple[str, str]] = None,
    since: Optional[datetime] = None,
    bandwidth: Optional[Bandwidth] = None,
    **fields: Any,
) -> t.CreateTaskGroupReq:
    """The request of a task group, as ``task_request`` makes that of a task."""
    chosen = one_of(prefixes=prefixes, list_file=list_file, url_list=url_list)
    given = _choices(t.CreateTaskGroupReq, source, destination, chosen, since, bandwidth, fields)
    choices = {
        **given,
        "prefixes": some("prefixes", prefixes, WHOLE),
        "objects": None,
        "list_file": list_file,
        "url_list": url_list,
    }
    return t.CreateTaskGroupReq.from_dict(_hwmigrate.group_request(choices))


def sync_request(
    source: Union[t.SrcNodeReq, Mapping[str, Any]],
    destination: Union[t.DstNodeReq, Mapping[str, Any]],
    **fields: Any,
) -> t.CreateSyncTaskReq:
    """The request of a sync task, which copies objects one by one when it is told of them.

    :param fields: further fields of ``CreateSyncTaskReq``, such as ``description``.

    Raises ``InvalidError`` for what a sync task cannot carry: a session
    token (it takes permanent keys only), a connection string or service
    account in place of an access key, a choice of objects, a prefix to put
    before the keys.
    """
    for name in fields:
        if name not in t.CreateSyncTaskReq._fields:
            raise TypeError(
                f"CreateSyncTaskReq has no field {name!r}; it has {', '.join(t.CreateSyncTaskReq._fields)}"
            )
    request = t.CreateSyncTaskReq.from_dict(
        _hwmigrate.sync_request(t.SrcNodeReq._body(source, "source"), t.DstNodeReq._body(destination, "destination"))
    )
    for name, value in fields.items():
        if value is None:
            continue
        if getattr(request, name):
            raise invalid(f"`{name}` was given, and so it was by `source` or `destination`: leave one of them out")
        setattr(request, name, value)
    return request


class NodeKeys:
    """The keys of both sides, for starting a job again.

    The service keeps no keys for later: every start and retry sends them anew.

    >>> keys = NodeKeys(src_ak=src_ak, src_sk=src_sk, dst_ak=dst_ak, dst_sk=dst_sk)
    >>> client.oms.tasks.start(17, keys.start_task(failed_only=True))

    Both keys of the source are left out for URL lists, and for a source with
    credentials of its own kind.

    :param src_security_token: the session token of temporary keys of the source; only tasks take it.
    :param dst_security_token: that of the destination; only tasks take it.
    :param connection_string: the connection string of an Azure source.
    :param json_auth_file: the service account's JSON text of a Google source.
    :param cdn_key: the key of a CDN domain with authentication.
    """

    __slots__ = ("_native",)

    def __init__(
        self,
        *,
        dst_ak: Union[Secret, str],
        dst_sk: Union[Secret, str],
        src_ak: Union[Secret, str, None] = None,
        src_sk: Union[Secret, str, None] = None,
        src_security_token: Union[Secret, str, None] = None,
        dst_security_token: Union[Secret, str, None] = None,
        connection_string: Union[Secret, str, None] = None,
        json_auth_file: Union[Secret, str, None] = None,
        cdn_key: Union[Secret, str, None] = None,
    ) -> None:
        keys = t.StartTaskReq(
            dst_ak=dst_ak,
            dst_sk=dst_sk,
            src_ak=src_ak,
            src_sk=src_sk,
            src_security_token=src_security_token,
            dst_security_token=dst_security_token,
            connection_string=connection_string,
            json_auth_file=json_auth_file,
            source_cdn_authentication_key=cdn_key,
        )
        self._native = _hwmigrate.NodeKeys(t.StartTaskReq._body(keys))

    @classmethod
    def of(cls, request: Union[t.CreateTaskReq, t.CreateTaskGroupReq, t.StartTaskReq]) -> NodeKeys:
        """The keys that the request of a task or of a task group holds, or that of a start."""
        keys = cls.__new__(cls)
        if isinstance(request, t.CreateTaskReq):
            keys._native = _hwmigrate.NodeKeys.of_task(t.CreateTaskReq._body(request))
        elif isinstance(request, t.CreateTaskGroupReq):
            keys._native = _hwmigrate.NodeKeys.of_group(t.CreateTaskGroupReq._body(request))
        else:
            keys._native = _hwmigrate.NodeKeys(t.StartTaskReq._body(request))
        return keys

    def start_task(self, failed_only: bool = False) -> t.StartTaskReq:
        """The request that starts a paused or failed task; with ``failed_only`` just the objects that failed."""
        return t.StartTaskReq.from_dict(self._native.start_task(failed_only))

    def start_group(self) -> t.StartTaskGroupReq:
        """The request that resumes a paused group."""
        return t.StartTaskGroupReq.from_dict(self._native.start_group())

    def retry_group(self, failed_only: bool = False) -> t.RetryTaskGroupReq:
        """The request that runs a failed group again; with ``failed_only`` just the objects that failed."""
        return t.RetryTaskGroupReq.from_dict(self._native.retry_group(failed_only))

    def start_sync_task(self) -> t.StartSyncTaskReq:
        """The request that starts a stopped sync task. It needs keys for both sides."""
        return t.StartSyncTaskReq.from_dict(self._native.start_sync_task())

    def __repr__(self) -> str:
        return "<keys of both sides>"


def _choices(
    cls: Any,
    source: Any,
    destination: Any,
    chosen: Optional[str],
    since: Optional[datetime],
    bandwidth: Optional[Bandwidth],
    fields: Mapping[str, Any],
) -> Mapping[str, Any]:
    further = {}
    for name, value in fields.items():
        declared = cls._fields.get(name)
        if declared is None:
            raise TypeError(f"{cls.__name__} has no field {name!r}; it has {', '.join(cls._fields)}")
        if value is not None:
            further[name] = declared.kind.write(value, f"{cls.__name__}.{name}")
    source = cls._fields["src_node"].kind.cls._body(source, "source")
    destination = cls._fields["dst_node"].kind.cls._body(destination, "destination")
    # What the documents call otherwise is the same thing, and would be overwritten.
    for name, value, twin in (
        ("source", source, "src_node"),
        ("destination", destination, "dst_node"),
        ("since", since, "migrate_since"),
        ("bandwidth", bandwidth, "bandwidth_policy"),
    ):
        one_of(**{name: value, twin: further.get(twin)})
    if chosen is not None:
        for twin, value in (
            ("task_type", further.get("task_type")),
            ("source.object_key", source.get("object_key") or None),
            ("source.list_file", source.get("list_file")),
        ):
            one_of(**{chosen: True, twin: value})
    return {
        "source": source,
        "destination": destination,
        "since": since,
        "bandwidth": bandwidth,
        "further": further,
    }
