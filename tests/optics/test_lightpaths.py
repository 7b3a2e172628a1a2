"""Candidate lightpaths: diverse routes, modes that reach, regeneration only where it is permitted."""

import itertools
import random
from dataclasses import replace

import networkx as nx
import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.scenario import FiberSegment, Junction, OpticsRules, PowerZone, Scenario, Site, Size, Workload
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.lightpaths import LightpathFinder, candidate_routes
from topodesign.optics.reach import ReachModel


def scenario_of(edges, *, regeneration=True, **columns):
    """Sites A and Z, junctions between; edges are (a, b, km)."""
    names = sorted({end for a, b, _ in edges for end in (a, b)} - {"A", "Z"})
    return Scenario(
        name="line",
        sites=tuple(Site(site_id=name, lon=0, lat=index, zone_id="z", power_mw=10) for index, name in enumerate("AZ")),
        zones=(PowerZone(zone_id="z", headroom_mw=20),),
        junctions=tuple(Junction(node_id=name, lon=1, lat=1, regeneration=regeneration) for name in names),
        segments=tuple(
            FiberSegment(segment_id=f"e{index}", a=a, b=b, length_km=km, **columns)
            for index, (a, b, km) in enumerate(edges)
        ),
        workload=Workload(sync_time_s=1.0),
        size=Size(accelerators=1000),
    )


def candidates(scenario, **rules):
    graph = FiberGraph.of(scenario)
    finder = LightpathFinder(scenario, graph, ReachModel(load_catalog(), OpticsRules(**rules)), demand_gbps=1e6)
    return graph, finder.between(graph.index["A"], graph.index["Z"])


def test_two_disjoint_routes_are_found_where_greedy_removal_finds_one():
    # The classic trap: the shortest route A-u-v-Z uses the only middle link, and without it A and Z part.
    edges = [("A", "u", 10), ("u", "v", 1), ("v", "Z", 10), ("A", "v", 30), ("u", "Z", 30)]
    graph = FiberGraph.of(scenario_of(edges))
    routes = candidate_routes(graph, graph.index["A"], graph.index["Z"])
    assert any(not set(one) & set(two) for one, two in itertools.combinations(routes, 2))


@pytest.mark.parametrize("seed", range(30))
def test_disjoint_routes_are_as_many_and_as_short_as_a_minimum_cost_flow(seed):
    draw = random.Random(seed)
    nodes = ["A", "Z", *(f"n{number}" for number in range(6))]
    edges = [(a, b, draw.randint(1, 90)) for a, b in itertools.combinations(nodes, 2) if draw.random() < 0.5]
    if not any("A" in edge[:2] for edge in edges) or not any("Z" in edge[:2] for edge in edges):
        edges += [("A", "n0", 5), ("Z", "n0", 5)]
    graph = FiberGraph.of(scenario_of(edges))
    flow = nx.DiGraph()
    for index, (a, b, km) in enumerate(edges):  # networkx has no parallel arcs with cost: split each by a node
        for direction, (tail, head) in enumerate(((a, b), (b, a))):
            middle = (index, direction)
            flow.add_edge(tail, middle, capacity=1, weight=km)
            flow.add_edge(middle, head, capacity=1, weight=0)
    most = nx.maximum_flow_value(flow, "A", "Z") if flow.has_node("A") and flow.has_node("Z") else 0
    length = [segment.length_km for segment in graph.segments]
    growing = list(graph.growing_disjoint_routes(graph.index["A"], graph.index["Z"], length))
    assert len(growing) == most
    for count, routes in enumerate(growing, start=1):
        assert len(routes) == count
        used = [segment for route in routes for segment in route]
        assert len(used) == len(set(used))
        flow.add_node("A", demand=-count)
        flow.add_node("Z", demand=count)
        assert sum(length[segment] for segment in used) == nx.min_cost_flow_cost(flow)


def test_segments_without_any_pair_are_no_route():
    scenario = scenario_of([("A", "Z", 50)], pairs_available=0)
    assert candidates(scenario)[1] == ()


def test_a_single_span_mode_is_not_offered_over_two_spans():
    _, short = candidates(scenario_of([("A", "Z", 70)]))
    _, long = candidates(scenario_of([("A", "Z", 110)]))
    assert "zr-400" in {path.mode.id for path in short}
    assert "zr-400" not in {path.mode.id for path in long}  # two spans of 55 km: 400ZR has no in-line amplifier


def test_a_long_route_regenerates_at_a_junction_and_is_charged_for_it():
    # 1,300 km + 1,300 km: beyond the dispersion limit of every mode (24,000 ps/nm / 16.7 = 1,437 km)
    _, paths = candidates(scenario_of([("A", "m", 1300), ("m", "Z", 1300)]))
    assert paths
    assert {path.transceivers for path in paths} == {4}
    _, without = candidates(scenario_of([("A", "m", 1300), ("m", "Z", 1300)], regeneration=False))
    assert without == ()


@pytest.mark.parametrize("margin", [0.0, 1.5, 3.0, 4.5])
def test_every_candidate_keeps_its_margin(margin):
    graph, paths = candidates(scenario_of([("A", "m", 320), ("m", "Z", 410), ("A", "Z", 900)]), margin_db=margin)
    assert paths
    assert all(path.margin_db >= margin for path in paths)
    assert all(path.gsnr_db - path.mode.required_osnr_db == pytest.approx(path.margin_db) for path in paths)
    assert graph.segments


def test_more_margin_never_reaches_farther():
    reach = {}
    for margin in (0.0, 3.0):
        for km in range(200, 2001, 100):
            _, paths = candidates(scenario_of([("A", "Z", km)]), margin_db=margin)
            for path in paths:
                reach[path.mode.rate_gbps, margin] = max(km, reach.get((path.mode.rate_gbps, margin), 0))
    for rate in {rate for rate, _ in reach}:
        assert reach.get((rate, 3.0), 0) <= reach.get((rate, 0.0), 0)


def test_a_wider_grid_rounds_every_channel_up():
    _, paths = candidates(scenario_of([("A", "Z", 50)]), grid_ghz=100.0)
    assert {path.width_ghz % 100 for path in paths} == {0.0}


def test_dispersion_that_fiber_of_the_other_sign_undoes_is_no_obstacle():
    # 60 km x 16.7 = 1002 ps/nm exceeds the mode's 500 at the junction, and -60 km x 16.7 brings it back to 0
    scenario = scenario_of([("A", "u", 60), ("u", "Z", 60)], regeneration=False)
    mixed = (scenario.segments[0], replace(scenario.segments[1], fiber_type="g654e"))
    scenario = replace(scenario, segments=mixed)
    graph = FiberGraph.of(scenario)
    mode = {"transceiver.zrplus-400": {"max_dispersion_ps_nm": 500.0}}
    for dispersion, is_offered in ((-16.7, True), (16.7, False), (-40.0, False)):
        catalog = load_catalog(mode | {"fiber.g654e": {"dispersion_ps_nm_km": dispersion}})
        reach = ReachModel(catalog, OpticsRules(modes=("zrplus-400",)))
        finder = LightpathFinder(scenario, graph, reach, demand_gbps=1e6)
        assert bool(finder.between(graph.index["A"], graph.index["Z"])) == is_offered
