"""What a front's points and bounds prove together: steps, hypervolumes, and the knee."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from topodesign.domain.pareto_front import FrontPoint, GoalName, Staircases, Step
from topodesign.fronts.axes import GoalAxis
from topodesign.fronts.searches import Minimized

LEAST_KNEE = 1e-6
"""Least distance from the plane through the ends, of a box of side 1, that makes a knee."""


def staircases_of(minimized: Minimized, axis: GoalAxis, *, is_complete: bool) -> Staircases | None:
    """Plans and bounds over the one limited goal; ``None`` where no plan is known.

    The hypervolume (Zitzler and Thiele 1998) is of the rectangle from the proven least values of both goals to the
    plans that are best in the other one, on the scale that the axis is divided by. A rectangle without area is all
    dominated where the front ``is_complete``, since one plan is best in both goals then; else nothing is known of it.
    """
    place = minimized.places[0]
    plans = [plan.corner[place] for plan in minimized.book.plans]
    if not plans:
        return None
    tried = sorted({item.corner[place] for item in minimized.book.tried})
    reached = [Step(limit=limit, value=_value(minimized, limit)) for limit in sorted(set(plans))]
    proven = _bound_steps(minimized, axis, tried)
    breaks = sorted({*plans, *tried, *(step.limit for step in proven)})
    lower, upper = _hypervolumes(minimized, axis, breaks) or ((1.0, 1.0) if is_complete else (0.0, 1.0))
    return Staircases(plans=_without_repeats(reached), bounds=proven, hypervolume_lower=lower, hypervolume_upper=upper)


def _value(minimized: Minimized, limit: float) -> float | None:
    best = minimized.best((limit,))
    return None if best is None else minimized.value(best)


def _bound(minimized: Minimized, limit: float) -> float | None:
    bound = minimized.bound((limit,))
    return None if math.isinf(bound) else bound


def _bound_steps(minimized: Minimized, axis: GoalAxis, tried: Sequence[float]) -> tuple[Step, ...]:
    """A bound holds from the next tighter corner on, of levels from the level itself."""
    if axis.levels:
        steps = [Step(limit=level, value=_bound(minimized, level)) for level in axis.levels]
    else:
        begins = [min(axis.least, *tried), *tried[:-1]]
        steps = [Step(limit=begin, value=_bound(minimized, end)) for begin, end in zip(begins, tried, strict=True)]
    return _without_repeats(steps)


def _without_repeats(steps: Sequence[Step]) -> tuple[Step, ...]:
    kept: list[Step] = []
    for step in steps:
        if not kept or kept[-1].value != step.value:
            kept.append(step)
    return tuple(kept)


def _hypervolumes(minimized: Minimized, axis: GoalAxis, breaks: Sequence[float]) -> tuple[float, float] | None:
    """Shares of the rectangle between the ends that plans dominate, and that bounds leave possible; ``None`` where it
    has no area."""
    place, plans = minimized.places[0], minimized.book.plans
    worth = {plan.corner[place]: _value(minimized, plan.corner[place]) for plan in plans}
    most, best = worth[min(worth)], _value(minimized, axis.top)
    assert most is not None and best is not None  # every plan is within its own corner, and that of no limits
    begin = axis.coordinate(minimized.book.proven_least(place, minimized.book.top))
    least = minimized.bound((axis.top,))
    end = min(limit for limit, value in worth.items() if value == best)  # of equals the one that is best in both
    inside = [begin, *(limit for limit in breaks if begin < limit < end), end]
    whole = (axis.position(end) - axis.position(begin)) * (most - least)
    if whole <= 0:
        return None
    reached = proven = 0.0
    for low, high in itertools.pairwise(inside):
        width = axis.position(high) - axis.position(low)
        value, bound = _value(minimized, low), _bound(minimized, low if axis.levels else high)
        reached += 0.0 if value is None else width * max(0.0, most - value)
        proven += 0.0 if bound is None else width * max(0.0, most - bound)
    return reached / whole, min(1.0, proven / whole)


def knee_of(points: Sequence[FrontPoint], goals: Sequence[GoalName]) -> int | None:
    """Number of the point that lies farthest below the plane through the ends; ``None`` where none does.

    Each goal is scaled to 0 and 1 between the least and the greatest value on the front, sync times by their logarithm.

    References
    ----------
    Das (1999), "On characterizing the 'knee' of the Pareto curve based on Normal-Boundary Intersection", Structural
    Optimization 18: the point of the front farthest from the hull of the single optima, along its normal.
    """
    values = np.array([[_scaled(goal, value) for goal, value in zip(goals, p.values, strict=True)] for p in points])
    if len(points) <= len(goals):
        return None
    spread = values.max(axis=0) - values.min(axis=0)
    if not np.all(np.isfinite(values)) or not np.all(spread > 0):
        return None
    places = (values - values.min(axis=0)) / spread
    corners = places[[int(np.argmin(places[:, column])) for column in range(len(goals))]]
    if abs(np.linalg.det(corners)) < LEAST_KNEE:
        return None
    normal = np.linalg.solve(corners, np.ones(len(goals)))
    below = (1 - places @ normal) / np.linalg.norm(normal)
    best = int(np.argmax(below))
    return points[best].number if below[best] > LEAST_KNEE else None


def _scaled(goal: GoalName, value: float) -> float:
    if goal != "sync-time":
        return value
    return math.log(value) if value > 0 else math.inf
