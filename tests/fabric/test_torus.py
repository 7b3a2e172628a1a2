"""Tori and meshes: every closed form against brute force on small ones, and the corners of the input."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut

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


def test_racks_changed_are_counted_pair_by_pair() -> None:
    # ring of 16 in racks of 4 on a 2-axis torus: counted here coordinate by coordinate, shortest way, ties forward
    spec = Torus(shape=(16, 1))
    lengths = {run.what: run.length_m for run in TorusTopology(spec).cable_runs()}
    assert list(lengths) == ["inside racks"]  # one axis of length above 1: the rack holds 64, so all 16
    spec = Torus(shape=(16, 2, 2))
    topology = TorusTopology(spec)
    inside, between = (run.length_m for run in topology.cable_runs())
    metres = 0.0
    for x in range(16):
        for y in range(16):
            steps = (y - x) % 16
            step = 1 if steps <= 8 else -1
            for _ in range(min(steps, 16 - steps)):
                metres += inside if x // 4 == (x + step) % 16 // 4 else between
                x = (x + step) % 16
            x = (x - steps) % 16 if step == 1 else (x + 16 - steps) % 16
    # each pair on axis 1 occurs 4 x 4 times over the two axes of side 2; these add one hop inside for half of 4 pairs each
    total = metres * 16 + 2 * (16 * 16) * (2 * 4) * inside
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
    # 3-ring x 5-path, all odd: no theorem at hand, the brute force lies between the ends
    cut = TorusTopology(Torus(shape=(3, 7), wrap=(True, False))).bisection()
    assert not cut.exact
    assert cut.lower < cut.upper
    bisection = evaluate_fabric(Torus(shape=(3, 7), wrap=(True, False))).bisection
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
