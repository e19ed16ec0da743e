"""What a careless or hostile program does to the package."""

from __future__ import annotations

import asyncio
import copy
import gc
import math
import os
import pickle
import socket
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import hwmigrate
import pytest
from hwmigrate import Client, Credential, Credentials, oms, sms
from hwmigrate.testing import Emulator

from conftest import PROMPT, run_python

NOWHERE = {"region": "r", "credentials": Credentials.token("t"), "environment": {}}


def test_misspelt_arguments_are_refused(client: Client, emulator: Emulator) -> None:
    with pytest.raises(TypeError, match="regoin"):
        Client(regoin="r")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="staus"):
        client.oms.tasks.list(staus=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="task_type.*no field|no field.*task_typ"):
        client.oms.api.create_task(task_typ="list")
    node = oms.SrcNodeReq(bucket="b")
    with pytest.raises(AttributeError):
        node.buket = "x"  # type: ignore[attr-defined]
    emulator.clear_journal()


@pytest.mark.parametrize("id", [2**63, -(2**70), 10**40])
def test_numbers_out_of_range_are_invalid(client: Client, id: int) -> None:
    for call in (client.oms.tasks.show, client.oms.tasks.delete, lambda id: client.oms.tasks.wait(id, 1)):
        with pytest.raises(hwmigrate.InvalidError, match="`id` is a number out of range"):
            call(id)
    with pytest.raises(hwmigrate.InvalidError, match="`offset`"):
        client.oms.tasks.page(-1)
    with pytest.raises(hwmigrate.InvalidError, match="`page_size`"):
        client.oms.tasks.list(page_size=id)
    with pytest.raises(hwmigrate.InvalidError, match="64 bits"):
        client.call("CreateTask", body={"task_type": abs(id) * 4})


