"""Follows many tasks with rich bars (pip install rich).

    python progress_rich.py TASK_ID TASK_ID …
"""

from __future__ import annotations

import sys

import hwmigrate
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


def main(ids: list[int]) -> int:
    client = hwmigrate.Client()
    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns) as bars:
        rows = {str(id): bars.add_task(f"task {id}", total=None) for id in ids}
        for event in client.oms.tasks.watch_all(ids, timeout=6 * 3600):
            row = rows[event.id]
            if isinstance(event, hwmigrate.Progress):
                bars.update(row, total=event.bytes.total, completed=event.bytes.done)
            elif event.error is not None:
                failed += 1
                bars.update(row, description=f"task {event.id}: {event.error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([int(id) for id in sys.argv[1:]]))
