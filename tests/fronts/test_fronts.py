"""Fronts against enumeration and hand-made answers: ends, dominance, bounds between the points, and resuming."""

import dataclasses
import itertools
import math
from pathlib import Path

import pytest
from fronts.conftest import FEW, campus, triangle
from planning.test_optimum import exhaustive_optimum

import topodesign as td
from topodesign.domain.pareto_front import ParetoFront, Step
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.local_engine import LocalEngine

ROUNDING = 1e-6
"""Relative: SCIP's own tolerance, as in the tests of the optimum."""


def value_at(steps: tuple[Step, ...], limit: float) -> float | None:
    """The value of the last step that begins no later."""
    return next((step.value for step in reversed(steps) if step.limit <= limit), None)


def test_no_point_dominates_another_and_every_bound_is_below_its_point(campus_front: ParetoFront):
    for one, other in itertools.permutations(campus_front.points, 2):
        assert any(a > b for a, b in zip(one.values, other.values, strict=True))
    for point in campus_front.points:
        assert 0 <= point.bound <= point.cost_usd
        assert point.gap == pytest.approx((point.cost_usd - point.bound) / point.cost_usd, abs=1e-12)


def test_ends_are_the_optima_of_single_goals(campus_front: ParetoFront):
    cost, time = campus_front.ends
    assert cost.least.upper == pytest.approx(exhaustive_optimum(campus()), rel=ROUNDING)
    assert cost.least.lower <= cost.least.upper
    # below the proven end nothing is feasible, at the reached one something is: each conduit has 8 pairs of fiber
    scenario = campus()
    for limit, is_possible in ((time.least.lower * (1 - ROUNDING), False), (time.least.upper * (1 + ROUNDING), True)):
        workload = dataclasses.replace(scenario.workload, sync_time_s=limit)
        assert math.isfinite(exhaustive_optimum(dataclasses.replace(scenario, workload=workload))) == is_possible
    assert time.least.upper * 0.9 <= time.least.lower  # the tolerance of this end is 0.1


def test_bounds_and_plans_enclose_the_optimum_at_every_limit(campus_front: ParetoFront):
    stairs, scenario = campus_front.staircases, campus()
    assert stairs is not None
    for limit in (1.0, 0.7, 0.4, 0.25, 0.15, 0.12, 0.08, 0.05, 0.035):
        workload = dataclasses.replace(scenario.workload, sync_time_s=limit)
        optimum = exhaustive_optimum(dataclasses.replace(scenario, workload=workload))
        reached, proven = value_at(stairs.plans, limit), value_at(stairs.bounds, limit)
        assert reached is not None and proven is not None
        assert proven * (1 - ROUNDING) <= optimum <= reached * (1 + ROUNDING)
        if not any(cell.tightest[0] <= limit <= cell.loosest[0] for cell in campus_front.open_cells):
            assert reached - proven <= campus_front.gap * reached


def test_the_hypervolume_of_the_plans_is_below_that_of_the_bounds(campus_front: ParetoFront):
    stairs = campus_front.staircases
    assert stairs is not None
    assert 0 < stairs.hypervolume_lower < stairs.hypervolume_upper < 1
    assert campus_front.status == "points" and campus_front.between == 4


def test_what_lies_between_the_proven_and_the_reached_end_is_open(campus_front: ParetoFront):
    time = campus_front.ends[1]
    (cell,) = [item for item in campus_front.open_cells if item.best is None]
    assert cell.tightest[0] == pytest.approx(time.least.lower) and cell.loosest[0] == pytest.approx(time.least.upper)
    assert campus_front.largest_gap is None  # the tolerance of this end is 0.1, which is no step too narrow to matter


