"""Rows of the store as the messages that callers get."""

from google.longrunning import operations_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import InternalError, NotFound
from topodesign.v1 import plan_pb2, scenario_pb2
from topodesign.v1 import planning_service_pb2 as planning_pb
from topodesign.v1 import scenario_service_pb2 as scenario_pb
from topodesign.wire import status_from_error
from topodesign_server.job_rows import FAILED, EventRow, JobRow, PlanRow
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


def operation(job: JobRow, plan: PlanRow | None) -> operations_pb2.Operation:
    """The operation of a job; ``plan`` is its result, when it has one that still exists."""
    message = operations_pb2.Operation(name=f"operations/{job.id}", done=job.is_final)
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
        message.error.CopyFrom(_no_reason() if job.error is None else Status.FromString(job.error))
    elif job.is_final:
        gone = NotFound(f"plans/{job.id} was deleted", reason="PLAN_DELETED", metadata={"id": job.id})
        message.error.CopyFrom(status_from_error(gone))
    return message


def timestamp(seconds: float) -> Timestamp:
    message = Timestamp()
    message.FromMicroseconds(round(seconds * 1e6))
    return message


def _no_reason() -> Status:
    return status_from_error(InternalError("the job failed without a recorded reason; ask for the plan again"))
