"""Memory does not grow, however many calls are made.

The server is a process of its own that knows four answers by heart, so that
the calls and nothing else take the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
from typing import Iterator

import hwmigrate
import pytest

CALLS = int(os.environ.get("HWMIGRATE_MEMORY_CALLS", "4000"))
"""Calls in all; 100,000 when everything is proven."""

LIMIT_KIB = 4096
"""A leak of one small object a call would be twice as much and more."""

SERVER = r"""
import asyncio, json, sys

TASK = {
    "id": 17, "name": "t", "status": 5, "total_num": 2, "failed_num": 0, "start_time": 1589267678170,
    "src_node": {"bucket": "a", "cloud_type": "AWS", "region": "r", "object_key": ["01.png"]},
    "dst_node": {"bucket": "b", "region": "cn-north-4"}, "progress": 1.0, "new_field": {"deep": [1, 2, 3]},
}

def answer(status, body):
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Request-Id: r\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text

ONE, MISSING = answer("200 OK", TASK), answer("404 Not Found", {"error_code": "OMS.1009", "error_msg": "none"})
PAGE = answer("200 OK", {"tasks": [dict(TASK, id=id) for id in range(1, 11)], "count": 10})

class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.left = transport, b""

    def data_received(self, data):
        *heads, self.left = (self.left + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            self.transport.write(ONE if path.endswith(b"/17") else MISSING if path.endswith(b"/404") else PAGE)

async def main():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
def settings() -> Iterator[dict[str, object]]:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None and server.stdout is not None
    yield {
        "region": "cn-north-4",
        "project_id": "0215ef11e49d4743be23dd97a1561e91",
        "credentials": hwmigrate.Credentials.token("made-up"),
        "endpoints": {"oms": f"http://127.0.0.1:{int(server.stdout.readline())}"},
        "environment": {},
    }
    server.stdin.close()
    server.wait(timeout=20)
    server.stdout.close()


def resident_kib() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def growth(work: object, calls: int) -> int:
    """By how much the process grows over so many calls, once it has made some."""
    assert callable(work)
    work(max(calls // 10, 300))
    gc.collect()
    before = resident_kib()
    work(calls)
    gc.collect()
    return resident_kib() - before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_blocking_calls_leave_nothing_behind(settings: dict[str, object]) -> None:
    client = hwmigrate.Client(**settings)  # type: ignore[arg-type]

    def work(calls: int) -> None:
        for number in range(calls):
            if number % 10 == 7:
                with pytest.raises(hwmigrate.NotFoundError):
                    client.oms.tasks.show(404)
            elif number % 10 == 3:
                assert sum(task.id or 0 for task in client.oms.tasks.list()) == 55
            else:
                task = client.oms.tasks.show(17)
                assert task.src_node is not None and task.extra

    assert growth(work, CALLS * 7 // 10) < LIMIT_KIB


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_awaited_calls_leave_nothing_behind(settings: dict[str, object]) -> None:
    async def some(client: hwmigrate.AsyncClient, calls: int) -> None:
        for number in range(calls):
            if number % 10 == 7:
                with pytest.raises(hwmigrate.NotFoundError):
                    await client.oms.tasks.show(404)
            elif number % 10 == 3:
                # Given up half-way.
                given_up = asyncio.ensure_future(client.oms.tasks.show(17))
                await asyncio.sleep(0)
                given_up.cancel()
                # It may have been through already.
                with contextlib.suppress(asyncio.CancelledError):
                    await given_up
            else:
                assert (await client.oms.tasks.show(17)).id == 17

    async def together(calls: int) -> None:
        client = hwmigrate.AsyncClient(**settings)  # type: ignore[arg-type]
        await asyncio.gather(*(some(client, calls // 8) for _ in range(8)))

    assert growth(lambda calls: asyncio.run(together(calls)), CALLS * 3 // 10) < LIMIT_KIB
