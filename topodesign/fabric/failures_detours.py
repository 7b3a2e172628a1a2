"""What a routing of the whole fabric proves for a degraded one: flows on what failed are led around it.

At a rate that the whole fabric is known to reach no link carries more than its capacity c, whatever the routing is. So:

1. The flow over a failed link is at most c each way. It is led along shortest paths between the link's ends.
2. Failed or cut off vertices that hang together make a hole with links of capacities c_x to vertices x around it, C
   together. Flows to and from its accelerators are gone. What went through it enters at most with c_x at x, leaves at
   most with c_y at y, and in whatever pairing it is carried by spreading it over all vertices around the hole in
   proportion to c, then from there to where it left (L. Valiant (1982), "A scheme for fast parallel communication", SIAM
   Journal on Computing 11(2)): 2 c_x c_y / C from x to y. When the accelerators inside absorb all that can enter, nothing
   went through.
3. With the load d that detours bring to a link of capacity c, dividing all rates by the largest 1 + d / c fits again.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from topodesign.fabric.failures import DegradedFabric
from topodesign.fabric.graph import Counts, FabricGraph, Lengths
from topodesign.fabric.link_loads import Arcs, shortest_path_loads

MOST_WALKED = 3_000_000
"""Walks of three links that are written down at once; above it paths are counted source by source."""
WALKED_LINKS = 3
"""Detours of up to so many links are listed: a square of a torus has three links beside the failed one."""
ROUNDS = 24
"""Times that listed detours are weighed anew, so that they avoid links on which others meet."""
TRANSIT_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detours:
    """Demands of ``amount`` each way between ``u`` and ``v``, in links of rate 1."""

    u: Counts
    v: Counts
    amount: Lengths

    def where(self, taken: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> "Detours":
        return Detours(u=self.u[taken], v=self.v[taken], amount=self.amount[taken])


def detour_share(graph: FabricGraph, pair_rate: float, degraded: DegradedFabric) -> float:
    """Share of ``pair_rate``, a uniform all-to-all that the whole ``graph`` reaches, that the degraded fabric reaches.

    1 when nothing that carried flows failed.
    """
    both = degraded.is_reached[graph.a] & degraded.is_reached[graph.z]
    left = np.where(both, degraded.links_left, 0)
    rest = graph.with_counts(left)
    links = _around_links(graph, left, both)
    holes = _around_holes(graph, pair_rate, degraded.is_reached)
    loads, links = _listed(rest, links)
    demands = Detours(
        u=np.concatenate([links.u, holes.u]),
        v=np.concatenate([links.v, holes.v]),
        amount=np.concatenate([links.amount, holes.amount]),
    )
    loads = loads + _routed(rest, demands)
    return 1 / (1 + float((loads / rest.capacity).max(initial=0.0)))


def _around_links(graph: FabricGraph, left: Counts, both: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Detours:
    lost = np.flatnonzero(both & (left < graph.count))
    return Detours(u=graph.a[lost], v=graph.z[lost], amount=(graph.count - left)[lost] * graph.rate[lost])


def _around_holes(
    graph: FabricGraph, pair_rate: float, is_reached: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Detours:
    none = np.zeros(0, dtype=np.int64)
    found = [Detours(u=none, v=none, amount=np.zeros(0))]
    is_rim = is_reached[graph.a] != is_reached[graph.z]
    outside = np.where(is_reached[graph.a], graph.a, graph.z)[is_rim]
    inside = np.where(is_reached[graph.a], graph.z, graph.a)[is_rim]
    hole = _holes(graph, is_reached)
    accelerators = np.bincount(hole[: graph.hosts] + 1, minlength=int(hole.max(initial=-1)) + 2)[1:]
    for number in np.unique(hole[inside]).tolist():
        here = hole[inside] == number
        rim, at = np.unique(outside[here], return_inverse=True)
        capacity = np.bincount(at, weights=graph.capacity[is_rim][here])
        total = float(capacity.sum())
        absorbed = pair_rate * int(accelerators[number]) * (graph.hosts - int(accelerators[number]))
        if total - absorbed <= TRANSIT_ROUNDING * total:
            continue
        first, second = np.triu_indices(len(rim), k=1)
        amount = 2 * capacity[first] * capacity[second] / total
        found.append(Detours(u=rim[first], v=rim[second], amount=amount))
    return Detours(
        u=np.concatenate([one.u for one in found]),
        v=np.concatenate([one.v for one in found]),
        amount=np.concatenate([one.amount for one in found]),
    )


def _holes(graph: FabricGraph, is_reached: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Counts:
    """Number of the hole of every vertex; -1 for those that are reached."""
    inner = ~is_reached[graph.a] & ~is_reached[graph.z]
    links = csr_array(
        (np.ones(int(inner.sum()), dtype=np.int8), (graph.a[inner], graph.z[inner])),
        shape=(graph.vertices, graph.vertices),
    )
    part = connected_components(links, directed=False)[1].astype(np.int64)
    return np.where(is_reached, -1, part)


def _listed(graph: FabricGraph, demands: Detours) -> tuple[Lengths, Detours]:
    """Loads of the demands that walks of up to three links serve, one direction of each edge; and the other demands.

    Of one demand only its shortest walks count, which are paths.
    """
    loads = np.zeros(len(graph.a))
    start, heads, edges = graph.arcs()
    degree = np.diff(start)
    owner = np.arange(len(demands.u), dtype=np.int64)
    at = demands.u.copy()
    taken = np.zeros((len(owner), 0), dtype=np.int64)
    walks: list[tuple[Counts, Counts]] = []
    is_served = np.zeros(len(owner), dtype=bool)
    for _ in range(WALKED_LINKS):
        grown = degree[at]
        if int(grown.sum()) > MOST_WALKED:
            break
        arc = np.arange(int(grown.sum())) - np.repeat(np.cumsum(grown) - grown, grown) + np.repeat(start[at], grown)
        owner, taken = np.repeat(owner, grown), np.repeat(taken, grown, axis=0)
        taken, at = np.column_stack([taken, edges[arc]]), heads[arc]
        arrives = at == demands.v[owner]
        if arrives.any():
            walks.append((owner[arrives], taken[arrives]))
            is_served[owner[arrives]] = True
        goes_on = ~is_served[owner]
        owner, at, taken = owner[goes_on], at[goes_on], taken[goes_on]
    if walks:
        loads = _balanced(graph, demands, walks)
    return loads, demands.where(~is_served)


def _balanced(graph: FabricGraph, demands: Detours, walks: list[tuple[Counts, Counts]]) -> Lengths:
    """Loads with the demands split over their walks so that the most loaded link carries little.

    Walks over links that carry much lose weight, round by round; the best round is kept. Any split is a routing.
    """
    owner = np.concatenate([owner for owner, _ in walks])
    steps = [(np.repeat(np.arange(len(edges)), edges.shape[1]), edges.ravel()) for _, edges in walks]
    offsets = np.cumsum([0, *(len(edges) for _, edges in walks)])
    walk = np.concatenate([number + offset for (number, _), offset in zip(steps, offsets[:-1], strict=True)])
    edge = np.concatenate([edge for _, edge in steps])
    weight = np.ones(len(owner))
    best, least = np.zeros(len(graph.a)), np.inf
    for _ in range(ROUNDS):
        share = weight / np.bincount(owner, weights=weight, minlength=len(demands.u))[owner]
        carried = share * demands.amount[owner]
        loads = np.bincount(edge, weights=carried[walk], minlength=len(graph.a))
        relative = loads / graph.capacity
        most = float(relative.max())
        if most < least:
            best, least = loads, most
        worst = np.zeros(len(owner))
        np.maximum.at(worst, walk, relative[edge])
        weight = share * np.exp(-2 * worst / most)
    return best


def _routed(graph: FabricGraph, demands: Detours) -> Lengths:
    """Loads by equally split shortest paths, one direction of each edge (the other carries as much)."""
    if len(demands.u) == 0:
        return np.zeros(len(graph.a))
    arcs = Arcs.of(graph)
    sources, row = np.unique(demands.u, return_inverse=True)

    def demand_of(chosen: Counts) -> Lengths:
        wanted = np.isin(row, chosen)
        found = np.zeros((len(chosen), graph.vertices))
        np.add.at(found, (np.searchsorted(chosen, row[wanted]), demands.v[wanted]), demands.amount[wanted])
        return found

    loads = shortest_path_loads(graph, arcs, sources, demand_of)
    folded: Lengths = np.bincount(arcs.edge, weights=loads, minlength=len(graph.a)).astype(np.float64)
    return folded
