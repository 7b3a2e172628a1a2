"""The planning problem as arrays: what the programme's rows and columns are made from.

Everything is indexed by position: candidate sites, segments of the fiber graph, lightpath candidates, pairs of sites.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    RouteOfPair,
    candidate_lightpaths,
    detours,
    round_trips,
)
from topodesign.optics.reach import ReachModel
from topodesign.planning.known_paths import KnownPath, lit_paths, path_key, with_known_paths
from topodesign.planning.prices import PowerPrices, SegmentPrice, line_system_of, segment_price
from topodesign.training.demand import SyncDemand, sync_demand

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSite:
    """A site that may be used. ``pod_usd`` is capex per MW, energy and carbon of one pod (and its accelerators, where
    the goal counts them); MW at the meter."""

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
    """Compiled scenario."""

    scenario: Scenario
    catalog: Catalog
    graph: FiberGraph
    reach: ReachModel
    finder: LightpathFinder
    trips: RoundTrips
    demand: SyncDemand
    powers: PowerPrices
    sites: tuple[CandidateSite, ...]
    segment_prices: tuple[SegmentPrice, ...]
    lightpaths: tuple[LightpathCandidate, ...]
    lit_counts: tuple[int, ...]
    """For each candidate how many lightpaths of it are in service and need no purchase; 0 for an ordinary one."""
    withheld_ghz: Mapping[int, float] = field(default_factory=dict)
    """Spectrum of a segment, over all its pairs, that lightpaths must leave free because no slots could be found."""
    pod_purchase_usd: float = 0.0
    """Price of one pod's accelerators where the goal counts it, as part of ``CandidateSite.pod_usd`` too; else 0."""

    @cached_property
    def required_gbps(self) -> float:
        """B (or the sum of a demand matrix or hose), raised to the least that one lightpath somewhere already meets.

        Every used site needs at least one lightpath, however little is asked; below that amount plans are the same, and
        figures many orders of magnitude apart are kept from the solvers.
        """
        if not self.lightpaths:
            return self.demand.demand_gbps
        least = min(path.mode.rate_gbps for path in self.lightpaths) / max(1, len(self.sites) - 1)
        return max(self.demand.demand_gbps, least)

    @cached_property
    def has_all_routes(self) -> bool:
        """Whether every lightpath is a candidate, so that bounds hold for whatever could be lit.

        Where lightpaths are regenerated, other places to do so are other lightpaths, which are not listed.
        """
        return self.graph.has_few_cycles and not any(path.regenerations for path in self.lightpaths)

    @cached_property
    def missing_sites(self) -> tuple[str, ...]:
        """Required sites that are no candidates: they cannot hold a pod."""
        wanted = {site.site_id for site in self.scenario.sites if site.required} | set(self.scenario.demand_sites)
        return tuple(sorted(wanted - {site.site.site_id for site in self.sites}))

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
        return np.array(
            [self._lightpath_usd(path, lit > 0) for path, lit in zip(self.lightpaths, self.lit_counts, strict=True)]
        )

    @cached_property
    def most_lightpaths(self) -> Ints:
        """Most lightpaths of each candidate: more than what meets the whole demand alone never helps."""
        useful = np.ceil(self.required_gbps / self.rate_gbps - 1e-9).astype(np.int64)
        lit = np.array(self.lit_counts, dtype=np.int64)
        return np.where(lit > 0, np.minimum(lit, useful), useful)

    @cached_property
    def lit_twin(self) -> dict[int, int]:
        """For each ordinary candidate that has lightpaths in service, the candidate of those."""
        both = list(zip(self.lightpaths, self.lit_counts, strict=True))
        lit = {path_key(path): index for index, (path, count) in enumerate(both) if count > 0}
        return {
            index: lit[path_key(path)]
            for index, (path, count) in enumerate(both)
            if count == 0 and path_key(path) in lit
        }

    def _lightpath_usd(self, path: LightpathCandidate, is_lit: bool) -> float:
        mode = path.mode
        usd = 0.0 if is_lit else path.transceivers * mode.cost_usd
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


