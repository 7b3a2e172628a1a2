"""Utilization and effective FLOP/s that a plan claims, worked out by the verifier, and tampering with them."""

import dataclasses
from dataclasses import replace

import pytest

import topodesign as td
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario, Workload
from topodesign.verify.utilization import longest_exchange_s, utilization

BUDGET = 127_500_000.0


@pytest.fixture(name="campus", scope="module")
def campus_fixture() -> Scenario:
    return td.load_scenario("sample_sites/two-campus")


@pytest.fixture(name="weighed", scope="module")
def weighed_fixture(campus: Scenario) -> tuple[Scenario, Plan]:
    """A scenario with a budget, and its plan for the most effective FLOP/s."""
    size = replace(campus.size, accelerators=None, budget_usd=BUDGET)
    scenario = replace(campus, size=size)
    plan = td.plan(scenario, objective="effective-flops", gap=0.01)
    assert plan.verified
    return scenario, plan


def rules(scenario: Scenario, plan: Plan) -> set[str]:
    return {violation.rule for violation in td.verify(scenario, plan).violations}


@pytest.mark.parametrize(
    ("factors", "broken"),
    [
        ({"value": 1.0001}, "goal_value"),
        ({"value": 1.5, "bound": 1.5}, "goal_value"),
        ({"bound": 0.5}, "goal_bound"),
        ({"gap": 1.5}, "goal_gap"),
        ({"budget_usd": 1.1}, "goal_budget"),
    ],
)
def test_a_goal_that_claims_more_than_the_plan_gives_is_found(
    weighed: tuple[Scenario, Plan], factors: dict[str, float], broken: str
) -> None:
    scenario, plan = weighed
    assert plan.goal is not None
    changed = {name: getattr(plan.goal, name) * factor for name, factor in factors.items()}
    assert broken in rules(scenario, replace(plan, goal=replace(plan.goal, **changed)))


@pytest.mark.parametrize(("name", "value"), [("unit", "FLOP/s"), ("objective", "sync-time")])
def test_a_goal_of_another_kind_or_unit_is_found(weighed: tuple[Scenario, Plan], name: str, value: str) -> None:
    scenario, plan = weighed
    assert plan.goal is not None
    assert "goal" in rules(scenario, replace(plan, goal=replace(plan.goal, **{name: value})))


def test_effective_flops_are_no_goal_without_a_budget_for_them(
    campus: Scenario, weighed: tuple[Scenario, Plan]
) -> None:
    assert "goal" in rules(campus, weighed[1])


def test_a_plan_for_less_overlap_does_not_stand_where_there_is_less(campus: Scenario) -> None:
    # steps of 4.8 s: without overlap the window is 2/3 (1 - 1/80) steps instead of 5 more, an eighth of the time
    overlapped = Workload(
        parameters=1.6e13,
        global_batch_tokens=1e5,
        utilization=0.99,
        method="diloco",
        inner_steps=10,
        overlap_steps=5,
        layers=80,
    )
    scenario = dataclasses.replace(campus, workload=overlapped)
    plan = td.plan(scenario, gap=0.01)
    assert plan.verified
    whole = dataclasses.replace(scenario, workload=replace(overlapped, overlap_steps=0))
    assert {"strength", "sync_demand"} <= rules(whole, plan)
    slower = dataclasses.replace(scenario, workload=replace(overlapped, flops_utilization=0.2))
    assert rules(slower, plan) == {"sync_demand"}  # steps twice as long need half the bandwidth


def test_nothing_overlapped_leaves_the_complement_of_the_utilization() -> None:
    workload = Workload(inner_steps=3, method="diloco", sync_time_s=1.0)
    # 3 steps of 2 s and an exchange of 1.5 s: 6 / 7.5
    assert utilization(workload, 2.0, 1.5) == pytest.approx(0.8)
    assert longest_exchange_s(workload, 2.0, 0.8) == pytest.approx(1.5)


def test_asynchronous_sites_lose_time_only_where_the_links_are_full() -> None:
    workload = Workload(inner_steps=3, method="asynchronous", sync_time_s=1.0)
    assert utilization(workload, 2.0, 6.0) == 1.0
    assert utilization(workload, 2.0, 12.0) == pytest.approx(0.5)
