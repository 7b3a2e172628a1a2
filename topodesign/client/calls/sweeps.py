"""Calls of ``SweepService``."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC

from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty

from topodesign.client.call import Call, as_message, one, pages, parts
from topodesign.client.calls.operations import SWEEP_STATES, job_name, wait_for
from topodesign.client.kept import SWEEP_FORMATS, KeptSweep, SubmittedSweep, SweepFormat
from topodesign.domain.errors import InternalError, InvalidInput
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepCounts, SweepDefinition
from topodesign.sweeps.messages import definition_from_proto, definition_to_proto
from topodesign.v1 import plan_pb2, scenario_pb2
from topodesign.v1 import sweep_service_pb2 as pb
from topodesign.wire import from_proto, to_proto

SERVICE = "/topodesign.v1.SweepService"
LARGEST_PAGE = 1000


def submit_sweep(
    scenario: Scenario | str, definition: SweepDefinition, *, request_id: str | None = None
) -> Call[SubmittedSweep]:
    """Have many variants of a scenario planned.

    Parameters
    ----------
    scenario : Scenario or str
        The scenario, or the resource name of a kept one.
    definition : SweepDefinition
        What is varied, how points are chosen, and the limits of each point.
    request_id : str, optional
        UUID that makes a repetition return the first job; by default a new one, so that a retry never makes two.

    Raises
    ------
    InvalidInput
        When scenario or definition are wrong, or the sweep has more points than the service runs.
    NotFound
        When the server keeps no scenario of the name given.
    CapacityError
        When too many jobs wait.
    """
    request = pb.CreateSweepRequest(
        request_id=request_id or str(uuid.uuid4()), definition=definition_to_proto(definition)
    )
    known = None if isinstance(scenario, str) else scenario
    if isinstance(scenario, str):
        request.scenario_name = scenario
    else:
        request.scenario.MergeFrom(as_message(scenario_pb2.Scenario, to_proto(scenario)))
    return one(
        f"{SERVICE}/CreateSweep",
        operations_pb2.Operation,
        request,
        lambda answer: SubmittedSweep(name=answer.name, scenario=known, definition=definition),
    )


def list_sweeps() -> Call[tuple[KeptSweep, ...]]:
    """All sweeps, the newest first, those that wait and run too."""
    return pages(
        f"{SERVICE}/ListSweeps",
        pb.ListSweepsResponse,
        pb.ListSweepsRequest(),
        lambda page: [_kept(item) for item in page.sweeps],
    )


def delete_sweep(name: str) -> Call[None]:
    """Delete a sweep that has ended, with its points and their plans.

    Not repeated when the server goes away meanwhile, since the answer could be that of a second deletion.

    Raises
    ------
    NotFound
        When there is none of that name.
    Conflict
        While it waits or runs.
    """
    return one(f"{SERVICE}/DeleteSweep", Empty, pb.DeleteSweepRequest(name=name), lambda _: None, may_repeat=False)


def export_sweep(name: str, file_format: SweepFormat) -> Call[bytes]:
    """What is finished of a sweep, as the content of a file.

    Parameters
    ----------
    name : str
        Resource name of the sweep (``sweeps/...``).
    file_format : {"csv", "parquet", "report-html", "gpkg"}

    Raises
    ------
    InvalidInput
        When the format is none of those.
    InternalError
        When the bytes do not have the checksum that the server gave.
    """
    if file_format not in SWEEP_FORMATS:
        raise InvalidInput(
            f"file_format is {file_format!r}, but it must be one of {', '.join(SWEEP_FORMATS)}; give one of them",
            field_path="file_format",
            metadata={"value": str(file_format)},
        )
    number = pb.SweepFormat.Value("SWEEP_FORMAT_" + file_format.upper().replace("-", "_"))

    def joined(answers: Sequence[pb.ExportSweepResponse]) -> bytes:
        content = b"".join(answer.data for answer in answers)
        if not answers or hashlib.sha256(content).hexdigest() != answers[0].sha256:
            raise InternalError(
                f"{name} as {file_format} arrived damaged ({len(content)} bytes); fetch it again",
                reason="CHECKSUM_WRONG",
            )
        return content

    request = pb.ExportSweepRequest(name=name, format=number)
    return parts(f"{SERVICE}/ExportSweep", pb.ExportSweepResponse, request, joined)


def subject_of_sweep(name: str) -> Call[SubmittedSweep]:
    """What a sweep is of: its scenario, also when that was deleted since, and its definition.

    Raises
    ------
    NotFound
        When there is none of that name.
    """
    request = pb.GetSweepRequest(name=name, view=pb.SWEEP_VIEW_WITH_SCENARIO)
    return one(
        f"{SERVICE}/GetSweep",
        pb.StoredSweep,
        request,
        lambda answer: SubmittedSweep(
            name=job_name(answer.name),
            scenario=from_proto(answer.scenario_content, Scenario, path="scenario"),
            definition=definition_from_proto(answer.definition),
        ),
    )


def points_of_sweep(name: str) -> Call[tuple[PointResult, ...]]:
    """The finished points of a sweep, by number."""
    return pages(
        f"{SERVICE}/ListSweepPoints",
        pb.ListSweepPointsResponse,
        pb.ListSweepPointsRequest(parent=name, page_size=LARGEST_PAGE),
        lambda page: [from_proto(item, PointResult, path="point") for item in page.points],
    )


def plan_of_point(name: str, number: int) -> Call[Plan]:
    """The plan of a finished point, without its scenario; raises :class:`NotFound` when it has none."""
    if not 0 <= number < 2**31:
        raise InvalidInput(f"number is {number}, but points count from 0; give one of the sweep's", field_path="number")
    request = pb.FetchSweepPlanRequest(name=name, point=number)
    return one(
        f"{SERVICE}/FetchSweepPlan", plan_pb2.Plan, request, lambda answer: from_proto(answer, Plan, path="plan")
    )


def watch_sweep(name: str, after_sequence: int) -> Call[tuple[pb.WatchSweepResponse, ...]]:
    """The entries of a sweep's progress after one of them."""
    request = pb.WatchSweepRequest(name=name, after_sequence=after_sequence)
    return parts(f"{SERVICE}/WatchSweep", pb.WatchSweepResponse, request, tuple)


def wait_for_sweep(name: str, seconds: float) -> Call[bool]:
    """Whether the job of a sweep has ended, within so many seconds; raises the error that it ended with."""
    return wait_for(name, seconds, lambda operation: bool(operation.done))


def _kept(stored: pb.StoredSweep) -> KeptSweep:
    return KeptSweep(
        name=stored.name,
        scenario_name=stored.scenario,
        created=stored.create_time.ToDatetime(tzinfo=UTC),
        state=SWEEP_STATES[stored.state],
        counts=from_proto(stored.counts, SweepCounts, path="counts"),
        definition=definition_from_proto(stored.definition),
    )
