"""Strength and the most violated partition against brute force over all set partitions, and known formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.planning.strength import partition_capacity, strength, worst_partition


def all_partitions(members):
    """Every set partition of a list."""
    if not members:
        yield []
        return
    first, *rest = members
    for partition in all_partitions(rest):
        yield [[first], *partition]
        for index in range(len(partition)):
            yield [*partition[:index], [first, *partition[index]], *partition[index + 1 :]]


@st.composite
def graphs(draw, least=2, most=7):
    size = draw(st.integers(least, most))
    capacity = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1, size):
            capacity[i, j] = capacity[j, i] = draw(st.integers(0, 9))
    return capacity


@settings(max_examples=1000, deadline=None)
@given(capacity=graphs(), demand=st.integers(1, 12))
def test_worst_partition_equals_brute_force(capacity, demand):
    nodes = list(range(len(capacity)))
    best = min(partition_capacity(capacity, p) - demand * (len(p) - 1) for p in all_partitions(nodes))
    slack, partition = worst_partition(capacity, float(demand))
    assert slack == pytest.approx(best, abs=1e-9)
    assert sorted(node for block in partition for node in block) == nodes


@settings(max_examples=300, deadline=None)
@given(capacity=graphs(most=6))
def test_strength_equals_brute_force(capacity):
    nodes = list(range(len(capacity)))
    best = min(partition_capacity(capacity, p) / (len(p) - 1) for p in all_partitions(nodes) if len(p) > 1)
    sigma, partition = strength(capacity)
    assert sigma == pytest.approx(best, abs=1e-9)
    assert sigma == 0 or partition_capacity(capacity, partition) / (len(partition) - 1) == pytest.approx(sigma)


@pytest.mark.parametrize("size", [3, 4, 5, 12])
def test_ring_of_n_links_has_strength_n_c_over_n_minus_1(size):
    ring = np.zeros((size, size))
    for node in range(size):
        ring[node, (node + 1) % size] = ring[(node + 1) % size, node] = 100.0
    assert strength(ring)[0] == pytest.approx(size * 100.0 / (size - 1))


@pytest.mark.parametrize("size", [2, 3, 5, 10])
def test_complete_graph_has_strength_n_c_over_2(size):
    complete = 100.0 * (np.ones((size, size)) - np.eye(size))
    assert strength(complete)[0] == pytest.approx(size * 100.0 / 2)


def test_tree_has_the_strength_of_its_thinnest_link():
    tree = np.zeros((4, 4))
    for (i, j), capacity in {(0, 1): 30.0, (1, 2): 7.0, (1, 3): 20.0}.items():
        tree[i, j] = tree[j, i] = capacity
    assert strength(tree)[0] == pytest.approx(7.0)


def test_one_site_is_not_bounded_by_any_link():
    assert strength(np.zeros((1, 1)))[0] == math.inf


def test_separated_sites_have_no_strength():
    assert strength(np.zeros((3, 3)))[0] == 0.0
