"""A made-up secret goes everywhere a secret can go, and must come out nowhere."""

from __future__ import annotations

import io
import logging
import pickle
import traceback

import hwmigrate
import pytest
from hwmigrate import Client, Credential, Credentials, Secret, oms
from hwmigrate.testing import Emulator

CANARY = "canary-5f3a9c"


@pytest.fixture
def records() -> list[str]:
    hwmigrate.enable_logging()
    logger = logging.getLogger("hwmigrate")
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logger.addHandler(handler)
    logger.setLevel(1)
    lines: list[str] = []

    class Reader(list):  # type: ignore[type-arg]
        def text(self) -> str:
            return text.getvalue()

    found = Reader(lines)
    yield found  # type: ignore[misc]
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def everything_of(value: object) -> str:
    shown = [repr(value), str(value), f"{value}", repr(getattr(value, "__dict__", ""))]
    for attribute in dir(value):
        if attribute.startswith("__") or attribute == "expose":
            continue
        try:
            shown.append(repr(getattr(value, attribute)))
        except Exception as error:
            shown.append(repr(error))
    try:
        shown.append(repr(pickle.dumps(value)))
    except Exception as error:
        shown.append(repr(error))
    return "\n".join(shown)


def keys() -> dict[str, str]:
    return {"ak": CANARY, "sk": CANARY, "security_token": CANARY}


def test_no_holder_shows_its_secret() -> None:
    base = Credentials.password("account", "user", CANARY, user_id="id", passcode=CANARY)
    node = oms.SrcNodeReq(bucket="b", connection_string=CANARY, json_auth_file=CANARY, **keys())
    request = oms.CreateTaskReq(src_node=node, dst_node=oms.DstNodeReq(bucket="b", region="r", **keys()))
    holders = [
        Secret(CANARY),
        base,
        Credentials.token(CANARY),
        Credentials.access_key(CANARY, CANARY),
        Credentials.temporary(CANARY, CANARY, CANARY),
        Credentials.agency(base, "agency", "account"),
        Credential.token(CANARY),
        Credential.temporary(CANARY, CANARY, CANARY),
        Client(region="r", credentials=base, environment={"HW_SECRET_KEY": CANARY, "HW_ACCESS_KEY": CANARY}),
        node,
        request,
        request.to_dict(),
        oms.StartTaskReq(src_ak=CANARY, src_sk=CANARY, dst_ak=CANARY, dst_sk=CANARY),
        oms.CreateTaskReq.from_dict(request.to_dict()),
    ]
    for holder in holders:
        assert CANARY not in everything_of(holder), type(holder)


def test_errors_tracebacks_and_logs_hold_no_secret(
    emulator: Emulator, records: list[str]
) -> None:
    client = emulator.client(credentials=Credentials.password("emulator", "tester", CANARY))
    texts = []
    node = oms.SrcNodeReq(cloud_type="HuaweiCloud", region="cn-north-4", bucket="source", **keys())
    request = oms.CreateTaskReq(
        src_node=node, dst_node=oms.DstNodeReq(region="cn-north-4", bucket="destination", **keys())
    )
    good = emulator.client()
    emulator.fault("status", "CreateTask", status=400, code="OMS.0053", message=f"bad key {CANARY}")
    calls = [
        client.login,
        lambda: good.oms.tasks.create(request),
        lambda: good.oms.tasks.create(request),
        lambda: good.oms.tasks.start(1, oms.StartTaskReq(src_ak=CANARY, src_sk=CANARY, dst_ak=CANARY, dst_sk=CANARY)),
        lambda: good.validate_token(Secret(CANARY)),
        lambda: good.oms.api.create_task(request),
        lambda: good.call("CreateTask", body={"src_node": {"sk": Secret(CANARY)}, "dst_node": 5}),
        lambda: good.oms.tasks.create({"src_node": {"sk": Secret(CANARY)}, "dst_node": {"sk": [Secret(CANARY)]}}),
    ]
    for call in calls:
        try:
            call()
        except Exception as error:
            shown = traceback.TracebackException.from_exception(error, capture_locals=True)
            own = [line for line in shown.format() if "test_secrets" not in line]
            texts.append("".join(own) + everything_of(error) + repr(pickle.dumps(error)))
    assert len(texts) >= 5
    for text in texts:
        assert CANARY not in text
    logged = records.text()  # type: ignore[attr-defined]
    assert "answered" in logged and CANARY not in logged
    assert CANARY not in repr(emulator.journal())


def test_temporary_keys_are_hidden(emulator: Emulator, client: Client) -> None:
    key = client.temporary_access_key(900)
    for part in (key.access, key.secret, key.security_token):
        assert isinstance(part, Secret) and part.expose()
        assert part.expose() not in everything_of(key)


BROKEN = f"{CANARY}\udcff"


def test_text_that_is_no_unicode_is_refused_without_being_shown(client: Client) -> None:
    base = Credentials.password("account", "user", "made-up")
    calls = {
        "`text`": lambda: Secret(BROKEN),
        "`password`": lambda: Credentials.password("account", "user", BROKEN),
        "`user`": lambda: Credentials.password("account", BROKEN, "made-up"),
        "`passcode`": lambda: Credentials.password("account", "user", "made-up", user_id="id", passcode=BROKEN),
        "`token`": lambda: Credentials.token(BROKEN),
        "`access`": lambda: Credentials.access_key(BROKEN, "made-up"),
        "`secret`": lambda: Credential.access_key("made-up", BROKEN),
        "`security_token`": lambda: Credential.temporary("made-up", "made-up", BROKEN),
        "`agency_name`": lambda: Credentials.agency(base, BROKEN, "account"),
        "`reference`": lambda: hwmigrate.resolve_secret(BROKEN),
        "`token` ": lambda: client.validate_token(BROKEN),
        "`sk`": lambda: client.call("CreateTask", body={"src_node": {"sk": BROKEN}}),
        "the request": lambda: client.call("CreateTask", body={"keys": [BROKEN]}),
    }
    for name, call in calls.items():
        with pytest.raises(hwmigrate.InvalidError) as caught:
            call()
        assert name in str(caught.value)
        assert CANARY not in everything_of(caught.value)


def test_settings_that_are_no_unicode_are_named_without_being_shown() -> None:
    settings = {
        "region": {"region": BROKEN},
        "proxy": {"proxy": BROKEN},
        "the endpoint of oms": {"endpoints": {"oms": BROKEN}},
        "HW_SECRET_KEY": {"environment": {"HW_ACCESS_KEY": "made-up", "HW_SECRET_KEY": BROKEN}},
    }
    for name, given in settings.items():
        with pytest.raises((hwmigrate.ConfigError, hwmigrate.InvalidError)) as caught:
            Client(**{"credentials": Credentials.token("t"), "environment": {}, **given})  # type: ignore[arg-type]
        assert name in str(caught.value)
        assert CANARY not in everything_of(caught.value)


def test_variables_that_are_no_unicode_are_left_out() -> None:
    variables = {"OTHER": BROKEN, BROKEN: "x", "HW_REGION_NAME": "cn-north-4"}
    assert Client(credentials=Credentials.token("t"), environment=variables)
    with pytest.raises(TypeError, match="HW_REGION_NAME"):
        Client(credentials=Credentials.token("t"), environment={"HW_REGION_NAME": 4})  # type: ignore[dict-item]
