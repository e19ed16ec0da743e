"""Making clients: settings, credentials, and what they show."""

from __future__ import annotations

import copy
import asyncio
import json
import pickle
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import hwmigrate
import pytest
from hwmigrate import Client, Credential, Credentials, Secret
from hwmigrate.testing import ACCOUNT, USER, Emulator


def test_missing_settings_are_named() -> None:
    with pytest.raises(hwmigrate.ConfigError) as caught:
        Client(environment={}, profile_file="/nowhere/config.toml", region="cn-north-4")
    assert caught.value.kind == "Config"
    assert caught.value.advice or caught.value.message


def test_wrong_type_names_the_setting() -> None:
    with pytest.raises(TypeError, match="`region`"):
        Client(region=17)  # type: ignore[arg-type]
    with pytest.raises(hwmigrate.InvalidError, match="no service `obs`"):
        Client(endpoints={"obs": "https://x"}, environment={})


def test_login_tells_who_and_where(client: Client, emulator: Emulator) -> None:
    login = client.login()
    assert (login.domain, login.user, login.kind) == (ACCOUNT, USER, "password")
    assert login.project_id == emulator.project_id == client.project_id()
    assert login.expires_at is not None and login.expires_at > datetime.now(timezone.utc)
    assert client.region == "cn-north-4"


def test_many_callers_log_in_once(emulator: Emulator) -> None:
    async def everybody() -> None:
        client = emulator.async_client()
        await asyncio.gather(*(client.oms.versions() for _ in range(50)))

    asyncio.run(everybody())
    assert emulator.requests("KeystoneCreateToken") == 1


def test_environment_alone_is_enough(emulator: Emulator) -> None:
    client = Client(environment=emulator.environment())
    assert client.login().kind == "access_key"
    assert list(client.oms.tasks.list()) == []


def test_profile_file_is_read_from_a_path(emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        f'[profiles.lab]\nregion = "cn-north-4"\niam_endpoint = "{emulator.url}"\noms_endpoint = "{emulator.url}"\n'
        f'domain = "{ACCOUNT}"\nuser = "{USER}"\npassword = "{emulator.password.expose()}"\n'
    )
    file.chmod(0o600)
    client = Client(environment={}, profile_file=file, profile="lab")
    assert client.login().user == USER


def test_every_kind_of_credentials_logs_in(emulator: Emulator) -> None:
    key = Credentials.access_key(emulator.access_key, emulator.secret_key)
    assert emulator.client(credentials=key).login().kind == "access_key"
    maker = emulator.client()
    temporary = maker.temporary_access_key(timedelta(minutes=15))
    short = Credentials.temporary(temporary.access, temporary.secret, temporary.security_token)
    assert list(emulator.client(credentials=short, project_id=emulator.project_id).oms.tasks.list()) == []


def test_sync_callable_gives_credentials(emulator: Emulator) -> None:
    asked = []

    def provide() -> Credential:
        asked.append(1)
        return Credential.access_key(emulator.access_key, emulator.secret_key)

    client = emulator.client(credentials=Credentials.from_callable(provide))
    assert list(client.oms.tasks.list()) == []
    assert list(client.oms.groups.list()) == []
    assert asked == [1]


def test_async_callable_runs_on_the_event_loop(emulator: Emulator) -> None:
    loops = []

    async def provide() -> Credential:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return Credential.access_key(emulator.access_key, emulator.secret_key)

    credentials = Credentials.from_callable(provide)

    async def main() -> None:
        client = emulator.async_client(credentials=credentials)
        assert [task async for task in client.oms.tasks.list()] == []
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(main())
    assert list(emulator.client(credentials=credentials).oms.tasks.list()) == []


def test_callable_that_raises_is_the_cause(emulator: Emulator) -> None:
    def provide() -> Credential:
        raise KeyError("vault sealed")

    client = emulator.client(credentials=Credentials.from_callable(provide))
    with pytest.raises(hwmigrate.AuthError) as caught:
        client.oms.tasks.show(1)
    causes = []
    cause = caught.value.__cause__
    while cause is not None:
        causes.append(type(cause))
        cause = cause.__cause__
    assert KeyError in causes


def test_callable_that_returns_something_else_is_told(emulator: Emulator) -> None:
    client = emulator.client(credentials=Credentials.from_callable(lambda: "token"))  # type: ignore[arg-type,return-value]
    with pytest.raises(hwmigrate.AuthError) as caught:
        client.oms.tasks.show(1)
    assert isinstance(caught.value.__cause__, TypeError) or caught.value.__cause__ is not None


