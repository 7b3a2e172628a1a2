"""Laws of every family: renaming changes nothing, another link never takes anything away, lower ends are below."""

import math
from dataclasses import replace
from random import Random

import pytest
from fabric import small_families
from fabric.small_families import Case

from topodesign.domain.fabric import Clos, FabricEvaluation, FabricSpec, HammingMesh, HyperX, Torus
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    Edge,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
)
from topodesign.fabric import evaluate_fabric, fabric_kinds, fabric_of_size, topology_of
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.hops import mean_hops

CASES = small_families.one_of_each()
ROUNDING = 1 + 2e-6
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def listed(graph: FabricGraph, random: Random, *, link_gbps: float = 400.0) -> EdgeList:
    """The graph as a list of edges in any order, with names that say nothing about places."""
    names = [f"v{number}" for number in random.sample(range(10**6), graph.vertices)]
    edges = []
    for a, z, count, rate in zip(
        graph.a.tolist(), graph.z.tolist(), graph.count.tolist(), graph.rate.tolist(), strict=True
    ):
        ends = random.sample([names[a], names[z]], 2)
        edges.append(Edge(a=ends[0], z=ends[1], count=count, gbps=rate * link_gbps))
    accelerators = random.sample(names[: graph.hosts], graph.hosts)
    return EdgeList(
        accelerators=tuple(accelerators), edges=tuple(random.sample(edges, len(edges))), link_gbps=link_gbps
    )


@each
def test_renaming_and_reordering_changes_nothing(case: Case) -> None:
    topology = topology_of(case.spec)
    first, second = (topology_of(listed(topology.graph(), Random(seed))) for seed in (1, 2))
    cuts, rates = [], []
    for renamed in (first, second):
        cut, rate = renamed.bisection(), renamed.alltoall()
        assert cut.lower <= topology.bisection().upper * ROUNDING
        assert topology.bisection().lower <= cut.upper * ROUNDING
        assert rate.proven <= topology.alltoall().rate * ROUNDING
        assert topology.alltoall().proven <= rate.rate * ROUNDING
        if case.hosts_forward:
            assert mean_hops(renamed.path_classes()) == pytest.approx(mean_hops(topology.path_classes()), rel=1e-12)
        cuts.append((cut.lower, cut.upper))
        rates += [rate.proven, rate.rate]
    assert cuts[0] == pytest.approx(cuts[1], rel=1e-9)
    assert rates[:2] == pytest.approx(rates[2:], rel=2e-6)


@each
def test_another_link_never_takes_capacity_away(case: Case) -> None:
    graph = topology_of(case.spec).graph()
    before, random = topology_of(case.spec), Random(3)
    spec = listed(graph, random)
    names = [
        *spec.accelerators,
        *sorted({end for edge in spec.edges for end in (edge.a, edge.z)} - {*spec.accelerators}),
    ]
    a, z = random.sample(names, 2)
    after = topology_of(replace(spec, edges=(*spec.edges, Edge(a=a, z=z))))
    assert after.bisection().upper >= before.bisection().lower / ROUNDING
    assert after.alltoall().rate >= before.alltoall().proven / ROUNDING
    if case.hosts_forward:
        assert mean_hops(after.path_classes()) <= mean_hops(before.path_classes()) * ROUNDING


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (Torus(shape=(7, 5), wrap=(False, False)), Torus(shape=(7, 5), wrap=(True, False))),
        (Torus(shape=(7, 5), wrap=(True, False)), Torus(shape=(7, 5))),
        (Torus(shape=(2, 6), two_wide="single"), Torus(shape=(2, 6), two_wide="double")),
        (Torus(shape=(4, 3)), HyperX(shape=(4, 3))),
        (Clos(accelerators=60, radix=8, oversubscription=3), Clos(accelerators=60, radix=8)),
        (Clos(accelerators=60, radix=8), Clos(accelerators=60, radix=8, planes=2)),
        (Clos(accelerators=24, radix=8, tiers=3, upper_oversubscription=3), Clos(accelerators=24, radix=8, tiers=3)),
        (HammingMesh(board=(2, 2), shape=(3, 3)), HammingMesh(board=(2, 2), shape=(3, 3), planes=2)),
        (
            ScaleUpClos(accelerators=32, domain=8, scale_up_switches=2, radix=8),
            ScaleUpClos(accelerators=32, domain=8, scale_up_switches=3, radix=8),
        ),
        (
            ScaleUpClos(accelerators=32, domain=8, scale_up_switches=2, radix=8, rails="only"),
            ScaleUpClos(accelerators=32, domain=8, scale_up_switches=2, radix=8, rails="only", planes=2),
        ),
        (Dragonfly(p=2, a=4, h=1, groups=4), Dragonfly(p=2, a=4, h=2, groups=4)),
        (
            DragonflyPlus(p=2, leaves=2, spines=2, h=1, groups=3),
            DragonflyPlus(p=2, leaves=2, spines=2, h=2, groups=3),
        ),
        (
            DirectBlocks(blocks=3, p=2, leaves=2, aggregations=2, h=2),
            DirectBlocks(blocks=3, p=2, leaves=2, aggregations=2, h=4),
        ),
        (
            DirectBlocks(blocks=3, p=4, leaves=2, aggregations=2, h=4),
            DirectBlocks(blocks=3, p=4, leaves=2, aggregations=2, h=4, leaf_links=2),
        ),
    ],
)  # fmt: skip
def test_a_fabric_of_more_links_has_no_less_bandwidth(less: FabricSpec, more: FabricSpec) -> None:
    poor, rich = topology_of(less), topology_of(more)
    assert sum(run.count for run in rich.cable_runs()) > sum(run.count for run in poor.cable_runs())
    assert rich.bisection().upper >= poor.bisection().lower
    assert rich.alltoall().rate >= poor.alltoall().proven / ROUNDING
    if rich.bisection().exact and poor.bisection().exact:
        assert rich.bisection().upper >= poor.bisection().upper


