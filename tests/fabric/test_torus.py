"""Tori and meshes: every closed form against brute force on small ones, and the corners of the input."""

import math

import pytest
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Torus
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.hops import hop_counts
from topodesign.fabric.topology import PathClasses
from topodesign.fabric.torus import TorusTopology


@st.composite
def small_tori(draw: st.DrawFn, most: int) -> Torus:
    """Any sides, wraps and kind of two-wide axes with at most ``most`` vertices."""
    shape: list[int] = []
    for _ in range(draw(st.integers(1, 4))):
        shape.append(draw(st.integers(1, most // math.prod(shape))))
    wrap = tuple(draw(st.booleans()) for _ in shape)
    return Torus(shape=tuple(shape), wrap=wrap, two_wide=draw(st.sampled_from(["single", "double"])))


def counts_by_hops(paths: PathClasses) -> dict[int, int]:
    counts: dict[int, int] = {}
    for hops, pairs in zip(paths.hops.tolist(), paths.pairs.tolist(), strict=True):
        counts[hops] = counts.get(hops, 0) + pairs
    return dict(sorted(counts.items()))


@settings(max_examples=60, deadline=None)
@given(small_tori(most=14))
def test_bisection_encloses_every_balanced_cut_and_is_met_when_exact(spec: Torus) -> None:
    topology = TorusTopology(spec)
    cut = topology.bisection()
    truth = least_balanced_cut(topology.graph()) if topology.accelerators > 1 else 0
    assert cut.lower <= truth <= cut.upper
    if cut.exact:
        assert cut.upper == truth


@settings(max_examples=60, deadline=None)
@given(small_tori(most=14), st.booleans())
def test_bisection_is_exact_when_all_axes_wrap_or_none_does(spec: Torus, wrapped: bool) -> None:
    spec = Torus(shape=spec.shape, wrap=tuple(wrapped for _ in spec.shape), two_wide="double")
    topology = TorusTopology(spec)
    assert topology.bisection().exact
    truth = least_balanced_cut(topology.graph()) if topology.accelerators > 1 else 0
    assert topology.bisection().upper == truth


@settings(max_examples=60, deadline=None)
@given(small_tori(most=60))
def test_hops_equal_breadth_first_search_and_networkx(spec: Torus) -> None:
    topology = TorusTopology(spec)
    expected = distances_by_networkx(topology.graph())
    assert counts_by_hops(topology.path_classes()) == expected
    assert hop_counts(topology.graph()) == expected


@settings(max_examples=25, deadline=None)
@given(small_tori(most=12))
def test_all_to_all_equals_the_linear_programme(spec: Torus) -> None:
    topology = TorusTopology(spec)
    rate = topology.alltoall()
    assert rate.exact
    if topology.accelerators > 1:
        assert rate.rate == pytest.approx(alltoall_by_linear_programme(topology.graph()), rel=1e-7)


@settings(max_examples=60, deadline=None)
@given(small_tori(most=200))
def test_cables_are_the_links_of_the_graph(spec: Torus) -> None:
    topology = TorusTopology(spec)
    assert sum(run.count for run in topology.cable_runs()) == sum(topology.graph().links.values())


@settings(max_examples=60, deadline=None)
@given(small_tori(most=300), st.randoms())
def test_the_order_of_the_axes_changes_no_bandwidth(spec: Torus, random: object) -> None:
    backwards = Torus(shape=spec.shape[::-1], wrap=spec.wraps[::-1], two_wide=spec.two_wide)
    one, other = TorusTopology(spec), TorusTopology(backwards)
    assert one.bisection() == other.bisection()
    assert one.alltoall() == other.alltoall()
    assert counts_by_hops(one.path_classes()) == counts_by_hops(other.path_classes())


def test_a_line_that_fits_into_a_rack_has_no_cable_between_racks() -> None:
    assert [run.what for run in TorusTopology(Torus(shape=(16, 1))).cable_runs()] == ["inside racks"]


def test_cable_lengths_are_those_of_every_pair_walked_step_by_step() -> None:
    # 16x2x2 in racks of 4x2x2: along the ring of 16 each pair is walked here, the shorter way around
    topology = TorusTopology(Torus(shape=(16, 2, 2)))
    inside, between = (run.length_m for run in topology.cable_runs())
    along_ring = 0.0
    for start in range(16):
        for target in range(16):
            step = 1 if (target - start) % 16 <= 8 else -1
            place = start
            while place != target:
                following = (place + step) % 16
                along_ring += inside if place // 4 == following // 4 else between
                place = following
    # each such pair occurs 4 x 4 times; each axis of side 2 adds a hop inside a rack for half of all 64 x 64 pairs
    total = 16 * along_ring + 2 * (64 * 64 / 2) * inside
    paths = topology.path_classes()
    assert float((paths.pairs * paths.metres).sum()) == pytest.approx(total)


def test_one_accelerator_has_no_pairs_and_no_links() -> None:
    evaluation = evaluate_fabric(Torus(shape=(1, 1, 1)))
    assert (evaluation.accelerators, evaluation.links, evaluation.diameter_hops) == (1, 0, 0)
    assert evaluation.mean_hops == 0
    assert evaluation.bisection.gbps == 0
    assert evaluation.allreduce_s == 0
    assert evaluation.alltoall.time_s == 0
    assert evaluation.latency_us.max == 0


def test_two_accelerators_are_joined_by_one_or_two_links() -> None:
    assert evaluate_fabric(Torus(shape=(2,), two_wide="double")).bisection.gbps == 800
    assert evaluate_fabric(Torus(shape=(2,), two_wide="single")).bisection.gbps == 400
    assert evaluate_fabric(Torus(shape=(2,), wrap=(False,))).bisection.gbps == 400


def test_a_mixed_torus_that_is_not_proven_says_so() -> None:
    # rings and paths of odd sides: no theorem covers the mix, and there are too many halves to enumerate
    cut = TorusTopology(Torus(shape=(9, 11, 13), wrap=(True, False, False))).bisection()
    assert not cut.exact
    assert cut.lower < cut.upper
    bisection = evaluate_fabric(Torus(shape=(9, 11, 13), wrap=(True, False, False))).bisection
    assert bisection.gbps == bisection.upper_gbps > bisection.lower_gbps
    assert not bisection.exact


def test_a_million_accelerators_are_answered_by_closed_forms() -> None:
    evaluation = evaluate_fabric(Torus(shape=(100, 100, 100)))
    assert evaluation.bisection.links == 2 * 100**2
    assert evaluation.mean_hops == pytest.approx(75 * 10**6 / (10**6 - 1), rel=1e-12)
    assert evaluation.links == 3 * 10**6


def test_an_explicit_graph_of_a_large_torus_is_refused_with_a_remedy() -> None:
    with pytest.raises(InvalidInput, match="smaller fabric"):
        TorusTopology(Torus(shape=(100, 100, 100))).graph()
