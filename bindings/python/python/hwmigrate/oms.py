"""Types of the Object Storage Migration Service, and ways to write its larger requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Mapping, Optional, Tuple, Union

from hwmigrate import _hwmigrate
from hwmigrate._args import one_of, some
from hwmigrate._types import Bandwidth
from hwmigrate.generated import oms_types as t
from hwmigrate.generated.oms_types import *  # noqa: F403

__all__ = ["group_request", "task_request"]
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
