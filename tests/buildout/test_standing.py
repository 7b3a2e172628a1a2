"""What stands is never dropped, and nothing is used before it is in service."""

import dataclasses

import pytest
from buildout.conftest import DOUBLING, over_a_hut, small_and_large, two_campus
from hypothesis import given, settings
from hypothesis import strategies as st

import topodesign as td
from topodesign.buildout.standing import lightpath_key
from topodesign.catalog import load_catalog
from topodesign.domain.buildout import Buildout
from topodesign.domain.plan import Plan
from topodesign.verify.buildout import verify_buildout


def amounts(plan: Plan) -> dict[object, int]:
    found: dict[object, int] = {site.id: site.pods for site in plan.sites}
    found |= {lit.segment_id: lit.pairs for lit in plan.segments}
    return found | {lightpath_key(path): path.count for path in plan.lightpaths}


@settings(max_examples=2)
@given(
    jobs=st.lists(st.sampled_from([0.4e11, 1.6e11, 13e11, 30e11]), min_size=2, max_size=2),
    accelerators=st.lists(st.sampled_from([1000, 2000]), min_size=2, max_size=2),
)
def test_no_year_drops_what_an_earlier_one_built(build, jobs, accelerators):
    """Jobs and sizes rise and fall."""
    years = [
        td.planned_year(2027 + number, f"workload.parameters={job}", accelerators=size)
        for number, (job, size) in enumerate(zip(jobs, accelerators, strict=True))
    ]
    found = build(small_and_large(), *years)
    earlier, later = (amounts(item.plan) for item in found.years)
    assert {name: later.get(name, 0) for name, amount in earlier.items() if later.get(name, 0) < amount} == {}
    assert found.verification is not None and found.verification.valid
    assert found.lower_bound_usd <= found.npc_usd


def test_equipment_that_a_smaller_job_leaves_idle_stands_on_and_is_paid_for(build):
    """A job of an eighth needs 1 of the 8 lightpaths on each fiber; all 16 still draw their 32 x 15 W x 1.25."""
    found = build(two_campus(), td.planned_year(2027), td.planned_year(2028, "workload.parameters=0.2e11"))
    first, second = found.years
    assert amounts(first.plan) == amounts(second.plan) and sum(second.capital_usd.values()) == 0
    assert second.running_usd_per_year == first.running_usd_per_year


def test_room_is_kept_for_equipment_that_stands_idle(build):
    """In 2028 three pods are wanted, and a second one is cheapest at campus-a, whose 5.0001 MW hold two pods of 2.5 MW
    and the transceivers of the small job, but not the 16 that stand there: 16 x 15 W x 1.25 = 0.0003 MW.
    """
    scenario = two_campus()
    a, b = scenario.sites
    scenario = dataclasses.replace(
        scenario,
        sites=(
            dataclasses.replace(a, power_mw=5.0001),
            dataclasses.replace(b, power_mw=6.0, capex_usd_per_mw=2 * b.capex_usd_per_mw),
        ),
        zones=(dataclasses.replace(scenario.zones[0], headroom_mw=20.0),),
    )
    smaller = td.planned_year(2028, "workload.parameters=0.2e11", accelerators=3000)
    found = build(scenario, td.planned_year(2027), smaller)
    assert [site.pods for site in found.years[1].plan.sites] == [1, 2]
    own = build(scenario, dataclasses.replace(smaller, year=2027))
    assert [site.pods for site in own.years[0].plan.sites] == [2, 1]


def test_a_late_site_is_used_when_it_is_in_service(build):
    """campus-b comes a year late, so that the single pod of 2027 is at campus-a though the end needs campus-b more."""
    scenario = small_and_large()
    a, b = scenario.sites
    late = dataclasses.replace(scenario, sites=(a, dataclasses.replace(b, in_service_year=2028, required=True)))
    found = build(late, td.planned_year(2027, accelerators=1000), td.planned_year(2028, accelerators=2000))
    assert [[site.id for site in item.plan.sites] for item in found.years] == [["campus-a"], ["campus-a", "campus-b"]]
    assert found.years[1].new.sites == ("campus-b",)
    early = dataclasses.replace(found.years[0], plan=found.years[1].plan, built=found.years[1].built)
    scenarios = td.yearly_scenarios(late, [td.planned_year(2027), td.planned_year(2028)])
    told = verify_buildout(scenarios, dataclasses.replace(found, years=(early, found.years[1])))
    assert {("in_service", "campus-b")} <= {(item.rule, item.id) for item in told.violations}


def test_a_late_segment_makes_the_first_year_infeasible_where_both_fibers_are_needed(build):
    scenario = two_campus()
    north, south = scenario.segments
    late = dataclasses.replace(scenario, segments=(north, dataclasses.replace(south, in_service_year=2028)))
    found = build(late, td.planned_year(2027), td.planned_year(2028))
    assert (found.status, found.infeasible_year, found.years) == ("infeasible", 2027, ())
    assert found.infeasibility is not None and found.infeasibility.clashing
    assert [item.status for item in found.bounds] == ["infeasible", "optimal"]


