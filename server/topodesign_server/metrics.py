"""What a server counts and measures, for Prometheus.

Labels take few values: methods of our services, gRPC's codes, outcomes and reasons listed here; never an id, a tenant
or a text of a caller's. docs/operations.md lists every metric, and a test holds the list against the page.
"""

from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

from topodesign.domain.errors import InvalidInput

CALL_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
JOB_BUCKETS_S = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)
GAP_BUCKETS = (0.0, 0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
OUTCOMES = ("succeeded", "cancelled", "failed", "crashed", "overrun", "given back", "lost")
STORE_REASONS = ("STORE_FULL", "STORE_BUSY", "STORE_UNREACHABLE")
ANSWER_SOURCES = ("kept", "computed")
REFUSAL_REASONS = (
    "SERVER_BUSY",
    "CALLS_FULL",
    "QUEUE_FULL",
    "TENANT_QUEUE_FULL",
    "TENANT_QUOTA",
    "SERVER_DRAINING",
)
UNKNOWN_METHOD = "unknown"


class Metrics:
    """Metrics of one server, in a registry of its own. Safe to use from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._add_calls(self.registry)
        self._add_answers(self.registry)
        self._add_jobs(self.registry)
        self._add_attempts(self.registry)
        self._add_state(self.registry)
        ProcessCollector(registry=self.registry)

    def refused(self, reason: str) -> None:
        """Count a refusal; other errors are none."""
        if reason in REFUSAL_REASONS:
            self.refusals.labels(reason).inc()

    def attempt_ended(self, outcome: str, *, seconds: float) -> None:
        self.attempts.labels(outcome).inc()
        self.attempt_seconds.observe(seconds)

    def store_failed(self, reason: str) -> None:
        self.store_errors.labels(reason).inc()

    def _add_calls(self, registry: CollectorRegistry) -> None:
        self.calls = Counter(
            "topodesign_calls", "Calls that ended, by method and gRPC code.", ("method", "code"), registry=registry
        )
        self.call_seconds = Histogram(
            "topodesign_call_seconds",
            "Time from the arrival of a call to its end; streams count whole.",
            ("method",),
            buckets=CALL_BUCKETS_S,
            registry=registry,
        )
        self.calls_running = Gauge(
            "topodesign_calls_running", "Calls that have not ended, by method.", ("method",), registry=registry
        )
        self.calls_waiting = Gauge(
            "topodesign_calls_waiting",
            "Calls that have arrived and that the server has not looked at yet.",
            registry=registry,
        )
        self.refusals = Counter(
            "topodesign_refusals",
            "Calls that were refused and told when to come again, by reason.",
            ("reason",),
            registry=registry,
        )
        for reason in REFUSAL_REASONS:
            self.refusals.labels(reason)
        self.watch_streams = Gauge(
            "topodesign_watch_streams", "WatchPlan and WaitOperation calls that wait for a job.", registry=registry
        )

    def _add_answers(self, registry: CollectorRegistry) -> None:
        self.answers_waiting = Gauge(
            "topodesign_answers_waiting",
            "Calls that wait for one of call_slots or warm_children to compute their answer.",
            registry=registry,
        )
        self.answers = Counter(
            "topodesign_answers",
            "Requests to FabricService by where their answer came from: kept from before, or computed.",
            ("source",),
            registry=registry,
        )
        for source in ANSWER_SOURCES:
            self.answers.labels(source)

    def _add_jobs(self, registry: CollectorRegistry) -> None:
        self.queued = Gauge(
            "topodesign_jobs_queued", "Jobs of the store that wait for a worker of any server.", registry=registry
        )
        self.running = Gauge("topodesign_jobs_running", "Jobs that this server's workers solve now.", registry=registry)
        self.job_wait_seconds = Histogram(
            "topodesign_job_wait_seconds",
            "Time from the acceptance of a job to the start of each attempt at it.",
            buckets=JOB_BUCKETS_S,
            registry=registry,
        )
        self.job_seconds = Histogram(
            "topodesign_job_seconds",
            "Time from the acceptance of a job to its end, for jobs that ended here.",
            buckets=JOB_BUCKETS_S,
            registry=registry,
        )
        self.plan_gap = Histogram(
            "topodesign_plan_gap_ratio",
            "Proven relative gap of plans that were made here (those without a finite gap are left out).",
            buckets=GAP_BUCKETS,
            registry=registry,
        )

    def _add_attempts(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "topodesign_attempts", "Attempts of this server that ended, by outcome.", ("outcome",), registry=registry
        )
        self.attempt_seconds = Histogram(
            "topodesign_attempt_seconds",
            "Time from the start of an attempt to its end.",
            buckets=JOB_BUCKETS_S,
            registry=registry,
        )
        for outcome in OUTCOMES:
            self.attempts.labels(outcome)

    def _add_state(self, registry: CollectorRegistry) -> None:
        self.store_errors = Counter(
            "topodesign_store_errors",
            "Transactions that the database could not serve, by reason.",
            ("reason",),
            registry=registry,
        )
        self.store_up = Gauge(
            "topodesign_store_up", "1 when the store answered the last look at it, else 0.", registry=registry
        )
        self.serving = Gauge(
            "topodesign_serving", "1 while new work is accepted, 0 at start-up and while draining.", registry=registry
        )
        for reason in STORE_REASONS:
            self.store_errors.labels(reason)


class MetricsPage:
    """The page with the metrics, over HTTP on a port of its own, for the duration of the block."""

    def __init__(self, metrics: Metrics, *, host: str, port: int) -> None:
        try:
            self._server, self._thread = start_http_server(port, host, metrics.registry)
        except OSError as error:
            raise InvalidInput(
                f"metrics address {host}:{port} cannot be bound: {error.strerror or error}; choose another "
                "metrics_host or metrics_port (0: any free one)",
                reason="ADDRESS_UNUSABLE",
                field_path="metrics_port",
                metadata={"address": f"{host}:{port}"},
            ) from None

    @property
    def port(self) -> int:
        return self._server.server_port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
