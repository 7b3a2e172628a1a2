"""Candidate lightpaths: for each pair of sites several failure-diverse routes, each with every mode that reaches.

A lightpath follows its route through junctions and buildings without conversion. Where a mode does not reach end to
end it regenerates at hubs and at junctions that permit it, as seldom as possible: extending each stretch as far as it
holds is optimal, because every part of a feasible stretch is feasible.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from topodesign.domain.equipment import TransceiverMode
from topodesign.domain.scenario import FiberSegment, Scenario
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.reach import ReachModel, Stretch, channel_width_ghz

MOST_DIVERSE_ROUTES = 3
MOST_DISJOINT_ROUTES = 12
ROUTE_SPARE = 4.0
"""Disjoint routes are added until their pairs carry this many times the demand in the densest mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LightpathCandidate:
    """A lightpath that can be lit: sites ``a`` < ``z`` (node indices), route as segment indices from ``a``, mode.

    ``regenerations`` are node indices; ``latency_ms`` is one way with transceivers and regenerations; ``gsnr_db`` and
    ``margin_db`` are of the worst stretch.
    """

    a: int
    z: int
    route: tuple[int, ...]
    mode: TransceiverMode
    width_ghz: float
    regenerations: tuple[int, ...]
    gsnr_db: float
    margin_db: float
    length_km: float
    latency_ms: float

    @property
    def transceivers(self) -> int:
        """Modules of one lightpath: one at each end, two at each regeneration."""
        return 2 + 2 * len(self.regenerations)


@dataclass(frozen=True, kw_only=True)
class RoundTrips:
    """Least round-trip time in ms between the sites (formulation (9)): ``rtt_ms[i][j]`` by position in ``sites``."""

    sites: tuple[int, ...]
    rtt_ms: tuple[tuple[float, ...], ...]


def round_trips(graph: FiberGraph, reach: ReachModel, sites: Sequence[int]) -> RoundTrips:
    """Round trip over the shortest fiber route plus the least transceiver delay; infinite where there is no route."""
    delay = [reach.delay_ms(segment) for segment in graph.segments]
    equipment = min(mode.latency_us for mode in reach.modes) / 1e3
    rows = []
    for source in sites:
        distance, _ = graph.distances(source, delay)
        rows.append(tuple(0.0 if site == source else 2 * (distance[site] + equipment) for site in sites))
    return RoundTrips(sites=tuple(sites), rtt_ms=tuple(rows))


def candidate_routes(
    graph: FiberGraph, source: int, target: int, *, enough_pairs: float = 0.0
) -> tuple[tuple[int, ...], ...]:
    """Routes between two nodes: all of them where the graph has few cycles, otherwise a diverse choice.

    The choice is the shortest route, the cheapest pair and triple of segment-disjoint routes (more, as long as together
    they have fewer than ``enough_pairs`` fiber pairs), and conduit-disjoint alternatives.
    """
    length = [segment.length_km for segment in graph.segments]
    if graph.has_few_cycles:
        return tuple(sorted(graph.all_routes(source, target), key=lambda route: (sum(length[e] for e in route), route)))
    shortest = graph.shortest_route(source, target, length)
    if shortest is None:
        return ()
    routes = {shortest}
    growing = graph.growing_disjoint_routes(source, target, length)
    for count, disjoint in enumerate(itertools.islice(growing, MOST_DISJOINT_ROUTES), start=1):
        routes.update(disjoint)
        pairs = sum(min(graph.segments[segment].most_pairs for segment in route) for route in disjoint)
        if count >= MOST_DIVERSE_ROUTES and pairs >= enough_pairs:
            break
    for route in sorted(routes):
        if set(graph.sharing_conduit(route)) != set(route):
            clear = graph.shortest_route(source, target, length, avoid=graph.sharing_conduit(route))
            if clear is not None:
                routes.add(clear)
    return tuple(sorted(routes, key=lambda route: (sum(length[segment] for segment in route), route)))


def detours(graph: FiberGraph, source: int, target: int) -> tuple[tuple[int, ...], ...]:
    """For every segment of the candidate routes the shortest route that avoids it."""
    length = [segment.length_km for segment in graph.segments]
    known = candidate_routes(graph, source, target)
    found = set()
    for segment in sorted({segment for route in known for segment in route}):
        route = graph.shortest_route(source, target, length, avoid=(segment,))
        if route is not None and route not in known:
            found.add(route)
    return tuple(sorted(found, key=lambda route: (sum(length[segment] for segment in route), route)))


