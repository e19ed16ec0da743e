"""Types of the Server Migration Service, and ways to write its largest request and to judge its actions."""

from __future__ import annotations

from typing import Any, Iterable, Optional, Union

from hwmigrate import _hwmigrate
from hwmigrate._args import many
from hwmigrate._kinds import FLAG, TEXT
from hwmigrate._model import Model, field
from hwmigrate._types import ActionOptions
from hwmigrate.generated import sms_types as t
from hwmigrate.generated.sms_types import *  # noqa: F403

__all__ = ["ActionOptions", "Ruling", "ruling", "task_request"]
__all__ += t.__all__


class Ruling(Model):
    """Whether a task can take an action."""

    __slots__ = ()

    allowed: bool = field(FLAG, "Nothing is known against it.", default=False)
    reason: Optional[str] = field(
        TEXT, "Why it would come to nothing, or to harm: the end of a sentence that begins with the action.", default=None
    )
    advice: Optional[str] = field(TEXT, "What to do instead.", default=None)


def ruling(state: Union[t.TaskState, str], action: Union[t.TaskAction, str]) -> Ruling:
    """Whether a task in this state can take the action, by the table that ``sms.tasks.action`` goes by.

    >>> ruling("RUNNING", "cutover").allowed
    False

    A state or an action that this version does not know is left to the service, and allowed.
    """
    return Ruling._wrap(_hwmigrate.ruling(str(state), str(action)))


def task_request(
    name: str,
    type: Union[t.MigrationType, str],
    server: Union[t.ShowServerResponse, str],
    *,
    target_name: str,
    region: str,
    project_id: str,
    vm_id: Optional[str] = None,
    template_id: Optional[str] = None,
    region_name: Optional[str] = None,
    project_name: Optional[str] = None,
    layout: Optional[t.InitTargetServer] = None,
    volumes: Optional[Iterable[str]] = None,
    **fields: Any,
) -> t.PostTask:
    """The request of a task that migrates a server.

    >>> server = client.sms.servers.show(server_id)
    >>> request = task_request(
    ...     "move_web_1", "MIGRATE_FILE", server, target_name="web-1", template_id=template_id,
    ...     region="cn-north-4", project_id=client.project_id(), syncing=True,
    ... )

    :param name: 1 to 64 letters, digits, underscores, hyphens or Chinese characters.
    :param type: ``MIGRATE_FILE`` or, always for Windows, ``MIGRATE_BLOCK``.
    :param server: what ``servers.show`` answered, with the kind of system and the recommended disks; or an id alone.
    :param target_name: the name of the target.
    :param region: the region of the target.
    :param project_id: its project there.
    :param vm_id: an ECS that exists; its disks are overwritten. Either this or ``template_id`` is given.
    :param template_id: the template by which the service creates the target.
    :param region_name: the name of the region, where it is not its id.
    :param project_name: the name of the project, where it is not that of the region.
    :param layout: the disks of the target, sizes in bytes; those that the service recommends for the server by default,
        which an id alone does not tell.
    :param volumes: the EVS volumes of an existing target, one for each disk of the layout in its order.
    :param fields: further fields of ``PostTask``, such as ``syncing`` or ``start_target_server``.

    Raises ``InvalidError`` for a field that cannot be, naming it.
    """
    for further in fields:
        if further not in t.PostTask._fields:
            raise TypeError(f"PostTask has no field {further!r}; it has {', '.join(t.PostTask._fields)}")
    choices = {
        "name": name,
        "kind": str(type),
        "server": server,
        "target_name": target_name,
        "vm_id": vm_id,
        "template_id": template_id,
        "region": region,
        "region_name": region_name,
        "project_id": project_id,
        "project_name": project_name,
        "layout": None if layout is None else t.InitTargetServer._body(layout, "layout"),
        "volumes": None if volumes is None else many("volumes", volumes),
    }
    request = t.PostTask.from_dict(_hwmigrate.server_task_request(choices))
    for further, value in fields.items():
        setattr(request, further, value)
    return request
