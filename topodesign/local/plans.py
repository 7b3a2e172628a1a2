"""What ``PlanningService`` does, over jobs kept in memory."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from topodesign_server.limits import read_limits
from topodesign_server.names import chosen_id, parse_name
from topodesign_server.scenario_checks import canonical_scenario
from topodesign_server.summaries import plan_summary

from topodesign.client.call import as_message
from topodesign.client.calls.plans import SERVICE
from topodesign.domain.plan import Plan
from topodesign.local.jobs import LocalJob, LocalJobs
from topodesign.local.operations import operation
from topodesign.local.repetition import FirstAnswers
from topodesign.local.scenarios import LocalScenarios
from topodesign.local.tasks import run_here
from topodesign.local.timestamps import timestamp
from topodesign.v1 import plan_pb2
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import from_proto, to_proto


def plan_answers(jobs: LocalJobs, scenarios: LocalScenarios) -> Mapping[str, Callable[[Any, float], Iterator[Message]]]:
    """Who answers, by the path of the method."""
    plans = _Plans(jobs, scenarios)
    return {
        f"{SERVICE}/CreatePlan": plans.create,
        f"{SERVICE}/GetPlan": plans.get,
        f"{SERVICE}/ListPlans": plans.list_all,
        f"{SERVICE}/DeletePlan": plans.delete,
        f"{SERVICE}/WatchPlan": plans.watch,
        f"{SERVICE}/VerifyPlan": plans.verify,
        f"{SERVICE}/ExportPlan": plans.export,
    }


class _Plans:
    def __init__(self, jobs: LocalJobs, scenarios: LocalScenarios) -> None:
        self._jobs = jobs
        self._scenarios = scenarios
        self._first = FirstAnswers("CreatePlan")

    def create(self, request: pb.CreatePlanRequest, _: float) -> Iterator[Message]:
        plan_id = chosen_id(request.plan_id, field="plan_id", prefix="p")
        limits = to_proto(read_limits(request.limits)).SerializeToString(deterministic=True)
        scenario = self._scenarios.source(request).SerializeToString(deterministic=True)
        with self._jobs.locked():
            start = b""
            if request.start_plan:
                start = self._jobs.made(parse_name(request.start_plan, "plans", field="start_plan")).plan or b""
            earlier = self._first.answer(request.request_id, request)
            if earlier is None:
                self._jobs.add(
                    LocalJob(
                        id=plan_id,
                        scenario_name=request.scenario_name,
                        scenario=scenario,
                        limits=limits,
                        start=start,
                    )
                )
                self._first.remember(request.request_id, request, plan_id)
            made = operation(self._jobs.get(earlier or plan_id))
        yield made

    def get(self, request: pb.GetPlanRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            job = self._jobs.made(parse_name(request.name, "plans"))
            stored = _stored(job)
            stored.scenario_content.ParseFromString(job.scenario)
        yield stored

    def list_all(self, _request: pb.ListPlansRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            jobs = [job for job in self._jobs.newest_first() if isinstance(job, LocalJob)]
            found = [_stored(job) for job in jobs if job.plan is not None]
        for stored in found:
            stored.plan.CopyFrom(plan_summary(stored.plan))
        yield pb.ListPlansResponse(plans=found)

    def delete(self, request: pb.DeletePlanRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            plan_id = parse_name(request.name, "plans")
            job = self._jobs.get_plan(plan_id)
            if not job.is_final:
                self._jobs.made(plan_id)  # refuses, with what it is that goes on
            job.is_plan_deleted, job.plan = True, None
        yield Empty()

    def watch(self, request: pb.WatchPlanRequest, timeout_s: float) -> Iterator[Message]:
        with self._jobs.locked():
            # the history of a plan outlives it, as on a server
            job = self._jobs.get_plan(parse_name(request.name, "plans"), with_deleted=True)
        yield from self._jobs.follow(job, after=request.after_sequence, timeout_s=timeout_s)

    def verify(self, request: pb.VerifyPlanRequest, _: float) -> Iterator[Message]:
        if request.HasField("name"):
            with self._jobs.locked():
                job = self._jobs.made(parse_name(request.name, "plans"))
                scenario, plan = job.scenario, job.plan or b""
        else:
            scenario = canonical_scenario(request.scenario).SerializeToString()
            plan = as_message(plan_pb2.Plan, to_proto(from_proto(request.plan, Plan, path="plan"))).SerializeToString()
        yield plan_pb2.Verification.FromString(run_here("verify_plan", scenario, plan))

    def export(self, request: pb.ExportPlanRequest, _: float) -> Iterator[Message]:
        with self._jobs.locked():
            job = self._jobs.made(parse_name(request.name, "plans"))
            scenario, plan = job.scenario, job.plan or b""
        name = pb.ExportFormat.Name(request.format).encode("ascii")
        content = run_here("export_plan", scenario, plan, name)
        yield pb.ExportPlanResponse(data=content, size_bytes=len(content), sha256=sha256(content).hexdigest())


def _stored(job: LocalJob) -> pb.StoredPlan:
    return pb.StoredPlan(
        name=f"plans/{job.id}",
        scenario=job.scenario_name,
        create_time=timestamp(job.created),
        plan=plan_pb2.Plan.FromString(job.plan or b""),
    )
