"""Source servers, templates, migration projects, and what agents say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Mapping, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._hwmigrate import Secret
from hwmigrate._hwmigrate import start as go
from hwmigrate._args import many
from hwmigrate._async.jobs import AsyncListing, word
from hwmigrate._lazy import Lazy
from hwmigrate._records import Page
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
        :param page_size: records per request, 1 to 200.
        :param limit: at most so many records.
        """
        how = _servers(
            state,
            name,
            id,
            ip,
            project,
            migration_cycle,
            connected,
            enterprise_project_id,
            vm_id,
            has_consistency_result,
            page_size,
            limit,
        )
        return AsyncListing(t.SourceServersResponseBody, self._native.list(how))

    async def page(
        self,
        offset: int = 0,
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
    ) -> Page[t.SourceServersResponseBody]:
        """One page of the list, beginning at the record number ``offset``, 0 to 65535; narrowed as ``list`` is."""
        how = _servers(
            state,
            name,
            id,
            ip,
            project,
            migration_cycle,
            connected,
            enterprise_project_id,
            vm_id,
            has_consistency_result,
            page_size,
            None,
        )
        return Page(t.SourceServersResponseBody, await go(self._native.page(how, offset)))

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

    def errors(
        self,
        *,
        enterprise_project_id: Optional[str] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> AsyncListing[t.MigrationErrors]:
        """The servers whose migration failed, and why.

        :param enterprise_project_id: only servers of this enterprise project.
        :param page_size: records per request, 1 to 100.
        :param limit: at most so many records.
        """
        how = _errors(enterprise_project_id, page_size, limit)
        return AsyncListing(t.MigrationErrors, self._native.errors(how))

    async def errors_page(
        self,
        offset: int = 0,
        *,
        enterprise_project_id: Optional[str] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.MigrationErrors]:
        """One page of them, beginning at the record number ``offset``, 0 to 65535."""
        how = _errors(enterprise_project_id, page_size, None)
        return Page(t.MigrationErrors, await go(self._native.errors_page(how, offset)))


class AsyncTemplates:
    """Templates of target servers that the service creates."""

    def __init__(self, native: _hwmigrate.Templates) -> None:
        self._native = native

    def list(
        self,
        *,
        name: Optional[str] = None,
        id: Optional[str] = None,
        region: Optional[str] = None,
        availability_zone: Optional[str] = None,
        page_size: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> AsyncListing[t.TemplateResponseBody]:
        """All templates, page after page as they are read.

        :param region: only templates for this region.
        :param availability_zone: only templates for this availability zone.
        :param page_size: records per request, 1 to 100.
        :param limit: at most so many records.
        """
        how = _templates(name, id, region, availability_zone, page_size, limit)
        return AsyncListing(t.TemplateResponseBody, self._native.list(how))

    async def page(
        self,
        offset: int = 0,
        *,
        name: Optional[str] = None,
        id: Optional[str] = None,
        region: Optional[str] = None,
        availability_zone: Optional[str] = None,
        page_size: Optional[int] = None,
    ) -> Page[t.TemplateResponseBody]:
        """One page of the list, beginning at the record number ``offset``, 0 to 65535; narrowed as ``list`` is."""
        how = _templates(name, id, region, availability_zone, page_size, None)
        return Page(t.TemplateResponseBody, await go(self._native.page(how, offset)))

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

    def list(
        self, *, page_size: Optional[int] = None, limit: Optional[int] = None
    ) -> AsyncListing[t.MigprojectsResponseBody]:
        """All migration projects, page after page as they are read.

        :param page_size: records per request, 1 to 100.
        :param limit: at most so many records.
        """
        how = {"page_size": page_size, "limit": limit}
        return AsyncListing(t.MigprojectsResponseBody, self._native.list(how))

    async def page(self, offset: int = 0, *, page_size: Optional[int] = None) -> Page[t.MigprojectsResponseBody]:
        """One page of the list, beginning at the record number ``offset``, 0 to 65535."""
        how = {"page_size": page_size, "limit": None}
        return Page(t.MigprojectsResponseBody, await go(self._native.page(how, offset)))

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


def _servers(
    state: Optional[str],
    name: Optional[str],
    id: Optional[str],
    ip: Optional[str],
    project: Optional[str],
    migration_cycle: Optional[str],
    connected: Optional[bool],
    enterprise_project_id: Optional[str],
    vm_id: Optional[str],
    has_consistency_result: Optional[bool],
    page_size: Optional[int],
    limit: Optional[int],
) -> Mapping[str, Any]:
    return {
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


def _errors(
    enterprise_project_id: Optional[str], page_size: Optional[int], limit: Optional[int]
) -> Mapping[str, Any]:
    return {"enterprise_project_id": enterprise_project_id, "page_size": page_size, "limit": limit}


def _templates(
    name: Optional[str],
    id: Optional[str],
    region: Optional[str],
    availability_zone: Optional[str],
    page_size: Optional[int],
    limit: Optional[int],
) -> Mapping[str, Any]:
    return {
        "name": name,
        "id": id,
        "region": region,
        "availability_zone": availability_zone,
        "page_size": page_size,
        "limit": limit,
    }
