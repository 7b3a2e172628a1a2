"""Workers: threads that take jobs from the store and have children solve them: one for each attempt at a plan, one for
each point of a sweep, one at a time. After a point a sweep gives way to the job whose turn it is.
"""

import threading
from collections.abc import Callable

import structlog

from topodesign.domain.errors import CapacityError, ServiceUnavailable, TopoDesignError
from topodesign.domain.plan import SolveLimits
from topodesign.v1 import plan_pb2
from topodesign.wire import from_proto, status_from_error
from topodesign_server.attempt_observer import AttemptObserver
from topodesign_server.attempt_store import AttemptStore
from topodesign_server.cancelled import cancelled_plan
from topodesign_server.children import ChildFactory, Excess
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.incidents import status_of
from topodesign_server.job_rows import CANCELLING, SWEEP, ClaimedJob
from topodesign_server.job_store import JobStore
from topodesign_server.running_attempt import RunningAttempt, Unsaved
from topodesign_server.running_sweep import RunningSweep
from topodesign_server.settings import ServerSettings
from topodesign_server.snapshots import is_better, plan_of
from topodesign_server.solver_faults import SOLVER_TIMEOUT, may_pass, solver_fault
from topodesign_server.store_faults import is_store_fault
from topodesign_server.summaries import plan_summary
from topodesign_server.sweep_store import PointStore

log = structlog.get_logger("topodesign_server")

POLL_S = 0.1
IDLE_ALONE_S = 5.0  # new jobs wake the workers; this is for what nobody tells them of
IDLE_SHARED_S = 1.0  # other servers' jobs do not
RETRY_S = 1.0
MOST_EVENTS_AT_ONCE = 200
RENEWALS_PER_LEASE = 3


