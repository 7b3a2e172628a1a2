"""The catalogue's models to train, each figure with its origin."""

import functools
from importlib import resources

from topodesign.catalog.loading import read_items
from topodesign.domain.errors import NotFound
from topodesign.domain.nearest import nearest
from topodesign.domain.training_model import TrainingModel

FILE = "training_models.toml"


@functools.cache
def training_models() -> tuple[TrainingModel, ...]:
    """All of them, by id."""
    text = resources.files("topodesign.catalog").joinpath(FILE).read_text(encoding="utf-8")
    return read_items(text, "training_model", TrainingModel, file_name=FILE)


def training_model(model_id: str) -> TrainingModel:
    """One of them.

    Raises
    ------
    NotFound
        ``MODEL_UNKNOWN``, with the nearest id, or all that there are.
    """
    for model in training_models():
        if model.id == model_id:
            return model
    raise NotFound(
        f"no model {model_id!r} in the catalogue; {nearest(str(model_id), (model.id for model in training_models()))} "
        "Or give its parameters, layers and step_s",
        reason="MODEL_UNKNOWN",
        field_path="model",
        metadata={"id": model_id},
    )
