"""Twisted tori: closed forms against searches and programmes on the explicit graph."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from fabric.graph_answers import links_by_run, pairs_by_hops, pairs_by_path, paths_from_everywhere
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Torus
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.families import topology_of
from topodesign.fabric.floor_plan import DROPS_M, RACK_PITCH_M, ROW_PITCH_M, twisted_cable_m
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.throughput import alltoall_of
from topodesign.fabric.torus import TorusTopology
from topodesign.fabric.twisted_cuts import best_axis_demands, twisted_bisection
from topodesign.fabric.twisted_torus import TwistedTorusTopology

SHAPES = [
    (2, 2, 4),
    (2, 4, 4),
    (4, 2, 4),
    (3, 3, 6),
    (3, 6, 6),
    (4, 4, 8),
    (8, 4, 4),
    (4, 8, 8),
    (5, 5, 10),
    (6, 12, 12),
]


def twisted(*shape: int) -> TwistedTorusTopology:
    return TwistedTorusTopology(Torus(shape=shape, twist=True))


def test_wraps_lead_where_they_are_defined_to() -> None:
    # 4x4x8: the wrap of x from (3, y, z) to (0, y, z + 4), of y alike, of z from (x, y, 7) to (x, y, 0)
    links = twisted(4, 4, 8).graph().links

    def place(x: int, y: int, z: int) -> int:
        return x + 4 * y + 16 * z

    for x, y, z in itertools.product(range(4), range(4), range(8)):
        ends = [
            place(x + 1, y, z) if x < 3 else place(0, y, (z + 4) % 8),
            place(x, y + 1, z) if y < 3 else place(x, 0, (z + 4) % 8),
            place(x, y, (z + 1) % 8),
        ]
        for end in ends:
            assert links[min(place(x, y, z), end), max(place(x, y, z), end)] == 1
    assert len(links) == 3 * 128


def test_wraps_of_the_short_axis_shift_both_long_ones() -> None:
    # 2x4x4: (1, y, z) leads to (0, y + 2, z + 2), and by the ordinary link to (0, y, z)
    links = twisted(2, 4, 4).graph().links

    def place(x: int, y: int, z: int) -> int:
        return x + 2 * y + 8 * z

    for y, z in itertools.product(range(4), range(4)):
        for end in (place(0, y, z), place(0, (y + 2) % 4, (z + 2) % 4)):
            assert links[min(place(1, y, z), end), max(place(1, y, z), end)] == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_paths_and_cables_are_those_of_the_graph(shape: tuple[int, ...]) -> None:
    topology = twisted(*shape)
    assert pairs_by_path(topology.path_classes()) == pairs_by_path(paths_from_everywhere(topology))
    assert pairs_by_hops(topology.path_classes()) == distances_by_networkx(topology.graph())
    assert links_by_run(topology) == [run.count for run in topology.cable_runs()]


@pytest.mark.parametrize("shape", [(2, 2, 4), (4, 2, 2)])
def test_sixteen_accelerators_are_answered_as_by_exhaustion(shape: tuple[int, ...]) -> None:
    topology = twisted(*shape)
    assert topology.bisection().exact
    assert topology.bisection().upper == least_balanced_cut(topology.graph())
    assert topology.alltoall().rate == pytest.approx(alltoall_by_linear_programme(topology.graph()), rel=1e-7)


@pytest.mark.parametrize("shape", [(2, 4, 4), (3, 3, 6), (4, 4, 8), (3, 6, 6)])
def test_the_all_to_all_is_that_of_the_linear_programme_without_the_claim_that_links_are_alike(
    shape: tuple[int, ...],
) -> None:
    # one orbit for each axis, which only shifts need: the programme of one source then balances the axes by itself
    graph = twisted(*shape).graph()
    change = np.abs(graph.coordinates[graph.a] - graph.coordinates[graph.z])
    # ordinary links change one coordinate; twisted wraps change their own, short one by n - 1 and others by n
    is_twisted_wrap = (change > 0).sum(axis=1) > 1
    own = np.argmax((change == min(shape) - 1) & (np.array(shape) == min(shape)), axis=1)
    by_programme = alltoall_of(replace(graph, orbit=np.where(is_twisted_wrap, own, np.argmax(change > 0, axis=1))))
    assert by_programme.exact
    assert twisted(*shape).alltoall().rate == pytest.approx(by_programme.rate, rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_bisection_is_an_interval_that_doubles_that_without_twist_at_most(shape: tuple[int, ...]) -> None:
    plain, found = TorusTopology(Torus(shape=shape)).bisection(), twisted(*shape).bisection()
    assert plain.upper < found.lower <= found.upper
    if min(shape) % 2 == 0 or shape.count(min(shape)) == 1:
        assert found.upper <= 2 * plain.upper


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 9), st.booleans(), st.permutations(range(3)))
def test_the_order_of_the_axes_changes_no_bandwidth(n: int, two_long: bool, order: list[int]) -> None:
    shape = (n, 2 * n, 2 * n) if two_long else (n, n, 2 * n)
    one, other = twisted(*shape), twisted(*(shape[axis] for axis in order))
    assert one.alltoall() == other.alltoall()
    assert (one.bisection().lower, one.bisection().upper) == (other.bisection().lower, other.bisection().upper)
    assert pairs_by_hops(one.path_classes()) == pairs_by_hops(other.path_classes())


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 12), st.booleans())
def test_twisting_shortens_paths_and_never_lowers_throughput(n: int, two_long: bool) -> None:
    shape = (n, 2 * n, 2 * n) if two_long else (n, n, 2 * n)
    plain, found = TorusTopology(Torus(shape=shape)), twisted(*shape)
    assert found.alltoall().rate > plain.alltoall().rate
    mean = [float((paths.pairs * paths.hops).sum()) for paths in (plain.path_classes(), found.path_classes())]
    assert mean[1] < mean[0]


@pytest.mark.parametrize(("short_racks", "long_racks"), [(1, 2), (2, 4), (3, 6), (4, 8), (5, 10)])
def test_no_cable_of_the_doubly_folded_floor_plan_is_longer_than_said(short_racks: int, long_racks: int) -> None:
    # racks of n x n x 2n along rows, across them, and along the rows again over whole groups of the first axis
    racks, half = (short_racks, short_racks, long_racks), long_racks // 2
    pitch = (RACK_PITCH_M, ROW_PITCH_M, RACK_PITCH_M * short_racks)
    if short_racks == 1:
        pitch = (RACK_PITCH_M, RACK_PITCH_M, RACK_PITCH_M)

    def folded(place: int, count: int) -> int:
        return 2 * place if 2 * place < count else 2 * (count - place) - 1

    def stands(x: int, y: int, z: int) -> tuple[float, float, float]:
        paired = 2 * folded(z % half, half) + z // half
        return folded(x, short_racks) * pitch[0], folded(y, short_racks) * pitch[1], paired * pitch[2]

    longest = [0.0, 0.0, 0.0]
    for x, y, z in itertools.product(*(range(count) for count in racks)):
        ends = (
            (x + 1, y, z) if x + 1 < short_racks else (0, y, (z + half) % long_racks),
            (x, y + 1, z) if y + 1 < short_racks else (x, 0, (z + half) % long_racks),
            (x, y, (z + 1) % long_racks),
        )
        for axis, end in enumerate(ends):
            apart = sum(abs(one - other) for one, other in zip(stands(x, y, z), stands(*end), strict=True))
            longest[axis] = max(longest[axis], apart + DROPS_M)
    assert twisted_cable_m(racks, (True, True, False)) == pytest.approx(longest)


def test_the_all_reduce_of_a_twisted_torus_is_between_its_bound_and_that_of_one_ring() -> None:
    # 2 (n-1)/n S over six links of 400 Gbit/s, S = 1 GB: 6.6 ms; over two of them, one ring, three times that
    least = 2 * 127 / 128 * 8e9 / (6 * 400e9)
    found = evaluate_fabric(Torus(shape=(4, 4, 8), twist=True)).allreduce_s
    assert least < found < 1.5 * least


@pytest.mark.parametrize("shape", [(4, 4, 4), (4, 4, 16), (4, 8), (1, 1, 2), (4, 4, 8, 8), (4, 8, 16)])
def test_a_shape_that_cannot_be_twisted_is_refused_with_shapes_that_can(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="4x4x8 or 4x8x8") as raised:
        Torus(shape=shape, twist=True)
    assert raised.value.reason == "FABRIC_NOT_TWISTABLE"


def test_a_twisted_torus_wraps_on_every_axis() -> None:
    with pytest.raises(InvalidInput, match="wrap"):
        Torus(shape=(4, 4, 8), twist=True, wrap=(True, True, False))
    with pytest.raises(InvalidInput, match="two_wide"):
        Torus(shape=(2, 2, 4), twist=True, two_wide="single")


def test_a_million_accelerators_are_answered_by_closed_forms() -> None:
    # n = 79: 2 n^3 = 986,078; diameter floor(3 n / 2) of the face-centered cubic lattice graph
    evaluation = evaluate_fabric(Torus(shape=(79, 79, 158), twist=True))
    assert evaluation.accelerators == 986_078
    assert evaluation.diameter_hops == 118
    assert isinstance(topology_of(Torus(shape=(79, 79, 158), twist=True)), TwistedTorusTopology)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("two_long", [False, True])
def test_demands_along_the_axes_are_eigenvalues_of_the_graph(n: int, two_long: bool) -> None:
    # the demands between all pairs of the graph's lines, written down; their least eigenvalue but 0 by numpy
    topology = twisted(*((n, 2 * n, 2 * n) if two_long else (n, n, 2 * n)))
    graph, count = topology.graph(), topology.accelerators
    half = n // 2
    if two_long:
        weights = best_axis_demands(n)
    else:  # equal ones up to n / 2, half of that for n / 2 itself
        weights = np.where(np.arange(1, n + 1) <= half, 8 / (n * n - n % 2), 0.0)
        weights[half - 1] /= 1 if n % 2 else 2
    # a link carries every flow of j steps that begins up to j - 1 steps before it, and half of those of n steps
    assert weights[:-1] @ np.arange(1, n) + weights[-1] * n / 2 == pytest.approx(1)
    demand = np.zeros((count, count))
    for axis in range(3):
        step = next_along(graph, topology.spec.shape, axis)
        reached = np.arange(count)
        for j in range(1, n + 1):
            reached = step[reached]
            demand[np.arange(count), reached] += weights[j - 1] * (0.5 if j == n else 1)
            demand[reached, np.arange(count)] += weights[j - 1] * (0.5 if j == n else 1)
    least = np.linalg.eigvalsh(np.diag(demand.sum(axis=1)) - demand)[1]
    found = twisted_bisection(n, is_face_centered=not two_long)
    assert found.lower == pytest.approx(min(found.upper, np.ceil(least * count / 4 - 1e-6)))
    assert found.exact == (n % 2 == 0 and not two_long) or n == 2


def next_along(graph: FabricGraph, shape: tuple[int, ...], axis: int) -> np.ndarray:
    """The accelerator one step on along an axis, each over a link of the graph."""
    places = np.array(np.unravel_index(np.arange(graph.hosts), shape[::-1]))[::-1].copy()
    wraps = places[axis] == shape[axis] - 1
    places[axis] += 1
    if shape[axis] == min(shape):
        for other, side in enumerate(shape):
            if side > min(shape):
                places[other] += np.where(wraps, min(shape), 0)
    ends = [place % side for place, side in zip(places, shape, strict=True)]
    found = np.ravel_multi_index(ends[::-1], shape[::-1])
    links = graph.links
    assert all((min(link), max(link)) in links for link in enumerate(found.tolist()))
    return found


@pytest.mark.parametrize("n", [4, 6, 16, 50])
def test_n_n_2n_of_even_n_has_twice_the_bisection_of_the_torus_without_twist(n: int) -> None:
    found = twisted(n, n, 2 * n).bisection()
    assert (found.upper, found.exact) == (2 * TorusTopology(Torus(shape=(n, n, 2 * n))).bisection().upper, True)
