"""A sweep of the two campuses: what its points give, and that neither kills nor processes change any plan."""

import dataclasses
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyogrio
import pytest
from sweeps.swept_campus import CAMPUS, DEFINITION, VARIED, Done, finished_rows, without_times

import topodesign
from topodesign.cli.app import run
from topodesign.domain.errors import Conflict, InvalidInput, NotFound
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition
from topodesign.outputs import load_plan
from topodesign.sweeps.charts import cost_over_axes
from topodesign.sweeps.fields import with_values
from topodesign.sweeps.grammar import axis_of
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.page import render_page
from topodesign.sweeps.running import run_sweep
from topodesign.sweeps.saving import save_sweep
from topodesign.sweeps.solving import plan_digest
from topodesign.sweeps.store import SweepStore
from topodesign.sweeps.target import SWEEP_FILES

PATIENCE_S = 120.0


def test_each_kind_of_point_is_a_result_with_its_reason(swept: Done):
    found = swept.by_values
    assert swept.outcome.is_complete and len(found) == 8
    # a campus has 3 MW, and two pods of 2.4 MW are wanted: no plan has one site
    assert {found[1, 1, s].status for s in (1.0, 2.0)} == {"infeasible"}
    assert "max_sites" in found[1, 1, 1.0].message
    assert {found[2, 1, s].status for s in (1.0, 2.0)} == {"invalid"}
    assert "raise it to min_sites" in found[2, 1, 1.0].message
    assert {found[m, 2, s].status for m in (1, 2) for s in (1.0, 2.0)} == {"optimal"}


def test_plans_are_those_of_the_library_and_verified(swept: Done):
    with SweepStore.open(swept.folder) as store:
        assert store.definition == DEFINITION and store.scenario == swept.scenario
        files = {result.values: store.plan_file(result) for result in swept.outcome.results if result.plan_digest}
    assert len(files) == 4
    for values, file in files.items():
        plan, result = load_plan(file), swept.by_values[values]
        scenario = with_values(swept.scenario, DEFINITION.axes, result.values)
        assert plan.verified and topodesign.verify(scenario, plan).valid
        assert plan_digest(file.read_bytes()) == result.plan_digest == file.stem
        assert result.figures is not None and result.figures.cost_usd == plan.cost_usd
    direct = topodesign.plan(swept.scenario, gap=0.0)
    figures = swept.by_values[2, 2, 1.0].figures
    assert figures is not None and figures.cost_usd == direct.cost_usd


def test_figures_come_from_the_plan(swept: Done):
    result = swept.by_values[2, 2, 1.0]
    figures = result.figures
    assert figures is not None
    assert (figures.site_count, figures.accelerators, figures.largest_zone_share) == (2, 2000, 1.0)
    assert figures.power_mw == pytest.approx(sum(site.power_mw for site in result.sites))
    # MW x 8760 h x load factor 0.5 x grams per kWh / 1000 are tonnes
    grams = swept.scenario.zone_by_id["valley"].carbon_g_per_kwh
    assert figures.site_carbon_t_per_year == pytest.approx(figures.power_mw * 8760 * 0.5 * grams / 1e3)


def test_a_plan_that_keeps_tighter_limits_is_taken_over_with_its_bound(swept: Done):
    carried = [result for result in swept.outcome.results if result.bound_from is not None]
    assert carried
    for result in carried:
        above = swept.outcome.results[result.bound_from]  # type: ignore[index]
        assert result.started_from == above.number
        assert result.figures is not None and above.figures is not None
        assert result.figures.cost_usd == above.figures.cost_usd
        with SweepStore.open(swept.folder) as store:
            basis = load_plan(store.plan_file(result)).provenance.bound_basis
        assert f"proven of point {above.number}, whose limits are no tighter" in basis


def test_a_sweep_that_was_stopped_goes_on_to_the_same_plans(swept: Done, warm_engine: LocalEngine, tmp_path: Path):
    finished: list[int] = []
    first = run_sweep(
        DEFINITION,
        swept.scenario,
        folder=tmp_path / "sweep",
        engine=warm_engine,
        on_progress=lambda done, _count, _latest: finished.append(done),
        should_stop=lambda: len(finished) >= 3,
    )
    assert not first.is_complete and 3 <= len(first.results) < 8
    second = run_sweep(DEFINITION, swept.scenario, folder=tmp_path / "sweep", engine=warm_engine)
    assert second.is_complete and second.resumed == len(first.results)
    before = {result.number: result for result in first.results}
    assert [before.get(result.number, result) for result in second.results] == list(second.results)
    assert without_times(second.results) == without_times(swept.outcome.results)


