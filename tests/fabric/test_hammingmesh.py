"""HammingMesh: closed forms against brute force, programmes and searches on the explicit graph."""

import numpy as np
import pytest
from fabric.graph_answers import links_by_run, pairs_by_hops, pairs_by_path, paths_from_everywhere
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import HammingMesh
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.bill import fabric_bill
from topodesign.fabric.hammingmesh import HammingMeshTopology
from topodesign.fabric.hammingmesh_cuts import least_line_cut, least_mismatch


def mesh(board: tuple[int, int], shape: tuple[int, int], **options: int) -> HammingMeshTopology:
    return HammingMeshTopology(HammingMesh(board=board, shape=shape, **options))


@st.composite
def small_meshes(draw: st.DrawFn, most: int) -> HammingMeshTopology:
    sides: list[int] = []
    for _ in range(4):
        sides.append(draw(st.integers(1, min(8, most // int(np.prod(sides, initial=1))))))
    # radix 8 makes a two-level tree of every line of five boards or more
    options = {"radix": draw(st.sampled_from([8, 12, 64])), "planes": draw(st.integers(1, 2))}
    return mesh((sides[0], sides[1]), (sides[2], sides[3]), **options)


@settings(max_examples=60, deadline=None)
@given(small_meshes(most=140))
def test_paths_and_cables_are_those_of_the_graph(topology: HammingMeshTopology) -> None:
    assert pairs_by_path(topology.path_classes()) == pairs_by_path(paths_from_everywhere(topology))
    assert pairs_by_hops(topology.path_classes()) == distances_by_networkx(topology.graph())
    assert links_by_run(topology) == [run.count for run in topology.cable_runs()]


@settings(max_examples=20, deadline=None)
@given(small_meshes(most=10))
def test_bandwidths_are_those_of_exhaustion_and_of_the_linear_programme(topology: HammingMeshTopology) -> None:
    cut = topology.bisection()
    if topology.accelerators > 1:
        truth = least_balanced_cut(topology.graph())
        assert cut.lower <= truth <= cut.upper
        assert topology.alltoall().rate == pytest.approx(alltoall_by_linear_programme(topology.graph()), rel=1e-7)


@pytest.mark.parametrize(
    ("board", "shape", "radix"),
    [((2, 2), (2, 2), 64), ((4, 1), (3, 1), 64), ((3, 2), (2, 1), 64), ((5, 1), (2, 1), 64), ((1, 1), (5, 3), 8)],
)
def test_the_all_to_all_of_larger_boards_and_of_trees_is_that_of_the_linear_programme(
    board: tuple[int, int], shape: tuple[int, int], radix: int
) -> None:
    topology = mesh(board, shape, radix=radix)
    assert topology.alltoall().rate == pytest.approx(alltoall_by_linear_programme(topology.graph()), rel=1e-7)


@settings(max_examples=25, deadline=None)
@given(small_meshes(most=12))
def test_straight_and_corner_cuts_are_cuts_of_the_graph(topology: HammingMeshTopology) -> None:
    # the formula places switches by lines; a least cut of the graph for a best half cannot be more than that
    if topology.accelerators > 1:
        formula = least_line_cut(topology.lines) * topology.spec.planes
        assert least_balanced_cut(topology.graph()) <= formula


@settings(max_examples=25, deadline=None)
@given(small_meshes(most=12))
def test_no_half_cuts_less_than_accelerators_apart_from_their_row_or_column_cost(topology: HammingMeshTopology) -> None:
    if topology.accelerators > 1:
        bound = least_mismatch(topology.lines) * topology.spec.planes
        assert bound <= least_balanced_cut(topology.graph())


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 3), (5, 2), (6, 2), (1, 7)])
def test_boards_of_one_accelerator_meet_that_bound(shape: tuple[int, int]) -> None:
    topology = mesh((1, 1), shape)
    assert least_mismatch(topology.lines) == least_balanced_cut(topology.graph())


def test_large_meshes_are_known_to_a_few_links() -> None:
    # a share p = sqrt(1/2) of rows and columns: 2 p - 1 = 0.414 of the ports of one direction, 2 x 32 x 32 x 2 links
    found = mesh((2, 2), (32, 32)).bisection()
    assert 0.414 < found.lower / (2 * 32 * 32 * 2) < found.upper / (2 * 32 * 32 * 2) < 0.419
    # twice as many columns of boards as rows, twice as wide: half of the columns is best, 16 rows x 2 x 32 ports
    straight = mesh((4, 2), (32, 16)).bisection()
    assert (straight.upper, straight.exact) == (1024, True)


def test_a_corner_of_a_square_of_boards_cuts_fewer_links_than_half_of_its_rows() -> None:
    # 8x8 boards of one accelerator, two links to a row switch and two to a column switch each. A half of the rows:
    # 8 columns x 8 ports = 64 links. A corner of 6 columns and 5 rows, and 2 more of the sixth row: in 5 rows 2 x 2
    # ports are outside, in the sixth 2 x 2 inside, 5 x 4 + 4 = 24; in 2 columns of 6 inside 2 x 2 outside, in 4 of 5
    # inside 2 x 3 outside: 2 x 4 + 4 x 6 = 32; together 56
    topology = mesh((1, 1), (8, 8))
    assert least_line_cut(topology.lines) == 56
    assert topology.bisection().upper <= 56


def test_networks_of_one_switch_share_it_and_larger_ones_are_trees() -> None:
    # Hx2Mesh of 16x16 boards: 32 rows and 32 columns of 32 ports, two to a 64-port switch: 16 + 16
    assert mesh((2, 2), (16, 16)).switches_by_tier == (32,)
    # 64 boards: 128 ports to a line, 4 leaves with 32 ports down and 2 spines, 2 x 128 lines
    large = mesh((2, 2), (64, 64))
    assert large.switches_by_tier == (1024, 512)
    # 5 boards at radix 8: 10 ports, leaves of 2 boards: 3 leaves, 12 uplinks, 2 spines of 6; 10 rows of 5x5 boards 2x2
    assert mesh((2, 2), (5, 5), radix=8).switches_by_tier == (60, 40)
    assert mesh((2, 2), (1, 1)).switches_by_tier == ()


def test_planes_multiply_links_switches_and_bandwidths_and_leave_paths() -> None:
    one, four = mesh((2, 2), (4, 3)), mesh((2, 2), (4, 3), planes=4)
    assert [run.count for run in four.cable_runs()] == [4 * run.count for run in one.cable_runs()]
    assert four.switches_by_tier == tuple(4 * count for count in one.switches_by_tier)
    assert four.alltoall().rate == pytest.approx(4 * one.alltoall().rate)
    assert four.injection_links == 4 * one.injection_links == 16
    assert pairs_by_path(four.path_classes()) == pairs_by_path(one.path_classes())


def test_traces_are_links_but_not_bought() -> None:
    topology = mesh((2, 2), (4, 4))
    bill = fabric_bill(topology, load_catalog())
    traces = next(run for run in topology.cable_runs() if run.kind == "trace")
    assert traces.count == 16 * 4
    assert next(line.cost_usd for line in bill.lines if line.what == traces.what) == 0
    bought = sum(line.count for line in bill.lines if line.length_m > 0 and line.cost_usd > 0)
    assert bought == sum(run.count for run in topology.cable_runs()) - traces.count == 2 * 8 * 8
    assert evaluate_fabric(topology.spec).links == bought + traces.count


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(1, 5)] * 4))
def test_turning_the_mesh_changes_no_bandwidth(sides: tuple[int, int, int, int]) -> None:
    a, b, x, y = sides
    one, other = mesh((a, b), (x, y)), mesh((b, a), (y, x))
    assert one.alltoall() == other.alltoall()
    assert least_line_cut(one.lines) == least_line_cut(other.lines)
    assert pairs_by_hops(one.path_classes()) == pairs_by_hops(other.path_classes())


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(2, 40))
def test_larger_boards_get_a_smaller_share_of_their_injection(side: int, boards: int) -> None:
    # 1/(2a) of 4 links for each accelerator, a little more for traffic that stays on its line of boards
    topology = mesh((side, side), (boards, boards))
    share = topology.alltoall().rate * (topology.accelerators - 1) / topology.injection_links
    assert 1 / (2 * side) * (1 - 1 / topology.accelerators) <= share <= 1 / (2 * side) * boards / (boards - 1)


