"""Workers: threads that take jobs from the store and have children solve them, one child for each attempt."""

import threading
import time
from collections.abc import Callable

import structlog
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import CapacityError, InternalError
from topodesign.domain.plan import SolveLimits
from topodesign.v1 import plan_pb2
from topodesign.wire import from_proto, status_from_error
from topodesign_server.cancelled import cancelled_plan
from topodesign_server.children import Child, ChildFactory
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.incidents import status_of
from topodesign_server.job_rows import CANCELLING, ClaimedJob
from topodesign_server.job_store import JobStore
from topodesign_server.settings import ServerSettings
from topodesign_server.summaries import plan_summary

log = structlog.get_logger("topodesign_server")

POLL_S = 0.1
IDLE_S = 5.0
MOST_EVENTS_AT_ONCE = 200


class Workers:
    """The worker threads of a server, and the way to stop what they do.

    Parameters
    ----------
    on_change : callable
        Called with the id of a job, from any thread, after its history grew.
    """

    def __init__(
        self, store: JobStore, children: ChildFactory, settings: ServerSettings, on_change: Callable[[str], None]
    ) -> None:
        self._store = store
        self._children = children
        self._settings = settings
        self._on_change = on_change
        self._lock = threading.Lock()
        self._attempts: dict[str, _Attempt] = {}
        # A permit for each new job: one that comes between a worker's look and its sleep is not missed.
        self._news = threading.Semaphore(0)
        self._draining = False
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(settings.workers)
        ]

    def start(self) -> None:
        """Settle what an earlier server left, then begin to work."""
        queued, cancelling, spent = self._store.recover()
        for job_id in cancelling:
            self.finish_cancelled(job_id)
        for job_id in spent:
            self._give_up(job_id)
        if queued or cancelling or spent:
            log.info("recovered", queued=queued, cancelled=cancelling, given_up=spent)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is a new job."""
        self._news.release()

    def cancel(self, job_id: str) -> None:
        """Ask the attempt at a job, if one runs, to return its best plan; it is killed when it takes too long."""
        with self._lock:
            attempt = self._attempts.get(job_id)
        if attempt is not None:
            attempt.cancel()

    def finish_cancelled(self, job_id: str) -> None:
        """Write the result of a job that was cancelled while no worker had it."""
        job = self._store.claim_cancelled(job_id)
        if job is not None:
            self._write_cancelled(job)

    def drain(self) -> None:
        """Take no new job, end the running ones and queue them again for the next server; returns when that is done."""
        self._draining = True
        with self._lock:
            attempts = list(self._attempts.values())
        for attempt in attempts:
            attempt.abandon()
        self._news.release(len(self._threads))
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._draining:
            try:
                job = self._store.claim()
                if job is not None:
                    self._on_change(job.id)
                    self._attempt(job)
                    self._on_change(job.id)
                    continue
            except Exception:  # the job boundary: a worker outlives every defect
                log.exception("worker")
            if not self._draining:
                self._news.acquire(timeout=IDLE_S)

    def _attempt(self, job: ClaimedJob) -> None:
        try:
            limits = from_proto(plan_pb2.SolveLimits.FromString(job.limits), SolveLimits, path="limits")
            attempt = _Attempt(self._children, job, self._settings, limits)
            try:
                self._register(attempt)
                log.info("attempt", job=job.id, attempt=job.attempt, pid=attempt.pid)
                self._settle(attempt, self._follow(attempt))
            finally:
                with self._lock:
                    self._attempts.pop(job.id, None)
                attempt.close()
        except Exception as error:  # noqa: BLE001 - the job boundary
            self._store.fail(job, status=status_of(error, during="make_plan").SerializeToString())

    def _register(self, attempt: "_Attempt") -> None:
        with self._lock:
            self._attempts[attempt.job.id] = attempt
            # What was asked since the claim is in the store, but nobody could tell the attempt.
            if self._store.get(attempt.job.id).state == CANCELLING:
                attempt.cancel()
            if self._draining:
                attempt.abandon()

    def _follow(self, attempt: "_Attempt") -> Frame:
        """Store progress until the last frame comes."""
        while True:
            serialized: list[bytes] = []
            frame = attempt.receive(POLL_S)
            while frame is not None and frame.kind is FrameKind.EVENT and len(serialized) < MOST_EVENTS_AT_ONCE:
                serialized.append(frame.content)
                frame = attempt.receive(0)
            if frame is not None and frame.kind is FrameKind.EVENT:
                serialized.append(frame.content)
                frame = None
            if serialized:
                self._store.add_events(attempt.job, serialized)
                attempt.progress = serialized[-1]
                self._on_change(attempt.job.id)
            if frame is not None:
                return frame
            attempt.enforce_limits()

    def _settle(self, attempt: "_Attempt", end: Frame) -> None:
        job = attempt.job
        if end.kind is FrameKind.RESULT:
            plan = plan_pb2.Plan.FromString(end.content)
            self._store.succeed(
                job,
                plan=end.content,
                summary=plan_summary(plan).SerializeToString(),
                cancelled=plan.stopped_by == plan_pb2.STOPPED_BY_CANCELLED,
            )
        elif end.kind is FrameKind.FAULT:
            self._store.fail(job, status=end.content)
        elif attempt.is_cancelled:
            self._write_cancelled(job, progress=attempt.progress)
        elif attempt.is_abandoned:
            self._store.give_back(job)
        else:
            self._store.fail(job, status=_crash(attempt).SerializeToString())

    def _write_cancelled(self, job: ClaimedJob, *, progress: bytes | None = None) -> None:
        plan = cancelled_plan(scenario=job.scenario, limits=job.limits, progress=progress)
        self._store.succeed(
            job,
            plan=plan.SerializeToString(),
            summary=plan_summary(plan).SerializeToString(),
            cancelled=True,
        )
        self._on_change(job.id)

    def _give_up(self, job_id: str) -> None:
        error = InternalError(
            f"the server ended {self._settings.max_attempts} times while it made plans/{job_id}; "
            "make the scenario smaller or give the server more memory",
            reason="ATTEMPTS_EXHAUSTED",
        )
        row = self._store.get(job_id)
        job = ClaimedJob(id=job_id, attempt=row.attempt, scenario=b"", limits=b"")
        self._store.fail(job, status=status_from_error(error).SerializeToString())


class _Attempt:
    """A child that solves one job, with the clocks that bound it."""

    def __init__(self, children: ChildFactory, job: ClaimedJob, settings: ServerSettings, limits: SolveLimits) -> None:
        self.job = job
        self.progress: bytes | None = None
        self.is_cancelled = False
        self.is_abandoned = False
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
        if not self.is_cancelled:
            self.is_cancelled = True
            self._kill_at = time.monotonic() + self._grace_s
            self._child.ask_to_stop()

    def abandon(self) -> None:
        self.is_abandoned = True
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


def _crash(attempt: _Attempt) -> Status:
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
