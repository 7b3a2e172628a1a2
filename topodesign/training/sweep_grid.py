"""A grid of estimates over sites, inner steps, and bandwidths or utilizations."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from topodesign.domain.checks import require
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.sweep import SweepPoint, SweepTarget
from topodesign.domain.training import TrainingRequest
from topodesign.training.job import request_of
from topodesign.training.sweep import TrainingSweep, sweep_training

MOST_POINTS = 100_000
SWEPT_METHODS = ("data-parallel", "diloco", "streaming")
_COLUMNS = (
    "parameters",
    "step_s",
    "sites",
    "bits_per_element",
    "overlap_steps",
    "backward_overlap",
    "rtt_ms",
    "goodput_factor",
    "jitter_s",
)


def sweep_grid(
    options: Mapping[str, Any],
    catalog: Catalog,
    *,
    sites: Sequence[int],
    inner_steps: Sequence[int | None],
    target: SweepTarget,
    values: Sequence[float],
) -> tuple[SweepPoint, ...]:
    """Estimates at every point of a grid, by :func:`~topodesign.training.sweep.sweep_training`.

    Parameters
    ----------
    options : mapping of str to object
        Those of :func:`topodesign.estimate_training`, without what is swept.
    catalog : Catalog
    sites : sequence of int
    inner_steps : sequence of int or None
        ``None`` is the method's own.
    target : {"gbps", "utilization"}
        What ``values`` are of.
    values : sequence of float

    Returns
    -------
    tuple of SweepPoint
        By sites, then inner steps, then value.

    Raises
    ------
    InvalidInput
        ``SWEEP_TOO_LARGE`` for more than 100,000 points; for a method or law of jitter that a sweep does not know, and
        as :func:`topodesign.estimate_training` for every point but an unreachable utilization.
    """
    points = len(sites) * len(inner_steps) * len(values)
    if not 1 <= points <= MOST_POINTS:
        raise InvalidInput(
            f"the grid has {points:,} points, but it must have 1 to {MOST_POINTS:,}; give fewer values, at least one "
            "of each",
            reason="SWEEP_TOO_LARGE",
            metadata={"value": str(points), "limit": str(MOST_POINTS)},
        )
    _require_swept(options)
    requests = [
        request_of({**options, "sites": count, "inner_steps": steps, target: values[0]}, catalog)[0]
        for count in sites
        for steps in inner_steps
    ]
    return tuple(_points(requests, target, values, _swept(requests, target, values)))


def _require_swept(options: Mapping[str, Any]) -> None:
    remedy = "take topodesign training estimate for it, one job at a time"
    for field, known in (("method", SWEPT_METHODS), ("jitter_law", ("normal",))):
        value = options.get(field, known[0])
        require(value in known, field=field, value=value, limit=f"one of {', '.join(known)}", remedy=remedy)


def _swept(requests: Sequence[TrainingRequest], target: SweepTarget, values: Sequence[float]) -> TrainingSweep:
    columns = {name: np.array([[getattr(request, name)] for request in requests]) for name in _COLUMNS}
    columns["inner_steps"] = np.array([[request.steps_between_exchanges] for request in requests])
    columns["fragments"] = np.array([[request.fragments] for request in requests])
    columns["layers"] = np.array([[max(request.layers or 1, request.fragments)] for request in requests])
    wanted = np.array([values])
    if target == "gbps":
        return sweep_training(gbps=wanted, **columns)
    return sweep_training(utilization=wanted, **columns)


def _points(
    requests: Sequence[TrainingRequest], target: SweepTarget, values: Sequence[float], swept: TrainingSweep
) -> list[SweepPoint]:
    figures = [field.name for field in dataclasses.fields(SweepPoint) if hasattr(swept, field.name)]
    found: list[SweepPoint] = []
    for row, request in enumerate(requests):
        for column, value in enumerate(values):
            at = {name: float(getattr(swept, name)[row, column]) for name in figures}
            required = float(swept.required_gbps[row, column])
            found.append(
                SweepPoint(
                    sites=request.sites,
                    inner_steps=request.steps_between_exchanges,
                    wanted_utilization=None if target == "gbps" else value,
                    gbps=value if target == "gbps" else required if math.isfinite(required) else None,
                    **at,
                )
            )
    return found
