"""The fiber graph as index arrays, and shortest and failure-diverse routes on it."""

import hashlib
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

Tree = tuple[list[float], list[Arc | None]]
"""Distance of every node from a root, and the arc (previous node, segment) over which it is reached."""

MICROMETERS_PER_KM = 1e9
TIE_BYTES = 4
TIE_BITS = 48
"""Bits kept for what breaks ties: numbers of ``TIE_BYTES`` bytes, summed over up to 65,536 segments."""


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

    @cached_property
    def length_km(self) -> tuple[float, ...]:
        return tuple(segment.length_km for segment in self.segments)

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """Weight of each segment by which routes are compared: its length in micrometers, then a draw from its id.

        Lengths of maps are rounded, so routes are often equally long. The draws, taken from a hash of the ids, leave
        one best route, which any search finds, and whole numbers keep sums exact in any order of adding. Two sets of
        segments of equal length stay equal with a probability of some 2^-32 (K. Mulmuley, U. Vazirani, V. Vazirani,
        Combinatorica 7(1), 1987: the isolating lemma).
        """
        return tuple(
            (round(segment.length_km * MICROMETERS_PER_KM) << TIE_BITS) + _draw(segment.segment_id)
            for segment in self.segments
        )

    def tree(self, root: int) -> Tree:
        """Shortest routes by :attr:`ranking` from ``root``, remembered."""
        if root not in self._trees:
            self._trees[root] = self.distances(root, self.ranking)
        return self._trees[root]

    @cached_property
    def _trees(self) -> dict[int, Tree]:
        return {}

    @cached_property
    def falls_with_others(self) -> tuple[bool, ...]:
        """For each segment whether one of its conduits takes down another segment too."""
        return tuple(
            any(len(self.conduit_segments[conduit]) > 1 for conduit in segment.conduits) for segment in self.segments
        )

    def all_routes(self, source: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """To every node all routes that visit no node twice, as segments in order; for graphs with few cycles."""
        routes: list[list[tuple[int, ...]]] = [[] for _ in self.nodes]
        route: list[int] = []
        visited = [source]
        is_visited = [node == source for node in range(len(self.nodes))]
        pending = [iter(self.adjacency[source])]
        while pending:
            for neighbor, segment in pending[-1]:
                if not is_visited[neighbor]:
                    route.append(segment)
                    routes[neighbor].append(tuple(route))
                    visited.append(neighbor)
                    is_visited[neighbor] = True
                    pending.append(iter(self.adjacency[neighbor]))
                    break
            else:
                pending.pop()
                is_visited[visited.pop()] = False
                if route:
                    route.pop()
        return tuple(tuple(found) for found in routes)

    def distances(self, source: int, weight: Sequence[float]) -> Tree:
        """Dijkstra from ``source``: distance to every node and the arc (previous node, segment) it was reached by.

        Whole numbers as weights give whole distances, which are exact.
        """
        distance = [math.inf] * len(self.nodes)
        reached: list[Arc | None] = [None] * len(self.nodes)
        distance[source] = 0
        queue: list[tuple[float, int]] = [(0, source)]
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
        return None if math.isinf(distance[target]) else trace(reached, source, target)

    def shortest_route_around(self, source: int, target: int, avoid: Collection[int]) -> tuple[int, ...] | None:
        """The best route by :attr:`ranking` that uses none of ``avoid``, or ``None``.

        The search heads for the target: the distance that is left without ``avoid`` is never less than that with all
        segments (P. E. Hart, N. J. Nilsson, B. Raphael, IEEE Trans. SSC 4(2), 1968).
        """
        path = self._augmenting_path(
            source, target, self.ranking, {}, [-left for left in self.tree(target)[0]], frozenset(avoid)
        )
        return None if path is None else tuple(segment for _, segment in reversed(path))

    def growing_disjoint_routes(
        self, source: int, target: int, weight: Sequence[float], *, left: Sequence[float] | None = None
    ) -> Iterator[tuple[tuple[int, ...], ...]]:
        """The best route, the best two segment-disjoint ones, the best three, ... as many as exist.

        Successive shortest paths in the residual graph (Suurballe 1974; Bhandari 1999), which unlike "take the
        shortest, remove it, repeat" finds a pair whenever one exists. Node potentials keep Dijkstra's algorithm
        applicable where arcs against the flow cost minus their weight (Suurballe, Tarjan 1984). With ``left``, the
        distance of every node from the target, they make it head for the target too.
        """
        direction: dict[int, int] = {}  # segment -> node it is left from, for segments that carry flow
        potential: list[float] = [0] * len(self.nodes) if left is None else [-distance for distance in left]
        while True:
            path = self._augmenting_path(source, target, weight, direction, potential)
            if path is None:
                return
            for node, segment in path:
                if segment in direction:
                    del direction[segment]
                else:
                    direction[segment] = node
            yield self.routes_of_flow(source, target, direction)

    def _augmenting_path(
        self,
        source: int,
        target: int,
        weight: Sequence[float],
        direction: Mapping[int, int],
        potential: list[float],
        avoid: Collection[int] = (),
    ) -> list[Arc] | None:
        """Shortest path in the residual graph, as arcs (from node, segment); raises the potentials by its distances.

        They are raised less what the target's is raised by, which leaves those of nodes farther away as they are.
        """
        distance: dict[int, float] = {source: 0}
        reached: dict[int, Arc] = {}
        queue: list[tuple[float, int]] = [(0, source)]
        while queue:
            so_far, node = heapq.heappop(queue)
            if node == target:
                break
            if so_far > distance[node]:
                continue
            for neighbor, segment in self.adjacency[node]:
                flow_from = direction.get(segment)
                if flow_from == node or segment in avoid:
                    continue
                step = weight[segment] if flow_from is None else -weight[segment]
                candidate = so_far + max(0, step + potential[node] - potential[neighbor])
                if neighbor not in distance or candidate < distance[neighbor]:
                    distance[neighbor] = candidate
                    reached[neighbor] = (node, segment)
                    heapq.heappush(queue, (candidate, neighbor))
        if target not in distance:
            return None
        for node, far in distance.items():
            potential[node] += min(0, far - distance[target])
        path: list[Arc] = []
        node = target
        while node != source:
            path.append(reached[node])
            node = reached[node][0]
        return path

    def routes_of_flow(self, source: int, target: int, direction: Mapping[int, int]) -> tuple[tuple[int, ...], ...]:
        """Segment-disjoint routes that make up a flow, given as the node that each of its segments is left from."""
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
        return tuple(sorted(routes, key=lambda route: (sum(self.length_km[e] for e in route), route)))


def _draw(segment_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(segment_id.encode(), digest_size=TIE_BYTES).digest(), "big") + 1


def trace(reached: Sequence[Arc | None], source: int, target: int) -> tuple[int, ...]:
    """Segments from the root ``source`` of a tree to a node that it reaches."""
    route: list[int] = []
    node = target
    while node != source:
        arc = reached[node]
        assert arc is not None
        node, segment = arc
        route.append(segment)
    return tuple(reversed(route))
