"""The commands that talk to the service, as a user runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served.running_server import PATIENCE_S, ROOT, RunningServer
from served.small_scenarios import two_sites, wide_grid

from topodesign.client import Client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("data")) as running:
        yield running


def run(*arguments: str, server: RunningServer | None = None) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    if server is not None:
        environment["TOPODESIGN_SERVER"] = server.address
    return subprocess.run(
        [sys.executable, "-m", "topodesign.cli.app", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_job_is_submitted_watched_listed_and_fetched(server: RunningServer, tmp_path: Path) -> None:
    with Client(server.address) as client:
        kept = client.create_scenario(two_sites())
    submitted = run("submit", kept.name, "--json", server=server)
    assert submitted.returncode == 0, submitted.stderr
    name = json.loads(submitted.stdout)["name"]

    watched = run("watch", name, "--json", server=server)
    assert watched.returncode == 0, watched.stderr
    assert json.loads(watched.stdout)["state"] == "succeeded"

    listed = run("jobs", "--json", server=server)
    assert name in {job["name"] for job in json.loads(listed.stdout)["jobs"]}

    target = tmp_path / "plan.json"
    fetched = run("fetch", name, "--out", str(target), "--format", "plan-json", "--json", server=server)
    assert fetched.returncode == 0, fetched.stderr
    document = json.loads(fetched.stdout)
    assert document["status"] in ("optimal", "feasible")
    assert json.loads(target.read_text())["cost_usd"] == document["cost_usd"]


def test_the_whole_folder_is_fetched(server: RunningServer, tmp_path: Path) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(two_sites(), time_limit_s=60)
        job.result(120)
    fetched = run("fetch", job.plan_name, "--out", str(tmp_path / "out"), server=server)
    assert fetched.returncode == 0, fetched.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"plan.json", "site-plan.geojson", "bill-of-materials.csv", "plan.gpkg", "report.html"} <= names


def test_a_cancelled_job_ends_as_cancelled(server: RunningServer) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        server.wait_for_attempt()
        cancelled = run("cancel", job.name, "--json", server=server)
        assert cancelled.returncode == 0, cancelled.stderr
        assert json.loads(cancelled.stdout)["state"] in ("cancelling", "cancelled")
        assert job.result(90).stopped_by == "cancelled"


def test_an_unknown_job_is_bad_input_in_one_json_document(server: RunningServer) -> None:
    answer = run("cancel", "operations/nothing", "--json", server=server)
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"]["reason"] == "OPERATION_UNKNOWN"


def test_a_service_that_is_full_or_away_has_its_own_exit_code() -> None:
    answer = run("jobs", "--json", "--server", "127.0.0.1:9")
    assert answer.returncode == 6, answer.stderr
    assert json.loads(answer.stdout)["error"]["reason"] == "UNAVAILABLE"


def test_serve_announces_its_address_and_ends_in_order(tmp_path: Path) -> None:
    address_file = tmp_path / "address"
    path = os.pathsep.join([str(ROOT), str(ROOT / "server"), os.environ.get("PYTHONPATH", "")])
    command = ["serve", "--port", "0", "--data", str(tmp_path / "data"), "--address-file", str(address_file)]
    with subprocess.Popen(
        [sys.executable, "-m", "topodesign.cli.app", *command],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        address = address_file.read_text().strip()
        assert line == f"topodesign serves on {address}\n"
        with Client(address) as client:
            assert client.jobs() == ()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
