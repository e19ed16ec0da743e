"""Follows a task with a tqdm bar (pip install tqdm).

    python progress_tqdm.py TASK_ID
"""

from __future__ import annotations

import sys

import hwmigrate
from tqdm import tqdm


def main(task_id: int) -> int:
    client = hwmigrate.Client()
    with tqdm(unit="B", unit_scale=True, desc=f"task {task_id}") as bar:
        for progress in client.oms.tasks.watch(task_id, timeout=6 * 3600):
            bar.total = progress.bytes.total
            bar.n = progress.bytes.done
            bar.set_postfix_str(progress.state_text, refresh=False)
            bar.refresh()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
