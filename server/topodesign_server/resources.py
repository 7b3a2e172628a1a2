"""Rows of the store as the messages that callers get."""

from google.longrunning import operations_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import InternalError, NotFound
from topodesign.v1 import plan_pb2, scenario_pb2, sweep_pb2
from topodesign.v1 import planning_service_pb2 as planning_pb
from topodesign.v1 import scenario_service_pb2 as scenario_pb
from topodesign.v1 import sweep_service_pb2 as sweep_pb
from topodesign.wire import status_from_error
from topodesign_server.job_rows import FAILED, SWEEP, EventRow, JobRow, PlanRow, SweepRow
from topodesign_server.scenario_store import ScenarioRow
from topodesign_server.summaries import plan_summary


def stored_scenario(row: ScenarioRow) -> scenario_pb.StoredScenario:
    return scenario_pb.StoredScenario(
        name=f"scenarios/{row.id}",
        create_time=timestamp(row.create_time),
        scenario=scenario_pb2.Scenario.FromString(row.content),
        etag=row.etag,
    )


def stored_plan(row: PlanRow, *, full: bool) -> planning_pb.StoredPlan:
    plan = plan_pb2.Plan.FromString(row.content)
    return planning_pb.StoredPlan(
        name=f"plans/{row.id}",
        scenario=row.scenario_name,
        create_time=timestamp(row.create_time),
        plan=plan if full else plan_summary(plan),
    )


def watch_response(row: EventRow) -> planning_pb.WatchPlanResponse:
    return planning_pb.WatchPlanResponse(
        sequence=row.sequence,
        create_time=timestamp(row.create_time),
        state=planning_pb.PlanState.ValueType(row.state),
        event=None if row.event is None else plan_pb2.PlanEvent.FromString(row.event),
    )


def stored_sweep(row: SweepRow) -> sweep_pb.StoredSweep:
    message = _sweep(row.job)
    message.definition.ParseFromString(row.definition)
    if row.scenario:
        message.scenario_content.ParseFromString(row.scenario)
    return message


def watch_sweep_response(row: EventRow) -> sweep_pb.WatchSweepResponse:
    return sweep_pb.WatchSweepResponse(
        sequence=row.sequence,
        create_time=timestamp(row.create_time),
        state=sweep_pb.SweepState.ValueType(row.state),
        event=None if row.event is None else sweep_pb2.SweepEvent.FromString(row.event),
    )


def operation(job: JobRow, plan: PlanRow | None) -> operations_pb2.Operation:
    """The operation of a job; ``plan`` is its result, when it has one that still exists.

    That of a sweep has no definition: it may be long, and the sweep has it.
    """
    message = operations_pb2.Operation(name=f"operations/{job.id}", done=job.is_final)
    if job.kind == SWEEP:
        _tell_sweep(message, job)
    else:
        _tell_plan(message, job, plan)
    return message


def _tell_sweep(message: operations_pb2.Operation, job: JobRow) -> None:
    sweep = _sweep(job)
    message.metadata.Pack(
        sweep_pb.CreateSweepMetadata(
            sweep=sweep.name,
            state=sweep.state,
            create_time=sweep.create_time,
            update_time=timestamp(job.update_time),
            counts=sweep.counts,
            sequence=job.sequence,
            attempt_count=job.attempt_count,
        )
    )
    if job.state == FAILED:
        message.error.CopyFrom(_error(job))
    elif job.is_final and job.plan_deleted:
        gone = NotFound(f"{sweep.name} was deleted", reason="SWEEP_DELETED", metadata={"id": job.id})
        message.error.CopyFrom(status_from_error(gone))
    elif job.is_final:
        message.response.Pack(sweep)


def _sweep(job: JobRow) -> sweep_pb.StoredSweep:
    """A sweep without its definition."""
    return sweep_pb.StoredSweep(
        name=f"sweeps/{job.id}",
        scenario=job.scenario_name,
        create_time=timestamp(job.create_time),
        state=sweep_pb.SweepState.ValueType(job.state),
        counts=sweep_pb2.SweepEvent.FromString(job.progress or b"").counts,
    )


def _tell_plan(message: operations_pb2.Operation, job: JobRow, plan: PlanRow | None) -> None:
    message.metadata.Pack(
        planning_pb.CreatePlanMetadata(
            plan=f"plans/{job.id}",
            state=planning_pb.PlanState.ValueType(job.state),
            create_time=timestamp(job.create_time),
            update_time=timestamp(job.update_time),
            progress=None if job.progress is None else plan_pb2.PlanEvent.FromString(job.progress),
            sequence=job.sequence,
            attempt_count=job.attempt_count,
        )
    )
    if plan is not None:
        message.response.Pack(stored_plan(plan, full=True))
    elif job.state == FAILED:
        message.error.CopyFrom(_error(job))
    elif job.is_final:
        gone = NotFound(f"plans/{job.id} was deleted", reason="PLAN_DELETED", metadata={"id": job.id})
        message.error.CopyFrom(status_from_error(gone))


def timestamp(seconds: float) -> Timestamp:
    message = Timestamp()
    message.FromMicroseconds(round(seconds * 1e6))
    return message


def _error(job: JobRow) -> Status:
    """What a failed job ended with."""
    if job.error is not None:
        return Status.FromString(job.error)
    return status_from_error(InternalError("the job failed without a recorded reason; ask for it again"))
