"""A child that solves one job, with the clocks that bound it."""

import time
from dataclasses import dataclass, field

from topodesign.domain.plan import SolveLimits
from topodesign.processes.groups import GroupUsage
from topodesign.v1 import plan_pb2
from topodesign_server.children import Child, ChildFactory, Excess
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.job_rows import ClaimedJob
from topodesign_server.settings import ServerSettings
from topodesign_server.snapshots import Snapshot, is_better, plan_of

JOB_NICENESS = 10
"""Where cores are short, jobs come after everything that somebody waits for: the answers of the service stay quick."""


@dataclass(slots=True, kw_only=True)
class Unsaved:
    """What an attempt said that the store does not have yet."""

    events: list[bytes] = field(default_factory=list)
    snapshot: Snapshot | None = None

    def __bool__(self) -> bool:
        return bool(self.events) or self.snapshot is not None


class RunningAttempt:
    """A child that solves one job, with the clocks that bound it.

    A child is asked to return its best plan first, and killed when that takes longer than the grace. The factory's
    watchdog does the killing: the thread that reads from the child may be waiting for the rest of a message.
    ``snapshot`` is the best plan so far, of this attempt or of one before; ``progress`` is this attempt's latest event.
    """

    def __init__(self, children: ChildFactory, job: ClaimedJob, settings: ServerSettings, limits: SolveLimits) -> None:
        self.job = job
        self.progress: bytes | None = None
        self.snapshot = job.snapshot
        self.is_cancelled = False
        self.is_abandoned = False
        self.is_lost = False
        self.memory_bytes = settings.plan_memory_bytes
        self.limit_s = limits.time_limit_s + settings.overrun_s
        self._is_asked = False
        self._is_silent = False
        self._exit_code: int | None = None
        self._grace_s = settings.cancel_grace_s
        self._started_s = time.monotonic()
        payload = (job.scenario, job.limits, job.start or b"", b"" if job.snapshot is None else job.snapshot.content)
        self._child: Child = children.start("make_plan", payload, memory_bytes=self.memory_bytes, niceness=JOB_NICENESS)
        self._child.kill_within(self.limit_s + self._grace_s)
        self.pid = self._child.pid

    @property
    def exit_code(self) -> int | None:
        """Of a child that ended without a last word."""
        return self._exit_code

    @property
    def excess(self) -> Excess | None:
        """Which limit it was ended for."""
        return self._child.excess

    @property
    def usage(self) -> GroupUsage:
        """The most that was seen of it."""
        return self._child.usage

    @property
    def wall_s(self) -> float:
        """Since its start, in seconds."""
        return time.monotonic() - self._started_s

    def receive(self, timeout_s: float) -> Frame | None:
        frame = self._child.receive(timeout_s)
        self._is_silent = frame is not None and frame.kind is FrameKind.END
        return frame

    def take(self, content: bytes) -> bool:
        """Take what the child found in place of the snapshot; whether it is not worse."""
        before = self.snapshot
        is_worse = before is not None and is_better(before.plan(), plan_pb2.Plan.FromString(content))
        if not is_worse:
            self.snapshot = Snapshot(attempt=self.job.attempt, content=content)
        return not is_worse

    def best_plan(self, stopped_by: plan_pb2.StoppedBy.ValueType) -> plan_pb2.Plan | None:
        """The snapshot as the result of a search that was ended; ``None`` without one."""
        if self.snapshot is None:
            return None
        progress = self.progress if self.snapshot.attempt == self.job.attempt else None
        return plan_of(self.snapshot, progress=progress, stopped_by=stopped_by)

    def cancel(self, *, late_s: float = 0.0) -> None:
        """Ask it to return its best plan; it is killed when that takes too long since it was wanted, ``late_s`` ago."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self._child.ask_to_stop()
            self._child.kill_within(max(0.0, self._grace_s - late_s))

    def abandon(self) -> None:
        """End it because the server ends: the job is given back."""
        self.is_abandoned = True
        self._child.kill()

    def lose(self) -> None:
        """End it because another server has the job now: nothing that it could still write would be kept."""
        self.is_lost = True
        self._child.kill()

    def ask_when_over(self) -> None:
        """Ask the child for its best plan once its time is over; when it does not answer, the watchdog ends it."""
        if not self._is_asked and self.wall_s > self.limit_s:
            self._is_asked = True
            self._child.ask_to_stop()

    def end(self) -> None:
        """End what is left of it, and return when it is gone."""
        self._exit_code = self._child.exit_code if self._is_silent else None
        self._child.end()

    def close(self) -> None:
        self._child.close()
