"""A training estimate asked for in a call's own words: fields of a request and of the job's size, by name."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import nearest
from topodesign.domain.training import JobSize, PipelineShape, TrainingRequest

SIZE_FIELDS = frozenset(field.name for field in dataclasses.fields(JobSize))
REQUEST_FIELDS = frozenset(field.name for field in dataclasses.fields(TrainingRequest))


def given_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given; ``None`` stands for one that is not.

    Raises
    ------
    InvalidInput
        ``OPTION_UNKNOWN`` for a name that is none, with the nearest one; for a pipeline that is no ``PipelineShape``.
    """
    for name in options:
        if name not in SIZE_FIELDS | REQUEST_FIELDS:
            raise InvalidInput(
                f"estimate_training has no option {name!r}; {nearest(name, SIZE_FIELDS | REQUEST_FIELDS)}",
                reason="OPTION_UNKNOWN",
                field_path=name,
                metadata={"option": name},
            )
    shape = options.get("pipeline")
    require(
        shape is None or isinstance(shape, PipelineShape),
        field="pipeline",
        value=shape,
        limit="a PipelineShape",
        remedy="give PipelineShape(stages=..., micro_batches=..., hidden_size=..., batch_tokens=...)",
    )
    return {name: value for name, value in options.items() if value is not None}