class Workers:
    """The worker threads of a server, and the way to stop what they do.

    Parameters
    ----------
    observer : AttemptObserver
        Told of every attempt.
    is_shared : bool
        Whether other servers work on the jobs of this database too.
    on_change : callable
        Called with the number of a job, from any thread, after its history grew.
    """

    def __init__(
        self,
        *,
        jobs: JobStore,
        attempts: AttemptStore,
        points: PointStore,
        children: ChildFactory,
        settings: ServerSettings,
        observer: AttemptObserver,
        is_shared: bool,
        on_change: Callable[[int], None],
    ) -> None:
        self._jobs = jobs
        self._store = attempts
        self._points = points
        self._children = children
        self._settings = settings
        self._observer = observer
        self._is_shared = is_shared
        self._on_change = on_change
        self._lock = threading.Lock()
        self._attempts: dict[int, RunningAttempt | RunningSweep] = {}
        # A permit for each new job: one that comes between a worker's look and its sleep is not missed.
        self._news = threading.Semaphore(0)
        self._draining = threading.Event()
        self._drained = threading.Event()
        self._renewing = threading.Thread(target=self._keep_leases, name="leases", daemon=True)
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(settings.workers)
        ]

    def start(self) -> None:
        """Settle what dead servers left, then begin to work."""
        self._recover(everything=not self._is_shared)
        self._renewing.start()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is a new job."""
        self._news.release()

    def numbers(self) -> set[int]:
        """The jobs that are worked on here."""
        with self._lock:
            return set(self._attempts)

    def cancel(self, number: int, *, late_s: float = 0.0) -> None:
        """See to a job that is to be cancelled, as was noted up to ``late_s`` ago.

        An attempt here is asked for its best plan, and killed when it takes too long; a job that no attempt holds gets
        its result now; one that another server works on is left to that server, which sees the new state.
        """
        with self._lock:
            attempt = self._attempts.get(number)
        if attempt is not None:
            attempt.cancel(late_s=late_s)
        else:
            self._finish_cancelled()

    def drain(self) -> None:
        """Take no new job, end the running ones and queue them again for the next server; returns when that is done."""
        self._draining.set()
        with self._lock:
            attempts = list(self._attempts.values())
        for attempt in attempts:
            attempt.abandon()
        self._news.release(max(1, len(self._threads)))  # there may be none: none is not released
        for thread in self._threads:
            thread.join()
        self._drained.set()
        self._renewing.join()

    def _keep_leases(self) -> None:
        while not self._drained.wait(self._settings.lease_s / RENEWALS_PER_LEASE):
            try:
                self._renew()
                self._recover()
            except Exception as error:  # noqa: BLE001 - the job boundary: leases are kept for as long as the server lives
                _note(error, during="leases")

    def _renew(self) -> None:
        with self._lock:
            held = {attempt.job.number: attempt for attempt in self._attempts.values()}
        for job in self._store.renew([attempt.job for attempt in held.values()]):
            log.warning("lease_lost", job=job.id, attempt=job.attempt)
            held[job.number].lose()

    def _recover(self, *, everything: bool = False) -> None:
        for job in self._store.recover(everything=everything):
            log.info("recovered", job=job.id, attempt=job.attempt, state=job.state)
            self._on_change(job.number)
            self.wake()
        self._finish_cancelled()

    def _finish_cancelled(self) -> None:
        """Write the results of jobs that were cancelled while no worker had them."""
        while (job := self._store.claim_cancelled()) is not None:
            self._write_cancelled(job)

    def _work(self) -> None:
        idle_s = IDLE_SHARED_S if self._is_shared else IDLE_ALONE_S
        while not self._draining.is_set():
            try:
                job = self._store.claim()
                if job is not None:
                    self._on_change(job.number)
                    self._attempt(job)
                    self._on_change(job.number)
                    continue
                paused_s = self._store.pause_s()
            except Exception as error:  # noqa: BLE001 - the job boundary: a worker outlives every defect
                _note(error, during="worker")
                paused_s = None
            if not self._draining.is_set():
                # a little longer than the pause: a look that comes too early would be for nothing
                self._news.acquire(timeout=idle_s if paused_s is None else min(idle_s, paused_s + POLL_S))

    def _attempt(self, job: ClaimedJob) -> None:
        with self._observer.attempt(job) as observed:
            try:
                observed.outcome = self._run_sweep(job) if job.kind == SWEEP else self._make_plan(job)
            except Exception as error:
                if is_store_fault(error):
                    raise  # no fault of the job: its lease runs out, and it is queued again
                status = status_of(error, during=f"make_{job.kind}").SerializeToString()
                if isinstance(error, ServiceUnavailable):  # no fault of the job either: made again, up to max_attempts
                    if self._write(job, lambda: self._store.crash(job, status=status) is not None):
                        observed.outcome = "crashed"
                    self._finish_cancelled()  # it may have been cancelled meanwhile
                elif self._write(job, lambda: self._store.fail(job, status=status)):
                    observed.outcome = "failed"
            finally:
                with self._lock:
                    self._attempts.pop(job.number, None)

    def _make_plan(self, job: ClaimedJob) -> str:
        """Make one attempt at a plan; what became of it."""
        limits = from_proto(plan_pb2.SolveLimits.FromString(job.limits), SolveLimits, path="limits")
        attempt = RunningAttempt(self._children, job, self._settings, limits)
        try:
            self._register(attempt)
            log.info("attempt", job=job.id, attempt=job.attempt, pid=attempt.pid)
            end = self._follow(attempt)
            attempt.end()  # first: who reads that a job has ended finds its processor free
            return self._settle(attempt, end)
        finally:
            attempt.close()

    def _run_sweep(self, job: ClaimedJob) -> str:
        """Make one attempt at a sweep; what became of it."""
        attempt = RunningSweep(
            job,
            children=self._children,
            points=self._points,
            settings=self._settings,
            persist=lambda write: self._write(job, write),
            is_anothers_turn=lambda: self._is_anothers_turn(job),
        )
        self._register(attempt)
        is_complete = attempt.run()
        if attempt.is_lost:
            log.info("attempt_lost", job=job.id, attempt=job.attempt, reason="LEASE_LOST")
            return "lost"
        if is_complete or attempt.is_cancelled:
            return self._write_sweep_end(job, cancelled=not is_complete)
        is_kept = self._write(job, lambda: self._store.give_back(job))
        self._finish_cancelled()  # it may have been cancelled meanwhile
        self.wake()  # it waits again: for this worker, or another that is free by now
        return "given back" if is_kept else "lost"

    def _is_anothers_turn(self, job: ClaimedJob) -> bool:
        """Whether a job waits that comes before this one, and no worker of this server is free for it."""
        with self._lock:
            if len(self._attempts) < self._settings.workers:
                return False
        try:
            return self._store.is_anothers_turn(job)
        except TopoDesignError as error:
            if not is_store_fault(error):
                raise
            log.warning("store", during="turn", job=job.id, reason=str(error))
            return False  # asked again after the next point

    def _register(self, attempt: RunningAttempt | RunningSweep) -> None:
        with self._lock:
            self._attempts[attempt.job.number] = attempt
        # What was asked since the claim is in the store, but nobody could tell the attempt.
        if self._jobs.get(attempt.job.tenant, attempt.job.id).state == CANCELLING:
            attempt.cancel()
        if self._draining.is_set():
            attempt.abandon()

    def _follow(self, attempt: RunningAttempt) -> Frame:
        """Store progress and snapshots until the last frame comes."""
        unsaved = Unsaved()
        while True:
            room = MOST_EVENTS_AT_ONCE
            frame = attempt.receive(POLL_S)
            while frame is not None and frame.kind in (FrameKind.EVENT, FrameKind.SNAPSHOT):
                if frame.kind is FrameKind.EVENT:
                    attempt.progress = frame.content
                    unsaved.events.append(frame.content)
                elif attempt.take(frame.content):
                    unsaved.snapshot = attempt.snapshot
                room -= 1
                frame = attempt.receive(0) if room > 0 else None
            if unsaved:
                unsaved = self._report(attempt, unsaved)
            if frame is not None:
                return frame
            attempt.ask_when_over()

    def _report(self, attempt: RunningAttempt, unsaved: Unsaved) -> Unsaved:
        """Store progress; what is still to be stored, as the store did not answer."""
        try:
            is_held = self._store.add_events(attempt.job, unsaved.events, snapshot=unsaved.snapshot)
        except TopoDesignError as error:
            log.warning("store", during="progress", job=attempt.job.id, reason=str(error))
            return Unsaved(events=unsaved.events[-MOST_EVENTS_AT_ONCE:], snapshot=unsaved.snapshot)
        if not is_held:
            attempt.lose()
        elif unsaved.snapshot is not None:
            log.info("snapshot", job=attempt.job.id, attempt=attempt.job.attempt, bytes=len(unsaved.snapshot.content))
        self._on_change(attempt.job.number)
        return Unsaved()

    def _settle(self, attempt: RunningAttempt, end: Frame) -> str:
        """Write the end of an attempt; what became of it."""
        job = attempt.job
        if end.kind is FrameKind.RESULT:
            outcome = self._write_result(attempt, plan_pb2.Plan.FromString(end.content))
        elif end.kind is FrameKind.FAULT:
            outcome = "failed" if self._write(job, lambda: self._store.fail(job, status=end.content)) else "lost"
        elif attempt.is_lost:
            log.info("attempt_lost", job=job.id, attempt=job.attempt, reason="LEASE_LOST")
            outcome = "lost"
        elif attempt.is_cancelled:
            outcome = self._write_killed(attempt)
        elif attempt.is_abandoned:
            outcome = "given back" if self._write(job, lambda: self._store.give_back(job)) else "lost"
        else:
            outcome = self._settle_fault(attempt, solver_fault(attempt))
        return outcome

    def _settle_fault(self, attempt: RunningAttempt, fault: CapacityError) -> str:
        """Write the end of an attempt whose solver crashed, which is made again, or was ended for a limit."""
        job = attempt.job
        log.error("solver_fault", job=job.id, attempt=job.attempt, reason=fault.reason)
        status = status_from_error(fault).SerializeToString()
        best = attempt.best_plan(plan_pb2.STOPPED_BY_TIME_LIMIT)
        if best is not None and fault.reason == SOLVER_TIMEOUT:
            # all the time that was asked for was used: its best plan is what a solver that ends in time gives
            is_kept = self._write_plan(job, best) != "lost"
        elif may_pass(attempt, fault):
            is_kept = self._write(job, lambda: self._store.crash(job, status=status) is not None)
            self._finish_cancelled()  # it may have been cancelled meanwhile
        else:
            is_kept = self._write(job, lambda: self._store.fail(job, status=status))
        return ("overrun" if attempt.excess is Excess.TIME else "crashed") if is_kept else "lost"

    def _write_result(self, attempt: RunningAttempt, plan: plan_pb2.Plan) -> str:
        """Write what the child returned, or what an earlier attempt found, where that is better."""
        best = attempt.best_plan(plan.stopped_by)
        return self._write_plan(attempt.job, plan if best is None or not is_better(best, plan) else best)

    def _write_killed(self, attempt: RunningAttempt) -> str:
        """Write the result of an attempt that was cancelled and did not return one in time."""
        job = attempt.job
        best = attempt.best_plan(plan_pb2.STOPPED_BY_CANCELLED)
        progress = attempt.progress or job.progress
        return self._write_plan(job, best or _without_plan(job, progress))

    def _write_cancelled(self, job: ClaimedJob) -> str:
        """Write the result of a job that was cancelled while no attempt held it."""
        if job.kind == SWEEP:
            return self._write_sweep_end(job, cancelled=True)
        if job.snapshot is None:
            plan = _without_plan(job, job.progress)
        else:
            is_of_latest = job.snapshot.attempt == job.attempt - 1  # as is the progress
            progress = job.progress if is_of_latest else None
            plan = plan_of(job.snapshot, progress=progress, stopped_by=plan_pb2.STOPPED_BY_CANCELLED)
        return self._write_plan(job, plan)

    def _write_sweep_end(self, job: ClaimedJob, *, cancelled: bool) -> str:
        is_kept = self._write(job, lambda: self._store.end_sweep(job, cancelled=cancelled))
        return ("cancelled" if cancelled else "succeeded") if is_kept else "lost"

    def _write_plan(self, job: ClaimedJob, plan: plan_pb2.Plan) -> str:
        summary = plan_summary(plan).SerializeToString()
        content = plan.SerializeToString()
        cancelled = plan.stopped_by == plan_pb2.STOPPED_BY_CANCELLED
        if not self._write(job, lambda: self._store.succeed(job, plan=content, summary=summary, cancelled=cancelled)):
            return "lost"
        self._observer.plan_made(plan)
        return "cancelled" if cancelled else "succeeded"

    def _write(self, job: ClaimedJob, write: Callable[[], bool]) -> bool:
        """Write the end of an attempt, again and again while the store does not answer: hours of work may be in it.

        Returns whether the attempt still held its job, so that what it wrote is kept.
        """
        while True:
            try:
                is_kept = write()
            except TopoDesignError as error:
                log.warning("store", during="end", job=job.id, attempt=job.attempt, reason=str(error))
                if not is_store_fault(error) or self._draining.wait(RETRY_S):
                    raise
            else:
                if not is_kept:
                    log.warning("late", job=job.id, attempt=job.attempt)
                self._on_change(job.number)
                return is_kept


def _without_plan(job: ClaimedJob, progress: bytes | None) -> plan_pb2.Plan:
    return cancelled_plan(
        scenario=job.scenario, limits=job.limits, progress=progress, scenario_sha256=job.scenario_sha256
    )


def _note(error: Exception, *, during: str) -> None:
    if is_store_fault(error):
        log.warning("store", during=during, reason=str(error))
    else:
        log.error("defect", during=during, exc_info=error)
