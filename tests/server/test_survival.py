"""What survives the loss of a server, of a child, and an orderly end."""

import os
import signal
from pathlib import Path

import pytest
from served.running_server import RunningServer, wait_until_gone
from served.small_scenarios import two_sites, wide_grid

from topodesign.client import Client
from topodesign.domain.errors import CapacityError, Conflict, InternalError


def test_a_job_that_was_accepted_survives_the_death_of_the_server(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as first, Client(first.address) as client:
        running = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        child = first.wait_for_attempt()
        waiting = client.submit_plan(two_sites(), time_limit_s=60)
        first.kill()
        wait_until_gone(child)  # the child dies with its server
    with RunningServer(tmp_path) as second, Client(second.address) as client:
        second.wait_for_attempt()
        again = client.job(running.name)
        assert again.status().attempts == 2
        again.cancel()
        assert again.result(60).stopped_by == "cancelled"
        assert client.job(waiting.name).result(120).status in ("optimal", "feasible")


def test_a_solver_that_says_nothing_dies_with_its_server_as_well(tmp_path: Path) -> None:
    """It must not find out by writing into the pipe: a search may be silent for minutes, and here it is stopped."""
    with RunningServer(tmp_path) as server, Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        child = server.wait_for_attempt()
        next(job.watch())  # it has begun: a process that is stopped while it is born is tied to no server yet
        os.kill(child, signal.SIGSTOP)
        server.kill()
        wait_until_gone(child)


def test_a_finished_plan_is_the_same_after_the_death_of_the_server(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as first, Client(first.address) as client:
        job = client.submit_plan(two_sites(), time_limit_s=60)
        plan = job.result(120)
        first.kill()
    with RunningServer(tmp_path) as second, Client(second.address) as client:
        assert client.get_plan(job.plan_name) == plan
        assert client.job(job.name).status().state == "succeeded"


def test_a_cancellation_that_was_accepted_survives_the_death_of_the_server_with_the_best_plan(tmp_path: Path) -> None:
    with RunningServer(tmp_path, cancel_grace_s=600.0) as first, Client(first.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        child = first.wait_for_attempt()
        first.wait_for_snapshot(job.name)
        os.kill(child, signal.SIGSTOP)
        job.cancel()
        first.kill()
        wait_until_gone(child)
    with RunningServer(tmp_path) as second, Client(second.address) as client:
        plan = client.job(job.name).result(30)
        assert (plan.status, plan.stopped_by, plan.verified) == ("feasible", "cancelled", True)


def test_sigterm_ends_the_server_in_order_and_keeps_its_jobs(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as first, Client(first.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        child = first.wait_for_attempt()
        assert first.terminate() == 0
        wait_until_gone(child)
        assert not any("defect" in line for line in first.lines), first.lines
    with RunningServer(tmp_path) as second, Client(second.address) as client:
        second.wait_for_attempt()
        # An orderly end does not count as an attempt.
        assert client.job(job.name).status().attempts == 1


def test_sigterm_to_the_whole_process_group_loses_no_job_either(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as first, Client(first.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        first.wait_for_attempt()
        os.killpg(first.process.pid, signal.SIGTERM)
        assert first.process.wait(60) == 0
    with RunningServer(tmp_path) as second, Client(second.address) as client:
        second.wait_for_attempt()
        assert client.job(job.name).status().state == "running"


def test_a_solver_that_dies_fails_its_job_and_nothing_else(tmp_path: Path) -> None:
    with RunningServer(tmp_path, max_attempts=1) as server, Client(server.address) as client:
        doomed = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        os.kill(server.wait_for_attempt(), signal.SIGKILL)
        with pytest.raises(CapacityError) as caught:
            doomed.result(60)
        assert (caught.value.reason, caught.value.metadata["exit_code"]) == ("SOLVER_CRASHED", "-9")
        assert doomed.status().state == "failed"
        assert client.submit_plan(two_sites(), time_limit_s=60).result(120).status in ("optimal", "feasible")


def test_a_job_that_takes_the_server_down_again_and_again_is_given_up(tmp_path: Path) -> None:
    name = ""
    for _ in range(2):
        with RunningServer(tmp_path, max_attempts=2) as server, Client(server.address) as client:
            name = name or client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0).name
            server.wait_for_attempt()
            server.kill()
    with RunningServer(tmp_path, max_attempts=2) as server, Client(server.address) as client:
        status = client.job(name).status()
        assert status.state == "failed"
        assert "ended 2 times" in status.error
        with pytest.raises(InternalError) as caught:
            client.job(name).result(60)
        assert caught.value.reason == "ATTEMPTS_EXHAUSTED"
        with pytest.raises(Conflict) as refused:
            client.get_plan(client.job(name).plan_name)
        assert refused.value.reason == "PLAN_NOT_MADE"


def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with RunningServer(tmp_path), pytest.raises(AssertionError, match="is used by another server"):
        RunningServer(tmp_path)


def test_a_watcher_hears_of_the_end_of_the_server(tmp_path: Path) -> None:
    import grpc

    from topodesign.v1 import planning_service_pb2 as pb
    from topodesign.v1 import planning_service_pb2_grpc

    with RunningServer(tmp_path) as server, Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        with grpc.insecure_channel(server.address) as channel:
            stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
            stream = stub.WatchPlan(pb.WatchPlanRequest(name=job.plan_name))
            next(stream)
            assert server.terminate() == 0
            with pytest.raises(grpc.RpcError) as caught:
                list(stream)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
