"""The client."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple, Type, Union

from hwmigrate._hwmigrate import Core, Credentials, RetryPolicy, Secret
from hwmigrate._hwmigrate import start as go
from hwmigrate._async.oms import AsyncOms
from hwmigrate._records import RawBytes
from hwmigrate._types import Duration
from hwmigrate.progress import Login, Project, TemporaryAccessKey, TokenInfo

if TYPE_CHECKING:
    from hwmigrate.generated.aio.iam_api import AsyncIamApi
    from hwmigrate._async.sms import AsyncSms


class AsyncClient:
    """The door to the services.

    Every setting is looked for in three places, and the first that has it
    wins: an argument here, the environment (``HUAWEICLOUD_SDK_*``, ``HW_*``,
    ``HWMIGRATE_*``), the profile file (``~/.config/hwmigrate/config.toml``).
    Making a client contacts nobody. Share one: all calls share connections,
    the login, and what was learnt about rate limits.

    >>> client = AsyncClient(region="cn-north-4", credentials=Credentials.password("account", "user", "…"))
    >>> task = await client.oms.tasks.show(17)

    Lengths of time are a ``timedelta``, or seconds.

    Raises ``ConfigError`` for settings that are missing, malformed, or
    contradict each other; the text names the setting and where it came from.
    """

    def __init__(
        self,
        *,
        region: Optional[str] = None,
        credentials: Optional[Credentials] = None,
        project_id: Optional[str] = None,
        project_name: Optional[str] = None,
        domain_id: Optional[str] = None,
        metadata: Optional[bool] = None,
        sms_scope: Optional[str] = None,
        endpoints: Optional[Mapping[str, str]] = None,
        profile: Optional[str] = None,
        profile_file: Union[str, os.PathLike[str], None] = None,
        environment: Optional[Mapping[str, str]] = None,
        allow_plain_http: Optional[bool] = None,
        proxy: Optional[str] = None,
        no_proxy: Optional[str] = None,
        ca_file: Union[str, os.PathLike[str], None] = None,
        client_certificate: Optional[Tuple[Union[str, os.PathLike[str]], Union[str, os.PathLike[str]]]] = None,
        connect_timeout: Optional[Duration] = None,
        read_timeout: Optional[Duration] = None,
        call_timeout: Optional[Duration] = None,
        retry: Optional[RetryPolicy] = None,
        seed: Optional[int] = None,
    ) -> None:
        """Configures a client.

        :param region: such as ``cn-north-4``; gives the addresses of the services.
        :param credentials: how to log in; see ``Credentials``.
        :param project_id: looked up by the region's name when it is not set.
        :param project_name: looked up in place of the region's name.
        :param domain_id: the account's id, for account-wide services.
        :param metadata: log in with the agency of the cloud server (ECS) that this runs on, as
            ``Credentials.metadata`` does; False overrules environment and profile.
        :param sms_scope: what calls to SMS are about: ``"project"``, the default, or ``"domain"``, the account.
        :param endpoints: addresses by service, such as ``{"oms": "https://…", "iam": "https://…"}``.
        :param profile: the profile to read from the profile file.
        :param profile_file: another file than ``~/.config/hwmigrate/config.toml``.
        :param environment: variables to read in place of the process's own.
        :param allow_plain_http: allow ``http://`` to hosts other than this machine.
        :param proxy: for all requests, such as ``http://user:password@host:8080``.
        :param no_proxy: hosts that are reached without it, separated by commas.
        :param ca_file: PEM file with authorities that are trusted beside the system's.
        :param client_certificate: PEM files with the certificate and the key of this client.
        :param connect_timeout: longest time for making a connection; 10 seconds by default.
        :param read_timeout: longest silence of a service that is answering; 60 seconds by default.
        :param call_timeout: longest time for one call with login, pauses and repetitions; 2 minutes by default.
        :param retry: when failed requests are sent again.
        :param seed: makes random choices, such as the length of pauses, repeatable.
        """
        self._core = Core(
            {
                "region": region,
                "credentials": credentials,
                "project_id": project_id,
                "project_name": project_name,
                "domain_id": domain_id,
                "metadata": metadata,
                "sms_scope": sms_scope,
                "endpoints": None if endpoints is None else dict(endpoints),
                "profile": profile,
                "profile_file": profile_file,
                "environment": environment,
                "allow_plain_http": allow_plain_http,
                "proxy": proxy,
                "no_proxy": no_proxy,
                "ca_file": ca_file,
                "client_certificate": client_certificate,
                "connect_timeout": connect_timeout,
                "read_timeout": read_timeout,
                "call_timeout": call_timeout,
                "retry": retry,
                "seed": seed,
            }
        )
        self._oms = AsyncOms(self._core)

    @property
    def oms(self) -> AsyncOms:
        """The Object Storage Migration Service."""
        return self._oms

    @property
    def sms(self) -> AsyncSms:
        """The Server Migration Service."""
        # Not at the top: most programs use one service, and each brings a hundred types along.
        from hwmigrate._async.sms import AsyncSms

        return AsyncSms(self._core)

    @property
    def iam_api(self) -> AsyncIamApi:
        """A method for each documented operation of IAM that the services need."""
        from hwmigrate.generated.aio.iam_api import AsyncIamApi

        return AsyncIamApi(self._core)

    @property
    def region(self) -> Optional[str]:
        """The region, when one is set."""
        return self._core.region

    async def login(self) -> Login:
        """Checks the credentials against IAM and finds the project.

        Not needed before other calls, which log in by themselves.

        Raises ``AuthError`` when the credentials are refused, ``ConfigError``
        when the project cannot be told.
        """
        return Login._wrap(await go(self._core.login()))

    async def project_id(self) -> str:
        """The project that calls go to. Looked up once."""
        found: str = await go(self._core.project_id())
        return found

    async def projects(self) -> List[Project]:
        """The projects that the credentials reach."""
        return [Project._wrap(row) for row in await go(self._core.projects())]

    async def validate_token(self, token: Union[str, Secret]) -> TokenInfo:
        """Whose token this is, and when it ends."""
        return TokenInfo._wrap(await go(self._core.validate_token(token)))

    async def temporary_access_key(self, lifetime: Duration) -> TemporaryAccessKey:
        """Makes a temporary access key with the rights of the present token, for 15 minutes to 24 hours."""
        return TemporaryAccessKey.from_dict(await go(self._core.temporary_access_key(lifetime)))

    async def call(
        self,
        operation: str,
        parameters: Optional[Mapping[str, object]] = None,
        body: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[Duration] = None,
        retry: Optional[RetryPolicy] = None,
    ) -> Any:
        """Calls any operation by its documented id, such as ``"ShowTask"`` or ``"oms.ShowTask"``.

        ``project_id`` is filled in. Returns what the service answered: a dict,
        a list of them, or None. An id that several services have is that of
        OMS. The answer is given as it came, secrets included; the methods
        below ``oms.api`` return models that hide them. A file, such as that of
        ``ExportConsistencyResults``, is for ``call_bytes``.
        """
        source = await go(self._core.call(operation, _named(parameters), body, timeout, retry))
        return source.whole()

    async def call_bytes(
        self,
        operation: str,
        parameters: Optional[Mapping[str, object]] = None,
        body: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[Duration] = None,
        retry: Optional[RetryPolicy] = None,
    ) -> RawBytes:
        """As ``call``, and returns the body as it came, with the status and the id of the request.

        That the body begins like what the operation answers was checked;
        whether it is JSON to its end was not.
        """
        return RawBytes(*await go(self._core.call_bytes(operation, _named(parameters), body, timeout, retry)))

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        """Nothing to close: connections end with the last handle on the client."""

    def __repr__(self) -> str:
        return self._core.describe().replace("Client", type(self).__name__, 1)

    def __reduce__(self) -> Any:
        raise TypeError("a client is not pickled; make one in the other process")

    def __getstate__(self) -> Dict[str, Any]:
        raise TypeError("a client is not pickled; make one in the other process")


def _named(parameters: Optional[Mapping[str, object]]) -> List[Tuple[str, str]]:
    return [(name, str(value)) for name, value in (parameters or {}).items()]
