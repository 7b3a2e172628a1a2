"""Hypothesis strategies for the kinds of fabrics beside torus and Clos, within the limits of each."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from topodesign.domain.fabric_bill import BillOptions, SparesRule
from topodesign.domain.fabric_comparison import BudgetBasis, EqualCostBasis, EqualSizeBasis
from topodesign.domain.fabric_conditions import FabricConditions, LatencyInputs, LoadInputs
from topodesign.domain.fabric_failures import FAILURE_KINDS, FailedUnits, FailureSet, FailureSpec, SliceGoodputRequest
from topodesign.domain.fabric_kinds import HammingMesh, Hypercube, HyperX, ReconfigurableTorus
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

GBPS = st.floats(min_value=1e-6, max_value=1e5)
FEW = st.integers(min_value=1, max_value=20)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def _sides(least: int, most: int, longest: int) -> st.SearchStrategy[tuple[int, ...]]:
    side = st.integers(min_value=1, max_value=longest)
    return st.lists(side, min_size=least, max_size=most).map(tuple)


@st.composite
def _scale_up(draw: st.DrawFn) -> ScaleUpClos:
    rails, each, domains = draw(FEW), draw(FEW), draw(FEW)
    return ScaleUpClos(
        accelerators=rails * each * domains,
        domain=rails * each,
        scale_up_switches=draw(FEW),
        scale_up_gbps=draw(GBPS),
        radix=2 * draw(FEW),
        tiers=draw(st.sampled_from([None, 2, 3])),
        oversubscription=draw(st.floats(min_value=0.1, max_value=1000)),
        planes=draw(FEW),
        rails=draw(st.sampled_from(["none", "optimized", "only"])),
        domain_rails=draw(_maybe(st.just(rails))),
        link_gbps=draw(GBPS),
    )


@st.composite
def _edge_lists(draw: st.DrawFn) -> EdgeList:
    names = draw(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6, unique=True))
    ends = st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True)
    count = st.integers(min_value=1, max_value=1_000_000)
    edge = st.builds(
        lambda pair, count, gbps: Edge(a=pair[0], z=pair[1], count=count, gbps=gbps), ends, count, _maybe(GBPS)
    )
    return EdgeList(
        accelerators=tuple(draw(st.lists(st.sampled_from(names), min_size=1, unique=True))),
        edges=tuple(draw(st.lists(edge, min_size=1, max_size=4))),
        link_gbps=draw(GBPS),
    )


NOT_NEGATIVE = st.floats(min_value=0, max_value=1e9)
ABOVE_0 = st.floats(min_value=1e-9, max_value=1e9)
SHARE = st.floats(min_value=1e-9, max_value=1)
LISTINGS = st.sampled_from(["in_total", "beside", "left_out"])
SPARES = st.builds(
    SparesRule, lead_time_days=st.floats(1e-6, 3650), service_level=st.floats(min_value=0.5, max_value=0.999999)
)
BILLS = st.builds(BillOptions, adapters=LISTINGS, spares=LISTINGS, spares_rule=SPARES)
NAMED_KINDS = st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=32).map(tuple)
SIZE = st.integers(min_value=1, max_value=10_000_000)
LATENCIES = st.builds(
    LatencyInputs,
    adapter_ns=NOT_NEGATIVE,
    direct_hop_ns=NOT_NEGATIVE,
    cable_ns_per_m=NOT_NEGATIVE,
    message_bytes=NOT_NEGATIVE,
    store_and_forward=st.booleans(),
)
LOADS = st.builds(
    lambda efficiency, part, **others: LoadInputs(utilization=part * efficiency, efficiency=efficiency, **others),
    efficiency=st.floats(min_value=0.01, max_value=1),
    part=st.floats(min_value=0, max_value=0.94),
    packet_bytes=st.floats(min_value=1, max_value=1e9),
    flows_per_accelerator=st.integers(min_value=1, max_value=1024),
    step_s=st.floats(min_value=1e-9, max_value=1e6),
    wanted_share=st.floats(min_value=1e-9, max_value=0.999),
)
UNITS = st.builds(FailedUnits, kind=st.sampled_from(FAILURE_KINDS), count=st.integers(1, 10**9)) | st.builds(
    FailedUnits, kind=st.sampled_from(FAILURE_KINDS), share=SHARE
)
FAILURE_SETS = st.builds(
    FailureSet, parts=st.lists(UNITS, min_size=1, max_size=6, unique_by=lambda part: part.kind).map(tuple)
) | st.sampled_from(FAILURE_KINDS).map(
    lambda kind: FailureSet(parts=(FailedUnits(kind=kind, count=1),), enumerated=True)
)
ASKED: Mapping[type, st.SearchStrategy[Any]] = {
    LatencyInputs: LATENCIES,
    LoadInputs: LOADS,
    FabricConditions: st.builds(
        FabricConditions,
        latency=LATENCIES,
        load=LOADS,
        in_network_reduction=st.booleans(),
        in_network_efficiency=SHARE,
    ),
    FailedUnits: UNITS,
    FailureSet: FAILURE_SETS,
    FailureSpec: st.builds(
        FailureSpec,
        sets=st.lists(FAILURE_SETS, min_size=1, max_size=32).map(tuple),
        samples=st.integers(min_value=1, max_value=10_000),
        seed=st.integers(min_value=0, max_value=2**63 - 1),
        accelerators_per_host=_maybe(st.integers(min_value=1, max_value=4096)),
    ),
    SliceGoodputRequest: st.builds(
        SliceGoodputRequest,
        blocks=st.integers(min_value=1000, max_value=1_000_000),
        hosts_per_block=st.integers(min_value=1, max_value=1_000_000),
        slice_blocks=st.integers(min_value=1, max_value=1000),
        host_availability=st.floats(min_value=0, max_value=1),
    ),
    SparesRule: SPARES,
    BillOptions: BILLS,
    EqualSizeBasis: st.builds(EqualSizeBasis, kinds=NAMED_KINDS, accelerators=SIZE, link_gbps=GBPS),
    EqualCostBasis: st.builds(
        EqualCostBasis,
        kinds=NAMED_KINDS,
        accelerators=SIZE,
        usd_per_accelerator=_maybe(NOT_NEGATIVE),
        link_gbps=GBPS,
        options=BILLS,
    ),
    BudgetBasis: st.builds(
        BudgetBasis, kinds=NAMED_KINDS, budget_usd=ABOVE_0, accelerator_usd=NOT_NEGATIVE, link_gbps=GBPS, options=BILLS
    ),
}
"""What is asked about fabrics, within its limits."""

BLOCKS = st.integers(min_value=1, max_value=3).map(lambda blocks: 4 * blocks)
OCS = {"ocs_ports": st.integers(min_value=80, max_value=4096), "spare_ports": st.integers(min_value=0, max_value=8)}
FABRICS: Mapping[type, st.SearchStrategy[Any]] = {
    ReconfigurableTorus: st.builds(
        ReconfigurableTorus,
        shape=st.tuples(BLOCKS, BLOCKS, BLOCKS),
        pod_blocks=st.integers(min_value=27, max_value=36),
        link_gbps=GBPS,
        **OCS,
    )
    | st.builds(ReconfigurableTorus, shape=st.sampled_from([(4, 8, 4), (8, 4, 8)]), twist=st.just(True)),
    Hypercube: st.builds(Hypercube, dimension=st.integers(min_value=0, max_value=23), link_gbps=GBPS),
    HyperX: st.builds(HyperX, shape=_sides(1, 8, 6), link_gbps=GBPS),
    HammingMesh: st.builds(
        HammingMesh,
        board=_sides(2, 2, 8),
        shape=_sides(2, 2, 64),
        radix=st.integers(min_value=4, max_value=1024).map(lambda quarter: 4 * quarter),
        planes=FEW,
        link_gbps=GBPS,
    ),
    ScaleUpClos: _scale_up(),
    Dragonfly: st.builds(Dragonfly, p=FEW, a=FEW, h=FEW, groups=_maybe(st.integers(1, 2)), link_gbps=GBPS),
    DragonflyPlus: st.builds(
        DragonflyPlus, p=FEW, leaves=FEW, spines=FEW, h=FEW, groups=_maybe(st.integers(1, 2)), link_gbps=GBPS
    ),
    DirectBlocks: st.builds(
        DirectBlocks,
        blocks=st.integers(1, 2),
        p=FEW,
        leaves=FEW,
        aggregations=FEW,
        h=FEW,
        leaf_links=FEW,
        ocs_ports=st.integers(min_value=2, max_value=4096),
        link_gbps=GBPS,
    ),
    SlimFly: st.builds(SlimFly, q=st.sampled_from([3, 4, 5, 7, 8, 9, 11, 13, 19]), p=_maybe(FEW), link_gbps=GBPS),
    Jellyfish: st.builds(
        Jellyfish,
        switches=st.integers(min_value=21, max_value=100_000),
        network_ports=FEW,
        server_ports=FEW,
        seed=st.integers(min_value=0, max_value=2**63 - 1),
        link_gbps=GBPS,
    ),
    EdgeList: _edge_lists(),
}
