"""Every kind of tampering with a sound plan is found, under the rule that it breaks."""

import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topodesign.domain.plan import Plan, Verification
from topodesign.domain.scenario import Policy, Scenario
from topodesign.verify import CHECKS, verify_plan
from topodesign.verify.reach import stretch_gsnr_db
from topodesign.verify.verifier import gather

Edit = Callable[[Plan], Plan]
Record = TypeVar("Record", Plan, Scenario)


def rules_of(finding: Verification) -> set[str]:
    assert not finding.valid
    assert all(violation.rule in CHECKS for violation in finding.violations)
    assert all(violation.message and violation.id in violation.message for violation in finding.violations)
    return {violation.rule for violation in finding.violations}


def with_field(record: Record, name: str, value: Any) -> Record:
    changes: dict[str, Any] = {name: value}
    return replace(record, **changes)


def in_list(group: str, position: int, **changes: Any) -> Edit:
    def edit(plan: Plan) -> Plan:
        items = list(getattr(plan, group))
        items[position] = replace(items[position], **changes)
        return with_field(plan, group, tuple(items))

    return edit


def repeated(group: str) -> Edit:
    return lambda plan: with_field(plan, group, (*getattr(plan, group), getattr(plan, group)[0]))


def without_last(group: str) -> Edit:
    return lambda plan: with_field(plan, group, getattr(plan, group)[:-1])


def top(**changes: Any) -> Edit:
    return lambda plan: replace(plan, **changes)


def in_sync(**changes: Any) -> Edit:
    def edit(plan: Plan) -> Plan:
        assert plan.sync is not None
        return replace(plan, sync=replace(plan.sync, **changes))

    return edit


def in_cost(name: str, usd: float) -> Edit:
    return lambda plan: replace(plan, cost_items={**plan.cost_items, name: usd})


