"""Distances of a degraded fabric from those of the whole one: few pairs lose all of their shortest paths.

Let d be the distances of the whole fabric. A vertex t keeps its distance from a source s as long as one neighbor that
is one step nearer keeps its own and the link to it works. So the vertices behind a failed link are asked first; those
that are left without such a neighbor pass the question on. What they lost is worked out anew, from the neighbors that
kept theirs, until nothing gets shorter.

References
----------
R. Bellman (1958), "On a routing problem", Quarterly of Applied Mathematics 16(1).
"""

from dataclasses import dataclass

import numpy as np

from topodesign.fabric.distances import HopHistogram, hop_histogram
from topodesign.fabric.failures import DegradedFabric
from topodesign.fabric.graph import Counts, FabricGraph, Marks
from topodesign.fabric.link_loads import Hops, distance_matrix
from topodesign.fabric.quotient import quotient_of

MOST_CELLS = 40_000_000
"""Distances that are kept, 80 MB."""
FAR = np.int16(np.iinfo(np.int16).max // 2)
"""In place of a distance that is not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownHops:
    """The whole fabric: distances to all vertices from all accelerators, shape (vertices, accelerators), how many
    neighbors of each vertex are one step nearer, and pairs of accelerators by distance."""

    graph: FabricGraph
    distance: Hops
    nearer: Hops
    pairs: Counts

    @classmethod
    def of(cls, graph: FabricGraph) -> "KnownHops | None":
        """``None`` where they would fill the memory, are too long, or twins make every search quick."""
        has_twins = 2 * len(quotient_of(graph).weight) <= graph.hosts
        if has_twins or graph.hosts * graph.vertices > MOST_CELLS or graph.vertices >= FAR:
            return None
        distance = np.ascontiguousarray(distance_matrix(graph, np.arange(graph.hosts, dtype=np.int64)).T)
        if (distance < 0).any():
            return None
        start, heads, _ = graph.arcs()
        nearer = np.empty_like(distance)
        for vertex, own in enumerate(distance):
            nearer[vertex] = (distance[heads[start[vertex] : start[vertex + 1]]] == own - 1).sum(axis=0)
        return cls(graph=graph, distance=distance, nearer=nearer, pairs=np.bincount(distance[: graph.hosts].ravel()))

    def after(self, degraded: DegradedFabric) -> HopHistogram:
        """Distances between all accelerators in service."""
        graph, kept = self.graph, degraded.in_service
        works = degraded.links_left > 0
        works &= degraded.is_reached[graph.a] & degraded.is_reached[graph.z]
        source, vertex = self._lost(works, kept)
        found = self._anew(graph.with_counts(np.where(works, degraded.links_left, 0)), source, vertex)
        counts = self.pairs
        if len(kept) < graph.hosts:
            counts = np.bincount(self.distance[np.ix_(kept, kept)].ravel(), minlength=len(counts))
        serves = np.zeros(graph.vertices, dtype=bool)
        serves[kept] = True
        ours = serves[vertex]
        size = max(len(counts), int(found[ours].max(initial=0)) + 1)
        counts = np.pad(counts, (0, size - len(counts)))
        counts -= np.bincount(self.distance[vertex[ours], source[ours]], minlength=size)
        counts += np.bincount(found[ours], minlength=size)
        counts[0] = 0
        return HopHistogram(pairs=np.trim_zeros(counts, "b") if counts.any() else counts[:1], disconnected=0)

    def _lost(self, works: Marks, kept: Counts) -> tuple[Counts, Counts]:
        """Pairs of an accelerator in service and a vertex that are farther apart than before; cut off ones too."""
        graph = self.graph
        ends, near = np.concatenate([graph.a, graph.z])[np.tile(~works, 2)], np.concatenate([graph.z, graph.a])
        near = near[np.tile(~works, 2)]
        order = np.argsort(ends, kind="stable")
        ends, near = ends[order], near[order]
        behind, first = np.unique(ends, return_index=True)
        nearer = self.nearer.copy()
        is_lost = self.distance[ends] == self.distance[near] + 1
        if len(behind):
            nearer[behind] -= np.add.reduceat(is_lost, first, axis=0, dtype=np.int16)
        serves = np.zeros(graph.hosts, dtype=bool)
        serves[kept] = True
        place, source = np.nonzero((nearer[behind] == 0) & (self.nearer[behind] > 0) & serves)
        vertex = behind[place]
        none = np.zeros(0, dtype=np.int64)
        sources, vertices = [none], [none]
        start, heads, edges = graph.arcs()
        while len(vertex):
            sources.append(source)
            vertices.append(vertex)
            pair, arc = _expanded(start, vertex)
            here, child = source[pair], heads[arc]
            asked = works[edges[arc]] & (self.distance[child, here] == self.distance[vertex[pair], here] + 1)
            child, here = child[asked], here[asked]
            np.subtract.at(nearer, (child, here), np.int16(1))
            bereft = np.unique((child * graph.hosts + here)[nearer[child, here] == 0])
            vertex, source = np.divmod(bereft, graph.hosts)
        return np.concatenate(sources), np.concatenate(vertices)

    def _anew(self, rest: FabricGraph, source: Counts, vertex: Counts) -> Counts:
        """New distances of the lost pairs; ``FAR`` without a path."""
        order = np.argsort(source * rest.vertices + vertex)
        keys = (source * rest.vertices + vertex)[order]
        start, heads, _ = rest.arcs()
        pair, arc = _expanded(start, vertex)
        wanted = source[pair] * rest.vertices + heads[arc]
        place = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
        among = keys[place] == wanted if len(keys) else np.zeros(0, dtype=bool)
        outside = self.distance[heads[arc], source[pair]].astype(np.int64)
        found = np.full(len(vertex), int(FAR), dtype=np.int64)
        while True:
            near = np.where(among, found[order[place]], outside) if len(keys) else outside
            shorter = found.copy()
            np.minimum.at(shorter, pair, near + 1)
            if (shorter == found).all():
                return found
            found = shorter


def _expanded(start: Counts, vertex: Counts) -> tuple[Counts, Counts]:
    """All arcs of some vertices: the place of the vertex, and the arc."""
    degree = start[vertex + 1] - start[vertex]
    pair = np.repeat(np.arange(len(vertex)), degree)
    arc = np.arange(len(pair)) - np.repeat(np.cumsum(degree) - degree, degree) + start[vertex][pair]
    return pair, arc


def hops_after(known: KnownHops | None, degraded: DegradedFabric) -> HopHistogram:
    """Distances between all accelerators in service, whether those of the whole fabric are known or not."""
    return hop_histogram(degraded.graph) if known is None else known.after(degraded)
