"""``ScenarioService``."""

# ruff: noqa: N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

import grpc
from google.protobuf.empty_pb2 import Empty

from topodesign.domain.errors import InvalidInput, InvalidScenario, Problem
from topodesign.v1 import scenario_pb2, scenario_service_pb2_grpc
from topodesign.v1 import scenario_service_pb2 as pb
from topodesign.wire import to_proto
from topodesign_server.names import chosen_id, parse_name, request_key
from topodesign_server.offloading import Offloader
from topodesign_server.paging import Pager
from topodesign_server.resources import stored_scenario
from topodesign_server.scenario_checks import ScenarioContent
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.sources import ScenarioReader, source_missing
from topodesign_server.summaries import scenario_summary
from topodesign_server.tenants import tenant_of


class ScenarioServicer(scenario_service_pb2_grpc.ScenarioServiceServicer):
    """Keeps scenarios and checks them."""

    def __init__(self, store: ScenarioStore, reader: ScenarioReader, pager: Pager, offload: Offloader) -> None:
        self._store = store
        self._reader = reader
        self._pager = pager
        self._offload = offload

    async def CreateScenario(
        self,
        request: pb.CreateScenarioRequest,
        context: grpc.aio.ServicerContext[pb.CreateScenarioRequest, pb.StoredScenario],
    ) -> pb.StoredScenario:
        scenario_id = chosen_id(request.scenario_id, field="scenario_id", prefix="s")
        tenant = tenant_of(context)
        key = await request_key(tenant, "CreateScenario", request, request.request_id, offload=self._reader.offload)
        read = await self._read(tenant, request)
        content, summary = read.content, await self._reader.offload(_summary_of, read.content)
        if request.validate_only:
            size_bytes = len(content) + len(summary)
            await self._offload(self._store.require_creatable, tenant, scenario_id, size_bytes=size_bytes, key=key)
            return await self._reader.offload(_not_stored, content)
        row = await self._offload(
            self._store.create,
            tenant,
            scenario_id,
            content=content,
            summary=summary,
            key=key,
            scenario_sha256=read.sha256,
        )
        return await self._reader.offload(stored_scenario, row)

    async def GetScenario(
        self,
        request: pb.GetScenarioRequest,
        context: grpc.aio.ServicerContext[pb.GetScenarioRequest, pb.StoredScenario],
    ) -> pb.StoredScenario:
        scenario_id = parse_name(request.name, "scenarios")
        return await self._offload(self._stored, tenant_of(context), scenario_id)

    async def ListScenarios(
        self,
        request: pb.ListScenariosRequest,
        context: grpc.aio.ServicerContext[pb.ListScenariosRequest, pb.ListScenariosResponse],
    ) -> pb.ListScenariosResponse:
        tenant = tenant_of(context)
        arguments = f"{tenant} scenarios"
        page = self._pager.page(page_size=request.page_size, page_token=request.page_token, arguments=arguments)
        rows = await self._offload(self._store.page, tenant, page)
        shown = rows[: page.size]
        token = self._pager.token(shown[-1].number, arguments) if len(rows) > page.size else ""
        return pb.ListScenariosResponse(scenarios=[stored_scenario(row) for row in shown], next_page_token=token)

    async def DeleteScenario(
        self,
        request: pb.DeleteScenarioRequest,
        context: grpc.aio.ServicerContext[pb.DeleteScenarioRequest, Empty],
    ) -> Empty:
        scenario_id = parse_name(request.name, "scenarios")
        await self._offload(self._store.delete, tenant_of(context), scenario_id, etag=request.etag)
        return Empty()

    async def CheckScenario(
        self,
        request: pb.CheckScenarioRequest,
        context: grpc.aio.ServicerContext[pb.CheckScenarioRequest, pb.CheckScenarioResponse],
    ) -> pb.CheckScenarioResponse:
        try:
            await self._read(tenant_of(context), request)
        except InvalidScenario as error:
            problems = error.problems
        except InvalidInput as error:
            if error.field_path.partition(".")[0] != "scenario":
                raise  # the request itself is wrong, not the scenario in it
            problems = (Problem(file="request", field=error.field_path, reason=error.reason, message=error.message),)
        else:
            return pb.CheckScenarioResponse(ok=True)
        response = pb.CheckScenarioResponse(ok=False)
        for problem in problems:
            message = to_proto(problem)
            assert isinstance(message, scenario_pb2.Problem)
            response.problems.append(message)
        return response

    def _stored(self, tenant: str, scenario_id: str) -> pb.StoredScenario:
        return stored_scenario(self._store.get(tenant, scenario_id))

    async def _read(self, tenant: str, request: pb.CreateScenarioRequest | pb.CheckScenarioRequest) -> ScenarioContent:
        """The scenario that a request gives, checked and serialized."""
        source = request.WhichOneof("source")
        if source is None:
            raise source_missing("source", "either scenario or files")
        if source == "files":
            return await self._reader.files(tenant, request.files)
        return await self._reader.inline(tenant, request.scenario)


def _summary_of(content: bytes) -> bytes:
    return scenario_summary(scenario_pb2.Scenario.FromString(content)).SerializeToString(deterministic=True)


def _not_stored(content: bytes) -> pb.StoredScenario:
    return pb.StoredScenario(scenario=scenario_pb2.Scenario.FromString(content))
