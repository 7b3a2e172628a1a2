"""Slim Fly: fields, generators, graphs and paths."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from fabric.test_switched_groups import by_hops, classes

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_switched import SlimFly
from topodesign.fabric.distances import path_classes_of
from topodesign.fabric.finite_fields import FiniteField
from topodesign.fabric.hosted import switch_graph
from topodesign.fabric.slim_fly import SlimFlyTopology, generators

SIZES = [3, 4, 5, 7, 8, 9, 11, 13, 16]


@pytest.mark.parametrize("size", [2, *SIZES, 25, 27])
def test_a_field_obeys_its_laws(size: int) -> None:
    field = FiniteField.of(size)
    every = np.arange(size)
    add, multiply = field.add, field.multiply
    assert (add == add.T).all()
    assert (multiply == multiply.T).all()
    assert (add[0] == every).all()
    assert (multiply[1] == every).all()
    assert (np.sort(add, axis=1) == every).all()
    assert (np.sort(multiply[1:], axis=1) == every).all()
    a, b, c = np.meshgrid(every, every, every, indexing="ij")
    assert (multiply[multiply[a, b], c] == multiply[a, multiply[b, c]]).all()
    assert (multiply[a, add[b, c]] == add[multiply[a, b], multiply[a, c]]).all()
    assert sorted(field.powers()) == list(range(1, size))


@pytest.mark.parametrize("size", SIZES)
def test_generators_are_closed_under_negation_and_cover_the_field(size: int) -> None:
    field = FiniteField.of(size)
    negative = np.argmin(field.add, axis=1)
    for found in generators(field):
        assert len(set(found)) == len(found) == SlimFly(q=size).degree - size
        assert {int(negative[element]) for element in found} == set(found)
    assert set(generators(field)[0]) | set(generators(field)[1]) == set(range(1, size))


@pytest.mark.parametrize("q", SIZES)
def test_routers_form_a_regular_graph_of_diameter_2(q: int) -> None:
    topology = SlimFlyTopology(SlimFly(q=q))
    routers = switch_graph(topology.graph())
    graph = nx.Graph(list(zip(routers.a.tolist(), routers.z.tolist(), strict=True)))
    assert routers.count.max() == 1
    assert set(dict(graph.degree).values()) == {topology.spec.degree}
    assert (len(graph), nx.diameter(graph)) == (2 * q * q, 2)
    # same router, neighbors, all others
    n, p, degree = 2 * q * q, topology.spec.hosts_per_router, topology.spec.degree
    expected = {2: n * p * (p - 1), 3: n * degree * p * p, 4: n * (n - 1 - degree) * p * p}
    assert by_hops(topology.path_classes()) == {hops: pairs for hops, pairs in expected.items() if pairs}


@pytest.mark.parametrize("q", [3, 4, 5, 7, 8, 9])
def test_one_router_of_each_half_stands_for_all(q: int) -> None:
    topology = SlimFlyTopology(SlimFly(q=q))
    everything = replace(topology.graph(), sources=None)
    lengths = np.array([run.length_m for run in topology.cable_runs()])
    assert classes(topology.path_classes()) == classes(path_classes_of(everything, lengths))


@pytest.mark.parametrize("q", [5, 8, 11])
def test_cables_are_counted_by_run(q: int) -> None:
    topology = SlimFlyTopology(SlimFly(q=q))
    graph, runs = topology.graph(), topology.cable_runs()
    assert np.bincount(graph.run, weights=graph.count).tolist() == [run.count for run in runs]
    assert sum(run.count for run in runs[1:]) == q * q * topology.spec.degree


@pytest.mark.parametrize(("q", "nearest"), [(6, "5 or 7"), (10, "9 or 11"), (12, "11 or 13"), (15, "13 or 16")])
def test_a_q_that_is_no_prime_power_is_refused_with_the_nearest(q: int, nearest: str) -> None:
    with pytest.raises(InvalidInput, match=f"q is {q}, but it must be a prime power .*; use {nearest}") as raised:
        SlimFly(q=q)
    assert raised.value.reason == "FABRIC_NOT_PRIME_POWER"


@pytest.mark.parametrize("q", [0, 1, 2, -5, 10**9, 4.5])
def test_a_q_out_of_range_is_refused(q: int) -> None:
    with pytest.raises(InvalidInput, match="q is"):
        SlimFly(q=q)


def test_a_graph_too_large_to_write_down_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match="at most 300000 for an explicit graph"):
        SlimFlyTopology(SlimFly(q=101))
