"""The points of a sweep: a grid, independent draws, or a Latin hypercube, each with its place in the unit cube."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topodesign.domain.scenario_sweep import AxisValue, SweepAxis, SweepDefinition

DIGITS = 9
"""Significant digits of drawn values: what differs beyond them is no other question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPoint:
    """One point: its number, a value for each axis, and where that lies on each axis from 0 to 1."""

    number: int
    values: tuple[AxisValue, ...]
    position: tuple[float, ...]


def points_of(definition: SweepDefinition) -> tuple[DesignPoint, ...]:
    """All points, in order; a grid varies the last axis first. The same for the same definition and versions.

    References
    ----------
    McKay, Beckman and Conover (1979), "A comparison of three methods for selecting values of input variables",
    Technometrics 21(2): the Latin hypercube; drawn by scipy.stats.qmc.
    """
    if definition.design == "grid":
        return _grid(definition.axes)
    count, axes = definition.count, definition.axes
    if definition.design == "random":
        unit = np.random.default_rng(definition.seed).random((count, len(axes)))
    else:
        from scipy.stats import qmc

        unit = qmc.LatinHypercube(d=len(axes), rng=np.random.default_rng(definition.seed)).random(count)
    return tuple(_drawn(number, axes, row) for number, row in enumerate(unit))


def _grid(axes: Sequence[SweepAxis]) -> tuple[DesignPoint, ...]:
    choices = [[(value, _share(place, len(axis.values))) for place, value in enumerate(axis.values)] for axis in axes]
    return tuple(
        DesignPoint(number=number, values=tuple(v for v, _ in chosen), position=tuple(p for _, p in chosen))
        for number, chosen in enumerate(itertools.product(*choices))
    )


def _share(place: int, count: int) -> float:
    return place / (count - 1) if count > 1 else 0.5


def _drawn(number: int, axes: Sequence[SweepAxis], unit: NDArray[np.float64]) -> DesignPoint:
    pairs = [_at(axis, float(share)) for axis, share in zip(axes, unit, strict=True)]
    return DesignPoint(number=number, values=tuple(v for v, _ in pairs), position=tuple(p for _, p in pairs))


def _at(axis: SweepAxis, share: float) -> tuple[AxisValue, float]:
    """The value at a share of an axis, and where on the axis that value lies."""
    if axis.values:
        place = min(int(share * len(axis.values)), len(axis.values) - 1)
        return axis.values[place], _share(place, len(axis.values))
    assert axis.low is not None and axis.high is not None  # an axis has values or a range
    if axis.is_whole:
        low, high = math.ceil(axis.low), math.floor(axis.high)
        whole = min(low + int(share * (high - low + 1)), high)
        return whole, _share(whole - low, high - low + 1)
    if axis.is_logarithmic:
        value = axis.low * (axis.high / axis.low) ** share
    else:
        value = axis.low + (axis.high - axis.low) * share
    return min(max(float(f"{value:.{DIGITS}g}"), axis.low), axis.high), share
