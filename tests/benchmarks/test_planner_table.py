"""The table says yes only where every limit is kept."""

import dataclasses
import json
from pathlib import Path

import pytest

from benchmarks.growth import draw, read_points
from benchmarks.measured_plan import MeasuredPlan, Request, TimePoint, plan_here
from benchmarks.planner_table import GROWTH_ROWS, ROWS, Result, Row, chosen_rows, table

ROW = Row(scenario="made up", gap=0.01, network_gap=0.05, within_s=60, memory_mb=1000, first_plan_s=10)
# 1 % of 100 is 1; 5 % of a network of 10 is 0.5, which is the stricter one. It is kept from 40 s on.
GOOD = MeasuredPlan(
    request=Request(scenario="made up"),
    status="feasible",
    stopped_by="gap",
    cost_usd=100.0,
    lower_bound_usd=99.6,
    network_cost_usd=10.0,
    gap=0.004,
    network_gap=0.04,
    wall_s=45.0,
    peak_mb=900.0,
    verified=True,
    site_count=3,
    segment_count=4,
    used_sites=("a", "b"),
    time_line=(
        TimePoint(wall_s=1.0, incumbent_usd=None, bound_usd=90.0),
        TimePoint(wall_s=5.0, incumbent_usd=103.0, bound_usd=95.0),
        TimePoint(wall_s=20.0, incumbent_usd=100.0, bound_usd=99.2),
        TimePoint(wall_s=40.0, incumbent_usd=100.0, bound_usd=99.6),
    ),
)


def faults(**changes: object) -> tuple[str, ...]:
    return Result(row=ROW, run=dataclasses.replace(GOOD, **changes)).faults  # type: ignore[arg-type]


def test_a_row_that_keeps_everything_is_met() -> None:
    result = Result(row=ROW, run=GOOD)
    assert result.faults == ()
    assert result.wanted_gap_s == 40.0
    assert result.first_plan_s == 5.0
    assert "| yes | yes |" in table([result])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"verified": False}, "no verified plan"),
        ({"lower_bound_usd": 99.4, "time_line": GOOD.time_line[:3]}, "gap"),
        ({"time_line": (), "wall_s": 61.0}, "time"),
        ({"wall_s": 67.0}, "time limit not kept"),
        ({"peak_mb": 1001.0}, "memory"),
        ({"time_line": GOOD.time_line[2:]}, "first plan"),
        ({"cost_usd": None, "lower_bound_usd": None, "time_line": ()}, "gap"),
    ],
)
def test_each_limit_that_is_missed_is_named(changes: dict[str, object], fault: str) -> None:
    assert fault in faults(**changes)


def test_a_first_plan_that_was_measured_by_itself_must_be_verified() -> None:
    late = dataclasses.replace(GOOD, wall_s=9.0)
    assert Result(row=ROW, run=GOOD, first=late).first_plan_s == 9.0
    unverified = dataclasses.replace(late, verified=False)
    assert "first plan" in Result(row=ROW, run=GOOD, first=unverified).faults


def test_the_stopping_gap_keeps_the_network_gap_while_the_network_is_a_tenth() -> None:
    assert ROW.stop_gap == pytest.approx(0.1 * 0.05)
    assert {row.scenario: row.stop_gap for row in ROWS}["us-sites-fixed"] == pytest.approx(0.001)


def test_rows_are_chosen_by_name_and_unknown_ones_refused() -> None:
    assert [row.scenario for row in chosen_rows("europe,stress-50", with_growth=False)] == ["europe", "stress-50"]
    assert chosen_rows("", with_growth=False) == ROWS
    assert chosen_rows("", with_growth=True)[0].scenario == "stress-12"
    with pytest.raises(SystemExit, match="mars"):
        chosen_rows("mars", with_growth=False)


def test_a_run_can_be_drawn(tmp_path: Path) -> None:
    run = plan_here(Request(scenario="stress-12", gap=0.05, time_limit_s=60, threads=1))
    assert run.verified
    slower = dataclasses.replace(run, peak_mb=run.peak_mb + 1)
    results = [[dataclasses.asdict(Result(row=GROWTH_ROWS[0], run=item))] for item in (run, slower)]
    (tmp_path / "growth.json").write_text(json.dumps({"runs": results}))
    points = read_points(tmp_path / "growth.json")
    assert [(point.sites, point.segments, point.peak_mb) for point in points] == [(12, 473, slower.peak_mb)]
    first, again = tmp_path / "first.svg", tmp_path / "again.svg"
    for path in (first, again):
        draw(points, path, gap=0.05)
    assert first.read_bytes() == again.read_bytes()
    assert b"<svg" in first.read_bytes()
