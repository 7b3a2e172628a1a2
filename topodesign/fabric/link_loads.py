"""Link loads when every demand is split over all its shortest paths, in proportion to the capacity along them.

References
----------
U. Brandes (2001), "A faster algorithm for betweenness centrality", Journal of Mathematical Sociology 25(2): counting
paths forward and handing loads back, here for batches of sources and any demands.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topodesign.fabric.bit_search import levels, source_bits
from topodesign.fabric.graph import Counts, FabricGraph, Lengths, Marks

Hops = npt.NDArray[np.int16]

CELLS_AT_ONCE = 2_000_000
"""Pairs of a source and an arc of one batch; a batch takes about thirty bytes for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arcs:
    """Both directions of every edge: arc ``i`` runs from ``tail[i]`` to ``head[i]`` along edge ``edge[i]``."""

    tail: Counts
    head: Counts
    edge: Counts

    @classmethod
    def of(cls, graph: FabricGraph) -> "Arcs":
        start, head, edge = graph.arcs()
        return cls(tail=np.repeat(np.arange(graph.vertices), np.diff(start)), head=head, edge=edge)


def distance_matrix(graph: FabricGraph, sources: Counts) -> Hops:
    """Distances in links, shape (sources, vertices); -1 where there is no path."""
    count = len(sources)
    seen = source_bits(graph.vertices, sources)
    found = np.full((graph.vertices, count), -1, dtype=np.int16)
    found[sources, np.arange(count)] = 0
    for distance, new in enumerate(levels(graph, seen), start=1):
        bits = np.unpackbits(new.astype("<u8").view(np.uint8), axis=1, count=count, bitorder="little")
        np.copyto(found, np.int16(distance), where=bits.view(np.bool_))
    return np.ascontiguousarray(found.T)


def shortest_path_loads(
    graph: FabricGraph, arcs: Arcs, sources: Counts, demand_of: Callable[[Counts], Lengths]
) -> Lengths:
    """Load of every arc.

    Parameters
    ----------
    sources : array of int, shape (sources,)
        Vertices that send.
    demand_of : callable
        Demands of some of the sources, given by their places in ``sources``, to all vertices: shape (those, vertices).
        What goes to the source itself or to where no path leads is left out.

    Returns
    -------
    array of float, shape (arcs,)
    """
    loads = np.zeros(len(arcs.tail))
    ports = _Ports.of(graph, arcs)
    batch = max(1, CELLS_AT_ONCE // max(1, len(arcs.tail)))
    for begin in range(0, len(sources), batch):
        chosen = np.arange(begin, min(begin + batch, len(sources)), dtype=np.int64)
        distance = distance_matrix(graph, sources[chosen])
        demand = demand_of(chosen)
        if (np.count_nonzero(demand, axis=1) <= 1).all():
            distance = np.where(_between(graph, distance, demand.argmax(axis=1)), distance, np.int16(-1))
        loads += _batch_loads(ports, distance[:, ports.vertex].T, demand[:, ports.vertex].T)
    return loads


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ports:
    """The arcs by their rank among those that leave a vertex: the first of all vertices, the second, and so on.

    Vertices are renumbered by falling degree (``vertex`` are their old numbers), so that those with a k-th arc are the
    first ones: the k-th of all lists here has an entry for each of these, its arc, where it leads, its capacity.
    """

    vertex: Counts
    arc: tuple[Counts, ...]
    head: tuple[Counts, ...]
    weight: tuple[Lengths, ...]

    @classmethod
    def of(cls, graph: FabricGraph, arcs: Arcs) -> "_Ports":
        degree = np.bincount(arcs.tail, minlength=graph.vertices)
        start = np.cumsum(degree) - degree
        vertex = np.argsort(-degree, kind="stable")
        place = np.empty_like(vertex)
        place[vertex] = np.arange(graph.vertices)
        ranks = range(int(degree.max(initial=0)))
        arc = tuple(start[vertex[: np.count_nonzero(degree > rank)]] + rank for rank in ranks)
        return cls(
            vertex=vertex,
            arc=arc,
            head=tuple(place[arcs.head[one]] for one in arc),
            weight=tuple(graph.capacity[arcs.edge[one]] for one in arc),
        )


def _between(graph: FabricGraph, distance: Hops, targets: Counts) -> Marks:
    """Which vertices lie on a shortest path to the only target of each source: few, so that what follows is quick."""
    back = distance_matrix(graph, targets)
    whole = distance[np.arange(len(targets)), targets]
    found: Marks = (distance >= 0) & (back >= 0) & (distance + back == whole[:, None])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """All places (vertex x sources + source) at one distance, by vertex, and what their k-th arcs lead to."""

    place: Counts
    vertex: Counts
    heads: tuple[Counts, ...]

    @classmethod
    def of(cls, ports: _Ports, place: Counts, sources: int) -> "_Level":
        vertex, source = np.divmod(place, sources)
        heads = []
        for head in ports.head:
            few = int(np.searchsorted(vertex, len(head)))
            if few == 0:
                break
            heads.append(head[vertex[:few]] * sources + source[:few])
        return cls(place=place, vertex=vertex, heads=tuple(heads))


def _batch_loads(ports: _Ports, distance: Hops, demand: Lengths) -> Lengths:
    """Loads of the demands of some sources; both arrays have a row for each vertex and a column for each source.

    Paths to a vertex are those to its neighbors one step nearer, times the capacity between. While the vertices of a
    level ask all of their neighbors, those of their own level and of the next still have none: nobody has to be told
    apart by distance. The same on the way back for the load of a vertex over its paths.
    """
    sources = distance.shape[1]
    hops = distance.ravel()
    order = np.argsort(hops, kind="stable")
    bounds = np.searchsorted(hops[order], np.arange(int(hops.max(initial=-1)) + 2))
    levels = [_Level.of(ports, order[first:last], sources) for first, last in itertools.pairwise(bounds.tolist())]
    loads = np.zeros(sum(len(arc) for arc in ports.arc))
    if not levels:
        return loads
    paths, per_path = np.zeros(len(hops)), np.zeros(len(hops))
    paths[levels[0].place] = 1.0
    for level in levels[1:]:
        found = np.zeros(len(level.place))
        for head, weight in zip(level.heads, ports.weight, strict=False):
            found[: len(head)] += paths[head] * weight[level.vertex[: len(head)]]
        paths[level.place] = found
    wanted = demand.ravel()
    for number in range(len(levels) - 1, -1, -1):
        level = levels[number]
        here, onward = paths[level.place], np.zeros(len(level.place))
        for head, weight, arc in zip(level.heads, ports.weight, ports.arc, strict=False):
            few = len(head)
            vertex = level.vertex[:few]
            carried = per_path[head] * weight[vertex] * here[:few]
            onward[:few] += carried
            loads[arc] += np.bincount(vertex, weights=carried, minlength=len(arc))
        if number:
            per_path[level.place] = (wanted[level.place] + onward) / here
    return loads
