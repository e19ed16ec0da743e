"""Source servers, templates, migration projects, and what agents say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import Secret
from hwmigrate._hwmigrate import start as go
from hwmigrate._args import many
from hwmigrate._async.jobs import AsyncListing, word
from hwmigrate._lazy import Lazy
from hwmigrate.progress import Created

if TYPE_CHECKING:
    from hwmigrate.generated import sms_types as t
else:
    t = Lazy("hwmigrate.generated.sms_types")


class AsyncServers:
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
        vm_id: Optional[str] = None,
        has_consistency_result: Optional[bool] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> AsyncListing[t.SourceServersResponseBody]:
        """All source servers, page after page as they are read, each once.

        :param ip: only the server with this address, IPv4 or IPv6.
        :param project: only servers of the migration project with this id.
        :param connected: only servers whose agent is connected, or is not.
        :param vm_id: only the server whose clone is this ECS.
        :param has_consistency_result: only servers that were compared with their target, or were not.
        """
        how = {
            "state": word(state),
            "name": name,
            "id": id,
            "ip": ip,
            "project": project,
            "migration_cycle": word(migration_cycle),
            "connected": connected,
            "enterprise_project_id": enterprise_project_id,
            "vm_id": vm_id,
            "has_consistency_result": has_consistency_result,
            "page_size": page_size,
            "limit": limit,
        }
        return AsyncListing(t.SourceServersResponseBody, self._native.list(how))

    async def show(self, id: str) -> t.ShowServerResponse:
        """Reads one source server: its disks, its checks, the target that the service recommends."""
        return t.ShowServerResponse._of(await go(self._native.show(id)))

    async def rename(self, id: str, name: str) -> None:
        """Gives a source server another name."""
        await go(self._native.rename(id, name))

    async def move_to(self, id: str, project_id: str) -> None:
        """Moves a source server to another migration project."""
        await go(self._native.move_to(id, project_id))

    async def update(self, id: str, request: t.PutSourceServerBody) -> None:
        """Changes a source server."""
        await go(self._native.update(id, t.PutSourceServerBody._body(request)))

    async def delete(self, id: str) -> None:
        """Removes a source server from the list."""
        await go(self._native.delete(id))

    async def delete_many(self, ids: Iterable[str]) -> None:
        """Removes many with one request."""
        await go(self._native.delete_many(many("ids", ids)))

    async def overview(self) -> t.ShowOverviewResponse:
        """How many servers are in which state."""
        return t.ShowOverviewResponse._of(await go(self._native.overview()))

    def errors(self) -> AsyncListing[t.MigrationErrors]:
        """The servers whose migration failed, and why."""
        return AsyncListing(t.MigrationErrors, self._native.errors())


class AsyncTemplates:
    """Templates of target servers that the service creates."""

    def __init__(self, native: _hwmigrate.Templates) -> None:
        self._native = native

    def list(
        self, *, name: Optional[str] = None, region: Optional[str] = None
    ) -> AsyncListing[t.TemplateResponseBody]:
        """All templates, page after page as they are read."""
        return AsyncListing(t.TemplateResponseBody, self._native.list(name, region))

    async def create(self, template: t.TemplateRequest) -> Created:
        """Creates a template."""
        return Created._wrap(await go(self._native.create(t.TemplateRequest._body(template))))

    async def show(self, id: str) -> t.TemplateResponseBody:
        """Reads one template."""
        return t.TemplateResponseBody._of(await go(self._native.show(id)))

    async def update(self, id: str, template: t.TemplateRequest) -> None:
        """Replaces a template."""
        await go(self._native.update(id, t.TemplateRequest._body(template)))

    async def delete(self, id: str) -> None:
        """Deletes a template."""
        await go(self._native.delete(id))

    async def delete_many(self, ids: Iterable[str]) -> None:
        """Deletes many with one request."""
        await go(self._native.delete_many(many("ids", ids)))

    async def target_password(self, id: str) -> Optional[Secret]:
        """The password that the target of a template gets; None when it has none."""
        password: Optional[Secret] = await go(self._native.target_password(id))
        return password


class AsyncMigrationProjects:
    """Migration projects: groups of source servers with defaults of their own."""

    def __init__(self, native: _hwmigrate.Projects) -> None:
        self._native = native

    def list(self) -> AsyncListing[t.MigprojectsResponseBody]:
        """All migration projects, page after page as they are read."""
        return AsyncListing(t.MigprojectsResponseBody, self._native.list())

    async def create(self, project: t.PostMigProjectBody) -> Created:
        """Creates a migration project."""
        return Created._wrap(await go(self._native.create(t.PostMigProjectBody._body(project))))

    async def show(self, id: str) -> t.ShowMigprojectResponse:
        """Reads one migration project."""
        return t.ShowMigprojectResponse._of(await go(self._native.show(id)))

    async def update(self, id: str, project: t.MigProject) -> None:
        """Replaces the settings of a migration project."""
        await go(self._native.update(id, t.MigProject._body(project)))

    async def make_default(self, id: str) -> None:
        """Makes it the one that new servers belong to."""
        await go(self._native.make_default(id))

    async def delete(self, id: str) -> None:
        """Deletes a migration project."""
        await go(self._native.delete(id))


class AsyncAgent:
    """What the migration agent on a source server says to the service. For those who write agents, and for tests."""

    def __init__(self, native: _hwmigrate.Agent) -> None:
        self._native = native

    async def register(self, server: t.PostSourceServerBody) -> Created:
        """Registers a source server; the service knows it by the id from then on."""
        return Created._wrap(await go(self._native.register(t.PostSourceServerBody._body(server))))

    async def update_disk_info(self, server_id: str, disks: t.PutDiskInfoReq) -> None:
        """Tells about the disks of a server."""
        await go(self._native.update_disk_info(server_id, t.PutDiskInfoReq._body(disks)))

    async def update_copy_state(
        self, server_id: str, state: Union[t.SourceState, str], cycle: Union[t.MigrationCycle, str]
    ) -> None:
        """Tells how far the copy of a server is, and where in its migration it stands."""
        await go(self._native.update_copy_state(server_id, str(state), str(cycle)))

    async def command(self, server_id: str) -> t.ShowCommandResponse:
        """Asks what is to be done."""
        return t.ShowCommandResponse._of(await go(self._native.command(server_id)))

    async def command_result(self, server_id: str, result: t.CommandBody) -> None:
        """Tells what came of a command."""
        await go(self._native.command_result(server_id, t.CommandBody._body(result)))

    async def report_progress(self, task_id: str, progress: t.UpdateTaskSpeedReq) -> None:
        """Tells how far a task is."""
        await go(self._native.report_progress(task_id, t.UpdateTaskSpeedReq._body(progress)))

    async def report_network(self, task_id: str, check: t.NetworkCheckInfoRequestBody) -> None:
        """Tells the outcome of a network check."""
        await go(self._native.report_network(task_id, t.NetworkCheckInfoRequestBody._body(check)))

    async def report_consistency(self, task_id: str, results: Iterable[t.ConsistencyResult]) -> None:
        """Tells the outcome of a comparison of both sides."""
        rows = [t.ConsistencyResult._body(row, f"results[{place}]") for place, row in enumerate(many("results", results))]
        await go(self._native.report_consistency(task_id, rows))
