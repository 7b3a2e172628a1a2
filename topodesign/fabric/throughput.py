"""Throughput of an explicit graph under a traffic pattern, fluid: an interval, exact where its ends meet.

Rates are those of one accelerator, all that it sends to others, in links of rate 1. Exact by symmetry or by a linear
programme of up to about 250 switches; above that the least of the hop bound, of the host links and of the cuts that are
known stands against the most loaded link of equally split shortest paths.

References
----------
A. Singla, P. Godfrey, A. Kolla (2014), "High Throughput Data Center Topology Design", NSDI: the hop bound.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from topodesign.fabric.cut_search import HostCut
from topodesign.fabric.distances import HopHistogram, hop_histogram
from topodesign.fabric.flow_programme import (
    MOST_COLUMNS,
    FlowProblem,
    equal_split_loads,
    solve_flow,
)
from topodesign.fabric.graph import Counts, FabricGraph, Lengths, Marks
from topodesign.fabric.link_loads import CELLS_AT_ONCE, Arcs, distance_matrix
from topodesign.fabric.quotient import quotient_of
from topodesign.fabric.topology import PairRate
from topodesign.fabric.traffic import MOST_CLASSES, Traffic, uniform

NO_PATH = "no path between some accelerators"
LIMITS = "least of hops, links of the accelerators and known cuts"
ROUTED = "equally split shortest paths"
CLOSED_GAP = 1e-6
"""Relative gap of two certified bounds that counts as none: solvers stop about there."""
MOST_ROUTED = 300_000_000
"""Sources times arcs up to which shortest paths are counted: about twenty seconds on one core."""
MOST_SYMMETRIC_ARCS = 120_000
"""Arcs of a symmetric graph up to which the programme of one source is solved: 20,000 accelerators of six links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRate:
    """Rate that every accelerator reaches at once, in links of rate 1: the truth is in ``[lower, upper]``."""

    lower: float
    upper: float
    method: str

    @property
    def exact(self) -> bool:
        return self.upper - self.lower <= CLOSED_GAP * self.upper


def alltoall_of(
    graph: FabricGraph, cuts: Sequence[HostCut] = (), *, hops: Callable[[], HopHistogram] | None = None
) -> PairRate:
    """Uniform all-to-all among all accelerators.

    Parameters
    ----------
    graph : FabricGraph
    cuts : sequence of HostCut
        Cuts that are known; each bounds the rate by capacity / (accelerators on one side x on the other).
    hops : callable, optional
        Gives the distances of the graph where they are needed, so that who has them does not search twice.
    """
    if graph.hosts < 2:
        return PairRate(rate=0.0, method="no pairs", exact=True)
    found = uniform_rate(graph, cuts, hops=hops)
    others = graph.hosts - 1
    return PairRate(rate=found.upper / others, lower=found.lower / others, method=found.method, exact=found.exact)


def uniform_rate(
    graph: FabricGraph, cuts: Sequence[HostCut] = (), *, hops: Callable[[], HopHistogram] | None = None
) -> FlowRate:
    """Uniform all-to-all; by one source where the graph claims symmetry. See :func:`alltoall_of`."""
    if graph.orbit is not None:
        others = np.arange(graph.vertices) < graph.hosts
        others[0] = False
        return _by_symmetry(_symmetric_problem(graph, graph.orbit, others), _cut_limits(graph, cuts))
    if len(quotient_of(graph).weight) > MOST_CLASSES:
        return _uniform_limit(graph, cuts, hop_histogram(graph) if hops is None else hops())
    return flow_rate(uniform(graph), _cut_limits(graph, cuts))


def _uniform_limit(graph: FabricGraph, cuts: Sequence[HostCut], hops: HopHistogram) -> FlowRate:
    """For graphs whose demands would fill the memory: upper bounds only."""
    if hops.disconnected:
        return FlowRate(lower=0.0, upper=0.0, method=NO_PATH)
    total = float(np.dot(hops.pairs, np.arange(len(hops.pairs))))
    by_hops = 2 * float(graph.capacity.sum()) * (graph.hosts - 1) / total
    upper = min([by_hops, float(host_capacity(graph).min()), *_cut_limits(graph, cuts)])
    return FlowRate(lower=0.0, upper=upper, method=f"{LIMITS}; too large to route")


