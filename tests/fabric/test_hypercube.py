"""Hypercubes: closed forms against brute force, programmes and searches."""

import math

import pytest
from fabric.graph_answers import links_by_run, pairs_by_hops, pairs_by_path, paths_from_everywhere
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Hypercube, Torus
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.hypercube import HypercubeTopology
from topodesign.fabric.torus import TorusTopology


@pytest.mark.parametrize("dimension", [0, 1, 3, 6, 7, 9])
def test_paths_and_cables_are_those_of_the_graph(dimension: int) -> None:
    topology = HypercubeTopology(Hypercube(dimension=dimension))
    assert pairs_by_path(topology.path_classes()) == pairs_by_path(paths_from_everywhere(topology))
    assert pairs_by_hops(topology.path_classes()) == distances_by_networkx(topology.graph())
    assert links_by_run(topology) == [run.count for run in topology.cable_runs()]


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_bandwidths_are_those_of_exhaustion_and_of_the_linear_programme(dimension: int) -> None:
    topology = HypercubeTopology(Hypercube(dimension=dimension))
    assert topology.bisection().upper == least_balanced_cut(topology.graph()) == 2 ** (dimension - 1)
    assert topology.alltoall().rate == pytest.approx(alltoall_by_linear_programme(topology.graph()), rel=1e-7)


@pytest.mark.parametrize("dimension", range(1, 9))
def test_a_hypercube_is_a_torus_of_sides_2_with_single_links(dimension: int) -> None:
    cube = HypercubeTopology(Hypercube(dimension=dimension))
    torus = TorusTopology(Torus(shape=(2,) * dimension, two_wide="single"))
    assert cube.bisection().upper == torus.bisection().upper
    assert cube.alltoall() == torus.alltoall()
    assert pairs_by_hops(cube.path_classes()) == pairs_by_hops(torus.path_classes())
    assert cube.graph().links == torus.graph().links


def test_eight_million_accelerators_are_answered_by_closed_forms() -> None:
    evaluation = evaluate_fabric(Hypercube(dimension=23))
    count = 2**23
    assert evaluation.mean_hops == pytest.approx(23 / 2 * count / (count - 1), rel=1e-12)
    assert (evaluation.diameter_hops, evaluation.links) == (23, 23 * count // 2)
    assert evaluation.alltoall.rate_per_pair == 2 / count


def test_one_accelerator_needs_nothing() -> None:
    evaluation = evaluate_fabric(Hypercube(dimension=0))
    assert (evaluation.accelerators, evaluation.links, evaluation.bisection.links, evaluation.allreduce_s) == (
        1,
        0,
        0,
        0,
    )


def test_the_all_reduce_uses_all_dimensions_at_once() -> None:
    # 2 (N-1)/N S over 10 links of 400 Gbit/s, S = 1 GB, and 2 x 10 steps of a hop at most
    found = evaluate_fabric(Hypercube(dimension=10))
    least = 2 * 1023 / 1024 * 8e9 / (10 * 400e9)
    assert least < found.allreduce_s < least + 20 * found.latency_us.max * 1e-6


@pytest.mark.parametrize("dimension", [-1, 24, 10**9, math.inf])
def test_a_dimension_out_of_range_is_refused_with_the_largest(dimension: int) -> None:
    with pytest.raises(InvalidInput, match="dimension"):
        Hypercube(dimension=dimension)
