"""``PlanningService``."""

# ruff: noqa: N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import grpc
from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty

from topodesign.domain.errors import InvalidInput
from topodesign.v1 import plan_pb2, planning_service_pb2_grpc
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import to_proto
from topodesign_server.calls import Calls
from topodesign_server.exports import FILES, file_parts
from topodesign_server.histories import Histories
from topodesign_server.job_making import JobMaker, JobRequest
from topodesign_server.job_rows import NewJob, PlanRow
from topodesign_server.job_store import JobStore
from topodesign_server.limits import read_limits
from topodesign_server.names import chosen_id, parse_name
from topodesign_server.offloading import Offloader
from topodesign_server.paging import Pager
from topodesign_server.resources import stored_plan, watch_response
from topodesign_server.scenario_source import ScenarioSource
from topodesign_server.sources import ScenarioReader, source_missing
from topodesign_server.tenants import tenant_of
from topodesign_server.tracing import Tracing

MOST_FULL_PLANS = 20


class PlanningServicer(planning_service_pb2_grpc.PlanningServiceServicer):
    """Makes plans and keeps them."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        source: ScenarioSource,
        reader: ScenarioReader,
        maker: JobMaker,
        histories: Histories,
        calls: Calls,
        pager: Pager,
        offload: Offloader,
        tracing: Tracing,
    ) -> None:
        self._jobs = jobs
        self._source = source
        self._reader = reader
        self._maker = maker
        self._histories = histories
        self._calls = calls
        self._pager = pager
        self._offload = offload
        self._tracing = tracing

    async def CreatePlan(
        self,
        request: pb.CreatePlanRequest,
        context: grpc.aio.ServicerContext[pb.CreatePlanRequest, operations_pb2.Operation],
    ) -> operations_pb2.Operation:
        tenant = tenant_of(context)
        plan_id = chosen_id(request.plan_id, field="plan_id", prefix="p")
        asked = JobRequest(
            tenant=tenant,
            job_id=plan_id,
            method="CreatePlan",
            message=request,
            new=lambda: self._new_job(tenant, plan_id, request),
        )
        if request.validate_only:
            return await self._maker.check(asked, pb.StoredPlan(scenario=request.scenario_name))
        return await self._maker.make(asked)

    async def GetPlan(
        self, request: pb.GetPlanRequest, context: grpc.aio.ServicerContext[pb.GetPlanRequest, pb.StoredPlan]
    ) -> pb.StoredPlan:
        plan_id = parse_name(request.name, "plans")
        return await self._offload(self._stored, tenant_of(context), plan_id, request.view)

    async def ListPlans(
        self,
        request: pb.ListPlansRequest,
        context: grpc.aio.ServicerContext[pb.ListPlansRequest, pb.ListPlansResponse],
    ) -> pb.ListPlansResponse:
        full = request.view in (pb.PLAN_VIEW_FULL, pb.PLAN_VIEW_WITH_SCENARIO)
        tenant = tenant_of(context)
        arguments = f"{tenant} plans {'full' if full else 'basic'}"
        page = self._pager.page(page_size=request.page_size, page_token=request.page_token, arguments=arguments)
        if full:
            page = replace(page, size=min(page.size, MOST_FULL_PLANS))
        rows = await self._offload(self._jobs.plans, tenant, page, full=full)
        shown = rows[: page.size]
        token = self._pager.token(shown[-1].number, arguments) if len(rows) > page.size else ""
        return await self._offload(_listed, shown, full=full, next_page_token=token)

    async def DeletePlan(
        self, request: pb.DeletePlanRequest, context: grpc.aio.ServicerContext[pb.DeletePlanRequest, Empty]
    ) -> Empty:
        await self._offload(self._jobs.delete_plan, tenant_of(context), parse_name(request.name, "plans"))
        return Empty()

    async def WatchPlan(
        self,
        request: pb.WatchPlanRequest,
        context: grpc.aio.ServicerContext[pb.WatchPlanRequest, pb.WatchPlanResponse],
    ) -> AsyncIterator[pb.WatchPlanResponse]:
        plan_id = parse_name(request.name, "plans")
        tenant, after = tenant_of(context), request.after_sequence
        async for row in self._histories.follow(tenant, plan_id, what="plans", after=after):
            yield watch_response(row)

    async def VerifyPlan(
        self,
        request: pb.VerifyPlanRequest,
        context: grpc.aio.ServicerContext[pb.VerifyPlanRequest, plan_pb2.Verification],
    ) -> plan_pb2.Verification:
        tenant, subject = tenant_of(context), request.WhichOneof("subject")
        if subject is None:
            raise source_missing("subject", "either name or plan")
        if subject == "name":
            if request.HasField("scenario"):
                raise InvalidInput(
                    "scenario is given with name, but a kept plan is checked against its own; give only one of the two",
                    field_path="scenario",
                )
            row = await self._offload(self._jobs.plan, tenant, parse_name(request.name, "plans"))
            task, scenario, plan = "verify_plan", row.scenario, row.content
        else:
            if not request.HasField("scenario"):
                raise source_missing("scenario", "the scenario that the plan is for")
            task = "verify_given_plan"  # the child checks them: a large scenario may take it half a minute
            scenario = await self._reader.serialized(request.scenario)
            plan = await self._reader.serialized(request.plan)
        return plan_pb2.Verification.FromString(await self._calls.run(task, scenario, plan, tenant=tenant))

    async def ExportPlan(
        self,
        request: pb.ExportPlanRequest,
        context: grpc.aio.ServicerContext[pb.ExportPlanRequest, pb.ExportPlanResponse],
    ) -> AsyncIterator[pb.ExportPlanResponse]:
        tenant, plan_id = tenant_of(context), parse_name(request.name, "plans")
        row = await self._offload(self._jobs.plan, tenant, plan_id)
        name = pb.ExportFormat.Name(request.format).encode("ascii")
        content = await self._calls.run("export_plan", row.scenario, row.content, name, tenant=tenant)
        for part in file_parts(content, FILES[request.format]):
            yield pb.ExportPlanResponse(**part)

    async def _new_job(self, tenant: str, plan_id: str, request: pb.CreatePlanRequest) -> NewJob:
        limits = to_proto(read_limits(request.limits))
        scenario = await self._source.serialized(tenant, request)
        return NewJob(
            tenant=tenant,
            id=plan_id,
            is_named=bool(request.plan_id),
            scenario_name=request.scenario_name,
            scenario=scenario.content,
            scenario_sha256=scenario.sha256,
            limits=limits.SerializeToString(deterministic=True),
            start=await self._start(tenant, request.start_plan),
            trace_context=self._tracing.job(plan_id),
        )

    async def _start(self, tenant: str, name: str) -> bytes | None:
        """The plan to begin from, read now so that the job does not depend on it being kept."""
        if not name:
            return None
        return (await self._offload(self._jobs.plan, tenant, parse_name(name, "plans", field="start_plan"))).content

    def _stored(self, tenant: str, plan_id: str, view: pb.PlanView.ValueType) -> pb.StoredPlan:
        """A plan as it is asked for; plans may be large, so this is for a thread."""
        with_scenario = view == pb.PLAN_VIEW_WITH_SCENARIO
        row = self._jobs.plan(tenant, plan_id, with_scenario=with_scenario)
        message = stored_plan(row, full=view != pb.PLAN_VIEW_BASIC)
        if with_scenario:
            message.scenario_content.ParseFromString(row.scenario)
        return message


def _listed(rows: Sequence[PlanRow], *, full: bool, next_page_token: str) -> pb.ListPlansResponse:
    return pb.ListPlansResponse(plans=[stored_plan(row, full=full) for row in rows], next_page_token=next_page_token)
