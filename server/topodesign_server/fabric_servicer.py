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
from topodesign_server.fabric_effort import is_small_evaluation
from topodesign_server.fabric_requests import comparison_asked, evaluation_asked
from topodesign_server.tenants import tenant_of

READ_AT_ONCE_BYTES = 64 * 1024
"""Smaller requests are checked before they wait for a child; larger ones (edge lists) are read in the child only."""

MOST_SMALL_BYTES = 16 * 1024
"""A warm child is asked through a pipe that holds 64 KiB: nothing waits for it to read."""


class FabricServicer(fabric_service_pb2_grpc.FabricServiceServicer):
    """Evaluates fabrics in child processes; what was asked before is not computed again."""

    def __init__(self, answers: Answers, *, limit_s: float, memory_bytes: int) -> None:
        self._answers = answers
        self._limit_s = limit_s
        self._memory_bytes = memory_bytes

    async def EvaluateFabric(
        self,
        request: pb.EvaluateFabricRequest,
        context: grpc.aio.ServicerContext[pb.EvaluateFabricRequest, fabric_pb2.FabricEvaluation],
    ) -> fabric_pb2.FabricEvaluation:
        size_bytes, is_small = request.ByteSize(), False
        if size_bytes <= READ_AT_ONCE_BYTES:
            is_small = is_small_evaluation(evaluation_asked(request)) and size_bytes <= MOST_SMALL_BYTES
        content = await self._answer("evaluate_fabric", request, context, is_small=is_small)
        return fabric_pb2.FabricEvaluation.FromString(content)

    async def CompareFabrics(
        self,
        request: pb.CompareFabricsRequest,
        context: grpc.aio.ServicerContext[pb.CompareFabricsRequest, pb.CompareFabricsResponse],
    ) -> pb.CompareFabricsResponse:
        if request.ByteSize() <= READ_AT_ONCE_BYTES:
            comparison_asked(request)
        content = await self._answer("compare_fabrics", request, context, is_small=False)
        return pb.CompareFabricsResponse.FromString(content)

    async def EstimateSliceGoodput(
        self,
        request: pb.EstimateSliceGoodputRequest,
        context: grpc.aio.ServicerContext[pb.EstimateSliceGoodputRequest, fabric_failures_pb2.SliceGoodput],
    ) -> fabric_failures_pb2.SliceGoodput:
        from_proto(request, SliceGoodputRequest)
        content = await self._answer("estimate_slice_goodput", request, context, is_small=False)
        return fabric_failures_pb2.SliceGoodput.FromString(content)

    async def _answer(
        self,
        task: str,
        request: pb.EvaluateFabricRequest | pb.CompareFabricsRequest | pb.EstimateSliceGoodputRequest,
        context: grpc.aio.ServicerContext[Any, Any],
        *,
        is_small: bool,
    ) -> bytes:
        return await self._answers.run(
            tenant_of(context),
            task,
            request.SerializeToString(deterministic=True),
            limit_s=self._limit_s,
            memory_bytes=self._memory_bytes,
            is_small=is_small,
        )
