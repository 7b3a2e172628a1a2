"""What a front proves, against the enumeration of all plans: within its open cells, and everywhere else."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable

from fronts.conftest import campus, triangle
from planning.test_optimum import exhaustive_optimum

from topodesign.domain.pareto_front import ParetoFront

ROUNDING = 1e-6
"""Relative: SCIP's own tolerance, as in the tests of the optimum."""
Limits = tuple[float, ...]


def require_true_of_every_plan(
    front: ParetoFront, least_usd: Callable[[Limits], float], places: Iterable[Limits]
) -> tuple[int, int]:
    """Bounds of cells are below the cheapest of all plans there, and known plans within the gap of it elsewhere.

    Says how many of the places were in open cells, and how many were not.
    """
    own = front.goals.index(front.minimized)
    for cell in front.open_cells:
        assert cell.bound <= least_usd(cell.loosest) * (1 + ROUNDING)
    in_cells = outside = 0
    for limits in places:
        least = least_usd(limits)
        known = math.inf
        for point in front.points:
            others = (*point.values[:own], *point.values[own + 1 :])
            if all(value <= limit for value, limit in zip(others, limits, strict=True)):
                known = min(known, point.cost_usd)
        assert least <= known * (1 + ROUNDING)
        if any(
            all(low <= limit <= high for low, limit, high in zip(cell.tightest, limits, cell.loosest, strict=True))
            for cell in front.open_cells
        ):
            in_cells += 1
        else:
            assert known * (1 - front.gap) <= least * (1 + ROUNDING)  # both infinite where there is no plan
            outside += 1
    return in_cells, outside


def test_bounds_hold_for_every_plan_of_two_goals(campus_front: ParetoFront):
    scenario = campus()

    def least_usd(limits: Limits) -> float:
        workload = dataclasses.replace(scenario.workload, sync_time_s=limits[0])
        return exhaustive_optimum(dataclasses.replace(scenario, workload=workload))

    seconds = [0.029 * (0.97 / 0.029) ** (number / 15) for number in range(16)]  # from below the least on
    in_cells, outside = require_true_of_every_plan(campus_front, least_usd, [(limit,) for limit in (*seconds, 1.0)])
    assert in_cells > 0 and outside > 0


def test_bounds_hold_for_every_plan_of_three_goals(three_goals: ParetoFront):
    def least_usd(limits: Limits) -> float:
        tonnes, share = limits
        return exhaustive_optimum(triangle(carbon_t_per_year=tonnes, max_zone_share=min(1.0, share)))

    least_t = three_goals.ends[0].least.upper
    assert least_t is not None
    most_t = max(point.carbon_t_per_year for point in three_goals.points)
    below_t = 0.9 * three_goals.ends[0].least.lower
    tonnes = (below_t, 0.99 * least_t, 1.01 * least_t, 0.5 * (least_t + most_t), 2 * most_t)
    places = list(itertools.product(tonnes, (0.3, 0.34, 0.55, 1.0)))
    in_cells, outside = require_true_of_every_plan(three_goals, least_usd, places)
    assert in_cells > 0 and outside > 0
