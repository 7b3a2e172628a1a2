"""A plan that the service makes."""

import time
from collections.abc import Iterator
from datetime import UTC

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.duration_pb2 import Duration

from topodesign.client.connection import (
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    Connection,
    is_unavailable,
)
from topodesign.client.kept import JobState, JobStatus
from topodesign.domain.errors import ServiceUnavailable, TopoDesignError
from topodesign.domain.plan import Plan, PlanEvent
from topodesign.domain.scenario import Scenario
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc
from topodesign.wire import error_from_status, from_proto

WAIT_S = 20.0


class Job:
    """A plan that is being made or was made; made by :meth:`Client.submit_plan` or :meth:`Client.job`.

    ``name`` is the operation's resource name, ``plan_name`` the one that the plan has once it is made.
    """

    def __init__(self, connection: Connection, name: str, *, scenario: Scenario | None = None) -> None:
        self.name = name
        self.plan_name = "plans/" + name.removeprefix("operations/")
        self._connection = connection
        self._scenario = scenario
        self._operations = operations_pb2_grpc.OperationsStub(connection.channel)
        self._planning = planning_service_pb2_grpc.PlanningServiceStub(connection.channel)

    def watch(self, *, after_sequence: int = 0) -> Iterator[PlanEvent]:
        """Progress of the solve, in order, until the job has ended.

        When the server goes away, the stream is taken up again where it was, for as long as the client's timeout.

        Raises
        ------
        NotFound
            When there is no such job.
        ServiceUnavailable
            When the server stays away.
        """
        delay_s, until = FIRST_DELAY_S, time.monotonic() + self._connection.retry_for_s
        while True:
            request = pb.WatchPlanRequest(name=self.plan_name, after_sequence=after_sequence)
            try:
                for response in self._planning.WatchPlan(request):
                    after_sequence = response.sequence
                    delay_s, until = FIRST_DELAY_S, time.monotonic() + self._connection.timeout_s
                    if response.HasField("event"):
                        yield from_proto(response.event, PlanEvent)
                return
            except grpc.RpcError as error:
                if not is_unavailable(error) or time.monotonic() + delay_s > until:
                    raise self._connection.as_domain_error(error) from None
            time.sleep(delay_s)
            delay_s = min(2 * delay_s, LONGEST_DELAY_S)

    def result(self, timeout_s: float | None = None) -> Plan:
        """The plan, once it is made. Infeasible, limit reached and cancelled are plans that say so.

        Parameters
        ----------
        timeout_s : float, optional
            Seconds to wait; ``None``: until the job ends.

        Raises
        ------
        ServiceUnavailable
            With reason ``DEADLINE_EXCEEDED`` when the job has not ended in time.
        TopoDesignError
            The error that the job ended with.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left_s = WAIT_S if until is None else min(WAIT_S, until - time.monotonic())
            operation = self._wait(max(left_s, 0.0))
            if operation.done:
                return _plan_of(operation).of(self.scenario())
            if until is not None and time.monotonic() >= until:
                raise ServiceUnavailable(
                    f"{self.name} has not ended within {timeout_s:g} s; wait longer or cancel it",
                    reason="DEADLINE_EXCEEDED",
                    metadata={"name": self.name},
                )

    def scenario(self) -> Scenario:
        """The scenario that the plan is made from; known to the service once the plan is made."""
        if self._scenario is None:
            request = pb.GetPlanRequest(name=self.plan_name, view=pb.PLAN_VIEW_WITH_SCENARIO)
            stored = self._connection.call(self._planning.GetPlan, request)
            self._scenario = from_proto(stored.scenario_content, Scenario, path="scenario")
        return self._scenario

    def status(self) -> JobStatus:
        """State and latest progress."""
        request = operations_pb2.GetOperationRequest(name=self.name)
        return job_status(self._connection.call(self._operations.GetOperation, request))

    def failure(self) -> TopoDesignError | None:
        """The error that the job ended with; ``None`` when it has not ended, or with a plan."""
        request = operations_pb2.GetOperationRequest(name=self.name)
        operation = self._connection.call(self._operations.GetOperation, request)
        return error_from_status(operation.error) if operation.HasField("error") else None

    def cancel(self) -> None:
        """Ask the job to end. It keeps its best plan so far, which :meth:`result` then returns."""
        request = operations_pb2.CancelOperationRequest(name=self.name)
        self._connection.call(self._operations.CancelOperation, request)

    def _wait(self, seconds: float) -> operations_pb2.Operation:
        timeout = Duration()
        timeout.FromMilliseconds(int(seconds * 1000))
        request = operations_pb2.WaitOperationRequest(name=self.name, timeout=timeout)
        return self._connection.call(
            self._operations.WaitOperation, request, timeout_s=seconds + self._connection.timeout_s
        )


def job_status(operation: operations_pb2.Operation) -> JobStatus:
    """The status that an operation tells of."""
    metadata = pb.CreatePlanMetadata()
    operation.metadata.Unpack(metadata)
    name = pb.PlanState.Name(metadata.state).removeprefix("PLAN_STATE_").lower()
    states: dict[str, JobState] = {
        "queued": "queued",
        "running": "running",
        "cancelling": "cancelling",
        "succeeded": "succeeded",
        "failed": "failed",
        "cancelled": "cancelled",
    }
    return JobStatus(
        name=operation.name,
        plan_name=metadata.plan,
        state=states[name],
        created=metadata.create_time.ToDatetime(tzinfo=UTC),
        updated=metadata.update_time.ToDatetime(tzinfo=UTC),
        attempts=metadata.attempt_count,
        progress=from_proto(metadata.progress, PlanEvent) if metadata.HasField("progress") else None,
        error=operation.error.message,
    )


def _plan_of(operation: operations_pb2.Operation) -> Plan:
    if operation.HasField("error"):
        raise error_from_status(operation.error)
    stored = pb.StoredPlan()
    operation.response.Unpack(stored)
    return from_proto(stored.plan, Plan, path="plan")
