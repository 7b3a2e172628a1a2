"""``topodesign plan``: what it writes, how it refuses, how it stops."""

import contextlib
import dataclasses
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kept_plans import keep_plan
from pseudo_terminal import PseudoTerminal

import topodesign as td
from topodesign.cli.app import run as run_here

SAMPLES = Path(__file__).parents[2] / "sample_sites"
COMMAND = [sys.executable, "-m", "topodesign.cli.app", "plan"]
WRITTEN = {
    "plan.json",
    "site-plan.geojson",
    "plan.gpkg",
    "geoparquet",
    "bill-of-materials.csv",
    "bill-of-materials-by-year.csv",
    "fabrics.json",
    "fabrics.png",
    "fabrics.svg",
    "report.html",
    "verification.json",
}


def run_apart(*arguments):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(name="run")
def run_fixture(capfd):
    """The command in this process, where nothing of the process itself is asked for; libraries are heard as well."""

    def call(*arguments):
        code = run_here(["plan", *map(str, arguments)])
        told = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, told.out, told.err)

    return call


@pytest.fixture(name="campus")
def campus_fixture(tmp_path):
    return Path(shutil.copytree(SAMPLES / "two-campus", tmp_path / "campus"))


def test_everything_promised_is_written_and_the_summary_has_the_contracts_keys(tmp_path):
    done = run_apart(SAMPLES / "two-campus", "--out", tmp_path / "out", "--gap", 0, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["status"] == "optimal"
    assert summary["cost_usd"] == 6_950_934.12  # sample_sites/two-campus/README.md, worked out by hand
    assert summary["verified"] is True
    assert {"lower_bound_usd", "gap", "wall_s"} <= set(summary)
    assert {"id", "pods", "accelerators", "power_mw"} <= set(summary["sites"][0])
    assert {"a", "z", "capacity_gbps", "length_km", "mode", "lightpaths"} <= set(summary["links"][0])
    assert {"demand_gbps", "strength_gbps", "worst_failure", "worst_strength_gbps", "time_s"} <= set(summary["sync"])
    assert {path.name for path in (tmp_path / "out").iterdir()} >= WRITTEN


def test_a_plan_read_back_is_the_plan_that_was_written(tmp_path):
    scenario = td.load_scenario(SAMPLES / "two-campus")
    plan = td.plan(scenario, gap=0.0)
    plan.save(tmp_path / "out")
    assert td.load_plan(tmp_path / "out") == plan
    assert td.verify(scenario, td.load_plan(tmp_path / "out" / "plan.json")).valid


def test_regional_nova_is_within_half_a_percent_and_the_same_twice():
    scenario = td.load_scenario(SAMPLES / "regional-nova")
    first, second = (td.plan(scenario, gap=0.005, time_limit_s=60.0) for _ in range(2))
    assert first.gap <= 0.005
    assert first.verified
    assert dataclasses.replace(first, wall_s=0.0) == dataclasses.replace(second, wall_s=0.0)


def break_zone(folder):
    sites = folder / "sites.geojson"
    sites.write_text(sites.read_text().replace('"valley"', '"vally"'))


def break_number(folder):
    sites = json.loads((folder / "sites.geojson").read_text())
    sites["features"][0]["properties"]["power_mw"] = float("nan")
    (folder / "sites.geojson").write_text(json.dumps(sites))


def break_coordinates(folder):
    sites = json.loads((folder / "sites.geojson").read_text())
    for feature in sites["features"]:
        feature["geometry"]["coordinates"].reverse()
    (folder / "sites.geojson").write_text(json.dumps(sites))


def break_column(folder):
    sites = folder / "sites.geojson"
    sites.write_text(sites.read_text().replace('"power_mw"', '"powr_mw"'))


def break_key(folder):
    toml = folder / "scenario.toml"
    toml.write_text(toml.read_text().replace("[policy]", "[policy]\nmax_stes = 3", 1))


def break_file(folder):
    fiber = folder / "fiber.geojson"
    fiber.write_bytes(fiber.read_bytes()[:300])


def empty_folder(folder):
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    ("damage", "file", "field", "remedy"),
    [
        (break_zone, "sites.geojson", "zone_id", "did you mean 'valley'"),
        (break_number, "sites.geojson", "power_mw", "give a number"),
        (break_coordinates, "sites.geojson", "geometry", "longitude comes first"),
        (break_column, "sites.geojson", "power_mw", "did you mean 'powr_mw'"),
        (break_key, "scenario.toml", "policy.max_stes", "max_sites"),
        (break_file, "fiber.geojson", None, "cut off"),
        (empty_folder, "sites.geojson", None, "add it"),
    ],
)
def test_bad_input_ends_with_2_and_names_file_field_and_remedy(campus, tmp_path, damage, file, field, remedy, run):
    damage(campus)
    done = run(campus, "--out", tmp_path / "out", "--json")
    assert done.returncode == 2
    problems = json.loads(done.stdout)["error"]["problems"]
    assert any(
        problem["file"] == file and problem["field"] == field and remedy in problem["message"] for problem in problems
    ), problems
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_all_problems_of_all_files_are_told_at_once(campus, tmp_path, run):
    break_zone(campus)
    break_key(campus)
    break_file(campus)
    done = run(campus, "--out", tmp_path / "out", "--json")
    problems = json.loads(done.stdout)["error"]["problems"]
    assert {problem["file"] for problem in problems} == {"sites.geojson", "scenario.toml", "fiber.geojson"}


