"""A ring through all accelerators of any graph that loads no link twice: the tour around a spanning tree.

A walk around a tree passes every link of it once in each direction. So a ring in the order of that walk, each
accelerator sending to the next along it, runs at the rate of the thinnest link of the tree, and a tree is chosen whose
thinnest link is as thick as can be. Visiting vertices of even depth when the walk first comes to them, those of odd
depth when it leaves them for good, keeps the next one within three links of the tree where all vertices are visited
(Sekanina's theorem that the cube of a connected graph has a Hamiltonian cycle).

References
----------
M. Sekanina (1960), "On an ordering of the set of vertices of a connected graph", Publ. Fac. Sci. Univ. Brno 412.
"""

import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from topodesign.fabric.collectives_shapes import TourShape
from topodesign.fabric.cut_search import capacity_matrix
from topodesign.fabric.graph import Counts, FabricGraph, Marks
from topodesign.fabric.throughput import host_capacity


def tour_shape(graph: FabricGraph) -> TourShape:
    """The tour of a graph with at least one accelerator."""
    least = float(host_capacity(graph).min())
    links = capacity_matrix(graph)
    thinnest = _thinnest(links, graph.hosts)
    if thinnest == 0:
        return TourShape(ranks=graph.hosts, tour_links=0.0, crossings=1, least_rank_links=least)
    kept = links if links.data.min() >= thinnest else _at_least(links, thinnest)
    tree = _Tree.of(kept, graph.hosts)
    reach = tree.host_depth if kept is links else _Tree.of(links, graph.hosts).host_depth
    crossings = max(1, -(-tree.longest_walk() // max(1, reach)))
    return TourShape(ranks=graph.hosts, tour_links=thinnest, crossings=crossings, least_rank_links=least)


def _thinnest(links: csr_array, hosts: int) -> float:
    """The largest capacity such that links of no less join all accelerators; 0 when they are disconnected."""
    rates = np.unique(links.data)
    low, high = 0, len(rates)  # joined by rates from rates[low - 1] on; not from rates[high] on
    while low < high:
        middle = (low + high) // 2
        if _joins(_at_least(links, float(rates[middle])) if middle else links, hosts):
            low = middle + 1
        else:
            high = middle
    return float(rates[low - 1]) if low else 0.0


def _at_least(links: csr_array, capacity: float) -> csr_array:
    kept = links.copy()
    kept.data = np.where(kept.data >= capacity, kept.data, 0.0)
    kept.eliminate_zeros()
    return kept


def _joins(links: csr_array, hosts: int) -> bool:
    part = connected_components(links, directed=False)[1][:hosts]
    return bool((part == part[0]).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """Shortest paths from the first accelerator to all others; arrays run over vertices in the order of the search.

    ``parent`` is the place of each vertex's parent in that order, in which parents never fall; ``bounds`` has the first
    place of every depth, and the end.
    """

    is_host: Marks
    parent: Counts
    bounds: Counts

    @classmethod
    def of(cls, links: csr_array, hosts: int) -> Self:
        order, found = breadth_first_order(links, 0, directed=True, return_predecessors=True)
        place = np.zeros(links.shape[0], dtype=np.int64)
        place[order] = np.arange(len(order))
        whole = cls._in_levels(order < hosts, np.concatenate([[0], place[found[order[1:]]]]))
        # what leads to no accelerator is left out
        kept = whole._below(whole.is_host.astype(np.int64)) > 0
        place = np.cumsum(kept) - 1
        return cls._in_levels(whole.is_host[kept], place[whole.parent[kept]])

    @classmethod
    def _in_levels(cls, is_host: Marks, parent: Counts) -> Self:
        bounds = [0, 1]
        while bounds[-1] < len(parent):
            # the children of the last level come before those of vertices that follow it
            bounds.append(1 + int(np.searchsorted(parent[1:], bounds[-1], side="left")))
        return cls(is_host=is_host, parent=parent, bounds=np.array(bounds, dtype=np.int64))

    @property
    def depth(self) -> Counts:
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @property
    def host_depth(self) -> int:
        return int(self.depth[self.is_host].max())

    def longest_walk(self) -> int:
        """Most links from an accelerator to the next one on the tour, and from the last back to the first."""
        around = 2 * self._below(np.ones(len(self.parent), dtype=np.int64))  # into a vertex, below it, and back
        first = self._started(around)
        visited = np.where(self.depth % 2 == 0, first, first + around - 2)
        times = np.sort(visited[self.is_host])
        return int(np.diff(times, append=times[0] + around[0] - 2).max())

    def _below(self, weight: Counts) -> Counts:
        """Sum of a weight over each vertex and all below it."""
        total = weight.copy()
        for start, end in reversed(list(itertools.pairwise(self.bounds[1:].tolist()))):
            np.add.at(total, self.parent[start:end], total[start:end])
        return total

    def _started(self, around: Counts) -> Counts:
        """When the walk first comes to each vertex: after its siblings that come before, a link down from its parent.

        Accelerators come first below even depths and last below odd ones, next to the visit of their parent.
        """
        child_depth_is_even = self.depth % 2 == 0
        comes_late = self.is_host == child_depth_is_even
        order = np.lexsort((comes_late, self.parent))
        order = order[order > 0]  # all but the root
        sums = np.cumsum(around[order]) - around[order]
        group = np.searchsorted(self.parent[order], self.parent[order], side="left")
        before = np.zeros_like(around)
        before[order] = sums - sums[group]
        first = np.zeros_like(around)
        for start, end in itertools.pairwise(self.bounds[1:].tolist()):
            first[start:end] = first[self.parent[start:end]] + 1 + before[start:end]
        return first
