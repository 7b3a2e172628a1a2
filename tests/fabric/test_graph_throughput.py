"""Throughput of explicit graphs against an independent linear programme, and the laws that it obeys."""

from random import Random

import networkx as nx
import numpy as np
import pytest
from fabric.small_graphs import alltoall_by_linear_programme, of_networkx, relabelled, small_graphs
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, Torus
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.link_loads import Arcs, shortest_path_loads
from topodesign.fabric.throughput import alltoall_of, flow_rate
from topodesign.fabric.torus import TorusTopology
from topodesign.fabric.traffic import longest_matching, random_permutation, uniform
from topodesign.fabric.traffic_rates import throughput_of

CLOSE = 2e-6
"""Certified bounds are called equal at 1e-6."""


def more_links(graph: FabricGraph, a: int, z: int) -> FabricGraph:
    old = [(*ends, number) for ends, number in graph.links.items()]
    return FabricGraph.of(vertices=graph.vertices, hosts=graph.hosts, links=[*old, (a, z, 1)])


@settings(max_examples=60, deadline=None)
@given(small_graphs(most_hosts=6, most_switches=3))
def test_uniform_all_to_all_is_the_linear_programme(graph: FabricGraph) -> None:
    found = alltoall_of(graph)
    assert found.exact
    assert found.rate == pytest.approx(alltoall_by_linear_programme(graph), rel=CLOSE, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(small_graphs(most_hosts=6, most_switches=3))
def test_bounds_without_a_programme_enclose_it(graph: FabricGraph) -> None:
    traffic = uniform(graph)
    exact, bounds = flow_rate(traffic), flow_rate(traffic, most_columns=0)
    assert bounds.lower <= exact.upper * (1 + CLOSE)
    assert bounds.upper >= exact.lower * (1 - CLOSE)
    assert bounds.lower <= bounds.upper


@settings(max_examples=40, deadline=None)
@given(small_graphs(most_hosts=6, most_switches=3), st.randoms(use_true_random=False))
def test_relabelling_changes_no_rate(graph: FabricGraph, random: Random) -> None:
    assert alltoall_of(graph).rate == pytest.approx(alltoall_of(relabelled(graph, random)).rate, rel=CLOSE)


@settings(max_examples=40, deadline=None)
@given(small_graphs(most_hosts=6, most_switches=3), st.data())
def test_another_link_never_lowers_a_rate(graph: FabricGraph, data: st.DataObject) -> None:
    a, z = data.draw(st.lists(st.integers(0, graph.vertices - 1), min_size=2, max_size=2, unique=True))
    more = more_links(graph, a, z)
    assert alltoall_of(more).rate >= alltoall_of(graph).rate * (1 - CLOSE)
    # the demands of one permutation are the same for both
    before = flow_rate(random_permutation(graph, seed=3))
    assert flow_rate(random_permutation(more, seed=3)).upper >= before.lower * (1 - CLOSE)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (4, 2, 3), (2, 2, 2)])
def test_one_source_is_enough_where_a_torus_claims_symmetry(shape: tuple[int, ...]) -> None:
    topology = TorusTopology(Torus(shape=shape))
    graph = topology.graph()
    by_symmetry, by_all = alltoall_of(graph), alltoall_of(graph.with_counts(graph.count))
    assert by_symmetry.exact
    assert by_all.exact
    assert by_symmetry.rate == pytest.approx(topology.alltoall().rate, rel=CLOSE)
    assert by_all.rate == pytest.approx(topology.alltoall().rate, rel=CLOSE)


def test_a_larger_programme_is_solved_by_the_first_order_method_and_certified() -> None:
    # 4x4x6 without its symmetry: 96 sources x 576 arcs, and hops do not bound it; 8/(N k) = 1/72
    graph = TorusTopology(Torus(shape=(4, 4, 6))).graph()
    found = alltoall_of(graph.with_counts(graph.count))
    assert found.exact
    assert found.rate == pytest.approx(1 / 72, rel=CLOSE)


def test_a_non_blocking_fat_tree_gives_every_permutation_full_rate() -> None:
    graph = ClosTopology(Clos(accelerators=16, radix=4)).graph()
    for share in throughput_of(graph, seed=5):
        assert share.exact
        assert share.value == pytest.approx(1.0, rel=CLOSE)


def test_the_longest_matching_of_an_even_torus_halves_its_uniform_rate() -> None:
    # ring of 8: everyone sends to the opposite, 4 hops over 2 links each way: r x 8 x 4 <= 16 links, r = 1/2; all
    # links of an accelerator carry 2, so the share is 1/4
    graph = TorusTopology(Torus(shape=(8,))).graph()
    farthest = throughput_of(graph)[1]
    assert farthest.exact
    assert farthest.value == pytest.approx(0.25, rel=CLOSE)
    plain = longest_matching(graph.with_counts(graph.count))
    assert plain is not None
    assert flow_rate(plain).upper == pytest.approx(0.5, rel=CLOSE)


def test_a_longest_matching_is_no_easier_than_uniform_traffic_on_a_vertex_transitive_graph() -> None:
    graph = of_networkx(nx.petersen_graph())
    worst = longest_matching(graph)
    assert worst is not None
    hops = np.array([[nx.shortest_path_length(nx.petersen_graph(), a, z) for z in range(10)] for a in range(10)])
    # the sum of distances of a perfect matching on pairs two apart
    assert float((worst.demand * hops).sum()) == 20


def test_a_fabric_in_parts_has_no_rate() -> None:
    graph = FabricGraph.of(vertices=4, hosts=4, links=[(0, 1, 1), (2, 3, 1)])
    found = alltoall_of(graph)
    assert (found.rate, found.lower, found.exact) == (0.0, 0.0, True)
    assert "no path" in found.method


def test_a_permutation_of_too_many_accelerators_is_refused_with_a_remedy() -> None:
    graph = TorusTopology(Torus(shape=(16, 24, 24))).graph()
    with pytest.raises(InvalidInput, match=r"9216.*at most 6000.*smaller fabric"):
        random_permutation(graph, seed=0)


def test_accelerators_without_links_have_no_rate() -> None:
    assert alltoall_of(FabricGraph.of(vertices=2, hosts=2, links=[])).rate == 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 14), st.integers(0, 2**31))
def test_equally_split_loads_are_edge_betweenness(count: int, seed: int) -> None:
    plain = nx.gnp_random_graph(count, 0.4, seed=seed)
    graph = of_networkx(plain)
    arcs = Arcs.of(graph)
    loads = shortest_path_loads(
        graph, arcs, np.arange(count), lambda chosen: np.ones((len(chosen), count)) - np.eye(count)[chosen]
    )
    # networkx counts each unordered pair once, over both directions of an edge
    expected = nx.edge_betweenness_centrality(plain, normalized=False)
    for load, edge in zip(loads, arcs.edge, strict=True):
        assert load == pytest.approx(expected[int(graph.a[edge]), int(graph.z[edge])])


def test_evaluations_say_which_share_of_the_injection_is_reached() -> None:
    # 8x8: 8/(64 x 8) per pair x 63 others over 4 links; the farthest are 8 hops away: 4 x 64 links / (64 x 8) / 4
    uniform_share, farthest, permutation = evaluate_fabric(Torus(shape=(8, 8))).throughput
    assert uniform_share.value == pytest.approx(63 / 64 / 4)
    assert farthest.value == pytest.approx(4 / 8 / 4, rel=CLOSE)
    assert permutation.lower <= permutation.upper == permutation.value