def test_a_folder_is_of_one_sweep_and_one_process(swept: Done, tmp_path: Path):
    other = dataclasses.replace(DEFINITION, seed=1)
    with pytest.raises(Conflict, match="another sweep"):
        SweepStore.create(swept.folder, other, swept.scenario)
    with SweepStore.open(swept.folder), pytest.raises(Conflict, match="run by another process"):
        SweepStore.open(swept.folder)
    with pytest.raises(NotFound, match="has no sweep"):
        SweepStore.open(tmp_path)


def test_what_the_catalogue_does_not_have_is_told_before_anything_is_made(swept: Done, tmp_path: Path):
    axis = axis_of("catalog.transceiver.zr-400.cost=1,2")
    with LocalEngine() as engine, pytest.raises(InvalidInput, match="cost_usd"):
        run_sweep(SweepDefinition(axes=(axis,)), swept.scenario, folder=tmp_path / "sweep", engine=engine)
    assert not (tmp_path / "sweep").exists()


def test_a_point_whose_process_takes_too_much_fails_and_the_others_do_not_wait_for_it(swept: Done, tmp_path: Path):
    with LocalEngine() as engine:
        done = run_sweep(
            SweepDefinition(axes=(axis_of("policy.max_sites=2"),)),
            swept.scenario,
            folder=tmp_path / "sweep",
            engine=engine,
            memory_gib=0.2,  # Python with the solvers takes more
        )
    assert done.is_complete and {result.status for result in done.results} == {"failed"}
    assert all("memory" in result.message for result in done.results)


def test_a_point_that_failed_is_tried_again_and_nothing_else_is(swept: Done, warm_engine: LocalEngine, tmp_path: Path):
    # point 6 hangs on 2, and that on 3: with no plan at 2 it begins from the one that 3 gives when it is tried again
    whole = {result.number: result for result in swept.outcome.results}
    given = {number: result for number, result in whole.items() if number != 6}
    given[2] = PointResult(number=2, values=whole[2].values, status="infeasible")
    given[3] = PointResult(number=3, values=whole[3].values, status="failed", message="it was killed")
    with SweepStore.open(swept.folder) as before, SweepStore.create(tmp_path, DEFINITION, swept.scenario) as store:
        for result in given.values():
            store.finish(result, before.plan_of(result) if result.plan_digest else b"", attempts=1)
    done = run_sweep(DEFINITION, swept.scenario, folder=tmp_path, engine=warm_engine)
    assert done.is_complete and done.resumed == 6
    assert without_times((done.results[3],)) == without_times((whole[3],))
    assert (done.results[6].status, done.results[6].started_from) == ("optimal", 3)
    assert all(done.results[number] == given[number] for number in given if number != 3)
    with SweepStore.open(tmp_path) as store:
        assert store.results() == {result.number: result for result in done.results}


def test_tables_hold_the_same_in_every_format(swept: Done):
    import pandas

    assert [file.name for file in swept.files] == list(SWEEP_FILES)
    parquet = pandas.read_parquet(swept.folder / "points.parquet")
    table = pandas.read_csv(swept.folder / "points.csv")
    layer = pyogrio.read_dataframe(swept.folder / "sweep.gpkg", layer="points")
    assert list(parquet.columns) == list(table.columns) == list(layer.columns)
    for other in (table, layer):
        assert list(other["point"]) == list(parquet["point"]) == list(range(8))
        assert list(other["status"]) == list(parquet["status"])
        assert list(other["cost_usd"].dropna()) == list(parquet["cost_usd"].dropna())
        assert list(other["policy.max_sites"]) == list(parquet["policy.max_sites"]) == [1, 1, 2, 2] * 2
    assert str(parquet["started_from"].dtype) == "Int64"
    sites = pyogrio.read_dataframe(swept.folder / "sweep.gpkg", layer="sites")
    assert len(sites) == 8 and set(sites["site_id"]) == {"campus-a", "campus-b"}
    place = sites[sites["site_id"] == "campus-a"].geometry.iloc[0]
    assert (place.x, place.y) == swept.scenario.position("campus-a")


