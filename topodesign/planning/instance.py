"""The planning problem as arrays: what the programme's rows and columns are made from.

Everything is indexed by position: candidate sites, segments of the fiber graph, lightpath candidates, pairs of sites.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from topodesign.domain.equipment import Catalog
from topodesign.domain.scenario import Scenario, Site
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.lightpaths import (
    LightpathCandidate,
    LightpathFinder,
    RoundTrips,
    candidate_lightpaths,
    round_trips,
)
from topodesign.optics.reach import ReachModel
from topodesign.planning.prices import PowerPrices, SegmentPrice, line_system_of, segment_price
from topodesign.training.demand import SyncDemand, sync_demand

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSite:
    """A site that may be used. ``pod_usd`` is capex per MW, energy and carbon of one pod; MW at the meter."""

    site: Site
    node: int
    pod_mw: float
    least_pods: int
    most_pods: int
    fixed_usd: float
    pod_usd: float
    pod_carbon_t_per_year: float


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Compiled scenario. ``required_gbps`` is B; in failure states ``survivable_fraction`` of it is enough."""

    scenario: Scenario
    catalog: Catalog
    graph: FiberGraph
    reach: ReachModel
    trips: RoundTrips
    demand: SyncDemand
    powers: PowerPrices
    sites: tuple[CandidateSite, ...]
    segment_prices: tuple[SegmentPrice, ...]
    lightpaths: tuple[LightpathCandidate, ...]

    @property
    def required_gbps(self) -> float:
        return self.demand.demand_gbps

    @cached_property
    def site_of_node(self) -> dict[int, int]:
        return {site.node: position for position, site in enumerate(self.sites)}

    @cached_property
    def ends(self) -> Ints:
        """Site positions of each lightpath's ends, shape (lightpaths, 2)."""
        pairs = [(self.site_of_node[path.a], self.site_of_node[path.z]) for path in self.lightpaths]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    @cached_property
    def rate_gbps(self) -> Floats:
        return np.array([path.mode.rate_gbps for path in self.lightpaths])

    @cached_property
    def width_ghz(self) -> Floats:
        return np.array([path.width_ghz for path in self.lightpaths])

    @cached_property
    def route_matrix(self) -> sp.csr_matrix:
        """Lightpaths by segments, 1 where the route uses the segment."""
        rows = [row for row, path in enumerate(self.lightpaths) for _ in path.route]
        columns = [segment for path in self.lightpaths for segment in path.route]
        shape = (len(self.lightpaths), len(self.graph.segments))
        return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)

    @cached_property
    def lightpath_usd(self) -> Floats:
        """Present value of one lightpath: its transceivers and their power."""
        return np.array([self._lightpath_usd(path) for path in self.lightpaths])

    def _lightpath_usd(self, path: LightpathCandidate) -> float:
        mode = path.mode
        usd = path.transceivers * mode.cost_usd
        for node, watts in self.transceiver_watts(path):
            usd += watts / 1e6 * self.powers.at(self.graph.nodes[node]).total_usd_per_mw
        return usd

    def transceiver_watts(self, path: LightpathCandidate) -> list[tuple[int, float]]:
        """(node, watts at the meter) of one lightpath's transceivers: PUE counts in buildings, not at junctions."""
        watts = path.mode.power_w
        sites = self.scenario.site_by_id
        drawn = [(path.a, watts), (path.z, watts), *((node, 2 * watts) for node in path.regenerations)]
        pue = {name: site.pue for name, site in sites.items()}
        return [(node, draw * pue.get(self.graph.nodes[node], 1.0)) for node, draw in drawn]


def compile_instance(scenario: Scenario, catalog: Catalog) -> Instance:
    """Candidate sites, lightpath candidates and prices of a scenario.

    Raises
    ------
    InvalidInput
        For settings that cannot be planned (see :func:`topodesign.training.demand.sync_demand`).
    """
    demand = sync_demand(scenario, catalog.accelerator(scenario.size.accelerator))
    graph = FiberGraph.of(scenario)
    reach = ReachModel(catalog, scenario.optics)
    powers = PowerPrices(scenario)
    sites = candidate_sites(scenario, catalog, graph, powers)
    trips = round_trips(graph, reach, [site.node for site in sites])
    finder = LightpathFinder(scenario, graph, reach, demand_gbps=demand.demand_gbps)
    line = line_system_of(scenario, catalog)
    return Instance(
        scenario=scenario,
        catalog=catalog,
        graph=graph,
        reach=reach,
        trips=trips,
        demand=demand,
        powers=powers,
        sites=sites,
        segment_prices=tuple(segment_price(scenario, segment, line, powers) for segment in graph.segments),
        lightpaths=candidate_lightpaths(finder, trips, max_rtt_ms=scenario.policy.max_rtt_ms),
    )


