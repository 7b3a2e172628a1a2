"""Candidate lightpaths one pair, one route, one mode and one stretch at a time: what the library's fast way is held to.

The straightforward way, which the library went until all pairs of 500 sites were asked for: Dijkstra's algorithm for
every pair and every further disjoint route, and :meth:`ReachModel.stretch` for every stretch. It shares with the
library what a segment is, when a stretch holds, and how routes are ranked, not how they are searched for.
"""

import heapq
import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence

from topodesign.domain.equipment import TransceiverMode
from topodesign.domain.scenario import FiberSegment, Scenario
from topodesign.optics.fiber_graph import Arc, FiberGraph
from topodesign.optics.lightpaths import (
    MOST_DISJOINT_ROUTES,
    MOST_DIVERSE_ROUTES,
    ROUTE_SPARE,
    LightpathCandidate,
)
from topodesign.optics.reach import ReachModel, Stretch, channel_width_ghz

Route = tuple[int, ...]


def routes_between(
    graph: FiberGraph, source: int, target: int, weight: Sequence[float], *, enough_pairs: float
) -> tuple[Route, ...]:
    """Candidate routes by length: see :func:`topodesign.optics.lightpaths.candidate_routes`."""
    length = graph.length_km
    if graph.has_few_cycles:
        return _by_length(graph, _all_routes(graph, target, [source], []))
    shortest = shortest_route(graph, source, target, weight)
    if shortest is None:
        return ()
    routes = {shortest}
    growing = growing_disjoint_routes(graph, source, target, weight)
    for count, disjoint in enumerate(itertools.islice(growing, MOST_DISJOINT_ROUTES), start=1):
        routes.update(disjoint)
        pairs = sum(min(graph.segments[segment].most_pairs for segment in route) for route in disjoint)
        if count >= MOST_DIVERSE_ROUTES and pairs >= enough_pairs:
            break
    for route in sorted(routes):
        falling = graph.sharing_conduit(route)
        if falling != set(route):
            clear = shortest_route(graph, source, target, weight, avoid=falling)
            if clear is not None:
                routes.add(clear)
    return tuple(sorted(routes, key=lambda route: (sum(length[segment] for segment in route), route)))


def shortest_route(
    graph: FiberGraph, source: int, target: int, weight: Sequence[float], *, avoid: Collection[int] = ()
) -> Route | None:
    """Segments of a shortest route that uses none of ``avoid``, or ``None``."""
    distance, reached = graph.distances(
        source, [math.inf if segment in avoid else value for segment, value in enumerate(weight)]
    )
    return None if math.isinf(distance[target]) else tuple(segment for _, segment in _back(reached, source, target))


def growing_disjoint_routes(
    graph: FiberGraph, source: int, target: int, weight: Sequence[float]
) -> Iterator[tuple[Route, ...]]:
    """The best route, the best two segment-disjoint ones, ... by successive shortest paths in the residual graph."""
    direction: dict[int, int] = {}
    potential: list[float] = [0] * len(graph.nodes)
    while True:
        distance, reached = _residual_distances(graph, source, weight, direction, potential)
        if math.isinf(distance[target]):
            return
        for node, segment in _back(reached, source, target):
            if segment in direction:
                del direction[segment]
            else:
                direction[segment] = node
        potential = [value + min(far, distance[target]) for value, far in zip(potential, distance, strict=True)]
        yield _decomposed(graph, source, target, direction)


def _residual_distances(
    graph: FiberGraph,
    source: int,
    weight: Sequence[float],
    direction: Mapping[int, int],
    potential: Sequence[float],
) -> tuple[list[float], list[Arc | None]]:
    distance = [math.inf] * len(graph.nodes)
    reached: list[Arc | None] = [None] * len(graph.nodes)
    distance[source] = 0
    queue: list[tuple[float, int]] = [(0, source)]
    while queue:
        so_far, node = heapq.heappop(queue)
        if so_far > distance[node]:
            continue
        for neighbor, segment in graph.adjacency[node]:
            flow_from = direction.get(segment)
            if flow_from == node:
                continue
            step = weight[segment] if flow_from is None else -weight[segment]
            candidate = so_far + max(0, step + potential[node] - potential[neighbor])
            if candidate < distance[neighbor]:
                distance[neighbor] = candidate
                reached[neighbor] = (node, segment)
                heapq.heappush(queue, (candidate, neighbor))
    return distance, reached


def _back(reached: Sequence[Arc | None], source: int, target: int) -> list[Arc]:
    """Arcs (from node, segment) from the source to the target."""
    arcs: list[Arc] = []
    node = target
    while node != source:
        arc = reached[node]
        assert arc is not None
        arcs.append(arc)
        node = arc[0]
    return arcs[::-1]


def _decomposed(graph: FiberGraph, source: int, target: int, direction: Mapping[int, int]) -> tuple[Route, ...]:
    leaving: dict[int, list[int]] = {}
    for segment, node in sorted(direction.items()):
        leaving.setdefault(node, []).append(segment)
    routes = []
    while leaving.get(source):
        node, route = source, []
        while node != target:
            segment = leaving[node].pop()
            route.append(segment)
            a, b = graph.ends[segment]
            node = b if node == a else a
        routes.append(tuple(route))
    return tuple(routes)


