"""``PlanningService``."""

# ruff: noqa: N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from hashlib import sha256

import grpc
from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty

from topodesign.domain.errors import CapacityError, InvalidInput
from topodesign.v1 import plan_pb2, planning_service_pb2_grpc
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import to_proto
from topodesign_server.calls import Calls
from topodesign_server.exports import FILES
from topodesign_server.job_rows import JobRow, NewJob, PlanRow
from topodesign_server.job_store import JobStore
from topodesign_server.limits import read_limits
from topodesign_server.names import RequestKey, chosen_id, parse_name, request_key
from topodesign_server.offloading import Offloader
from topodesign_server.paging import Pager
from topodesign_server.queue_door import QueueDoor
from topodesign_server.request_gate import RequestGate
from topodesign_server.resources import operation, stored_plan, watch_response
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.sources import ScenarioReader, source_missing
from topodesign_server.tenants import tenant_of
from topodesign_server.tracing import Tracing
from topodesign_server.watchers import Watchers
from topodesign_server.workers import Workers

CHUNK_BYTES = 256 * 1024
MOST_FULL_PLANS = 20


class PlanningServicer(planning_service_pb2_grpc.PlanningServiceServicer):
    """Makes plans and keeps them."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        scenarios: ScenarioStore,
        reader: ScenarioReader,
        workers: Workers,
        watchers: Watchers,
        calls: Calls,
        pager: Pager,
        offload: Offloader,
        door: QueueDoor,
        gate: RequestGate,
        tracing: Tracing,
    ) -> None:
        self._jobs = jobs
        self._scenarios = scenarios
        self._reader = reader
        self._workers = workers
        self._watchers = watchers
        self._calls = calls
        self._pager = pager
        self._offload = offload
        self._door = door
        self._gate = gate
        self._tracing = tracing

    async def CreatePlan(
        self,
        request: pb.CreatePlanRequest,
        context: grpc.aio.ServicerContext[pb.CreatePlanRequest, operations_pb2.Operation],
    ) -> operations_pb2.Operation:
        tenant = tenant_of(context)
        plan_id = chosen_id(request.plan_id, field="plan_id", prefix="p")
        if request.validate_only:
            return await self._checked(tenant, plan_id, request)
        async with AsyncExitStack() as places:
            try:
                await places.enter_async_context(self._door.place(tenant, plan_id))
            except CapacityError:
                earlier = await self._door.repeated(await self._key(tenant, request))
                if earlier is None:
                    raise
                job = earlier
            else:
                job = await self._job(tenant, plan_id, request)
        self._workers.wake()
        return await self._offload(self._operation, job)

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
        job_id = parse_name(request.name, "plans")
        after = request.after_sequence
        tenant = tenant_of(context)
        number = (await self._offload(self._jobs.get, tenant, job_id, what="plans")).number
        with self._watchers.watching(number) as changed:
            while True:
                changed.clear()
                job, rows = await self._offload(self._jobs.history, tenant, job_id, after=after)
                for row in rows:
                    after = row.sequence
                    yield watch_response(row)
                if job.is_final and after >= job.sequence:
                    return
                self._watchers.require_serving()
                if not rows:
                    await changed.wait()

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
        file = FILES[request.format]
        yield pb.ExportPlanResponse(
            data=content[:CHUNK_BYTES],
            filename=file.name,
            media_type=file.media_type,
            size_bytes=len(content),
            sha256=sha256(content).hexdigest(),
        )
        for start in range(CHUNK_BYTES, len(content), CHUNK_BYTES):
            yield pb.ExportPlanResponse(data=content[start : start + CHUNK_BYTES])

    async def _job(self, tenant: str, plan_id: str, request: pb.CreatePlanRequest) -> JobRow:
        """The job of a request that has a place in the queue: what the same request made before, or a new one."""
        await self._gate.require(request)
        key = await self._key(tenant, request)
        earlier = None if key is None else await self._offload(self._jobs.repeated, key)
        if earlier is not None:  # answered even when what it was made from is deleted since
            return earlier
        new = await self._new_job(tenant, plan_id, request)
        return await self._offload(self._jobs.create, new, key=key)

    async def _checked(self, tenant: str, plan_id: str, request: pb.CreatePlanRequest) -> operations_pb2.Operation:
        """The answer to a request that is only to be checked."""
        await self._gate.require(request)
        key = await self._key(tenant, request)
        await self._offload(self._jobs.require_creatable, await self._new_job(tenant, plan_id, request), key=key)
        checked = operations_pb2.Operation(done=True)
        checked.response.Pack(pb.StoredPlan(scenario=request.scenario_name))
        return checked

    async def _new_job(self, tenant: str, plan_id: str, request: pb.CreatePlanRequest) -> NewJob:
        limits = to_proto(read_limits(request.limits))
        return NewJob(
            tenant=tenant,
            id=plan_id,
            is_named=bool(request.plan_id),
            scenario_name=request.scenario_name,
            scenario=await self._scenario(tenant, request),
            limits=limits.SerializeToString(deterministic=True),
            start=await self._start(tenant, request.start_plan),
            trace_context=self._tracing.job(plan_id),
        )

    async def _scenario(self, tenant: str, request: pb.CreatePlanRequest) -> bytes:
        """The scenario of a request, checked and serialized."""
        source = request.WhichOneof("source")
        if source is None:
            raise source_missing("source", "either scenario or scenario_name")
        if source == "scenario":
            return await self._reader.inline(tenant, request.scenario)
        scenario_id = parse_name(request.scenario_name, "scenarios", field="scenario_name")
        return (await self._offload(self._scenarios.get, tenant, scenario_id)).content

    async def _start(self, tenant: str, name: str) -> bytes | None:
        """The plan to begin from, read now so that the job does not depend on it being kept."""
        if not name:
            return None
        return (await self._offload(self._jobs.plan, tenant, parse_name(name, "plans", field="start_plan"))).content

    def _operation(self, job: JobRow) -> operations_pb2.Operation:
        """The operation of a job; one that ended before its request was repeated has its plan."""
        return operation(*self._jobs.get_with_plan(job.tenant, job.id)) if job.is_final else operation(job, None)

    def _stored(self, tenant: str, plan_id: str, view: pb.PlanView.ValueType) -> pb.StoredPlan:
        """A plan as it is asked for; plans may be large, so this is for a thread."""
        with_scenario = view == pb.PLAN_VIEW_WITH_SCENARIO
        row = self._jobs.plan(tenant, plan_id, with_scenario=with_scenario)
        message = stored_plan(row, full=view != pb.PLAN_VIEW_BASIC)
        if with_scenario:
            message.scenario_content.ParseFromString(row.scenario)
        return message

    async def _key(self, tenant: str, request: pb.CreatePlanRequest) -> RequestKey | None:
        return await request_key(tenant, "CreatePlan", request, request.request_id, offload=self._reader.offload)


def _listed(rows: Sequence[PlanRow], *, full: bool, next_page_token: str) -> pb.ListPlansResponse:
    return pb.ListPlansResponse(plans=[stored_plan(row, full=full) for row in rows], next_page_token=next_page_token)
