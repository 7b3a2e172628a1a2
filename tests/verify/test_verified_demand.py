"""Demand matrices, hoses, lightpaths in service, budgets and goals in whole plans, with the arithmetic beside."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from topodesign.domain.plan import Goal, Plan, Sync, Verification
from topodesign.domain.scenario import LitLightpath, Policy, Scenario, Site, Size, Traffic, Workload
from topodesign.verify import verify_plan

MATRIX = Workload(demand="matrix")
HOSE = Workload(demand="hose")


def rules_of(finding: Verification) -> set[str]:
    return {item.rule for item in finding.violations}


def with_matrix(scenario: Scenario, *entries: tuple[str, str, float], **policy: Any) -> Scenario:
    traffic = tuple(Traffic(a=a, b=b, gbps=gbps) for a, b, gbps in entries)
    return replace(scenario, workload=MATRIX, traffic=traffic, policy=replace(scenario.policy, **policy))


def with_hose(scenario: Scenario, **hose: float) -> Scenario:
    def changed(site: Site) -> Site:
        return replace(site, hose_gbps=hose.get(site.site_id, 0.0))

    return replace(scenario, workload=HOSE, sites=tuple(changed(site) for site in scenario.sites))


def test_a_matrix_on_a_ring_is_met_to_the_last_gigabit(ring_of_four: Any) -> None:
    # 1200 Gbit/s on each side: a to c 2400 both ways around, 1200 after one conduit, which is 0.75 x 1600
    scenario = with_matrix(ring_of_four.scenario, ("a", "c", 1600))
    finding = verify_plan(scenario, ring_of_four.plan, catalog=ring_of_four.catalog)
    assert finding.violations == ()
    assert finding.strength_gbps == pytest.approx(2400)
    strengths = {item.failure: (item.strength_gbps, item.required_gbps) for item in finding.failures}
    assert strengths["none"] == (pytest.approx(2400), 1600)
    assert strengths["conduit bc"] == (pytest.approx(1200), 1200)


def test_a_matrix_that_a_failure_leaves_too_little_for_is_rejected(ring_of_four: Any) -> None:
    scenario = with_matrix(ring_of_four.scenario, ("a", "c", 1601))
    finding = verify_plan(scenario, ring_of_four.plan, catalog=ring_of_four.catalog)
    assert rules_of(finding) == {"strength_after_failure"}
    assert len(finding.violations) == 4
    assert finding.violations[0].value == pytest.approx(1200)
    assert finding.violations[0].limit == pytest.approx(1200.75)
    assert "traffic that can be routed" in finding.violations[0].message


def test_entries_share_the_links_and_the_strength_counts_the_whole_demand(ring_of_four: Any) -> None:
    # a>c and b>d, 1200 each, both cross from {a, b} to {c, d}, over bc and ad: alpha = 1, strength = 1 x 2400
    scenario = with_matrix(ring_of_four.scenario, ("a", "c", 1200), ("b", "d", 1200), survive=("none",))
    finding = verify_plan(scenario, ring_of_four.plan, catalog=ring_of_four.catalog)
    assert finding.violations == ()
    assert finding.strength_gbps == pytest.approx(2400)


def test_a_failed_site_takes_its_own_demand_with_it(ring_of_four: Any) -> None:
    # without b or d a>c keeps one way around (1200); without a or c nothing is asked of the others
    scenario = with_matrix(ring_of_four.scenario, ("a", "c", 1200), survive=("site",), survivable_fraction=1.0)
    finding = verify_plan(scenario, ring_of_four.plan, catalog=ring_of_four.catalog)
    assert finding.violations == ()
    strengths = {item.failure: item.strength_gbps for item in finding.failures}
    assert strengths == {
        "none": pytest.approx(2400),
        "site a": None,
        "site b": pytest.approx(1200),
        "site c": None,
        "site d": pytest.approx(1200),
    }


def test_a_hose_on_a_triangle(three_sites: Any) -> None:
    # 800 on each side; uniform hose h on three sites: alpha = 3/2 x 800 / h with all sides, 800 / h with two; with one
    # site lost, 800 / h between the others. With h = 800 the strength is alpha x 2400
    scenario = with_hose(three_sites.scenario, a=800, b=800, c=800)
    finding = verify_plan(scenario, three_sites.plan, catalog=three_sites.catalog)
    assert finding.violations == ()
    assert finding.strength_gbps == pytest.approx(1.5 * 2400)
    failures = {item.failure: item.strength_gbps for item in finding.failures if item.failure != "none"}
    assert list(failures.values()) == [pytest.approx(2400)] * 9
    too_much = with_hose(three_sites.scenario, a=801, b=801, c=801)
    assert rules_of(verify_plan(too_much, three_sites.plan, catalog=three_sites.catalog)) == {"strength_after_failure"}


def test_a_site_that_the_demand_names_must_be_used(ring_of_four: Any) -> None:
    scenario = with_matrix(ring_of_four.scenario, ("a", "c", 100), ("a", "d", 100))
    plan = replace(
        ring_of_four.plan,
        sites=ring_of_four.plan.sites[:3],
        lightpaths=tuple(path for path in ring_of_four.plan.lightpaths if "d" not in (path.a, path.z)),
    )
    finding = verify_plan(scenario, plan, catalog=ring_of_four.catalog)
    assert ("site_required", "d") in {(item.rule, item.id) for item in finding.violations}
    assert finding.strength_gbps == 0


SYNC = Sync(
    demand_gbps=1600,
    strength_gbps=2400,
    worst_failure="conduit ab",
    worst_strength_gbps=1200,
    time_s=None,
)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, set()),
        ({"worst_failure": "conduit cd"}, set()),  # all four are as bad
        ({"strength_gbps": 2400.001}, set()),  # within a millionth
        ({"strength_gbps": 2400.01}, {"sync_strength"}),
        ({"worst_strength_gbps": 1300.0}, {"sync_worst_strength"}),
        ({"worst_failure": "none"}, {"sync_worst_failure"}),
        ({"demand_gbps": 1500.0}, {"sync_demand"}),
        ({"time_s": 1.0}, {"sync_time"}),
    ],
)
def test_statements_about_a_matrix(ring_of_four: Any, changes: dict[str, Any], rules: set[str]) -> None:
    scenario = with_matrix(ring_of_four.scenario, ("a", "c", 1600))
    plan = replace(ring_of_four.plan, sync=replace(SYNC, **changes))
    assert rules_of(verify_plan(scenario, plan, catalog=ring_of_four.catalog)) == rules


def transceivers_usd(case: Any, reread: Callable[..., Plan], *in_service: LitLightpath) -> float:
    """What the verifier charges, found by stating nothing about cost."""
    scenario = replace(case.scenario, lit_lightpaths=in_service)
    record = {key: case.record[key] for key in ("sites", "lightpaths", "segments")}
    plan = reread(replace(case, scenario=scenario), record)
    finding = verify_plan(scenario, plan, catalog=case.catalog)
    assert finding.valid
    assert finding.cost_usd is not None
    return finding.cost_usd - (6_173_271.83 - 20_000)


@pytest.mark.parametrize(
    ("in_service", "usd"),
    [
        ((), 20_000),  # ab 2 x 2 modules, bc and ca 2 x 4
        ((LitLightpath(a="b", z="c", mode="m400", count=1, segments=("bj", "jc")),), 16_000),
        ((LitLightpath(a="c", z="b", mode="m400", count=1, segments=("jc", "bj")),), 16_000),  # from the other end
        ((LitLightpath(a="b", z="c", mode="m400", count=9, segments=("bj", "jc")),), 12_000),  # two are in the plan
        ((LitLightpath(a="b", z="c", mode="short", count=1, segments=("bj", "jc")),), 20_000),  # another mode
        (
            (
                LitLightpath(a="a", z="b", mode="m400", count=1, segments=("ab",)),
                LitLightpath(a="c", z="a", mode="m400", count=2, segments=("ch", "ha")),
            ),
            10_000,
        ),
        ((LitLightpath(a="a", z="b", mode="m400", count=1, segments=("ha", "ch", "jc", "bj")),), 20_000),
    ],
)
def test_lightpaths_in_service_need_no_transceivers(
    three_sites: Any, reread: Callable[..., Plan], in_service: tuple[LitLightpath, ...], usd: float
) -> None:
    assert transceivers_usd(three_sites, reread, *in_service) == pytest.approx(usd, abs=0.005)


def test_one_lightpath_in_service_is_free_once_although_two_entries_match(
    three_sites: Any, reread: Callable[..., Plan]
) -> None:
    # bc as one regenerated lightpath (4 modules) and one without (2): the one in service counts as the dearer
    paths = [dict(path) for path in three_sites.record["lightpaths"]]
    paths[1] = paths[1] | {"count": 1}
    paths.append({**paths[1], "regenerations": []})
    case = replace(three_sites, record=three_sites.record | {"lightpaths": paths})
    lit = LitLightpath(a="b", z="c", mode="m400", count=1, segments=("bj", "jc"))
    scenario = replace(case.scenario, lit_lightpaths=(lit,))
    record = {key: case.record[key] for key in ("sites", "lightpaths", "segments")}
    with_lit = reread(replace(case, scenario=scenario), record).cost_usd
    without = reread(case, record).cost_usd
    assert with_lit is not None and without is not None
    assert without - with_lit == pytest.approx(4000, abs=0.005)


def test_a_plan_that_charges_for_transceivers_in_service_is_corrected(three_sites: Any) -> None:
    lit = LitLightpath(a="b", z="c", mode="m400", count=1, segments=("bj", "jc"))
    scenario = replace(three_sites.scenario, lit_lightpaths=(lit,))
    finding = verify_plan(scenario, three_sites.plan, catalog=three_sites.catalog)
    assert {(item.rule, item.id) for item in finding.violations} == {
        ("cost_item", "transceivers"),
        ("cost_total", "cost_usd"),
    }


SPENT = 7_071_163.44 + 50_000_000  # cost and 5000 accelerators at 10,000 USD


def with_budget(case: Any, budget_usd: float) -> Scenario:
    return replace(case.scenario, policy=replace(case.scenario.policy, budget_usd=budget_usd))


def test_a_budget_beside_a_size_counts_cost_and_accelerators(two_sites: Any) -> None:
    enough = with_budget(two_sites, SPENT)
    assert verify_plan(enough, two_sites.plan, catalog=two_sites.catalog).valid
    short = with_budget(two_sites, SPENT - 1)
    finding = verify_plan(short, two_sites.plan, catalog=two_sites.catalog)
    assert [(item.rule, item.id) for item in finding.violations] == [("budget", "policy.budget_usd")]


# 1.6e12 bit / (0.8 x 2400e9) = 0.8333 s with nothing failed, but 1200 Gbit/s after either conduit: 1.6667 s is kept
SYNC_TIME = Goal(objective="sync-time", value=5 / 3, bound=1.5, gap=0.1, unit="s", budget_usd=60e6)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, set()),
        ({"value": 1.6667, "bound": 1.6667, "gap": 0.0}, set()),
        ({"value": 1.9, "bound": 1.9, "gap": 0.0}, set()),  # states less than it reaches
        ({"value": 1.6}, {"goal_value", "goal_gap"}),  # kept with nothing failed, but not after a failure
        ({"value": 0.84, "bound": 0.84, "gap": 0.0}, {"goal_value"}),
        ({"bound": 1.7, "gap": 0.02}, {"goal_bound"}),
        ({"gap": 0.05}, {"goal_gap"}),
        ({"unit": "accelerators"}, {"goal"}),
        ({"objective": "cost"}, {"goal"}),
        ({"objective": "accelerators", "unit": "accelerators", "value": 5000.0}, {"goal"}),
        ({"budget_usd": 59e6}, {"goal_budget"}),
        ({"value": float("nan")}, {"numbers"}),
        ({"bound": -1.0}, {"numbers", "goal_gap"}),
    ],
)
def test_a_stated_sync_time_is_kept_in_every_failure(two_sites: Any, changes: dict[str, Any], rules: set[str]) -> None:
    scenario = with_budget(two_sites, 60e6)
    plan = replace(two_sites.plan, goal=replace(SYNC_TIME, **changes))
    assert rules_of(verify_plan(scenario, plan, catalog=two_sites.catalog)) == rules


def test_half_the_bandwidth_after_a_failure_keeps_a_shorter_time(two_sites: Any) -> None:
    # 1.6667 s x 0.5 = 0.8333 s after a failure, which is what the whole strength gives too
    scenario = with_budget(two_sites, 60e6)
    scenario = replace(scenario, policy=replace(scenario.policy, survivable_fraction=0.5))
    goal = replace(SYNC_TIME, value=0.83334, bound=0.83334, gap=0.0)
    plan = replace(two_sites.plan, goal=goal)
    assert verify_plan(scenario, plan, catalog=two_sites.catalog).valid
    too_short = replace(plan, goal=replace(goal, value=0.833, bound=0.833))
    assert rules_of(verify_plan(scenario, too_short, catalog=two_sites.catalog)) == {"goal_value"}


def test_the_sync_time_asked_for_is_demanded_although_the_goal_is_a_shorter_one(two_sites: Any) -> None:
    # asked: 2 s (1000 Gbit/s); with 0.9 s asked, 1200 Gbit/s after a conduit is too little whatever the goal says
    scenario = with_budget(two_sites, 60e6)
    scenario = replace(scenario, workload=replace(scenario.workload, sync_time_s=1.5))
    plan = replace(two_sites.plan, goal=SYNC_TIME)
    assert "strength_after_failure" in rules_of(verify_plan(scenario, plan, catalog=two_sites.catalog))


ACCELERATORS = Goal(
    objective="accelerators", value=5000, bound=6000, gap=1 / 6, unit="accelerators", budget_usd=60_000_000
)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, set()),
        ({"value": 6000.0, "gap": 0.0}, {"goal_value"}),
        ({"value": float("nan")}, {"goal_value", "numbers"}),
        ({"bound": 4000.0, "gap": 0.2}, {"goal_bound"}),
        ({"gap": 0.2}, {"goal_gap"}),
    ],
)
def test_stated_accelerators_are_those_placed(two_sites: Any, changes: dict[str, Any], rules: set[str]) -> None:
    size = Size(accelerator="chip", pod_accelerators=1000, budget_usd=60e6)
    scenario = replace(two_sites.scenario, size=size)
    plan = replace(two_sites.plan, goal=replace(ACCELERATORS, **changes))
    assert rules_of(verify_plan(scenario, plan, catalog=two_sites.catalog)) == rules


def test_a_goal_without_a_budget_is_rejected(two_sites: Any) -> None:
    plan = replace(two_sites.plan, goal=SYNC_TIME)
    finding = verify_plan(two_sites.scenario, plan, catalog=two_sites.catalog)
    assert rules_of(finding) == {"goal"}


def test_a_zone_with_both_ends_of_all_demand_leaves_nothing_to_ask(two_sites: Any) -> None:
    sites = tuple(replace(site, zone_id="za") for site in two_sites.scenario.sites)
    scenario = replace(two_sites.scenario, sites=sites, policy=Policy(survive=("zone",)))
    scenario = replace(scenario, workload=MATRIX, traffic=(Traffic(a="a", b="b", gbps=2400),))
    finding = verify_plan(scenario, replace(two_sites.plan, sync=None), catalog=two_sites.catalog)
    assert not {"strength", "strength_after_failure"} & rules_of(finding)
    assert [item.strength_gbps for item in finding.failures] == [pytest.approx(2400), None]
