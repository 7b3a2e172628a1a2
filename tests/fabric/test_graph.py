"""Explicit graphs: what is refused, twins, distances and classes of paths against networkx and the closed forms."""

from collections import Counter
from random import Random

import networkx as nx
import numpy as np
import pytest
from fabric.small_graphs import distances_by_networkx, relabelled, small_graphs
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, Torus
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.distances import hop_histogram, path_classes_of
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.quotient import quotient_of
from topodesign.fabric.topology import PathClasses, Topology
from topodesign.fabric.torus import TorusTopology


def histogram(graph: FabricGraph) -> dict[int, int]:
    found = hop_histogram(graph)
    counts = {hops: int(pairs) for hops, pairs in enumerate(found.pairs.tolist()) if pairs}
    return {**({-1: found.disconnected} if found.disconnected else {}), **counts}


def rows_of(paths: PathClasses) -> list[tuple[float, ...]]:
    columns = (paths.hops, np.round(paths.metres, 3), paths.switches, paths.direct_hops, paths.pairs)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


@settings(max_examples=150, deadline=None)
@given(small_graphs())
def test_hops_of_all_pairs_are_those_of_networkx(graph: FabricGraph) -> None:
    assert histogram(graph) == distances_by_networkx(graph)


@settings(max_examples=60, deadline=None)
@given(small_graphs(), st.randoms(use_true_random=False))
def test_relabelling_changes_no_distance(graph: FabricGraph, random: Random) -> None:
    other = relabelled(graph, random)
    assert histogram(graph) == histogram(other)
    lengths = np.array([2.0])
    assert rows_of(path_classes_of(graph, lengths)) == rows_of(path_classes_of(other, lengths))


@pytest.mark.parametrize(
    "topology",
    [
        TorusTopology(Torus(shape=(4, 4, 8))),
        TorusTopology(Torus(shape=(16, 8), wrap=(True, False))),
        TorusTopology(Torus(shape=(5, 2, 3))),
        ClosTopology(Clos(accelerators=54, radix=6)),
        ClosTopology(Clos(accelerators=50, radix=6, tiers=3)),
        ClosTopology(Clos(accelerators=16, radix=4, planes=2)),
        ClosTopology(Clos(accelerators=300, radix=16, oversubscription=3)),
        ClosTopology(Clos(accelerators=3, radix=16)),
    ],
    ids=lambda topology: topology.name,
)
def test_path_classes_of_the_graph_are_the_closed_form(topology: Topology) -> None:
    # the closed forms count along the shorter way of each axis, and tiers; hops, cables, switches must all agree,
    # both by the symmetry that the family claims and without it
    graph = topology.graph()
    lengths = np.array([run.length_m for run in topology.cable_runs()])
    expected = rows_of(topology.path_classes())
    assert rows_of(path_classes_of(graph, lengths)) == expected
    assert rows_of(path_classes_of(graph.with_counts(graph.count), lengths)) == expected


@pytest.mark.parametrize(
    "topology",
    [TorusTopology(Torus(shape=(4, 4, 8))), ClosTopology(Clos(accelerators=50, radix=6, tiers=3))],
    ids=lambda topology: topology.name,
)
def test_every_edge_knows_its_cable_run(topology: Topology) -> None:
    graph = topology.graph()
    counted = np.bincount(graph.run, weights=graph.count)
    assert counted.tolist() == [run.count for run in topology.cable_runs()]


@settings(max_examples=60, deadline=None)
@given(small_graphs(most_hosts=6, most_switches=3), st.integers(0, 2**31))
def test_paths_have_the_fewest_links_and_then_the_shortest_cables(graph: FabricGraph, seed: int) -> None:
    # networkx with weights of 1000 m per link and 1 to 3 m of cable finds the same (hops, metres) for every pair
    runs = np.random.default_rng(seed).integers(0, 3, size=len(graph.a))
    graph = FabricGraph.from_arrays(
        vertices=graph.vertices, hosts=graph.hosts, a=graph.a, z=graph.z, count=graph.count, run=runs
    )
    weighted = nx.Graph()
    weighted.add_nodes_from(range(graph.vertices))
    for a, z, run in zip(graph.a.tolist(), graph.z.tolist(), graph.run.tolist(), strict=True):
        weighted.add_edge(a, z, weight=1000 + run + 1)
    expected: Counter[tuple[int, int]] = Counter()
    for host, found in nx.all_pairs_dijkstra_path_length(weighted):
        targets = [other for other in found if other != host and other < graph.hosts]
        expected.update(divmod(int(found[other]), 1000) for other in targets if host < graph.hosts)
    paths = path_classes_of(graph, np.array([1.0, 2.0, 3.0]))
    got: Counter[tuple[int, int]] = Counter()
    for hops, metres, pairs in zip(paths.hops.tolist(), paths.metres.tolist(), paths.pairs.tolist(), strict=True):
        got[hops, round(metres)] += pairs
    assert got == expected
    assert int(paths.pairs.sum()) + paths.disconnected == graph.hosts * (graph.hosts - 1)


