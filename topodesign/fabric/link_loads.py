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

CELLS_AT_ONCE = 8_000_000
"""Pairs of a source and an arc of one batch; a batch takes about forty bytes for each."""


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
    weight = graph.capacity[arcs.edge]
    batch = max(1, CELLS_AT_ONCE // max(1, len(arcs.tail)))
    for begin in range(0, len(sources), batch):
        chosen = np.arange(begin, min(begin + batch, len(sources)), dtype=np.int64)
        distance = distance_matrix(graph, sources[chosen])
        demand = demand_of(chosen)
        used = _shortest_arcs(arcs, distance)
        if (np.count_nonzero(demand, axis=1) <= 1).all():
            used &= _towards(graph, arcs, distance, demand.argmax(axis=1))
        loads += _batch_loads(arcs, weight, distance, demand, used)
    return loads


def _shortest_arcs(arcs: Arcs, distance: Hops) -> Marks:
    """Which arcs lead one step away from each source, shape (sources, arcs)."""
    at_tail = distance[:, arcs.tail]
    found: Marks = (at_tail >= 0) & (distance[:, arcs.head] == at_tail + 1)
    return found


def _towards(graph: FabricGraph, arcs: Arcs, distance: Hops, targets: Counts) -> Marks:
    """Which arcs lie on a shortest path to the only target of each source: few, so that all that follows is quick."""
    back = distance_matrix(graph, targets)
    whole = distance[np.arange(len(targets)), targets]
    found: Marks = distance[:, arcs.tail] + back[:, arcs.head] + 1 == whole[:, None]
    return found


def _batch_loads(arcs: Arcs, weight: Lengths, distance: Hops, demand: Lengths, used: Marks) -> Lengths:
    vertices = distance.shape[1]
    row, arc = np.nonzero(used)
    step = distance[row, arcs.tail[arc]]
    order = np.argsort(step, kind="stable")
    row, arc, step = row[order], arc[order], step[order]
    tail, head, by_arc = row * vertices + arcs.tail[arc], row * vertices + arcs.head[arc], weight[arc]
    bounds = np.searchsorted(step, np.arange(int(step.max(initial=-1)) + 2))
    slices = [slice(int(first), int(last)) for first, last in itertools.pairwise(bounds)]
    paths = (distance == 0).astype(float).ravel()
    for part in slices:
        np.add.at(paths, head[part], paths[tail[part]] * by_arc[part])
    waiting = demand.ravel().astype(float)
    carried = np.zeros(len(arc))
    for part in reversed(slices):
        share = paths[tail[part]] * by_arc[part] / paths[head[part]] * waiting[head[part]]
        carried[part] = share
        np.add.at(waiting, tail[part], share)
    loads: Lengths = np.bincount(arc, weights=carried, minlength=len(arcs.tail)).astype(np.float64)
    return loads
