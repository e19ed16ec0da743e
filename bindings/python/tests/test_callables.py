"""Callables of users at their worst: they hang, they are interrupted, their event loop goes away."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time

import hwmigrate
import pytest
from hwmigrate import Credential, Credentials
from hwmigrate.testing import Emulator

from conftest import run_python

PROGRAM = """
import asyncio, os, signal, sys, threading, time
import hwmigrate
signal.signal(signal.SIGINT, signal.default_int_handler)
begun = threading.Event()
class SlowToGo:
    def __del__(self, sleep=time.sleep):
        sleep(1)
def client(provide, **settings):
    credentials = hwmigrate.Credentials.from_callable(provide)
    return hwmigrate.AsyncClient(
        region="cn-north-4", project_id="p", credentials=credentials, allow_plain_http=True, environment={},
        endpoints={"oms": "http://127.0.0.1:9"}, **settings)
"""

INTERRUPTED = """
async def provide():
    begun.set()
    await asyncio.sleep(100)
def interrupt():
    begun.wait()
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    asyncio.run(client(provide).oms.versions())
except KeyboardInterrupt:
    raise SystemExit(130)
"""

SLOW_END = """
def provide():
    begun.set()
    time.sleep(0.6)
    return hwmigrate.Credential.token("made-up")
sys.slow = SlowToGo()
async def main():
    call = asyncio.ensure_future(client(provide).oms.versions())
    while not begun.is_set():
        await asyncio.sleep(0.01)
    call.cancel()
asyncio.run(main())
"""

BLOCKING_SLOW_END = """
def provide():
    begun.set()
    time.sleep(0.6)
    return hwmigrate.Credential.token("made-up")
sys.slow = SlowToGo()
blocking = hwmigrate.Client(
    region="cn-north-4", project_id="p", credentials=hwmigrate.Credentials.from_callable(provide),
    allow_plain_http=True, environment={}, endpoints={"oms": "http://127.0.0.1:9"})
threading.Thread(target=blocking.oms.versions, daemon=True).start()
begun.wait()
"""

TIMED_OUT = """
%s provide():
    begun.set()
    %s(100)
async def main():
    try:
        await client(provide, call_timeout=0.3).oms.versions()
    except hwmigrate.TimeoutError:
        pass
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("code", "ends_with"),
    [
        pytest.param(INTERRUPTED, 130, id="interrupted"),
        pytest.param(SLOW_END, 0, id="while the interpreter ends"),
        pytest.param(BLOCKING_SLOW_END, 0, id="on a thread while the interpreter ends"),
        pytest.param(TIMED_OUT % ("async def", "await asyncio.sleep"), 0, id="async, timed out"),
        pytest.param(TIMED_OUT % ("def", "time.sleep"), 0, id="timed out"),
    ],
)
def test_a_callable_under_way_does_not_break_the_end_of_the_process(code: str, ends_with: int) -> None:
    runs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM + code], stderr=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    ends = [(run.communicate(timeout=60)[1], run.returncode) for run in runs]
    assert ends == [("", ends_with)] * len(runs)
