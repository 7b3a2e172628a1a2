"""Goodput, energy and dollars of a plan: Ashburn, Columbus and Atlanta in a ring, and Tokyo and Seattle on one path."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outputs.hand_made_plans import Case, east_case, pacific_case

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing, JobParts, PlanGoodput, Rejoining
from topodesign.domain.scenario import Policy
from topodesign.evaluation.availability import evaluate_availability
from topodesign.training.interruptions import interruptions_per_h
from topodesign.training.interruptions_cut_off import sites_cut_off
from topodesign.training.interruptions_of_plan import plan_goodput, plan_parts
from topodesign.training.power_of_plan import plan_running_share, plan_year

CHECKPOINTS = Checkpointing(write_s=30, restart_s=180)
REJOINING = Rejoining(round_s=600, restart_s=300)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def with_availability(case: Case, catalog: Catalog) -> Case:
    plan = dataclasses.replace(case.plan, availability=evaluate_availability(case.scenario, case.plan, catalog))
    return dataclasses.replace(case, plan=plan)


@pytest.fixture(scope="module")
def east(catalog: Catalog) -> Case:
    return with_availability(east_case(), catalog)


@pytest.fixture(scope="module")
def pacific(catalog: Catalog) -> Case:
    return with_availability(pacific_case(), catalog)


def with_policy(case: Case, policy: Policy) -> Case:
    return dataclasses.replace(case, scenario=dataclasses.replace(case.scenario, policy=policy))


def with_zone_availability(case: Case, availability: float) -> Case:
    zones = tuple(dataclasses.replace(zone, availability=availability) for zone in case.scenario.zones)
    return dataclasses.replace(case, scenario=dataclasses.replace(case.scenario, zones=zones))


def curtailed(case: Case, zone_id: str, hours: float, firm_share: float = 0.0) -> Case:
    zones = tuple(
        dataclasses.replace(zone, curtailed_hours_per_year=hours, firm_share=firm_share)
        if zone.zone_id == zone_id
        else zone
        for zone in case.scenario.zones
    )
    return dataclasses.replace(case, scenario=dataclasses.replace(case.scenario, zones=zones))


def parts_of(case: Case, catalog: Catalog) -> JobParts:
    return plan_parts(case.scenario, case.plan, catalog)


def goodput_of(case: Case, catalog: Catalog, rejoining: Rejoining = REJOINING) -> PlanGoodput:
    return plan_goodput(case.scenario, case.plan, catalog, checkpointing=CHECKPOINTS, rejoining=rejoining)


def test_a_ring_loses_nobody_to_a_cut_and_a_path_does(east: Case, pacific: Case) -> None:
    for conduit in east.plan.availability.conduits:
        assert sites_cut_off(east.scenario, east.plan, conduit.conduit) == ()
    # equal sites: the earlier of the plan goes on
    assert sites_cut_off(pacific.scenario, pacific.plan, "west") == ("sea",)
    # with the light from Ashburn over I-70 to Columbus alone, its cut leaves three groups: Ashburn's 3 pods are most
    one = dataclasses.replace(east.plan, lightpaths=east.plan.lightpaths[:1])
    assert sites_cut_off(east.scenario, one, "I-70") == ("cmh-1", "atl-1")


def test_counts_come_from_the_plan(east: Case, catalog: Catalog) -> None:
    # 8 pods of 4608 GB300, four to a host
    parts = parts_of(east, catalog)
    counts = {item.name: 0.0 for site in parts.sites for item in site.parts}
    for site in parts.sites:
        for item in site.parts:
            counts[item.name] += item.count
    clos = [fabric for site in east.plan.fabrics.sites for fabric in site.fabrics if fabric.kind == "clos"]
    assert counts["accelerators"] == counts["software"] == counts["links of accelerators"] == 8 * 4608
    assert counts["hosts"] == 8 * 4608 / 4
    assert counts["switches"] == sum(fabric.switches for fabric in clos)
    assert counts["sites"] == 3
    assert [zone.name for zone in parts.zones] == ["PJM", "SOCO"]


def test_protected_cuts_pause_and_unprotected_ones_restart(east: Case, catalog: Catalog) -> None:
    cuts_per_year = sum(conduit.cuts_per_year for conduit in east.plan.availability.conduits)
    protected = parts_of(east, catalog)
    assert (protected.light, protected.cut_off) == ((), {})
    assert interruptions_per_h(protected.pauses) * 8760 == pytest.approx(cuts_per_year)
    bare = parts_of(with_policy(east, Policy(min_sites=3, survive=("none",))), catalog)
    assert bare.pauses == ()
    assert interruptions_per_h(bare.light) * 8760 == pytest.approx(cuts_per_year)
    assert all(item.wait_s == 0 for item in bare.light)  # there is another way round


def test_a_cut_of_the_only_path_waits_for_its_repair(pacific: Case, catalog: Catalog) -> None:
    parts = parts_of(pacific, catalog)
    assert {item.wait_s for item in parts.light} == {12 * 3600}
    assert parts.cut_off["sea"] == parts.light
    assert set(parts.cut_off) == {"sea"}
    # 8300 km x 2.73 cuts a year on 1000 km, each 12 h of waiting
    waits_h = sum(item.rate_per_h for item in parts.light) * 12
    assert waits_h == pytest.approx(8.3 * 2.73 * 12 / 8760)
    found = goodput_of(pacific, catalog)
    sites_h = 2 * 12 / 117_800
    assert found.restart.waiting == pytest.approx((waits_h + sites_h) / (1 + waits_h + sites_h), rel=1e-9)
    # a job that goes on loses only Seattle, half of it
    assert found.continue_without.goodput > found.restart.useful


def test_zones_that_fail_stop_the_job_once_and_each_of_their_sites(east: Case, catalog: Catalog) -> None:
    sound, weak = goodput_of(east, catalog), goodput_of(with_zone_availability(east, 0.99), catalog)
    assert weak.restart.useful < sound.restart.useful
    # two zones that are up 0.99 of the time: 2 x 0.01 / 0.99 of running time more waits, besides 3 sites
    waits = 2 * 0.01 / 0.99 + 3 * 12 / 117_800
    pauses = interruptions_per_h(parts_of(east, catalog).pauses) * 0.05 / 3600
    assert weak.restart.waiting == pytest.approx((waits / (1 + waits) + pauses) / (1 + pauses), rel=1e-9)
    assert {share.name for share in weak.shares} >= {"PJM", "SOCO", "accelerators"}
    assert math.fsum(share.share for share in weak.shares) == pytest.approx(1)
    assert weak.continue_without.by_site["atl-1"].waiting > 0.0099


def test_what_is_not_counted_is_said(east: Case, catalog: Catalog) -> None:
    bare = dataclasses.replace(east, plan=dataclasses.replace(east.plan, fabrics=None))
    assert any("switches are not counted" in line for line in goodput_of(bare, catalog).assumptions)
    assert not any("not counted" in line for line in goodput_of(east, catalog).assumptions)


def test_a_pod_that_leaves_alone_takes_less_with_it_than_its_site(east: Case, catalog: Catalog) -> None:
    rules = {"checkpointing": CHECKPOINTS, "rejoining": REJOINING}
    sites, pods = (plan_goodput(east.scenario, east.plan, catalog, unit=unit, **rules) for unit in ("site", "pod"))
    assert pods.restart == sites.restart
    assert pods.continue_without.goodput > sites.continue_without.goodput
    # one of Ashburn's 3 pods fails a third as often by its own parts, as often by the site's
    own, of_pod = (found.continue_without.by_site["iad-1"].mtti_h for found in (sites, pods))
    assert 1 / of_pod - 1 / 117_800 == pytest.approx((1 / own - 1 / 117_800) / 3, rel=1e-9)


def test_catalogue_overrides_change_the_goodput(east: Case, catalog: Catalog) -> None:
    sturdy = load_catalog({"reliability.default": {"accelerator_mtbf_h": 1e9}})
    assert goodput_of(east, sturdy).restart.useful > goodput_of(east, catalog).restart.useful


def test_plans_that_cannot_be_judged_are_refused(east: Case, catalog: Catalog) -> None:
    for changes, reason in (({"sites": ()}, "NO_SITES"), ({"availability": None}, "NO_AVAILABILITY")):
        broken = dataclasses.replace(east, plan=dataclasses.replace(east.plan, **changes))
        with pytest.raises(InvalidInput) as caught:
            goodput_of(broken, catalog)
        assert caught.value.reason == reason
    with pytest.raises(InvalidInput, match="unit is 'rack'"):
        plan_goodput(
            east.scenario,
            east.plan,
            catalog,
            checkpointing=CHECKPOINTS,
            rejoining=REJOINING,
            unit="rack",  # type: ignore[arg-type]
        )
    with pytest.raises(InvalidInput, match="availability of PJM"):
        goodput_of(with_zone_availability(east, 0.0), catalog)


def test_a_plans_year_by_hand(east: Case, catalog: Catalog) -> None:
    # PJM is curtailed a tenth of the year with half of its load firm: 0.95. 6 of 8 pods stand there
    scenario = curtailed(east, "PJM", 876, firm_share=0.5).scenario
    found = plan_year(scenario, east.plan, catalog, utilization=0.36, goodput=0.9)
    power = {site.id: site.power_mw for site in east.plan.sites}
    mwh = {site.site_id: site.mwh for site in found.sites}
    assert mwh["iad-1"] == pytest.approx(power["iad-1"] * 0.9 * 8760 * 0.95)
    assert mwh["atl-1"] == pytest.approx(power["atl-1"] * 0.9 * 8760)
    pjm = mwh["iad-1"] + mwh["cmh-1"]
    assert found.energy_usd == pytest.approx(pjm * 55 + mwh["atl-1"] * 48)
    assert found.carbon_t == pytest.approx(pjm * 0.380 + mwh["atl-1"] * 0.350)
    kept = (6 * 0.95 + 2) / 8
    exaflops = 8 * 4608 * 2500e-6 * 0.36 * 0.9 * kept
    assert found.running_share == pytest.approx(kept)
    assert found.effective_exaflops == pytest.approx(exaflops)
    assert found.mwh_per_1e24_flop == pytest.approx(found.mwh / (exaflops * 31.536))
    assert found.carbon_t_per_1e24_flop == pytest.approx(found.carbon_t / (exaflops * 31.536))
    annuity = sum(1.08**-year for year in range(1, 6))
    present = east.plan.cost_usd + east.plan.accelerator_purchase_usd
    assert found.usd_per_exaflop_day == pytest.approx(present / (exaflops * 365 * annuity))


def test_outages_of_zones_take_energy_and_leave_the_goodput_to_tell(east: Case, catalog: Catalog) -> None:
    sound = plan_year(east.scenario, east.plan, catalog, utilization=0.4, goodput=0.9)
    weak_case = with_zone_availability(east, 0.9)
    weak = plan_year(weak_case.scenario, weak_case.plan, catalog, utilization=0.4, goodput=0.9)
    assert weak.mwh == pytest.approx(0.9 * sound.mwh)
    assert weak.effective_exaflops == sound.effective_exaflops
    assert plan_running_share(weak_case.scenario, weak_case.plan).all_zones == pytest.approx(0.81)


def test_a_plan_without_cost_has_no_dollars_until_some_are_given(east: Case, catalog: Catalog) -> None:
    free = dataclasses.replace(east.plan, cost_usd=None)
    assert plan_year(east.scenario, free, catalog, utilization=0.4, goodput=1).usd_per_exaflop_day is None
    priced = plan_year(east.scenario, free, catalog, utilization=0.4, goodput=1, cost_usd=1e9)
    assert priced.usd_per_exaflop_day is not None


@given(
    zone=st.sampled_from(["PJM", "SOCO"]),
    hours=st.tuples(st.floats(0, 8760), st.floats(0, 8760)).map(sorted),
    firm=st.floats(0, 1),
)
def test_more_curtailment_never_lowers_the_cost_of_training(
    east: Case, catalog: Catalog, zone: str, hours: list[float], firm: float
) -> None:
    fewer, more = (
        plan_year(curtailed(east, zone, value, firm).scenario, east.plan, catalog, utilization=0.4, goodput=0.9)
        for value in hours
    )
    assert fewer.usd_per_exaflop_day is not None and more.usd_per_exaflop_day is not None
    assert more.usd_per_exaflop_day >= fewer.usd_per_exaflop_day * (1 - 1e-12)
    assert more.effective_exaflops <= fewer.effective_exaflops * (1 + 1e-12)
    assert more.mwh <= fewer.mwh * (1 + 1e-12)


def test_firm_load_is_not_curtailed(east: Case, catalog: Catalog) -> None:
    scenario = curtailed(east, "PJM", 4000, firm_share=1.0).scenario
    firm = plan_year(scenario, east.plan, catalog, utilization=0.4, goodput=0.9)
    assert firm == plan_year(east.scenario, east.plan, catalog, utilization=0.4, goodput=0.9)


def test_a_year_without_sites_is_refused(east: Case, catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match="0 sites"):
        plan_year(east.scenario, dataclasses.replace(east.plan, sites=()), catalog, utilization=0.4, goodput=1)
    with pytest.raises(InvalidInput, match="utilization"):
        plan_year(east.scenario, east.plan, catalog, utilization=1.5, goodput=1)
