"""The benchmark of sweeps has the points that it says, and counts what was solved both times."""

import dataclasses

import pytest

from benchmarks.sweep_scaling import VARIED, saved_share
from topodesign.domain.scenario_sweep import PointFigures, PointResult, SweepDefinition, SweepOutcome
from topodesign.sweeps.grammar import axis_of

FIGURES = PointFigures(**{field.name: 1 for field in dataclasses.fields(PointFigures)})  # type: ignore[arg-type]


def outcome(*solve_s: float) -> SweepOutcome:
    """Points of so many seconds, the last one without a plan."""
    last = len(solve_s) - 1
    results = tuple(
        PointResult(
            number=number,
            values=(number,),
            status="infeasible" if number == last else "optimal",
            figures=None if number == last else FIGURES,
            solve_s=seconds,
        )
        for number, seconds in enumerate(solve_s)
    )
    definition = SweepDefinition(axes=(axis_of("policy.max_sites=1..3"),))
    return SweepOutcome(definition=definition, results=results, is_complete=True, resumed=0)


def test_two_hundred_points_are_measured():
    assert SweepDefinition(axes=tuple(axis_of(text) for text in VARIED)).count == 200


def test_what_is_saved_is_of_points_with_a_plan():
    # 1 s and 2 s instead of 4 s and 2 s: a half of 6 s; the infeasible point's 9 s count for neither
    assert saved_share(outcome(1, 2, 9), outcome(4, 2, 1)) == pytest.approx(0.5)