def test_files_are_the_same_for_the_same_results(swept: Done, tmp_path: Path):
    again = save_sweep(tmp_path, DEFINITION, swept.scenario, swept.outcome.results)
    assert [file.read_bytes() for file in again] == [file.read_bytes() for file in swept.files]


def test_the_page_needs_nothing_else_and_escapes_what_was_given(swept: Done, tmp_path: Path):
    named = dataclasses.replace(swept.scenario, name="<script>alert(1)</script>")
    save_sweep(tmp_path, DEFINITION, named, swept.outcome.results)
    page = (tmp_path / "sweep.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1 and "&lt;script&gt;" in page  # the one that sorts tables
    assert "default-src 'none'; script-src 'sha256-" in page
    assert page.count("<svg") == 2 and "src=" not in page.replace("default-src", "").replace("-src ", "")
    assert "raise it to min_sites" in page


def test_the_page_is_made_as_that_of_a_plan(swept: Done):
    page = (swept.folder / "sweep.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > 10  # two charts, and what one of them refers to is its own
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', page)) <= set(ids)
    assert "fill: #ffffff" not in page and "var(--chart-paper, #ffffff)" in page
    assert "@media screen and (prefers-color-scheme: dark) {\n  :root { --chart-paper:" in page
    assert page.count('<table class="data sortable">') == 2 and '<th scope="col" class="number">Cost</th>' in page
    cost = swept.by_values[2, 2, 1.0].figures
    assert cost is not None and f'data-value="{cost.cost_usd!r}"' in page
    looser = dataclasses.replace(DEFINITION, limits=SolveLimits())
    assert "proven within 0.2% of its bound" in render_page(swept.scenario, looser, swept.outcome.results, {})


def test_a_value_without_end_has_its_place_in_the_chart_of_cost(swept: Done):
    axis = axis_of("policy.max_rtt_ms=5,inf")
    result = swept.by_values[2, 2, 1.0]
    results = [dataclasses.replace(result, values=(value,), number=place) for place, value in enumerate(axis.values)]
    figure = cost_over_axes(SweepDefinition(axes=(axis,)), results)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["5.0", "inf"]
    assert list(axes.lines[0].get_xdata()) == [0.0, 1.0]


def test_a_sweep_without_any_plan_still_has_tables_and_a_page(swept: Done, tmp_path: Path):
    without = [result for result in swept.outcome.results if result.status == "invalid"]
    files = save_sweep(tmp_path, DEFINITION, swept.scenario, without)
    assert [file.name for file in files] == ["points.csv", "points.parquet", "sweep.gpkg", "sweep.html"]


def command(folder: Path) -> list[str]:
    varied = [word for text in VARIED for word in ("--vary", text)]
    return [
        sys.executable, "-m", "topodesign.cli.app", "sweep", CAMPUS, *varied, "--gap", "0", "--out", str(folder),
        "--workers", "1", "--threads", "1", "--json",
    ]  # fmt: skip


def started(folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until_finished(folder: Path, count: int, running: "subprocess.Popen[bytes]") -> None:
    until_s = time.monotonic() + PATIENCE_S
    while len(finished_rows(folder)) < count and running.poll() is None:
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_killed_and_interrupted_commands_go_on_without_repeating_a_point(
    swept: Done, warm_engine: LocalEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder, draw = tmp_path / "sweep", random.Random(int(os.environ.get("TOPODESIGN_SWEEP_SEED", "1")))
    rows: dict[int, bytes] = {}
    for count, number in ((draw.randint(1, 2), signal.SIGKILL), (draw.randint(3, 4), signal.SIGINT)):
        with started(folder) as running:
            wait_until_finished(folder, count, running)
            time.sleep(draw.uniform(0, 0.05))  # the last points, of 8, are still to come
            children = psutil.Process(running.pid).children(recursive=True)
            running.send_signal(number)
            document, errors = running.communicate(timeout=PATIENCE_S)
        assert running.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130), errors
        assert psutil.wait_procs(children, timeout=10)[1] == []
        assert rows.items() <= finished_rows(folder).items()
        rows = finished_rows(folder)
    told = json.loads(document)
    assert not told["complete"] and len(told["points"]) == len(rows) and (folder / "sweep.html").exists()
    run_sweep(DEFINITION, swept.scenario, folder=folder, engine=warm_engine)
    assert rows.items() <= finished_rows(folder).items()
    assert run(command(folder)[3:]) == 0  # nothing is left to be solved
    told = json.loads(capsys.readouterr().out)
    assert (told["complete"], told["count"], told["resumed"]) == (True, 8, 8)
    assert told["statuses"] == {"infeasible": 2, "invalid": 2, "optimal": 4}
    digests = [point["plan_digest"] for point in told["points"]]
    assert digests == [result.plan_digest for result in swept.outcome.results]
    assert told["points"][0]["values"] == {
        "policy.min_sites": 1,
        "policy.max_sites": 1,
        "workload.sync_time_s": 1.0,
    }


def test_usage_errors_are_documents(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    for words, remedy in (
        ((), "give either --vary"),
        (("--vary", "policy.max_site=2"), "did you mean 'policy.max_sites'?"),
        (("--vary", "policy.max_sites=2", "--points", "3"), "take the design random or lhs"),
        (("--definition", "sweep.toml", "--gap", "0.1"), "say it in the file of --definition"),
    ):
        assert run(["sweep", CAMPUS, *words, "--out", str(tmp_path / "x"), "--json"]) == 2
        assert remedy in json.loads(capsys.readouterr().out)["error"]["message"]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["points.csv", "cost.png", "plans"])
def test_a_file_that_is_not_of_a_sweep_is_never_replaced(name: str, swept: Done, tmp_path: Path):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with LocalEngine() as engine:
        with pytest.raises(Conflict, match="is of no sweep; move it away") as refused:
            run_sweep(DEFINITION, swept.scenario, folder=tmp_path, engine=engine)
        assert not engine.pids
    assert refused.value.reason == "FILE_EXISTS"
    with pytest.raises(Conflict, match="is of no sweep"):
        save_sweep(tmp_path, DEFINITION, swept.scenario, swept.outcome.results)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_what_cannot_be_replaced_is_told_before_anything_is_solved(
    swept: Done, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    SweepStore.create(tmp_path, DEFINITION, swept.scenario).close()
    (tmp_path / "sweep.html").mkdir()
    assert run(command(tmp_path)[3:]) == 2
    told = json.loads(capsys.readouterr().out)["error"]
    assert told["reason"] == "NOT_A_FILE" and "the sweep's file of that name" in told["message"]
    assert finished_rows(tmp_path) == {}


def test_a_plan_that_was_changed_is_not_gone_on_from(swept: Done, tmp_path: Path):
    with SweepStore.create(tmp_path, DEFINITION, swept.scenario) as store:
        result = swept.by_values[2, 2, 1.0]
        with SweepStore.open(swept.folder) as other:
            content = other.plan_of(result)
        store.finish(result, content, attempts=1)
        assert store.plan_of(result) == content
        store.plan_file(result).write_bytes(content.replace(b"campus-a", b"campus-b"))
        with pytest.raises(Conflict, match="not the plan that point"):
            store.plan_of(result)
        for damaged in (b"", b"{", b"[]", b"\xff", 100_000 * b"["):
            store.plan_file(result).write_bytes(damaged)
            with pytest.raises(Conflict, match="not the plan that point"):
                store.plan_of(result)
        store.plan_file(result).unlink()
        with pytest.raises(Conflict, match="not the plan that point"):
            store.plan_of(result)


def test_a_store_that_was_damaged_is_told(swept: Done, tmp_path: Path):
    (tmp_path / "sweep.db").write_bytes(b"no database" * 1000)
    for _ in range(2):  # the lock is let go of
        with pytest.raises(Conflict, match="begin the sweep in another folder") as refused:
            SweepStore.open(tmp_path)
        assert refused.value.reason == "SWEEP_DAMAGED"
    (tmp_path / "sweep.db").unlink()
    with SweepStore.create(tmp_path, DEFINITION, swept.scenario) as store:
        store.finish(swept.outcome.results[0], b"", attempts=1)
        (tmp_path / "scenario.msgpack").write_bytes(b"\xff")
        with pytest.raises(Conflict, match=r"scenario\.msgpack cannot be used"):
            _ = store.scenario
        with sqlite3.connect(tmp_path / "sweep.db") as other:
            other.execute("UPDATE points SET result = X'FF'")
        other.close()
        with pytest.raises(Conflict, match=r"sweep\.db cannot be used"):
            store.results()
