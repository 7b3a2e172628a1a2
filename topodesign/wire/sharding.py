"""Requests for a sharding plan: models and accelerators by the names that the catalogue has, or as they are."""

from collections.abc import Mapping
from typing import Any

from topodesign.domain.equipment import Accelerator
from topodesign.domain.sharding_checks import require_sharding
from topodesign.domain.training_model import TrainingModel
from topodesign.v1 import catalog_pb2, training_pb2
from topodesign.v1.training_service_pb2 import PlanShardingRequest
from topodesign.wire.mapper import from_proto, to_proto
from topodesign.wire.values import missing


def sharding_to_proto(
    model: TrainingModel | str,
    accelerator: Accelerator | str,
    *,
    pods: Mapping[str, int],
    pod_accelerators: int,
    regions: Mapping[str, str],
    bits_per_element: float,
) -> PlanShardingRequest:
    """The request; raises :class:`InvalidInput` as the library does, before anything is sent."""
    require_sharding(pods=pods, regions=regions, pod_accelerators=pod_accelerators, bits_per_element=bits_per_element)
    request = PlanShardingRequest(
        pods={site: int(count) for site, count in pods.items()},
        pod_accelerators=int(pod_accelerators),
        regions=regions,
        bits_per_element=bits_per_element,
    )
    if isinstance(model, str):
        request.model = model
    else:
        custom_model = to_proto(model)
        assert isinstance(custom_model, training_pb2.TrainingModel)
        request.custom_model.CopyFrom(custom_model)
    if isinstance(accelerator, str):
        request.accelerator = accelerator
    else:
        custom_accelerator = to_proto(accelerator)
        assert isinstance(custom_accelerator, catalog_pb2.Accelerator)
        request.custom_accelerator.CopyFrom(custom_accelerator)
    return request


def sharding_from_proto(request: PlanShardingRequest) -> dict[str, Any]:
    """The arguments of :func:`topodesign.plan_sharding`; raises :class:`InvalidInput` for those that lack."""
    arguments: dict[str, Any] = {
        "model": _model(request),
        "accelerator": _accelerator(request),
        # the wire has no order of its own
        "pods": {site: request.pods[site] for site in sorted(request.pods)},
        "regions": {site: request.regions[site] for site in sorted(request.regions)},
    }
    if not request.HasField("pod_accelerators"):
        raise missing("pod_accelerators")
    arguments["pod_accelerators"] = request.pod_accelerators
    if request.HasField("bits_per_element"):
        arguments["bits_per_element"] = request.bits_per_element
    return arguments


def _model(request: PlanShardingRequest) -> TrainingModel | str:
    source = request.WhichOneof("model_source")
    if source is None:
        raise missing("model")
    if source == "model":
        return request.model
    return from_proto(request.custom_model, TrainingModel, path="custom_model")


def _accelerator(request: PlanShardingRequest) -> Accelerator | str:
    source = request.WhichOneof("accelerator_source")
    if source is None:
        raise missing("accelerator")
    if source == "accelerator":
        return request.accelerator
    return from_proto(request.custom_accelerator, Accelerator, path="custom_accelerator")
