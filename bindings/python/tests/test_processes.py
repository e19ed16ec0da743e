"""Threads, forks, signals, memory."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hwmigrate
import pytest
from hwmigrate import Client, oms
from hwmigrate.testing import Emulator

from conftest import PROMPT, run_python

def test_interpreter_is_released_during_a_call(emulator: Emulator, client: Client) -> None:
    client.login()
    emulator.fault("delay", "ListApiVersions", milliseconds=500)
    ticks = []
    done = threading.Event()

    def count() -> None:
        while not done.wait(0.01):
            ticks.append(1)

    counter = threading.Thread(target=count)
    counter.start()
    client.oms.versions()
    done.set()
    counter.join()
    assert len(ticks) > 10


def test_32_threads_share_a_client(emulator: Emulator, client: Client) -> None:
    client.login()
    emulator.fault("delay", "ListApiVersions", milliseconds=200, times=64)
    begun = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: client.oms.versions()[0].id, range(64)))
    assert len(answers) == 64 and time.monotonic() - begun < 6
    assert emulator.requests("KeystoneCreateToken") == 1


CTRL_C = """
import os, signal, sys, threading, time
import hwmigrate
# Whoever starts the tests in the background may have Ctrl-C ignored, which children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
client = hwmigrate.Client(environment=dict(os.environ))
task = client.oms.tasks.get(int(sys.argv[1]))
looked = []
def interrupt():
    while not looked:
        time.sleep(0.01)
    looked.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
def once(progress):
    looked.append(progress)
threading.Thread(target=interrupt, daemon=True).start()
try:
    if sys.argv[2] == "wait":
        next(iter(task.watch(60, poll=hwmigrate.PollPolicy.every(0.05))))
        looked.append(1)
        task.wait(60, poll=hwmigrate.PollPolicy.every(20))
    else:
        looked.append(1)
        task.wait_or_stop(60, poll=hwmigrate.PollPolicy.every(0.05))
except KeyboardInterrupt as interrupted:
    if sys.argv[2] == "stop":
        print(repr(interrupted.__context__), repr(getattr(interrupted.__context__, "__cause__", None)))
    else:
        print(time.monotonic() - max(x for x in looked if isinstance(x, float)))
"""


def test_ctrl_c_ends_a_wait_at_once(
    emulator: Emulator, client: Client, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("state", "ShowTask", state=2, times=None)
    task = client.oms.tasks.create(request_of_all)
    ended = run_python(CTRL_C, str(task.id), "wait", **emulator.environment())
    assert ended.returncode == 0, ended.stderr
    assert float(ended.stdout) < 0.2 + (0.3 if "CI" in os.environ else 0), ended.stdout


def test_ctrl_c_of_wait_or_stop_stops_the_task_first(
    emulator: Emulator, client: Client, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("state", "ShowTask", state=2, times=20)
    task = client.oms.tasks.create(request_of_all)
    ended = run_python(CTRL_C, str(task.id), "stop", **emulator.environment())
    assert ended.returncode == 0, ended.stderr
    assert emulator.requests("StopTask") >= 1


def test_ctrl_c_of_wait_or_stop_says_that_the_task_could_not_be_stopped(
    emulator: Emulator, client: Client, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("state", "ShowTask", state=2, times=None)
    emulator.fault("status", "StopTask", status=403, code="OMS.0053", message="no right", times=None)
    task = client.oms.tasks.create(request_of_all)
    ended = run_python(CTRL_C, str(task.id), "stop", **emulator.environment())
    assert ended.returncode == 0, ended.stderr
    assert "may still run" in ended.stdout and "OMS.0053" in ended.stdout


SLOW_SECRET = """
import os, signal, sys, threading, time
import hwmigrate
signal.signal(signal.SIGINT, signal.default_int_handler)
def interrupt():
    while not os.path.exists(sys.argv[2]):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    hwmigrate.Client(profile="slow", profile_file=sys.argv[1], environment={"HOME": "/nonexistent"})
except KeyboardInterrupt:
    print("interrupted", int(open(sys.argv[2]).read()))
