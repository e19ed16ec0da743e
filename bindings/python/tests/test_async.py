"""The same on asyncio: real awaitables, cancelling, many at once."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
import time

import hwmigrate
import hwmigrate._async
import pytest
from hwmigrate import AsyncClient, Client, oms
from hwmigrate.testing import Emulator

from conftest import PROMPT


def run(main):  # type: ignore[no-untyped-def]
    return asyncio.run(main)


def test_task_is_created_and_waited_for(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    async def main() -> None:
        async with emulator.async_client() as client:
            told = []

            async def observe(progress: hwmigrate.Progress) -> None:
                await asyncio.sleep(0)
                told.append(progress)

            task = await client.oms.tasks.create_once(request_of_all)
            assert task.created is not None and task.created.mark
            outcome = await task.wait(30, poll=PROMPT, on_progress=observe)
            assert outcome.progress.objects.done == 3 and told[-1] == outcome.progress
            async for progress in task.watch(30, poll=PROMPT):
                assert progress.settled
            assert [found.id async for found in client.oms.tasks.list()] == [task.id]
            assert (await client.oms.api.show_task(task.id)).id == task.id
            report = await client.oms.migrate(request_of_all, timeout=30, poll=PROMPT).run()
            assert report.state == "succeeded"

    run(main())


def test_calls_overlap(emulator: Emulator) -> None:
    emulator.fault("delay", "ListApiVersions", milliseconds=300, times=20)

    async def main() -> float:
        client = emulator.async_client()
        await client.login()
        begun = time.monotonic()
        await asyncio.gather(*(client.oms.versions() for _ in range(20)))
        return time.monotonic() - begun

    assert run(main()) < 3


def test_event_loop_goes_on_meanwhile(emulator: Emulator) -> None:
    async def main() -> int:
        client = emulator.async_client()
        await client.login()
        emulator.fault("delay", "ListApiVersions", milliseconds=400)
        call = asyncio.ensure_future(client.oms.versions())
        ticks = 0
        while not call.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert run(main()) > 5


def test_cancelling_ends_the_wait(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    emulator.fault("hold_state", state=2)

    async def main() -> None:
        client = emulator.async_client()
        task = await client.oms.tasks.create(request_of_all)
        waiting = asyncio.ensure_future(task.wait(60, poll=PROMPT))
        await asyncio.sleep(0.2)
        begun = time.monotonic()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert time.monotonic() - begun < 0.5
        await asyncio.sleep(0.1)
        looks = emulator.requests("ShowTask")
        await asyncio.sleep(0.3)
        assert emulator.requests("ShowTask") == looks

    run(main())
    emulator.release(2)


def test_wait_for_and_timeouts_cancel(emulator: Emulator) -> None:
    emulator.fault("delay", "ListApiVersions", milliseconds=5000)

    async def main() -> None:
        client = emulator.async_client()
        await client.login()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.oms.versions(), 0.2)
        assert await client.oms.cloud_types("src")

    run(main())


def test_cancelled_wait_or_stop_stops_the_task(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    emulator.fault("states", "ShowTask", states=[2, 2, 2, 2, 2, 2, 2, 3], times=None)

    async def main() -> None:
        client = emulator.async_client()
        task = await client.oms.tasks.create(request_of_all)
        waiting = asyncio.ensure_future(task.wait_or_stop(60, poll=PROMPT))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(main())
    assert emulator.requests("StopTask") >= 1


def test_cancelled_wait_or_stop_says_that_the_task_could_not_be_stopped(
    emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("state", "ShowTask", state=2, times=None)
    emulator.fault("status", "StopTask", status=403, code="OMS.0053", message="no right", times=None)

    async def main() -> None:
        client = emulator.async_client()
        task = await client.oms.tasks.create(request_of_all)
        told = []

        async def wait() -> None:
            try:
                await task.wait_or_stop(60, poll=PROMPT)
            except asyncio.CancelledError as cancelled:
                told.append(cancelled.__context__)
                raise

        waiting = asyncio.ensure_future(wait())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert isinstance(told[0], hwmigrate.CancelledError) and "may still run" in str(told[0])

    run(main())


def test_a_client_serves_one_loop_after_another(emulator: Emulator) -> None:
    client = emulator.async_client()
    for _ in range(3):
        assert run(client.oms.versions())


def test_without_asyncio_the_error_says_what_to_do(emulator: Emulator) -> None:
    coroutine = emulator.async_client().oms.versions()
    with pytest.raises(RuntimeError, match="trio.to_thread"):
        coroutine.send(None)
    coroutine.close()


def test_loops_without_readers_are_served(emulator: Emulator) -> None:
    async def main() -> None:
        client = emulator.async_client()
        assert await client.oms.versions()

    loop = asyncio.new_event_loop()
    watched = loop.add_reader

    def refuse(*_: object) -> None:
        raise NotImplementedError

    loop.add_reader = refuse  # type: ignore[method-assign]
    try:
        loop.run_until_complete(main())
    finally:
        loop.add_reader = watched  # type: ignore[method-assign]
        loop.close()


def test_both_clients_have_the_same_names() -> None:
    pairs = [(Client, AsyncClient)]
    names = [module.name for module in pkgutil.iter_modules(hwmigrate._async.__path__)]  # type: ignore[attr-defined]
    for name in names:
        ours = importlib.import_module(f"hwmigrate._async.{name}")
        theirs = importlib.import_module(f"hwmigrate.generated.blocking.{name}")
        for cls in vars(ours).values():
            if inspect.isclass(cls) and cls.__name__.startswith("Async") and cls.__module__ == ours.__name__:
                pairs.append((getattr(theirs, cls.__name__[len("Async") :]), cls))
    assert len(pairs) > 12
    for blocking, asynchronous in pairs:
        public = {name for name in dir(blocking) if not name.startswith("_")}
        assert public == {name for name in dir(asynchronous) if not name.startswith("_")}
        for name in public:
            method = getattr(blocking, name)
            if callable(method):
                assert method.__doc__, f"{blocking.__name__}.{name}"
                other = inspect.signature(getattr(asynchronous, name))
                assert list(inspect.signature(method).parameters) == list(other.parameters)
