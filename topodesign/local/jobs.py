"""Jobs kept in memory, each made in a child process."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from topodesign_server.cancelled import cancelled_plan
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.snapshots import Snapshot, plan_of

from topodesign.client.failure import CallFailed, Failure
from topodesign.domain.errors import CapacityError, Conflict, InternalError, NotFound, ServiceUnavailable
from topodesign.domain.scenario_sweep import PointResult
from topodesign.local.child import LocalChild
from topodesign.local.sweep_runs import LocalSweep, run_local_sweep
from topodesign.local.timestamps import timestamp
from topodesign.v1 import plan_pb2
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import sweep_service_pb2 as sweep_pb
from topodesign.wire import status_from_error

POLL_S = 0.2
GRACE_S = 5.0
"""Seconds that a cancelled solve has to return its best plan; it ends with its last snapshot otherwise."""
FINAL = (pb.PLAN_STATE_SUCCEEDED, pb.PLAN_STATE_FAILED, pb.PLAN_STATE_CANCELLED)


@dataclass(slots=True, kw_only=True)
class LocalJob:
    """One job; altered and read under the lock of :class:`LocalJobs` only."""

    id: str
    scenario_name: str
    scenario: bytes
    limits: bytes
    start: bytes
    created: float = field(default_factory=time.time)
    entries: list[pb.WatchPlanResponse] = field(default_factory=list)
    attempts: int = 0
    progress: bytes | None = None
    snapshot: Snapshot | None = None
    plan: bytes | None = None
    error: Status | None = None
    is_plan_deleted: bool = False
    child: LocalChild | None = None

    @property
    def state(self) -> pb.PlanState.ValueType:
        return self.entries[-1].state

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    def record(self, state: pb.PlanState.ValueType, event: bytes | None = None) -> None:
        """Add an entry to the history."""
        entry = pb.WatchPlanResponse(sequence=len(self.entries) + 1, create_time=timestamp(time.time()), state=state)
        if event is not None:
            entry.event.ParseFromString(event)
            self.progress = event
        self.entries.append(entry)


AnyJob = LocalJob | LocalSweep


class LocalJobs:
    """The jobs of a client and the threads that see to them."""

    def __init__(self, *, workers: int) -> None:
        self._jobs: dict[str, AnyJob] = {}
        self._changed = threading.Condition()
        self._waiting: queue.SimpleQueue[AnyJob | None] = queue.SimpleQueue()
        self._workers = workers
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the jobs still, and wake those who wait for a change afterwards."""
        with self._changed:
            yield
            self._changed.notify_all()

    def add(self, job: AnyJob) -> None:
        """Queue a job; under the lock."""
        if not self._threads:
            for _ in range(self._workers):
                self._threads.append(threading.Thread(target=self._work, name="topodesign-local", daemon=True))
                self._threads[-1].start()
        if isinstance(job, LocalSweep):
            job.record(sweep_pb.SWEEP_STATE_QUEUED)
        else:
            job.record(pb.PLAN_STATE_QUEUED)
        self._jobs[job.id] = job
        self._waiting.put(job)

    def follow(self, job: AnyJob, *, after: int, timeout_s: float) -> Iterator[Message]:
        """Entries of a job's history after one of them, until it has ended; raises :class:`CallFailed` when late."""
        until = time.monotonic() + timeout_s
        while True:
            with self.locked():
                while after >= len(job.entries) and not job.is_final:
                    self.wait(_left_s(until))
                news, is_final = job.entries[after:], job.is_final
            yield from news
            after += len(news)
            if is_final:
                return

    def newest_first(self) -> list[AnyJob]:
        """All jobs; under the lock."""
        return list(reversed(self._jobs.values()))

    def get(self, job_id: str) -> AnyJob:
        """A job; under the lock; raises :class:`NotFound`."""
        found = self._jobs.get(job_id)
        if found is None:
            raise _unknown("operations", job_id)
        return found

    def get_plan(self, plan_id: str, *, with_deleted: bool = False) -> LocalJob:
        """The job of a plan, as ``with_deleted`` also of one that is gone; under the lock; raises :class:`NotFound`."""
        found = self._jobs.get(plan_id)
        if not isinstance(found, LocalJob) or (found.is_plan_deleted and not with_deleted):
            raise _unknown("plans", plan_id)
        return found

    def get_sweep(self, sweep_id: str) -> LocalSweep:
        """A sweep that was not deleted; under the lock; raises :class:`NotFound`."""
        found = self._jobs.get(sweep_id)
        if not isinstance(found, LocalSweep) or found.is_deleted:
            raise _unknown("sweeps", sweep_id)
        return found

    def made(self, plan_id: str) -> LocalJob:
        """A job that has its plan; under the lock; raises :class:`NotFound` or :class:`Conflict`."""
        job = self.get_plan(plan_id)
        if job.plan is None:
            state = pb.PlanState.Name(job.state).removeprefix("PLAN_STATE_")
            has_failed = job.state == pb.PLAN_STATE_FAILED
            raise Conflict(
                f"plans/{job.id} is not made: its state is {state}; "
                + (f"see the error of operations/{job.id}" if has_failed else f"wait for operations/{job.id}"),
                reason="PLAN_NOT_MADE" if has_failed else "PLAN_NOT_READY",
                metadata={"id": job.id, "state": state},
            )
        return job

    def cancel(self, job_id: str) -> None:
        """Ask a job to end; under the lock."""
        job = self.get(job_id)
        if isinstance(job, LocalSweep):
            _ask_to_end(job)
        elif job.state == pb.PLAN_STATE_QUEUED:
            job.record(pb.PLAN_STATE_CANCELLING)
            _end_cancelled(job)
        elif job.state == pb.PLAN_STATE_RUNNING:
            job.record(pb.PLAN_STATE_CANCELLING)
            if job.child is not None:
                job.child.ask_to_stop(grace_s=GRACE_S)

    def wait(self, seconds: float) -> None:
        """Wait for a change; under the lock, which is given away meanwhile."""
        if self._is_closed:
            raise ServiceUnavailable("the local client was closed, and its jobs with it", reason="CLIENT_CLOSED")
        self._changed.wait(seconds)

    def close(self) -> None:
        """End every job, and the threads."""
        with self.locked():
            self._is_closed = True
            for job in self._jobs.values():
                if isinstance(job, LocalJob) and job.child is not None:
                    job.child.kill()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None and not self._is_closed:
            try:
                if isinstance(job, LocalSweep):
                    self._run_sweep(job)
                else:
                    self._make(job)
            except Exception as error:  # noqa: BLE001 - the job boundary: whoever waits is told
                defect = InternalError(f"the job {job.id} failed through a defect of topodesign: {error!r}")
                with self.locked():
                    _fail(job, status_from_error(defect))

    def _run_sweep(self, sweep: LocalSweep) -> None:
        with self.locked():
            if sweep.is_final:
                return
            sweep.record(sweep_pb.SWEEP_STATE_RUNNING)
            sweep.attempts = 1

        def keep(result: PointResult, plan: bytes) -> None:
            with self.locked():
                sweep.results[result.number] = result
                if plan:
                    sweep.plans[result.number] = plan
                sweep.record(sweep.state, result)

        def should_stop() -> bool:
            return self._is_closed or sweep.state == sweep_pb.SWEEP_STATE_CANCELLING

        is_complete = run_local_sweep(sweep, keep=keep, should_stop=should_stop)
        with self.locked():
            sweep.record(sweep_pb.SWEEP_STATE_SUCCEEDED if is_complete else sweep_pb.SWEEP_STATE_CANCELLED)

    def _make(self, job: LocalJob) -> None:
        with self.locked():
            if job.is_final:
                return
            job.record(pb.PLAN_STATE_RUNNING)
            job.attempts = 1
        child = LocalChild("make_plan", (job.scenario, job.limits, job.start, b""))
        with self.locked():
            job.child = child
            if job.state == pb.PLAN_STATE_CANCELLING:  # asked for while the child was being started
                child.ask_to_stop(grace_s=GRACE_S)
            if self._is_closed:
                child.kill()
        end = self._follow(job, child)
        exit_code = child.close()
        with self.locked():
            job.child = None
            _settle(job, end, exit_code)

    def _follow(self, job: LocalJob, child: LocalChild) -> Frame:
        """Record progress until the last frame comes."""
        while True:
            frame = child.receive(POLL_S)
            if frame is None:
                continue
            if frame.kind not in (FrameKind.EVENT, FrameKind.SNAPSHOT):
                return frame
            with self.locked():
                if frame.kind is FrameKind.EVENT:
                    job.record(job.state, frame.content)
                else:
                    job.snapshot = Snapshot(attempt=job.attempts, content=frame.content)


