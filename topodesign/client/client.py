"""The synchronous client."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc

from topodesign.client.catalog_calls import CatalogCalls
from topodesign.client.connection import Connection
from topodesign.client.fabric_calls import FabricCalls
from topodesign.client.job import Job, job_status
from topodesign.client.kept import EXPORT_FORMATS, ExportFormat, JobStatus, KeptPlan, KeptScenario
from topodesign.client.training_calls import TrainingCalls
from topodesign.domain.equipment import TransceiverMode
from topodesign.domain.errors import InternalError, InvalidInput, Problem
from topodesign.domain.link import LinkDesign, LinkRequest
from topodesign.domain.link_options import link_request
from topodesign.domain.plan import Objective, Plan, SolveLimits, Verification
from topodesign.domain.scenario import Scenario
from topodesign.v1 import (
    optics_service_pb2,
    optics_service_pb2_grpc,
    plan_pb2,
    planning_service_pb2_grpc,
    scenario_pb2,
    scenario_service_pb2_grpc,
)
from topodesign.v1 import planning_service_pb2 as planning_pb
from topodesign.v1 import scenario_service_pb2 as scenario_pb
from topodesign.wire import from_proto, to_proto

M = TypeVar("M")
DEFAULT_LIMITS = SolveLimits()
ScenarioSource = Scenario | Mapping[str, bytes]


class Client(FabricCalls, TrainingCalls, CatalogCalls):
    """A connection to a topodesign server; a context manager.

    Parameters
    ----------
    target : str
        ``host:port`` of the server.
    timeout_s : float
        Seconds within which a call must be answered.
    retry_for_s : float, optional
        Seconds for which calls that may be repeated are repeated while the server cannot be reached; by default
        ``timeout_s``.

    Examples
    --------
    >>> with Client("localhost:50051") as client:  # doctest: +SKIP
    ...     plan = client.submit_plan(scenario, time_limit_s=60).result()
    """

    def __init__(self, target: str, *, timeout_s: float = 30.0, retry_for_s: float | None = None) -> None:
        retry_for_s = timeout_s if retry_for_s is None else retry_for_s
        super().__init__(Connection(target, timeout_s=timeout_s, retry_for_s=retry_for_s))
        channel = self._connection.channel
        self._planning = planning_service_pb2_grpc.PlanningServiceStub(channel)
        self._scenarios = scenario_service_pb2_grpc.ScenarioServiceStub(channel)
        self._optics = optics_service_pb2_grpc.OpticsServiceStub(channel)
        self._operations = operations_pb2_grpc.OperationsStub(channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; running jobs go on."""
        self._connection.close()

    def check_scenario(self, scenario: ScenarioSource) -> tuple[Problem, ...]:
        """Every problem of a scenario, or of the files of a scenario folder (content by file name)."""
        request = scenario_pb.CheckScenarioRequest()
        _put_source(request, scenario)
        response = self._connection.call(self._scenarios.CheckScenario, request)
        return tuple(from_proto(problem, Problem) for problem in response.problems)

    def create_scenario(
        self, scenario: ScenarioSource, *, scenario_id: str = "", request_id: str | None = None
    ) -> KeptScenario:
        """Keep a scenario on the server.

        Parameters
        ----------
        scenario : Scenario or mapping of str to bytes
            The scenario, or the files of a scenario folder.
        scenario_id : str
            Id to use; empty: the server chooses.
        request_id : str, optional
            UUID that makes a repetition return the first answer; by default a new one.

        Raises
        ------
        InvalidScenario
            With every problem.
        Conflict
            When the id is taken.
        """
        request = scenario_pb.CreateScenarioRequest(scenario_id=scenario_id, request_id=request_id or str(uuid.uuid4()))
        _put_source(request, scenario)
        return _kept_scenario(self._connection.call(self._scenarios.CreateScenario, request), with_content=True)

    def get_scenario(self, name: str) -> Scenario:
        """A kept scenario; raises :class:`NotFound`."""
        response = self._connection.call(self._scenarios.GetScenario, scenario_pb.GetScenarioRequest(name=name))
        return from_proto(response.scenario, Scenario, path="scenario")

    def list_scenarios(self) -> tuple[KeptScenario, ...]:
        """All kept scenarios, the newest first, without their content."""
        pages = self._connection.pages(self._scenarios.ListScenarios, scenario_pb.ListScenariosRequest())
        return tuple(_kept_scenario(item, with_content=False) for page in pages for item in page.scenarios)

    def delete_scenario(self, name: str) -> None:
        """Delete a kept scenario; plans made from it stay."""
        request = scenario_pb.DeleteScenarioRequest(name=name)
        self._connection.call(self._scenarios.DeleteScenario, request, is_idempotent=False)

    def submit_plan(
        self,
        scenario: Scenario | str,
        *,
        time_limit_s: float = DEFAULT_LIMITS.time_limit_s,
        gap: float = DEFAULT_LIMITS.gap,
        seed: int = DEFAULT_LIMITS.seed,
        threads: int = DEFAULT_LIMITS.threads,
        objective: Objective | None = None,
        start: str | None = None,
        request_id: str | None = None,
    ) -> Job:
        """Have a plan made.

        Parameters
        ----------
        scenario : Scenario or str
            The scenario, or the resource name of a kept one.
        time_limit_s : float
            Seconds for the solve.
        gap : float
            Relative gap to the proven bound at which to stop.
        seed : int
        threads : int
        objective : {"cost", "accelerators", "sync-time", "effective-flops"}, optional
            What to optimize; by default what the scenario's budget asks for.
        start : str, optional
            Resource name of a kept plan (``plans/...``) to begin from, of this or a similar scenario.
        request_id : str, optional
            UUID that makes a repetition return the first job; by default a new one, so that a retry never makes two.

        Raises
        ------
        InvalidInput
            When scenario or limits are wrong.
        NotFound
            When the server keeps no scenario or no plan of the name given.
        Conflict
            When the plan to begin from is still being made, or its making failed.
        CapacityError
            When too many jobs wait.
        """
        request = planning_pb.CreatePlanRequest(request_id=request_id or str(uuid.uuid4()), start_plan=start or "")
        limits = SolveLimits(time_limit_s=time_limit_s, gap=gap, seed=seed, threads=threads, objective=objective)
        request.limits.CopyFrom(_of(plan_pb2.SolveLimits, to_proto(limits)))
        if isinstance(scenario, str):
            request.scenario_name = scenario
            return Job(self._connection, self._connection.call(self._planning.CreatePlan, request).name)
        request.scenario.CopyFrom(_of(scenario_pb2.Scenario, to_proto(scenario)))
        name = self._connection.call(self._planning.CreatePlan, request).name
        return Job(self._connection, name, scenario=scenario)

    def job(self, name: str) -> Job:
        """The job with that operation or plan name (``operations/...``, ``plans/...``)."""
        collection, slash, item_id = name.partition("/")
        if collection not in ("operations", "plans") or not slash:
            raise InvalidInput(
                f"{name!r} names no job; give operations/... or plans/... as the server does", reason="NAME_INVALID"
            )
        return Job(self._connection, f"operations/{item_id}")

    def jobs(self) -> tuple[JobStatus, ...]:
        """All jobs, the newest first."""
        request = operations_pb2.ListOperationsRequest(name="operations")
        pages = self._connection.pages(self._operations.ListOperations, request)
        return tuple(job_status(item) for page in pages for item in page.operations)

    def get_plan(self, name: str) -> Plan:
        """A plan that was made, with the scenario that it answers (also when that was deleted since).

        Raises
        ------
        NotFound
            When there is none of that name.
        Conflict
            When it is being made, or its making failed.
        """
        request = planning_pb.GetPlanRequest(name=name, view=planning_pb.PLAN_VIEW_WITH_SCENARIO)
        response = self._connection.call(self._planning.GetPlan, request)
        scenario = from_proto(response.scenario_content, Scenario, path="scenario")
        return from_proto(response.plan, Plan, path="plan").of(scenario)

    def list_plans(self) -> tuple[KeptPlan, ...]:
        """All plans that were made, the newest first, without lightpaths, segments, verification and fabrics."""
        pages = self._connection.pages(self._planning.ListPlans, planning_pb.ListPlansRequest())
        return tuple(
            KeptPlan(
                name=item.name,
                scenario_name=item.scenario,
                created=item.create_time.ToDatetime(tzinfo=UTC),
                plan=from_proto(item.plan, Plan, path="plan"),
            )
            for page in pages
            for item in page.plans
        )

    def delete_plan(self, name: str) -> None:
        """Delete a plan that was made."""
        request = planning_pb.DeletePlanRequest(name=name)
        self._connection.call(self._planning.DeletePlan, request, is_idempotent=False)

    def verify_plan(self, plan: Plan | str, scenario: Scenario | None = None) -> Verification:
        """Have the independent verifier check a plan.

        Parameters
        ----------
        plan : Plan or str
            A plan of any origin, or the resource name of a kept one.
        scenario : Scenario, optional
            What the plan is for; needed with a ``Plan``, refused with a name.
        """
        request = planning_pb.VerifyPlanRequest()
        if isinstance(plan, str):
            request.name = plan
        else:
            request.plan.CopyFrom(_of(plan_pb2.Plan, to_proto(plan)))
        if scenario is not None:
            request.scenario.CopyFrom(_of(scenario_pb2.Scenario, to_proto(scenario)))
        return from_proto(self._connection.call(self._planning.VerifyPlan, request), Verification, path="verification")

    def export_plan(self, name: str, file_format: ExportFormat) -> bytes:
        """A plan as the content of a file.

        Raises
        ------
        InvalidInput
            When the format is none of those.
        InternalError
            When the bytes do not have the checksum that the server gave.
        """
        if file_format not in EXPORT_FORMATS:
            raise InvalidInput(
                f"file_format is {file_format!r}, but it must be one of {', '.join(EXPORT_FORMATS)}; give one of them",
                field_path="file_format",
                metadata={"value": str(file_format)},
            )
        number = planning_pb.ExportFormat.Value("EXPORT_FORMAT_" + file_format.upper().replace("-", "_"))
        request = planning_pb.ExportPlanRequest(name=name, format=number)
        try:
            parts = list(self._planning.ExportPlan(request, timeout=self._connection.timeout_s))
        except grpc.RpcError as error:
            raise self._connection.as_domain_error(error) from None
        content = b"".join(part.data for part in parts)
        if not parts or hashlib.sha256(content).hexdigest() != parts[0].sha256:
            raise InternalError(
                f"{name} as {file_format} arrived damaged ({len(content)} bytes); fetch it again",
                reason="CHECKSUM_WRONG",
            )
        return content

    def design_link(self, length_km: float | LinkRequest, **options: Any) -> LinkDesign:
        """One optical link on its own; the same answer as :func:`topodesign.design_link`.

        Parameters
        ----------
        length_km : float or LinkRequest
            Length of the fiber in km, or the whole request.
        **options
            Further fields of :class:`~topodesign.domain.link.LinkRequest`, in place of those of a request given.

        Raises
        ------
        InvalidInput
            For figures that are out of range or do not fit together; ``field_path`` names the request's field.
        NotFound
            For a fiber that the server's catalogue does not have.
        """
        request = to_proto(link_request(length_km, options))
        return from_proto(self._connection.call(self._optics.DesignLink, request), LinkDesign)

    def list_modes(self, *, rate_gbps: float | None = None) -> tuple[TransceiverMode, ...]:
        """The transceiver modes of the server's catalogue, each figure with its origin.

        Parameters
        ----------
        rate_gbps : float, optional
            Only modes of this rate in Gbit/s, above 0; there may be none.

        Returns
        -------
        tuple of TransceiverMode
            The highest rate first, then by cost, power, spectrum and id.
        """
        pages = self._connection.pages(self._optics.ListModes, optics_service_pb2.ListModesRequest(rate_gbps=rate_gbps))
        return tuple(from_proto(item, TransceiverMode) for page in pages for item in page.modes)


def _put_source(
    request: scenario_pb.CheckScenarioRequest | scenario_pb.CreateScenarioRequest, scenario: ScenarioSource
) -> None:
    if isinstance(scenario, Scenario):
        request.scenario.CopyFrom(_of(scenario_pb2.Scenario, to_proto(scenario)))
    else:
        request.files.CopyFrom(scenario_pb.ScenarioFiles(files=scenario))


def _kept_scenario(stored: scenario_pb.StoredScenario, *, with_content: bool) -> KeptScenario:
    return KeptScenario(
        name=stored.name,
        title=stored.scenario.name,
        created=stored.create_time.ToDatetime(tzinfo=UTC),
        scenario=from_proto(stored.scenario, Scenario, path="scenario") if with_content else None,
    )


def _of(kind: type[M], message: object) -> M:
    assert isinstance(message, kind)
    return message
