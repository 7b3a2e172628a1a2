"""`report --explain`: refused before it solves, stopped with what it found."""

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

import topodesign
from topodesign.cli.app import run
from topodesign.cli.planned import load_planned
from topodesign.cli.report import explained
from topodesign.domain.codec import encode_json
from topodesign.domain.explanation import Explanation
from topodesign.domain.plan import Goal
from topodesign.scenario.starter import write_starter


def test_the_scenario_of_another_plan_is_refused_before_anything_is_solved(
    campus_plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(campus_plan, tmp_path / "plan"))
    # solving would be refused for the goal
    goal = Goal(objective="sync-time", value=2.0, bound=1.9, gap=0.05, unit="s", budget_usd=1e9)
    (folder / "plan.json").write_bytes(encode_json(replace(topodesign.load_plan(folder), goal=goal)))
    write_starter(tmp_path / "other", "region")
    assert run(["report", str(folder), "--scenario", str(tmp_path / "other"), "--explain"]) == 2
    assert "the plan was made for a scenario with" in capsys.readouterr().err
    assert run(["report", str(folder), "--explain"]) == 2
    assert "the plan was made for a scenario with" not in capsys.readouterr().err


def test_an_interrupt_says_that_the_report_will_have_what_was_found(
    campus_plan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = topodesign.explain

    def interrupted(*given: object, **options: object) -> Explanation:
        signal.raise_signal(signal.SIGINT)
        return real(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(topodesign, "explain", interrupted)
    scenario, plan = load_planned(campus_plan, None)
    found = explained(scenario, plan, time_limit_s=60.0, most_sites=8)
    assert found.cost_usd == plan.cost_usd
    told = capsys.readouterr().err
    assert "stopping: the report will have what was found so far" in told
    assert "the best plan" not in told
