"""The goals that a scenario can limit, each as an axis: which limits can be asked for, and how far apart they are.

Limits have at most nine significant digits, and what a plan achieves counts as the next such limit above it, which the
plan keeps: so a plan is never outside of a limit by a rounding, and numbers are short.
"""

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.pareto_front import GoalName
from topodesign.domain.ranges import MOST_GBPS
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import AxisValue, SweepAxis
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.lightpaths import round_trips
from topodesign.optics.reach import ReachModel
from topodesign.planning.instance import CandidateSite, candidate_sites, target_pods
from topodesign.planning.prices import PowerPrices
from topodesign.sweeps.fields import with_values
from topodesign.training.demand import strength_gbps_for, sync_demand
from topodesign.verify.measures import Measures

DIGITS = 9
"""Significant digits of limits: solvers work to about as many."""
SPLIT_DIGITS = 6
"""Of limits that are chosen between two others."""
RESOLUTION = 1e-5
"""Relative: limits that are closer to each other are not asked for, since solvers keep limits to about a millionth."""
SLACK = 1e-9
"""Relative: by how much figures of planner and verifier may differ."""
Corner = tuple[float, ...]
"""A limit for each axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalAxis:
    """One goal that can be limited; ``top`` is the scenario's own limit, which may be infinite.

    ``floor`` is the tightest limit that can be asked for, and ``least`` a value that no plan is below. ``levels`` are
    all limits that differ, rising, with the ``values`` that plans then have; empty where any number is a limit.
    ``path`` names the limit in the scenario.
    """

    goal: GoalName
    path: str
    top: float
    floor: float
    least: float
    levels: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    is_logarithmic: bool = False

    def coordinate(self, achieved: float) -> float:
        """The tightest limit that a plan keeps."""
        if self.levels:
            place = bisect.bisect_left(self.levels, achieved * (1 - SLACK))
            return self.levels[min(place, len(self.levels) - 1)]
        return min(max(rounded_up(achieved, DIGITS), self.floor), self.top)

    def position(self, limit: float) -> float:
        """Where a limit stands on the scale that is divided evenly: a place in the list, a logarithm, or itself."""
        if self.levels:
            return float(bisect.bisect_left(self.levels, limit))
        return math.log(limit) if self.is_logarithmic else limit

    def above(self, limit: float) -> float:
        """The next limit that allows more; itself where any number is one."""
        place = bisect.bisect_right(self.levels, limit)
        return self.levels[min(place, len(self.levels) - 1)] if self.levels else limit

    def below(self, limit: float) -> float:
        """The next limit that allows less; itself where any number is one, or there is none."""
        place = bisect.bisect_left(self.levels, limit) - 1
        return self.levels[max(place, 0)] if self.levels else limit

    def value_above(self, limit: float) -> float:
        """What no plan is below where none keeps a limit."""
        place = bisect.bisect_right(self.levels, limit)
        return limit if not self.levels else self.values[place] if place < len(self.values) else math.inf

    def between(self, low: float | None, high: float, count: int) -> tuple[float, ...]:
        """At most so many limits strictly between two others, evenly apart; from the tightest on without ``low``."""
        if self.levels:
            first = 0 if low is None else bisect.bisect_right(self.levels, low)
            inside = self.levels[first : bisect.bisect_left(self.levels, high)]
            chosen = {(number + 1) * len(inside) // (count + 1) for number in range(count)}
            return tuple(inside[place] for place in sorted(chosen) if place < len(inside))
        bottom = self.floor if low is None else low
        begin, end = self.position(bottom), self.position(high)
        found = {self._limit_at(begin + (end - begin) * (number + 1) / (count + 1)) for number in range(count)}
        return tuple(limit for limit in sorted(found) if _are_apart(bottom, limit) and _are_apart(limit, high))

    def under(self, high: float, low: float, distance: float) -> float | None:
        """A limit so far below another one on the scale, and still above ``low``; ``None`` where there is none."""
        limit = min(self._limit_at(self.position(high) - distance), high * (1 - 2 * RESOLUTION))
        return limit if _are_apart(low, limit) and _are_apart(limit, high) else None

    def _limit_at(self, position: float) -> float:
        return rounded_up(math.exp(position) if self.is_logarithmic else position, SPLIT_DIGITS)


def _are_apart(low: float, high: float) -> bool:
    """Whether the second limit is so far above the first that a solver tells them apart."""
    return high - low > RESOLUTION * high


def rounded_up(value: float, digits: int) -> float:
    """The least number of so many significant digits that is not below a value from 0."""
    if value == 0 or math.isinf(value):
        return value
    exponent = math.floor(math.log10(value)) - digits + 1
    near = float(f"{value:.{digits - 1}e}")
    return near if near >= value else float(f"{near + 10.0**exponent:.{digits - 1}e}")


def achieved(goal: GoalName, measures: Measures, cost_usd: float) -> float:
    """What a plan comes to in one goal; infinite where it has no such figure."""
    if goal == "cost":
        return cost_usd
    if goal == "sync-time":
        return math.inf if measures.sync_time_s is None else measures.sync_time_s
    figures: Mapping[GoalName, float] = {
        "carbon": measures.carbon_t_per_year,
        "latency": measures.largest_rtt_ms,
        "sites": measures.site_count,
        "zone-share": measures.largest_zone_share,
    }
    return figures[goal]


def limited(scenario: Scenario, axes: Sequence[GoalAxis], corner: Corner) -> Scenario:
    """The scenario with the limits of a corner; one that is at the scenario's own is left as it is."""
    changes: list[tuple[SweepAxis, AxisValue]] = []
    for axis, limit in zip(axes, corner, strict=True):
        if limit >= axis.top:
            continue
        value = int(limit) if axis.goal == "sites" else limit
        changes.append((SweepAxis(path=axis.path, values=(value,)), value))
        if axis.goal == "sync-time" and scenario.workload.utilization is not None:
            changes.append((SweepAxis(path="workload.utilization", values=(None,)), None))
    return with_values(scenario, *zip(*changes, strict=True)) if changes else scenario


