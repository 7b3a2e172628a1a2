"""Calls of ``PlanningService``."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import TypeVar

from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty

from topodesign.client.call import Call, as_message, one, pages, parts
from topodesign.client.kept import EXPORT_FORMATS, ExportFormat, KeptPlan, SubmittedJob
from topodesign.domain.errors import InternalError, InvalidInput
from topodesign.domain.plan import Objective, Plan, SolveLimits, Verification
from topodesign.domain.scenario import Scenario
from topodesign.v1 import plan_pb2, scenario_pb2
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import from_proto, to_proto

SERVICE = "/topodesign.v1.PlanningService"
DEFAULT_LIMITS = SolveLimits()
R = TypeVar("R")


def submit_plan(
    scenario: Scenario | str,
    *,
    time_limit_s: float = DEFAULT_LIMITS.time_limit_s,
    gap: float = DEFAULT_LIMITS.gap,
    seed: int = DEFAULT_LIMITS.seed,
    threads: int = DEFAULT_LIMITS.threads,
    objective: Objective | None = None,
    start: str | None = None,
    request_id: str | None = None,
) -> Call[SubmittedJob]:
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
    limits = SolveLimits(time_limit_s=time_limit_s, gap=gap, seed=seed, threads=threads, objective=objective)
    request = pb.CreatePlanRequest(
        request_id=request_id or str(uuid.uuid4()),
        start_plan=start or "",
        limits=as_message(plan_pb2.SolveLimits, to_proto(limits)),
    )
    known = None if isinstance(scenario, str) else scenario
    if isinstance(scenario, str):
        request.scenario_name = scenario
    else:
        request.scenario.MergeFrom(_scenario(scenario))
    return one(
        f"{SERVICE}/CreatePlan",
        operations_pb2.Operation,
        request,
        lambda answer: SubmittedJob(name=answer.name, scenario=known),
    )


def get_plan(name: str) -> Call[Plan]:
    """A plan that was made, with the scenario that it answers (also when that was deleted since).

    Raises
    ------
    NotFound
        When there is none of that name.
    Conflict
        When it is being made, or its making failed.
    """
    return _stored(name, lambda answer: from_proto(answer.plan, Plan, path="plan").of(_content(answer)))


def scenario_of_plan(name: str) -> Call[Scenario]:
    """The scenario that a plan was made from, also when that was deleted since; raises as :func:`get_plan`."""
    return _stored(name, _content)


def list_plans() -> Call[tuple[KeptPlan, ...]]:
    """All plans that were made, the newest first, without lightpaths, segments, verification and fabrics."""
    return pages(
        f"{SERVICE}/ListPlans",
        pb.ListPlansResponse,
        pb.ListPlansRequest(),
        lambda page: [
            KeptPlan(
                name=item.name,
                scenario_name=item.scenario,
                created=item.create_time.ToDatetime(tzinfo=UTC),
                plan=from_proto(item.plan, Plan, path="plan"),
            )
            for item in page.plans
        ],
    )


def delete_plan(name: str) -> Call[None]:
    """Delete a plan that was made.

    Not repeated when the server goes away meanwhile, since the answer could be that of a second deletion.

    Raises
    ------
    NotFound
        When there is none of that name.
    Conflict
        While it is being made.
    """
    return one(f"{SERVICE}/DeletePlan", Empty, pb.DeletePlanRequest(name=name), lambda _: None, may_repeat=False)


def verify_plan(plan: Plan | str, scenario: Scenario | None = None) -> Call[Verification]:
    """Have the independent verifier check a plan.

    Parameters
    ----------
    plan : Plan or str
        A plan of any origin, or the resource name of a kept one.
    scenario : Scenario, optional
        What the plan is for; needed with a ``Plan``, refused with a name.

    Raises
    ------
    InvalidInput
        When the scenario is missing or too much.
    NotFound
        When there is no plan of that name.
    """
    if isinstance(plan, str) == (scenario is not None):
        given, remedy = (
            ("given with a name", "leave it out: a kept plan is checked against its own")
            if isinstance(plan, str)
            else ("missing", "give the scenario that the plan is for")
        )
        raise InvalidInput(f"scenario is {given}; {remedy}", reason="SCENARIO_MISPLACED", field_path="scenario")
    request = pb.VerifyPlanRequest(scenario=None if scenario is None else _scenario(scenario))
    if isinstance(plan, str):
        request.name = plan
    else:
        request.plan.MergeFrom(as_message(plan_pb2.Plan, to_proto(plan)))
    return one(
        f"{SERVICE}/VerifyPlan",
        plan_pb2.Verification,
        request,
        lambda answer: from_proto(answer, Verification, path="verification"),
    )


def export_plan(name: str, file_format: ExportFormat) -> Call[bytes]:
    """A plan as the content of a file.

    Parameters
    ----------
    name : str
        Resource name of the plan (``plans/...``).
    file_format : {"geojson", "plan-json", "bom-csv", "gpkg", "report-html", "geoparquet"}

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
    number = pb.ExportFormat.Value("EXPORT_FORMAT_" + file_format.upper().replace("-", "_"))

    def joined(answers: Sequence[pb.ExportPlanResponse]) -> bytes:
        content = b"".join(answer.data for answer in answers)
        if not answers or hashlib.sha256(content).hexdigest() != answers[0].sha256:
            raise InternalError(
                f"{name} as {file_format} arrived damaged ({len(content)} bytes); fetch it again",
                reason="CHECKSUM_WRONG",
            )
        return content

    request = pb.ExportPlanRequest(name=name, format=number)
    return parts(f"{SERVICE}/ExportPlan", pb.ExportPlanResponse, request, joined)


def watch_plan(name: str, after_sequence: int) -> Call[tuple[pb.WatchPlanResponse, ...]]:
    """The entries of a plan's progress after one of them."""
    request = pb.WatchPlanRequest(name=name, after_sequence=after_sequence)
    return parts(f"{SERVICE}/WatchPlan", pb.WatchPlanResponse, request, tuple)


def _stored(name: str, read: Callable[[pb.StoredPlan], R]) -> Call[R]:
    request = pb.GetPlanRequest(name=name, view=pb.PLAN_VIEW_WITH_SCENARIO)
    return one(f"{SERVICE}/GetPlan", pb.StoredPlan, request, read)


def _content(stored: pb.StoredPlan) -> Scenario:
    return from_proto(stored.scenario_content, Scenario, path="scenario")


def _scenario(scenario: Scenario) -> scenario_pb2.Scenario:
    return as_message(scenario_pb2.Scenario, to_proto(scenario))
