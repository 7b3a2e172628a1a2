"""``SweepService``."""

# ruff: noqa: N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

from collections.abc import AsyncIterator, Sequence

import grpc
from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty

from topodesign.domain.scenario_sweep import SweepCounts
from topodesign.v1 import plan_pb2, sweep_pb2, sweep_service_pb2_grpc
from topodesign.v1 import sweep_service_pb2 as pb
from topodesign.wire import missing, to_proto
from topodesign_server.calls import Calls
from topodesign_server.exports import SWEEP_FILES, file_parts
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.histories import Histories
from topodesign_server.job_making import JobMaker, JobRequest
from topodesign_server.job_rows import NewJob, NewSweep, PointRow, SweepRow
from topodesign_server.names import chosen_id, parse_name
from topodesign_server.offloading import Offloader
from topodesign_server.paging import Pager
from topodesign_server.resources import stored_sweep, watch_sweep_response
from topodesign_server.scenario_source import ScenarioSource
from topodesign_server.sweep_requests import SweepLimits, read_definition
from topodesign_server.sweep_store import SweepStore
from topodesign_server.tenants import tenant_of
from topodesign_server.tracing import Tracing


class SweepServicer(sweep_service_pb2_grpc.SweepServiceServicer):
    """Runs sweeps and keeps them."""

    def __init__(
        self,
        *,
        sweeps: SweepStore,
        source: ScenarioSource,
        maker: JobMaker,
        histories: Histories,
        calls: Calls,
        pager: Pager,
        offload: Offloader,
        reading: FairOffloader,
        limits: SweepLimits,
        tracing: Tracing,
    ) -> None:
        self._sweeps = sweeps
        self._source = source
        self._maker = maker
        self._histories = histories
        self._calls = calls
        self._pager = pager
        self._offload = offload
        self._reading = reading
        self._limits = limits
        self._tracing = tracing

    async def CreateSweep(
        self,
        request: pb.CreateSweepRequest,
        context: grpc.aio.ServicerContext[pb.CreateSweepRequest, operations_pb2.Operation],
    ) -> operations_pb2.Operation:
        tenant = tenant_of(context)
        sweep_id = chosen_id(request.sweep_id, field="sweep_id", prefix="w")
        asked = JobRequest(
            tenant=tenant,
            job_id=sweep_id,
            method="CreateSweep",
            message=request,
            new=lambda: self._new_job(tenant, sweep_id, request),
        )
        if request.validate_only:
            answer = pb.StoredSweep(scenario=request.scenario_name, definition=request.definition)
            return await self._maker.check(asked, answer)
        return await self._maker.make(asked)

    async def GetSweep(
        self, request: pb.GetSweepRequest, context: grpc.aio.ServicerContext[pb.GetSweepRequest, pb.StoredSweep]
    ) -> pb.StoredSweep:
        sweep_id = parse_name(request.name, "sweeps")
        with_scenario = request.view == pb.SWEEP_VIEW_WITH_SCENARIO
        return await self._offload(self._stored, tenant_of(context), sweep_id, with_scenario=with_scenario)

    async def ListSweeps(
        self,
        request: pb.ListSweepsRequest,
        context: grpc.aio.ServicerContext[pb.ListSweepsRequest, pb.ListSweepsResponse],
    ) -> pb.ListSweepsResponse:
        tenant = tenant_of(context)
        arguments = f"{tenant} sweeps"
        page = self._pager.page(page_size=request.page_size, page_token=request.page_token, arguments=arguments)
        shown, is_last = await self._offload(self._sweeps.page, tenant, page)
        token = "" if is_last else self._pager.token(shown[-1].job.number, arguments)
        return await self._offload(_listed, shown, next_page_token=token)

    async def DeleteSweep(
        self, request: pb.DeleteSweepRequest, context: grpc.aio.ServicerContext[pb.DeleteSweepRequest, Empty]
    ) -> Empty:
        await self._offload(self._sweeps.delete, tenant_of(context), parse_name(request.name, "sweeps"))
        return Empty()

    async def WatchSweep(
        self,
        request: pb.WatchSweepRequest,
        context: grpc.aio.ServicerContext[pb.WatchSweepRequest, pb.WatchSweepResponse],
    ) -> AsyncIterator[pb.WatchSweepResponse]:
        sweep_id = parse_name(request.name, "sweeps")
        tenant, after = tenant_of(context), request.after_sequence
        async for row in self._histories.follow(tenant, sweep_id, what="sweeps", after=after):
            yield watch_sweep_response(row)

    async def ListSweepPoints(
        self,
        request: pb.ListSweepPointsRequest,
        context: grpc.aio.ServicerContext[pb.ListSweepPointsRequest, pb.ListSweepPointsResponse],
    ) -> pb.ListSweepPointsResponse:
        tenant, sweep_id = tenant_of(context), parse_name(request.parent, "sweeps", field="parent")
        arguments = f"{tenant} sweeps/{sweep_id} points"
        page = self._pager.page(page_size=request.page_size, page_token=request.page_token, arguments=arguments)
        # a token has the number of the point that the next page begins with: points count up
        rows = await self._offload(self._sweeps.points, tenant, sweep_id, first=page.before or 0, most=page.size + 1)
        token = self._pager.token(rows[page.size].number, arguments) if len(rows) > page.size else ""
        return await self._offload(_points, rows[: page.size], next_page_token=token)

    async def FetchSweepPlan(
        self,
        request: pb.FetchSweepPlanRequest,
        context: grpc.aio.ServicerContext[pb.FetchSweepPlanRequest, plan_pb2.Plan],
    ) -> plan_pb2.Plan:
        sweep_id = parse_name(request.name, "sweeps")
        return await self._offload(self._plan, tenant_of(context), sweep_id, request.point)

    async def ExportSweep(
        self,
        request: pb.ExportSweepRequest,
        context: grpc.aio.ServicerContext[pb.ExportSweepRequest, pb.ExportSweepResponse],
    ) -> AsyncIterator[pb.ExportSweepResponse]:
        tenant, sweep_id = tenant_of(context), parse_name(request.name, "sweeps")
        row = await self._offload(self._sweeps.get, tenant, sweep_id, with_scenario=True)
        found = await self._offload(self._sweeps.points, tenant, sweep_id)
        points = (await self._offload(_points, found)).SerializeToString()
        name = pb.SweepFormat.Name(request.format).encode("ascii")
        content = await self._calls.run("export_sweep", row.scenario, row.definition, points, name, tenant=tenant)
        for part in file_parts(content, SWEEP_FILES[request.format]):
            yield pb.ExportSweepResponse(**part)

    async def _new_job(self, tenant: str, sweep_id: str, request: pb.CreateSweepRequest) -> NewJob:
        if not request.HasField("definition"):
            raise missing("definition")
        asked = await self._reading(read_definition, request.definition, self._limits)
        definition = asked.definition
        scenario = await self._source.serialized(tenant, request)
        await self._calls.run("check_sweep", scenario.content, asked.content, tenant=tenant)
        counts = to_proto(SweepCounts(point_count=definition.count))
        assert isinstance(counts, sweep_pb2.SweepCounts)
        return NewJob(
            tenant=tenant,
            id=sweep_id,
            is_named=bool(request.sweep_id),
            scenario_name=request.scenario_name,
            scenario=scenario.content,
            scenario_sha256=scenario.sha256,
            limits=to_proto(definition.limits).SerializeToString(deterministic=True),
            trace_context=self._tracing.job(sweep_id),
            sweep=NewSweep(definition=asked.content, progress=sweep_pb2.SweepEvent(counts=counts).SerializeToString()),
        )

    def _stored(self, tenant: str, sweep_id: str, *, with_scenario: bool) -> pb.StoredSweep:
        return stored_sweep(self._sweeps.get(tenant, sweep_id, with_scenario=with_scenario))

    def _plan(self, tenant: str, sweep_id: str, number: int) -> plan_pb2.Plan:
        return plan_pb2.Plan.FromString(self._sweeps.plan(tenant, sweep_id, number))


def _listed(rows: Sequence[SweepRow], *, next_page_token: str) -> pb.ListSweepsResponse:
    return pb.ListSweepsResponse(sweeps=[stored_sweep(row) for row in rows], next_page_token=next_page_token)


def _points(rows: Sequence[PointRow], *, next_page_token: str = "") -> pb.ListSweepPointsResponse:
    points = [sweep_pb2.PointResult.FromString(row.result) for row in rows]
    return pb.ListSweepPointsResponse(points=points, next_page_token=next_page_token)
