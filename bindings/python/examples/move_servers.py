"""Moves every source server that waits, five at a time, and cuts over.

    python move_servers.py TEMPLATE_ID

The agents on the source servers have registered them. The region of the
targets is that of the client.
"""

from __future__ import annotations

import sys
from datetime import timedelta

import hwmigrate
from hwmigrate import sms


def main(template: str) -> int:
    client = hwmigrate.Client()
    region, project = client.region or "cn-north-4", client.project_id()
    requests = []
    for server in client.sms.servers.list(state="waiting"):
        assert server.id is not None and server.name is not None and server.os_type is not None
        requests.append(
            sms.PostTask(
                name=f"move_{server.name}"[:64],
                type="MIGRATE_BLOCK" if server.os_type == "WINDOWS" else "MIGRATE_FILE",
                os_type=server.os_type,
                source_server=sms.SourceServerByTask(id=server.id),
                target_server=sms.TargetServerByTask(name=server.name),
                vm_template_id=template,
                region_id=region,
                region_name=region,
                project_id=project,
                project_name=region,
            )
        )
    limit = timedelta(days=7)
    failed = 0
    for event in client.sms.bulk(requests, timeout=limit, at_once=5, cut_over=True, speed="200Mbit/s"):
        if isinstance(event, hwmigrate.BulkNews):
            print(f"{event.server}: {event.event}")
        elif event.error is not None or (event.report is not None and event.report.state == "failed"):
            failed += 1
            print(f"{event.server} failed: {event.error or event.report}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