def test_cost_against_sites_is_the_enumeration_at_every_number(one_process: LocalEngine, tmp_path: Path):
    scenario = triangle(max_zone_share=0.99)
    front = td.pareto(scenario, ("cost", "sites"), folder=tmp_path, gap=1e-6, engine=one_process)
    assert (front.status, front.open_cells) == ("complete", ())
    # of the cheap sites one would do; a share below 1 asks for two, and three only cost more
    least = {most: exhaustive_optimum(triangle(max_zone_share=0.99, max_sites=most)) for most in (1, 2, 3)}
    assert math.isinf(least[1]) and least[2] == least[3]
    assert [(point.site_count, point.cost_usd) for point in front.points] == [(2, pytest.approx(least[2], rel=1e-6))]
    assert front.ends[1].least.lower == front.ends[1].least.upper == 2


def test_a_share_of_zones_takes_as_many_sites_as_its_inverse(one_process: LocalEngine, tmp_path: Path):
    front = td.pareto(triangle(), ("sites", "zone-share"), folder=tmp_path, engine=one_process)
    assert front.minimized == "sites" and front.status == "complete"
    # six pods over one, two and three zones: see triangle()
    assert [point.values for point in front.points] == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]
    assert [point.gap for point in front.points] == [0.0, 0.0, 0.0]


def test_every_round_trip_has_its_least_cost(one_process: LocalEngine, tmp_path: Path):
    scenario = triangle(min_sites=2)
    front = td.pareto(scenario, ("latency", "cost"), folder=tmp_path, gap=1e-6, engine=one_process)
    assert front.minimized == "cost" and front.status == "complete"
    # light goes 100 km of glass of group index 1.468 there and back in 0.98 ms; the shortest way from c to a is over b
    km = [point.largest_rtt_ms / 0.98 * 100 for point in front.points]
    assert km == [pytest.approx(length, rel=0.05) for length in (200.0, 100.0)]
    for point in front.points:
        optimum = exhaustive_optimum(triangle(min_sites=2, max_rtt_ms=point.largest_rtt_ms * (1 + 1e-9)))
        assert point.cost_usd == pytest.approx(optimum, rel=2e-6)


def test_three_goals_leave_no_dominated_point_and_bounds_that_hold(three_goals: ParetoFront):
    front, scenario = three_goals, triangle()
    assert front.minimized == "cost" and front.between == 4
    for one, other in itertools.permutations(front.points, 2):
        assert any(a > b for a, b in zip(one.values, other.values, strict=True))
    carbon, cost, share = front.ends
    assert cost.least.upper == pytest.approx(exhaustive_optimum(scenario), rel=0.01)
    # all six pods at the cleanest site, and two thirds elsewhere
    assert carbon.least.upper == pytest.approx(min(point.carbon_t_per_year for point in front.points))
    assert (share.least.lower, share.least.upper) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    for point in front.points:
        cap, most = point.carbon_t_per_year * (1 + 1e-9), point.largest_zone_share * (1 + 1e-9)
        optimum = exhaustive_optimum(triangle(carbon_t_per_year=cap, max_zone_share=min(1.0, most)))
        assert point.bound * (1 - ROUNDING) <= optimum <= point.cost_usd * (1 + ROUNDING)


def test_two_processes_and_an_interruption_change_nothing_and_solve_nothing_twice(
    campus_front: ParetoFront, tmp_path: Path
):
    class Counting(LocalEngine):
        def submit(self, task: EngineTask) -> None:
            submitted.append(task.task_id)
            super().submit(task)

    submitted: list[str] = []
    known = [0]

    def count(solves: int, _plans: int) -> None:
        known[0] = solves

    with Counting(workers=2) as engine:
        asked = {"folder": tmp_path, "engine": engine, "on_progress": count, **FEW}
        first = td.pareto(campus(), **asked, should_stop=lambda: known[0] >= 7)
        assert first.status == "interrupted" and first.asked == known[0] and first.points
        before = len(submitted)
        second = td.pareto(campus(), **asked)
    assert second == campus_front
    assert (before, len(submitted)) == (first.asked, second.asked)
