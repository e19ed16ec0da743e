"""Copies a bucket and waits for the end.

    python create_and_wait.py photos photos-copy

Region and credentials come from the environment or the profile file; see
https://support.huaweicloud.com/api-oms/ for what the keys must be allowed to.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import hwmigrate
from hwmigrate import oms


def keys() -> tuple[hwmigrate.Secret, hwmigrate.Secret]:
    """The access key for both buckets, by the variables that the official SDKs use as well."""
    return (
        hwmigrate.resolve_secret("env:HUAWEICLOUD_SDK_AK"),
        hwmigrate.resolve_secret("env:HUAWEICLOUD_SDK_SK"),
    )


def main(source: str, destination: str) -> int:
    client = hwmigrate.Client()
    region = client.region or os.environ["HWMIGRATE_REGION"]
    ak, sk = keys()
    request = oms.task_request(
        oms.SrcNodeReq(cloud_type="HuaweiCloud", region=region, bucket=source, ak=ak, sk=sk),
        oms.DstNodeReq(region=region, bucket=destination, ak=ak, sk=sk),
        bandwidth={"08:00-17:59": "50MiB/s"},
        description="copied by an example",
    )
    task = client.oms.tasks.create_once(request)
    print(f"created {task}")
    try:
        outcome = task.wait(timedelta(hours=6), on_progress=print)
    except hwmigrate.JobFailedError as error:
        print(f"failed: {error}; {error.advice}", file=sys.stderr)
        return 1
    except hwmigrate.TimeoutError as error:
        print(f"still running: {error}", file=sys.stderr)
        return 2
    print(f"{outcome.progress.objects.done} objects arrived")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
