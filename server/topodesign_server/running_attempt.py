"""A child that solves one job, with the clocks that bound it."""

import time

import structlog
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import CapacityError
from topodesign.domain.plan import SolveLimits
from topodesign.wire import status_from_error
from topodesign_server.children import Child, ChildFactory
from topodesign_server.frames import Frame
from topodesign_server.job_rows import ClaimedJob
from topodesign_server.settings import ServerSettings

log = structlog.get_logger("topodesign_server")


class RunningAttempt:
    """A child that solves one job, with the clocks that bound it."""

    def __init__(self, children: ChildFactory, job: ClaimedJob, settings: ServerSettings, limits: SolveLimits) -> None:
        self.job = job
        self.progress: bytes | None = None
        self.is_cancelled = False
        self.is_abandoned = False
        self.is_lost = False
        self.is_overrun = False
        self._grace_s = settings.cancel_grace_s
        self._deadline = time.monotonic() + limits.time_limit_s + settings.overrun_s
        self._kill_at: float | None = None
        self._child: Child = children.start("make_plan", (job.scenario, job.limits, job.start or b""))
        self.pid = self._child.pid

    @property
    def exit_code(self) -> int | None:
        return self._child.exit_code

    def receive(self, timeout_s: float) -> Frame | None:
        return self._child.receive(timeout_s)

    def cancel(self) -> None:
        """Ask it to return its best plan; it is killed when that takes too long."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self._kill_at = time.monotonic() + self._grace_s
            self._child.ask_to_stop()

    def abandon(self) -> None:
        """End it because the server ends: the job is given back."""
        self.is_abandoned = True
        self._child.kill()

    def lose(self) -> None:
        """End it because another server has the job now: nothing that it could still write would be kept."""
        self.is_lost = True
        self._child.kill()

    def enforce_limits(self) -> None:
        """End the child when its time is over."""
        now = time.monotonic()
        if self._kill_at is None and now > self._deadline:
            self.is_overrun = True
            self._kill_at = now + self._grace_s
            self._child.ask_to_stop()
        if self._kill_at is not None and now > self._kill_at:
            self._child.kill()

    def close(self) -> None:
        self._child.close()


def crash_status(attempt: RunningAttempt) -> Status:
    """The error of a job whose child ended without a last word."""
    job_id = attempt.job.id
    if attempt.is_overrun:
        error = CapacityError(
            f"the solve of plans/{job_id} did not stop at its time limit and was ended; make the scenario smaller",
            reason="SOLVER_OVERRUN",
        )
    else:
        error = CapacityError(
            f"the solve of plans/{job_id} was ended by the system (exit code {attempt.exit_code}), most often for want "
            "of memory; make the scenario smaller or give the server more",
            reason="SOLVER_CRASHED",
            metadata={"exit_code": str(attempt.exit_code)},
        )
    log.error("attempt_lost", job=job_id, attempt=attempt.job.attempt, reason=error.reason)
    return status_from_error(error)
