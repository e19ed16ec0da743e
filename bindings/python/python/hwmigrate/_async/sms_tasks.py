"""Migration tasks of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import PollPolicy, Secret
from hwmigrate._hwmigrate import start as go
from hwmigrate._args import any_observer as observed
from hwmigrate._args import many
from hwmigrate._async.jobs import AsyncFleetWatch, AsyncListing, AsyncWatch, Observer, fleet_end, follow, manner, word
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


class AsyncServerTask:
    """One migration task, by its id. Made by ``tasks.create`` and its siblings, and by ``tasks.get``."""

    def __init__(self, tasks: AsyncServerTasks, id: str, created: Optional[Created] = None) -> None:
        self._all = tasks
        self.id = id
        """The id that the service knows it by."""
        self.created = created
        """How it was made, if it was made here."""

    async def show(self) -> t.ShowTaskResponse:
        """Reads it."""
        return await self._all.show(self.id)

    async def progress(self) -> Progress:
        """Looks at it once."""
        return await self._all.progress(self.id)

    async def action(
        self,
        action: Union[t.TaskAction, str],
        *,
        force: bool = False,
        template: Optional[str] = None,
        switch_hce: Optional[bool] = None,
        consistency_check: Optional[bool] = None,
    ) -> None:
        """Tells it to do something; see ``tasks.action``."""
        await self._all.action(
            self.id,
            action,
            force=force,
            template=template,
            switch_hce=switch_hce,
            consistency_check=consistency_check,
        )

    async def start(self, **options: Unpack[ActionOptions]) -> None:
        """Starts it, or goes on with it after a stop or a failure."""
        await self._all.start(self.id, **options)

    async def stop(self, **options: Unpack[ActionOptions]) -> None:
        """Pauses it. It is told, not done."""
        await self._all.stop(self.id, **options)

    async def cutover(self, **options: Unpack[ActionOptions]) -> None:
        """Launches the target: the end of the migration."""
        await self._all.cutover(self.id, **options)

    async def restart(self, **options: Unpack[ActionOptions]) -> None:
        """Synchronises what has changed on the source since the cut-over."""
        await self._all.restart(self.id, **options)

    async def test(self, **options: Unpack[ActionOptions]) -> None:
        """The action named ``test``, which no document explains."""
        await self._all.test(self.id, **options)

    async def clone_test(self, **options: Unpack[ActionOptions]) -> None:
        """Launches a clone of the target, to try it out."""
        await self._all.clone_test(self.id, **options)

    async def migration_test(self, **options: Unpack[ActionOptions]) -> None:
        """Begins a migration drill."""
        await self._all.migration_test(self.id, **options)

    async def network_check(self, **options: Unpack[ActionOptions]) -> None:
        """Has the agent measure the network between source and target."""
        await self._all.network_check(self.id, **options)

    async def skip(self, **options: Unpack[ActionOptions]) -> None:
        """Goes on without the comparison of both sides."""
        await self._all.skip(self.id, **options)

    async def clear(self, **options: Unpack[ActionOptions]) -> None:
        """Removes the snapshots that a migration drill made."""
        await self._all.clear(self.id, **options)

    async def rollback(self, **options: Unpack[ActionOptions]) -> None:
        """Takes a failed synchronisation back."""
        await self._all.rollback(self.id, **options)

    async def update(self, request: t.PutTaskReq) -> None:
        """Changes its name, target, address, limit."""
        await self._all.update(self.id, request)

    async def delete(self) -> None:
        """Deletes it; it must stand still."""
        await self._all.delete(self.id)

    async def delete_when_stopped(self, limit: Duration) -> None:
        """Stops it if it runs, and deletes it once it stands still, within ``limit``."""
        await self._all.delete_when_stopped(self.id, limit)

    async def speed_limits(self) -> Records[t.SpeedLimitlJson]:
        """Its speed limits over the day."""
        return await self._all.speed_limits(self.id)

    async def limit_speed(
        self, speed: Optional[Bandwidth], *, over_speed_threshold: Optional[float] = None
    ) -> None:
        """Replaces its speed limits; see ``tasks.limit_speed``."""
        await self._all.limit_speed(self.id, speed, over_speed_threshold=over_speed_threshold)

    async def collect_log(self, bucket: str) -> None:
        """Uploads its log to an OBS bucket."""
        await self._all.collect_log(self.id, bucket)

    async def passphrase(self) -> Optional[Secret]:
        """The passphrase of the certificate for its secure channel."""
        return await self._all.passphrase(self.id)

    async def cert_key(self, *, with_ca: bool = False) -> t.ShowCertKeyResponse:
        """The certificates and private keys for its secure channel."""
        return await self._all.cert_key(self.id, with_ca=with_ca)

    async def settings(self, key: Optional[str] = None) -> t.ShowConfigSettingResponse:
        """Its special options: all of them, or one."""
        return await self._all.settings(self.id, key)

    async def configure(self, options: Mapping[str, str]) -> None:
        """Sets special options by their keys."""
        await self._all.configure(self.id, options)

    async def consistency(self) -> t.ShowConsistencyResultResponse:
        """The outcome of the last comparison of both sides."""
        return await self._all.consistency(self.id)

    async def wait(
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
        return await self._all.wait(
            self.id,
            timeout,
            goal=goal,
            poll=poll,
            stall_after=stall_after,
            after_start=after_start,
            on_progress=on_progress,
        )

    async def wait_or_stop(
        self,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Outcome:
        """Waits, and stops it at the deadline or when the caller is interrupted."""
        return await self._all.wait_or_stop(
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
    ) -> AsyncWatch:
        """Follows it look by look."""
        return self._all.watch(
            self.id, timeout, goal=goal, poll=poll, stall_after=stall_after, after_start=after_start
        )

    def __repr__(self) -> str:
        return f"<server task {self.id}>"


class AsyncServerTasks:
    """Migration tasks of servers.

    Reference: https://support.huaweicloud.com/api-sms/CreateTask.html
    """

    def __init__(self, native: _hwmigrate.SmsTasks) -> None:
        self._native = native

    async def create(self, request: t.PostTask) -> AsyncServerTask:
        """Creates a task with one request. It begins by itself only with ``auto_start``.

        Raises ``InvalidError`` for a request that breaks a documented rule,
        before anything is sent; ``AmbiguousError`` when the reply was lost.
        """
        return self._made(await go(self._native.create(t.PostTask._body(request))))

    async def create_once(self, request: t.PostTask) -> AsyncServerTask:
        """Creates a task; if the reply is lost, finds it by its name and source server."""
        return self._made(await go(self._native.create_once(t.PostTask._body(request))))

    async def find(self, source_server_id: str, name: str) -> Optional[AsyncServerTask]:
        """The task of a source server that has this name, if there is one."""
        found = await go(self._native.find(source_server_id, name))
        return None if found is None else self._made(found)

    def get(self, id: str) -> AsyncServerTask:
        """A handle on a task that exists already. Contacts nobody."""
        return AsyncServerTask(self, id)

    async def show(self, id: str) -> t.ShowTaskResponse:
        """Reads one task: its state, its steps, source, target and clone."""
        return t.ShowTaskResponse._of(await go(self._native.show(id)))

    async def progress(self, id: str) -> Progress:
        """Looks at one task once."""
        return Progress._of(await go(self._native.progress(id)))

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
    ) -> AsyncListing[t.TasksResponseBody]:
        """All tasks, page after page as they are read, each once.

        :param state: only those in this state.
        :param page_size: records per request, 1 to 200.
        :param limit: at most so many records.
        """
        how = _listed(state, name, id, source_server_id, enterprise_project_id, page_size, limit)
        return AsyncListing(t.TasksResponseBody, self._native.list(how))

    async def page(
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
        return Page(t.TasksResponseBody, await go(self._native.page(how, offset)))

    async def update(self, id: str, request: t.PutTaskReq) -> None:
        """Changes a task: its name, target, address, limit."""
        await go(self._native.update(id, t.PutTaskReq._body(request)))

    async def delete(self, id: str) -> None:
        """Deletes a task that stands still. What it has copied stays."""
        await go(self._native.delete(id))

    async def delete_when_stopped(self, id: str, limit: Duration) -> None:
        """Stops a task if it runs, and deletes it once it stands still, within ``limit``."""
        await go(self._native.delete_when_stopped(id, limit))

    async def delete_many(self, ids: Iterable[str]) -> None:
        """Deletes 1 to 50 tasks with one request."""
        await go(self._native.delete_many(many("ids", ids)))

    async def action(
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
        await go(self._native.action(id, str(action), details))

    async def start(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Starts a task, or goes on with one that was stopped or failed."""
        await self.action(id, "start", **options)

    async def stop(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Pauses a running task. It is told, not done."""
        await self.action(id, "stop", **options)

    async def cutover(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Launches the target: the end of the migration."""
        await self.action(id, "cutover", **options)

    async def restart(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Synchronises what has changed on the source since the cut-over."""
        await self.action(id, "restart", **options)

    async def test(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """The action named ``test``, which no document explains."""
        await self.action(id, "test", **options)

    async def clone_test(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Launches a clone of the target, to try it out."""
        await self.action(id, "clone_test", **options)

    async def migration_test(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Begins a migration drill."""
        await self.action(id, "migration_test", **options)

    async def network_check(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Has the agent measure the network between source and target."""
        await self.action(id, "network_check", **options)

    async def skip(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Goes on without the comparison of both sides."""
        await self.action(id, "skip", **options)

    async def clear(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Removes the snapshots that a migration drill made."""
        await self.action(id, "clear", **options)

    async def rollback(self, id: str, **options: Unpack[ActionOptions]) -> None:
        """Takes a failed synchronisation back."""
        await self.action(id, "sync_failed_rollback", **options)

    async def speed_limits(self, id: str) -> Records[t.SpeedLimitlJson]:
        """The speed limits of a task over the day."""
        return Records(t.SpeedLimitlJson, await go(self._native.speed_limits(id)))

    async def limit_speed(
        self, id: str, speed: Optional[Bandwidth], *, over_speed_threshold: Optional[float] = None
    ) -> None:
        """Replaces the speed limits of a task; None lifts them.

        :param speed: such as ``"50Mbit/s"``, or ``{"08:00-17:59": "50Mbit/s"}``.
        :param over_speed_threshold: stop the task when the measured rate exceeds the limit of a period by more than
            this many percent, 10 to 100.
        """
        await go(self._native.limit_speed(id, speed, over_speed_threshold))

    async def collect_log(self, id: str, bucket: str) -> None:
        """Uploads the log of a task to an OBS bucket."""
        await go(self._native.collect_log(id, bucket))

    async def passphrase(self, id: str) -> Optional[Secret]:
        """The passphrase of the certificate for the secure channel of a task."""
        passphrase: Optional[Secret] = await go(self._native.passphrase(id))
        return passphrase

    async def cert_key(self, id: str, *, with_ca: bool = False) -> t.ShowCertKeyResponse:
        """The certificates and private keys for the secure channel of a task."""
        return t.ShowCertKeyResponse._of(await go(self._native.cert_key(id, with_ca)))

    async def settings(self, id: str, key: Optional[str] = None) -> t.ShowConfigSettingResponse:
        """The special options of a task: all of them, or one."""
        return t.ShowConfigSettingResponse._of(await go(self._native.settings(id, key)))

    async def configure(self, id: str, options: Mapping[str, str]) -> None:
        """Sets special options of a task by their keys."""
        await go(self._native.configure(id, list(options.items())))

    async def consistency(self, id: str) -> t.ShowConsistencyResultResponse:
        """The outcome of the last comparison of both sides."""
        return t.ShowConsistencyResultResponse._of(await go(self._native.consistency(id)))

    async def export_consistency(self, ids: Iterable[str]) -> bytes:
        """The comparisons of 1 to 200 tasks as one file. Of what kind it is the service does not document."""
        file: bytes = await go(self._native.export_consistency(many("ids", ids)))
        return file

    async def export_consistency_of(self, request: t.BatchGetConsistencyResultReq) -> bytes:
        """As ``export_consistency``, with the ids and names of the source servers."""
        body = t.BatchGetConsistencyResultReq._body(request)
        file: bytes = await go(self._native.export_consistency_of(body))
        return file

    async def wait(
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
            return await follow(AsyncWatch(self._native.watch(id, how, goal)), on_progress)
        return Outcome._of(await go(self._native.wait(id, how, goal)))

    async def wait_or_stop(
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
        return Outcome._of(await go(self._native.wait_or_stop(id, how, goal)))

    def watch(
        self,
        id: str,
        timeout: Duration,
        *,
        goal: Optional[str] = None,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> AsyncWatch:
        """Follows a task look by look, phase by phase; the parameters are those of ``wait``."""
        return AsyncWatch(self._native.watch(id, manner(timeout, None, poll, stall_after, after_start), goal))

    async def wait_all(
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
        return [fleet_end(end) for end in await go(self._native.wait_all(many("ids", ids), how, goal))]

    def watch_all(
        self,
        ids: Iterable[str],
        timeout: Duration,
        *,
        goal: str,
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> AsyncFleetWatch:
        """Follows many at once: every look that shows something new, and every end."""
        how = manner(timeout, None, poll, stall_after)
        return AsyncFleetWatch(self._native.watch_all(many("ids", ids), how, goal))

    def _made(self, facts: Any) -> AsyncServerTask:
        created = Created._wrap(facts)
        id: str = facts["id"]
        return AsyncServerTask(self, id, created)


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
