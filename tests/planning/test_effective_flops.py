"""Most effective FLOP/s for a budget: brackets against enumeration, honesty of bounds, and what cannot be had."""

import dataclasses
import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Policy, Traffic, Workload
from topodesign.planning.corners import Corner, Corners, question
from topodesign.planning.goals import objective_of
from topodesign.planning.solve import solve
from topodesign.training.demand import utilization_at

HAND_COST = 6_950_934.12  # sample_sites/two-campus/README.md: two sites with a pod each, B = 3,200 Gbit/s
PURCHASE = 120_000_000.0  # 2,000 accelerators at 60,000 USD
POD_EFLOPS = 1.0  # 1,000 accelerators x 2,500 TFLOP/s x 0.4


@pytest.fixture(name="campus", scope="module")
def campus_fixture():
    return td.load_scenario("sample_sites/two-campus")


def with_budget(scenario, usd, **workload):
    return dataclasses.replace(
        scenario,
        size=dataclasses.replace(scenario.size, accelerators=None, power_mw=None, budget_usd=usd),
        workload=dataclasses.replace(scenario.workload, **workload),
    )


def most(scenario, *, gap=0.002):
    return td.plan(scenario, objective="effective-flops", gap=gap, time_limit_s=60)


def test_a_budget_for_the_plan_worked_out_by_hand_buys_two_pods_and_what_their_lightpaths_give(campus):
    plan = most(with_budget(campus, HAND_COST + PURCHASE))
    assert plan.verified
    assert (plan.goal.objective, plan.goal.unit) == ("effective-flops", "EFLOP/s")
    # a step: 6 x 1.6e11 parameters x 6e7 tokens / (2,000 x 1e15 FLOP/s) = 28.8 s, to which the exchange adds its time
    accelerator = load_catalog().accelerator(campus.size.accelerator)
    step_s = 6 * campus.workload.parameters * campus.workload.global_batch_tokens / (2000 * 0.4 * 2500e12)
    assert accelerator.peak_tflops == 2500
    kept_gbps = min(plan.sync.strength_gbps, plan.sync.worst_strength_gbps)
    volume = campus.workload.parameters * campus.workload.bits_per_element
    exchange_s = volume / (campus.workload.wan_goodput_factor * kept_gbps * 1e9)
    assert plan.goal.value == pytest.approx(2 * POD_EFLOPS * step_s / (step_s + exchange_s), rel=1e-6)
    assert plan.goal.value <= plan.goal.bound <= 2 * POD_EFLOPS
    assert plan.goal.gap == pytest.approx(1 - plan.goal.value / plan.goal.bound)
    assert plan.goal.gap <= 0.002
    assert any("of peak FLOP/s are reached in-site" in told for told in plan.assumptions)
    assert plan.cost_usd + plan.accelerator_purchase_usd <= HAND_COST + PURCHASE


def test_more_money_never_buys_less_and_the_same_money_buys_the_same(campus):
    plans = [most(with_budget(campus, HAND_COST + PURCHASE + extra)) for extra in (0.0, 3e5, 3e5)]
    assert plans[-1].goal == plans[-2].goal
    assert plans[1].goal.bound >= plans[1].goal.value > plans[0].goal.value


def test_a_budget_that_pays_for_nothing_is_infeasible_and_the_relief_is_enough(campus):
    plan = most(with_budget(campus, PURCHASE))
    assert plan.status == "infeasible"
    (relief,) = plan.infeasibility.relief
    assert relief.limit == "size.budget_usd"
    assert most(with_budget(campus, relief.to_value)).verified


def test_one_site_computes_all_the_time_and_nothing_asks_for_a_network(campus):
    sites = tuple(dataclasses.replace(site, max_pods=None) for site in campus.sites)
    alone = dataclasses.replace(campus, sites=sites, policy=Policy(max_sites=1))
    plan = most(with_budget(alone, 1e9))
    assert plan.verified
    assert len(plan.sites) == 1
    assert plan.goal.value == plan.goal.bound == plan.sites[0].pods * POD_EFLOPS
    assert plan.goal.gap == 0


def test_the_utilization_asked_for_is_kept_at_least(campus):
    wanted = with_budget(campus, HAND_COST + PURCHASE + 1e6, sync_time_s=None, utilization=0.97)
    plan = most(wanted, gap=0.05)
    assert plan.verified
    assert plan.goal.value >= 0.97 * sum(site.pods for site in plan.sites) * POD_EFLOPS * (1 - 1e-6)


def test_a_request_to_stop_before_anything_is_found_ends_without_a_plan_and_without_a_claim(campus):
    scenario = with_budget(campus, HAND_COST + PURCHASE)
    plan = solve(scenario, limits=SolveLimits(objective="effective-flops"), should_stop=lambda: True)
    assert (plan.status, plan.stopped_by, plan.goal, plan.infeasibility) == ("limit", "cancelled", None, None)


