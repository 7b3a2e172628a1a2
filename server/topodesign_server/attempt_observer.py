"""Attempts seen from outside: counted, timed and traced."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from topodesign.v1 import plan_pb2
from topodesign_server.job_rows import ClaimedJob
from topodesign_server.metrics import Metrics
from topodesign_server.tracing import Tracing

ENDS_ITS_JOB = ("succeeded", "cancelled", "failed", "crashed", "overrun")


class ObservedAttempt:
    """An attempt that is being observed; ``outcome`` is one of :data:`topodesign_server.metrics.OUTCOMES`."""

    def __init__(self) -> None:
        self.outcome = "lost"


class AttemptObserver:
    """Tells metrics, traces and the log of the attempts of one server. Safe to use from any thread."""

    def __init__(self, metrics: Metrics, tracing: Tracing) -> None:
        self._metrics = metrics
        self._tracing = tracing

    @contextmanager
    def attempt(self, job: ClaimedJob) -> Iterator[ObservedAttempt]:
        """Observe an attempt for the duration of the block; lost unless the block says how it ended."""
        observed = ObservedAttempt()
        self._metrics.job_wait_seconds.observe(_since(job.create_time))
        start = time.perf_counter()
        with self._tracing.attempt(job.trace_context, {"job": job.id, "attempt": job.attempt}) as span:
            try:
                yield observed
            finally:
                self._metrics.attempt_ended(observed.outcome, seconds=time.perf_counter() - start)
                span.note({"topodesign.outcome": observed.outcome})
                if observed.outcome in ENDS_ITS_JOB:
                    self._metrics.job_seconds.observe(_since(job.create_time))
                if observed.outcome not in ("succeeded", "cancelled", "given back"):
                    span.fail(observed.outcome)

    def plan_made(self, plan: plan_pb2.Plan) -> None:
        """Note the gap of a plan that was kept."""
        if plan.HasField("gap") and math.isfinite(plan.gap):
            self._metrics.plan_gap.observe(plan.gap)


def _since(moment: float) -> float:
    """Seconds since a moment of the database's clock, which may be a little ahead of ours."""
    return max(0.0, time.time() - moment)