def test_long_and_flat_graphs_are_searched_differently_with_the_same_result() -> None:
    # a ring of 40 (diameter 20, source by source) with a cable of 5 m every fourth link: distances d = 1 .. 19 twice,
    # 20 once per source; the mean cable length per hop over all pairs is (3 x 2 + 5)/4 by symmetry, either way around
    links = [(i, (i + 1) % 40, 1, 1.0, int(i % 4 == 0)) for i in range(40)]
    paths = path_classes_of(FabricGraph.of(vertices=40, hosts=40, links=links), np.array([2.0, 5.0]))
    by_hops: Counter[int] = Counter()
    for hops, pairs in zip(paths.hops.tolist(), paths.pairs.tolist(), strict=True):
        by_hops[hops] += pairs
    assert by_hops == Counter({**dict.fromkeys(range(1, 20), 80), 20: 40})
    assert float((paths.pairs * paths.metres).sum()) == pytest.approx(11 / 4 * float((paths.pairs * paths.hops).sum()))


def test_a_path_through_an_accelerator_counts_its_router() -> None:
    # 0 - switch - 1 - switch - 2: accelerator 1 forwards. From 0 to 2: 4 links, 2 switches, and one link driven by 1;
    # the first link is driven by 0's adapter, the others by switches
    graph = FabricGraph.of(vertices=5, hosts=3, links=[(0, 3, 1), (1, 3, 1), (1, 4, 1), (2, 4, 1)])
    paths = path_classes_of(graph, np.array([1.0]))
    assert rows_of(paths) == [(2, 2.0, 1, 0, 4), (4, 4.0, 2, 1, 2)]


def test_pairs_without_a_path_are_counted_and_in_no_average() -> None:
    # two rings of 3: 6 ordered pairs each at distance 1, and 2 x 3 x 3 pairs between them
    triangle = [(0, 1), (1, 2), (0, 2)]
    links = [(a + shift, z + shift, 1) for shift in (0, 3) for a, z in triangle]
    graph = FabricGraph.of(vertices=6, hosts=6, links=links)
    found = hop_histogram(graph)
    assert (found.pairs.tolist(), found.disconnected, found.mean) == ([0, 12], 18, 1.0)
    assert path_classes_of(graph, np.array([1.0])).disconnected == 18


def test_no_links_at_all_is_disconnected_not_an_error() -> None:
    graph = FabricGraph.of(vertices=3, hosts=3, links=[])
    assert hop_histogram(graph).disconnected == 6
    assert path_classes_of(graph, np.zeros(0)).disconnected == 6


def test_twins_are_accelerators_with_equal_links_to_the_same_switches() -> None:
    # 0, 1 on switch 5; 2 on 5 by two links; 3 on 5 and 6; 4 next to 3 directly
    links = [(0, 5, 1), (1, 5, 1), (2, 5, 2), (3, 5, 1), (3, 6, 1), (3, 4, 1)]
    reduced = quotient_of(FabricGraph.of(vertices=7, hosts=5, links=links))
    assert reduced.members.tolist() == [0, 0, 1, 2, 3]
    assert reduced.weight.tolist() == [2, 1, 1, 1]
    assert reduced.graph.links == {(0, 4): 2, (1, 4): 2, (2, 3): 1, (2, 4): 1, (2, 5): 1}


def test_equal_links_are_added_up_and_different_rates_are_kept() -> None:
    graph = FabricGraph.of(vertices=2, hosts=2, links=[(1, 0, 1), (0, 1, 2), (0, 1, 1, 0.5)])
    assert graph.links == {(0, 1): 4}
    assert graph.capacity.tolist() == [0.5, 3.0]


def test_failed_links_vanish_and_take_the_claims_of_symmetry_with_them() -> None:
    graph = TorusTopology(Torus(shape=(4, 4))).graph()
    count = graph.count.copy()
    count[0] = 0
    broken = graph.with_counts(count)
    assert len(broken.a) == len(graph.a) - 1
    assert broken.orbit is None
    assert broken.sources is None
    # the ends of the missing link are now 3 apart; by symmetry of the rest, more pairs may be, but none is nearer
    assert hop_histogram(broken).mean > hop_histogram(graph).mean


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([(0, 1, 1), (2, 2, 1)], r"links\[1\] joins vertex 2 to itself.*remove it"),
        ([(0, 3, 1)], r"links\[0\].ends is 3, but it must be below 3"),
        ([(0, 1, 0)], r"links\[0\].count is 0, but it must be at least 1"),
        ([(0, 1, 1, 0.0)], r"links\[0\].rate is 0.0"),
    ],
)
def test_impossible_links_are_refused_by_name(links: list[tuple[int, int, int]], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        FabricGraph.of(vertices=3, hosts=3, links=links)
