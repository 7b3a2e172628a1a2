"""Two servers on one PostgreSQL are one service: each answers for what the other does, and takes over from it."""

import json
import signal
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from served.real_postgres import RealPostgres
from served.running_server import RunningServer, wait_until_gone
from served.small_scenarios import two_sites, wide_grid
from sweeps.swept_campus import without_times

from topodesign.client import Client
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario_sweep import SweepDefinition, SweepEvent
from topodesign.sweeps.grammar import axis_of
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc

SHORT: Mapping[str, float] = {"lease_s": 2.5, "store_timeout_s": 1.0}
SWEPT = SweepDefinition(
    axes=(axis_of("workload.sync_time_s=5..50"),),
    design="lhs",
    points=20,
    seed=7,
    limits=SolveLimits(gap=0.0, threads=1, seed=7),
)


@pytest.fixture(scope="module")
def url(postgres: RealPostgres) -> str:
    return postgres.url(postgres.new_database())


@pytest.fixture(scope="module")
def working(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory, lease_s = tmp_path_factory.mktemp("working"), SHORT["lease_s"]
    with RunningServer(directory, database_url=url, cancel_grace_s=60.0, lease_s=lease_s) as server:
        yield server


@pytest.fixture(scope="module")
def answering(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Without workers: what it tells of jobs it has from the database."""
    with RunningServer(tmp_path_factory.mktemp("answering"), database_url=url, workers=0) as server:
        yield server


@pytest.fixture
def near(working: RunningServer) -> Iterator[Client]:
    with Client(working.address) as client:
        yield client


@pytest.fixture
def far(answering: RunningServer) -> Iterator[Client]:
    with Client(answering.address) as client:
        yield client


def test_what_one_server_keeps_the_other_gives(near: Client, far: Client) -> None:
    kept = near.create_scenario(two_sites())
    assert far.get_scenario(kept.name) == two_sites()
    job = far.submit_plan(kept.name, time_limit_s=60)
    plan = job.result(120)
    assert near.get_plan(job.plan_name) == plan
    near.delete_plan(job.plan_name)
    assert job.plan_name not in {listed.name for listed in far.list_plans()}


def test_a_server_streams_the_whole_history_of_a_job_that_another_makes(
    working: RunningServer, answering: RunningServer, far: Client
) -> None:
    job = far.submit_plan(two_sites(), time_limit_s=60)
    with grpc.insecure_channel(answering.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        told = list(stub.WatchPlan(pb.WatchPlanRequest(name=job.plan_name), timeout=120))
    assert [entry.sequence for entry in told] == list(range(1, len(told) + 1))
    assert told[-1].state == pb.PLAN_STATE_SUCCEEDED
    with grpc.insecure_channel(working.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        assert list(stub.WatchPlan(pb.WatchPlanRequest(name=job.plan_name), timeout=120)) == told


def test_a_job_that_one_server_makes_is_cancelled_through_the_other(working: RunningServer, far: Client) -> None:
    job = far.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
    started = working.wait_for(lambda text: '"event": "attempt"' in text and job.name.partition("/")[2] in text)
    job.cancel()
    assert job.result(90).stopped_by == "cancelled"
    wait_until_gone(json.loads(started)["pid"])


def test_racing_creates_through_both_servers_make_one_job(
    working: RunningServer, answering: RunningServer, near: Client
) -> None:
    request_id = str(uuid.uuid4())
    before = {job.name for job in near.jobs()}
    clients = [Client(server.address) for server in (working, answering)]
    with ThreadPoolExecutor(32) as threads:
        names = list(
            threads.map(lambda n: clients[n % 2].submit_plan(two_sites(), request_id=request_id).name, range(32))
        )
    for client in clients:
        client.close()
    assert len(set(names)) == 1
    assert {job.name for job in near.jobs()} - before == set(names)


def test_a_server_that_sleeps_past_its_lease_loses_its_job_to_another_and_writes_nothing_more(
    postgres: RealPostgres, tmp_path: Path
) -> None:
    url = postgres.url(postgres.new_database())
    request_id = str(uuid.uuid4())
    with RunningServer(tmp_path / "first", database_url=url, **SHORT) as first, Client(first.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0, request_id=request_id)
        child = first.wait_for_attempt()
        first.process.send_signal(signal.SIGSTOP)
        with RunningServer(tmp_path / "second", database_url=url, **SHORT) as second, Client(second.address) as other:
            assert attempt_number(second) == 2
            first.process.send_signal(signal.SIGCONT)
            wait_until_gone(child)
            first.wait_for(lambda text: "lease_lost" in text)
            # the request is known to whichever server is asked, also after the loss of one
            again = other.submit_plan(wide_grid(), time_limit_s=600, gap=0.0, request_id=request_id)
            assert again.name == job.name
            second.kill()
            taken = attempt_number(first)
            assert taken >= 3  # more where a busy machine let a lease run out before
        job.cancel()
        assert job.result(60).stopped_by == "cancelled"
        assert job.status().attempts >= taken


def test_a_sweep_goes_from_a_server_that_sleeps_to_one_that_is_killed_and_back_and_keeps_every_point_once(
    url: str, working: RunningServer, far: Client, tmp_path: Path
) -> None:
    """Each is stopped at a point in the middle, and the other is alive then: one wakes up too late, one never does."""
    sweep = far.submit_sweep(two_sites(), SWEPT)
    stopped_at_point(working, 3)
    with RunningServer(tmp_path, database_url=url, **SHORT) as second:
        before = sweep.points()
        child = stopped_at_point(second, 3)
        working.process.send_signal(signal.SIGCONT)
        working.wait_for(lambda text: "attempt_lost" in text)
        second.kill()
        wait_until_gone(child)
    seen: list[SweepEvent] = []
    outcome = sweep.result(120, on_progress=seen.append)
    attempts = max(int(json.loads(line)["attempt"]) for line in working.lines if '"event": "sweep_task"' in line)
    begun = working.begun_points + second.begun_points
    assert outcome.is_complete and attempts >= 3
    # solved again, what was kept before would have taken another time
    assert before and [point for point in outcome.results if point in before] == list(before)
    assert sorted(event.point.number for event in seen) == list(range(SWEPT.count))
    assert [event.counts.finished_count for event in seen] == list(range(1, SWEPT.count + 1))
    # an attempt that is lost had begun at most two that are not kept: one that came too late, and the next
    assert SWEPT.count <= begun <= SWEPT.count + 2 * (attempts - 1)
    undisturbed = far.submit_sweep(two_sites(), SWEPT).result(120)
    assert without_times(outcome.results) == without_times(undisturbed.results)  # plans by their digests


def stopped_at_point(server: RunningServer, number: int) -> int:
    """Stop a server after it has begun so many more points; the process that solves the last of them."""
    child = [server.wait_for_point() for _ in range(number)][-1]
    server.process.send_signal(signal.SIGSTOP)
    return child


def attempt_number(server: RunningServer) -> int:
    line = server.wait_for(lambda text: '"event": "attempt"' in text)
    return int(json.loads(line)["attempt"])
