"""``topodesign explain``: a plan as a whole, and one thing of it in plain words."""

import json
import shutil
from pathlib import Path

import pytest

from topodesign.cli.app import run
from topodesign.cli.explain_subject import LIMITS
from topodesign.domain.explanation import Explanation
from topodesign.outputs.saved_explanation import explanation_beside
from topodesign.outputs.saving import load_plan


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    assert run(["explain", *map(str, arguments), "--time-limit", "5", "--json"]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def sentences(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    answers = told(capsys, *arguments)["answers"]
    assert isinstance(answers, list)
    return [line for answer in answers for line in answer["sentences"]]


def test_a_used_site_is_told_with_its_share_and_what_doing_without_it_takes(
    campus_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = sentences(capsys, campus_plan, "campus-a")
    # README of two-campus: 2.5 MW of the pod and half of the 600 W of all transceivers
    assert lines[0] == "site campus-a is used: 1 pod with 1,000 accelerators draw 2.5003 of 3 MW (83.3%) in zone valley"
    assert lines[1] == "links: 6.4 Tbit/s to campus-b"
    # there are two sites, and the policy asks for two
    assert "no plan can do without it" in lines[2]


def test_a_segment_is_told_with_the_failures_that_need_it(
    campus_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = sentences(capsys, campus_plan, "north")
    assert lines[0].startswith("segment north (40.0 km between campus-a and campus-b) is lit: 1 of 4 fiber pairs")
    assert lines[1] == "over it: 8 lightpaths with 3.2 Tbit/s in each direction"
    # with 8 lightpaths left in the other duct, its cut leaves nothing of the 3,200 Gbit/s that must survive
    assert (
        lines[2] == "without it too little would be left in 1 of 2 states: after conduit south-duct 0 of 3,200 Gbit/s"
    )


@pytest.mark.parametrize("name", ["campus-a--campus-b", "campus-b--campus-a"])
def test_a_link_is_told_by_its_ends_in_any_order(
    name: str, campus_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = sentences(capsys, campus_plan, name)
    assert lines[0] == "link campus-a - campus-b: 16 lightpaths with 6.4 Tbit/s in each direction"
    assert any(line.startswith("8 x zr-400 over north: 40.0 km") for line in lines)


def test_a_zone_is_told_with_its_headroom(campus_plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = sentences(capsys, campus_plan, "valley")
    # 5 MW of pods and 600 W of transceivers of 6 MW; what is left is less than a pod, so that a pod more is looked at
    assert lines[0] == "zone valley: 2 used sites (campus-a, campus-b) draw 5.0006 of 6 MW of headroom (83.3%)"
    assert lines[1].startswith("it holds 2 of 2 pods (100.0%)")
    assert any(line.startswith("zone.headroom_mw valley: 5.0006 of 6 MW; +2.5") for line in lines)


def test_a_cost_item_is_told_with_its_share(campus_plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = sentences(capsys, campus_plan, "transceivers")
    assert "96,000.00 USD of 6,950,934.12 (1.38%)" in lines[0]
    assert lines[2] == "it is 17.2% of what the network costs"  # 96,000 / 558,774.12


def test_doing_without_a_used_site_costs_no_less_than_what_is_proven(
    region_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = load_plan(region_plan)
    found = told(capsys, region_plan, plan.sites[0].id)["explanation"]
    assert isinstance(found, dict)
    (site,) = found["used"]
    assert site["site_id"] == plan.sites[0].id
    assert site["extra_usd"] >= site["extra_lower_usd"]
    assert plan.gap is not None and plan.cost_usd is not None
    assert site["extra_usd"] >= -plan.gap * plan.cost_usd - 0.01  # no plan is cheaper than the proven bound


@pytest.mark.parametrize("limit", LIMITS)
def test_every_limit_can_be_asked_about(limit: str, campus_plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limit in sentences(capsys, campus_plan, limit)[0]


def test_the_whole_is_kept_for_the_report_and_for_later_questions_and_agrees_with_one_alone(
    region_plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(region_plan, tmp_path / "plan"))
    whole = told(capsys, folder, "--save")
    kept = explanation_beside(folder, load_plan(folder))
    assert isinstance(kept, Explanation)
    assert {"cost_usd", "binding", "unused", "basis"} <= set(whole)
    assert len(kept.unused) == 2  # of four sites
    assert not list(folder.glob(".*"))
    first = kept.unused[0]
    assert told(capsys, folder, first.site_id)["explanation"] == whole  # nothing was solved again
    alone = told(capsys, region_plan, first.site_id)["explanation"]
    assert isinstance(alone, dict)
    (again,) = alone["unused"]
    assert again["site_id"] == first.site_id
    assert first.extra_lower_usd is not None
    # a search stops at a gap, so that the two need not find the same plan; what is proven of one holds for both
    assert again["extra_usd"] >= first.extra_lower_usd - 0.01


@pytest.mark.parametrize(
    ("asked", "meant"), [("campusa", "campus-a"), ("Valley", "valley"), ("nort", "north"), ("energi", "energy")]
)
def test_an_unknown_name_is_answered_with_the_nearest(
    asked: str, meant: str, campus_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", str(campus_plan), asked, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["reason"] == "SUBJECT_UNKNOWN"
    assert f"did you mean {meant!r}" in error["message"]


def test_a_scenario_in_place_of_its_plan_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "sample_sites/two-campus"]) == 2
    assert "is a scenario, not a plan of one" in capsys.readouterr().err


def test_a_plan_file_without_its_scenario_asks_for_it(
    campus_plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = Path(shutil.copy(campus_plan / "plan.json", tmp_path))
    assert run(["explain", str(alone), "north", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["reason"] == "SCENARIO_NOT_FOUND"
    assert run(["explain", str(alone), "energy", "--scenario", "sample_sites/two-campus", "--json"]) == 0
    assert run(["explain", str(alone), "--scenario", "sample_sites/regional-nova", "--json"]) == 2
    assert run(["explain", str(alone), "--scenario", "sample_sites/two-campus", "--save"]) == 2
