"""What a routing of the whole fabric proves for a degraded one: flows on what failed are led around it.

At a rate that the whole fabric is known to reach no link carries more than its capacity c, whatever the routing is. So:

1. The flow over a failed link is at most c each way. It is led along shortest paths between the link's ends.
2. Failed or cut off vertices that hang together make a hole with links of capacities c_x to vertices x around it, C
   together. Flows to and from its accelerators are gone. What went through it enters at most with c_x at x, leaves at
   most with c_y at y, and in whatever pairing it is carried by spreading it over all vertices around the hole in
   proportion to c, then from there to where it left (L. Valiant (1982), "A scheme for fast parallel communication",
   SIAM Journal on Computing 11(2)): 2 c_x c_y / C from x to y. When the accelerators inside absorb all that can enter,
   nothing went through.
3. With the load d that detours bring to a link of capacity c, dividing all rates by the largest 1 + d / c fits again.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from topodesign.fabric.failures import DegradedFabric
from topodesign.fabric.graph import Counts, FabricGraph, Lengths, Marks
from topodesign.fabric.link_loads import Arcs, shortest_path_loads

MOST_WALKED = 3_000_000
"""Paths, and pairs of half paths, that are written down at once; above it paths are counted source by source."""
ROUNDS = 40
"""Times that listed paths are weighed anew, so that they avoid links on which others meet."""
SHARPNESS = 8.0
"""A link at the greatest load costs e^8 as much as an empty one."""
STEP = 0.3
"""A path over a link at the greatest load loses this power of e in a round."""
TRANSIT_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detours:
    """Demands of ``amount`` each way between ``u`` and ``v``, in links of rate 1."""

    u: Counts
    v: Counts
    amount: Lengths

    def where(self, taken: Marks) -> "Detours":
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


def _around_links(graph: FabricGraph, left: Counts, both: Marks) -> Detours:
    lost = np.flatnonzero(both & (left < graph.count))
    return Detours(u=graph.a[lost], v=graph.z[lost], amount=(graph.count - left)[lost] * graph.rate[lost])


def _around_holes(graph: FabricGraph, pair_rate: float, is_reached: Marks) -> Detours:
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


def _holes(graph: FabricGraph, is_reached: Marks) -> Counts:
    """Number of the hole of every vertex; -1 for those that are reached."""
    inner = ~is_reached[graph.a] & ~is_reached[graph.z]
    links = csr_array(
        (np.ones(int(inner.sum()), dtype=np.int8), (graph.a[inner], graph.z[inner])),
        shape=(graph.vertices, graph.vertices),
    )
    part = connected_components(links, directed=False)[1].astype(np.int64)
    return np.where(is_reached, -1, part)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Walks:
    """Walks of one length: the demand that each serves, and its vertices and edges, one row for each walk."""

    owner: Counts
    vertices: Counts
    edges: Counts

    def where(self, taken: Marks | Counts) -> "_Walks":
        return _Walks(owner=self.owner[taken], vertices=self.vertices[taken], edges=self.edges[taken])

    @classmethod
    def at(cls, vertices: Counts) -> "_Walks":
        owner = np.arange(len(vertices), dtype=np.int64)
        return cls(owner=owner, vertices=vertices[:, None], edges=np.zeros((len(vertices), 0), dtype=np.int64))


def _listed(graph: FabricGraph, demands: Detours) -> tuple[Lengths, Detours]:
    """Loads of the demands that short paths serve, one direction of each edge; and the other demands."""
    found = _short_paths(graph, demands)
    is_served = np.zeros(len(demands.u), dtype=bool)
    for walks in found:
        is_served[walks.owner] = True
    loads = _balanced(graph, demands, found) if is_served.any() else np.zeros(len(graph.a))
    return loads, demands.where(~is_served)


def _short_paths(graph: FabricGraph, demands: Detours) -> list[_Walks]:
    """All paths of up to three links, of up to five where these are not too many: two halves that meet."""
    arcs = graph.arcs()
    degree = np.diff(arcs[0])
    if int((degree[demands.u] + degree[demands.v]).sum()) * int(degree.max(initial=0)) > MOST_WALKED:
        return []
    one_u, one_v = (_grown(arcs, _Walks.at(ends)) for ends in (demands.u, demands.v))
    two_u = _grown(arcs, one_u)
    found = [_arrived(one_u, demands), _arrived(two_u, demands)]
    found.append(_met(two_u, one_v, len(demands.u)))
    two_v = _grown(arcs, one_v)
    sizes = [np.bincount(walks.owner, minlength=len(demands.u)) for walks in (two_u, two_v)]
    if int((sizes[0] * sizes[1]).sum()) <= MOST_WALKED:
        found += [_met(two_u, two_v, len(demands.u)), _joined(graph, arcs, two_u, two_v, len(demands.u))]
    return [walks for walks in found if len(walks.owner)]


def _grown(arcs: tuple[Counts, Counts, Counts], walks: _Walks) -> _Walks:
    """One link more, but not back to a vertex of the walk."""
    start, heads, edges = arcs
    last = walks.vertices[:, -1]
    degree = start[last + 1] - start[last]
    row = np.repeat(np.arange(len(last)), degree)
    arc = np.arange(len(row)) - np.repeat(np.cumsum(degree) - degree, degree) + start[last][row]
    grown = _Walks(
        owner=walks.owner[row],
        vertices=np.column_stack([walks.vertices[row], heads[arc]]),
        edges=np.column_stack([walks.edges[row], edges[arc]]),
    )
    return grown.where((grown.vertices[:, :-1] != grown.vertices[:, -1:]).all(axis=1))


def _arrived(walks: _Walks, demands: Detours) -> _Walks:
    return walks.where(walks.vertices[:, -1] == demands.v[walks.owner])


def _pairs(first: _Walks, second: _Walks, demands: int) -> tuple[Counts, Counts]:
    """Every walk of the first with every one of the second that serves the same demand; both are sorted by demand."""
    size = np.bincount(second.owner, minlength=demands)
    begin = np.cumsum(size) - size
    repeats = size[first.owner]
    left = np.repeat(np.arange(len(first.owner)), repeats)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return left, begin[first.owner][left] + offset


def _met(first: _Walks, second: _Walks, demands: int) -> _Walks:
    """Walks from both ends that end at the same vertex and share no other one."""
    left, right = _pairs(first, second, demands)
    meets = first.vertices[left, -1] == second.vertices[right, -1]
    left, right = left[meets], right[meets]
    return _without_loops(
        _Walks(
            owner=first.owner[left],
            vertices=np.column_stack([first.vertices[left], second.vertices[right, -2::-1]]),
            edges=np.column_stack([first.edges[left], second.edges[right, ::-1]]),
        )
    )


def _joined(
    graph: FabricGraph, arcs: tuple[Counts, Counts, Counts], first: _Walks, second: _Walks, demands: int
) -> _Walks:
    """Walks from both ends whose last vertices a link joins, and which share no vertex."""
    start, heads, edges = arcs
    keys = np.repeat(np.arange(graph.vertices), np.diff(start)) * graph.vertices + heads
    left, right = _pairs(first, second, demands)
    wanted = first.vertices[left, -1] * graph.vertices + second.vertices[right, -1]
    place = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
    meets = keys[place] == wanted
    left, right, place = left[meets], right[meets], place[meets]
    return _without_loops(
        _Walks(
            owner=first.owner[left],
            vertices=np.column_stack([first.vertices[left], second.vertices[right, ::-1]]),
            edges=np.column_stack([first.edges[left], edges[place], second.edges[right, ::-1]]),
        )
    )


def _without_loops(walks: _Walks) -> _Walks:
    ordered = np.sort(walks.vertices, axis=1)
    return walks.where((np.diff(ordered, axis=1) != 0).all(axis=1))


def _balanced(graph: FabricGraph, demands: Detours, found: list[_Walks]) -> Lengths:
    """Loads with the demands split over their paths so that the most loaded link carries little.

    Paths over links that carry much lose weight, round by round (multiplicative weights); the best round is kept. Any
    split is a routing.
    """
    owner = np.concatenate([walks.owner for walks in found])
    sizes = np.concatenate([np.full(len(walks.owner), walks.edges.shape[1]) for walks in found])
    edge = np.concatenate([walks.edges.ravel() for walks in found])
    walk = np.repeat(np.arange(len(owner)), sizes)
    weight = np.exp(-sizes.astype(float))
    best, least = np.zeros(len(graph.a)), np.inf
    for _ in range(ROUNDS):
        share = weight / np.bincount(owner, weights=weight, minlength=len(demands.u))[owner]
        carried = (share * demands.amount[owner])[walk]
        loads = np.bincount(edge, weights=carried, minlength=len(graph.a)).astype(np.float64)
        relative = loads / graph.capacity
        most = float(relative.max())
        if most < least:
            best, least = loads, most
        price = np.exp(SHARPNESS * (relative / most - 1))
        cost = np.bincount(walk, weights=price[edge], minlength=len(owner))
        weight = share * np.exp(-STEP * cost) + 1e-12
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