def compile_instance(
    scenario: Scenario, catalog: Catalog, *, also: Sequence[KnownPath] = (), counts_purchase: bool = False
) -> Instance:
    """Candidate sites, lightpath candidates and prices of a scenario.

    ``also`` are lightpaths that shall be candidates; ``counts_purchase`` makes the price of the accelerators count.

    Raises
    ------
    InvalidInput
        For settings that cannot be planned (see :func:`topodesign.training.demand.sync_demand`).
    """
    demand = sync_demand(scenario, catalog.accelerator(scenario.size.accelerator))
    graph = FiberGraph.of(scenario)
    reach = ReachModel(catalog, scenario.optics, scenario.measured_reaches)
    powers = PowerPrices(scenario)
    accelerator = catalog.accelerator(scenario.size.accelerator)
    purchase = scenario.size.pod_accelerators * accelerator.cost_usd if counts_purchase else 0.0
    sites = candidate_sites(scenario, catalog, graph, powers, pod_purchase_usd=purchase)
    trips = round_trips(graph, reach, [site.node for site in sites])
    finder = LightpathFinder(scenario, graph, reach, demand_gbps=demand.demand_gbps)
    line = line_system_of(scenario, catalog)
    lightpaths, lit_counts = with_known_paths(
        candidate_lightpaths(finder, trips, max_rtt_ms=scenario.policy.max_rtt_ms),
        finder,
        trips.sites,
        (*lit_paths(scenario), *also),
    )
    return Instance(
        scenario=scenario,
        catalog=catalog,
        graph=graph,
        reach=reach,
        finder=finder,
        trips=trips,
        demand=demand,
        powers=powers,
        sites=sites,
        segment_prices=tuple(segment_price(scenario, segment, line, powers) for segment in graph.segments),
        lightpaths=lightpaths,
        lit_counts=lit_counts,
        pod_purchase_usd=purchase,
    )


def widened(instance: Instance, known: Sequence[KnownPath]) -> Instance:
    """The instance with more lightpath candidates; those that it has keep their positions."""
    lightpaths, lit_counts = with_known_paths(
        instance.lightpaths, instance.finder, instance.trips.sites, known, lit_counts=instance.lit_counts
    )
    return dataclasses.replace(instance, lightpaths=lightpaths, lit_counts=lit_counts)


def with_more_routes(instance: Instance) -> Instance:
    """The instance with every detour around one segment of its routes as a candidate too, in every mode."""
    finder, limit = instance.finder, instance.scenario.policy.max_rtt_ms
    nodes, segments = instance.graph.nodes, instance.graph.segments
    routes: list[RouteOfPair] = []
    for i, source in enumerate(instance.trips.sites):
        for j in range(i + 1, len(instance.trips.sites)):
            if instance.trips.rtt_ms[i][j] > limit:
                continue
            target = instance.trips.sites[j]
            routes.extend((source, target, route) for route in detours(instance.graph, source, target))
    known = [
        KnownPath(
            a=nodes[path.a],
            z=nodes[path.z],
            mode=path.mode.id,
            segments=tuple(segments[segment].segment_id for segment in path.route),
        )
        for path in finder.on_routes(routes)
    ]
    return widened(instance, known)


def candidate_sites(
    scenario: Scenario, catalog: Catalog, graph: FiberGraph, powers: PowerPrices, *, pod_purchase_usd: float = 0.0
) -> tuple[CandidateSite, ...]:
    """Compute sites that are not forbidden and can hold at least one pod within their own and their zone's MW."""
    watts = catalog.accelerator(scenario.size.accelerator).all_in_w
    ends = scenario.demand_sites
    found = []
    for given in scenario.sites:
        site = dataclasses.replace(given, required=True) if given.site_id in ends else given
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
                pod_usd=pod_mw * (site.capex_usd_per_mw + power.total_usd_per_mw) + pod_purchase_usd,
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
    nodes = [site.node for site in instance.sites]
    signatures = connectivity_classes(instance.scenario, instance.graph, nodes)
    return {
        (i, j)
        for i in range(len(instance.sites))
        for j in range(i + 1, len(instance.sites))
        if instance.trips.rtt_ms[i][j] > limit or signatures[i] != signatures[j]
    }


def connectivity_classes(scenario: Scenario, graph: FiberGraph, nodes: Sequence[int]) -> list[tuple[int, ...]]:
    """For each node its component of the fiber graph, whole and less each conduit that splits the nodes.

    Two sites of different classes are separated by the loss of one conduit (or always), so a policy that survives
    conduits cannot use both.
    """
    if scenario.workload.demand != "all-reduce":
        return [() for _ in nodes]  # sites without a demand between them may be parted
    policy = scenario.policy
    whole = _components(graph, frozenset())
    columns = [[whole[node] for node in nodes]]
    if {"conduit", "conduit-pair"} & set(policy.survive) and policy.survivable_fraction > 0:
        for dead in graph.conduit_segments.values():
            if not _may_split(graph, dead):
                continue
            labels = _components(graph, frozenset(dead))
            columns.append([labels[node] for node in nodes])
    columns = [column for column in columns if len(set(column)) > 1]
    return [tuple(column[position] for column in columns) for position in range(len(nodes))]


def _may_split(graph: FiberGraph, dead: Sequence[int]) -> bool:
    """Whether removing the segments might split the graph: a lone segment does only if it is a bridge."""
    return len(dead) > 1 or dead[0] in graph.bridges


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