def _settle(job: LocalJob, end: Frame, exit_code: int) -> None:
    if end.kind is FrameKind.RESULT:
        was_cancelled = plan_pb2.Plan.FromString(end.content).stopped_by == plan_pb2.STOPPED_BY_CANCELLED
        job.plan = end.content
        job.record(pb.PLAN_STATE_CANCELLED if was_cancelled else pb.PLAN_STATE_SUCCEEDED)
    elif end.kind is FrameKind.FAULT:
        _fail(job, Status.FromString(end.content))
    elif job.state == pb.PLAN_STATE_CANCELLING:
        _end_cancelled(job)
    else:
        lost = CapacityError(
            f"the solve of plans/{job.id} was ended by the system (exit code {exit_code}), most often for want of "
            "memory; make the scenario smaller",
            reason="SOLVER_CRASHED",
            metadata={"exit_code": str(exit_code)},
        )
        _fail(job, status_from_error(lost))


def _fail(job: AnyJob, status: Status) -> None:
    job.error = status
    if isinstance(job, LocalSweep):
        job.record(sweep_pb.SWEEP_STATE_FAILED)
    else:
        job.record(pb.PLAN_STATE_FAILED)


def _ask_to_end(sweep: LocalSweep) -> None:
    is_waiting = sweep.state == sweep_pb.SWEEP_STATE_QUEUED
    if is_waiting or sweep.state == sweep_pb.SWEEP_STATE_RUNNING:
        sweep.record(sweep_pb.SWEEP_STATE_CANCELLING)
    if is_waiting:
        sweep.record(sweep_pb.SWEEP_STATE_CANCELLED)


def _unknown(collection: str, job_id: str) -> NotFound:
    return NotFound(
        f"{collection}/{job_id} does not exist; list the {collection} for those that do",
        reason=f"{collection.removesuffix('s').upper()}_UNKNOWN",
        metadata={"id": job_id},
    )


def _left_s(until: float) -> float:
    """Seconds until then; raises :class:`CallFailed` when it has come, as the deadline of a stream does."""
    left_s = until - time.monotonic()
    if left_s <= 0:
        late = ServiceUnavailable("the deadline of the call has passed", reason="DEADLINE_EXCEEDED")
        raise CallFailed(Failure(error=late, is_late=True))
    return left_s


def _end_cancelled(job: LocalJob) -> None:
    if job.snapshot is None:
        plan = cancelled_plan(scenario=job.scenario, limits=job.limits, progress=job.progress)
    else:
        plan = plan_of(job.snapshot, progress=job.progress, stopped_by=plan_pb2.STOPPED_BY_CANCELLED)
    job.plan = plan.SerializeToString()
    job.record(pb.PLAN_STATE_CANCELLED)
