"""The ring along a tree: against the thinnest links of networkx, and walks followed step by step."""

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.fabric import Torus
from topodesign.fabric.collectives_tour import tour_shape
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.torus import TorusTopology


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(0, 6), st.integers(0, 2**31), st.sampled_from([0.2, 0.5]))
def test_the_thinnest_link_of_the_tour_is_as_thick_as_can_be(
    hosts: int, switches: int, seed: int, share: float
) -> None:
    plain = nx.gnp_random_graph(hosts + switches, share, seed=seed)
    links = [(a, z, 1 + (7 * a + 3 * z) % 5) for a, z in plain.edges]
    found = tour_shape(FabricGraph.of(vertices=hosts + switches, hosts=hosts, links=links))
    joining = [0]
    for rate in range(1, 6):
        kept = nx.Graph([(a, z) for a, z, count in links if count >= rate])
        kept.add_nodes_from(range(hosts))
        if set(range(hosts)) <= nx.node_connected_component(kept, 0):
            joining.append(rate)
    assert found.tour_links == max(joining)
    assert found.crossings >= 1


def test_parallel_links_are_one_thick_link() -> None:
    graph = FabricGraph.of(vertices=3, hosts=3, links=[(0, 1, 2, 0.5), (0, 1, 1, 2.0), (1, 2, 3)])
    assert tour_shape(graph).tour_links == 3.0


@pytest.mark.parametrize("hosts", [2, 3, 4, 5, 30])
def test_steps_along_a_path_never_pass_more_than_one_crossing(hosts: int) -> None:
    # there over every other accelerator, and back over those in between: 2 links a step of hosts - 1 to cross
    path = FabricGraph.of(vertices=hosts, hosts=hosts, links=[(host, host + 1, 1) for host in range(hosts - 1)])
    assert tour_shape(path).crossings == 1


def test_accelerators_of_a_switch_follow_each_other() -> None:
    # a path of 6 switches with 2 accelerators each: at most 3 links between switches and 2 to accelerators, of 7 in all
    links = [(2 * switch + place, 12 + switch, 1) for switch in range(6) for place in range(2)]
    links += [(12 + switch, 13 + switch, 1) for switch in range(5)]
    found = tour_shape(FabricGraph.of(vertices=18, hosts=12, links=links))
    assert (found.tour_links, found.crossings, found.least_rank_links) == (1.0, 1, 1.0)


def test_thin_shortcuts_are_not_used_and_cost_crossings() -> None:
    # a ring of 12 whose links are 4 thick but for one; chords of 1 between all: one crossing is 1 link, a step 2
    links = [(a, z, 4 if z == a + 1 else 1) for a in range(12) for z in range(a + 1, 12)]
    found = tour_shape(FabricGraph.of(vertices=12, hosts=12, links=links))
    assert (found.tour_links, found.crossings) == (4.0, 2)


def test_a_torus_and_one_accelerator() -> None:
    assert tour_shape(TorusTopology(Torus(shape=(5, 6))).graph()).tour_links == 1.0
    alone = tour_shape(FabricGraph.of(vertices=1, hosts=1, links=[]))
    assert (alone.tour_links, alone.crossings) == (0.0, 1)
