"""The commands that talk to the service, as a user runs them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest
from pseudo_terminal import PseudoTerminal
from served.running_server import PATIENCE_S, ROOT, RunningServer
from served.small_scenarios import two_sites, wide_grid
from topodesign_server.attempt_store import AttemptStore
from topodesign_server.database import open_database
from topodesign_server.job_rows import NewJob
from topodesign_server.job_store import JobStore
from topodesign_server.queue_room import QueueLimits
from topodesign_server.tables import DEFAULT_TENANT

from topodesign.cli.app import run as run_here
from topodesign.client import Client
from topodesign.domain.errors import VerificationFailed
from topodesign.domain.plan import Violation
from topodesign.domain.scenario import PowerZone, Scenario
from topodesign.sweeps.target import SWEEP_FILES
from topodesign.wire import status_from_error, to_proto

HEAT_MAP = {"heat-map.png", "heat-map.svg"}
"""Charts of two axes."""


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def environment_of(server: RunningServer | None) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server"), os.environ.get("PYTHONPATH", "")])
    address = {} if server is None else {"TOPODESIGN_SERVER": server.address}
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **address}


def started(*arguments: str, server: RunningServer, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """A command in a terminal of its own, so to say; with ``stderr`` truly so."""
    return subprocess.Popen(
        [sys.executable, "-m", "topodesign.cli.app", *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env=environment_of(server),
    )


def run_apart(*arguments: str, server: RunningServer | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "topodesign.cli.app", *arguments],
        capture_output=True,
        text=True,
        env=environment_of(server),
        timeout=PATIENCE_S,
        check=False,
    )


class Run(Protocol):
    """Runs a command in this process, where nothing of the process itself is asked for."""

    def __call__(self, *arguments: str, server: RunningServer | None = None) -> "subprocess.CompletedProcess[str]": ...


@pytest.fixture(name="run")
def run_fixture(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(*arguments: str, server: RunningServer | None = None) -> "subprocess.CompletedProcess[str]":
        if server is not None:
            monkeypatch.setenv("TOPODESIGN_SERVER", server.address)
        code = run_here(list(arguments))
        told = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, told.out, told.err)

    return call


def test_a_job_is_submitted_watched_listed_and_fetched(server: RunningServer, tmp_path: Path) -> None:
    with Client(server.address) as client:
        kept = client.create_scenario(two_sites())
    submitted = run_apart("submit", kept.name, "--json", server=server)
    assert submitted.returncode == 0, submitted.stderr
    name = json.loads(submitted.stdout)["name"]

    watched = run_apart("watch", name, "--json", server=server)
    assert watched.returncode == 0, watched.stderr
    assert json.loads(watched.stdout)["state"] == "succeeded"

    listed = run_apart("jobs", "--json", server=server)
    assert name in {job["name"] for job in json.loads(listed.stdout)["jobs"]}

    target, beside = tmp_path / "plan.json", tmp_path / "beside"
    target.write_text("earlier")
    beside.hardlink_to(target)
    fetched = run_apart("fetch", name, "--out", str(target), "--format", "plan-json", "--json", server=server)
    assert fetched.returncode == 0, fetched.stderr
    document = json.loads(fetched.stdout)
    assert document["status"] in ("optimal", "feasible")
    assert json.loads(target.read_text())["cost_usd"] == document["cost_usd"]
    assert beside.read_text() == "earlier"  # the whole file took its place; it was not written over


def test_the_whole_folder_is_fetched(server: RunningServer, tmp_path: Path, run: Run) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(two_sites(), time_limit_s=60)
        job.result(120)
    fetched = run("fetch", job.plan_name, "--out", str(tmp_path / "out"), server=server)
    assert fetched.returncode == 0, fetched.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"plan.json", "site-plan.geojson", "bill-of-materials.csv", "plan.gpkg", "report.html"} <= names


def test_a_sweep_is_submitted_watched_listed_and_fetched_as_sweep_writes_it(
    server: RunningServer, tmp_path: Path, run: Run
) -> None:
    with Client(server.address) as client:
        kept = client.create_scenario(two_sites())
    definition = tmp_path / "sweep.toml"
    definition.write_text('[limits]\ngap = 0.0\n[vary]\n"policy.max_sites" = "1,2"\n', encoding="utf-8")
    submitted = run("submit", kept.name, "--definition", str(definition), "--json", server=server)
    assert submitted.returncode == 0, submitted.stderr
    name = json.loads(submitted.stdout)["sweep_name"]

    watched = run("watch", name, "--json", server=server)
    assert watched.returncode == 0, watched.stderr
    told = json.loads(watched.stdout)
    assert (told["state"], told["counts"]["finished_count"], told["counts"]["invalid_count"]) == ("succeeded", 2, 1)

    listed = run("jobs", server=server)
    assert "sweep  succeeded   2 of 2 points" in listed.stdout

    fetched = run("fetch", name, "--out", str(tmp_path / "sweep"), "--json", server=server)
    assert fetched.returncode == 0, fetched.stderr
    assert {file.name for file in (tmp_path / "sweep").iterdir()} == set(SWEEP_FILES) - HEAT_MAP
    none = run("fetch", name, "--point", "0", "--out", str(tmp_path / "plan"), "--json", server=server)
    assert json.loads(none.stdout)["error"]["reason"] == "SWEEP_PLAN_UNKNOWN"  # one site is too few


def no_power() -> Scenario:
    """Two pods of 4608 x 1875 W x 1.2 = 10.368 MW are wanted where the zone has 15 MW."""
    return two_sites(zones=(PowerZone(zone_id="pjm", headroom_mw=15.0, energy_usd_per_mwh=50.0),))


def test_an_infeasible_job_is_fetched_as_plan_tells_of_it_and_nothing_is_written(
    server: RunningServer, tmp_path: Path, run: Run
) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(no_power(), time_limit_s=60)
        assert job.result(120).status == "infeasible"
    for extra in ([], ["--format", "plan-json"]):
        fetched = run("fetch", job.name, "--out", str(tmp_path / "out"), "--json", *extra, server=server)
        assert fetched.returncode == 3, fetched.stderr
        document = json.loads(fetched.stdout)
        assert set(document) == {"status", "message", "clashing", "relief"}
        assert document["status"] == "infeasible"
        assert {"limit": "zone.headroom_mw", "id": "pjm", "value": 15.0, "unit": "MW"} in document["clashing"]
        assert document["relief"][0]["limit"] == "zone.headroom_mw"
    told = run("fetch", job.name, "--out", str(tmp_path / "out"), server=server)
    assert told.returncode == 3
    assert "infeasible:" in told.stderr
    assert "  clashes: zone.headroom_mw pjm 15 MW" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_ended_without_a_plan_is_fetched_with_5_and_nothing_is_written(
    server: RunningServer, tmp_path: Path, run: Run
) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=0.001)
        assert job.result(120).status == "limit"
    fetched = run("fetch", job.name, "--out", str(tmp_path / "out"), "--json", server=server)
    assert fetched.returncode == 5, fetched.stderr
    assert json.loads(fetched.stdout)["status"] == "limit"
    told = run("fetch", job.name, "--out", str(tmp_path / "out"), server=server)
    assert told.returncode == 5
    assert "nothing was written" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_job_whose_plan_failed_verification_is_fetched_with_4_and_its_violations(tmp_path: Path, run: Run) -> None:
    """The job is put into the store as a server whose verifier refused a plan leaves it there."""
    found = Violation(rule="site_power", id="east", value=13.0, limit=12.0, unit="MW", message="east draws too much")
    database = open_database(tmp_path / "data")
    job = NewJob(
        tenant=DEFAULT_TENANT,
        id="p-bad",
        is_named=True,
        scenario_name="",
        scenario=to_proto(two_sites()).SerializeToString(),
        limits=b"",
    )
    JobStore(database, queue=QueueLimits(total=10, of_tenant=10)).create(job, key=None)
    attempts = AttemptStore(database, owner="a server that is gone", lease_s=60.0, max_attempts=5, retry_pause_s=1.0)
    claimed = attempts.claim()
    assert claimed is not None
    attempts.fail(claimed, status=status_from_error(VerificationFailed([found])).SerializeToString())
    database.close()
    with RunningServer(tmp_path / "data") as server:
        fetched = run("fetch", "plans/p-bad", "--out", str(tmp_path / "out"), "--json", server=server)
        assert fetched.returncode == 4, fetched.stderr
        error = json.loads(fetched.stdout)["error"]
        assert (error["reason"], error["violations"][0]["rule"]) == ("VERIFICATION_FAILED", "site_power")
        told = run("fetch", "plans/p-bad", "--out", str(tmp_path / "out"), server=server)
        assert told.returncode == 4
        assert "  east draws too much [site_power]" in told.stderr
        assert "Traceback" not in told.stderr
        watched = run("watch", "plans/p-bad", server=server)
        assert watched.returncode == 4
        assert "east draws too much" in watched.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_refused_without_asking_the_service(tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("mine")
    for place, extra in (("/proc/x/y", []), (str(tmp_path / "file"), []), (str(tmp_path), ["--format", "gpkg"])):
        answer = run("fetch", "plans/p-1", "--out", place, "--server", "127.0.0.1:9", "--json", *extra)
        assert answer.returncode == 2, answer.stderr
        assert place in json.loads(answer.stdout)["error"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_job_begins_from_a_kept_plan_with_an_objective(server: RunningServer, run: Run) -> None:
    with Client(server.address) as client:
        kept = client.create_scenario(two_sites())
        first = client.submit_plan(kept.name, time_limit_s=60)
        first.result(120)
        options = ["--start", first.plan_name, "--objective", "cost", "--json"]
        submitted = run("submit", kept.name, *options, server=server)
        assert submitted.returncode == 0, submitted.stderr
        again = client.job(json.loads(submitted.stdout)["name"]).result(120)
        assert again.cost_usd == first.result(120).cost_usd
    unknown = run("submit", kept.name, "--start", "plans/nothing", "--json", server=server)
    assert unknown.returncode == 2
    assert json.loads(unknown.stdout)["error"]["reason"] == "PLAN_UNKNOWN"


def test_a_cancelled_job_ends_as_cancelled(server: RunningServer, run: Run) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        server.wait_for_attempt()
        cancelled = run("cancel", job.name, "--json", server=server)
        assert cancelled.returncode == 0, cancelled.stderr
        assert json.loads(cancelled.stdout)["state"] in ("cancelling", "cancelled")
        assert job.result(90).stopped_by == "cancelled"


def test_leaving_a_watch_leaves_the_job_running_and_says_so_and_another_terminal_goes_on(
    server: RunningServer, run: Run
) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=120, gap=0.0)
        with PseudoTerminal() as terminal, started("watch", job.name, server=server, stderr=terminal.end) as watching:
            terminal.close_end()
            terminal.wait_for(f"{job.name}: ")  # progress is shown while it comes
            with started("watch", job.name, "--json", server=server) as second:
                next(job.watch())
                watching.send_signal(signal.SIGINT)
                answer, _ = watching.communicate(timeout=PATIENCE_S)
                assert watching.returncode == 130
                assert answer == f"{job.name}: running\n"  # the result, without what a terminal shows on the way
                told = terminal.all_drawn()
                assert f"left {job.name}, which goes on" in told
                assert f"topodesign cancel {job.name} --server {server.address}" in told
                assert job.status().state == "running"
                cancelled = run("cancel", job.plan_name, "--json", server=server)
                assert cancelled.returncode == 0, cancelled.stderr
                written, _ = second.communicate(timeout=PATIENCE_S)
        document = json.loads(written)
        assert (second.returncode, document["state"]) == (0, "cancelled")
        assert len(document["events"]) == len(list(job.watch()))
    later = run("watch", job.name, "--after-sequence", str(document["sequence"] - 2), "--json", server=server)
    assert len(json.loads(later.stdout)["events"]) <= 2
    assert json.loads(later.stdout)["sequence"] == document["sequence"]


def test_leaving_a_fetch_leaves_the_job_running_and_writes_nothing(server: RunningServer, tmp_path: Path) -> None:
    with Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=120, gap=0.0)
        with started("fetch", job.name, "--out", str(tmp_path / "out"), "--json", server=server) as fetching:
            assert fetching.stderr is not None
            assert "Ctrl-C leaves it running" in fetching.stderr.readline()
            fetching.send_signal(signal.SIGINT)
            written, told = fetching.communicate(timeout=PATIENCE_S)
        assert fetching.returncode == 130
        assert json.loads(written)["error"]["reason"] == "INTERRUPTED"
        assert "which goes on" in told
        assert not (tmp_path / "out").exists()
        assert job.status().state in ("queued", "running")
        job.cancel()


def test_an_unknown_job_is_bad_input_in_one_json_document(server: RunningServer, run: Run) -> None:
    answer = run("cancel", "operations/nothing", "--json", server=server)
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"]["reason"] == "OPERATION_UNKNOWN"


def test_a_service_that_is_full_or_away_has_its_own_exit_code(run: Run) -> None:
    answer = run("jobs", "--json", "--server", "127.0.0.1:9")
    assert answer.returncode == 6, answer.stderr
    error = json.loads(answer.stdout)["error"]
    assert error["reason"] == "UNAVAILABLE"
    assert "the server at 127.0.0.1:9 cannot be reached" in error["message"]
    assert "--server, else of TOPODESIGN_SERVER, else localhost:50051" in error["message"]


def test_an_address_without_a_port_is_bad_input(run: Run) -> None:
    answer = run("jobs", "--json", "--server", "localhost")
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"]["reason"] == "TARGET_INVALID"


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
        lines = iter(process.stderr.readline, "")  # the log may have something to say before
        line = next(line for line in lines if line.startswith("topodesign serves"))
        address = address_file.read_text().strip()
        assert line == f"topodesign serves on {address}\n"
        with Client(address) as client:
            assert client.jobs() == ()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
