"""GNPy as judge of whole plans: it agrees with the closed form, and what it does not call feasible is no valid plan."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kept_plans import keep_plan
from needed_tools import need_gnpy

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.cli.app import run
from topodesign.domain.errors import InternalError, NotFound
from topodesign.domain.plan import Plan
from topodesign.verify import gnpy_process, verify_plan
from topodesign.verify.gnpy_judge import GNPY_RULE, judge_plan, line_of, with_judgement
from topodesign.verify.tolerance import REACH_DB
from topodesign.verify.verifier import gather

SAMPLES = Path(__file__).resolve().parents[2] / "sample_sites"


def test_every_lightpath_of_a_planned_region_is_feasible_to_gnpy_and_close_to_ours() -> None:
    need_gnpy()
    scenario = td.load_scenario(SAMPLES / "regional-nova")
    plan = td.plan(scenario, time_limit_s=60, gap=0.01)
    judgement = judge_plan(scenario, plan, catalog=load_catalog(scenario.catalog_overrides))
    assert len(judgement.lightpaths) == len(plan.lightpaths) > 0
    assert judgement.disputed == ()
    assert judgement.warnings == ()
    for judged, stated in zip(judgement.lightpaths, plan.lightpaths, strict=True):
        assert judged.is_feasible
        assert judged.gnpy_is_feasible
        assert judged.gsnr_db == pytest.approx(stated.gsnr_db, abs=0.02)
        assert abs(judged.difference_db) < 0.3
    assert judgement.largest_difference_db is not None
    assert abs(judgement.largest_difference_db) < 0.3


def test_regenerated_lightpaths_are_judged_stretch_by_stretch_and_equal_lines_once(three_sites: Any) -> None:
    need_gnpy()
    judgement = judge_plan(three_sites.scenario, three_sites.plan, catalog=three_sites.catalog)
    stretches = [[stretch.segments for stretch in path.stretches] for path in judgement.lightpaths]
    assert stretches == [[("ab",)], [("bj",), ("jc",)], [("ch",), ("ha",)]]
    # spans of at most 80 km: ab 2 x 50, bj and jc 3 x 66.7 each, ch 1 x 50, ha 2 x 75
    assert [[stretch.spans for stretch in path.stretches] for path in judgement.lightpaths] == [[2], [3, 3], [1, 2]]
    assert judgement.lines == 4
    worst = judgement.lightpaths[2]
    assert worst.gnpy_gsnr_db == min(stretch.gnpy_gsnr_db for stretch in worst.stretches)
    assert with_judgement(
        verify_plan(three_sites.scenario, three_sites.plan, catalog=three_sites.catalog), judgement
    ).valid


def test_a_mode_that_does_not_reach_is_found_by_gnpy_too(three_sites: Any) -> None:
    need_gnpy()
    scenario, catalog = three_sites.scenario, three_sites.catalog
    first, *rest = three_sites.plan.lightpaths
    plan: Plan = replace(three_sites.plan, lightpaths=(replace(first, mode="fragile"), *rest))
    judgement = judge_plan(scenario, plan, catalog=catalog)
    assert [path.gnpy_is_feasible for path in judgement.lightpaths] == [False, True, True]
    assert judgement.disputed == ()  # we do not call it feasible either
    finding = with_judgement(verify_plan(scenario, plan, catalog=catalog), judgement)
    assert not finding.valid
    assert {"reach_gsnr", GNPY_RULE} <= {violation.rule for violation in finding.violations}
    assert GNPY_RULE in finding.checks


def test_the_launch_power_keeps_to_what_the_amplifier_has_for_all_channels(three_sites: Any) -> None:
    evidence = gather(three_sites.scenario, three_sites.plan, three_sites.catalog)
    weak = replace(evidence, line_system=replace(evidence.line_system, max_total_power_dbm=10.0))
    route = evidence.routes[0]
    # a grid of 100 GHz: 48 channels in 4.8 THz share 10 dBm, which is 10 - 16.81 dBm each
    line = line_of(weak, route.mode, route.stretches[0])
    assert line.channels == 48
    assert [span.launch_dbm for span in line.spans] == pytest.approx([10 - 16.812] * 2, abs=1e-3)


def test_a_node_stands_in_front_of_every_segment(three_sites: Any) -> None:
    evidence = gather(three_sites.scenario, three_sites.plan, three_sites.catalog)
    by_id = three_sites.scenario.segment_by_id
    # bj and jc are 200 km in three spans each
    line = line_of(evidence, evidence.routes[1].mode, [by_id["bj"], by_id["jc"]])
    assert [span.starts_segment for span in line.spans] == [True, False, False, True, False, False]
    assert line.terminal_loss_db == evidence.line_system.terminal_loss_db


@pytest.fixture
def campus(tmp_path: Path) -> Path:
    """The sample two-campus with its plan as ``plan.json``."""
    folder = tmp_path / "two-campus"
    shutil.copytree(SAMPLES / "two-campus", folder)
    scenario = td.load_scenario(folder)
    keep_plan(scenario, td.plan(scenario, time_limit_s=30, gap=0.0), tmp_path / "out")
    shutil.copy(tmp_path / "out" / "plan.json", folder / "plan.json")
    return folder


Judge = Callable[..., tuple[int, Any]]


@pytest.fixture
def judge(campus: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    def call() -> tuple[int, Any]:
        code = run(["verify", str(campus), str(campus / "plan.json"), "--gnpy", "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_the_command_reports_every_lightpath(judge: Judge, campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_gnpy()
    code, document = judge()
    assert code == 0
    assert document["valid"] is True
    report = document["gnpy"]
    assert report["gnpy_version"].startswith("3.0.")
    assert len(report["lightpaths"]) == 2
    first = report["lightpaths"][0]
    assert first["difference_db"] == pytest.approx(first["gnpy_gsnr_db"] - first["gsnr_db"])
    assert first["gnpy_is_feasible"] is True
    assert run(["verify", str(campus), str(campus / "plan.json"), "--gnpy"]) == 0
    out = capsys.readouterr().out
    assert "largest difference" in out
    assert "feasible to us but not to GNPy: none" in out
    assert "lightpaths[1]" in out


def test_a_lightpath_that_only_we_call_feasible_fails_the_command(judge: Judge, campus: Path) -> None:
    need_gnpy()
    _, document = judge()
    tight = min(document["gnpy"]["lightpaths"], key=lambda path: path["gsnr_db"])
    assert tight["difference_db"] < -REACH_DB / 2
    # a margin between what GNPy and what our closed form leave: ours just holds, within the tolerance of both
    margin = 3.0 + tight["gsnr_db"] - tight["required_db"] + REACH_DB / 2
    toml = campus / "scenario.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("margin_db = 3.0", f"margin_db = {margin}"), "utf-8")
    code, document = judge()
    assert code == 4
    assert document["valid"] is False
    assert document["gnpy"]["disputed"] == [tight["id"]]
    assert {violation["rule"] for violation in document["violations"]} == {GNPY_RULE}
    assert document["violations"][0]["limit"] > document["violations"][0]["value"]


def test_without_gnpy_the_error_names_the_extra(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    find = gnpy_process.importlib.util.find_spec
    monkeypatch.setattr(
        gnpy_process.importlib.util, "find_spec", lambda name, *rest: None if name == "gnpy" else find(name, *rest)
    )
    code, document = judge()
    assert code == 2
    assert document["error"]["reason"] == "EXTRA_NOT_INSTALLED"
    assert "topodesign[gnpy]" in document["error"]["message"]
    with pytest.raises(NotFound, match=r"topodesign\[gnpy\]"):
        gnpy_process.read_apart([])


def test_gnpy_failing_is_told_with_its_complaint(three_sites: Any) -> None:
    need_gnpy()
    evidence = gather(three_sites.scenario, three_sites.plan, three_sites.catalog)
    line = line_of(evidence, evidence.routes[0].mode, evidence.routes[0].stretches[0])
    with pytest.raises(InternalError, match="code 1") as caught:
        gnpy_process.read_apart([replace(line, channels=0)])
    assert caught.value.reason == "GNPY_FAILED"