def axes_of(scenario: Scenario, goals: Sequence[GoalName]) -> tuple[GoalAxis, ...]:
    """An axis for each goal but the cost.

    Raises
    ------
    InvalidInput
        ``GOAL_UNSUPPORTED``: for a scenario whose goal is no least cost, or whose demand has no sync time.
    """
    _require_supported(scenario, goals)
    catalog = load_catalog(scenario.catalog_overrides)
    sites = candidate_sites(scenario, catalog, FiberGraph.of(scenario), PowerPrices(scenario))
    makers: Mapping[GoalName, Callable[[Scenario, Catalog, Sequence[CandidateSite]], GoalAxis]] = {
        "sync-time": _sync_time,
        "carbon": _carbon,
        "latency": _latency,
        "sites": _sites,
        "zone-share": _zone_share,
    }
    return tuple(makers[goal](scenario, catalog, sites) for goal in goals if goal != "cost")


def _require_supported(scenario: Scenario, goals: Sequence[GoalName]) -> None:
    for field, budget in (
        ("size.budget_usd", scenario.size.budget_usd),
        ("policy.budget_usd", scenario.policy.budget_usd),
    ):
        if budget is not None:
            remedy = "give size.accelerators or size.power_mw" if field.startswith("size") else "remove it"
            raise InvalidInput(
                f"{field} is {budget:,.0f} USD, but a Pareto front weighs the cost of plans of one size; {remedy}: the "
                "front then shows what every budget buys",
                reason="GOAL_UNSUPPORTED",
                field_path=field,
            )
    if "sync-time" in goals and scenario.workload.demand != "all-reduce":
        raise InvalidInput(
            f"the goal sync-time is the time of one all-reduce, but workload.demand is {scenario.workload.demand!r}, "
            "which has none; leave the goal out, or set workload.demand to 'all-reduce'",
            reason="GOAL_UNSUPPORTED",
            field_path="goals",
        )


