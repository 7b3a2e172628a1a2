"""Queues, collisions and the slowest of many, against exact small cases and seeded simulation."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_conditions import FabricConditions, LatencyInputs, LoadInputs
from topodesign.fabric import evaluate_fabric, topology_of
from topodesign.fabric.collisions import collisions_of, mean_share, worst_link, worst_link_cdf
from topodesign.fabric.latency import PathDelays, class_latency_ns
from topodesign.fabric.loaded import LoadedPart, distribution_of
from topodesign.fabric.under_load import latency_distribution
from topodesign.fabric.waiting import mean_wait, queue_lengths, tail_services, wait_cdf

SPECS = [
    Torus(shape=(4, 4, 4)),
    Torus(shape=(3, 5), wrap=(True, False)),
    Torus(shape=(40,)),
    Clos(accelerators=128),
    Clos(accelerators=3000, oversubscription=3, planes=2),
]


def evaluated(spec: FabricSpec, **load):
    return evaluate_fabric(spec, conditions=FabricConditions(load=LoadInputs(**load)))


def test_queue_lengths_begin_as_worked_out_by_hand() -> None:
    # M/D/1: p0 = 1 - rho, p1 = (1 - rho)(e^rho - 1), p2 = (1 - rho)(e^2rho - e^rho (1 + rho))
    rho = 0.6
    expected = [1 - rho, (1 - rho) * (math.exp(rho) - 1), (1 - rho) * (math.exp(2 * rho) - math.exp(rho) * (1 + rho))]
    assert queue_lengths(rho)[:3] == pytest.approx(expected)


@pytest.mark.parametrize("rho", [0.0, 0.05, 0.5, 0.714, 0.95])
def test_waits_have_the_mean_of_the_closed_form(rho: float) -> None:
    # rho / (2 (1 - rho)) services; the integral of 1 - F by the trapezoidal rule, with the jump at 0 taken out
    steps = 64
    cdf = wait_cdf(rho, steps)
    integral = (1 - cdf).sum() / steps - rho / (2 * steps)
    assert cdf[0] == pytest.approx(1 - rho)
    assert integral == pytest.approx(mean_wait(rho), abs=1e-9 + 1e-3 / steps**2)
    assert np.diff(cdf).min(initial=0) > -1e-12


def test_waits_follow_a_simulated_queue() -> None:
    # Lindley's recursion, seeded; waits of neighbors are alike, so that blocks of 1000 give the standard error
    rho, count = 0.7, 400_000
    gaps = np.random.default_rng(7).exponential(1 / rho, count)
    wait, waits = 0.0, np.empty(count)
    for index, gap in enumerate(gaps):
        waits[index] = wait
        wait = max(0.0, wait + 1 - gap)
    cdf = wait_cdf(rho, 4)
    for position in (0, 2, 4, 9, 16):
        below = (waits <= position / 4).reshape(-1, 1000).mean(axis=1)
        error = below.std(ddof=1) / math.sqrt(len(below))
        assert below.mean() == pytest.approx(cdf[position], abs=5 * error)


def test_the_tail_is_not_cut_short() -> None:
    # F(x) at the reach of one hop leaves less than the probability that may be forgotten
    for rho in (0.3, 0.714, 0.9):
        cdf = wait_cdf(rho, 1)
        reach = math.ceil(tail_services(rho, 1, forgotten=1e-9))
        assert 1 - cdf[min(reach, len(cdf) - 1)] < 1e-9


def test_one_hop_without_spread_of_paths_has_the_wait_of_one_queue() -> None:
    part = LoadedPart(weights=np.ones(1), base_ns=np.array([80.0]), hops=np.array([[1]]), utilization=(0.5,))
    found = distribution_of((part,), service_ns=80.0)
    assert found.mean_ns == pytest.approx(80 + 40)  # rho/(2 (1-rho)) = 1/2 service
    assert found.slowest_ns(1) == pytest.approx(found.mean_ns, rel=2e-3)
    # half of the packets wait not at all
    assert found.percentile_ns(0.3) == pytest.approx(80)


def test_two_hops_follow_a_simulation_of_two_queues() -> None:
    part = LoadedPart(weights=np.ones(1), base_ns=np.zeros(1), hops=np.array([[1, 1]]), utilization=(0.5, 0.8))
    found = distribution_of((part,), service_ns=1.0)
    rng = np.random.default_rng(3)
    draws = sum(np.searchsorted(wait_cdf(rho, 16), rng.random(200_000)) / 16 for rho in (0.5, 0.8))
    for share in (0.5, 0.9, 0.99):
        assert found.percentile_ns(share) == pytest.approx(np.quantile(draws, share), abs=0.25)  # two lattice steps
    best_of_10 = draws[: 10 * (len(draws) // 10)].reshape(-1, 10).max(axis=1)
    error = best_of_10.std() / math.sqrt(len(best_of_10))
    assert found.slowest_ns(10) == pytest.approx(best_of_10.mean(), abs=5 * error + 2 / 16)


def test_the_slowest_of_n_on_an_unloaded_torus_is_that_of_the_hop_distribution() -> None:
    # ring of 4: 1, 2, 1 hops; the larger of two draws is 1 with (2/3)^2, so 14/9 on average
    spec = Torus(shape=(4,))
    where = LatencyInputs(cable_ns_per_m=0.0)
    load = LoadInputs(utilization=0.0)
    topology = topology_of(spec)
    found = latency_distribution(topology, topology.path_classes(), None, delays=PathDelays(inputs=where), load=load)
    assert found.mean_ns == pytest.approx(4 / 3 * 1000)
    assert found.slowest_ns(2) == pytest.approx(14 / 9 * 1000, abs=found.step_ns)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_without_load_it_is_the_latency_of_the_paths(spec: FabricSpec) -> None:
    found = evaluated(spec, utilization=0.0)
    step_us = 4096 * 8 / 400 / 8 / 1000
    assert found.loaded.mean_us == pytest.approx(found.latency_us.mean)
    assert found.loaded.p50_us == pytest.approx(found.latency_us.p50, abs=2.5 * step_us)
    assert found.loaded.p99_us == pytest.approx(found.latency_us.p99, abs=2.5 * step_us)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_load_never_helps_and_percentiles_are_ordered(spec: FabricSpec) -> None:
    before = None
    for utilization in (0.0, 0.2, 0.4, 0.6):
        evaluation = evaluated(spec, utilization=utilization)
        loaded, plain, jitter = evaluation.loaded, evaluation.latency_us, evaluation.jitter
        assert loaded.mean_us >= plain.mean - 1e-9
        assert loaded.p50_us >= plain.p50
        assert loaded.p99_us >= plain.p99
        assert loaded.p50_us <= loaded.p99_us
        assert loaded.slowest_us >= loaded.mean_us
        assert 0 < jitter.kept_share <= 1
        now = (loaded.mean_us, loaded.p99_us, loaded.slowest_us)
        assert before is None or all(new >= old for new, old in zip(now, before, strict=True))
        before = now


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=6, unique=True))
@settings(deadline=None, max_examples=25)
def test_the_expected_slowest_grows_with_the_number_of_messages(counts: list[int]) -> None:
    topology = topology_of(Torus(shape=(4, 4)))
    found = latency_distribution(
        topology, topology.path_classes(), None, delays=PathDelays(), load=LoadInputs(utilization=0.5)
    )
    slowest = [found.slowest_ns(count) for count in sorted(counts)]
    assert slowest == sorted(slowest)


def test_usable_participants_keep_the_share_and_one_more_does_not() -> None:
    spec = Torus(shape=(16, 16, 16))
    found = evaluated(spec, utilization=0.5)
    topology = topology_of(spec)
    load = LoadInputs(utilization=0.5)
    distribution = latency_distribution(topology, topology.path_classes(), None, delays=PathDelays(), load=load)
    most = found.jitter.usable_participants
    allowed_ns = 1e6 * (1 / 0.99 - 1)
    assert 1 < most < found.jitter.counted_up_to
    assert distribution.slowest_ns(most) - distribution.mean_ns <= allowed_ns
    assert distribution.slowest_ns(most + 1) - distribution.mean_ns > allowed_ns


def test_a_large_torus_waits_longer_for_its_slowest_than_a_clos_of_its_size() -> None:
    torus, clos = evaluated(Torus(shape=(16, 16, 16))), evaluated(Clos(accelerators=4096))
    assert torus.jitter.straggle_us > 3 * clos.jitter.straggle_us
    assert torus.jitter.usable_participants < clos.jitter.usable_participants == clos.jitter.counted_up_to


def test_the_short_axis_of_a_torus_is_loaded_less() -> None:
    # rings of 4 and 8: k/8 flows per link, so that the short axis has half of the load
    topology = topology_of(Torus(shape=(4, 8)))
    loads = [factor.load for factor in topology.path_factors()]
    assert loads == pytest.approx([4 / 8, 8 / 8])
    mean = evaluated(Torus(shape=(4, 8)), utilization=0.5, efficiency=1.0).loaded.mean_us
    plain = evaluated(Torus(shape=(4, 8)), utilization=0.0).loaded.mean_us
    service_us = 4096 * 8 / 400 / 1000
    # mean hops over pairs with themselves taken out: 1 and 2 times 32/31; waits 1/6 and 1/2 service
    assert mean - plain == pytest.approx((1 * (0.25 / 1.5) + 2 * 0.5) * 32 / 31 * service_us)


def brute_force_link_loads(shape: tuple[int, int], wrap: tuple[bool, bool]) -> list[float]:
    """Most flows on a link of each axis under dimension-ordered routing of all pairs, ties halved, per N/1."""
    loads: list[dict[tuple, float]] = [{}, {}]
    cells = list(itertools.product(*(range(side) for side in shape)))
    for source, target in itertools.product(cells, cells):
        place = list(source)
        for axis, side in enumerate(shape):
            ahead = (target[axis] - place[axis]) % side
            ways = []
            if wrap[axis]:
                ways = [+1] if 2 * ahead < side else [-1] if 2 * ahead > side else [+1, -1]
            elif target[axis] != place[axis]:
                ways = [+1 if target[axis] > place[axis] else -1]
            for way in ways if ahead else []:
                at = place[axis]
                while at != target[axis]:
                    key = (tuple(place[:axis]), at, tuple(place[axis + 1 :]), way)
                    loads[axis][key] = loads[axis].get(key, 0) + 1 / len(ways)
                    at = (at + way) % side
            place[axis] = target[axis]
    return [max(axis_loads.values()) for axis_loads in loads]


@pytest.mark.parametrize(
    ("shape", "wrap"),
    [((4, 6), (True, True)), ((3, 5), (True, True)), ((4, 5), (False, True)), ((3, 4), (False, False))],
)
def test_link_loads_of_dimension_ordered_routing_are_those_counted(
    shape: tuple[int, int], wrap: tuple[bool, bool]
) -> None:
    factors = topology_of(Torus(shape=shape, wrap=wrap)).path_factors()
    nodes = math.prod(shape)
    assert [factor.load * nodes for factor in factors] == pytest.approx(brute_force_link_loads(shape, wrap))


def exact_worst(flows: int, links: int) -> dict[int, Fraction]:
    """Distribution of the worst link by listing all placements."""
    found: dict[int, int] = {}
    for placement in itertools.product(range(links), repeat=flows):
        worst = max(placement.count(link) for link in range(links))
        found[worst] = found.get(worst, 0) + 1
    return {worst: Fraction(times, links**flows) for worst, times in found.items()}


@pytest.mark.parametrize(("flows", "links"), [(1, 1), (3, 1), (2, 2), (3, 2), (4, 4), (6, 3), (5, 4), (2, 7)])
def test_the_worst_link_has_the_distribution_of_all_placements(flows: int, links: int) -> None:
    expected = exact_worst(flows, links)
    for most in range(flows + 1):
        chance = sum(share for worst, share in expected.items() if worst <= most)
        assert worst_link_cdf(flows, links, most) == pytest.approx(float(chance), abs=1e-12)


@pytest.mark.parametrize(("flows", "links", "places"), [(32, 32, 1), (48, 16, 4), (100, 300, 2)])
def test_the_worst_link_follows_a_seeded_simulation(flows: int, links: int, places: int) -> None:
    draws = 20_000
    rng = np.random.default_rng(11)
    worst = rng.multinomial(flows, np.full(links, 1 / links), size=(draws, places)).max(axis=(1, 2))
    found = collisions_of(flows, links, places)
    assert found.worst_flows_mean == pytest.approx(worst.mean(), abs=5 * worst.std() / math.sqrt(draws))
    counts, at_most = worst_link(flows, links, places)
    for count, chance in zip(counts, at_most, strict=True):
        error = math.sqrt(chance * (1 - chance) / draws)
        assert (worst <= count).mean() == pytest.approx(chance, abs=5 * error + 1 / draws)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 50))
@settings(deadline=None, max_examples=40)
def test_the_worst_link_is_worse_than_an_even_spread_and_than_in_fewer_places(flows, links, places) -> None:
    one, several = collisions_of(flows, links, 1), collisions_of(flows, links, places)
    assert several.slowdown >= one.slowdown - 1e-9 >= 1 - 2e-9
    assert several.worst_flows_mean <= flows + 1e-9
    assert 0 < one.mean_share <= 1


def test_many_flows_per_link_are_bounded_from_above_and_say_so() -> None:
    draws, flows, links = 5000, 8000, 16
    worst = np.random.default_rng(5).multinomial(flows, np.full(links, 1 / links), size=draws).max(axis=1)
    found = collisions_of(flows, links, 1)
    assert "upper bound" in found.model
    assert worst.mean() - 5 * worst.std() / math.sqrt(draws) <= found.worst_flows_mean <= 1.03 * worst.mean()
    assert "exact" in collisions_of(256 * links, links, 1).model


def test_collisions_happen_at_the_leaves_of_every_plane() -> None:
    # radix 64: leaves of 32 with 32 uplinks; 128 leaves, 4 planes
    found = evaluate_fabric(Clos(accelerators=4096, planes=4)).collisions
    assert (found.flows, found.links, found.groups) == (32, 32, 128 * 4)
    assert evaluate_fabric(Clos(accelerators=32)).collisions is None
    assert evaluate_fabric(Torus(shape=(4, 4))).collisions is None


def test_optical_links_add_error_correction_and_short_copper_does_not() -> None:
    # 1024 on two tiers: copper to the leaf, two optical links between leaves
    with_fec = evaluate_fabric(Clos(accelerators=1024))
    figures = {f"cable.{name}-400g": {"fec_ns": 0.0} for name in ("aoc", "dr4", "fr4")}
    without = evaluate_fabric(Clos(accelerators=1024), catalog=load_catalog(figures))
    fec_us = load_catalog().cable("aoc-400g").fec_ns / 1000
    assert with_fec.latency_us.max - without.latency_us.max == pytest.approx(2 * fec_us)
    assert with_fec.latency_us.min == without.latency_us.min


def test_the_published_figures_of_one_switch_move_a_path_of_five_by_more_than_a_microsecond() -> None:
    # 150, 330 and 400 ns are all published for the 64-port NDR switch
    worst = [
        evaluate_fabric(Clos(accelerators=8192), catalog=load_catalog({"switch.ndr-64x400g": {"latency_ns": figure}}))
        for figure in (150, 330, 400)
    ]
    assert worst[1].latency_us.max - worst[0].latency_us.max == pytest.approx(5 * 0.18)
    assert worst[2].latency_us.max - worst[0].latency_us.max == pytest.approx(5 * 0.25)


def test_serialization_counts_once_or_at_every_hop() -> None:
    # 4 kB over 400 Gbit/s: 81.92 ns; the diameter of 4x4 is 4 hops
    spec = Torus(shape=(4, 4))
    plain = evaluate_fabric(spec)
    for store_and_forward, times in ((False, 1), (True, 4)):
        inputs = LatencyInputs(message_bytes=4096, store_and_forward=store_and_forward)
        found = evaluate_fabric(spec, conditions=FabricConditions(latency=inputs))
        assert found.latency_us.max - plain.latency_us.max == pytest.approx(times * 0.08192)
        mean_hops = 1 if not store_and_forward else plain.mean_hops
        assert found.loaded.mean_us - plain.loaded.mean_us == pytest.approx(mean_hops * 0.08192)
        assert found.allreduce_s == plain.allreduce_s  # collectives count their bytes themselves


def test_paths_that_do_not_tell_their_links_take_the_slowest_error_correction() -> None:
    paths = topology_of(Clos(accelerators=1024)).path_classes()
    delays = PathDelays(run_fec_ns=(0.0, 100.0))
    told = class_latency_ns(paths, None, delays)
    untold = class_latency_ns(replace(paths, hops_by_run=None), None, delays)
    assert (untold - told).tolist() == [200.0, 200.0]


def test_load_beyond_what_routing_reaches_is_refused() -> None:
    with pytest.raises(InvalidInput, match="utilization"):
        LoadInputs(utilization=0.7, efficiency=0.7)


def test_mean_share_of_one_stage_hashing() -> None:
    # used links over flows, 1 - (1 - 1/n)^n for as many flows as links
    assert mean_share(2, 2) == pytest.approx(3 / 4)
    assert mean_share(3, 1) == pytest.approx(1 / 3)


def test_a_million_accelerators_are_evaluated_under_load() -> None:
    torus, clos = evaluate_fabric(Torus(shape=(100, 100, 100))), evaluate_fabric(Clos(accelerators=10**6, radix=256))
    for found in (torus, clos):
        assert found.loaded.flows == 10**6
        assert found.loaded.slowest_us > found.latency_us.max
    line = evaluate_fabric(Torus(shape=(20_000,)), conditions=FabricConditions(load=LoadInputs(utilization=0.3)))
    # a long ring has more classes than lattice groups; its mean stays exact
    assert line.loaded.mean_us == pytest.approx(line.latency_us.mean + line.mean_hops * mean_wait(0.3 / 0.7) * 0.08192)
