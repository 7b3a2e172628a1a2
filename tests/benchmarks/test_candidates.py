"""The benchmark of candidate lightpaths counts what the planner would get, and tells when it is not the same."""

import dataclasses

import pytest

from benchmarks.candidates import faults, measure, table
from benchmarks.engine import compiled
from benchmarks.scenarios import build


@pytest.fixture(name="row", scope="module")
def row_fixture():
    return measure(build("regional-nova"), is_limited=True, sample=20, seed=0)


def test_candidates_are_those_that_the_planner_begins_with(row):
    instance = compiled(build("regional-nova"))
    assert row.candidates == len(instance.lightpaths)
    assert row.routes == len({(path.a, path.z, path.route) for path in instance.lightpaths})
    assert row.pairs == 66  # 12 x 11 / 2: all within 5 ms


@pytest.mark.parametrize("name", ["regional-nova", "us-multi-region", "europe"])
def test_no_pair_of_a_sample_scenario_has_other_candidates_than_one_by_one(name):
    row = measure(build(name), is_limited=False, sample=80, seed=1)
    assert (row.changed, row.differing) == (0, 0)


def test_a_row_too_slow_too_large_or_different_is_a_fault(row):
    assert faults(dataclasses.replace(row, cpu_s=1.0, peak_mb=100.0)) == []
    broken = dataclasses.replace(row, cpu_s=30.5, peak_mb=2500.0, differing=3)
    assert [fault.split(": ")[1] for fault in faults(broken)] == [
        "30.5 s exceed 30 s",
        "2,500 MB exceed 2,000 MB",
        "3 of 20 pairs differ from those found one by one",
    ]


def test_the_table_has_the_ratio_of_seconds_a_pair(row):
    fixed = dataclasses.replace(row, pairs=100, cpu_s=0.5, old_s_per_pair=0.25)  # 5 ms a pair now, 250 ms before
    assert fixed.ratio == pytest.approx(50)
    assert "| 250.00 | 5.000 | 50 | 0 of 20 |" in table([fixed])
