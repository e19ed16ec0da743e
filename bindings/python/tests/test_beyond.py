"""What a service sends beyond the documents: kept where it came, and never at the price of a secret."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import hwmigrate
import pytest
from hwmigrate import Client, Credentials, Secret, oms, sms
from hwmigrate._model import Model
from hwmigrate.testing import Emulator

from conftest import run_python

CANARY = "canary-8d21c4"

OBJECTS: dict[str, Any] = {
    "cloud_type": "AWS",
    "file_path": "",
    "ak": "a",
    "sk": "b",
    "data_center": "r",
    "page_size": 10,
    "behind_filename": "",
    "bucket_name": "b",
}


class Script(BaseHTTPRequestHandler):
    """Answers what the test wrote down for the end of a path."""

    protocol_version = "HTTP/1.1"
    answers: dict[str, Any] = {}

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        answer = next(answer for end, answer in self.answers.items() if path.endswith(end))
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield Client(
        region="cn-north-4",
        project_id="p" * 32,
        credentials=Credentials.access_key("A" * 20, "s" * 40),
        endpoints={"oms": url, "sms": url, "iam": url},
        environment={},
    )
    Script.answers = {}
    server.shutdown()
    server.server_close()


def inside(value: object) -> Iterator[Model]:
    """A model and all those in it."""
    if isinstance(value, Model):
        yield value
        for name in value._fields:
            yield from inside(getattr(type(value), name, None).__get__(value))  # type: ignore[union-attr]
    elif isinstance(value, list):
        for item in value:
            yield from inside(item)


def test_answers_as_documented_have_nothing_beyond(emulator: Emulator, request_of_all: oms.CreateTaskReq) -> None:
    client = emulator.client()
    task = client.oms.tasks.create(request_of_all)
    task.wait(30)
    with Emulator(servers=["web"], sms_pace=(0.02, 10_000)) as other:
        moving = other.client()
        wanted = sms.TemplateRequest(
            name="small",
            is_template=True,
            region="cn-north-4",
            projectid=moving.project_id(),
            nics=[sms.Nics(id="autoCreate", name="autoCreate", cidr="192.168.0.0/16")],
            disk=[sms.TemplateDisk(index=0, name="system", disktype="SAS", size=40)],
            target_password=CANARY,
        )
        template = str(moving.sms.templates.create(wanted).id)
        server = next(iter(moving.sms.servers.list()))
        answers: list[object] = [
            task.show(),
            client.oms.tasks.list().all(),
            list(client.oms.tasks.page()),
            list(client.oms.regions()),
            list(client.oms.versions()),
            client.oms.version("v2"),
            client.oms.api.list_tasks(),
            server,
            moving.sms.servers.show(str(server.id)),
            list(moving.sms.servers.page()),
            list(moving.sms.servers.errors_page()),
            moving.sms.servers.overview(),
            moving.sms.templates.show(template),
            moving.sms.templates.list().all(),
            list(moving.sms.templates.page()),
            moving.sms.projects.list().all(),
            list(moving.sms.projects.page()),
            moving.sms.config(),
            list(moving.sms.versions()),
            moving.sms.api.show_template(template),
            moving.sms.api.list_templates(),
        ]
    models = [model for answer in answers for model in inside(answer)]
    assert len(models) > 30
    for model in models:
        assert model.extra == {}, type(model)
        assert CANARY not in repr(model) and CANARY not in repr(model.to_dict()), type(model)


@pytest.mark.parametrize(
    ("path", "member", "read"),
    [
        ("/tasks", "tasks", lambda c: c.oms.tasks.page()),
        ("/tasks", "tasks", lambda c: c.oms.tasks.list()),
        ("/taskgroups", "taskgroups", lambda c: c.oms.groups.page()),
        ("/taskgroups", "taskgroups", lambda c: c.oms.groups.list()),
        ("/sync-tasks", "tasks", lambda c: c.oms.sync_tasks.page()),
        ("/sync-tasks", "tasks", lambda c: c.oms.sync_tasks.list()),
        ("/objects", "records", lambda c: c.oms.buckets.objects(OBJECTS)),
        ("/", "versions", lambda c: c.oms.versions()),
        ("/sources", "source_servers", lambda c: c.sms.servers.page()),
        ("/sources", "source_servers", lambda c: c.sms.servers.list()),
        ("/errors", "migration_errors", lambda c: c.sms.servers.errors_page()),
        ("/errors", "migration_errors", lambda c: c.sms.servers.errors()),
        ("/templates", "templates", lambda c: c.sms.templates.page()),
        ("/templates", "templates", lambda c: c.sms.templates.list()),
        ("/migprojects", "migprojects", lambda c: c.sms.projects.page()),
        ("/migprojects", "migprojects", lambda c: c.sms.projects.list()),
        ("/tasks", "tasks", lambda c: c.sms.tasks.page()),
        ("/tasks", "tasks", lambda c: c.sms.tasks.list()),
        ("/speed-limit", "speed_limit", lambda c: c.sms.tasks.speed_limits("1")),
        ("/", "versions", lambda c: c.sms.versions()),
    ],
)
def test_records_are_found_behind_nulls_and_beside_other_lists(
    service: Client, path: str, member: str, read: Callable[[Client], Any]
) -> None:
    # Some ids are numbers and some are texts; both are read as either.
    records = [None, {"id": 1, "name": "a", "new": "one"}, None, {"id": 2, "name": "b", "new": "two"}]
    records = [record and {**record, "start": "00:00", "end": "01:00", "speed": 1} for record in records]
    Script.answers = {path: {"_audit": [{"password": CANARY}], "count": 2, "next_page": False, member: records}}
    known = {"start", "end", "speed", "id", "name"}
    for answer in read(service), copy.copy(list(read(service))):
        found = [{name: it for name, it in record.extra.items() if name not in known} for record in answer]
        assert found == [{"new": "one"}, {"new": "two"}]


def test_a_record_within_an_answer_is_found(service: Client) -> None:
    template = {"id": "1", "name": "a", "target_password": CANARY, "new": {"sk": [{"v": CANARY}, 12345]}}
    Script.answers = {"/templates/1": {"template": template, "other": {"sk": CANARY}}}
    shown = service.sms.templates.show("1")
    assert list(shown.extra) == ["new"] and CANARY not in repr(shown) and "12345" not in repr(shown)


def test_objects_in_lists_are_found_behind_nulls(service: Client) -> None:
    policies = [None, {"start": "01:00", "new": 1}, None, {"start": "02:00", "new": 2}]
    Script.answers = {"/tasks/1": {"id": 1, "bandwidth_policy": policies}}
    task = service.oms.tasks.show(1)
    assert task.bandwidth_policy is not None
    assert [policy.extra for policy in task.bandwidth_policy] == [{"new": 1}, {"new": 2}]
    task.bandwidth_policy.reverse()
    assert [policy["new"] for policy in task.to_dict()["bandwidth_policy"]] == [2, 1]
    del task.bandwidth_policy[0]
    for twin in (copy.copy(task), pickle.loads(pickle.dumps(task)), oms.TaskResp.from_dict(task.to_dict())):
        assert twin == task and [policy.extra for policy in twin.bandwidth_policy] == [{"new": 1}]
        # What came stays what it is, also among others.
        twin.bandwidth_policy.append(task.bandwidth_policy[0])
        assert copy.copy(twin) == twin and copy.copy(twin).bandwidth_policy[-1] == task.bandwidth_policy[0]


def test_what_is_called_like_a_secret_is_one_also_where_nobody_expects_it(service: Client) -> None:
    node = {"bucket": "b", "copies": [{"sk": CANARY, "id": "plain"}], "target_password": CANARY}
    Script.answers = {"/tasks/1": {"id": 1, "src_node": node, "sk": CANARY}, "/tasks": {"tasks": [{"sk": CANARY}]}}
    shown = [service.oms.tasks.show(1), *service.oms.tasks.page(), service.oms.api.show_task(1)]
    for model in [model for answer in shown for model in inside(answer)]:
        assert CANARY not in repr(model) and CANARY not in repr(model.to_dict())
        assert model.extra.get("sk", Secret(CANARY)) == Secret(CANARY)
        if model.extra:
            with pytest.raises(TypeError, match="pickle"):
                pickle.dumps(model)
    assert shown[0].src_node is not None and shown[0].src_node.extra["copies"][0]["id"] == "plain"


def test_what_is_put_into_an_answer_is_written_as_its_field_says(service: Client) -> None:
    Script.answers = {"/vm/templates": {"templates": [{"id": "1", "name": "a"}]}}
    answer = service.sms.api.list_templates()
    assert answer.templates is not None
    answer.templates.append({"id": "2", "target_password": CANARY})  # type: ignore[arg-type]
    assert CANARY not in repr(answer.to_dict())
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(answer)


def test_secrets_of_services_that_are_not_used_are_known_as_well() -> None:
    code = (
        "import sys\n"
        "from hwmigrate import oms\n"
        "task = oms.TaskResp.from_dict({'id': 1, 'Passphrase': sys.argv[1], 'x': [{'target_password': sys.argv[1]}]})\n"
        "assert 'hwmigrate.generated.sms_types' not in sys.modules\n"
        "print(task, task.to_dict())"
    )
    ended = run_python(code, CANARY)
    assert ended.returncode == 0 and CANARY not in ended.stdout and "redacted" in ended.stdout, ended.stderr


def test_a_part_of_an_answer_is_sent_without_what_nobody_knows(service: Client) -> None:
    Script.answers = {"/tasks/1": {"id": 1, "bandwidth_policy": [{"start": "01:00", "end": "02:00", "new": 1}]}}
    for shown in (service.oms.tasks.show(1), service.oms.api.show_task(1)):
        for task in (shown, copy.copy(shown), pickle.loads(pickle.dumps(shown))):
            assert task.bandwidth_policy is not None and task.bandwidth_policy[0].extra == {"new": 1}
            task.bandwidth_policy[0].max_bandwidth = 5
            for part in (task.bandwidth_policy, [copy.copy(task.bandwidth_policy[0])]):
                request = oms.UpdateBandwidthPolicyReq(bandwidth_policy=part)
                (sent,) = oms.UpdateBandwidthPolicyReq._body(request)["bandwidth_policy"]
                assert sent == {"start": "01:00", "end": "02:00", "max_bandwidth": 5}
            # The request has its own.
            assert request.bandwidth_policy is not None
            request.bandwidth_policy[0].max_bandwidth = 6
            assert task.bandwidth_policy[0].max_bandwidth == 5
            task.id = 2
            assert task.bandwidth_policy[0].extra == {"new": 1} == copy.copy(task).bandwidth_policy[0].extra  # type: ignore[index]


def test_threads_that_look_at_once_see_the_same(service: Client) -> None:
    tasks = [{"id": i, "new": i, "bandwidth_policy": [{"new": [i, j]} for j in range(3)]} for i in range(30)]
    Script.answers = {"/tasks": {"count": len(tasks), "tasks": tasks}}
    wrong: list[object] = []

    def look(page: hwmigrate.Page[oms.TaskResp], start: threading.Barrier) -> None:
        start.wait()
        for number, task in enumerate(page):
            assert task.to_dict() == copy.copy(task).to_dict() and task == copy.deepcopy(task)
            found = [policy.extra for policy in task.bandwidth_policy or ()]
            if found != [{"new": [number, j]} for j in range(3)] or task.extra != {"new": number}:
                wrong.append((number, found, task.extra))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            page, start = service.oms.tasks.page(), threading.Barrier(4)
            threads = [threading.Thread(target=look, args=(page, start)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []


def test_a_secret_that_is_no_text_is_one_all_the_same(service: Client) -> None:
    Script.answers = {"/templates/1": {"template": {"id": "1", "name": "a", "target_password": 8317, "x": 1}}}
    shown = service.sms.api.show_template("1").template
    assert shown is not None and "8317" not in repr(shown) and shown.extra == {"x": 1}
    assert shown.target_password == Secret("8317")
