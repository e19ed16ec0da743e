"""An emulator of the services on this machine, to test pipelines without an account.

>>> with Emulator(buckets={"source": "a", "copy": "b"}) as emulator:
...     client = emulator.client()
...     task = client.oms.tasks.create(emulator.copy_request("source", "copy"))
...     task.wait(timeout=60)

It speaks IAM, OMS and SMS on a port of its own on loopback. Tasks of OMS
really copy files between the folders that stand for buckets. Everything that
can go wrong on the way can be made to, see ``Emulator.fault``.

In pytest, the fixture ``hwmigrate_emulator`` is a running one with two
buckets in temporary folders; nothing has to be imported for it.
"""

from __future__ import annotations

import json
import os
import secrets
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type, Union

from hwmigrate._args import many
from hwmigrate._emulator import NativeEmulator
from hwmigrate._hwmigrate import Credentials, Secret
from hwmigrate._types import Duration

if TYPE_CHECKING:
    from hwmigrate._async.client import AsyncClient
    from hwmigrate.generated.blocking.client import Client
    from hwmigrate.oms import CreateTaskReq

__all__ = ["Emulator"]

StrPath = Union[str, "os.PathLike[str]"]

ACCOUNT = "emulator"
USER = "tester"


class Emulator:
    """A running emulator. It ends with ``close``, or with the ``with`` block.

    :param buckets: folders by the names of the buckets that they stand for; made if need be.
    :param region: the region that it plays.
    :param project_id: the id of its project; one is made up by default.
    :param users: further users as account, name, password, and the base32 key of a passcode or None.
    :param agencies: delegations as account, name, trusted account.
    :param servers: source servers whose agents it plays: names, or names with the number of bytes to move
        and, if need be, ``"windows"``.
    :param sms_pace: how long a step of a server's migration takes that moves no data, and the Mbit/s at
        which data moves where no limit is set; a second and 1,000 by default.
    :param access_keys: further permanent access keys with their secrets.
    :param state_dir: where jobs are kept, so that they survive a restart; temporary by default.
    :param running: how many tasks and groups run at once; five of each by default.
    :param seed: decides everything that is left to chance.
    :param check_responses: holds its own answers against the documents; ``journal`` tells what differs.
    """

    def __init__(
        self,
        *,
        buckets: Optional[Mapping[str, StrPath]] = None,
        region: str = "cn-north-4",
        project_id: Optional[str] = None,
        users: Sequence[Tuple[str, str, Union[str, Secret], Union[str, Secret, None]]] = (),
        agencies: Sequence[Tuple[str, str, str]] = (),
        access_keys: Optional[Mapping[str, Union[str, Secret]]] = None,
        state_dir: Optional[StrPath] = None,
        servers: Sequence[Union[str, Tuple[str, int], Tuple[str, int, str]]] = (),
        sms_pace: Optional[Tuple[Duration, int]] = None,
        running: Optional[Tuple[int, int]] = None,
        seed: Optional[int] = None,
        check_responses: bool = False,
    ) -> None:
        folders = {name: Path(folder) for name, folder in (buckets or {}).items()}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        self.buckets: Dict[str, Path] = folders
        """The folders of the buckets, by name."""
        self.password = Secret(secrets.token_urlsafe(16))
        """The password of the user ``tester`` of the account ``emulator``."""
        self.access_key = "EMULATOR" + secrets.token_hex(6).upper()
        """An access key that is good for the services and for the buckets."""
        self.secret_key = Secret(secrets.token_urlsafe(24))
        """The secret of that key."""
        self._native = NativeEmulator(
            {
                "state_dir": state_dir,
                "project_id": project_id,
                "region": region,
                "account": ACCOUNT,
                "users": [
                    (account, user, _text(password), None if key is None else _text(key))
                    for account, user, password, key in [(ACCOUNT, USER, self.password, None), *many("users", users)]
                ],
                "agencies": many("agencies", agencies),
                "access_keys": [
                    (id, _text(key)) for id, key in [(self.access_key, self.secret_key), *(access_keys or {}).items()]
                ],
                "buckets": list(folders.items()),
                "servers": [_server(server) for server in many("servers", servers)],
                "pace": None if sms_pace is None else (_seconds(sms_pace[0]), sms_pace[1]),
                "running": running,
                "seed": seed,
                "check_responses": check_responses,
            }
        )

    @property
    def url(self) -> str:
        """Where it is reached: the endpoint of every service."""
        return self._native.url

    @property
    def project_id(self) -> str:
        """The id of its project."""
        return self._native.project_id

    @property
    def region(self) -> str:
        """The region that it plays."""
        return self._native.region

    def settings(self, **changes: Any) -> Dict[str, Any]:
        """What a client needs to reach it: the arguments of ``Client`` and ``AsyncClient``.

        The process's environment and profiles are left out. Arguments given here win.
        """
        settings: Dict[str, Any] = {
            "region": self.region,
            "credentials": Credentials.password(ACCOUNT, USER, self.password),
            "endpoints": {"iam": self.url, "oms": self.url, "sms": self.url},
            "environment": {},
        }
        return {**settings, **changes}

    def client(self, **changes: Any) -> Client:
        """A client that is logged in to it by password; takes the arguments of ``Client``."""
        from hwmigrate.generated.blocking.client import Client

        return Client(**self.settings(**changes))

    def async_client(self, **changes: Any) -> AsyncClient:
        """The same for asyncio."""
        from hwmigrate._async.client import AsyncClient

        return AsyncClient(**self.settings(**changes))

    def environment(self) -> Dict[str, str]:
        """Variables by which a client in another process finds it, logged in by access key."""
        return {
            "HWMIGRATE_REGION": self.region,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": self.url,
            "HWMIGRATE_OMS_ENDPOINT": self.url,
            "HWMIGRATE_SMS_ENDPOINT": self.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": self.project_id,
            "HUAWEICLOUD_SDK_AK": self.access_key,
            "HUAWEICLOUD_SDK_SK": self.secret_key.expose(),
        }

    def copy_request(self, source: str, destination: str, **narrowed: Any) -> CreateTaskReq:
        """The request of a task between two of its buckets; takes the arguments of ``oms.task_request``."""
        from hwmigrate.oms import DstNodeReq, SrcNodeReq, task_request

        keys: Dict[str, Any] = {"ak": self.access_key, "sk": self.secret_key, "region": self.region}
        return task_request(
            SrcNodeReq(cloud_type="HuaweiCloud", bucket=source, **keys),
            DstNodeReq(bucket=destination, **keys),
            **narrowed,
        )

    def fault(
        self,
        kind: str,
        operation: Optional[str] = None,
        *,
        skip: int = 0,
        times: Optional[int] = 1,
        chance: Optional[float] = None,
        **details: Any,
    ) -> None:
        """Makes it misbehave.

        >>> emulator.fault("lose_reply", "CreateTask")
        >>> emulator.fault("throttle", limit=10, window_seconds=1)
        >>> emulator.fault("fail_objects", key="photos/*", code="TRF.0062", times=2)

        :param kind: ``reset``, ``delay`` (milliseconds), ``bad_gateway``,
            ``unavailable`` (retry_after), ``throttle`` and ``rate_limit`` (limit, window_seconds, retry_after),
            ``unauthorized``, ``expire_tokens``, ``status`` (status, code, message), ``redirect`` (location),
            ``lose_reply``, ``cut_body`` (bytes), ``slow_drip`` (milliseconds), ``empty_body``,
            ``truncated_json``, ``wrong_type`` (member), ``unknown_field``, ``state`` (state),
            ``states`` (states), ``big_ids``, ``fail_objects`` (key, code), ``hold_state`` (state),
            ``fail_subtask`` (subtask, server, percent, error_json), ``lose_agent`` (server).
        :param operation: only calls of this operation, by its documented id.
        :param skip: so many matching calls go well first.
        :param times: so many go wrong; None for all from then on.
        :param chance: how likely a matching call goes wrong, 0 to 1.

        Raises ``ValueError`` for a fault that could never strike, because a test with it would prove
        nothing: an unknown kind, operation or detail, a chance that is none.
        """
        fault = {"kind": kind, "operation": operation, "skip": skip, "times": times, "chance": chance, **details}
        given = {name: value for name, value in fault.items() if value is not None or name == "times"}
        self._native.push_fault(json.dumps(given))

    def clear_faults(self) -> None:
        """Ends all misbehaviour that has not struck yet."""
        self._native.clear_faults()

    def release(self, state: int) -> None:
        """Lets jobs go on that the fault ``hold_state`` holds in a state."""
        self._native.release(state)

    def journal(self) -> List[Dict[str, Any]]:
        """What it was asked so far, oldest first, without the secrets."""
        entries: List[Dict[str, Any]] = json.loads(self._native.journal())
        return entries

    def requests(self, operation: str) -> int:
        """How often an operation was asked for; ``sms.ShowTask`` is that of SMS, ``ShowTask`` that of either."""
        service, _, id = operation.rpartition(".")
        return sum(entry["operation"] == id and service in ("", entry["service"]) for entry in self.journal())

    def clear_journal(self) -> None:
        """Forgets what it was asked."""
        self._native.clear_journal()

    def advance_clock(self, by: Duration) -> None:
        """Moves its clock forward: tokens expire, windows open, servers get on."""
        self._native.advance_clock(_seconds(by))

    def expire_tokens(self) -> None:
        """Ends all tokens and temporary access keys."""
        self._native.expire_tokens()

    def user_id(self, account: str, name: str) -> Optional[str]:
        """The id of a user, which logging in with a passcode asks for."""
        return self._native.user_id(account, name)

    def close(self) -> None:
        """Ends it."""
        self._native.shutdown()

    def __enter__(self) -> Emulator:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        # One whose constructor failed has no address.
        return f"<Emulator {self.url}>" if "_native" in self.__dict__ else "<Emulator that did not start>"


def _server(given: Union[str, Tuple[str, int], Tuple[str, int, str]]) -> Tuple[str, bool, Optional[int]]:
    if isinstance(given, str):
        return (given, False, None)
    return (given[0], len(given) == 3 and given[2] == "windows", given[1])


def _text(secret: Union[str, Secret]) -> str:
    return secret.expose() if isinstance(secret, Secret) else secret


def _seconds(length: Duration) -> float:
    return length.total_seconds() if isinstance(length, timedelta) else length
