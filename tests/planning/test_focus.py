"""The coarse programme: a bound over all sites, and a plan among those in focus."""

import dataclasses
import itertools

import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.plan import SolveLimits
from topodesign.planning import focus as focusing
from topodesign.planning.halting import Halt
from topodesign.planning.solve import solve


@pytest.mark.parametrize("seed", range(20))
def test_the_coarse_bound_is_below_every_optimum(seed, random_scenario):
    scenario = random_scenario(seed)
    plan = solve(scenario, limits=SolveLimits(gap=0.0, time_limit_s=60))
    found = focusing.find_focus(scenario, load_catalog(), Halt(), seed=0)
    if plan.cost_usd is not None:
        assert found is not None
        assert found.bound_usd <= plan.cost_usd * (1 + 1e-9)


def test_a_scenario_with_many_sites_is_planned_among_those_in_focus(monkeypatch):
    scenario = td.load_scenario("sample_sites/regional-nova")
    whole = solve(scenario, limits=SolveLimits(gap=0.01, time_limit_s=120))
    monkeypatch.setattr(focusing, "MOST_SITES", 9)
    monkeypatch.setattr(focusing, "FOCUS_SITES", 8)
    plan = td.plan(scenario, gap=0.01, time_limit_s=60)
    assert plan.verified
    assert "coarse" in plan.provenance.bound_basis
    assert plan.lower_bound_usd <= whole.cost_usd


def thin_and_thick() -> td.Scenario:
    """Four cheap campuses whose fiber, one pair on each way, carries no 107 Tbit/s; two dear ones with 40 pairs."""
    two = td.load_scenario("sample_sites/two-campus")
    site, ways = two.sites[0], two.segments
    names = ("thin-a", "thin-b", "thin-c", "thin-d", "thick-e", "thick-f")
    usd = dict.fromkeys(names, 1e6) | dict.fromkeys(names[4:], 5e6)
    sites = [
        dataclasses.replace(site, site_id=name, lon=-100 + 0.4 * place, fixed_capex_usd=usd[name])
        for place, name in enumerate(names)
    ]
    segments = [
        dataclasses.replace(
            way,
            segment_id=f"{a}-{way.segment_id}",
            conduits=(f"{a}-{way.segment_id}",),
            a=a,
            b=b,
            geometry=(),
            pairs_available=40 if a == "thick-e" else 1,
        )
        for a, b in itertools.pairwise(names)
        for way in ways
    ]
    return dataclasses.replace(
        two,
        sites=tuple(sites),
        segments=tuple(segments),
        zones=tuple(dataclasses.replace(zone, headroom_mw=100.0) for zone in two.zones),
        workload=dataclasses.replace(two.workload, sync_time_s=0.03),
    )


def test_a_scenario_without_a_plan_among_the_sites_in_focus_is_planned_among_others(monkeypatch):
    scenario = thin_and_thick()
    whole = solve(scenario, limits=SolveLimits(gap=0.0))
    monkeypatch.setattr(focusing, "MOST_SITES", 1)
    monkeypatch.setattr(focusing, "FOCUS_SITES", 2)
    searched = focusing.find_focus(scenario, load_catalog(), Halt(), seed=0)
    assert not {"thick-e", "thick-f"} & searched.site_ids
    plan = td.plan(scenario, gap=0.0)
    assert [site.id for site in plan.sites] == ["thick-e", "thick-f"]
    assert plan.cost_usd == whole.cost_usd
