"""HyperX: closed forms against brute force, programmes and searches."""

import itertools
import math

import numpy as np
import pytest
from fabric.graph_answers import (
    links_by_run,
    pairs_by_hops,
    pairs_by_path,
    paths_from_everywhere,
)
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import HyperX, Torus
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.hyperx import HyperXTopology
from topodesign.fabric.torus import TorusTopology


@st.composite
def small_shapes(draw: st.DrawFn, most: int) -> tuple[int, ...]:
    shape: list[int] = []
    for _ in range(draw(st.integers(1, 4))):
        shape.append(draw(st.integers(1, most // math.prod(shape))))
    return tuple(shape)


@settings(max_examples=40, deadline=None)
@given(small_shapes(most=150))
def test_paths_and_cables_are_those_of_the_graph(shape: tuple[int, ...]) -> None:
    topology = HyperXTopology(HyperX(shape=shape))
    assert pairs_by_path(topology.path_classes()) == pairs_by_path(paths_from_everywhere(topology))
    assert pairs_by_hops(topology.path_classes()) == distances_by_networkx(topology.graph())
    assert links_by_run(topology) == [run.count for run in topology.cable_runs()]


@settings(max_examples=25, deadline=None)
@given(small_shapes(most=13))
def test_bandwidths_are_those_of_exhaustion_and_of_the_linear_programme(shape: tuple[int, ...]) -> None:
    topology = HyperXTopology(HyperX(shape=shape))
    assert topology.bisection().exact
    if topology.accelerators > 1:
        assert topology.bisection().upper == least_balanced_cut(topology.graph())
        assert topology.alltoall().rate == pytest.approx(alltoall_by_linear_programme(topology.graph()), rel=1e-7)


@pytest.mark.parametrize("shape", [(6, 3), (5, 4), (3, 3, 2), (4, 3, 2), (6, 4)])
def test_no_half_of_up_to_24_accelerators_cuts_less(shape: tuple[int, ...]) -> None:
    topology = HyperXTopology(HyperX(shape=shape))
    assert topology.bisection().upper == least_balanced_cut(topology.graph())


@pytest.mark.parametrize(("long", "short"), [(7, 3), (9, 3), (10, 3), (7, 4), (5, 5)])
def test_no_half_of_up_to_30_accelerators_on_two_axes_cuts_less(long: int, short: int) -> None:
    # rows are interchangeable, so all multisets of rows are all halves; a line with k of s on one side cuts k (s - k)
    rows = np.array(list(itertools.combinations_with_replacement(range(2**short), long)))
    in_row = np.bitwise_count(rows).astype(int)
    rows, in_row = (part[in_row.sum(axis=1) == long * short // 2] for part in (rows, in_row))
    in_column = np.stack([(rows >> bit & 1).sum(axis=1) for bit in range(short)], axis=1)
    cuts = (in_row * (short - in_row)).sum(axis=1) + (in_column * (long - in_column)).sum(axis=1)
    assert HyperXTopology(HyperX(shape=(long, short))).bisection().upper == cuts.min()


@given(st.lists(st.integers(2, 40), min_size=1, max_size=4))
def test_an_even_shortest_side_gives_the_formula_and_any_even_side_a_cut(shape: list[int]) -> None:
    # N Smin / 4 where the smallest side is even (Ahn et al., SC'09); through the middle of any even side N S / 4
    found = HyperXTopology(HyperX(shape=tuple(shape))).bisection().upper
    if min(shape) % 2 == 0:
        assert found == math.prod(shape) * min(shape) / 4
    assert all(found <= math.prod(shape) * side / 4 for side in shape if side % 2 == 0)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_the_order_of_the_axes_changes_no_bandwidth(shape: list[int]) -> None:
    one, other = HyperXTopology(HyperX(shape=tuple(shape))), HyperXTopology(HyperX(shape=tuple(sorted(shape))))
    assert one.bisection() == other.bisection()
    assert one.alltoall() == other.alltoall()


@given(st.lists(st.integers(1, 20), min_size=1, max_size=4))
def test_the_torus_within_a_hyperx_has_no_more_bandwidth(shape: list[int]) -> None:
    # a ring is part of a complete graph of the same accelerators
    whole = HyperXTopology(HyperX(shape=tuple(shape)))
    part = TorusTopology(Torus(shape=tuple(shape), two_wide="single"))
    assert part.bisection().lower <= whole.bisection().upper
    assert part.alltoall().rate <= whole.alltoall().rate * (1 + 1e-12)


def test_a_complete_graph_reduces_in_one_exchange_there_and_back() -> None:
    # S/8 to each of 7 others over links of their own, twice, 1 GB over 400 Gbit/s, and two hops
    found = evaluate_fabric(HyperX(shape=(8,)))
    assert found.allreduce_s == pytest.approx(2 * (8e9 / 8 / 400e9 + found.latency_us.max * 1e-6))


def test_a_million_accelerators_are_answered_by_closed_forms() -> None:
    evaluation = evaluate_fabric(HyperX(shape=(100, 100, 100)))
    assert evaluation.bisection.links == 10**6 * 100 / 4
    assert evaluation.alltoall.rate_per_pair == 100 / 10**6
    assert evaluation.links == 10**6 * 297 / 2


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((), "1 to 8 sides"),
        ((0, 4), "at least 1"),
        ((10**9,), "at most"),
        ((5000,), "shorter sides"),
        ((2.5, 2), "whole"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_remedy(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        HyperX(shape=shape)


def test_an_explicit_graph_of_too_many_links_is_refused() -> None:
    with pytest.raises(InvalidInput, match="closed forms"):
        HyperXTopology(HyperX(shape=(500, 500))).graph()
