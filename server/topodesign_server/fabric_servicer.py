"""``FabricService``."""

# ruff: noqa: N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

import asyncio
from typing import Any

import grpc

from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput
from topodesign.v1 import fabric_pb2, fabric_service_pb2_grpc
from topodesign.v1 import fabric_service_pb2 as pb
from topodesign.wire import fabric_from_proto
from topodesign_server.answers import Answers
from topodesign_server.tenants import tenant_of

MOST_FABRICS = 32
READ_AT_ONCE_BYTES = 64 * 1024


class FabricServicer(fabric_service_pb2_grpc.FabricServiceServicer):
    """Evaluates fabrics, each in a child process that ends with it; what was asked before is not repeated."""

    def __init__(self, answers: Answers, *, limit_s: float) -> None:
        self._answers = answers
        self._limit_s = limit_s

    async def EvaluateFabric(
        self,
        request: pb.EvaluateFabricRequest,
        context: grpc.aio.ServicerContext[pb.EvaluateFabricRequest, fabric_pb2.FabricEvaluation],
    ) -> fabric_pb2.FabricEvaluation:
        await _check(request.fabric, path="fabric")
        several = pb.CompareFabricsRequest(fabrics=[request.fabric])
        if request.HasField("message_bytes"):
            several.message_bytes = request.message_bytes
        return (await self._evaluate(several, context)).fabrics[0]

    async def CompareFabrics(
        self,
        request: pb.CompareFabricsRequest,
        context: grpc.aio.ServicerContext[pb.CompareFabricsRequest, pb.CompareFabricsResponse],
    ) -> pb.CompareFabricsResponse:
        if not 1 <= len(request.fabrics) <= MOST_FABRICS:
            raise InvalidInput(
                f"fabrics has {len(request.fabrics)} entries, but it must have 1 to {MOST_FABRICS}; split the request",
                field_path="fabrics",
                metadata={"value": str(len(request.fabrics)), "limit": str(MOST_FABRICS)},
            )
        for index, fabric in enumerate(request.fabrics):
            await _check(fabric, path=f"fabrics[{index}]")
        return await self._evaluate(request, context)

    async def _evaluate(
        self, request: pb.CompareFabricsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.CompareFabricsResponse:
        if request.HasField("message_bytes"):
            require_number(request.message_bytes, field="message_bytes", above=0)
        content = await self._answers.run(
            tenant_of(context),
            "evaluate_fabrics",
            request.SerializeToString(deterministic=True),
            limit_s=self._limit_s,
        )
        return pb.CompareFabricsResponse.FromString(content)


async def _check(fabric: fabric_pb2.FabricSpec, *, path: str) -> None:
    """Raise :class:`InvalidInput` for a fabric that cannot be; long edge lists are read on a thread."""
    if fabric.ByteSize() > READ_AT_ONCE_BYTES:
        await asyncio.to_thread(fabric_from_proto, fabric, path=path)
    else:
        fabric_from_proto(fabric, path=path)
