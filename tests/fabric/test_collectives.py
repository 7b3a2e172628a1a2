"""Collectives against values worked out by hand, small simulations of their data movement, and laws."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.fabric import Clos, CollectiveTime, FabricSpec, Torus
from topodesign.domain.fabric_conditions import FabricConditions
from topodesign.domain.fabric_switched import Edge, EdgeList, ScaleUpClos
from topodesign.fabric import evaluate_fabric, topology_of
from topodesign.fabric.collectives_grid import grid_times
from topodesign.fabric.collectives_pipeline import double_tree_slowdown, pipelined_s, tree_depth
from topodesign.fabric.collectives_scale_up import scale_up_times
from topodesign.fabric.collectives_shapes import GridShape, GroupLevel, RingAxis, ScaleUpShape, SwitchedShape
from topodesign.fabric.collectives_switched import switched_times
from topodesign.fabric.collectives_table import OPERATIONS, collectives
from topodesign.fabric.topology import StepLatency

NO_LATENCY = StepLatency(neighbor_s=0.0, farthest_s=0.0)
GIGABYTE_S = 0.02
"""1 GB over 400 Gbit/s."""


def switched(operation, shape: SwitchedShape, *, step_s: float = 0.0) -> dict[str, float]:
    step = StepLatency(neighbor_s=step_s, farthest_s=step_s)
    return {timed.algorithm: timed.seconds for timed in switched_times(operation, shape, 1e9, link_gbps=400, step=step)}


def best(spec: FabricSpec, operation: str, **changes) -> CollectiveTime:
    return next(row for row in evaluate_fabric(spec, **changes).collectives if row.operation == operation)


def test_every_operation_has_its_best_algorithm_first() -> None:
    for spec in (Clos(accelerators=96), Torus(shape=(4, 6))):
        evaluation = evaluate_fabric(spec)
        for operation in OPERATIONS:
            times = [row.seconds for row in evaluation.collectives if row.operation == operation]
            assert times
            assert times == sorted(times)
        fastest = evaluation.collectives[0]
        assert (fastest.operation, fastest.seconds, fastest.algorithm) == (
            "all_reduce",
            evaluation.allreduce_s,
            evaluation.allreduce_algorithm,
        )


def test_bus_bandwidth_factors_of_nccl_tests() -> None:
    # nccl-tests, PERFORMANCE.md: all-reduce 2 (n-1)/n, all-gather, reduce-scatter and all-to-all (n-1)/n, broadcast 1
    factors = {"all_reduce": 2 * 31 / 32, "all_gather": 31 / 32, "reduce_scatter": 31 / 32, "all_to_all": 31 / 32}
    rows = collectives(topology_of(Clos(accelerators=32)), 1e9, NO_LATENCY)
    for operation, factor in {**factors, "broadcast": 1.0}.items():
        row = next(row for row in rows if row.operation == operation)
        assert row.seconds == pytest.approx(factor * GIGABYTE_S)
        assert row.lower_bound_s == pytest.approx(factor * GIGABYTE_S)
        assert row.ratio == pytest.approx(1)


def test_the_ring_does_not_feel_a_taper_and_halving_from_afar_does() -> None:
    # 64 ranks in groups of 16 with 4 uplinks: taper 4. One way round: 63/64 S/B.
    shape = SwitchedShape(ranks=64, rank_links=1, levels=(GroupLevel(ranks=16, uplinks=4),))
    found = switched("all_gather", shape)
    assert found["ring"] == pytest.approx(63 / 64 * GIGABYTE_S)
    # nearest first: 15/16 S inside groups, then S/32 + S/64 over the taper
    assert found["recursive halving or doubling"] == pytest.approx((15 / 16 + 4 * 3 / 64) * GIGABYTE_S)
    # farthest first: S/2 + S/4 over the taper, the rest inside
    far = found["recursive halving or doubling, S/2 over the widest cut"]
    assert far == pytest.approx((4 * 3 / 4 + 15 / 64) * GIGABYTE_S)


def test_all_to_all_feels_the_taper_fully() -> None:
    # whole leaves of 48 with 16 uplinks: each accelerator sends all but its own leaf's part through a third of its rate
    spec = Clos(accelerators=32 * 48, oversubscription=3)
    row = next(row for row in collectives(topology_of(spec), 1e9, NO_LATENCY) if row.operation == "all_to_all")
    assert row.seconds == pytest.approx(3 * (31 / 32) * GIGABYTE_S)
    assert row.ratio == pytest.approx(1)


def test_recursive_doubling_sends_the_whole_array_every_time() -> None:
    shape = SwitchedShape(ranks=8, rank_links=1)
    assert switched("all_reduce", shape, step_s=1e-3)["recursive doubling"] == pytest.approx(3 * (1e-3 + GIGABYTE_S))
    # 10 ranks: two of them fold onto partners first and get the result last
    other = replace(shape, ranks=10)
    assert switched("all_reduce", other)["recursive doubling"] == pytest.approx(5 * GIGABYTE_S)


def test_small_messages_take_few_steps_and_large_ones_little_bandwidth() -> None:
    spec = Clos(accelerators=64)
    assert best(spec, "all_reduce", message_bytes=8).algorithm == "recursive doubling"
    large = best(spec, "all_reduce", message_bytes=1e10)
    assert large.ratio < 1.01


def test_a_two_way_ring_has_half_the_steps() -> None:
    shape = SwitchedShape(ranks=9, rank_links=1)
    found = switched("reduce_scatter", shape, step_s=1.0)
    assert found["ring"] - found["bidirectional ring"] == pytest.approx(4)  # 8 steps against 4


def test_bruck_moves_each_part_once_for_every_set_bit() -> None:
    # 6 ranks: distances 1..5 have 1+1+2+1+2 = 7 set bits, of S/6 each, in 3 steps
    assert switched("all_to_all", SwitchedShape(ranks=6, rank_links=1), step_s=1.0)["Bruck"] == pytest.approx(
        3 + 7 / 6 * GIGABYTE_S
    )


def test_in_network_reduction_takes_one_crossing_and_half_the_bytes() -> None:
    conditions = FabricConditions(in_network_reduction=True, in_network_efficiency=1.0)
    evaluation = evaluate_fabric(Clos(accelerators=1024), conditions=conditions)
    assert evaluation.allreduce_algorithm == "in-network reduction"
    assert evaluation.allreduce_s == pytest.approx(GIGABYTE_S + evaluation.latency_us.max * 1e-6)
    assert evaluation.collectives[0].ratio == pytest.approx(1, abs=1e-3)
    derated = evaluate_fabric(Clos(accelerators=1024), conditions=FabricConditions(in_network_reduction=True))
    row = next(row for row in derated.collectives if row.algorithm == "in-network reduction")
    assert row.bandwidth_s == pytest.approx(GIGABYTE_S / 0.85)
    assert all(row.algorithm != "in-network reduction" for row in evaluate_fabric(Clos(accelerators=64)).collectives)


def test_recursive_halving_feels_the_taper_in_its_last_stage_only() -> None:
    # 8 ranks, 1 ms a step: 2 x 7/8 x 0.02 s and 2 x 3 steps; leaves of 4 that taper 2:1 slow the S/8 of the last stage
    name = "recursive halving and doubling"
    full = switched("all_reduce", SwitchedShape(ranks=8, rank_links=1), step_s=1e-3)[name]
    assert full == pytest.approx(0.035 + 6e-3)
    tapered = SwitchedShape(ranks=8, rank_links=1, levels=(GroupLevel(ranks=4, uplinks=2),))
    assert switched("all_reduce", tapered, step_s=1e-3)[name] == pytest.approx(full + 2 * 0.02 / 8)


def test_other_numbers_of_ranks_exchange_by_their_factors_or_fold() -> None:
    # 12 = 2 x 2 x 3: as many bytes as the ring, 2 x (1 + 1 + 2) steps; 13: 8 of them, and 2 steps of all the bytes
    twelve = switched("all_reduce", SwitchedShape(ranks=12, rank_links=1), step_s=1e-3)
    assert twelve["recursive exchange by prime factors"] == pytest.approx(2 * 11 / 12 * GIGABYTE_S + 8e-3)
    thirteen = switched("all_reduce", SwitchedShape(ranks=13, rank_links=1), step_s=1e-3)
    assert thirteen["folded recursive halving and doubling"] == pytest.approx(0.035 + 6e-3 + 2 * 0.021)


def grid_allreduce_s(axes: tuple[RingAxis, ...], size: float, *, hop_s: float = 0.0) -> float:
    step = StepLatency(neighbor_s=hop_s, farthest_s=9.0)
    return grid_times("all_reduce", GridShape(axes=axes), size, link_gbps=400, step=step)[0].seconds


def test_rings_run_both_ways_and_over_all_axes_at_once() -> None:
    # a ring of 8 both ways: half of 2 x 7/8 S/b; without its wrap the links at the ends carry all but one of the parts
    assert grid_allreduce_s((RingAxis(side=8, is_ring=True),), 1e9) == pytest.approx(7 / 8 * GIGABYTE_S)
    assert grid_allreduce_s((RingAxis(side=8, is_ring=False),), 1e9) == pytest.approx(2 * 7 / 8 * GIGABYTE_S)
    # equal sides: 2 (N-1)/N S / (2 D b), and half a ring of steps on each axis, there and back
    cube = (RingAxis(side=16, is_ring=True),) * 3
    assert grid_allreduce_s(cube, 1e9) == pytest.approx(2 * 4095 / 4096 * GIGABYTE_S / 6)
    assert grid_allreduce_s(cube, 0.0, hop_s=1e-6) == pytest.approx(2 * 3 * 8 * 1e-6)


DOMAINS_OF_8 = ScaleUpShape(
    inside=SwitchedShape(ranks=8, rank_links=9), outside=SwitchedShape(ranks=8, rank_links=1), outside_links=1
)


def over_domains(operation, size: float, *, inside_s: float = 0.0, outside_s: float = 0.0) -> dict[str, float]:
    step = StepLatency(neighbor_s=inside_s, farthest_s=outside_s)
    found = scale_up_times(operation, DOMAINS_OF_8, size, link_gbps=400, step=step)
    return {timed.algorithm.removeprefix("hierarchical over domains, "): timed.seconds for timed in found}


def test_hierarchical_all_reduce_keeps_most_bytes_in_the_scale_up_domain() -> None:
    # 64 ranks, domains of 8 at 9 times the rate: 2 x 7/8 S/(9B) inside, 2 x 7/8 (S/8)/B between 8 domains
    inside, between = 2 * 7 / 8 / 9 * GIGABYTE_S, 2 * 7 / 8 / 8 * GIGABYTE_S
    found = over_domains("all_reduce", 1e9)
    assert found["ring between"] == pytest.approx(inside + between)
    # both at once: as long as the longer of them, when pieces cost nothing
    assert found["in pieces: inside and between at once"] == pytest.approx(between)
    # one ring leaves each domain by one link
    assert found["ring"] == pytest.approx(2 * 63 / 64 * GIGABYTE_S)
    # halving and doubling: 3 + 3 steps inside of 1 us, 3 + 3 between of 5 us
    latency = over_domains("all_reduce", 0.0, inside_s=1e-6, outside_s=5e-6)["recursive halving and doubling between"]
    assert latency == pytest.approx(36e-6)


def test_gathering_over_domains_takes_half_and_a_broadcast_scatters_first() -> None:
    inside, between = 7 / 8 / 9 * GIGABYTE_S, 7 / 8 / 8 * GIGABYTE_S
    for operation in ("all_gather", "reduce_scatter"):
        assert over_domains(operation, 1e9)["ring between"] == pytest.approx(inside + between)
    # S/8 down a chain of domains in as many pieces as one likes
    assert over_domains("broadcast", 1e9)["pipelined chain between"] == pytest.approx(2 * inside + GIGABYTE_S / 8)


def test_pieces_wait_for_the_slower_network_and_take_one_turn_more_than_they_are() -> None:
    # S/B = 8 s: 2 x 7/8 x 1 s between, less inside; 2 x 3 steps of 1/6 s. k pieces: (k + 1)(1 s + 1.75 s / k), k = 1
    seconds = over_domains("all_reduce", 400e9, outside_s=1 / 6)["in pieces: inside and between at once"]
    assert seconds == pytest.approx(2 * 2.75)
    # a tenth of the latency: k = 4 and 5(0.1 + 1.75/4), the least of all
    seconds = over_domains("all_reduce", 400e9, outside_s=1 / 60)["in pieces: inside and between at once"]
    assert seconds == pytest.approx(5 * (0.1 + 1.75 / 4))


def test_a_pipeline_takes_the_best_number_of_pieces() -> None:
    # depth 5, 16 s of transfer, 1 s a step: k = sqrt(4 x 16) = 8 pieces, (5 + 7)(1 + 2) = 36 s
    assert pipelined_s(5, 16.0, 1.0) == pytest.approx(36)
    assert pipelined_s(5, 16.0, 1.0) == pytest.approx(min((4 + k) * (1 + 16 / k) for k in range(1, 100)))
    assert pipelined_s(5, 16.0, 0.0) == 16.0
    assert pipelined_s(0, 16.0, 1.0) == 0.0


@given(ranks=st.integers(2, 300), size=st.integers(1, 40), uplinks=st.integers(1, 8))
@settings(deadline=None)
def test_trees_load_groups_no_more_than_all_edges_would(ranks: int, size: int, uplinks: int) -> None:
    uplinks = min(uplinks, size)
    shape = SwitchedShape(ranks=ranks, rank_links=1, levels=(GroupLevel(ranks=size, uplinks=uplinks),))
    slow = double_tree_slowdown(shape)
    # a rank has at most three edges in one tree and one in the other, two of them in one direction, of S/2 each
    assert 1 <= slow <= max(1.0, size / uplinks * 1.5)
    assert double_tree_slowdown(replace(shape, levels=())) == 1
    assert 2 ** tree_depth(ranks) >= ranks


def gather_rounds(side: int, *, is_ring: bool) -> int:
    """Rounds until all of a ring or path have all parts, when each passes one new part on each way in every round."""
    held = [{rank} for rank in range(side)]
    rounds = 0
    while any(len(parts) < side for parts in held):
        sent = []
        for rank in range(side):
            for way in (1, -1):
                other = rank + way
                if not is_ring and not 0 <= other < side:
                    continue
                # the part that travels this way and is `rounds` hops from home
                part = rank - way * rounds
                if is_ring or 0 <= part < side:
                    sent.append((other % side, part % side))
        for other, part in sent:
            held[other].add(part)
        rounds += 1
    return rounds


@pytest.mark.parametrize("is_ring", [True, False])
@pytest.mark.parametrize("side", [2, 3, 4, 5, 8, 9])
def test_gathering_on_a_ring_or_path_takes_as_many_steps_as_simulated(side: int, is_ring: bool) -> None:
    shape = GridShape(axes=(RingAxis(side=side, is_ring=is_ring),))
    step = StepLatency(neighbor_s=1.0, farthest_s=9.0)
    latency = grid_times("all_gather", shape, 0.0, link_gbps=400, step=step)[0].seconds
    assert latency == gather_rounds(side, is_ring=is_ring)


specs = st.one_of(
    st.builds(
        lambda shape, wrap, rate: Torus(shape=tuple(shape), wrap=tuple(wrap[: len(shape)]), link_gbps=rate),
        st.lists(st.integers(1, 7), min_size=1, max_size=4),
        st.lists(st.booleans(), min_size=4, max_size=4),
        st.sampled_from([100.0, 400.0]),
    ),
    st.builds(
        Clos,
        accelerators=st.integers(1, 500),
        radix=st.sampled_from([16, 32, 64]),
        oversubscription=st.sampled_from([1.0, 2.0, 3.0, 7.0]),
        planes=st.sampled_from([1, 2]),
        link_gbps=st.sampled_from([100.0, 400.0]),
    ),
    st.builds(
        lambda domain, domains, **others: ScaleUpClos(accelerators=domain * domains, domain=domain, **others),
        st.sampled_from([1, 2, 3, 8, 12]),
        st.integers(1, 20),
        rails=st.sampled_from(["none", "optimized", "only"]),
        scale_up_switches=st.sampled_from([1, 3, 18]),
        radix=st.sampled_from([16, 32]),
        oversubscription=st.sampled_from([1.0, 3.0]),
        planes=st.sampled_from([1, 2]),
    ),
)
conditions = st.builds(FabricConditions, in_network_reduction=st.booleans())


@given(specs, st.floats(1, 1e12), conditions)
@settings(deadline=None, max_examples=150)
def test_no_algorithm_takes_less_than_the_lower_bound(spec: FabricSpec, size: float, where: FabricConditions) -> None:
    for row in evaluate_fabric(spec, message_bytes=size, conditions=where).collectives:
        assert row.seconds >= row.lower_bound_s * (1 - 1e-9), row
        assert row.ratio >= 1 - 1e-9
        assert row.latency_s + row.bandwidth_s == pytest.approx(row.seconds)


@given(specs, st.floats(1, 1e12))
@settings(deadline=None, max_examples=80)
def test_more_bandwidth_is_never_slower(spec: FabricSpec, size: float) -> None:
    step = StepLatency(neighbor_s=1e-6, farthest_s=4e-6)
    slow = collectives(topology_of(spec), size, step)
    fast = collectives(topology_of(replace(spec, link_gbps=2 * spec.link_gbps)), size, step)
    for operation in OPERATIONS:
        times = [next(row.seconds for row in rows if row.operation == operation) for rows in (slow, fast)]
        assert times[1] <= times[0] * (1 + 1e-12)


@given(specs, st.floats(1, 1e9), st.floats(1, 10))
@settings(deadline=None, max_examples=80)
def test_a_larger_message_never_takes_less_time(spec: FabricSpec, size: float, factor: float) -> None:
    step = StepLatency(neighbor_s=1e-6, farthest_s=4e-6)
    small, large = (collectives(topology_of(spec), bytes_, step) for bytes_ in (size, factor * size))
    for operation in OPERATIONS:
        times = [next(row.seconds for row in rows if row.operation == operation) for rows in (small, large)]
        assert times[0] <= times[1] * (1 + 1e-12)


def test_one_accelerator_has_nothing_to_do() -> None:
    rows = evaluate_fabric(Torus(shape=(1,))).collectives
    assert {row.operation for row in rows} == set(OPERATIONS)
    assert {(row.seconds, row.lower_bound_s, row.ratio) for row in rows} == {(0.0, 0.0, 1.0)}


def test_a_graph_of_any_shape_uses_its_all_to_all_or_one_ring() -> None:
    # a triangle of 400 Gbit/s: a pair has its own link for its third of S; a ring along a tree has one link's rate
    edges = (Edge(a="a", z="b"), Edge(a="b", z="c"), Edge(a="c", z="a"))
    rows = collectives(topology_of(EdgeList(accelerators=("a", "b", "c"), edges=edges)), 1e9, NO_LATENCY)
    seconds = {(row.operation, row.algorithm): row.seconds for row in rows}
    assert seconds["all_gather", "direct exchange"] == pytest.approx(GIGABYTE_S / 3)
    assert seconds["all_gather", "ring along a tree"] == pytest.approx(2 / 3 * GIGABYTE_S)
    gather = next(row for row in rows if row.operation == "all_gather")
    # all 2 x 3 ends of links carry at most that: (n-1) S / (6 links)
    assert gather.lower_bound_s == pytest.approx(2 / 6 * GIGABYTE_S)
