"""What a front cannot be asked for, what it says where there is no plan, and the command from end to end."""

import csv
import dataclasses
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fronts.conftest import campus, triangle

import topodesign as td
from topodesign.cli.app import run
from topodesign.domain.errors import Conflict, InvalidInput
from topodesign.domain.pareto_front import ParetoFront
from topodesign.domain.scenario import Scenario, Traffic
from topodesign.fronts.axes import achieved, axes_of, limited
from topodesign.fronts.saving import save_front
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.verify.measures import measure


def budgeted() -> Scenario:
    scenario = campus()
    return dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, budget_usd=1e9))


def bought() -> Scenario:
    scenario = campus()
    return dataclasses.replace(scenario, size=dataclasses.replace(scenario.size, accelerators=None, budget_usd=1e9))


def matrix() -> Scenario:
    scenario = campus()
    workload = dataclasses.replace(scenario.workload, demand="matrix", sync_time_s=None)
    return dataclasses.replace(scenario, workload=workload, traffic=(Traffic(a="campus-a", b="campus-b", gbps=400.0),))


@pytest.mark.parametrize(
    ("scenario", "goals", "said"),
    [
        (campus, ("cost", "synctime"), "did you mean 'sync-time'"),
        (campus, ("cost", "cost"), "name each goal once"),
        (campus, ("cost",), "two or three goals"),
        (campus, ("cost", "sync-time", "carbon", "sites"), "two or three goals"),
        (matrix, ("cost", "sync-time"), "workload.demand is 'matrix'"),
        (budgeted, ("cost", "sync-time"), "policy.budget_usd is 1,000,000,000 USD.*remove it"),
        (bought, ("cost", "sites"), "size.budget_usd is 1,000,000,000 USD.*give size.accelerators"),
    ],
)
def test_a_front_that_cannot_be_is_refused_with_the_remedy(scenario, goals, said: str, tmp_path: Path):
    with pytest.raises(InvalidInput, match=said):
        td.pareto(scenario(), goals, folder=tmp_path / "front")
    assert not (tmp_path / "front").exists()


def test_files_of_others_are_not_replaced(tmp_path: Path):
    (tmp_path / "front.html").write_text("somebody's", encoding="ascii")
    with pytest.raises(Conflict, match=r"front\.html is there already"):
        td.pareto(campus(), folder=tmp_path)


def test_a_plan_keeps_the_limits_that_it_is_measured_at_and_none_tighter():
    scenario = triangle(min_sites=2)
    plan = td.plan(scenario, time_limit_s=30, gap=0.01, threads=1)
    measures = measure(scenario, plan)
    rules = {
        "sync-time": {"strength", "strength_after_failure"},
        "carbon": {"carbon"},
        "latency": {"round_trip"},
        "sites": {"sites_maximum"},
        "zone-share": {"zone_share"},
    }
    for axis in axes_of(scenario, list(rules)):
        value = achieved(axis.goal, measures, 0.0)
        for limit, is_kept in ((axis.coordinate(value), True), (axis.coordinate(value) * (1 - 1e-6), False)):
            tight = scenario
            if axis.goal == "sites" and not is_kept:  # a limit below min_sites cannot be written down
                tight = dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, min_sites=1))
                limit = value - 1
            broken = {item.rule for item in td.verify(limited(tight, [axis], (limit,)), plan).violations}
            assert (broken & rules[axis.goal] == set()) == is_kept, (axis.goal, limit)


def test_limits_are_short_and_never_tighter_than_what_is_achieved():
    axis = axes_of(triangle(carbon_t_per_year=1e9), ["carbon"])[0]
    for tonnes in (54321.98765432109, 99999.99999999, 1e5, 54321.9876500001):
        limit = axis.coordinate(tonnes)
        assert tonnes <= limit <= tonnes * (1 + 1e-8)
        assert float(f"{limit:.8e}") == limit


class Links(HTMLParser):
    """What a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name in ("src", "href")]


def test_files_tell_the_front_and_need_no_network(campus_front: ParetoFront, tmp_path: Path):
    files = {file.name: file for file in save_front(tmp_path, campus(), campus_front)}
    assert list(files) == [
        "front.json", "front.csv", "front.parquet", "cells.csv", "front.png", "front.svg", "front.html",
    ]  # fmt: skip
    rows = list(csv.DictReader(files["front.csv"].open(encoding="utf-8")))
    assert [float(row["cost_usd"]) for row in rows] == [point.cost_usd for point in campus_front.points]
    assert len(list(csv.reader(files["cells.csv"].open(encoding="utf-8")))) == 1 + len(campus_front.open_cells)
    page = files["front.html"].read_text(encoding="utf-8")
    links = Links()
    links.feed(page)
    assert [link for link in links.found if not link.startswith("#")] == []
    assert "Where better plans may hide" in page and campus_front.points[0].plan_digest[:12] in page


def test_an_interrupted_front_takes_the_place_of_an_interrupted_one_only(campus_front: ParetoFront, tmp_path: Path):
    begun = dataclasses.replace(campus_front, status="interrupted", points=(), knee=None, staircases=None)
    (tmp_path / "answers.db").write_bytes(b"")  # the folder is a front's
    for _ in range(2):
        assert [file.name for file in save_front(tmp_path, campus(), begun)] == ["front.json", "front.html"]
    save_front(tmp_path, campus(), campus_front)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert json.loads(before["front.json"])["status"] == "points"
    assert save_front(tmp_path, campus(), begun) == ()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_three_goals_are_drawn_and_named(three_goals: ParetoFront, tmp_path: Path):
    files = save_front(tmp_path, triangle(), three_goals)
    assert (tmp_path / "front.svg") in files and three_goals.staircases is None
    assert "Largest zone share" in (tmp_path / "front.html").read_text(encoding="utf-8")


def test_the_command_goes_on_with_a_front_and_writes_it(
    one_process: LocalEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    begun = td.pareto(
        td.load_scenario("sample_sites/two-campus"), ("cost", "sites"), folder=tmp_path, engine=one_process
    )
    order = ["pareto", "sample_sites/two-campus", "--goals", "cost,sites", "--out", str(tmp_path)]
    assert run([*order, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["minimized"]) == ("complete", "cost")
    assert [point["plan_digest"] for point in document["points"]] == [point.plan_digest for point in begun.points]
    assert {Path(file).name for file in document["files"]} >= {"front.json", "front.html", "front.csv"}
    assert (tmp_path / "plans" / f"{begun.points[0].plan_digest}.json").is_file()
    assert run(order) == 0
    assert "1 plans from 1 solves" in capsys.readouterr().out


def test_where_no_plan_is_the_command_says_what_clashes(
    one_process: LocalEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree("sample_sites/two-campus", tmp_path / "three")
    settings = tmp_path / "three" / "scenario.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("min_sites = 2", "min_sites = 3"))
    front = td.pareto(td.load_scenario(tmp_path / "three"), folder=tmp_path / "out", engine=one_process)
    assert (front.status, front.points) == ("infeasible", ())
    assert run(["pareto", str(tmp_path / "three"), "--out", str(tmp_path / "out"), "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "infeasible"
    assert "policy.min_sites" in {clash["limit"] for clash in document["clashing"]}
