"""What users see when the network or the service misbehaves."""

from __future__ import annotations

import asyncio
import pickle
import traceback

import hwmigrate
import pytest
from hwmigrate import Client, RetryPolicy, oms
from hwmigrate.testing import Emulator

from conftest import PROMPT

QUICK = RetryPolicy(4, first_pause=0.01, max_pause=0.02)


@pytest.fixture
def quick(emulator: Emulator) -> Client:
    client = emulator.client(retry=QUICK)
    client.login()
    return client


def test_lost_reply_to_a_create_is_ambiguous(
    quick: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("lose_reply", "CreateTask")
    with pytest.raises(hwmigrate.AmbiguousError) as caught:
        quick.oms.tasks.create(request_of_all)
    assert caught.value.operation == "CreateTask" and not caught.value.retryable
    assert emulator.requests("CreateTask") == 1


def test_create_once_adopts_the_task_of_a_lost_reply(
    quick: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("lose_reply", "CreateTask")
    task = quick.oms.tasks.create_once(request_of_all)
    assert task.created is not None and task.created.adopted
    assert emulator.requests("CreateTask") == 1
    found = quick.oms.tasks.find_marked(str(task.created.mark))
    assert found is not None and found.id == task.id
    assert task.wait(30, poll=PROMPT).done


def test_expired_token_is_replaced(quick: Client, emulator: Emulator) -> None:
    emulator.expire_tokens()
    assert list(quick.oms.tasks.list()) == []
    emulator.fault("unauthorized", "ListTasks")
    assert list(quick.oms.tasks.list()) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset"},
        {"kind": "bad_gateway"},
        {"kind": "unavailable", "retry_after": 0},
        {"kind": "throttle", "limit": 100, "window_seconds": 1, "retry_after": 0},
        {"kind": "cut_body", "bytes": 10},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_passing_failures_of_a_read_are_repeated(quick: Client, emulator: Emulator, fault: dict) -> None:  # type: ignore[type-arg]
    emulator.fault(operation="ListTasks", **fault)
    assert list(quick.oms.tasks.list()) == []
    assert emulator.requests("ListTasks") == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "reset"}, hwmigrate.TransportError),
        ({"kind": "bad_gateway"}, hwmigrate.ApiError),
        ({"kind": "throttle", "limit": 1, "window_seconds": 60}, hwmigrate.ThrottledError),
        ({"kind": "truncated_json"}, hwmigrate.DecodeError),
        ({"kind": "empty_body"}, hwmigrate.DecodeError),
        ({"kind": "redirect", "location": "https://example.com/"}, hwmigrate.Error),
        ({"kind": "status", "status": 403, "code": "OMS.0053", "message": "no"}, hwmigrate.Error),
    ],
    ids=lambda value: str(value.get("kind")) if isinstance(value, dict) else value.__name__,
)
def test_lasting_failures_have_a_class_and_facts(
    emulator: Emulator,
    fault: dict,  # type: ignore[type-arg]
    error: type[hwmigrate.Error],
) -> None:
    client = emulator.client(retry=RetryPolicy.never(), call_timeout=5)
    task = client.oms.tasks.create(emulator.copy_request("source", "destination"))
    emulator.fault(operation="ShowTask", times=None, **fault)
    with pytest.raises(error) as caught:
        task.show()
    found = caught.value
    assert found.operation == "ShowTask" and found.kind and found.message
    assert isinstance(found.retryable, bool) and found.attempts >= 1
    again = pickle.loads(pickle.dumps(found))
    assert type(again) is type(found) and again.code == found.code and str(again) == str(found)
    assert f"hwmigrate.{type(found).__name__}" in "".join(traceback.format_exception_only(type(found), found))
    assert getattr(hwmigrate, type(found).__name__) is type(found)


def test_hang_is_cut_by_the_deadline(emulator: Emulator) -> None:
    client = emulator.client(call_timeout=0.4)
    client.login()
    emulator.fault("delay", "ShowTask", milliseconds=60_000, times=None)
    with pytest.raises(TimeoutError) as caught:
        client.oms.tasks.show(17)
    assert isinstance(caught.value, hwmigrate.TimeoutError)