TAMPERED_PLANS: list[tuple[str, Edit]] = [
    ("site_known", in_list("sites", 0, id="nowhere")),
    ("site_distinct", repeated("sites")),
    ("pods_integer", in_list("sites", 0, pods=0)),
    ("pods_integer", in_list("sites", 0, pods=-3)),
    ("pods_integer", in_list("sites", 0, pods=2.5)),
    ("pods_integer", in_list("sites", 0, pods=math.nan)),
    ("pods_integer", in_list("sites", 0, pods=10**5000)),
    ("site_accelerators", in_list("sites", 0, accelerators=4000)),
    ("site_zone", in_list("sites", 0, zone_id="zb")),
    ("site_power_stated", in_list("sites", 0, power_mw=3.0)),
    ("size", in_list("sites", 0, pods=2, accelerators=2000)),
    ("zone_share", in_list("sites", 0, pods=4, accelerators=4000)),
    ("sites_minimum", without_last("sites")),
    ("lightpath_ends", in_list("lightpaths", 0, z="a")),
    ("lightpath_ends", in_list("lightpaths", 0, z="c")),
    ("lightpath_ends", without_last("sites")),
    ("lightpath_count", in_list("lightpaths", 0, count=0)),
    ("lightpath_count", in_list("lightpaths", 0, count=math.inf)),
    ("lightpath_count", in_list("lightpaths", 0, count=10**30)),
    ("lightpath_mode", in_list("lightpaths", 0, mode="m999")),
    ("lightpath_segments", in_list("lightpaths", 0, segments=())),
    ("lightpath_segments", in_list("lightpaths", 0, segments=("s9",))),
    ("lightpath_route", in_list("lightpaths", 0, segments=("s1", "s2"))),
    ("lightpath_loop", in_list("lightpaths", 0, segments=("s1", "s2", "s1"))),
    ("lightpath_regeneration", in_list("lightpaths", 0, regenerations=("b",))),
    ("lightpath_regeneration", in_list("lightpaths", 0, regenerations=("nowhere",))),
    ("lightpath_distinct", repeated("lightpaths")),
    ("lightpath_rate", in_list("lightpaths", 0, rate_gbps=800.0)),
    ("lightpath_length", in_list("lightpaths", 0, length_km=79.0)),
    ("lightpath_gsnr", in_list("lightpaths", 0, gsnr_db=40.0)),
    ("lightpath_margin", in_list("lightpaths", 0, margin_db=5.0)),
    ("lightpath_latency", in_list("lightpaths", 0, latency_ms=0.1)),
    ("links", in_list("links", 0, capacity_gbps=4800.0)),
    ("links", in_list("links", 0, lightpaths=7)),
    ("links", in_list("links", 0, length_km=80.0)),
    ("links", repeated("links")),
    ("links", without_last("links")),
    ("links", in_list("links", 0, z="c")),
    ("reach_gsnr", in_list("lightpaths", 1, mode="fragile")),
    ("reach_spans", in_list("lightpaths", 1, mode="one-span")),
    ("reach_length", in_list("lightpaths", 1, mode="short")),
    ("reach_dispersion", in_list("lightpaths", 1, mode="dispersive")),
    # s2, 160 km in two spans: 2 nodes of 3 ps, an amplifier of 2 ps, 0.04 ps/sqrt(km): sqrt(18 + 4 + 0.256) = 4.72 ps
    ("reach_pmd", in_list("lightpaths", 1, mode="polarized")),
    ("segment_known", in_list("segments", 0, segment_id="s9")),
    ("segment_missing", without_last("segments")),
    ("segment_distinct", repeated("segments")),
    ("pairs_integer", in_list("segments", 0, pairs=-1)),
    ("pairs_integer", in_list("segments", 0, pairs=math.nan)),
    ("pairs", in_list("segments", 0, pairs=5)),
    ("build", in_list("segments", 0, built=True)),
    ("spectrum", in_list("segments", 0, pairs=0)),
    ("spectrum", in_list("lightpaths", 0, count=65)),  # 65 x 75 = 4875 > 4800 GHz
    ("spans", in_list("segments", 1, spans=1)),
    ("amplifiers", in_list("segments", 1, amplifiers=0)),
    ("segment_utilization", in_list("segments", 0, utilization=0.5)),
    ("cost_item", in_cost("energy", 2_459_808.02)),
    ("cost_item", in_cost("fiber_pairs", math.nan)),
    ("cost_item", in_cost("fiber_build", -5.0)),
    ("cost_item_unknown", in_cost("discount", -1000.0)),
    ("cost_total", top(cost_usd=7_071_163.46)),
    ("cost_total", top(cost_usd=None)),
    ("cost_total", top(cost_usd=math.nan)),
    ("cost_total", top(cost_usd=7_000_000.0)),
    ("network_cost", top(network_cost_usd=500_000.0)),
    ("accelerator_purchase", top(accelerator_purchase_usd=1.0)),
    ("bound", top(lower_bound_usd=7_071_164.0)),
    ("bound", top(lower_bound_usd=math.inf)),
    ("gap", top(gap=0.001)),
    ("gap", top(gap=math.nan)),
    ("gap", top(lower_bound_usd=None)),
    ("network_gap", top(network_gap=0.01)),
    ("status", top(status="infeasible")),
    ("numbers", top(wall_s=math.nan)),
    ("numbers", top(wall_s=-1.0)),
    ("numbers", in_sync(latency_s=math.inf)),
    ("sync_demand", in_sync(demand_gbps=10.0)),
    ("sync_strength", in_sync(strength_gbps=2401.0)),
    ("sync_strength", in_sync(strength_gbps=None)),
    ("sync_worst_strength", in_sync(worst_strength_gbps=1300.0)),
    ("sync_worst_failure", in_sync(worst_failure="conduit s1")),
    ("sync_worst_failure", in_sync(worst_failure=None)),
    ("sync_time", in_sync(time_s=0.5)),
    ("sync_time", in_sync(time_s=None)),
    ("strength_after_failure", in_list("lightpaths", 0, count=2)),  # after the loss of s2 800 < 1000
    ("strength", top(lightpaths=())),
    ("plan_present", top(sites=())),
    ("plan_present", top(sites=(), status="infeasible")),
]


