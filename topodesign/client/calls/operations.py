"""Calls of ``google.longrunning.Operations``: the jobs that make plans and run sweeps."""

from collections.abc import Callable
from datetime import UTC
from typing import TypeVar

from google.longrunning import operations_pb2 as pb
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty

from topodesign.client.call import Call, one, pages
from topodesign.client.kept import JobState, JobStatus
from topodesign.domain.errors import InvalidInput, TopoDesignError
from topodesign.domain.plan import Plan, PlanEvent
from topodesign.domain.scenario_sweep import SweepCounts
from topodesign.v1 import planning_service_pb2 as planning_pb
from topodesign.v1 import sweep_service_pb2 as sweep_pb
from topodesign.wire import error_from_status, from_proto

R = TypeVar("R")
SERVICE = "/google.longrunning.Operations"
STATES: dict[int, JobState] = {
    planning_pb.PLAN_STATE_QUEUED: "queued",
    planning_pb.PLAN_STATE_RUNNING: "running",
    planning_pb.PLAN_STATE_CANCELLING: "cancelling",
    planning_pb.PLAN_STATE_SUCCEEDED: "succeeded",
    planning_pb.PLAN_STATE_FAILED: "failed",
    planning_pb.PLAN_STATE_CANCELLED: "cancelled",
}
SWEEP_STATES: dict[int, JobState] = {
    sweep_pb.SWEEP_STATE_QUEUED: "queued",
    sweep_pb.SWEEP_STATE_RUNNING: "running",
    sweep_pb.SWEEP_STATE_CANCELLING: "cancelling",
    sweep_pb.SWEEP_STATE_SUCCEEDED: "succeeded",
    sweep_pb.SWEEP_STATE_FAILED: "failed",
    sweep_pb.SWEEP_STATE_CANCELLED: "cancelled",
}
COLLECTIONS = ("operations", "plans", "sweeps")


def jobs() -> Call[tuple[JobStatus, ...]]:
    """All jobs, the newest first: plans and sweeps."""
    return pages(
        f"{SERVICE}/ListOperations",
        pb.ListOperationsResponse,
        pb.ListOperationsRequest(name="operations"),
        lambda page: [_status(item) for item in page.operations],
    )


def job_status(name: str) -> Call[JobStatus]:
    """State and latest progress of the job with that operation name."""
    return one(f"{SERVICE}/GetOperation", pb.Operation, pb.GetOperationRequest(name=name), _status)


def job_failure(name: str) -> Call[TopoDesignError | None]:
    """The error that the job ended with; ``None`` when it has not ended, or with a plan."""
    return one(
        f"{SERVICE}/GetOperation",
        pb.Operation,
        pb.GetOperationRequest(name=name),
        lambda answer: error_from_status(answer.error) if answer.HasField("error") else None,
    )


def cancel_job(name: str) -> Call[None]:
    """Ask the job to end; asking again changes nothing."""
    return one(f"{SERVICE}/CancelOperation", Empty, pb.CancelOperationRequest(name=name), lambda _: None)


def wait_for_job(name: str, seconds: float) -> Call[Plan | None]:
    """The plan of a job, without its scenario; ``None`` when the job has not ended within so many seconds.

    Raises
    ------
    TopoDesignError
        The error that the job ended with.
    """
    return wait_for(name, seconds, _plan_of)


def wait_for(name: str, seconds: float, read: Callable[[pb.Operation], R]) -> Call[R]:
    """What is read of a job once it has ended, or of one that has not within so many seconds.

    Raises
    ------
    TopoDesignError
        The error that the job ended with.
    """
    timeout = Duration()
    timeout.FromMilliseconds(int(seconds * 1000))
    request = pb.WaitOperationRequest(name=name, timeout=timeout)

    def checked(operation: pb.Operation) -> R:
        if operation.HasField("error"):
            raise error_from_status(operation.error)
        return read(operation)

    return one(f"{SERVICE}/WaitOperation", pb.Operation, request, checked, held_s=seconds)


def job_name(name: str) -> str:
    """The operation's name of a job that is told by it or by its plan's or sweep's; raises :class:`InvalidInput`."""
    collection, slash, item_id = name.partition("/")
    if collection not in COLLECTIONS or not slash:
        raise InvalidInput(
            f"{name!r} names no job; give operations/..., plans/... or sweeps/... as the server does",
            reason="NAME_INVALID",
            metadata={"value": name},
        )
    return f"operations/{item_id}"


def _status(operation: pb.Operation) -> JobStatus:
    if operation.metadata.Is(sweep_pb.CreateSweepMetadata.DESCRIPTOR):
        return _sweep_status(operation)
    metadata = planning_pb.CreatePlanMetadata()
    operation.metadata.Unpack(metadata)
    return JobStatus(
        name=operation.name,
        plan_name=metadata.plan,
        state=STATES[metadata.state],
        created=metadata.create_time.ToDatetime(tzinfo=UTC),
        updated=metadata.update_time.ToDatetime(tzinfo=UTC),
        attempts=metadata.attempt_count,
        progress=from_proto(metadata.progress, PlanEvent) if metadata.HasField("progress") else None,
        error=operation.error.message,
    )


def _sweep_status(operation: pb.Operation) -> JobStatus:
    metadata = sweep_pb.CreateSweepMetadata()
    operation.metadata.Unpack(metadata)
    return JobStatus(
        name=operation.name,
        plan_name="",
        state=SWEEP_STATES[metadata.state],
        created=metadata.create_time.ToDatetime(tzinfo=UTC),
        updated=metadata.update_time.ToDatetime(tzinfo=UTC),
        attempts=metadata.attempt_count,
        error=operation.error.message,
        kind="sweep",
        sweep_name=metadata.sweep,
        counts=from_proto(metadata.counts, SweepCounts, path="counts"),
    )


def _plan_of(operation: pb.Operation) -> Plan | None:
    if not operation.done:
        return None
    stored = planning_pb.StoredPlan()
    operation.response.Unpack(stored)
    return from_proto(stored.plan, Plan, path="plan")
