"""Folded Clos: counts, cuts and hops against brute force on small ones, partly filled leaves and pods included."""

import itertools
import math

import pytest
from fabric.small_graphs import alltoall_by_linear_programme, distances_by_networkx, least_balanced_cut
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos
from topodesign.domain.fabric_switched import ScaleUpClos
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.clos_layout import clos_layout
from topodesign.fabric.scale_up import ScaleUpClosTopology


@st.composite
def small_clos(draw: st.DrawFn, most: int) -> Clos:
    radix = draw(st.sampled_from([4, 6, 8]))
    oversubscription = draw(st.sampled_from([1.0, 2.0, 3.0]))
    tiers = draw(st.sampled_from([None, 2, 3]))
    down = clos_layout(Clos(accelerators=1, radix=radix, tiers=2, oversubscription=oversubscription)).leaf_down
    limit = radix * down if tiers == 2 else radix * radix // 2 * down
    return Clos(
        accelerators=draw(st.integers(1, min(most, limit))),
        radix=radix,
        tiers=tiers,
        oversubscription=oversubscription,
        planes=draw(st.sampled_from([1, 1, 2])),
    )


@st.composite
def small_shaped_clos(draw: st.DrawFn, most: int) -> Clos:
    """Three tiers whose second tier tapers, has another radix or pods of a chosen size."""
    upper_taper, oversubscription = draw(st.sampled_from([1.0, 2.0, 3.0])), draw(st.sampled_from([0.5, 1.0, 3.0]))
    radix, upper_radix = draw(st.sampled_from([4, 6])), draw(st.sampled_from([4, 6, 8, 12]))
    ports_down = upper_radix - math.ceil(upper_radix / (1 + upper_taper))
    pod_leaves = draw(st.integers(1, ports_down))
    leaf_down = radix - math.ceil(radix / (1 + oversubscription))
    return Clos(
        accelerators=draw(st.integers(1, min(most, upper_radix * pod_leaves * leaf_down))),
        radix=radix,
        tiers=3,
        oversubscription=oversubscription,
        upper_oversubscription=upper_taper,
        upper_radix=upper_radix,
        pod_leaves=pod_leaves,
    )


def either_clos(most: int) -> st.SearchStrategy[Clos]:
    return small_clos(most=most) | small_shaped_clos(most=most)


