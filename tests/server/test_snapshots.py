"""A job that ends with its snapshot: which plan, against which bound."""

import pytest
from topodesign_server.snapshots import Snapshot, is_better, plan_of

from topodesign.v1 import plan_pb2

CANCELLED = plan_pb2.STOPPED_BY_CANCELLED


def snapshot() -> plan_pb2.Plan:
    """Cost 1,000 USD, of which 200 USD are the network's; bound 900 USD."""
    return plan_pb2.Plan(
        status=plan_pb2.STATUS_FEASIBLE,
        stopped_by=CANCELLED,
        cost_usd=1000,
        lower_bound_usd=900,
        gap=0.1,
        network_cost_usd=200,
        network_gap=0.5,
        wall_s=3,
    )


def ended(plan: plan_pb2.Plan, event: plan_pb2.PlanEvent | None) -> plan_pb2.Plan:
    progress = None if event is None else event.SerializeToString()
    return plan_of(Snapshot(attempt=1, content=plan.SerializeToString()), progress=progress, stopped_by=CANCELLED)


def test_a_later_bound_closes_the_gaps_of_a_snapshot() -> None:
    plan = ended(snapshot(), plan_pb2.PlanEvent(phase="branching", wall_s=7, bound_usd=990))
    # 1,000 - 990 = 10 USD are left: 1 % of the cost, 5 % of the network's
    assert (plan.lower_bound_usd, plan.gap, plan.network_gap) == (990, 0.01, 0.05)
    assert plan.wall_s == 7


@pytest.mark.parametrize("bound_usd", [None, 899.0])
def test_a_bound_that_began_again_from_below_takes_nothing_from_a_snapshot(bound_usd: float | None) -> None:
    event = plan_pb2.PlanEvent(phase="routes", wall_s=2)
    if bound_usd is not None:
        event.bound_usd = bound_usd
    assert ended(snapshot(), event) == snapshot()
    assert ended(snapshot(), None) == snapshot()


def test_a_bound_is_never_above_the_cost() -> None:
    """A better plan than the snapshot's may have been found and lost: its bound may be anything up to infinity."""
    plan = ended(snapshot(), plan_pb2.PlanEvent(phase="branching", wall_s=7, bound_usd=1001))
    assert (plan.lower_bound_usd, plan.gap, plan.network_gap) == (1000, 0, 0)


def test_a_bound_on_the_way_to_a_goal_says_nothing_of_its_plan() -> None:
    plan = snapshot()
    plan.goal.CopyFrom(plan_pb2.Goal(value=4608, bound=9216, gap=0.5, unit="accelerators"))
    assert ended(plan, plan_pb2.PlanEvent(phase="branching", wall_s=3, bound_usd=990)) == plan


def test_the_cheaper_of_two_plans_is_better_and_no_plan_is_better_than_none() -> None:
    dearer = plan_pb2.Plan(status=plan_pb2.STATUS_FEASIBLE, stopped_by=CANCELLED, cost_usd=1001)
    assert is_better(snapshot(), dearer)
    assert not is_better(dearer, snapshot())
    assert not is_better(snapshot(), snapshot())
    assert is_better(snapshot(), plan_pb2.Plan(status=plan_pb2.STATUS_LIMIT, stopped_by=CANCELLED))


def test_a_search_that_was_finished_has_the_last_word() -> None:
    """Its plan is evaluated and within the gap that was asked for; or it has proven that there is none."""
    within_gap = plan_pb2.Plan(
        status=plan_pb2.STATUS_FEASIBLE, stopped_by=plan_pb2.STOPPED_BY_GAP, cost_usd=1001, lower_bound_usd=1000
    )
    assert not is_better(snapshot(), within_gap)
    no_plan = plan_pb2.Plan(status=plan_pb2.STATUS_INFEASIBLE, stopped_by=plan_pb2.STOPPED_BY_PROOF)
    assert not is_better(snapshot(), no_plan)


@pytest.mark.parametrize(
    ("unit", "better", "worse"), [("s", 0.5, 0.6), ("accelerators", 9216, 4608), ("EFLOP/s", 3, 2)]
)
def test_a_plan_that_reaches_more_of_its_goal_is_better_whatever_it_costs(
    unit: str, better: float, worse: float
) -> None:
    one, other = snapshot(), snapshot()
    one.goal.CopyFrom(plan_pb2.Goal(value=better, unit=unit))
    other.goal.CopyFrom(plan_pb2.Goal(value=worse, unit=unit))
    one.cost_usd = 2000
    assert is_better(one, other)
    assert not is_better(other, one)