def test_timed_out_create_is_both(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    client = emulator.client(call_timeout=0.4)
    client.login()
    emulator.fault("delay", "CreateTask", milliseconds=60_000)
    with pytest.raises(hwmigrate.AmbiguousError) as caught:
        client.oms.tasks.create(request_of_all)
    assert isinstance(caught.value, TimeoutError) and caught.value.kind == "Ambiguous"


def test_nobody_there_is_a_transport_error(emulator: Emulator) -> None:
    client = emulator.client(endpoints={"iam": emulator.url, "oms": "http://127.0.0.1:9"}, retry=RetryPolicy.never())
    with pytest.raises(hwmigrate.TransportError) as caught:
        client.oms.tasks.show(1)
    assert isinstance(caught.value, ConnectionError)
    assert caught.value.__cause__ is not None


def test_unknown_words_and_fields_are_kept(
    quick: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    task = quick.oms.tasks.create(request_of_all)
    task.wait(30, poll=PROMPT)
    emulator.fault("state", "ShowTask", state=99)
    shown = task.show()
    assert shown.status == 99 and isinstance(shown.status, oms.TaskStatus)
    emulator.fault("unknown_field", "ShowTask")
    shown = task.show()
    assert shown.extra and not set(shown.extra) & set(shown._fields)
    emulator.fault("unknown_field", "ListTasks")
    assert quick.oms.tasks.page()[0].extra == shown.extra
    emulator.fault("unknown_field", "ShowTask")
    assert quick.oms.api.show_task(task.id).extra == shown.extra
    emulator.fault("wrong_type", "ShowTask", member="total_num")
    quick.oms.api.show_task(task.id)


def test_ids_beyond_doubles_are_exact(quick: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    emulator.fault("big_ids")
    task = quick.oms.tasks.create(request_of_all)
    assert task.id > 2**53
    assert task.show().id == task.id
    assert quick.oms.api.show_task(task.id).id == task.id


def test_wait_lives_through_bad_weather(
    quick: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    task = quick.oms.tasks.create(request_of_all)
    assert task.progress()
    for kind in ("reset", "bad_gateway", "expire_tokens", "truncated_json"):
        emulator.fault(kind, "ShowTask")
    assert task.wait(60, poll=PROMPT).done


def test_async_calls_fail_alike(emulator: Emulator) -> None:
    async def main() -> None:
        client = emulator.async_client(retry=RetryPolicy.never())
        with pytest.raises(hwmigrate.NotFoundError) as caught:
            await client.oms.tasks.show(999)
        assert caught.value.code == "OMS.1009" and caught.value.advice

    asyncio.run(main())


def test_faults_that_do_not_exist_are_refused(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        emulator.fault("earthquake")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "reset", "operation": "Bogus"}, "no operation Bogus"),
        ({"kind": "reset", "chance": 5}, "chance"),
        ({"kind": "delay", "milliseconds": 1, "seconds": 2}, "seconds"),
        ({"kind": "bogus"}, "bogus"),
        ({"kind": "delay"}, "milliseconds"),
    ],
)
def test_fault_that_could_never_strike_is_refused(emulator: Emulator, fault: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        emulator.fault(**fault)  # type: ignore[arg-type]


def test_emulator_that_did_not_start_shows_itself() -> None:
    blank = Emulator.__new__(Emulator)
    assert "did not start" in repr(blank)


def test_blocking_waits_take_no_coroutine_functions(
    quick: Client, emulator: Emulator, request_of_all: oms.CreateTaskReq
) -> None:
    async def observe(_: object) -> None:
        raise AssertionError

    emulator.clear_journal()
    with pytest.raises(TypeError, match="`on_progress` is a coroutine function"):
        quick.oms.tasks.wait(1, 5, on_progress=observe)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`on_progress` is a coroutine function"):
        quick.sms.tasks.wait("1", 5, on_progress=observe)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`on_event` is a coroutine function"):
        quick.oms.migrate(request_of_all, timeout=5).run(on_event=observe)  # type: ignore[arg-type]
    assert emulator.journal() == []


def test_plain_function_that_returns_a_coroutine_is_told_of(
    client: hwmigrate.Client, request_of_all: oms.CreateTaskReq
) -> None:
    async def look(progress: hwmigrate.Progress) -> None:
        raise AssertionError("nobody awaits this")

    task = client.oms.tasks.create(request_of_all)
    with pytest.raises(TypeError, match="the observer returned an awaitable"):
        task.wait(30, on_progress=lambda progress: look(progress))  # type: ignore[arg-type,return-value]