@pytest.mark.parametrize(
    ("rule", "edit"), TAMPERED_PLANS, ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(TAMPERED_PLANS)]
)
def test_a_tampered_plan(two_sites: Any, rule: str, edit: Edit) -> None:
    tampered = edit(two_sites.plan)
    assert rule in rules_of(verify_plan(two_sites.scenario, tampered, catalog=two_sites.catalog))


def stricter(part: str, **changes: Any) -> Callable[[Scenario], Scenario]:
    return lambda scenario: with_field(scenario, part, replace(getattr(scenario, part), **changes))


def with_item(group: str, position: int, **changes: Any) -> Callable[[Scenario], Scenario]:
    def edit(scenario: Scenario) -> Scenario:
        items = list(getattr(scenario, group))
        items[position] = replace(items[position], **changes)
        return with_field(scenario, group, tuple(items))

    return edit


# The same plan under a scenario stricter than what it was made for. MW of a: 3.6 of pods + 0.000144 of transceivers.
STRICTER_SCENARIOS: list[tuple[str, Callable[[Scenario], Scenario]]] = [
    ("site_power", with_item("sites", 0, power_mw=3.6)),
    ("zone_power", with_item("zones", 0, headroom_mw=3.6001)),
    ("zone_share", stricter("policy", max_zone_share=0.59)),
    ("utility_share", stricter("policy", max_utility_share=0.59)),
    # 4380 h x (3.600144 x 0.1 + 3.00018 x 0.3 + 0.0005 x 0.2) = 5519.54 t
    ("carbon", stricter("policy", carbon_t_per_year=5519)),
    ("size", stricter("size", accelerators=5001)),
    ("sites_minimum", stricter("policy", min_sites=3, max_sites=3)),
    ("sites_maximum", stricter("policy", min_sites=1, max_sites=1)),
    ("pods_minimum", with_item("sites", 0, min_pods=4)),
    ("pods_maximum", with_item("sites", 0, max_pods=2)),
    ("site_forbidden", with_item("sites", 0, forbidden=True)),
    ("site_hub", with_item("sites", 0, role="hub")),
    # 80 km and 5 us: 2 x 0.39674 = 0.79348 ms
    ("round_trip", stricter("policy", max_rtt_ms=0.79)),
    ("lightpath_mode", stricter("optics", modes=("short",))),
    ("reach_gsnr", stricter("optics", margin_db=14)),
    ("spans", stricter("optics", span_km=70)),
    ("spectrum", stricter("optics", grid_ghz=2000)),
    ("pairs", with_item("segments", 0, pairs_available=0)),
    (
        "demand",
        lambda scenario: replace(  # the step time that a utilization starts from is open
            scenario,
            workload=replace(scenario.workload, sync_time_s=None, utilization=0.9),
            size=replace(scenario.size, accelerators=None, power_mw=1.0),
        ),
    ),
    ("demand", stricter("workload", sync_time_s=1e-308)),  # no B is enough
    ("strength_after_failure", stricter("workload", sync_time_s=1.6)),  # B = 1250 > 1200
    ("strength", stricter("workload", sync_time_s=0.8)),  # B = 2500 > 2400
    ("strength_after_failure", with_item("segments", 0, conduits=("s2",))),  # both routes in one conduit
    ("cost_item", stricter("economics", discount_rate=0.2)),
    ("budget", stricter("size", accelerators=None, budget_usd=57_000_000)),  # 50,000,000 + 7,071,163.44
]


@pytest.mark.parametrize(
    ("rule", "edit"),
    STRICTER_SCENARIOS,
    ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(STRICTER_SCENARIOS)],
)
def test_a_stricter_scenario(two_sites: Any, rule: str, edit: Callable[[Scenario], Scenario]) -> None:
    assert rule in rules_of(verify_plan(edit(two_sites.scenario), two_sites.plan, catalog=two_sites.catalog))