def farthest_rate(graph: FabricGraph, orbit: Counts) -> FlowRate:
    """Every accelerator sends equal parts to all that are farthest from it: a mean of longest matchings.

    That is one matching where only one is farthest, as in tori of even sides. For graphs that claim symmetry.
    """
    hops = distance_matrix(graph, np.zeros(1, dtype=np.int64))[0]
    is_farthest = (hops == hops[: graph.hosts].max()) & (np.arange(graph.vertices) < graph.hosts)
    return _by_symmetry(_symmetric_problem(graph, orbit, is_farthest), ())


def flow_rate(traffic: Traffic, limits: Sequence[float] = (), *, most_columns: int = MOST_COLUMNS) -> FlowRate:
    """Rate of any traffic.

    Parameters
    ----------
    traffic : Traffic
    limits : sequence of float
        Upper bounds that are known already.
    most_columns : int
        Largest linear programme; above it bounds are given.
    """
    if _has_no_path(traffic):
        return FlowRate(lower=0.0, upper=0.0, method=NO_PATH)
    hosts = _host_limit(traffic)
    problem = _problem(traffic)
    if not problem.demand.any():
        return FlowRate(lower=hosts, upper=hosts, method="links of the accelerators to their switch")
    return _bounded(problem, [hosts, *limits], most_columns=most_columns, how="linear programme over all sources")


def _by_symmetry(problem: FlowProblem, limits: Sequence[float]) -> FlowRate:
    return _bounded(
        problem,
        limits,
        most_columns=MOST_SYMMETRIC_ARCS,
        how="linear programme of one source, which stands for all by symmetry",
    )


def _bounded(problem: FlowProblem, limits: Sequence[float], *, most_columns: int, how: str) -> FlowRate:
    """Bounds that cost little first; the programme where they do not meet and it is small enough."""
    routed = _routed(problem, [_hop_limit(problem), *limits])
    if routed.exact or problem.columns > most_columns:
        return routed
    solved = solve_flow(problem)
    upper = min(solved.upper, routed.upper)
    found = FlowRate(lower=min(upper, max(solved.lower, routed.lower)), upper=upper, method=how)
    return found if found.exact else replace(found, method=f"{how}, stopped early; {LIMITS}; lower bound by {ROUTED}")


def injection(graph: FabricGraph) -> float:
    """Mean capacity of all links of an accelerator, in links of rate 1: what rates are normalized to."""
    return float(host_capacity(graph).mean()) if graph.hosts else 0.0


def host_capacity(graph: FabricGraph) -> Lengths:
    """Capacity of all links of each accelerator, in links of rate 1."""
    ends, capacity = np.concatenate([graph.a, graph.z]), np.concatenate([graph.capacity, graph.capacity])
    return np.bincount(ends, weights=capacity, minlength=graph.vertices)[: graph.hosts].astype(np.float64)


def _problem(traffic: Traffic) -> FlowProblem:
    """Demands between switches for the accelerators that hang on one switch only: their own links are a limit apart."""
    reduced = traffic.quotient.graph
    place = _anchors(reduced)
    kept, place = np.unique(place, return_inverse=True)
    stays = place[reduced.a] != place[reduced.z]
    graph = FabricGraph.from_arrays(
        vertices=len(kept),
        hosts=0,
        a=place[reduced.a[stays]],
        z=place[reduced.z[stays]],
        count=reduced.count[stays],
        rate=reduced.rate[stays],
    )
    sources, at = np.unique(place[: reduced.hosts], return_inverse=True)
    demand = np.zeros((len(sources), len(kept)))
    np.add.at(demand, (at[:, None], place[: reduced.hosts][None, :]), traffic.demand)
    is_switch = kept[sources] >= reduced.hosts
    demand[is_switch, sources[is_switch]] = 0.0
    arcs = Arcs.of(graph)
    group, capacity = np.arange(len(arcs.tail)), graph.capacity[arcs.edge]
    if traffic.is_symmetric:  # reversing a flow gives one for the same demands: both directions share one row
        group, capacity = arcs.edge, 2 * graph.capacity
    return FlowProblem(graph=graph, arcs=arcs, sources=sources, demand=demand, group=group, capacity=capacity)


