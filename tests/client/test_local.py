"""The client without a server: what becomes of its children. That its answers are a server's is in test_every_call."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from served.running_server import PATIENCE_S, ROOT, wait_until_gone
from served.small_scenarios import two_sites, wide_grid

import topodesign as td
from topodesign.domain.errors import CapacityError, InvalidInput, ServiceUnavailable
from topodesign.local import jobs
from topodesign.making import NOT_EVALUATED

NO_GUARD = """
import topodesign as td
from served.small_scenarios import two_sites

print("begins")
client = td.LocalClient()
print(client.submit_plan(two_sites(), time_limit_s=60).result(100).status)
"""
KEEPS_A_CHILD = """
import sys, time
import topodesign as td
from served.small_scenarios import wide_grid

job = td.LocalClient().submit_plan(wide_grid(), time_limit_s=120, gap=0.0)
next(job.watch())
print("runs", flush=True)
sys.stdin.read()
"""


def children_of(pid: int) -> list[int]:
    return [
        int(word) for part in Path(f"/proc/{pid}/task").glob("*/children") for word in part.read_text("ascii").split()
    ]


def program(text: str, place: Path) -> "subprocess.Popen[str]":
    script = place / "program.py"
    script.write_text(text, encoding="utf-8")
    path = os.pathsep.join(str(ROOT / part) for part in ("", "server", "tests"))
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_a_program_without_a_guard_around_its_main_part_is_run_once(tmp_path: Path) -> None:
    with program(NO_GUARD, tmp_path) as process:
        written, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, written.split()) == (0, ["begins", "optimal"])


def test_a_solve_dies_with_the_program_that_wanted_it(tmp_path: Path) -> None:
    with program(KEEPS_A_CHILD, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        (child,) = children_of(process.pid)
        process.kill()
        wait_until_gone(child)


def test_closing_ends_what_still_runs_and_nothing_is_answered_any_more() -> None:
    before = set(children_of(os.getpid()))
    with td.LocalClient() as client:
        job = client.submit_plan(wide_grid(), time_limit_s=120, gap=0.0)
        waiting = client.submit_plan(two_sites())
        next(job.watch())
        (child,) = set(children_of(os.getpid())) - before
    wait_until_gone(child)
    for late in (job.status, waiting.result, client.list_modes, lambda: list(job.watch())):
        with pytest.raises(ServiceUnavailable) as caught:
            late()
        assert caught.value.reason == "CLIENT_CLOSED"


def test_a_solve_that_the_system_ends_is_a_failed_job_and_the_next_one_is_made() -> None:
    before = set(children_of(os.getpid()))
    with td.LocalClient() as client:
        job = client.submit_plan(wide_grid(), time_limit_s=120, gap=0.0)
        next(job.watch())
        (child,) = set(children_of(os.getpid())) - before
        os.kill(child, signal.SIGKILL)
        with pytest.raises(CapacityError) as caught:
            job.result(PATIENCE_S)
        assert (caught.value.reason, caught.value.metadata) == ("SOLVER_CRASHED", {"exit_code": "-9"})
        assert job.status().state == "failed"
        assert client.submit_plan(two_sites(), time_limit_s=60).result(PATIENCE_S).status == "optimal"


def test_a_solver_that_is_deaf_to_its_cancel_leaves_its_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "GRACE_S", 0.1)
    before = set(children_of(os.getpid()))
    with td.LocalClient() as client:
        job = client.submit_plan(wide_grid(), time_limit_s=120, gap=0.0)
        later = 0
        for event in job.watch():
            # snapshots begin after half a second, and come through the same pipe as what is told after them
            later += event.incumbent_usd is not None and event.wall_s > 1
            if later == 2:
                break
        (child,) = set(children_of(os.getpid())) - before
        os.kill(child, signal.SIGSTOP)
        job.cancel()
        plan = job.result(PATIENCE_S)
    assert (plan.status, plan.stopped_by, plan.verified) == ("feasible", "cancelled", True)
    assert NOT_EVALUATED in plan.assumptions


def test_workers_must_be_some() -> None:
    with pytest.raises(InvalidInput):
        td.LocalClient(workers=0)