def test_a_required_site_that_is_not_used(three_sites: Any, two_sites: Any) -> None:
    sites = (*two_sites.scenario.sites, replace(two_sites.scenario.sites[0], site_id="z", required=True))
    scenario = replace(two_sites.scenario, sites=sites)
    assert "site_required" in rules_of(verify_plan(scenario, two_sites.plan, catalog=two_sites.catalog))


def test_regeneration_where_it_is_not_permitted(three_sites: Any) -> None:
    junctions = tuple(replace(node, regeneration=False) for node in three_sites.scenario.junctions)
    scenario = replace(three_sites.scenario, junctions=junctions)
    assert "lightpath_regeneration" in rules_of(verify_plan(scenario, three_sites.plan, catalog=three_sites.catalog))


def stretch_of(case: Any, segments: tuple[str, ...]) -> float:
    """GSNR in dB of one transparent stretch of mode m400."""
    evidence = gather(case.scenario, case.plan, case.catalog)
    by_id = case.scenario.segment_by_id
    return stretch_gsnr_db(evidence, case.catalog.transceiver("m400"), [by_id[segment] for segment in segments])


def test_polarization_mode_dispersion_within_the_limit_is_no_violation(two_sites: Any) -> None:
    # s1, 80 km in one span: 2 nodes of 3 ps, 0.04 ps/sqrt(km): sqrt(18 + 0.128) = 4.26 ps, and the mode bears 4.5 ps
    plan = in_list("lightpaths", 0, mode="polarized")(two_sites.plan)
    assert "reach_pmd" not in rules_of(verify_plan(two_sites.scenario, plan, catalog=two_sites.catalog))


def test_a_regeneration_left_out_is_a_reach_and_cost_violation(three_sites: Any) -> None:
    # b to c is 2 x 200 km in 3 spans each: with the margin halfway between 6 spans in one stretch and 3, only 3 hold
    whole, half = (stretch_of(three_sites, segments) for segments in (("bj", "jc"), ("bj",)))
    assert 2 < half - whole < 3.1  # twice the noise is 3.01 dB, less what the transmitter adds
    margin = (whole + half) / 2 - 20
    scenario = replace(three_sites.scenario, optics=replace(three_sites.scenario.optics, margin_db=margin))
    assert "reach_gsnr" not in {
        item.rule for item in verify_plan(scenario, three_sites.plan, catalog=three_sites.catalog).violations
    }
    tampered = in_list("lightpaths", 1, regenerations=())(three_sites.plan)
    found = rules_of(verify_plan(scenario, tampered, catalog=three_sites.catalog))
    assert {"reach_gsnr", "cost_item", "lightpath_gsnr", "lightpath_latency"} <= found


def test_fiber_in_use_where_none_was_built(three_sites: Any) -> None:
    tampered = in_list("segments", 1, built=False)(three_sites.plan)
    found = rules_of(verify_plan(three_sites.scenario, tampered, catalog=three_sites.catalog))
    assert {"pairs", "cost_item"} <= found


def test_a_hub_without_power_for_its_regenerators(three_sites: Any) -> None:
    # 80 W x PUE 2 = 160 W at the hub
    scenario = with_item("sites", 3, power_mw=0.00015)(three_sites.scenario)
    finding = verify_plan(scenario, three_sites.plan, catalog=three_sites.catalog)
    assert [(item.rule, item.id) for item in finding.violations] == [("site_power", "h")]


def test_losing_the_only_site_is_not_survived(two_sites: Any) -> None:
    scenario = replace(two_sites.scenario, policy=Policy(survive=("zone",)))
    zones = tuple(replace(zone) for zone in scenario.zones)
    sites = tuple(replace(site, zone_id="za") for site in scenario.sites)
    scenario = replace(scenario, zones=zones, sites=sites)
    finding = verify_plan(scenario, two_sites.plan, catalog=two_sites.catalog)
    assert ("strength_after_failure", "zone za") in {(item.rule, item.id) for item in finding.violations}


