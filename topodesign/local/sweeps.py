"""What ``SweepService`` does, over sweeps kept in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from topodesign_server.limits import LONGEST_S
from topodesign_server.names import chosen_id, parse_name
from topodesign_server.sweep_requests import SweepLimits, read_definition

from topodesign.client.call import as_message
from topodesign.client.calls.sweeps import SERVICE
from topodesign.domain.errors import Conflict, NotFound
from topodesign.domain.scenario_sweep import MOST_POINTS
from topodesign.local.jobs import LocalJobs
from topodesign.local.operations import operation
from topodesign.local.repetition import FirstAnswers
from topodesign.local.scenarios import LocalScenarios
from topodesign.local.sweep_messages import stored_sweep
from topodesign.local.sweep_runs import LocalSweep
from topodesign.local.tasks import run_here
from topodesign.v1 import plan_pb2, sweep_pb2
from topodesign.v1 import sweep_service_pb2 as pb
from topodesign.wire import missing, to_proto

LIMITS = SweepLimits(points=MOST_POINTS, point_s=LONGEST_S)
"""Nobody else waits here: as many as a sweep may have at all."""


def sweep_answers(
    jobs: LocalJobs, scenarios: LocalScenarios
) -> Mapping[str, Callable[[Any, float], Iterator[Message]]]:
    """Who answers, by the path of the method."""
    sweeps = _Sweeps(jobs, scenarios)
    return {
        f"{SERVICE}/CreateSweep": sweeps.create,
        f"{SERVICE}/GetSweep": sweeps.get,
        f"{SERVICE}/ListSweeps": sweeps.list_all,
        f"{SERVICE}/DeleteSweep": sweeps.delete,
        f"{SERVICE}/WatchSweep": sweeps.watch,
        f"{SERVICE}/ListSweepPoints": sweeps.points,
        f"{SERVICE}/FetchSweepPlan": sweeps.plan,
        f"{SERVICE}/ExportSweep": sweeps.export,
    }


class _Sweeps:
    def __init__(self, jobs: LocalJobs, scenarios: LocalScenarios) -> None:
        self._jobs = jobs
        self._scenarios = scenarios
        self._first = FirstAnswers("CreateSweep")

    def create(self, request: pb.CreateSweepRequest, _: float) -> Iterator[Message]:
        sweep_id = chosen_id(request.sweep_id, field="sweep_id", prefix="w")
        if not request.HasField("definition"):
            raise missing("definition")
        asked = read_definition(request.definition, LIMITS)
        scenario = self._scenarios.source(request).SerializeToString(deterministic=True)
        run_here("check_sweep", scenario, asked.content)
        with self._jobs.locked():
            earlier = self._first.answer(request.request_id, request)
            if earlier is None:
                self._jobs.add(
                    LocalSweep(
                        id=sweep_id,
                        scenario_name=request.scenario_name,
                        scenario=scenario,
                        definition=asked.content,
                        point_count=asked.definition.count,
                    )
                )
                self._first.remember(request.request_id, request, sweep_id)
            made = operation(self._jobs.get(earlier or sweep_id))
        yield made

    def get(self, request: pb.GetSweepRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            sweep = self._find(request.name)
            found = _described(sweep)
            if request.view == pb.SWEEP_VIEW_WITH_SCENARIO:
                found.scenario_content.ParseFromString(sweep.scenario)
        yield found

    def list_all(self, _request: pb.ListSweepsRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            sweeps = [job for job in self._jobs.newest_first() if isinstance(job, LocalSweep) and not job.is_deleted]
            found = [_described(sweep) for sweep in sweeps]
        yield pb.ListSweepsResponse(sweeps=found)

    def delete(self, request: pb.DeleteSweepRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            sweep = self._find(request.name)
            if not sweep.is_final:
                raise Conflict(
                    f"sweeps/{sweep.id} has not ended; wait for operations/{sweep.id}, or cancel it first",
                    reason="SWEEP_NOT_ENDED",
                    metadata={"id": sweep.id},
                )
            sweep.is_deleted = True
            sweep.results.clear()
            sweep.plans.clear()
        yield Empty()

    def watch(self, request: pb.WatchSweepRequest, timeout_s: float) -> Iterator[Message]:
        with self._jobs.locked():
            sweep = self._find(request.name)
        yield from self._jobs.follow(sweep, after=request.after_sequence, timeout_s=timeout_s)

    def points(self, request: pb.ListSweepPointsRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            sweep = self._jobs.get_sweep(parse_name(request.parent, "sweeps", field="parent"))
            found = _points(sweep)
        yield pb.ListSweepPointsResponse(points=found)

    def plan(self, request: pb.FetchSweepPlanRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            sweep = self._find(request.name)
            plan = sweep.plan(request.point)
        if plan is None:
            raise NotFound(
                f"point {request.point} of sweeps/{sweep.id} has no plan; list its points for those that have one",
                reason="SWEEP_PLAN_UNKNOWN",
                metadata={"id": sweep.id, "point": str(request.point)},
            )
        yield as_message(plan_pb2.Plan, to_proto(plan))

    def export(self, request: pb.ExportSweepRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            sweep = self._find(request.name)
            points = pb.ListSweepPointsResponse(points=_points(sweep)).SerializeToString()
        name = pb.SweepFormat.Name(request.format).encode("ascii")
        content = run_here("export_sweep", sweep.scenario, sweep.definition, points, name)
        yield pb.ExportSweepResponse(data=content, size_bytes=len(content), sha256=sha256(content).hexdigest())

    def _find(self, name: str) -> LocalSweep:
        return self._jobs.get_sweep(parse_name(name, "sweeps"))


def _described(sweep: LocalSweep) -> pb.StoredSweep:
    found = stored_sweep(sweep)
    found.definition.ParseFromString(sweep.definition)
    return found


def _points(sweep: LocalSweep) -> Sequence[sweep_pb2.PointResult]:
    ordered = [sweep.results[number] for number in sorted(sweep.results)]
    return [as_message(sweep_pb2.PointResult, to_proto(result)) for result in ordered]
