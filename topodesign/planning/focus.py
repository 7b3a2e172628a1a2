"""Scenarios with too many sites for one programme: a bound over all of them, and the few worth planning in detail.

The coarse programme chooses sites and pods with all limits of power, counts and shares, but of the network only what
each used site must pay for by itself: transceivers for its ends of the lightpaths, and its own entrances. With at least
two sites every used site s has, in every failure state k, surviving capacity of at least B_k to the others (a partition
into s and the rest). So the least cost of capacities g on its entrances is paid for every used site, where g sums to B
over all of them and to B_k over those that are left by any one conduit's cut; an entrance to another site is charged
half to each. It leaves out the fiber between the entrances, so its value is a lower bound over all sites and routes.

The integrated search then runs over the sites of the coarse optimum and those closest to being chosen.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.domain.equipment import Catalog
from topodesign.domain.scenario import Scenario
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.reach import ReachModel, channel_width_ghz
from topodesign.planning.halting import Halt
from topodesign.planning.instance import CandidateSite, Floats, candidate_sites, connectivity_classes, target_pods
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import MILLION
from topodesign.planning.prices import PowerPrices, line_system_of, segment_price
from topodesign.planning.programme import Programme, Row
from topodesign.planning.relaxation import LinearRelaxation
from topodesign.training.demand import sync_demand

MOST_SITES = 120
"""Candidate sites up to which all pairs of them are planned in one programme."""
FOCUS_SITES = 30
MOST_REPAIRS = 60
"""Times that sites too far apart are told to the coarse programme before it is taken as it is."""
COARSE_GAP = 1e-3
NEAR_SHARE = 0.5
"""Share of the sites in focus that are chosen for being near those of the coarse optimum, not for being cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """``site_ids`` worth planning in detail, and a lower bound in US dollars over all sites."""

    site_ids: frozenset[str]
    bound_usd: float


def needs_focus(scenario: Scenario) -> bool:
    """Whether the scenario has too many sites to plan all pairs of them at once."""
    able = sum(site.role == "compute" and not site.forbidden for site in scenario.sites)
    return able > MOST_SITES and scenario.workload.demand == "all-reduce"


def focused(scenario: Scenario, focus: Focus) -> Scenario:
    """The scenario with all compute sites out of focus forbidden."""
    sites = tuple(
        site
        if site.role != "compute" or site.site_id in focus.site_ids
        else dataclasses.replace(site, forbidden=True, required=False)
        for site in scenario.sites
    )
    return dataclasses.replace(scenario, sites=sites)


def find_focus(scenario: Scenario, catalog: Catalog, halt: Halt, *, seed: int) -> Focus | None:
    """Sites worth planning in detail; ``None`` when not even the coarse programme has a solution.

    Halted, it is what the coarse programme chose so far, or the cheapest site, without those around: no time is left.
    """
    coarse = _Coarse(scenario, catalog)
    chosen, bound = coarse.solve(halt, seed)
    if chosen is None:
        if math.isinf(bound):
            return None
        chosen = [int(np.argmin(coarse.usd_per_mw))]
    if halt.is_over():
        return Focus(site_ids=frozenset(coarse.sites[site].site.site_id for site in chosen), bound_usd=bound)
    return Focus(site_ids=coarse.neighborhood(chosen), bound_usd=bound)


