"""One Python client's part of the benchmark: the same calls as the Rust programs make.

    python_calls.py CLIENT WORKLOAD COUNT URL

Prints one line of JSON: the processor time of the calls in nanoseconds, and what else the workload measures.
"""

from __future__ import annotations

# What only some workloads need is imported there: a start is measured in a process that has nothing else.
import json
import os
import re
import resource
import sys
import time

PROJECT = "0215ef11e49d4743be23dd97a1561e91"
TASK = 200_477_729_979_132
PAGE = 100
WARM_UP = 20
AT_ONCE = 32

KEPT = []
"""Clients whose connections are counted at the end; they go with their client."""


def cpu() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return int((usage.ru_utime + usage.ru_stime) * 1e9)


def drive(one, count: int) -> int:
    """One call after the other."""
    for _ in range(WARM_UP):
        one()
    begun = cpu()
    for _ in range(count):
        one()
    return cpu() - begun


def drive_threads(one, count: int) -> int:
    """As many calls at once as there are threads."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as pool:
        def share(calls: int) -> None:
            for _ in range(calls):
                one()

        list(pool.map(share, [1] * AT_ONCE))
        begun = cpu()
        list(pool.map(share, [count // AT_ONCE] * AT_ONCE))
        return cpu() - begun


async def drive_async(one, count: int, at_once: int) -> int:
    import asyncio

    async def share(calls: int) -> None:
        for _ in range(calls):
            await one()

    await share(WARM_UP)
    await asyncio.gather(*(share(1) for _ in range(at_once)))
    begun = cpu()
    await asyncio.gather(*(share(count // at_once) for _ in range(at_once)))
    return cpu() - begun


def settings(url: str) -> dict:
    import hwmigrate

    return {
        "region": "cn-north-4",
        "project_id": PROJECT,
        "credentials": hwmigrate.Credentials.token("t" * 1500),
        "endpoints": {"oms": url},
        "environment": {},
    }


def hwmigrate_client(url: str):
    import hwmigrate

    KEPT.append(hwmigrate.Client(**settings(url)))
    return KEPT[-1]


def of_hwmigrate(workload: str, count: int, url: str) -> int:
    client = hwmigrate_client(url)

    def show() -> None:
        task = client.oms.tasks.show(TASK)
        assert task.id == TASK and task.status == 5

    def page() -> None:
        page = client.oms.tasks.page(page_size=PAGE)
        # A program looks at every record, mostly at few fields of it.
        assert len(page) == PAGE == len([task for task in page]) and page[0].id == TASK

    if workload == "concurrent":
        return drive_threads(show, count)
    return drive(page if workload == "list" else show, count)


def of_hwmigrate_asyncio(workload: str, count: int, url: str) -> int:
    import asyncio

    import hwmigrate

    client = hwmigrate.AsyncClient(**settings(url))

    async def show() -> None:
        task = await client.oms.tasks.show(TASK)
        assert task.id == TASK and task.status == 5

    async def page() -> None:
        page = await client.oms.tasks.page(page_size=PAGE)
        assert len(page) == PAGE == len([task for task in page]) and page[0].id == TASK

    return asyncio.run(drive_async(page if workload == "list" else show, count, AT_ONCE if workload == "concurrent" else 1))


def of_aiohttp(workload: str, count: int, url: str) -> int:
    import asyncio

    import aiohttp

    async def main() -> int:
        headers = {"X-Auth-Token": "t" * 1500}
        async with aiohttp.ClientSession(headers=headers) as session:
            async def show() -> None:
                async with session.get(f"{url}/v2/{PROJECT}/tasks/{TASK}") as answer:
                    task = await answer.json()
                    assert answer.status == 200 and task["id"] == TASK and task["status"] == 5

            async def page() -> None:
                async with session.get(f"{url}/v2/{PROJECT}/tasks?limit={PAGE}&offset=0") as answer:
                    page = await answer.json()
                    assert len(page["tasks"]) == PAGE and page["tasks"][0]["id"] == TASK

            at_once = AT_ONCE if workload == "concurrent" else 1
            return await drive_async(page if workload == "list" else show, count, at_once)

    return asyncio.run(main())


def official_client(url: str):
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.http.http_config import HttpConfig
    from huaweicloudsdkoms.v2 import OmsClient

    config = HttpConfig.get_default_config()
    config.pool_maxsize = AT_ONCE
    credentials = BasicCredentials("MADEUPACCESSKEY00001", "made-up-secret-key", PROJECT)
    return OmsClient.new_builder().with_http_config(config).with_credentials(credentials).with_endpoint(url).build()


def of_official(workload: str, count: int, url: str) -> int:
    from huaweicloudsdkoms.v2 import ListTasksRequest, ShowTaskRequest

    client = official_client(url)

    def show() -> None:
        task = client.show_task(ShowTaskRequest(task_id=str(TASK)))
        assert task.id == TASK and task.status == 5

    def page() -> None:
        page = client.list_tasks(ListTasksRequest(limit=PAGE, offset=0))
        assert len(page.tasks) == PAGE and page.tasks[0].id == TASK

    if workload == "concurrent":
        return drive_threads(show, count)
    return drive(page if workload == "list" else show, count)


CLIENTS = {
    "hwmigrate": of_hwmigrate,
    "hwmigrate-asyncio": of_hwmigrate_asyncio,
    "aiohttp": of_aiohttp,
    "official": of_official,
}


def start(client: str, url: str) -> dict:
    """Import and construction, in this fresh process: processor time, and memory afterwards."""
    begun = time.process_time_ns()
    made = hwmigrate_client(url) if client == "hwmigrate" else official_client(url)
    spent = time.process_time_ns() - begun
    assert made is not None
    with open("/proc/self/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return {"cpu_ns": spent, "resident_kib": resident}


def installed(client: str) -> dict:
    """The size of everything that pip leaves on disk for a client: its files, byte code that pip compiles, dependencies."""
    from importlib.metadata import PackageNotFoundError, distribution

    wanted, seen, size, emulator = ["hwmigrate" if client == "hwmigrate" else "huaweicloudsdkoms"], set(), 0, 0
    while wanted:
        name = wanted.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        if found.metadata["Name"].lower() in seen:
            continue
        seen.add(found.metadata["Name"].lower())
        files = {found.locate_file(file) for file in found.files or []}
        sizes = {str(file): os.path.getsize(file) for file in files if os.path.isfile(file)}
        size += sum(sizes.values())
        emulator += sum(length for file, length in sizes.items() if os.path.basename(file).startswith("_emulator."))
        for requirement in found.requires or []:
            if "extra ==" not in requirement:
                wanted += re.findall(r"^[\w.-]+", requirement)
    return {"cpu_ns": 0, "bytes": size, "emulator_bytes": emulator}


def sockets() -> int:
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except OSError:
            pass
    return found


def main() -> None:
    client, workload, count, url = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    if workload == "start":
        report = start(client, url)
    elif workload == "size":
        report = installed(client)
    else:
        report = {"cpu_ns": CLIENTS[client](workload, count, url), "sockets": sockets()}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