def test_fiber_that_was_built_is_paid_once_and_stays(build):
    """north has no dark pair: new fiber, 40 km x 10,000 USD, in 2027; in 2028 dark pairs come on offer, too late."""
    scenario = two_campus()
    north, south = scenario.segments
    dark = dataclasses.replace(north, pairs_available=0, build_usd_per_km=10_000.0, build_pairs=2)
    scenario = dataclasses.replace(scenario, segments=(dark, south))
    found = build(scenario, td.planned_year(2027), td.planned_year(2028, "segments.north.pairs_available=4"))
    assert [item.built for item in found.years] == [("north",), ("north",)]
    assert [item.new.built for item in found.years] == [("north",), ()]
    assert [item.capital_usd["fiber_build"] for item in found.years] == [400_000.0, 0.0]
    assert [item.plan.segments[0].built for item in found.years] == [True, False]


def test_sequences_that_end_nowhere_are_told_with_the_bound(build):
    """2028 closes campus-a, where 2027 must stand: each year has a plan of its own, but no sequence has."""
    scenario = small_and_large()
    found = build(
        scenario,
        td.planned_year(2027, "sites.campus-b.forbidden=true", accelerators=1000),
        td.planned_year(2028, "sites.campus-a.forbidden=true", "sites.campus-b.forbidden=false", accelerators=1000),
    )
    assert (found.status, found.npc_usd, found.years) == ("limit", None, ())
    assert found.lower_bound_usd is not None and found.lower_bound_usd > 0
    assert {item.message for item in found.courses} == {"2028: site 'campus-a' stands and is forbidden"}


@pytest.mark.parametrize("rule", ["dropped", "npc_total", "npc_bound", "npc_item", "spending", "built", "years"])
def test_the_independent_check_finds(doubled, rule):
    scenario, found = doubled
    scenarios = td.yearly_scenarios(scenario, DOUBLING)
    assert verify_buildout(scenarios, found).valid
    first, second = found.years
    broken = {
        "dropped": dataclasses.replace(
            found, years=(dataclasses.replace(first, plan=second.plan), second_as(first, second))
        ),
        "npc_total": dataclasses.replace(found, npc_usd=found.npc_usd - 1.0),
        "years": dataclasses.replace(found, years=(second, first)),
        "npc_item": dataclasses.replace(found, years=(dataclasses.replace(first, npc_items=second.npc_items), second)),
        "spending": dataclasses.replace(found, years=(first, dataclasses.replace(second, capital_usd={}))),
        "npc_bound": dataclasses.replace(found, lower_bound_usd=found.npc_usd + 1.0),
        "built": dataclasses.replace(found, years=(first, dataclasses.replace(second, built=("north",)))),
    }[rule]
    assert rule in {item.rule for item in verify_buildout(scenarios, broken).violations}


def second_as(first, second):
    return dataclasses.replace(second, plan=first.plan)


@pytest.fixture(scope="module")
def regenerated(build) -> Buildout:
    """The job of two-campus, then twice as large, all of it over a regenerating hub."""
    return build(over_a_hut(), *DOUBLING)


def test_regenerators_stand_and_only_new_ones_are_paid_for(regenerated):
    """A lightpath has two transceivers at its ends and two at `hut`; the second year lights as many as the first."""
    first, second = regenerated.years
    (before,), (after,) = first.plan.lightpaths, second.plan.lightpaths
    assert before.regenerations == after.regenerations == ("hut",) and after.count == 2 * before.count
    usd = 4 * load_catalog().transceiver("zrplus-400").cost_usd
    assert first.capital_usd["transceivers"] == second.capital_usd["transceivers"] == before.count * usd


def test_the_independent_check_finds_dropped_regenerators_and_a_late_hub(regenerated):
    first, second = regenerated.years
    (path,) = second.plan.lightpaths
    straight = dataclasses.replace(second.plan, lightpaths=(dataclasses.replace(path, regenerations=()),))
    dropped = dataclasses.replace(regenerated, years=(first, dataclasses.replace(second, plan=straight)))
    told = verify_buildout(td.yearly_scenarios(over_a_hut(), DOUBLING), dropped).violations
    assert any(item.rule == "dropped" and item.id.startswith("regenerated at hut") for item in told)
    early = verify_buildout(td.yearly_scenarios(over_a_hut(2028), DOUBLING), regenerated).violations
    (hub,) = (item.message for item in early if (item.rule, item.id) == ("in_service", "hut"))
    assert hub.startswith("hut: it is used in 2027, but in service from 2028 on")


def test_no_light_passes_a_hub_before_it_is_in_service(build):
    found = build(over_a_hut(2028), *DOUBLING)
    assert (found.status, found.infeasible_year) == ("infeasible", 2027)
    assert found.bounds[1].lower_bound_usd > 0  # 2028 has a plan