def _sync_time(scenario: Scenario, catalog: Catalog, _sites: Sequence[CandidateSite]) -> GoalAxis:
    """From the time at which an exabit per second would be needed; a site alone takes none."""
    target_s = sync_demand(scenario, catalog.accelerator(scenario.size.accelerator)).target_s
    assert target_s is not None  # of an all-reduce
    floor_s = rounded_up(strength_gbps_for(scenario, 1.0) / MOST_GBPS, DIGITS)
    top_s = rounded_up(target_s, DIGITS) if scenario.workload.sync_time_s is None else target_s
    return GoalAxis(
        goal="sync-time",
        path="workload.sync_time_s",
        top=max(top_s, floor_s),
        floor=floor_s,
        least=0.0,
        is_logarithmic=True,
    )


def _carbon(scenario: Scenario, _catalog: Catalog, sites: Sequence[CandidateSite]) -> GoalAxis:
    least_t = _least_carbon_t(scenario, sites)
    cap = scenario.policy.carbon_t_per_year
    return GoalAxis(goal="carbon", path="policy.carbon_t_per_year", top=cap, floor=min(least_t, cap), least=least_t)


def _least_carbon_t(scenario: Scenario, sites: Sequence[CandidateSite]) -> float:
    """Tonnes a year of the pods alone, at the cleanest sites first: what each site and zone can hold is all that
    limits them, so that no plan has less."""
    pods = target_pods(scenario)
    left = float(pods) if pods is not None else scenario.size.power_mw or 0.0
    sizes = [1.0 if pods is not None else site.pod_mw for site in sites]
    tonnes = 0.0
    for site, size in sorted(zip(sites, sizes, strict=True), key=lambda item: item[0].pod_carbon_t_per_year / item[1]):
        taken = min(left, site.most_pods * size)
        tonnes += taken / size * site.pod_carbon_t_per_year
        left -= taken
    return tonnes * (1 - SLACK)


def _latency(scenario: Scenario, catalog: Catalog, sites: Sequence[CandidateSite]) -> GoalAxis:
    """The round trips of all pairs of sites that a plan may use; half of the shortest one allows a site alone."""
    graph = FiberGraph.of(scenario)
    reach = ReachModel(catalog, scenario.optics, scenario.measured_reaches)
    rows = round_trips(graph, reach, [site.node for site in sites]).rtt_ms
    most = scenario.policy.max_rtt_ms
    found = {trip for place, row in enumerate(rows) for trip in row[:place] if trip <= most and math.isfinite(trip)}
    by_level = {rounded_up(trip, DIGITS): trip for trip in sorted(found, reverse=True)}
    alone = rounded_up(min(by_level, default=min(most, 1.0)) / 2, DIGITS)
    levels = {alone: 0.0, **by_level} if scenario.policy.min_sites <= 1 or not by_level else by_level
    return GoalAxis(
        goal="latency",
        path="policy.max_rtt_ms",
        top=max(levels),
        floor=min(levels),
        least=min(levels.values()),
        levels=tuple(sorted(levels)),
        values=tuple(levels[level] for level in sorted(levels)),
    )


def _sites(scenario: Scenario, _catalog: Catalog, sites: Sequence[CandidateSite]) -> GoalAxis:
    policy = scenario.policy
    most = max(policy.min_sites, min(len(sites), policy.max_sites or len(sites)))
    levels = tuple(float(count) for count in range(policy.min_sites, most + 1))
    return GoalAxis(
        goal="sites",
        path="policy.max_sites",
        top=levels[-1],
        floor=levels[0],
        least=levels[0],
        levels=levels,
        values=levels,
    )


def _zone_share(scenario: Scenario, _catalog: Catalog, sites: Sequence[CandidateSite]) -> GoalAxis:
    """No plan has less than an equal share of every zone with a site."""
    zones = len({site.site.zone_id for site in sites})
    least = 1 / max(1, zones)
    top = scenario.policy.max_zone_share
    return GoalAxis(
        goal="zone-share",
        path="policy.max_zone_share",
        top=top,
        floor=min(rounded_up(least, DIGITS), top),
        least=least,
    )


def with_limit(corner: Corner, place: int, limit: float) -> Corner:
    """A corner with one other limit."""
    return (*corner[:place], limit, *corner[place + 1 :])


def is_within(inner: Corner, outer: Corner) -> bool:
    """Whether no limit of the first corner allows more than the second's."""
    return all(a <= b for a, b in zip(inner, outer, strict=True))
