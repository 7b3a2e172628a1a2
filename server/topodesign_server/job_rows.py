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
HELD = (RUNNING, CANCELLING)
FINAL = (SUCCEEDED, FAILED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job without its blobs; ``progress`` is a serialized ``PlanEvent``, ``error`` a ``google.rpc.Status``.

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

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a job is made from: serialized ``Scenario``, ``SolveLimits`` and the ``Plan`` to begin from, if any.

    ``is_named`` says that the caller chose the id; plans without a name of their own may be kept for a limited time.
    """

    tenant: str
    id: str
    is_named: bool
    scenario_name: str
    scenario: bytes
    limits: bytes
    start: bytes | None = None
    trace_context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job in the hands of one worker, who writes to it by ``number`` and ``attempt``.

    ``trace_context`` (a W3C ``traceparent``, or empty) ties its attempts to the trace of the call that made it.
    ``snapshot`` is the best plan that earlier attempts found.
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
    """One entry of a job's history; ``event`` is a serialized ``PlanEvent``, ``None`` when only the state changed."""

    sequence: int
    create_time: float
    state: int
    event: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a job is."""

    sequence: int
    state: int
