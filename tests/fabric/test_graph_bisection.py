"""Bisection of explicit graphs: enumeration against every half with minimum cuts, certificates and cuts around it."""

from random import Random

import numpy as np
import pytest
from fabric.small_graphs import least_balanced_cut, relabelled, small_graphs
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_switched import Edge, EdgeList, ScaleUpClos, SlimFly
from topodesign.fabric import spectral, topology_of
from topodesign.fabric.bisecting import ENUMERATED, bisection_of, certified_interval, spectrum_and_cuts
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.cut_enumeration import least_cut
from topodesign.fabric.cut_search import search_cuts
from topodesign.fabric.folded import folded_spectrum
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.jellyfish import random_regular_links
from topodesign.fabric.throughput import alltoall_of, host_capacity
from topodesign.fabric.topology import CutLinks
from topodesign.fabric.torus import TorusTopology


def interval(graph: FabricGraph) -> CutLinks:
    """Without enumeration."""
    mu, cuts = spectrum_and_cuts(graph)
    return certified_interval(graph, mu=mu, cuts=cuts, pair_rate=alltoall_of(graph, cuts).proven)


@settings(max_examples=80, deadline=None)
@given(small_graphs(most_hosts=7, most_switches=4))
def test_enumeration_is_the_least_minimum_cut_over_all_halves(graph: FabricGraph) -> None:
    assert least_cut(graph) == least_balanced_cut(graph)


@settings(max_examples=80, deadline=None)
@given(small_graphs(most_hosts=8, most_switches=4))
def test_certificates_lie_below_and_cuts_above_the_truth(graph: FabricGraph) -> None:
    found, truth = interval(graph), least_cut(graph)
    assert truth is not None
    assert found.lower <= truth <= found.upper


@settings(max_examples=60, deadline=None)
@given(small_graphs(most_hosts=8, most_switches=3), st.randoms(use_true_random=False))
def test_relabelling_changes_no_exact_bisection(graph: FabricGraph, random: Random) -> None:
    assert bisection_of(graph) == bisection_of(relabelled(graph, random))


@settings(max_examples=60, deadline=None)
@given(small_graphs(most_hosts=8, most_switches=3), st.data())
def test_another_link_never_lowers_the_bisection(graph: FabricGraph, data: st.DataObject) -> None:
    a, z = data.draw(st.lists(st.integers(0, graph.vertices - 1), min_size=2, max_size=2, unique=True))
    old = [(*ends, number) for ends, number in graph.links.items()]
    more = FabricGraph.of(vertices=graph.vertices, hosts=graph.hosts, links=[*old, (a, z, 1)])
    assert bisection_of(more).lower >= bisection_of(graph).upper


@pytest.mark.parametrize("shape", [(8, 8), (4, 4, 4), (7, 7), (9, 5), (16, 16, 16), (5, 5, 5)])
def test_the_interval_of_a_torus_holds_its_closed_form_and_reaches_it_above(shape: tuple[int, ...]) -> None:
    # Arjona Aroca and Fernandez Anta (2014), see tests/published; even sides are proven by the all-to-all alone
    topology = TorusTopology(Torus(shape=shape))
    found, truth = interval(topology.graph()), topology.bisection().upper
    assert found.lower <= truth == found.upper
    if max(shape) % 2 == 0:
        assert found.exact


