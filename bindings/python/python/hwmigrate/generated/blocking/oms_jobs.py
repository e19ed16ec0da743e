# Derived by `cargo xtask generate` from _async/oms_jobs.py. Do not edit.

"""What tasks and task groups have in common: the end, the wait for it, the limits on speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Iterable, List, Optional, TypeVar

from hwmigrate._args import plain_observer as observed
from hwmigrate._args import many
from hwmigrate.generated.blocking.jobs import FleetWatch, Watch, Observer, fleet_end, follow, manner
from hwmigrate._hwmigrate import PollPolicy
from hwmigrate._hwmigrate import block as go
from hwmigrate._lazy import Lazy
from hwmigrate._types import Bandwidth, Duration
from hwmigrate.ends import FleetEnd
from hwmigrate.progress import Created, Outcome, Progress

if TYPE_CHECKING:
    from hwmigrate.generated import oms_types as t
else:
    t = Lazy("hwmigrate.generated.oms_types")

Id = TypeVar("Id")


class Job(Generic[Id]):
    """One task or task group, by its id."""

    def __init__(self, jobs: Jobs[Id], id: Id, created: Optional[Created] = None) -> None:
        self._jobs = jobs
        self.id = id
        """The id that the service knows it by."""
        self.created = created
        """How it was made, if it was made here: its name, its mark, whether it was adopted."""

    def progress(self) -> Progress:
        """Looks at it once."""
        return self._jobs.progress(self.id)

    def stop(self) -> None:
        """Pauses it."""
        self._jobs.stop(self.id)

    def delete(self) -> None:
        """Deletes it; it must not be running."""
        self._jobs.delete(self.id)

    def delete_when_stopped(self, limit: Duration) -> None:
        """Stops it if need be, and deletes it once it stands still, within ``limit``."""
        self._jobs.delete_when_stopped(self.id, limit)

    def update_bandwidth(self, bandwidth: Bandwidth) -> None:
        """Sets its limits on speed by time of day; see ``tasks.update_bandwidth``."""
        self._jobs.update_bandwidth(self.id, bandwidth)

    def update_bandwidth_policy(self, request: t.UpdateBandwidthPolicyReq) -> None:
        """As ``update_bandwidth``, with the request as it is documented."""
        self._jobs.update_bandwidth_policy(self.id, request)

    def wait(
        self,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for its end; see ``tasks.wait`` and ``groups.wait``."""
        return self._jobs.wait(
            self.id,
            timeout,
            until=until,
            poll=poll,
            stall_after=stall_after,
            after_start=after_start,
            on_progress=on_progress,
        )

    def wait_or_stop(
        self,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Outcome:
        """Waits for its end, and stops it at the deadline or when the caller is interrupted."""
        return self._jobs.wait_or_stop(
            self.id, timeout, until=until, poll=poll, stall_after=stall_after, after_start=after_start
        )

    def watch(
        self,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Watch:
        """Follows it look by look."""
        return self._jobs.watch(
            self.id, timeout, until=until, poll=poll, stall_after=stall_after, after_start=after_start
        )


class Jobs(Generic[Id]):
    """All tasks, or all task groups."""

    def __init__(self, native: Any) -> None:
        self._native = native

    def progress(self, id: Id) -> Progress:
        """Looks at one once."""
        return Progress._of(go(self._native.progress(id)))

    def stop(self, id: Id) -> None:
        """Pauses one that runs."""
        go(self._native.stop(id))

    def delete(self, id: Id) -> None:
        """Deletes one that does not run."""
        go(self._native.delete(id))

    def delete_when_stopped(self, id: Id, limit: Duration) -> None:
        """Stops one if need be, and deletes it once it stands still, within ``limit``."""
        go(self._native.delete_when_stopped(id, limit))

    def update_bandwidth(self, id: Id, bandwidth: Bandwidth) -> None:
        """Sets the limits on speed by time of day.

        :param bandwidth: such as ``"50MiB/s"``, or ``{"08:00-17:59": "10MiB/s"}``; 1 to 200 MiB/s.
        """
        go(self._native.update_bandwidth(id, bandwidth))

    def update_bandwidth_policy(self, id: Id, request: t.UpdateBandwidthPolicyReq) -> None:
        """As ``update_bandwidth``, with the request as it is documented."""
        go(self._native.update_bandwidth_policy(id, t.UpdateBandwidthPolicyReq._body(request)))

    def wait(
        self,
        id: Id,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
        on_progress: Optional[Observer[Progress]] = None,
    ) -> Outcome:
        """Waits for the end of one.

        Ctrl-C and cancelling end the waiting, not the job.

        :param timeout: the longest wait; ``math.inf`` waits for ever.
        :param until: ``"ended"``; ``"started"``: it has left the queue; ``"stopped"``: it stands still for whatever
            reason, which is what follows a stop; ``"deleted"``: the service no longer knows it.
        :param poll: how often to look.
        :param stall_after: the progress says ``stalled`` when nothing moved for this long.
        :param after_start: for a wait right after a start, what the job looked like before it: the service may
            show that picture a moment longer, so it counts as still going for 3 seconds.
        :param on_progress: called with every look; what it raises ends the wait.

        Raises ``JobFailedError`` when it ended badly, with the reason code,
        the advice and the counts in ``job``; ``TimeoutError`` when it still
        runs at the deadline; ``NotFoundError`` when there is none.
        """
        how = manner(timeout, until, poll, stall_after, after_start)
        on_progress = observed("on_progress", on_progress)
        if on_progress is not None:
            return follow(Watch(self._native.watch(id, how)), on_progress)
        return Outcome._of(go(self._native.wait(id, how)))

    def wait_or_stop(
        self,
        id: Id,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Outcome:
        """Waits as ``wait`` does, and stops the job at the deadline or when the caller is interrupted."""
        how = manner(timeout, until, poll, stall_after, after_start)
        return Outcome._of(go(self._native.wait_or_stop(id, how)))

    def watch(
        self,
        id: Id,
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
        after_start: Optional[Progress] = None,
    ) -> Watch:
        """Follows one look by look; the parameters are those of ``wait``."""
        return Watch(self._native.watch(id, manner(timeout, until, poll, stall_after, after_start)))

    def wait_all(
        self,
        ids: Iterable[Id],
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> List[FleetEnd]:
        """Waits for many, and tells how each ended, in the order they were given.

        One that fails does not end the wait for the others. Looks share
        requests: 1,500 jobs cost about 16 requests a sweep.
        """
        how = manner(timeout, until, poll, stall_after)
        return [fleet_end(end) for end in go(self._native.wait_all(many("ids", ids), how))]

    def watch_all(
        self,
        ids: Iterable[Id],
        timeout: Duration,
        *,
        until: str = "ended",
        poll: Optional[PollPolicy] = None,
        stall_after: Optional[Duration] = None,
    ) -> FleetWatch:
        """Follows many at once: every look that shows something new, and every end."""
        how = manner(timeout, until, poll, stall_after)
        return FleetWatch(self._native.watch_all(many("ids", ids), how))
