"""What a workload leaves out, from a model of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from topodesign.catalog.training_models import training_model
from topodesign.domain.origin import origin_of
from topodesign.domain.training_model import TrainingModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """Fields of a workload that were filled in, by name, and what is to be told of them, in words."""

    filled: Mapping[str, float | int]
    assumptions: tuple[str, ...]


def figures_of_model(model_id: str, given: Mapping[str, object]) -> ModelFigures:
    """The fields of a workload that a model gives and the workload does not.

    ``Workload(model=model_id, **given, **figures_of_model(model_id, given).filled)`` is the workload. What is given
    wins; where it differs from the model's figure, the assumptions say so.

    Parameters
    ----------
    model_id : str
        Id in the catalogue.
    given : mapping
        Fields of the workload by name; others than the model's are ignored.

    Raises
    ------
    NotFound
        ``MODEL_UNKNOWN``, with the ids that there are.
    """
    model = training_model(model_id)
    figures = _figures(model, given)
    filled = {name: value for name, value in figures.items() if name not in given}
    told = [
        f"workload.{name}: {value:g} of the model {model_id} ({origin_of(model.origins, _source_of(name)).source})"
        for name, value in filled.items()
    ]
    told += [
        f"workload.{name}: {given[name]} as given, in place of {value:g} of the model {model_id}"
        for name, value in figures.items()
        if name in given and given[name] != value
    ]
    return ModelFigures(filled=filled, assumptions=tuple(told))


def _figures(model: TrainingModel, given: Mapping[str, object]) -> dict[str, float | int]:
    """The model's figures under the names of a workload; active parameters only where they are not all of them."""
    figures: dict[str, float | int] = {
        "parameters": model.parameters,
        "layers": model.layers,
        "global_batch_tokens": model.batch_tokens,
    }
    if model.is_mixture:
        active, parameters = model.active_parameters, given.get("parameters")
        if isinstance(parameters, (int, float)) and 0 < parameters < active:
            active = float(parameters)  # no more than all
        figures["active_parameters"] = active
    return figures


def _source_of(name: str) -> str:
    return "batch_tokens" if name == "global_batch_tokens" else name
