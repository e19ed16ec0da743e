# Derived by `cargo xtask generate` from _async/sms.py. Do not edit.

"""The Server Migration Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, Dict, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy, RetryPolicy, Secret
from hwmigrate._hwmigrate import block as go
from hwmigrate.generated.blocking.jobs import (
    FleetWatch,
    Listing,
    Watch,
    Observer,
    fleet_end,
    follow,
    manner,
    tell,
)
from hwmigrate._lazy import Lazy
from hwmigrate._model import Page, Records
from hwmigrate._types import Bandwidth, Duration
from hwmigrate.progress import BulkEnd, BulkNews, Created, FleetEnd, Outcome, Progress, ServerReport

if TYPE_CHECKING:
    from hwmigrate.generated.blocking.sms_api import SmsApi
    from hwmigrate.generated import sms_types as t
else:
    t = Lazy("hwmigrate.generated.sms_types")

ServerEvent = Union[Created, Progress, ServerReport, str]
"""What happens in the migration of a server; the words are prepared, started and cut over."""


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
        self.servers = Servers(self._native.servers())
        """Source servers."""
        self.tasks = ServerTasks(self._native.tasks())
        """Migration tasks."""
        self.templates = Templates(self._native.templates())
        """Templates of target servers that the service creates."""
        self.projects = MigrationProjects(self._native.projects())
        """Migration projects: groups of source servers with defaults of their own."""
        self.agent = Agent(self._native.agent())
        """What the migration agent on a source server says to the service."""

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
        options: Optional[Mapping[str, str]] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> ServerMigration:
        """A server's migration: created once, limited, started, and followed until it synchronises or ends.

        :param timeout: for the whole migration.
        :param cut_over: launch the target once it synchronises.
        :param speed: limits such as ``"50Mbit/s"``, or a dict of limits by time of day.
        :param options: special options of the task by their keys.
        :param poll: how often to look.
        :param stall_after: the progress says ``stalled`` when nothing moved for this long.
        """
        how = _run_manner(timeout, cut_over, speed, options, poll, stall_after)
        return ServerMigration(self._native.migrate(request, how))

    def resume(
        self,
        task_id: str,
        *,
        timeout: Duration,
        cut_over: bool = False,
        speed: Optional[Bandwidth] = None,
        options: Optional[Mapping[str, str]] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> ServerMigration:
        """A migration that was begun before, by this process or another."""
        how = _run_manner(timeout, cut_over, speed, options, poll, stall_after)
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
        how = _run_manner(timeout, cut_over, speed, options, poll, stall_after)
        together = {"at_once": at_once, "in_waves": in_waves, "stop_tasks": stop_tasks}
        return Bulk(self._native.bulk(list(jobs), how, together))

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
    options: Optional[Mapping[str, str]],
    poll: Optional[PollPolicy],
    stall_after: Optional[Duration],
) -> Dict[str, Any]:
    return {
        "timeout": timeout,
        "cut_over": cut_over,
        "speed": speed,
        "options": list((options or {}).items()),
        "poll": poll,
        "stall_after": stall_after,
    }


def _event(event: Any) -> Optional[ServerEvent]:
    word, facts = event
    if word == "created":
        return Created._wrap(facts)
    if word == "progress":
        return Progress._wrap(facts)
    if word == "ended":
        return ServerReport._wrap(facts)
    return str(facts) if word == "milestone" else None


class ServerMigration:
    """The migration of one server from the request to the report.

    Either ``run`` it, or iterate over its events. Leaving it ends the
    following, not the task.
    """

    def __init__(self, native: _hwmigrate.Run) -> None:
        self._native = native
        self.created: Optional[Created] = None
        """The task, once it exists; keep its id to take the migration up again."""
        self.report: Optional[ServerReport] = None
        """What came of it, once it has ended."""

    def __iter__(self) -> Iterator[ServerEvent]:
        return self

    def __next__(self) -> ServerEvent:
        while True:
            event = go(self._native.next())
            if event is None:
                raise StopIteration
            known = _event(event)
            if isinstance(known, Created):
                self.created = known
            if isinstance(known, ServerReport):
                self.report = known
            if known is not None:
                return known

    def run(self, on_event: Optional[Observer[ServerEvent]] = None) -> ServerReport:
        """Runs until it synchronises or ends; a failed task is a report too."""
        for event in self:
            if on_event is not None:
                tell(on_event, event)
        assert self.report is not None
        return self.report

    def run_or_stop(self) -> ServerReport:
        """As ``run``, and stops the task at the deadline, or when the caller is interrupted."""
        self.report = ServerReport._wrap(go(self._native.run_or_stop()))
        return self.report


class Bulk:
    """Migrations of many servers. Either ``run`` them, or iterate over what happens."""

    def __init__(self, native: _hwmigrate.BulkRun) -> None:
        self._native = native

    def __iter__(self) -> Iterator[Union[BulkNews, BulkEnd]]:
        return self

    def __next__(self) -> Union[BulkNews, BulkEnd]:
        while True:
            event = go(self._native.next())
            if event is None:
                raise StopIteration
            word, facts = event
            if word == "ended":
                return _bulk_end(facts)
            known = _event(facts["event"]) if word == "server" else None
            if known is not None:
                return BulkNews(facts["place"], facts["server"], known)

    def run(self) -> List[BulkEnd]:
        """Runs to the end, and tells how each ended, in the order they were given.

        When the caller is interrupted, nothing further begins, and what is under way is waited for.
        """
        return [_bulk_end(end) for end in go(self._native.run())]


def _bulk_end(facts: Dict[str, Any]) -> BulkEnd:
    report = facts.get("report")
    ended = None if report is None else ServerReport._wrap(report)
    return BulkEnd(facts["place"], facts["server"], ended, facts.get("error"))


class Servers:
    """Source servers, which their agents have registered."""

    def __init__(self, native: _hwmigrate.Servers) -> None:
        self._native = native

    def list(
        self,
        *,
        state: Union[t.SourceState, str, None] = None,
        name: Optional[str] = None,
        id: Optional[str] = None,
        ip: Optional[str] = None,
        project: Optional[str] = None,
        migration_cycle: Union[t.MigrationCycle, str, None] = None,
        connected: Optional[bool] = None,
        enterprise_project_id: Optional[str] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Listing[t.SourceServersResponseBody]:
        """All source servers, page after page as they are read, each once."""
        how = {
            "state": _word(state),
            "name": name,
            "id": id,
            "ip": ip,
            "project": project,
            "migration_cycle": _word(migration_cycle),
            "connected": connected,
            "enterprise_project_id": enterprise_project_id,
            "page_size": page_size,
            "limit": limit,
        }
        return Listing(t.SourceServersResponseBody, self._native.list(how))

    def show(self, id: str) -> t.ShowServerResponse:
        """Reads one source server: its disks, its checks, the target that the service recommends."""
        return t.ShowServerResponse._of(go(self._native.show(id)))

    def rename(self, id: str, name: str) -> None:
        """Gives a source server another name."""
        go(self._native.rename(id, name))

    def move_to(self, id: str, project_id: str) -> None:
        """Moves a source server to another migration project."""
        go(self._native.move_to(id, project_id))

    def update(self, id: str, request: t.PutSourceServerBody) -> None:
        """Changes a source server."""
        go(self._native.update(id, request))

    def delete(self, id: str) -> None:
        """Removes a source server from the list."""
        go(self._native.delete(id))

    def delete_many(self, ids: Iterable[str]) -> None:
        """Removes many with one request."""
        go(self._native.delete_many(list(ids)))

    def overview(self) -> t.ShowOverviewResponse:
        """How many servers are in which state."""
        return t.ShowOverviewResponse._of(go(self._native.overview()))

    def errors(self) -> Listing[t.MigrationErrors]:
        """The servers whose migration failed, and why."""
        return Listing(t.MigrationErrors, self._native.errors())


class ServerTask:
    """One migration task, by its id. Made by ``tasks.create`` and its siblings, and by ``tasks.get``."""

    def __init__(self, tasks: ServerTasks, id: str, created: Optional[Created] = None) -> None:
        self._all = tasks
        self.id = id
        """The id that the service knows it by."""
        self.created = created
        """How it was made, if it was made here."""

    def show(self) -> t.ShowTaskResponse:
        """Reads it."""
        return self._all.show(self.id)

    def progress(self) -> Progress:
        """Looks at it once."""
        return self._all.progress(self.id)

    def action(
        self,
        action: Union[t.TaskAction, str],
        *,
        force: bool = False,
        template: Optional[str] = None,
        switch_hce: Optional[bool] = None,
        consistency_check: Optional[bool] = None,
    ) -> None:
        """Tells it to do something; see ``tasks.action``."""
        self._all.action(
            self.id,
            action,
            force=force,
            template=template,
            switch_hce=switch_hce,
            consistency_check=consistency_check,
        )

    def start(self) -> None:
        """Starts it, or goes on with it after a stop or a failure."""
        self._all.start(self.id)

    def stop(self) -> None:
        """Pauses it. It is told, not done."""
        self._all.stop(self.id)

    def cutover(self) -> None:
        """Launches the target: the end of the migration."""
        self._all.cutover(self.id)

    def delete(self) -> None:
        """Deletes it; it must stand still."""
        self._all.delete(self.id)

    def wait(
        self,
        timeout: Duration,
        *,
        goal: Union[str, None] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for its end, or for a goal; see ``tasks.wait``."""
        return self._all.wait(
            self.id, timeout, goal=goal, poll=poll, stall_after=stall_after, on_progress=on_progress
        )

    def watch(
        self,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Watch:
        """Follows it look by look."""
        return self._all.watch(self.id, timeout, goal=goal, poll=poll, stall_after=stall_after)

    def __repr__(self) -> str:
        return f"<server task {self.id}>"


class ServerTasks:
    """Migration tasks of servers.

    Reference: https://support.huaweicloud.com/api-sms/CreateTask.html
    """

    def __init__(self, native: _hwmigrate.SmsTasks) -> None:
        self._native = native

    def create(self, request: t.PostTask) -> ServerTask:
        """Creates a task with one request. It begins by itself only with ``auto_start``.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent; ``AmbiguousError`` when the reply was lost.
        """
        return self._made(go(self._native.create(request)))

    def create_once(self, request: t.PostTask) -> ServerTask:
        """Creates a task; if the reply is lost, finds it by its name and source server."""
        return self._made(go(self._native.create_once(request)))

    def find(self, source_server_id: str, name: str) -> Optional[ServerTask]:
        """The task of a source server that has this name, if there is one."""
        found = go(self._native.find(source_server_id, name))
        return None if found is None else self._made(found)

    def get(self, id: str) -> ServerTask:
        """A handle on a task that exists already. Contacts nobody."""
        return ServerTask(self, id)

    def show(self, id: str) -> t.ShowTaskResponse:
        """Reads one task: its state, its steps, source, target and clone."""
        return t.ShowTaskResponse._of(go(self._native.show(id)))

    def progress(self, id: str) -> Progress:
        """Looks at one task once."""
        return Progress._wrap(go(self._native.progress(id)))

    def list(
        self,
        *,
        state: Union[t.TaskState, str, None] = None,
        name: Optional[str] = None,
        id: Optional[str] = None,
        source_server_id: Optional[str] = None,
        enterprise_project_id: Optional[str] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Listing[t.TasksResponseBody]:
        """All tasks, page after page as they are read, each once."""
        how = _listed(state, name, id, source_server_id, enterprise_project_id, page_size, limit)
        return Listing(t.TasksResponseBody, self._native.list(how))

    def page(
        self,
        offset: int = 0,
        *,
        state: Union[t.TaskState, str, None] = None,
        name: Optional[str] = None,
        source_server_id: Optional[str] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.TasksResponseBody]:
        """One page of the list, beginning at the record number ``offset``."""
        how = _listed(state, name, None, source_server_id, None, page_size, None)
        return Page(t.TasksResponseBody, go(self._native.page(how, offset)))

    def update(self, id: str, request: t.PutTaskReq) -> None:
        """Changes a task: its name, target, address, limit."""
        go(self._native.update(id, request))

    def delete(self, id: str) -> None:
        """Deletes a task that stands still. What it has copied stays."""
        go(self._native.delete(id))

    def delete_when_stopped(self, id: str, limit: Duration) -> None:
        """Stops a task if it runs, and deletes it once it stands still, within ``limit``."""
        go(self._native.delete_when_stopped(id, limit))

    def delete_many(self, ids: Iterable[str]) -> None:
        """Deletes 1 to 50 tasks with one request."""
        go(self._native.delete_many(list(ids)))

    def action(
        self,
        id: str,
        action: Union[t.TaskAction, str],
        *,
        force: bool = False,
        template: Optional[str] = None,
        switch_hce: Optional[bool] = None,
        consistency_check: Optional[bool] = None,
    ) -> None:
        """Tells a task to do something: ``start``, ``stop``, ``cutover``, ``clone_test``, and others.

        It is refused with ``ConflictError`` when the task is in a state where
        it comes to nothing, unless it is forced.

        :param template: the template of the server that the action creates.
        :param switch_hce: convert the system to Huawei Cloud EulerOS; Linux only.
        :param consistency_check: have the data of both sides compared.
        """
        details = {
            "force": force,
            "template": template,
            "switch_hce": switch_hce,
            "consistency_check": consistency_check,
        }
        go(self._native.action(id, str(action), details))

    def start(self, id: str) -> None:
        """Starts a task, or goes on with one that was stopped or failed."""
        self.action(id, "start")

    def stop(self, id: str) -> None:
        """Pauses a running task. It is told, not done."""
        self.action(id, "stop")

    def cutover(self, id: str) -> None:
        """Launches the target: the end of the migration."""
        self.action(id, "cutover")

    def speed_limits(self, id: str) -> Records[t.SpeedLimitlJson]:
        """The speed limits of a task over the day."""
        return Records(t.SpeedLimitlJson, go(self._native.speed_limits(id)))

    def limit_speed(self, id: str, speed: Optional[Bandwidth]) -> None:
        """Replaces the speed limits of a task; None lifts them.

        :param speed: such as ``"50Mbit/s"``, or ``{"08:00-17:59": "50Mbit/s"}``.
        """
        go(self._native.limit_speed(id, speed))

    def collect_log(self, id: str, bucket: str) -> None:
        """Uploads the log of a task to an OBS bucket."""
        go(self._native.collect_log(id, bucket))

    def passphrase(self, id: str) -> Optional[Secret]:
        """The passphrase of the certificate for the secure channel of a task."""
        passphrase = go(self._native.passphrase(id))
        return None if passphrase is None else Secret(passphrase)

    def cert_key(self, id: str, *, with_ca: bool = False) -> t.ShowCertKeyResponse:
        """The certificates and private keys for the secure channel of a task."""
        return t.ShowCertKeyResponse._of(go(self._native.cert_key(id, with_ca)))

    def settings(self, id: str, key: Optional[str] = None) -> t.ShowConfigSettingResponse:
        """The special options of a task: all of them, or one."""
        return t.ShowConfigSettingResponse._of(go(self._native.settings(id, key)))

    def configure(self, id: str, options: Mapping[str, str]) -> None:
        """Sets special options of a task by their keys."""
        go(self._native.configure(id, list(options.items())))

    def consistency(self, id: str) -> t.ShowConsistencyResultResponse:
        """The outcome of the last comparison of both sides."""
        return t.ShowConsistencyResultResponse._of(go(self._native.consistency(id)))

    def wait(
        self,
        id: str,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for the end of a task, or for a goal.

        Ctrl-C and cancelling end the waiting, not the task.

        :param timeout: the longest wait; ``math.inf`` waits for ever.
        :param goal: ``started``, ``syncing``, ``migrate_success``, ``sync_success`` or ``aborted``.
        :param on_progress: called with every look; what it raises ends the wait.

        Raises ``JobFailedError`` when it ended badly, ``TimeoutError`` when it
        still runs at the deadline, ``NotFoundError`` when there is none.
        """
        how = manner(timeout, None, poll, stall_after)
        if on_progress is not None:
            return follow(Watch(self._native.watch(id, how, goal)), on_progress)
        return Outcome._wrap(go(self._native.wait(id, how, goal)))

    def wait_or_stop(
        self,
        id: str,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Outcome:
        """Waits, and stops the task at the deadline or when the caller is interrupted."""
        how = manner(timeout, None, poll, stall_after)
        return Outcome._wrap(go(self._native.wait_or_stop(id, how, goal)))

    def watch(
        self,
        id: str,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> Watch:
        """Follows a task look by look, phase by phase."""
        return Watch(self._native.watch(id, manner(timeout, None, poll, stall_after), goal))

    def wait_all(
        self,
        ids: Iterable[str],
        timeout: Duration,
        *,
        goal: str,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> List[FleetEnd]:
        """Waits for many, and tells how each ended, in the order they were given."""
        how = manner(timeout, None, poll, stall_after)
        return [fleet_end(end) for end in go(self._native.wait_all(list(ids), how, goal))]

    def watch_all(
        self,
        ids: Iterable[str],
        timeout: Duration,
        *,
        goal: str,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> FleetWatch:
        """Follows many at once: every look that shows something new, and every end."""
        return FleetWatch(self._native.watch_all(list(ids), manner(timeout, None, poll, stall_after), goal))

    def _made(self, facts: Any) -> ServerTask:
        created = Created._wrap(facts)
        id: str = facts["id"]
        return ServerTask(self, id, created)


class Templates:
    """Templates of target servers that the service creates."""

    def __init__(self, native: _hwmigrate.Templates) -> None:
        self._native = native

    def list(
        self, *, name: Optional[str] = None, region: Optional[str] = None
    ) -> Listing[t.TemplateResponseBody]:
        """All templates, page after page as they are read."""
        return Listing(t.TemplateResponseBody, self._native.list(name, region))

    def create(self, template: t.TemplateRequest) -> Created:
        """Creates a template."""
        return Created._wrap(go(self._native.create(template)))

    def show(self, id: str) -> t.TemplateResponseBody:
        """Reads one template."""
        return t.TemplateResponseBody._of(go(self._native.show(id)))

    def update(self, id: str, template: t.TemplateRequest) -> None:
        """Replaces a template."""
        go(self._native.update(id, template))

    def delete(self, id: str) -> None:
        """Deletes a template."""
        go(self._native.delete(id))

    def delete_many(self, ids: Iterable[str]) -> None:
        """Deletes many with one request."""
        go(self._native.delete_many(list(ids)))


class MigrationProjects:
    """Migration projects: groups of source servers with defaults of their own."""

    def __init__(self, native: _hwmigrate.Projects) -> None:
        self._native = native

    def list(self) -> Listing[t.MigprojectsResponseBody]:
        """All migration projects, page after page as they are read."""
        return Listing(t.MigprojectsResponseBody, self._native.list())

    def create(self, project: t.PostMigProjectBody) -> Created:
        """Creates a migration project."""
        return Created._wrap(go(self._native.create(project)))

    def show(self, id: str) -> t.ShowMigprojectResponse:
        """Reads one migration project."""
        return t.ShowMigprojectResponse._of(go(self._native.show(id)))

    def update(self, id: str, project: t.MigProject) -> None:
        """Replaces the settings of a migration project."""
        go(self._native.update(id, project))

    def make_default(self, id: str) -> None:
        """Makes it the one that new servers belong to."""
        go(self._native.make_default(id))

    def delete(self, id: str) -> None:
        """Deletes a migration project."""
        go(self._native.delete(id))


class Agent:
    """What the migration agent on a source server says to the service. For those who write agents, and for tests."""

    def __init__(self, native: _hwmigrate.Agent) -> None:
        self._native = native

    def register(self, server: t.PostSourceServerBody) -> Created:
        """Registers a source server; the service knows it by the id from then on."""
        return Created._wrap(go(self._native.register(server)))

    def update_disk_info(self, server_id: str, disks: t.PutDiskInfoReq) -> None:
        """Tells about the disks of a server."""
        go(self._native.update_disk_info(server_id, disks))

    def command(self, server_id: str) -> t.ShowCommandResponse:
        """Asks what is to be done."""
        return t.ShowCommandResponse._of(go(self._native.command(server_id)))

    def command_result(self, server_id: str, result: t.CommandBody) -> None:
        """Tells what came of a command."""
        go(self._native.command_result(server_id, result))

    def report_progress(self, task_id: str, progress: t.UpdateTaskSpeedReq) -> None:
        """Tells how far a task is."""
        go(self._native.report_progress(task_id, progress))

    def report_network(self, task_id: str, check: t.NetworkCheckInfoRequestBody) -> None:
        """Tells the outcome of a network check."""
        go(self._native.report_network(task_id, check))


def _word(word: Optional[str]) -> Optional[str]:
    return None if word is None else str(word)


def _listed(
    state: Optional[str],
    name: Optional[str],
    id: Optional[str],
    source_server_id: Optional[str],
    enterprise_project_id: Optional[str],
    page_size: Optional[int],
    limit: Optional[int],
) -> Dict[str, Any]:
    return {
        "state": _word(state),
        "name": name,
        "id": id,
        "source_server_id": source_server_id,
        "enterprise_project_id": enterprise_project_id,
        "page_size": page_size,
        "limit": limit,
    }