def candidate_sites(
    scenario: Scenario, catalog: Catalog, graph: FiberGraph, powers: PowerPrices
) -> tuple[CandidateSite, ...]:
    """Compute sites that are not forbidden and can hold at least one pod within their own and their zone's MW."""
    watts = catalog.accelerator(scenario.size.accelerator).all_in_w
    found = []
    for site in scenario.sites:
        pod_mw = scenario.size.pod_accelerators * watts * site.pue / 1e6
        headroom = min(site.power_mw, scenario.zone_by_id[site.zone_id].headroom_mw)
        most = math.floor(headroom / pod_mw + 1e-9)
        if site.max_pods is not None:
            most = min(most, site.max_pods)
        least = max(1, site.min_pods)
        if site.role != "compute" or site.forbidden or most < least:
            continue
        power = powers.at(site.site_id)
        found.append(
            CandidateSite(
                site=site,
                node=graph.index[site.site_id],
                pod_mw=pod_mw,
                least_pods=least,
                most_pods=most,
                fixed_usd=site.fixed_capex_usd,
                pod_usd=pod_mw * (site.capex_usd_per_mw + power.total_usd_per_mw),
                pod_carbon_t_per_year=pod_mw * power.carbon_t_per_mw_year,
            )
        )
    return tuple(found)


def target_pods(scenario: Scenario) -> int | None:
    """Pods that the size target asks for; ``None`` when the target is in MW."""
    size = scenario.size
    if size.accelerators is None:
        return None
    return math.ceil(size.accelerators / size.pod_accelerators)


def conflict_pairs(instance: Instance) -> set[tuple[int, int]]:
    """Pairs of candidate sites that cannot both be used: too far apart, or split by a failure that must be survived."""
    limit = instance.scenario.policy.max_rtt_ms
    signatures = _connectivity_signatures(instance)
    return {
        (i, j)
        for i in range(len(instance.sites))
        for j in range(i + 1, len(instance.sites))
        if instance.trips.rtt_ms[i][j] > limit or signatures[i] != signatures[j]
    }


def _connectivity_signatures(instance: Instance) -> list[tuple[int, ...]]:
    """For each candidate site its component of the fiber graph, whole and less each conduit that splits it.

    Two sites with different signatures are separated by the loss of one conduit (or always), so a policy that survives
    conduits cannot use both.
    """
    graph = instance.graph
    nodes = [site.node for site in instance.sites]
    states: list[Sequence[int]] = [()]
    policy = instance.scenario.policy
    if "conduit" in policy.survive and policy.survivable_fraction > 0:
        states.extend(graph.conduit_segments.values())
    columns = []
    for dead in states:
        labels = _components(graph, frozenset(dead))
        column = [labels[node] for node in nodes]
        if len(set(column)) > 1:
            columns.append(column)
    return [tuple(column[position] for column in columns) for position in range(len(nodes))]


def _components(graph: FiberGraph, dead: frozenset[int]) -> list[int]:
    label = [-1] * len(graph.nodes)
    for root in range(len(graph.nodes)):
        if label[root] >= 0:
            continue
        label[root] = root
        stack = [root]
        while stack:
            for neighbor, segment in graph.adjacency[stack.pop()]:
                if label[neighbor] < 0 and segment not in dead:
                    label[neighbor] = root
                    stack.append(neighbor)
    return label


def conflict_cliques(pairs: set[tuple[int, int]], size: int) -> list[tuple[int, ...]]:
    """Cliques that together cover every conflict: of each at most one site may be used."""
    neighbors: list[set[int]] = [set() for _ in range(size)]
    for i, j in pairs:
        neighbors[i].add(j)
        neighbors[j].add(i)
    uncovered = set(pairs)
    cliques = []
    while uncovered:
        i, j = min(uncovered)
        clique = [i, j]
        common = neighbors[i] & neighbors[j]
        while common:
            # prefer the site that covers most conflicts still uncovered, then the lowest index
            best = min(common, key=lambda s: (-sum((min(s, c), max(s, c)) in uncovered for c in clique), s))
            clique.append(best)
            common &= neighbors[best]
        clique.sort()
        cliques.append(tuple(clique))
        uncovered -= {(a, b) for position, a in enumerate(clique) for b in clique[position + 1 :]}
    return cliques
