"""One view on every job: what it is doing, how far it is, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Dict, List, Optional

from hwmigrate._hwmigrate import Secret
from hwmigrate._kinds import ANY, FLAG, MOMENT_MS, NUMBER, SECRET, SPAN_MS, TEXT, WHOLE
from hwmigrate._model import Model, field
from hwmigrate._words import Word
from hwmigrate.errors import Error, _of

__all__ = [
    "Bytes",
    "Counts",
    "Created",
    "FailedObjects",
    "Login",
    "Outcome",
    "Phase",
    "Progress",
    "Project",
    "Reason",
    "Report",
    "Retrying",
    "ServerReport",
    "State",
    "Step",
    "TaskCounts",
    "TemporaryAccessKey",
    "TokenInfo",
]


class State(Word):
    """What a job is doing, in the same words for every kind of job."""

    WAITING = "waiting"
    PREPARING = "preparing"
    READY = "ready"
    RUNNING = "running"
    SYNCING = "syncing"
    RETRYING = "retrying"
    ROLLING_BACK = "rolling_back"
    PAUSING = "pausing"
    PAUSED = "paused"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    DELETING = "deleting"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class Counts(Model):
    """Numbers of objects."""

    __slots__ = ()

    done: int = field(WHOLE, "Objects migrated.", default=0)
    failed: int = field(WHOLE, "Objects that failed.", default=0)
    skipped: int = field(WHOLE, "Objects passed over, because they were there already or are too old.", default=0)
    total: Optional[int] = field(WHOLE, "Objects in all, as far as the source has been listed.", default=None)


class Bytes(Model):
    """Numbers of bytes."""

    __slots__ = ()

    done: int = field(WHOLE, "Bytes migrated.", default=0)
    total: Optional[int] = field(WHOLE, "Bytes in all, as far as the source has been listed.", default=None)


class TaskCounts(Model):
    """Numbers of tasks in a group."""

    __slots__ = ()

    total: int = field(WHOLE, "Tasks that the group will have.", default=0)
    created: int = field(WHOLE, "Tasks that exist.", default=0)
    waiting: int = field(WHOLE, "Tasks that wait for a slot.", default=0)
    running: int = field(WHOLE, "Tasks that run.", default=0)
    paused: int = field(WHOLE, "Tasks that are paused.", default=0)
    failed: int = field(WHOLE, "Tasks that failed.", default=0)
    complete: int = field(WHOLE, "Tasks that are complete.", default=0)


class Reason(Model):
    """Why a job failed, in the service's words."""

    __slots__ = ()

    code: str = field(TEXT, "The code, such as TRF.0062; empty when the service gave none.", default="")
    message: str = field(TEXT, "The service's text; empty when it gave none.", default="")
    step: Optional[str] = field(TEXT, "The step that failed, for jobs that have steps.", default=None)


class FailedObjects(Model):
    """What is known of the objects that failed."""

    __slots__ = ()

    retryable: Optional[bool] = field(FLAG, "Whether a start can repeat exactly these.", default=None)
    list_key: Optional[str] = field(TEXT, "The key of their list in the destination bucket.", default=None)
    error_code: Optional[str] = field(TEXT, "Why the list could not be written.", default=None)


class Step(Model):
    """A step of a phase."""

    __slots__ = ()

    id: Optional[int] = field(WHOLE, "The service's number for it.", default=None)
    name: str = field(TEXT, "The service's name, such as MIGRATE_LINUX_FILE.", default="")
    state: str = field(TEXT, "How far it is, in one word.", default="")
    percent: Optional[int] = field(WHOLE, "How much of it is done, 0 to 100.", default=None)
    start_time: Optional[datetime] = field(MOMENT_MS, "When it began.", default=None)
    end_time: Optional[datetime] = field(MOMENT_MS, "When it ended.", default=None)
    bytes_per_second: Optional[int] = field(WHOLE, "Its speed in bytes per second.", default=None)
    detail: Optional[str] = field(TEXT, "What the service says about it in words.", default=None)


class Phase(Model):
    """A part of a server migration that somebody asked for, such as the first copy or a cut-over."""

    __slots__ = ()

    name: str = field(TEXT, "The service's name, such as REPLICATE or CUTOVER0.", default="")
    kind: str = field(TEXT, "What the name stands for: replicate, cutover, resync or other.", default="")
    round: int = field(WHOLE, "How often the same was asked for before.", default=0)
    state: str = field(TEXT, "How far it is, in one word.", default="")
    percent: Optional[int] = field(WHOLE, "How much of it is done, 0 to 100.", default=None)
    steps: List[Step] = field([Step], "Its steps so far, in the order of the service.", default=())
    text: str = field(TEXT, "One line for people.", default="")

    def __str__(self) -> str:
        return self.text or str(self.state or "")


