"""How a search went: best cost and proven bound over time, short enough to be carried with a plan."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_POINTS = 200
"""Points that a plan carries at most: more than a chart can tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPoint:
    """What was known ``wall_s`` seconds after the start, until the next point: costs in US dollars, ``None``: none yet.

    As in :class:`~topodesign.domain.plan.PlanEvent`, bounds rise but for one new beginning at the phase ``routes``.
    """

    wall_s: float
    incumbent_usd: float | None = None
    bound_usd: float | None = None
    phase: str = ""


def thinned(points: Sequence[ProgressPoint], *, most: int = MOST_POINTS) -> tuple[ProgressPoint, ...]:
    """The points without those that tell nothing new, and evenly thinned where they are still more than ``most``.

    The first and the last are kept: a search of no news still says how long it took.

    Parameters
    ----------
    points : sequence of ProgressPoint
        In the order of time.
    most : int
        At least 2.
    """
    news = [point for place, point in enumerate(points) if place == 0 or _state(point) != _state(points[place - 1])]
    if points and news[-1] != points[-1]:
        news.append(points[-1])
    if len(news) <= most:
        return tuple(news)
    return tuple(news[place * (len(news) - 1) // (most - 1)] for place in range(most))


def _state(point: ProgressPoint) -> tuple[float | None, float | None, str]:
    return point.incumbent_usd, point.bound_usd, point.phase
