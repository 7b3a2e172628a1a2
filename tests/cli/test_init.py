"""``topodesign init``: a scenario folder to start from."""

import json
import os
from pathlib import Path

import pytest

from topodesign.cli.app import run
from topodesign.cli.init import TEMPLATES
from topodesign.scenario.starter import TEMPLATES as KNOWN_TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_it_writes_can_be_checked_and_planned_at_once(
    template: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "mine"
    assert run(["init", str(folder), "--template", template, "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["files"]
    assert sorted(written) == sorted(str(file) for file in folder.iterdir())
    assert run(["check", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "mine"
    assert run(["plan", str(folder), "--out", str(tmp_path / "plan"), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["verified"]
    assert len(summary["sites"]) >= 2
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_the_commands_templates_are_those_that_there_are() -> None:
    assert tuple(KNOWN_TEMPLATES) == TEMPLATES


@pytest.mark.parametrize("there", ["file", "folder with a file", "link to nothing"])
def test_nothing_is_overwritten(there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "mine"
    if there == "file":
        target.write_text("precious")
    elif there == "link to nothing":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.mkdir()
        (target / "note").write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    assert run(["init", str(target), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["reason"] == "TARGET_EXISTS"
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    assert run(["init", str(tmp_path / "mine")]) == 0
    assert "next: topodesign check" in capsys.readouterr().out


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, os.strerror(28), str(self))

    monkeypatch.setattr(Path, "rename", full)  # the last step; a full disk cannot be had everywhere
    assert run(["init", str(tmp_path / "mine")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_template_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path / "mine"), "--template", "two-sites"]) == 2
    assert "did you mean 'two-site'?" in capsys.readouterr().err
