"""Many estimates at once: the closed form over arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topodesign.domain.errors import InvalidInput
from topodesign.training.closed_form import (
    BACKWARD_SHARE,
    Schedule,
    exchange_s,
    required_bps,
    stall_s,
)
from topodesign.training.stragglers import largest_of_normals

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSweep:
    """Figures of :class:`~topodesign.domain.training.TrainingEstimate`, an array of each, all of the same shape.

    ``required_gbps`` is infinite, and ``utilization`` what unlimited bandwidth gives, where no bandwidth reaches the
    wanted utilization.
    """

    sync_s: Column
    stall_s: Column
    straggler_s: Column
    utilization: Column
    required_gbps: Column


def sweep_training(
    *,
    parameters: ArrayLike,
    step_s: ArrayLike,
    sites: ArrayLike,
    gbps: ArrayLike | None = None,
    utilization: ArrayLike | None = None,
    bits_per_element: ArrayLike = 16.0,
    inner_steps: ArrayLike = 1.0,
    fragments: ArrayLike = 1.0,
    layers: ArrayLike = 1.0,
    overlap_steps: ArrayLike = 0.0,
    backward_overlap: ArrayLike = BACKWARD_SHARE,
    rtt_ms: ArrayLike = 0.0,
    goodput_factor: ArrayLike = 1.0,
    jitter_s: ArrayLike = 0.0,
) -> TrainingSweep:
    """Estimates for arrays of workloads, sites and bandwidths that broadcast together.

    Parameters
    ----------
    parameters, step_s, sites, gbps, utilization, bits_per_element, inner_steps, layers, overlap_steps, backward_overlap
        As in :class:`~topodesign.domain.training.TrainingRequest`; exactly one of ``gbps`` and ``utilization``.
    fragments : array
        K, 1 unless streaming; at most ``inner_steps`` and ``layers``.
    rtt_ms, goodput_factor, jitter_s
        Likewise; jitter is normal.

    Raises
    ------
    InvalidInput
        Naming the first element that is out of its range.
    """
    if (gbps is None) == (utilization is None):
        raise InvalidInput("give exactly one of gbps and utilization to sweep over", field_path="gbps")
    given = {
        "parameters": parameters,
        "step_s": step_s,
        "sites": sites,
        "bits_per_element": bits_per_element,
        "inner_steps": inner_steps,
        "fragments": fragments,
        "layers": layers,
        "overlap_steps": overlap_steps,
        "backward_overlap": backward_overlap,
        "rtt_ms": rtt_ms,
        "goodput_factor": goodput_factor,
        "jitter_s": jitter_s,
        "target": utilization if gbps is None else gbps,
    }
    arrays = dict(
        zip(given, np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in given.values())), strict=True)
    )
    _require_ranges(arrays, "utilization" if gbps is None else "gbps")
    schedule = _schedule(arrays)
    factor = arrays["goodput_factor"] * 1e9
    needed = arrays["target"] if gbps is not None else required_bps(schedule, arrays["target"]) / factor
    return _answer(schedule, needed, needed * factor)


def _schedule(arrays: dict[str, Column]) -> Schedule:
    sites = arrays["sites"]
    waits = np.maximum(1.0, np.floor(arrays["inner_steps"] / arrays["fragments"]))
    return Schedule(
        volume_bits=2 * (sites - 1) / sites * arrays["parameters"] * arrays["bits_per_element"],
        step_s=arrays["step_s"],
        inner_steps=arrays["inner_steps"],
        fragments=arrays["fragments"],
        layers=arrays["layers"],
        overlap_steps=arrays["overlap_steps"],
        backward_overlap=arrays["backward_overlap"],
        latency_s=2 * (sites - 1) * arrays["rtt_ms"] / 2e3,
        straggler_s=arrays["jitter_s"] * _largest_of(sites) / np.sqrt(waits),
    )


def _largest_of(sites: Column) -> Column:
    counts, place = np.unique(sites, return_inverse=True)
    return np.array([largest_of_normals(int(count)) for count in counts])[place].reshape(sites.shape)


def _answer(schedule: Schedule, gbps: Column, useful_bps: Column) -> TrainingSweep:
    is_alone = schedule.volume_bits <= 0.0
    rate = np.where(is_alone, np.inf, useful_bps)
    stall = np.where(is_alone, 0.0, stall_s(schedule, rate))
    return TrainingSweep(
        sync_s=np.where(is_alone, 0.0, exchange_s(schedule, rate)),
        stall_s=stall,
        straggler_s=np.asarray(schedule.straggler_s),
        utilization=np.asarray(schedule.step_s / (schedule.step_s + stall + schedule.straggler_s)),
        required_gbps=np.where(is_alone, 0.0, gbps),
    )


def _require_ranges(arrays: dict[str, Column], target: str) -> None:
    """Every figure within its range, everywhere."""
    positive = ("parameters", "step_s", "bits_per_element", "goodput_factor", "target")
    at_least = dict.fromkeys(("sites", "inner_steps", "fragments"), 1.0)
    at_least |= dict.fromkeys(("overlap_steps", "backward_overlap", "rtt_ms", "jitter_s"), 0.0)
    for name, values in arrays.items():
        shown = target if name == "target" else name
        _require_all(np.isfinite(values), values, shown, "a finite number")
        if name in positive:
            _require_all(values > 0, values, shown, "greater than 0")
        if name in at_least:
            _require_all(values >= at_least[name], values, shown, f"at least {at_least[name]:g}")
        if name in ("goodput_factor", "backward_overlap") or shown == "utilization":
            _require_all(values <= 1, values, shown, "at most 1")
    sites = arrays["sites"]
    _require_all(sites == np.floor(sites), sites, "sites", "a whole number")
    for name in ("inner_steps", "layers"):
        _require_all(arrays["fragments"] <= arrays[name], arrays["fragments"], "fragments", f"at most {name}")
    overlap = arrays["overlap_steps"]
    _require_all(overlap <= arrays["inner_steps"], overlap, "overlap_steps", "at most inner_steps")


def _require_all(holds: NDArray[np.bool_], values: Column, name: str, limit: str) -> None:
    if holds.all():
        return
    place = tuple(int(index) for index in np.argwhere(~holds)[0])
    value = float(values[place])
    raise InvalidInput(
        f"{name}{list(place) if place else ''} is {value!r}, but it must be {limit}; give a value in that range",
        field_path=name,
        metadata={"value": repr(value), "limit": limit},
    )
