"""Cuts between two halves of the accelerators, by search: each is an upper bound of the bisection width, no more.

Halves come from sweeps along the coordinates that a family gives its accelerators (multilevel partitioning misses plain
hyperplanes: one dead optical switch of a 16x16x16 torus leaves a cut of 480 links that 300 seeds did not find), from
the order of the spectral vector, and from multilevel partitioning. Switches stand on whichever side cuts less. The best
halves are improved by exchanging accelerators. Cut and balance are always counted here, never taken from a library.

References
----------
G. Karypis, V. Kumar (1998), "A fast and high quality multilevel scheme for partitioning irregular graphs", SIAM Journal
on Scientific Computing 20(1).
B. Kernighan, S. Lin (1970), "An efficient heuristic procedure for partitioning graphs", Bell System Technical Journal.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pymetis
from scipy.sparse import csr_array

from topodesign.fabric.graph import Counts, FabricGraph, Lengths, Marks

MOST_SEEDS = 20
PARTITIONED_AT_ONCE = 6_000_000
"""Vertices and edges of all runs of the partitioner together: larger graphs get fewer seeds, at least one."""
MOST_OFFSETS = 16
MOST_AXES_ORDERED = 3
"""Axes of which all orders are swept; with more, only each axis first and the others in their order."""
IMPROVED = 4
MOST_EXCHANGES = 400
CLOSEST = 24
"""Accelerators of each side that are tried for an exchange."""
SMOOTHING = 40
"""Rounds in which switches take the mean of their neighbors before they choose a side."""
WEIGHT_UNITS = 1000
"""The partitioner wants whole weights: capacities that are not whole are rounded to thousandths of the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCut:
    """A cut with ``inside`` accelerators on one side; ``capacity`` in links of rate 1, one direction."""

    capacity: float
    inside: int
    found_by: str
    side: Marks


def search_cuts(graph: FabricGraph, vector: Lengths | None, *, searches: int = 1) -> tuple[HostCut, ...]:
    """Balanced cuts, the best first, then cuts around single levels of the coordinates.

    Parameters
    ----------
    vector : array of float, shape (hosts,), optional
        Values whose order suggests a half, such as :class:`topodesign.fabric.spectral.Spectrum` has.
    searches : int
        Graphs that are searched in all: the partitioner's runs are shared among them.
    """
    if graph.hosts < 2 or len(graph.a) == 0:
        return ()
    links = capacity_matrix(graph)
    balanced = [_placed(graph, links, side, found_by) for found_by, side in _halves(graph, links, vector, searches)]
    balanced.sort(key=lambda cut: cut.capacity)
    improved = [_exchanged(graph, links, cut) for cut in _different(balanced)[:IMPROVED]]
    balanced = sorted([*improved, *balanced], key=lambda cut: cut.capacity)[:IMPROVED]
    around = [_placed(graph, links, side, "one group") for side in _groups(graph)]
    return (*balanced, *around)


def capacity_matrix(graph: FabricGraph) -> csr_array:
    """Symmetric matrix of capacities, parallel links added up."""
    rows, columns = np.concatenate([graph.a, graph.z]), np.concatenate([graph.z, graph.a])
    values = np.concatenate([graph.capacity, graph.capacity])
    return csr_array((values, (rows, columns)), shape=(graph.vertices, graph.vertices))


def _halves(graph: FabricGraph, links: csr_array, vector: Lengths | None, searches: int) -> Iterator[tuple[str, Marks]]:
    hosts = graph.hosts
    yield "first half of the accelerators", _first_half(np.arange(hosts), hosts)
    own = links[:hosts].sum(axis=1)
    if own.min() < own.max():
        yield "accelerators of the fewest links", _first_half(np.argsort(own, kind="stable"), hosts)
    if graph.coordinates is not None:
        for order in _aligned_orders(graph.coordinates):
            yield "aligned sweep", _first_half(order, hosts)
    if vector is not None:
        yield "spectral sweep", _first_half(np.argsort(np.round(vector, 9), kind="stable"), hosts)
    for side in _partitions(graph, links, searches):
        yield "multilevel partitioning", side


