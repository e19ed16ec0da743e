"""Copies many buckets at once with asyncio.

    python many_buckets.py photos:photos-copy logs:logs-copy
"""

from __future__ import annotations

import asyncio
import sys

import hwmigrate
from hwmigrate import AsyncClient, oms

from create_and_wait import keys


async def copy(client: AsyncClient, source: str, destination: str) -> hwmigrate.Report:
    region = client.region or "cn-north-4"
    ak, sk = keys()
    request = oms.task_request(
        oms.SrcNodeReq(cloud_type="HuaweiCloud", region=region, bucket=source, ak=ak, sk=sk),
        oms.DstNodeReq(region=region, bucket=destination, ak=ak, sk=sk),
    )
    return await client.oms.migrate(request, timeout=86_400).run()


async def main(pairs: list[str]) -> int:
    async with AsyncClient() as client:
        copies = [copy(client, *pair.split(":", 1)) for pair in pairs]
        reports = await asyncio.gather(*copies, return_exceptions=True)
    failed = 0
    for pair, report in zip(pairs, reports):
        if isinstance(report, BaseException):
            failed += 1
            print(f"{pair}: {report}", file=sys.stderr)
        else:
            print(f"{pair}: {report.state}, {report.objects.done} objects, {report.objects.failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
