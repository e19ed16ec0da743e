"""Callables of users at their worst: they hang, they are interrupted, their event loop goes away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import hwmigrate
import pytest
from hwmigrate import Credential, Credentials
from hwmigrate.testing import Emulator

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


class Halt(BaseException):
    pass


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Halt])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_ends_the_program_is_no_auth_error(
    emulator: Emulator, kind: type[BaseException], asynchronous: bool
) -> None:
    halt = kind(3)

    def provide() -> Credential:
        raise halt

    async def provide_later() -> Credential:
        await asyncio.sleep(0)
        raise halt

    async def main() -> None:
        client = emulator.async_client(credentials=credentials)
        with pytest.raises(kind) as caught:
            await client.oms.versions()
        assert caught.value is halt

    credentials = Credentials.from_callable(provide_later if asynchronous else provide)
    with pytest.raises(kind) as caught:
        emulator.client(credentials=credentials).oms.versions()
    assert caught.value is halt
    asyncio.run(main())


def test_an_exception_is_the_cause_of_an_auth_error(emulator: Emulator) -> None:
    def provide() -> Credential:
        raise LookupError("no vault")

    with pytest.raises(hwmigrate.AuthError) as caught:
        emulator.client(credentials=Credentials.from_callable(provide)).oms.versions()
    assert "LookupError" in repr(caught.value.__cause__)


def test_a_cancelled_provider_does_not_cancel_its_callers(emulator: Emulator) -> None:
    async def provide() -> Credential:
        raise asyncio.CancelledError

    async def main() -> None:
        client = emulator.async_client(credentials=Credentials.from_callable(provide))
        with pytest.raises(hwmigrate.AuthError):
            await client.oms.versions()

    asyncio.run(main())


@pytest.mark.parametrize("asynchronous", [False, True])
def test_calls_that_time_out_leave_one_provider_and_not_many(emulator: Emulator, asynchronous: bool) -> None:
    asked = []
    release = threading.Event()
    real = emulator.client().temporary_access_key(900)

    def give() -> Credential:
        return Credential.temporary(real.access, real.secret, real.security_token)

    def provide() -> Credential:
        asked.append(1)
        release.wait(30)
        return give()

    async def provide_later() -> Credential:
        asked.append(1)
        while not release.is_set():
            await asyncio.sleep(0.01)
        return give()

    def blocking() -> None:
        credentials = Credentials.from_callable(provide)
        client = emulator.client(credentials=credentials, call_timeout=0.05)
        for _ in range(20):
            with pytest.raises(hwmigrate.TimeoutError):
                client.oms.versions()
        # Another client with the same credentials has more patience.
        threading.Timer(0.3, release.set).start()
        assert emulator.client(credentials=credentials).oms.versions()

    async def main() -> None:
        client = emulator.async_client(credentials=Credentials.from_callable(provide_later), call_timeout=0.05)
        for _ in range(20):
            with pytest.raises(hwmigrate.TimeoutError):
                await client.oms.versions()
        assert len(asyncio.all_tasks()) <= 2

    if asynchronous:
        asyncio.run(main())
    else:
        blocking()
    assert len(asked) == 1


@pytest.mark.parametrize("close", [False, True])
def test_a_login_on_a_loop_that_has_gone_is_begun_anew(emulator: Emulator, close: bool) -> None:
    real = emulator.client().temporary_access_key(900)
    asked = []

    async def provide() -> Credential:
        asked.append(1)
        if len(asked) == 1:
            await asyncio.sleep(60)
        return Credential.temporary(real.access, real.secret, real.security_token)

    client = emulator.async_client(credentials=Credentials.from_callable(provide), call_timeout=30)

    async def begin() -> None:
        pending.append(asyncio.ensure_future(client.oms.versions()))
        while not asked:
            await asyncio.sleep(0.01)

    pending: list = []  # type: ignore[type-arg]
    left = asyncio.new_event_loop()
    left.run_until_complete(begin())
    if close:
        for task in asyncio.all_tasks(left):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        left.close()
    begun = time.monotonic()
    assert asyncio.run(client.oms.versions())
    assert time.monotonic() - begun < 10 and len(asked) == 2
    if not close:
        # What waited there has its answer, too.
        assert left.run_until_complete(pending[0])
        left.run_until_complete(left.shutdown_asyncgens())
        for task in asyncio.all_tasks(left):
            task.cancel()
        left.run_until_complete(asyncio.sleep(0))
        left.close()


def test_two_logins_at_once_have_a_passcode_each(emulator: Emulator) -> None:
    asked, both = [], threading.Event()

    def passcode() -> str:
        asked.append(1)
        if len(asked) == 2:
            both.set()
        assert both.wait(20)
        return "000000"

    credentials = Credentials.password("emulator", "tester", "made-up", user_id="id", passcode=passcode)

    def log_in() -> None:
        with pytest.raises(hwmigrate.Error):
            emulator.client(credentials=credentials).login()

    threads = [threading.Thread(target=log_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 2