class Progress(Model):
    """One look at a job."""

    __slots__ = ()

    resource: str = field(TEXT, "task, task group or server task.", default="")
    id: str = field(TEXT, "The id of the job, as text for all kinds.", default="")
    state: State = field(State, "What it is doing.", default=State.WAITING)
    state_text: str = field(TEXT, "The state, with the service's own word where ours would not tell.", default="")
    state_code: Optional[int] = field(WHOLE, "The service's number for the state.", default=None)
    state_word: Optional[str] = field(TEXT, "The service's word for the state.", default=None)
    source_state: Optional[str] = field(TEXT, "The service's word for the state of the source server.", default=None)
    phases: List[Phase] = field([Phase], "What was asked of a server task so far.", default=())
    step: Optional[Step] = field(Step, "The step it is at, or was last at.", default=None)
    objects: Counts = field(Counts, "Objects done, failed, skipped, in all.", default=None)
    bytes: Bytes = field(Bytes, "Bytes done and in all.", default=None)
    bytes_per_second: Optional[int] = field(WHOLE, "Speed in bytes per second, by the service.", default=None)
    time_left: Optional[timedelta] = field(SPAN_MS, "The service's own estimate of the time left.", default=None)
    elapsed: Optional[timedelta] = field(SPAN_MS, "How long the service has worked on it.", default=None)
    totals_final: bool = field(FLAG, "The source has been listed to its end, so the totals will not grow.", default=False)
    stalled: bool = field(FLAG, "It runs, and nothing has moved for as long as the wait tolerates.", default=False)
    reason: Optional[Reason] = field(Reason, "The cause of a failure.", default=None)
    failed_objects: FailedObjects = field(FailedObjects, "The list of failed objects.", default=None)
    tasks: Optional[TaskCounts] = field(TaskCounts, "The tasks of a group.", default=None)
    start_time: Optional[datetime] = field(MOMENT_MS, "When the service started it; changes with every start.", default=None)
    migrates_metadata: bool = field(FLAG, "It copies metadata, and may sit at 0 % and still succeed.", default=False)
    fraction: Optional[float] = field(NUMBER, "The share that is done, 0 to 1; None while no total is known.", default=None)
    settled: bool = field(FLAG, "Whether it will not change by itself any more.", default=False)
    text: str = field(TEXT, "One line for people.", default="")

    def __str__(self) -> str:
        return self.text or str(self.state or "")

    def _repr_html_(self) -> str:
        """A progress bar for notebooks."""
        import html

        name = f"{self.resource or 'job'} {self.id or ''}".rstrip()
        share = "" if self.fraction is None else f' value="{self.fraction:.4f}"'
        percent = "" if self.fraction is None else f" {self.fraction * 100:.0f}&nbsp;%"
        parts = [
            f"<b>{html.escape(name)}</b>: {html.escape(self.state_text or str(self.state or State.UNKNOWN))}",
            f'<progress max="1"{share} style="width:16em"></progress>{percent}',
        ]
        objects: Optional[Counts] = self.objects
        if objects is not None and objects.total:
            parts.append(f"{objects.done or 0:,} of {objects.total:,} objects, {objects.failed or 0:,} failed")
        if self.bytes_per_second:
            parts.append(f"{self.bytes_per_second / 1_048_576:,.1f}&nbsp;MiB/s")
        if self.time_left:
            parts.append(f"{timedelta(seconds=int(self.time_left.total_seconds()))} left")
        return "<div>" + "<br>".join(parts) + "</div>"


class Outcome(Model):
    """How a wait ended."""

    __slots__ = ()

    end: str = field(TEXT, "done, paused, or overtaken: it came to another end than was waited for.", default="done")
    progress: Progress = field(Progress, "The last look.", default=None)

    @property
    def done(self) -> bool:
        """It ended as wished."""
        return self.end == "done"

    @property
    def paused(self) -> bool:
        """Somebody paused the job; it goes on after a start."""
        return self.end == "paused"

    @property
    def overtaken(self) -> bool:
        """It ended well before what was waited for could come, such as a stop that arrived too late."""
        return self.end == "overtaken"

    def __str__(self) -> str:
        return str(self.progress or self.end or "done")

    def _repr_html_(self) -> str:
        progress: Optional[Progress] = self.progress
        return f"<div>{self}</div>" if progress is None else progress._repr_html_()


class Created(Model):
    """A job that was made. ``id`` is what the service calls it by."""

    __slots__ = ()

    id: object = field(ANY, "Its id: a number for tasks, a text for groups and sync tasks.", default=None)
    name: Optional[str] = field(TEXT, "The name that the service gave it.", default=None)
    adopted: bool = field(FLAG, "The reply was lost, and the job was found by its mark.", default=False)
    mark: Optional[str] = field(TEXT, "The mark in its description.", default=None)


class Retrying(Model):
    """A failed task is started again by a migration."""

    __slots__ = ()

    round: int = field(WHOLE, "Number of the further run, from 1.", default=1)
    failed: int = field(WHOLE, "Objects that failed so far.", default=0)
    failed_only: bool = field(FLAG, "Only they are repeated; otherwise everything, skipping what is there.", default=False)


