# Derived by `cargo xtask generate` from _async/sms.py. Do not edit.

"""The Server Migration Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy, RetryPolicy
from hwmigrate._hwmigrate import block as go
from hwmigrate._args import many
from hwmigrate.generated.blocking.sms_migrate import Bulk, ServerMigration
from hwmigrate.generated.blocking.sms_parts import Agent, MigrationProjects, Servers, Templates
from hwmigrate.generated.blocking.sms_tasks import ServerTasks
from hwmigrate._lazy import Lazy
from hwmigrate._records import Records
from hwmigrate._types import Bandwidth, Duration

if TYPE_CHECKING:
    from hwmigrate.generated.blocking.sms_api import SmsApi
    from hwmigrate.generated import sms_types as t
else:
    t = Lazy("hwmigrate.generated.sms_types")


class Sms:
    """The Server Migration Service: moves whole servers.

    An agent on the source server registers it; a task copies its disks to a
    target, keeps them in step, and launches the target. SMS is served from a
    few regions, and the region of the endpoint is not that of the target.
    Reference: https://support.huaweicloud.com/api-sms/
    """

    def __init__(
        self,
        core: _hwmigrate.Core,
        timeout: Optional[Duration] = None,
        retry: Optional[RetryPolicy] = None,
    ) -> None:
        self._core = core
        self._limits = (timeout, retry)
        self._native = core.sms(timeout, retry)
        self._servers = Servers(self._native.servers())
        self._tasks = ServerTasks(self._native.tasks())
        self._templates = Templates(self._native.templates())
        self._projects = MigrationProjects(self._native.projects())
        self._agent = Agent(self._native.agent())

    @property
    def servers(self) -> Servers:
        """Source servers."""
        return self._servers

    @property
    def tasks(self) -> ServerTasks:
        """Migration tasks."""
        return self._tasks

    @property
    def templates(self) -> Templates:
        """Templates of target servers that the service creates."""
        return self._templates

    @property
    def projects(self) -> MigrationProjects:
        """Migration projects: groups of source servers with defaults of their own."""
        return self._projects

    @property
    def agent(self) -> Agent:
        """What the migration agent on a source server says to the service."""
        return self._agent

    def with_limits(self, timeout: Optional[Duration] = None, retry: Optional[RetryPolicy] = None) -> Sms:
        """The same service; every call gets at most ``timeout``, and is repeated by ``retry``."""
        return Sms(self._core, timeout, retry)

    @property
    def api(self) -> SmsApi:
        """A method for each documented operation, authenticated and retried."""
        from hwmigrate.generated.blocking.sms_api import SmsApi

        return SmsApi(self._core, *self._limits)

    def migrate(
        self,
        request: t.PostTask,
        *,
        timeout: Duration,
        cut_over: bool = False,
        speed: Optional[Bandwidth] = None,
        over_speed_threshold: Optional[float] = None,
        options: Optional[Mapping[str, str]] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> ServerMigration:
        """A server's migration: created once, limited, started, and followed until it synchronises or ends.

        :param timeout: for the whole migration.
        :param cut_over: launch the target once it synchronises.
        :param speed: limits such as ``"50Mbit/s"``, or a dict of limits by time of day.
        :param over_speed_threshold: stop the task when the measured rate exceeds a limit by more than this many
            percent, 10 to 100.
        :param options: special options of the task by their keys.
        :param poll: how often to look.
        :param stall_after: the progress says ``stalled`` when nothing moved for this long.
        """
        how = _run_manner(timeout, cut_over, speed, over_speed_threshold, options, poll, stall_after)
        return ServerMigration(self._native.migrate(t.PostTask._body(request), how))

    def resume(
        self,
        task_id: str,
        *,
        timeout: Duration,
        cut_over: bool = False,
        speed: Optional[Bandwidth] = None,
        over_speed_threshold: Optional[float] = None,
        options: Optional[Mapping[str, str]] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> ServerMigration:
        """A migration that was begun before, by this process or another."""
        how = _run_manner(timeout, cut_over, speed, over_speed_threshold, options, poll, stall_after)
        return ServerMigration(self._native.resume(task_id, how))

    def bulk(
        self,
        jobs: Iterable[Union[t.PostTask, str]],
        *,
        timeout: Duration,
        at_once: Optional[int] = None,
        in_waves: bool = False,
        stop_tasks: bool = False,
        cut_over: bool = False,
        speed: Optional[Bandwidth] = None,
        over_speed_threshold: Optional[float] = None,
        options: Optional[Mapping[str, str]] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Bulk:
        """Many migrations, of which only so many run at the same time.

        :param jobs: a request for each task to create; the id of a task that exists resumes it.
        :param at_once: how many servers run at the same time; 10 by default.
        :param in_waves: begin the next only when all of a wave are through.
        :param stop_tasks: when the caller is interrupted, stop the tasks as well.
        """
        how = _run_manner(timeout, cut_over, speed, over_speed_threshold, options, poll, stall_after)
        together = {"at_once": at_once, "in_waves": in_waves, "stop_tasks": stop_tasks}
        begun = [
            job if isinstance(job, str) else t.PostTask._body(job, f"jobs[{place}]")
            for place, job in enumerate(many("jobs", jobs))
        ]
        return Bulk(self._native.bulk(begun, how, together))

    def config(self) -> t.ShowConfigResponse:
        """The service's settings for agents: its main region, the domain of OBS, kinds of disks, regions."""
        return t.ShowConfigResponse._of(go(self._native.config()))

    def agree_privacy(self) -> None:
        """Records that the user agrees to the service's privacy statement."""
        go(self._native.agree_privacy())

    def privacy_agreed(self) -> bool:
        """Whether the user has agreed to the privacy statement."""
        agreed: bool = go(self._native.privacy_agreed())
        return agreed

    def versions(self) -> Records[t.Version]:
        """The versions of the API that the endpoint serves."""
        return Records(t.Version, go(self._native.versions()))

    def version(self, version: str) -> t.ShowApiVersionResponse:
        """One version of the API, such as ``v3``."""
        return t.ShowApiVersionResponse._of(go(self._native.version(version)))


def _run_manner(
    timeout: Duration,
    cut_over: bool,
    speed: Optional[Bandwidth],
    over_speed_threshold: Optional[float],
    options: Optional[Mapping[str, str]],
    poll: Optional[PollPolicy],
    stall_after: Optional[Duration],
) -> Dict[str, Any]:
    return {
        "timeout": timeout,
        "cut_over": cut_over,
        "speed": speed,
        "over_speed_threshold": over_speed_threshold,
        "options": list((options or {}).items()),
        "poll": poll,
        "stall_after": stall_after,
    }
