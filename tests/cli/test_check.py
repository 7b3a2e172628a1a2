"""``topodesign check`` and what every command shares: exit codes, one JSON document, lazy commands, help."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from topodesign.cli.app import COMMANDS, build_app, run
from topodesign.cli.output import ExitCode, error_document, exit_code_of
from topodesign.domain.errors import (
    CapacityError,
    Conflict,
    InternalError,
    InvalidInput,
    InvalidScenario,
    NotFound,
    Problem,
    ServiceUnavailable,
    TopoDesignError,
    VerificationFailed,
)

SITES = "site_id,zone_id,power_mw,lon,lat\na,z,50,-100,40\nb,z,50,-99,40\n"
ZONES = "zone_id,headroom_mw\nz,100\n"
FIBER = "segment_id,a,b,length_km\nab,a,b,100\n"
SETTINGS = "[workload]\nsync_time_s = 1.0\n[size]\naccelerators = 4608\n"


@pytest.fixture
def scenario_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "pair"
    folder.mkdir()
    for name, text in (
        ("sites.csv", SITES),
        ("power_zones.csv", ZONES),
        ("fiber.csv", FIBER),
        ("scenario.toml", SETTINGS),
    ):
        (folder / name).write_text(text)
    return folder


def document_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one JSON document on stdout."""
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_a_sound_scenario_ends_with_0(scenario_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(scenario_dir)]) == 0
    assert "2 sites" in capsys.readouterr().out


def test_a_sound_scenario_as_json(scenario_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(scenario_dir), "--json"]) == 0
    document = document_of(capsys)
    assert document["ok"] is True and document["problems"] == []
    assert document["sites"] == 2 and "pue: default 1.2 for 2 sites" in document["assumptions"]


def test_problems_as_json_are_located_and_end_with_2(scenario_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (scenario_dir / "sites.csv").write_text(SITES.replace("b,z,50", "b,zz,-50"))
    assert run(["check", str(scenario_dir), "--json"]) == 2
    document = document_of(capsys)
    assert document["ok"] is False
    assert {(p["file"], p["row"], p["field"], p["reason"]) for p in document["problems"]} == {
        ("sites.csv", 2, "zone_id", "ZONE_UNKNOWN"),
        ("sites.csv", 2, "power_mw", "NUMBER_NEGATIVE"),
    }
    assert document["error"]["reason"] == "SCENARIO_INVALID"
    assert document["error"]["problems"] == document["problems"]


def test_problems_for_people_go_to_stderr(scenario_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (scenario_dir / "sites.csv").write_text(SITES.replace("b,z,50", "b,z,-50"))
    assert run(["check", str(scenario_dir)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "sites.csv, row 2, field power_mw" in captured.err and "Traceback" not in captured.err


def test_a_missing_folder_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(tmp_path / "nowhere"), "--json"]) == 2
    assert document_of(capsys)["problems"][0]["reason"] == "FOLDER_MISSING"


@pytest.mark.parametrize("arguments", [["check"], ["check", "a", "b"], ["chekc", "a"], ["check", "a", "--nosuch"]])
def test_wrong_usage_is_one_json_document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--json"]) == 2
    error = document_of(capsys)["error"]
    assert error["reason"] == "USAGE_INVALID" and "--help" in error["message"]


def test_wrong_usage_for_people_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "scenario_dir" in captured.err.lower()


def test_a_misspelled_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chekc", "x"]) == 2
    assert "'check'" in capsys.readouterr().err


def test_help_names_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert "Exit codes: 0 done" in text and "Example: topodesign plan" in text


def test_help_of_check_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--help"]) == 0
    assert "Example: topodesign check" in capsys.readouterr().out


def test_overview_imports_no_command_and_nothing_heavy() -> None:
    code = (
        "import sys; from topodesign.cli.app import run; run(['--help']); "
        "heavy = {'numpy', 'shapely', 'geopandas', 'ortools', 'networkx', 'grpc', 'pyproj', 'topodesign.cli.check'}; "
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_interrupt_ends_with_130(scenario_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("topodesign.scenario.load_scenario", interrupted)
    assert run(["check", str(scenario_dir)]) == ExitCode.INTERRUPTED
    assert run(["check", str(scenario_dir), "--json"]) == ExitCode.INTERRUPTED


def test_a_defect_is_one_json_document_and_ends_with_1(
    scenario_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("topodesign.scenario.load_scenario", broken)
    assert run(["check", str(scenario_dir), "--json"]) == ExitCode.DEFECT
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["reason"] == "INTERNAL"
    assert "ZeroDivisionError" in captured.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("x"), 2),
        (InvalidScenario([]), 2),
        (NotFound("x"), 2),
        (Conflict("x"), 2),
        (VerificationFailed(["too long"]), 4),
        (CapacityError("x"), 6),
        (ServiceUnavailable("x"), 6),
        (InternalError("x"), 1),
    ],
)
def test_exit_code_of_each_family_of_errors(error: TopoDesignError, code: int) -> None:
    assert exit_code_of(error) == code


def test_error_documents() -> None:
    problem = Problem(file="sites.csv", row=1, field="pue", reason="TYPE_WRONG", message="m")
    assert error_document(InvalidScenario([problem]))["error"]["problems"] == [  # type: ignore[index]
        {"file": "sites.csv", "row": 1, "field": "pue", "reason": "TYPE_WRONG", "message": "m"}
    ]
    single = error_document(InvalidInput("bad", field_path="shape"))["error"]
    assert single["problems"] == [  # type: ignore[index]
        {"file": None, "row": None, "field": "shape", "reason": "FIELD_INVALID", "message": "bad"}
    ]
    assert error_document(VerificationFailed(["v"]))["error"]["violations"] == ["v"]  # type: ignore[index]


def test_a_command_whose_module_is_missing_does_not_break_the_others(
    monkeypatch: pytest.MonkeyPatch, scenario_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from topodesign.cli.app import CommandEntry

    monkeypatch.setitem(COMMANDS, "absent", CommandEntry("topodesign.cli.absent", "absent", "Not there."))
    assert run(["absent", "--json"]) == 2
    assert document_of(capsys)["error"]["reason"] == "COMMAND_NOT_INSTALLED"
    assert run(["check", str(scenario_dir)]) == 0
    with pytest.raises(NotFound):
        build_app("absent")
