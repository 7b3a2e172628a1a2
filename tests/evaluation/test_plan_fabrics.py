"""Torus against Clos on a real plan, and latency and all-reduce by hand."""

import dataclasses

import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.codec import decode_json, encode_json
from topodesign.evaluation.across_sites import worst_pair_latency
from topodesign.evaluation.fabric_choice import FLOOR
from topodesign.evaluation.plan_fabrics import EVENLY_WIRED, _candidate, message_bytes
from topodesign.fabric import evaluate_fabric, fabric_of_size


@pytest.fixture(name="plan", scope="module")
def plan_fixture():
    return td.plan(td.load_scenario("sample_sites/two-campus"), gap=0.0)


def test_every_chosen_site_has_torus_and_clos_of_its_own_size(plan):
    assert [site.site_id for site in plan.fabrics.sites] == [site.id for site in plan.sites]
    for site, fabrics in zip(plan.sites, plan.fabrics.sites, strict=True):
        assert [fabric.kind for fabric in fabrics.fabrics] == ["torus", "clos"]
        assert {fabric.accelerators for fabric in fabrics.fabrics} == {site.accelerators}


def planned_with(fabric: str) -> td.Plan:
    scenario = td.load_scenario("sample_sites/two-campus")
    return td.plan(dataclasses.replace(scenario, size=dataclasses.replace(scenario.size, fabric=fabric)), gap=0.01)


def test_auto_takes_the_cheapest_fabric_that_is_full_enough_and_says_why():
    plan = planned_with("auto")
    (first, *_) = plan.fabrics.sites
    by_name = {fabric.name: fabric for fabric in first.fabrics}
    assert {fabric.kind for fabric in first.fabrics} == {"torus", "clos", "hammingmesh", "dragonfly"}
    injection = load_catalog().accelerator(plan.scenario.size.accelerator).scale_out_gbps
    # campuses of 1,000: the bisection of 500 accelerators' injection, the all-to-all of one accelerator's
    full_enough = {
        name: fabric.cost_usd
        for name, fabric in by_name.items()
        if fabric.bisection.lower_gbps >= FLOOR * 500 * injection
        and fabric.alltoall.lower_gbps_per_accelerator * (not fabric.alltoall.exact)
        + fabric.alltoall.gbps_per_accelerator * fabric.alltoall.exact
        >= FLOOR * injection
    }
    # a 10x10x10 torus has a bisection of 2 x 100 links of a sixth: 1/15 of the injection of 500
    assert by_name["torus 10x10x10"].bisection.links == 200
    assert "torus 10x10x10" not in full_enough
    assert first.chosen == min(full_enough, key=full_enough.__getitem__)
    assert any(text.startswith("fabric auto: sites of 1,000 accelerators get") for text in plan.assumptions)


def test_a_clos_with_a_part_of_a_pod_is_wired_evenly_so_that_its_bandwidth_is_proven():
    # 3,000 accelerators are 2 pods of 1,024 and a part of a third; dealt out, its links have no proven all-to-all
    assert evaluate_fabric(fabric_of_size("clos", 3000, link_gbps=800.0)).alltoall.lower_gbps_per_accelerator == 0
    found = _candidate("clos", 3000, 800.0, 1e9, load_catalog())
    assert found.evaluation.alltoall.exact
    assert found.proven_share == pytest.approx(1.0)
    assert EVENLY_WIRED in found.evaluation.assumptions


def test_an_evaluated_fabric_is_remembered_with_its_catalogue():
    shipped, dearer = (
        load_catalog(),
        load_catalog({f"switch.{item.id}": {"cost_usd": 9e5} for item in load_catalog().switches}),
    )
    first, other = (_candidate("clos", 1024, 800.0, 1e9, catalog) for catalog in (shipped, dearer))
    assert other.evaluation.cost_usd > first.evaluation.cost_usd
    assert _candidate("clos", 1024, 800.0, 1e9, shipped) is first
    assert _candidate("clos", 1024, 800.0, 2e9, shipped).evaluation.message_bytes == 2e9


def test_a_kind_by_name_is_compared_beside_torus_and_clos_and_taken():
    plan = planned_with("hyperx")
    for site in plan.fabrics.sites:
        assert [fabric.kind for fabric in site.fabrics] == ["torus", "clos", "hyperx"]
        assert site.chosen == "HyperX 10x10x10"
    assert [entry.kind for entry in plan.fabrics.across_sites] == ["torus", "clos", "hyperx"]


