"""Candidates of all pairs at once are those of the straightforward way, pair by pair, to the last bit."""

import dataclasses
import itertools
import math
import random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.candidates_reference import ReferenceFinder, growing_disjoint_routes, shortest_route
from topodesign.catalog import load_catalog
from topodesign.domain.scenario import FiberSegment, Junction, OpticsRules, PowerZone, Scenario, Site, Size, Workload
from topodesign.optics.disjoint_pairs import RoutesFrom
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.lightpaths import LightpathFinder, candidate_lightpaths, candidate_routes, round_trips
from topodesign.optics.reach import ReachModel

CATALOG = load_catalog()
NODES = 8
SITES = 5
HUB = 4
"""Sites 0 to 3 are buildings, 4 is a hub that regenerates, 5 to 7 are junctions of which 6 does not."""


def scenario_of(segments, *, nodes=NODES, sites=SITES):
    """``segments`` are (a, b, km, conduit, fiber type) between numbered nodes."""
    return Scenario(
        name="drawn",
        sites=tuple(
            Site(
                site_id=f"n{number}",
                lon=0,
                lat=number / 100,
                zone_id="z",
                power_mw=10,
                role="hub" if number == HUB else "compute",
            )
            for number in range(sites)
        ),
        zones=(PowerZone(zone_id="z", headroom_mw=100),),
        junctions=tuple(
            Junction(node_id=f"n{number}", lon=1, lat=number / 100, regeneration=number != 6)
            for number in range(sites, nodes)
        ),
        segments=tuple(
            FiberSegment(
                segment_id=f"e{number:04}",
                a=f"n{a}",
                b=f"n{b}",
                length_km=km,
                conduits=(conduit if conduit else f"own-{number}",),
                fiber_type=fiber_type,
                pairs_available=1 + number % 3,
            )
            for number, (a, b, km, conduit, fiber_type) in enumerate(segments)
        ),
        workload=Workload(sync_time_s=1.0),
        size=Size(accelerators=1000),
    )


# few lengths, in tenths of a kilometer, so that many routes are equally long though sums of floats differ
lengths_km = st.sampled_from([0.1, 0.2, 0.3, 60.0, 60.1, 120.2, 300.3, 900.0])
drawn_segments = st.lists(
    st.tuples(
        st.integers(0, NODES - 1),
        st.integers(0, NODES - 1),
        lengths_km,
        st.sampled_from(["", "", "", "shared-1", "shared-2"]),
        st.sampled_from(["ssmf", "ssmf", "g654e"]),
    ).filter(lambda segment: segment[0] != segment[1]),
    min_size=1,
    max_size=26,
)


def both_ways(scenario, reach, demand_gbps, max_rtt_ms=math.inf):
    """Candidates of all pairs of sites: the library's, and the reference's, whose routes have the same ranking."""
    graph = FiberGraph.of(scenario)
    sites = range(len(scenario.sites))
    trips = round_trips(graph, reach, sites)
    finder = LightpathFinder(scenario, graph, reach, demand_gbps=demand_gbps)
    reference = ReferenceFinder(scenario, graph, reach, demand_gbps=demand_gbps, weight=graph.ranking)
    expected = [
        candidate
        for source, target in itertools.combinations(sites, 2)
        if trips.rtt_ms[source][target] <= max_rtt_ms
        for candidate in reference.between(source, target)
    ]
    return candidate_lightpaths(finder, trips, max_rtt_ms=max_rtt_ms), tuple(expected)


@settings(max_examples=150, deadline=None)
@given(drawn_segments, st.sampled_from([1e3, 1e5, 1e7]), st.sampled_from([0.5, 3.0, math.inf]))
def test_all_pairs_at_once_are_what_each_pair_is_alone(segments, demand_gbps, max_rtt_ms):
    found, expected = both_ways(
        scenario_of(segments), ReachModel(CATALOG, OpticsRules(margin_db=1.0)), demand_gbps, max_rtt_ms
    )
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(drawn_segments, st.sampled_from([-16.7, -3.0, 9.0]))
def test_so_are_they_where_fiber_of_the_other_sign_undoes_dispersion(segments, dispersion):
    overrides = {"fiber.g654e": {"dispersion_ps_nm_km": dispersion}}
    overrides |= {f"transceiver.{mode.id}": {"max_dispersion_ps_nm": 1500.0} for mode in CATALOG.transceivers}
    found, expected = both_ways(scenario_of(segments), ReachModel(load_catalog(overrides), OpticsRules()), 1e5)
    assert found == expected


@settings(max_examples=150, deadline=None)
@given(drawn_segments)
def test_disjoint_routes_are_those_of_searches_one_by_one(segments):
    graph = FiberGraph.of(scenario_of(segments))
    for source in range(NODES):
        start = RoutesFrom(graph, source)
        for target in set(range(NODES)) - {source}:
            expected = [set(routes) for routes in growing_disjoint_routes(graph, source, target, graph.ranking)]
            headed = graph.growing_disjoint_routes(source, target, graph.ranking, left=graph.tree(target)[0])
            assert [set(routes) for routes in headed] == expected
            assert start.shortest(target) == (next(iter(expected[0])) if expected else None)
            assert set(start.pair(target) or ()) == (expected[1] if len(expected) > 1 else set())