@pytest.mark.parametrize(
    "spec",
    [
        Torus(shape=(9, 5, 3), wrap=(True, False, True)),
        Torus(shape=(6, 6, 12), twist=True),
        Clos(accelerators=301, radix=16, oversubscription=2.5),
        Clos(accelerators=700, radix=16, tiers=3, upper_oversubscription=3, planes=2),
        ScaleUpClos(accelerators=144, domain=36, scale_up_switches=5, scale_up_gbps=300.0, radix=16, rails="only"),
        ScaleUpClos(accelerators=144, domain=36, radix=16, oversubscription=2.0),
        HammingMesh(board=(4, 3), shape=(5, 7), radix=8),
        Dragonfly(p=3, a=4, h=2, groups=7),
        DragonflyPlus(p=3, leaves=3, spines=4, h=2, groups=5),
        DirectBlocks(blocks=6, p=4, leaves=4, aggregations=4, h=4),
        SlimFly(q=7, p=2),
        Jellyfish(switches=30, network_ports=7, server_ports=3, seed=9),
        # links that are faster and slower than the rate that others are counted in
        ScaleUpClos(accelerators=64, domain=16, scale_up_switches=4, scale_up_gbps=1600.0, radix=16),
        EdgeList(accelerators=("a", "b"), edges=(Edge(a="a", z="b", gbps=800.0),)),
        *(case.spec for case in small_families.edge_lists()),
    ],
    ids=lambda spec: spec.kind,
)
def test_lower_ends_are_below_upper_ends_everywhere(spec: FabricSpec) -> None:
    assert_ordered(evaluate_fabric(spec))


@pytest.mark.parametrize("kind", fabric_kinds())
def test_lower_ends_are_below_upper_ends_at_the_usual_proportions(kind: str) -> None:
    sizes = {"slimfly": 200, "scale-up-clos": 144, "fat-tree": 250, "direct-blocks": 512}
    assert_ordered(evaluate_fabric(fabric_of_size(kind, sizes.get(kind, 256))))


def assert_ordered(found: FabricEvaluation) -> None:
    cut, rate = found.bisection, found.alltoall
    assert 0 < cut.lower_gbps <= cut.upper_gbps == cut.gbps
    assert cut.exact == (cut.lower_gbps == cut.upper_gbps)
    assert 0 <= rate.lower_gbps_per_accelerator <= rate.gbps_per_accelerator * ROUNDING
    # what a rate carries across the middle cannot be more than crosses it
    count = found.accelerators
    pairs = (count // 2) * (count - count // 2)
    assert rate.lower_gbps_per_accelerator / (count - 1) * pairs <= cut.upper_gbps * ROUNDING
    for share in found.throughput:
        assert 0 <= share.lower <= share.upper * ROUNDING
        assert share.upper <= ROUNDING
        assert share.value == share.upper
    for row in found.collectives:
        assert row.lower_bound_s <= row.seconds * ROUNDING or "upper bound" in row.algorithm, row
        assert math.isclose(row.seconds, row.latency_s + row.bandwidth_s, rel_tol=1e-9)
    latency = found.latency_us
    assert 0 < latency.min <= latency.p50 <= latency.p99 <= latency.max
    assert latency.min <= latency.mean <= latency.max
    assert found.loaded is not None
    assert found.loaded.p50_us >= latency.p50
    assert found.loaded.p99_us >= latency.p99
    assert found.loaded.mean_us >= latency.mean * (1 - 1e-9)
    assert found.loaded.slowest_us >= found.loaded.mean_us
