"""Explanations of plans: what binds, and what unused sites would cost."""

import dataclasses

import pytest

import topodesign as td
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Goal


@pytest.fixture(name="nova", scope="module")
def nova_fixture():
    return td.load_scenario("sample_sites/regional-nova")


@pytest.fixture(name="explained", scope="module")
def explained_fixture(nova):
    plan = td.plan(nova, gap=0.001)
    return plan, td.explain(nova, plan, time_limit_s=30, most_sites=3)


def test_the_count_of_sites_binds_and_one_site_less_saves_what_its_plan_saves(nova, explained):
    plan, explanation = explained
    (limit,) = [item for item in explanation.binding if item.limit == "policy.min_sites"]
    assert (limit.value, limit.used, limit.step) == (4, 4, -1)
    looser = dataclasses.replace(nova, policy=dataclasses.replace(nova.policy, min_sites=3))
    again = td.plan(looser, gap=0.0005)
    assert 0 < limit.saving_usd <= limit.saving_upper_usd
    assert plan.cost_usd - again.cost_usd <= limit.saving_upper_usd
    assert again.lower_bound_usd <= plan.cost_usd - limit.saving_usd


def test_sites_left_out_cost_more_when_forced_in(nova, explained):
    plan, explanation = explained
    assert len(explanation.unused) == 3
    for site in explanation.unused:
        assert site.site_id not in {used.id for used in plan.sites}
        assert site.extra_lower_usd <= site.extra_usd
    dearest = explanation.unused[-1]
    forced = dataclasses.replace(
        nova,
        sites=tuple(
            dataclasses.replace(site, required=True) if site.site_id == dearest.site_id else site for site in nova.sites
        ),
    )
    again = td.plan(forced, gap=0.001)
    assert again.cost_usd >= plan.cost_usd + dearest.extra_lower_usd - 0.01


def test_a_plan_without_sites_has_nothing_to_explain(nova):
    empty = dataclasses.replace(td.plan(nova, gap=0.05), sites=())
    with pytest.raises(InvalidInput, match="nothing to explain"):
        td.explain(nova, empty)


def test_a_plan_made_for_a_goal_is_refused_with_the_plan_of_least_cost_to_explain_instead(nova, explained):
    scenario, (plan, _) = nova, explained
    size = dataclasses.replace(scenario.size, accelerators=None, power_mw=None, budget_usd=4e10)
    under_budget = dataclasses.replace(scenario, size=size)
    sites = sum(site.accelerators for site in plan.sites)
    for objective, unit in (("accelerators", "accelerators"), ("effective-flops", "EFLOP/s")):
        goal = Goal(objective=objective, value=1.0, bound=1.0, gap=0.0, unit=unit, budget_usd=4e10)
        with pytest.raises(InvalidInput, match="plan that for the least cost") as caught:
            td.explain(under_budget, dataclasses.replace(plan, goal=goal))
        assert caught.value.reason == "GOAL_UNSUPPORTED"
        assert f"size.accelerators = {sites:_}" in caught.value.message
        assert "in place of size.budget_usd" in caught.value.message
    # the exchange that the plan keeps is at least as slow as with nothing failed, and no slower than was asked for
    kept_s = float(caught.value.message.partition("workload.sync_time_s = ")[2].split()[0])
    assert plan.sync.time_s <= kept_s <= scenario.workload.sync_time_s + 1e-4
