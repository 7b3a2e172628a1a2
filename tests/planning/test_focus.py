"""The coarse programme: a bound over all sites, and a plan among those in focus."""

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
    scenario = td.load_scenario("sample_sites/us-multi-region")
    whole = solve(scenario, limits=SolveLimits(gap=0.03, time_limit_s=120))
    monkeypatch.setattr(focusing, "MOST_SITES", 20)
    monkeypatch.setattr(focusing, "FOCUS_SITES", 15)
    plan = td.plan(scenario, gap=0.03, time_limit_s=60)
    assert plan.verified
    assert "coarse" in plan.provenance.bound_basis
    assert plan.lower_bound_usd <= whole.cost_usd