class _Coarse:
    def __init__(self, scenario: Scenario, catalog: Catalog) -> None:
        self.scenario = scenario
        self.graph = FiberGraph.of(scenario)
        self.reach = ReachModel(catalog, scenario.optics, scenario.measured_reaches)
        self.powers = PowerPrices(scenario)
        self.sites = candidate_sites(scenario, catalog, self.graph, self.powers)
        line = line_system_of(scenario, catalog)
        self.segment_prices = [segment_price(scenario, segment, line, self.powers) for segment in self.graph.segments]
        demand = sync_demand(scenario, catalog.accelerator(scenario.size.accelerator))
        self.required_gbps = demand.demand_gbps
        # one site alone needs no network
        self.own_usd = (
            [self._own_network_usd(site) for site in self.sites]
            if scenario.policy.min_sites >= 2
            else [0.0] * len(self.sites)
        )
        self.classes = connectivity_classes(scenario, self.graph, [site.node for site in self.sites])
        self._delay_ms = [self.reach.delay_ms(segment) for segment in self.graph.segments]
        self._equipment_ms = min(mode.latency_us for mode in self.reach.modes) / 1e3
        self._rtt: dict[int, Floats] = {}

    @property
    def usd_per_mw(self) -> list[float]:
        """Cost of each site where it is full, in US dollars for each MW of pods."""
        return [
            (site.pod_usd + (site.fixed_usd + usd) / site.most_pods) / site.pod_mw
            for site, usd in zip(self.sites, self.own_usd, strict=True)
        ]

    def solve(self, halt: Halt, seed: int) -> tuple[list[int] | None, float]:
        """Sites of the coarse optimum that keep the round-trip limit, and the bound in US dollars."""
        programme, used = self._programme()
        integer = IntegerProgramme(programme)
        bound = 0.0
        chosen: list[int] | None = None
        for _ in range(MOST_REPAIRS):
            solved = integer.solve(time_limit_s=halt.left_s(), gap=COARSE_GAP, seed=seed, should_stop=halt.should_stop)
            if solved.outcome == "infeasible":
                return None, math.inf
            bound = max(bound, solved.bound * MILLION)
            if solved.values is None:
                break
            chosen = [site for site, column in enumerate(used) if solved.values[column] > 0.5]
            rows = self._too_far_apart(chosen, used)
            if not rows or halt.is_over():
                break
            programme.rows.extend(rows)
            integer = IntegerProgramme(programme)
        return chosen, bound

    def neighborhood(self, chosen: Sequence[int]) -> frozenset[str]:
        """The chosen sites, the cheapest others of their class, and those nearest to the chosen."""
        own = self.classes[chosen[0]]
        most = max(FOCUS_SITES, 2 * len(chosen))
        cost = self.usd_per_mw
        near = np.min([self._rtt_from(site) for site in chosen], axis=0)
        others = [site for site in range(len(self.sites)) if self.classes[site] == own and site not in chosen]
        picked = list(chosen)
        by_cost = sorted(others, key=lambda site: (cost[site], site))
        typical = float(np.median([cost[site] for site in chosen]))
        by_nearness = sorted(others, key=lambda site: (near[site] + 10 * max(0.0, cost[site] / typical - 1), site))
        for count, ranking in ((most - round(NEAR_SHARE * (most - len(picked))), by_cost), (most, by_nearness)):
            for site in ranking:
                if len(picked) >= count:
                    break
                if site not in picked:
                    picked.append(site)
        required = [site.site.site_id for site in self.sites if site.site.required]
        return frozenset([*(self.sites[site].site.site_id for site in picked), *required])

    def _programme(self) -> tuple[Programme, list[int]]:
        scenario, programme = self.scenario, Programme()
        used, pods = [], []
        for site, own in zip(self.sites, self.own_usd, strict=True):
            used.append(
                programme.add_column(
                    "o",
                    lower=float(site.site.required),
                    upper=1.0,
                    objective=(site.fixed_usd + own) / MILLION,
                    integer=True,
                )
            )
            pods.append(
                programme.add_column("a", upper=float(site.most_pods), objective=site.pod_usd / MILLION, integer=True)
            )
            programme.add_row({pods[-1]: 1.0, used[-1]: -float(site.most_pods)}, upper=0.0)
            programme.add_row({pods[-1]: 1.0, used[-1]: -float(site.least_pods)}, lower=0.0)
        target = target_pods(scenario)
        if target is not None:
            programme.add_row(dict.fromkeys(pods, 1.0), lower=float(target))
        elif scenario.size.power_mw is not None:
            drawn = ((column, site.pod_mw) for column, site in zip(pods, self.sites, strict=True))
            programme.add_row(drawn, lower=scenario.size.power_mw)
        most = scenario.policy.max_sites
        programme.add_row(
            dict.fromkeys(used, 1.0),
            lower=float(scenario.policy.min_sites),
            upper=math.inf if most is None else float(most),
        )
        share = scenario.policy.max_zone_share
        for zone in scenario.zones:
            members = [
                (column, site)
                for column, site in zip(pods, self.sites, strict=True)
                if site.site.zone_id == zone.zone_id
            ]
            if members:
                programme.add_row(((column, site.pod_mw) for column, site in members), upper=zone.headroom_mw)
                if share < 1:
                    row = [(column, -share) for column in pods] + [(column, 1.0) for column, _ in members]
                    programme.add_row(row, upper=0.0)
        self._add_classes(programme, used)
        return programme, used

    def _add_classes(self, programme: Programme, used: Sequence[int]) -> None:
        """All used sites lie in one class of the fiber graph."""
        names = sorted(set(self.classes))
        if len(names) < 2:
            return
        column = {name: programme.add_column("class", upper=1.0, integer=True) for name in names}
        programme.add_row(dict.fromkeys(column.values(), 1.0), upper=1.0)
        for site, name in enumerate(self.classes):
            programme.add_row({used[site]: 1.0, column[name]: -1.0}, upper=0.0)

    def _too_far_apart(self, chosen: Sequence[int], used: Sequence[int]) -> list[Row]:
        """For each chosen site that is too far from another one: it excludes all sites that are."""
        limit = self.scenario.policy.max_rtt_ms
        rows = Programme()
        for site in chosen:
            rtt = self._rtt_from(site)
            if any(rtt[other] > limit for other in chosen):
                far = [other for other in range(len(self.sites)) if rtt[other] > limit]
                most = float(self.scenario.policy.max_sites or len(self.sites))
                for other in chosen:
                    if rtt[other] > limit:
                        rows.add_row({used[site]: 1.0, used[other]: 1.0}, upper=1.0)
                rows.add_row({used[site]: most, **{used[other]: 1.0 for other in far}}, upper=most)
        return rows.rows

    def _rtt_from(self, site: int) -> Floats:
        if site not in self._rtt:
            distance, _ = self.graph.distances(self.sites[site].node, self._delay_ms)
            self._rtt[site] = np.array(
                [
                    0.0 if other == site else 2 * (distance[item.node] + self._equipment_ms)
                    for other, item in enumerate(self.sites)
                ]
            )
        return self._rtt[site]

    def _own_network_usd(self, site: CandidateSite) -> float:
        """Least cost of a site's own ends and entrances, in US dollars."""
        power = self.powers.at(site.site.site_id).total_usd_per_mw
        end = min(
            (mode.cost_usd + mode.power_w * site.site.pue / 1e6 * power) / mode.rate_gbps for mode in self.reach.modes
        )
        band = self.reach.line_system.band_ghz
        densest = max(mode.rate_gbps / channel_width_ghz(mode, self.reach.rules) for mode in self.reach.modes)
        fraction = self.scenario.policy.survivable_fraction
        programme = Programme()
        ends = {candidate.node for candidate in self.sites}
        conduits: dict[str, list[int]] = {}
        columns = []
        for neighbor, index in self.graph.adjacency[site.node]:
            segment, price = self.graph.segments[index], self.segment_prices[index]
            pair = price.lit_pair_usd if segment.lit_pairs else price.new_pair_usd
            shared = 0.5 if neighbor in ends else 1.0
            usd = end + shared * pair / (band * densest)
            column = programme.add_column(
                "g",
                upper=segment.most_pairs * band * densest / self.required_gbps,
                objective=usd * self.required_gbps / MILLION,
            )
            columns.append(column)
            for conduit in segment.conduits:
                conduits.setdefault(conduit, []).append(column)
        programme.add_row(dict.fromkeys(columns, 1.0), lower=1.0)
        if {"conduit", "conduit-pair"} & set(self.scenario.policy.survive):
            for members in conduits.values():
                programme.add_row({column: 1.0 for column in columns if column not in members}, lower=fraction)
        solved = LinearRelaxation(programme).solve() if columns else None
        return 0.0 if solved is None else max(0.0, solved.bound * MILLION)
