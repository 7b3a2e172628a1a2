"""Plans on the way: the newest one in the end, seldom, verified, and without a trace in what the search finds."""

import dataclasses

import pytest

import topodesign as td
from topodesign.domain.plan import SolveLimits
from topodesign.making import NOT_EVALUATED
from topodesign.planning import snapshots as pace
from topodesign.planning.halting import Halt
from topodesign.planning.snapshots import Snapshots
from topodesign.planning.solve import solve


class Clock:
    """Stands still but for what a test says."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def snapshots_of(clock, taken, *, takes_s=0.0):
    def take(plan):
        clock.now_s += takes_s
        taken.append((clock.now_s, plan))

    return Snapshots(on_plan=take, clock=clock)


def test_the_newest_of_the_designs_that_came_too_early_is_handed_out_once():
    clock, taken = Clock(), []
    snapshots = snapshots_of(clock, taken)
    halt = snapshots.watched(Halt())
    snapshots.offer(lambda: "first")
    snapshots.offer(lambda: "second")
    assert not halt.is_over()
    assert taken == []  # nothing in the first half second
    clock.now_s = 0.5
    assert not halt.is_over()
    assert not halt.is_over()
    assert taken == [(0.5, "second")]


def test_snapshots_take_a_twentieth_of_the_time_of_the_search_at_most():
    clock, taken = Clock(), []
    snapshots = snapshots_of(clock, taken, takes_s=0.25)
    halt = snapshots.watched(Halt())
    while clock.now_s < 100:
        snapshots.offer(lambda: "better")
        assert not halt.is_over()
        clock.now_s += 0.125
    # the first ends at 0.5 + 0.25; each of the others begins 20 x 0.25 s after the end of the one before
    assert [moment_s for moment_s, _ in taken] == [0.75 + 5.25 * number for number in range(len(taken))]
    assert len(taken) == 19


def test_a_search_that_is_to_stop_hands_out_what_waits_at_once():
    """Whoever asked it to stop may not wait until it has unwound."""
    clock, taken = Clock(), []
    snapshots = snapshots_of(clock, taken)
    snapshots.offer(lambda: "plan")
    halt = snapshots.watched(Halt(should_stop=lambda: True))
    assert halt.is_over()
    assert halt.is_over()
    assert taken == [(0.0, "plan")]


def test_who_wants_no_plans_pays_nothing():
    halt = Halt()
    assert Snapshots(on_plan=None).watched(halt) is halt


@pytest.fixture(name="often")
def often_fixture(monkeypatch):
    """Every better design is handed out at the next occasion."""
    monkeypatch.setattr(pace, "FIRST_S", 0.0)
    monkeypatch.setattr(pace, "REST", 0.0)


@pytest.mark.usefixtures("often")
def test_plans_on_the_way_leave_the_search_as_it_is():
    scenario, limits, handed_out = td.load_scenario("sample_sites/regional-nova"), SolveLimits(gap=0.02), []
    plan = solve(scenario, limits=limits, on_plan=handed_out.append)
    undisturbed = solve(scenario, limits=limits)
    assert dataclasses.replace(plan, wall_s=0.0) == dataclasses.replace(undisturbed, wall_s=0.0)
    costs = [one.cost_usd for one in handed_out]
    assert len(costs) >= 2
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == plan.cost_usd
    assert all(one.lower_bound_usd <= plan.cost_usd for one in handed_out)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("objective", ["accelerators", "sync-time", "effective-flops"])
def test_plans_on_the_way_to_a_goal_come_nearer_and_nearer_to_it(objective):
    campus = td.load_scenario("sample_sites/two-campus")
    spent = 6_950_934.12 + 120_000_000.0  # sample_sites/two-campus/README.md, and 2,000 accelerators at 60,000 USD
    if objective == "sync-time":
        policy = dataclasses.replace(campus.policy, budget_usd=spent + 1_000_000.0)
        scenario = dataclasses.replace(campus, policy=policy)
    else:
        size = dataclasses.replace(campus.size, accelerators=None, power_mw=None, budget_usd=spent + 1_000_000.0)
        scenario = dataclasses.replace(campus, size=size)
    handed_out = []
    plan = td.plan(scenario, objective=objective, gap=0.01, time_limit_s=30, on_plan=handed_out.append)
    assert len(handed_out) >= 2
    for one in handed_out:
        assert one.verified
        assert td.verify(scenario, one).valid
        assert one.goal.objective == objective
        assert (one.stopped_by, one.fabrics, one.availability, one.training) == ("cancelled", None, None, None)
        assert one.assumptions[-1] == NOT_EVALUATED
    sign = -1 if objective == "sync-time" else 1
    values = [sign * one.goal.value for one in handed_out]
    assert values == sorted(values)
    assert handed_out[-1].goal == plan.goal
