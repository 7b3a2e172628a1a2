"""Jellyfish: random regular graphs of its own generator."""

import networkx as nx
import numpy as np
import pytest
from fabric.small_graphs import distances_by_networkx, least_balanced_cut
from fabric.test_switched_groups import by_hops
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_switched import Jellyfish
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.jellyfish import JellyfishTopology, random_regular_links


@st.composite
def switches_and_ports(draw: st.DrawFn) -> tuple[int, int]:
    switches = draw(st.integers(2, 24))
    return switches, draw(st.integers(1, switches - 1))


@settings(max_examples=200, deadline=None)
@given(switches_and_ports(), st.integers(0, 1000))
def test_graphs_are_simple_regular_and_connected(size: tuple[int, int], seed: int) -> None:
    switches, ports = size
    links = random_regular_links(switches, ports, seed=seed)
    assert len(set(links)) == len(links) == switches * ports // 2
    assert all(0 <= a < z < switches for a, z in links)
    graph = nx.Graph(links)
    graph.add_nodes_from(range(switches))
    degrees = sorted(dict(graph.degree).values())
    assert degrees == ([ports - 1] if switches * ports % 2 else [ports]) + [ports] * (switches - 1)
    if ports >= 3 or (ports == 2 and switches * ports % 2 == 0):
        assert nx.is_connected(graph)


def test_the_seed_decides_the_graph() -> None:
    first, again, other = (random_regular_links(40, 5, seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other
    # drawn once and written down: plans that were made with a seed must keep their graph
    assert random_regular_links(6, 2, seed=1) == [(0, 2), (0, 4), (1, 4), (1, 5), (2, 3), (3, 5)]


@settings(max_examples=40, deadline=None)
@given(switches_and_ports(), st.integers(1, 3), st.integers(0, 50))
def test_hops_equal_networkx_on_the_explicit_graph(size: tuple[int, int], servers: int, seed: int) -> None:
    spec = Jellyfish(switches=size[0], network_ports=size[1], server_ports=servers, seed=seed)
    topology = JellyfishTopology(spec)
    if topology.parts == 1:
        assert by_hops(topology.path_classes()) == distances_by_networkx(topology.graph())
    assert np.bincount(topology.graph().run).tolist() == [run.count for run in topology.cable_runs()]


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(1, 4), st.integers(1, 2), st.integers(0, 50))
def test_bisection_encloses_every_balanced_cut(switches: int, ports: int, servers: int, seed: int) -> None:
    spec = Jellyfish(switches=switches, network_ports=min(ports, switches - 1), server_ports=servers, seed=seed)
    topology = JellyfishTopology(spec)
    cut = topology.bisection()
    assert cut.lower <= least_balanced_cut(topology.graph()) <= cut.upper


def test_a_disconnected_graph_says_so() -> None:
    # one network port each: 4 pairs of switches with 2 accelerators on each
    evaluation = evaluate_fabric(Jellyfish(switches=8, network_ports=1, server_ports=2))
    assert any("disconnected: the graph falls into 4 parts" in said for said in evaluation.assumptions)
    assert evaluation.disconnected_pairs == 16 * 12
    assert evaluation.bisection.lower_gbps == 0
    assert evaluation.alltoall.rate_per_pair == 0
    assert evaluation.allreduce_algorithm == "none (disconnected)"


def test_as_many_accelerators_as_the_switches_carry_apart_are_proven() -> None:
    # 256 switches of 48 + 16 ports: the eigenvalue of the switches proves that no half is cheaper than the links of
    # its own accelerators, 2048
    bisection = evaluate_fabric(Jellyfish(switches=256, network_ports=48, server_ports=16)).bisection
    assert (bisection.links, bisection.exact) == (2048, True)


@pytest.mark.parametrize(("switches", "ports"), [(4, 4), (10**9, 3), (0, 1), (5, -1)])
def test_impossible_numbers_are_refused(switches: int, ports: int) -> None:
    with pytest.raises(InvalidInput, match=r"switches is|network_ports is"):
        Jellyfish(switches=switches, network_ports=ports, server_ports=1)


def test_graphs_that_would_take_minutes_to_draw_or_search_are_refused_before_they_are() -> None:
    with pytest.raises(InvalidInput, match=r"links between switches\) is 8390656, .* at most 1e\+06.*fewer switches"):
        Jellyfish(switches=4097, network_ports=4096, server_ports=1)
    spec = Jellyfish(switches=60_000, network_ports=30, server_ports=3)
    with pytest.raises(InvalidInput, match="60000 sources x 1920000 links"):
        JellyfishTopology(spec)


def test_dense_and_sparse_graphs_stay_regular_and_simple() -> None:
    for switches, ports in ((60, 29), (60, 30), (60, 55), (61, 7)):
        links = random_regular_links(switches, ports, seed=3)
        degrees = np.bincount(np.array(links).ravel(), minlength=switches)
        assert len(set(links)) == len(links) == switches * ports // 2
        assert all(a < z for a, z in links)
        assert sorted(degrees)[1:] == [ports] * (switches - 1)