def test_all_violations_are_reported_not_just_the_first(two_sites: Any) -> None:
    plan = two_sites.plan
    for edit in (in_list("sites", 0, zone_id="zb"), in_list("lightpaths", 0, count=2), top(gap=0.5)):
        plan = edit(plan)
    found = rules_of(verify_plan(two_sites.scenario, plan, catalog=two_sites.catalog))
    assert {"site_zone", "links", "strength_after_failure", "gap", "cost_item"} <= found


def test_an_empty_plan_is_not_valid_and_says_why(two_sites: Any) -> None:
    plan = replace(two_sites.plan, status="limit", sites=())
    finding = verify_plan(two_sites.scenario, plan, catalog=two_sites.catalog)
    assert not finding.valid
    assert finding.cost_usd is None
    assert "nothing to verify" in finding.violations[0].message


# Numbers that a plan must state, by path; each is spoiled with values that are never right.
NUMBERS = [
    *((("sites", field), 2) for field in ("pods", "accelerators", "power_mw")),
    *((("links", field), 1) for field in ("lightpaths", "capacity_gbps", "length_km")),
    *(
        (("lightpaths", field), 2)
        for field in ("count", "rate_gbps", "length_km", "gsnr_db", "margin_db", "latency_ms")
    ),
    *((("segments", field), 2) for field in ("pairs", "spans", "amplifiers", "utilization")),
    *(
        (("", field), 1)
        for field in ("cost_usd", "lower_bound_usd", "gap", "network_cost_usd", "network_gap", "wall_s")
    ),
    *((("sync", field), 1) for field in ("demand_gbps", "strength_gbps", "worst_strength_gbps", "time_s")),
]
SPOILED = [math.nan, math.inf, -math.inf, -1, -1e-3, 1e19, 1e300, 10**25, 10**5000, -(10**400), "many"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_nonsense_number_crashes_the_verifier_or_passes(two_sites: Any, data: st.DataObject) -> None:
    plan = two_sites.plan
    for (group, field), entries in data.draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=4)):
        value = data.draw(st.sampled_from(SPOILED))
        if group in ("", "sync"):
            edit = in_sync(**{field: value}) if group else top(**{field: value})
        else:
            edit = in_list(group, data.draw(st.integers(0, entries - 1)), **{field: value})
        plan = edit(plan)
    finding = verify_plan(two_sites.scenario, plan, catalog=two_sites.catalog)
    assert not finding.valid
    json.dumps([dataclasses.asdict(violation) for violation in finding.violations], allow_nan=False)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parameters=st.floats(1e9, 1e13),
    pue=st.floats(1, 2),
    pair_usd=st.floats(0, 1e5),
    rate=st.floats(0, 0.5),
    years=st.integers(1, 30),
)
def test_no_scenario_change_makes_the_verifier_disagree_with_itself(
    two_sites: Any, reread: Callable[..., Plan], parameters: float, pue: float, pair_usd: float, rate: float, years: int
) -> None:
    """Whatever the prices, a record that states decisions only has exactly its decisions' violations."""
    scenario = replace(
        two_sites.scenario,
        workload=replace(two_sites.scenario.workload, parameters=parameters),
        economics=replace(two_sites.scenario.economics, discount_rate=rate, horizon_years=years),
    )
    scenario = with_item("sites", 0, pue=pue)(with_item("segments", 0, usd_per_pair_km=pair_usd)(scenario))
    record = {key: two_sites.record[key] for key in ("sites", "lightpaths", "segments")}
    record["sites"] = [{"id": site["id"], "pods": site["pods"]} for site in record["sites"]]
    plan = reread(replace(two_sites, scenario=scenario), record)
    finding = verify_plan(scenario, plan, catalog=two_sites.catalog)
    demand = parameters * 16 / (0.8 * 2) / 1e9
    expected = {rule for rule, limit in (("strength", 2400), ("strength_after_failure", 1200)) if demand > limit}
    assert {violation.rule for violation in finding.violations} == expected