def by_hops(spec: Clos) -> dict[int, int]:
    paths = ClosTopology(spec).path_classes()
    return dict(zip(paths.hops.tolist(), paths.pairs.tolist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(either_clos(most=10))
def test_bisection_encloses_every_balanced_cut_and_is_met_when_exact(spec: Clos) -> None:
    topology = ClosTopology(spec)
    cut = topology.bisection()
    truth = least_balanced_cut(topology.graph())
    assert cut.lower <= truth <= cut.upper
    if cut.exact:
        assert cut.upper == truth


@settings(max_examples=60, deadline=None)
@given(either_clos(most=60))
def test_hops_equal_the_explicit_graph(spec: Clos) -> None:
    assert by_hops(spec) == distances_by_networkx(ClosTopology(spec).graph())


@settings(max_examples=100, deadline=None)
@given(either_clos(most=128))
def test_no_switch_has_more_links_than_ports_and_all_cables_are_counted(spec: Clos) -> None:
    topology = ClosTopology(spec)
    graph = topology.graph()
    ports = [0] * graph.vertices
    for (a, z), number in graph.links.items():
        ports[a] += number
        ports[z] += number
    assert graph.vertices - graph.hosts == sum(topology.switches_by_tier)
    assert all(ports[host] == spec.planes for host in range(graph.hosts))
    leaves = graph.hosts + topology.layout.leaves
    assert all(number <= spec.radix for number in ports[graph.hosts : leaves])
    assert all(number <= max(topology.switch_radix_by_tier) for number in ports[leaves:])
    assert sum(graph.links.values()) == sum(run.count for run in topology.cable_runs())


@settings(max_examples=20, deadline=None)
@given(either_clos(most=9))
def test_all_to_all_is_the_linear_programme_when_exact_and_above_it_otherwise(spec: Clos) -> None:
    topology = ClosTopology(spec)
    rate = topology.alltoall()
    if topology.accelerators == 1:
        assert rate.rate == 0
        return
    truth = alltoall_by_linear_programme(topology.graph())
    assert rate.rate >= truth * (1 - 1e-7)
    if rate.exact:
        assert rate.rate == pytest.approx(truth, rel=1e-7)


@pytest.mark.parametrize(("radix", "accelerators"), list(itertools.product([4, 8, 16, 64], [1, 2, 3, 7, 16])))
def test_a_filled_non_blocking_fabric_cuts_half_of_its_accelerators(radix: int, accelerators: int) -> None:
    # whole leaves, spread evenly: L divides the radix
    count = radix // 2 * min(radix, accelerators)
    cut = ClosTopology(Clos(accelerators=count, radix=radix)).bisection()
    assert cut.upper == count // 2


@pytest.mark.parametrize("oversubscription", [1.0, 3.0])
def test_one_switch_of_radix_r_joins_r_accelerators(oversubscription: float) -> None:
    spec = Clos(accelerators=64, radix=64, planes=2, oversubscription=oversubscription)
    alone = evaluate_fabric(spec)
    assert (alone.switches_by_tier, alone.links, alone.diameter_hops) == ((2,), 128, 2)
    assert (alone.bisection.exact, alone.bisection.links) == (True, 64)  # half of the accelerators, both planes
    assert alone.alltoall.rate_per_pair == pytest.approx(2 / 63)
    assert "64:" not in alone.name
    one_more = clos_layout(Clos(accelerators=65, radix=64))
    assert one_more.switches_by_tier == (3, 2)  # leaves of 32, 32 and 1; 65 uplinks
    asked_for = clos_layout(Clos(accelerators=64, radix=64, tiers=2))
    assert asked_for.switches_by_tier == (2, 1)


def test_a_rail_of_as_many_domains_as_a_switch_has_ports_is_that_switch() -> None:
    # 128 domains, rail-only at radix 128: 72 switches where two tiers would take 72 x (2 leaves + 1 spine)
    rails = ScaleUpClosTopology(ScaleUpClos(accelerators=72 * 128, radix=128, rails="only"))
    assert rails.switches_by_tier[1:] == (72,)
    tiered = ScaleUpClosTopology(ScaleUpClos(accelerators=72 * 128, radix=128, rails="only", tiers=2))
    assert tiered.switches_by_tier[1:] == (144, 72)
    assert rails.bisection().lower == tiered.bisection().lower
    assert rails.alltoall().proven == pytest.approx(tiered.alltoall().proven)


def test_a_partly_filled_leaf_has_as_many_uplinks_as_accelerators() -> None:
    # 127 DGX nodes of 8 = 1016 accelerators, one node slot of 128 given to management (H100 reference architecture)
    layout = clos_layout(Clos(accelerators=1016, radix=64))
    assert (layout.leaves, layout.aggregations) == (32, 16)
    assert (layout.last_hosts, layout.last_uplinks, layout.uplinks) == (24, 24, 1016)
    evaluation = evaluate_fabric(Clos(accelerators=1016, radix=64))
    assert evaluation.bisection.exact
    assert evaluation.bisection.links == 508
    assert evaluation.alltoall.exact
    assert evaluation.alltoall.rate_per_pair == pytest.approx(1 / 1015)
    # 31 leaves of 32 and one of 24: pairs in a leaf at 2 hops, all others at 4
    near = 31 * 32 * 31 + 24 * 23
    assert evaluation.mean_hops == pytest.approx((2 * near + 4 * (1016 * 1015 - near)) / (1016 * 1015))


def test_pods_have_half_the_radix_of_leaves() -> None:
    # radix 4: leaves of 2, pods of 2 leaves = 4 hosts; 6 hosts = one pod and half of another
    assert by_hops(Clos(accelerators=6, radix=4, tiers=3)) == {2: 6, 4: 8, 6: 16}


@pytest.mark.parametrize(("radix", "accelerators"), [(4, 6), (4, 10), (4, 14), (6, 12), (6, 21), (8, 20), (8, 36)])
def test_a_last_pod_of_fewer_leaves(radix: int, accelerators: int) -> None:
    topology = ClosTopology(Clos(accelerators=accelerators, radix=radix, tiers=3))
    if accelerators <= 14:
        cut = topology.bisection()
        assert cut.lower <= least_balanced_cut(topology.graph()) <= cut.upper
    rate = topology.alltoall()
    truth = alltoall_by_linear_programme(topology.graph())
    assert rate.rate >= truth * (1 - 1e-7)
    if rate.exact:
        assert rate.rate == pytest.approx(truth, rel=1e-7)


def test_a_pod_of_4608_with_a_half_filled_last_pod_has_narrow_bounds() -> None:
    # 144 leaves, four pods of 32 and one of 16; 72 cores with 64 ports: four pods of 14 or 15 links and 4 or 8 of the
    # last
    evaluation = evaluate_fabric(Clos(accelerators=4608, radix=64))
    assert evaluation.switches_by_tier == (144, 144, 72)
    assert evaluation.alltoall.exact
    assert evaluation.alltoall.rate_per_pair == pytest.approx(1 / 4607)
    assert evaluation.bisection.upper_gbps == 2304 * 400
    # worst set of cores: the 56 with 14 and 8 links, 784/1024 and 448/512 of the uplinks; 56 leaves of full pods and
    # the last pod on one side: 32 x (72 + 16 x 784/1024 - 16 x 448/512)
    assert evaluation.bisection.lower_gbps == pytest.approx(32 * (72 + 16 * 784 / 1024 - 16 * 448 / 512) * 400)


def test_uneven_uplinks_are_never_called_exact() -> None:
    # radix 64: 47 leaves share 24 spines of 64 ports; 24 x floor(64/47) = 24 ports for each leaf's 32 uplinks
    bisection = evaluate_fabric(Clos(accelerators=1500, radix=64)).bisection
    assert not bisection.exact
    assert bisection.lower_gbps < bisection.upper_gbps == 750 * 400


def test_planes_multiply_everything_but_hops() -> None:
    one = evaluate_fabric(Clos(accelerators=1024, radix=64))
    four = evaluate_fabric(Clos(accelerators=1024, radix=64, planes=4))
    assert four.switches == 4 * one.switches
    assert four.links == 4 * one.links
    assert four.bisection.gbps == 4 * one.bisection.gbps
    assert four.alltoall.gbps_per_accelerator == pytest.approx(4 * one.alltoall.gbps_per_accelerator)
    assert four.cost_usd == pytest.approx(4 * one.cost_usd)
    assert (four.mean_hops, four.latency_us) == (one.mean_hops, one.latency_us)


def test_relaxing_the_taper_never_lowers_bandwidth() -> None:
    tapered = [evaluate_fabric(Clos(accelerators=2688, radix=64, oversubscription=taper)) for taper in (7, 3, 1)]
    widths = [evaluation.bisection.upper_gbps for evaluation in tapered]
    rates = [evaluation.alltoall.gbps_per_accelerator for evaluation in tapered]
    assert widths == sorted(widths)
    assert rates == sorted(rates)


def test_one_accelerator_has_one_switch_and_no_pairs() -> None:
    evaluation = evaluate_fabric(Clos(accelerators=1))
    assert evaluation.switches_by_tier == (1,)
    assert evaluation.mean_hops == 0
    assert evaluation.bisection.gbps == 0
    assert evaluation.allreduce_s == 0
    assert evaluation.latency_us.mean == 0


def test_two_accelerators_meet_at_one_leaf() -> None:
    evaluation = evaluate_fabric(Clos(accelerators=2))
    assert (evaluation.diameter_hops, evaluation.mean_hops, evaluation.bisection.links) == (2, 2, 1)


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        ({"accelerators": 65537, "radix": 64}, "65536"),  # radix^3 / 4
        ({"accelerators": 2049, "radix": 64, "tiers": 2}, "2048"),  # radix^2 / 2
    ],
)
def test_too_many_accelerators_for_the_radix_are_refused_with_the_limit(spec: dict[str, int], most: str) -> None:
    with pytest.raises(InvalidInput, match=f"at most {most}; use") as raised:
        evaluate_fabric(Clos(**spec))  # type: ignore[arg-type]  # all of these are whole numbers
    assert raised.value.reason == "FABRIC_TOO_LARGE"
    assert raised.value.field_path == "accelerators"


