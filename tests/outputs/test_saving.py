"""A plan's folder: complete, reloadable, never half written."""

import errno
import hashlib
import json
import re
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from outputs.hand_made_plans import Case, explanation_of
from topodesign_server.exports import export

from topodesign.domain.errors import Conflict, InvalidInput, NotFound
from topodesign.domain.plan import Infeasibility, LimitClash, Plan
from topodesign.outputs import CHART_WORDS, OUTPUT_FILES, load_plan, require_usable_target, save_plan, saving


def infeasible(plan: Plan) -> Plan:
    clash = LimitClash(limit="max_rtt_ms", id="policy", value=1.0, unit="ms")
    return replace(
        plan,
        status="infeasible",
        sites=(), links=(), lightpaths=(), segments=(), cost_usd=None, cost_items={}, sync=None, fabrics=None,
        verification=None, verified=False,
        infeasibility=Infeasibility(message="no three sites are that close", clashing=(clash,)),
    )  # fmt: skip


def without_charts(plan: Plan) -> Plan:
    """A plan with every file but those that take long to draw."""
    return replace(plan, cost_items={}, fabrics=None, sync=None)


def test_a_plan_is_saved_with_everything_made_from_it(complete: Path) -> None:
    files = [path for path in complete.rglob("*") if path.is_file()]
    assert {path.relative_to(complete).as_posix() for path in files} == set(OUTPUT_FILES)
    assert all(path.stat().st_size > 0 for path in files)
    assert json.loads((complete / "verification.json").read_text())["valid"] is True
    assert [site["site_id"] for site in json.loads((complete / "fabrics.json").read_text())["sites"]]
    assert [path.name for path in complete.parent.iterdir()] == ["out"]


def test_a_saved_plan_loads_back_as_it_was(east: Case, complete: Path) -> None:
    assert load_plan(complete) == east.plan
    assert load_plan(complete / "plan.json") == east.plan


def test_the_bill_that_the_service_exports_is_the_one_of_the_folder(east: Case, complete: Path) -> None:
    exported = export(east.scenario, east.plan, "EXPORT_FORMAT_BOM_CSV")
    assert exported == (complete / "bill-of-materials.csv").read_bytes()


