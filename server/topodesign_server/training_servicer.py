"""``TrainingService``."""

# ruff: noqa: ARG002, N802 (the names of methods and their parameters are gRPC's)
from __future__ import annotations  # gRPC's types take parameters for type checkers only

import grpc

# Loaded when the server starts, so that no call waits for numpy.
import topodesign.training.goodput_estimate
import topodesign.training.job  # noqa: F401
from topodesign.api import estimate_goodput, estimate_training, training_models
from topodesign.domain.checks import require
from topodesign.domain.goodput_request import MOST_SITE_PARTS, GoodputRequest
from topodesign.domain.training import JobSize, TrainingRequest
from topodesign.training.sharding import plan_sharding
from topodesign.v1 import training_goodput_pb2, training_pb2, training_service_pb2_grpc
from topodesign.v1 import training_service_pb2 as pb
from topodesign.wire import from_proto, options_from_proto, sharding_from_proto, to_proto
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.paging import Pager


class TrainingServicer(training_service_pb2_grpc.TrainingServiceServicer):
    """Estimates on threads: the largest simulation takes a fraction of a second, less than a child would to start."""

    def __init__(self, pager: Pager, offload: FairOffloader) -> None:
        self._pager = pager
        self._offload = offload

    async def EstimateTraining(
        self,
        request: pb.EstimateTrainingRequest,
        context: grpc.aio.ServicerContext[pb.EstimateTrainingRequest, training_pb2.TrainingEstimate],
    ) -> training_pb2.TrainingEstimate:
        return await self._offload(read_and_estimate, request)

    async def EstimateGoodput(
        self,
        request: pb.EstimateGoodputRequest,
        context: grpc.aio.ServicerContext[pb.EstimateGoodputRequest, training_goodput_pb2.GoodputEstimate],
    ) -> training_goodput_pb2.GoodputEstimate:
        return await self._offload(read_and_estimate_goodput, request)

    async def PlanSharding(
        self,
        request: pb.PlanShardingRequest,
        context: grpc.aio.ServicerContext[pb.PlanShardingRequest, training_pb2.ShardingPlan],
    ) -> training_pb2.ShardingPlan:
        return await self._offload(read_and_shard, request)

    async def ListTrainingModels(
        self,
        request: pb.ListTrainingModelsRequest,
        context: grpc.aio.ServicerContext[pb.ListTrainingModelsRequest, pb.ListTrainingModelsResponse],
    ) -> pb.ListTrainingModelsResponse:
        models = training_models()
        part, token = self._pager.part(
            models,
            [model.id for model in models],
            of="training models",
            page_size=request.page_size,
            page_token=request.page_token,
        )
        response = pb.ListTrainingModelsResponse(next_page_token=token)
        for model in part:
            message = to_proto(model)
            assert isinstance(message, training_pb2.TrainingModel)
            response.training_models.append(message)
        return response


def read_and_estimate(request: pb.EstimateTrainingRequest) -> training_pb2.TrainingEstimate:
    estimate = to_proto(estimate_training(**options_from_proto(request, (TrainingRequest, JobSize))))
    assert isinstance(estimate, training_pb2.TrainingEstimate)
    return estimate


def read_and_estimate_goodput(request: pb.EstimateGoodputRequest) -> training_goodput_pb2.GoodputEstimate:
    # before they become Python objects: a thousand sites may have ten thousand each
    count = sum(len(site.parts) for site in request.sites)
    limit = f"at most {MOST_SITE_PARTS} parts"
    require(count <= MOST_SITE_PARTS, field="sites", value=count, limit=limit, remedy="join those alike")
    estimate = to_proto(estimate_goodput(from_proto(request, GoodputRequest)))
    assert isinstance(estimate, training_goodput_pb2.GoodputEstimate)
    return estimate


def read_and_shard(request: pb.PlanShardingRequest) -> training_pb2.ShardingPlan:
    plan = to_proto(plan_sharding(**sharding_from_proto(request)))
    assert isinstance(plan, training_pb2.ShardingPlan)
    return plan