def test_a_kind_that_has_not_the_size_is_left_out_and_the_plan_says_so():
    plan = planned_with("hypercube")
    assert [site.chosen for site in plan.fabrics.sites] == [None] * len(plan.sites)
    assert any("512 or 1,024" in text for text in plan.assumptions)  # powers of two around 1,000


def test_halves_of_two_campuses_are_joined_by_6400_gbps(plan):
    # two campuses of 1,000 accelerators: the halves are the campuses, joined by 2 x 8 x 400 Gbit/s
    (clos,) = [entry for entry in plan.fabrics.across_sites if entry.kind == "clos"]
    assert clos.bisection_upper_gbps == pytest.approx(6400.0)
    assert clos.bisection_lower_gbps == pytest.approx(6400.0)
    assert clos.bisection_exact


def test_worst_pair_is_egress_fiber_and_ingress(plan):
    # fiber: the shorter route, 40 km x 4.8967 us + 5 us of transceivers = 200.87 us, and both fabrics' longest latency
    for entry in plan.fabrics.across_sites:
        longest = {fabric.kind: fabric.latency_us.max for fabric in plan.fabrics.sites[0].fabrics}[entry.kind]
        assert entry.worst_pair == ("campus-a", "campus-b")
        assert entry.worst_pair_latency_us == pytest.approx(40 * 4.89670 + 5 + 2 * longest, abs=0.01)


def test_a_site_beyond_the_evaluation_leaves_the_plan_without_fabrics_and_says_so(tmp_path):
    small = td.load_scenario("sample_sites/two-campus")
    huge = dataclasses.replace(
        small,
        sites=tuple(dataclasses.replace(site, power_mw=1e5, max_pods=None) for site in small.sites),
        zones=tuple(dataclasses.replace(zone, headroom_mw=1e6) for zone in small.zones),
        size=dataclasses.replace(small.size, accelerators=30_000_000),
    )
    plan = td.plan(huge, gap=0.01)
    assert plan.verified
    assert plan.fabrics is None
    assert plan.assumptions[-1].startswith("fabrics are not compared: site campus-a has 29,999,000 accelerators")
    plan.save(tmp_path / "out")
    assert td.load_plan(tmp_path / "out") == plan


def test_one_site_has_no_pair_but_its_own_latency():
    found = evaluate_fabric(fabric_of_size("clos", 1024))
    assert worst_pair_latency(["only"], [found], []) == (None, found.latency_us.max)


def test_an_accelerator_exchanges_its_share_of_one_replica_per_pod(plan):
    # 1.6e11 parameters x 16 bit / 8 over 1,000 accelerators
    assert message_bytes(plan.scenario) == pytest.approx(3.2e8)


def test_hierarchical_allreduce_adds_the_slowest_site_and_the_exchange(plan):
    for entry in plan.fabrics.across_sites:
        inside = max(
            fabric.allreduce_s for site in plan.fabrics.sites for fabric in site.fabrics if fabric.kind == entry.kind
        )
        expected = inside + plan.sync.time_s + plan.sync.latency_s
        assert entry.hierarchical_allreduce_s == pytest.approx(expected)


def test_a_plan_carries_what_training_on_it_achieves(plan):
    assert [column.arrangement for column in plan.training.columns] == ["as-planned", "torus", "clos", "single-site"]
    planned, torus, clos, single = plan.training.columns
    assert planned.step.transfer_s == plan.sync.time_s
    assert planned.step.least_latency_s == plan.sync.latency_s <= planned.step.latency_s
    for column, kind in ((torus, "torus"), (clos, "clos")):
        slowest = max(
            fabric.allreduce_s for site in plan.fabrics.sites for fabric in site.fabrics if fabric.kind == kind
        )
        assert column.step.in_site_allreduce_s == pytest.approx(slowest)
    assert single.step.wall_s < min(column.step.wall_s for column in (planned, torus, clos))
    assert decode_json(encode_json(plan), td.Plan, what="plan.json").training == plan.training


def test_the_catalogue_prices_the_comparison(plan):
    doubled = load_catalog(
        {"switch.ethernet-64x800g": {"cost_usd": 2 * load_catalog().switch("ethernet-64x800g").cost_usd}}
    )
    spec = fabric_of_size("clos", 1024, link_gbps=800.0)
    assert evaluate_fabric(spec, catalog=doubled).cost_usd > evaluate_fabric(spec).cost_usd
    assert plan.fabrics is not None
