"""``topodesign import``: its answers for people and for programs, and the page about it."""

import json
import re
import shlex
from pathlib import Path

import pytest

from topodesign.cli.app import run

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CAMPUSES = DOCS / "importing" / "campuses.csv"
COLUMNS = ["--column", "site_id=Code", "--column", "name=Name", "--column", "power_mw=MW"]


def test_every_command_of_the_page_prints_the_block_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(DOCS)
    blocks = BLOCKS.findall((DOCS / "importing.md").read_text(encoding="utf-8"))
    assert [kind for kind, _ in blocks] == ["sh", "text"] * 3
    for (_, commands), (_, printed) in zip(blocks[::2], blocks[1::2], strict=True):
        for line in commands.replace("\\\n", " ").splitlines():
            program, *arguments = shlex.split(line)
            assert program == "topodesign"
            assert run(arguments) == 0
        assert capsys.readouterr().out == printed
    assert run(["check", "carolina"]) == 0  # as the last block promises


def test_json_has_one_document_with_the_keys_of_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "sites-csv", str(CAMPUSES), "--out", str(tmp_path / "net"), *COLUMNS, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert {problem["reason"] for problem in document["problems"]} == {"FILE_MISSING"}
    assert (document["sites"], document["segments"], document["tolerance_m"]) == (3, 0, 100.0)
    assert [Path(file).name for file in document["files"]] == ["sites.geojson", "scenario.toml"]
    assert any("default 1.2 for 3 sites" in sentence for sentence in document["assumptions"])


def test_a_refused_source_ends_with_2_and_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "campuses.csv"
    table.write_text(CAMPUSES.read_text().replace(",120,", ",lots,"))
    assert run(["import", "sites-csv", str(table), "--out", str(tmp_path / "net"), *COLUMNS, "--json"]) == 2
    (problem,) = json.loads(capsys.readouterr().out)["error"]["problems"]
    assert (problem["file"], problem["row"], problem["field"]) == ("campuses.csv", 1, "power_mw")
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--column", "power_mv=MW"], "did you mean 'power_mw'"),
        (["--tolerance-m", "-1"], "at least 0"),
        (["--power-mw", "nan"], "finite"),
        (["--demand-gbps-per-unit", "0"], "greater than 0"),
    ],
)
def test_options_out_of_range_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["import", "sites-csv", str(CAMPUSES), "--out", str(tmp_path / "net"), *arguments]) == 2
    told = capsys.readouterr().err
    assert arguments[0] in told and words in told


def test_the_default_tolerance_of_the_command_is_that_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    from topodesign.scenario.importing.snapping import DEFAULT_TOLERANCE_M

    assert run(["import", "--help"]) == 0
    assert f"[default: {DEFAULT_TOLERANCE_M}]" in " ".join(capsys.readouterr().out.split())
