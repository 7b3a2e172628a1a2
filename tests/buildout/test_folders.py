"""A build-out as files, gone on with after an interruption, and the command."""

import contextlib
import dataclasses
import io
import json
import shutil
from pathlib import Path

import pytest
from buildout.conftest import DOUBLING, GoneOn

import topodesign as td
from topodesign.buildout.geojson import buildout_to_geojson
from topodesign.buildout.page import render_page
from topodesign.buildout.tables import spending_rows, year_rows
from topodesign.cli.app import run
from topodesign.domain.buildout import Buildout
from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.errors import Conflict

COMMAND = ("buildout", "sample_sites/two-campus", "--workers", "1", "--json")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """What the command writes for one year, and what it prints; charts of plans take seconds, so only once."""
    folder = tmp_path_factory.mktemp("out")
    (folder / "years.toml").write_text("[[year]]\nyear = 2027\n", encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run([*COMMAND, "--years", str(folder / "years.toml"), "--out", str(folder / "buildout")])
    assert code == 0
    return folder / "buildout", json.loads(printed.getvalue())


def test_the_command_tells_the_cost_and_the_files(written):
    folder, document = written
    assert (document["status"], document["npc_usd"], document["verified"]) == ("optimal", 6_950_934.12, True)
    assert {str(folder / name) for name in ("buildout.json", "years.csv", "2027/plan.json")} <= set(document["files"])


def test_every_year_is_a_folder_of_a_plan_and_the_document_is_read_back(written):
    folder, document = written
    found = td.load_buildout(folder)
    assert (found.npc_usd, found.status) == (document["npc_usd"], "optimal")
    plan = td.load_plan(folder / "2027")
    assert plan == found.years[0].plan and (folder / "2027" / "site-plan.geojson").is_file()
    for name in ("timeline.png", "timeline.svg", "spending.parquet", "buildout.html", "buildout.geojson"):
        assert (folder / name).stat().st_size > 0


def test_a_document_of_several_years_is_read_back_whole(doubled):
    assert decode_json(encode_json(doubled[1]), Buildout, what="build-out") == doubled[1]


def test_tables_hold_every_dollar(doubled):
    rows = spending_rows(doubled[1])
    assert sum(row["npc_usd"] for row in rows) == pytest.approx(doubled[1].npc_usd, abs=0.01)
    for row in rows:  # within what two roundings of the item in the plan can move
        assert row["usd"] * row["weight"] == pytest.approx(row["npc_usd"], abs=0.02)
    years = [(row["year"], row["new_sites"], row["new_lightpaths"]) for row in year_rows(doubled[1])]
    assert years == [(2027, 2, 16), (2028, 0, 16)]


def test_every_feature_has_the_year_in_which_it_was_built(doubled):
    document = buildout_to_geojson(td.yearly_scenarios(doubled[0], DOUBLING), doubled[1])
    built = {feature["id"]: feature["properties"]["built_year"] for feature in document["features"]}
    assert (built["sites/campus-a"], built["clusters/campus-b"], built["fiber_segments/north"]) == (2027, 2027, 2027)
    assert built["power_zones/valley"] is None
    assert document["topodesign"]["years"] == [2027, 2028]


def test_the_page_shows_each_year(doubled):
    page = render_page(td.yearly_scenarios(doubled[0], DOUBLING), doubled[1], b"<svg ></svg>")
    assert page.count('class="static-map"') == 2 and "2028</strong>: new: 16 lightpaths" in page


def test_files_of_others_are_not_replaced(doubled, tmp_path: Path):
    (tmp_path / "years.csv").write_text("mine", encoding="ascii")
    with pytest.raises(Conflict, match=r"years.csv is there already"):
        td.save_buildout(tmp_path, td.yearly_scenarios(doubled[0], DOUBLING), doubled[1])


def test_a_plan_of_ones_own_in_the_folder_of_a_year_is_refused_before_solving(tmp_path: Path, capsys):
    own = tmp_path / "out" / "2027" / "plan.json"
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="ascii")
    (tmp_path / "years.toml").write_text("[[year]]\nyear = 2027\n", encoding="utf-8")
    code = run([*COMMAND, "--years", str(tmp_path / "years.toml"), "--out", str(tmp_path / "out")])
    assert (code, own.read_text(encoding="ascii")) == (2, "mine")
    assert (
        "2027/plan.json is there already and is of no build-out"
        in json.loads(capsys.readouterr().out)["error"]["message"]
    )
    assert not (tmp_path / "out" / "answers").exists()


def test_what_is_finished_survives_a_cancelled_run_and_its_years_go_with_it(written, gone_on: GoneOn, tmp_path: Path):
    """The same folder, then a finding without years: buildout.json alone, and what others put there."""
    folder = shutil.copytree(written[0], tmp_path / "out")
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert gone_on.stopped.status == "cancelled" and td.save_buildout(folder, (), gone_on.stopped) == ()
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    (folder / "2027" / "notes.txt").write_text("mine", encoding="ascii")
    none_found = dataclasses.replace(gone_on.stopped, status="limit")
    assert td.save_buildout(folder, (), none_found) == (folder / "buildout.json",)
    assert [file.name for file in (folder / "2027").iterdir()] == ["notes.txt"]


def test_an_interrupted_build_out_goes_on_from_its_answers(gone_on: GoneOn):
    before, rest, again = gone_on.answers
    assert (gone_on.stopped.status, gone_on.stopped.npc_usd) == ("cancelled", None)
    assert before >= 1 and rest >= 1 and again == 0
    assert (gone_on.again.npc_items, gone_on.again.courses) == (gone_on.found.npc_items, gone_on.found.courses)


def test_a_year_without_a_plan_ends_the_command_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "years.toml"
    file.write_text("[[year]]\nyear = 2027\naccelerators = 9000\n", encoding="utf-8")
    code = run([*COMMAND, "--years", str(file), "--out", str(tmp_path / "out")])
    document = json.loads(capsys.readouterr().out)
    assert (code, document["status"], document["infeasible_year"]) == (3, "infeasible", 2027)
    assert document["clashing"] and document["relief"] and document["years"] == []


def test_a_scenario_without_years_is_told_where_they_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["buildout", "sample_sites/two-campus", "--out", str(tmp_path / "out")]) == 2
    assert "years.toml: No such file" in capsys.readouterr().err
