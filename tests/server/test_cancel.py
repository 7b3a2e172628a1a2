"""Cancelling: the best plan is kept, the processor is freed, and nothing that has ended changes."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from served.running_server import RunningServer, wait_until_gone
from served.small_scenarios import two_sites, wide_grid

from topodesign.client import Client
from topodesign.domain.errors import CapacityError
from topodesign.domain.fabric import Clos, Torus
from topodesign.making import NOT_EVALUATED
from topodesign.v1 import fabric_service_pb2, fabric_service_pb2_grpc
from topodesign.verify import verify_plan
from topodesign.wire import fabric_to_proto


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Waits for a solver's answer as long as a busy machine may take."""
    with RunningServer(tmp_path_factory.mktemp("patient"), cancel_grace_s=60.0) as running:
        yield running


def test_a_cancelled_solve_returns_its_best_plan(patient: RunningServer) -> None:
    with Client(patient.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        child = patient.wait_for_attempt(job.name)
        for event in job.watch():
            if event.incumbent_usd is not None:
                break
        job.cancel()
        plan = job.result(90)
        assert plan.stopped_by == "cancelled"
        assert plan.status in ("feasible", "limit")
        assert job.status().state == "cancelled"
        assert client.get_plan(job.plan_name) == plan
        wait_until_gone(child)


def test_a_waiting_job_is_cancelled_without_being_started(patient: RunningServer) -> None:
    with Client(patient.address) as client:
        running = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        patient.wait_for_attempt(running.name)
        waiting = client.submit_plan(two_sites(), seed=7)
        waiting.cancel()
        plan = waiting.result(10)
        assert (plan.status, plan.stopped_by, plan.seed) == ("limit", "cancelled", 7)
        assert plan.provenance.scenario_sha256
        status = waiting.status()
        assert (status.state, status.attempts) == ("cancelled", 0)
        running.cancel()


def test_a_solver_that_does_not_answer_is_killed_after_the_grace(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
    child = server.wait_for_attempt(job.name)
    os.kill(child, signal.SIGSTOP)  # as deaf as a solver can be
    job.cancel()
    plan = job.result(60)
    assert (plan.status, plan.stopped_by) == ("limit", "cancelled")
    assert job.status().state == "cancelled"
    wait_until_gone(child)
    # The worker is free again.
    deaf_with_a_plan(server, client)
    assert client.submit_plan(two_sites(), time_limit_s=60).result(120).status in ("optimal", "feasible")


def deaf_with_a_plan(server: RunningServer, client: Client) -> None:
    """What a solver had found before it became deaf is the result, against the latest bound that it told."""
    job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
    child = server.wait_for_attempt(job.name)
    server.wait_for_snapshot(job.name)
    os.kill(child, signal.SIGSTOP)
    job.cancel()
    plan = job.result(60)
    assert (plan.status, plan.stopped_by, plan.verified) == ("feasible", "cancelled", True)
    assert job.status().state == "cancelled"
    assert verify_plan(wide_grid(), plan).valid  # here, not only there
    assert NOT_EVALUATED in plan.assumptions
    events = [event for event in job.watch() if event.bound_usd is not None]
    assert plan.lower_bound_usd == max(event.bound_usd for event in events)
    assert plan.cost_usd in {event.incumbent_usd for event in events}
    wait_until_gone(child)


def test_a_solve_that_outlives_its_limit_is_ended(tmp_path: Path) -> None:
    with RunningServer(tmp_path, cancel_grace_s=0.2, overrun_s=0.2) as server, Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=0.5, gap=0.0)
        os.kill(server.wait_for_attempt(), signal.SIGSTOP)
        with pytest.raises(CapacityError, match="did not stop at its time limit") as caught:
            job.result(60)
        assert caught.value.reason == "SOLVER_TIMEOUT"
        assert job.status().state == "failed"


def test_cancelling_what_has_ended_changes_nothing(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(two_sites(), time_limit_s=60)
    plan = job.result(120)
    job.cancel()
    assert job.status().state == "succeeded"
    assert job.result() == plan


def test_cancelling_twice_is_the_same_as_once(patient: RunningServer) -> None:
    with Client(patient.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        patient.wait_for_attempt(job.name)
        job.cancel()
        job.cancel()
        assert job.result(90).stopped_by == "cancelled"


def test_the_work_of_a_call_ends_with_the_call(tmp_path: Path) -> None:
    request = fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(Torus(shape=(24, 24, 24))))
    # One slot: were the first evaluation still running, the second could not be answered.
    with RunningServer(tmp_path, call_slots=1) as server, grpc.insecure_channel(server.address) as channel:
        stub = fabric_service_pb2_grpc.FabricServiceStub(channel)
        call = stub.EvaluateFabric.future(request)
        child = json.loads(server.wait_for(lambda text: '"event": "call"' in text))["pid"]
        call.cancel()
        wait_until_gone(child)
        with Client(server.address, timeout_s=60) as patient:
            assert patient.evaluate_fabric(Clos(accelerators=8192)).accelerators == 8192  # too large to share a child