def test_the_all_reduce_takes_little_more_than_four_links_need() -> None:
    # 2 (n-1)/n S over four links of 400 Gbit/s, S = 1 GB: 10.0 ms; rings of 32 along both axes at once
    least = 2 * 1023 / 1024 * 8e9 / (4 * 400e9)
    assert least < evaluate_fabric(HammingMesh(board=(2, 2), shape=(16, 16))).allreduce_s < 1.1 * least


def test_a_million_accelerators_are_answered_by_closed_forms() -> None:
    evaluation = evaluate_fabric(HammingMesh(board=(2, 2), shape=(500, 500)))
    assert evaluation.accelerators == 10**6
    assert evaluation.alltoall.exact
    assert evaluation.bisection.lower_gbps < evaluation.bisection.upper_gbps < 10**6 / 2 * 400


def test_one_accelerator_needs_nothing() -> None:
    evaluation = evaluate_fabric(HammingMesh(board=(1, 1), shape=(1, 1)))
    assert (evaluation.links, evaluation.switches, evaluation.bisection.links, evaluation.allreduce_s) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"board": (2,), "shape": (2, 2)}, "2 sides"),
        ({"board": (0, 2), "shape": (2, 2)}, "at least 1"),
        ({"board": (16, 8), "shape": (2, 2)}, "at most 64"),
        ({"board": (2, 2), "shape": (10**9, 1)}, "at most"),
        ({"board": (2, 2), "shape": (1025, 1)}, "2-level tree"),
        ({"board": (2, 2), "shape": (2, 2), "radix": 6}, "multiple of 4"),
        ({"board": (2, 2), "shape": (2, 2), "radix": 0}, "radix"),
        ({"board": (2, 2), "shape": (2, 2), "planes": 0}, "planes"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_remedy(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        HammingMesh(**arguments)  # type: ignore[arg-type]
