"""Degraded fabrics: what fails together, what is left, and what is proven of it against independent answers."""

import functools
import itertools
from random import Random

import numpy as np
import pytest
from fabric.failure_fabrics import WrittenFabric, certificates_of, figures_of, without
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_failures import FailureKind
from topodesign.domain.fabric_kinds import HyperX
from topodesign.domain.fabric_switched import Jellyfish, SlimFly
from topodesign.fabric import fail, topology_of
from topodesign.fabric.distances import hop_histogram
from topodesign.fabric.failures import FailureDomains
from topodesign.fabric.failures_hops import KnownHops


def test_a_parallel_link_fails_alone() -> None:
    # 2x2 with double links: 4 edges of 2 links each; one link less leaves 7 and every pair connected
    left = fail(topology_of(Torus(shape=(2, 2))), {"link": [0]})
    assert sorted(left.graph.links.values()) == [1, 2, 2, 2]
    assert (left.links_lost, left.disconnected_pairs) == (1, 0)


def test_a_dead_leaf_takes_its_accelerators_along() -> None:
    # radix 64: 32 accelerators and 32 uplinks on a leaf; 992 of 1024 stay: 992 x 991 of 1024 x 1023 ordered pairs
    left = fail(topology_of(Clos(accelerators=1024, radix=64)), {"switch": [0]})
    assert (left.links_lost, len(left.in_service)) == (64, 992)
    assert left.connected_pairs == 992 * 991
    assert left.disconnected_pairs == 1024 * 1023 - 992 * 991


def test_a_dead_spine_takes_no_accelerator() -> None:
    topology = topology_of(Clos(accelerators=1024, radix=64))
    left = fail(topology, {"switch": [40]})
    assert (len(left.in_service), left.links_lost) == (1024, 64)
    # 16 spines, 2 uplinks of each leaf to each: 30 of 32 are left. A leaf sends 32 x (1024 - 32) flows of rate r / 1023
    found = figures_of(topology, left)
    assert found.rate.lower == pytest.approx(30 * 1023 / (32 * 992), rel=1e-5)
    assert found.rate.upper == pytest.approx(30 * 1023 / (32 * 992), rel=1e-5)


def test_a_server_with_single_adapters_is_lost_with_one_of_them() -> None:
    topology = topology_of(Clos(accelerators=1024, radix=64))
    left = fail(topology, {"nic": [3]})
    assert left.in_service.tolist() == list(range(8, 1024))
    assert left.links_lost == 1


def test_an_accelerator_with_an_adapter_on_each_of_two_planes_degrades() -> None:
    # it keeps 1 of 2 links, and a uniform all-to-all is as slow as its slowest accelerator; both dead: out of service
    topology = topology_of(Clos(accelerators=64, radix=16, planes=2))
    one = fail(topology, {"nic": [0]})
    assert len(one.in_service) == 64
    assert figures_of(topology, one, outcomes=1000).rate.upper == pytest.approx(1.0)
    assert topology.alltoall().rate * 63 == pytest.approx(2.0)
    assert len(fail(topology, {"nic": [0, 1]}).in_service) == 56


def test_a_dead_rail_leaf_takes_all_servers_of_its_rail_group() -> None:
    # a leaf of radix 64 serves one accelerator of each of 32 servers of 8; 256 of 1024 are out
    left = fail(topology_of(Clos(accelerators=1024, radix=64, rail_optimized=True)), {"switch": [0]})
    assert len(left.in_service) == 1024 - 256


@pytest.mark.parametrize(
    ("kind", "links", "accelerators"),
    # a host of 2x2x1: 4 x 6 ends, 4 links inside; a block of 4x4x4: 144 links inside and 6 faces of 16
    [("host", 20, 4), ("block", 240, 64), ("link", 1, 0), ("ocs", 16, 0)],
)
def test_units_of_a_torus(kind: FailureKind, links: int, accelerators: int) -> None:
    # 8x8x16 has 16 blocks, hence 16 links on each OCS
    topology = topology_of(Torus(shape=(8, 8, 16)))
    left = fail(topology, {kind: [1]})
    assert left.links_lost == links
    assert len(left.in_service) == 1024 - accelerators


def test_a_pod_of_a_three_tier_clos_is_a_block_with_its_switches() -> None:
    # k = 4: a pod has 4 accelerators, 2 + 2 switches, 4 + 4 links inside and 4 up
    left = fail(topology_of(Clos(accelerators=16, radix=4, tiers=3)), {"block": [0]}, accelerators_per_host=1)
    assert (left.links_lost, len(left.in_service)) == (12, 12)


