"""Calls of ``TrainingService``."""

from collections.abc import Mapping
from typing import Any

from topodesign.client.call import Call, one, pages
from topodesign.domain.equipment import Accelerator
from topodesign.domain.goodput_request import GoodputEstimate, GoodputRequest, goodput_request
from topodesign.domain.training import JobSize, TrainingEstimate, TrainingRequest
from topodesign.domain.training_model import ShardingPlan, TrainingModel
from topodesign.domain.training_options import given_options
from topodesign.v1 import training_goodput_pb2, training_pb2
from topodesign.v1 import training_service_pb2 as pb
from topodesign.wire import from_proto, options_to_proto, sharding_to_proto, to_proto

SERVICE = "/topodesign.v1.TrainingService"


def estimate_training(**options: Any) -> Call[TrainingEstimate]:
    """The same answer as :func:`topodesign.estimate_training`, by the server's catalogue.

    Parameters
    ----------
    **options
        Fields of :class:`~topodesign.domain.training.TrainingRequest` and
        :class:`~topodesign.domain.training.JobSize`.

    Raises
    ------
    InvalidInput
        For figures that are out of range or contradict each other; ``field_path`` names the option.
    NotFound
        For a model or accelerator that the server's catalogue does not have.
    """
    return one(
        f"{SERVICE}/EstimateTraining",
        training_pb2.TrainingEstimate,
        options_to_proto(given_options(options), pb.EstimateTrainingRequest, (TrainingRequest, JobSize)),
        lambda answer: from_proto(answer, TrainingEstimate),
    )


def estimate_goodput(request: GoodputRequest | None = None, **options: Any) -> Call[GoodputEstimate]:
    """The same answer as :func:`topodesign.estimate_goodput`, by the server's catalogue.

    Parameters
    ----------
    request : GoodputRequest, optional
        The whole request.
    **options
        Fields of :class:`~topodesign.domain.goodput_request.GoodputRequest`, in place of those of a request given.

    Raises
    ------
    InvalidInput
        For figures that are out of range, or a simulation that would draw too much (``SIMULATION_TOO_LARGE``).
    NotFound
        For an accelerator that the server's catalogue does not have.
    """
    return one(
        f"{SERVICE}/EstimateGoodput",
        training_goodput_pb2.GoodputEstimate,
        to_proto(goodput_request(request, options)),
        lambda answer: from_proto(answer, GoodputEstimate),
    )


def plan_sharding(
    model: TrainingModel | str,
    accelerator: Accelerator | str,
    *,
    pods: Mapping[str, int],
    pod_accelerators: int,
    regions: Mapping[str, str] | None = None,
    bits_per_element: float = 16.0,
) -> Call[ShardingPlan]:
    """The same answer as :func:`topodesign.plan_sharding`; names are those of the server's catalogue.

    Parameters
    ----------
    model : TrainingModel or str
    accelerator : Accelerator or str
    pods : mapping of str to int
        Pods at every site, at least one each.
    pod_accelerators : int
        At least 1.
    regions : mapping of str to str, optional
        The region of every site; default: all in one.
    bits_per_element : float
        Of gradients and activations between pods and sites, above 0, at most 1024.

    Raises
    ------
    InvalidInput
        ``MODEL_EXCEEDS_MEMORY`` when not even all pods together hold the model; for figures out of range.
    NotFound
        For a model or accelerator that the server's catalogue does not have.
    """
    request = sharding_to_proto(
        model,
        accelerator,
        pods=pods,
        pod_accelerators=pod_accelerators,
        regions=regions or {},
        bits_per_element=bits_per_element,
    )
    return one(
        f"{SERVICE}/PlanSharding",
        training_pb2.ShardingPlan,
        request,
        lambda answer: from_proto(answer, ShardingPlan),
    )


def training_models() -> Call[tuple[TrainingModel, ...]]:
    """The models of the server's catalogue by id, each figure with its origin."""
    return pages(
        f"{SERVICE}/ListTrainingModels",
        pb.ListTrainingModelsResponse,
        pb.ListTrainingModelsRequest(),
        lambda page: [from_proto(item, TrainingModel) for item in page.training_models],
    )
