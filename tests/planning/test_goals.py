"""Goals under a budget, on the scenario that is worked out by hand: two sites, pods of 1,000 accelerators."""

import dataclasses
import math

import pytest

import topodesign as td
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import SolveLimits
from topodesign.planning.goals import objective_of

HAND_COST = 6_950_934.12  # sample_sites/two-campus/README.md
PURCHASE = 120_000_000.0  # 2,000 accelerators at 60,000 USD


@pytest.fixture(name="campus", scope="module")
def campus_fixture():
    return td.load_scenario("sample_sites/two-campus")


def with_size_budget(scenario, usd):
    return dataclasses.replace(
        scenario, size=dataclasses.replace(scenario.size, accelerators=None, power_mw=None, budget_usd=usd)
    )


def with_policy_budget(scenario, usd):
    return dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, budget_usd=usd))


def test_a_budget_that_just_pays_for_the_plan_worked_out_by_hand_buys_its_accelerators(campus):
    plan = td.plan(with_size_budget(campus, HAND_COST + PURCHASE), gap=0.0)
    assert plan.verified
    assert plan.goal.objective == "accelerators"
    assert plan.goal.value == plan.goal.bound == sum(site.accelerators for site in plan.sites)
    assert plan.cost_usd + plan.accelerator_purchase_usd <= HAND_COST + PURCHASE
    # the hand plan has both sites with one pod each; its size target is met by exactly that
    assert plan.goal.value >= 2000


def test_a_cent_less_than_the_smallest_plan_is_infeasible_and_the_relief_is_that_cent(campus):
    smallest = td.plan(dataclasses.replace(campus, size=dataclasses.replace(campus.size, accelerators=1)), gap=0.0)
    needed = smallest.cost_usd + smallest.accelerator_purchase_usd
    plan = td.plan(with_size_budget(campus, needed - 0.01), gap=0.0)
    assert plan.status == "infeasible"
    (relief,) = plan.infeasibility.relief
    assert relief.limit == "size.budget_usd"
    again = td.plan(with_size_budget(campus, relief.to_value), gap=0.0)
    assert again.verified


def test_more_money_never_buys_a_longer_exchange(campus):
    base = td.plan(campus, gap=0.0)
    spent = base.cost_usd + base.accelerator_purchase_usd
    times = []
    for extra in (0.0, 100_000.0, 1_000_000.0):
        plan = td.plan(with_policy_budget(campus, spent + extra), gap=0.01, time_limit_s=30)
        assert plan.verified
        assert plan.goal.objective == "sync-time"
        assert plan.goal.bound <= plan.goal.value <= campus.workload.sync_time_s
        assert plan.cost_usd + plan.accelerator_purchase_usd <= spent + extra
        times.append((plan.goal.value, plan.goal.bound))
    assert times[0][0] >= times[1][1]
    assert times[1][0] >= times[2][1]


def test_a_way_to_a_goal_that_is_stopped_at_its_first_plan_returns_it_verified(campus):
    seen = []
    plan = td.plan(
        with_size_budget(campus, HAND_COST + PURCHASE),
        gap=0.0,
        on_progress=lambda event: seen.append(event.incumbent_usd),
        should_stop=lambda: any(usd is not None for usd in seen),
    )
    assert plan.stopped_by == "cancelled"
    assert plan.verified
    # the bound that there was by then was on the cost with the accelerators, and less than those alone
    assert plan.lower_bound_usd == 0.0


def test_an_earlier_plan_is_where_the_way_to_a_goal_begins(campus):
    base = td.plan(campus, gap=0.0)
    scenario = with_policy_budget(campus, base.cost_usd + base.accelerator_purchase_usd + 1_000_000.0)
    first = td.plan(scenario, gap=0.01, time_limit_s=30)
    events = []
    again = td.plan(scenario, gap=0.01, time_limit_s=30, start=first, on_progress=events.append)
    # it is quicker than the first level asks for: no bound is needed before there is a plan
    assert [event.phase for event in events[:2]] == ["candidates", "incumbent"]
    assert again.verified
    assert again.goal.gap <= 0.01


def test_a_budget_below_the_time_asked_for_says_what_would_be_enough(campus):
    plan = td.plan(with_policy_budget(campus, PURCHASE), gap=0.0)
    assert plan.status == "infeasible"
    (relief,) = plan.infeasibility.relief
    assert relief.to_value == pytest.approx(math.ceil(HAND_COST + PURCHASE), rel=0.05)
    assert td.plan(with_policy_budget(campus, relief.to_value), gap=0.05).verified


@pytest.mark.parametrize("objective", ["accelerators", "sync-time", "effective-flops"])
def test_an_objective_that_the_scenario_has_no_budget_for_is_refused(campus, objective):
    with pytest.raises(InvalidInput, match="budget_usd") as caught:
        objective_of(campus, SolveLimits(objective=objective))
    assert caught.value.reason == "GOAL_MISMATCH"


def test_a_budget_for_accelerators_needs_a_time_and_not_a_utilization(campus):
    workload = dataclasses.replace(campus.workload, sync_time_s=None, utilization=0.9)
    scenario = dataclasses.replace(with_size_budget(campus, 1e9), workload=workload)
    with pytest.raises(InvalidInput, match="sync_time_s"):
        td.plan(scenario)
