"""What ``google.longrunning.Operations`` does, over jobs kept in memory."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from topodesign_server.names import parse_name

from topodesign.client.calls.operations import SERVICE
from topodesign.domain.errors import NotFound
from topodesign.local.jobs import AnyJob, LocalJob, LocalJobs
from topodesign.local.sweep_messages import stored_sweep, sweep_metadata
from topodesign.local.sweep_runs import LocalSweep
from topodesign.local.timestamps import timestamp
from topodesign.v1 import plan_pb2
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import status_from_error


def operation_answers(jobs: LocalJobs) -> Mapping[str, Callable[[Any, float], Iterator[Message]]]:
    """Who answers, by the path of the method."""

    def get(request: operations_pb2.GetOperationRequest, _: float) -> Iterator[Message]:
        with jobs.locked():
            found = operation(jobs.get(parse_name(request.name, "operations")))
        yield found

    def every(_request: operations_pb2.ListOperationsRequest, _: float) -> Iterator[Message]:
        with jobs.locked():
            found = [operation(job) for job in jobs.newest_first()]
        yield operations_pb2.ListOperationsResponse(operations=found)

    def cancel(request: operations_pb2.CancelOperationRequest, _: float) -> Iterator[Message]:
        with jobs.locked():
            jobs.cancel(parse_name(request.name, "operations"))
        yield Empty()

    def wait(request: operations_pb2.WaitOperationRequest, _: float) -> Iterator[Message]:
        until = time.monotonic() + request.timeout.ToTimedelta().total_seconds()
        with jobs.locked():
            job = jobs.get(parse_name(request.name, "operations"))
            while not job.is_final and (left_s := until - time.monotonic()) > 0:
                jobs.wait(left_s)
            found = operation(job)
        yield found

    return {
        f"{SERVICE}/GetOperation": get,
        f"{SERVICE}/ListOperations": every,
        f"{SERVICE}/CancelOperation": cancel,
        f"{SERVICE}/WaitOperation": wait,
    }


def operation(job: AnyJob) -> operations_pb2.Operation:
    """The operation of a job."""
    message = operations_pb2.Operation(name=f"operations/{job.id}", done=job.is_final)
    if isinstance(job, LocalSweep):
        _tell_sweep(message, job)
    else:
        _tell_plan(message, job)
    return message


def _tell_sweep(message: operations_pb2.Operation, sweep: LocalSweep) -> None:
    message.metadata.Pack(sweep_metadata(sweep))
    if sweep.error is not None:
        message.error.CopyFrom(sweep.error)
    elif sweep.is_final and sweep.is_deleted:
        gone = NotFound(f"sweeps/{sweep.id} was deleted", reason="SWEEP_DELETED", metadata={"id": sweep.id})
        message.error.CopyFrom(status_from_error(gone))
    elif sweep.is_final:
        message.response.Pack(stored_sweep(sweep))


def _tell_plan(message: operations_pb2.Operation, job: LocalJob) -> None:
    message.metadata.Pack(
        pb.CreatePlanMetadata(
            plan=f"plans/{job.id}",
            state=job.state,
            create_time=timestamp(job.created),
            update_time=job.entries[-1].create_time,
            progress=None if job.progress is None else plan_pb2.PlanEvent.FromString(job.progress),
            sequence=len(job.entries),
            attempt_count=job.attempts,
        )
    )
    if job.error is not None:
        message.error.CopyFrom(job.error)
    elif job.is_plan_deleted:
        gone = NotFound(f"plans/{job.id} was deleted", reason="PLAN_DELETED", metadata={"id": job.id})
        message.error.CopyFrom(status_from_error(gone))
    elif job.plan is not None:
        message.response.Pack(
            pb.StoredPlan(
                name=f"plans/{job.id}",
                scenario=job.scenario_name,
                create_time=timestamp(job.created),
                plan=plan_pb2.Plan.FromString(job.plan),
            )
        )