def test_saving_again_gives_the_same_bytes(east: Case, complete: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    written = save_plan(east.scenario, east.plan, tmp_path / "again", explanation=explanation_of(east.plan))
    assert tuple(path.relative_to(tmp_path / "again").as_posix() for path in written) == OUTPUT_FILES
    for name in OUTPUT_FILES:
        assert (complete / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_charts_in_the_report_are_those_beside_it(complete: Path) -> None:
    page = (complete / "report.html").read_text()
    for name in CHART_WORDS:
        outlines = re.findall(r' d="([^"]+)"', (complete / f"{name}.svg").read_text())
        assert len(outlines) > 20 and all(outline in page for outline in outlines), name


def test_the_report_has_the_digest_of_the_plan_beside_it(complete: Path) -> None:
    assert hashlib.sha256((complete / "plan.json").read_bytes()).hexdigest() in (complete / "report.html").read_text()


def test_an_infeasible_plan_is_only_itself_and_takes_the_place_of_an_earlier_one(
    east: Case, complete: Path, tmp_path: Path
) -> None:
    shutil.copytree(complete, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    none = infeasible(east.plan)
    assert save_plan(east.scenario, none, tmp_path / "out") == (tmp_path / "out" / "plan.json",)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["notes.txt", "plan.json"]
    assert load_plan(tmp_path / "out") == none


@pytest.fixture
def saved(east: Case, tmp_path: Path) -> Path:
    """An infeasible plan, saved earlier."""
    save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    return tmp_path / "out"


def test_a_failure_while_writing_leaves_what_was_there(
    saved: Path, east: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr(saving, "render_report", full_disk)  # the last file to be made
    with pytest.raises(OSError, match="no space"):
        save_plan(east.scenario, without_charts(east.plan), saved)
    assert [path.name for path in saved.parent.rglob("*")] == ["out", "plan.json"]
    assert load_plan(saved).status == "infeasible"


def test_a_failure_while_moving_puts_the_earlier_plan_back(saved: Path, east: Case) -> None:
    (saved / "plan.gpkg").write_bytes(b"older")
    before = sorted(path.name for path in saved.iterdir())
    real_replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if self.name == "report.html" and self.parent.name == "fresh":
            raise PermissionError("refused")
        return real_replace(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", refusing)
        with pytest.raises(PermissionError):
            save_plan(east.scenario, without_charts(east.plan), saved)
    assert sorted(path.name for path in saved.iterdir()) == before
    assert (saved / "plan.gpkg").read_bytes() == b"older"
    assert load_plan(saved).status == "infeasible"
    assert [path.name for path in saved.parent.iterdir()] == ["out"]


def test_a_folder_made_by_us_can_be_read_by_others_as_usual(east: Case, tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.mkdir()
    save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_file_in_the_place_of_the_folder_is_refused(east: Case, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(Conflict, match="is a file") as caught:
        save_plan(east.scenario, east.plan, tmp_path / "out")
    assert caught.value.reason == "NOT_A_DIRECTORY"


@pytest.mark.parametrize("name", OUTPUT_FILES)
def test_a_folder_of_the_users_with_the_name_of_one_of_our_files_is_never_touched(
    east: Case, tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "out" / name / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    with pytest.raises(Conflict, match="is a folder") as caught:
        save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    assert caught.value.reason == "NOT_A_FILE"
    assert mine.read_text() == "years of work"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [Path(name).parts[0]]


def test_a_file_with_the_name_of_our_folder_is_refused(east: Case, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "geoparquet").write_text("mine")
    with pytest.raises(Conflict, match="is a file, but the plan's folder of that name") as caught:
        save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    assert caught.value.reason == "NOT_A_DIRECTORY"
    assert (tmp_path / "out" / "geoparquet").read_text() == "mine"


def test_files_of_others_in_our_folder_stay(east: Case, complete: Path, tmp_path: Path) -> None:
    shutil.copytree(complete, tmp_path / "out")
    (tmp_path / "out" / "geoparquet" / "mine.parquet").write_text("mine")
    save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "geoparquet").iterdir()] == ["mine.parquet"]


def test_a_link_with_the_name_of_one_of_our_files_is_refused(east: Case, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plan.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(Conflict, match="is a link"):
        save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    assert (tmp_path / "out" / "plan.json").is_symlink()


def test_a_link_to_nothing_is_refused_by_its_own_name(east: Case, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "gone")
    with pytest.raises(Conflict) as caught:
        save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    assert caught.value.reason == "LINK_DANGLING"
    assert f"{tmp_path / 'out'} is a link to {tmp_path / 'gone'}" in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_to_a_folder_is_followed(east: Case, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    save_plan(east.scenario, infeasible(east.plan), tmp_path / "out")
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["plan.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "real"]


def test_an_operating_system_error_names_the_folder_that_was_asked_for(
    saved: Path, east: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(path: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left") as caught:
        save_plan(east.scenario, east.plan, saved)
    assert caught.value.filename == str(saved)


@pytest.mark.parametrize("existing", ["", "one", "one/two/three"])
def test_a_probe_of_the_folder_leaves_nothing_behind(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).mkdir(parents=True, exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    require_usable_target(tmp_path / "one" / "two" / "three")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_probe_refuses_what_lies_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a file")
    with pytest.raises(Conflict, match=r"note\.txt is no folder"):
        require_usable_target(tmp_path / "note.txt" / "out")


def test_a_missing_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"plan\.json does not exist"):
        load_plan(tmp_path)


def test_a_broken_plan_is_refused_with_the_place_of_the_fault(saved: Path) -> None:
    text = (saved / "plan.json").read_text().replace('"wall_s": 0.0', '"wall_s": "long"')
    (saved / "plan.json").write_text(text)
    with pytest.raises(InvalidInput, match="wall_s"):
        load_plan(saved)
