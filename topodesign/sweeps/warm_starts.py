"""Which point begins from which: a tree that depends on the definition alone, never on who finishes first.

Points are taken coarse to fine: the one with the loosest limits first, then always the one that is farthest from all
taken so far. Each begins from the nearest taken one whose limits are nowhere tighter, where there is one: what is
proven of that one's cost then holds here too, so that a plan which still keeps all limits is known to be good without a
search. Else it begins from the nearest. The tree is wide: soon there is work for every process; of many points the
second one taken begins from none, since it is the farthest from the first and would wait for it in vain.

Reference: Gonzalez (1985), "Clustering to minimize the maximum intercluster distance", Theoretical Computer Science 38,
for the order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import AxisValue, SweepAxis, SweepDefinition
from topodesign.sweeps.designs import DesignPoint

Floats = NDArray[np.float64]

LOOSER_WHEN_GREATER: Mapping[str, int] = {
    "policy.min_sites": -1,
    "policy.max_sites": 1,
    "policy.max_rtt_ms": 1,
    "policy.survivable_fraction": -1,
    "policy.max_zone_share": 1,
    "policy.max_utility_share": 1,
    "policy.carbon_t_per_year": 1,
    "workload.sync_time_s": 1,
    "zones.headroom_mw": 1,
    "sites.power_mw": 1,
    "sites.max_pods": 1,
}
"""Figures that are limits and nothing else: in the programme of docs/formulation.md they stand in no price, so that the
looser value allows every plan of the tighter one at the same cost. 1: looser when greater; -1: when smaller."""

LENGTHS: Mapping[str, float] = {
    "workload.sync_time_s": 10.0,
    "policy.survivable_fraction": 10.0,
    "policy.max_zone_share": 3.0,
    "policy.max_utility_share": 3.0,
    "zones.headroom_mw": 3.0,
    "sites.power_mw": 3.0,
}
"""How far apart the ends of an axis count, 1 for all others: a plan is sized to its demand and fills what zones have,
so that it seldom keeps tighter ones; most other limits it keeps with room to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmStart:
    """Where a point begins: ``parent`` is ``None`` for the first; ``contains``: the parent's limits are no tighter."""

    parent: int | None
    contains: bool


COLD = WarmStart(parent=None, contains=False)
MANY_POINTS = 8


def warm_starts(points: Sequence[DesignPoint], axes: Sequence[SweepAxis]) -> tuple[WarmStart, ...]:
    """The start of each point, by number.

    Parameters
    ----------
    points : sequence of DesignPoint
        All of a design, in order.
    axes : sequence of SweepAxis
    """
    places = np.array([point.position for point in points])
    lengths = np.array([LENGTHS.get(_figure(axis), 1.0) for axis in axes])
    looseness = _looseness(points, axes)
    kinds = _kinds(points, axes)
    nearest = np.full(len(points), np.inf)
    near_by = np.full(len(points), -1)
    around = np.full(len(points), np.inf)
    around_by = np.full(len(points), -1)
    is_left = np.ones(len(points), dtype=bool)
    found: list[WarmStart | None] = [None] * len(points)
    taken = _loosest(looseness, places)
    while True:
        is_second = is_left.sum() == len(points) - 1
        found[taken] = COLD if is_second and len(points) >= MANY_POINTS else _start(near_by[taken], around_by[taken])
        is_left[taken] = False
        if not is_left.any():
            return tuple(item for item in found if item is not None)
        apart = np.abs(places - places[taken]) @ lengths
        holds = (kinds == kinds[taken]).all(axis=1) & (looseness <= looseness[taken]).all(axis=1)
        _update(nearest, near_by, apart, taken, is_left)
        _update(around, around_by, apart, taken, is_left & holds)
        taken = int(np.argmax(np.where(is_left, nearest, -1.0)))


def _start(near: np.int64, around: np.int64) -> WarmStart:
    """From the nearest that contains it, else from the nearest; -1 stands for none."""
    parent = int(near if around < 0 else around)
    return WarmStart(parent=None if parent < 0 else parent, contains=bool(around >= 0))


def can_carry_bounds(scenario: Scenario, definition: SweepDefinition) -> bool:
    """Whether a bound on one point's cost says anything of another's: the goal is the least cost everywhere."""
    paths = {axis.path for axis in definition.axes}
    is_least_cost = (
        definition.limits.objective in (None, "cost")
        and scenario.size.budget_usd is None
        and scenario.policy.budget_usd is None
        and not paths & {"size.budget_usd", "policy.budget_usd"}
    )
    meets_sync_time = "workload.sync_time_s" not in paths or (
        scenario.workload.demand == "all-reduce" and not paths & {"workload.demand", "workload.utilization"}
    )
    return is_least_cost and meets_sync_time


def _looseness(points: Sequence[DesignPoint], axes: Sequence[SweepAxis]) -> Floats:
    """One column for each axis that is a limit, greater where it is looser."""
    columns = [
        [_looseness_of(point.values[place], _direction(axis)) for point in points]
        for place, axis in enumerate(axes)
        if _direction(axis)
    ]
    return np.array(columns, dtype=float).T if columns else np.zeros((len(points), 0))


def _kinds(points: Sequence[DesignPoint], axes: Sequence[SweepAxis]) -> NDArray[np.int64]:
    """One column for each other axis: equal numbers for equal values."""
    columns: list[list[int]] = []
    for place, axis in enumerate(axes):
        if not _direction(axis):
            numbers: dict[AxisValue, int] = {}
            columns.append([numbers.setdefault(point.values[place], len(numbers)) for point in points])
    return np.array(columns, dtype=np.int64).T if columns else np.zeros((len(points), 0), dtype=np.int64)


def _direction(axis: SweepAxis) -> int:
    return LOOSER_WHEN_GREATER.get(_figure(axis), 0)


def _figure(axis: SweepAxis) -> str:
    """The figure without whose it is: ``zones.headroom_mw`` for ``zones.*.headroom_mw``."""
    room, _, rest = axis.path.partition(".")
    return f"{room}.{rest.rpartition('.')[2]}"


def _looseness_of(value: AxisValue, direction: int) -> float:
    """``none`` is no limit at all."""
    return float("inf") if value is None else direction * float(value)  # type: ignore[arg-type]  # limits are numbers


def _loosest(looseness: Floats, places: Floats) -> int:
    """The point with most others' limits within its own; then the one nearest to the middle."""
    ranks = np.zeros(len(places))
    for column in looseness.T:
        ranks += np.unique(column, return_inverse=True)[1] / max(1, len(np.unique(column)) - 1)
    apart = np.abs(places - 0.5).sum(axis=1)
    return int(np.lexsort((apart, -np.round(ranks, 9)))[0])


def _update(least: Floats, by: NDArray[np.int64], apart: Floats, taken: int, where: NDArray[np.bool_]) -> None:
    """Of equally near ones the first that was taken stays."""
    better = where & (apart < least - 1e-12)
    least[better] = apart[better]
    by[better] = taken