def test_an_odd_radix_is_refused() -> None:
    with pytest.raises(InvalidInput, match="even"):
        Clos(accelerators=8, radix=5)


def test_tapers_of_two_tiers_multiply() -> None:
    # 4 pods of 4 leaves x 6 accelerators; a leaf has 2 uplinks (3:1), a switch of the second tier 4 down, 2 up (2:1):
    # a pod of 24 has 2 x 2 = 24 / (3 x 2) uplinks; two pods against two cut 2 x 4
    spec = Clos(
        accelerators=96, radix=8, oversubscription=3, upper_radix=6, upper_oversubscription=2, pod_leaves=4, tiers=3
    )
    cut = ClosTopology(spec).bisection()
    assert (cut.upper, cut.exact) == (2 * 4, True)
    assert cut.upper == 96 / 2 / (3 * 2)


def test_more_links_up_than_down_do_not_raise_the_cut_above_the_accelerators() -> None:
    # leaves of radix 12 with 4 down and 8 up: half of 32 accelerators still have only 16 links
    evaluation = evaluate_fabric(Clos(accelerators=32, radix=12, oversubscription=0.5))
    assert evaluation.bisection.links == 16
    assert evaluation.alltoall.rate_per_pair == pytest.approx(1 / 31)


def test_a_pod_needs_a_port_down_for_every_leaf() -> None:
    with pytest.raises(InvalidInput, match=r"pod_leaves is 5, but it must be at most 4 .*larger upper_radix"):
        ClosTopology(Clos(accelerators=64, radix=8, tiers=3, pod_leaves=5))
