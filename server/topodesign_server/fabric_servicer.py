"""``FabricService``."""

# ruff: noqa: ARG002, N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

import grpc

from topodesign.domain.fabric_failures import SliceGoodputRequest
from topodesign.v1 import fabric_failures_pb2, fabric_pb2, fabric_service_pb2_grpc
from topodesign.v1 import fabric_service_pb2 as pb
from topodesign.wire import from_proto
from topodesign_server.calls import Calls
from topodesign_server.fabric_requests import comparison_asked, evaluation_asked

READ_AT_ONCE_BYTES = 64 * 1024
"""Smaller requests are checked before they wait for a child; larger ones (edge lists) are read in the child only."""


class FabricServicer(fabric_service_pb2_grpc.FabricServiceServicer):
    """Evaluates fabrics, each call in a child process that ends with the call."""

    def __init__(self, calls: Calls, *, limit_s: float, memory_bytes: int) -> None:
        self._calls = calls
        self._limit_s = limit_s
        self._memory_bytes = memory_bytes

    async def EvaluateFabric(
        self,
        request: pb.EvaluateFabricRequest,
        context: grpc.aio.ServicerContext[pb.EvaluateFabricRequest, fabric_pb2.FabricEvaluation],
    ) -> fabric_pb2.FabricEvaluation:
        if request.ByteSize() <= READ_AT_ONCE_BYTES:
            evaluation_asked(request)
        return fabric_pb2.FabricEvaluation.FromString(await self._in_child("evaluate_fabric", request))

    async def CompareFabrics(
        self,
        request: pb.CompareFabricsRequest,
        context: grpc.aio.ServicerContext[pb.CompareFabricsRequest, pb.CompareFabricsResponse],
    ) -> pb.CompareFabricsResponse:
        if request.ByteSize() <= READ_AT_ONCE_BYTES:
            comparison_asked(request)
        return pb.CompareFabricsResponse.FromString(await self._in_child("compare_fabrics", request))

    async def EstimateSliceGoodput(
        self,
        request: pb.EstimateSliceGoodputRequest,
        context: grpc.aio.ServicerContext[pb.EstimateSliceGoodputRequest, fabric_failures_pb2.SliceGoodput],
    ) -> fabric_failures_pb2.SliceGoodput:
        from_proto(request, SliceGoodputRequest)
        return fabric_failures_pb2.SliceGoodput.FromString(await self._in_child("estimate_slice_goodput", request))

    async def _in_child(
        self,
        task: str,
        request: pb.EvaluateFabricRequest | pb.CompareFabricsRequest | pb.EstimateSliceGoodputRequest,
    ) -> bytes:
        return await self._calls.run(
            task, request.SerializeToString(), limit_s=self._limit_s, memory_bytes=self._memory_bytes
        )