def _anchors(graph: FabricGraph) -> Counts:
    """For each vertex the only switch that it hangs on, for accelerators with one, else the vertex itself."""
    place = np.arange(graph.vertices)
    edges = np.bincount(np.concatenate([graph.a, graph.z]), minlength=graph.vertices)
    leaf = (graph.z >= graph.hosts) & (graph.a < graph.hosts) & (edges[graph.a] == 1)
    place[graph.a[leaf]] = graph.z[leaf]
    return place


def _symmetric_problem(graph: FabricGraph, orbit: Counts, targets: Marks) -> FlowProblem:
    """Accelerator 0 sends to ``targets``, a set that every symmetry keeps which keeps 0.

    The average over all automorphisms and over reversed flows loads every link of an orbit alike, N times as much.
    """
    arcs = Arcs.of(graph)
    named, group = np.unique(orbit, return_inverse=True)
    demand = targets[None, :] / targets.sum()
    capacity = 2 * np.bincount(group, weights=graph.capacity, minlength=len(named)) / graph.hosts
    source = np.zeros(1, dtype=np.int64)
    return FlowProblem(graph=graph, arcs=arcs, sources=source, demand=demand, group=group[arcs.edge], capacity=capacity)


def _routed(problem: FlowProblem, limits: Sequence[float]) -> FlowRate:
    upper = min(limits)
    if len(problem.sources) * len(problem.arcs.tail) > MOST_ROUTED:
        return FlowRate(lower=0.0, upper=upper, method=f"{LIMITS}; too large to route")
    loads = equal_split_loads(problem, problem.demand)
    grouped = np.bincount(problem.group, weights=loads, minlength=len(problem.capacity)) / problem.capacity
    found = FlowRate(lower=min(upper, 1 / float(grouped.max())), upper=upper, method=f"{LIMITS}, met by {ROUTED}")
    return found if found.exact else replace(found, method=f"{LIMITS}; lower bound by {ROUTED}")


def _hop_limit(problem: FlowProblem) -> float:
    """Demands times hops cannot exceed all capacity; traffic to a twin takes two hops."""
    weighted = 0.0
    batch = max(1, CELLS_AT_ONCE // problem.graph.vertices)
    for begin in range(0, len(problem.sources), batch):
        sources, demand = problem.sources[begin : begin + batch], problem.demand[begin : begin + batch]
        hops = distance_matrix(problem.graph, sources)
        hops[np.arange(len(sources)), sources] = 2
        if (demand[hops < 0] > 0).any():
            return 0.0
        weighted += float(np.einsum("st,st->", demand, hops))
    return float(problem.capacity.sum()) / weighted


def _host_limit(traffic: Traffic) -> float:
    """No accelerator sends or receives more than its links carry."""
    room = host_capacity(traffic.quotient.graph)
    most = np.maximum(traffic.demand.sum(axis=1), traffic.demand.sum(axis=0))
    busy = most > 0
    return float((room[busy] / most[busy]).min(initial=np.inf))


def _cut_limits(graph: FabricGraph, cuts: Sequence[HostCut]) -> list[float]:
    others = graph.hosts - 1
    return [cut.capacity * others / (cut.inside * (graph.hosts - cut.inside)) for cut in cuts]


def _has_no_path(traffic: Traffic) -> bool:
    """Whether a demand joins two parts that no link joins."""
    reduced = traffic.quotient.graph
    matrix = csr_array((np.ones(len(reduced.a)), (reduced.a, reduced.z)), shape=(reduced.vertices, reduced.vertices))
    part = connected_components(matrix, directed=False)[1]
    if len(traffic.demand) > 1 and (part[: len(traffic.demand)] == part[0]).all():
        return False
    source, target = np.nonzero(traffic.demand)
    alone = np.bincount(part)[part] == 1
    return bool((part[source] != part[target]).any() or alone[source].any())