def _first_half(order: Counts, hosts: int) -> Marks:
    side = np.zeros(hosts, dtype=bool)
    side[order[: hosts // 2]] = True
    return side


def _aligned_orders(coordinates: Counts) -> Iterator[Counts]:
    """Orders of the accelerators by coordinates, each axis first, from several starting places around it."""
    axes = coordinates.shape[1]
    for first in range(axes):
        rest = [axis for axis in range(axes) if axis != first]
        ways = list(itertools.permutations(rest)) if axes <= MOST_AXES_ORDERED else [tuple(rest)]
        side = int(coordinates[:, first].max()) + 1
        for offset in np.unique(np.linspace(0, side, min(side, MOST_OFFSETS), endpoint=False).astype(int)):
            turned = (coordinates[:, first] - offset) % side
            for way in ways:
                yield np.lexsort([coordinates[:, axis] for axis in reversed(way)] + [turned])


def _partitions(graph: FabricGraph, links: csr_array, searches: int) -> Iterator[Marks]:
    scale = 1.0 if (graph.rate == np.rint(graph.rate)).all() else WEIGHT_UNITS / float(links.data.max())
    weights = np.maximum(1, np.rint(links.data * scale)).astype(int)
    hosts = np.zeros(graph.vertices, dtype=int)
    hosts[: graph.hosts] = 1
    runs = int(np.clip(PARTITIONED_AT_ONCE // (searches * (graph.vertices + len(graph.a))), 1, MOST_SEEDS))
    for seed in range(runs):
        options = pymetis.Options(ufactor=1, seed=seed)
        adjacency = pymetis.CSRAdjacency(links.indptr, links.indices)
        parts = pymetis.part_graph(
            2, adjacency, vweights=hosts, eweights=weights, recursive=True, options=options
        ).vertex_part
        side = np.array(parts, dtype=bool)[: graph.hosts]
        if abs(2 * int(side.sum()) - graph.hosts) <= 1:  # it does not promise the balance that it is asked for
            yield side


def _groups(graph: FabricGraph) -> Iterator[Marks]:
    """The accelerators of one level of each axis; a few levels of each."""
    if graph.coordinates is None:
        return
    for axis in range(graph.coordinates.shape[1]):
        values = np.unique(graph.coordinates[:, axis])
        for value in {int(values[0]), int(values[-1])} if len(values) > 1 else ():
            yield graph.coordinates[:, axis] == value


def _placed(graph: FabricGraph, links: csr_array, side: Marks, found_by: str) -> HostCut:
    """The half with its switches: each where it saves, or all on one side, which cuts the other's links at most."""
    tried = [_with_switches(graph, links, side)]
    if graph.switches:
        tried += [np.append(side, np.full(graph.switches, where)) for where in (False, True)]
    return min((_counted(graph, full, found_by) for full in tried), key=lambda cut: cut.capacity)


def _counted(graph: FabricGraph, full: Marks, found_by: str) -> HostCut:
    cut = float(graph.capacity[full[graph.a] != full[graph.z]].sum())
    side = full[: graph.hosts].copy()
    side.setflags(write=False)
    return HostCut(capacity=cut, inside=int(side.sum()), found_by=found_by, side=side)


def _with_switches(graph: FabricGraph, links: csr_array, side: Marks) -> Marks:
    """Switches choose by the mean of their neighbors, then one by one where changing sides cuts less."""
    full = np.zeros(graph.vertices, dtype=bool)
    full[: graph.hosts] = side
    if graph.switches == 0:
        return full
    value = np.zeros(graph.vertices)
    value[: graph.hosts] = np.where(side, 1.0, -1.0)
    down = links[graph.hosts :]
    degree = np.maximum(down.sum(axis=1), 1e-12)
    for _ in range(SMOOTHING):
        value[graph.hosts :] = down @ value / degree
    full[graph.hosts :] = value[graph.hosts :] > 0
    gain = _gains(links, full)
    _settle(graph, links, full, gain)
    return full


def _gains(links: csr_array, full: Marks) -> Lengths:
    """What every vertex would save by changing sides."""
    sign = np.where(full, 1.0, -1.0)
    gain: Lengths = -sign * (links @ sign)
    return gain


def _settle(graph: FabricGraph, links: csr_array, full: Marks, gain: Lengths) -> None:
    """Move switches that save by moving, the one that saves most first; each move lowers the cut."""
    if graph.switches == 0:
        return
    for _ in range(4 * graph.switches):
        best = graph.hosts + int(np.argmax(gain[graph.hosts :]))
        if gain[best] <= 1e-9:
            return
        _flip(links, full, gain, best)


def _flip(links: csr_array, full: Marks, gain: Lengths, vertex: int) -> None:
    row = slice(links.indptr[vertex], links.indptr[vertex + 1])
    neighbors, capacity = links.indices[row], links.data[row]
    same = full[neighbors] == full[vertex]
    gain[neighbors] += np.where(same, 2 * capacity, -2 * capacity)
    gain[vertex] = -gain[vertex]
    full[vertex] = not full[vertex]


def _different(cuts: list[HostCut]) -> list[HostCut]:
    """Without cuts of the same half."""
    found: dict[bytes, HostCut] = {}
    for cut in cuts:
        side = cut.side if cut.side[0] else ~cut.side
        found.setdefault(np.packbits(side).tobytes(), cut)
    return list(found.values())


def _exchanged(graph: FabricGraph, links: csr_array, cut: HostCut) -> HostCut:
    """Exchange two accelerators as long as that cuts less, switches following."""
    full = _with_switches(graph, links, cut.side)
    gain = _gains(links, full)
    for _ in range(MOST_EXCHANGES):
        pair = _best_exchange(graph, links, full, gain)
        if pair is None:
            break
        for vertex in pair:
            _flip(links, full, gain, vertex)
        _settle(graph, links, full, gain)
    better = _counted(graph, full, f"{cut.found_by}, improved by exchanges")
    return better if better.capacity < cut.capacity else cut


def _best_exchange(graph: FabricGraph, links: csr_array, full: Marks, gain: Lengths) -> tuple[int, int] | None:
    own = gain[: graph.hosts]
    inside, outside = np.flatnonzero(full[: graph.hosts]), np.flatnonzero(~full[: graph.hosts])
    inside = inside[np.argsort(-own[inside], kind="stable")[:CLOSEST]]
    outside = outside[np.argsort(-own[outside], kind="stable")[:CLOSEST]]
    between = links[inside][:, outside].toarray()
    saved = own[inside][:, None] + own[outside][None, :] - 2 * between
    best = int(np.argmax(saved))
    if saved.size == 0 or saved.flat[best] <= 1e-9:
        return None
    return int(inside[best // len(outside)]), int(outside[best % len(outside)])
