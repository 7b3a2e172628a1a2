"""``FabricService``."""

# ruff: noqa: N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

from typing import Any

import grpc

from topodesign.domain.fabric_failures import SliceGoodputRequest
from topodesign.v1 import fabric_failures_pb2, fabric_pb2, fabric_service_pb2_grpc
from topodesign.v1 import fabric_service_pb2 as pb
from topodesign.wire import from_proto
from topodesign_server.answers import Answers
from topodesign_server.fabric_requests import comparison_asked, evaluation_asked
from topodesign_server.tenants import tenant_of

READ_AT_ONCE_BYTES = 64 * 1024
"""Smaller requests are checked before they wait for a child; larger ones (edge lists) are read in the child only."""


class FabricServicer(fabric_service_pb2_grpc.FabricServiceServicer):
    """Evaluates fabrics, each in a child process that ends with it; what was asked before is not computed again."""

    def __init__(self, answers: Answers, *, limit_s: float, memory_bytes: int) -> None:
        self._answers = answers
        self._limit_s = limit_s
        self._memory_bytes = memory_bytes

    async def EvaluateFabric(
        self,
        request: pb.EvaluateFabricRequest,
        context: grpc.aio.ServicerContext[pb.EvaluateFabricRequest, fabric_pb2.FabricEvaluation],
    ) -> fabric_pb2.FabricEvaluation:
        if request.ByteSize() <= READ_AT_ONCE_BYTES:
            evaluation_asked(request)
        return fabric_pb2.FabricEvaluation.FromString(await self._answer("evaluate_fabric", request, context))

    async def CompareFabrics(
        self,
        request: pb.CompareFabricsRequest,
        context: grpc.aio.ServicerContext[pb.CompareFabricsRequest, pb.CompareFabricsResponse],
    ) -> pb.CompareFabricsResponse:
        if request.ByteSize() <= READ_AT_ONCE_BYTES:
            comparison_asked(request)
        return pb.CompareFabricsResponse.FromString(await self._answer("compare_fabrics", request, context))

    async def EstimateSliceGoodput(
        self,
        request: pb.EstimateSliceGoodputRequest,
        context: grpc.aio.ServicerContext[pb.EstimateSliceGoodputRequest, fabric_failures_pb2.SliceGoodput],
    ) -> fabric_failures_pb2.SliceGoodput:
        from_proto(request, SliceGoodputRequest)
        content = await self._answer("estimate_slice_goodput", request, context)
        return fabric_failures_pb2.SliceGoodput.FromString(content)

    async def _answer(
        self,
        task: str,
        request: pb.EvaluateFabricRequest | pb.CompareFabricsRequest | pb.EstimateSliceGoodputRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> bytes:
        return await self._answers.run(
            tenant_of(context),
            task,
            request.SerializeToString(deterministic=True),
            limit_s=self._limit_s,
            memory_bytes=self._memory_bytes,
        )
