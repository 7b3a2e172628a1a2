"""Stress of a plan: drawn shares against enumerated and worked-out probabilities."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uncertainty.line import line

import topodesign
from topodesign.cli.app import run
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.stress import StressOptions
from topodesign.uncertainty.drawn_states import drawn_states
from topodesign.uncertainty.stress import half_width, stress, wilson
from topodesign.uncertainty.stress_saving import STRESS_FILES, save_stress
from topodesign.uncertainty.survivors import SurvivingJobs

CUTS = 1000.0
"""Per 1000 km and year, and 12 h each: 40 km have u = 40 x 12 / 8760 / (1 + the same) = 0.05195, 60 km 0.07595."""
NORTH, SOUTH = 40 * 12 / 8760 / (1 + 40 * 12 / 8760), 60 * 12 / 8760 / (1 + 60 * 12 / 8760)
ZONE = 0.02


@pytest.fixture(scope="session")
def campuses() -> tuple[Scenario, Plan]:
    """Two campuses of 1,000 accelerators, joined over north (40 km) and south (60 km), where cuts are frequent."""
    scenario = topodesign.load_scenario("sample_sites/two-campus")
    zones = tuple(dataclasses.replace(zone, availability=1 - ZONE) for zone in scenario.zones)
    figures = {"cuts_per_1000km_year": CUTS, "site_mtbf_h": 1e12}  # sites by themselves never fail
    overrides = {**scenario.catalog_overrides, "reliability.default": figures}
    scenario = dataclasses.replace(scenario, zones=zones, catalog_overrides=overrides)
    return scenario, topodesign.plan(scenario, gap=0.0, threads=1)


def test_shares_hold_what_is_enumerated_and_what_is_worked_out(campuses: tuple[Scenario, Plan]):
    report = stress(*campuses, StressOptions(samples=40_000, seed=1, confidence=0.999))
    assert report.all_agree and len(report.checks) == 2
    connected = report.checks[0]
    assert connected.exact_lower == pytest.approx(1 - NORTH * SOUTH, abs=1e-9)
    assert connected.drawn.lower <= 1 - NORTH * SOUTH <= connected.drawn.upper
    # one job: the zone is up and not both ducts are cut; the plan survives one cut at full strength
    whole = (1 - ZONE) * (1 - NORTH * SOUTH)
    assert report.whole_job.lower <= whole <= report.whole_job.upper
    assert report.whole_job_at_target == report.whole_job
    nothing = (1 - ZONE) * (1 - NORTH) * (1 - SOUTH)
    assert report.nothing_out.lower <= nothing <= report.nothing_out.upper
    # two sites without a link are two jobs of 1,000; without power there is none
    mean = (1 - ZONE) * (2000 - 1000 * NORTH * SOUTH)
    assert report.mean_lower <= mean <= report.mean_upper
    assert report.keeps_target.lower <= 1 - ZONE <= report.keeps_target.upper


def test_the_parts_behind_a_loss_are_found(campuses: tuple[Scenario, Plan]):
    report = stress(*campuses, StressOptions(samples=40_000, late_sites={"campus-b": 0.1}))
    late, zone, *ducts = report.parts[:4]
    assert (late.kind, late.id, late.probability) == ("late site", "campus-b", 0.1)
    assert (zone.kind, zone.lost_accelerators_when_out, zone.missed_when_out) == ("zone", 2000.0, 1.0)
    # mean loss: all 2000 without power, else 1000 when b is late or, b in time, both ducts are cut
    both = NORTH * SOUTH
    loss = 2000 * ZONE + (1 - ZONE) * 1000 * (0.1 + 0.9 * both)
    assert late.avoidable_share == pytest.approx((loss - 2000 * ZONE - (1 - ZONE) * 1000 * both) / loss, rel=0.05)
    assert zone.avoidable_share == pytest.approx((loss - 1000 * (0.1 + 0.9 * both)) / loss, rel=0.1)
    assert {part.kind for part in ducts} == {"conduit"}
    worst = report.worst_states[0]
    assert (worst.out, worst.accelerators, worst.keeps_target) == (("late site campus-b",), 1000, True)


def test_a_late_segment_and_a_lost_duct_leave_the_other(campuses: tuple[Scenario, Plan]):
    scenario, plan = campuses
    report = stress(scenario, plan, StressOptions(samples=2_000, late_segments={"north": 1.0}))
    assert plan.sync is not None and plan.sync.worst_strength_gbps is not None
    median = report.quantiles[-1]
    assert median.strength_gbps == plan.sync.worst_strength_gbps == 3200  # as after the cut of the north duct
    assert median.sync_time_s == pytest.approx(1.0)  # 1.6e11 x 16 bit / (0.8 x 3,200 Gbit/s)
    assert report.nothing_out.share == 0.0 and report.nothing_out.lower == 0.0 < report.nothing_out.upper
    assert report.quantiles[0].sync_time_s == math.inf  # some states are without power


def test_the_same_seed_draws_the_same_and_another_one_others(campuses: tuple[Scenario, Plan]):
    options = StressOptions(samples=1_000, seed=5)
    assert stress(*campuses, options) == stress(*campuses, options)
    assert stress(*campuses, options) != stress(*campuses, dataclasses.replace(options, seed=6))


@given(st.integers(1, 400), st.lists(st.floats(0, 1), max_size=20), st.integers(0, 2**32))
def test_states_are_counted_once_and_add_up(samples: int, chances: list[float], seed: int):
    states = drawn_states(chances, samples=samples, seed=seed)
    assert states.samples == samples and states.out.shape == (len(states.times), len(chances))
    assert len({row.tobytes() for row in states.out}) == len(states.out)
    assert all(states.times[:-1] >= states.times[1:])
    for column, chance in enumerate(chances):
        if chance in (0.0, 1.0):
            assert states.out[:, column].all() == (chance == 1.0) and states.out[:, column].any() == (chance == 1.0)


def test_wilson_intervals_are_the_published_ones():
    # Newcombe, Statistics in Medicine 17, 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    for count, samples, lower, upper in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(count, samples, confidence=0.95)
        assert (round(found.lower, 4), round(found.upper, 4)) == (lower, upper)


def test_what_cannot_be_stressed_is_refused(campuses: tuple[Scenario, Plan]):
    scenario, plan = campuses
    with pytest.raises(InvalidInput, match="did you mean 'campus-b'"):
        stress(scenario, plan, StressOptions(late_sites={"campus-v": 0.5}))
    with pytest.raises(InvalidInput, match=r"late_sites.campus-b is 1.5"):
        StressOptions(late_sites={"campus-b": 1.5})
    with pytest.raises(InvalidInput, match="no sites to stress"):
        stress(scenario, dataclasses.replace(plan, sites=()))


def test_files_and_command(campuses: tuple[Scenario, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from topodesign.domain.codec import encode_json
    from topodesign.outputs.scenario_copy import scenario_json

    scenario, plan = campuses
    (tmp_path / "plan.json").write_bytes(encode_json(plan))
    (tmp_path / "scenario.json").write_bytes(scenario_json(scenario))
    out = tmp_path / "out"
    command = ["stress", str(tmp_path), "--out", str(out), "--samples", "500", "--late-site", "campus-b=0.1"]
    assert run([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["samples"] == 500 and len(document["checks"]) == 2
    assert [Path(file).name for file in document["files"]] == list(STRESS_FILES)
    page = (out / "stress.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1 and page.count("<svg") == 1 and "late site campus-b" in page
    before = {file: (out / file).read_bytes() for file in STRESS_FILES}
    save_stress(out, stress(scenario, plan, StressOptions(samples=500, late_sites={"campus-b": 0.1})))
    assert before == {file: (out / file).read_bytes() for file in STRESS_FILES}
    assert run([*command, "--late-site", "campus-b"]) == 2


def test_the_mean_is_an_interval_even_where_no_loss_was_drawn(campuses: tuple[Scenario, Plan]):
    # outages of 2e-7 in all; 1,000 samples of none. Hoeffding's half width of 2,000 is 2,000 sqrt(ln(80) / 2,000) =
    # 93.62; with no variance Bernstein's is 2,000 x 7 ln(160) / (3 x 999) = 23.71, the narrower
    scenario, plan = campuses
    zones = tuple(dataclasses.replace(zone, availability=1 - 1e-7) for zone in scenario.zones)
    figures = {"cuts_per_1000km_year": 1e-6, "site_mtbf_h": 1e12}
    rare = dataclasses.replace(scenario, zones=zones, catalog_overrides={"reliability.default": figures})
    report = stress(rare, plan, StressOptions(samples=1_000))
    assert (report.mean_accelerators, report.mean_upper) == (2000, 2000)
    assert report.mean_lower == pytest.approx(2000 - 23.71, abs=0.01)
    assert half_width(1e6, 2000, 2, confidence=0.95) == pytest.approx(2000 * math.sqrt(math.log(80) / 4))
    # a hundredth of samples loses all: v = 0.01 x 0.99, sqrt(2 v ln(160) / 1e6) + 7 ln(160) / 3e6 = 3.289e-4
    assert half_width(0.01 * 0.99, 1.0, 1_000_000, confidence=0.95) == pytest.approx(3.289e-4, rel=1e-3)


def test_a_part_that_is_always_out_has_its_share_of_the_loss(campuses: tuple[Scenario, Plan]):
    report = stress(*campuses, StressOptions(samples=2_000, late_sites={"campus-b": 1.0}))
    late = report.parts[0]
    assert (late.id, late.drawn_out) == ("campus-b", 2_000)
    # with it: 1,000 lost with power, 2,000 without; had it been in time: 2,000 without power, 1,000 with both ducts cut
    loss = 1000 * (1 - ZONE) + 2000 * ZONE
    saved = 1000 * (1 - ZONE) * (1 - NORTH * SOUTH)
    assert late.avoidable_share == pytest.approx(saved / loss, rel=0.01)
    assert all((part.avoidable_share or 0.0) >= 0.0 for part in report.parts)


def test_a_late_building_that_light_only_passes_through_takes_that_light_down():
    scenario = line("hub")
    plan = topodesign.plan(scenario, gap=0.0, threads=1)
    assert [site.id for site in plan.sites] == ["a", "c"]
    report = stress(scenario, plan, StressOptions(samples=50, late_sites={"m": 1.0}))
    assert report.whole_job.share == 0.0 and report.quantiles[-1].accelerators == 1000


def test_of_parts_with_as_many_accelerators_the_stronger_one_runs(campuses: tuple[Scenario, Plan]):
    _, plan = campuses
    sites = tuple(dataclasses.replace(plan.sites[0], id=name) for name in "abcd")
    path = plan.lightpaths[0]
    paths = tuple(
        dataclasses.replace(path, a=a, z=z, rate_gbps=gbps, count=1)
        for a, z, gbps in (("a", "b", 100.0), ("b", "c", 800.0), ("c", "d", 800.0))
    )
    jobs = SurvivingJobs(dataclasses.replace(plan, sites=sites, lightpaths=paths))
    left = jobs.of(np.zeros(4, dtype=bool), np.array([False, True, False]))  # without b-c: a-b of 100, c-d of 800
    assert (left.accelerators, left.strength_gbps) == (2000, 800.0)
