"""Strength of a graph: formulas, both methods against each other, and against brute force."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.verify.strength import all_partitions, by_enumeration, by_newton, graph_strength, strengths

Capacity = dict[tuple[int, int], int]


def ring(nodes: int, capacity: int) -> Capacity:
    return {tuple(sorted((node, (node + 1) % nodes))): capacity for node in range(nodes)}  # type: ignore[misc]


def complete(nodes: int, capacity: int) -> Capacity:
    return dict.fromkeys(combinations(range(nodes), 2), capacity)


@pytest.mark.parametrize("nodes", [3, 4, 8, 9, 10, 23])
def test_ring(nodes: int) -> None:
    assert graph_strength(nodes, ring(nodes, 400)) == Fraction(nodes * 400, nodes - 1)


@pytest.mark.parametrize("nodes", [2, 3, 7, 9, 10, 16])
def test_complete_graph(nodes: int) -> None:
    assert graph_strength(nodes, complete(nodes, 400)) == Fraction(nodes * 400, 2)


def test_two_sites() -> None:
    assert graph_strength(2, {(0, 1): 700}) == 700


@pytest.mark.parametrize("nodes", [4, 12])
def test_tree_is_as_strong_as_its_thinnest_link(nodes: int) -> None:
    assert graph_strength(nodes, {(node // 2, node): 100 + node for node in range(1, nodes)}) == 101


@pytest.mark.parametrize("nodes", [5, 11])
def test_disconnected_graph_has_none(nodes: int) -> None:
    assert graph_strength(nodes, {(0, 1): 5, (2, 3): 5}) == 0
    assert graph_strength(nodes, {}) == 0


@pytest.mark.parametrize("nodes", [0, 1])
def test_one_site_is_unbounded(nodes: int) -> None:
    assert graph_strength(nodes, {}) is None


def test_number_of_partitions_is_bells() -> None:
    # OEIS A000110: 1, 2, 5, 15, 52, 203, 877, 4140, 21147; the trivial partition is left out
    assert [len(all_partitions(nodes)) + 1 for nodes in range(1, 10)] == [1, 2, 5, 15, 52, 203, 877, 4140, 21147]


def test_capacities_beyond_double_precision_stay_exact() -> None:
    big = 2**60 + 1
    assert graph_strength(3, {(0, 1): big, (1, 2): big, (0, 2): big}) == Fraction(3 * big, 2)
    assert graph_strength(2, {(0, 1): 10**400}) == 10**400


def set_partitions(items: list[int]) -> Iterator[list[list[int]]]:
    """Every set partition, written out: the first item joins each block of the rest's partitions or stands alone."""
    if not items:
        yield []
        return
    for rest in set_partitions(items[1:]):
        yield [[items[0]], *rest]
        for position in range(len(rest)):
            yield [*rest[:position], [items[0], *rest[position]], *rest[position + 1 :]]


def by_brute_force(nodes: int, capacity: Capacity) -> Fraction:
    ratios = []
    for blocks in set_partitions(list(range(nodes))):
        if len(blocks) > 1:
            block = {node: number for number, members in enumerate(blocks) for node in members}
            across = sum(value for (a, b), value in capacity.items() if block[a] != block[b])
            ratios.append(Fraction(across, len(blocks) - 1))
    return min(ratios)


@st.composite
def graphs(draw: Any, most: int) -> tuple[int, Capacity]:
    nodes = draw(st.integers(2, most))
    pairs = list(combinations(range(nodes), 2))
    values = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 5, 8, 400, 4001]), min_size=len(pairs), max_size=len(pairs)))
    return nodes, dict(zip(pairs, values, strict=True))


@settings(max_examples=1000, deadline=None)
@given(graph=graphs(6))
def test_both_methods_equal_brute_force(graph: tuple[int, Capacity]) -> None:
    nodes, capacity = graph
    expected = by_brute_force(nodes, capacity)
    assert list(by_enumeration(nodes, [capacity])) == [expected]
    value, partition = by_newton(nodes, capacity)
    assert value == expected
    across = sum(c for (a, b), c in capacity.items() if partition[a] != partition[b])
    assert Fraction(across, max(partition)) == expected


@settings(max_examples=200, deadline=None)
@given(graph=graphs(9))
def test_newton_equals_enumeration_up_to_nine_sites(graph: tuple[int, Capacity]) -> None:
    nodes, capacity = graph
    assert by_newton(nodes, capacity)[0] == next(iter(by_enumeration(nodes, [capacity])))


@settings(max_examples=50, deadline=None)
@given(graph=graphs(14), factor=st.integers(2, 1000))
def test_scaling_capacities_scales_strength_and_more_capacity_never_weakens(
    graph: tuple[int, Capacity], factor: int
) -> None:
    nodes, capacity = graph
    strength = graph_strength(nodes, capacity)
    assert strength is not None
    assert graph_strength(nodes, {pair: factor * value for pair, value in capacity.items()}) == factor * strength
    grown = graph_strength(nodes, {pair: value + 1 for pair, value in capacity.items()})
    assert grown is not None
    assert grown >= strength + Fraction(nodes, 2)  # the complete graph of capacity 1 is added


def test_many_states_at_once_equal_one_by_one() -> None:
    states = [{pair: value * (number + 1) % 7 for pair, value in complete(9, 3).items()} for number in range(20)]
    states += [{(number % 8, 8): 1, **ring(8, number)} for number in range(40)]
    assert strengths(9, states) == [graph_strength(9, state) for state in states]