def test_parts_are_counted_and_only_the_largest_stays_in_service() -> None:
    # a path of 7 cut between 3 and 4: parts of 4 and 3, 4 x 3 + 3 x 2 of 42 ordered pairs connected
    topology = topology_of(Torus(shape=(7,), wrap=(False,)))
    left = fail(topology, {"link": [3]}, accelerators_per_host=1)
    assert left.in_service.tolist() == [0, 1, 2, 3]
    assert (left.connected_pairs, left.disconnected_pairs) == (18, 24)
    assert left.connected_share == pytest.approx(18 / 42)
    # a path of 4: width 1, middle link carries 2 x 2 pairs each way, so 3/4 per accelerator; 3 hops
    found = figures_of(topology, left)
    assert (found.bisection.lower, found.bisection.upper, found.diameter) == (1, 1, 3)
    assert found.rate.upper == pytest.approx(3 / 4)


def test_everything_may_fail() -> None:
    topology = topology_of(Torus(shape=(3,)))
    left = fail(topology, {"link": [0, 1, 2]})
    assert (len(left.in_service), left.connected_share) == (0, 0.0)
    assert figures_of(topology, left).rate.upper == 0


def test_a_ring_without_a_link_is_a_path() -> None:
    # closed forms of the path of 8 (an independent family member): width 1, diameter 7, 1 / (4 x 4) per pair
    ring, path = topology_of(Torus(shape=(8,))), topology_of(Torus(shape=(8,), wrap=(False,)))
    left = fail(ring, {"link": [5]})
    found = figures_of(ring, left)
    assert (found.bisection.lower, found.bisection.upper) == (path.bisection().lower, path.bisection().upper)
    assert found.diameter == 7
    assert found.rate.lower == pytest.approx(path.alltoall().rate * 7, rel=1e-5)
    assert found.rate.upper == pytest.approx(path.alltoall().rate * 7, rel=1e-5)


@pytest.mark.parametrize("kind", ["ocs", "switch", "nic"])
def test_a_kind_that_a_fabric_does_not_have_is_told(kind: FailureKind) -> None:
    with pytest.raises(InvalidInput, match=f"torus 5x5 has none; leave {kind} out") as caught:
        fail(topology_of(Torus(shape=(5, 5))), {kind: [0]})
    assert caught.value.reason == "FAILURES_NO_UNITS"


def test_a_unit_that_does_not_exist_is_told() -> None:
    with pytest.raises(InvalidInput, match="it must be 0 to 8"):
        fail(topology_of(Torus(shape=(9,))), {"link": [9]})


def test_a_fabric_too_large_for_its_graph_is_told() -> None:
    with pytest.raises(InvalidInput, match="at most 300000"):
        fail(topology_of(Torus(shape=(100, 100, 100))), {"link": [0]})


SMALL: tuple[tuple[FabricSpec, int], ...] = (
    (Torus(shape=(3, 3)), 1),
    (Torus(shape=(4, 2), two_wide="double"), 1),
    (Torus(shape=(5, 2), wrap=(True, False)), 2),
    (Torus(shape=(2, 2, 2)), 4),
    (Clos(accelerators=8, radix=4), 2),
    (Clos(accelerators=7, radix=4), 1),
    (Clos(accelerators=6, radix=4, planes=2), 1),
)


@st.composite
def small_failures(draw: st.DrawFn) -> tuple[FabricSpec, int, FailureKind, list[int]]:
    spec, per_host = draw(st.sampled_from(SMALL))
    kinds: list[FailureKind] = ["link", "host"] if isinstance(spec, Torus) else ["link", "switch", "nic", "host"]
    kind = draw(st.sampled_from(kinds))
    count = FailureDomains(topology_of(spec), per_host).units(kind).count
    return spec, per_host, kind, draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=4, unique=True))


small_topology = functools.cache(topology_of)


@given(small_failures())
@settings(max_examples=120, deadline=None)
def test_certificates_hold_the_truth(case: tuple[FabricSpec, int, FailureKind, list[int]]) -> None:
    # every half of the accelerators with a minimum cut for the switches, and the whole linear programme, by code
    # that shares nothing with the engine; distances by networkx
    spec, per_host, kind, units = case
    topology = small_topology(spec)
    left = without(topology, kind, units, per_host)
    hosts = left.graph.hosts
    found = certificates_of(topology, left)
    if hosts < 2:
        assert found.rate.upper == found.bisection.upper == 0
        return
    width = least_balanced_cut(left.graph)
    assert found.bisection.lower <= width <= found.bisection.upper
    rate = alltoall_by_linear_programme(left.graph) * (hosts - 1)
    assert found.rate.lower <= rate * (1 + 1e-7)
    assert rate <= found.rate.upper * (1 + 1e-7)
    assert found.diameter == max(distances_by_networkx(left.graph))
    within = figures_of(topology, left)
    assert within.bisection.lower <= width <= within.bisection.upper
    assert within.rate.lower * (1 - 1e-5) <= rate <= within.rate.upper * (1 + 1e-5)


