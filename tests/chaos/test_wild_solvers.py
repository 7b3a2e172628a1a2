"""Promise 5: a solver that crashes, leaks or loops takes down neither the server nor anyone else's work."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from served.running_server import RunningServer, wait_until_gone
from served.small_scenarios import two_sites, wide_grid
from topodesign_server.tasks import BEGUN_AGAIN

from topodesign.client import Client
from topodesign.domain.errors import CapacityError
from topodesign.domain.fabric import Torus
from topodesign.domain.plan import Plan, SolveLimits
from topodesign.domain.scenario_sweep import SweepDefinition
from topodesign.processes.groups import group_usage
from topodesign.sweeps.grammar import axis_of

MADE = ("optimal", "feasible")


@pytest.fixture(autouse=True)
def _others_go_on(server: RunningServer, client: Client) -> Iterator[None]:
    """Work that was there before the wild one ends well, and calls are answered after it."""
    before = client.submit_plan(two_sites(), time_limit_s=120)
    yield
    assert client.evaluate_fabric(Torus(shape=(4, 4))).accelerators == 16
    assert before.result(120).status in MADE
    assert not any('"event": "defect"' in line for line in server.lines)


def without_times(plan: Plan) -> Plan:
    return replace(plan, wall_s=0.0)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("name", ["memory bomb", "bombs of processes"])
def test_a_solver_that_takes_too_much_memory_is_ended_with_the_figures(
    server: RunningServer, client: Client, name: str
) -> None:
    job = client.submit_plan(two_sites(name=name), time_limit_s=120)
    child = server.wait_for_attempt(job.name)
    with pytest.raises(CapacityError, match="plan-memory-gib") as caught:
        job.result(120)
    assert caught.value.reason == "SOLVER_MEMORY"
    assert caught.value.metadata["limit_bytes"] == str(1024**3)
    assert job.status().attempts == 1  # it would meet the limit again
    assert group_usage({child}) == {}


def test_a_solver_that_loops_is_ended_after_its_time(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(two_sites(name="endless loop"), time_limit_s=0.2)
    child = server.wait_for_attempt(job.name)
    with pytest.raises(CapacityError, match="more time") as caught:
        job.result(60)
    assert caught.value.reason == "SOLVER_TIMEOUT"
    assert float(caught.value.metadata["wall_s"]) >= float(caught.value.metadata["limit_s"])
    assert job.status().attempts == 1
    assert group_usage({child}) == {}


def test_a_solver_that_outlives_its_time_ends_its_job_with_the_best_plan_that_it_had(
    server: RunningServer, client: Client
) -> None:
    """Its snapshot is as good as what a solver that stops in time returns."""
    first = client.submit_plan(two_sites(), time_limit_s=120)
    found = first.result(120)
    job = client.submit_plan(two_sites(name="deaf with a plan"), start=first.plan_name, time_limit_s=0.5)
    child = server.wait_for_attempt(job.name)
    assert job.result(60) == replace(found, stopped_by="time_limit")
    assert (job.status().state, job.status().attempts) == ("succeeded", 1)
    assert group_usage({child}) == {}


def test_a_solver_that_crashes_is_tried_again_and_then_given_up(client: Client) -> None:
    job = client.submit_plan(two_sites(name="segmentation fault"), time_limit_s=60)
    with pytest.raises(CapacityError, match="SIGSEGV, 2 times") as caught:
        job.result(60)
    assert (caught.value.reason, caught.value.metadata["exit_code"]) == ("SOLVER_CRASHED", str(-signal.SIGSEGV))
    assert job.status().attempts == 2


def test_a_solver_that_crashes_before_it_has_a_plan_gives_the_plan_that_it_would_have_given(
    client: Client, tmp_path: Path
) -> None:
    """Promise 10: the next attempt begins as the first did, so that it ends with the same plan."""
    scenario = two_sites(name="crash once", attribution=str(tmp_path / "marker"))
    crashed = client.submit_plan(scenario, time_limit_s=120)
    plan = crashed.result(120)
    assert crashed.status().attempts == 2
    undisturbed = client.submit_plan(scenario, time_limit_s=120)
    assert without_times(undisturbed.result(120)) == without_times(plan)
    assert undisturbed.status().attempts == 1


def test_a_solver_that_crashes_goes_on_from_the_best_plan_that_it_had(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
    first = server.wait_for_attempt(job.name)
    server.wait_for_snapshot(job.name)
    os.kill(first, signal.SIGKILL)
    begun, found = 0, [set[float](), set[float]()]
    for event in job.watch():
        begun += event.phase == "candidates"
        if event.incumbent_usd is not None:
            found[begun - 1].add(event.incumbent_usd)
        if begun == 2 and event.phase != "candidates":
            # the search's first word is a plan; one that begins from nothing speaks of its bound for several rounds
            assert event.phase == "incumbent"
            break
    assert found[1] <= found[0]
    server.wait_for_snapshot(job.name)
    job.cancel()
    plan = job.result(60)
    assert plan.verified
    assert plan.cost_usd is not None
    assert plan.cost_usd <= min(found[1])
    assert BEGUN_AGAIN in plan.assumptions
    assert job.status().attempts == 2


def test_a_fork_bomb_is_ended_with_all_of_its_processes(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(two_sites(name="fork bomb"), time_limit_s=120)
    child = server.wait_for_attempt(job.name)
    with pytest.raises(CapacityError, match="processes") as caught:
        job.result(120)
    assert caught.value.reason == "SOLVER_CRASHED"
    assert int(caught.value.metadata["processes"]) > 64
    assert job.status().attempts == 1
    assert group_usage({child}) == {}


def test_a_flood_of_progress_is_taken_in_order_and_in_full(client: Client) -> None:
    """The pipe holds the solver back until the store has what it said."""
    job = client.submit_plan(two_sites(name="flood"), time_limit_s=120)
    flood = [event.wall_s for event in job.watch() if event.phase == "flood"]
    assert flood == [float(number) for number in range(3000)]
    assert job.result(120).status in MADE


@pytest.mark.parametrize("name", ["endless loop", "deaf sleeper", "half a message"])
def test_who_reads_that_a_job_is_cancelled_finds_its_processor_free(
    server: RunningServer, client: Client, name: str
) -> None:
    """Promise 4; also of a solver that was stopped in the middle of a message, when the reader waits for its rest."""
    job = client.submit_plan(two_sites(name=name), time_limit_s=600)
    child = server.wait_for_attempt(job.name)
    job.cancel()
    assert job.result(60).stopped_by == "cancelled"
    assert job.status().state == "cancelled"
    assert group_usage({child}) == {}


def test_a_solver_that_is_stopped_holds_nobody_else_up(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
    child = server.wait_for_attempt(job.name)
    os.kill(child, signal.SIGSTOP)
    assert client.submit_plan(two_sites(), time_limit_s=120).result(120).status in MADE
    job.cancel()
    assert job.result(60).stopped_by == "cancelled"


def test_the_loss_of_the_fork_server_costs_an_attempt_and_nothing_else(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
    child = server.wait_for_attempt(job.name)
    next(job.watch())
    fork_server = parent_of(child)
    assert fork_server != server.process.pid
    os.kill(fork_server, signal.SIGKILL)
    wait_until_gone(child)
    again = server.wait_for_attempt(job.name)
    assert parent_of(again) != fork_server
    assert job.status().attempts == 2
    job.cancel()
    assert job.result(60).stopped_by == "cancelled"


def test_a_wild_point_fails_alone_and_says_why(client: Client, tmp_path: Path) -> None:
    """A sweep has a point that bombs, loops, or dies; it ends all the same, and the point is a result with its reason.

    A point whose process dies by another hand is tried again: the last of them dies once only.
    """
    ends = {
        "memory bomb": ("failed", "SOLVER_MEMORY"),
        "endless loop": ("failed", "TASK_TIME_EXCEEDED"),
        "segmentation fault": ("failed", "WORKER_LOST"),
        "crash once": ("optimal", ""),
    }
    one = SweepDefinition(axes=(axis_of("policy.max_sites=2"),), limits=SolveLimits(time_limit_s=20, threads=1))
    short = replace(one, limits=replace(one.limits, time_limit_s=0.5))
    scenarios = {name: two_sites(name=name, attribution=str(tmp_path / "died")) for name in ends}
    sweeps = {
        name: client.submit_sweep(scenario, short if name == "endless loop" else one)
        for name, scenario in scenarios.items()
    }
    for name, (status, reason) in ends.items():
        outcome = sweeps[name].result(120)
        (point,) = outcome.results
        assert outcome.is_complete and sweeps[name].status().state == "succeeded"
        assert (point.status, reason in point.message) == (status, True), point
    assert (tmp_path / "died").exists()
