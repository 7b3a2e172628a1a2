"""Shortest routes and cheapest pairs of segment-disjoint routes from one node to all others.

J. W. Suurballe, R. E. Tarjan, "A quick method for finding shortest pairs of disjoint paths", Networks 14, 1984: one
search after Dijkstra's, over all targets at once, in place of one search for each target. Segments go both ways here;
a cheapest pair never uses one in both, since leaving it out would be cheaper still.
"""

import heapq
import math
from dataclasses import dataclass
from functools import cached_property

from topodesign.optics.fiber_graph import Arc, FiberGraph, trace

Route = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Label:
    """How the cheapest pair to a node ends: over an arc from ``before``, found when ``found_at`` was labeled."""

    before: int
    segment: int
    found_at: int


class RoutesFrom:
    """Best routes by :attr:`FiberGraph.ranking` from one source.

    Parameters
    ----------
    graph : FiberGraph
    source : int
        Node index.
    """

    def __init__(self, graph: FiberGraph, source: int) -> None:
        self.graph = graph
        self.source = source
        self._distance, self._reached = graph.tree(source)

    @cached_property
    def every_route(self) -> tuple[tuple[Route, ...], ...]:
        """To every node all routes: see :meth:`FiberGraph.all_routes`."""
        return self.graph.all_routes(self.source)

    def shortest(self, target: int) -> Route | None:
        """Segments of the shortest route, or ``None`` where there is no route."""
        return None if math.isinf(self._distance[target]) else trace(self._reached, self.source, target)

    def pair(self, target: int) -> tuple[Route, ...] | None:
        """The two segment-disjoint routes of least total length, or ``None`` where there are none."""
        if target not in self._labels:
            return None
        on_detour = set()
        node = target
        while node != self.source:
            on_detour.add(node)
            node = self._labels[node].found_at
        direction: dict[int, int] = {}
        for _ in range(2):
            node = target
            while node != self.source:
                previous, segment = self._step_back(node, is_on_detour=node in on_detour)
                on_detour.discard(node)
                direction[segment] = node = previous
        return self.graph.routes_of_flow(self.source, target, direction)

    def _step_back(self, node: int, *, is_on_detour: bool) -> Arc:
        if is_on_detour:
            return self._labels[node].before, self._labels[node].segment
        arc = self._reached[node]
        assert arc is not None  # a node on a route from the source is reached by it
        return arc

    @cached_property
    def _labels(self) -> dict[int, _Label]:
        return _PairSearch(self.graph, self.source).run()


class _PairSearch:
    """Labels nodes by the length of their cheapest pair, beyond twice their distance.

    ``part`` numbers the subtrees into which labeled nodes cut the shortest-route tree. An arc between two parts that
    the same labeled node has just parted completes a pair for its head: that node's own pair, and the arc.
    """

    def __init__(self, graph: FiberGraph, source: int) -> None:
        self.graph, self.source = graph, source
        self.distance, self.reached = graph.tree(source)
        self.children: list[list[int]] = [[] for _ in graph.nodes]
        for node, arc in enumerate(self.reached):
            if arc is not None:
                self.children[arc[0]].append(node)
        self.part = [0] * len(graph.nodes)
        self.parts = 0
        self.is_labeled = [False] * len(graph.nodes)
        self.beyond: dict[int, float] = {source: 0}
        self.labels: dict[int, _Label] = {}
        self.queue: list[tuple[float, int]] = [(0, source)]

    def run(self) -> dict[int, _Label]:
        while self.queue:
            _, node = heapq.heappop(self.queue)
            if not self.is_labeled[node]:
                self.is_labeled[node] = True
                self._leave(node)
                self._part_below(node)
        return self.labels

    def _leave(self, node: int) -> None:
        """Pairs that end with an arc out of the labeled node itself."""
        for neighbor, segment in self.graph.adjacency[node]:
            if not self.is_labeled[neighbor] and self.reached[neighbor] != (node, segment):
                self._offer(neighbor, node, segment, node)

    def _part_below(self, node: int) -> None:
        """Cut the tree at ``node`` and try the arcs between the subtrees below it, and between them and the rest."""
        before, first_new = self.part[node], self.parts + 1
        below = [self._number(child) for child in self.children[node] if not self.is_labeled[child]]
        for members in below:
            for tail in members:
                own = self.part[tail]
                for head, segment in self.graph.adjacency[tail]:
                    other = self.part[head]
                    if other == own or self.is_labeled[head]:
                        continue
                    if other == before:
                        self._offer(tail, head, segment, node)
                    elif other < first_new:
                        continue  # parted earlier: not on the way of this node's pair
                    self._offer(head, tail, segment, node)

    def _number(self, root: int) -> list[int]:
        """Unlabeled nodes of the subtree of ``root``, which become a part of their own."""
        self.parts += 1
        members = [root]
        for node in members:
            self.part[node] = self.parts
            members.extend(child for child in self.children[node] if not self.is_labeled[child])
        return members

    def _offer(self, head: int, tail: int, segment: int, found_at: int) -> None:
        detour = self.graph.ranking[segment] + self.distance[tail] - self.distance[head]
        beyond = self.beyond[found_at] + detour
        if head not in self.beyond or beyond < self.beyond[head]:
            self.beyond[head] = beyond
            self.labels[head] = _Label(tail, segment, found_at)
            heapq.heappush(self.queue, (beyond, head))