class LightpathFinder:
    """Builds candidates on one fiber graph.

    Parameters
    ----------
    scenario : Scenario
    graph : FiberGraph
    reach : ReachModel
    demand_gbps : float
        Modes whose rate is above a hundredth of it are kept even where a coarser one is better per Gbit/s.
    """

    def __init__(self, scenario: Scenario, graph: FiberGraph, reach: ReachModel, *, demand_gbps: float) -> None:
        self.graph = graph
        self.reach = reach
        self.demand_gbps = demand_gbps
        hubs = {site.site_id for site in scenario.sites if site.role == "hub" and site.power_mw > 0}
        regenerating = {node.node_id for node in scenario.junctions if node.regeneration}
        densest = max((mode.rate_gbps / mode.width_ghz for mode in reach.modes), default=1.0)
        self._enough_pairs = ROUTE_SPARE * demand_gbps / (densest * reach.line_system.band_ghz)
        self._may_regenerate = [node in hubs or node in regenerating for node in graph.nodes]

    def on_route(self, source: int, target: int, route: tuple[int, ...]) -> tuple[LightpathCandidate, ...]:
        """One candidate for each mode that reaches and that no other mode makes pointless on this route."""
        candidates = [
            candidate
            for mode in self.reach.modes
            if (candidate := self._with_mode(source, target, route, mode)) is not None
        ]
        return tuple(_without_dominated(candidates, most_rate_gbps=self.demand_gbps / 100))

    def in_mode(self, source: int, target: int, route: tuple[int, ...], mode_id: str) -> LightpathCandidate | None:
        """The candidate of one route and mode; ``None`` where the mode is not allowed or does not reach."""
        mode = next((mode for mode in self.reach.modes if mode.id == mode_id), None)
        return None if mode is None else self._with_mode(source, target, route, mode)

    def between(self, source: int, target: int) -> tuple[LightpathCandidate, ...]:
        """All candidates between two sites."""
        routes = candidate_routes(self.graph, source, target, enough_pairs=self._enough_pairs)
        return tuple(candidate for route in routes for candidate in self.on_route(source, target, route))

    def _with_mode(
        self, source: int, target: int, route: tuple[int, ...], mode: TransceiverMode
    ) -> LightpathCandidate | None:
        nodes = self._nodes_along(source, route)
        segments = [self.graph.segments[segment] for segment in route]
        regenerations: list[int] = []
        worst: Stretch | None = None
        start = 0
        while start < len(route):
            end, stretch = self._farthest(mode, segments, nodes, start)
            if stretch is None:
                return None
            if end < len(route):
                regenerations.append(nodes[end])
            worst = stretch if worst is None or stretch.margin_db < worst.margin_db else worst
            start = end
        assert worst is not None
        delay = sum(self.reach.delay_ms(segment) for segment in segments)
        return LightpathCandidate(
            a=source,
            z=target,
            route=route,
            mode=mode,
            width_ghz=channel_width_ghz(mode, self.reach.rules),
            regenerations=tuple(regenerations),
            gsnr_db=worst.gsnr_db,
            margin_db=worst.margin_db,
            length_km=sum(segment.length_km for segment in segments),
            latency_ms=delay + mode.latency_us / 1e3 * (1 + len(regenerations)),
        )

    def _farthest(
        self, mode: TransceiverMode, segments: Sequence[FiberSegment], nodes: Sequence[int], start: int
    ) -> tuple[int, Stretch | None]:
        """Farthest stop (route end or regeneration) that one stretch from ``start`` reaches, and its quality."""
        best: tuple[int, Stretch | None] = (start, None)
        for end in range(start + 1, len(segments) + 1):
            stretch = self.reach.stretch(mode, segments[start:end])
            if not stretch.is_feasible:
                if self.reach.dispersion_only_grows:
                    break
                continue  # fiber of the other sign further on may undo the dispersion
            if end == len(segments) or self._may_regenerate[nodes[end]]:
                best = (end, stretch)
        return best

    def _nodes_along(self, source: int, route: Iterable[int]) -> list[int]:
        nodes = [source]
        for segment in route:
            a, b = self.graph.ends[segment]
            nodes.append(b if nodes[-1] == a else a)
        return nodes


def _without_dominated(
    candidates: Sequence[LightpathCandidate], *, most_rate_gbps: float
) -> Iterator[LightpathCandidate]:
    """Drop a candidate where another one costs, draws and occupies no more per Gbit/s and is no coarser.

    The other one must not regenerate anywhere else, since each place has its own power limit.
    """

    def figures(candidate: LightpathCandidate) -> tuple[float, float, float]:
        mode, rate = candidate.mode, candidate.mode.rate_gbps
        modules = candidate.transceivers
        return (modules * mode.cost_usd / rate, modules * mode.power_w / rate, candidate.width_ghz / rate)

    for position, candidate in enumerate(candidates):
        mine = figures(candidate)
        is_dominated = False
        for other_position, other in enumerate(candidates):
            if other_position == position:
                continue
            theirs = figures(other)
            no_worse = all(t <= m + 1e-12 for t, m in zip(theirs, mine, strict=True))
            fine = other.mode.rate_gbps <= max(candidate.mode.rate_gbps, most_rate_gbps)
            fine = fine and set(other.regenerations) <= set(candidate.regenerations)
            strictly = any(t < m - 1e-12 for t, m in zip(theirs, mine, strict=True)) or other_position < position
            if no_worse and fine and strictly:
                is_dominated = True
                break
        if not is_dominated:
            yield candidate


def candidate_lightpaths(
    finder: LightpathFinder, trips: RoundTrips, *, max_rtt_ms: float = math.inf
) -> tuple[LightpathCandidate, ...]:
    """Candidates of every pair of sites within the round-trip limit, ordered by pair, length, mode."""
    found: list[LightpathCandidate] = []
    for row, source in enumerate(trips.sites):
        for column in range(row + 1, len(trips.sites)):
            if trips.rtt_ms[row][column] <= max_rtt_ms:
                found.extend(finder.between(source, trips.sites[column]))
    return tuple(found)
