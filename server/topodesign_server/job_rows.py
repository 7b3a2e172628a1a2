"""States of jobs, and what the store gives of jobs, plans and their history."""

from dataclasses import dataclass

from topodesign.v1 import planning_service_pb2 as pb
from topodesign_server.snapshots import Snapshot

QUEUED = int(pb.PLAN_STATE_QUEUED)
RUNNING = int(pb.PLAN_STATE_RUNNING)
CANCELLING = int(pb.PLAN_STATE_CANCELLING)
SUCCEEDED = int(pb.PLAN_STATE_SUCCEEDED)
FAILED = int(pb.PLAN_STATE_FAILED)
CANCELLED = int(pb.PLAN_STATE_CANCELLED)
PLAN, SWEEP = "plan", "sweep"
"""Kinds of jobs; sweeps have the states of plans under the same numbers."""
HELD = (RUNNING, CANCELLING)
FINAL = (SUCCEEDED, FAILED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job without its blobs; ``progress`` is a serialized ``PlanEvent`` (of a sweep: ``SweepEvent``), ``error`` a
    ``google.rpc.Status``. ``plan_deleted`` says of a sweep that the sweep was deleted.

    ``number`` is unique in the database, ``id`` within the tenant. ``attempt`` is the number of the latest attempt,
    which grows with every claim; ``attempt_count`` leaves out those that a server gave back in order.
    """

    number: int
    tenant: str
    id: str
    is_named: bool
    state: int
    attempt: int
    attempt_count: int
    create_time: float
    update_time: float
    end_time: float | None
    sequence: int
    progress: bytes | None
    error: bytes | None
    operation_deleted: bool
    plan_deleted: bool
    scenario_name: str
    kind: str = PLAN

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a job is made from: serialized ``Scenario``, ``SolveLimits`` and the ``Plan`` to begin from, if any.

    ``scenario_sha256`` is the scenario's fingerprint, ``None`` when it was kept before fingerprints were.
    ``is_named`` says that the caller chose the id; plans without a name of their own may be kept for a limited time.
    ``sweep`` makes it a sweep; its ``limits`` are then those of each point.
    """

    tenant: str
    id: str
    is_named: bool
    scenario_name: str
    scenario: bytes
    limits: bytes
    start: bytes | None = None
    trace_context: str = ""
    sweep: "NewSweep | None" = None
    scenario_sha256: str | None = None

    @property
    def kind(self) -> str:
        return PLAN if self.sweep is None else SWEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSweep:
    """What makes a job a sweep: its serialized ``SweepDefinition``, and a ``SweepEvent`` that counts its points."""

    definition: bytes
    progress: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job in the hands of one worker, who writes to it by ``number`` and ``attempt``.

    ``trace_context`` (a W3C ``traceparent``, or empty) ties its attempts to the trace of the call that made it.
    ``snapshot`` is the best plan that earlier attempts found. ``definition`` is that of a sweep. ``scenario_sha256`` is
    the scenario's fingerprint, ``None`` when the scenario or the job was kept before fingerprints were.
    """

    number: int
    tenant: str
    id: str
    attempt: int
    attempt_count: int = 0
    scenario: bytes
    limits: bytes
    start: bytes | None = None
    progress: bytes | None = None
    create_time: float = 0.0
    trace_context: str = ""
    snapshot: Snapshot | None = None
    kind: str = PLAN
    definition: bytes = b""
    scenario_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A plan that was made; ``content`` is a serialized ``Plan``, ``scenario`` a ``Scenario``, or empty."""

    number: int
    id: str
    create_time: float
    scenario_name: str
    content: bytes
    scenario: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One entry of a job's history; ``event`` is a serialized ``PlanEvent`` (of a sweep: ``SweepEvent``), ``None`` when
    only the state changed.
    """

    sequence: int
    create_time: float
    state: int
    event: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a job is."""

    sequence: int
    state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRow:
    """A sweep: its job, its serialized ``SweepDefinition``, and its ``Scenario``, or empty."""

    job: JobRow
    definition: bytes
    scenario: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRow:
    """A finished point of a sweep: serialized ``PointResult`` and ``Plan`` (empty: it has none)."""

    number: int
    result: bytes
    plan: bytes = b""
