"""Dragonfly, Dragonfly+ and directly joined blocks: closed forms against brute force on small ones."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_switched import DirectBlocks, Dragonfly, DragonflyPlus, Jellyfish
from topodesign.fabric import evaluate_fabric, topology_of
from topodesign.fabric.direct_blocks import DirectBlocksTopology
from topodesign.fabric.distances import path_classes_of
from topodesign.fabric.dragonfly import DragonflyTopology
from topodesign.fabric.group_links import GroupLinks
from topodesign.fabric.topology import PathClasses, Topology

Spec = Dragonfly | DragonflyPlus | DirectBlocks
SMALL = st.integers(1, 3)


@st.composite
def small_groups(draw: st.DrawFn, most: int) -> Spec:
    """Any of the three families with at most ``most`` accelerators."""
    family = draw(st.sampled_from(["dragonfly", "dragonfly-plus", "blocks"]))
    p, switches, h, spines = draw(SMALL), draw(SMALL), draw(SMALL), draw(SMALL)
    ports = (switches if family == "dragonfly" else spines) * h
    groups = draw(st.integers(1, max(1, min(ports + 1, most // (p * switches)))))
    if family == "dragonfly":
        return Dragonfly(p=p, a=switches, h=h, groups=groups)
    if family == "dragonfly-plus":
        return DragonflyPlus(p=p, leaves=switches, spines=spines, h=h, groups=groups)
    return DirectBlocks(
        blocks=groups, p=p, leaves=switches, aggregations=spines, h=h, leaf_links=draw(st.integers(1, 2))
    )


def by_hops(paths: PathClasses) -> dict[int, int]:
    found: Counter[int] = Counter()
    for hops, pairs in zip(paths.hops.tolist(), paths.pairs.tolist(), strict=True):
        found[hops] += pairs
    return dict(sorted(found.items()))


def classes(paths: PathClasses) -> list[tuple[float, ...]]:
    rows = zip(paths.hops, paths.switches, paths.direct_hops, np.round(paths.metres, 3), paths.pairs, strict=True)
    return sorted(tuple(float(value) for value in row) for row in rows)


@settings(max_examples=80, deadline=None)
@given(small_groups(most=60))
def test_hops_equal_networkx_on_the_explicit_graph(spec: Spec) -> None:
    topology = topology_of(spec)
    assert by_hops(topology.path_classes()) == distances_by_networkx(topology.graph())


@settings(max_examples=60, deadline=None)
@given(small_groups(most=60))
def test_closed_forms_and_symmetry_give_the_paths_of_all_sources(spec: Spec) -> None:
    topology = topology_of(spec)
    everything = replace(topology.graph(), sources=None)
    lengths = np.array([run.length_m for run in topology.cable_runs()])
    assert classes(topology.path_classes()) == classes(path_classes_of(everything, lengths))


@settings(max_examples=40, deadline=None)
@given(small_groups(most=10))
def test_bisection_encloses_every_balanced_cut(spec: Spec) -> None:
    topology = topology_of(spec)
    cut = topology.bisection()
    assert cut.lower <= least_balanced_cut(topology.graph()) <= cut.upper


@settings(max_examples=30, deadline=None)
@given(small_groups(most=9))
def test_all_to_all_encloses_the_linear_programme(spec: Spec) -> None:
    topology = topology_of(spec)
    rate = topology.alltoall()
    if topology.accelerators == 1:
        assert rate.rate == 0
        return
    truth = alltoall_by_linear_programme(topology.graph())
    assert rate.proven * (1 - 1e-7) <= truth <= rate.rate * (1 + 1e-7)
    if rate.exact:
        assert rate.rate == pytest.approx(truth, rel=1e-7)


@settings(max_examples=80, deadline=None)
@given(small_groups(most=200))
def test_all_cables_and_ports_are_counted(spec: Spec) -> None:
    topology = topology_of(spec)
    graph, runs = topology.graph(), topology.cable_runs()
    assert graph.switches == sum(topology.switches_by_tier)
    by_run = np.bincount(graph.run, weights=graph.count, minlength=len(runs))
    assert by_run.tolist() == [run.count for run in runs]
    ports = np.bincount(np.concatenate([graph.a, graph.z]), weights=np.tile(graph.count, 2), minlength=graph.vertices)
    assert ports[graph.hosts :].max() <= topology.switch_radix


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_every_two_groups_have_links_and_as_many_as_can_be_even(switches: int, ports: int, data: st.DataObject) -> None:
    links = GroupLinks(groups=data.draw(st.integers(2, switches * ports + 1)), switches=switches, ports=ports)
    first, second = links.ends()
    between = Counter(zip((first // switches).tolist(), (second // switches).tolist(), strict=True))
    numbers = [between[pair] for pair in itertools.combinations(range(links.groups), 2)]
    assert len(first) == links.count
    assert min(numbers) == links.fewest >= 1
    assert max(numbers) - min(numbers) <= 1
    used = np.bincount(np.concatenate([first, second]), minlength=links.groups * switches)
    assert used.max() <= ports
    assert links.unused_ports <= 1


def test_more_groups_than_global_links_reach_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"groups is 10, but it must be at most a h \+ 1 = 9"):
        Dragonfly(p=2, a=4, h=2, groups=10)


def test_an_even_number_of_groups_is_cut_between_groups() -> None:
    # a = h = 3: 10 groups, one link between any two: (10/2)^2 = 25 links between halves of the groups, which is a cut
    topology = DragonflyTopology(Dragonfly(p=9, a=3, h=3))
    assert topology.bisection().upper <= 25


def test_blocks_share_their_uplinks_over_optical_switches() -> None:
    # 8 blocks of 128 uplinks on switches of 128 ports: 16 ports for each block on each, so 8 switches, all ports used.
    # 128 uplinks over 7 other blocks: 18 to each and 19 to two of them
    topology = DirectBlocksTopology(DirectBlocks(blocks=8, p=16, leaves=8, aggregations=8, h=16, leaf_links=2))
    assert (topology.ocs_units, topology.ocs_ports_used) == (8, 8 * 128)
    assert topology.global_links.fewest == 18
    evaluation = evaluate_fabric(topology.spec)
    assert evaluation.accelerators == 8 * 128
    assert evaluation.diameter_hops == 5


def test_more_blocks_than_ports_of_an_optical_switch_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"blocks is 17, but it must be at most 16 .*larger optical circuit"):
        DirectBlocks(blocks=17, p=1, leaves=1, aggregations=16, h=16, ocs_ports=16)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Dragonfly(p=0, a=4, h=2),
        lambda: Dragonfly(p=2, a=4, h=10**9),
        lambda: Dragonfly(p=4096, a=4096, h=4096),
        lambda: DragonflyPlus(p=1, leaves=0, spines=1, h=1),
        lambda: topology_of(Dragonfly(p=16, a=64, h=64)),
        lambda: topology_of(Dragonfly(p=1, a=4096, h=4096, groups=2)),
        lambda: topology_of(Jellyfish(switches=100_000, network_ports=4096, server_ports=1)),
        lambda: topology_of(DragonflyPlus(p=1, leaves=4096, spines=4096, h=1, groups=2)),
    ],
)
def test_impossible_sizes_are_refused_with_a_remedy(make: object) -> None:
    assert callable(make)
    with pytest.raises(InvalidInput, match=r"must be .*; (give|make|use)"):
        make()


def test_topologies_satisfy_the_protocol() -> None:
    found: list[Topology] = [
        topology_of(Dragonfly(p=1, a=2, h=1)),
        topology_of(DragonflyPlus(p=1, leaves=1, spines=1, h=1)),
    ]
    assert [topology.kind for topology in found] == ["dragonfly", "dragonfly-plus"]