def _all_routes(graph: FiberGraph, target: int, nodes: list[int], route: list[int]) -> Iterator[Route]:
    for neighbor, segment in graph.adjacency[nodes[-1]]:
        if neighbor == target:
            yield (*route, segment)
        elif neighbor not in nodes:
            yield from _all_routes(graph, target, [*nodes, neighbor], [*route, segment])


def _by_length(graph: FiberGraph, routes: Iterator[Route]) -> tuple[Route, ...]:
    return tuple(sorted(routes, key=lambda route: (sum(graph.length_km[segment] for segment in route), route)))


class ReferenceFinder:
    """Candidates between two sites, for routes ranked by ``weight``; parameters as of ``LightpathFinder``."""

    def __init__(
        self,
        scenario: Scenario,
        graph: FiberGraph,
        reach: ReachModel,
        *,
        demand_gbps: float,
        weight: Sequence[float],
    ) -> None:
        self.graph, self.reach, self.demand_gbps, self.weight = graph, reach, demand_gbps, weight
        stops = {site.site_id for site in scenario.sites if site.role == "hub" and site.power_mw > 0}
        stops |= {node.node_id for node in scenario.junctions if node.regeneration}
        self._may_regenerate = [node in stops for node in graph.nodes]
        densest = max(mode.rate_gbps / mode.width_ghz for mode in reach.modes)
        self.enough_pairs = ROUTE_SPARE * demand_gbps / (densest * reach.line_system.band_ghz)

    def between(self, source: int, target: int) -> tuple[LightpathCandidate, ...]:
        routes = routes_between(self.graph, source, target, self.weight, enough_pairs=self.enough_pairs)
        return tuple(candidate for route in routes for candidate in self.on_route(source, target, route))

    def on_route(self, source: int, target: int, route: Route) -> tuple[LightpathCandidate, ...]:
        made = (self._with_mode(source, target, route, mode) for mode in self.reach.modes)
        candidates = [candidate for candidate in made if candidate is not None]
        return tuple(
            candidate
            for position, candidate in enumerate(candidates)
            if not any(self._beats(candidates, other, position) for other in range(len(candidates)))
        )

    def _with_mode(self, source: int, target: int, route: Route, mode: TransceiverMode) -> LightpathCandidate | None:
        nodes = [source]
        for segment in route:
            a, b = self.graph.ends[segment]
            nodes.append(b if nodes[-1] == a else a)
        segments = [self.graph.segments[segment] for segment in route]
        stops: list[int] = []
        worst: Stretch | None = None
        start = 0
        while start < len(route):
            end, stretch = self._farthest(mode, segments, nodes, start)
            if stretch is None:
                return None
            worst = stretch if worst is None or stretch.margin_db < worst.margin_db else worst
            stops.extend([nodes[end]] if end < len(route) else [])
            start = end
        assert worst is not None
        return LightpathCandidate(
            a=source,
            z=target,
            route=route,
            mode=mode,
            width_ghz=channel_width_ghz(mode, self.reach.rules),
            regenerations=tuple(stops),
            gsnr_db=worst.gsnr_db,
            margin_db=worst.margin_db,
            length_km=sum(segment.length_km for segment in segments),
            latency_ms=sum(self.reach.delay_ms(segment) for segment in segments)
            + mode.latency_us / 1e3 * (1 + len(stops)),
        )

    def _farthest(
        self, mode: TransceiverMode, segments: Sequence[FiberSegment], nodes: Sequence[int], start: int
    ) -> tuple[int, Stretch | None]:
        best: tuple[int, Stretch | None] = (start, None)
        for end in range(start + 1, len(segments) + 1):
            stretch = self.reach.stretch(mode, segments[start:end])
            if not stretch.is_feasible and self.reach.dispersion_only_grows:
                break
            if stretch.is_feasible and (end == len(segments) or self._may_regenerate[nodes[end]]):
                best = (end, stretch)
        return best

    def _beats(self, candidates: Sequence[LightpathCandidate], other: int, position: int) -> bool:
        """Whether one candidate makes another one pointless: see :func:`topodesign.optics.dominance.worthwhile`."""
        if other == position:
            return False
        mine, theirs = _per_gbps(candidates[position]), _per_gbps(candidates[other])
        own_rate, rate = candidates[position].mode.rate_gbps, candidates[other].mode.rate_gbps
        return (
            all(t <= m + 1e-12 for t, m in zip(theirs, mine, strict=True))
            and rate <= max(own_rate, self.demand_gbps / 100)
            and set(candidates[other].regenerations) <= set(candidates[position].regenerations)
            and (other < position or any(t < m - 1e-12 for t, m in zip(theirs, mine, strict=True)))
        )


def _per_gbps(candidate: LightpathCandidate) -> tuple[float, float, float]:
    mode, rate = candidate.mode, candidate.mode.rate_gbps
    modules = candidate.transceivers
    return modules * mode.cost_usd / rate, modules * mode.power_w / rate, candidate.width_ghz / rate