@settings(max_examples=100, deadline=None)
@given(drawn_segments, st.data())
def test_the_shortest_route_around_segments_is_that_of_the_graph_without_them(segments, data):
    graph = FiberGraph.of(scenario_of(segments))
    avoid = frozenset(data.draw(st.lists(st.integers(0, len(segments) - 1), max_size=5)))
    for source, target in itertools.permutations(range(NODES), 2):
        expected = shortest_route(graph, source, target, graph.ranking, avoid=avoid)
        assert graph.shortest_route_around(source, target, avoid) == expected


def test_equal_lengths_are_equal_however_they_are_added_up():
    # 0.1 + 0.2 + 0.3 km and 0.6 km are alike, though the sum of the floats is greater in this order of adding
    chain = [(0, 5, 0.1, "", "ssmf"), (5, 6, 0.2, "", "ssmf"), (6, 1, 0.3, "", "ssmf"), (0, 1, 0.6, "", "ssmf")]
    graph = FiberGraph.of(scenario_of(chain))
    assert 0.1 + 0.2 + 0.3 > 0.6
    # micrometers stand above the 48 bits of the draw
    assert sum(graph.ranking[:3]) >> 48 == graph.ranking[3] >> 48 == 600_000_000


def test_a_route_of_a_micrometer_less_is_shorter_whatever_the_draws():
    for number in range(50):
        edges = [(0, 5, 10.0, "", "ssmf"), (5, 1, 10.0, "", "ssmf"), (0, 1, 20.0 - 1e-9, "", "ssmf")]
        graph = FiberGraph.of(scenario_of([(5, 6, 1.0, "", "ssmf")] * number + edges))
        assert RoutesFrom(graph, 0).shortest(1) == (graph.ends.index((0, 1)),)


def test_a_chain_of_many_regenerations_is_walked_to_its_end():
    # Of 900 km segments no two can be joined (24,000 ps/nm / 16.7 = 1,437 km is the most that any mode compensates):
    # 156 of them from n4 to n160 take a stop before each but the first, more than the 64 bits of a word
    scenario = scenario_of([(number, number + 1, 900.0, "", "ssmf") for number in range(160)], nodes=161)
    junctions = tuple(dataclasses.replace(node, regeneration=True) for node in scenario.junctions)
    scenario = dataclasses.replace(scenario, junctions=junctions)
    graph = FiberGraph.of(scenario)
    reach = ReachModel(CATALOG, OpticsRules())
    source, target = graph.index["n4"], graph.index["n160"]
    candidates = LightpathFinder(scenario, graph, reach, demand_gbps=1e5).between(source, target)
    reference = ReferenceFinder(scenario, graph, reach, demand_gbps=1e5, weight=graph.ranking)
    assert candidates == reference.between(source, target)
    assert {len(path.regenerations) for path in candidates} == {155}


def test_a_ring_longer_than_the_interpreters_stack_has_two_routes():
    nodes = 1500
    graph = FiberGraph.of(
        scenario_of([(number, (number + 1) % nodes, 10.0, "", "ssmf") for number in range(nodes)], nodes=nodes)
    )
    assert sorted(len(route) for route in candidate_routes(graph, 0, 1)) == [1, nodes - 1]


@pytest.mark.parametrize("seed", range(8))
def test_pairs_of_disjoint_routes_are_minimum_cost_flows(seed):
    # independent of our own searches: networkx, on graphs where ties are many
    draw = random.Random(seed)
    edges = [
        (a, b, float(draw.randint(1, 3)), "", "ssmf")
        for a, b in itertools.combinations(range(NODES), 2)
        if draw.random() < 0.5
    ]
    graph = FiberGraph.of(scenario_of(edges))
    start = RoutesFrom(graph, 0)
    for target in range(1, NODES):
        flow = nx.DiGraph()
        flow.add_node(0, demand=-2)
        flow.add_node(target, demand=2)
        for a, b, km, _, _ in edges:
            flow.add_edge(a, b, capacity=1, weight=int(km))
            flow.add_edge(b, a, capacity=1, weight=int(km))
        pair = start.pair(target)
        try:
            cost = nx.min_cost_flow_cost(flow)
        except nx.NetworkXUnfeasible:
            assert pair is None
            continue
        assert pair is not None
        assert sum(graph.length_km[segment] for route in pair for segment in route) == cost


@settings(max_examples=60, deadline=None)
@given(drawn_segments)
def test_a_route_in_a_named_mode_is_the_candidate_before_others_beat_it(segments):
    scenario = scenario_of(segments)
    graph = FiberGraph.of(scenario)
    reach = ReachModel(CATALOG, OpticsRules())
    finder = LightpathFinder(scenario, graph, reach, demand_gbps=1e5)
    asked = [
        ((0, 1, route), mode.id)
        for route in candidate_routes(graph, 0, 1)
        for mode in (*reach.modes, dataclasses.replace(reach.modes[0], id="unknown-mode"))
    ]
    found = finder.in_modes([route for route, _ in asked], [mode_id for _, mode_id in asked])
    offered = {(path.route, path.mode.id): path for path in finder.between(0, 1)}
    for (route, mode_id), candidate in zip(asked, found, strict=True):
        if candidate is None:
            assert (route[2], mode_id) not in offered
        else:
            assert (candidate.a, candidate.z, candidate.route, candidate.mode.id) == (*route, mode_id)
            assert offered.get((route[2], mode_id), candidate) == candidate