@pytest.mark.parametrize("wrong", [None, "17", 1.5, [], object()])
def test_wrong_types_of_ids_are_type_errors(client: Client, wrong: object) -> None:
    with pytest.raises(TypeError):
        client.oms.tasks.show(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        client.sms.tasks.show(17 if wrong == "17" else wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", [-1, -0.001, math.nan, timedelta(seconds=-1), -math.inf])
def test_lengths_of_time_below_zero_are_refused(client: Client, timeout: object) -> None:
    with pytest.raises(ValueError, match="timeout.*negative"):
        client.oms.tasks.wait(1, timeout)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negative"):
        client.oms.with_limits(timeout=timeout)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="call_timeout.*negative"):
        Client(call_timeout=timeout, **NOWHERE)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", ["5", b"5", [5], datetime.now()])
def test_other_things_are_no_length_of_time(client: Client, timeout: object) -> None:
    with pytest.raises(TypeError, match="timeout.*timedelta"):
        client.oms.tasks.wait(1, timeout)  # type: ignore[arg-type]


def test_moments_without_a_zone_are_refused(client: Client) -> None:
    with pytest.raises(hwmigrate.InvalidError, match="migrate_since.*time zone"):
        oms.CreateTaskReq.from_dict({"src_node": {}, "dst_node": {}}).migrate_since = datetime(2026, 1, 1)
    with pytest.raises(ValueError, match="time zone"):
        client.oms.sync_tasks.show("id", datetime(2026, 1, 1))


def test_lone_surrogates_do_not_get_far(client: Client) -> None:
    with pytest.raises(ValueError):
        client.oms.groups.show("\ud800")
    with pytest.raises(ValueError):
        client.call("CreateTask", body={"x": "\udfff"})


def test_bodies_that_contain_themselves_are_refused(client: Client) -> None:
    body: dict[str, object] = {}
    body["again"] = body
    with pytest.raises(hwmigrate.InvalidError, match="nested"):
        client.call("CreateTask", body=body)
    with pytest.raises(hwmigrate.InvalidError, match="object"):
        client.call("CreateTask", body={"x": object()})
    with pytest.raises(hwmigrate.InvalidError, match="JSON"):
        client.call("CreateTask", body={"x": math.inf})


def test_an_iterator_can_be_left_and_shared(client: Client, emulator: Emulator) -> None:
    request = emulator.copy_request("source", "destination", prefixes=["none/"])
    for _ in range(6):
        client.oms.tasks.create(request)
    listing = client.oms.tasks.list(page_size=2)
    first = next(iter(listing))
    rest = listing.all()
    assert len({task.id for task in [first, *rest]}) == 6
    assert next(iter(listing), None) is None and listing.all() == []
    shared = client.oms.tasks.list(page_size=1)

    def take(_: int) -> int:
        return sum(1 for _ in shared.pages())

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == 6


def test_observer_that_calls_the_client_again(client: Client, request_of_all: oms.CreateTaskReq) -> None:
    task = client.oms.tasks.create(request_of_all)
    seen = []
    task.wait(30, poll=PROMPT, on_progress=lambda progress: seen.append(task.show().status))
    assert seen[-1] == oms.TaskStatus.SUCCEEDED


def test_callable_that_uses_another_client(emulator: Emulator) -> None:
    other = emulator.client()

    def provide() -> Credential:
        assert other.project_id() == emulator.project_id
        return Credential.access_key(emulator.access_key, emulator.secret_key)

    client = emulator.client(credentials=Credentials.from_callable(provide))
    assert client.oms.tasks.list().all() == []


def test_threads_loops_and_blocking_calls_together(emulator: Emulator) -> None:
    client, asynchronous = emulator.client(), emulator.async_client()

    async def some() -> int:
        return sum(len(found) for found in await asyncio.gather(*(asynchronous.oms.versions() for _ in range(5))))

    def mixed(number: int) -> int:
        return asyncio.run(some()) if number % 2 else sum(len(client.oms.versions()) for _ in range(5))

    with ThreadPoolExecutor(8) as pool:
        counts = set(pool.map(mixed, range(24)))
    assert len(counts) == 1 and counts.pop() >= 5


def test_a_blocking_call_inside_a_running_loop(emulator: Emulator) -> None:
    client = emulator.client()

    async def main() -> None:
        assert client.oms.versions()

    asyncio.run(main())


def test_a_call_is_made_once(client: Client) -> None:
    from hwmigrate._hwmigrate import block

    call = client._core.project_id()
    assert block(call)
    with pytest.raises(RuntimeError, match="already"):
        block(call)


def test_everything_shows_itself_and_is_pickled_or_refused(
    client: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    task = client.oms.tasks.create(request_of_all)
    outcome = task.wait(30, poll=PROMPT)
    values = [
        outcome,
        outcome.progress,
        task.show(),
        client.login(),
        client.projects()[0],
        client.oms.migrate(request_of_all, timeout=30, poll=PROMPT).run(),
        client.oms.tasks.wait_all([task.id], 5, poll=PROMPT)[0],
        hwmigrate.BulkNews(0, "s", "started"),
        oms.TaskStatus(99),
        hwmigrate.NotFoundError("gone"),
    ]
    for value in values:
        again = pickle.loads(pickle.dumps(value))
        assert repr(again) == repr(value) and type(again) is type(value)
        if not isinstance(value, Exception):
            assert again == value == copy.copy(value) == copy.deepcopy(value)
    handles = [
        client, client.oms, client.oms.tasks, client.oms.groups, client.oms.buckets, client.oms.sync_tasks,
        client.sms, client.sms.tasks, client.oms.api, client.oms.tasks.list(), task, task.watch(5),
        client.oms.migrate(request_of_all, timeout=5), Credentials.token("t"), emulator, hwmigrate.RetryPolicy(),
    ]
    for handle in handles:
        assert repr(handle) and emulator.secret_key.expose() not in repr(handle)
        with pytest.raises(TypeError):
            pickle.dumps(handle)


def test_models_are_collected() -> None:
    node = oms.SrcNodeReq(bucket="b")
    watched = weakref.ref(node)
    del node
    gc.collect()
    assert watched() is None


def test_clients_are_collected_with_their_connections(emulator: Emulator) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("reads /proc")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        emulator.client().oms.versions()
    gc.collect()
    # The emulator's ends of the connections live in this process as well, and go a moment later.
    for _ in range(200):
        if len(os.listdir("/proc/self/fd")) <= before + 5:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{before} files were open before, {len(os.listdir('/proc/self/fd'))} are now")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_was_begun_before_a_fork_is_refused_in_the_child(
    emulator: Emulator, client: Client, request_of_all: oms.CreateTaskReq
) -> None:
    task = client.oms.tasks.create(request_of_all)
    watch, listing = task.watch(30, poll=PROMPT), client.oms.tasks.list(page_size=1)
    next(iter(watch)), next(iter(listing))
    asynchronous = emulator.async_client()
    asyncio.run(asynchronous.login())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        words = []
        steps = [
            lambda: next(iter(watch)),
            lambda: listing.all(),
            lambda: asyncio.run(asynchronous.login()),
            emulator.journal,
        ]
        for step in steps:
            try:
                step()
                words.append("nothing")
            except BaseException as error:
                words.append(type(error).__name__)
        emulator.close()
        del task, watch, listing, asynchronous
        gc.collect()
        os.write(writing, " ".join(words).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read().decode() == "ForkedError ForkedError ForkedError RuntimeError"
    assert task.wait(30, poll=PROMPT).done
    assert list(watch)[-1].settled


def test_interpreter_ends_cleanly_whatever_runs(emulator: Emulator) -> None:
    emulator.fault("delay", "ListApiVersions", milliseconds=20_000, times=None)
    code = """
import asyncio, atexit, os, threading, time, hwmigrate
client = hwmigrate.Client(environment=dict(os.environ))
asynchronous = hwmigrate.AsyncClient(environment=dict(os.environ))
for _ in range(3):
    threading.Thread(target=client.oms.versions, daemon=True).start()
async def main():
    waiting = [asyncio.ensure_future(asynchronous.oms.versions()) for _ in range(3)]
    await asyncio.sleep(0.3)
    print("over")
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
# Slow enough for the threads to come back while the interpreter ends.
atexit.register(time.sleep, 0.3)
"""
    ended = run_python(code, **emulator.environment())
    assert (ended.returncode, ended.stdout) == (0, "over\n"), ended.stderr
    assert "panicked" not in ended.stderr and "Fatal" not in ended.stderr


def test_connection_that_was_closed_meanwhile_is_not_used(emulator: Emulator) -> None:
    """Nothing runs between two calls; a create must notice all the same that its connection is gone."""
    accepted = []
    task = b'{"id": 17, "task_name": "t"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(task), task)
    listener = socket.create_server(("127.0.0.1", 0))
    closed = threading.Event()

    def serve() -> None:
        for _ in range(4):
            connection, _ = listener.accept()
            accepted.append(connection)
            got = b""
            while not (got.endswith(b"}") or (b"\r\n\r\n" in got and got.startswith(b"GET"))):
                got += connection.recv(65536)
            connection.sendall(answer)
            connection.close()
            closed.set()

    threading.Thread(target=serve, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    request = emulator.copy_request("source", "destination")
    client = Client(project_id="p" * 32, endpoints={"oms": url}, **NOWHERE)  # type: ignore[arg-type]
    for _ in range(4):
        assert client.oms.tasks.create(request).id == 17
        assert closed.wait(20)
        closed.clear()
    assert len(accepted) == 4
    listener.close()


def test_ends_of_many_are_values() -> None:
    end = hwmigrate.FleetEnd("task", "1", None, None)
    assert end == hwmigrate.FleetEnd("task", "1", None, None) != hwmigrate.FleetEnd("task", "2", None, None)
    assert sms.TaskState("NEW") == sms.TaskState("NEW")