@pytest.mark.parametrize("radix", [4, 6, 8])
def test_a_fat_tree_cuts_half_of_its_hosts_by_any_method(radix: int) -> None:
    graph = ClosTopology(Clos(accelerators=radix**3 // 4, radix=radix)).graph()
    found = interval(graph)
    assert found.upper == radix**3 / 8
    # uniform traffic crosses the middle with half of its volume only: that certificate is within 2 of the truth
    assert radix**3 / 16 <= found.lower <= found.upper


@pytest.mark.parametrize(("dead", "links"), [(0, 512), (1, 480), (2, 448)])
def test_each_dead_optical_switch_of_a_16_cubed_torus_takes_32_links(dead: int, links: int) -> None:
    # blocks of 4x4x4; one switch carries the links of one face position along x of all 4 x 16 blocks: 64 links, of
    # which the two planes of a cut between blocks cross 16 each. 512 - 32 dead; multilevel partitioning misses it
    graph = TorusTopology(Torus(shape=(16, 16, 16))).graph()
    assert graph.coordinates is not None
    one, other = graph.coordinates[graph.a], graph.coordinates[graph.z]
    leaves_block = (one[:, 0] // 4 != other[:, 0] // 4) & (one[:, 1:] == other[:, 1:]).all(axis=1)
    count = graph.count.copy()
    for position in range(dead):
        count[leaves_block & (one[:, 1] % 4 == position) & (one[:, 2] % 4 == 0)] = 0
    assert int((graph.count - count).sum()) == 64 * dead
    broken = graph.with_counts(count)
    mu, cuts = spectrum_and_cuts(broken)
    found = certified_interval(broken, mu=mu, cuts=cuts, pair_rate=0.0)
    assert found.upper == links
    assert not found.exact


def test_a_cut_that_was_only_found_is_not_called_exact() -> None:
    # 10-regular on 100 vertices: too large to enumerate, and no certificate meets the cut
    rng = np.random.default_rng(1)
    ring = [(i, (i + step) % 100, 1) for i in range(100) for step in (1, 7, 21)]
    extra = [(int(a), int(z), 1) for a, z in rng.integers(0, 100, size=(150, 2)) if a != z]
    graph = FabricGraph.of(vertices=100, hosts=100, links=[*ring, *extra])
    mu, cuts = spectrum_and_cuts(graph)
    found = certified_interval(graph, mu=mu, cuts=cuts, pair_rate=0.0)
    assert 0 < found.lower < found.upper
    assert not found.exact


def test_a_fabric_in_two_equal_parts_has_no_bisection() -> None:
    links = [(0, 1, 1), (1, 2, 1), (3, 4, 1), (4, 5, 1)]
    found = bisection_of(FabricGraph.of(vertices=6, hosts=6, links=links))
    assert (found.lower, found.upper, found.exact) == (0, 0, True)


@settings(max_examples=40, deadline=None)
@given(small_graphs(most_hosts=8, most_switches=4))
def test_a_searched_cut_is_never_above_the_links_of_the_half_with_the_fewest(graph: FabricGraph) -> None:
    if len(graph.a):
        fewest = np.sort(host_capacity(graph))[: graph.hosts // 2].sum()
        assert search_cuts(graph, None)[0].capacity <= fewest


def test_routers_of_few_accelerators_are_cut_at_these_in_any_order() -> None:
    # 50 routers of 2 accelerators: their own links, 50 in a half, are fewer than the 65 that part the routers
    graph = topology_of(SlimFly(q=5, p=2)).graph()
    for seed in range(5):
        assert search_cuts(relabelled(graph, Random(seed)), None)[0].capacity == 50


@pytest.mark.parametrize("factored", [0, 6000])
@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 5),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 2)), min_size=2, max_size=8),
    st.data(),
)
def test_folded_accelerators_never_certify_more_than_the_truth(
    factored: int, switches: int, spines: int, hanging: list[tuple[int, int]], data: st.DataObject
) -> None:
    # accelerators on any of the switches, spines without any; the eigenvalue by factors, and by products alone
    hosts = len(hanging)
    links = [(host, hosts + place % switches, number) for host, (place, number) in enumerate(hanging)]
    pairs = [(a, z) for a in range(switches + spines) for z in range(a)]
    chosen = data.draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=12, unique=True))
    links += [(hosts + a, hosts + z, 1) for a, z in chosen]
    graph = FabricGraph.of(vertices=hosts + switches + spines, hosts=hosts, links=links)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spectral, "MOST_FACTORED", factored)
        found = folded_spectrum(graph)
    if found is not None:
        half = hosts // 2
        assert found.mu * half * (hosts - half) / hosts <= least_balanced_cut(graph) + 1e-6


def test_large_edge_lists_get_a_bisection_that_is_proven() -> None:
    # 6,500 switches of 10 network ports with one accelerator each: the links of half of the accelerators are the width
    # where random graphs of degree 10 have (10 - 2 x 3) / 4 or more between halves (Friedman 2008), i.e. > 1/2
    links = random_regular_links(6500, 10, seed=0)
    names = tuple(f"gpu-{switch}" for switch in range(6500))
    edges = [Edge(a=name, z=f"switch-{switch}") for switch, name in enumerate(names)]
    edges += [Edge(a=f"switch-{a}", z=f"switch-{z}") for a, z in links]
    mu, cuts = spectrum_and_cuts(topology_of(EdgeList(accelerators=names, edges=tuple(edges))).graph())
    assert cuts[0].capacity == 3250
    assert mu * 6500 / 4 == pytest.approx(3250)


@pytest.mark.parametrize(
    ("spec", "links"),
    [
        # by the oracle of tests/fabric/exact_answers.py, below
        (Clos(accelerators=50, radix=6, planes=2), 48),
        (ScaleUpClos(accelerators=40, domain=8, radix=8), 92),
        (Torus(shape=(6, 5, 2), wrap=(True, False, False)), 16),
    ],
)
def test_small_families_without_a_proof_are_enumerated(spec: FabricSpec, links: int) -> None:
    found = topology_of(spec).bisection()
    assert (found.lower, found.upper) == (links, links)
    assert found.method == ENUMERATED


def test_equal_switches_are_one_and_many_halves_are_one_table() -> None:
    # a star of two switches that all 1,000 accelerators have a link to: 500 links of each half to either
    links = [(host, 1000 + switch, 1) for host in range(1000) for switch in range(2)]
    assert least_cut(FabricGraph.of(vertices=1002, hosts=1000, links=links)) == 1000
    # a ring of 60: two links
    assert least_cut(FabricGraph.of(vertices=60, hosts=60, links=[(i, (i + 1) % 60, 1) for i in range(60)])) == 2


def test_graphs_on_which_too_many_vertices_wait_are_left_open() -> None:
    graph = TorusTopology(Torus(shape=(8, 8, 8))).graph()
    assert least_cut(graph) is None
    assert least_cut(TorusTopology(Torus(shape=(3, 3))).graph(), most_work=100) is None