def test_too_little_power_ends_with_3_and_says_how_many_mw(campus, tmp_path, run):
    zones = json.loads((campus / "power_zones.geojson").read_text())
    zones["features"][0]["properties"]["headroom_mw"] = 4.0
    (campus / "power_zones.geojson").write_text(json.dumps(zones))
    done = run(campus, "--out", tmp_path / "out", "--json")
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    assert answer["status"] == "infeasible"
    assert {"limit": "zone.headroom_mw", "id": "valley", "value": 4.0, "unit": "MW"} in answer["clashing"]
    # two pods of 2.5 MW and 600 W of transceivers (README of two-campus): 5.0006 MW, told in whole kW
    assert answer["relief"] == [{"limit": "zone.headroom_mw", "id": "valley", "from": 4.0, "to": 5.001, "unit": "MW"}]
    assert not (tmp_path / "out").exists()


def test_no_time_for_any_plan_ends_with_5(tmp_path, run):
    done = run(SAMPLES / "us-multi-region", "--out", tmp_path / "out", "--time-limit", 0.01)
    assert done.returncode == 5
    assert "--time-limit" in done.stderr
    assert not (tmp_path / "out").exists()


def test_interrupted_it_writes_its_best_plan_first(tmp_path):
    arguments = [SAMPLES / "us-multi-region", "--out", tmp_path / "out", "--gap", 0.0005, "--time-limit", 200]
    with (
        PseudoTerminal(columns=40) as terminal,
        subprocess.Popen(
            [*COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=terminal.end, start_new_session=True
        ) as process,
    ):
        terminal.close_end()
        terminal.wait_for("incumbent ")  # shown as soon as there is one
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
        assert "the plan that was written is the best" in terminal.all_drawn()
    plan = td.load_plan(tmp_path / "out")
    assert plan.stopped_by == "cancelled"
    assert td.verify(td.load_scenario(SAMPLES / "us-multi-region"), plan).valid


def test_interrupted_while_the_files_are_made_it_finishes_them_and_says_so(tmp_path):
    arguments = [*COMMAND, SAMPLES / "two-campus", "--out", tmp_path / "out", "--gap", 0]
    with subprocess.Popen(
        [*map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        while not list(tmp_path.glob(".*/fresh/plan.json")):  # the first file is there, the charts are not
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.fail(f"ended early with {process.wait(0.01)}")
        process.send_signal(signal.SIGINT)
        answer, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "stopping" in told
    assert "the plan that was written is the best" in told
    assert "written to" in answer
    assert td.load_plan(tmp_path / "out").verified
    assert {path.name for path in (tmp_path / "out").iterdir()} >= WRITTEN
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_command_that_is_interrupted_says_so(monkeypatch, capsys, as_json):
    import topodesign.cli.check

    def check(scenario_dir: str, json: bool = False) -> None:  # stands where reading a scenario takes long
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(topodesign.cli.check, "check", check)
    # a shell that runs the tests in the background has them ignore Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = run_here(["check", "somewhere", *(["--json"] if as_json else [])])
    finally:
        signal.signal(signal.SIGINT, before)
    assert code == 130
    out, err = capsys.readouterr()
    if as_json:
        assert json.loads(out)["error"]["reason"] == "INTERRUPTED"
    else:
        assert "interrupted" in err


@pytest.mark.parametrize("place", ["/proc/x/y", "note.txt", "note.txt/out", "gone", "full"])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_read_or_solved(
    tmp_path, monkeypatch, place, run
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text("mine")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "full" / "plan.json").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    done = run(tmp_path / "no-scenario-here", "--out", place, "--json")
    assert done.returncode == 2, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["reason"] in {"NOT_WRITABLE", "NOT_A_DIRECTORY", "LINK_DANGLING", "NOT_A_FILE"}
    assert place.partition("/out")[0] in error["message"]
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_out_is_not_the_current_folder(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    done = run(SAMPLES / "two-campus", "--out", "")
    assert done.returncode == 2
    assert "--out" in done.stderr
    assert "empty" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"), [("--seed", -1), ("--seed", 2**31), ("--threads", 0), ("--gap", 1.5), ("--time-limit", 0)]
)
@pytest.mark.parametrize("command", ["plan", "submit"])
def test_limits_out_of_range_are_bad_usage(command, option, value, tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")] if command == "plan" else ["--server", "127.0.0.1:9"]
    assert run_here([command, str(SAMPLES / "two-campus"), *out, option, str(value), "--json"]) == 2
    message = json.loads(capsys.readouterr().out)["error"]["message"]
    assert option in message
    assert str(value) in message


def test_it_begins_from_an_earlier_plan(tmp_path, run):
    scenario = td.load_scenario(SAMPLES / "two-campus")
    keep_plan(scenario, td.plan(scenario, gap=0.0), tmp_path / "earlier")
    done = run(
        SAMPLES / "two-campus", "--out", tmp_path / "out", "--gap", 0, "--start", tmp_path / "earlier",
        "--objective", "cost", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["cost_usd"] == 6_950_934.12
    assert "goal" not in summary


def test_a_start_that_is_missing_or_no_plan_is_bad_input(tmp_path, run):
    (tmp_path / "other.json").write_text("{}")
    for start in ("nowhere", "other.json"):
        done = run(SAMPLES / "two-campus", "--out", tmp_path / "out", "--start", tmp_path / start)
        assert done.returncode == 2
        assert start in done.stderr


def test_an_objective_that_the_scenario_does_not_go_with_is_bad_input(tmp_path, run):
    done = run(SAMPLES / "two-campus", "--out", tmp_path / "out", "--objective", "accelerators", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["reason"] == "GOAL_MISMATCH"


def test_effective_flops_for_a_budget_are_planned_and_told(tmp_path, run):
    folder = tmp_path / "campus"
    shutil.copytree(SAMPLES / "two-campus", folder)
    settings = (folder / "scenario.toml").read_text()
    (folder / "scenario.toml").write_text(re.sub(r"(?m)^accelerators = .*$", "budget_usd = 127.5e6", settings))
    done = run(folder, "--out", tmp_path / "out", "--objective", "effective-flops", "--gap", 0.05, "--json")
    assert done.returncode == 0, done.stderr
    goal = json.loads(done.stdout)["goal"]
    assert (goal["objective"], goal["unit"]) == ("effective-flops", "EFLOP/s")
    assert 0.95 * goal["bound"] <= goal["value"] <= goal["bound"] <= 2.0  # two pods of 1,000 x 2,500 TFLOP/s x 0.4
