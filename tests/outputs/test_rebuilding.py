"""A plan's folder is enough to make its report again, and takes nothing that belongs to another plan."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from outputs.hand_made_plans import Case, explanation_of

import topodesign
from topodesign.cli.app import run
from topodesign.domain.codec import encode_json
from topodesign.domain.errors import Conflict, InvalidInput, NotFound
from topodesign.outputs import load_plan, rebuild, save_plan, scenario_beside
from topodesign.outputs.scenario_copy import scenario_json
from topodesign.scenario.digest import scenario_digest

TWO_CAMPUS = Path(__file__).parents[2] / "sample_sites" / "two-campus"


@pytest.fixture
def saved(complete: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(complete, tmp_path / "plan"))


def test_the_scenario_beside_the_plan_is_the_one_that_was_planned(east: Case, complete: Path) -> None:
    found = scenario_beside(complete, east.plan)
    assert found == east.scenario
    assert math.isinf(found.policy.carbon_t_per_year)  # JSON has no infinity
    assert scenario_digest(found) == scenario_digest(east.scenario)


def test_a_scenario_of_another_plan_is_refused_with_both_fingerprints(saved: Path, east: Case) -> None:
    provenance = replace(east.plan.provenance, scenario_sha256="0" * 64)
    with pytest.raises(Conflict, match=scenario_digest(east.scenario)) as caught:
        scenario_beside(saved, replace(east.plan, provenance=provenance))
    assert caught.value.reason == "SCENARIO_OF_ANOTHER_PLAN"


def test_a_folder_without_its_scenario_says_what_to_give(saved: Path) -> None:
    (saved / "scenario.json").unlink()
    with pytest.raises(NotFound, match="give the scenario's folder as well") as caught:
        rebuild(saved)
    assert caught.value.reason == "SCENARIO_NOT_FOUND"


def test_an_explanation_of_another_plan_is_refused_and_nothing_changes(saved: Path, east: Case) -> None:
    other = replace(explanation_of(east.plan), cost_usd=1.0)
    before = (saved / "report.html").read_bytes()
    with pytest.raises(Conflict, match=r"is of a plan for 1\.00 USD") as caught:
        rebuild(saved, explanation=other)
    assert caught.value.reason == "EXPLANATION_OF_ANOTHER_PLAN"
    assert (saved / "report.html").read_bytes() == before
    with pytest.raises(Conflict):
        save_plan(east.scenario, east.plan, saved, explanation=other)


def test_a_plan_without_sites_has_nothing_to_draw(east: Case, tmp_path: Path) -> None:
    none = replace(east.plan, status="infeasible", sites=(), verification=None)
    save_plan(east.scenario, none, tmp_path / "plan")
    with pytest.raises(InvalidInput, match="'infeasible' has no sites to draw"):
        rebuild(tmp_path / "plan")


def test_the_command_explains_a_plan_once_and_later_reports_take_it_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "plan"
    plan = topodesign.plan(topodesign.load_scenario(TWO_CAMPUS))
    assert plan.scenario is not None
    # less to draw
    quick = replace(plan, cost_items={}, links=(), fabrics=None, training=None, sync=None, progress=())
    folder.mkdir()
    (folder / "plan.json").write_bytes(encode_json(quick))
    (folder / "scenario.json").write_bytes(scenario_json(plan.scenario))
    assert run(["report", str(folder), "--explain", "--sites", "0", "--time-limit", "20", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {Path(file).name for file in document["files"]} >= {"report.html", "explanation.json", "power.png"}
    assert "--explain</code> finds out" not in (folder / "report.html").read_text()
    first = (folder / "report.html").read_bytes()
    assert load_plan(folder) == quick
    assert run(["report", str(folder)]) == 0
    assert "report.html" in capsys.readouterr().out
    assert (folder / "report.html").read_bytes() == first