@given(st.integers(0, 2**32), st.integers(1, 10), st.integers(1, 10))
@settings(max_examples=25, deadline=None)
def test_more_dead_links_never_help(seed: int, few: int, more: int) -> None:
    topology = topology_of(Torus(shape=(4, 4, 4)))
    order = np.random.default_rng(seed).permutation(192)
    first = without(topology, "link", order[:few].tolist(), 1)
    second = without(topology, "link", order[: few + more].tolist(), 1)
    assert second.connected_pairs <= first.connected_pairs
    if len(first.in_service) == len(second.in_service) == 64:
        whole, fewer, most = topology.bisection(), certificates_of(topology, first), certificates_of(topology, second)
        assert most.bisection.lower <= fewer.bisection.upper <= whole.upper
        assert most.rate.lower <= fewer.rate.upper <= topology.alltoall().rate * 63 * (1 + 1e-9)
        assert most.diameter >= fewer.diameter >= 6


def test_more_dead_links_never_raise_the_exact_rate() -> None:
    topology = topology_of(Torus(shape=(4, 4)))
    order = np.random.default_rng(7).permutation(32)
    rates, widths = [], []
    for dead in range(0, 12, 2):
        left = without(topology, "link", order[:dead].tolist(), 1)
        assert len(left.in_service) == 16
        found = figures_of(topology, left)
        assert found.rate.exact
        assert found.bisection.exact
        rates.append(found.rate.upper)
        widths.append(found.bisection.upper)
    # the whole torus: 8 / (16 x 4) per pair, and 8 links
    assert rates[0] == pytest.approx(15 / 8, rel=1e-5)
    assert widths[0] == 8
    assert all(later <= earlier * (1 + 2e-6) for earlier, later in itertools.pairwise(rates))
    assert widths == sorted(widths, reverse=True)


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 17), min_size=1, max_size=5, unique=True))
@settings(max_examples=30, deadline=None)
def test_names_do_not_matter(random: Random, dead: list[int]) -> None:
    # a 3x3 torus and the same one with its accelerators renumbered, the same cables dead in both
    own = topology_of(Torus(shape=(3, 3))).graph()
    place = list(range(9))
    random.shuffle(place)
    ends = list(zip(own.a.tolist(), own.z.tolist(), strict=True))
    moved = [tuple(sorted((place[a], place[z]))) for a, z in ends]
    first = WrittenFabric(9, 9, tuple((a, z, 1) for a, z in ends))
    second = WrittenFabric(9, 9, tuple((a, z, 1) for a, z in moved))
    renamed = [sorted(moved).index(moved[link]) for link in dead]
    left, right = without(first, "link", dead, 1), without(second, "link", renamed, 1)
    assert left.connected_pairs == right.connected_pairs
    one, other = figures_of(first, left), figures_of(second, right)
    if left.disconnected_pairs == 0:
        assert one.diameter == other.diameter
        assert one.bisection.upper == other.bisection.upper
        assert one.rate.upper == pytest.approx(other.rate.upper, rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [
            (Torus(shape=(4, 4, 4)), "link"),
            (Torus(shape=(5, 3, 3), wrap=(True, False, True)), "host"),
            (HyperX(shape=(4, 5)), "host"),
            (SlimFly(q=5, p=1), "switch"),
            (Jellyfish(switches=20, network_ports=3, server_ports=1), "link"),
            (Jellyfish(switches=20, network_ports=3, server_ports=1), "nic"),
        ]
    ),
    st.integers(0, 2**32),
    st.floats(0, 0.5),
)
def test_distances_told_from_the_whole_fabric_are_those_of_a_search(
    case: tuple[FabricSpec, FailureKind], seed: int, share: float
) -> None:
    domains = FailureDomains(topology_of(case[0]))
    count = domains.units(case[1]).count
    failed = np.sort(np.random.default_rng(seed).permutation(count)[: 1 + int(share * count)])
    left = domains.without({case[1]: failed})
    known = KnownHops.of(domains.graph)
    assert known is not None
    assert known.after(left).pairs.tolist() == hop_histogram(left.graph).pairs.tolist()


def test_fabrics_of_twins_are_searched_anew() -> None:
    # 16 accelerators to a leaf: as twins they are searched from once
    assert KnownHops.of(topology_of(Clos(accelerators=128, radix=32)).graph()) is None