def test_traffic_in_gbps_has_no_utilization_to_weigh(campus):
    ends = [site.site_id for site in campus.sites]
    scenario = dataclasses.replace(
        with_budget(campus, 1e9),
        workload=Workload(demand="matrix"),
        traffic=(Traffic(a=ends[0], b=ends[1], gbps=100.0),),
    )
    with pytest.raises(InvalidInput, match="matrix") as caught:
        objective_of(scenario, SolveLimits(objective="effective-flops"))
    assert caught.value.reason == "GOAL_UNSUPPORTED"


@pytest.mark.parametrize("seed", [3, 8])
def test_no_size_and_time_that_the_budget_pays_for_is_worth_more_than_the_bound(random_scenario, seed):
    """Every number of pods and a grid of times, each planned for least cost, against the bracket."""
    base = random_scenario(seed, survive=("none",))
    base = dataclasses.replace(base, workload=Workload(parameters=1e12, sync_time_s=400.0, global_batch_tokens=4e6))
    catalog = load_catalog()
    accelerator = catalog.accelerator(base.size.accelerator)
    budget = 3.4 * 1000 * accelerator.cost_usd
    worth = 0.0
    for pods in (1, 2, 3):
        for time_s in (400.0, 40.0, 12.0, 4.0, 1.2, 0.4):
            level = dataclasses.replace(
                base,
                size=dataclasses.replace(base.size, accelerators=1000 * pods),
                workload=dataclasses.replace(base.workload, sync_time_s=time_s),
            )
            found = solve(level, limits=SolveLimits(gap=0.0, time_limit_s=20))
            if found.sites and found.cost_usd + found.accelerator_purchase_usd <= budget:
                exchange_s = 0.0 if len(found.sites) == 1 else time_s
                share = utilization_at(base, accelerator, accelerators=1000 * pods, exchange_s=exchange_s)
                worth = max(worth, pods * POD_EFLOPS * share)
    plan = most(with_budget(base, budget), gap=0.01)
    assert plan.verified
    assert worth > 0
    assert plan.goal.bound >= worth * (1 - 1e-9)
    assert plan.goal.value >= worth * (1 - 0.01)


def bracket(is_inside: Callable[[int, float], bool], pods: int, *, gap: float) -> tuple[float, float]:
    """Best product inside, and the bound, as the search asks for them."""
    corners, best = Corners([Corner(pods=pods, utilization=1.0)], lambda _: 0.0), 0.0
    while (corner := corners.best(above=best / (1 - gap))) is not None:
        ask = question(corner, best=best) if best else (max(1, corner.pods // 2), corner.utilization / 2)
        if is_inside(*ask):
            best = max(best, ask[0] * ask[1])
        else:
            corners.cut(*ask)
    return best, max(best, corners.most())


@settings(max_examples=60, deadline=None)
@given(
    budget=st.floats(min_value=1, max_value=300),
    pod=st.floats(min_value=0.5, max_value=5),
    network=st.floats(min_value=0.01, max_value=2),
    pods=st.integers(min_value=1, max_value=200),
)
def test_corners_bracket_the_best_product_of_a_region_that_is_known_in_closed_form(budget, pod, network, pods):
    """Cost: a price for each pod, and for the bandwidth, which is as n u / (1 - u) where nothing is overlapped."""

    def is_inside(count: int, share: float) -> bool:
        return count * (pod + network * share / (1 - share)) <= budget

    def best_with(count: int) -> float:
        left = budget / count - pod  # network x u / (1 - u)
        return 0.0 if left <= 0 else count * left / (left + network)

    truth = max(best_with(count) for count in range(1, pods + 1))
    if truth <= 1e-3:
        return  # nothing, or next to nothing, is inside: the search asks for the least pair then
    value, bound = bracket(is_inside, pods, gap=0.01)
    assert value <= truth * (1 + 1e-9)
    assert bound >= truth * (1 - 1e-9)
    assert value >= bound * (1 - 0.01) * (1 - 1e-9)


def test_a_question_asked_in_vain_is_asked_again_nearer_the_corner_and_then_no_more():
    corners = Corners([Corner(pods=100, utilization=1.0)], lambda _: 0.0)
    products = []
    for _ in range(3):
        corner = corners.best(above=50.0)
        pods, share = question(corner, best=50.0)
        products.append(pods * share)
        corners.set_aside(corner, asked=pods * share, stretch=1.01)
    assert products[0] == pytest.approx(math.sqrt(50 * 100))
    assert products == sorted(products)
    assert corners.best(above=50.0) is None
    assert corners.most() == 100.0  # it stays in the bound


def test_what_lies_outside_takes_off_every_corner_that_holds_it():
    corners = Corners([Corner(pods=10, utilization=0.5), Corner(pods=6, utilization=1.0)], lambda _: 0.0)
    corners.cut(5, 0.4)
    assert [(item.pods, item.utilization) for item in corners.corners] == [(4, 1.0), (10, 0.4)]
