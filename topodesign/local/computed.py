"""Answers that depend on the request alone."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from topodesign.client.call import as_message
from topodesign.client.calls import catalog, fabrics, optics, training
from topodesign.domain.goodput_request import GoodputRequest
from topodesign.domain.link import LinkRequest
from topodesign.domain.training import JobSize, TrainingRequest
from topodesign.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    fabric_failures_pb2,
    fabric_pb2,
    fabric_service_pb2,
    optics_pb2,
    optics_service_pb2,
    training_pb2,
    training_service_pb2,
)
from topodesign.wire import (
    equipment_to_proto,
    from_proto,
    kind_from_proto,
    options_from_proto,
    sharding_from_proto,
    to_proto,
)


def _by_task(task: str, answer: type[Message]) -> Callable[[Any, float], Iterator[Message]]:
    """What a child of the service would compute, here."""

    def computed(request: Message, _: float) -> Iterator[Message]:
        from topodesign.local.tasks import run_here

        yield answer.FromString(run_here(task, request.SerializeToString()))

    return computed


def _design_link(request: optics_service_pb2.DesignLinkRequest, _: float) -> Iterator[Message]:
    from topodesign.api import design_link

    yield to_proto(design_link(from_proto(request, LinkRequest)))


def _list_modes(request: optics_service_pb2.ListModesRequest, _: float) -> Iterator[Message]:
    from topodesign.api import list_modes

    modes = list_modes(rate_gbps=request.rate_gbps if request.HasField("rate_gbps") else None)
    yield optics_service_pb2.ListModesResponse(
        modes=[as_message(optics_pb2.TransceiverMode, to_proto(mode)) for mode in modes]
    )


def _estimate_training(request: training_service_pb2.EstimateTrainingRequest, _: float) -> Iterator[Message]:
    from topodesign.api import estimate_training

    yield to_proto(estimate_training(**options_from_proto(request, (TrainingRequest, JobSize))))


def _estimate_goodput(request: training_service_pb2.EstimateGoodputRequest, _: float) -> Iterator[Message]:
    from topodesign.api import estimate_goodput

    yield to_proto(estimate_goodput(from_proto(request, GoodputRequest)))


def _plan_sharding(request: training_service_pb2.PlanShardingRequest, _: float) -> Iterator[Message]:
    from topodesign.training.sharding import plan_sharding

    yield to_proto(plan_sharding(**sharding_from_proto(request)))


def _list_training_models(_request: Message, _: float) -> Iterator[Message]:
    from topodesign.api import training_models

    yield training_service_pb2.ListTrainingModelsResponse(
        training_models=[as_message(training_pb2.TrainingModel, to_proto(model)) for model in training_models()]
    )


def _list_accelerators(_request: Message, _: float) -> Iterator[Message]:
    from topodesign.api import list_accelerators

    yield catalog_service_pb2.ListAcceleratorsResponse(
        accelerators=[as_message(catalog_pb2.Accelerator, to_proto(item)) for item in list_accelerators()]
    )


def _list_equipment(request: catalog_service_pb2.ListEquipmentRequest, _: float) -> Iterator[Message]:
    from topodesign.api import list_equipment

    items = list_equipment(kind=kind_from_proto(request.kind))
    yield catalog_service_pb2.ListEquipmentResponse(equipment=[equipment_to_proto(item) for item in items])


COMPUTED: Mapping[str, Callable[[Any, float], Iterator[Message]]] = MappingProxyType(
    {
        f"{fabrics.SERVICE}/EvaluateFabric": _by_task("evaluate_fabric", fabric_pb2.FabricEvaluation),
        f"{fabrics.SERVICE}/CompareFabrics": _by_task("compare_fabrics", fabric_service_pb2.CompareFabricsResponse),
        f"{fabrics.SERVICE}/EstimateSliceGoodput": _by_task("estimate_slice_goodput", fabric_failures_pb2.SliceGoodput),
        f"{optics.SERVICE}/DesignLink": _design_link,
        f"{optics.SERVICE}/ListModes": _list_modes,
        f"{training.SERVICE}/EstimateTraining": _estimate_training,
        f"{training.SERVICE}/EstimateGoodput": _estimate_goodput,
        f"{training.SERVICE}/PlanSharding": _plan_sharding,
        f"{training.SERVICE}/ListTrainingModels": _list_training_models,
        f"{catalog.SERVICE}/ListAccelerators": _list_accelerators,
        f"{catalog.SERVICE}/ListEquipment": _list_equipment,
    }
)
"""By the path of the method."""
