"""The fiber graph as index arrays, and shortest and failure-diverse routes on it."""

import heapq
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from topodesign.domain.scenario import FiberSegment, Scenario

MOST_CYCLES = 8
"""Independent cycles up to which routes are enumerated."""

Arc = tuple[int, int]
"""Neighbor node index and segment index."""


@dataclass(frozen=True, kw_only=True)
class FiberGraph:
    """Nodes (sites, then junctions) and usable segments; a segment is usable when it has or can have pairs.

    ``ends[e]`` are the node indices of segment e.
    """

    nodes: tuple[str, ...]
    segments: tuple[FiberSegment, ...]
    ends: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, scenario: Scenario) -> "FiberGraph":
        nodes = tuple(site.site_id for site in scenario.sites) + tuple(node.node_id for node in scenario.junctions)
        index = {node: position for position, node in enumerate(nodes)}
        segments = tuple(segment for segment in scenario.segments if segment.most_pairs > 0)
        return cls(
            nodes=nodes,
            segments=segments,
            ends=tuple((index[segment.a], index[segment.b]) for segment in segments),
        )

    @cached_property
    def index(self) -> Mapping[str, int]:
        return {node: position for position, node in enumerate(self.nodes)}

    @cached_property
    def adjacency(self) -> tuple[tuple[Arc, ...], ...]:
        arcs: list[list[Arc]] = [[] for _ in self.nodes]
        for segment, (a, b) in enumerate(self.ends):
            arcs[a].append((b, segment))
            arcs[b].append((a, segment))
        return tuple(tuple(items) for items in arcs)

    @cached_property
    def conduit_segments(self) -> Mapping[str, tuple[int, ...]]:
        """Usable segments that each conduit takes down."""
        members: dict[str, list[int]] = {}
        for position, segment in enumerate(self.segments):
            for conduit in segment.conduits:
                members.setdefault(conduit, []).append(position)
        return {conduit: tuple(items) for conduit, items in sorted(members.items())}

    def sharing_conduit(self, route: Collection[int]) -> frozenset[int]:
        """Segments that fall with any conduit of the route, the route's own included."""
        conduits = {conduit for segment in route for conduit in self.segments[segment].conduits}
        return frozenset(segment for conduit in conduits for segment in self.conduit_segments[conduit])

    @cached_property
    def has_few_cycles(self) -> bool:
        """Whether all simple routes can be listed: at most 2 to the number of independent cycles for a pair."""
        return len(self.segments) - len(self.nodes) + self._component_count <= MOST_CYCLES

    @cached_property
    def bridges(self) -> frozenset[int]:
        """Segments whose loss alone splits a component (R. E. Tarjan, Inf. Process. Lett. 2(6), 1974)."""
        found: set[int] = set()
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        for root in range(len(self.nodes)):
            if root in order:
                continue
            order[root] = low[root] = len(order)
            stack = [(root, -1, iter(self.adjacency[root]))]
            while stack:
                node, entered_by, arcs = stack[-1]
                for neighbor, segment in arcs:
                    if segment == entered_by:
                        continue
                    if neighbor in order:
                        low[node] = min(low[node], order[neighbor])
                        continue
                    order[neighbor] = low[neighbor] = len(order)
                    stack.append((neighbor, segment, iter(self.adjacency[neighbor])))
                    break
                else:
                    stack.pop()
                    if stack:
                        parent = stack[-1][0]
                        low[parent] = min(low[parent], low[node])
                        if low[node] > order[parent]:
                            found.add(entered_by)
        return frozenset(found)

    @cached_property
    def _component_count(self) -> int:
        seen: set[int] = set()
        count = 0
        for root in range(len(self.nodes)):
            if root in seen:
                continue
            count += 1
            stack = [root]
            seen.add(root)
            while stack:
                for neighbor, _ in self.adjacency[stack.pop()]:
                    if neighbor not in seen:
                        seen.add(neighbor)
                        stack.append(neighbor)
        return count

    def all_routes(self, source: int, target: int) -> list[tuple[int, ...]]:
        """Every route that visits no node twice, as segments in order; for graphs with few cycles."""
        routes: list[tuple[int, ...]] = []
        route: list[int] = []
        visited = {source}

        def extend(node: int) -> None:
            for neighbor, segment in self.adjacency[node]:
                if neighbor in visited:
                    continue
                route.append(segment)
                if neighbor == target:
                    routes.append(tuple(route))
                else:
                    visited.add(neighbor)
                    extend(neighbor)
                    visited.discard(neighbor)
                route.pop()

        extend(source)
        return routes

    def distances(self, source: int, weight: Sequence[float]) -> tuple[list[float], list[Arc | None]]:
        """Dijkstra from ``source``: distance to every node and the arc (previous node, segment) it was reached by."""
        distance = [math.inf] * len(self.nodes)
        reached: list[Arc | None] = [None] * len(self.nodes)
        distance[source] = 0.0
        queue = [(0.0, source)]
        while queue:
            so_far, node = heapq.heappop(queue)
            if so_far > distance[node]:
                continue
            for neighbor, segment in self.adjacency[node]:
                candidate = so_far + weight[segment]
                if candidate < distance[neighbor]:
                    distance[neighbor] = candidate
                    reached[neighbor] = (node, segment)
                    heapq.heappush(queue, (candidate, neighbor))
        return distance, reached

    def shortest_route(
        self, source: int, target: int, weight: Sequence[float], *, avoid: Collection[int] = ()
    ) -> tuple[int, ...] | None:
        """Segments of a shortest route that uses none of ``avoid``, or ``None``."""
        if avoid:
            blocked = set(avoid)
            weight = [math.inf if segment in blocked else value for segment, value in enumerate(weight)]
        distance, reached = self.distances(source, weight)
        return None if math.isinf(distance[target]) else _trace(reached, source, target)

    def growing_disjoint_routes(
        self, source: int, target: int, weight: Sequence[float]
    ) -> Iterator[tuple[tuple[int, ...], ...]]:
        """The best route, the best two segment-disjoint ones, the best three, ... as many as exist.

        Successive shortest paths in the residual graph (Suurballe 1974; Bhandari 1999), which unlike "take the
        shortest, remove it, repeat" finds a pair whenever one exists. Node potentials keep Dijkstra's algorithm
        applicable where arcs against the flow cost minus their weight (Suurballe, Tarjan 1984).
        """
        direction: dict[int, int] = {}  # segment -> node it is left from, for segments that carry flow
        potential = [0.0] * len(self.nodes)
        while True:
            path = self._augmenting_path(source, target, weight, direction, potential)
            if path is None:
                return
            for node, segment in path:
                if segment in direction:
                    del direction[segment]
                else:
                    direction[segment] = node
            yield self._decompose(source, target, direction)

    def _augmenting_path(
        self,
        source: int,
        target: int,
        weight: Sequence[float],
        direction: Mapping[int, int],
        potential: list[float],
    ) -> list[Arc] | None:
        """Shortest path in the residual graph, as arcs (from node, segment); raises the potentials by its distances."""
        distance = [math.inf] * len(self.nodes)
        reached: list[Arc | None] = [None] * len(self.nodes)
        distance[source] = 0.0
        queue = [(0.0, source)]
        while queue:
            so_far, node = heapq.heappop(queue)
            if node == target:
                break
            if so_far > distance[node]:
                continue
            for neighbor, segment in self.adjacency[node]:
                flow_from = direction.get(segment)
                if flow_from == node:
                    continue
                step = weight[segment] if flow_from is None else -weight[segment]
                candidate = so_far + max(0.0, step + potential[node] - potential[neighbor])
                if candidate < distance[neighbor]:
                    distance[neighbor] = candidate
                    reached[neighbor] = (node, segment)
                    heapq.heappush(queue, (candidate, neighbor))
        if math.isinf(distance[target]):
            return None
        for node, far in enumerate(distance):
            potential[node] += min(far, distance[target])
        path: list[Arc] = []
        node = target
        while node != source:
            arc = reached[node]
            assert arc is not None
            path.append(arc)
            node = arc[0]
        return path

    def _decompose(self, source: int, target: int, direction: Mapping[int, int]) -> tuple[tuple[int, ...], ...]:
        leaving: dict[int, list[int]] = {}
        for segment, node in sorted(direction.items()):
            leaving.setdefault(node, []).append(segment)
        routes: list[tuple[int, ...]] = []
        while leaving.get(source):
            node, route = source, []
            while node != target:
                segment = leaving[node].pop()
                route.append(segment)
                a, b = self.ends[segment]
                node = b if node == a else a
            routes.append(tuple(route))
        return tuple(sorted(routes, key=lambda route: (sum(self.segments[e].length_km for e in route), route)))


def _trace(reached: Sequence[Arc | None], source: int, target: int) -> tuple[int, ...]:
    route: list[int] = []
    node = target
    while node != source:
        arc = reached[node]
        assert arc is not None
        node, segment = arc
        route.append(segment)
    return tuple(reversed(route))
