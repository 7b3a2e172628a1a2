"""A grid of estimates over sites, inner steps, and bandwidths or utilizations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from topodesign.domain.checks import require
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.training import TrainingRequest
from topodesign.training.job import request_of
from topodesign.training.sweep import TrainingSweep, sweep_training

SweepTarget = Literal["gbps", "utilization"]
MOST_POINTS = 4_000_000
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingGrid:
    """Jobs over so many sites that exchange every so many steps: one array for each figure, all of one length.

    ``gbps`` is of each site in each direction: as asked, or the least for ``wanted_utilization``; infinite where no
    bandwidth reaches that, and ``utilization`` is then what unlimited bandwidth gives. ``sync_s`` is one exchange;
    ``stall_s`` and ``straggler_s`` are waits per step on average, in seconds.
    """

    sites: NDArray[np.int64]
    inner_steps: NDArray[np.int64]
    wanted_utilization: NDArray[np.float64] | None
    gbps: NDArray[np.float64]
    utilization: NDArray[np.float64]
    sync_s: NDArray[np.float64]
    stall_s: NDArray[np.float64]
    straggler_s: NDArray[np.float64]


def sweep_grid(
    options: Mapping[str, Any],
    catalog: Catalog,
    *,
    sites: Sequence[int],
    inner_steps: Sequence[int | None],
    target: SweepTarget,
    values: Sequence[float],
) -> TrainingGrid:
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
    TrainingGrid
        By sites, then inner steps, then value.

    Raises
    ------
    InvalidInput
        ``SWEEP_TOO_LARGE`` for more than 4,000,000 points; for a method or law of jitter that sweeps do not know, and
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
    return _columns(requests, target, values, _swept(requests, target, values))


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


def _columns(
    requests: Sequence[TrainingRequest], target: SweepTarget, values: Sequence[float], swept: TrainingSweep
) -> TrainingGrid:
    shape = (len(requests), len(values))
    given = np.broadcast_to(np.array([values], dtype=np.float64), shape)
    counts = np.array([[request.sites] for request in requests])
    steps = np.array([[request.steps_between_exchanges] for request in requests])
    return TrainingGrid(
        sites=np.broadcast_to(counts, shape).ravel(),
        inner_steps=np.broadcast_to(steps, shape).ravel(),
        wanted_utilization=None if target == "gbps" else given.ravel(),
        gbps=(given if target == "gbps" else swept.required_gbps).ravel(),
        utilization=swept.utilization.ravel(),
        sync_s=swept.sync_s.ravel(),
        stall_s=swept.stall_s.ravel(),
        straggler_s=swept.straggler_s.ravel(),
    )
