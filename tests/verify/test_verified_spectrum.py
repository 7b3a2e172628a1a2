"""The verifier's rules for slots: what is stated must fit together; what is not stated must at least be possible."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from topodesign.domain.plan import Plan, SpectrumRun
from topodesign.verify import verify_plan

Case = Any
RUN = SpectrumRun(stretch=0, first_ghz=0.0, channels=3, pairs=(1,))  # 3 x 75 GHz on the one pair of s1, and of s2
ELSEWHERE = SpectrumRun(stretch=0, first_ghz=225.0, channels=3, pairs=(1,))


def with_runs(plan: Plan, *runs: tuple[SpectrumRun, ...]) -> Plan:
    """The plan with slots for its lightpaths in order."""
    lightpaths = tuple(replace(path, spectrum=own) for path, own in zip(plan.lightpaths, runs, strict=True))
    return replace(plan, lightpaths=lightpaths)


def broken(case: Case, plan: Plan) -> set[str]:
    return {violation.rule for violation in verify_plan(case.scenario, plan, catalog=case.catalog).violations}


def test_sound_slots_are_accepted(two_sites: Case) -> None:
    assert broken(two_sites, with_runs(two_sites.plan, (RUN,), (ELSEWHERE,))) == set()
    # in two runs, not in order of frequency
    halves = (replace(RUN, first_ghz=4725.0, channels=1), replace(RUN, channels=2))
    assert broken(two_sites, with_runs(two_sites.plan, halves, (RUN,))) == set()


@pytest.mark.parametrize(
    ("rule", "run"),
    [
        ("slots_run", replace(RUN, stretch=1)),
        ("slots_run", replace(RUN, stretch=-1)),
        ("slots_run", replace(RUN, channels=0)),
        ("slots_run", replace(RUN, pairs=(1, 1))),
        ("slots_run", replace(RUN, pairs=())),
        ("slots_pair", replace(RUN, pairs=(2,))),
        ("slots_pair", replace(RUN, pairs=(0,))),
        ("slots_count", replace(RUN, channels=2)),
        ("slots_count", replace(RUN, channels=4)),
        ("slots_band", replace(RUN, first_ghz=-75.0)),
        ("slots_band", replace(RUN, first_ghz=4650.0)),  # the last channel would end at 4,875 GHz
        ("slots_band", replace(RUN, first_ghz=float("nan"))),
        ("slots_band", replace(RUN, first_ghz=1e300)),
    ],
)
def test_each_fault_of_a_run_is_found(two_sites: Case, rule: str, run: SpectrumRun) -> None:
    assert rule in broken(two_sites, with_runs(two_sites.plan, (run,), (RUN,)))


def test_a_huge_number_of_channels_is_refused_without_counting_to_it(two_sites: Case) -> None:
    assert "slots_band" in broken(two_sites, with_runs(two_sites.plan, (replace(RUN, channels=10**9),), (RUN,)))


def test_slots_for_some_lightpaths_only_are_too_few(two_sites: Case) -> None:
    assert broken(two_sites, with_runs(two_sites.plan, (RUN,), ())) == {"slots_count"}


def test_two_lightpaths_on_one_channel_clash(two_sites: Case) -> None:
    overlapping = (replace(RUN, channels=2), replace(RUN, first_ghz=100.0, channels=1))
    assert broken(two_sites, with_runs(two_sites.plan, overlapping, (RUN,))) == {"slots_clash"}


def test_a_channel_across_the_gap_between_two_bands_is_found(two_sites: Case) -> None:
    systems = tuple(replace(system, sub_bands=2) for system in two_sites.catalog.line_systems)  # 2 x 2,400 GHz
    catalog = replace(two_sites.catalog, line_systems=systems)
    across = replace(RUN, first_ghz=2250.0)  # 2,250 to 2,475 GHz: two channels end at 2,400, the third begins there
    assert verify_plan(two_sites.scenario, with_runs(two_sites.plan, (across,), (RUN,)), catalog=catalog).valid
    across = replace(RUN, first_ghz=2200.0)
    finding = verify_plan(two_sites.scenario, with_runs(two_sites.plan, (across,), (RUN,)), catalog=catalog)
    assert {violation.rule for violation in finding.violations} == {"slots_band", "slots_count"}


def test_a_regenerated_lightpath_may_change_its_channels(three_sites: Case) -> None:
    # b-j and j-c are two stretches of b-c; grid of 100 GHz
    plan = three_sites.plan
    runs = []
    for path in plan.lightpaths:
        stretches = len(path.segments)
        runs.append(
            tuple(
                SpectrumRun(stretch=number, first_ghz=200.0 * number, channels=path.count, pairs=(1,))
                for number in range(stretches)
            )
        )
    assert broken(three_sites, with_runs(plan, *runs)) == set()
    assert broken(three_sites, with_runs(plan, *(own[:1] for own in runs))) == {"slots_count"}


def test_without_slots_the_verifier_finds_its_own(two_sites: Case) -> None:
    assert not any(path.spectrum for path in two_sites.plan.lightpaths)
    assert broken(two_sites, two_sites.plan) == set()


def test_without_slots_and_with_too_few_pairs_none_are_found(
    two_sites: Case, reread: Callable[[Case, dict[str, Any]], Plan]
) -> None:
    # 65 channels of 75 GHz on one pair of 64
    record = json.loads(json.dumps(two_sites.record))
    record["lightpaths"][0]["count"] = 65
    rules = broken(two_sites, reread(two_sites, record))
    assert {"slots_exist", "spectrum"} <= rules


def test_figures_of_links_that_do_not_follow_from_the_slots_are_found(two_sites: Case) -> None:
    plan = with_runs(two_sites.plan, (RUN,), (RUN,))
    (link,) = plan.links
    # both routes begin at a, one pair each; s2 has one amplifier; 6 x 75 GHz
    right = replace(link, pairs=2, amplifiers=1, spectrum_ghz=450.0)
    assert broken(two_sites, replace(plan, links=(right,))) == set()
    for wrong in ({"pairs": 1}, {"amplifiers": 2}, {"spectrum_ghz": 400.0}, {"gsnr_db": 20.0}, {"margin_db": 1.0}):
        assert broken(two_sites, replace(plan, links=(replace(right, **wrong),))) == {"links"}
