"""A child that solves one job, with the clocks that bound it."""

import time

from topodesign.domain.plan import SolveLimits
from topodesign.processes.groups import GroupUsage
from topodesign_server.children import Child, ChildFactory, Excess
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.job_rows import ClaimedJob
from topodesign_server.settings import ServerSettings


class RunningAttempt:
    """A child that solves one job, with the clocks that bound it.

    A child is asked to return its best plan first, and killed when that takes longer than the grace. The factory's
    watchdog does the killing: the thread that reads from the child may be waiting for the rest of a message.
    """

    def __init__(self, children: ChildFactory, job: ClaimedJob, settings: ServerSettings, limits: SolveLimits) -> None:
        self.job = job
        self.progress: bytes | None = None
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
        payload = (job.scenario, job.limits, job.start or b"")
        self._child: Child = children.start("make_plan", payload, memory_bytes=self.memory_bytes)
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

    def cancel(self) -> None:
        """Ask it to return its best plan; it is killed when that takes too long."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self._child.ask_to_stop()
            self._child.kill_within(self._grace_s)

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