"""


def test_ctrl_c_ends_the_command_that_a_secret_is_waited_for(tmp_path: Path) -> None:
    profile, begun = tmp_path / "config.toml", tmp_path / "begun"
    command = f"echo $$ > {begun}.new; mv {begun}.new {begun}; exec sleep 600"
    profile.write_text(f"[profiles.slow]\ntoken = \"cmd:sh -c '{command}'\"\n")
    ended = run_python(SLOW_SECRET, str(profile), str(begun))
    assert ended.returncode == 0, ended.stderr
    word, process = ended.stdout.split()
    assert word == "interrupted"
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)


def test_handlers_of_signals_run_during_a_wait(
    emulator: Emulator, client: Client, request_of_all: oms.CreateTaskReq
) -> None:
    emulator.fault("state", "ShowTask", state=2, times=None)
    task = client.oms.tasks.create(request_of_all)

    class Alarm(Exception):
        pass

    def ring(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Alarm):
            task.wait(60, poll=PROMPT)
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_child_is_told_and_can_make_its_own(emulator: Emulator, client: Client) -> None:
    client.login()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        words = []
        try:
            client.oms.versions()
        except hwmigrate.ForkedError as error:
            words.append("refused" if "make a client after the fork" in str(error) else str(error))
        try:
            words.append(str(len(Client(**emulator.settings()).oms.versions()) > 0))
        except BaseException as error:
            words.append(repr(error))
        os.write(writing, " ".join(words).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read().decode() == "refused True"
    assert client.oms.versions()


def test_client_that_outlives_its_thread_still_works(client: Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(client.oms.versions).result()
    assert client.oms.versions()


def test_interpreter_ends_cleanly_in_the_middle(emulator: Emulator) -> None:
    emulator.fault("delay", "ListApiVersions", milliseconds=10_000, times=None)
    code = (
        "import os, threading, time, hwmigrate\n"
        "hwmigrate.enable_logging()\n"
        "client = hwmigrate.Client(environment=dict(os.environ))\n"
        "threading.Thread(target=client.oms.versions, daemon=True).start()\n"
        "time.sleep(0.3)\n"
        "print('over')\n"
    )
    ended = run_python(code, **emulator.environment())
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "over\n", "")


def test_free_threaded_builds_are_refused_clearly() -> None:
    code = (
        "import sys; sys.abiflags = 't'\n"
        "try:\n    import hwmigrate\nexcept ImportError as error:\n    print(error)\n"
    )
    assert "free-threaded" in run_python(code).stdout


SUB_INTERPRETER = '''
try:
    import _interpreters as i
except ImportError:
    import _xxsubinterpreters as i
def make():
    # One that shares everything, which CPython itself refuses nothing.
    try:
        return i.create("legacy")
    except TypeError:
        return i.create(isolated=False)
def load(interpreter):
    try:
        print(i.run_string(interpreter, """%s"""))
    except Exception as error:
        print(error)
%s
'''

# By its file, because its package is refused before it.
EMULATOR = f"""
from importlib import machinery, util
loader = machinery.ExtensionFileLoader("_emulator", {hwmigrate._emulator.__file__!r})
loader.exec_module(util.module_from_spec(util.spec_from_loader("_emulator", loader)))
"""


@pytest.mark.parametrize("module", ["import hwmigrate", EMULATOR], ids=["package", "emulator"])
@pytest.mark.parametrize("make", ["load(make())", "load(i.create())", "import hwmigrate.testing; load(make())"])
def test_sub_interpreters_are_refused_clearly(module: str, make: str) -> None:
    ended = run_python(SUB_INTERPRETER % (module, make))
    assert ended.returncode == 0, ended.stderr
    assert "subinterpreters" in ended.stdout


def test_a_refused_sub_interpreter_leaves_the_main_one_alone() -> None:
    code = (
        "from hwmigrate.testing import Emulator\n"
        "with Emulator() as emulator: assert emulator.client().oms.versions()\n"
    )
    ended = run_python(SUB_INTERPRETER % ("import hwmigrate", "load(make())\n" + code))
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
