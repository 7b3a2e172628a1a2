"""A front in words: names of goals, figures, and what is proven. Bounds are rounded to the proven side."""

from collections.abc import Mapping

from topodesign.domain.pareto_front import FrontPoint, FrontStatus, GoalEnd, GoalName, ParetoFront
from topodesign.domain.proven_figures import dollars_at_least, figure_at_least, gap_percent
from topodesign.outputs.chart_style import dollars

NAMES: Mapping[GoalName, str] = {
    "cost": "Net present cost",
    "sync-time": "Time of one all-reduce",
    "carbon": "Carbon dioxide",
    "latency": "Largest round trip",
    "sites": "Sites",
    "zone-share": "Largest zone share",
}
UNITS: Mapping[GoalName, str] = {
    "cost": "USD",
    "sync-time": "s",
    "carbon": "t/year",
    "latency": "ms",
    "sites": "",
    "zone-share": "of pods",
}
COLUMNS: Mapping[GoalName, str] = {
    "cost": "cost_usd",
    "sync-time": "sync_time_s",
    "carbon": "carbon_t_per_year",
    "latency": "largest_rtt_ms",
    "sites": "site_count",
    "zone-share": "largest_zone_share",
}
"""The field of a :class:`~topodesign.domain.pareto_front.FrontPoint`, and the column of its tables, that has a goal."""
STATUS_WORDS: Mapping[FrontStatus, str] = {
    "complete": "all that lies between the plans is closed by proof",
    "points": "the points are used up, and better plans may hide where the front is open",
    "gaps": "solves that ended at their limits leave more open than was asked for",
    "interrupted": "it was interrupted, and the same command goes on",
    "infeasible": "there is no plan",
    "limit": "no plan was found within the limits of a solve",
}


def amount(goal: GoalName, value: float) -> str:
    """A value with its unit: ``$6.95 M``, ``0.421 s``."""
    return dollars(value) if goal == "cost" else f"{value:,.4g} {UNITS[goal]}".rstrip()


def amount_at_least(goal: GoalName, value: float) -> str:
    """A proven bound with its unit, rounded down."""
    if goal == "cost":
        return dollars_at_least(value)
    return f"{figure_at_least(value, digits=4)} {UNITS[goal]}".rstrip()


def axis_words(goal: GoalName) -> str:
    """``Time of one all-reduce, s``."""
    unit = {"cost": "indicative"}.get(goal, UNITS[goal])
    return f"{NAMES[goal]}, {unit}" if unit else NAMES[goal]


def end_words(end: GoalEnd) -> str:
    """The least value of a goal: a number where it is exact, else what is proven and what a plan reaches."""
    lower, upper = end.least.lower, end.least.upper
    if upper is None:
        return f"at least {amount_at_least(end.goal, lower)}; no plan is known"
    if lower >= upper:
        return f"{amount(end.goal, upper)}, proven"
    return f"{amount(end.goal, upper)} reached; at least {amount_at_least(end.goal, lower)} is proven"


def proof_words(front: ParetoFront) -> str:
    """What is certain of the front as a whole."""
    name = NAMES[front.minimized].lower()
    closed = (
        f"Between the ends no plan has a {name} that is more than {gap_percent(front.largest_closed_gap)}% below that "
        "of a known plan which is as good in all else"
    )
    wide = [cell for cell in front.open_cells if not cell.is_narrow]
    narrow = len(front.open_cells) - len(wide)
    steps = f", and for {narrow} cells too narrow to be looked into" if narrow else ""
    if not wide:
        return f"{closed}{steps}." if front.status == "complete" else "Nothing is proven between the ends yet."
    cells = "one open cell" if len(wide) == 1 else f"{len(wide)} open cells"
    if front.largest_gap is None:
        untouched = sum(cell.best is None for cell in wide)
        return (
            f"{closed}, but for {cells}; of {untouched} it is not known whether limits that tight have a plan{steps}."
        )
    return f"{closed}, but for {cells}, where it could be up to {gap_percent(front.largest_gap)}%{steps}."


def knee_words(front: ParetoFront) -> str:
    """Where the front bends most; empty where it has no knee."""
    if front.knee is None:
        return ""
    point = front.points[front.knee - 1]
    return (
        f"Knee: point {point.number}, {values_words(front, point)}. It lies farthest from the plane through the ends, "
        "each goal scaled to the front (Das 1999), sync times by their logarithm; that is information, no advice."
    )


def values_words(front: ParetoFront, point: FrontPoint) -> str:
    """``$6.95 M, 0.421 s``."""
    return ", ".join(amount(goal, value) for goal, value in zip(front.goals, point.values, strict=True))