def test_passcode_and_user_id_belong_together() -> None:
    with pytest.raises(TypeError, match="together"):
        Credentials.password("a", "u", "p", passcode="123456")


def test_clients_are_not_pickled(client: Client) -> None:
    with pytest.raises(TypeError, match="make one in the other process"):
        pickle.dumps(client)


def test_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Credentials.token("t", datetime(2030, 1, 1))


def test_durations_are_seconds_or_timedeltas(emulator: Emulator) -> None:
    for limit in (0.3, timedelta(milliseconds=300)):
        emulator.fault("delay", "ListApiVersions", milliseconds=3000)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            emulator.client(call_timeout=limit, retry=hwmigrate.RetryPolicy.never()).oms.versions()
        assert time.monotonic() - begun < 2.5
    with pytest.raises(ValueError):
        emulator.client(call_timeout=-1)


def test_limits_of_one_handle(emulator: Emulator, client: Client) -> None:
    emulator.fault("delay", "ListApiVersions", milliseconds=3000)
    with pytest.raises(hwmigrate.TimeoutError):
        client.oms.with_limits(timeout=0.3).versions()


def test_repr_names_region_and_kind_only(client: Client, emulator: Emulator) -> None:
    shown = repr(client)
    assert shown == "<hwmigrate.Client region='cn-north-4' credentials=password>"
    assert emulator.password.expose() not in shown
    assert repr(emulator.async_client()).startswith("<hwmigrate.AsyncClient ")
    assert repr(hwmigrate.Credentials.token("t")) == "<hwmigrate.Credentials token>"


def test_policies_are_values_that_show_how_they_are_written() -> None:
    retry = hwmigrate.RetryPolicy(3, first_pause=0.5)
    assert repr(retry) == "hwmigrate.RetryPolicy(max_attempts=3, first_pause=0.5)"
    assert repr(hwmigrate.RetryPolicy.never()) == "hwmigrate.RetryPolicy.never()"
    assert repr(hwmigrate.PollPolicy.every(2)) == "hwmigrate.PollPolicy.every(2)"
    poll = hwmigrate.PollPolicy(shortest=1)
    for value in (retry, poll, hwmigrate.RetryPolicy.never()):
        again = eval(repr(value))
        assert again == value and hash(again) == hash(value) and copy.deepcopy(value) == value
    assert retry != hwmigrate.RetryPolicy(4, first_pause=0.5) and poll != hwmigrate.PollPolicy()


def test_secrets_compare_and_hide() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert str(Secret("hidden")) == repr(Secret("hidden")) == "[redacted]"
    assert bool(Secret("x")) and not bool(Secret(""))


def test_projects_and_tokens(client: Client, emulator: Emulator) -> None:
    assert [project.id for project in client.projects()] == [emulator.project_id]
    with pytest.raises(hwmigrate.Error):
        client.validate_token("no-token")


def test_any_operation_by_its_id(client: Client, request_of_all: hwmigrate.oms.CreateTaskReq) -> None:
    made = client.call("CreateTask", body=request_of_all.to_dict())
    found = client.call("oms.ShowTask", {"task_id": made["id"]})
    assert found["id"] == made["id"]
    with pytest.raises(hwmigrate.InvalidError, match="CreateTask"):
        client.call("CreateTas")


def test_answer_of_any_operation_as_it_came(client: Client, request_of_all: hwmigrate.oms.CreateTaskReq) -> None:
    made = client.call_bytes("CreateTask", body=request_of_all.to_dict())
    assert isinstance(made, hwmigrate.RawBytes) and made.status in (200, 201) and made.request_id
    id = json.loads(made.body)["id"]
    assert str(id) not in repr(made)
    shown = client.call_bytes("ShowTask", {"task_id": id}, timeout=30)
    assert json.loads(shown.body)["id"] == id
    with pytest.raises(hwmigrate.NotFoundError):
        client.call_bytes("ShowTask", {"task_id": 999})


def test_file_is_taken_as_bytes() -> None:
    with Emulator(servers=["web"]) as emulator:
        client = emulator.client()
        (server,) = client.sms.servers.list()
        request = hwmigrate.sms.task_request(
            "move_web", "MIGRATE_FILE", client.sms.servers.show(str(server.id)), target_name="web", region="r",
            project_id="p", vm_id="ecs",
        )
        body = {"task_info": [{"task_id": client.sms.tasks.create(request).id}]}
        assert client.call_bytes("ExportConsistencyResults", body=body).body
        with pytest.raises(hwmigrate.Error, match="take it as bytes"):
            client.call("ExportConsistencyResults", body=body)
