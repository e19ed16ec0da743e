# Derived by `cargo xtask generate` from _async/sms_tasks.py. Do not edit.

"""Migration tasks of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy, Secret
from hwmigrate._hwmigrate import block as go
from hwmigrate._args import plain_observer as observed
from hwmigrate._args import many
from hwmigrate.generated.blocking.jobs import FleetWatch, Listing, Watch, Observer, fleet_end, follow, manner, word
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page, Records
from hwmigrate._types import ActionOptions, Bandwidth, Duration
from hwmigrate.ends import FleetEnd
from hwmigrate.progress import Created, Outcome, Progress

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from hwmigrate.generated import sms_types as t
else:
    t = Lazy("hwmigrate.generated.sms_types")


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

    def start(self, **options: Unpack[ActionOptions]) -> None:
        """Starts it, or goes on with it after a stop or a failure."""
        self._all.start(self.id, **options)

    def stop(self, **options: Unpack[ActionOptions]) -> None:
        """Pauses it. It is told, not done."""
        self._all.stop(self.id, **options)

    def cutover(self, **options: Unpack[ActionOptions]) -> None:
        """Launches the target: the end of the migration."""
        self._all.cutover(self.id, **options)

    def restart(self, **options: Unpack[ActionOptions]) -> None:
        """Synchronises what has changed on the source since the cut-over."""
        self._all.restart(self.id, **options)

    def test(self, **options: Unpack[ActionOptions]) -> None:
        """The action named ``test``, which no document explains."""
        self._all.test(self.id, **options)

    def clone_test(self, **options: Unpack[ActionOptions]) -> None:
        """Launches a clone of the target, to try it out."""
        self._all.clone_test(self.id, **options)

    def migration_test(self, **options: Unpack[ActionOptions]) -> None:
        """Begins a migration drill."""
        self._all.migration_test(self.id, **options)

    def network_check(self, **options: Unpack[ActionOptions]) -> None:
        """Has the agent measure the network between source and target."""
        self._all.network_check(self.id, **options)

    def skip(self, **options: Unpack[ActionOptions]) -> None:
        """Goes on without the comparison of both sides."""
        self._all.skip(self.id, **options)

    def clear(self, **options: Unpack[ActionOptions]) -> None:
        """Removes the snapshots that a migration drill made."""
        self._all.clear(self.id, **options)

    def rollback(self, **options: Unpack[ActionOptions]) -> None:
        """Takes a failed synchronisation back."""
        self._all.rollback(self.id, **options)

    def update(self, request: t.PutTaskReq) -> None:
        """Changes its name, target, address, limit."""
        self._all.update(self.id, request)

    def delete(self) -> None:
        """Deletes it; it must stand still."""
        self._all.delete(self.id)

    def delete_when_stopped(self, limit: Duration) -> None:
        """Stops it if it runs, and deletes it once it stands still, within ``limit``."""
        self._all.delete_when_stopped(self.id, limit)

    def speed_limits(self) -> Records[t.SpeedLimitlJson]:
        """Its speed limits over the day."""
        return self._all.speed_limits(self.id)

    def limit_speed(
        self, speed: Optional[Bandwidth], *, over_speed_threshold: Optional[float] = None
    ) -> None:
        """Replaces its speed limits; see ``tasks.limit_speed``."""
        self._all.limit_speed(self.id, speed, over_speed_threshold=over_speed_threshold)

    def collect_log(self, bucket: str) -> None:
        """Uploads its log to an OBS bucket."""
        self._all.collect_log(self.id, bucket)

    def passphrase(self) -> Optional[Secret]:
        """The passphrase of the certificate for its secure channel."""
        return self._all.passphrase(self.id)

    def cert_key(self, *, with_ca: bool = False) -> t.ShowCertKeyResponse:
        """The certificates and private keys for its secure channel."""
        return self._all.cert_key(self.id, with_ca=with_ca)

    def settings(self, key: Optional[str] = None) -> t.ShowConfigSettingResponse:
        """Its special options: all of them, or one."""
        return self._all.settings(self.id, key)

    def configure(self, options: Mapping[str, str]) -> None:
        """Sets special options by their keys."""
        self._all.configure(self.id, options)

    def consistency(self) -> t.ShowConsistencyResultResponse:
        """The outcome of the last comparison of both sides."""
        return self._all.consistency(self.id)

    def wait(
        self,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for its end, or for a goal; see ``tasks.wait``."""
        return self._all.wait(
            self.id,
            timeout,
            goal=goal,
            poll=poll,
            stall_after=stall_after,
            after_start=after_start,
            on_progress=on_progress,
        )

    def wait_or_stop(
        self,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Outcome:
        """Waits, and stops it at the deadline or when the caller is interrupted."""
        return self._all.wait_or_stop(
            self.id, timeout, goal=goal, poll=poll, stall_after=stall_after, after_start=after_start
        )

    def watch(
        self,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Watch:
        """Follows it look by look."""
        return self._all.watch(
            self.id, timeout, goal=goal, poll=poll, stall_after=stall_after, after_start=after_start
        )

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
        return self._made(go(self._native.create(t.PostTask._body(request))))

    def create_once(self, request: t.PostTask) -> ServerTask:
        """Creates a task; if the reply is lost, finds it by its name and source server."""
        return self._made(go(self._native.create_once(t.PostTask._body(request))))

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
        return Progress._of(go(self._native.progress(id)))

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
        """All tasks, page after page as they are read, each once.

        :param state: only those in this state.
        :param page_size: records per request, 1 to 200.
        :param limit: at most so many records.
        """
        how = _listed(state, name, id, source_server_id, enterprise_project_id, page_size, limit)
        return Listing(t.TasksResponseBody, self._native.list(how))

    def page(
        self,
        offset: int = 0,
        *,
        state: Union[t.TaskState, str, None] = None,
        name: Optional[str] = None,
        id: Optional[str] = None,
        source_server_id: Optional[str] = None,
        enterprise_project_id: Optional[str] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.TasksResponseBody]:
        """One page of the list, beginning at the record number ``offset``, 0 to 65535."""
        how = _listed(state, name, id, source_server_id, enterprise_project_id, page_size, None)
        return Page(t.TasksResponseBody, go(self._native.page(how, offset)))

    def update(self, id: str, request: t.PutTaskReq) -> None:
        """Changes a task: its name, target, address, limit."""
        go(self._native.update(id, t.PutTaskReq._body(request)))

    def delete(self, id: str) -> None:
        """Deletes a task that stands still. What it has copied stays."""
        go(self._native.delete(id))

    def delete_when_stopped(self, id: str, limit: Duration) -> None:
        """Stops a task if it runs, and deletes it once it stands still, within ``limit``."""
        go(self._native.delete_when_stopped(id, limit))

    def delete_many(self, ids: Iterable[str]) -> None:
        """Deletes 1 to 50 tasks with one request."""
        go(self._native.delete_many(many("ids", ids)))

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

        The named forms below take the same options. It is refused with
        ``ConflictError`` when the task is in a state where it comes to
        nothing, see ``sms.ruling``.

        :param force: send it whatever the task's state is, without looking first.
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

    def start(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Starts a task, or goes on with one that was stopped or failed."""
        self.action(id, "start", **options)

    def stop(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Pauses a running task. It is told, not done."""
        self.action(id, "stop", **options)

    def cutover(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Launches the target: the end of the migration."""
        self.action(id, "cutover", **options)

    def restart(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Synchronises what has changed on the source since the cut-over."""
        self.action(id, "restart", **options)

    def test(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """The action named ``test``, which no document explains."""
        self.action(id, "test", **options)

    def clone_test(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Launches a clone of the target, to try it out."""
        self.action(id, "clone_test", **options)

    def migration_test(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Begins a migration drill."""
        self.action(id, "migration_test", **options)

    def network_check(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Has the agent measure the network between source and target."""
        self.action(id, "network_check", **options)

    def skip(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Goes on without the comparison of both sides."""
        self.action(id, "skip", **options)

    def clear(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Removes the snapshots that a migration drill made."""
        self.action(id, "clear", **options)

    def rollback(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Takes a failed synchronisation back."""
        self.action(id, "sync_failed_rollback", **options)

    def speed_limits(self, id: str) -> Records[t.SpeedLimitlJson]:
        """The speed limits of a task over the day."""
        return Records(t.SpeedLimitlJson, go(self._native.speed_limits(id)))

    def limit_speed(
        self, id: str, speed: Optional[Bandwidth], *, over_speed_threshold: Optional[float] = None
    ) -> None:
        """Replaces the speed limits of a task; None lifts them.

        :param speed: such as ``"50Mbit/s"``, or ``{"08:00-17:59": "50Mbit/s"}``.
        :param over_speed_threshold: stop the task when the measured rate exceeds the limit of a period by more than
            this many percent, 10 to 100.
        """
        go(self._native.limit_speed(id, speed, over_speed_threshold))

    def collect_log(self, id: str, bucket: str) -> None:
        """Uploads the log of a task to an OBS bucket."""
        go(self._native.collect_log(id, bucket))

    def passphrase(self, id: str) -> Optional[Secret]:
        """The passphrase of the certificate for the secure channel of a task."""
        passphrase: Optional[Secret] = go(self._native.passphrase(id))
        return passphrase

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

    def export_consistency(self, ids: Iterable[str]) -> bytes:
        """The comparisons of 1 to 200 tasks as one file. Of what kind it is the service does not document."""
        file: bytes = go(self._native.export_consistency(many("ids", ids)))
        return file

    def export_consistency_of(self, request: t.BatchGetConsistencyResultReq) -> bytes:
        """As ``export_consistency``, with the ids and names of the source servers."""
        body = t.BatchGetConsistencyResultReq._body(request)
        file: bytes = go(self._native.export_consistency_of(body))
        return file

    def wait(
        self,
        id: str,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for the end of a task, or for a goal.

        Ctrl-C and cancelling end the waiting, not the task.

        :param timeout: the longest wait; ``math.inf`` waits for ever.
        :param goal: ``started``, ``syncing``, ``migrate_success``, ``sync_success`` or ``aborted``.
        :param after_start: for a wait right after a start, what the task looked like before it: the service may
            show that picture a moment longer, so it counts as still going for 5 minutes.
        :param on_progress: called with every look; what it raises ends the wait.

        Raises ``JobFailedError`` when it ended badly, ``TimeoutError`` when it
        still runs at the deadline, ``NotFoundError`` when there is none.
        """
        how = manner(timeout, None, poll, stall_after, after_start)
        on_progress = observed("on_progress", on_progress)
        if on_progress is not None:
            return follow(Watch(self._native.watch(id, how, goal)), on_progress)
        return Outcome._of(go(self._native.wait(id, how, goal)))

    def wait_or_stop(
        self,
        id: str,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Outcome:
        """Waits as ``wait`` does, and stops the task at the deadline or when the caller is interrupted."""
        how = manner(timeout, None, poll, stall_after, after_start)
        return Outcome._of(go(self._native.wait_or_stop(id, how, goal)))

    def watch(
        self,
        id: str,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Watch:
        """Follows a task look by look, phase by phase; the parameters are those of ``wait``."""
        return Watch(self._native.watch(id, manner(timeout, None, poll, stall_after, after_start), goal))

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
        return [fleet_end(end) for end in go(self._native.wait_all(many("ids", ids), how, goal))]

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
        how = manner(timeout, None, poll, stall_after)
        return FleetWatch(self._native.watch_all(many("ids", ids), how, goal))

    def _made(self, facts: Any) -> ServerTask:
        created = Created._wrap(facts)
        id: str = facts["id"]
        return ServerTask(self, id, created)


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
        "state": word(state),
        "name": name,
        "id": id,
        "source_server_id": source_server_id,
        "enterprise_project_id": enterprise_project_id,
        "page_size": page_size,
        "limit": limit,
    }
