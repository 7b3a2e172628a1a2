"""Scale-up domains joined by a Clos: against brute force on small ones, in all three ways of hanging rails."""

from collections import Counter, deque

import numpy as np
import pytest
from fabric.small_graphs import alltoall_by_linear_programme, least_balanced_cut
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos
from topodesign.domain.fabric_switched import ScaleUpClos
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.bill import fabric_bill
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.collectives_table import collectives
from topodesign.fabric.scale_up import ScaleUpClosTopology
from topodesign.fabric.topology import CableRun, FabricGraph, StepLatency


@st.composite
def small_scale_up(draw: st.DrawFn, most: int) -> ScaleUpClos:
    domain = draw(st.integers(1, 4))
    spec = ScaleUpClos(
        accelerators=domain * draw(st.integers(1, most // domain)),
        domain=domain,
        scale_up_switches=draw(st.integers(1, 3)),
        radix=draw(st.sampled_from([4, 6, 8])),
        oversubscription=draw(st.sampled_from([1.0, 3.0])),
        planes=draw(st.sampled_from([1, 1, 2])),
        rails=draw(st.sampled_from(["none", "optimized", "only"])),
        domain_rails=draw(st.sampled_from([part for part in range(1, domain + 1) if domain % part == 0])),
    )
    try:
        ScaleUpClosTopology(spec)
    except InvalidInput:
        assume(False)
    return spec


def hops_without_forwarding(graph: FabricGraph, *, may_forward: bool) -> dict[int, int]:
    """Ordered pairs by distance, where only the first vertex of a path may be an accelerator unless they forward."""
    neighbors: dict[int, list[int]] = {}
    for a, z in graph.links:
        neighbors.setdefault(a, []).append(z)
        neighbors.setdefault(z, []).append(a)
    counts: Counter[int] = Counter()
    for source in range(graph.hosts):
        found, queue = {source: 0}, deque([source])
        while queue:
            vertex = queue.popleft()
            if vertex != source and vertex < graph.hosts and not may_forward:
                continue
            for other in neighbors.get(vertex, ()):
                if other not in found:
                    found[other] = found[vertex] + 1
                    queue.append(other)
        counts.update(found[other] for other in range(graph.hosts) if other != source)
    return dict(sorted(counts.items()))


@settings(max_examples=60, deadline=None)
@given(small_scale_up(most=60))
def test_hops_equal_the_explicit_graph(spec: ScaleUpClos) -> None:
    topology = ScaleUpClosTopology(spec)
    paths = topology.path_classes()
    found: Counter[int] = Counter()
    for hops, pairs in zip(paths.hops.tolist(), paths.pairs.tolist(), strict=True):
        found[hops] += pairs
    assert dict(found) == hops_without_forwarding(topology.graph(), may_forward=spec.rails == "only")


@settings(max_examples=40, deadline=None)
@given(small_scale_up(most=10))
def test_bisection_encloses_every_balanced_cut_and_is_met_when_exact(spec: ScaleUpClos) -> None:
    topology = ScaleUpClosTopology(spec)
    cut = topology.bisection()
    truth = least_balanced_cut(topology.graph())
    assert cut.lower <= truth <= cut.upper
    if cut.exact:
        assert cut.upper == truth


@settings(max_examples=20, deadline=None)
@given(small_scale_up(most=9))
def test_all_to_all_encloses_the_linear_programme(spec: ScaleUpClos) -> None:
    topology = ScaleUpClosTopology(spec)
    rate = topology.alltoall()
    if topology.accelerators == 1:
        assert rate.rate == 0
        return
    truth = alltoall_by_linear_programme(topology.graph())
    assert rate.proven * (1 - 1e-7) <= truth <= rate.rate * (1 + 1e-7)


@settings(max_examples=60, deadline=None)
@given(small_scale_up(most=60))
def test_all_cables_and_switches_are_counted(spec: ScaleUpClos) -> None:
    topology = ScaleUpClosTopology(spec)
    graph, runs = topology.graph(), topology.cable_runs()
    assert graph.switches == sum(topology.switches_by_tier)
    by_run = np.bincount(graph.run, weights=graph.count, minlength=len(runs))
    assert by_run.tolist() == [run.count for run in runs]
    assert all(np.all(graph.rate[graph.run == place] == run.rate) for place, run in enumerate(runs))


def test_rates_inside_and_outside_are_their_own() -> None:
    # 2 domains of 2; inside 3 switches at 200 G, outside 400 G: a split domain would cut 1.5 links, two domains apart 2
    spec = ScaleUpClos(accelerators=4, domain=2, scale_up_switches=3, scale_up_gbps=200.0, radix=8)
    topology = ScaleUpClosTopology(spec)
    assert topology.places.scale_up == pytest.approx(1.5)
    assert (topology.bisection().upper, topology.bisection().exact) == (2.0, True)
    # to each of 2 accelerators outside over one link; the 1.5 links inside have 1 pair
    assert topology.alltoall().rate == pytest.approx(1 / 2)


def test_the_hierarchy_spares_the_links_between_domains() -> None:
    # S = 1 GB, 8 domains of 72: inside 2 x 71/72 S / 900 GB/s, across 2 x 7/8 x S/72 / 50 GB/s
    topology = ScaleUpClosTopology(ScaleUpClos(accelerators=576))
    rows = collectives(topology, 1e9, StepLatency(neighbor_s=0, farthest_s=0))
    by_name = {row.algorithm: row.seconds for row in rows if row.operation == "all_reduce"}
    inside, between = 2 * 71 / 72 / 900, 2 * 7 / 8 / 72 / 50
    assert by_name["hierarchical over domains, ring between"] == pytest.approx(inside + between)
    assert by_name["hierarchical over domains, in pieces: inside and between at once"] == pytest.approx(inside)
    assert by_name["ring"] == pytest.approx(2 * 575 / 576 / 50)
    # no accelerator sends more than its 18 + 1 links of 50 GB/s: 2 x 575/576 / 950 s
    assert rows[0].lower_bound_s == pytest.approx(2 * 575 / 576 / 950)
    assert rows[0].ratio == pytest.approx(71 / 72 / 18 / (575 / 576 / 19))


@pytest.mark.parametrize(
    ("spec", "rank_links", "levels"),
    [
        # leaves of 48 down and 16 up hold 6 rails of all 8 domains: nothing leaves them
        (ScaleUpClos(accelerators=576, oversubscription=3.0), 1.0, [(8, 8 / 3)]),
        # 64 domains fill one switch for each rail; of 128 each leaf holds 32 of one rail; with 18 accelerators of a
        # domain on a rail not even two of them
        (ScaleUpClos(accelerators=72 * 64, rails="only"), 1.0, []),
        (ScaleUpClos(accelerators=72 * 128, rails="only"), 1.0, [(32, 32)]),
        (ScaleUpClos(accelerators=72 * 32, domain_rails=4, rails="only", oversubscription=3.0), 1 / 3, []),
        # domains of 8 on leaves of 12 down and 4 up: without rails a leaf has a domain and a half
        (ScaleUpClos(accelerators=64, domain=8, radix=16, oversubscription=3.0, rails="none"), 1 / 3, []),
        # domains of 4 with all rails together: three on a leaf
        (ScaleUpClos(accelerators=48, domain=4, radix=16, oversubscription=3.0, rails="none", tiers=2), 1.0, [(3, 1)]),
    ],
)
def test_domains_that_share_leaves_exchange_without_their_uplinks(spec, rank_links, levels) -> None:
    outside = ScaleUpClosTopology(spec).collective_shape().outside
    assert outside.rank_links == pytest.approx(rank_links)
    assert [(level.ranks, level.uplinks) for level in outside.levels] == [
        (ranks, pytest.approx(uplinks)) for ranks, uplinks in levels
    ]


def test_partly_filled_domains_are_refused_with_the_nearest_sizes() -> None:
    with pytest.raises(InvalidInput, match=r"accelerators is 100, .* use 72 or 144 accelerators"):
        ScaleUpClos(accelerators=100)


def test_rails_of_three_tiers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="rails of two tiers of radix 4 hold at most 16"):
        ScaleUpClosTopology(ScaleUpClos(accelerators=24, domain=2, radix=4, rails="only"))


def test_a_whole_evaluation_has_both_networks() -> None:
    evaluation = evaluate_fabric(ScaleUpClos(accelerators=576, domain_rails=4))
    assert evaluation.links == 576 * 18 + 576 + sum(run.count for run in clos_runs(576)[1:])
    assert evaluation.diameter_hops == 4
    assert evaluation.allreduce_algorithm.startswith("hierarchical")
    # injection: 18 links inside and one outside
    assert evaluation.throughput[0].value <= 1


def clos_runs(accelerators: int) -> tuple[CableRun, ...]:
    return ClosTopology(Clos(accelerators=accelerators, radix=64)).cable_runs()


def test_scale_up_switches_come_with_the_racks_and_leaves_are_paid_by_their_ports() -> None:
    # 2 domains of 4 with 2 scale-up switches, a leaf of 8 of 16 ports; catalogue prices
    catalog = load_catalog()
    topology = ScaleUpClosTopology(
        ScaleUpClos(accelerators=8, domain=4, scale_up_switches=2, scale_up_gbps=800, radix=16, link_gbps=400)
    )
    price = next(switch for switch in catalog.switches if switch.id == "ndr-64x400g").cost_usd
    lines = {line.what: line for line in fabric_bill(topology, catalog).lines}
    assert (lines["switches of tier 1"].count, lines["switches of tier 1"].cost_usd) == (4, 0.0)
    assert lines["switches of tier 2"].cost_usd == pytest.approx(1 * price * 16 / 64)
    assert lines["accelerator to scale-up switch"].item == "rack-backplane"
    assert lines["accelerator to leaf"].item == "dac-400g"
