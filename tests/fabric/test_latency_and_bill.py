"""Latency percentiles, collectives and the bill, against values worked out by hand."""

import numpy as np
import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, Torus
from topodesign.domain.fabric_conditions import FabricConditions, LatencyInputs
from topodesign.domain.fabric_switched import Edge, EdgeList
from topodesign.fabric import evaluate_fabric, topology_of
from topodesign.fabric.bill import fabric_bill, switch_of
from topodesign.fabric.latency import ADAPTER_NS, CABLE_NS_PER_M, DIRECT_HOP_NS, latency_of
from topodesign.fabric.topology import PathClasses


def classes(pairs: list[int], direct_hops: list[int]) -> PathClasses:
    hops = np.array(direct_hops)
    return PathClasses(
        pairs=np.array(pairs), hops=hops, switches=0 * hops, direct_hops=hops, metres=np.zeros(len(pairs))
    )


def test_percentiles_are_those_of_the_distribution() -> None:
    # 100 pairs at 1, 2 and 3 hops; DIRECT_HOP_NS each: half of the pairs are at 1 hop, 99 of 100 at 2 or less
    found = latency_of(classes([50, 49, 1], [1, 2, 3]), None)
    hop_us = DIRECT_HOP_NS / 1000
    assert (found.min, found.p50, found.p99, found.max) == (hop_us, hop_us, 2 * hop_us, 3 * hop_us)
    assert found.mean == pytest.approx((50 * 1 + 49 * 2 + 3) / 100 * hop_us)
    assert latency_of(classes([49, 50, 1], [1, 2, 3]), None).p50 == 2 * hop_us


def test_a_switched_path_adds_adapters_switches_and_cable() -> None:
    # two accelerators on one leaf in one rack: 2 adapters, 1 switch, 2 cables of 2 m
    switch = load_catalog().switch("ndr-64x400g")
    found = evaluate_fabric(Clos(accelerators=2)).latency_us
    assert found.max * 1000 == pytest.approx(2 * ADAPTER_NS + switch.latency_ns + 4 * CABLE_NS_PER_M)


def test_clos_cables_grow_with_the_hall_and_torus_cables_between_neighbors_do_not() -> None:
    clos = [
        max(run.length_m for run in topology_of(spec).cable_runs())
        for spec in (Clos(accelerators=2048), Clos(accelerators=65536))
    ]
    assert clos[1] > 2 * clos[0]
    small, large = (topology_of(Torus(shape=shape)).cable_runs() for shape in ((16, 16, 16), (64, 16, 16)))
    assert small[1].length_m == large[1].length_m  # axis 1 only gets more racks


def test_no_algorithm_beats_the_injection_bound() -> None:
    # 2 (N-1)/N S/B with B = all links of an accelerator (Patarasuk and Yuan 2009)
    for spec, links in ((Torus(shape=(4, 6, 9)), 6), (Torus(shape=(7, 7)), 4), (Clos(accelerators=96), 1)):
        evaluation = evaluate_fabric(spec)
        bound = 2 * (1 - 1 / evaluation.accelerators) * 8e9 / (links * 400e9)
        assert evaluation.allreduce_s >= bound


def test_all_to_all_on_clos_is_injection_bound() -> None:
    # nccl-tests: (n-1)/n S/B, plus one crossing of the fabric
    evaluation = evaluate_fabric(Clos(accelerators=1024))
    expected = 1023 / 1024 * 8e9 / 400e9 + evaluation.latency_us.max * 1e-6
    assert evaluation.alltoall.time_s == pytest.approx(expected)


def test_the_bill_follows_the_catalogue() -> None:
    spec = Clos(accelerators=1024)
    catalog = load_catalog()
    cheap = load_catalog({"switch.ndr-64x400g": {"cost_usd": 0, "power_w": 0}})
    switch = catalog.switch("ndr-64x400g")
    full, without = evaluate_fabric(spec, catalog=catalog), evaluate_fabric(spec, catalog=cheap)
    assert full.cost_usd - without.cost_usd == pytest.approx(48 * switch.cost_usd)
    assert full.power_kw - without.power_kw == pytest.approx(48 * switch.power_w / 1000)


def test_faster_links_take_faster_classes_and_bundles_above_the_fastest() -> None:
    lines = {line.item for line in fabric_bill(topology_of(Clos(accelerators=64, link_gbps=800)), load_catalog()).lines}
    assert lines == {"ethernet-64x800g", "dac-800g"}
    one = evaluate_fabric(Clos(accelerators=64, link_gbps=800))
    two = evaluate_fabric(Clos(accelerators=64, link_gbps=1600))
    assert two.cost_usd == pytest.approx(2 * one.cost_usd)
    assert any("bundle of 2" in text for text in two.assumptions)


def test_switches_of_another_radix_are_priced_per_port_and_say_so() -> None:
    evaluation = evaluate_fabric(Clos(accelerators=8192, radix=32))
    lines = fabric_bill(topology_of(Clos(accelerators=8192, radix=32)), load_catalog()).lines
    assert sum(line.cost_usd for line in lines if line.item == "ndr-64x400g") == pytest.approx(1280 * 14280 / 2)
    assert any("radix 32" in text for text in evaluation.assumptions)


def test_a_cable_that_no_class_reaches_is_refused() -> None:
    short = load_catalog({f"cable.{item}-400g": {"reach_m": 1} for item in ("dac", "aec", "aoc", "dr4", "fr4")})
    with pytest.raises(InvalidInput, match="longest class") as raised:
        evaluate_fabric(Torus(shape=(4, 4)), catalog=short)
    assert raised.value.reason == "CABLE_TOO_LONG"


def test_a_torus_has_no_switch() -> None:
    assert switch_of(topology_of(Torus(shape=(4, 4))), load_catalog()) is None
    assert evaluate_fabric(Torus(shape=(4, 4))).switches == 0


@pytest.mark.parametrize("message_bytes", [0.0, -1.0, float("nan")])
def test_a_message_of_no_bytes_is_refused(message_bytes: float) -> None:
    with pytest.raises(InvalidInput, match="message_bytes"):
        evaluate_fabric(Torus(shape=(4, 4)), message_bytes=message_bytes)


def test_rails_lengthen_the_cables_to_the_leaves() -> None:
    plain = evaluate_fabric(Clos(accelerators=1024))
    rails = evaluate_fabric(Clos(accelerators=1024, rail_optimized=True))
    assert rails.optical_links == 2048 > plain.optical_links == 1024
    assert (rails.switches, rails.bisection) == (plain.switches, plain.bisection)


def test_the_slowest_link_serializes_and_serves() -> None:
    # 1e4 bytes at 100 Gbit/s take 0.8 us, at 400 only 0.2 us; packets of 4096 bytes are served in 0.33 us
    quick, slow = (
        EdgeList(accelerators=("a", "b"), edges=(Edge(a="a", z="s", gbps=gbps), Edge(a="b", z="s", gbps=400.0)))
        for gbps in (400.0, 100.0)
    )
    where = FabricConditions(latency=LatencyInputs(message_bytes=1e4))
    first, second = (evaluate_fabric(spec, conditions=where) for spec in (quick, slow))
    assert second.latency_us.mean - first.latency_us.mean == pytest.approx(0.6)
    assert first.loaded is not None
    assert second.loaded is not None
    waits = [found.loaded.mean_us - found.latency_us.mean for found in (first, second) if found.loaded]
    assert waits[1] == pytest.approx(4 * waits[0], rel=1e-6)
