"""Candidate lightpaths: for each pair of sites several failure-diverse routes, each with every mode that reaches.

A lightpath follows its route through junctions and buildings without conversion. Where a mode does not reach end to
end it regenerates at hubs and at junctions that permit it, as seldom as possible
(:mod:`topodesign.optics.regeneration`).
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.domain.equipment import TransceiverMode
from topodesign.domain.scenario import Scenario
from topodesign.optics.disjoint_pairs import Route, RoutesFrom
from topodesign.optics.dominance import Offer, worthwhile
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.reach import Flags, ReachModel, channel_width_ghz, db
from topodesign.optics.regeneration import RouteTable, SegmentFigures, cross

RouteOfPair = tuple[int, int, Route]
"""Two node indices and the segments from the first to the second."""

MOST_DIVERSE_ROUTES = 3
MOST_DISJOINT_ROUTES = 12
ROUTES_TOGETHER = 4096
"""Routes judged at once: enough for arrays to pay, few enough for them to stay small."""
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


def candidate_routes(graph: FiberGraph, source: int, target: int, *, enough_pairs: float = 0.0) -> tuple[Route, ...]:
    """Routes between two nodes: all of them where the graph has few cycles, otherwise a diverse choice.

    The choice is the shortest route, the cheapest pair and triple of segment-disjoint routes (more, as long as together
    they have fewer than ``enough_pairs`` fiber pairs), and conduit-disjoint alternatives. Between routes of the same
    length :attr:`FiberGraph.ranking` decides.
    """
    return _routes_to(RoutesFrom(graph, source), target, enough_pairs)


def _routes_to(start: RoutesFrom, target: int, enough_pairs: float) -> tuple[Route, ...]:
    graph, source = start.graph, start.source
    if graph.has_few_cycles:
        return _by_length(graph, start.every_route[target])
    shortest = start.shortest(target)
    if shortest is None:
        return ()
    routes = {shortest, *_disjoint_routes(start, target, enough_pairs)}
    for route in sorted(routes):
        if any(graph.falls_with_others[segment] for segment in route):
            clear = graph.shortest_route_around(source, target, graph.sharing_conduit(route))
            if clear is not None:
                routes.add(clear)
    return _by_length(graph, routes)


def _disjoint_routes(start: RoutesFrom, target: int, enough_pairs: float) -> set[Route]:
    """Routes of the cheapest pair, triple, ... of segment-disjoint ones, as many as it takes."""
    graph, source = start.graph, start.source
    pair = start.pair(target)
    if pair is None or min(len(graph.adjacency[source]), len(graph.adjacency[target])) <= len(pair):
        return set(pair or ())
    routes: set[Route] = set()
    growing = graph.growing_disjoint_routes(source, target, graph.ranking, left=graph.tree(target)[0])
    for count, disjoint in enumerate(itertools.islice(growing, MOST_DISJOINT_ROUTES), start=1):
        routes.update(disjoint)
        pairs = sum(min(graph.segments[segment].most_pairs for segment in route) for route in disjoint)
        if count >= MOST_DIVERSE_ROUTES and pairs >= enough_pairs:
            break
    return routes


def _by_length(graph: FiberGraph, routes: Iterable[Route]) -> tuple[Route, ...]:
    length = graph.length_km
    return tuple(sorted(routes, key=lambda route: (sum(length[segment] for segment in route), route)))


def detours(graph: FiberGraph, source: int, target: int) -> tuple[Route, ...]:
    """For every segment of the candidate routes the shortest route that avoids it."""
    known = candidate_routes(graph, source, target)
    found = set()
    for segment in sorted({segment for route in known for segment in route}):
        route = graph.shortest_route_around(source, target, (segment,))
        if route is not None and route not in known:
            found.add(route)
    return _by_length(graph, found)


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
        self._may_regenerate = np.array([node in hubs or node in regenerating for node in graph.nodes], dtype=np.bool_)
        self._figures = [SegmentFigures(graph, reach, mode) for mode in reach.modes]
        self._width_ghz = [channel_width_ghz(mode, reach.rules) for mode in reach.modes]
        self._length_km = np.array(graph.length_km, dtype=np.float64)
        self._delay_ms = np.array([reach.delay_ms(segment) for segment in graph.segments], dtype=np.float64)

    def on_routes(self, routes: Sequence[RouteOfPair]) -> tuple[LightpathCandidate, ...]:
        """On each route one candidate for each mode that reaches and that no other mode makes pointless there."""
        found: list[LightpathCandidate] = []
        for first in range(0, len(routes), ROUTES_TOGETHER):
            some = routes[first : first + ROUTES_TOGETHER]
            table = self._table(some)
            offers = [self._offer(position, table) for position in range(len(self.reach.modes))]
            found.extend(self._made(some, table, offers, worthwhile(offers, most_rate_gbps=self.demand_gbps / 100)))
        return tuple(found)

    def in_modes(self, routes: Sequence[RouteOfPair], mode_ids: Sequence[str]) -> tuple[LightpathCandidate | None, ...]:
        """The candidate of each route in the mode named for it; ``None`` where that is unknown or does not reach."""
        found: list[LightpathCandidate | None] = [None] * len(routes)
        for position, mode in enumerate(self.reach.modes):
            rows = [row for row, mode_id in enumerate(mode_ids) if mode_id == mode.id]
            if not rows:
                continue
            table = self._table([routes[row] for row in rows])
            offer = self._offer(position, table)
            reached = np.flatnonzero(offer.crossing.reaches).tolist()
            made = self._made([routes[row] for row in rows], table, [offer], offer.crossing.reaches[:, None])
            for row, candidate in zip(reached, made, strict=True):
                found[rows[row]] = candidate
        return tuple(found)

    def between(self, source: int, target: int) -> tuple[LightpathCandidate, ...]:
        """All candidates between two sites."""
        return self.on_routes(list(self.routes(RoutesFrom(self.graph, source), [target])))

    def routes(self, start: RoutesFrom, targets: Iterable[int]) -> Iterator[RouteOfPair]:
        """Candidate routes from one site to others, by target and length."""
        for target in targets:
            for route in _routes_to(start, target, self._enough_pairs):
                yield start.source, target, route

    def _table(self, routes: Sequence[RouteOfPair]) -> RouteTable:
        return RouteTable.of(self.graph, [source for source, _, _ in routes], [route for _, _, route in routes])

    def _offer(self, position: int, table: RouteTable) -> Offer:
        """The mode of that position on each route."""
        mode = self.reach.modes[position]
        figures = self._figures[position].of(table)
        return Offer(mode, self._width_ghz[position], cross(self.reach, mode, table, figures, self._may_regenerate))

    def _made(
        self, routes: Sequence[RouteOfPair], table: RouteTable, offers: Sequence[Offer], chosen: Flags
    ) -> Iterator[LightpathCandidate]:
        """Candidates of the chosen routes and modes; ``chosen`` has shape (routes, modes)."""
        length_km = table.total(self._length_km).tolist()
        delay_ms = table.total(self._delay_ms).tolist()
        for row, column in zip(*(positions.tolist() for positions in np.nonzero(chosen)), strict=True):
            source, target, route = routes[row]
            offer = offers[column]
            crossing, mode = offer.crossing, offer.mode
            stops = crossing.stops_on(row) if crossing.regenerations[row] else []
            gsnr_db = -db(crossing.noise[row])
            yield LightpathCandidate(
                a=source,
                z=target,
                route=route,
                mode=mode,
                width_ghz=offer.width_ghz,
                regenerations=tuple(table.nodes[row, stops].tolist()) if stops else (),
                gsnr_db=gsnr_db,
                margin_db=gsnr_db - mode.required_osnr_db,
                length_km=length_km[row],
                latency_ms=delay_ms[row] + mode.latency_us / 1e3 * (1 + len(stops)),
            )


def candidate_lightpaths(
    finder: LightpathFinder, trips: RoundTrips, *, max_rtt_ms: float = math.inf
) -> tuple[LightpathCandidate, ...]:
    """Candidates of every pair of sites within the round-trip limit, ordered by pair, length, mode."""
    found: list[LightpathCandidate] = []
    waiting: list[RouteOfPair] = []
    for row, source in enumerate(trips.sites):
        near = [
            trips.sites[column]
            for column in range(row + 1, len(trips.sites))
            if trips.rtt_ms[row][column] <= max_rtt_ms
        ]
        waiting.extend(finder.routes(RoutesFrom(finder.graph, source), near))
        if len(waiting) >= ROUTES_TOGETHER:
            found.extend(finder.on_routes(waiting))
            waiting.clear()
    return (*found, *finder.on_routes(waiting))