class Report(Model):
    """What came of a migration."""

    __slots__ = ()

    task_id: int = field(WHOLE, "The task.", default=0)
    state: State = field(State, "succeeded, failed or paused.", default=State.WAITING)
    objects: Counts = field(Counts, "Objects done, failed, skipped, in all.", default=None)
    bytes: Bytes = field(Bytes, "Bytes done and in all.", default=None)
    elapsed: timedelta = field(SPAN_MS, "How long it took.", default=timedelta())
    rounds: int = field(WHOLE, "Further runs that were made for what had failed.", default=0)
    failed_object_list: Optional[str] = field(TEXT, "The list of failed objects in the destination bucket.", default=None)
    reason: Optional[Reason] = field(Reason, "Why it failed.", default=None)
    adopted: bool = field(FLAG, "The reply to the create was lost, and the task was found by its mark.", default=False)
    failure: Optional[Dict[str, Any]] = field(ANY, "Of what ``error`` is made, where it failed.", default=None)
    last: Progress = field(Progress, "The last look, whole.", default=None)

    @property
    def error(self) -> Optional[Error]:
        """The ``JobFailedError`` of a migration that failed, to be raised or shown; None of any other."""
        return error_of(self.failure) if isinstance(self.failure, Mapping) else None


class ServerReport(Model):
    """What came of the migration of a server."""

    __slots__ = ()

    task_id: str = field(TEXT, "The task.", default="")
    state: State = field(State, "syncing, succeeded, failed or paused.", default=State.WAITING)
    bytes: Bytes = field(Bytes, "Bytes, by the last look.", default=None)
    phases: List[Phase] = field([Phase], "What was asked of the task, by the last look.", default=())
    elapsed: timedelta = field(SPAN_MS, "How long it took here.", default=timedelta())
    cut_over: bool = field(FLAG, "It was cut over by this migration.", default=False)
    adopted: bool = field(FLAG, "The reply to the create was lost, and the task was found afterwards.", default=False)
    reason: Optional[Reason] = field(Reason, "Why it failed or was stopped.", default=None)
    failure: Optional[Dict[str, Any]] = field(ANY, "Of what ``error`` is made, where it failed.", default=None)
    last: Progress = field(Progress, "The last look, whole.", default=None)

    @property
    def error(self) -> Optional[Error]:
        """The ``JobFailedError`` of a migration that failed, to be raised or shown; None of any other."""
        return error_of(self.failure) if isinstance(self.failure, Mapping) else None


class Login(Model):
    """What a login found out. Holds no secret."""

    __slots__ = ()

    project_id: Optional[str] = field(TEXT, "The project that calls go to, when one is known.", default=None)
    domain_id: Optional[str] = field(TEXT, "The account's id, as far as IAM told.", default=None)
    domain: Optional[str] = field(TEXT, "The account's name, as far as IAM told.", default=None)
    user: Optional[str] = field(TEXT, "The user's name, as far as IAM told.", default=None)
    expires_at: Optional[datetime] = field(MOMENT_MS, "When the token or key ends; it is renewed before.", default=None)
    kind: str = field(TEXT, "The kind of credentials, such as password.", default="")


class Project(Model):
    """A project that the credentials reach."""

    __slots__ = ()

    id: str = field(TEXT, "Its id, which the paths of the services hold.", default="")
    name: str = field(TEXT, "Its name; the region's for the built-in project of a region.", default="")
    domain_id: Optional[str] = field(TEXT, "The account that it belongs to.", default=None)
    description: Optional[str] = field(TEXT, "What its owner wrote about it.", default=None)
    enabled: Optional[bool] = field(FLAG, "Whether it can be used.", default=None)


class TokenInfo(Model):
    """What IAM says about a token. Holds no secret."""

    __slots__ = ()

    project_id: Optional[str] = field(TEXT, "The project that it is for, unless it is for the account.", default=None)
    domain_id: Optional[str] = field(TEXT, "The account's id.", default=None)
    domain: Optional[str] = field(TEXT, "The account's name.", default=None)
    user: Optional[str] = field(TEXT, "The user's name.", default=None)
    expires_at: Optional[datetime] = field(MOMENT_MS, "Its end.", default=None)


class TemporaryAccessKey(Model):
    """A temporary access key; all three parts are used together."""

    __slots__ = ()

    access: Secret = field(SECRET, "The access key id.", default=None)
    secret: Secret = field(SECRET, "The secret access key.", default=None)
    security_token: Secret = field(SECRET, "The security token that goes with them.", default=None)
    expires_at: Optional[datetime] = field(MOMENT_MS, "Their end.", default=None)


def error_of(told: Mapping[str, Any]) -> Error:
    """The error that ``to_dict`` of an end, or ``failure`` of a report, tells of."""
    facts = dict(told)
    name = facts.pop("class", None)
    return _of(str(facts.pop("text", "")), str(facts.pop("kind", "")), facts, name)
