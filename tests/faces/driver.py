"""The Python package as a face: reads steps, writes answers, a line each.

    driver.py blocking|asyncio

See tests/tests/faces/program.rs for the form of both. The steps are written
once for both clients: what the blocking one returns is taken as it is, what
the other one returns is awaited.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from datetime import timedelta
from typing import Any, Dict, List

import hwmigrate
from hwmigrate import oms, sms

QUICK = hwmigrate.RetryPolicy(4, first_pause=0.002, max_pause=0.02)
OFTEN = hwmigrate.PollPolicy.every(0.01)


async def settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def body(cls: Any, text: str) -> Any:
    return cls.from_dict(json.loads(text))


def span(milliseconds: str) -> timedelta:
    return timedelta(milliseconds=int(milliseconds))


def made(job: Any) -> Dict[str, Any]:
    # A sync task is no job that could be waited for: what is returned is the creation itself.
    created = job if isinstance(job, hwmigrate.Created) else job.created
    return {"id": created.id, "adopted": created.adopted}


def end(outcome: hwmigrate.Outcome) -> Dict[str, Any]:
    last = outcome.progress
    word = "paused" if outcome.paused else "done" if outcome.done else "overtaken"
    return {
        "end": word,
        "state": str(last.state.value),
        "objects_done": last.objects.done,
        "objects_failed": last.objects.failed,
        "bytes_done": last.bytes.done,
        "phases": [phase.name for phase in last.phases],
    }


async def step(client: Any, words: List[str]) -> Any:
    verb, rest = words[0], words[1:]
    tasks, groups, syncs = client.oms.tasks, client.oms.groups, client.oms.sync_tasks
    if verb == "project":
        return {"project_id": await settled(client.project_id())}
    if verb == "create_task":
        return {"id": (await settled(tasks.create(body(oms.CreateTaskReq, rest[0])))).id}
    if verb == "create_task_once":
        return made(await settled(tasks.create_once(body(oms.CreateTaskReq, rest[0]))))
    if verb == "show_task":
        return (await settled(tasks.show(int(rest[0])))).to_dict()
    if verb == "list_tasks":
        found = await settled(tasks.list(status=oms.TaskStatus(int(rest[0]))).all())
        return {"ids": [task.id for task in found]}
    if verb == "start_task":
        return await settled(tasks.start(int(rest[0]), body(oms.StartTaskReq, rest[1])))
    if verb == "stop_task":
        return await settled(tasks.stop(int(rest[0])))
    if verb == "delete_task":
        return await settled(tasks.delete(int(rest[0])))
    if verb == "wait_task":
        return end(await settled(tasks.wait(int(rest[0]), span(rest[1]), poll=OFTEN)))
    if verb == "wait_task_started":
        return end(await settled(tasks.wait(int(rest[0]), span(rest[1]), until="started", poll=OFTEN)))
    if verb == "create_group_once":
        return made(await settled(groups.create_once(body(oms.CreateTaskGroupReq, rest[0]))))
    if verb == "wait_group":
        return end(await settled(groups.wait(rest[0], span(rest[1]), poll=OFTEN)))
    if verb == "delete_group":
        return await settled(groups.delete(rest[0]))
    if verb == "create_sync_once":
        return made(await settled(syncs.create_once(body(oms.CreateSyncTaskReq, rest[0]))))
    if verb == "sync_events":
        return await settled(syncs.events(rest[0], [rest[1]]))
    if verb == "stop_sync":
        return await settled(syncs.stop(rest[0]))
    if verb == "list_servers":
        found = await settled(client.sms.servers.list().all())
        return [{"id": server.id, "name": server.name} for server in found]
    if verb == "create_server_task_once":
        return made(await settled(client.sms.tasks.create_once(body(sms.PostTask, rest[0]))))
    if verb == "act":
        return await settled(client.sms.tasks.action(rest[0], rest[1]))
    if verb == "wait_server_task":
        return end(await settled(client.sms.tasks.wait(rest[0], span(rest[2]), goal=rest[1], poll=OFTEN)))
    if verb == "delete_server_task":
        return await settled(client.sms.tasks.delete(rest[0]))
    if verb == "call":
        return await settled(client.call(rest[0], dict(word.split("=", 1) for word in rest[1:])))
    raise LookupError(f"the driver does not know {verb}")


def facts(error: hwmigrate.Error) -> Dict[str, Any]:
    # The class of the tree that the table names: one that is more than one kind of error derives from several.
    names = [base.__name__ for base in type(error).__mro__]
    job = error.job or {}
    return {
        "kind": next(name for name in names if name == error.kind + "Error"),
        "status": error.status,
        "code": error.code,
        "operation": error.operation,
        "retryable": error.retryable,
        "job_state": job.get("state"),
        "objects_done": job.get("objects_done"),
        "objects_failed": job.get("objects_failed"),
    }


async def answer(client: Any, line: str) -> str:
    try:
        return "ok\t" + json.dumps(await step(client, line.rstrip("\n").split("\t")), default=str)
    except hwmigrate.Error as error:
        return "error\t" + json.dumps(facts(error))


def at_once(client: Any, line: str) -> str:
    """With the blocking client nothing is ever awaited, so the coroutine ends where it begins."""
    try:
        answer(client, line).send(None)
    except StopIteration as ended:
        return str(ended.value)
    raise RuntimeError("the blocking client returned something to await")


async def drive_async() -> None:
    client = hwmigrate.AsyncClient(retry=QUICK)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(await answer(client, line), flush=True)


def drive_blocking() -> None:
    client = hwmigrate.Client(retry=QUICK)
    for line in sys.stdin:
        print(at_once(client, line), flush=True)


if __name__ == "__main__":
    asyncio.run(drive_async()) if sys.argv[1] == "asyncio" else drive_blocking()
